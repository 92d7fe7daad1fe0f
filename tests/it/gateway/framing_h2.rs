//! HTTP/2 from strangers, by frames written by hand: no client would write most of these.

mod frames;

use super::wire::{PROBED, Wire};
use frames::{Outcome, Stream};

/// The fields of a request by `|`, its body and, behind `||`, the trailers, what comes of it, and what reaches the upstream. A probe on another stream
/// shows that other streams are not affected.
type Row = (&'static str, Option<&'static str>, Outcome, &'static str);

const MALFORMED: Outcome = Outcome::Reset;
/// What cannot be decoded ends the connection: what the next block refers to is unknown.
const FATAL: Outcome = Outcome::Ended;
const OK: Outcome = Outcome::Status(200);
const BAD: Outcome = Outcome::Status(400);
const GET: &str = ":method: GET|:scheme: http|:path: /api/v3/x|:authority: a";
const PROBE: &str = ":method: GET|:scheme: http|:path: /api/v3/probe|:authority: probe";

async fn check(name: &str, rows: &[Row]) {
    let wire = Wire::start(name, &[]).await;
    let mut wrong = Vec::new();
    for (fields, body, expected, reached) in rows {
        let fields = fields.replace("GET+", GET);
        let (first, probe) = Stream::talk(wire.gateway.listen, &fields, *body, PROBE).await;
        let probed = if probe == OK { PROBED } else { "" };
        let mut expected_seen: Vec<&str> = [*reached, probed].into_iter().filter(|text| !text.is_empty()).collect();
        let mut seen: Vec<String> = wire.seen().into_iter().filter(|request| !request.ends_with("...")).collect();
        expected_seen.sort_unstable();
        seen.sort_unstable();
        let shared = if *expected == FATAL { FATAL } else { OK };
        if first != *expected || probe != shared || seen != expected_seen {
            wrong.push(format!("{fields}\n  got {first:?} {probe:?} {seen:?}\n  not {expected:?} {expected_seen:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    wire.stop().await;
}

#[tokio::test]
async fn a_target_has_one_host() {
    let got = "GET /api/x HTTP/1.1|host: a||";
    let rows: &[Row] = &[
        ("GET+", None, OK, got),
        ("GET+|host: a", None, OK, got),
        ("GET+|host: A", None, OK, got),
        (":method: GET|:scheme: http|:path: /api/v3/x|host: a", None, OK, got),
        ("GET+|host: b", None, BAD, ""),
        ("GET+|host: a|host: a", None, BAD, ""),
        ("GET+|host: ", None, BAD, ""),
        (":method: GET|:scheme: http|:path: /api/v3/x", None, BAD, ""),
        (":method: GET|:scheme: http|:path: /api/v3/x|host: a,b", None, BAD, ""),
        (":method: GET|:scheme: http|:path: /api/v3/x|:authority: ", None, MALFORMED, ""),
        (":method: GET|:scheme: http|:path: /api/v3/x|:authority: u@a", None, BAD, ""),
        (":method: GET|:scheme: http|:path: /api/v3/x|:authority: a,b", None, BAD, ""),
        (":method: GET|:scheme: http|:path: /api/v3/x|:authority: a:x", None, BAD, ""),
        (":method: GET|:scheme: http|:path: /api/v3/x|:authority: a/b", None, MALFORMED, ""),
        (":method: GET|:scheme: http|:path: /api/v3/x|:authority: a|:authority: a", None, MALFORMED, ""),
        (":method: GET|:scheme: ftp|:path: /api/v3/x|:authority: a", None, BAD, ""),
        // `https` over a connection that is not secured, from a client that is not a trusted proxy.
        (":method: GET|:scheme: https|:path: /api/v3/x|:authority: a", None, Outcome::Status(421), ""),
        (":method: GET|:scheme: http://b/|:path: /api/v3/x|:authority: a", None, MALFORMED, ""),
    ];
    check("h2-hosts", rows).await;
}

#[tokio::test]
async fn a_target_is_a_path() {
    let rows: &[Row] = &[
        (":method: GET|:scheme: http|:path: /api/%76%33/x|:authority: a", None, OK, "GET /api/x HTTP/1.1|host: a||"),
        (":method: GET|:scheme: http|:path: /api/v3/../v1|:authority: a", None, BAD, ""),
        (":method: GET|:scheme: http|:path: api/v3/x|:authority: a", None, MALFORMED, ""),
        (":method: GET|:scheme: http|:path: |:authority: a", None, MALFORMED, ""),
        (":method: GET|:scheme: http|:path: *|:authority: a", None, BAD, ""),
        (":method: OPTIONS|:scheme: http|:path: *|:authority: a", None, Outcome::Status(204), ""),
        (":method: GET|:scheme: http|:authority: a", None, MALFORMED, ""),
        // As over HTTP/1.1: it is cut off before anyone here sees it.
        (":method: GET|:scheme: http|:path: /api/v3/x#y|:authority: a", None, OK, "GET /api/x HTTP/1.1|host: a||"),
        (":method: GET|:scheme: http|:path: /api/v3/x y|:authority: a", None, MALFORMED, ""),
        (":method: GET|:scheme: http|:path: /api/v3/x HTTP/1.1\r\nX: y|:authority: a", None, MALFORMED, ""),
        (":method: GET|:scheme: http|:path: /api/v3/\u{e9}|:authority: a", None, BAD, ""),
        (":method: GET / HTTP/1.1\r\nX: y|:scheme: http|:path: /api/v3/x|:authority: a", None, FATAL, ""),
        (":method: G T|:scheme: http|:path: /api/v3/x|:authority: a", None, FATAL, ""),
        (":method: |:scheme: http|:path: /api/v3/x|:authority: a", None, FATAL, ""),
        (":scheme: http|:path: /api/v3/x|:authority: a", None, MALFORMED, ""),
        (":method: GET|:path: /api/v3/x|:authority: a", None, MALFORMED, ""),
        (":method: TRACE|:scheme: http|:path: /api/v3/x|:authority: a", None, Outcome::Status(405), ""),
        (":method: CONNECT|:authority: a:80", None, Outcome::Status(405), ""),
        (":method: CONNECT|:protocol: websocket|:scheme: http|:path: /api/v3/x|:authority: a", None, MALFORMED, ""),
        ("GET+|:x: y", None, FATAL, ""),
        ("x: y|GET+", None, MALFORMED, ""),
        ("GET+|:path: /api/v3/y", None, MALFORMED, ""),
    ];
    check("h2-targets", rows).await;
}

#[tokio::test]
async fn fields_are_of_http_2() {
    let got = "GET /api/x HTTP/1.1|host: a||";
    let rows: &[Row] = &[
        ("GET+|te: trailers", None, OK, "GET /api/x HTTP/1.1|host: a|te: trailers|connection: te||"),
        ("GET+|te: trailers, gzip", None, MALFORMED, ""),
        ("GET+|te: gzip", None, MALFORMED, ""),
        ("GET+|connection: x", None, MALFORMED, ""),
        ("GET+|transfer-encoding: chunked", None, MALFORMED, ""),
        ("GET+|keep-alive: timeout=5", None, MALFORMED, ""),
        ("GET+|proxy-connection: close", None, MALFORMED, ""),
        ("GET+|upgrade: h2c", None, MALFORMED, ""),
        ("GET+|http2-settings: AAMAAABkAARAAAAA", None, OK, got),
        ("GET+|expect: 100-continue", None, OK, got),
        ("GET+|X-A: b", None, FATAL, ""),
        ("GET+|x a: b", None, FATAL, ""),
        ("GET+|x-a: b\r\nx-c: d", None, FATAL, ""),
        ("GET+|x-a: b\0", None, FATAL, ""),
        ("GET+|x-a: b ", None, BAD, ""),
        ("GET+|x-a:  b", None, BAD, ""),
        ("GET+|x-a: \tb", None, BAD, ""),
        ("GET+|x-a: b c", None, OK, "GET /api/x HTTP/1.1|x-a: b c|host: a||"),
        ("GET+|cookie: a=1|x: y|cookie: b=2", None, OK, "GET /api/x HTTP/1.1|cookie: a=1; b=2|x: y|host: a||"),
    ];
    check("h2-fields", rows).await;
}

#[tokio::test]
async fn a_body_has_one_end() {
    let rows: &[Row] = &[
        (
            ":method: POST|:scheme: http|:path: /api/v3/x|:authority: a",
            Some("hello"),
            OK,
            "POST /api/x HTTP/1.1|host: a|transfer-encoding: chunked||5|hello|0||",
        ),
        (
            ":method: POST|:scheme: http|:path: /api/v3/x|:authority: a|content-length: 5",
            Some("hello"),
            OK,
            "POST /api/x HTTP/1.1|content-length: 5|host: a||hello",
        ),
        (
            ":method: POST|:scheme: http|:path: /api/v3/x|:authority: a|trailer: x-sum",
            Some("hello||x-sum:  1 "),
            OK,
            "POST /api/x HTTP/1.1|trailer: x-sum|host: a|transfer-encoding: chunked||5|hello|0|x-sum: 1||",
        ),
        // The library drops pseudo-header fields from trailers silently: they are not forwarded.
        (
            ":method: POST|:scheme: http|:path: /api/v3/x|:authority: a|trailer: x-sum",
            Some("hello||:path: /api/v1/y|:status: 200|x-sum: 1"),
            OK,
            "POST /api/x HTTP/1.1|trailer: x-sum|host: a|transfer-encoding: chunked||5|hello|0|x-sum: 1||",
        ),
        (
            ":method: POST|:scheme: http|:path: /api/v3/x|:authority: a",
            Some("hello||x-sum: 1|:path: /y"),
            MALFORMED,
            "",
        ),
        ("GET+|content-length: 5", None, MALFORMED, ""),
        ("GET+|content-length: 6", Some("hello"), MALFORMED, ""),
        ("GET+|content-length: 4", Some("hello"), MALFORMED, ""),
        ("GET+|content-length: 5|content-length: 6", Some("hello"), MALFORMED, ""),
        ("GET+|content-length: 5|content-length: 5", Some("hello"), BAD, ""),
        ("GET+|content-length: +5", Some("hello"), MALFORMED, ""),
        ("GET+|content-length: 5, 5", Some("hello"), MALFORMED, ""),
        (":method: POST|:scheme: http|:path: /api/v1/x|:authority: a", Some("hello"), Outcome::Status(410), ""),
    ];
    check("h2-ends", rows).await;
}

#[tokio::test]
async fn a_head_has_limits() {
    let row = |more: String| &*Box::leak(format!("GET+{more}").into_boxed_str());
    let path = format!(":method: GET|:scheme: http|:path: /{}|:authority: a", "x".repeat(8192));
    let rows: &[Row] = &[
        (row("|x: y".repeat(101)), None, Outcome::Status(431), ""),
        (row(format!("|x: {}", "y".repeat(40_000))), None, Outcome::Status(431), ""),
        (Box::leak(path.into_boxed_str()), None, Outcome::Status(414), ""),
    ];
    check("h2-limits", rows).await;
}
