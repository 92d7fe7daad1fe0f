//! The tables, and how they came about.

use std::path::Path;

use sqlx::{Sqlite, SqlitePool, Transaction};

use super::error::LedgerError;

/// One step of the schema. A step only adds: a version that knows `lowest_reader` still reads and writes what it knows, so the
/// program can be rolled back.
struct SchemaStep {
    version: i64,
    lowest_reader: i64,
    sql: &'static str,
}

const MIGRATIONS: [SchemaStep; 1] = [SchemaStep { version: 1, lowest_reader: 1, sql: include_str!("schema/1.sql") }];

/// Brings the tables up to date, in one transaction: of several processes, one does it and the others wait.
pub(super) async fn migrate(pool: &SqlitePool, path: &Path) -> Result<(), LedgerError> {
    let failed = |error| LedgerError::database(path, error);
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let (current, needs) = applied(&mut transaction).await.map_err(failed)?;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    if needs > known {
        return Err(LedgerError::too_new(path, current, needs, known));
    }
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > current) {
        apply(&mut transaction, migration).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

/// The last step, and the lowest one that a reader has to know.
async fn applied(transaction: &mut Transaction<'_, Sqlite>) -> Result<(i64, i64), sqlx::Error> {
    let table =
        "CREATE TABLE IF NOT EXISTS schema_versions (version INTEGER PRIMARY KEY, lowest_reader INTEGER NOT NULL)";
    sqlx::query(table).execute(&mut **transaction).await?;
    let last = "SELECT COALESCE(MAX(version), 0), COALESCE(MAX(lowest_reader), 0) FROM schema_versions";
    sqlx::query_as(last).fetch_one(&mut **transaction).await
}

async fn apply(transaction: &mut Transaction<'_, Sqlite>, migration: &SchemaStep) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(migration.sql).execute(&mut **transaction).await?;
    let note = sqlx::query("INSERT INTO schema_versions (version, lowest_reader) VALUES (?, ?)");
    note.bind(migration.version).bind(migration.lowest_reader).execute(&mut **transaction).await?;
    Ok(())
}
