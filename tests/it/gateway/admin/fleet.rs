//! Several gateways that share a database: an act at one of them is in effect at all.

use std::time::{Duration, Instant};

use super::super::rig::becomes;
use super::*;
use crate::store::server::Server;

const ACT: &str = r#"{"by":"ops","reason":"an incident"}"#;
const EXTEND: &str = r#"{"by":"ops","reason":"a contract","consumer":"bob","until":"2099-01-01"}"#;

/// Gateways with the same database, each with a name and a folder of its own.
struct Fleet {
    gateways: Vec<(Desk, Gateway)>,
}

// === impl Fleet ===

impl Fleet {
    async fn start(name: &str, lines: &[String]) -> Self {
        let mut gateways = Vec::new();
        for (at, lines) in lines.iter().enumerate() {
            let desk = Desk::new(&format!("{name}-{at}"), lines).await;
            // All have the same api, and the same instance behind it.
            let text = desk.text().replace(&format!("{name}-{at}"), name);
            let first = gateways.first().map_or(desk.port, |(first, _): &(Desk, Gateway)| first.port);
            let text = text.replace(&format!("127.0.0.1:{}", desk.port), &format!("127.0.0.1:{first}"));
            std::fs::write(desk.file(), text).expect("written");
            let gateway = desk.start().await;
            gateways.push((desk, gateway));
        }
        Self { gateways }
    }

    async fn act(&self, at: usize, path: &str, body: &str) -> Reply {
        self.gateways[at].1.ask(&format!("POST {path}"), body).await
    }

    async fn acts_well(&self, at: usize, path: &str, body: &str) -> Value {
        let reply = self.act(at, path, body).await;
        assert_eq!(reply.status, 200, "{path} {}", reply.body);
        let done = reply.json();
        assert_eq!(done["kept"], true, "{done}");
        done
    }

    /// Waits until all have this state; how long it took.
    async fn agrees(&self, expected: &Value) -> Duration {
        let began = Instant::now();
        for (desk, gateway) in &self.gateways {
            let same = becomes(async || state(gateway).await == *expected).await;
            assert!(same, "{}: {} and not {expected}", desk.folder.display(), state(gateway).await);
        }
        began.elapsed()
    }

    async fn stop(self) {
        for (_, gateway) in self.gateways {
            assert!(gateway.stop().await);
        }
    }
}

/// Whether the api is paused, its first version held, and who has an extension of it.
async fn state(gateway: &Gateway) -> Value {
    let api = gateway.ask("GET /versions", "").await.json()["apis"][0].clone();
    let first = &api["versions"][0];
    serde_json::json!([api["paused"], first["held"], first["extensions"]])
}

fn expect(paused: bool, held: bool, extended: bool) -> Value {
    let extensions =
        if extended { serde_json::json!({ "bob": "2099-01-01T00:00:00Z" }) } else { serde_json::json!({}) };
    serde_json::json!([paused, held, extensions])
}

