//! Access logs become rows of the ledger: who used a version before anything of sunward was there.
//!
//! | file | what |
//! |---|---|
//! | `line`, `common_log`, `json_log` | what a line says |
//! | `fields`, `format` | how a log is written |
//! | `request` | which route, version and consumer a line is about, by the catalog |
//! | `counter`, `bound` | rows |
//! | `part`, `reader` | the bytes of a log, in parts that threads work on |
//! | `blocks`, `alignment` | which lines an earlier import has counted |
//! | `run` | all of it together |

mod alignment;
mod blocks;
mod bound;
mod common_log;
mod counter;
mod fields;
mod format;
mod json_log;
mod line;
mod part;
mod reader;
mod request;
mod run;
mod summary;
mod work;

pub use fields::{LogField, LogFields};
pub use format::LogSyntax;
pub use run::{ImportOptions, ImportProgress, import_logs};
pub use summary::{ImportSummary, SkippedLine, UnreadableLine};
