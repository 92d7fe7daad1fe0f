//! HTTP/1 from strangers: one reading of each message, or none.

use super::wire::{PROBE, PROBED, Wire, raw};

/// What a client writes, the statuses it gets, and what reaches the upstream. Behind each row the probe is pipelined: a
/// second status says that it got its own answer, none that the connection was ended.
type Row = (&'static str, &'static [u16], &'static str);

async fn check(name: &str, rows: &[Row]) {
    let wire = Wire::start(name, &[]).await;
    let mut wrong = Vec::new();
    for (request, statuses, reached) in rows {
        let answers = wire.talk(&raw(&format!("{request}{PROBE}"))).await;
        let got: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        let probed = if statuses.len() > 1 { PROBED } else { "" };
        let expected: Vec<&str> = [*reached, probed].into_iter().filter(|reached| !reached.is_empty()).collect();
        let seen = wire.seen();
        if got != *statuses || seen != expected {
            wrong.push(format!("{request}\n  got {got:?} {seen:?}\n  not {statuses:?} {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    wire.stop().await;
}

#[tokio::test]
async fn a_body_has_one_end() {
    let rows: &[Row] = &[
        // What is in order is framed anew.
        (
            "POST /api/v3/x HTTP/1.1|Host: a|Content-Length: 5||hello",
            &[200, 200],
            "POST /api/x HTTP/1.1|host: a|content-length: 5||hello",
        ),
        (
            "POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding: chunked||5|hello|0||",
            &[200, 200],
            "POST /api/x HTTP/1.1|host: a|transfer-encoding: chunked||5|hello|0||",
        ),
        (
            "POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding: CHUNKED||0005;a=b|hello|00||",
            &[200, 200],
            "POST /api/x HTTP/1.1|host: a|transfer-encoding: chunked||5|hello|0||",
        ),
        (
            "GET /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding: chunked||5|hello|0||",
            &[200, 200],
            "GET /api/x HTTP/1.1|host: a|transfer-encoding: chunked||5|hello|0||",
        ),
        (
            "POST /api/v3/x HTTP/1.1|Host: a|Content-Length: 0||",
            &[200, 200],
            "POST /api/x HTTP/1.1|host: a|content-length: 0||",
        ),
        (
            "GET /api/v3/x HTTP/1.1|Host: a|Content-Length: 5||hello",
            &[200, 200],
            "GET /api/x HTTP/1.1|host: a|content-length: 5||hello",
        ),
        // Chunks win over a length, which goes, and nothing else is read on that connection.
        (
            "POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding: chunked|Content-Length: 5||5|hello|0||",
            &[200],
            "POST /api/x HTTP/1.1|host: a|transfer-encoding: chunked||5|hello|0||",
        ),
        (
            "POST /api/v3/x HTTP/1.1|Host: a|Content-Length: 30|Transfer-Encoding: chunked||0||",
            &[200],
            "POST /api/x HTTP/1.1|host: a|transfer-encoding: chunked||0||",
        ),
        // Equal lengths are one; whatever else is not digits alone is none.
        (
            "POST /api/v3/x HTTP/1.1|Host: a|Content-Length: 5|Content-Length: 5||hello",
            &[200, 200],
            "POST /api/x HTTP/1.1|host: a|content-length: 5||hello",
        ),
        ("POST /api/v3/x HTTP/1.1|Host: a|Content-Length: 5|Content-Length: 6||hello", &[400], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Content-Length: 5, 5||hello", &[400], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Content-Length: +5||hello", &[400], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Content-Length: -5||hello", &[400], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Content-Length: 0x5||hello", &[400], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Content-Length: 5 5||hello", &[400], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Content-Length: ||hello", &[400], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Content-Length: 18446744073709551616||hello", &[400], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Content-Length : 5||hello", &[400], ""),
        // `chunked` once, and nothing else.
        ("POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding: ,chunked||0||", &[501], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding: chunked, chunked||0||", &[501], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding: chunked|Transfer-Encoding: chunked||0||", &[501], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding: identity|Transfer-Encoding: chunked||0||", &[501], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding: gzip, chunked||0||", &[501], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding: chunked, identity||0||", &[400], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding: chunked|Transfer-Encoding: identity||0||", &[400], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding: xchunked||0||", &[400], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding: chunked;q=1||0||", &[400], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding: \x0bchunked||0||", &[400], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding: \"chunked\"||0||", &[400], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding:||0||", &[400], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding : chunked||0||", &[400], ""),
        ("POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding:| chunked||0||", &[400], ""),
        ("POST /api/v3/x HTTP/1.0|Host: a|Transfer-Encoding: chunked||0||", &[400], ""),
    ];
    check("ends", rows).await;
}

#[tokio::test]
async fn a_head_has_one_reading() {
    let rows: &[Row] = &[
        ("GET /api/v3/x HTTP/1.1|Host: a||", &[200, 200], "GET /api/x HTTP/1.1|host: a||"),
        ("||GET /api/v3/x HTTP/1.1|Host: a||", &[200, 200], "GET /api/x HTTP/1.1|host: a||"),
        ("GET /api/v3/x HTTP/1.1\nHost: a\nX: y\n\n", &[200, 200], "GET /api/x HTTP/1.1|host: a|x: y||"),
        ("GET /api/v3/x HTTP/1.1|Host: a|X: a\tb\u{e9}||", &[200, 200], "GET /api/x HTTP/1.1|host: a|x: a\tb\u{e9}||"),
        ("GET /api/v3/x HTTP/1.1|Host: a|X: y| z||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1| X: y|Host: a||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a|X : y||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a|: y||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a|X||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a|X y: z||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a|X: a\0b||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a|X: a\rb||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a|X: a\x1bb||", &[400], ""),
        ("GET  /api/v3/x HTTP/1.1|Host: a||", &[400], ""),
        ("GET /api/v3/x  HTTP/1.1|Host: a||", &[400], ""),
        ("GET /api/v3/x y HTTP/1.1|Host: a||", &[400], ""),
        ("GET\t/api/v3/x HTTP/1.1|Host: a||", &[400], ""),
        ("GET /api/v3/x HTTP/1.2|Host: a||", &[400], ""),
        ("GET /api/v3/x HTTP/2.0|Host: a||", &[400], ""),
        ("GET /api/v3/x http/1.1|Host: a||", &[400], ""),
        ("GET /api/v3/x|Host: a||", &[400], ""),
        ("G\u{e9}T /api/v3/x HTTP/1.1|Host: a||", &[400], ""),
        ("G,T /api/v3/x HTTP/1.1|Host: a||", &[400], ""),
        // Methods that nobody here knows are for whoever is behind.
        ("PURGE /api/v3/x HTTP/1.1|Host: a||", &[200, 200], "PURGE /api/x HTTP/1.1|host: a||"),
        ("get /api/v3/x HTTP/1.1|Host: a||", &[200, 200], "get /api/x HTTP/1.1|host: a||"),
        ("M-SEARCH! /api/v3/x HTTP/1.1|Host: a||", &[200, 200], "M-SEARCH! /api/x HTTP/1.1|host: a||"),
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA /api/v3/x HTTP/1.1|Host: a||", &[501], ""),
        ("PRI /api/v3/x HTTP/1.1|Host: a||", &[501], ""),
        ("TRACE /api/v3/x HTTP/1.1|Host: a||", &[405], ""),
        ("CONNECT a:80 HTTP/1.1|Host: a:80||", &[405], ""),
        ("CONNECT /api/v3/x HTTP/1.1|Host: a||", &[405], ""),
    ];
    check("heads", rows).await;
}

#[tokio::test]
async fn a_target_has_one_host() {
    let rows: &[Row] = &[
        ("GET /api/v3/x HTTP/1.1||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a|Host: a||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a|host: b||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host:||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a, b||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a,b||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a b||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: u@a||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a/x||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: http://a||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a:80x||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a:99999||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a#b||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: \u{e9}||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a%00b||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: [::1]:80||", &[200, 200], "GET /api/x HTTP/1.1|host: [::1]:80||"),
        // The authority of the target is the one that counts.
        ("GET http://b/api/v3/x HTTP/1.1|Host: a||", &[200, 200], "GET /api/x HTTP/1.1|host: b||"),
        ("GET http://b:81/api/v3/x?y HTTP/1.1|X: y|Host: a||", &[200, 200], "GET /api/x?y HTTP/1.1|x: y|host: b:81||"),
        ("GET http://b/api/v3/x HTTP/1.1||", &[400], ""),
        ("GET http://u@b/api/v3/x HTTP/1.1|Host: b||", &[400], ""),
        ("GET http:///api/v3/x HTTP/1.1|Host: b||", &[400], ""),
        ("GET http://b:x/api/v3/x HTTP/1.1|Host: b||", &[400], ""),
        ("GET ftp://b/api/v3/x HTTP/1.1|Host: b||", &[400], ""),
        ("GET admin HTTP/1.1|Host: a||", &[400], ""),
        ("GET a:80 HTTP/1.1|Host: a:80||", &[400], ""),
        ("GET api/v3/x HTTP/1.1|Host: a||", &[400], ""),
        ("GET ?x HTTP/1.1|Host: a||", &[400], ""),
        ("GET * HTTP/1.1|Host: a||", &[400], ""),
        ("GET //b/api/v3/x HTTP/1.1|Host: a||", &[404, 200], ""),
        ("OPTIONS * HTTP/1.1|Host: a||", &[204, 200], ""),
        ("OPTIONS * HTTP/1.1||", &[400], ""),
    ];
    check("hosts", rows).await;
}

/// What policy saw is what the upstream gets.
#[tokio::test]
async fn a_path_is_decided_on_as_it_is_sent() {
    let rows: &[Row] = &[
        ("GET /api/%76%33/%78 HTTP/1.1|Host: a||", &[200, 200], "GET /api/x HTTP/1.1|host: a||"),
        ("GET /api/v3/x%c3%a9?%76 HTTP/1.1|Host: a||", &[200, 200], "GET /api/x%C3%A9?%76 HTTP/1.1|host: a||"),
        ("GET /api/v3/x;y=1 HTTP/1.1|Host: a||", &[200, 200], "GET /api/x;y=1 HTTP/1.1|host: a||"),
        ("GET /api/v3/...?/../x HTTP/1.1|Host: a||", &[200, 200], "GET /api/...?/../x HTTP/1.1|host: a||"),
        ("GET /%61pi/%76%31/x HTTP/1.1|Host: a||", &[410, 200], ""),
        ("GET /api../v3/x HTTP/1.1|Host: a||", &[404, 200], ""),
        ("GET /api/../api/v3/x HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/%2e%2e/v1/x HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/.%2E/v1/x HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/./x HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/..;/v1/x HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3//x HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/x// HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET //api/v3/x HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api%2Fv3/x HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/x%5Cy HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3\\x HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/x%00 HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/x%0d%0aX:y HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/x%zz HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/x% HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/\u{e9} HTTP/1.1|Host: a||", &[400], ""),
        ("GET /api/v3/x?\u{e9} HTTP/1.1|Host: a||", &[400], ""),
        ("GET /api/v3/x\x7f HTTP/1.1|Host: a||", &[400], ""),
        // A fragment is cut off before anyone here sees it: decision and upstream agree.
        ("GET /api/v3/x#/../v1 HTTP/1.1|Host: a||", &[200, 200], "GET /api/x HTTP/1.1|host: a||"),
    ];
    check("paths", rows).await;
}
