//! When a ledger was counting: what it has no row of did not come, only if somebody was there to count it.

use std::sync::Arc;

use crate::clock::Timestamp;

/// For how long a run of a replica has counted, and written what it counted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerCoverage {
    /// The replica.
    pub replica: Arc<str>,
    /// Its run.
    pub run: Arc<str>,
    /// When it began to count.
    pub since: Timestamp,
    /// Until then, everything that it counted is in the store.
    pub until: Timestamp,
    /// Whether it has ended in order: it serves nothing any more.
    pub ended: bool,
}
