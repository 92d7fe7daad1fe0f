//! The ledger in an SQLite file.

mod error;
mod place;
mod read;
mod rollup;
mod schema;
mod write;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::batch::Batch;
use super::store::LedgerStore;
pub use error::LedgerError;
pub use read::StoredUsage;
pub use rollup::LedgerRetention;

/// A ledger in an SQLite file. One process writes to it; any tool may read it meanwhile. The tables are described in
/// `docs/ledger.md`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use sunward::clock::Timestamp;
/// use sunward::usage::{Caller, Ledger, LedgerRetention, SqliteLedger, UsedRoute};
///
/// # let folder = tempfile::tempdir()?; let path = folder.path().join("ledger.sqlite");
/// let (ledger, store) = (Ledger::new(), SqliteLedger::open(&path, "production").await?);
/// let (now, route): (Timestamp, _) = ("2026-11-11".parse()?, UsedRoute::new("shop", "1", "GET", "/users"));
/// ledger.tally(now, &Caller::new(&route).with_consumer("acme")).add(200, None, 0);
/// ledger.flush(&store, now).await?;
/// store.maintain(now, &LedgerRetention::default()).await?;
///
/// let rows = store.rows("2026-11-01".parse()?, "2026-12-01".parse()?).await?;
/// assert_eq!((rows[0].environment.as_str(), rows[0].row.key.consumer.as_str()), ("production", "acme"));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct SqliteLedger {
    pool: SqlitePool,
    environment: String,
    path: PathBuf,
    /// Held as long as the ledger is open.
    _lock: File,
}

/// How long it waits for another writer, such as a tool that changes the file.
const BUSY: Duration = Duration::from_secs(5);

// === impl SqliteLedger ===

impl SqliteLedger {
    /// Opens the file, creates it if it is missing, and brings its tables up to date. `environment` is written to each row, so that
    /// several environments can be compared. Beside the file there is one with `.lock` at its end: only one process opens a ledger
    /// at a time.
    ///
    /// # Errors
    ///
    /// If another process has the ledger open, the file is on a network file system, was written by a version that this one cannot
    /// read, is damaged, or cannot be created.
    pub async fn open(path: &Path, environment: &str) -> Result<Self, LedgerError> {
        Self::open_with(path, environment, BUSY).await
    }

    async fn open_with(path: &Path, environment: &str, busy: Duration) -> Result<Self, LedgerError> {
        place::refuse_network(path)?;
        let lock = place::lock(path)?;
        // Pragmas of the connection, and not queries: a connection that replaces a broken one has them too.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(busy);
        let one = SqlitePoolOptions::new().max_connections(1);
        let pool = one.connect_with(options).await.map_err(|error| LedgerError::database(path, error))?;
        let ledger = Self { pool, environment: environment.to_owned(), path: path.to_owned(), _lock: lock };
        schema::migrate(&ledger.pool, &ledger.path).await?;
        Ok(ledger)
    }

    /// Waits until all is written, and closes the file.
    pub async fn close(self) {
        self.pool.close().await;
    }

    fn failed(&self, error: sqlx::Error) -> LedgerError {
        LedgerError::database(&self.path, error)
    }
}

impl LedgerStore for SqliteLedger {
    type Error = LedgerError;

    async fn store(&self, batch: &Batch) -> Result<(), LedgerError> {
        write::store(&self.pool, &self.environment, batch).await.map_err(|error| self.failed(error))
    }
}

#[cfg(test)]
mod tests;
