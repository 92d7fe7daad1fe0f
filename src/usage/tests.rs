//! The ledger as a whole.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use super::*;
use crate::clock::Timestamp;

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn route(version: &str) -> UsedRoute {
    UsedRoute::new("shop", version, "GET", "/users/{id}")
}

fn count(ledger: &Ledger, now: &str, version: &str, consumer: Option<&str>) {
    let route = route(version);
    let caller = Caller { consumer, ..Caller::new(&route) };
    ledger.tally(at(now), &caller).add(200, None, 10);
}

/// Nothing here waits.
fn now<F: Future>(future: F) -> F::Output {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// Period, version, consumer and requests of each row.
fn lines<'r>(rows: impl IntoIterator<Item = &'r UsageRow>) -> Vec<String> {
    let line = |row: &UsageRow| {
        let start = row.key.period.start().to_string();
        let (version, consumer) = (row.key.route.version(), row.key.consumer.as_str());
        format!("{} {version} {consumer} {}", &start[..13], row.counts.requests())
    };
    rows.into_iter().map(line).collect()
}

/// A store that can be away, before or after it has written.
#[derive(Default)]
struct Flaky {
    memory: MemoryStore,
    away: AtomicBool,
    loses_answers: AtomicBool,
}

impl LedgerStore for Flaky {
    type Error = std::io::Error;

    async fn store(&self, batch: &Batch) -> Result<(), std::io::Error> {
        let lost = || std::io::Error::other("away");
        if self.away.load(Ordering::Relaxed) {
            return Err(lost());
        }
        let Ok(()) = self.memory.store(batch).await;
        if self.loses_answers.load(Ordering::Relaxed) { Err(lost()) } else { Ok(()) }
    }
}

#[test]
fn rows_are_by_hour_route_and_consumer() {
    let (ledger, store) = (Ledger::new(), MemoryStore::new());
    let (v1, refused) = (route("1"), at("2026-01-01T10:59:59Z"));
    let caller = Caller::new(&v1).with_consumer("acme").with_user_agent("curl/8").with_request_id("r-1");
    ledger.tally(refused, &caller).add(410, Some(RefusalKind::Gone), 5);
    ledger.tally(at("2026-01-01T10:30:00Z"), &caller.with_request_id("r-2")).add(200, Some(RefusalKind::Spared), 7);
    count(&ledger, "2026-01-01T11:00:00Z", "1", Some("acme"));
    count(&ledger, "2026-01-01T11:00:00Z", "2", None);
    count(&ledger, "2026-01-01T11:00:00Z", "2", Some("anonymous"));
    let Ok(rows) = now(ledger.flush(&store, at("2026-01-01T11:00:01Z")));
    assert_eq!(rows, 4);
    let rows = store.rows();
    let expected = ["10 1 acme 2", "11 1 acme 1", "11 2 anonymous 1", "11 2 anonymous 1"];
    assert_eq!(lines(&rows), expected.map(|line| format!("2026-01-01T{line}")));
    let counts = &rows[0].counts;
    assert_eq!((counts.classes, counts.refusals, counts.bytes), ([0, 1, 0, 1, 0], [1, 0, 0, 1], 12));
    assert_eq!((counts.first_seen, counts.last_seen), (at("2026-01-01T10:30:00Z"), refused));
    assert_eq!(counts.last_request.as_deref(), Some("r-2"));
    assert_eq!(counts.agents.iter().collect::<Vec<_>>(), [("curl/8", 2)]);
    assert!(now(ledger.flush(&store, at("2026-01-01T11:00:02Z"))).is_ok_and(|rows| rows == 0));
    assert_eq!(ledger.health().oldest, None);
}

#[test]
fn a_batch_that_comes_again_counts_once() {
    let (ledger, store) = (Ledger::new(), Flaky::default());
    let flush = |time: &str| now(ledger.flush(&store, at(time)));
    store.loses_answers.store(true, Ordering::Relaxed);
    count(&ledger, "2026-01-01T10:00:00Z", "1", Some("acme"));
    assert!(flush("2026-01-01T10:00:05Z").is_err());
    count(&ledger, "2026-01-01T10:00:06Z", "1", Some("acme"));
    assert!(flush("2026-01-01T10:00:10Z").is_err());
    assert_eq!(lines(&store.memory.rows()), ["2026-01-01T10 1 acme 1"]);
    store.loses_answers.store(false, Ordering::Relaxed);
    assert!(flush("2026-01-01T10:00:15Z").is_ok_and(|rows| rows == 2));
    assert_eq!(lines(&store.memory.rows()), ["2026-01-01T10 1 acme 2"]);
}

#[test]
fn a_store_that_was_away_gets_everything() {
    let (ledger, store) = (Ledger::new(), Flaky::default());
    store.away.store(true, Ordering::Relaxed);
    for minute in 0..60 {
        count(&ledger, &format!("2026-01-01T10:{minute:02}:00Z"), "1", Some("acme"));
        count(&ledger, &format!("2026-01-01T11:{minute:02}:00Z"), "1", None);
        assert!(now(ledger.flush(&store, at(&format!("2026-01-01T11:{minute:02}:01Z")))).is_err());
    }
    assert_eq!(ledger.health().oldest, Some(at("2026-01-01T10:00:00Z")));
    store.away.store(false, Ordering::Relaxed);
    assert!(now(ledger.flush(&store, at("2026-01-01T12:00:00Z"))).is_ok());
    assert_eq!(lines(&store.memory.rows()), ["2026-01-01T10 1 acme 60", "2026-01-01T11 1 anonymous 60"]);
}

