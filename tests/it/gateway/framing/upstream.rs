//! What an upstream may answer, and what its client gets.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::gateway::wire::{PROBE, Script, Wire, raw, read_all};

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
    ("/600", "HTTP/1.1 600 x|Content-Length: 5||hello", false),
    ("/both", "HTTP/1.1 200 OK|Content-Length: 5|Transfer-Encoding: chunked||5|hello|0||", false),
    ("/both-turned", "HTTP/1.1 200 OK|Transfer-Encoding: chunked|Content-Length: 3||5|hello|0||", false),
    ("/gzip", "HTTP/1.1 200 OK|Transfer-Encoding: gzip||hello", true),
    ("/gzip-chunked", "HTTP/1.1 200 OK|Transfer-Encoding: gzip, chunked||5|hello|0||", false),
    ("/twice", "HTTP/1.1 200 OK|Transfer-Encoding: chunked|Transfer-Encoding: chunked||5|hello|0||", false),
    ("/identity", "HTTP/1.1 200 OK|Transfer-Encoding: identity|Content-Length: 5||hello", true),
    ("/old-chunks", "HTTP/1.0 200 OK|Transfer-Encoding: chunked||5|hello|0||", true),
    ("/old-alive-chunks", "HTTP/1.0 200 OK|Connection: keep-alive|Transfer-Encoding: chunked||5|hello|0||", false),
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
    ("/304-length", "HTTP/1.1 304 Not Modified|Content-Length: 5||", false),
    (
        "/304-body",
        "HTTP/1.1 304 Not Modified|Content-Length: 53||HTTP/1.1 200 OK|Content-Length: 8|X: y|||poisoned",
        false,
    ),
    ("/204-bare", "HTTP/1.1 204 No Content||HTTP/1.1 200 OK|Content-Length: 8||poisoned", false),
    ("/304-bare", "HTTP/1.1 304 Not Modified||HTTP/1.1 200 OK|Content-Length: 8||poisoned", false),
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
    let rows: [(&str, u16, &str); 45] = [
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
        ("GET /600", 502, ""),
        ("GET /both", 502, ""),
        ("GET /both-turned", 502, ""),
        ("GET /gzip", 502, ""),
        ("GET /gzip-chunked", 502, ""),
        ("GET /twice", 502, ""),
        ("GET /identity", 502, ""),
        ("GET /old-chunks", 502, ""),
        ("GET /old-alive-chunks", 502, ""),
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
        ("GET /304-length", 304, ""),
        ("GET /304-body", 304, ""),
        ("GET /204-bare", 204, ""),
        ("GET /304-bare", 304, ""),
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

/// Behind a response with a doubtful end nothing more is sent on its connection.
#[tokio::test]
async fn what_is_doubtful_ends_the_upstreams_connection() {
    let wire = Wire::start("doubts", SCRIPT).await;
    let rows = [
        "/both",
        "/both-turned",
        "/gzip-chunked",
        "/twice",
        "/old-alive-chunks",
        "/list",
        "/101",
        "/204-body",
        "/204-chunks",
        "/304-length",
        "/304-body",
        "/204-bare",
        "/304-bare",
        "/head",
        "/head-body",
        "/extra",
        "/extra-chunk",
    ];
    for path in rows {
        let method = if path.starts_with("/head") { "HEAD" } else { "GET" };
        wire.talk(&raw(&format!("{method} /api/v3{path} HTTP/1.1|Host: a||{PROBE}"))).await;
        let seen = wire.seen_on();
        assert!(matches!(&*seen, [(first, _), (second, _)] if first != second), "{path} {seen:?}");
    }
    wire.stop().await;
}

/// No reader takes an answer that breaks off for a complete one.
#[tokio::test]
async fn an_answer_that_breaks_off_is_seen_to() {
    const BROKEN: Script = &[
        ("/short", "HTTP/1.1 200 OK|Content-Length: 9||hello", true),
        ("/no-end", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||5|hello|", true),
        ("/no-size", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||5|hello|zz|hello|0||", false),
        ("/no-line", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||5|hello0||", false),
    ];
    let wire = Wire::start("breaks", BROKEN).await;
    for (path, ..) in BROKEN {
        let answers = wire.talk(&raw(&format!("GET /api/v3{path} HTTP/1.1|Host: a||{PROBE}"))).await;
        let whole = |body: &str| body.len() == 9 || body.ends_with("0\r\n\r\n");
        assert!(answers.len() <= 1 && answers.iter().all(|answer| !whole(&answer.body)), "{path} {answers:?}");
        let after = wire.talk(&raw(PROBE)).await;
        assert_eq!((after.len(), after[0].status, &*after[0].body), (1, 200, "ok"), "{path}");
    }
    wire.stop().await;
}

/// An upstream that does not wait for the body: its answer passes, and what is left of the body is no request.
#[tokio::test]
async fn an_early_answer_poisons_nothing() {
    const EARLY: Script = &[("/x-early", "HTTP/1.1 413 Too Large|Content-Length: 5||large", false)];
    let wire = Wire::start("earlier", EARLY).await;
    let hidden = "GET /api/v3/hidden HTTP/1.1|Host: a||".repeat(20);
    for length in [5, raw(&hidden).len(), 2 * raw(&hidden).len()] {
        let body = &hidden[..length.min(hidden.len())];
        let request = format!("POST /api/v3/x-early HTTP/1.1|Host: a|Content-Length: {length}||{body}");
        let mut stream = TcpStream::connect(wire.gateway.listen).await.expect("it listens");
        // It may have had enough before all is written.
        let _ = stream.write_all(&raw(&request)).await;
        let _ = stream.shutdown().await;
        let answers = read_all(&mut stream).await;
        assert!(answers.iter().all(|answer| matches!(answer.status, 400 | 413)), "{answers:?}");
        let after = wire.talk(&raw(PROBE)).await;
        assert_eq!((after.len(), after[0].status, &*after[0].body), (1, 200, "ok"), "{length}");
        let seen = wire.seen();
        assert!(seen.iter().all(|request| !request.starts_with("GET /api/hidden")), "{seen:?}");
    }
    wire.stop().await;
}
