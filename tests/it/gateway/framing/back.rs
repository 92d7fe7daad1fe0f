//! What of an answer goes on to the client.

use crate::gateway::wire::{PROBE, Script, Wire, raw};

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
async fn no_input_is_reflected_unescaped() {
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
