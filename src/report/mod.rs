//! Who still uses what, and whether a version may go: pure functions of the ledger's sums, the register and the time.
//!
//! | file | what |
//! |---|---|
//! | `usage` | sums by version, route or consumer |
//! | `trend` | requests by day, as a line of characters |
//! | `changes` | the changes that altered requests, and whose |
//! | `guide` | what a consumer has to change |
//! | `extensions` | who may keep a version for longer |
//! | `told` | who got notices that a version ends |
//! | `ready` | whether a version may be retired, and if not, why |

mod changes;
mod extensions;
mod guide;
mod ready;
mod told;
mod trend;
mod usage;

pub use changes::{ChangeLine, changes};
pub use extensions::extensions;
pub use guide::{CaseBodyReader, Guide, GuideChange, GuideDate, GuideExample, GuidePlace, GuideQuestion};
pub use ready::{Blocker, BlockerKind, Readiness, ReadinessEvidence, ReadinessRule, Spared};
pub use trend::Trend;
pub use usage::{Grouping, UsageLine, usage, usage_by_version};

use crate::clock::Timestamp;
use crate::usage::ConsumerKey;

/// What a consumer is called in a report.
fn consumer_name(consumer: &ConsumerKey) -> &str {
    consumer.as_str()
}

/// How requests are known.
const fn evidence(seen: bool, imported: bool) -> &'static str {
    match (seen, imported) {
        (true, true) => "seen, imported",
        (false, true) => "imported",
        _ => "seen",
    }
}

/// The id of the later of two requests.
fn later<'a>(one: (Timestamp, Option<&'a str>), other: (Timestamp, Option<&'a str>)) -> Option<&'a str> {
    if other.1.is_some() && (other.0 >= one.0 || one.1.is_none()) { other.1 } else { one.1 }
}

#[cfg(test)]
mod tests;
