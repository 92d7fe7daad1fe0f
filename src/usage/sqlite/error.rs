//! Why a ledger cannot be opened or written.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a ledger cannot be opened, read or written.
#[derive(Debug)]
pub struct LedgerError {
    path: PathBuf,
    why: Why,
}

#[derive(Debug)]
enum Why {
    File(io::Error),
    InUse,
    Network(String),
    TooNew { schema: i64, needs: i64, known: i64 },
    Database(sqlx::Error),
}

/// Codes of SQLite, <https://www.sqlite.org/rescode.html>.
const BUSY: i32 = 5;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const NOT_A_DATABASE: i32 = 26;

// === impl LedgerError ===

impl LedgerError {
    pub(super) fn file(path: &Path, error: io::Error) -> Self {
        Self { path: path.to_owned(), why: Why::File(error) }
    }

    pub(super) fn in_use(path: &Path) -> Self {
        Self { path: path.to_owned(), why: Why::InUse }
    }

    pub(super) fn network(path: &Path, file_system: &str) -> Self {
        Self { path: path.to_owned(), why: Why::Network(file_system.to_owned()) }
    }

    pub(super) fn too_new(path: &Path, schema: i64, needs: i64, known: i64) -> Self {
        Self { path: path.to_owned(), why: Why::TooNew { schema, needs, known } }
    }

    pub(super) fn database(path: &Path, error: sqlx::Error) -> Self {
        Self { path: path.to_owned(), why: Why::Database(error) }
    }

    /// Whether another process has the ledger open.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        matches!(self.why, Why::InUse)
    }

    /// Whether another connection was writing for too long.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.code() == Some(BUSY)
    }

    /// Whether the disk is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.code() == Some(FULL)
    }

    /// Whether the file is no ledger, or is damaged.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        matches!(self.code(), Some(CORRUPT | NOT_A_DATABASE))
    }

    /// Whether the ledger was written by a newer version, and this one cannot read it.
    #[must_use]
    pub fn is_too_new(&self) -> bool {
        matches!(self.why, Why::TooNew { .. })
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
        write!(f, "the ledger {}: ", self.path.display())?;
        match &self.why {
            Why::File(_) => f.write_str("its file or its lock file cannot be opened"),
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
            Why::Database(_) if self.is_damaged() => {
                f.write_str("it is damaged, or no ledger; move the file away, and a new one will be created")
            }
            Why::Database(_) if self.is_full() => f.write_str("the disk is full"),
            Why::Database(_) if self.is_locked() => f.write_str("another program is writing to it"),
            Why::Database(_) => f.write_str("the database failed"),
        }
    }
}

impl std::error::Error for LedgerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.why {
            Why::File(error) => Some(error),
            Why::Database(error) => Some(error),
            _ => None,
        }
    }
}
