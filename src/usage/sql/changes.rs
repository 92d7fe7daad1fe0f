//! Changes that altered something: written beside the rows, and summed for reports.

use std::collections::{BTreeMap, BTreeSet};

use super::SqlLedger;
use super::database::{SqlRow, SqlValue, placeholders};
use super::error::LedgerError;
use super::read;
use super::sums::{FILTER, UsageFilter};
use super::write::{Addition, StoredKey, Writer, signed};
use crate::clock::Timestamp;
use crate::usage::change::UsedChange;
use crate::usage::key::{ConsumerKey, UsageKey, UsageSource};

/// The requests of a consumer to a version in which a change altered something, within a time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangeSum {
    /// The environment.
    pub environment: String,
    /// The API.
    pub api: String,
    /// The version that the requests spoke.
    pub version: String,
    /// Who sent them.
    pub consumer: ConsumerKey,
    /// How they are known.
    pub source: UsageSource,
    /// The change.
    pub change: UsedChange,
    /// How many there were.
    pub requests: u64,
    /// The beginning of the day of the last one, in UTC.
    pub last_day: Timestamp,
}

/// The requests of a row of the ledger by change.
pub(super) type ChangesOfRows = BTreeMap<(String, UsageKey), BTreeMap<UsedChange, u64>>;

/// How many rows a statement has.
const ROWS: usize = 500;
const KEY: &str = "span, start, route, consumer, source, change";
const ADD: &str = "DO UPDATE SET requests = usage_changes.requests + excluded.requests";

// === impl Writer ===

