//! Random messages: whatever is sent, the upstream gets whole requests in one spelling, and none that a strict reader
//! would not have found at the same position.

use crate::gateway::wire::{PROBE, Wire, raw};

const METHODS: [&str; 5] = ["GET", "POST", "HEAD", "OPTIONS", "PURGE"];
const TARGETS: [&str; 13] = [
    "/api/v3/a",
    "/api/v3/a",
    "/api/v3/a",
    "/api/v3/a",
    "/api/v3/b?c",
    "/api/v1/d",
    "/api/v3/%2e%2e/e",
    "/api/v3//f",
    "http://b/api/v3/g",
    "b:80",
    "*",
    "/api/v3/h#i",
    "/api/v3/\u{e9}",
];
const LINES: [&str; 22] = [
    "Host: b",
    "Host : a",
    "Content-Length: 5",
    "Content-Length: 5",
    "Content-Length: 45",
    "Content-Length: 0",
    "Content-Length: +5",
    "Content-Length: 5, 5",
    "Content-Length: 05",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: Chunked",
    "Transfer-Encoding:chunked ",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: \x0bchunked",
    "Transfer-Encoding : chunked",
    "Connection: close",
    "Connection: X-A, host",
    "X-A: b",
    "X-A: b\rc",
    " folded",
    "Expect: 100-continue",
];
const BODIES: [&str; 8] = [
    "",
    "hello",
    "5|hello|0||",
    "0||",
    "5;x|hello|0|X: y||",
    "2d|GET /api/v3/hidden HTTP/1.1|Host: hidden||0||",
    "GET /api/v3/hidden HTTP/1.1|Host: hidden||",
    "5|hello0||",
];

/// The same numbers in every run.
struct Draw(u64);

// === impl Draw ===

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }

    fn of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(all.len())]
    }

    fn message(&mut self) -> String {
        let mut text = format!("{} {} HTTP/1.1|Host: a", self.of(&METHODS), self.of(&TARGETS));
        for _ in 0..self.below(4) {
            text.push('|');
            text.push_str(self.of(&LINES));
        }
        format!("{text}||{}", self.of(&BODIES))
    }
}

/// The requests that a strict reader finds, by method and path, until something is not clear. Empty lines before a
/// request are none (RFC 9112 §2.2).
fn strict(mut bytes: &str) -> Vec<String> {
    let mut found = Vec::new();
    while let Some((head, rest)) = bytes.trim_start_matches(['\r', '\n']).split_once("\r\n\r\n") {
        let mut lines = head.split("\r\n");
        let words: Vec<&str> = lines.next().unwrap_or("").split(' ').collect();
        let fields: Option<Vec<(String, &str)>> = lines.map(field).collect();
        let ([method, target, "HTTP/1.1"], Some(fields)) = (&*words, fields) else { break };
        let of = |name: &str| fields.iter().filter(|field| field.0 == name).map(|field| field.1).collect::<Vec<_>>();
        if of("host").len() != 1 {
            break;
        }
        let (lengths, codings) = (of("content-length"), of("transfer-encoding"));
        let end = match (&*lengths, &*codings) {
            ([], []) => Some(0),
            ([first, more @ ..], []) if more.iter().all(|more| number(more, 10) == number(first, 10)) => {
                number(first, 10)
            }
            (_, [coding]) if coding.eq_ignore_ascii_case("chunked") => chunks(rest),
            _ => break,
        };
        let Some(end) = end.filter(|end| *end <= rest.len()) else { break };
        let path = target.trim_start_matches("http://b").split(['?', '#']).next().unwrap_or("");
        found.push(format!("{method} {}", path.replace("/v3", "")));
        // After both, or a `close`, nothing more is read.
        if !lengths.is_empty() && !codings.is_empty() || of("connection").contains(&"close") {
            break;
        }
        bytes = &rest[end..];
    }
    found
}

fn field(line: &str) -> Option<(String, &str)> {
    let (name, value) = line.split_once(':')?;
    let clear = !name.is_empty() && !name.contains(' ') && !value.contains(['\r', '\n', '\x0b', '\0']);
    clear.then(|| (name.to_ascii_lowercase(), value.trim_matches(' ')))
}

fn number(text: &str, radix: u32) -> Option<usize> {
    text.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| usize::from_str_radix(text, radix).ok())?
}

fn chunks(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let line = text[at..].find("\r\n")?;
        let size = number(text[at..at + line].split(';').next()?, 16)?;
        at += line + 2;
        if size == 0 {
            break;
        }
        (text.get(at + size..at + size + 2)? == "\r\n").then_some(())?;
        at += size + 2;
    }
    while !text[at..].starts_with("\r\n") {
        at += text[at..].find("\r\n")? + 2;
    }
    Some(at + 2)
}

/// Whether what reached the upstream can be read in one way only.
fn is_clear(request: &str) -> bool {
    let (head, _) = request.split_once("||").unwrap_or((request, ""));
    let lines: Vec<&str> = head.split('|').collect();
    let count = |name: &str| lines.iter().filter(|line| line.starts_with(name)).count();
    let path = lines[0].split(' ').nth(1).unwrap_or("");
    let lengths = count("content-length: ") + count("transfer-encoding: ");
    lines[0].ends_with(" HTTP/1.1")
        && path.starts_with("/api/")
        && !["//", "..", "%2", "#", "\u{e9}"].iter().any(|part| path.contains(part))
        && count("host: ") == 1
        && lengths <= 1
        && count("transfer-encoding: ") == count("transfer-encoding: chunked")
        && ["connection", "expect", "x-a: b\r"].iter().all(|name| count(name) == 0)
}

#[tokio::test]
async fn what_is_passed_on_is_what_was_sent() {
    let wire = Wire::start("random", &[]).await;
    let mut draw = Draw(7);
    let mut passed = 0;
    for _ in 0..600 {
        // Whatever waits for more of a body gets it, or what is none; then the connection ends.
        let text = format!("{}{}{PROBE}{}{PROBE}", draw.message(), draw.message(), "|".repeat(40));
        let answers = wire.talk(&raw(&text)).await;
        assert!(answers.iter().all(|answer| answer.status < 500 || answer.status == 501), "{text}\n{answers:?}");
        let found = strict(&String::from_utf8_lossy(&raw(&text)));
        let seen: Vec<String> = wire.seen().into_iter().filter(|request| !request.ends_with("...")).collect();
        let mut found = found.iter();
        for request in &seen {
            passed += 1;
            assert!(is_clear(request), "{text}\n{request}");
            let short = request.split(['?', '|']).next().unwrap_or("").trim_end_matches(" HTTP/1.1");
            assert!(found.any(|found| found == short), "{text}\n{seen:?}\n{short}");
        }
    }
    assert!(passed > 100, "only {passed} were passed on");
    wire.stop().await;
}
