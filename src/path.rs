//! Paths in one spelling: two spellings of one path must not lead to two decisions. Also whether letter case is a part
//! of the spelling.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode_str;

/// Whether paths that differ only in letter case are the same one. ASCII letters only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PathCase {
    /// They are not (RFC 3986 §6.2.2.1).
    #[default]
    Sensitive,
    /// They are, as in the routers of Express and ASP.NET.
    Insensitive,
}

/// Why a path is refused. Servers disagree on what such a path means, so a decision about it would be worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PathError {
    /// It does not begin with `/`.
    NotAbsolute,
    /// `//`.
    EmptySegment,
    /// `.` or `..`, also written `%2e`, also with a path parameter (`..;`).
    DotSegment,
    /// `%2F`, `%5C` or a backslash: a separator to some, a character to others.
    HiddenSeparator,
    /// A control character, escaped or not.
    Control,
    /// A `%` without two hexadecimal digits.
    BrokenEscape,
}

/// Brings a path to its normal form (RFC 3986 §6.2.2): escapes of unreserved characters decoded, the others in upper
/// case, and characters that a path may not contain escaped, such as letters outside of ASCII. A path that is normal already is
/// borrowed, and nothing is allocated.
///
/// # Errors
///
/// See `PathError`. `path` comes without query and fragment.
pub fn normalize(path: &str) -> Result<Cow<'_, str>, PathError> {
    if !path.starts_with('/') {
        return Err(PathError::NotAbsolute);
    }
    if is_plain(path) {
        return Ok(Cow::Borrowed(path));
    }
    let normal = normalize_escapes(path)?;
    check_segments(&normal)?;
    Ok(normal)
}

/// A segment without its escapes, if it is UTF-8.
#[must_use]
pub(crate) fn decode(segment: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(segment).decode_utf8().ok()
}

/// What a careless server might make of a path: every escape decoded, backslashes taken for slashes, empty and dot
/// segments resolved.
///
/// Not for routing, only to see whether a refused path aims at an api.
#[must_use]
pub fn lenient(path: &str) -> String {
    let decoded = percent_decode_str(path).decode_utf8_lossy().replace('\\', "/");
    let mut segments: Vec<&str> = Vec::new();
    for segment in decoded.split('/') {
        match without_parameter(segment) {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    format!("/{}", segments.join("/"))
}

/// The path with the parameters of its segments (`;…`) cut off, as some servers route it (RFC 3986 §3.3); `None` if it has
/// none.
#[must_use]
pub(crate) fn without_parameters(path: &str) -> Option<String> {
    path.contains(';').then(|| path.split('/').map(without_parameter).collect::<Vec<_>>().join("/"))
}

/// What follows `prefix` in `path`, however `path` spells it: a prefix of whole segments, in its normal form. What
/// follows keeps its bytes.
#[must_use]
pub(crate) fn rest_after<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    let slashes = prefix.bytes().filter(|byte| *byte == b'/').count();
    let end = path.match_indices('/').nth(slashes).map_or(path.len(), |(at, _)| at);
    let (head, rest) = path.split_at(end);
    let same = head == prefix || (!head.is_empty() && normalize(head).is_ok_and(|head| head == prefix));
    same.then_some(rest)
}

/// The text behind `prefix`.
#[must_use]
pub(crate) fn strip_prefix<'p>(path: &'p str, prefix: &str, case: PathCase) -> Option<&'p str> {
    match case {
        PathCase::Sensitive => path.strip_prefix(prefix),
        PathCase::Insensitive => {
            let head = path.get(..prefix.len()).filter(|head| head.eq_ignore_ascii_case(prefix));
            head.map(|head| &path[head.len()..])
        }
    }
}

/// The path without the slash at its end, which makes it no other route; the root stays.
#[must_use]
pub(crate) fn trim_slash(path: &str) -> &str {
    path.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(path)
}

/// Whether nothing in it is worth a closer look, as in almost every path: one pass, since all requests pay for it.
fn is_plain(path: &str) -> bool {
    let mut last = 0;
    !path.bytes().any(|byte| {
        let opens_segment = std::mem::replace(&mut last, byte) == b'/';
        !ALLOWED[byte as usize] || (opens_segment && matches!(byte, b'/' | b'.'))
    })
}

/// The characters of `pchar` that stand for themselves, and `/` (RFC 3986 §3.3).
static ALLOWED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let sign = matches!(
            byte as u8,
            b'/' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@'
        );
        table[byte] = is_unreserved(byte as u8) || sign;
        byte += 1;
    }
    table
};

fn normalize_escapes(path: &str) -> Result<Cow<'_, str>, PathError> {
    let mut normal = Cow::Borrowed("");
    let mut copied = 0;
    for (at, c) in path.char_indices() {
        match c {
            '\\' => return Err(PathError::HiddenSeparator),
            _ if c.is_ascii_control() => return Err(PathError::Control),
            '%' => {
                let digits = path.as_bytes().get(at + 1..at + 3).ok_or(PathError::BrokenEscape)?;
                if let Some(byte) = escape(digits)? {
                    normal.to_mut().push_str(&path[copied..at]);
                    push_escape(normal.to_mut(), byte);
                    copied = at + 3;
                }
            }
            _ if !c.is_ascii() || !ALLOWED[c as usize] => {
                normal.to_mut().push_str(&path[copied..at]);
                c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_escape(normal.to_mut(), byte));
                copied = at + c.len_utf8();
            }
            _ => {}
        }
    }
    if copied == 0 {
        return Ok(Cow::Borrowed(path));
    }
    normal.to_mut().push_str(&path[copied..]);
    Ok(normal)
}

/// The escaped byte, if the escape is to be written differently.
fn escape(digits: &[u8]) -> Result<Option<u8>, PathError> {
    let [high, low] = *digits else { return Err(PathError::BrokenEscape) };
    let byte = hex(high)? << 4 | hex(low)?;
    match byte {
        b'/' | b'\\' => Err(PathError::HiddenSeparator),
        _ if byte.is_ascii_control() => Err(PathError::Control),
        _ if is_unreserved(byte) || digits.iter().any(u8::is_ascii_lowercase) => Ok(Some(byte)),
        _ => Ok(None),
    }
}

fn hex(digit: u8) -> Result<u8, PathError> {
    let value = char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    value.ok_or(PathError::BrokenEscape)
}

fn push_escape(out: &mut String, byte: u8) {
    if is_unreserved(byte) {
        out.push(char::from(byte));
    } else {
        out.push_str(percent_encoding::percent_encode_byte(byte));
    }
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn check_segments(path: &str) -> Result<(), PathError> {
    if path.contains("//") {
        return Err(PathError::EmptySegment);
    }
    let dots = path.split('/').map(without_parameter).any(|segment| segment == "." || segment == "..");
    if dots { Err(PathError::DotSegment) } else { Ok(()) }
}

/// Some servers cut `;parameters` off before they resolve dots.
fn without_parameter(segment: &str) -> &str {
    segment.split(';').next().unwrap_or(segment)
}

// === impl PathError ===

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAbsolute => "the path does not start with `/`: begin it with one",
            Self::EmptySegment => "the path has an empty segment (`//`): use a single slash",
            Self::DotSegment => "the path has a `.` or `..` segment: send the resolved path",
            Self::HiddenSeparator => "the path has an escaped slash or a backslash in a segment: leave it out",
            Self::Control => "the path has a control character: leave it out",
            Self::BrokenEscape => "the path has a `%` without two hexadecimal digits: encode `%` as `%25`",
        })
    }
}

impl std::error::Error for PathError {}

#[cfg(test)]
mod tests;
