//! The ledger of a gateway: what is in it when the gateway has stopped.

mod faults;
#[cfg(all(feature = "cli", unix))]
mod killed;

use std::path::Path;
use std::time::Duration;

use sunward::clock::{Clock, SystemClock, Timestamp};
use sunward::usage::{Caller, Ledger, PostgresOptions, SqlLedger, UsedRoute};
use tempfile::TempDir;

use super::Gateway;
use super::rig::{self, OK, Served, Service};
use crate::store::server::Server;

async fn gateway(folder: &Path, ledger: &str) -> (Gateway, Service) {
    let (text, service) = config(folder, ledger).await;
    (rig::gateway(text).await, service)
}

/// A config with these lines of the ledger, and the service behind it.
async fn config(folder: &Path, ledger: &str) -> (String, Service) {
    let service = Service::start(|mut served: Served| async move {
        while served.request().await.is_some() {
            served.write(OK).await;
        }
    })
    .await;
    let state = folder.join("state").display().to_string();
    let own = format!(
        "[gateway]\nstate = {state:?}\nproxy = {{ trusted = [\"127.0.0.1\"], request_id = \"X-Correlation-Id\" }}\n\
         [gateway.ledger]\nenvironment = \"test\"\n{ledger}"
    );
    let text = rig::config("ledger", &[service.address], &own, "");
    let text = text.replacen("upstream =", "consumer = { header = \"X-Client\" }\nupstream =", 1);
    (text, service)
}

async fn get(gateway: &Gateway, path: &str, fields: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n{fields}Connection: close\r\n\r\n");
    assert_eq!(gateway.send(&request).await.status, 200);
}

async fn lines(folder: &Path) -> Vec<String> {
    lines_of(&SqlLedger::open_read_only(&folder.join("state/ledger.sqlite")).await.expect("a ledger")).await
}

