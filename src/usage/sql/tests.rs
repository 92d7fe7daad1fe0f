//! The store, and what goes wrong with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;

use super::*;
use crate::clock::Timestamp;
use crate::usage::{Caller, Distinct, Ledger, Period, RefusalKind, UsedRoute};

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.sqlite");
    (folder, path)
}

async fn open(path: &Path) -> SqlLedger {
    SqlLedger::open_with(path, "test", Duration::from_millis(50)).await.expect("a ledger")
}

fn count(ledger: &Ledger, now: &str, consumer: &str) {
    let route = UsedRoute::new("shop", "1", "GET", "/users/{id}");
    let caller = Caller::new(&route).with_consumer(consumer).with_user_agent("curl/8").with_request_id("r-1");
    ledger.tally(at(now), &caller).add(200, Some(RefusalKind::Spared), 10);
}

/// What the file is written with.
fn writer(store: &SqlLedger) -> SqlitePool {
    match &store.database {
        Database::Sqlite { writer: Some(writer), .. } => writer.clone(),
        other => panic!("{other:?}"),
    }
}

/// Span, start, consumer and requests of each row.
async fn lines(store: &SqlLedger) -> Vec<String> {
    let rows = store.rows(Timestamp::EPOCH, Timestamp::MAX).await.expect("rows");
    let line = |stored: &StoredUsage| {
        let (key, counts) = (&stored.row.key, &stored.row.counts);
        let span = if matches!(key.period, Period::Day(_)) { "day" } else { "hour" };
        format!("{span} {} {} {}", &key.period.start().to_string()[..13], key.consumer.as_str(), counts.requests())
    };
    rows.iter().map(line).collect()
}

#[tokio::test]
async fn what_is_written_is_read() {
    let (_folder, path) = folder();
    let (ledger, store) = (Ledger::new().with_consumers(1), open(&path).await);
    for consumer in ["acme", "b", "c", "b"] {
        count(&ledger, "2026-01-01T10:20:30Z", consumer);
    }
    let batch = ledger.next_batch(at("2026-01-01T10:20:35Z")).expect("rows");
    store.store(&batch).await.expect("stored");
    let rows = store.rows(at("2026-01-01"), at("2026-01-02")).await.expect("rows");
    let read: Vec<_> = rows.iter().map(|stored| stored.row.clone()).collect();
    assert_eq!(read, batch.rows);
    assert_eq!(rows[1].environment, "test");
    let report: (String, String, i64, i64) =
        sqlx::query_as("SELECT start, consumer, requests, consumers FROM usage_report WHERE kind = 'other'")
            .fetch_one(&writer(&store))
            .await
            .expect("a row");
    assert_eq!(report, ("2026-01-01 10:00:00".to_owned(), "_other".to_owned(), 3, 2));
}

#[tokio::test]
async fn a_batch_counts_once_also_after_a_crash() {
    let (_folder, path) = folder();
    let (ledger, store) = (Ledger::new(), open(&path).await);
    count(&ledger, "2026-01-01T10:00:00Z", "acme");
    let batch = ledger.next_batch(at("2026-01-01T10:00:05Z")).expect("rows");
    store.store(&batch).await.expect("stored");
    // The process ends between the write and the acknowledgement: nothing is closed.
    drop(store);
    let store = open(&path).await;
    assert!(ledger.flush(&store, at("2026-01-01T10:00:10Z")).await.is_ok());
    count(&ledger, "2026-01-01T10:00:11Z", "acme");
    assert!(ledger.flush(&store, at("2026-01-01T10:00:15Z")).await.is_ok());
    assert_eq!(lines(&store).await, ["hour 2026-01-01T10 acme 2"]);
    let next_run = Ledger::new();
    count(&next_run, "2026-01-01T10:00:20Z", "acme");
    assert!(next_run.flush(&store, at("2026-01-01T10:00:20Z")).await.is_ok());
    assert_eq!(lines(&store).await, ["hour 2026-01-01T10 acme 3"], "another run has its own numbers");
}

#[tokio::test]
async fn a_batch_counts_once_also_if_another_replica_tidies_up_in_between() {
    let (_folder, path) = folder();
    let (ledger, store) = (Ledger::new(), open(&path).await);
    count(&ledger, "2026-01-01T10:00:00Z", "acme");
    let batch = ledger.next_batch(at("2026-01-01T10:00:05Z")).expect("rows");
    for _ in 0..2 {
        // Its answer was lost, and its coverage is not noted yet.
        store.store(&batch).await.expect("stored");
        store.maintain(at("2026-01-01T11:00:00Z"), &LedgerRetention::default()).await.expect("nothing to do");
    }
    assert_eq!(lines(&store).await, ["hour 2026-01-01T10 acme 1"]);
    assert!(ledger.flush(&store, at("2026-01-01T10:00:10Z")).await.is_ok());
    store.maintain(at("2027-03-01"), &LedgerRetention::default()).await.expect("deleted");
    let runs: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM runs").fetch_one(&writer(&store)).await.expect("a count");
    assert_eq!(runs, 0, "runs of which nothing is left");
}

