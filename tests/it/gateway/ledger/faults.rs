//! A store that fails while a gateway runs: traffic goes on, and nothing is lost.

use sunward::clock::ManualClock;
use sunward::gateway::Options;

use super::*;
use crate::gateway::{Reply, exchange};

const ACME: &str = "X-Client: acme\r\n";

/// A gateway that goes by a clock.
async fn with_clock(folder: &Path, ledger: &str, clock: &ManualClock) -> (Gateway, Service) {
    let (text, service) = config(folder, ledger).await;
    let options = Options::new().with_clock(clock.clone()).with_rewrite(move |_| text.clone());
    (Gateway::start(&super::super::demo_file(), options).await, service)
}

/// Waits until the line of `consumer` has so many requests.
async fn stored(folder: &Path, expected: &[&str]) {
    let path = folder.join("state/ledger.sqlite");
    let is_there = rig::becomes(async || match SqlLedger::open_read_only(&path).await {
        Ok(store) => lines_of(&store).await == expected,
        Err(_) => false,
    });
    assert!(is_there.await, "{:?} is not {expected:?}", lines(folder).await);
}

#[tokio::test]
async fn a_damaged_file_is_moved_away_and_the_gateway_counts_on() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("state/ledger.sqlite");
    std::fs::create_dir(folder.path().join("state")).expect("a folder");
    std::fs::write(&path, "this was a ledger once ".repeat(1000)).expect("written");
    let (gateway, _service) = gateway(folder.path(), "flush = \"10ms\"\n").await;
    for _ in 0..3 {
        get(&gateway, "/api/v1/x", ACME).await;
    }
    let metric = "sunward_ledger_flushes_total{result=\"error\"}";
    assert!(rig::becomes(async || gateway.admin("/metrics").await.body.contains(metric)).await);
    // As the log and the documentation say.
    std::fs::rename(&path, folder.path().join("damaged")).expect("moved");
    stored(folder.path(), &["test 1 acme 3 id"]).await;
    get(&gateway, "/api/v1/x", ACME).await;
    gateway.stop().await;
    assert_eq!(lines(folder.path()).await, ["test 1 acme 4 id"]);
}

#[tokio::test]
async fn a_file_that_another_program_locks_is_waited_for() {
    let folder = TempDir::new().expect("a folder");
    let (gateway, _service) = gateway(folder.path(), "flush = \"10ms\"\n").await;
    get(&gateway, "/api/v1/x", ACME).await;
    stored(folder.path(), &["test 1 acme 1 id"]).await;
    let path = folder.path().join("state/ledger.sqlite");
    let other = sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(&path));
    let other = other.await.expect("a program");
    let locked = other.begin_with("BEGIN IMMEDIATE").await.expect("the lock");
    for _ in 0..10 {
        // Traffic does not notice.
        get(&gateway, "/api/v1/x", ACME).await;
    }
    locked.rollback().await.expect("released");
    other.close().await;
    gateway.stop().await;
    assert_eq!(lines(folder.path()).await, ["test 1 acme 11 id"]);
}

#[tokio::test]
async fn a_clock_that_steps_loses_nothing() {
    let folder = TempDir::new().expect("a folder");
    let clock = ManualClock::new("2030-01-01T10:30:00Z".parse().expect("a time"));
    let (gateway, _service) = with_clock(folder.path(), "flush = \"10ms\"\n", &clock).await;
    // Forwards by an hour, backwards by three, and to where it was.
    for (count, time) in ["10:30:00", "11:30:00", "08:30:00", "10:31:00", "10:29:00"].iter().enumerate() {
        clock.set(format!("2030-01-01T{time}Z").parse().expect("a time"));
        get(&gateway, "/api/v1/x", ACME).await;
        // One is stored before the clock steps again.
        let path = folder.path().join("state/ledger.sqlite");
        let all = rig::becomes(async || match SqlLedger::open_read_only(&path).await {
            Ok(store) => hours(&store).await.iter().map(|(_, requests)| requests).sum::<u64>() == count as u64 + 1,
            Err(_) => false,
        });
        assert!(all.await, "{time}");
    }
    gateway.stop().await;
    let store = SqlLedger::open_read_only(&folder.path().join("state/ledger.sqlite")).await.expect("a ledger");
    let expected = [("08", 1), ("10", 3), ("11", 1)].map(|(hour, count)| (format!("2030-01-01T{hour}:00:00Z"), count));
    assert_eq!(hours(&store).await, expected);
}

