//! Who used a version: how many consumers there are, and who came before a date.

use super::SqlLedger;
use super::database::SqlValue;
use super::error::LedgerError;
use super::sums::UsageFilter;
use super::totals::UsageTotal;
use crate::clock::Timestamp;

/// How many consumers used a version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VersionConsumers {
    /// The API.
    pub api: String,
    /// The version.
    pub version: String,
    /// Those with a name, and at least so many beyond the ledger's bound.
    pub consumers: u64,
}

// === impl SqlLedger ===

impl SqlLedger {
    /// How many consumers used each version, in the order of the names.
    ///
    /// # Errors
    ///
    /// As [`sums`](SqlLedger::sums).
    pub async fn consumer_counts(&self, filter: &UsageFilter) -> Result<Vec<VersionConsumers>, LedgerError> {
        let mut counts: Vec<VersionConsumers> = Vec::new();
        for total in self.totals(filter).await? {
            let UsageTotal { api, version, consumers, .. } = total;
            match counts.iter_mut().find(|known| known.api == api && known.version == version) {
                Some(known) => known.consumers = consumers.max(known.consumers),
                None => counts.push(VersionConsumers { api, version, consumers }),
            }
        }
        Ok(counts)
    }

    /// The names of the consumers that used a version before a time, in their order.
    ///
    /// # Errors
    ///
    /// As [`sums`](SqlLedger::sums).
    pub async fn consumers_before(
        &self,
        environment: &str,
        api: &str,
        version: &str,
        before: Timestamp,
    ) -> Result<Vec<String>, LedgerError> {
        let text = "SELECT name FROM consumers WHERE kind = 'named' AND id IN (\
             SELECT consumer FROM usage_lives WHERE environment = $1 AND api = $2 AND version = $3 AND first_seen < $4) ORDER BY name";
        let values = [environment.into(), api.into(), version.into(), SqlValue::from(before.as_secs())];
        self.ask(text, &values, |row| row.text("name").map(str::to_owned)).await
    }
}
