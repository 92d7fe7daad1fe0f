//! How often one call allocates, by the requests of `stack`; a ledger adds nothing to it. Its counting allocator would slow that bench.

use std::alloc::System;
use std::hint::black_box;
use std::sync::Arc;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use sunward::layer::VersioningLayer;
use sunward::usage::Ledger;
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
}
