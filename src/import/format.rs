//! How a log is written.

use std::str::FromStr;
use std::sync::Arc;

use super::fields::FieldIndex;
use super::line::LogLine;
use super::summary::UnreadableLine;
use super::{common_log, json_log};

/// How the lines of a log are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogSyntax {
    /// JSON if the first line begins with `{`, else common or combined.
    #[default]
    Auto,
    /// The common log format, or the combined one, of Apache, nginx and many more.
    Combined,
    /// A JSON object on each line.
    Json,
}

/// Reads the lines of one log.
#[derive(Clone, Debug)]
pub(super) enum LineReader {
    Combined,
    Json(Arc<FieldIndex>),
}

// === impl LogSyntax ===

impl LogSyntax {
    /// A reader for a log that begins with `start`.
    pub(super) fn reader(self, start: &[u8], fields: &Arc<FieldIndex>) -> LineReader {
        let is_json = match self {
            Self::Auto => start.trim_ascii_start().starts_with(b"{"),
            Self::Combined => false,
            Self::Json => true,
        };
        if is_json { LineReader::Json(Arc::clone(fields)) } else { LineReader::Combined }
    }
}

impl FromStr for LogSyntax {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "common" | "combined" => Ok(Self::Combined),
            "json" => Ok(Self::Json),
            _ => Err("expected `auto`, `common`, `combined` or `json`"),
        }
    }
}

// === impl LineReader ===

impl LineReader {
    pub(super) fn read<'a>(&self, line: &'a [u8]) -> Result<LogLine<'a>, UnreadableLine> {
        match self {
            Self::Combined => common_log::read(line),
            Self::Json(fields) => json_log::read(line, fields),
        }
    }
}
