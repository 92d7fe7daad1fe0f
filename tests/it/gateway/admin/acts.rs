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
        ("/apis/acts/versions/9/hold", ACT, 404, "known: 1, 2, 3"),
        ("/apis/none/pause", ACT, 404, "known: acts"),
        ("/apis/acts/pause", "", 400, "\"by\" and \"reason\" (who"),
        ("/apis/acts/pause", "[]", 400, "a JSON object"),
        ("/apis/acts/pause", r#"{"by":"ops"}"#, 400, "reason"),
        ("/apis/acts/pause", r#"{"by":" ","reason":"r"}"#, 400, "by"),
        ("/apis/acts/pause", r#"{"by":"ops","reason":"r","for":"1h"}"#, 400, "unknown member `for`; known: by, reason"),
        ("/apis/acts/pause?force=true", ACT, 400, "unknown member `force`"),
        ("/apis/acts/versions/1/extend", extend, 200, ""),
        ("/apis/acts/versions/2/extend", extend, 409, "no sunset"),
        ("/apis/acts/versions/1/extend", ACT, 400, "consumer"),
        (
            "/apis/acts/versions/1/extend",
            r#"{"by":"a","reason":"r","consumer":"b","until":"2020-01-01"}"#,
            400,
            "in the past",
        ),
        (
            "/apis/acts/versions/1/extend",
            r#"{"by":"a","reason":"r","consumer":"b","until":"2207-01-01"}"#,
            400,
            "more than 100 years in the future",
        ),
        ("/apis/acts/versions/1/extend", r#"{"by":"a","reason":"r","consumer":"b","until":"soon"}"#, 400, "not a date"),
        ("/upstreams/none/drain", r#"{"by":"a","reason":"r","instance":"x"}"#, 404, "known: shop"),
        ("/upstreams/shop/drain", r#"{"by":"a","reason":"r","instance":"x"}"#, 404, "known: http://127.0.0.1:"),
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
    assert_eq!((&first["phase"], &first["held"]), (&"held".into(), &true.into()));
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
        let gauge = format!("sunward_upstream_up{{upstream=\"shop\",instance=\"127.0.0.1:{}\"}} ", desk.port);
        let metrics = crate::gateway::scrape::dechunk(&gateway.admin("/metrics").await);
        let up = metrics.lines().find_map(|line| line.strip_prefix(&gauge));
        assert_eq!(up, Some(if status == 200 { "1" } else { "0" }), "{path}: {metrics}");
    }
    assert!(gateway.stop().await);
}

/// Each act, how it is taken back, and what `/versions` and `/metrics` say of it meanwhile.
#[tokio::test]
async fn every_act_has_its_way_back() {
    let desk = Desk::new("undo", "STATE").await;
    let gateway = desk.start().await;
    let instance = format!("&instance=http://127.0.0.1:{}", desk.port);
    let (bob, date) = ("&consumer=bob".to_owned(), "&consumer=bob&until=2099-01-01".to_owned());
    let rows = [
        ("/apis/undo/pause", "/apis/undo/resume", String::new(), String::new(), "pause"),
        ("/apis/undo/versions/1/hold", "/apis/undo/versions/1/release", String::new(), String::new(), "hold"),
        ("/apis/undo/versions/1/extend", "/apis/undo/versions/1/withdraw", date, bob, "extend"),
        ("/upstreams/shop/drain", "/upstreams/shop/undrain", instance.clone(), instance, "drain"),
    ];
    for (act, undo, said, unsaid, word) in rows {
        let standing = async || {
            let metrics = gateway.ask("GET /metrics", "").await.body;
            let name = format!("sunward_acts{{act=\"{word}\"}} ");
            let line = metrics.lines().find_map(|line| line.strip_prefix(&name).map(str::to_owned));
            line.unwrap_or_else(|| panic!("{metrics}"))
        };
        let audited = async || gateway.ask("GET /audit", "").await.json()["acts"].as_array().expect("a list").len();
        let before = audited().await;
        for (path, query, changed, count) in
            [(act, &said, true, "1"), (act, &said, false, "1"), (undo, &unsaid, true, "0"), (undo, &unsaid, false, "0")]
        {
            let reply = gateway.ask(&format!("POST {path}?{WHO}{query}"), "").await;
            assert_eq!((reply.status, &reply.json()["changed"]), (200, &changed.into()), "{path} {}", reply.body);
            assert_eq!(reply.json()["kept"], true);
            assert_eq!(standing().await, count, "{path}");
        }
        assert_eq!(audited().await, before + 2, "what changes nothing is no act");
        assert!(!desk.kept("acts.json").contains(word), "{}", desk.kept("acts.json"));
    }
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn an_extension_is_shortened_and_withdrawn() {
    let desk = Desk::new("shorten", "").await;
    let extension = "[[api.extension]]\nconsumer = \"acme\"\nversion = \"1\"\nuntil = 2098-01-01\n\
                     approved_by = \"kim\"\nreason = \"a contract\"\n\n[[upstream]]";
    std::fs::write(desk.file(), desk.text().replace("[[upstream]]", extension)).expect("written");
    let gateway = desk.start().await;
    let extensions =
        async || gateway.ask("GET /versions", "").await.json()["apis"][0]["versions"][0]["extensions"].clone();
    let configured = serde_json::json!({ "acme": "2098-01-01T00:00:00Z" });
    let both = |bob: &str, acme: &str| serde_json::json!({ "acme": format!("{acme}-01-01T00:00:00Z"), "bob": format!("{bob}-01-01T00:00:00Z") });
    let rows = [
        ("extend", "bob", "2099-01-01", 200, "", both("2099", "2098")),
        ("extend", "bob", "2090-01-01", 200, "", both("2090", "2098")),
        ("extend", "acme", "2097-01-01", 409, "the config has an extension for acme until 2098", both("2090", "2098")),
        ("extend", "acme", "2099-01-01", 200, "", both("2090", "2099")),
        ("withdraw", "acme", "", 200, "the config has it as `[[api.extension]]`", both("2090", "2098")),
        ("withdraw", "bob", "", 200, "", configured.clone()),
        ("withdraw", "unknown", "", 200, "", configured),
        ("withdraw", "", "", 400, "\"consumer\" is required", serde_json::json!({ "acme": "2098-01-01T00:00:00Z" })),
    ];
    for (act, consumer, until, status, part, expected) in rows {
        let until = if until.is_empty() { String::new() } else { format!("&until={until}") };
        let path = format!("/apis/shorten/versions/1/{act}?{WHO}&consumer={consumer}{until}");
        let reply = gateway.ask(&format!("POST {path}"), "").await;
        assert_eq!(reply.status, status, "{path} {}", reply.body);
        let told =
            [&reply.json()["detail"], &reply.json()["note"]].map(|text| text.as_str().unwrap_or_default().to_owned());
        assert!(told.concat().contains(part), "{path} {}", reply.body);
        assert_eq!(extensions().await, expected, "{path}");
    }
    assert!(gateway.stop().await);
}

/// Where the config says the same, taking an act back is not the end of it, and the answer says so.
#[tokio::test]
async fn an_error_names_what_the_config_sets() {
    let desk = Desk::new("says", "").await;
    let text = desk.text().replace("base_path", "pause = true\nbase_path");
    let text = text.replace("sunset = 2021-01-01", "sunset = 2021-01-01\nhold_sunset = true");
    std::fs::write(desk.file(), text).expect("written");
    let gateway = desk.start().await;
    let rows = [
        ("/apis/says/resume", "the config has `pause = true`"),
        ("/apis/says/versions/1/release", "the config has `hold_sunset = true`"),
        ("/apis/says/pause", "the api has no brownout now"),
        ("/apis/says/versions/3/hold", "the version has no sunset"),
    ];
    for (path, note) in rows {
        let reply = gateway.ask(&format!("POST {path}?{WHO}"), "").await;
        let said = reply.json()["note"].as_str().unwrap_or_default().to_owned();
        assert!(reply.status == 200 && said.contains(note), "{path} {}", reply.body);
    }
    assert!(gateway.stop().await);
}