#[tokio::test]
async fn a_locked_file_loses_nothing() {
    let (_folder, path) = folder();
    let (ledger, store) = (Ledger::new(), open(&path).await);
    let other = SqlitePool::connect_with(SqliteConnectOptions::new().filename(&path)).await.expect("another program");
    let writing = other.begin_with("BEGIN IMMEDIATE").await.expect("the lock");
    count(&ledger, "2026-01-01T10:00:00Z", "acme");
    let error = ledger.flush(&store, at("2026-01-01T10:00:05Z")).await.expect_err("locked");
    assert!(error.is_locked() && error.to_string().ends_with("another program is writing to it"), "{error}");
    count(&ledger, "2026-01-01T10:00:06Z", "acme");
    writing.rollback().await.expect("released");
    assert!(ledger.flush(&store, at("2026-01-01T10:00:10Z")).await.is_ok());
    assert_eq!(lines(&store).await, ["hour 2026-01-01T10 acme 2"]);
}

#[tokio::test]
async fn a_full_disk_loses_nothing() {
    let (_folder, path) = folder();
    let (ledger, store) = (Ledger::new(), open(&path).await);
    sqlx::query("PRAGMA max_page_count = 1").execute(&writer(&store)).await.expect("as many as there are");
    for n in 0..500 {
        count(&ledger, "2026-01-01T10:00:00Z", &format!("consumer {n}"));
    }
    let error = ledger.flush(&store, at("2026-01-01T10:00:05Z")).await.expect_err("full");
    assert!(error.is_full(), "{error}");
    assert!(lines(&store).await.is_empty(), "a batch is written whole or not at all");
    sqlx::query("PRAGMA max_page_count = 100000").execute(&writer(&store)).await.expect("more");
    assert!(ledger.flush(&store, at("2026-01-01T10:00:10Z")).await.is_ok());
    assert_eq!(lines(&store).await.len(), 500);
}

#[tokio::test]
async fn a_ledger_is_of_one_process() {
    let (_folder, path) = folder();
    let store = open(&path).await;
    let error = SqlLedger::open(&path, "test").await.expect_err("in use");
    assert!(error.is_in_use(), "{error}");
    store.close().await;
    assert!(SqlLedger::open(&path, "test").await.is_ok());
}

#[tokio::test]
async fn what_is_no_ledger_is_named() {
    let (_folder, path) = folder();
    fs::write(&path, "not a database, but a text that is long enough to be taken for one".repeat(100)).expect("a file");
    let error = SqlLedger::open(&path, "test").await.expect_err("damaged");
    assert!(error.is_damaged(), "{error}");
    let error = SqlLedger::open(&path.join("below/a/file"), "test").await.expect_err("no folder");
    assert!(std::error::Error::source(&error).is_some(), "{error}");
}

#[tokio::test]
async fn an_older_program_reads_what_it_can() {
    let (_folder, path) = folder();
    // What a newer version leaves behind: a migration that only adds, and then one that does not.
    for (version, lowest_reader, refused) in [(98, 1, false), (99, 99, true)] {
        let store = open(&path).await;
        let later = sqlx::query("INSERT INTO schema_versions (version, lowest_reader) VALUES (?, ?)");
        later.bind(version).bind(lowest_reader).execute(&writer(&store)).await.expect("a migration");
        store.close().await;
        match SqlLedger::open(&path, "test").await {
            Ok(_) => assert!(!refused, "{version}"),
            Err(error) => assert!(refused && error.is_too_new(), "{version}: {error}"),
        }
    }
}

#[tokio::test]
async fn hours_become_days_and_days_end() {
    let (_folder, path) = folder();
    let (ledger, store) = (Ledger::new().with_consumers(1), open(&path).await);
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
    assert!(ledger.flush(&store, at("2026-01-02")).await.is_ok());
    let retention = LedgerRetention::default();
    store.maintain(at("2026-01-15T23:59:59Z"), &retention).await.expect("nothing to do");
    assert_eq!(lines(&store).await.len(), 5);
    for _ in 0..2 {
        store.maintain(at("2026-01-16"), &retention).await.expect("merged");
        let expected = ["day 2026-01-01T00 acme 2", "day 2026-01-01T00 _other 3", "hour 2026-01-02T00 acme 1"];
        assert_eq!(lines(&store).await, expected);
    }
    let rows = store.rows(at("2026-01-01"), at("2026-01-02")).await.expect("rows");
    assert_eq!(rows[1].row.counts.distinct.as_ref().map(Distinct::count), Some(2), "consumers are counted once");
    assert_eq!(rows[0].row.counts.last_seen, at("2026-01-01T23:00:00Z"));
    // A batch that was away for weeks, or a clock that was set back.
    let late = Ledger::new();
    count(&late, "2026-01-01T12:00:00Z", "acme");
    assert!(late.flush(&store, at("2026-01-16")).await.is_ok());
    store.maintain(at("2026-01-16"), &retention).await.expect("merged");
    assert_eq!(lines(&store).await[0], "day 2026-01-01T00 acme 3");
    store.maintain(at("2027-02-06"), &retention).await.expect("deleted");
    assert_eq!(lines(&store).await, ["day 2026-01-02T00 acme 1"]);
    let names: Vec<String> =
        sqlx::query_scalar("SELECT name FROM consumers").fetch_all(&writer(&store)).await.expect("names");
    assert_eq!(names, ["acme"], "a consumer without rows is forgotten");
}
