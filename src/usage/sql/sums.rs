//! What reports ask of a ledger: sums, made by the database.

use std::time::Duration;

use super::SqlLedger;
use super::database::{SqlRow, SqlValue};
use super::error::LedgerError;
use super::read::{self, LIMIT};
use crate::clock::Timestamp;
use crate::usage::key::{ConsumerKey, UsageSource};
use crate::usage::route::UsedRoute;

/// Which rows are summed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsageFilter {
    /// Rows in which something was seen at this time or later.
    pub since: Timestamp,
    /// Rows in which something was seen before this time.
    pub until: Timestamp,
    /// Of this environment; `None`: of all.
    pub environment: Option<String>,
    /// Of this API.
    pub api: Option<String>,
    /// Of this version.
    pub version: Option<String>,
}

/// The requests of a consumer to a route of a version, within a time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsageSum {
    /// The environment.
    pub environment: String,
    /// The API, the version and the route.
    pub route: UsedRoute,
    /// Who sent them.
    pub consumer: ConsumerKey,
    /// How they are known.
    pub source: UsageSource,
    /// Requests by the class of their status, `1xx` to `5xx`.
    pub classes: [u64; 5],
    /// Requests that were refused, in the order of [`RefusalKind::ALL`](crate::usage::RefusalKind::ALL).
    pub refusals: [u64; 4],
    /// Bytes of response bodies.
    pub bytes: u64,
    /// The first request.
    pub first_seen: Timestamp,
    /// The last one.
    pub last_seen: Timestamp,
    /// The id of the last request that had one.
    pub last_request: Option<String>,
    /// How many consumers these are, at least; more than one only for [`ConsumerKey::Other`].
    pub consumers: u64,
}

/// How a consumer used a version as far back as the ledger goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsagePast {
    /// The consumer.
    pub consumer: ConsumerKey,
    /// All requests that the ledger still has rows of.
    pub requests: u64,
    /// The first one since the ledger began.
    pub first_seen: Timestamp,
    /// The last one.
    pub last_seen: Timestamp,
    /// The longest time between two requests to a version, in seconds, to the precision of the rows: of hours. It may be longer than
    /// it was where rows came late, as after an outage of the store.
    pub longest_pause: u64,
    /// The id of the last request that had one.
    pub last_request: Option<String>,
}

/// A gateway that was stopped for so long in order has missed nothing. After a longer time its consumers may have gone elsewhere, so
/// that their silence is no evidence.
const MAINTENANCE: Duration = Duration::from_secs(24 * 3600);
/// The rows of `routes` that are asked for. A placeholder that is null asks for all.
pub(super) const FILTER: &str =
    "($1 IS NULL OR environment = $1) AND ($2 IS NULL OR api = $2) AND ($3 IS NULL OR routes.version = $3)";
/// Of the latest request: times have ten digits until the year 2286.
pub(super) const LAST: &str = "MAX(CAST(last_seen AS TEXT) || ' ' || last_request) AS last_request";

// === impl UsageFilter ===

impl UsageFilter {
    /// Everything that was seen from `since` to before `until`.
    #[must_use]
    pub const fn new(since: Timestamp, until: Timestamp) -> Self {
        Self { since, until, environment: None, api: None, version: None }
    }

    /// Only in this environment.
    #[must_use]
    pub fn with_environment(mut self, environment: impl Into<String>) -> Self {
        self.environment = Some(environment.into());
        self
    }

    /// Only of this API.
    #[must_use]
    pub fn with_api(mut self, api: impl Into<String>) -> Self {
        self.api = Some(api.into());
        self
    }

    /// Only of this version.
    #[must_use]
    pub fn with_version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// The names, and the times.
    pub(super) fn values(&self) -> Vec<SqlValue<'_>> {
        let times = [self.since.as_secs().into(), self.until.as_secs().into()];
        self.names().into_iter().chain(times).collect()
    }

    fn names(&self) -> [SqlValue<'_>; 3] {
        [&self.environment, &self.api, &self.version].map(|name| SqlValue::Text(name.as_deref()))
    }
}

// === impl UsageSum ===

impl UsageSum {
    /// All requests.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.classes.iter().sum()
    }
}

// === impl SqlLedger ===

impl SqlLedger {
    /// The requests of each consumer to each route, in the order of their names.
    ///
    /// # Errors
    ///
    /// If the database fails. PostgreSQL ends a query after 30 seconds.
    pub async fn sums(&self, filter: &UsageFilter) -> Result<Vec<UsageSum>, LedgerError> {
        let columns =
            ["status_1xx", "status_2xx", "status_3xx", "status_4xx", "status_5xx", "gone", "brownout", "closed"];
        let sums: Vec<String> = columns
            .iter()
            .chain(&["spared", "bytes"])
            .map(|name| format!("CAST(SUM({name}) AS BIGINT) AS {name}"))
            .collect();
        // The sums are by ids, and of the days in question only: names are joined to the few rows that come out.
        let text = format!(
            "SELECT sums.*, environment, api, version, method, template, kind, name FROM (SELECT route, consumer, source, {}, \
             MIN(first_seen) AS first_seen, MAX(last_seen) AS last_seen, {LAST}, MAX(usage.consumers) AS consumers \
             FROM usage WHERE span IN ('hour', 'day') AND start > $4 - 86400 AND start < $5 AND last_seen >= $4 AND first_seen < $5 \
             AND route IN (SELECT id FROM routes WHERE {FILTER}) GROUP BY route, consumer, source) AS sums \
             JOIN routes ON routes.id = sums.route JOIN consumers ON consumers.id = sums.consumer \
             ORDER BY environment, api, version, kind, name, template, method, source",
            sums.join(", ")
        );
        self.ask(&text, &filter.values(), sum).await
    }

