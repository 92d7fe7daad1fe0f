//! What a line of a log says.

use std::borrow::Cow;

use http::HeaderName;

use super::summary::UnreadableLine;
use crate::clock::Timestamp;

/// A request, as a line of an access log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LogLine<'a> {
    pub(super) time: Timestamp,
    pub(super) method: Cow<'a, str>,
    /// Path and query, or a whole URL.
    pub(super) target: Cow<'a, str>,
    pub(super) status: u16,
    pub(super) bytes: u64,
    pub(super) host: Option<Cow<'a, str>>,
    /// Of Basic authentication.
    pub(super) user: Option<Cow<'a, str>>,
    pub(super) client: Option<Cow<'a, str>>,
    pub(super) user_agent: Option<Cow<'a, str>>,
    pub(super) request_id: Option<Cow<'a, str>>,
    /// The consumer's identity, where the log knows it.
    pub(super) consumer: Option<Cow<'a, str>>,
    /// The version, where the log knows it.
    pub(super) version: Option<Cow<'a, str>>,
    /// The api that a gateway's own log names: it knows the version, too.
    pub(super) api: Option<Cow<'a, str>>,
    /// What a gateway's own log says that it did.
    pub(super) outcome: Option<Cow<'a, str>>,
    /// Header fields of the request.
    pub(super) headers: Vec<(HeaderName, Cow<'a, str>)>,
}

// === impl LogLine ===

impl<'a> LogLine<'a> {
    /// A line that says no more than this.
    pub(super) fn new(time: Timestamp, method: Cow<'a, str>, target: Cow<'a, str>, status: u16) -> Self {
        Self {
            time,
            method,
            target,
            status,
            bytes: 0,
            host: None,
            user: None,
            client: None,
            user_agent: None,
            request_id: None,
            consumer: None,
            version: None,
            api: None,
            outcome: None,
            headers: Vec::new(),
        }
    }
}

/// Method and target of `GET /users HTTP/1.1`.
pub(super) fn request_line(text: &str) -> Result<(&str, &str), UnreadableLine> {
    let (method, rest) = text.split_once(' ').ok_or(UnreadableLine::Request)?;
    let target = rest.rsplit_once(' ').filter(|(_, version)| version.starts_with("HTTP/"));
    let target = target.map_or(rest, |(target, _)| target);
    let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    if is_method && !target.is_empty() { Ok((method, target)) } else { Err(UnreadableLine::Request) }
}

/// A status code as three digits. 0 is that of a response that never began.
pub(super) fn status(text: &str) -> Result<u16, UnreadableLine> {
    text.parse().ok().filter(|status| *status < 1000).ok_or(UnreadableLine::Status)
}

const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// The length of `10/Oct/2000:13:55:36 -0700`.
pub(super) const LOG_TIME: usize = 26;

/// A time such as `10/Oct/2000:13:55:36 -0700`.
pub(super) fn log_time(text: &[u8]) -> Option<Timestamp> {
    let separators = [(2, b'/'), (6, b'/'), (11, b':'), (14, b':'), (17, b':'), (20, b' ')];
    if text.len() != LOG_TIME || separators.iter().any(|(at, byte)| text[*at] != *byte) {
        return None;
    }
    let number = |from: usize, to: usize| {
        let digits = &text[from..to];
        let all = digits.iter().all(u8::is_ascii_digit);
        all.then(|| digits.iter().fold(0_i32, |number, digit| number * 10 + i32::from(digit - b'0')))
    };
    let month = MONTHS.iter().position(|month| *month == &text[3..6])?;
    let sign = match text[21] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let offset = sign * (number(22, 24)? * 3600 + number(24, 26)? * 60);
    let date = [number(7, 11)?, i32::try_from(month).ok()? + 1, number(0, 2)?];
    // A leap second is counted as the second before it.
    Timestamp::from_civil(date, [number(12, 14)?, number(15, 17)?, number(18, 20)?.min(59)], offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_logs_have_an_offset() {
        let rows = [
            ("10/Oct/2000:13:55:36 -0700", Some("2000-10-10T20:55:36Z")),
            ("01/Dec/2026:00:30:00 +0200", Some("2026-11-30T22:30:00Z")),
            ("30/Jun/2015:23:59:60 +0000", Some("2015-06-30T23:59:59Z")),
            ("31/Jun/2015:23:59:59 +0000", None),
            ("10/Okt/2000:13:55:36 -0700", None),
            ("10/Oct/2000:13:55:36", None),
            ("10/Oct/20x0:13:55:36 -0700", None),
        ];
        for (text, expected) in rows {
            let expected = expected.map(|time| time.parse().expect("a time"));
            assert_eq!(log_time(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_request_has_a_method_and_a_target() {
        let rows = [
            ("GET /a b HTTP/1.1", Ok(("GET", "/a b"))),
            ("GET /a", Ok(("GET", "/a"))),
            ("M-SEARCH * HTTP/1.1", Ok(("M-SEARCH", "*"))),
            ("-", Err(UnreadableLine::Request)),
            ("", Err(UnreadableLine::Request)),
            ("\\x16\\x03 \\x01", Err(UnreadableLine::Request)),
        ];
        for (text, expected) in rows {
            assert_eq!(request_line(text), expected, "{text}");
        }
    }
}
