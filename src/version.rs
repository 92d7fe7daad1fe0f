//! Versions: named contracts, in an order that their scheme gives.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

/// How the versions of an api are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
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
    /// `v1beta1`, in the order of the contracts: `v1alpha1`, `v1beta1`, `v1beta2`, `v1`, `v2alpha1`. (Kubernetes'
    /// own "version priority" puts every stable version before all betas, which says which one to prefer, not which one
    /// came first.)
    Kubernetes,
    /// Any names, such as `mercy-preview` or `2024-09-30.acacia`, in the order in which the API lists its versions.
    Declared,
}

/// A version's name, read by its [`Scheme`]: it compares in the scheme's order, and prints in one canonical spelling.
///
/// A status (`-preview`, `-beta`) may follow, except in the schemes [`Kubernetes`](Scheme::Kubernetes) and
/// [`Declared`](Scheme::Declared); such a version comes before the one without.
///
/// A name of [`Scheme::Declared`] does not know its place in the list of versions: such names compare as text, without
/// letter case.
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
pub struct VersionName(NameParts);

/// Only names of equal schemes ever meet in a comparison; the order among schemes is arbitrary.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum NameParts {
    Major([u32; 1], Status),
    Minor([u32; 2], Status),
    Date([u32; 3], Status),
    Month([u32; 2], Status),
    Kubernetes(u32, Stability),
    /// In small letters.
    Declared(Box<str>),
}

/// How stable a Kubernetes version is, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Stability {
    Alpha(u32),
    Beta(u32),
    Stable,
}

/// A version of one api, by its place in the list: 0 is the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionId(u16);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Status {
    Named(Box<str>),
    Stable,
}

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
            Self::Kubernetes => "kubernetes",
            Self::Declared => "declared",
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
            Self::Kubernetes => "v1beta1",
            Self::Declared => "spring-2024",
        }
    }
}

impl FromStr for Scheme {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Self::Major, Self::Minor, Self::Date, Self::Month, Self::Kubernetes, Self::Declared];
        all.into_iter().find(|scheme| scheme.as_str() == text).ok_or(())
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
        let name = match scheme {
            Scheme::Kubernetes => kubernetes(text)?,
            Scheme::Declared => declared(text)?,
            _ => {
                let (text, status) = split_status(text)?;
                match scheme {
                    Scheme::Major => NameParts::Major([number(strip_v(text))?], status),
                    Scheme::Minor => NameParts::Minor(minor(strip_v(text))?, status),
                    Scheme::Date => NameParts::Date(date(text)?, status),
                    _ => NameParts::Month(month(text)?, status),
                }
            }
        };
        Some(Self(name))
    }

    /// Whether it has a status such as `-preview`, or is an alpha or beta of Kubernetes.
    #[must_use]
    pub fn is_preview(&self) -> bool {
        match &self.0 {
            NameParts::Major(_, status)
            | NameParts::Minor(_, status)
            | NameParts::Date(_, status)
            | NameParts::Month(_, status) => *status != Status::Stable,
            NameParts::Kubernetes(_, stage) => *stage != Stability::Stable,
            NameParts::Declared(_) => false,
        }
    }

    /// For the schemes of the calendar, the day it names (a month's first day), as `yyyy-mm-dd`.
    #[must_use]
    pub(crate) fn day(&self) -> Option<String> {
        match self.0 {
            NameParts::Date([y, m, d], _) => Some(format!("{y:04}-{m:02}-{d:02}")),
            NameParts::Month([y, m], _) => Some(format!("{y:04}-{m:02}-01")),
            _ => None,
        }
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

fn minor(text: &str) -> Option<[u32; 2]> {
    let (major, minor) = text.split_once('.')?;
    Some([number(major)?, number(minor)?])
}

fn month(text: &str) -> Option<[u32; 2]> {
    let [year, month, _] = if text.len() == 7 { date(&format!("{text}-01"))? } else { return None };
    Some([year, month])
}

/// `v1`, `v1alpha1` and `v1beta1`, in whatever letter case, as the other schemes take `V1`.
fn kubernetes(text: &str) -> Option<NameParts> {
    let text = text.to_ascii_lowercase();
    let text = text.strip_prefix('v')?;
    let (major, stage) = match (text.split_once("alpha"), text.split_once("beta")) {
        (Some((major, nth)), _) => (major, Stability::Alpha(counted(nth)?)),
        (_, Some((major, nth))) => (major, Stability::Beta(counted(nth)?)),
        (None, None) => (text, Stability::Stable),
    };
    Some(NameParts::Kubernetes(counted(major)?, stage))
}

/// A number from 1 on.
fn counted(text: &str) -> Option<u32> {
    number(text).filter(|number| *number > 0)
}

/// What needs no escape in a path, a host, a query or a header.
fn declared(text: &str) -> Option<NameParts> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let is_dots = text.bytes().all(|byte| byte == b'.');
    (!is_dots && text.bytes().all(legal)).then(|| NameParts::Declared(text.to_ascii_lowercase().into()))
}

