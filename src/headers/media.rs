//! Media types (RFC 9110 §8.3.1).

use std::borrow::Cow;
use std::ops::Range;

use super::{is_tchar, is_token, trim_ows};

/// A media type or media range, borrowed from the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType<'a> {
    kind: &'a str,
    subtype: &'a str,
    params: Vec<(&'a str, Cow<'a, str>)>,
}

/// JSON as to their suffix, but the names of formats of their own: a version's media type never takes their place.
const OTHER_JSON: [&str; 5] = ["problem+json", "json-patch+json", "merge-patch+json", "linkset+json", "schema+json"];

/// The subtypes in use for one JSON text a line. Only `jsonl` has a specification, and none is registered.
const LINES: [&str; 11] = [
    "ndjson",
    "x-ndjson",
    "jsonl",
    "x-jsonl",
    "jsonlines",
    "x-jsonlines",
    "json-lines",
    "ldjson",
    "x-ldjson",
    "x-json-stream",
    // Spring's old name; as to its suffix it would be one document.
    "stream+json",
];

/// Encodings of text in which JSON's characters are not the bytes of ASCII.
const WIDE: [&str; 5] = ["utf-16", "utf-32", "utf-7", "ucs-", "iso-10646-ucs-"];

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

    /// Reads `type/subtype` and the well-formed parameters; if one occurs twice, the first. The rest is skipped, as
    /// browsers do (WHATWG MIME Sniffing §4.4), including white space around `=`.
    #[must_use]
    pub fn parse_lenient(text: &'a str) -> Option<Self> {
        Self::parse(text).or_else(|| {
            let (essence, params) = text.split_at(text.find(';').unwrap_or(text.len()));
            let media = Self::parse(essence)?;
            Some(Self { params: lenient_parameters(params), ..media })
        })
    }

    /// The type before the `/`, as it was written.
    #[must_use]
    pub const fn kind(&self) -> &'a str {
        self.kind
    }

    /// The subtype after the `/`, as it was written, without parameters.
    #[must_use]
    pub const fn subtype(&self) -> &'a str {
        self.subtype
    }

    /// Whether type and subtype are those of `essence`, in whatever case.
    #[must_use]
    pub fn is(&self, essence: &str) -> bool {
        essence.split_once('/').is_some_and(|(kind, subtype)| self.is_kind(kind) && self.is_subtype(subtype))
    }

    /// Whether type and subtype are those of `other`, in whatever case.
    #[must_use]
    pub fn has_essence_of(&self, other: &MediaType<'_>) -> bool {
        self.is_kind(other.kind) && self.is_subtype(other.subtype)
    }

    /// The value of a parameter, unquoted and as it was written; the name in whatever case.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.raw_param(name).map(AsRef::as_ref)
    }

    /// Whether its content is one JSON text that may bear a media type of the api's own: `json` or a `+json` suffix
    /// (RFC 6839 §3.1), and neither a problem document, a patch, a link set nor a schema.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.is_json_text() && !OTHER_JSON.iter().any(|other| self.is_subtype(other))
    }

    /// Whether its content is one JSON text, whatever it is about: `json`, `x-json` or a `+json` suffix (RFC 6839 §3.1).
    #[must_use]
    pub fn is_json_text(&self) -> bool {
        self.subtype == "json" || (!self.is_ndjson() && (self.has_suffix("json") || self.is_subtype("x-json")))
    }

    /// Whether its charset is UTF-8, or a part of it, or is not said.
    #[must_use]
    pub(crate) fn is_utf8(&self) -> bool {
        let known = ["utf-8", "utf8", "us-ascii", ""];
        self.param("charset").is_none_or(|charset| known.iter().any(|name| charset.trim().eq_ignore_ascii_case(name)))
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

    /// Whether it is one JSON text a line: one of the names in use for that, under `application` or `text`, or a suffix
    /// `+ndjson`, `+x-ndjson`, `+jsonl` or `+jsonlines`.
    #[must_use]
    pub fn is_ndjson(&self) -> bool {
        let suffixes = ["ndjson", "x-ndjson", "jsonl", "jsonlines"];
        (self.is_kind("application") || self.is_kind("text"))
            && (LINES.iter().any(|name| self.is_subtype(name)) || suffixes.iter().any(|name| self.has_suffix(name)))
    }

    /// Whether it is a JSON text sequence: `json-seq` (RFC 7464), or a `+json-seq` suffix (RFC 8091).
    #[must_use]
    pub fn is_json_seq(&self) -> bool {
        self.has_suffix("json-seq")
    }

    /// Whether its `charset` is one in which JSON's characters are not the bytes of ASCII, such as UTF-16. JSON is UTF-8
    /// (RFC 8259 §8.1); in a superset of ASCII its texts can be passed on byte by byte.
    #[must_use]
    pub fn has_wide_charset(&self) -> bool {
        let charset = self.param("charset").unwrap_or_default().to_ascii_lowercase();
        WIDE.iter().any(|wide| charset.starts_with(wide))
    }

    /// Whether it is a stream of server-sent events.
    #[must_use]
    pub fn is_event_stream(&self) -> bool {
        self.is("text/event-stream")
    }

    /// The parameters of a range, less its weight.
    pub(super) fn parameters_but_weight(&self) -> impl Iterator<Item = (&str, &str)> {
        let parameters = self.params.iter().map(|(name, value)| (*name, value.as_ref()));
        parameters.filter(|(name, _)| !name.eq_ignore_ascii_case("q"))
    }

    /// Whether a type with the parameters of `other` has all of this range's.
    pub(super) fn selects(&self, other: &MediaType<'_>) -> bool {
        self.parameters_but_weight().all(|(name, value)| other.param(name) == Some(value))
    }

    /// Whether the subtype, or its part after the last `+`, is `name`.
    fn has_suffix(&self, name: &str) -> bool {
        let suffix = self.subtype.rsplit_once('+').map_or(self.subtype, |(_, suffix)| suffix);
        suffix.eq_ignore_ascii_case(name)
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

/// The parameters that can be made out.
fn lenient_parameters(text: &str) -> Vec<(&str, Cow<'_, str>)> {
    let (mut params, mut rest): (Vec<(&str, Cow<'_, str>)>, _) = (Vec::new(), text);
    while let Some(start) = rest.find(';') {
        rest = &rest[start + 1..];
        let Some((name, value, after)) = lenient_parameter(rest) else { continue };
        rest = after;
        if !params.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            params.push((name, value));
        }
    }
    params
}

/// One parameter with white space anywhere, and what follows it.
fn lenient_parameter(text: &str) -> Option<(&str, Cow<'_, str>, &str)> {
    let (name, rest) = split_token(text.trim_start_matches([' ', '\t']))?;
    let rest = rest.trim_start_matches([' ', '\t']).strip_prefix('=')?.trim_start_matches([' ', '\t']);
    if let Some(quoted) = rest.strip_prefix('"') {
        let (value, after) = quoted_string(quoted)?;
        return Some((name, value, after));
    }
    let (value, after) = split_token(rest)?;
    Some((name, Cow::Borrowed(value), after))
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

/// The position of the value of a parameter in the text of a media type, including its quotes.
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
mod tests;
