//! An axum service that knows who still calls version 1.
//!
//! ```sh
//! cargo run --example ledger --features axum,usage
//! ```
//!
//! The layers count each request in a ledger; a store of your own gets what was counted. A server calls `flush` every few seconds,
//! in a task, and once more when it stops. Here three requests are made by hand.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::get;
use http::Request;
use sunward::catalog::{Api, Catalog, ConsumerSource, Version};
use sunward::clock::{Clock, SystemClock};
use sunward::layer::VersioningLayer;
use sunward::usage::{Batch, Ledger, LedgerStore};
use tower::{Layer, ServiceExt};

/// Requests by version and consumer. A database would keep the replica, the run and the number of the last batch in the same
/// transaction, and ignore a batch that comes again.
#[derive(Default)]
struct Table {
    sums: Mutex<BTreeMap<(String, String), u64>>,
}

impl LedgerStore for Table {
    type Error = Infallible;

    async fn store(&self, batch: &Batch) -> Result<(), Infallible> {
        let mut sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        for row in &batch.rows {
            let key = (row.key.route.version().to_owned(), row.key.consumer.as_str().to_owned());
            *sums.entry(key).or_default() += row.counts.requests();
        }
        Ok(())
    }
}

impl Table {
    fn callers(&self, of: &str) -> Vec<String> {
        let sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        let of_version = sums.iter().filter(|((version, _), _)| version == of);
        of_version.map(|((_, consumer), requests)| format!("{consumer}: {requests}")).collect()
    }
}

fn shop() -> Api {
    Api::new("shop")
        .with_version_path("/v{version}")
        .with_consumer_source(ConsumerSource::Header("x-client".into()))
        .with_version(Version::new("1").with_deprecated("2026-01-01").with_sunset("2100-01-01"))
        .with_version(Version::new("2"))
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let (ledger, table) = (Arc::new(Ledger::new()), Table::default());
    let handlers = Router::new().route("/users", get(|| async { "[]" }));
    let versioned = VersioningLayer::new(Catalog::new([shop()])?).with_ledger(Arc::clone(&ledger)).layer(handlers);
    let app = Router::new().fallback_service(versioned);

    for (path, client) in
        [("/v1/users", Some("acme")), ("/v1/users", Some("acme")), ("/v1/users", None), ("/v2/users", None)]
    {
        let mut request = Request::get(path);
        if let Some(client) = client {
            request = request.header("x-client", client);
        }
        let response = app.clone().oneshot(request.body(Body::empty())?).await?;
        // A request is counted when its response has ended.
        to_bytes(response.into_body(), 1024).await?;
    }

    ledger.flush(&table, SystemClock.now()).await?;
    println!("version 1 is still called by {}", table.callers("1").join(", "));
    assert_eq!(table.callers("1"), ["acme: 2", "anonymous: 1"]);
    Ok(())
}
