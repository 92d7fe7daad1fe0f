//! Which consumers have rows of their own.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The consumers of each API that have rows of their own: the first of each day, up to a bound.
#[derive(Debug, Default)]
pub(super) struct Identities {
    apis: HashMap<Box<str>, AdmittedNames>,
}

#[derive(Debug, Default)]
struct AdmittedNames {
    day: u32,
    names: HashSet<Arc<str>>,
}

/// What is longer is no name of a consumer.
const MAX_NAME_BYTES: usize = 256;

// === impl Identities ===

impl Identities {
    /// The name, shared by all rows of the consumer; `None` if it gets no rows of its own.
    pub(super) fn admit(&mut self, api: &str, name: &str, day: u32, most: usize) -> Option<Arc<str>> {
        if name.len() > MAX_NAME_BYTES {
            return None;
        }
        if !self.apis.contains_key(api) {
            self.apis.insert(api.into(), AdmittedNames::default());
        }
        let admitted = self.apis.get_mut(api)?;
        // A clock that is set back does not begin anew: else each step would admit as many again.
        if day > admitted.day {
            admitted.day = day;
            admitted.names.clear();
        }
        if let Some(known) = admitted.names.get(name) {
            return Some(Arc::clone(known));
        }
        (admitted.names.len() < most).then(|| {
            let name: Arc<str> = name.into();
            admitted.names.insert(Arc::clone(&name));
            name
        })
    }
}
