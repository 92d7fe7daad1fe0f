//! Bodies that are malformed or not all there: the client's fault, and never a whole request to the upstream.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::gateway::wire::{PROBE, PROBED, Wire, raw, read_all};

#[tokio::test]
async fn a_broken_body_is_the_clients() {
    let wire = Wire::start("broken", &[]).await;
    let long = format!("5;{}|hello|0||", "x".repeat(20_000));
    let framings: [(&str, &str); 18] = [
        ("Content-Length: 9", "hello"),
        ("Transfer-Encoding: chunked", ""),
        ("Transfer-Encoding: chunked", "5|hello"),
        ("Transfer-Encoding: chunked", "5|hello|"),
        ("Transfer-Encoding: chunked", "5|hello|0|"),
        ("Transfer-Encoding: chunked", "zz|hello|0||"),
        ("Transfer-Encoding: chunked", "|hello|0||"),
        ("Transfer-Encoding: chunked", "-5|hello|0||"),
        ("Transfer-Encoding: chunked", "+5|hello|0||"),
        ("Transfer-Encoding: chunked", "0x5|hello|0||"),
        ("Transfer-Encoding: chunked", "5_|hello|0||"),
        ("Transfer-Encoding: chunked", "5 5|hello|0||"),
        ("Transfer-Encoding: chunked", "5|helloX0||"),
        ("Transfer-Encoding: chunked", "4|hello|0||"),
        ("Transfer-Encoding: chunked", "5\nhello\n0\n\n"),
        ("Transfer-Encoding: chunked", "5;a\nb|hello|0||"),
        ("Transfer-Encoding: chunked", "FFFFFFFFFFFFFFFFF|hello|0||"),
        ("Transfer-Encoding: chunked", &long),
    ];
    let mut wrong = Vec::new();
    // Also where the body is read before anything is sent on.
    for (version, media) in [("v3", "text/plain"), ("v2", "application/json")] {
        for (field, body) in framings {
            let request = format!("POST /api/{version}/users HTTP/1.1|Host: a|Content-Type: {media}|{field}||{body}");
            let mut stream = TcpStream::connect(wire.gateway.listen).await.expect("it listens");
            // It may have had enough before all is written.
            let _ = stream.write_all(&raw(&request)).await;
            let _ = stream.shutdown().await;
            let statuses: Vec<u16> = read_all(&mut stream).await.iter().map(|answer| answer.status).collect();
            let after = wire.talk(&raw(PROBE)).await;
            let seen: Vec<String> = wire.seen().into_iter().filter(|request| !request.ends_with("...")).collect();
            if statuses != [400] || seen != [PROBED] || after.len() != 1 || after[0].status != 200 {
                wrong.push(format!("{request:.200}\n  got {statuses:?} {seen:?} {after:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    wire.stop().await;
}
