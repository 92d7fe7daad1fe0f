//! Media types (RFC 9110 §8.3.1), and, re-exported, the template that finds a version in one.

use std::borrow::Cow;
use std::ops::Range;

pub(crate) use super::template::Coverage;
pub use super::template::MediaTemplate;
use super::{is_tchar, is_token, trim_ows};

/// A media type or media range, borrowed from the header.
///
/// ```
/// use sunward::headers::media::MediaType;
///
/// let media = MediaType::parse("Application/VND.Acme+JSON;; Version=\"2\"").expect("a media type");
/// assert!(media.is("application/vnd.acme+json") && media.is_json());
/// assert_eq!(media.param("version"), Some("2"));
/// assert!(MediaType::parse("application/json;version=2;version=3").is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType<'a> {
    kind: &'a str,
    subtype: &'a str,
    params: Vec<(&'a str, Cow<'a, str>)>,
}

/// JSON as to its suffix, but with a meaning of its own, so that a change of the resource's body must not touch it.
const OTHER_JSON: [&str; 6] =
    ["problem+json", "json-patch+json", "merge-patch+json", "json-seq", "linkset+json", "schema+json"];

// === impl MediaType ===

impl<'a> MediaType<'a> {
    /// Reads `type/subtype` and its parameters; `*` may stand for either name, as in `Accept`.
    ///
    /// Empty parameters are valid, white space around `=` is not (RFC 9110 §5.6.6). `None` also if a parameter comes
    /// twice (RFC 6838 §4.3).
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let text = trim_ows(text);
        let (essence, params) = text.split_at(text.find(';').unwrap_or(text.len()));
        let (kind, subtype) = trim_ows(essence).split_once('/')?;
        (is_token(kind) && is_token(subtype)).then_some(())?;
        Some(Self { kind, subtype, params: parameters(params)? })
    }

    /// What stands before the `/`, as it was written.
    #[must_use]
    pub const fn kind(&self) -> &'a str {
        self.kind
    }

    /// What stands after the `/`, as it was written, without parameters.
    #[must_use]
    pub const fn subtype(&self) -> &'a str {
        self.subtype
    }

    /// Whether type and subtype are those of `essence`, in whatever case.
    #[must_use]
    pub fn is(&self, essence: &str) -> bool {
        essence.split_once('/').is_some_and(|(kind, subtype)| self.is_kind(kind) && self.is_subtype(subtype))
    }

    /// The value of a parameter, unquoted and as it was written; the name in whatever case.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.raw_param(name).map(AsRef::as_ref)
    }

    /// Whether its content is one JSON text that is the resource itself: `json` or a `+json` suffix (RFC 6839 §3.1), and
    /// neither a problem document, a patch, a link set nor a schema.
    #[must_use]
    pub fn is_json(&self) -> bool {
        if self.subtype == "json" {
            return true;
        }
        let suffix = self.subtype.rsplit_once('+').map_or(self.subtype, |(_, suffix)| suffix);
        suffix.eq_ignore_ascii_case("json") && !OTHER_JSON.iter().any(|other| self.is_subtype(other))
    }

    /// Whether it is a JSON Merge Patch (RFC 7396).
    #[must_use]
    pub fn is_merge_patch(&self) -> bool {
        self.is("application/merge-patch+json")
    }

    /// Whether it is a JSON Patch (RFC 6902).
    #[must_use]
    pub fn is_json_patch(&self) -> bool {
        self.is("application/json-patch+json")
    }

    /// Whether it is one JSON text a line.
    #[must_use]
    pub fn is_ndjson(&self) -> bool {
        self.is("application/x-ndjson") || self.is("application/jsonl")
    }

    /// Whether it is a stream of server-sent events.
    #[must_use]
    pub fn is_event_stream(&self) -> bool {
        self.is("text/event-stream")
    }

    pub(super) fn raw_param(&self, name: &str) -> Option<&Cow<'a, str>> {
        self.params.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(super) fn is_kind(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind)
    }

    pub(super) fn is_subtype(&self, subtype: &str) -> bool {
        self.subtype.eq_ignore_ascii_case(subtype)
    }
}

/// `*( OWS ";" OWS [ parameter ] )`.
fn parameters(text: &str) -> Option<Vec<(&str, Cow<'_, str>)>> {
    let (mut params, mut rest): (Vec<(&str, _)>, _) = (Vec::new(), text);
    while !rest.is_empty() {
        rest = rest.strip_prefix(';')?.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(';') {
            let (name, value, after) = parameter(rest)?;
            if params.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                return None;
            }
            params.push((name, value));
            rest = after.trim_start_matches([' ', '\t']);
        }
    }
    Some(params)
}

