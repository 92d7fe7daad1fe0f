//! What is for one hop, and what ends here.

use super::{Row, check};
use crate::gateway::wire::raw;

#[tokio::test]
async fn what_is_for_this_hop_ends_here() {
    let rows: &[Row] = &[
        (
            "GET /api/v3/x HTTP/1.1|Host: a|Connection: X-A, keep-alive ,x-b|Connection: TE|X-A: 1|X-B: 2|X-C: 3|TE: trailers||",
            &[200, 200],
            "GET /api/x HTTP/1.1|host: a|x-c: 3|te: trailers|connection: te||",
        ),
        (
            "POST /api/v3/x HTTP/1.1|Host: a|TE: gzip, Trailers|TE: x;q=1|Connection: close, te|Content-Length: 2||hi",
            &[200],
            "POST /api/x HTTP/1.1|host: a|content-length: 2|te: trailers|connection: te||hi",
        ),
        (
            "GET /api/v3/x HTTP/1.1|Host: a|Keep-Alive: timeout=5|Proxy-Connection: keep-alive|TE: gzip;q=0.5||",
            &[200, 200],
            "GET /api/x HTTP/1.1|host: a||",
        ),
        // Neither HTTP/2 nor a tunnel comes of it.
        (
            "GET /api/v3/x HTTP/1.1|Host: a|Connection: Upgrade, HTTP2-Settings|Upgrade: h2c|HTTP2-Settings: AAMAAABkAARAAAAA||",
            &[200, 200],
            "GET /api/x HTTP/1.1|host: a||",
        ),
        (
            "GET /api/v3/x HTTP/1.1|Host: a|Upgrade: h2c|HTTP2-Settings: AAMAAABkAARAAAAA||",
            &[200, 200],
            "GET /api/x HTTP/1.1|host: a||",
        ),
        (
            "GET /api/v3/x HTTP/1.1|Host: a|Connection: upgrade|Upgrade: websocket|Sec-WebSocket-Version: 13||",
            &[200, 200],
            "GET /api/x HTTP/1.1|host: a|sec-websocket-version: 13||",
        ),
        // What frames and addresses the message is not for `Connection` to name.
        (
            "POST /api/v3/x HTTP/1.1|Host: a|Connection: host, content-length, via|Content-Length: 5||hello",
            &[200, 200],
            "POST /api/x HTTP/1.1|host: a|content-length: 5||hello",
        ),
        (
            "POST /api/v3/x HTTP/1.1|Host: a|Connection: transfer-encoding|Transfer-Encoding: chunked||5|hello|0||",
            &[200, 200],
            "POST /api/x HTTP/1.1|host: a|transfer-encoding: chunked||5|hello|0||",
        ),
        // Trailers are cleaned like heads.
        (
            "POST /api/v3/x HTTP/1.1|Host: a|Connection: x-a|Transfer-Encoding: chunked|\
             Trailer: x-sum, x-a, te, upgrade, host, content-length, authorization||\
             5|hello|0|X-Sum: 1|X-A: 2|TE: x|Upgrade: h2c|Host: b|Content-Length: 9|Authorization: b||",
            &[200, 200],
            "POST /api/x HTTP/1.1|host: a|trailer: x-sum, x-a, te, upgrade, host, content-length, authorization|\
             transfer-encoding: chunked||5|hello|0|x-sum: 1||",
        ),
        (
            "GET /api/v3/x HTTP/1.1|Host: a|Cookie: a=1|Cookie: b=2||",
            &[200, 200],
            "GET /api/x HTTP/1.1|host: a|cookie: a=1; b=2||",
        ),
    ];
    check("hops", rows).await;
}

