//! The header fields that announce, name and guard versions: rendered, read, and merged with what upstream sent.
//!
//! Everything here is pure: it takes the header map and, where it matters, `now`. What comes from the network is read
//! without panics; a field that does not parse is treated as its RFC says, never guessed at.

use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) mod accept;
mod date;
pub(crate) mod etag;
pub(crate) mod freshness;
pub(crate) mod lifecycle;
pub(crate) mod link;
pub(crate) mod list;
pub(crate) mod media;
pub(crate) mod merge;
pub(crate) mod retype;
pub(crate) mod secret;
pub(crate) mod sf;
pub(crate) mod template;

/// The field's value if it came in exactly one line: two lines of a singleton field are one invalid value
/// (RFC 9110 §5.3).
pub(crate) fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut lines = headers.get_all(name).iter();
    lines.next().filter(|_| lines.next().is_none())
}

/// `tchar` of RFC 9110 §5.6.2.
pub(crate) const fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_tchar)
}

/// Optional white space (RFC 9110 §5.6.3) is space and tab only, not all that Unicode calls white.
pub(crate) fn trim_ows(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}
