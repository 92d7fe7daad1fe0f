//! Entity tags (RFC 9110 §8.8.3): read by their grammar, and marked so that the mark can be taken off again.
//!
//! Two representations must not share a strong validator (§8.8.1). So the tag of a migrated one has a suffix that says
//! to which version it was migrated, and by which program: `"abc"` becomes `"abc;v1-9f3c0a17"`. A `W/` in front instead
//! would do as well for caches, but no weak tag ever matches in `If-Match` (§13.1.1).

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// One entity tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EntityTag<'h> {
    weak: bool,
    /// The text between the quotes. It may contain commas and backslashes; there are no escapes.
    opaque: &'h [u8],
}

/// What `If-Match` or `If-None-Match` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EntityTags<'h> {
    /// `*`, and nothing beside it.
    Any,
    /// One of these.
    List(Vec<EntityTag<'h>>),
}

/// What a tag is marked with: the client's version, and a fingerprint of the program that leads to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark<'v> {
    /// The version's name.
    pub version: &'v str,
    /// The same for the same program, whatever the process.
    pub program: u32,
    /// The tag was a strong one, and is weak now, since there is more than one form of the bytes: `W/"abc;w1-9f3c0a17"`.
    pub loosened: bool,
}

/// The hexadecimal digits of a program.
const DIGITS: usize = 8;

// === impl EntityTag ===

impl<'h> EntityTag<'h> {
    /// The one tag of an `ETag`; `None` for what is no tag.
    #[must_use]
    pub(crate) fn parse(value: &'h [u8]) -> Option<Self> {
        let (tag, rest) = Self::first(value.trim_ascii())?;
        rest.is_empty().then_some(tag)
    }

    fn first(text: &'h [u8]) -> Option<(Self, &'h [u8])> {
        let (weak, quoted) = text.strip_prefix(b"W/").map_or((false, text), |quoted| (true, quoted));
        let inner = quoted.strip_prefix(b"\"")?;
        let end = inner.iter().position(|byte| *byte == b'"')?;
        let opaque = &inner[..end];
        opaque.iter().all(|byte| is_etagc(*byte)).then_some((Self { weak, opaque }, &inner[end + 1..]))
    }

    /// The tag with the mark, as the value of a field.
    #[must_use]
    pub(crate) fn marked(&self, mark: Mark<'_>) -> Vec<u8> {
        let letter = if mark.loosened { 'w' } else { 'v' };
        let suffix = format!(";{letter}{}-{:0width$x}", mark.version, mark.program, width = DIGITS);
        Self { weak: self.weak || mark.loosened, ..*self }.render(suffix.as_bytes())
    }

    /// The tag without its mark, and the mark; `None` if it has none. What the mark names need not be a version.
    #[must_use]
    pub(crate) fn unmark(self) -> Option<(Self, Mark<'h>)> {
        let at = self.opaque.iter().rposition(|byte| *byte == b';')?;
        let mark = std::str::from_utf8(&self.opaque[at + 1..]).ok()?;
        let loosened = self.weak && mark.starts_with('w');
        let (version, program) = mark.strip_prefix(if loosened { 'w' } else { 'v' })?.rsplit_once('-')?;
        let is_ours = program.len() == DIGITS && program.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let program = u32::from_str_radix(program, 16).ok().filter(|_| is_ours)?;
        let weak = self.weak && !loosened;
        Some((Self { weak, opaque: &self.opaque[..at] }, Mark { version, program, loosened }))
    }

    fn render(&self, suffix: &[u8]) -> Vec<u8> {
        let lead: &[u8] = if self.weak { b"W/\"" } else { b"\"" };
        [lead, self.opaque, suffix, b"\""].concat()
    }
}

/// `etagc`: visible ASCII without the quote, and obs-text.
const fn is_etagc(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x7e | 0x80..)
}

// === impl EntityTags ===

impl<'h> EntityTags<'h> {
    /// All lines of a field; `None` if it is not there or malformed, such as `*` beside a tag.
    #[must_use]
    pub(crate) fn of(headers: &'h HeaderMap, name: &HeaderName) -> Option<Self> {
        let mut lines = headers.get_all(name).iter().map(|line| line.as_bytes().trim_ascii());
        let first = lines.next()?;
        if first == b"*" {
            return lines.next().is_none().then_some(Self::Any);
        }
        let mut tags = Vec::new();
        for line in std::iter::once(first).chain(lines) {
            read_list(line, &mut tags)?;
        }
        Some(Self::List(tags))
    }
}

/// The elements of one line. A tag may contain commas, so the line is parsed by the grammar and not split; empty elements are
/// skipped (RFC 9110 §5.6.1.2).
fn read_list<'h>(line: &'h [u8], tags: &mut Vec<EntityTag<'h>>) -> Option<()> {
    let mut rest = line;
    loop {
        let start = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b','));
        let Some(start) = start else { return Some(()) };
        let (tag, after) = EntityTag::first(&rest[start..])?;
        tags.push(tag);
        rest = after.trim_ascii_start();
        if !matches!(rest.first(), None | Some(b',')) {
            return None;
        }
    }
}