/// A service that reads fields in the manner of CGI takes an underscore for a hyphen.
#[tokio::test]
async fn forwarded_fields_of_an_untrusted_client_are_removed() {
    let rows: &[Row] = &[
        (
            "GET /api/v3/x HTTP/1.1|Host: a|X-Forwarded-For: 1|X-Forwarded-Ssl: on|X-Forwarded-User: u|\
             X-Forwarded-Client-Cert: c|X-Forwarded-Anything: x|Forwarded: for=a|X-Real-IP: 1|True-Client-IP: 1|X-A: 1||",
            &[200, 200],
            "GET /api/x HTTP/1.1|host: a|x-a: 1||",
        ),
        (
            "POST /api/v3/x HTTP/1.1|Host: a|X_Forwarded_For: 1|Content_Length: 9|Transfer_Encoding: chunked|\
             X-Forwarded_For: 1|_: 1|Content-Length: 5|X-A: a_b||hello",
            &[200, 200],
            "POST /api/x HTTP/1.1|host: a|x-a: a_b|content-length: 5||hello",
        ),
        // Nor behind the body.
        (
            "POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding: chunked|Trailer: x-sum||\
             5|hello|0|X-Sum: 1|X-Forwarded-For: 1|X-Real-IP: 1|X_Sum: 2|Content_Length: 9||",
            &[200, 200],
            "POST /api/x HTTP/1.1|host: a|trailer: x-sum|transfer-encoding: chunked||5|hello|0|x-sum: 1||",
        ),
        // `Connection` does not keep a field that is dropped.
        (
            "GET /api/v3/x HTTP/1.1|Host: a|Connection: x_forwarded_for|X_Forwarded_For: 1||",
            &[200, 200],
            "GET /api/x HTTP/1.1|host: a||",
        ),
    ];
    check("strangers", rows).await;
}

#[tokio::test]
async fn hops_are_counted() {
    let rows: &[Row] = &[
        (
            "OPTIONS /api/v3/x HTTP/1.1|Host: a|Max-Forwards: 10||",
            &[200, 200],
            "OPTIONS /api/x HTTP/1.1|host: a|max-forwards: 9||",
        ),
        (
            "OPTIONS /api/v3/x HTTP/1.1|Host: a|Max-Forwards: 1||",
            &[200, 200],
            "OPTIONS /api/x HTTP/1.1|host: a|max-forwards: 0||",
        ),
        ("OPTIONS /api/v3/x HTTP/1.1|Host: a|Max-Forwards: 0||", &[204, 200], ""),
        ("OPTIONS /api/v3/x HTTP/1.1|Host: a|Max-Forwards: x||", &[400], ""),
        ("OPTIONS /api/v3/x HTTP/1.1|Host: a|Max-Forwards: 1|Max-Forwards: 1||", &[400], ""),
        ("TRACE /api/v3/x HTTP/1.1|Host: a|Max-Forwards: 0||", &[405], ""),
        (
            "GET /api/v3/x HTTP/1.1|Host: a|Max-Forwards: 0||",
            &[200, 200],
            "GET /api/x HTTP/1.1|host: a|max-forwards: 0||",
        ),
    ];
    check("counted", rows).await;
}

#[tokio::test]
async fn an_expectation_is_met_here() {
    let rows: &[Row] = &[
        (
            "POST /api/v3/x HTTP/1.1|Host: a|Expect: 100-continue|Content-Length: 5||hello",
            &[100, 200, 200],
            "POST /api/x HTTP/1.1|host: a|content-length: 5||hello",
        ),
        ("GET /api/v3/x HTTP/1.1|Host: a|Expect: 100-continue||", &[200, 200], "GET /api/x HTTP/1.1|host: a||"),
        ("POST /api/v3/x HTTP/1.1|Host: a|Expect: tea|Content-Length: 5||hello", &[417], ""),
        // There is no 100 for a body that is not wanted, and no telling whether the client sends it anyway.
        ("POST /api/v1/x HTTP/1.1|Host: a|Expect: 100-continue|Content-Length: 5||hello", &[410], ""),
        // HTTP/1.0 knows no 100.
        (
            "POST /api/v3/x HTTP/1.0|Host: a|Expect: 100-continue|Content-Length: 5||hello",
            &[200],
            "POST /api/x HTTP/1.1|host: a|content-length: 5||hello",
        ),
    ];
    check("expects", rows).await;
}

