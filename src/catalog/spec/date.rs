//! When something in the life of a version begins or ends.

use crate::clock::Timestamp;
use crate::diagnostic::Spanned;

/// A date in the life of a version: a [`Timestamp`], or a text as the config file has it.
///
/// A text is an RFC 3339 time (`2026-07-01T12:00:00Z`), a plain date (`2026-07-01`, its midnight in UTC) or an HTTP-date.
/// [`Catalog::new`](super::super::Catalog::new) reads it, and reports one that is none of these.
///
/// ```
/// use sunward::catalog::Version;
/// use sunward::clock::{Clock, SystemClock};
///
/// let version = Version::new("1").with_deprecated(SystemClock.now()).with_sunset("2099-01-01");
/// # let _ = version;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Date(String);

// === impl Date ===

impl From<Timestamp> for Date {
    fn from(at: Timestamp) -> Self {
        Self(at.to_string())
    }
}

impl From<&str> for Date {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Date {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<Date> for Spanned<String> {
    fn from(date: Date) -> Self {
        date.0.into()
    }
}
