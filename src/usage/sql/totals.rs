//! Sums of all consumers, which triggers of the database keep, see the schema.

use std::collections::BTreeMap;

use super::SqlLedger;
use super::database::SqlRow;
use super::error::LedgerError;
use super::read;
use super::sums::{FILTER, LAST, UsageFilter, last_request};
use crate::clock::Timestamp;
use crate::usage::key::UsageSource;

/// The requests of all consumers to a version, within a time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsageTotal {
    /// The environment.
    pub environment: String,
    /// The API.
    pub api: String,
    /// The version.
    pub version: String,
    /// How they are known.
    pub source: UsageSource,
    /// All requests.
    pub requests: u64,
    /// Requests with a status of 4xx or 5xx.
    pub errors: u64,
    /// Requests that were refused because the version is gone, closed or in a brownout.
    pub refused: u64,
    /// Bytes of response bodies.
    pub bytes: u64,
    /// The first request.
    pub first_seen: Timestamp,
    /// The last one.
    pub last_seen: Timestamp,
    /// The id of the last request that had one, however it is known.
    pub last_request: Option<String>,
    /// How many consumers have a name, at least, however they are known; those without one are not counted.
    pub consumers: u64,
}

/// Environment, API and version.
type VersionKey = (String, String, String);

// === impl SqlLedger ===

impl SqlLedger {
    /// The requests of all consumers to each version, in the order of the names. Hours and days count as a whole that lie within the
    /// time, or in which it begins or ends. Consumers are counted that were there within the time or around it: it should end now.
    ///
    /// # Errors
    ///
    /// As [`sums`](SqlLedger::sums).
    pub async fn totals(&self, filter: &UsageFilter) -> Result<Vec<UsageTotal>, LedgerError> {
        let text = format!(
            "SELECT environment, api, version, source, CAST(SUM(requests) AS BIGINT) AS requests, CAST(SUM(errors) AS BIGINT) AS errors, \
             CAST(SUM(refused) AS BIGINT) AS refused, CAST(SUM(bytes) AS BIGINT) AS bytes, MIN(first_seen) AS first_seen, \
             MAX(last_seen) AS last_seen FROM usage_totals AS routes WHERE span IN ('hour', 'day') AND start > $4 - 86400 AND start < $5 \
             AND last_seen >= $4 AND first_seen < $5 AND {FILTER} \
             GROUP BY environment, api, version, source ORDER BY environment, api, version, source"
        );
        let mut totals = self.ask(&text, &filter.values(), total).await?;
        let named = format!(
            "SELECT environment, api, version, CAST(SUM(CASE kind WHEN 'named' THEN 1 ELSE 0 END) AS BIGINT) AS consumers, {LAST} \
             FROM usage_lives AS routes JOIN consumers ON consumers.id = routes.consumer \
             WHERE last_seen >= $4 AND first_seen < $5 AND {FILTER} GROUP BY environment, api, version"
        );
        let values = filter.values();
        let named = self.ask(&named, &values, |row| Ok((key(row)?, (row.count("consumers")?, last_request(row)?))));
        let named: BTreeMap<VersionKey, _> = named.await?.into_iter().collect();
        let others = format!(
            "SELECT environment, api, routes.version AS version, MAX(usage.consumers) AS consumers FROM usage JOIN routes ON routes.id = usage.route \
             WHERE usage.consumer IN (SELECT id FROM consumers WHERE kind = 'other') AND start > $4 - 86400 AND start < $5 \
             AND last_seen >= $4 AND first_seen < $5 AND {FILTER} GROUP BY environment, api, routes.version"
        );
        let others = self.ask(&others, &values, |row| Ok((key(row)?, row.maybe_int("consumers")?.unwrap_or(0))));
        let others: BTreeMap<VersionKey, i64> = others.await?.into_iter().collect();
        for total in &mut totals {
            let key = (total.environment.clone(), total.api.clone(), total.version.clone());
            if let Some((consumers, last)) = named.get(&key) {
                (total.consumers, total.last_request) = (*consumers, last.clone());
            }
            total.consumers += others.get(&key).map_or(0, |consumers| consumers.unsigned_abs());
        }
        Ok(totals)
    }
}

fn key(row: &SqlRow) -> Result<VersionKey, sqlx::Error> {
    let text = |name| row.text(name).map(str::to_owned);
    Ok((text("environment")?, text("api")?, text("version")?))
}

fn total(row: &SqlRow) -> Result<UsageTotal, sqlx::Error> {
    let (environment, api, version) = key(row)?;
    Ok(UsageTotal {
        environment,
        api,
        version,
        source: read::source(row)?,
        requests: row.count("requests")?,
        errors: row.count("errors")?,
        refused: row.count("refused")?,
        bytes: row.count("bytes")?,
        first_seen: read::time(row.int("first_seen")?),
        last_seen: read::time(row.int("last_seen")?),
        last_request: None,
        consumers: 0,
    })
}
