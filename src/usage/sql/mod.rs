//! The ledger in a database: an SQLite file, or PostgreSQL.
//!
//! | file | what |
//! |---|---|
//! | `database` | both databases behind one face |
//! | `sqlite`, `postgres` | how each is opened |
//! | `schema` | the tables, and how they came about |
//! | `write`, `read`, `rollup` | batches, rows, and their end |
//! | `lives` | how each consumer used each version since the ledger began |
//! | `forget` | a consumer is forgotten |
//! | `changes` | which changes altered something |
//! | `notices` | what was sent to whom |
//! | `sums`, `days`, `consumers` | what reports ask |
//! | `totals` | sums of all consumers, which are kept |
//! | `shared` | what replicas share beside the ledger |
//! | `imports` | what was read from logs |

mod changes;
mod consumers;
mod database;
mod days;
mod error;
mod forget;
#[cfg(feature = "cli")]
mod imports;
#[cfg(feature = "cli")]
mod lives;
mod notices;
mod place;
#[cfg(feature = "postgres")]
mod postgres;
mod read;
mod rollup;
mod schema;
#[cfg(all(feature = "postgres", feature = "gateway"))]
mod shared;
mod sqlite;
mod sums;
mod totals;
mod write;

use std::fs::File;

use super::batch::Batch;
use super::coverage::LedgerCoverage;
use super::store::LedgerStore;
pub use changes::ChangeSum;
pub use consumers::VersionConsumers;
use database::Database;
pub use days::UsageDay;
pub use error::LedgerError;
use error::LedgerPlace;
pub use forget::ForgottenConsumer;
pub use notices::{NoticeKey, NoticeState, StoredNotice};
#[cfg(feature = "postgres")]
pub use postgres::PostgresOptions;
pub use read::StoredUsage;
pub use rollup::LedgerRetention;
#[cfg(all(feature = "postgres", feature = "gateway"))]
pub(crate) use shared::{SharedAct, SharedEntries, SharedListener, SharedNews, SharedStore, SharedUpdate};
pub use sums::{UsageFilter, UsagePast, UsageSum};
pub use totals::UsageTotal;

/// A ledger in a database. The tables are described in `docs/ledger.md`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use sunward::clock::Timestamp;
/// use sunward::usage::{Caller, Ledger, LedgerRetention, SqlLedger, UsedRoute};
///
/// # let folder = tempfile::tempdir()?; let path = folder.path().join("ledger.sqlite");
/// let (ledger, store) = (Ledger::new(), SqlLedger::open(&path, "production").await?);
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
pub struct SqlLedger {
    database: Database,
    environment: String,
    place: LedgerPlace,
    /// Of a file: held as long as the ledger is open.
    _lock: Option<File>,
}

// === impl SqlLedger ===

impl SqlLedger {
    /// Another value of the same ledger, which ends when this one is closed.
    #[cfg(feature = "gateway")]
    pub(crate) fn handle(&self) -> Self {
        let (database, environment) = (self.database.clone(), self.environment.clone());
        Self { database, environment, place: self.place.clone(), _lock: None }
    }

    /// Waits until all is written, and ends the connections.
    pub async fn close(self) {
        self.database.close().await;
    }

    /// A ledger that is only read.
    async fn reading(database: Database, place: LedgerPlace) -> Result<Self, LedgerError> {
        let mut session = database.read(read::LIMIT).await.map_err(|error| LedgerError::database(&place, error))?;
        schema::check(&mut session, &place).await?;
        drop(session);
        Ok(Self { database, environment: String::new(), place, _lock: None })
    }

    /// What is written to each row.
    #[cfg(feature = "cli")]
    pub(crate) fn environment(&self) -> &str {
        &self.environment
    }

    fn failed(&self, error: sqlx::Error) -> LedgerError {
        LedgerError::database(&self.place, error)
    }
}

impl LedgerStore for SqlLedger {
    type Error = LedgerError;

    async fn store(&self, batch: &Batch) -> Result<(), LedgerError> {
        write::store(&self.database, &self.environment, batch).await.map_err(|error| self.failed(error))
    }

    async fn cover(&self, coverage: &LedgerCoverage) -> Result<(), LedgerError> {
        write::cover(&self.database, &self.environment, coverage).await.map_err(|error| self.failed(error))
    }
}

#[cfg(test)]
mod tests;