/// Environment, version, consumer, requests and last id of each row.
async fn lines_of(store: &SqlLedger) -> Vec<String> {
    let rows = store.rows(Timestamp::EPOCH, Timestamp::MAX).await.expect("rows");
    let lines = rows.iter().map(|stored| {
        let (key, counts) = (&stored.row.key, &stored.row.counts);
        let (version, consumer) = (key.route.version(), key.consumer.as_str());
        let id = counts.last_request.as_deref().unwrap_or_default();
        format!(
            "{} {version} {consumer} {} {}",
            stored.environment,
            counts.requests(),
            if id.is_empty() { "" } else { "id" }
        )
    });
    // Requests of two hours are two rows.
    let mut lines: Vec<_> = lines.collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn the_last_flush_writes_all() {
    let folder = TempDir::new().expect("a folder");
    let (gateway, _service) = gateway(folder.path(), "flush = \"1h\"\n").await;
    for fields in ["X-Client: acme\r\n", ""] {
        get(&gateway, "/api/v1/x", fields).await;
    }
    gateway.stop().await;
    assert_eq!(lines(folder.path()).await, ["test 1 acme 1 id", "test 1 anonymous 1 id"]);
}

#[tokio::test]
async fn a_ledger_that_another_process_has_open_is_waited_for() {
    let folder = TempDir::new().expect("a folder");
    let state = folder.path().join("state");
    std::fs::create_dir(&state).expect("a folder");
    let before = SqlLedger::open(&state.join("ledger.sqlite"), "test").await.expect("the process before");
    let (gateway, _service) = gateway(folder.path(), "flush = \"1ms\"\n").await;
    get(&gateway, "/api/v2/x", "X-Client: acme\r\n").await;
    let metric = "sunward_ledger_flushes_total{result=\"error\"}";
    assert!(rig::becomes(async || gateway.admin("/metrics").await.body.contains(metric)).await);
    before.close().await;
    gateway.stop().await;
    assert_eq!(lines(folder.path()).await, ["test 2 acme 1 id"]);
}

#[tokio::test]
async fn a_ledger_can_be_off() {
    let folder = TempDir::new().expect("a folder");
    let (gateway, _service) = gateway(folder.path(), "flush = \"off\"\n").await;
    get(&gateway, "/api/v1/x", "X-Client: acme\r\n").await;
    gateway.stop().await;
    assert!(!folder.path().join("state/ledger.sqlite").exists());
}

#[tokio::test]
async fn a_closed_version_is_open_to_those_who_came_before() {
    let folder = TempDir::new().expect("a folder");
    let state = folder.path().join("state");
    std::fs::create_dir(&state).expect("a folder");
    let store = SqlLedger::open(&state.join("ledger.sqlite"), "test").await.expect("a ledger");
    let (counted, now) = (Ledger::new(), SystemClock.now());
    // The version is closed yesterday.
    for (client, days_ago) in [("early", 3), ("both", 3), ("both", 0), ("late", 0)] {
        let route = UsedRoute::new("ledger-closed", "1", "GET", "/x");
        let at = now.saturating_sub(Duration::from_secs(days_ago * 86_400));
        counted.tally(at, &Caller::new(&route).with_consumer(client)).add(200, None, 0);
    }
    counted.flush(&store, now).await.expect("written");
    store.close().await;
    let (text, _service) = config(folder.path(), "").await;
    let yesterday = now.saturating_sub(Duration::from_secs(86_400));
    let dates = format!("name = \"1\"\ndeprecated = {yesterday}\nclosed = {yesterday}");
    let text = text
        .replace("name = \"ledger\"", "name = \"ledger-closed\"")
        .replace("upstream = \"ledger\"", "upstream = \"ledger-closed\"");
    let gateway = rig::gateway(text.replacen("name = \"1\"", &dates, 1)).await;
    let status = async |client: &str| {
        let fields = if client.is_empty() { String::new() } else { format!("X-Client: {client}\r\n") };
        let request = format!("GET /api/v1/x HTTP/1.1\r\nHost: a.test\r\n{fields}Connection: close\r\n\r\n");
        gateway.send(&request).await.status
    };
    assert!(rig::becomes(async || status("never").await == 403).await, "the ledger is read");
    let rows = [("early", 200), ("both", 200), ("late", 403), ("never", 403), ("", 403)];
    for (client, expected) in rows {
        assert_eq!(status(client).await, expected, "{client}");
    }
    // Consumers of a deprecated version, by the ledger; and when it was last asked for.
    let gauge = |window: &str| {
        format!("sunward_deprecated_consumers{{api=\"ledger-closed\",version=\"1\",window=\"{window}\"}}")
    };
    let has = async |line: String| gateway.admin("/metrics").await.body.lines().any(|found| found.starts_with(&line));
    assert!(rig::becomes(async || has(format!("{} 3", gauge("7d"))).await).await);
    assert!(rig::becomes(async || has(format!("{} 2", gauge("24h"))).await).await);
    assert!(has("sunward_version_last_used_timestamp_seconds{api=\"ledger-closed\",version=\"1\"} 1".to_owned()).await);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gateways_share_a_database() {
    let Some(server) = Server::start() else { return };
    let (folder, url) = (TempDir::new().expect("a folder"), server.database());
    let mut gateways = Vec::new();
    for replica in ["a", "b"] {
        let own = format!("flush = \"1ms\"\nurl = {url:?}\nreplica = {replica:?}\n");
        gateways.push(gateway(&folder.path().join(replica), &own).await);
    }
    server.stop();
    for (gateway, _service) in &gateways {
        for path in ["/api/v1/x", "/api/v2/x"] {
            get(gateway, path, "X-Client: acme\r\n").await;
        }
    }
    server.start_again();
    for (gateway, _service) in gateways {
        gateway.stop().await;
    }
    let store = SqlLedger::connect(&PostgresOptions::new(&url), "test").await.expect("a database");
    assert_eq!(lines_of(&store).await, ["test 1 acme 2 id", "test 2 acme 2 id"]);
    assert!(!folder.path().join("a/state/ledger.sqlite").exists());
}
