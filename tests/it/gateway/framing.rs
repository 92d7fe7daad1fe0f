//! HTTP/1 from strangers: one reading of each message, or none.

mod back;
mod broken;
mod heads;
mod hops;
#[cfg(unix)]
mod logs;
mod random;
mod targets;
mod traces;
mod upstream;

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
        // A client that would send another request on the connection has to know that it ends.
        let tells =
            |head: &str| head.starts_with("HTTP/1.0") || head.to_ascii_lowercase().contains("connection: close");
        let told = answers.last().is_none_or(|last| tells(&last.head));
        if probed.is_empty() && !told {
            wrong.push(format!(
                "{request}\n  it does not announce that the connection ends: {:?}",
                answers.last().map(|last| &last.head)
            ));
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
