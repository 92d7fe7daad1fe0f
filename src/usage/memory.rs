//! A store in memory.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use super::batch::{Batch, UsageRow};
use super::shards::{Rows, add};
use super::store::LedgerStore;

/// A store in memory, without a bound: for tests, and to look at what one process has counted.
#[derive(Debug, Default)]
pub struct MemoryStore {
    stored: Mutex<Stored>,
}

#[derive(Debug, Default)]
struct Stored {
    /// The last batch of each run of each replica.
    last: BTreeMap<(Arc<str>, Arc<str>), u64>,
    rows: Rows,
}

// === impl MemoryStore ===

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All rows, by period, route and consumer.
    #[must_use]
    pub fn rows(&self) -> Vec<UsageRow> {
        let stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        stored.rows.iter().map(|(key, counts)| UsageRow { key: key.clone(), counts: counts.clone() }).collect()
    }
}

impl LedgerStore for MemoryStore {
    type Error = Infallible;

    async fn store(&self, batch: &Batch) -> Result<(), Infallible> {
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        let last = stored.last.entry((Arc::clone(&batch.replica), Arc::clone(&batch.run))).or_default();
        if *last < batch.number {
            *last = batch.number;
            batch.rows.iter().for_each(|row| add(&mut stored.rows, row.key.clone(), &row.counts));
        }
        Ok(())
    }
}
