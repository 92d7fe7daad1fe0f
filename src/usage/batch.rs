//! What goes to a store.

use std::sync::Arc;

use super::counts::UsageCounts;
use super::key::UsageKey;

/// What was counted since the batch before. A store adds each batch once: it keeps the last `number` of each run of each
/// replica, and ignores one that is not greater.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batch {
    /// The replica that counted it.
    pub replica: Arc<str>,
    /// The run of the replica: another after each start.
    pub run: Arc<str>,
    /// Its number: 1 is the first of a run, and each is one more than the one before.
    pub number: u64,
    /// What was counted.
    pub rows: Vec<UsageRow>,
}

/// One row of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsageRow {
    /// What it is about.
    pub key: UsageKey,
    /// What was counted.
    pub counts: UsageCounts,
}
