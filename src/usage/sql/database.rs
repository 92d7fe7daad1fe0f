//! SQLite and PostgreSQL behind one face: what a query says is written once.
//!
//! Placeholders are `$1`, `$2`, … in both. Sums are cast to BIGINT, which SQLite takes for an integer.

use std::time::Duration;

use sqlx::sqlite::SqliteRow;
use sqlx::{Executor, Row, Sqlite, SqlitePool, Transaction};
#[cfg(feature = "postgres")]
use sqlx::{PgPool, Postgres, postgres::PgRow};

/// A database that is open.
#[derive(Clone, Debug)]
pub(super) enum Database {
    /// A file. Its writer has the one connection that writes; readers do not wait for it.
    Sqlite {
        /// `None` if another process writes.
        writer: Option<SqlitePool>,
        readers: SqlitePool,
    },
    /// A server.
    #[cfg(feature = "postgres")]
    Postgres {
        pool: PgPool,
        /// Whether statements have names.
        prepared: bool,
    },
}

/// A transaction. Unless it is committed, it is rolled back when it is dropped.
pub(super) enum Session {
    /// Of SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// Of PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(Transaction<'static, Postgres>, bool),
}

/// What a placeholder stands for. PostgreSQL wants the type of a null, too.
#[derive(Clone, Copy, Debug)]
pub(super) enum SqlValue<'a> {
    Int(Option<i64>),
    Text(Option<&'a str>),
    Bytes(Option<&'a [u8]>),
}

/// A row of an answer.
pub(super) enum SqlRow {
    /// Of SQLite.
    Sqlite(SqliteRow),
    /// Of PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(PgRow),
}

/// What a transaction of PostgreSQL begins with: its tables, how long it waits for a lock, and the lock of all who write, which ends
/// with the transaction. A lock of a session would outlive it behind a pooler of connections.
#[cfg(feature = "postgres")]
const WRITING: &str = "SET LOCAL search_path TO sunward; SET LOCAL lock_timeout TO '5s'; SET LOCAL statement_timeout TO '30s'; \
                       SELECT pg_advisory_xact_lock(8391162079)";
/// The same for what replicas share: it does not wait for those who write the ledger.
#[cfg(all(feature = "postgres", feature = "gateway"))]
const SHARING: &str = "SET LOCAL search_path TO sunward; SET LOCAL lock_timeout TO '1500ms'; SET LOCAL statement_timeout TO '2s'; \
                       SELECT pg_advisory_xact_lock(8391162080)";
#[cfg(feature = "postgres")]
const READING: &str = "SET LOCAL search_path TO sunward";

/// A query with its values: the same text for types that share no trait.
macro_rules! bound {
    ($text:expr, $values:expr) => {
        $values.iter().fold(sqlx::query($text), |query, value| match *value {
            SqlValue::Int(value) => query.bind(value),
            SqlValue::Text(value) => query.bind(value),
            SqlValue::Bytes(value) => query.bind(value),
        })
    };
}

/// A column of a row.
macro_rules! column {
    ($row:expr, $column:expr) => {
        match $row {
            Self::Sqlite(row) => row.try_get($column),
            #[cfg(feature = "postgres")]
            Self::Postgres(row) => row.try_get($column),
        }
    };
}

// === impl Database ===

impl Database {
    /// A transaction that writes. There is one at a time: of two that read first and then write, one would fail.
    pub(super) async fn write(&self) -> Result<Session, sqlx::Error> {
        match self {
            Self::Sqlite { writer: Some(writer), .. } => {
                writer.begin_with("BEGIN IMMEDIATE").await.map(Session::Sqlite)
            }
            Self::Sqlite { writer: None, .. } => Err(sqlx::Error::PoolClosed),
            #[cfg(feature = "postgres")]
            Self::Postgres { .. } => self.begin(WRITING).await,
        }
    }

    /// A transaction that changes what replicas share. There is one at a time.
    #[cfg(all(feature = "postgres", feature = "gateway"))]
    pub(super) async fn share(&self) -> Result<Session, sqlx::Error> {
        self.begin(SHARING).await
    }

    /// A transaction that only notifies.
    #[cfg(all(feature = "postgres", feature = "gateway"))]
    pub(super) async fn notify(&self) -> Result<Session, sqlx::Error> {
        self.begin("SET LOCAL statement_timeout TO '2s'").await
    }

    #[cfg(feature = "postgres")]
    async fn begin(&self, first: &'static str) -> Result<Session, sqlx::Error> {
        let Self::Postgres { pool, prepared } = self else { return Err(sqlx::Error::PoolClosed) };
        let mut transaction = pool.begin().await?;
        (&mut *transaction).execute(first).await?;
        Ok(Session::Postgres(transaction, *prepared))
    }

    /// A transaction that reads one state of everything. PostgreSQL ends a statement that takes longer than `limit`.
    #[cfg_attr(not(feature = "postgres"), allow(unused_variables))]
    pub(super) async fn read(&self, limit: Duration) -> Result<Session, sqlx::Error> {
        match self {
            Self::Sqlite { readers, .. } => readers.begin().await.map(Session::Sqlite),
            #[cfg(feature = "postgres")]
            Self::Postgres { pool, prepared } => {
                let mut transaction = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
                let limit = format!("{READING}; SET LOCAL statement_timeout TO {}", limit.as_millis());
                (&mut *transaction).execute(&*limit).await?;
                Ok(Session::Postgres(transaction, *prepared))
            }
        }
    }

    /// Writes back the log of SQLite, which would otherwise keep the size that it had at its largest.
    pub(super) async fn checkpoint(&self) -> Result<(), sqlx::Error> {
        if let Self::Sqlite { writer: Some(writer), .. } = self {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(writer).await?;
        }
        Ok(())
    }

    /// Ends all connections.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                if let Some(writer) = writer {
                    writer.close().await;
                }
            }
            #[cfg(feature = "postgres")]
            Self::Postgres { pool, .. } => pool.close().await,
        }
    }
}

