//! JSON strings as they are spelled: `raw` is the text between the quotes, already known to follow the grammar.
//!
//! Unescaped strings are bytes: a lone surrogate becomes the three bytes that no `str` contains, and invalid UTF-8 stays
//! what it is, so neither is ever equal to a name from Rust.

use std::borrow::Cow;
use std::cmp::Ordering;

/// What a plain byte or an escape stands for.
enum TextUnit {
    Byte(u8),
    Char(char),
    Lone(u16),
}

struct TextUnits<'r> {
    raw: &'r [u8],
    at: usize,
}

/// Takes off the quotes.
pub(super) fn inner(quoted: &[u8]) -> &[u8] {
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default()
}

/// Whether a key in quotes spells this name.
#[inline]
pub(super) fn spells(quoted: &[u8], name: &str) -> bool {
    let (raw, name) = (inner(quoted), name.as_bytes());
    match raw.len().cmp(&name.len()) {
        // An escape is longer than what it stands for.
        Ordering::Less => false,
        Ordering::Equal => raw == name && !raw.contains(&b'\\'),
        Ordering::Greater => raw.contains(&b'\\') && *unescape(raw) == *name,
    }
}

/// The text that `raw` stands for.
pub(super) fn unescape(raw: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut plain = Vec::with_capacity(raw.len());
    units(raw).for_each(|(_, unit)| unit.push_plain(&mut plain));
    Cow::Owned(plain)
}

/// The same text with the fewest escapes. Lone surrogates keep theirs.
pub(super) fn respell(raw: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut spelled = Vec::with_capacity(raw.len());
    for (at, unit) in units(raw) {
        match unit {
            TextUnit::Byte(byte) => spelled.push(byte),
            TextUnit::Char(char) => push_escaped(char, &mut spelled),
            TextUnit::Lone(_) => spelled.extend_from_slice(&raw[at..at + 6]),
        }
    }
    Cow::Owned(spelled)
}

/// `text` between the quotes of a JSON text, with the fewest escapes (RFC 8259 §7).
pub(super) fn escape(text: &str, raw: &mut Vec<u8>) {
    match text.bytes().all(|byte| !matches!(byte, b'"' | b'\\' | ..b' ')) {
        true => raw.extend_from_slice(text.as_bytes()),
        false => text.chars().for_each(|char| push_escaped(char, raw)),
    }
}

/// `text` as a JSON text.
pub(super) fn quote(text: &str) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(text.len() + 2);
    quoted.push(b'"');
    escape(text, &mut quoted);
    quoted.push(b'"');
    quoted
}

/// Appends the bytes as a part of a URL that has no meaning of its own (RFC 3986 §2.1, §2.3).
pub(super) fn percent_encode(plain: &[u8], out: &mut Vec<u8>) {
    for byte in plain {
        match byte {
            b'-' | b'.' | b'_' | b'~' => out.push(*byte),
            _ if byte.is_ascii_alphanumeric() => out.push(*byte),
            _ => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
}

/// Cuts `raw` at the first `most - 1` separators. The parts are raw again, with the fewest escapes.
pub(super) fn split<'r>(raw: &'r [u8], on: &str, most: usize) -> Vec<Cow<'r, [u8]>> {
    let plain = unescape(raw);
    let at_raw = raw_offsets(raw, &plain);
    let cuts = memchr::memmem::find_iter(&plain, on).take(if on.is_empty() { 0 } else { most.saturating_sub(1) });
    let mut parts = Vec::new();
    let mut start = 0;
    for cut in cuts {
        parts.push(respell(&raw[at_raw(start)..at_raw(cut)]));
        start = cut + on.len();
    }
    parts.push(respell(&raw[at_raw(start)..]));
    parts
}

/// What follows a prefix, with the fewest escapes; `None` if the text does not begin with it.
pub(super) fn strip_prefix<'r>(raw: &'r [u8], prefix: &str) -> Option<Cow<'r, [u8]>> {
    let plain = unescape(raw);
    let at_raw = raw_offsets(raw, &plain);
    plain.starts_with(prefix.as_bytes()).then(|| respell(&raw[at_raw(prefix.len())..]))
}

/// From an offset in the plain text to the one in `raw`. A separator is valid UTF-8 and not empty, so its ends never
/// fall into the middle of an escape.
fn raw_offsets<'r>(raw: &'r [u8], plain: &Cow<'r, [u8]>) -> impl Fn(usize) -> usize + use<'r> {
    let mut offsets = Vec::new();
    if matches!(plain, Cow::Owned(_)) {
        let mut scratch = Vec::with_capacity(plain.len());
        for (at, unit) in units(raw) {
            unit.push_plain(&mut scratch);
            offsets.resize(scratch.len(), at);
        }
    }
    let (escaped, end) = (!offsets.is_empty(), raw.len());
    move |plain| if escaped { offsets.get(plain).copied().unwrap_or(end) } else { plain }
}