fn date(text: &str) -> Option<[u32; 3]> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    let day: Date = if shape { text.parse().ok()? } else { return None };
    Some([u32::try_from(day.year()).ok()?, u32::try_from(day.month()).ok()?, u32::try_from(day.day()).ok()?])
}

impl fmt::Display for VersionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = match &self.0 {
            NameParts::Major([major], status) => {
                write!(f, "{major}")?;
                status
            }
            NameParts::Minor([major, minor], status) => {
                write!(f, "{major}.{minor}")?;
                status
            }
            NameParts::Date([y, m, d], status) => {
                write!(f, "{y:04}-{m:02}-{d:02}")?;
                status
            }
            NameParts::Month([y, m], status) => {
                write!(f, "{y:04}-{m:02}")?;
                status
            }
            NameParts::Kubernetes(major, Stability::Stable) => return write!(f, "v{major}"),
            NameParts::Kubernetes(major, Stability::Beta(nth)) => return write!(f, "v{major}beta{nth}"),
            NameParts::Kubernetes(major, Stability::Alpha(nth)) => return write!(f, "v{major}alpha{nth}"),
            NameParts::Declared(name) => return f.write_str(name),
        };
        match status {
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
            (Scheme::Month, "2024-10-01", None),
            (Scheme::Month, "2024-10-beta", Some("2024-10-beta")),
            (Scheme::Kubernetes, "v1", Some("v1")),
            (Scheme::Kubernetes, "v2beta1", Some("v2beta1")),
            (Scheme::Kubernetes, "V2Alpha10", Some("v2alpha10")),
            (Scheme::Kubernetes, "1beta1", None),
            (Scheme::Kubernetes, "v0", None),
            (Scheme::Kubernetes, "v1beta", None),
            (Scheme::Kubernetes, "v1beta01", None),
            (Scheme::Kubernetes, "v1gamma1", None),
            (Scheme::Kubernetes, "v1-beta1", None),
            (Scheme::Kubernetes, "v1alpha1beta1", None),
            (Scheme::Declared, "Mercy-preview", Some("mercy-preview")),
            (Scheme::Declared, "2024-09-30.acacia", Some("2024-09-30.acacia")),
            (Scheme::Declared, "", None),
            (Scheme::Declared, "..", None),
            (Scheme::Declared, "a/b", None),
            (Scheme::Declared, "a b", None),
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
        let stages = ["v1alpha1", "v1alpha2", "v1beta1", "v1beta10", "v1", "v2alpha1", "v2beta1", "v2", "v10beta1"];
        let stages = stages.map(|name| parse(name, Scheme::Kubernetes));
        assert!(stages.is_sorted());
        assert!(stages[3].is_preview() && !stages[4].is_preview());
    }
}
