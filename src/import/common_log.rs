//! The common log format, and the combined one: `client ident user [time] "request" status bytes "referrer" "user agent"`.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memchr2};

use super::line::{LOG_TIME, LogLine, log_time, request_line, status};
use super::summary::UnreadableLine;
use crate::clock::Timestamp;

/// Reads a line. What follows the user agent is ignored. Before the client there may be the host, as `vhost_combined` has it.
pub(super) fn read(line: &[u8]) -> Result<LogLine<'_>, UnreadableLine> {
    let (time, before, after) = around_time(line)?;
    let (request, rest) = quoted(after).ok_or(UnreadableLine::Format)?;
    let (status_text, rest) = word(rest);
    let (bytes, rest) = word(rest);
    let (method, target) = match unescaped(request) {
        Cow::Borrowed(text) => request_line(text).map(|(method, target)| (method.into(), target.into()))?,
        Cow::Owned(text) => {
            let (method, target) = request_line(&text)?;
            (Cow::Owned(method.to_owned()), Cow::Owned(target.to_owned()))
        }
    };
    let mut read = LogLine::new(time, method, target, status(status_text)?);
    read.bytes = bytes.parse().unwrap_or(0);
    let agent = quoted(rest.trim_ascii_start()).and_then(|(_, rest)| quoted(rest.trim_ascii_start()));
    read.user_agent = agent.map(|(agent, _)| unescaped(agent)).filter(|agent| !agent.is_empty() && agent != "-");
    (read.host, read.client, read.user) = sender(before);
    Ok(read)
}

/// The next word, empty if it is no text, and what follows it.
fn word(text: &[u8]) -> (&str, &[u8]) {
    let text = text.trim_ascii_start();
    let (word, rest) = text.split_at(memchr(b' ', text).unwrap_or(text.len()));
    (std::str::from_utf8(word).unwrap_or_default(), rest)
}

/// The time in its brackets, what is before it, and what follows.
fn around_time(line: &[u8]) -> Result<(Timestamp, &[u8], &[u8]), UnreadableLine> {
    let mut why = UnreadableLine::Format;
    // A user's name may have brackets, too.
    for at in memchr_iter(b'[', line) {
        let end = at + 1 + LOG_TIME;
        if line.get(end) == Some(&b']') {
            if let Some(time) = log_time(&line[at + 1..end]) {
                return Ok((time, &line[..at], line[end + 1..].trim_ascii_start()));
            }
            why = UnreadableLine::Time;
        }
    }
    Err(why)
}

/// `None` where the log has a dash.
type MaybeText<'t> = Option<Cow<'t, str>>;

/// Host, client and user.
fn sender(text: &[u8]) -> (MaybeText<'_>, MaybeText<'_>, MaybeText<'_>) {
    let Ok(text) = std::str::from_utf8(text) else { return (None, None, None) };
    let is_address = |word: &str| word.parse::<std::net::IpAddr>().is_ok();
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let (second, more) = rest.split_once(' ').unwrap_or((rest, ""));
    // Almost no client says who its user is by RFC 1413.
    let has_host = second != "-" && !is_address(first) && is_address(second);
    let (host, client, rest) = if has_host { (Some(first), second, more) } else { (None, first, rest) };
    let user = rest.split_once(' ').map_or("", |(_, user)| user.trim());
    let known = |word: &'_ str| !word.is_empty() && word != "-";
    (
        host.map(Cow::Borrowed),
        Some(client).filter(|word| known(word)).map(Cow::Borrowed),
        Some(user).filter(|word| known(word)).map(Cow::Borrowed),
    )
}

/// What is between two quotation marks, and what follows them.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"\"")?;
    let mut at = 0;
    loop {
        let found = at + memchr2(b'"', b'\\', &text[at..])?;
        if text[found] == b'"' {
            return Some((&text[..found], &text[found + 1..]));
        }
        at = (found + 2).min(text.len());
    }
}

/// Without the escapes of Apache and nginx: `\"`, `\\` and `\x22`.
fn unescaped(text: &[u8]) -> Cow<'_, str> {
    if !text.contains(&b'\\') {
        return String::from_utf8_lossy(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match after {
            [b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digits = [*high, *low].map(char::from).map(|digit| digit.to_digit(16).unwrap_or(0));
                out.push(u8::try_from(digits[0] * 16 + digits[1]).unwrap_or(b'?'));
                rest = &after[3..];
            }
            [escaped, ..] => {
                out.push(*escaped);
                rest = &after[1..];
            }
            [] => out.push(byte),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Time, method, target, status, bytes, host, client, user and user agent.
    fn shown(line: &str) -> String {
        match read(line.as_bytes()) {
            Ok(line) => {
                let maybe = |text: Option<Cow<'_, str>>| text.map_or_else(|| "-".to_owned(), Cow::into_owned);
                let (host, client, user) = (maybe(line.host), maybe(line.client), maybe(line.user));
                let agent = maybe(line.user_agent);
                let LogLine { time, method, target, status, bytes, .. } = line;
                format!("{time}|{method}|{target}|{status}|{bytes}|{host}|{client}|{user}|{agent}")
            }
            Err(why) => format!("{why:?}"),
        }
    }

    #[test]
    fn lines_are_read() {
        let rows = [
            (
                r#"192.0.2.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326"#,
                "2000-10-10T20:55:36Z|GET|/a.gif|200|2326|-|192.0.2.1|frank|-",
            ),
            (
                r#"192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] "GET /a?b=\"c\" HTTP/1.1" 304 - "http://x/" "Mozilla/5.0 \"x\" (\x41)""#,
                "2000-10-10T13:55:36Z|GET|/a?b=\"c\"|304|0|-|192.0.2.1|-|Mozilla/5.0 \"x\" (A)",
            ),
            (
                r#"api.example.com:443 2001:db8::1 - Ada Lovelace [x] [10/Oct/2000:13:55:36 +0000] "POST /a HTTP/2.0" 201 5 "-" "-" 0.002"#,
                "2000-10-10T13:55:36Z|POST|/a|201|5|api.example.com:443|2001:db8::1|Ada Lovelace [x]|-",
            ),
            (
                r#"client.example - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8""#,
                "2000-10-10T13:55:36Z|GET|/|200|5|-|client.example|-|curl/8",
            ),
            (r#"192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] "-" 400 0"#, "Request"),
            (r#"192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" ok 0"#, "Status"),
            (r#"192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1"#, "Format"),
            (r#"192.0.2.1 - - [40/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 0"#, "Time"),
            ("Oct 10 13:55:36 host kernel: [12.5] eth0 up", "Format"),
            ("", "Format"),
        ];
        for (line, expected) in rows {
            assert_eq!(shown(line), expected, "{line}");
        }
    }

    #[test]
    fn no_line_panics_wherever_it_is_cut() {
        let line =
            r#"v:1 192.0.2.1 - f [10/Oct/2000:13:55:36 -0700] "GET /\x41\" HTTP/1.0" 200 2 "-" "a\\""#.as_bytes();
        for end in 0..=line.len() {
            let _ = read(&line[..end]);
            let _ = read(&line[end..]);
        }
    }
}
