//! A consumer is forgotten: nothing names it any more, and the sums stay as they are.

use std::collections::BTreeMap;

use sunward::usage::{
    Caller, Ledger, LedgerRetention, NoticeKey, PostgresOptions, SqlLedger, StoredNotice, UsageFilter, UsedChange,
    UsedRoute,
};

use super::at;
use super::server::Server;

const MARK: &str = "acme-7f3a9";

async fn fill(store: &SqlLedger) {
    let ledger = Ledger::new().with_consumers(2);
    for (now, consumer, template) in [
        ("2026-01-01T10:00:00Z", MARK, "/users"),
        ("2026-01-01T11:00:00Z", MARK, "/users"),
        ("2026-01-01T11:00:00Z", "b", "/users"),
        ("2026-01-01T11:00:00Z", "c", "/users"),
        ("2026-01-20T10:00:00Z", MARK, "/teams"),
    ] {
        let route = UsedRoute::new("shop", "1", "GET", template);
        let (agent, id) = (format!("{consumer}/1"), format!("{consumer}-9"));
        let caller = Caller::new(&route).with_consumer(consumer).with_user_agent(&agent).with_request_id(&id);
        let tally = ledger.tally(at(now), &caller);
        tally.add(200, None, 10);
        tally.add_change(&UsedChange::new("2", "mail is email"));
    }
    ledger.flush(store, at("2026-01-20T10:00:01Z")).await.expect("stored");
    store.maintain(at("2026-01-20T10:00:01Z"), &LedgerRetention::default()).await.expect("merged");
    let notice = |recipient: &str, facts: String| {
        let key = NoticeKey::new(["end", "shop", "1"], "sunset 2026-02-01T00:00:00Z", -86_400, recipient);
        StoredNotice::new(key, format!("{recipient}@example.com"), recipient, facts)
    };
    let all = format!(r#"{{"users": 2, "consumers": [{{"consumer": "{MARK}", "requests": 3}}, {{"consumer": "b"}}]}}"#);
    let notices = vec![
        notice(&format!("consumer {MARK}"), format!(r#"{{"consumer": "{MARK}"}}"#)),
        notice("consumer b", r#"{"consumer": "b"}"#.to_owned()),
        notice("chat", all),
    ];
    store.claim_notices(notices, at("2026-01-20"), at("2026-01-21")).await.expect("claimed");
}

/// The sums of all consumers.
async fn sums(store: &SqlLedger) -> BTreeMap<String, [u64; 3]> {
    let mut all: BTreeMap<String, [u64; 3]> = BTreeMap::new();
    for stored in store.rows(at("2025-01-01"), at("2027-01-01")).await.expect("rows") {
        let counts = &stored.row.counts;
        let sums = all.entry(format!("{:?} {:?}", stored.row.key.period, stored.row.key.route)).or_default();
        let more = [counts.requests(), counts.bytes, counts.changes.values().sum()];
        sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
    }
    all
}

async fn story(store: &SqlLedger) {
    fill(store).await;
    let before = sums(store).await;
    assert_eq!(store.forget("unheard-of").await.expect("asked"), None);
    let forgotten = store.forget(MARK).await.expect("asked").expect("it was there");
    assert_eq!((forgotten.requests, forgotten.notices, forgotten.mentions), (3, 1, 1));
    assert_eq!(sums(store).await, before);
    assert_eq!(store.forget(MARK).await.expect("asked"), None, "there is nothing left");

    let filter = UsageFilter::new(at("2025-01-01"), at("2027-01-01"));
    let rows = store.rows(at("2025-01-01"), at("2027-01-01")).await.expect("rows");
    let told = format!(
        "{rows:?} {:?} {:?} {:?} {:?}",
        store.sums(&filter).await.expect("sums"),
        store.past(&filter).await.expect("the past"),
        store.change_sums(&filter).await.expect("sums"),
        store.notices("test", None).await.expect("notices"),
    );
    assert!(!told.contains(MARK), "{told}");
    let others = store.past(&filter).await.expect("the past");
    let names: Vec<(&str, u64)> = others.iter().map(|past| (past.consumer.as_str(), past.requests)).collect();
    assert_eq!(names, [("b", 1), ("_other", 4)]);
    let of_users = store.sums(&filter).await.expect("sums");
    let others = of_users.iter().find(|sum| sum.consumer.as_str() == "_other" && sum.route.template() == "/users");
    assert_eq!(others.expect("a row").consumers, 2, "it is one of two");
}

#[tokio::test]
async fn in_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.sqlite");
    let store = SqlLedger::open(&path, "test").await.expect("a file");
    story(&store).await;
    store.close().await;
    let bytes = std::fs::read(&path).expect("a file");
    assert!(!bytes.windows(MARK.len()).any(|part| part == MARK.as_bytes()), "it is not in pages that are free either");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_postgres() {
    let Some(server) = Server::start() else { return };
    let url = server.database();
    story(&SqlLedger::connect(&PostgresOptions::new(&url), "test").await.expect("a database")).await;
}

#[cfg(feature = "cli")]
#[tokio::test]
async fn by_a_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, audit) = (folder.path().join("sunward.toml"), folder.path().join("audit.jsonl"));
    let config = "[gateway]\nstate = \"STATE\"\n[[api]]\nname = \"shop\"\nversion_from = { header = \"Api-Version\" }\nversion = [{ name = \"1\" }]\n";
    std::fs::write(&file, config.replace("STATE", &folder.path().display().to_string())).expect("written");
    let path = folder.path().join("ledger.sqlite");
    let store = SqlLedger::open(&path, "test").await.expect("a file");
    fill(&store).await;
    let run = |arguments: &[&str]| {
        let mut sunward = std::process::Command::new(env!("CARGO_BIN_EXE_sunward"));
        let sunward = sunward.args(["usage", "forget"]).arg(&file).args(arguments).stdin(std::process::Stdio::null());
        let output = sunward.env("USER", "ops").output().expect("it runs");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).expect("a text");
        (output.status.code(), text)
    };
    let refused: [(&[&str], &str); 2] = [
        (&[MARK], "error: pass `--yes`: there is no terminal to ask on"),
        (&[MARK, "--yes"], "another process has it open"),
    ];
    for (arguments, expected) in refused {
        let (code, text) = run(arguments);
        assert!(code == Some(2) && text.contains(expected), "{text}");
    }
    store.close().await;
    for (consumer, expected) in [
        ("anonymous", "error: `anonymous` is no consumer"),
        ("acme-7f3a8", "error: unknown consumer `acme-7f3a8`; did you mean `acme-7f3a9`?"),
    ] {
        let (code, text) = run(&[consumer, "--yes"]);
        assert!(code == Some(2) && text.contains(expected), "{text}");
    }
    assert!(!audit.exists(), "nothing was done yet");
    let (code, text) = run(&[MARK, "--yes", "--json", "--reason", "their wish"]);
    let done: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((code, &done["requests"], &done["notices"]), (Some(0), &3.into(), &1.into()));
    let line = std::fs::read_to_string(&audit).expect("a log");
    assert!(line.contains("\"forget\"") && line.contains("their wish") && line.contains("\"ops\""), "{line}");
    assert!(!line.contains(MARK), "{line}");
    let (code, text) = run(&[MARK, "--yes"]);
    assert!(code == Some(2) && text.contains("unknown consumer"), "{text}");
}
