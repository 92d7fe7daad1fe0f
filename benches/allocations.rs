//! How often one call allocates, by the requests of `stack`; a ledger adds nothing to it. And how much memory a ledger takes at most, with
//! more consumers and routes than it has rows for. The counting allocator would slow `stack`.

use std::alloc::System;
use std::future::{Future, ready};
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use sunward::clock::Timestamp;
use sunward::layer::VersioningLayer;
use sunward::usage::{Batch, Caller, Ledger, LedgerCoverage, LedgerStore, UsedRoute};
use tower::Layer;

mod common;

use common::{Bare, ROWS, body, call, catalog, request, row_request};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Allocations of the last of some calls: what is made once has been made.
fn steady(mut once: impl FnMut() -> usize) -> usize {
    (0..10).map(|_| black_box(once())).last().unwrap_or(0)
}

/// Allocations while `run` runs.
fn count(run: impl FnOnce()) -> usize {
    let region = Region::new(ALLOCATOR);
    run();
    let change = region.change();
    change.allocations + change.reallocations
}

fn main() {
    let bare = Bare { body: body() };
    let layered = VersioningLayer::new(catalog()).layer(bare.clone());
    let counted = VersioningLayer::new(catalog()).with_ledger(Arc::new(Ledger::new())).layer(bare.clone());
    let least = steady(|| {
        let request = request("/orders/7");
        count(|| drop(black_box(call(bare.clone(), request))))
    });
    println!("{least:4}  bare service");
    for row in ROWS {
        let all = steady(|| {
            let request = row_request(row);
            count(|| drop(black_box(call(layered.clone(), request))))
        });
        let with_ledger = steady(|| {
            let request = row_request(row);
            count(|| drop(black_box(call(counted.clone(), request))))
        });
        println!("{all:4}  {}", row.0);
        assert_eq!(with_ledger, all, "{}, with a ledger", row.0);
    }
    for store in [Away(false), Away(true)] {
        let most = busy(&store) as f64 / 1024.0 / 1024.0;
        let what = if store.0 { "whose store is away" } else { "that is flushed" };
        println!("{most:6.1} MiB  a ledger {what}: 10 000 consumers, 4 versions, 50 routes");
        assert!(most < 64.0, "{what}");
    }
}

/// A store that takes everything, or nothing.
struct Away(bool);

impl LedgerStore for Away {
    type Error = std::fmt::Error;

    fn store(&self, _: &Batch) -> impl Future<Output = Result<(), std::fmt::Error>> + Send {
        ready(if self.0 { Err(std::fmt::Error) } else { Ok(()) })
    }

    fn cover(&self, _: &LedgerCoverage) -> impl Future<Output = Result<(), std::fmt::Error>> + Send {
        ready(Ok(()))
    }
}

/// The most bytes that a ledger takes in an hour in which each consumer uses each route of each version.
fn busy(store: &Away) -> usize {
    let now: Timestamp = "2026-12-01T10:00:00Z".parse().expect("a time");
    let consumers: Vec<String> = (0..10_000).map(|number| format!("consumer-{number:05}")).collect();
    let routes: Vec<UsedRoute> = (0..200)
        .map(|number| {
            UsedRoute::new("shop", ["1", "2", "3", "4"][number / 50], "GET", &format!("/things/{}/{{id}}", number % 50))
        })
        .collect();
    let region = Region::new(ALLOCATOR);
    let ledger = Ledger::new();
    let mut most = 0;
    for (at, route) in routes.iter().cycle().take(2 * routes.len()).enumerate() {
        for consumer in &consumers {
            ledger
                .tally(now, &Caller::new(route).with_consumer(consumer).with_user_agent("sdk/1.2.3"))
                .add(200, None, 512);
        }
        // As many requests as 20 000 a second make in 5 seconds.
        if at % 10 == 9 {
            most = most.max(taken(&region));
            let _ = now_or_never(ledger.flush(store, now));
        }
        most = most.max(taken(&region));
    }
    most
}

fn taken(region: &Region<'_, System>) -> usize {
    let change = region.change();
    change.bytes_allocated.saturating_sub(change.bytes_deallocated)
}

fn now_or_never<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        std::task::Poll::Ready(value) => Some(value),
        std::task::Poll::Pending => None,
    }
}
