//! The keys that tokens are verified with, as they were read last: a config that is loaded later begins with them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::catalog::Catalog;
use crate::consumer::KeysOrigin;

/// The texts of key sets, by where they come from. Clones share them; they outlive every config.
#[derive(Clone, Debug, Default)]
pub(in crate::gateway) struct KeysCache {
    texts: Arc<Mutex<BTreeMap<KeysOrigin, String>>>,
}

// === impl KeysCache ===

impl KeysCache {
    /// Keeps a text, and gives it to all verifiers of a catalog that have their keys from there.
    ///
    /// # Errors
    /// It is no set of keys, and nothing was changed.
    pub(in crate::gateway) fn renew(&self, catalog: &Catalog, origin: &KeysOrigin, text: String) -> Result<(), String> {
        for (_, verifier) in catalog.token_verifiers().filter(|(of, _)| *of == origin) {
            verifier.renew(&text)?;
        }
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).insert(origin.clone(), text);
        Ok(())
    }

    /// Gives verifiers without keys those that are known.
    pub(in crate::gateway) fn fill(&self, catalog: &Catalog) {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        for (origin, verifier) in catalog.token_verifiers().filter(|(_, verifier)| verifier.is_empty()) {
            // A text that was kept could be read.
            let _ = texts.get(origin).map(|text| verifier.renew(text));
        }
    }
}
