//! Ops on the head, read into the steps of both directions.

use http::header::{self, HeaderName, HeaderValue};

use super::compile::body_condition;
use super::cookie;
use super::head::{HeaderStep, QueryStep};
use super::spec::{HeadSpec, OpSpec};
use crate::diagnostic::{Diagnostic, Diagnostics, Span, Spanned};
use crate::json::{Condition, Pointer};

/// A head op: at most one step for each direction.
#[derive(Debug, Default)]
pub(super) struct HeadOp {
    pub(super) header_up: Option<HeaderStep>,
    pub(super) header_down: Option<HeaderStep>,
    pub(super) query_up: Option<QueryStep>,
    pub(super) query_down: Option<QueryStep>,
    pub(super) status: Option<(u16, u16)>,
    /// What must hold of the body for the status to be exchanged.
    pub(super) when: Option<Condition<Pointer>>,
    /// Media types of the content.
    pub(super) media: Option<(Box<str>, Box<str>)>,
    pub(super) breaking: bool,
    /// Its place in the change.
    pub(super) index: u32,
}

/// Fields that frame the message, or that other parts of the crate keep true: a change may not touch them.
const RESERVED: &[&str] = &[
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "deprecation",
    "sunset",
    "accept",
    "etag",
    "location",
];

/// Reads the `head` of an op; what is wrong goes to `found`.
pub(super) fn read_head(head: &HeadSpec, spec: &OpSpec, found: &mut Diagnostics) -> Option<HeadOp> {
    let (keep, mut reader) = (spec.keep, HeadReader { span: spec.span, found });
    match head {
        HeadSpec::AddHeader { name, value } => {
            let name = reader.header(name)?;
            let value = reader.value(value)?;
            Some(HeadOp {
                header_up: Some(HeaderStep::Add(name.clone(), value)),
                header_down: None,
                ..HeadOp::default()
            })
        }
        HeadSpec::RenameHeader { from, to } => {
            let (old, new) = (reader.header(from)?, reader.header(to)?);
            reader.differ(old.as_str(), new.as_str())?;
            reader.no_cookies(&old)?;
            reader.no_cookies(&new)?;
            let up = HeaderStep::Rename(old.clone(), new.clone(), keep);
            Some(HeadOp::headers(up, Some(HeaderStep::Rename(new, old, keep))))
        }
        HeadSpec::RenameCookie { from, to } => {
            let (old, new) = (reader.cookie(from)?, reader.cookie(to)?);
            reader.differ(&old, &new)?;
            let up = HeaderStep::Cookie(old.clone(), new.clone(), keep);
            Some(HeadOp::headers(up, Some(HeaderStep::Cookie(new, old, keep))))
        }
        HeadSpec::RemoveHeader { name, restore, lossy } => {
            reader.remedy(name, restore.is_some(), *lossy)?;
            let name = reader.header(name)?;
            let down = match restore {
                Some(value) => Some(HeaderStep::Add(name.clone(), reader.value(value)?)),
                None => None,
            };
            Some(HeadOp::headers(HeaderStep::Drop(name), down))
        }
        HeadSpec::AddQuery { name, value } => {
            let up = QueryStep::Add(reader.name(name)?, value.as_str().into());
            let down = QueryStep::Drop(name.as_str().into());
            Some(HeadOp { breaking: false, ..HeadOp::queries(up, Some(down)) })
        }
        HeadSpec::RenameQuery { from, to } => {
            let (old, new) = (reader.name(from)?, reader.name(to)?);
            reader.differ(&old, &new)?;
            let up = QueryStep::Rename(old.clone(), new.clone(), keep);
            Some(HeadOp::queries(up, Some(QueryStep::Rename(new, old, keep))))
        }
        HeadSpec::RemoveQuery { name, restore, lossy } => {
            reader.remedy(name, restore.is_some(), *lossy)?;
            let down = restore.as_ref().map(|value| QueryStep::Add(name.as_str().into(), value.as_str().into()));
            Some(HeadOp::queries(QueryStep::Drop(reader.name(name)?), down))
        }
        HeadSpec::MapQuery { name, values } => {
            let pairs: Box<[_]> = values.iter().map(|(old, new)| (old.as_str().into(), new.as_str().into())).collect();
            let back = reader.inverse(&pairs)?;
            let name = reader.name(name)?;
            Some(HeadOp::queries(QueryStep::Map(name.clone(), pairs), Some(QueryStep::Map(name, back))))
        }
        HeadSpec::QueryNames { name, names } => {
            let rule = match names.rule(reader.span) {
                Ok(rule) => rule,
                Err(diagnostic) => {
                    reader.found.push(diagnostic);
                    return None;
                }
            };
            let name = reader.name(name)?;
            let back = QueryStep::Names(name.clone(), rule.reversed().into());
            Some(HeadOp::queries(QueryStep::Names(name, rule.into()), Some(back)))
        }
        HeadSpec::MapStatus { from, to } => {
            let (old, new) = (reader.status(from)?, reader.status(to)?);
            reader.differ(&old.to_string(), &new.to_string())?;
            let when = match &spec.when {
                Some(when) => Some(body_condition(when, reader.span, reader.found)?),
                None => None,
            };
            Some(HeadOp { status: Some((old, new)), when, breaking: true, ..HeadOp::default() })
        }
        HeadSpec::MapContentType { from, to } => {
            reader.differ(&from.to_ascii_lowercase(), &to.to_ascii_lowercase())?;
            let (old, new): (Box<str>, Box<str>) = (from.as_str().into(), to.as_str().into());
            let up = HeaderStep::ContentType(old.clone(), new.clone());
            let down = HeaderStep::ContentType(new.clone(), old.clone());
            Some(HeadOp { media: Some((old, new)), ..HeadOp::headers(up, Some(down)) })
        }
        HeadSpec::RenamePrefix { from, to } => {
            let (old, new) = (reader.prefix(from)?, reader.prefix(to)?);
            reader.differ(&old, &new)?;
            let up = HeaderStep::Prefix(old.clone(), new.clone());
            Some(HeadOp::headers(up, Some(HeaderStep::Prefix(new, old))))
        }
    }
}

