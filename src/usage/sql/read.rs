//! Reading rows.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::SqlLedger;
use super::database::SqlRow;
use super::error::LedgerError;
use crate::clock::Timestamp;
use crate::usage::agents::TopAgents;
use crate::usage::batch::UsageRow;
use crate::usage::counts::UsageCounts;
use crate::usage::distinct::Distinct;
use crate::usage::key::{ConsumerKey, Period, UsageKey, UsageSource};
use crate::usage::route::UsedRoute;

/// A row of a stored ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredUsage {
    /// The environment that it is about.
    pub environment: String,
    /// The row.
    pub row: UsageRow,
}

pub(super) const COLUMNS: &str = "SELECT usage.*, environment, api, version, method, template, kind, name FROM usage \
    JOIN routes ON routes.id = usage.route JOIN consumers ON consumers.id = usage.consumer";
/// How long a query of PostgreSQL may take.
pub(super) const LIMIT: Duration = Duration::from_secs(30);

// === impl SqlLedger ===

impl SqlLedger {
    /// The rows whose hours or days begin from `from` to before `until`, by time.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn rows(&self, from: Timestamp, until: Timestamp) -> Result<Vec<StoredUsage>, LedgerError> {
        self.read_rows(from, until).await.map_err(|error| self.failed(error))
    }

    /// The values of what replicas of an environment share, of one kind.
    #[cfg(all(feature = "postgres", feature = "gateway"))]
    pub(crate) async fn shared_values(&self, environment: &str, kind: &str) -> Result<Vec<String>, LedgerError> {
        let text = "SELECT value FROM shared_entries WHERE environment = $1 AND kind = $2 ORDER BY key";
        self.ask(text, &[environment.into(), kind.into()], |row| row.text("value").map(str::to_owned)).await
    }

    async fn read_rows(&self, from: Timestamp, until: Timestamp) -> Result<Vec<StoredUsage>, sqlx::Error> {
        let text = format!(
            "{COLUMNS} WHERE start >= $1 AND start < $2 \
             ORDER BY start, span, environment, api, version, template, method, kind, name, source"
        );
        let range = [from.as_secs().into(), until.as_secs().into()];
        let mut session = self.database.read(LIMIT).await?;
        let rows = session.rows(&text, &range).await?;
        drop(session);
        let mut changes = self.changes_of_rows(&range).await?;
        let with_changes = |row| {
            let mut stored = stored(row)?;
            let name = (stored.environment.clone(), stored.row.key.clone());
            stored.row.counts.changes = changes.remove(&name).unwrap_or_default();
            Ok(stored)
        };
        rows.iter().map(with_changes).collect()
    }
}

/// A row of [`COLUMNS`].
pub(super) fn stored(row: &SqlRow) -> Result<StoredUsage, sqlx::Error> {
    let row_of = UsageRow { key: key(row)?, counts: counts(row)? };
    Ok(StoredUsage { environment: row.text("environment")?.to_owned(), row: row_of })
}

/// Which row it is.
pub(super) fn key(row: &SqlRow) -> Result<UsageKey, sqlx::Error> {
    let route = UsedRoute::new(row.text("api")?, row.text("version")?, row.text("method")?, row.text("template")?);
    let start = time(row.int("start")?);
    let period = if row.text("span")? == "day" { Period::day_of(start) } else { Period::hour_of(start) };
    Ok(UsageKey::new(period, route, consumer(row)?).with_source(source(row)?))
}

/// What a row of the table counts; the changes are in a table of their own.
pub(super) fn counts(row: &SqlRow) -> Result<UsageCounts, sqlx::Error> {
    let mut agents = TopAgents::default();
    let names: Map<String, Value> = serde_json::from_str(row.text("agents")?).unwrap_or_default();
    for (name, times) in &names {
        agents.add(name, times.as_u64().unwrap_or(0));
    }
    Ok(UsageCounts {
        classes: classes(row)?,
        refusals: refusals(row)?,
        bytes: row.count("bytes")?,
        last_request: row.maybe_text("last_request")?.map(Into::into),
        agents,
        changes: BTreeMap::new(),
        distinct: row.maybe_bytes("sketch")?.and_then(Distinct::from_bytes),
        last_seen: time(row.int("last_seen")?),
        first_seen: time(row.int("first_seen")?),
    })
}

pub(super) fn classes(row: &SqlRow) -> Result<[u64; 5], sqlx::Error> {
    Ok([
        row.count("status_1xx")?,
        row.count("status_2xx")?,
        row.count("status_3xx")?,
        row.count("status_4xx")?,
        row.count("status_5xx")?,
    ])
}

pub(super) fn refusals(row: &SqlRow) -> Result<[u64; 4], sqlx::Error> {
    Ok([row.count("gone")?, row.count("brownout")?, row.count("closed")?, row.count("spared")?])
}

/// The consumer that `kind` and `name` are of.
pub(super) fn consumer(row: &SqlRow) -> Result<ConsumerKey, sqlx::Error> {
    Ok(match row.text("kind")? {
        "anonymous" => ConsumerKey::Anonymous,
        "other" => ConsumerKey::Other,
        _ => ConsumerKey::Named(row.text("name")?.into()),
    })
}

pub(super) fn source(row: &SqlRow) -> Result<UsageSource, sqlx::Error> {
    Ok(if row.text("source")? == "imported" { UsageSource::Imported } else { UsageSource::Seen })
}

pub(super) fn time(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs).unwrap_or(Timestamp::EPOCH)
}

pub(super) const fn span(period: Period) -> &'static str {
    match period {
        Period::Hour(_) => "hour",
        Period::Day(_) => "day",
    }
}

pub(super) const fn kind(consumer: &ConsumerKey) -> &'static str {
    match consumer {
        ConsumerKey::Named(_) => "named",
        ConsumerKey::Anonymous => "anonymous",
        ConsumerKey::Other => "other",
    }
}
