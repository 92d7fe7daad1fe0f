//! The tables, and how they came about.

use super::database::{Database, Session};
use super::error::{LedgerError, LedgerPlace};
use super::read::LIMIT;

/// One step of the schema. A step only adds: a version that knows `lowest_reader` still reads and writes what it knows, so the
/// program can be rolled back.
struct SchemaStep {
    version: i64,
    lowest_reader: i64,
    sqlite: &'static str,
    #[cfg_attr(not(feature = "postgres"), allow(dead_code))]
    postgres: &'static str,
}

const STEPS: [SchemaStep; 7] = [
    SchemaStep {
        version: 1,
        lowest_reader: 1,
        sqlite: include_str!("schema/sqlite/1.sql"),
        postgres: include_str!("schema/postgres/1.sql"),
    },
    SchemaStep {
        version: 2,
        lowest_reader: 1,
        sqlite: include_str!("schema/sqlite/2.sql"),
        postgres: include_str!("schema/postgres/2.sql"),
    },
    SchemaStep {
        version: 3,
        lowest_reader: 1,
        sqlite: include_str!("schema/sqlite/3.sql"),
        postgres: include_str!("schema/postgres/3.sql"),
    },
    SchemaStep {
        version: 4,
        lowest_reader: 1,
        sqlite: include_str!("schema/sqlite/4.sql"),
        postgres: include_str!("schema/postgres/4.sql"),
    },
    SchemaStep {
        version: 5,
        lowest_reader: 1,
        sqlite: include_str!("schema/sqlite/5.sql"),
        postgres: include_str!("schema/postgres/5.sql"),
    },
    SchemaStep {
        version: 6,
        lowest_reader: 1,
        sqlite: include_str!("schema/sqlite/6.sql"),
        postgres: include_str!("schema/postgres/6.sql"),
    },
    SchemaStep {
        version: 7,
        lowest_reader: 1,
        sqlite: include_str!("schema/sqlite/7.sql"),
        postgres: include_str!("schema/postgres/7.sql"),
    },
];

/// Brings the tables up to date, in one transaction: of several processes, one does it and the others wait.
pub(super) async fn migrate(database: &Database, place: &LedgerPlace) -> Result<(), LedgerError> {
    let failed = |error| LedgerError::database(place, error);
    if is_current(database, place).await? {
        return Ok(());
    }
    let mut session = database.write().await.map_err(failed)?;
    let schema = session.script(if session.is_sqlite() { "" } else { "CREATE SCHEMA IF NOT EXISTS sunward" });
    schema.await.map_err(failed)?;
    let table =
        "CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT PRIMARY KEY, lowest_reader BIGINT NOT NULL)";
    session.script(table).await.map_err(failed)?;
    let current = known(&mut session, place).await?;
    for step in STEPS.iter().filter(|step| step.version > current) {
        step.apply(&mut session).await.map_err(failed)?;
    }
    session.commit().await.map_err(failed)
}

/// Whether there is nothing to do, which is so almost always. That takes no lock, and no right to create tables.
async fn is_current(database: &Database, place: &LedgerPlace) -> Result<bool, LedgerError> {
    let Ok(mut session) = database.read(LIMIT).await else { return Ok(false) };
    match known(&mut session, place).await {
        Ok(current) => Ok(current >= newest()),
        Err(error) if error.is_too_new() => Err(error),
        // There are no tables yet; or it fails again in a moment.
        Err(_) => Ok(false),
    }
}

/// Refuses tables that this version cannot read.
pub(super) async fn check(session: &mut Session, place: &LedgerPlace) -> Result<(), LedgerError> {
    known(session, place).await.map(drop)
}

/// The last step that was made.
async fn known(session: &mut Session, place: &LedgerPlace) -> Result<i64, LedgerError> {
    let failed = |error| LedgerError::database(place, error);
    let last =
        "SELECT COALESCE(MAX(version), 0) AS version, COALESCE(MAX(lowest_reader), 0) AS needs FROM schema_versions";
    let Some(row) = session.row(last, &[]).await.map_err(failed)? else { return Ok(0) };
    let (current, needs) = (row.int("version").map_err(failed)?, row.int("needs").map_err(failed)?);
    let known = newest();
    if needs > known { Err(LedgerError::too_new(place, current, needs, known)) } else { Ok(current) }
}

fn newest() -> i64 {
    STEPS.iter().map(|step| step.version).max().unwrap_or(0)
}

// === impl SchemaStep ===

impl SchemaStep {
    async fn apply(&self, session: &mut Session) -> Result<(), sqlx::Error> {
        session.script(if session.is_sqlite() { self.sqlite } else { self.postgres }).await?;
        let note = "INSERT INTO schema_versions (version, lowest_reader) VALUES ($1, $2)";
        session.execute(note, &[self.version.into(), self.lowest_reader.into()]).await.map(drop)
    }
}
