//! A ledger in an SQLite file.

use std::path::Path;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::database::Database;
use super::error::{LedgerError, LedgerPlace};
use super::{SqlLedger, place, schema};

/// How long it waits for another writer, such as a tool that changes the file.
const BUSY: Duration = Duration::from_secs(5);
/// Those who read do not wait for each other.
const READERS: u32 = 4;

// === impl SqlLedger ===

impl SqlLedger {
    /// Opens an SQLite file, creates it if it is missing, and brings its tables up to date. `environment` is written to each row, so
    /// that several environments can be compared. Beside the file there is one with `.lock` at its end: only one process opens a
    /// ledger at a time. Any tool may read it meanwhile.
    ///
    /// # Errors
    ///
    /// If another process has the ledger open, the file is on a network file system, was written by a version that this one cannot
    /// read, is damaged, or cannot be created.
    pub async fn open(path: &Path, environment: &str) -> Result<Self, LedgerError> {
        Self::open_with(path, environment, BUSY).await
    }

    /// Opens an SQLite file to read it, while another process may write to it.
    ///
    /// # Errors
    ///
    /// If there is no such file, it is on a network file system, was written by a version that this one cannot read, or is damaged.
    pub async fn open_read_only(path: &Path) -> Result<Self, LedgerError> {
        place::refuse_network(path)?;
        let place = LedgerPlace::from(path);
        if !path.exists() {
            return Err(LedgerError::missing(&place));
        }
        let readers = readers(path, BUSY);
        Self::reading(Database::Sqlite { writer: None, readers }, place).await
    }

    pub(super) async fn open_with(path: &Path, environment: &str, busy: Duration) -> Result<Self, LedgerError> {
        place::refuse_network(path)?;
        let lock = place::lock(path)?;
        let place = LedgerPlace::from(path);
        let options = options(path, busy).create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
        let one = SqlitePoolOptions::new().max_connections(1);
        let writer = one.connect_with(options).await.map_err(|error| LedgerError::database(&place, error))?;
        let database = Database::Sqlite { writer: Some(writer), readers: readers(path, busy) };
        schema::migrate(&database, &place).await?;
        Ok(Self { database, environment: environment.to_owned(), place, _lock: Some(lock) })
    }
}

/// Pragmas of the connection, and not queries: a connection that replaces a broken one has them too.
fn options(path: &Path, busy: Duration) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new().filename(path).foreign_keys(true);
    options.synchronous(SqliteSynchronous::Full).busy_timeout(busy)
}

/// They are opened when there is something to read.
fn readers(path: &Path, busy: Duration) -> SqlitePool {
    SqlitePoolOptions::new().max_connections(READERS).connect_lazy_with(options(path, busy).read_only(true))
}
