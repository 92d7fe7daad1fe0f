//! What an upstream may answer, and what its client gets.

use crate::gateway::wire::{PROBE, Script, Wire, raw};

/// Ends of paths, what is answered there, and whether the connection ends then.
const SCRIPT: Script = &[
    ("/length", "HTTP/1.1 200 OK|Content-Length: 5||hello", false),
    ("/chunks", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||5|hello|0||", false),
    ("/upper", "HTTP/1.1 200 OK|Transfer-Encoding: CHUNKED||5|hello|0||", false),
    ("/close", "HTTP/1.1 200 OK||hello", true),
    ("/old", "HTTP/1.0 200 OK|Content-Length: 5||hello", true),
    ("/old-close", "HTTP/1.0 200 OK||hello", true),
    ("/old-alive", "HTTP/1.0 200 OK|Connection: keep-alive|Content-Length: 5||hello", false),
    ("/reason", "HTTP/1.1 200 <b>||hello", true),
    ("/strange", "HTTP/1.1 299 x|Content-Length: 5||hello", false),
    (
        "/early",
        "HTTP/1.1 100 Continue||HTTP/1.1 103 Early Hints|Link: </x>||HTTP/1.1 200 OK|Content-Length: 5||hello",
        false,
    ),
    ("/both", "HTTP/1.1 200 OK|Content-Length: 5|Transfer-Encoding: chunked||5|hello|0||", false),
    ("/both-turned", "HTTP/1.1 200 OK|Transfer-Encoding: chunked|Content-Length: 3||5|hello|0||", false),
    ("/gzip", "HTTP/1.1 200 OK|Transfer-Encoding: gzip||hello", true),
    ("/gzip-chunked", "HTTP/1.1 200 OK|Transfer-Encoding: gzip, chunked||5|hello|0||", false),
    ("/twice", "HTTP/1.1 200 OK|Transfer-Encoding: chunked|Transfer-Encoding: chunked||5|hello|0||", false),
    ("/identity", "HTTP/1.1 200 OK|Transfer-Encoding: identity|Content-Length: 5||hello", true),
    ("/old-chunks", "HTTP/1.0 200 OK|Transfer-Encoding: chunked||5|hello|0||", true),
    ("/list", "HTTP/1.1 200 OK|Content-Length: 5, 5||hello", false),
    ("/lengths", "HTTP/1.1 200 OK|Content-Length: 5|Content-Length: 6||hello", false),
    ("/signed", "HTTP/1.1 200 OK|Content-Length: +5||hello", false),
    ("/huge", "HTTP/1.1 200 OK|Content-Length: 18446744073709551616||hello", false),
    ("/101", "HTTP/1.1 101 Switching Protocols|Upgrade: websocket|Connection: upgrade||hello", false),
    ("/fold", "HTTP/1.1 200 OK|X: a| b|Content-Length: 5||hello", true),
    ("/space", "HTTP/1.1 200 OK|X : a|Content-Length: 5||hello", true),
    ("/cr", "HTTP/1.1 200 OK|X: a\rb|Content-Length: 5||hello", true),
    ("/nul", "HTTP/1.1 200 OK|X: a\0b|Content-Length: 5||hello", true),
    ("/version", "HTTP/3.0 200 OK|Content-Length: 5||hello", true),
    ("/noise", "hello|", true),
    ("/nothing", "", true),
    ("/half", "HTTP/1.1 200 OK|Content-Le", true),
    ("/204", "HTTP/1.1 204 No Content||", false),
    ("/204-body", "HTTP/1.1 204 No Content|Content-Length: 5||hello", false),
    ("/204-chunks", "HTTP/1.1 204 No Content|Transfer-Encoding: chunked||5|hello|0||", false),
    ("/304", "HTTP/1.1 304 Not Modified|ETag: \"a\"||", false),
    (
        "/304-body",
        "HTTP/1.1 304 Not Modified|Content-Length: 53||HTTP/1.1 200 OK|Content-Length: 8|X: y|||poisoned",
        false,
    ),
    ("/head", "HTTP/1.1 200 OK|Content-Length: 5||", false),
    ("/head-body", "HTTP/1.1 200 OK|Content-Length: 5||HTTP/1.1 200 OK|Content-Length: 8||poisoned", false),
    ("/extra", "HTTP/1.1 200 OK|Content-Length: 5||helloHTTP/1.1 200 OK|Content-Length: 8||poisoned", false),
    (
        "/extra-chunk",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||5|hello|0||HTTP/1.1 200 OK|Content-Length: 8||poisoned",
        false,
    ),
];

#[tokio::test]
async fn an_answer_is_clear_or_a_502() {
    let wire = Wire::start("answers", SCRIPT).await;
    let rows: [(&str, u16, &str); 40] = [
        ("GET /length", 200, "hello"),
        ("GET /chunks", 200, "5\r\nhello\r\n0\r\n\r\n"),
        ("GET /upper", 200, "5\r\nhello\r\n0\r\n\r\n"),
        ("GET /close", 200, "5\r\nhello\r\n0\r\n\r\n"),
        ("GET /old", 200, "hello"),
        ("GET /old-close", 200, "5\r\nhello\r\n0\r\n\r\n"),
        ("GET /old-alive", 200, "hello"),
        ("GET /reason", 200, "5\r\nhello\r\n0\r\n\r\n"),
        ("GET /strange", 299, "hello"),
        ("GET /early", 200, "hello"),
        ("GET /both", 502, ""),
        ("GET /both-turned", 502, ""),
        ("GET /gzip", 502, ""),
        ("GET /gzip-chunked", 502, ""),
        ("GET /twice", 502, ""),
        ("GET /identity", 502, ""),
        ("GET /old-chunks", 502, ""),
        ("GET /list", 502, ""),
        ("GET /lengths", 502, ""),
        ("GET /signed", 502, ""),
        ("GET /huge", 502, ""),
        ("GET /101", 502, ""),
        ("GET /fold", 502, ""),
        ("GET /space", 502, ""),
        ("GET /cr", 502, ""),
        ("GET /nul", 502, ""),
        ("GET /version", 502, ""),
        ("GET /noise", 502, ""),
        ("GET /nothing", 502, ""),
        ("GET /half", 502, ""),
        ("GET /204", 204, ""),
        ("GET /204-body", 204, ""),
        ("GET /204-chunks", 204, ""),
        ("GET /304", 304, ""),
        ("GET /304-body", 304, ""),
        ("HEAD /head", 200, ""),
        ("HEAD /head-body", 200, ""),
        ("HEAD /both", 502, ""),
        ("GET /extra", 200, "hello"),
        ("GET /extra-chunk", 200, "5\r\nhello\r\n0\r\n\r\n"),
    ];
    let mut wrong = Vec::new();
    for (what, status, body) in rows {
        let (method, path) = what.split_once(' ').expect("a method and a path");
        let request = format!("{method} /api/v3{path} HTTP/1.1|Host: a||{PROBE}");
        let answers = wire.talk(&raw(&request)).await;
        let ok = matches!(&*answers, [first, probed]
            if first.status == status && (first.body == body || status == 502) && first.head.starts_with("HTTP/1.1 ")
            && (probed.status, &*probed.body) == (200, "ok"));
        if !ok {
            wrong.push(format!("{what}: {answers:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    wire.stop().await;
}

/// Fields and trailers of one hop, by the way back.
const HOPS: Script = &[
    (
        "/named",
        "HTTP/1.1 200 OK|Connection: X-A, keep-alive|Connection: x-b|X-A: 1|X-B: 2|X-C: 3|Content-Length: 5||hello",
        false,
    ),
    (
        "/known",
        "HTTP/1.1 200 OK|Keep-Alive: timeout=5|Proxy-Connection: close|Upgrade: h2c|TE: x|HTTP2-Settings: x|\
         Content-Length: 5||hello",
        false,
    ),
    ("/frames", "HTTP/1.1 200 OK|Connection: content-length, transfer-encoding|Content-Length: 5||hello", false),
    (
        "/trailers",
        "HTTP/1.1 200 OK|Connection: x-a|Trailer: x-sum, x-a, upgrade, set-cookie, content-length|\
         Transfer-Encoding: chunked||5|hello|0|X-Sum: 1|X-A: 2|Upgrade: h2c|Set-Cookie: a|Content-Length: 9||",
        false,
    ),
];

#[tokio::test]
async fn what_is_for_this_hop_ends_here() {
    let wire = Wire::start("back", HOPS).await;
    let rows = [
        ("/named", "x-c: 3|content-length: 5", "hello"),
        ("/known", "content-length: 5", "hello"),
        ("/frames", "content-length: 5", "hello"),
        (
            "/trailers",
            "trailer: x-sum, x-a, upgrade, set-cookie, content-length|transfer-encoding: chunked",
            "5|hello|0|x-sum: 1||",
        ),
    ];
    for (path, head, body) in rows {
        let request = format!("GET /api/v3{path} HTTP/1.1|Host: a|TE: trailers||{PROBE}");
        let answers = wire.talk(&raw(&request)).await;
        assert_eq!(answers.len(), 2, "{path} {answers:?}");
        // The gateway's own are others' tables.
        let own = |line: &&str| !["date: ", "api-version: ", "vary: "].iter().any(|own| line.starts_with(own));
        let got: Vec<&str> = answers[0].head.split("\r\n").skip(1).filter(own).collect();
        assert_eq!((got.join("|"), answers[0].body.replace("\r\n", "|")), (head.into(), body.into()), "{path}");
    }
    wire.stop().await;
}

#[tokio::test]
async fn too_many_fields_are_a_502() {
    const MANY: &str = "X: y|X: y|X: y|X: y|X: y|X: y|X: y|X: y|X: y|X: y|";
    let reply = format!("HTTP/1.1 200 OK|{}Content-Length: 5||hello", MANY.repeat(10));
    let script = Box::leak(Box::new([("/many", &*Box::leak(reply.into_boxed_str()), false)]));
    let wire = Wire::start("many", script).await;
    let answers = wire.talk(&raw(&format!("GET /api/v3/many HTTP/1.1|Host: a||{PROBE}"))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [502, 200]);
    wire.stop().await;
}

/// What a client writes comes back as data, in no body and no field as anything else.
#[tokio::test]
async fn nothing_is_reflected_as_it_came() {
    let wire = Wire::start("mirror", &[]).await;
    let rows = [
        "GET /api/v%3Cscript%3E/x HTTP/1.1|Host: a|Connection: close||",
        "GET /api/v\"><script>/x HTTP/1.1|Host: a|Connection: close||",
        "GET /api/v2/x?a=>;rel=\"evil\",<script> HTTP/1.1|Host: a|Connection: close||",
        "GET /api/v1/x?a=>;rel=\"evil\",<script> HTTP/1.1|Host: a|Connection: close||",
        "GET /api/v1/\"x{y}\",z HTTP/1.1|Host: a|Connection: close||",
        "GET /api/v1/<script>x HTTP/1.1|Host: a|Connection: close||",
        "GET /api/v1/x%0d%0aX-Evil:%20y HTTP/1.1|Host: a|Connection: close||",
        "GET /api/v1/x?%0d%0aX-Evil:%20y HTTP/1.1|Host: a|Connection: close||",
        "<script> /api/v3/x HTTP/1.1|Host: a|Connection: close||",
        "GET /api/v1/x HTTP/1.1|Host: <script>|Connection: close||",
        "GET /api/v1/x HTTP/1.1|Host: a|Accept: <script>|User-Agent: <script>|Connection: close||",
    ];
    for row in rows {
        for answer in wire.talk(&raw(row)).await {
            let text = format!("{}\n{}", answer.head, answer.body).to_ascii_lowercase();
            assert!(
                answer.body.is_empty() || serde_json::from_str::<serde_json::Value>(&answer.body).is_ok(),
                "{text}"
            );
            assert!(!text.contains("<script") && !text.contains("\nx-evil") && !text.contains("rel=\"evil"), "{text}");
        }
    }
    wire.stop().await;
}
