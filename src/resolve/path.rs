//! Paths in one spelling: two spellings of one path must not lead to two decisions.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode_str;

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
/// case. A path that is normal already is borrowed, and nothing is allocated.
///
/// # Errors
///
/// See [`PathError`]. `path` comes without query and fragment.
///
/// ```
/// use sunward::resolve::path::{PathError, normalize};
///
/// assert_eq!(normalize("/%76%32/a%c3%a9"), Ok("/v2/a%C3%A9".into()));
/// assert_eq!(normalize("/v1/%2e%2e/v2"), Err(PathError::DotSegment));
/// ```
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

/// What a careless server might make of a path: every escape decoded, backslashes taken for slashes, empty and dot
/// segments resolved.
///
/// Not for routing, only to see whether a refused path aims at an api.
///
/// ```
/// use sunward::resolve::path::lenient;
///
/// assert_eq!(lenient("//health/%2e%2e%2Fv1\\orders/"), "/v1/orders");
/// ```
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

/// Whether nothing in it is worth a closer look, as in almost every path: one pass, since all requests pay for it.
fn is_plain(path: &str) -> bool {
    let mut last = 0;
    !path.bytes().any(|byte| {
        let opens_segment = std::mem::replace(&mut last, byte) == b'/';
        matches!(byte, 0..=0x1f | 0x7f | b'%' | b'\\') || (opens_segment && matches!(byte, b'/' | b'.'))
    })
}

fn normalize_escapes(path: &str) -> Result<Cow<'_, str>, PathError> {
    let mut normal = Cow::Borrowed("");
    let mut copied = 0;
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            b'\\' => return Err(PathError::HiddenSeparator),
            _ if byte.is_ascii_control() => return Err(PathError::Control),
            b'%' => {
                let digits = path.as_bytes().get(at + 1..at + 3).ok_or(PathError::BrokenEscape)?;
                if let Some(c) = escape(digits)? {
                    normal.to_mut().push_str(&path[copied..at]);
                    push_escape(normal.to_mut(), c);
                    copied = at + 3;
                }
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
            Self::NotAbsolute => "the path does not begin with `/`",
            Self::EmptySegment => "the path has an empty segment (`//`): write one slash",
            Self::DotSegment => "the path has a `.` or `..` segment: write the path that it stands for",
            Self::HiddenSeparator => {
                "the path has an escaped slash or a backslash, which are not accepted in a segment"
            }
            Self::Control => "the path has a control character",
            Self::BrokenEscape => "the path has a `%` without two hexadecimal digits: write `%25` for the sign itself",
        })
    }
}

impl std::error::Error for PathError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_path_has_one_spelling() {
        let rows = [
            ("/", Ok("/")),
            ("/v2/x", Ok("/v2/x")),
            ("/%76%32/x", Ok("/v2/x")),
            ("/%7Euser/a%20b/%c3%a9/", Ok("/~user/a%20b/%C3%A9/")),
            ("/a%252Fb", Ok("/a%252Fb")),
            ("/a.b/..c/...", Ok("/a.b/..c/...")),
            ("/é", Ok("/é")),
            ("/a;v=1", Ok("/a;v=1")),
            ("", Err(PathError::NotAbsolute)),
            ("*", Err(PathError::NotAbsolute)),
            ("v2/x", Err(PathError::NotAbsolute)),
            ("//v2/x", Err(PathError::EmptySegment)),
            ("/v2//", Err(PathError::EmptySegment)),
            ("/./v2", Err(PathError::DotSegment)),
            ("/v2/..", Err(PathError::DotSegment)),
            ("/v1/%2e%2E/v2", Err(PathError::DotSegment)),
            ("/v1/.%2e", Err(PathError::DotSegment)),
            ("/v1/..;x/v2", Err(PathError::DotSegment)),
            ("/v2%2fx", Err(PathError::HiddenSeparator)),
            ("/v2%5Cx", Err(PathError::HiddenSeparator)),
            ("/v2\\x", Err(PathError::HiddenSeparator)),
            ("/v2%00", Err(PathError::Control)),
            ("/v2%0d%0a", Err(PathError::Control)),
            ("/v2\u{7f}", Err(PathError::Control)),
            ("/v2%7f", Err(PathError::Control)),
            ("/v2%", Err(PathError::BrokenEscape)),
            ("/v2%4", Err(PathError::BrokenEscape)),
            ("/v2%4g", Err(PathError::BrokenEscape)),
            ("/v2%é", Err(PathError::BrokenEscape)),
            ("/v2%+1", Err(PathError::BrokenEscape)),
        ];
        for (path, expected) in rows {
            assert_eq!(normalize(path).as_deref(), expected.as_ref().map(|path| *path), "{path}");
        }
        assert!(matches!(normalize("/v2/a%20b"), Ok(Cow::Borrowed(_))));
    }

    #[test]
    fn a_careless_reading_resolves_everything() {
        let rows = [
            ("//v1//a", "/v1/a"),
            ("/x/%2e%2e/v1", "/v1"),
            ("/x%2f..%5cv1", "/v1"),
            ("/..;a=b/../v1/.", "/v1"),
            ("v1%00", "/v1\0"),
            ("/%ff%", "/\u{fffd}%"),
            ("", "/"),
        ];
        for (path, expected) in rows {
            assert_eq!(lenient(path), expected, "{path}");
        }
    }

    proptest! {
        #[test]
        fn normal_paths_stay(path in "\\PC*|/([a-z./;%0-9A-F\\\\]|%[0-9a-fA-F]{2}){0,20}") {
            let _ = lenient(&path);
            if let Ok(normal) = normalize(&path) {
                prop_assert_eq!(normalize(&normal), Ok(Cow::Borrowed(&*normal)));
            }
        }
    }
}