#[test]
fn consumers_beyond_the_bound_are_counted_together() {
    let ledger = Ledger::new().with_consumers(2);
    for n in 0..50 {
        count(&ledger, "2026-01-01T10:00:00Z", "1", Some(&format!("c{}", n % 10)));
    }
    count(&ledger, "2026-01-01T10:00:00Z", "1", Some(&"x".repeat(300)));
    count(&ledger, "2026-01-02T10:00:00Z", "1", Some("c9"));
    let batch = ledger.next_batch(at("2026-01-02T10:00:00Z")).expect("rows");
    let expected = ["01T10 1 c0 5", "01T10 1 c1 5", "01T10 1 _other 41", "02T10 1 c9 1"];
    assert_eq!(lines(&batch.rows), expected.map(|line| format!("2026-01-{line}")), "each day begins anew");
    assert_eq!(batch.rows[2].counts.distinct.as_ref().map(Distinct::count), Some(9));
    assert_eq!(ledger.health().overflow, 41);
}

#[test]
fn what_a_store_does_not_take_is_merged_and_not_dropped() {
    let (ledger, store) = (Ledger::new().with_rows(40), Flaky::default());
    store.away.store(true, Ordering::Relaxed);
    let mut requests = 0;
    for hour in 0..24 * 4 {
        let time = Timestamp::from_secs(1_767_225_600 + hour * 3600).expect("in range").to_string();
        for consumer in 0..8 {
            count(&ledger, &time, "1", Some(&format!("c{consumer}")));
            requests += 1;
        }
        assert!(now(ledger.flush(&store, at(&time))).is_err());
        assert!(ledger.health().rows <= 40 + 20, "{:?}", ledger.health());
    }
    assert!(ledger.health().merged > 0 && ledger.health().overflow == 0, "{:?}", ledger.health());
    store.away.store(false, Ordering::Relaxed);
    assert!(now(ledger.flush(&store, at("2026-01-05"))).is_ok());
    let rows = store.memory.rows();
    assert_eq!(rows.iter().map(|row| row.counts.requests()).sum::<u64>(), requests);
    let days = rows.iter().filter(|row| matches!(row.key.period, Period::Day(_))).count();
    let others = rows.iter().filter_map(|row| row.counts.distinct.as_ref().map(Distinct::count));
    assert!(days > 0 && others.clone().count() > 0 && others.clone().all(|count| count == 8), "{:?}", lines(&rows));
}

#[test]
fn rows_beyond_the_bound_are_counted_together() {
    let ledger = Ledger::new().with_rows(3);
    for n in 0..10 {
        count(&ledger, "2026-01-01T10:00:00Z", "1", Some(&format!("c{n}")));
    }
    let batch = ledger.next_batch(at("2026-01-01T10:00:00Z")).expect("rows");
    assert_eq!(lines(&batch.rows).last().map(|line| &line[14..]), Some("1 _other 7"));
    ledger.acknowledge(batch.number);
    assert!(ledger.next_batch(at("2026-01-01T10:00:01Z")).is_none());
    assert_eq!(ledger.health().rows, 0, "rows that count nothing are dropped");
}

#[test]
fn a_request_that_ends_late_counts() {
    let ledger = Ledger::new();
    let v1 = route("1");
    let tally = ledger.tally(at("2026-01-01T10:00:00Z"), &Caller::new(&v1));
    assert!(ledger.next_batch(at("2026-01-01T12:00:00Z")).is_none());
    tally.add(200, None, 1);
    drop(tally);
    let batch = ledger.next_batch(at("2026-01-01T12:00:05Z")).expect("a row");
    assert_eq!(lines(&batch.rows), ["2026-01-01T10 1 anonymous 1"]);
}

#[test]
fn a_clock_that_is_set_back_loses_nothing() {
    let (ledger, store) = (Ledger::new(), MemoryStore::new());
    for time in ["2026-01-01T10:00:00Z", "2099-01-01T10:00:00Z", "2026-01-01T09:00:00Z", "2026-01-01T10:00:00Z"] {
        count(&ledger, time, "1", Some("acme"));
        assert!(now(ledger.flush(&store, at(time))).is_ok());
    }
    let expected = ["2026-01-01T09 1 acme 1", "2026-01-01T10 1 acme 2", "2099-01-01T10 1 acme 1"];
    assert_eq!(lines(&store.rows()), expected);
    assert_eq!(ledger.health().rows, 1, "the future is no longer in memory");
}

#[test]
fn threads_lose_nothing() {
    let (ledger, store) = (Arc::new(Ledger::new()), MemoryStore::new());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|thread| {
                let ledger = &ledger;
                scope.spawn(move || {
                    for n in 0..5000 {
                        let time = Timestamp::from_secs(3600 * (n / 500)).expect("in range").to_string();
                        count(ledger, &time, "1", Some(&format!("c{}", (n + thread) % 7)));
                    }
                })
            })
            .collect();
        let flusher = scope.spawn(|| {
            let mut last = 0;
            while !done.load(Ordering::Relaxed) {
                last += 1;
                assert!(now(ledger.flush(&store, Timestamp::from_secs(3600 * (last % 10)).expect("in range"))).is_ok());
            }
        });
        writers.into_iter().for_each(|writer| writer.join().expect("no panic"));
        done.store(true, Ordering::Relaxed);
        flusher.join().expect("no panic");
    });
    assert!(now(ledger.flush(&store, at("2026-01-01"))).is_ok());
    let rows = store.rows();
    assert_eq!(rows.iter().map(|row| row.counts.requests()).sum::<u64>(), 20_000);
    assert_eq!(rows.iter().map(|row| row.counts.bytes).sum::<u64>(), 200_000);
    assert_eq!(ledger.health().rows, 0);
}
