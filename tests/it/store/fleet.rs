//! Several replicas that write to one database, and a database that goes away.

use sunward::usage::{Ledger, PostgresOptions, SqlLedger};

use super::server::Server;
use super::{at, count, lines};

const NOW: &str = "2026-01-01T10:00:00Z";

async fn connect(url: &str) -> SqlLedger {
    SqlLedger::connect(&PostgresOptions::new(url), "test").await.expect("a database")
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_start_at_once_add_up() {
    let Some(server) = Server::start() else { return };
    let url = server.database();
    // The database is empty: of three that want to make the tables, one does.
    let replicas = (0..3).map(|number| {
        let url = url.clone();
        tokio::spawn(async move {
            let (store, ledger) = (connect(&url).await, Ledger::new().with_replica(number.to_string()));
            for round in 0..10 {
                for consumer in 0..100 {
                    count(&ledger, NOW, &format!("consumer {:02}", (consumer + number * 7) % 100));
                }
                let written = ledger.flush(&store, at(NOW)).await.unwrap_or_else(|error| panic!("{round}: {error}"));
                assert_eq!(written, 100);
            }
        })
    });
    for replica in replicas.collect::<Vec<_>>() {
        replica.await.expect("it wrote");
    }
    let lines = lines(&connect(&url).await).await;
    assert_eq!(lines.lines().count(), 100);
    assert!(lines.lines().all(|line| line.ends_with(" 30 300 0")), "{lines}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_away_gets_everything_once() {
    let Some(server) = Server::start() else { return };
    let url = server.database();
    let (store, ledger) = (connect(&url).await, Ledger::new());
    count(&ledger, NOW, "acme");
    ledger.flush(&store, at(NOW)).await.expect("stored");
    server.stop();
    count(&ledger, NOW, "acme");
    let error = ledger.flush(&store, at(NOW)).await.expect_err("it is away");
    assert!(error.is_unreachable(), "{error} {:?}", std::error::Error::source(&error));
    assert!(error.to_string().ends_with("the database does not answer"), "{error}");
    count(&ledger, NOW, "acme");
    server.start_again();
    let mut tries = 0;
    while let Err(error) = ledger.flush(&store, at(NOW)).await {
        // Connections of before are found to be dead when they are used.
        assert!(error.is_unreachable() && tries < 8, "{error}");
        tries += 1;
    }
    let lines = lines(&store).await;
    assert!(lines.contains("acme 3 30 0 {") && lines.ends_with("of \"2\": 3}\n"), "{lines}");
}