// === impl Session ===

impl Session {
    /// Runs a statement and returns how many rows it changed.
    pub(super) async fn execute(&mut self, text: &str, values: &[SqlValue<'_>]) -> Result<u64, sqlx::Error> {
        match self {
            Self::Sqlite(session) => Ok(bound!(text, values).execute(&mut **session).await?.rows_affected()),
            #[cfg(feature = "postgres")]
            Self::Postgres(session, prepared) => {
                Ok(bound!(text, values).persistent(*prepared).execute(&mut **session).await?.rows_affected())
            }
        }
    }

    /// Runs a query and returns all of its rows.
    pub(super) async fn rows(&mut self, text: &str, values: &[SqlValue<'_>]) -> Result<Vec<SqlRow>, sqlx::Error> {
        match self {
            Self::Sqlite(session) => {
                Ok(bound!(text, values).fetch_all(&mut **session).await?.into_iter().map(SqlRow::Sqlite).collect())
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(session, prepared) => Ok(bound!(text, values)
                .persistent(*prepared)
                .fetch_all(&mut **session)
                .await?
                .into_iter()
                .map(SqlRow::Postgres)
                .collect()),
        }
    }

    /// The first row of a query, if there is one.
    pub(super) async fn row(&mut self, text: &str, values: &[SqlValue<'_>]) -> Result<Option<SqlRow>, sqlx::Error> {
        Ok(self.rows(text, values).await?.into_iter().next())
    }

    /// Runs statements without values.
    pub(super) async fn script(&mut self, text: &str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(session) => (&mut **session).execute(text).await.map(drop),
            #[cfg(feature = "postgres")]
            Self::Postgres(session, _) => (&mut **session).execute(text).await.map(drop),
        }
    }

    /// Whether it is one of SQLite.
    pub(super) const fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// Keeps what it did.
    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(session) => session.commit().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(session, _) => session.commit().await,
        }
    }
}

// === impl SqlValue ===

impl From<i64> for SqlValue<'_> {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl<'a> From<&'a str> for SqlValue<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Some(value))
    }
}

// === impl SqlRow ===

impl SqlRow {
    /// An integer.
    pub(super) fn int(&self, column: &str) -> Result<i64, sqlx::Error> {
        column!(self, column)
    }

    /// A count, which is an integer that is not negative.
    pub(super) fn count(&self, column: &str) -> Result<u64, sqlx::Error> {
        self.int(column).map(i64::unsigned_abs)
    }

    /// An integer or null.
    pub(super) fn maybe_int(&self, column: &str) -> Result<Option<i64>, sqlx::Error> {
        column!(self, column)
    }

    /// A text.
    pub(super) fn text(&self, column: &str) -> Result<&str, sqlx::Error> {
        column!(self, column)
    }

    /// A text or null.
    pub(super) fn maybe_text(&self, column: &str) -> Result<Option<&str>, sqlx::Error> {
        column!(self, column)
    }

    /// Bytes or null.
    pub(super) fn maybe_bytes(&self, column: &str) -> Result<Option<&[u8]>, sqlx::Error> {
        column!(self, column)
    }
}

/// `rows` rows of `columns` placeholders, as in `VALUES ($1, $2), ($3, $4)`.
pub(super) fn placeholders(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let all: Vec<String> = (1..=columns).map(|column| format!("${}", row * columns + column)).collect();
        format!("({})", all.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}