impl Writer {
    /// Adds the changes of rows, whose keys these are.
    pub(super) async fn add_changes(&mut self, keys: &[StoredKey], rows: &[Addition<'_>]) -> Result<(), sqlx::Error> {
        let names: BTreeSet<&UsedChange> = rows.iter().flat_map(|row| row.counts.changes.keys()).collect();
        if names.is_empty() {
            return Ok(());
        }
        self.know_changes(names).await?;
        let mut values: Vec<[SqlValue<'_>; 7]> = Vec::new();
        for (key, row) in keys.iter().zip(rows) {
            for (change, requests) in &row.counts.changes {
                let Some(id) = self.changes.get(change) else { continue };
                let [span, start, route, consumer, source] = key.values();
                values.push([span, start, route, consumer, source, (*id).into(), signed(*requests).into()]);
            }
        }
        for values in values.chunks(ROWS) {
            let all = placeholders(values.len(), 7);
            let text = format!("INSERT INTO usage_changes ({KEY}, requests) VALUES {all} ON CONFLICT ({KEY}) {ADD}");
            self.session.execute(&text, &values.concat()).await?;
        }
        Ok(())
    }

    /// Finds the ids of changes, and gives one to those that have none.
    async fn know_changes(&mut self, names: BTreeSet<&UsedChange>) -> Result<(), sqlx::Error> {
        let new: Vec<&UsedChange> = names.into_iter().filter(|change| !self.changes.contains_key(*change)).collect();
        for new in new.chunks(ROWS) {
            let values: Vec<SqlValue<'_>> =
                new.iter().flat_map(|change| [change.version().into(), change.summary().into()]).collect();
            let all = placeholders(new.len(), 2);
            let insert = format!("INSERT INTO changes (version, summary) VALUES {all} ON CONFLICT DO NOTHING");
            self.session.execute(&insert, &values).await?;
            let select = format!(
                "WITH wanted (version, summary) AS (VALUES {all}) \
                 SELECT id, version, summary FROM wanted JOIN changes USING (version, summary)"
            );
            for row in self.session.rows(&select, &values).await? {
                self.changes.insert(change(&row, "version")?, row.int("id")?);
            }
        }
        Ok(())
    }

    /// Adds the changes of a consumer to those of `_other`, which has rows by now.
    pub(super) async fn move_changes(&mut self, consumer: i64) -> Result<(), sqlx::Error> {
        let text = format!(
            "INSERT INTO usage_changes ({KEY}, requests) SELECT span, start, route, others.id, source, change, requests \
             FROM usage_changes JOIN consumers AS others ON others.kind = 'other' WHERE consumer = $1 ON CONFLICT ({KEY}) {ADD}"
        );
        self.session.execute(&text, &[consumer.into()]).await.map(drop)
    }

    /// Merges the hours from `from` to before `until` into the day that begins at `from`.
    pub(super) async fn merge_changes(&mut self, from: i64, until: i64) -> Result<(), sqlx::Error> {
        let merge = format!(
            "INSERT INTO usage_changes ({KEY}, requests) \
             SELECT 'day', $1, route, consumer, source, change, CAST(SUM(requests) AS BIGINT) FROM usage_changes \
             WHERE span = 'hour' AND start >= $1 AND start < $2 GROUP BY route, consumer, source, change \
             ON CONFLICT ({KEY}) {ADD}"
        );
        self.session.execute(&merge, &[from.into(), until.into()]).await?;
        let delete = "DELETE FROM usage_changes WHERE span = 'hour' AND start >= $1 AND start < $2";
        self.session.execute(delete, &[from.into(), until.into()]).await.map(drop)
    }
}

// === impl SqlLedger ===

impl SqlLedger {
    /// The requests of each consumer in which each change altered something, in the order of their names. Hours and days count
    /// that lie within the time, or in which it begins or ends.
    ///
    /// # Errors
    ///
    /// As [`sums`](SqlLedger::sums).
    pub async fn change_sums(&self, filter: &UsageFilter) -> Result<Vec<ChangeSum>, LedgerError> {
        let text = format!(
            "SELECT sums.*, kind, name, changes.version AS change_version, summary FROM (\
             SELECT environment, api, routes.version AS version, consumer, source, change, \
             CAST(SUM(requests) AS BIGINT) AS requests, MAX(start - start % 86400) AS last_day FROM usage_changes JOIN routes ON routes.id = usage_changes.route \
             WHERE span IN ('hour', 'day') AND start > $4 - CASE span WHEN 'day' THEN 86400 ELSE 3600 END AND start < $5 \
             AND {FILTER} GROUP BY environment, api, routes.version, consumer, source, change) AS sums \
             JOIN consumers ON consumers.id = sums.consumer JOIN changes ON changes.id = sums.change \
             ORDER BY environment, api, sums.version, kind, name, changes.version, summary, source"
        );
        self.ask(&text, &filter.values(), change_sum).await
    }

    /// By the rows that they belong to.
    pub(super) async fn changes_of_rows(&self, range: &[SqlValue<'_>; 2]) -> Result<ChangesOfRows, sqlx::Error> {
        let text = "SELECT usage_changes.*, environment, api, routes.version AS version, method, template, kind, name, \
             changes.version AS change_version, summary FROM usage_changes JOIN routes ON routes.id = usage_changes.route \
             JOIN consumers ON consumers.id = usage_changes.consumer JOIN changes ON changes.id = usage_changes.change \
             WHERE start >= $1 AND start < $2";
        let mut session = self.database.read(read::LIMIT).await?;
        let mut all = ChangesOfRows::new();
        for row in &session.rows(text, range).await? {
            let of = all.entry((row.text("environment")?.to_owned(), read::key(row)?)).or_default();
            of.insert(change(row, "change_version")?, row.count("requests")?);
        }
        Ok(all)
    }
}

fn change_sum(row: &SqlRow) -> Result<ChangeSum, sqlx::Error> {
    Ok(ChangeSum {
        environment: row.text("environment")?.to_owned(),
        api: row.text("api")?.to_owned(),
        version: row.text("version")?.to_owned(),
        consumer: read::consumer(row)?,
        source: read::source(row)?,
        change: change(row, "change_version")?,
        requests: row.count("requests")?,
        last_day: read::time(row.int("last_day")?),
    })
}

fn change(row: &SqlRow, version: &str) -> Result<UsedChange, sqlx::Error> {
    Ok(UsedChange::new(row.text(version)?, row.text("summary")?))
}
