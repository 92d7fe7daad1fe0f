//! Writing batches.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::database::{Database, Session, SqlValue, placeholders};
use super::read;
use crate::usage::batch::Batch;
use crate::usage::change::UsedChange;
use crate::usage::counts::UsageCounts;
use crate::usage::coverage::LedgerCoverage;
use crate::usage::distinct::Distinct;
use crate::usage::key::{ConsumerKey, UsageKey};
use crate::usage::route::UsedRoute;

/// A transaction that writes. The ids of routes and consumers are those that it has seen or made.
pub(super) struct Writer {
    pub(super) session: Session,
    routes: HashMap<(String, UsedRoute), i64>,
    consumers: HashMap<ConsumerKey, i64>,
    pub(super) changes: HashMap<UsedChange, i64>,
}

/// What is added to the row of a key.
pub(super) struct Addition<'a> {
    pub(super) environment: &'a str,
    pub(super) key: &'a UsageKey,
    pub(super) counts: &'a UsageCounts,
}

/// The columns that say which row it is, and then what it says, in the order in which they are bound.
const KEY: &str = "span, start, route, consumer, source";
const COUNTS: [&str; 15] = [
    "status_1xx",
    "status_2xx",
    "status_3xx",
    "status_4xx",
    "status_5xx",
    "gone",
    "brownout",
    "closed",
    "spared",
    "bytes",
    "first_seen",
    "last_seen",
    "last_request",
    "agents",
    "consumers",
];
const COLUMNS: usize = 21;
/// How many rows a statement has. What binding values costs grows with their square in SQLite; PostgreSQL is farther away, and takes 65 535.
const ROWS: [usize; 2] = [40, 200];

/// Writes a batch, unless it has been written before.
pub(super) async fn store(database: &Database, environment: &str, batch: &Batch) -> Result<(), sqlx::Error> {
    let mut writer = Writer::begin(database).await?;
    if writer.is_new(batch).await? {
        let rows = batch.rows.iter().map(|row| Addition { environment, key: &row.key, counts: &row.counts });
        writer.add(&rows.collect::<Vec<_>>()).await?;
        writer.session.commit().await?;
    }
    Ok(())
}

/// Notes until when a run has written everything.
pub(super) async fn cover(
    database: &Database,
    environment: &str,
    coverage: &LedgerCoverage,
) -> Result<(), sqlx::Error> {
    let note = "INSERT INTO coverage (environment, replica, run, since, until, ended) VALUES ($1, $2, $3, $4, $5, $6) \
                ON CONFLICT (environment, replica, run) DO UPDATE SET until = excluded.until, ended = excluded.ended \
                WHERE excluded.until >= coverage.until";
    let LedgerCoverage { replica, run, since, until, ended } = coverage;
    let mut session = database.write().await?;
    let names = [environment.into(), (&**replica).into(), (&**run).into()];
    let values = names
        .into_iter()
        .chain([since.as_secs().into(), until.as_secs().into(), i64::from(*ended).into()])
        .collect::<Vec<_>>();
    session.execute(note, &values).await?;
    session.commit().await
}

// === impl Writer ===

impl Writer {
    pub(super) async fn begin(database: &Database) -> Result<Self, sqlx::Error> {
        Ok(Self {
            session: database.write().await?,
            routes: HashMap::new(),
            consumers: HashMap::new(),
            changes: HashMap::new(),
        })
    }

    async fn is_new(&mut self, batch: &Batch) -> Result<bool, sqlx::Error> {
        let note = "INSERT INTO runs (replica, run, last_batch) VALUES ($1, $2, $3) ON CONFLICT (replica, run) \
                    DO UPDATE SET last_batch = excluded.last_batch WHERE excluded.last_batch > runs.last_batch";
        let values = [(&*batch.replica).into(), (&*batch.run).into(), signed(batch.number).into()];
        Ok(self.session.execute(note, &values).await? > 0)
    }

