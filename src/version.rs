//! Versions: named contracts, in an order that their scheme gives.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

/// How the versions of an api are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `1`, also written `v1`.
    #[default]
    Major,
    /// `1.2`, also written `v1.2`.
    Minor,
    /// `2024-10-01`.
    Date,
    /// `2024-10`.
    Month,
}

/// A version's name, read by its [`Scheme`]: it compares in the scheme's order, and prints in one canonical spelling.
///
/// A status (`-preview`, `-beta`) may follow; such a version stands before the one without.
///
/// ```
/// use sunward::version::{Scheme, VersionName};
///
/// let old = VersionName::parse("v1.9", Scheme::Minor).expect("a version");
/// let new = VersionName::parse("1.10", Scheme::Minor).expect("a version");
/// assert!(old < new);
/// assert_eq!(old.to_string(), "1.9");
/// assert!(VersionName::parse("2023-02-30", Scheme::Date).is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionName {
    numbers: [u32; 3],
    status: Status,
    scheme: SchemeOrd,
}

/// A version of one api, by its place in the list: 0 is the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionId(u16);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Status {
    Named(Box<str>),
    Stable,
}

/// Only equal schemes ever meet in a comparison; the order among them is arbitrary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct SchemeOrd(u8);

/// Longer texts are no versions: nothing that long was ever declared, and headers are the clients' to write.
const MAX_LEN: usize = 64;

// === impl Scheme ===

impl Scheme {
    /// The word of the config.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Major => "major",
            Self::Minor => "minor",
            Self::Date => "date",
            Self::Month => "month",
        }
    }

    /// What a version of the scheme looks like, for messages.
    #[must_use]
    pub const fn example(self) -> &'static str {
        match self {
            Self::Major => "1",
            Self::Minor => "1.2",
            Self::Date => "2024-10-01",
            Self::Month => "2024-10",
        }
    }

    const fn ord(self) -> SchemeOrd {
        SchemeOrd(self as u8)
    }
}

impl FromStr for Scheme {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Major, Self::Minor, Self::Date, Self::Month].into_iter().find(|s| s.as_str() == text).ok_or(())
    }
}

// === impl VersionName ===

impl VersionName {
    /// Reads `text`; `None` if it is no version of the scheme (also for a day that no calendar has).
    #[must_use]
    pub fn parse(text: &str, scheme: Scheme) -> Option<Self> {
        if text.len() > MAX_LEN {
            return None;
        }
        let (text, status) = split_status(text)?;
        let numbers = match scheme {
            Scheme::Major => [number(strip_v(text))?, 0, 0],
            Scheme::Minor => minor(strip_v(text))?,
            Scheme::Date => date(text)?,
            Scheme::Month => date(&month_start(text)?)?,
        };
        Some(Self { numbers, status, scheme: scheme.ord() })
    }

    /// Whether it has a status such as `-preview`.
    #[must_use]
    pub fn is_preview(&self) -> bool {
        self.status != Status::Stable
    }

    /// Major number, or year.
    #[must_use]
    pub const fn major(&self) -> u32 {
        self.numbers[0]
    }

    /// For the schemes of the calendar, the day it names (a month's first day), as `yyyy-mm-dd`.
    #[must_use]
    pub fn day(&self) -> Option<String> {
        let [y, m, d] = self.numbers;
        (self.scheme >= Scheme::Date.ord()).then(|| format!("{y:04}-{m:02}-{d:02}"))
    }
}

/// Whether a template that ends in `v` is followed by another one: `/vv1` is not `/v1`, or rules about that path, here
/// and elsewhere, could be slipped past.
pub(crate) fn doubles_v(before: &str, version: &str) -> bool {
    before.ends_with(['v', 'V']) && version.starts_with(['v', 'V'])
}

fn strip_v(text: &str) -> &str {
    text.strip_prefix(['v', 'V']).unwrap_or(text)
}

/// The status begins at the first `-` that no digit follows.
fn split_status(text: &str) -> Option<(&str, Status)> {
    let dash =
        text.char_indices().find(|&(at, c)| c == '-' && !text.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit));
    let Some((at, _)) = dash else { return Some((text, Status::Stable)) };
    let status = &text[at + 1..];
    let legal = !status.is_empty() && status.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    legal.then(|| (&text[..at], Status::Named(status.to_ascii_lowercase().into())))
}

fn number(text: &str) -> Option<u32> {
    let canonical = text.bytes().all(|b| b.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

fn minor(text: &str) -> Option<[u32; 3]> {
    let (major, minor) = text.split_once('.')?;
    Some([number(major)?, number(minor)?, 0])
}

fn month_start(text: &str) -> Option<String> {
    (text.len() == 7).then(|| format!("{text}-01"))
}

fn date(text: &str) -> Option<[u32; 3]> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    let day: Date = if shape { text.parse().ok()? } else { return None };
    Some([u32::try_from(day.year()).ok()?, u32::try_from(day.month()).ok()?, u32::try_from(day.day()).ok()?])
}

impl fmt::Display for VersionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c] = self.numbers;
        match self.scheme.0 {
            0 => write!(f, "{a}")?,
            1 => write!(f, "{a}.{b}")?,
            2 => write!(f, "{a:04}-{b:02}-{c:02}")?,
            _ => write!(f, "{a:04}-{b:02}")?,
        }
        match &self.status {
            Status::Stable => Ok(()),
            Status::Named(status) => write!(f, "-{status}"),
        }
    }
}

// === impl VersionId ===

impl VersionId {
    /// The version at `index` of the api's list, oldest first.
    #[must_use]
    pub const fn new(index: u16) -> Self {
        Self(index)
    }

    /// Its place in the list.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The next newer one's id, if there is one is for the api to say.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_by_their_scheme() {
        let rows = [
            (Scheme::Major, "1", Some("1")),
            (Scheme::Major, "v12", Some("12")),
            (Scheme::Major, "01", None),
            (Scheme::Major, "1.0", None),
            (Scheme::Major, "", None),
            (Scheme::Major, "v", None),
            (Scheme::Major, "2-Preview", Some("2-preview")),
            (Scheme::Major, "2-", None),
            (Scheme::Major, "99999999999", None),
            (Scheme::Minor, "1.10", Some("1.10")),
            (Scheme::Minor, "1", None),
            (Scheme::Minor, "1.2.3", None),
            (Scheme::Date, "2024-02-29", Some("2024-02-29")),
            (Scheme::Date, "2023-02-29", None),
            (Scheme::Date, "2024-2-9", None),
            (Scheme::Date, "2024-10-01-preview", Some("2024-10-01-preview")),
            (Scheme::Month, "2024-10", Some("2024-10")),
            (Scheme::Month, "2024-13", None),
        ];
        for (scheme, text, expected) in rows {
            let read = VersionName::parse(text, scheme).map(|v| v.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn order_is_the_schemes() {
        let parse = |t, s| VersionName::parse(t, s).expect(t);
        assert!(parse("9", Scheme::Major) < parse("10", Scheme::Major));
        assert!(parse("2-beta", Scheme::Major) < parse("2", Scheme::Major));
        assert!(parse("2024-09-30", Scheme::Date) < parse("2024-10-01", Scheme::Date));
    }
}
