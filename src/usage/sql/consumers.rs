//! Who used a version: how many consumers there are, and who came before a date.

use super::SqlLedger;
use super::database::SqlValue;
use super::error::LedgerError;
use super::sums::{FILTER, UsageFilter};
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
        let text = format!(
            "SELECT api, version, CAST(SUM(consumers) AS BIGINT) AS consumers FROM (\
             SELECT api, routes.version AS version, usage.consumer AS consumer, COALESCE(MAX(usage.consumers), 1) AS consumers \
             FROM usage JOIN routes ON routes.id = usage.route JOIN consumers ON consumers.id = usage.consumer \
             WHERE span IN ('hour', 'day') AND start > $4 - 86400 AND start < $5 AND last_seen >= $4 AND first_seen < $5 \
             AND kind <> 'anonymous' AND {FILTER} GROUP BY api, routes.version, usage.consumer) AS used \
             GROUP BY api, version ORDER BY api, version"
        );
        self.ask(&text, &filter.values(), |row| {
            let (api, version) = (row.text("api")?.to_owned(), row.text("version")?.to_owned());
            Ok(VersionConsumers { api, version, consumers: row.count("consumers")? })
        })
        .await
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
             SELECT usage.consumer FROM usage JOIN routes ON routes.id = usage.route \
             WHERE environment = $1 AND api = $2 AND routes.version = $3 AND first_seen < $4) ORDER BY name";
        let values = [environment.into(), api.into(), version.into(), SqlValue::from(before.as_secs())];
        self.ask(text, &values, |row| row.text("name").map(str::to_owned)).await
    }
}