/// `token "=" ( token / quoted-string )`, and what follows.
fn parameter(text: &str) -> Option<(&str, Cow<'_, str>, &str)> {
    let (name, rest) = split_token(text)?;
    let rest = rest.strip_prefix('=')?;
    if let Some(quoted) = rest.strip_prefix('"') {
        let (value, after) = quoted_string(quoted)?;
        return Some((name, value, after));
    }
    let (value, after) = split_token(rest)?;
    Some((name, Cow::Borrowed(value), after))
}

/// Where the value of a parameter stands in the text of a media type, its quotes included.
pub(super) fn value_range(text: &str, name: &str) -> Option<Range<usize>> {
    let mut rest = &text[text.find(';')?..];
    loop {
        rest = rest.trim_start_matches([' ', '\t', ';']);
        let (known, _, after) = parameter(rest)?;
        if known.eq_ignore_ascii_case(name) {
            let start = text.len() - rest.len() + known.len() + 1;
            return Some(start..text.len() - after.len());
        }
        rest = after;
    }
}

fn split_token(text: &str) -> Option<(&str, &str)> {
    let end = text.bytes().position(|b| !is_tchar(b)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// A quoted-string (RFC 9110 §5.6.4) after its opening quote, unescaped.
fn quoted_string(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut unescaped: Option<String> = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        let c = match c {
            '"' => return Some((unescaped.map_or(Cow::Borrowed(&text[..at]), Cow::Owned), &text[at + 1..])),
            '\\' => {
                unescaped.get_or_insert_with(|| text[..at].to_owned());
                chars.next()?.1
            }
            c => c,
        };
        if c.is_ascii_control() && c != '\t' {
            return None;
        }
        if let Some(text) = &mut unescaped {
            text.push(c);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Type, subtype and parameters.
    type Parts = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

    #[test]
    fn media_types_are_read_as_the_rfc_says() {
        let rows: [(&str, Option<Parts>); 20] = [
            ("application/json", Some(("application", "json", &[]))),
            (" text/html ; charset=utf-8 ", Some(("text", "html", &[("charset", "utf-8")]))),
            ("application/json;;v=2", Some(("application", "json", &[("v", "2")]))),
            ("application/json; ; ;", Some(("application", "json", &[]))),
            ("a/b;x=\"1\\\"; 2\";y=\"\"", Some(("a", "b", &[("x", "1\"; 2"), ("y", "")]))),
            ("a/b;X=\"é\"", Some(("a", "b", &[("x", "é")]))),
            ("*/*;q=0.5", Some(("*", "*", &[("q", "0.5")]))),
            ("a/b;v =2", None),
            ("a/b;v= 2", None),
            ("a/b;v=", None),
            ("a/b;v", None),
            ("a/b;=2", None),
            ("a/b;v=1;V=1", None),
            ("a/b;v=\"1", None),
            ("a/b;v=\"1\"2", None),
            ("a/b c", None),
            ("a", None),
            ("a/", None),
            ("a/b/c", None),
            ("", None),
        ];
        for (text, expected) in rows {
            let read = MediaType::parse(text);
            assert_eq!(read.as_ref().map(|m| (m.kind(), m.subtype())), expected.map(|e| (e.0, e.1)), "{text}");
            for (name, value) in expected.iter().flat_map(|(_, _, params)| params.iter()) {
                assert_eq!(read.as_ref().and_then(|m| m.param(name)), Some(*value), "{text}");
            }
        }
    }

    #[test]
    fn json_is_the_resource_only() {
        let rows = [
            ("application/json", true),
            ("application/VND.acme.v2+JSON; charset=utf-8", true),
            ("text/json", true),
            ("application/geo+json", true),
            ("application/problem+json", false),
            ("application/json-patch+json", false),
            ("application/Merge-Patch+json", false),
            ("application/json-seq", false),
            ("application/geo+json-seq", false),
            ("application/linkset+json", false),
            ("application/schema+json", false),
            ("application/x-ndjson", false),
            ("application/xml", false),
        ];
        for (text, expected) in rows {
            assert_eq!(MediaType::parse(text).expect(text).is_json(), expected, "{text}");
        }
        let media = |text| MediaType::parse(text).expect(text);
        assert!(media("application/merge-patch+json").is_merge_patch());
        assert!(media("application/json-patch+json").is_json_patch());
        assert!(media("application/x-ndjson").is_ndjson() && media("application/jsonl").is_ndjson());
        assert!(media("text/event-stream;charset=utf-8").is_event_stream());
    }

    proptest! {
        #[test]
        fn anything_is_read_without_panic(text in "\\PC*|a/b(;[a-z=\"\\\\ ;é]{0,20})?") {
            let _ = MediaType::parse(&text).map(|media| media.is_json());
        }
    }
}