    /// How each consumer used what `filter` names, whenever that was.
    ///
    /// # Errors
    ///
    /// As [`sums`](SqlLedger::sums).
    pub async fn past(&self, filter: &UsageFilter) -> Result<Vec<UsagePast>, LedgerError> {
        let text = format!(
            "SELECT kind, name, CAST(SUM(requests) AS BIGINT) AS requests, MIN(first_seen) AS first_seen, MAX(last_seen) AS last_seen, \
             {LAST}, MAX(longest_pause) AS pause FROM usage_lives AS routes JOIN consumers ON consumers.id = routes.consumer \
             WHERE {FILTER} GROUP BY kind, name ORDER BY kind, name"
        );
        self.ask(&text, &filter.names(), past).await
    }

    /// When somebody was counting, in the environment that `filter` names: the times of all runs, by their beginning, and with those
    /// put together that overlap. A run that ended in order is put together with one that begins within a day: a gateway that was
    /// stopped for maintenance missed nothing, since it served nothing.
    ///
    /// # Errors
    ///
    /// As [`sums`](SqlLedger::sums).
    pub async fn covered(&self, filter: &UsageFilter) -> Result<Vec<(Timestamp, Timestamp)>, LedgerError> {
        self.runs(filter, MAINTENANCE).await
    }

    /// The same without the times in between.
    #[cfg(feature = "cli")]
    pub(crate) async fn counted(&self, filter: &UsageFilter) -> Result<Vec<(Timestamp, Timestamp)>, LedgerError> {
        self.runs(filter, Duration::ZERO).await
    }

    async fn runs(
        &self,
        filter: &UsageFilter,
        maintenance: Duration,
    ) -> Result<Vec<(Timestamp, Timestamp)>, LedgerError> {
        let text = "SELECT since, until, ended FROM coverage WHERE $1 IS NULL OR environment = $1 ORDER BY since";
        let read =
            |row: &SqlRow| Ok((read::time(row.int("since")?), read::time(row.int("until")?), row.int("ended")? > 0));
        let runs = self.ask(text, &filter.names()[..1], read).await?;
        let mut covered: Vec<(Timestamp, Timestamp)> = Vec::new();
        // Whether the run that counted last ended in order.
        let mut in_order = false;
        for (since, until, ended) in runs {
            let pause = if in_order { maintenance } else { Duration::ZERO };
            match covered.last_mut().filter(|(_, end)| since <= end.saturating_add(pause)) {
                Some((_, end)) if until >= *end => (*end, in_order) = (until, ended),
                Some(_) => {}
                None => {
                    covered.push((since, until));
                    in_order = ended;
                }
            }
        }
        Ok(covered)
    }

    /// The environments of which there are rows, by name.
    ///
    /// # Errors
    ///
    /// As [`sums`](SqlLedger::sums).
    pub async fn environments(&self) -> Result<Vec<String>, LedgerError> {
        let text = "SELECT DISTINCT environment FROM routes ORDER BY environment";
        self.ask(text, &[], |row| row.text("environment").map(str::to_owned)).await
    }

    pub(super) async fn ask<T>(
        &self,
        text: &str,
        values: &[SqlValue<'_>],
        read: impl Fn(&SqlRow) -> Result<T, sqlx::Error> + Send + Sync,
    ) -> Result<Vec<T>, LedgerError> {
        let rows = async {
            let mut session = self.database.read(LIMIT).await?;
            session.rows(text, values).await
        };
        let rows = rows.await.map_err(|error| self.failed(error))?;
        rows.iter().map(read).collect::<Result<_, _>>().map_err(|error| self.failed(error))
    }
}

fn sum(row: &SqlRow) -> Result<UsageSum, sqlx::Error> {
    Ok(UsageSum {
        environment: row.text("environment")?.to_owned(),
        route: UsedRoute::new(row.text("api")?, row.text("version")?, row.text("method")?, row.text("template")?),
        consumer: read::consumer(row)?,
        source: read::source(row)?,
        classes: read::classes(row)?,
        refusals: read::refusals(row)?,
        bytes: row.count("bytes")?,
        first_seen: read::time(row.int("first_seen")?),
        last_seen: read::time(row.int("last_seen")?),
        last_request: last_request(row)?,
        consumers: row.maybe_int("consumers")?.map_or(1, i64::unsigned_abs),
    })
}

fn past(row: &SqlRow) -> Result<UsagePast, sqlx::Error> {
    Ok(UsagePast {
        consumer: read::consumer(row)?,
        requests: row.count("requests")?,
        first_seen: read::time(row.int("first_seen")?),
        last_seen: read::time(row.int("last_seen")?),
        longest_pause: row.int("pause")?.max(0).unsigned_abs(),
        last_request: last_request(row)?,
    })
}

/// Without the time before it.
pub(super) fn last_request(row: &SqlRow) -> Result<Option<String>, sqlx::Error> {
    Ok(row.maybe_text("last_request")?.and_then(|text| text.split_once(' ')).map(|(_, id)| id.to_owned()))
}
