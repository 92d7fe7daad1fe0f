//! Why a ledger cannot be opened or written.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::Path;

/// Why a ledger cannot be opened, read or written.
#[derive(Debug)]
pub struct LedgerError {
    place: LedgerPlace,
    why: Why,
}

/// Where a ledger is, without its password.
#[derive(Clone, Debug)]
pub(super) struct LedgerPlace(String);

#[derive(Debug)]
enum Why {
    File(io::Error),
    Missing,
    InUse,
    Network(String),
    TooNew {
        schema: i64,
        needs: i64,
        known: i64,
    },
    #[cfg(feature = "cli")]
    OtherImport,
    Database(sqlx::Error),
    #[cfg(feature = "postgres")]
    Url(sqlx::Error),
}

/// Codes of SQLite, <https://www.sqlite.org/rescode.html>.
const BUSY: i32 = 5;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const NOT_A_DATABASE: i32 = 26;

/// Codes of PostgreSQL, <https://www.postgresql.org/docs/current/errcodes-appendix.html>: a lock that was not given in time, a deadlock,
/// and transactions that cannot be put in an order.
const PG_LOCKED: [&str; 3] = ["55P03", "40P01", "40001"];
const PG_FULL: &str = "53100";
const PG_DAMAGED: [&str; 3] = ["XX000", "XX001", "XX002"];

// === impl LedgerPlace ===

impl From<&Path> for LedgerPlace {
    fn from(path: &Path) -> Self {
        Self(path.display().to_string())
    }
}

#[cfg(feature = "postgres")]
impl From<String> for LedgerPlace {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for LedgerPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl LedgerError ===

impl LedgerError {
    pub(super) fn file(place: &LedgerPlace, error: io::Error) -> Self {
        Self { place: place.clone(), why: Why::File(error) }
    }

    pub(super) fn missing(place: &LedgerPlace) -> Self {
        Self { place: place.clone(), why: Why::Missing }
    }

    pub(super) fn in_use(place: &LedgerPlace) -> Self {
        Self { place: place.clone(), why: Why::InUse }
    }

    pub(super) fn network(place: &LedgerPlace, file_system: &str) -> Self {
        Self { place: place.clone(), why: Why::Network(file_system.to_owned()) }
    }

    pub(super) fn too_new(place: &LedgerPlace, schema: i64, needs: i64, known: i64) -> Self {
        Self { place: place.clone(), why: Why::TooNew { schema, needs, known } }
    }

    pub(super) fn database(place: &LedgerPlace, error: sqlx::Error) -> Self {
        Self { place: place.clone(), why: Why::Database(error) }
    }

    #[cfg(feature = "cli")]
    pub(super) fn other_import(place: &LedgerPlace) -> Self {
        Self { place: place.clone(), why: Why::OtherImport }
    }

    #[cfg(feature = "postgres")]
    pub(super) fn url(place: &LedgerPlace, error: sqlx::Error) -> Self {
        Self { place: place.clone(), why: Why::Url(error) }
    }

    /// Whether another process has the ledger open.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        matches!(self.why, Why::InUse)
    }

    /// Whether another connection was writing for too long.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.code() == Some(BUSY) || self.state().is_some_and(|state| PG_LOCKED.contains(&&*state))
    }

    /// Whether the disk is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.code() == Some(FULL) || self.state().is_some_and(|state| state == PG_FULL)
    }

    /// Whether the file is no ledger, or is damaged.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        matches!(self.code(), Some(CORRUPT | NOT_A_DATABASE))
            || self.state().is_some_and(|state| PG_DAMAGED.contains(&&*state))
    }

    /// Whether the ledger was written by a newer version, and this one cannot read it.
    #[must_use]
    pub fn is_too_new(&self) -> bool {
        matches!(self.why, Why::TooNew { .. })
    }

    /// Whether the server does not answer.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
        match &self.why {
            Why::Database(Io(_) | PoolClosed | PoolTimedOut | Protocol(_) | Tls(_) | WorkerCrashed) => true,
            // The server is going down, or is not up yet.
            _ => self.state().is_some_and(|state| state.starts_with("57P")),
        }
    }

    /// PostgreSQL's code of what failed.
    fn state(&self) -> Option<Cow<'_, str>> {
        let Why::Database(error) = &self.why else { return None };
        error.as_database_error()?.code().filter(|code| code.len() == 5)
    }

    /// The primary code: an extended one has more in its higher bits.
    fn code(&self) -> Option<i32> {
        let Why::Database(error) = &self.why else { return None };
        let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
        Some(code & 0xFF)
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the ledger {}: ", self.place.0)?;
        match &self.why {
            Why::File(_) => f.write_str("its file or its lock file cannot be opened"),
            Why::Missing => f.write_str("there is none yet; a gateway creates it, and so does `sunward usage import`"),
            Why::InUse => f.write_str("another process has it open; give each process a file of its own"),
            Why::Network(kind) => {
                write!(
                    f,
                    "it is on a network file system ({kind}), where SQLite cannot lock it; move it to a local disk"
                )
            }
            Why::TooNew { schema, needs, known } => write!(
                f,
                "its schema {schema} needs a version that knows schema {needs}; this one knows {known}, so use a newer version"
            ),
            #[cfg(feature = "cli")]
            Why::OtherImport => {
                f.write_str("another import reads the same log; wait for its end and start this one again")
            }
            Why::Database(_) if self.is_damaged() => {
                f.write_str("it is damaged, or no ledger; move the file away, and a new one will be created")
            }
            Why::Database(_) if self.is_full() => f.write_str("the disk is full"),
            Why::Database(_) if self.is_locked() => f.write_str("another program is writing to it"),
            Why::Database(_) if self.is_unreachable() => f.write_str("the database does not answer"),
            Why::Database(_) => f.write_str("the database failed"),
            #[cfg(feature = "postgres")]
            Why::Url(_) => f.write_str("its URL is not right"),
        }
    }
}

impl std::error::Error for LedgerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.why {
            Why::File(error) => Some(error),
            Why::Database(error) => Some(error),
            #[cfg(feature = "postgres")]
            Why::Url(error) => Some(error),
            _ => None,
        }
    }
}
