//! How consumers used versions is the same as the sums of the rows, whatever was written, merged, deleted or forgotten.

use std::collections::BTreeMap;

use sunward::clock::Timestamp;
use sunward::usage::{Caller, Ledger, LedgerRetention, PostgresOptions, SqlLedger, UsageFilter, UsedRoute};

use super::at;
use super::server::Server;

/// Numbers that are the same in each run of the test.
struct Numbers(u64);

// === impl Numbers ===

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Consumers by name: requests, the first one, the last one, and the longest pause.
type Lives = BTreeMap<String, (u64, Timestamp, Timestamp, i64)>;

async fn by_rows(store: &SqlLedger, version: &str) -> Lives {
    let mut rows = store.rows(Timestamp::EPOCH, Timestamp::MAX).await.expect("rows");
    rows.retain(|stored| stored.row.key.route.version() == version);
    rows.sort_by_key(|stored| stored.row.counts.first_seen);
    let mut lives = Lives::new();
    for stored in rows {
        let counts = &stored.row.counts;
        let life = lives.entry(stored.row.key.consumer.as_str().to_owned());
        let (requests, _, last, pause) = life.or_insert((0, counts.first_seen, counts.last_seen, 0));
        *requests += counts.requests();
        *pause = (counts.first_seen.as_secs() - last.as_secs()).max(*pause);
        *last = counts.last_seen.max(*last);
    }
    lives
}

async fn check(store: &SqlLedger, whole: bool) {
    for version in ["1", "2"] {
        let filter = UsageFilter::new(Timestamp::EPOCH, Timestamp::MAX).with_version(version);
        let past = store.past(&filter).await.expect("the past");
        let rows = by_rows(store, version).await;
        assert_eq!(past.len(), rows.len(), "{past:?}\n{rows:?}");
        for past in &past {
            let (requests, first, last, pause) = rows[past.consumer.as_str()];
            assert_eq!((past.requests, past.last_seen), (requests, last), "{past:?}");
            assert!(past.first_seen <= first && (past.first_seen == first || !whole), "{past:?} {first}");
            assert!(past.longest_pause.cast_signed() >= pause, "{past:?} {pause}");
            let counts = store.totals(&filter).await.expect("totals");
            let all: u64 = rows.values().map(|life| life.0).sum();
            assert_eq!(counts.iter().map(|total| total.requests).sum::<u64>(), all, "{counts:?}");
            let named = rows.keys().filter(|name| *name != "_other").count() as u64;
            assert!(counts.iter().all(|total| total.consumers >= named), "{counts:?}");
            assert!(past.last_request.is_some() || past.consumer.as_str() == "_other", "{past:?}");
        }
    }
}

async fn story(store: &SqlLedger) {
    let (mut numbers, retention) = (Numbers(1), LedgerRetention::default());
    let start = at("2026-01-01").as_secs();
    for round in 0..24_u64 {
        // The time moves on, and some rows come late.
        let now = start + i64::try_from(round * 20 * 86_400).expect("a time");
        let ledger = Ledger::new().with_consumers(6);
        for _ in 0..40 {
            let late = i64::try_from(numbers.below(10 * 86_400)).expect("a time");
            let at = Timestamp::from_secs(now - late).expect("a time");
            let version = ["1", "2"][usize::try_from(numbers.below(2)).expect("a number")];
            let template = ["/a", "/b"][usize::try_from(numbers.below(2)).expect("a number")];
            let route = UsedRoute::new("shop", version, "GET", template);
            let consumer = format!("consumer {}", numbers.below(8));
            let caller = Caller::new(&route).with_consumer(&consumer).with_request_id("r");
            ledger.tally(at, &caller).add(200, None, 1);
        }
        let now = Timestamp::from_secs(now).expect("a time");
        ledger.flush(store, now).await.expect("stored");
        check(store, round < 20).await;
        if numbers.below(3) == 0 {
            store.maintain(now, &retention).await.expect("merged");
            check(store, round < 20).await;
        }
        if numbers.below(4) == 0 {
            store.forget(&format!("consumer {}", numbers.below(8))).await.expect("forgotten");
            check(store, round < 20).await;
        }
    }
    store.maintain(at("2029-01-01"), &retention).await.expect("deleted");
    check(store, false).await;
    assert!(by_rows(store, "1").await.is_empty());
}

#[tokio::test]
async fn in_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    story(&SqlLedger::open(&folder.path().join("ledger.sqlite"), "test").await.expect("a file")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_postgres() {
    let Some(server) = Server::start() else { return };
    let url = server.database();
    story(&SqlLedger::connect(&PostgresOptions::new(&url), "test").await.expect("a database")).await;
}

/// The step of the schema fills the table of a store that has rows.
#[tokio::test]
async fn of_a_store_from_before() {
    use sqlx::Executor;

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.sqlite");
    let store = SqlLedger::open(&path, "test").await.expect("a file");
    let ledger = Ledger::new();
    for now in ["2026-01-01T10:00:00Z", "2026-01-03T12:00:00Z", "2026-01-03T15:00:00Z"] {
        super::count(&ledger, now, "acme");
    }
    ledger.flush(&store, at("2026-01-04")).await.expect("stored");
    let filter = UsageFilter::new(Timestamp::EPOCH, Timestamp::MAX);
    let (before, totals) = (store.past(&filter).await.expect("the past"), store.totals(&filter).await.expect("totals"));
    store.close().await;
    let older = sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(&path)).await;
    let older = older.expect("a file");
    older
        .execute(
            "DROP TRIGGER usage_lives_insert; DROP TRIGGER usage_lives_update; DROP TRIGGER usage_lives_delete; \
                   DROP TABLE usage_lives; DROP TRIGGER usage_totals_insert; DROP TRIGGER usage_totals_update; DROP TRIGGER usage_totals_delete; \
                   DROP TABLE usage_totals; ALTER TABLE coverage DROP COLUMN ended; DELETE FROM schema_versions WHERE version >= 6",
        )
        .await
        .expect("as before");
    older.close().await;
    let store = SqlLedger::open(&path, "test").await.expect("a file");
    assert_eq!(store.past(&filter).await.expect("the past"), before);
    assert_eq!(store.totals(&filter).await.expect("totals"), totals);
    assert_eq!((before[0].requests, before[0].longest_pause), (3, 50 * 3600));
}

#[tokio::test]
async fn a_gateway_that_stopped_in_order_left_no_gap() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqlLedger::open(&folder.path().join("ledger.sqlite"), "test").await.expect("a file");
    for (since, until, in_order) in [
        ("2026-01-01", "2026-01-02", true),
        ("2026-01-02T23:00:00Z", "2026-01-04", false),
        ("2026-01-04T01:00:00Z", "2026-01-05", true),
        ("2026-01-07", "2026-01-08", false),
    ] {
        let run = Ledger::new();
        run.flush(&store, at(since)).await.expect("stored");
        match in_order {
            true => run.finish(&store, at(until)).await.expect("stored"),
            false => run.flush(&store, at(until)).await.expect("stored"),
        };
    }
    let filter = UsageFilter::new(Timestamp::EPOCH, Timestamp::MAX);
    let covered = store.covered(&filter).await.expect("times");
    let covered: Vec<String> =
        covered.iter().map(|(since, until)| format!("{since} {until}").replace("T00:00:00Z", "")).collect();
    assert_eq!(covered, ["2026-01-01 2026-01-04", "2026-01-04T01:00:00Z 2026-01-05", "2026-01-07 2026-01-08"]);
}