fn push_escaped(char: char, raw: &mut Vec<u8>) {
    let short = match char {
        '"' => b'"',
        '\\' => b'\\',
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\0'..'\u{20}' => return raw.extend_from_slice(format!("\\u{:04x}", u32::from(char)).as_bytes()),
        _ => return raw.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
    };
    raw.extend_from_slice(&[b'\\', short]);
}

// === impl TextUnit ===

impl TextUnit {
    fn push_plain(&self, plain: &mut Vec<u8>) {
        match *self {
            Self::Byte(byte) => plain.push(byte),
            Self::Char(char) => plain.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
            Self::Lone(unit) => {
                let low = |shift: u16| 0x80 | ((unit >> shift) & 0x3f) as u8;
                plain.extend_from_slice(&[0xe0 | (unit >> 12) as u8, low(6), low(0)]);
            }
        }
    }
}

// === impl TextUnits ===

fn units(raw: &[u8]) -> TextUnits<'_> {
    TextUnits { raw, at: 0 }
}

impl TextUnits<'_> {
    fn hex(&self, at: usize) -> Option<u16> {
        let digits = self.raw.get(at..at + 4)?;
        digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)? as u16))
    }

    /// The second half of a pair, when it follows.
    fn low_half(&self) -> Option<u16> {
        let escape = self.raw.get(self.at..)?.starts_with(b"\\u");
        self.hex(self.at + 2).filter(|unit| escape && (0xdc00..0xe000).contains(unit))
    }

    fn unicode(&mut self) -> TextUnit {
        let unit = self.hex(self.at).unwrap_or_default();
        self.at += 4;
        if !(0xd800..0xe000).contains(&unit) {
            return char::from_u32(unit.into()).map_or(TextUnit::Lone(unit), TextUnit::Char);
        }
        let low = if unit < 0xdc00 { self.low_half() } else { None };
        match low.and_then(|low| char::decode_utf16([unit, low]).next()) {
            Some(Ok(char)) => {
                self.at += 6;
                TextUnit::Char(char)
            }
            _ => TextUnit::Lone(unit),
        }
    }
}

impl Iterator for TextUnits<'_> {
    type Item = (usize, TextUnit);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let byte = *self.raw.get(start)?;
        self.at += 1;
        if byte != b'\\' {
            return Some((start, TextUnit::Byte(byte)));
        }
        let escape = *self.raw.get(self.at)?;
        self.at += 1;
        let unit = match escape {
            b'u' => self.unicode(),
            b'b' => TextUnit::Char('\u{8}'),
            b'f' => TextUnit::Char('\u{c}'),
            b'n' => TextUnit::Char('\n'),
            b'r' => TextUnit::Char('\r'),
            b't' => TextUnit::Char('\t'),
            other => TextUnit::Char(char::from(other)),
        };
        Some((start, unit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_match_after_unescaping() {
        for (key, name) in [
            (r#""name""#, "name"),
            (r#""\u006eame""#, "name"),
            (r#""\ud83d\ude00""#, "\u{1f600}"),
            (r#""\/\"\\\b\f\n\r\t""#, "/\"\\\u{8}\u{c}\n\r\t"),
            (r#""""#, ""),
        ] {
            assert!(spells(key.as_bytes(), name), "{key}");
        }
        assert!(!spells(br#""\udead""#, "\u{fffd}"));
        assert!(!spells(b"\"\xff\"", "\u{fffd}"));
        assert!(!spells(br#""\ude00\ud83d""#, "\u{1f600}"));
    }

    #[test]
    fn respells_with_the_fewest_escapes() {
        let respelled = |raw: &str| String::from_utf8(respell(raw.as_bytes()).into_owned()).expect("UTF-8");
        assert_eq!(respelled(r"\u0041\/\u000a\u0001\u00e9"), "A/\\n\\u0001\u{e9}");
        assert_eq!(respelled(r"\uDEAD\ud83dx"), r"\uDEAD\ud83dx");
        assert_eq!(respelled(r"\\n\u0022"), r#"\\n\""#);
    }

    #[test]
    fn splits_by_meaning_not_by_spelling() {
        let parts = |raw: &str, on: &str, most| -> Vec<String> {
            split(raw.as_bytes(), on, most).iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect()
        };
        assert_eq!(parts("a b c", " ", 2), ["a", "b c"]);
        assert_eq!(parts(r"a\u0020b\u0020\u0063", " ", 2), ["a", "b c"]);
        assert_eq!(parts(r"a\nnb", "n", 2), [r"a\n", "b"]);
        assert_eq!(parts("ab", " ", 2), ["ab"]);
        assert_eq!(parts(" ", " ", 3), ["", ""]);
        assert_eq!(parts("ab", "", 3), ["ab"]);
        assert_eq!(parts(r"\uDEAD x", " ", 2), [r"\uDEAD", "x"]);
    }
}