/// Makes a strong tag that is marked a weak one, so that it can be made strong again.
pub(crate) fn loosen(headers: &mut HeaderMap) {
    let Some((tag, mark)) = headers.get(header::ETAG).and_then(|tag| EntityTag::parse(tag.as_bytes())?.unmark()) else {
        return;
    };
    let loosened = tag.marked(Mark { loosened: true, ..mark });
    if let Some(value) = HeaderValue::from_bytes(&loosened).ok().filter(|_| !tag.weak) {
        headers.insert(header::ETAG, value);
    }
}

/// Whether the client has a response whose tag was loosened: then a 304 has to name it by that (RFC 9111 §4.3.4).
#[must_use]
pub(crate) fn asks_by_loosened(headers: &HeaderMap) -> bool {
    let Some(EntityTags::List(tags)) = EntityTags::of(headers, &header::IF_NONE_MATCH) else { return false };
    tags.iter().any(|tag| tag.unmark().is_some_and(|(_, mark)| mark.loosened))
}

/// The field that lists these tags; `None` for none.
#[must_use]
pub(crate) fn list_value<'h>(tags: impl IntoIterator<Item = EntityTag<'h>>) -> Option<HeaderValue> {
    let rendered: Vec<Vec<u8>> = tags.into_iter().map(|tag| tag.render(b"")).collect();
    if rendered.is_empty() { None } else { HeaderValue::from_bytes(&rendered.join(&b", "[..])).ok() }
}

#[cfg(test)]
mod tests {
    use http::header::IF_MATCH;

    use super::*;

    #[test]
    fn example_of_parse() {
        use crate::headers::etag::{EntityTag, Mark};

        let tag = EntityTag::parse(b"W/\"a,b\"").expect("a tag");
        assert_eq!(tag.marked(Mark { version: "1", program: 0x9f3c, loosened: false }), b"W/\"a,b;v1-00009f3c\"");
        assert_eq!(EntityTag::parse(b"abc"), None);
    }

    fn lists(lines: &[&[u8]]) -> Option<Vec<String>> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IF_MATCH, HeaderValue::from_bytes(line).expect("a value"));
        }
        match EntityTags::of(&headers, &IF_MATCH)? {
            EntityTags::Any => Some(vec!["*".to_owned()]),
            EntityTags::List(tags) => {
                Some(tags.iter().map(|tag| String::from_utf8_lossy(&tag.render(b"")).into()).collect())
            }
        }
    }

    #[test]
    fn lists_are_read_by_their_grammar() {
        type Row = (&'static [&'static [u8]], Option<&'static [&'static str]>);
        let rows: [Row; 14] = [
            (&[b"\"a\""], Some(&["\"a\""])),
            (&[b"\"a,b\", W/\"c\""], Some(&["\"a,b\"", "W/\"c\""])),
            (&[b"\"a\"", b" \"b\" "], Some(&["\"a\"", "\"b\""])),
            (&[b", ,\"a\",,"], Some(&["\"a\""])),
            (&[b"\"\""], Some(&["\"\""])),
            (&[b"\"a\\\"", b"\"b\""], Some(&["\"a\\\"", "\"b\""])),
            (&[b"*"], Some(&["*"])),
            (&[b"*, \"a\""], None),
            (&[b"\"a\"", b"*"], None),
            (&[b"a"], None),
            (&[b"w/\"a\""], None),
            (&[b"\"a\" \"b\""], None),
            (&[b"\"a b\""], None),
            (&[b"\"a"], None),
        ];
        for (lines, expected) in rows {
            let expected = expected.map(|tags| tags.iter().map(|tag| (*tag).to_owned()).collect());
            assert_eq!(lists(lines), expected, "{lines:?}");
        }
        assert_eq!(lists(&[b"\"\xe9\""]).map(|tags| tags.len()), Some(1), "a tag may contain obs-text");
    }

    #[test]
    fn a_mark_can_be_taken_off() {
        let mark = Mark { version: "2024-01-01", program: 7, loosened: false };
        for text in ["\"\"", "\"a,b\"", "W/\"a\"", "\"a;v1-00000001\""] {
            let tag = EntityTag::parse(text.as_bytes()).expect(text);
            let marked = tag.marked(mark);
            let again = EntityTag::parse(&marked).expect("a tag");
            assert_eq!(again.unmark(), Some((tag, mark)), "{text}");
        }
        let (strong, loosened) = (EntityTag::parse(b"\"a\"").expect("a tag"), Mark { loosened: true, ..mark });
        let weak = strong.marked(loosened);
        assert_eq!(weak, b"W/\"a;w2024-01-01-00000007\"");
        assert_eq!(EntityTag::parse(&weak).expect("a tag").unmark(), Some((strong, loosened)));
        for text in [
            "\"a\"",
            "\"a;w1-00000001\"",
            "\"a;v1\"",
            "\"a;v1-7\"",
            "\"a;v1-0000000G\"",
            "\"a;v1-0000000F\"",
            "\"a;1-00000001\"",
        ] {
            assert_eq!(EntityTag::parse(text.as_bytes()).expect(text).unmark(), None, "{text}");
        }
    }
}
