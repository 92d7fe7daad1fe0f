//! Who uses what, as programs ask for it.

use std::time::Duration;

use sunward::clock::{Clock, SystemClock};
use sunward::usage::{Caller, Ledger, SqlLedger, UsedRoute};

use super::{Desk, WHO};

/// Fills the ledger of a gateway that is to be started.
async fn fill(desk: &Desk) {
    let state = desk.folder.join("state");
    std::fs::create_dir_all(&state).expect("a folder");
    let store = SqlLedger::open(&state.join("ledger.sqlite"), "default").await.expect("a ledger");
    let (ledger, now) = (Ledger::new(), SystemClock.now());
    for (days, version, consumer) in [(6, "2", "acme"), (1, "2", "acme"), (1, "3", "umbrella")] {
        let route = UsedRoute::new("usage", version, "GET", "/users/{id}");
        let caller = Caller::new(&route).with_consumer(consumer).with_request_id("request-1");
        ledger.tally(now.saturating_sub(Duration::from_secs(days * 86_400)), &caller).add(200, None, 10);
    }
    ledger.flush(&store, now).await.expect("written");
    store.close().await;
}

#[tokio::test]
async fn programs_get_what_commands_print() {
    let desk = Desk::new("usage", "STATE").await;
    fill(&desk).await;
    let gateway = desk.start().await;
    let ask = async |path: &str| gateway.ask(&format!("GET {path}"), "").await;

    let lines = ask("/apis/usage/usage").await.json();
    assert_eq!((&lines["usage"][0]["version"], &lines["usage"][0]["requests"]), (&"2".into(), &2.into()));
    let lines = ask("/apis/usage/usage?by=consumer&since=3d&version=2").await.json();
    assert_eq!((&lines["usage"][0]["consumer"], &lines["usage"][0]["requests"]), (&"acme".into(), &1.into()));
    assert_eq!(ask("/apis/usage/usage?by=route").await.json()["usage"][0]["route"], "GET /users/{id}");
    assert_eq!(ask("/apis/usage/usage?by=change").await.json()["changes"], serde_json::json!([]));

    let ready = ask("/apis/usage/versions/2/ready?quiet_for=12h&max_requests=0").await.json();
    assert_eq!((&ready["ready"], &ready["environment"]), (&false.into(), &"default".into()));
    let ready = ask("/apis/usage/versions/2/ready").await.json();
    let blocker = ready["blockers"].as_array().and_then(|all| all.iter().find(|it| it["consumer"] == "acme"));
    assert_eq!(blocker.expect("it uses it")["last_request"], "request-1");

    let acme = ask("/apis/usage/consumers/acme?from=2").await.json();
    assert_eq!((&acme["usage"][0]["requests"], &acme["guide"]["to"]), (&2.into(), &"3".into()));
    assert_eq!(acme["guide"]["changes"], serde_json::json!([]));

    let wrong = [
        ("/apis/other/usage", 404, "unknown api"),
        ("/apis/usage/usage?version=9", 404, "unknown version"),
        ("/apis/usage/usage?by=day", 400, "day"),
        ("/apis/usage/usage?untill=3d", 400, "untill"),
        ("/apis/usage/usage?since=soon", 400, "neither a time nor a duration"),
        ("/apis/usage/versions/2/ready?quiet_for=soon", 400, "no duration"),
        ("/apis/usage/consumers/amce", 404, "did you mean `acme`?"),
        ("/apis/usage/consumers/acme?to=3", 400, "`to` has no `from`"),
        ("/apis/usage/consumers/acme?from=3&to=2", 400, "2 is not newer than 3"),
    ];
    for (path, status, detail) in wrong {
        let reply = ask(path).await;
        assert!(reply.status == status && reply.body.contains(detail), "{path}: {}", reply.body);
    }

    let refused = gateway.ask("DELETE /apis/usage/consumers/acme", "").await;
    assert!(refused.status == 400 && refused.body.contains("by"), "{}", refused.body);
    let done = gateway.ask(&format!("DELETE /apis/usage/consumers/acme?{WHO}"), "").await.json();
    assert_eq!((&done["done"], &done["requests"]), (&"forget".into(), &2.into()));
    assert_eq!(ask("/apis/usage/consumers/acme").await.status, 404);
    assert_eq!(gateway.ask(&format!("DELETE /apis/usage/consumers/acme?{WHO}"), "").await.status, 404);
    let log = desk.kept("audit.jsonl");
    assert!(log.contains("\"forget\"") && !log.contains("acme"), "{log}");
    let lines = ask("/apis/usage/usage").await.json();
    assert_eq!(lines["usage"][0]["requests"], 2, "the sums stay");
}

#[tokio::test]
async fn without_a_ledger_there_is_nothing_to_ask() {
    let desk = Desk::new("usage", "").await;
    let gateway = desk.start().await;
    let reply = gateway.ask("GET /apis/usage/usage", "").await;
    assert!(reply.status == 503 && reply.body.contains("usage is not counted"), "{}", reply.body);
}
