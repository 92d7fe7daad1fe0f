//! A change of an API, as the ledger counts it.

use std::fmt;
use std::sync::Arc;

/// A change, named by the version that it made and by its summary, so that the name is the same in every config that has the
/// change. A cheap clone.
///
/// A change with another summary is another one to the ledger.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsedChange {
    version: Arc<str>,
    summary: Arc<str>,
}

// === impl UsedChange ===

impl UsedChange {
    /// The change that `version` introduced, with this summary.
    #[must_use]
    pub fn new(version: &str, summary: &str) -> Self {
        Self { version: version.into(), summary: summary.into() }
    }

    /// The name of the version that introduced it.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Its summary.
    #[must_use]
    pub fn summary(&self) -> &str {
        &self.summary
    }
}

impl fmt::Debug for UsedChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {:?}", self.summary, self.version)
    }
}
