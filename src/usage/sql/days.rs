//! Sums by day, for trends.

use super::SqlLedger;
use super::database::{SqlRow, SqlValue};
use super::error::LedgerError;
use super::read;
use super::sums::{FILTER, UsageFilter};
use crate::clock::Timestamp;
use crate::usage::key::ConsumerKey;

/// The requests to a version on one day, in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsageDay {
    /// The environment.
    pub environment: String,
    /// The API.
    pub api: String,
    /// The version.
    pub version: String,
    /// Who sent them; `None`: all together.
    pub consumer: Option<ConsumerKey>,
    /// The beginning of the day.
    pub day: Timestamp,
    /// The requests.
    pub requests: u64,
}

// === impl UsageDay ===

impl UsageDay {
    /// The requests of all consumers to a version of an API in an environment, on a day.
    #[must_use]
    pub fn new([environment, api, version]: [&str; 3], day: Timestamp, requests: u64) -> Self {
        let [environment, api, version] = [environment, api, version].map(str::to_owned);
        Self { environment, api, version, consumer: None, day, requests }
    }
}

const SUM: &str = "start - start % 86400 AS day, \
     CAST(SUM(status_1xx + status_2xx + status_3xx + status_4xx + status_5xx) AS BIGINT) AS requests";

// === impl SqlLedger ===

impl SqlLedger {
    /// The requests to each version on each day on which there were some, in the order of names and days. A day counts if it lies within
    /// the time, or if the time begins or ends in it.
    ///
    /// # Errors
    ///
    /// As [`sums`](SqlLedger::sums).
    pub async fn days(&self, filter: &UsageFilter) -> Result<Vec<UsageDay>, LedgerError> {
        let text = format!(
            "SELECT environment, api, version, start - start % 86400 AS day, CAST(SUM(requests) AS BIGINT) AS requests \
             FROM usage_totals AS routes WHERE span IN ('hour', 'day') AND start > $4 - 86400 AND start < $5 AND {FILTER} \
             GROUP BY environment, api, version, start - start % 86400 ORDER BY environment, api, version, day"
        );
        self.ask(&text, &filter.values(), |row| day(row, None)).await
    }

    /// The same for each of these consumers. Consumers without a name are no consumers here.
    ///
    /// # Errors
    ///
    /// As [`sums`](SqlLedger::sums).
    pub async fn consumer_days(&self, filter: &UsageFilter, consumers: &[&str]) -> Result<Vec<UsageDay>, LedgerError> {
        let names: Vec<String> = (0..consumers.len()).map(|at| format!("${}", at + 6)).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let text = format!(
            "SELECT environment, api, routes.version AS version, kind, name, {SUM} FROM usage \
             JOIN routes ON routes.id = usage.route JOIN consumers ON consumers.id = usage.consumer \
             WHERE usage.consumer IN (SELECT id FROM consumers WHERE kind = 'named' AND name IN ({})) \
             AND start > $4 - 86400 AND start < $5 AND {FILTER} \
             GROUP BY environment, api, routes.version, kind, name, start - start % 86400 \
             ORDER BY environment, api, routes.version, name, day",
            names.join(", ")
        );
        let mut values = filter.values();
        values.extend(consumers.iter().map(|name| SqlValue::Text(Some(name))));
        self.ask(&text, &values, |row| day(row, Some(read::consumer(row)?))).await
    }
}

fn day(row: &SqlRow, consumer: Option<ConsumerKey>) -> Result<UsageDay, sqlx::Error> {
    Ok(UsageDay {
        environment: row.text("environment")?.to_owned(),
        api: row.text("api")?.to_owned(),
        version: row.text("version")?.to_owned(),
        consumer,
        day: read::time(row.int("day")?),
        requests: row.count("requests")?,
    })
}
