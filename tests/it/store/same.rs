//! What one database does, the other does, too.

use sunward::usage::{Ledger, LedgerRetention, PostgresOptions, SqlLedger, UsageFilter};

use super::server::Server;
use super::{at, count, lines};

/// Everything that a ledger goes through, and its rows after each step.
async fn story(store: &SqlLedger) -> Vec<String> {
    let mut told = Vec::new();
    let ledger = Ledger::new().with_consumers(1);
    for (now, consumer) in [
        ("2026-01-01T10:00:00Z", "acme"),
        ("2026-01-01T23:00:00Z", "acme"),
        ("2026-01-01T10:00:00Z", "b"),
        ("2026-01-01T11:00:00Z", "b"),
        ("2026-01-01T11:00:00Z", "c"),
        ("2026-01-02T00:00:00Z", "acme"),
    ] {
        count(&ledger, now, consumer);
    }
    ledger.flush(store, at("2026-01-02")).await.expect("stored");
    told.push(lines(store).await);

    // More rows than a statement takes, some of which are there.
    let many = Ledger::new();
    for n in 0..900 {
        count(&many, "2026-01-02T00:00:00Z", &format!("consumer {}", n % 450));
    }
    count(&many, "2026-01-02T00:00:00Z", "acme");
    let batch = many.next_batch(at("2026-01-02")).expect("rows");
    for _ in 0..3 {
        sunward::usage::LedgerStore::store(store, &batch).await.expect("stored");
    }
    told.push(lines(store).await);
    told.push(reports(store).await);

    let retention = LedgerRetention::default();
    for now in ["2026-01-15T23:59:59Z", "2026-01-16", "2026-01-17", "2027-02-06"] {
        store.maintain(at(now), &retention).await.expect("merged");
        told.push(lines(store).await);
        told.push(reports(store).await);
    }
    told
}

/// What reports ask.
async fn reports(store: &SqlLedger) -> String {
    let filter = UsageFilter::new(at("2026-01-01T11:00:00Z"), at("2026-02-01"));
    let filter = filter.with_environment("test").with_api("shop").with_version("1");
    let (sums, past) = (store.sums(&filter).await.expect("sums"), store.past(&filter).await.expect("the past"));
    // Runs have random names, but their times are the same.
    let covered = store.covered(&filter).await.expect("times");
    let none = store.sums(&filter.clone().with_version("2")).await.expect("sums");
    assert!(none.is_empty());
    let changes = store.change_sums(&filter).await.expect("sums");
    let whole = UsageFilter::new(at("2026-01-01"), at("2026-02-01"));
    let days = store.days(&whole).await.expect("days");
    let all: u64 = store.sums(&whole).await.expect("sums").iter().map(|sum| sum.requests()).sum();
    assert_eq!(days.iter().map(|day| day.requests).sum::<u64>(), all, "{days:?}");
    let totals = store.totals(&filter).await.expect("totals");
    let own = store.consumer_days(&whole, &["acme", "consumer 7", "unknown"]).await.expect("days");
    assert!(store.consumer_days(&whole, &[]).await.expect("none").is_empty());
    let counts = store.consumer_counts(&whole).await.expect("counts");
    let before = store.consumers_before("test", "shop", "1", at("2026-01-02")).await.expect("names");
    format!("{sums:#?}\n{past:#?}\n{covered:?}\n{changes:#?}\n{days:?}\n{own:?}\n{counts:?}\n{before:?}\n{totals:?}")
}

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_have_the_same_rows() {
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let file = SqlLedger::open(&folder.path().join("ledger.sqlite"), "test").await.expect("a file");
    let expected = story(&file).await;
    let acme = expected[2].split("    UsagePast").skip(1).find(|part| part.contains("\"acme\"")).expect("acme");
    assert!(acme.contains("requests: 4") && acme.contains("longest_pause: 46800"), "{acme}");
    let acme = "consumer: Some(Named(\"acme\")), day: Timestamp { millis: 1767225600000 }, requests: 2";
    assert!(expected[2].contains(acme), "{}", expected[2]);
    let changes = expected[2].split("    ChangeSum").nth(1).expect("a change");
    assert!(changes.contains("\"acme\"") && changes.contains("requests: 3"), "{changes}");
    assert!(expected[1].contains("consumer 449 2 20 0") && expected[1].contains("acme 2 20 0"), "{}", expected[1]);

    let url = server.database();
    let direct = SqlLedger::connect(&PostgresOptions::new(&url), "test").await.expect("a database");
    assert_eq!(story(&direct).await, expected);
    let database = url.rsplit('/').next().expect("a name");
    let report = server.sql(database, "SELECT consumer, requests, source FROM sunward.usage_report");
    assert_eq!(report.lines().count(), expected[expected.len() - 2].lines().count());

    // Who may only read gets the same reports.
    let grants = "CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA sunward TO reader; \
                  GRANT SELECT ON ALL TABLES IN SCHEMA sunward TO reader";
    server.sql(database, grants);
    let reader = PostgresOptions::new(url.replacen("postgres@", "reader@", 1));
    let reader = SqlLedger::connect_read_only(&reader).await.expect("a ledger");
    assert_eq!(&reports(&reader).await, expected.last().expect("steps"));
    assert_eq!(reader.environments().await.expect("names"), ["test"]);
    let empty = SqlLedger::connect_read_only(&PostgresOptions::new(server.database())).await;
    assert!(empty.expect_err("no ledger").to_string().ends_with("the database failed"));

    let Some(pooler) = server.pooler() else { return };
    let url = server.database();
    let pooled = PostgresOptions::new(pooler.url(&url)).with_migrate_url(&url).with_prepared_statements(false);
    let pooled = SqlLedger::connect(&pooled, "test").await.expect("a database");
    assert_eq!(story(&pooled).await, expected);
}