/// Without `Host`, only an api without a host can be meant; to the upstream goes its own.
#[tokio::test]
async fn old_clients_are_served() {
    let rows: &[Row] = &[
        ("GET /api/v3/x HTTP/1.0|Host: a||", &[200], "GET /api/x HTTP/1.1|host: a||"),
        ("GET /api/v3/x HTTP/1.0||", &[200], "GET /api/x HTTP/1.1|host: upstream||"),
        ("GET /hosted/v3/x HTTP/1.0||", &[404], ""),
        ("GET /hosted/v3/x HTTP/1.0|Host: hosted.test||", &[200], "GET /hosted/x HTTP/1.1|host: hosted.test||"),
        ("GET http://hosted.test/hosted/v3/x HTTP/1.0||", &[200], "GET /hosted/x HTTP/1.1|host: hosted.test||"),
        ("GET /api/v3/x HTTP/1.0|Host: a|Host: a||", &[400], ""),
        ("GET /api/v3/x HTTP/1.0|Connection: keep-alive||", &[200, 200], "GET /api/x HTTP/1.1|host: upstream||"),
        ("POST /api/v3/x HTTP/1.0||", &[200], "POST /api/x HTTP/1.1|host: upstream||"),
    ];
    check("olds", rows).await;
}

/// An answer that does not wait for the body: what is left of it is no request.
#[tokio::test]
async fn an_early_answer_poisons_nothing() {
    let hidden = "GET /api/v3/hidden HTTP/1.1|Host: a||";
    let long = format!("{hidden}{}", "x".repeat(300_000));
    let (short, long_length) = (raw(hidden).len(), raw(&long).len());
    let some = format!("{hidden}{}", "x".repeat(60_000));
    let some_length = raw(&some).len();
    let row = |head: String, body: &str| &*Box::leak(format!("{head}||{body}").into_boxed_str());
    let rows: &[Row] = &[
        (row(format!("POST /api/v1/x HTTP/1.1|Host: a|Content-Length: {short}"), hidden), &[410, 200], ""),
        (row(format!("POST /api/v9/x HTTP/1.1|Host: a|Content-Length: {short}"), hidden), &[404, 200], ""),
        (row(format!("POST /elsewhere HTTP/1.1|Host: a|Content-Length: {short}"), hidden), &[404, 200], ""),
        (row(format!("POST /api/v3/x HTTP/1.1|Host: a,b|Content-Length: {short}"), hidden), &[400], ""),
        (row(format!("TRACE /api/v3/x HTTP/1.1|Host: a|Content-Length: {short}"), hidden), &[405], ""),
        (
            row(
                "POST /api/v1/x HTTP/1.1|Host: a|Transfer-Encoding: chunked".into(),
                &format!("{short:x}|{hidden}|0||"),
            ),
            &[410, 200],
            "",
        ),
        (row(format!("POST /api/v1/x HTTP/1.1|Host: a|Content-Length: {long_length}"), &long), &[410], ""),
        // A little is read and forgotten, in however many parts it comes.
        (row(format!("POST /api/v1/x HTTP/1.1|Host: a|Content-Length: {some_length}"), &some), &[410, 200], ""),
        (
            row(
                "POST /api/v1/x HTTP/1.1|Host: a|Transfer-Encoding: chunked".into(),
                &format!("{}0||", format!("{short:x}|{hidden}|").repeat(50)),
            ),
            &[410, 200],
            "",
        ),
    ];
    check("early", rows).await;
}

#[tokio::test]
async fn a_head_has_limits() {
    let row = |text: String| &*Box::leak(text.into_boxed_str());
    let target = |length: usize| row(format!("GET /api/v3/{} HTTP/1.1|Host: a||", "x".repeat(length - 8)));
    let fields = |count: usize| row(format!("GET /api/v3/x HTTP/1.1|Host: a|{}|", "X: y|".repeat(count - 1)));
    let value = |length: usize| row(format!("GET /api/v3/x HTTP/1.1|Host: a|X: {}||", "x".repeat(length)));
    let long = row(format!("GET /api/{} HTTP/1.1|host: a||", "x".repeat(8192 - 8)));
    let many = row(format!("GET /api/x HTTP/1.1|host: a|{}|", "x: y|".repeat(99)));
    let wide = row(format!("GET /api/x HTTP/1.1|host: a|x: {}||", "x".repeat(32_000)));
    let rows: &[Row] = &[
        (target(8192), &[200, 200], long),
        (target(8193), &[414], ""),
        (target(70_000), &[414], ""),
        (fields(100), &[200, 200], many),
        (fields(101), &[431], ""),
        (value(32_000), &[200, 200], wide),
        (value(33_000), &[431], ""),
        (row(format!("{} /api/v3/x HTTP/1.1|Host: a||", "A".repeat(100_000))), &[501], ""),
    ];
    check("limits", rows).await;
}
