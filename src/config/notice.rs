//! The `[[notice]]` tables.

use super::tree::TableReader;
use super::value::duration;
use crate::catalog::Contact;
use crate::diagnostic::{Diagnostic, Span, Spanned};

/// A `[[notice]]` table: who gets a message about a date, and how long before.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoticeSpec {
    /// Its name.
    pub name: Spanned<String>,
    /// The apis that it is about; all if there are none.
    pub apis: Vec<Spanned<String>>,
    /// The versions that it is about; all if there are none.
    pub versions: Vec<Spanned<String>>,
    /// The date that it is about.
    pub about: NoticeDate,
    /// How far from the date it is sent, in seconds; below zero is before it. Ascending.
    pub at: Vec<i64>,
    /// Who gets it.
    pub to: Vec<NoticeTo>,
    /// Where it is written.
    pub span: Span,
}

/// A date in the life of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum NoticeDate {
    /// It is deprecated from then on.
    Deprecated,
    /// It is closed to new consumers from then on.
    Closed,
    /// It is switched off on trial.
    Brownout,
    /// It is served again after that.
    BrownoutEnd,
    /// It is gone from then on.
    Sunset,
    /// The beginning of each week, on Monday in UTC, in which it is deprecated and served.
    Week,
}

/// Who gets a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoticeTo {
    /// Each consumer that uses the version, by its contact in the register.
    Consumers,
    /// The incoming webhook of a chat.
    Chat,
    /// An address.
    Contact(Contact),
}

// === impl NoticeDate ===

impl NoticeDate {
    /// Its name: `deprecated`, `closed`, `brownout`, `brownout-end`, `sunset` or `week`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deprecated => "deprecated",
            Self::Closed => "closed",
            Self::Brownout => "brownout",
            Self::BrownoutEnd => "brownout-end",
            Self::Sunset => "sunset",
            Self::Week => "week",
        }
    }
}

// === impl NoticeSpec ===

impl NoticeSpec {
    pub(super) fn read(mut reader: TableReader<'_, '_>) -> Option<Self> {
        let (name, apis, versions) = (reader.text("name"), reader.texts("api"), reader.texts("version"));
        let about = reader.word("about").map(|word| match word {
            "deprecated" => NoticeDate::Deprecated,
            "closed" => NoticeDate::Closed,
            "brownout" => NoticeDate::Brownout,
            "brownout-end" => NoticeDate::BrownoutEnd,
            "week" => NoticeDate::Week,
            _ => NoticeDate::Sunset,
        });
        let (at, to) = (reader.texts("at"), reader.texts("to"));
        let at = at.iter().filter_map(|text| distance(text, &mut reader)).collect::<Vec<_>>();
        let to = to.iter().filter_map(|text| audience(text, &mut reader)).collect::<Vec<_>>();
        let span = reader.span;
        reader.finish();
        let to = if to.is_empty() { vec![NoticeTo::Consumers] } else { to };
        let mut at = at;
        at.sort_unstable();
        at.dedup();
        Some(Self { name: name?, apis, versions, about: about?, at, to, span })
    }
}

/// `-30d`, `0d` or `7d`, in seconds.
fn distance(text: &Spanned<String>, reader: &mut TableReader<'_, '_>) -> Option<i64> {
    let (sign, rest) = match text.value.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, &*text.value),
    };
    let secs = match rest {
        "0d" => Some(0),
        rest => duration(rest).and_then(|length| i64::try_from(length.as_secs()).ok()),
    };
    if secs.is_none() {
        let message = format!("`{}` is no distance from a date", text.value);
        let finding = Diagnostic::error("bad-distance", message, text.span);
        reader
            .found
            .push(finding.help("write `-30d` for 30 days before it, `0d` for the date, `7d` for a week after it"));
    }
    secs.map(|secs| sign * secs)
}

fn audience(text: &Spanned<String>, reader: &mut TableReader<'_, '_>) -> Option<NoticeTo> {
    let to = match &*text.value {
        "consumers" => Some(NoticeTo::Consumers),
        "chat" => Some(NoticeTo::Chat),
        address => Contact::parse(address).map(NoticeTo::Contact),
    };
    if to.is_none() {
        let message = format!("`{}` is not known as a recipient", text.value);
        let finding = Diagnostic::error("bad-recipient", message, text.span);
        reader.found.push(finding.help("write `consumers`, `chat`, a mail address, or the URL of a webhook"));
    }
    to
}
