//! Another config, and what keeps one from being lost.

use super::*;

/// Puts `text` in the place of the config with this tag.
fn put(tag: &str, query: &str) -> String {
    format!("PUT /config?{query}\nIf-Match: {tag}\nContent-Type: application/toml")
}

#[tokio::test]
async fn a_config_is_put_in_the_place_of_the_one_that_is_known() {
    let desk = Desk::new("put", "STATE\n\n[gateway.proxy]\nname = \"${SUNWARD_TEST_HOP:-hop}\"").await;
    let gateway = desk.start().await;
    let got = gateway.ask("GET /config", "").await;
    let (tag, text) = (got.field("etag").to_owned(), desk.text());
    assert_eq!((got.field("content-type"), got.body.as_str()), ("application/toml", text.as_str()));
    assert!(got.body.contains("${SUNWARD_TEST_HOP:-hop}"), "no variable's value is shown");

    let next =
        text.replace("deprecated = 2020-01-01\n\n[[api.version]]\nname = \"3\"", "[[api.version]]\nname = \"3\"");
    assert_ne!(next, text);
    let bad = text.replace("base_path", "base_pat");
    let rows = [
        (format!("PUT /config?{WHO}"), &next, 428),
        (put("\"0000000000000000\"", WHO), &next, 412),
        (put(&format!("W/{tag}"), WHO), &next, 412),
        (put(&tag, WHO), &bad, 422),
        (put(&tag, ""), &next, 400),
        (put(&tag, "force=true"), &next, 400),
    ];
    for (head, text, status) in rows {
        let reply = gateway.ask(&head, text).await;
        assert_eq!(reply.status, status, "{head}\n{}", reply.body);
        if status == 422 {
            let found = &reply.json()["findings"][0];
            assert_eq!((&found["code"], &found["line"]), (&"unknown-key".into(), &9.into()), "{found}");
        }
    }
    assert_eq!(desk.text(), text, "nothing was written");
    let put_it = gateway.ask(&put(&tag, "by=ann&reason=no+date"), &next).await;
    assert_eq!(put_it.status, 200, "{}", put_it.body);
    assert_eq!(desk.text(), next);
    let got = gateway.ask("GET /config", "").await;
    assert_eq!((got.field("etag"), &got.body), (put_it.field("etag"), &next));
    assert_eq!(gateway.get("/api/v2/users/1").await.field("deprecation"), "");
    let audit = gateway.ask("GET /audit", "").await.json();
    let last = audit["acts"].as_array().and_then(|acts| acts.last()).expect("an act");
    assert_eq!((&last["what"], &last["by"], &last["reason"]), (&"put".into(), &"ann".into(), &"no date".into()));
    assert_eq!(gateway.ask(&put("*", WHO), &" ".repeat(1_100_000)).await.status, 413);
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn of_many_who_know_the_same_one_wins() {
    let desk = Desk::new("race", "").await;
    let gateway = desk.start().await;
    let tag = gateway.ask("GET /config", "").await.field("etag").to_owned();
    let texts: Vec<String> = (0..8).map(|n| format!("# {n}\n{}", desk.text())).collect();
    let head = put(&tag, WHO);
    let mut set = tokio::task::JoinSet::new();
    for text in texts {
        let (address, head) = (gateway.admin, head.clone());
        set.spawn(async move { ask_at(address, &head, &text).await.status });
    }
    let mut statuses = set.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
    let served = gateway.ask("GET /config", "").await;
    assert_eq!(served.body, desk.text());
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn a_version_in_use_is_not_dropped_unawares() {
    let desk = Desk::new("protect", "STATE").await;
    let gateway = desk.start().await;
    assert_eq!(gateway.get("/api/v2/users/1").await.status, 200);
    assert!(gateway.stop().await);
    assert!(desk.kept("traffic.json").contains("\"2\": \"20"), "{}", desk.kept("traffic.json"));

    // Another process knows it too.
    let gateway = desk.start().await;
    let tag = gateway.ask("GET /config", "").await.field("etag").to_owned();
    let next = desk.without_2();
    let refused = gateway.ask(&put(&tag, WHO), &next).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    let versions = &refused.json()["versions"];
    assert!(refused.body.contains("`PUT /config?force=true&by=NAME&reason=WHY`"), "{}", refused.body);
    assert_eq!((&versions[0]["api"], &versions[0]["version"]), (&"protect".into(), &"2".into()));
    assert_ne!(desk.text(), next);
    std::fs::write(desk.file(), &next).expect("written");
    let refused = gateway.ask(&format!("POST /config/reload?{WHO}"), "").await;
    let detail = refused.json()["detail"].as_str().expect("a text").to_owned();
    let again = "send `POST /config/reload?force=true&by=NAME&reason=WHY` to the admin listener";
    assert!(refused.status == 409 && detail.contains(again), "{detail}");
    assert_eq!(gateway.ask("POST /config/reload?force=true", "").await.status, 400, "who, and why?");
    assert_eq!(gateway.get("/api/v2/users/1").await.status, 200);
    let metrics = gateway.ask("GET /metrics", "").await.body;
    assert!(metrics.contains("sunward_config_reload_total{result=\"rejected\"}"), "{metrics}");
    let forced = gateway.ask("POST /config/reload?force=true&by=ann&reason=they%20know", "").await;
    assert_eq!(forced.status, 200, "{}", forced.body);
    assert_eq!(forced.json()["changes"][0], "breaking: version 2 is removed");
    assert_eq!(gateway.get("/api/v2/users/1").await.status, 404);
    assert!(desk.kept("audit.jsonl").contains("forced, dropping version 2 of protect"));
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn what_was_not_asked_for_may_be_dropped() {
    for (name, gateway) in [("unused", ""), ("unprotected", "protect = \"off\"")] {
        let desk = Desk::new(name, gateway).await;
        let gateway = desk.start().await;
        if name == "unprotected" {
            assert_eq!(gateway.get("/api/v2/users/1").await.status, 200);
        }
        let reply = gateway.ask(&put("*", WHO), &desk.without_2()).await;
        assert_eq!(reply.status, 200, "{name} {}", reply.body);
        assert!(gateway.stop().await);
    }
}

#[tokio::test]
async fn a_state_that_cannot_be_written_keeps_nothing_from_being_served() {
    let desk = Desk::new("full", "STATE").await;
    std::fs::write(desk.folder.join("state"), "a file, where a folder should be").expect("written");
    let gateway = desk.start().await;
    assert_eq!(gateway.ask("GET /revisions", "").await.status, 404);
    let reply = gateway.ask(&put("*", WHO), &format!("# 2\n{}", desk.text())).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(gateway.get("/api/v3/users/1").await.status, 200);
    assert!(gateway.stop().await);
}

/// A start is not refused: nothing else would be served. But it is not silent.
#[tokio::test]
async fn a_start_without_a_version_in_use_is_logged() {
    let desk = Desk::new("restart", "STATE").await;
    let gateway = desk.start().await;
    assert_eq!(gateway.get("/api/v2/users/1").await.status, 200);
    assert!(gateway.stop().await);
    std::fs::write(desk.file(), desk.without_2()).expect("written");
    let told = async || {
        let gateway = desk.start().await;
        let acts = gateway.ask("GET /audit", "").await.json();
        assert!(gateway.stop().await);
        acts["acts"].as_array().and_then(|acts| acts.last()?["target"].as_str().map(str::to_owned)).expect("a start")
    };
    let first = told().await;
    assert!(first.contains(", dropping versions in use: version 2 of restart, last requested at 20"), "{first}");
    let second = told().await;
    assert!(!second.contains("in use"), "it is what was served before: {second}");
}
