//! A program that is rolled back works on the tables of a newer one, and the newer one on what it leaves.

use sqlx::Executor;
use sunward::usage::{Caller, Ledger, LedgerRetention, PostgresOptions, SqlLedger, UsedChange, UsedRoute};

use super::server::Server;
use super::{at, lines};

const FIRST: &str = include_str!("first.sql");
const EXPECTED: &str = "Hour(490907) test old 2 20 0\n";

/// What the newer program had written before: the older one deletes its row, and knows nothing of the changes.
async fn newer(store: &SqlLedger) {
    let (ledger, route) = (Ledger::new(), UsedRoute::new("shop", "1", "GET", "/users/{id}"));
    let tally = ledger.tally(at("2025-12-31"), &Caller::new(&route).with_consumer("new"));
    tally.add_change(&UsedChange::new("2", "`mail` is called `email`"));
    tally.add(200, None, 10);
    ledger.flush(store, at("2025-12-31")).await.expect("stored");
}

/// Then the newer one is back.
async fn back(store: &SqlLedger) {
    store.maintain(at("2026-01-02"), &LedgerRetention::default()).await.expect("nothing to do");
    assert_eq!(lines(store).await, EXPECTED);
}

#[tokio::test]
async fn in_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.sqlite");
    let store = SqlLedger::open(&path, "test").await.expect("a file");
    newer(&store).await;
    store.close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).foreign_keys(true);
    let older = sqlx::SqlitePool::connect_with(options).await.expect("a file");
    older.execute(FIRST).await.expect("it works");
    older.close().await;
    back(&SqlLedger::open(&path, "test").await.expect("a file")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_postgres() {
    let Some(server) = Server::start() else { return };
    let url = server.database();
    newer(&SqlLedger::connect(&PostgresOptions::new(&url), "test").await.expect("a database")).await;
    let older = sqlx::PgPool::connect(&url).await.expect("a database");
    older.execute(&*format!("SET search_path TO sunward; {FIRST}")).await.expect("it works");
    back(&SqlLedger::connect(&PostgresOptions::new(&url), "test").await.expect("a database")).await;
}