async fn hours(store: &SqlLedger) -> Vec<(String, u64)> {
    let rows = store.rows(Timestamp::EPOCH, Timestamp::MAX).await.expect("rows");
    rows.iter().map(|stored| (stored.row.key.period.start().to_string(), stored.row.counts.requests())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_for_hours_gets_all_of_them() {
    let Some(server) = Server::start() else { return };
    let (folder, url) = (TempDir::new().expect("a folder"), server.database());
    let clock = ManualClock::new("2030-01-01T10:59:00Z".parse().expect("a time"));
    let own = format!("flush = \"10ms\"\nurl = {url:?}\n");
    let (gateway, _service) = with_clock(folder.path(), &own, &clock).await;
    get(&gateway, "/api/v1/x", ACME).await;
    let store = SqlLedger::connect(&PostgresOptions::new(&url), "test").await.expect("a database");
    assert!(rig::becomes(async || hours(&store).await.len() == 1).await);
    server.stop();
    for time in ["10:59:59", "11:00:00", "11:59:00", "13:01:00"] {
        clock.set(format!("2030-01-01T{time}Z").parse().expect("a time"));
        for _ in 0..5 {
            get(&gateway, "/api/v1/x", ACME).await;
        }
    }
    server.start_again();
    gateway.stop().await;
    let expected = [("10", 6), ("11", 10), ("13", 5)].map(|(hour, count)| (format!("2030-01-01T{hour}:00:00Z"), count));
    assert!(rig::becomes(async || store.rows(Timestamp::EPOCH, Timestamp::MAX).await.is_ok()).await);
    assert_eq!(hours(&store).await, expected);
}

/// The clock of one replica is decades ahead: what the others counted is not old because of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_ahead_deletes_nothing_of_others() {
    let Some(server) = Server::start() else { return };
    let (folder, url) = (TempDir::new().expect("a folder"), server.database());
    let own = format!("flush = \"10ms\"\nurl = {url:?}\n");
    let (sound, _service) = gateway(&folder.path().join("sound"), &own).await;
    get(&sound, "/api/v1/x", ACME).await;
    sound.stop().await;
    let clock = ManualClock::new("2099-01-01".parse().expect("a time"));
    let (ahead, _service) = with_clock(&folder.path().join("ahead"), &own, &clock).await;
    get(&ahead, "/api/v1/x", ACME).await;
    ahead.stop().await;
    let store = SqlLedger::connect(&PostgresOptions::new(&url), "test").await.expect("a database");
    let hours = hours(&store).await;
    assert_eq!((hours.len(), &hours[1].0), (2, &"2099-01-01T00:00:00Z".to_owned()), "{hours:?}");
}

/// A session of another program has the lock of those who write, and does not end.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_is_left_behind_stops_no_traffic() {
    let Some(server) = Server::start() else { return };
    let (folder, url) = (TempDir::new().expect("a folder"), server.database());
    let store = SqlLedger::connect(&PostgresOptions::new(&url), "test").await.expect("a database");
    let left = sqlx::PgPool::connect(&url).await.expect("a database");
    let mut session = left.acquire().await.expect("a session");
    for lock in [8_391_162_079_i64, 8_391_162_080] {
        sqlx::query("SELECT pg_advisory_lock($1)").bind(lock).execute(&mut *session).await.expect("a lock");
    }
    let own = format!("flush = \"10ms\"\nurl = {url:?}\nreplica = \"a\"\n");
    let (gateway, _service) = gateway(folder.path(), &own).await;
    get(&gateway, "/api/v1/x", ACME).await;
    let reply = pause(&gateway).await;
    assert!(reply.status == 503 && reply.body.contains("another program is writing to it"), "{}", reply.body);
    get(&gateway, "/api/v1/x", ACME).await;
    // Its end is what an operator can have: the documentation says how to find it.
    let blocking = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted";
    let database = url.rsplit('/').next().expect("a name");
    assert_eq!(server.sql(database, blocking), "2");
    assert_eq!(pause(&gateway).await.status, 200);
    gateway.stop().await;
    assert_eq!(lines_of(&store).await, ["test 1 acme 2 id"]);
}

async fn pause(gateway: &Gateway) -> Reply {
    let request = "POST /apis/ledger/pause?by=ops&reason=test HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    exchange(gateway.admin, request).await
}
