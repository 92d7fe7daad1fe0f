//! Every path that changes something, as an operator who makes mistakes asks it: each gets the right status, and a
//! problem that says what to do.

use super::*;

const SAID: &str = r#"{"by":"ops","reason":"r"}"#;

#[tokio::test]
async fn each_mistake_is_reported() {
    let desk = Desk::new("mistakes", "STATE").await;
    let gateway = desk.start().await;
    let large = format!("{{\"by\":\"{}\"}}", "x".repeat(65_600));
    // What changes something, without what it is about.
    let writes = [
        "POST /apis/mistakes/pause",
        "POST /apis/mistakes/resume",
        "POST /apis/mistakes/versions/1/hold",
        "POST /apis/mistakes/versions/1/release",
        "POST /apis/mistakes/versions/1/extend",
        "POST /apis/mistakes/versions/1/withdraw",
        "POST /upstreams/shop/drain",
        "POST /upstreams/shop/undrain",
        "POST /config/reload",
        "POST /rollback",
    ];
    for path in writes {
        let rows: [(&str, &str, &str, u16, &str); 13] = [
            ("", "", "", 400, "\"by\" and \"reason\" (who"),
            ("", "", "{", 400, "must be a JSON object: EOF"),
            ("", "", "\"ops\"", 400, "must be a JSON object"),
            ("", "", "by=ops&reason=r", 400, "must be a JSON object: expected value"),
            ("", "", r#"{"by":"ops","reason":""}"#, 400, "\"by\" and \"reason\" (who"),
            ("", "", r#"{"by":"ops","reason":["r"]}"#, 400, "\"by\" and \"reason\" (who"),
            ("?by=ops", "", SAID, 400, "\"by\" is given twice"),
            ("?why=r", "", SAID, 400, "unknown member `why`; known: by, reason"),
            ("", "", &large, 413, "larger than 65536 bytes"),
            ("", "Content-Type: text/xml", SAID, 415, "send application/json"),
            ("", "Content-Type: application/toml", SAID, 415, "send application/json"),
            ("", "Content-Encoding: gzip", SAID, 415, "send it without one"),
            ("", "Content-Type: application/x-www-form-urlencoded", "{", 400, "must be a JSON object: EOF"),
        ];
        for (query, field, body, status, part) in rows {
            let head = format!("{path}{query}\n{field}");
            told(&gateway, head.trim_end(), body, status, part).await;
        }
        told(&gateway, &path.replace("POST", "GET"), "", 405, "use one of the methods of this path: POST").await;
        told(&gateway, &path.replace("POST", "PUT"), SAID, 405, "use one of the methods of this path: POST").await;
    }
    let until = |date: &str| format!(r#"{{"by":"ops","reason":"r","consumer":"bob","until":"{date}"}}"#);
    let of = |instance: &str| format!(r#"{{"by":"ops","reason":"r","instance":"{instance}"}}"#);
    let rows = [
        ("/apis/none/pause", SAID.to_owned(), 404, "unknown api `none`; known: mistakes"),
        ("/apis/none/versions/1/hold", SAID.to_owned(), 404, "unknown api `none`"),
        ("/apis/mistakes/versions/9/hold", SAID.to_owned(), 404, "unknown version `9`; known: 1, 2, 3"),
        ("/apis/mistakes/versions/%31%2e0/release", SAID.to_owned(), 404, "unknown version `1.0`"),
        ("/apis/mistakes/versions/1/extend", SAID.to_owned(), 400, "\"consumer\" is required"),
        ("/apis/mistakes/versions/1/extend", until(""), 400, "\"until\" is required"),
        ("/apis/mistakes/versions/1/extend", until("2027-02-30"), 400, "\"until\" is not a date"),
        ("/apis/mistakes/versions/1/extend", until("2021-01-02"), 400, "which is in the past; to end an extension"),
        ("/apis/mistakes/versions/1/extend", until("2207-01-01"), 400, "more than 100 years in the future"),
        ("/apis/mistakes/versions/1/extend", until("9999-12-31"), 400, "outside the years 1970 to 9999"),
        ("/apis/mistakes/versions/9/extend", until("2099-01-01"), 404, "unknown version `9`"),
        ("/apis/mistakes/versions/2/extend", until("2099-01-01"), 409, "has no sunset to extend"),
        ("/apis/mistakes/versions/1/withdraw", SAID.to_owned(), 400, "\"consumer\" is required"),
        ("/upstreams/none/drain", of("x"), 404, "unknown upstream `none`; known: shop"),
        ("/upstreams/shop/drain", of("x"), 404, "unknown instance `x`; known: http://127.0.0.1:"),
        ("/upstreams/shop/undrain", SAID.to_owned(), 400, "\"instance\" is required"),
        ("/rollback", r#"{"by":"ops","reason":"r","to":0}"#.to_owned(), 404, "unknown revision 0; known: [1]"),
        ("/rollback", r#"{"by":"ops","reason":"r","to":"1st"}"#.to_owned(), 400, "\"to\" must be a whole number"),
        ("/rollback", r#"{"by":"ops","reason":"r","to":-1}"#.to_owned(), 400, "\"to\" must be a whole number"),
        ("/rollback", SAID.to_owned(), 409, "no earlier revision is kept"),
        ("/rollback", r#"{"by":"ops","reason":"r","force":"yes"}"#.to_owned(), 400, "\"force\" must be true or false"),
        ("/config/reload?force=1", SAID.to_owned(), 400, "\"force\" must be true or false"),
    ];
    for (path, body, status, part) in rows {
        told(&gateway, &format!("POST {path}"), &body, status, part).await;
    }
    let audit = gateway.ask("GET /audit", "").await.json();
    let done: Vec<&Value> = audit["acts"].as_array().expect("a list").iter().map(|act| &act["what"]).collect();
    assert!(
        done.iter().all(|what| *what == "start" || what.as_str().is_some_and(|what| what.ends_with("-refused"))),
        "{done:?}"
    );
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn mistakes_with_a_config() {
    let desk = Desk::new("toml", "").await;
    let gateway = desk.start().await;
    let (text, large) = (desk.text(), "# x\n".repeat(262_200));
    let rows: [(String, &str, u16, &str); 9] = [
        ("PUT /config\nIf-Match: *".to_owned(), &text, 400, "\"by\" and \"reason\" (who"),
        (format!("PUT /config?{WHO}&if=x\nIf-Match: *"), &text, 400, "unknown member `if`"),
        (format!("PUT /config?{WHO}"), &text, 428, "send `If-Match` with the `ETag` of `GET /config`"),
        (format!("PUT /config?{WHO}\nIf-Match: \"stale\""), &text, 412, "repeat `GET /config`"),
        (format!("PUT /config?{WHO}\nIf-Match: stale"), &text, 412, "repeat `GET /config`"),
        (
            format!("PUT /config?{WHO}\nIf-Match: *\nContent-Type: application/json"),
            &text,
            415,
            "send application/toml",
        ),
        (format!("PUT /config?{WHO}\nIf-Match: *"), &large, 413, "larger than 1048576 bytes"),
        (format!("PUT /config?{WHO}\nIf-Match: *"), "", 422, "see `findings`"),
        (format!("PUT /config?{WHO}\nIf-Match: *"), "{}", 422, "see `findings`"),
    ];
    for (head, body, status, part) in rows {
        told(&gateway, &head, body, status, part).await;
    }
    assert_eq!(desk.text(), text, "nothing was written");
    // Without `state`.
    told(&gateway, "GET /revisions", "", 404, "the config has no `state`").await;
    told(&gateway, &format!("POST /rollback?{WHO}"), "", 404, "the config has no `state`").await;
    for path in ["/", "/config/", "/apis/toml", "/versions/1", "/apis/toml/versions/1/hold/x"] {
        told(&gateway, &format!("GET {path}"), "", 404, "unknown path").await;
    }
    told(&gateway, "POST /apis/%ff/pause", "", 404, "a name in it is not UTF-8").await;
    told(&gateway, &format!("POST /apis//pause?{WHO}"), "", 404, "unknown api ``").await;
    told(&gateway, "GET /apis/toml/pause", "", 405, "use one of the methods of this path: POST").await;
    told(&gateway, "DELETE /config", "", 405, "use one of the methods of this path: GET, HEAD, PUT").await;
    std::fs::remove_file(desk.file()).expect("it was there");
    told(&gateway, &format!("POST /config/reload?{WHO}"), "", 422, "see `findings`").await;
    assert_eq!(gateway.get("/api/v3/users/1").await.status, 200);
    assert!(gateway.stop().await);
}

async fn told(gateway: &Gateway, head: &str, body: &str, status: u16, part: &str) {
    let reply = gateway.ask(head, body).await;
    assert_eq!(reply.status, status, "{head} {}", reply.body);
    let detail = reply.json()["detail"].as_str().unwrap_or_default().to_owned();
    assert!(detail.contains(part), "{head}: {detail}");
}
