//! What waits for a store that does not answer, in less and less detail.

use super::counts::UsageCounts;
use super::key::{ConsumerKey, UsageKey};
use super::shards::{Rows, add};

/// Rows of days that have been taken out of the hours, to save memory.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    rows: Rows,
}

// === impl Backlog ===

impl Backlog {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Takes over rows of hours as rows of their days.
    pub(super) fn keep(&mut self, hours: Rows) {
        for (mut key, counts) in hours {
            key.period = key.period.to_day();
            add(&mut self.rows, key, &counts);
        }
    }

    /// Merges the consumers of the oldest days until there are at most `most` rows, if that is enough. Returns how many rows were
    /// merged.
    pub(super) fn shrink(&mut self, most: usize) -> usize {
        let mut merged = 0;
        let named = |key: &UsageKey| matches!(key.consumer, ConsumerKey::Named(_));
        while self.rows.len() > most {
            let Some(day) = self.rows.keys().find(|key| named(key)).map(|key| key.period) else { break };
            let of_day: Vec<_> = self.rows.keys().filter(|key| key.period == day && named(key)).cloned().collect();
            merged += of_day.len();
            for key in of_day {
                if let Some(counts) = self.rows.remove(&key) {
                    let (key, counts) = without_name(key, counts);
                    add(&mut self.rows, key, &counts);
                }
            }
        }
        merged
    }

    pub(super) fn take(&mut self) -> Rows {
        std::mem::take(&mut self.rows)
    }

    pub(super) fn oldest(&self) -> Option<&UsageKey> {
        self.rows.keys().next()
    }
}

fn without_name(mut key: UsageKey, mut counts: UsageCounts) -> (UsageKey, UsageCounts) {
    if let ConsumerKey::Named(name) = &key.consumer {
        counts.distinct.get_or_insert_default().add(name);
    }
    key.consumer = ConsumerKey::Other;
    (key, counts)
}
