//! A ledger in PostgreSQL.

use std::fmt;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use super::database::Database;
use super::error::{LedgerError, LedgerPlace};
use super::{SqlLedger, schema};

/// Where a server of PostgreSQL is, and how it is spoken to.
///
/// ```
/// use sunward::usage::PostgresOptions;
///
/// let options = PostgresOptions::new("postgres://sunward@pooler.internal:6432/ledger")
///     .with_migrate_url("postgres://sunward@db.internal/ledger")
///     .with_prepared_statements(false);
/// ```
#[derive(Clone)]
pub struct PostgresOptions {
    url: String,
    migrate_url: Option<String>,
    prepared_statements: bool,
    connections: u32,
    patience: Duration,
}

/// How long a connection is waited for.
const CONNECT: Duration = Duration::from_secs(5);
/// Connections to the server: one writes, the others read.
const CONNECTIONS: u32 = 4;

// === impl PostgresOptions ===

impl PostgresOptions {
    /// A server by its URL, such as `postgres://user:password@host:5432/database?sslmode=verify-full`.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            migrate_url: None,
            prepared_statements: true,
            connections: CONNECTIONS,
            patience: CONNECT,
        }
    }

    /// The tables are brought up to date by this URL: for a user who may create tables, or past a pooler of connections.
    #[must_use]
    pub fn with_migrate_url(mut self, url: impl Into<String>) -> Self {
        self.migrate_url = Some(url.into());
        self
    }

    /// Whether statements are prepared by name. A pooler that gives each transaction another connection may not support it.
    /// Default: yes.
    #[must_use]
    pub const fn with_prepared_statements(mut self, prepared: bool) -> Self {
        self.prepared_statements = prepared;
        self
    }

    /// At most so many connections. Default: 4.
    #[must_use]
    pub const fn with_connections(mut self, most: u32) -> Self {
        self.connections = most;
        self
    }

    /// How long a connection is waited for.
    #[cfg(feature = "gateway")]
    pub(super) const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Whether the URLs can be read.
    ///
    /// # Errors
    ///
    /// If one cannot: what is wrong with it.
    pub fn check(&self) -> Result<(), LedgerError> {
        [Some(&self.url), self.migrate_url.as_ref()].into_iter().flatten().try_for_each(|url| parse(url).map(drop))
    }

    /// Connects, and brings the tables up to date.
    pub(super) async fn open(&self) -> Result<(Database, LedgerPlace), LedgerError> {
        let prepared = self.prepared_statements;
        let (pool, place) = self.pool(&self.url)?;
        let database = Database::Postgres { pool, prepared };
        match &self.migrate_url {
            Some(url) => {
                let (pool, place) = self.pool(url)?;
                let database = Database::Postgres { pool, prepared };
                let migrated = schema::migrate(&database, &place).await;
                database.close().await;
                migrated?;
            }
            None => schema::migrate(&database, &place).await?,
        }
        Ok((database, place))
    }

    /// One connection that is kept for as long as it works.
    #[cfg(feature = "gateway")]
    pub(super) fn one_connection(&self) -> Result<(PgPool, LedgerPlace), LedgerError> {
        let options = parse(&self.url)?;
        let place = place(&options);
        let options = options.application_name("sunward").extra_float_digits(None);
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(self.patience)
            .idle_timeout(None)
            .max_lifetime(None);
        Ok((pool.connect_lazy_with(options), place))
    }

    fn pool(&self, url: &str) -> Result<(PgPool, LedgerPlace), LedgerError> {
        let options = parse(url)?;
        let place = place(&options);
        // Poolers refuse settings that they do not know, and floats there are none.
        let options = options.application_name("sunward").extra_float_digits(None);
        let pool = PgPoolOptions::new().max_connections(self.connections).acquire_timeout(self.patience);
        Ok((pool.connect_lazy_with(options), place))
    }
}

impl fmt::Display for PostgresOptions {
    /// The server, port and database, without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.url.parse::<PgConnectOptions>() {
            Ok(options) => place(&options).fmt(f),
            Err(_) => f.write_str("PostgreSQL"),
        }
    }
}

impl fmt::Debug for PostgresOptions {
    /// Without the URLs, which may have a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { prepared_statements, connections, .. } = self;
        let mut shown = f.debug_struct("PostgresOptions");
        shown.field("prepared_statements", prepared_statements).field("connections", connections);
        shown.finish_non_exhaustive()
    }
}

fn parse(url: &str) -> Result<PgConnectOptions, LedgerError> {
    url.parse().map_err(|error| LedgerError::url(&LedgerPlace::from("PostgreSQL".to_owned()), error))
}

fn place(options: &PgConnectOptions) -> LedgerPlace {
    let (host, port, database) = (options.get_host(), options.get_port(), options.get_database());
    LedgerPlace::from(format!("postgres://{host}:{port}/{}", database.unwrap_or_default()))
}

// === impl SqlLedger ===

impl SqlLedger {
    /// Connects to PostgreSQL and brings the tables up to date, which are in the schema `sunward`. Any number of processes may write
    /// to one database. `environment` is as in [`open`](SqlLedger::open).
    ///
    /// # Errors
    ///
    /// If the URL is wrong, the server does not answer or refuses the user, or the tables were made by a version that this one cannot
    /// read.
    pub async fn connect(options: &PostgresOptions, environment: &str) -> Result<Self, LedgerError> {
        let (database, place) = options.open().await?;
        Ok(Self { database, environment: environment.to_owned(), place, _lock: None })
    }

    /// Connects to PostgreSQL to read a ledger: it makes no tables, and a user who may only read will do.
    ///
    /// # Errors
    ///
    /// If the URL is wrong, the server does not answer or refuses the user, there is no ledger, or it was made by a version that this
    /// one cannot read.
    pub async fn connect_read_only(options: &PostgresOptions) -> Result<Self, LedgerError> {
        let (pool, place) = options.pool(&options.url)?;
        let database = Database::Postgres { pool, prepared: options.prepared_statements };
        Self::reading(database, place).await
    }
}
