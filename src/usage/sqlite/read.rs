//! Reading rows.

use serde_json::{Map, Value};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use super::SqliteLedger;
use super::error::LedgerError;
use crate::clock::Timestamp;
use crate::usage::agents::TopAgents;
use crate::usage::batch::UsageRow;
use crate::usage::counts::UsageCounts;
use crate::usage::distinct::Distinct;
use crate::usage::key::{ConsumerKey, Period, UsageKey};
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

// === impl SqliteLedger ===

impl SqliteLedger {
    /// The rows whose hours or days begin from `from` to before `until`, by time.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn rows(&self, from: Timestamp, until: Timestamp) -> Result<Vec<StoredUsage>, LedgerError> {
        let text = format!(
            "{COLUMNS} WHERE start >= ? AND start < ? ORDER BY start, span, environment, api, version, template, method, kind, name"
        );
        let rows = sqlx::query(&text).bind(from.as_secs()).bind(until.as_secs()).fetch_all(&self.pool).await;
        let rows = rows.and_then(|rows| rows.iter().map(stored).collect());
        rows.map_err(|error| self.failed(error))
    }
}

/// What a row has; `None` if there is no such row.
pub(super) async fn counts(
    transaction: &mut Transaction<'_, Sqlite>,
    span: &str,
    start: i64,
    route: i64,
    consumer: i64,
) -> Result<Option<UsageCounts>, sqlx::Error> {
    let query = sqlx::query("SELECT * FROM usage WHERE span = ? AND start = ? AND route = ? AND consumer = ?");
    let query = query.bind(span).bind(start).bind(route).bind(consumer);
    query.fetch_optional(&mut **transaction).await?.as_ref().map(counts_of).transpose()
}

/// A row of [`COLUMNS`].
pub(super) fn stored(row: &SqliteRow) -> Result<StoredUsage, sqlx::Error> {
    let text = |column| row.try_get::<&str, _>(column);
    let route = UsedRoute::new(text("api")?, text("version")?, text("method")?, text("template")?);
    let start = time(row.try_get("start")?);
    let period = if text("span")? == "day" { Period::day_of(start) } else { Period::hour_of(start) };
    let consumer = match text("kind")? {
        "anonymous" => ConsumerKey::Anonymous,
        "other" => ConsumerKey::Other,
        _ => ConsumerKey::Named(text("name")?.into()),
    };
    let row = UsageRow { key: UsageKey::new(period, route, consumer), counts: counts_of(row)? };
    Ok(StoredUsage { environment: text("environment")?.to_owned(), row })
}

fn counts_of(row: &SqliteRow) -> Result<UsageCounts, sqlx::Error> {
    let count = |column| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
    let mut agents = TopAgents::default();
    let names: Map<String, Value> = serde_json::from_str(row.try_get("agents")?).unwrap_or_default();
    for (name, times) in &names {
        agents.add(name, times.as_u64().unwrap_or(0));
    }
    let sketch: Option<&[u8]> = row.try_get("sketch")?;
    Ok(UsageCounts {
        classes: [
            count("status_1xx")?,
            count("status_2xx")?,
            count("status_3xx")?,
            count("status_4xx")?,
            count("status_5xx")?,
        ],
        refusals: [count("gone")?, count("brownout")?, count("closed")?, count("spared")?],
        bytes: count("bytes")?,
        last_request: row.try_get::<Option<&str>, _>("last_request")?.map(Into::into),
        agents,
        distinct: sketch.and_then(Distinct::from_bytes),
        last_seen: time(row.try_get("last_seen")?),
        first_seen: time(row.try_get("first_seen")?),
    })
}

fn time(secs: i64) -> Timestamp {
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