    /// Adds to rows. No two are of the same key.
    pub(super) async fn add(&mut self, rows: &[Addition<'_>]) -> Result<(), sqlx::Error> {
        for rows in rows.chunks(ROWS[usize::from(!self.session.is_sqlite())]) {
            self.know_routes(rows).await?;
            self.know_consumers(rows).await?;
            self.add_some(rows).await?;
        }
        Ok(())
    }

    async fn add_some(&mut self, rows: &[Addition<'_>]) -> Result<(), sqlx::Error> {
        let keys: Vec<StoredKey> = rows.iter().filter_map(|row| self.key_of(row)).collect();
        self.add_changes(&keys, rows).await?;
        let values: Vec<SqlValue<'_>> = keys.iter().flat_map(StoredKey::values).collect();
        let text = format!(
            "WITH wanted ({KEY}) AS (VALUES {}) SELECT usage.* FROM wanted JOIN usage ON usage.span = wanted.span AND \
             usage.start = wanted.start AND usage.route = wanted.route AND usage.consumer = wanted.consumer AND \
             usage.source = wanted.source",
            placeholders(keys.len(), 5)
        );
        let mut known = HashMap::new();
        for row in self.session.rows(&text, &values).await? {
            known.insert(StoredKey::read(&row)?, read::counts(&row)?);
        }
        let sums: Vec<StoredRow> = keys
            .into_iter()
            .zip(rows)
            .map(|(key, row)| match known.remove(&key) {
                Some(mut sum) => {
                    sum.merge(row.counts);
                    StoredRow::new(key, sum)
                }
                None => StoredRow::new(key, row.counts.clone()),
            })
            .collect();
        let values: Vec<SqlValue<'_>> = sums.iter().flat_map(StoredRow::values).collect();
        let columns: Vec<&str> = COUNTS.into_iter().chain(["sketch"]).collect();
        let updates: Vec<String> = columns.iter().map(|name| format!("{name} = excluded.{name}")).collect();
        let text = format!(
            "INSERT INTO usage ({KEY}, {}) VALUES {} ON CONFLICT ({KEY}) DO UPDATE SET {}",
            columns.join(", "),
            placeholders(sums.len(), COLUMNS),
            updates.join(", ")
        );
        self.session.execute(&text, &values).await.map(drop)
    }

    fn key_of(&self, row: &Addition<'_>) -> Option<StoredKey> {
        Some(StoredKey {
            span: read::span(row.key.period),
            start: row.key.period.start().as_secs(),
            route: *self.routes.get(&(row.environment.to_owned(), row.key.route.clone()))?,
            consumer: *self.consumers.get(&row.key.consumer)?,
            source: row.key.source.as_str(),
        })
    }

    /// Finds the ids of the routes, and gives one to those that have none.
    async fn know_routes(&mut self, rows: &[Addition<'_>]) -> Result<(), sqlx::Error> {
        let names = rows.iter().map(|row| (row.environment.to_owned(), row.key.route.clone()));
        let new: BTreeSet<_> = names.filter(|name| !self.routes.contains_key(name)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let values: Vec<SqlValue<'_>> = new
            .iter()
            .flat_map(|(environment, route)| {
                [environment, route.api(), route.version(), route.method(), route.template()].map(SqlValue::from)
            })
            .collect();
        let (names, all) = ("environment, api, version, method, template", placeholders(new.len(), 5));
        let insert = format!("INSERT INTO routes ({names}) VALUES {all} ON CONFLICT DO NOTHING");
        self.session.execute(&insert, &values).await?;
        let select = format!(
            "WITH wanted ({names}) AS (VALUES {all}) SELECT id, {names} FROM wanted JOIN routes USING ({names})"
        );
        for row in self.session.rows(&select, &values).await? {
            let route =
                UsedRoute::new(row.text("api")?, row.text("version")?, row.text("method")?, row.text("template")?);
            self.routes.insert((row.text("environment")?.to_owned(), route), row.int("id")?);
        }
        Ok(())
    }

    /// The same for the consumers.
    async fn know_consumers(&mut self, rows: &[Addition<'_>]) -> Result<(), sqlx::Error> {
        let new: BTreeSet<&ConsumerKey> = rows
            .iter()
            .map(|row| &row.key.consumer)
            .filter(|consumer| !self.consumers.contains_key(*consumer))
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let values: Vec<SqlValue<'_>> =
            new.iter().flat_map(|consumer| [read::kind(consumer).into(), consumer.as_str().into()]).collect();
        let all = placeholders(new.len(), 2);
        let insert = format!("INSERT INTO consumers (kind, name) VALUES {all} ON CONFLICT DO NOTHING");
        self.session.execute(&insert, &values).await?;
        let select = format!(
            "WITH wanted (kind, name) AS (VALUES {all}) SELECT id, kind, name FROM wanted JOIN consumers USING (kind, name)"
        );
        for row in self.session.rows(&select, &values).await? {
            self.consumers.insert(read::consumer(&row)?, row.int("id")?);
        }
        Ok(())
    }
}

/// The key of a row, with ids.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct StoredKey {
    span: &'static str,
    start: i64,
    route: i64,
    consumer: i64,
    source: &'static str,
}

/// A row as it is stored.
struct StoredRow {
    key: StoredKey,
    counts: UsageCounts,
    agents: String,
    sketch: Option<Vec<u8>>,
}

// === impl StoredKey ===

impl StoredKey {
    fn read(row: &super::database::SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            span: if row.text("span")? == "day" { "day" } else { "hour" },
            start: row.int("start")?,
            route: row.int("route")?,
            consumer: row.int("consumer")?,
            source: read::source(row)?.as_str(),
        })
    }

    pub(super) fn values(&self) -> [SqlValue<'_>; 5] {
        [self.span.into(), self.start.into(), self.route.into(), self.consumer.into(), self.source.into()]
    }
}

// === impl StoredRow ===

impl StoredRow {
    fn new(key: StoredKey, counts: UsageCounts) -> Self {
        let (agents, sketch) = (agents(&counts), counts.distinct.as_ref().map(Distinct::to_bytes));
        Self { key, counts, agents, sketch }
    }

    /// In the order of the columns.
    fn values(&self) -> Vec<SqlValue<'_>> {
        let Self { key, counts, agents, sketch } = self;
        let sums = counts.classes.iter().chain(&counts.refusals).chain([&counts.bytes]);
        let distinct = counts.distinct.as_ref().map(|distinct| signed(distinct.count()));
        let mut values = Vec::from(key.values());
        values.extend(sums.map(|sum| SqlValue::from(signed(*sum))));
        values.extend([
            counts.first_seen.as_secs().into(),
            counts.last_seen.as_secs().into(),
            SqlValue::Text(counts.last_request.as_deref()),
            agents.as_str().into(),
            SqlValue::Int(distinct),
            SqlValue::Bytes(sketch.as_deref()),
        ]);
        values
    }
}

/// An object of the agents and how often each was seen.
fn agents(counts: &UsageCounts) -> String {
    let agents = counts.agents.iter().map(|(name, times)| (name.to_owned(), Value::from(times)));
    Value::Object(agents.collect::<Map<_, _>>()).to_string()
}

pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
