//! What the layers add to a service: one call on a ready clone, its response body read to the end, polled by hand.
//!
//! No recorder is installed, so metrics cost what their handles cost.

use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use sunward::layer::VersioningLayer;
use sunward::usage::Ledger;
use tower::Layer;

mod common;

use common::{Bare, ROWS, body, call, catalog, request, row_request};

fn stack(c: &mut Criterion) {
    let bare = Bare { body: body() };
    let layered = VersioningLayer::new(catalog()).layer(bare.clone());
    let counted = VersioningLayer::new(catalog()).with_ledger(Arc::new(Ledger::new())).layer(bare.clone());
    let (head, bytes) = call(layered.clone(), request("/shop/v1/orders/7"));
    assert!(head.headers().contains_key("deprecation") && bytes == 1024, "not migrated");
    let (_, bytes) = call(layered.clone(), request("/shop/v1/users/7"));
    assert!(bytes != 1024, "migrated");

    let mut group = c.benchmark_group("stack");
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    group.bench_function("bare service", |b| {
        b.iter_batched(|| request("/orders/7"), |request| call(bare.clone(), request), BatchSize::SmallInput);
    });
    for row in ROWS {
        group.bench_function(row.0, |b| {
            b.iter_batched(|| row_request(row), |request| call(layered.clone(), request), BatchSize::SmallInput);
        });
    }
    for row in &ROWS[2..6] {
        group.bench_function(format!("{}, with a ledger", row.0), |b| {
            b.iter_batched(|| row_request(*row), |request| call(counted.clone(), request), BatchSize::SmallInput);
        });
    }
    group.finish();
}

criterion_group!(benches, stack);
criterion_main!(benches);