fn lines(url: &str, replica: &str, more: &str) -> String {
    format!("{more}\n[gateway.ledger]\nurl = {url:?}\nreplica = {replica:?}\nenvironment = \"test\"\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_at_one_is_in_effect_at_all() {
    let Some(server) = Server::start() else { return };
    let url = server.database();
    let database = url.rsplit('/').next().expect("a name");
    let fleet = Fleet::start("fleet", &["a", "b", "c"].map(|name| lines(&url, name, "STATE"))).await;
    let rows = [
        (0, "/apis/fleet/pause", ACT, expect(true, false, false)),
        (1, "/apis/fleet/versions/1/hold", ACT, expect(true, true, false)),
        (2, "/apis/fleet/versions/1/extend", EXTEND, expect(true, true, true)),
        (1, "/apis/fleet/resume", ACT, expect(false, true, true)),
    ];
    for (at, path, body, expected) in &rows {
        assert_eq!(fleet.acts_well(*at, path, body).await["changed"], true, "{path}");
        let took = fleet.agrees(expected).await;
        println!("{path} is in effect at all after {took:?}");
    }
    let instance = format!("http://127.0.0.1:{}", fleet.gateways[0].0.port);
    let drain = format!(r#"{{"by":"ops","reason":"a new disk","instance":"{instance}"}}"#);
    for (at, path, expected) in [(2, "drain", "draining"), (0, "undrain", "up")] {
        fleet.acts_well(at, &format!("/upstreams/shop/{path}"), &drain).await;
        for (_, gateway) in &fleet.gateways {
            let is = async || {
                gateway.ask("GET /upstreams", "").await.json()["upstreams"][0]["instances"][0]["state"] == expected
            };
            assert!(becomes(is).await, "{expected}");
        }
    }
    // What was done elsewhere is known: it changes nothing.
    assert_eq!(fleet.acts_well(0, "/apis/fleet/versions/1/hold", ACT).await["changed"], false);

    // Connections that listen end, and so do all others.
    for who in ["query LIKE 'LISTEN%'", "pid <> pg_backend_pid()"] {
        let end = format!(
            "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{database}' AND {who}"
        );
        assert_ne!(server.sql("postgres", &end), "0");
        fleet.acts_well(2, "/apis/fleet/pause", ACT).await;
        fleet.agrees(&expect(true, true, true)).await;
        fleet.acts_well(0, "/apis/fleet/resume", ACT).await;
        fleet.agrees(&expect(false, true, true)).await;
    }

    let all = [
        "a pause",
        "b hold",
        "c extend",
        "b resume",
        "c drain",
        "a undrain",
        "c pause",
        "a resume",
        "c pause",
        "a resume",
    ];
    for (_, gateway) in &fleet.gateways {
        let told = becomes(async || {
            let audit = gateway.ask("GET /audit", "").await.json();
            let acts = audit["acts"].as_array().expect("a list");
            let acts = acts.iter().filter(|act| act["what"] != "start");
            let text = |act: &Value, name: &str| act[name].as_str().expect("a text").to_owned();
            acts.map(|act| format!("{} {}", text(act, "replica"), text(act, "what"))).collect::<Vec<_>>() == all
        });
        assert!(told.await, "{}", gateway.ask("GET /audit", "").await.body);
    }
    fleet.stop().await;

    // It outlives them all, also for one without a folder.
    let fleet = Fleet::start("fleet", &[lines(&url, "d", "")]).await;
    assert_eq!(state(&fleet.gateways[0].1).await, expect(false, true, true));
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_acts_are_refused_and_those_in_effect_stay() {
    let Some(server) = Server::start() else { return };
    let url = server.database();
    let lines = ["a", "b"].map(|name| lines(&url, name, "STATE"));
    let fleet = Fleet::start("refuses", &lines).await;
    fleet.acts_well(0, "/apis/refuses/versions/1/hold", ACT).await;
    fleet.agrees(&expect(false, true, false)).await;
    server.stop();
    for at in 0..2 {
        let refused = fleet.act(at, "/apis/refuses/pause", ACT).await;
        let detail = refused.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert!(refused.status == 503 && detail.contains("the database does not answer"), "{}", refused.body);
        let gateway = &fleet.gateways[at].1;
        let told = becomes(async || {
            let ready = gateway.ask("GET /readyz", "").await;
            ready.status == 200 && ready.body.starts_with("ready\nshared state: not read since 20")
        });
        assert!(told.await, "{}", gateway.ask("GET /readyz", "").await.body);
    }
    fleet.agrees(&expect(false, true, false)).await;
    // One that starts now has the copy in its folder.
    let Fleet { mut gateways } = fleet;
    let (desk, gateway) = gateways.remove(1);
    assert!(gateway.stop().await);
    let gateway = desk.start().await;
    assert_eq!(state(&gateway).await, expect(false, true, false));
    gateways.push((desk, gateway));
    let fleet = Fleet { gateways };

    server.start_again();
    let again = becomes(async || fleet.act(1, "/apis/refuses/pause", ACT).await.status == 200);
    assert!(again.await);
    fleet.agrees(&expect(true, true, false)).await;
    for (_, gateway) in &fleet.gateways {
        assert!(becomes(async || gateway.ask("GET /readyz", "").await.body == "ready\n").await);
    }
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_of_a_folder_are_brought_to_the_database_once() {
    let Some(server) = Server::start() else { return };
    let (url, alone) = (server.database(), Fleet::start("moves", &["STATE".to_owned()]).await);
    alone.acts_well(0, "/apis/moves/versions/1/hold", ACT).await;
    let (desk, gateway) = alone.gateways.into_iter().next().expect("one");
    assert!(gateway.stop().await);

    let fleet = Fleet::start("moves-on", &[lines(&url, "a", "")]).await;
    let text = desk.text();
    std::fs::write(desk.file(), text.replacen("[[api]]", &format!("{}\n[[api]]", lines(&url, "b", "")), 1))
        .expect("written");
    let gateway = desk.start().await;
    let entries = "SELECT key FROM sunward.shared_entries WHERE environment = 'test'";
    let database = url.rsplit('/').next().expect("a name");
    assert_eq!(server.sql(database, entries), r#"["hold","moves","1"]"#);
    assert_eq!(state(&gateway).await, expect(false, true, false));
    assert!(gateway.stop().await);
    // It is taken back meanwhile, and the folder of the other has it still.
    server.sql(database, "DELETE FROM sunward.shared_entries");
    let gateway = desk.start().await;
    assert_eq!(state(&gateway).await, expect(false, false, false));
    assert_eq!(server.sql(database, entries), "");
    assert!(gateway.stop().await);
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_in_between_delays_acts_and_loses_none() {
    let Some(server) = Server::start() else { return };
    let url = server.database();
    let Some(pooler) = server.pooler() else { return };
    let direct = format!("migrate_url = {url:?}\nprepared_statements = false\n");
    let pooled = pooler.url(&url);
    let listens = format!("{direct}listen_url = {url:?}\n");
    let lines = [("a", &direct), ("b", &direct), ("c", &listens)];
    let fleet = Fleet::start("pooled", &lines.map(|(name, more)| lines_of(&pooled, name, more))).await;
    for (at, path, held) in [(0, "hold", true), (2, "release", false), (1, "hold", true)] {
        fleet.acts_well(at, &format!("/apis/pooled/versions/1/{path}"), ACT).await;
        let took = fleet.agrees(&expect(false, held, false)).await;
        println!("{path} is in effect at all after {took:?}");
    }
    fleet.stop().await;
}

fn lines_of(url: &str, replica: &str, more: &str) -> String {
    lines(url, replica, "") + more
}
