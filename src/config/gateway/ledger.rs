//! The `[gateway.ledger]` table.

use std::time::Duration;

use crate::config::tree::TableReader;
use crate::diagnostic::Diagnostic;

/// The ledger in the `state` folder: the `[gateway.ledger]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerSpec {
    /// How often it is written; `None`: there is no ledger.
    pub flush: Option<Duration>,
    /// How many consumers of each api have rows of their own on a day.
    pub consumers: usize,
    /// After how long hours are merged into days.
    pub hours_kept: Duration,
    /// After how long days are deleted.
    pub days_kept: Duration,
    /// What is written to each row, to tell staging from production.
    pub environment: String,
}

const DAY: Duration = Duration::from_secs(24 * 3600);

// === impl LedgerSpec ===

impl Default for LedgerSpec {
    fn default() -> Self {
        Self {
            flush: Some(Duration::from_secs(5)),
            consumers: 10_000,
            hours_kept: 14 * DAY,
            days_kept: 400 * DAY,
            environment: "default".into(),
        }
    }
}

impl LedgerSpec {
    #[allow(clippy::unnecessary_wraps, reason = "the shape of every table's reader")]
    pub(super) fn read(mut reader: TableReader<'_, '_>) -> Option<Self> {
        let default = Self::default();
        let spec = Self {
            flush: reader.off_or_duration("flush").unwrap_or(default.flush),
            consumers: reader.count("consumers").unwrap_or(default.consumers),
            hours_kept: reader.duration("hours_kept").unwrap_or(default.hours_kept),
            days_kept: reader.duration("days_kept").unwrap_or(default.days_kept),
            environment: reader.text("environment").map_or(default.environment, |text| text.value),
        };
        if spec.hours_kept > spec.days_kept {
            let message = "`hours_kept` is longer than `days_kept`, so hours would be deleted before they are merged";
            let found = Diagnostic::error("ledger-retention", message, reader.span);
            reader.found.push(found.help("make `days_kept` the longer one"));
        }
        reader.finish();
        Some(spec)
    }
}
