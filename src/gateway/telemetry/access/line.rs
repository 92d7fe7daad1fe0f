//! A line of the access log, and how it is printed.

use std::io::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::HeaderValue;
use http::{Method, Uri};

use crate::clock::Timestamp;
use crate::names::Outcome;
use crate::plan::Plan;

/// What is known of a request when its response has ended. It is printed where it is written: a request only gathers it.
#[derive(Debug, Default)]
pub(in crate::gateway) struct Line {
    pub(in crate::gateway) time: Option<Timestamp>,
    /// The other end of the connection.
    pub(in crate::gateway) peer: Option<IpAddr>,
    /// Whom trusted proxies name, or else the peer.
    pub(in crate::gateway) client: Option<IpAddr>,
    pub(in crate::gateway) method: Method,
    /// Its query is not printed.
    pub(in crate::gateway) target: Uri,
    pub(in crate::gateway) protocol: &'static str,
    pub(in crate::gateway) status: u16,
    pub(in crate::gateway) bytes: u64,
    pub(in crate::gateway) ended: bool,
    pub(in crate::gateway) took: Duration,
    pub(in crate::gateway) upstream_took: Option<Duration>,
    pub(in crate::gateway) instance: Option<Arc<str>>,
    pub(in crate::gateway) plan: Option<Plan>,
    pub(in crate::gateway) outcome: Option<Outcome>,
    /// Why a 502, 503 or 504 was made here.
    pub(in crate::gateway) error: Option<&'static str>,
    pub(in crate::gateway) user_agent: Option<HeaderValue>,
    pub(in crate::gateway) request_id: Option<HeaderValue>,
}

/// Prints the members of one JSON object.
struct LineWriter<'a> {
    out: &'a mut Vec<u8>,
    before: u8,
}

// === impl Line ===

impl Line {
    fn version(&self) -> Option<&str> {
        self.plan.as_ref()?.version().map(|version| &*version.text)
    }

    fn consumer(&self) -> Option<&str> {
        self.plan.as_ref()?.consumer().map(|consumer| consumer.as_str())
    }

    /// A JSON object and the end of the line; members that are not known are left out.
    pub(super) fn json(&self, out: &mut Vec<u8>) {
        let plan = self.plan.as_ref();
        let mut members = LineWriter { out, before: b'{' };
        members.text("time", self.time);
        members.text("client", self.client);
        members.text("peer", self.peer);
        members.text("method", Some(&self.method));
        members.text("path", Some(self.target.path()));
        members.text("protocol", Some(self.protocol));
        members.number("status", Some(self.status));
        members.number("bytes", Some(self.bytes));
        members.number("ended", Some(self.ended));
        members.number("seconds", Some(Seconds(self.took)));
        members.number("upstream_seconds", self.upstream_took.map(Seconds));
        members.text("instance", self.instance.as_deref());
        members.text("api", plan.map(|plan| &plan.api().name));
        members.text("version", self.version());
        members.text("route", plan.and_then(Plan::route).map(|route| route.history.name.to_string()));
        members.text("consumer", self.consumer());
        members.text("outcome", self.outcome.map(Outcome::as_str));
        members.text("error", self.error);
        members.text("user_agent", self.user_agent.as_ref().map(lossy));
        members.text("request_id", self.request_id.as_ref().map(lossy));
        out.extend_from_slice(b"}\n");
    }

    /// Fields by spaces, `-` for what is not known.
    pub(super) fn text(&self, out: &mut Vec<u8>) {
        let word = |text: Option<&str>| text.map_or_else(|| "-".to_owned(), |text| escaped(text, char::is_whitespace));
        let agent = self.user_agent.as_ref().map(lossy);
        let agent = agent.map_or_else(|| "-".to_owned(), |agent| escaped(&agent, |_| false));
        let id = self.request_id.as_ref().map(lossy);
        let time = self.time.map(|time| time.to_string());
        let client = self.client.map(|ip| ip.to_string());
        let api = self.plan.as_ref().map(|plan| &*plan.api().name);
        // Nothing fails that is written to memory.
        let _ = writeln!(
            out,
            "{} {} \"{} {} {}\" {} {} {} {} {} {} {} {} \"{agent}\"",
            word(time.as_deref()),
            word(client.as_deref()),
            word(Some(self.method.as_str())),
            word(Some(self.target.path())),
            self.protocol,
            self.status,
            self.bytes,
            Seconds(self.took),
            word(api),
            word(self.version()),
            word(self.consumer()),
            word(id.as_deref()),
            word(self.outcome.map(Outcome::as_str)),
        );
    }
}

fn lossy(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// Without what would end a line or a field, or do things to a terminal.
fn escaped(text: &str, more: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || c == '"' || more(c) {
            escaped.extend(c.escape_unicode());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// With microseconds.
struct Seconds(Duration);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.6}", self.0.as_secs_f64())
    }
}

// === impl LineWriter ===

impl LineWriter<'_> {
    fn name(&mut self, name: &str) {
        let _ = write!(self.out, "{}\"{name}\":", char::from(self.before));
        self.before = b',';
    }

    fn number(&mut self, name: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.name(name);
            let _ = write!(self.out, "{value}");
        }
    }

    /// Control characters are escaped, also those that JSON allows (U+007F to U+009F): terminals obey them.
    fn text(&mut self, name: &str, value: Option<impl ToString>) {
        let Some(value) = value else { return };
        self.name(name);
        self.out.push(b'"');
        for c in value.to_string().chars() {
            let _ = match c {
                '"' | '\\' => write!(self.out, "\\{c}"),
                c if c.is_control() => write!(self.out, "\\u{:04x}", u32::from(c)),
                c => write!(self.out, "{c}"),
            };
        }
        self.out.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line {
            time: "2026-01-01T00:00:00Z".parse().ok(),
            client: "192.0.2.1".parse().ok(),
            target: "/a%0A%22b?token=secret".parse().expect("a target"),
            protocol: "HTTP/1.1",
            status: 200,
            took: Duration::from_micros(1500),
            outcome: Some(Outcome::Served),
            user_agent: HeaderValue::from_bytes(b"a \"b\"\t\xc2\x9b[31m \\ \xff").ok(),
            request_id: Some(HeaderValue::from_static("id 7")),
            ..Line::default()
        }
    }

    fn printed(print: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        print(&mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn no_text_of_a_client_makes_a_line_or_a_field_of_its_own() {
        let line = line();
        assert_eq!(
            printed(|out| line.text(out)),
            "2026-01-01T00:00:00Z 192.0.2.1 \"GET /a%0A%22b HTTP/1.1\" 200 0 0.001500 - - - id\\u{20}7 served \
             \"a \\u{22}b\\u{22}\\u{9}\\u{9b}[31m \\ \u{fffd}\"\n"
        );
        let json = printed(|out| line.json(out));
        assert!(json.ends_with("}\n") && json.trim_end().chars().all(|c| !c.is_control()), "{json}");
        let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        let expected = serde_json::json!({
            "time": "2026-01-01T00:00:00Z", "client": "192.0.2.1", "method": "GET", "path": "/a%0A%22b",
            "protocol": "HTTP/1.1", "status": 200, "bytes": 0, "ended": false, "seconds": 0.0015, "outcome": "served",
            "user_agent": "a \"b\"\t\u{9b}[31m \\ \u{fffd}", "request_id": "id 7",
        });
        assert_eq!(value, expected);
    }
}
