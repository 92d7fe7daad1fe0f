//! Ledgers in databases: SQLite, and a real server of PostgreSQL.

#[cfg(feature = "cli")]
mod commands;
mod fleet;
mod forget;
mod guide;
#[cfg(feature = "cli")]
mod import;
mod lives;
#[cfg(feature = "notices")]
mod notices;
mod older;
mod same;
pub(crate) mod server;

use std::fmt::Write;

use sunward::clock::Timestamp;
use sunward::usage::{Caller, Ledger, RefusalKind, SqlLedger, UsedChange, UsedRoute};

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

/// A request of a consumer to `GET /users/{id}` of version 1.
fn count(ledger: &Ledger, now: &str, consumer: &str) {
    let route = UsedRoute::new("shop", "1", "GET", "/users/{id}");
    let caller = Caller::new(&route).with_consumer(consumer).with_user_agent("curl/8").with_request_id("r-1");
    let tally = ledger.tally(at(now), &caller);
    tally.add(200, Some(RefusalKind::Spared), 10);
    if consumer.len() == 4 {
        tally.add_change(&UsedChange::new("2", "mail is email"));
    }
}

/// Span, start, environment, version, consumer, requests, bytes and consumers behind `_other`, of each row.
async fn lines(store: &SqlLedger) -> String {
    let rows = store.rows(Timestamp::EPOCH, Timestamp::MAX).await.expect("rows");
    rows.iter().fold(String::new(), |mut lines, stored| {
        let (key, counts) = (&stored.row.key, &stored.row.counts);
        let distinct = counts.distinct.as_ref().map_or(0, |distinct| distinct.count());
        let (period, consumer, requests) = (key.period, key.consumer.as_str(), counts.requests());
        let (environment, bytes, changes) = (&stored.environment, counts.bytes, &counts.changes);
        let changes = if changes.is_empty() { String::new() } else { format!(" {changes:?}") };
        writeln!(lines, "{period:?} {environment} {consumer} {requests} {bytes} {distinct}{changes}").expect("a text");
        lines
    })
}
