//! What operators do to versions and instances.

use super::*;

const ACT: &str = r#"{"by":"ops","reason":"an incident"}"#;

#[tokio::test]
async fn every_act_says_who_and_why() {
    let desk = Desk::new("acts", "STATE").await;
    let gateway = desk.start().await;
    let extend = r#"{"by":"ops","reason":"r","consumer":"bob","until":"2099-01-01"}"#;
    let rows = [
        ("/apis/acts/pause", ACT, 200, ""),
        ("/apis/acts/resume", ACT, 200, ""),
        ("/apis/acts/versions/1/hold", ACT, 200, ""),
        ("/apis/acts/versions/v1/release", ACT, 200, ""),
        ("/apis/acts/versions/9/hold", ACT, 404, "there are 1, 2, 3"),
        ("/apis/none/pause", ACT, 404, "there are acts"),
        ("/apis/acts/pause", "", 400, "a JSON object"),
        ("/apis/acts/pause", "[]", 400, "a JSON object"),
        ("/apis/acts/pause", r#"{"by":"ops"}"#, 400, "reason"),
        ("/apis/acts/pause", r#"{"by":" ","reason":"r"}"#, 400, "by"),
        ("/apis/acts/pause", r#"{"by":"ops","reason":"r","for":"1h"}"#, 400, "no member"),
        ("/apis/acts/versions/1/extend", extend, 200, ""),
        ("/apis/acts/versions/2/extend", extend, 400, "no sunset"),
        ("/apis/acts/versions/1/extend", ACT, 400, "consumer"),
        (
            "/apis/acts/versions/1/extend",
            r#"{"by":"a","reason":"r","consumer":"b","until":"2020-01-01"}"#,
            400,
            "does not go past",
        ),
        ("/apis/acts/versions/1/extend", r#"{"by":"a","reason":"r","consumer":"b","until":"soon"}"#, 400, "no date"),
        ("/upstreams/none/drain", r#"{"by":"a","reason":"r","instance":"x"}"#, 404, "there are shop"),
        ("/upstreams/shop/drain", r#"{"by":"a","reason":"r","instance":"x"}"#, 404, "there are http://127.0.0.1:"),
    ];
    for (path, body, status, part) in rows {
        let reply = gateway.ask(&format!("POST {path}"), body).await;
        assert_eq!(reply.status, status, "{path} {body}\n{}", reply.body);
        let detail = reply.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert!(detail.contains(part), "{path} {body}: {detail}");
    }
    let audit = gateway.ask("GET /audit", "").await.json();
    let acts: Vec<&str> =
        audit["acts"].as_array().expect("a list").iter().map(|act| act["what"].as_str().expect("a text")).collect();
    assert_eq!(acts, ["start", "pause", "resume", "hold", "release", "extend"]);
    let last = &audit["acts"][5];
    assert_eq!((&last["by"], &last["via"]), (&"ops".into(), &"127.0.0.1".into()));
    assert_eq!(last["target"], "acts 1 for bob until 2099-01-01T00:00:00Z");
    assert_eq!(desk.kept("audit.jsonl").lines().count(), 6);
    let large = format!("{{\"by\":\"{}\"}}", "x".repeat(70_000));
    assert_eq!(gateway.ask("POST /apis/acts/pause", &large).await.status, 413);
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn what_is_done_holds() {
    let desk = Desk::new("hold", "").await;
    let gateway = desk.start().await;
    let get = |consumer: &str| {
        format!("GET /api/v1/users/1 HTTP/1.1\r\nHost: a\r\nX-Consumer: {consumer}\r\nConnection: close\r\n\r\n")
    };
    assert_eq!(gateway.send(&get("bob")).await.status, 410);
    let extend = r#"{"by":"ops","reason":"a contract","consumer":"bob","until":"2099-01-01"}"#;
    assert_eq!(gateway.ask("POST /apis/hold/versions/1/extend", extend).await.status, 200);
    let theirs = gateway.send(&get("bob")).await;
    assert_eq!((theirs.status, theirs.field("sunset")), (200, "Thu, 01 Jan 2099 00:00:00 GMT"), "{}", theirs.head);
    assert_eq!(theirs.field("vary"), "x-consumer");
    assert_eq!(gateway.send(&get("ann")).await.status, 410);

    assert_eq!(gateway.ask("POST /apis/hold/versions/1/hold", ACT).await.status, 200);
    assert_eq!(gateway.send(&get("ann")).await.status, 200);
    let versions = gateway.ask("GET /versions", "").await.json();
    let first = &versions["apis"][0]["versions"][0];
    assert_eq!((&first["phase"], &first["held"]), (&"deprecated".into(), &true.into()));
    assert_eq!(first["extensions"], serde_json::json!({ "bob": "2099-01-01T00:00:00Z" }));
    assert!(first["last_used"].is_string() && versions["apis"][0]["versions"][1]["last_used"].is_null());
    assert_eq!(gateway.ask("POST /apis/hold/versions/1/release", ACT).await.status, 200);
    assert_eq!(gateway.send(&get("ann")).await.status, 410);
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn an_instance_is_drained() {
    let desk = Desk::new("drain", "").await;
    let gateway = desk.start().await;
    let url = format!("http://127.0.0.1:{}", desk.port);
    let body = format!("{{\"by\":\"ops\",\"reason\":\"a new disk\",\"instance\":\"{url}/\"}}");
    for (path, state, status) in [("drain", "draining", 503), ("undrain", "up", 200)] {
        assert_eq!(gateway.ask(&format!("POST /upstreams/shop/{path}"), &body).await.status, 200);
        let upstreams = gateway.ask("GET /upstreams", "").await.json();
        let instance = &upstreams["upstreams"][0]["instances"][0];
        let expected = serde_json::json!({
            "url": url, "address": null, "weight": 1, "state": state, "pending": 0, "speaks": { "drain": "3" }, "learned": null,
        });
        assert_eq!(*instance, expected);
        assert_eq!(gateway.get("/api/v3/users/1").await.status, status, "{path}");
    }
    assert!(gateway.stop().await);
}