/// Old and new values, or the other way round.
type ValuePairs = Box<[(Box<str>, Box<str>)]>;

struct HeadReader<'a> {
    span: Span,
    found: &'a mut Diagnostics,
}

// === impl HeadOp ===

impl HeadOp {
    fn headers(up: HeaderStep, down: Option<HeaderStep>) -> Self {
        Self { header_up: Some(up), header_down: down, breaking: true, ..Self::default() }
    }

    fn queries(up: QueryStep, down: Option<QueryStep>) -> Self {
        Self { query_up: Some(up), query_down: down, breaking: true, ..Self::default() }
    }
}

// === impl HeadReader ===

impl HeadReader<'_> {
    fn header(&mut self, name: &Spanned<String>) -> Option<HeaderName> {
        let Ok(read) = HeaderName::try_from(name.as_str()) else {
            return self.error(
                "bad-header",
                format!("`{}` is not a valid header name", name.value),
                "see RFC 9110 §5.1",
            );
        };
        if RESERVED.contains(&read.as_str()) {
            let help = match read.as_str() {
                "content-type" | "accept" => {
                    "use `map_content_type`, which replaces the media type and what `Accept` says of it"
                }
                _ => "remove the op: the gateway and the layers keep this header correct",
            };
            return self.error("reserved-header", format!("a change cannot alter the header `{}`", name.value), help);
        }
        Some(read)
    }

    /// A field with all cookies has no other name.
    fn no_cookies(&mut self, name: &HeaderName) -> Option<()> {
        if *name != header::COOKIE && *name != header::SET_COOKIE {
            return Some(());
        }
        let help = "to rename one cookie, use `{ rename_cookie = \"sid\", to = \"session\" }`";
        self.error("reserved-header", format!("`rename_header` cannot rename the header `{name}`"), help)
    }

    fn cookie(&mut self, name: &Spanned<String>) -> Option<Box<str>> {
        if cookie::is_name(name) {
            return Some(name.as_str().into());
        }
        let help = "use letters, digits and characters such as `-` and `_` (RFC 6265 §4.1.1)";
        self.error("bad-cookie", format!("`{}` is not a valid name of a cookie", name.value.escape_debug()), help)
    }

    fn value(&mut self, value: &str) -> Option<HeaderValue> {
        match HeaderValue::try_from(value) {
            Ok(value) => Some(value),
            Err(_) => self.error(
                "bad-header",
                format!("{value:?} is not a valid header value"),
                "remove line breaks \
                 and control characters",
            ),
        }
    }

    fn name(&mut self, name: &Spanned<String>) -> Option<Box<str>> {
        if name.is_empty() {
            return self.error("empty-name", "the query parameter has no name".to_owned(), "name the parameter");
        }
        Some(name.as_str().into())
    }

    fn status(&mut self, status: &Spanned<u16>) -> Option<u16> {
        if (200..600).contains(&status.value) {
            return Some(status.value);
        }
        self.error(
            "bad-status",
            format!("{} is not the status of a final response", status.value),
            "use a status from 200 to 599",
        )
    }

    fn prefix(&mut self, prefix: &Spanned<String>) -> Option<Box<str>> {
        if prefix.starts_with('/') && !prefix.ends_with('/') {
            return Some(prefix.as_str().into());
        }
        let help = "write whole segments, such as `/people`";
        self.error("bad-prefix", format!("`{}` is not a valid path prefix", prefix.value), help)
    }

    fn differ(&mut self, a: &str, b: &str) -> Option<()> {
        if a != b {
            return Some(());
        }
        self.error("rename-to-itself", format!("`{a}` is renamed to itself"), "remove the op")
    }

    fn remedy(&mut self, name: &Spanned<String>, restores: bool, lossy: bool) -> Option<()> {
        match (restores, lossy) {
            (true, false) | (false, true) => Some(()),
            (true, true) => {
                let message = format!("`{}` has both `restore` and `lossy`", name.value);
                self.error("restore-and-lossy", message, "remove one of them")
            }
            (false, false) => {
                let message =
                    format!("the old side loses `{}`, and the op does not say what it gets instead", name.value);
                self.error("irreversible", message, "add `restore = …` or `lossy = true`")
            }
        }
    }

    fn inverse(&mut self, pairs: &[(Box<str>, Box<str>)]) -> Option<ValuePairs> {
        let mut back: Vec<(Box<str>, Box<str>)> = Vec::new();
        for (old, new) in pairs {
            if let Some((_, first)) = back.iter().find(|(known, _)| known == new) {
                let message = format!("both `{first}` and `{old}` become `{new}`, so it cannot be mapped back");
                return self.error("irreversible", message, "use a different new value for each old value");
            }
            back.push((new.clone(), old.clone()));
        }
        Some(back.into())
    }

    fn error<T>(&mut self, code: &'static str, message: String, help: &str) -> Option<T> {
        self.found.push(Diagnostic::error(code, message, self.span).help(help));
        None
    }
}
