//! The rows that run in this process: calls of the layers, and the engine on whole bodies.

use std::hint::black_box;

use sunward::catalog::Content;
use sunward::layer::VersioningLayer;
use tower::Layer;

use super::common::{self, Bare, ROWS, call, row_request};
use super::orders;

/// Names and sizes of the bodies that the engine migrates.
const BODIES: [(&str, usize); 2] = [("engine: a list of 1 KiB", 1 << 10), ("engine: a list of 64 KiB", 64 << 10)];

fn name(row: &common::Row) -> String {
    format!("layers: {}", row.0)
}

/// The names of the rows.
pub(crate) fn rows() -> Vec<String> {
    ROWS.iter().map(name).chain(BODIES.map(|(name, _)| name.to_owned())).collect()
}

/// Runs one row so many times.
pub(crate) fn run(row: &str, rounds: u64) {
    if let Some((_, bytes)) = BODIES.iter().find(|(name, _)| *name == row) {
        return migrate(*bytes, rounds);
    }
    let row = ROWS.into_iter().find(|known| name(known) == row).expect("a known row");
    let layered = VersioningLayer::new(common::catalog()).layer(Bare { body: common::body() });
    for _ in 0..rounds {
        black_box(call(layered.clone(), row_request(row)));
    }
}

fn migrate(bytes: usize, rounds: u64) {
    let (catalog, body) = (orders::catalog(), orders::list(bytes));
    let api = catalog.api("shop").expect("it is there");
    let migration = api.migration("GET /orders -> 200", "2", "1").expect("both are there");
    for _ in 0..rounds {
        black_box(migration.run(Content::Json, &body).expect("it is JSON"));
    }
}
