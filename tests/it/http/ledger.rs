//! What the layers write into a ledger.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use sunward::catalog::{Api, Catalog, ConsumerSource, Route, Version};
use sunward::clock::{ManualClock, Timestamp};
use sunward::layer::VersioningLayer;
use sunward::usage::Ledger;
use tower::{Layer, ServiceExt, service_fn};

fn shop() -> Api {
    Api::new("shop")
        .with_base_path("/shop")
        .with_version_header("Api-Version")
        .with_version_accept("application/vnd.shop.v{version}+json")
        .with_consumer_source(ConsumerSource::Header("x-client".into()))
        .with_exclude("/shop/health")
        .with_version(Version::new("0").with_deprecated("2020-01-01").with_sunset("2021-01-01"))
        .with_version(Version::new("1").with_deprecated("2025-01-01").with_sunset("2100-01-01"))
        .with_version(Version::new("2"))
        .with_route(Route::new("GET /users/{id}"))
        .with_route(Route::new("POST /users"))
}

/// Method, path, fields, and the rows that the request adds to: version, route, consumer, classes, refusals, bytes.
type Row = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

const ROWS: [Row; 9] = [
    (
        "GET",
        "/shop/users/7",
        &[("api-version", "1"), ("x-client", "acme")],
        &["1 GET /users/{id} acme [0, 1, 0, 0, 0] [0, 0, 0, 0] 4"],
    ),
    ("GET", "/shop/users/7", &[("api-version", "2")], &["2 GET /users/{id} anonymous [0, 1, 0, 0, 0] [0, 0, 0, 0] 4"]),
    (
        "GET",
        "/shop/users/7",
        &[("api-version", "9"), ("x-client", "acme")],
        &["_other GET _unmatched acme [0, 0, 0, 1, 0] [0, 0, 0, 0] "],
    ),
    ("GET", "/shop/none", &[("api-version", "2")], &["2 GET _unmatched anonymous [0, 1, 0, 0, 0] [0, 0, 0, 0] 4"]),
    ("BREW", "/shop/none", &[("api-version", "2")], &["2 _other _unmatched anonymous [0, 1, 0, 0, 0] [0, 0, 0, 0] 4"]),
    (
        "GET",
        "/shop/users/7",
        &[("api-version", "0"), ("x-client", "acme")],
        &["0 GET /users/{id} acme [0, 0, 0, 1, 0] [1, 0, 0, 0] "],
    ),
    ("GET", "/shop/health", &[], &[]),
    ("GET", "/elsewhere", &[], &[]),
    (
        "OPTIONS",
        "/shop/users/7",
        &[("origin", "https://a.example"), ("access-control-request-method", "GET"), ("api-version", "1")],
        &[],
    ),
];

#[tokio::test]
async fn a_request_adds_to_the_rows_that_it_uses() {
    let now: Timestamp = "2026-01-01T10:20:30Z".parse().expect("a time");
    for (method, path, fields, expected) in ROWS {
        let ledger = Arc::new(Ledger::new());
        let catalog = Catalog::new([shop()]).expect("a catalog");
        let inner = service_fn(|_: Request<_>| async { Ok::<_, Infallible>(Response::new(Full::from("body"))) });
        let layer = VersioningLayer::new(catalog).with_ledger(Arc::clone(&ledger)).with_clock(ManualClock::new(now));
        let mut request = Request::builder().method(method).uri(path).header("host", "a.example");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.header("user-agent", "test/1").header("x-request-id", "r-1");
        let response =
            layer.layer(inner).oneshot(request.body(Full::default()).expect("a request")).await.expect("an answer");
        assert!(ledger.next_batch(now).is_none(), "{path}: the response has not ended");
        response.into_body().collect().await.expect("a body");
        let batch = ledger.next_batch(now);
        let rows = batch.as_ref().map_or(&[][..], |batch| &batch.rows);
        let lines: Vec<_> = rows
            .iter()
            .map(|row| {
                let (key, counts) = (&row.key, &row.counts);
                assert_eq!((counts.first_seen, counts.last_request.as_deref()), (now, Some("r-1")));
                assert_eq!(counts.agents.iter().collect::<Vec<_>>(), [("test/1", 1)]);
                let (route, consumer) = (&key.route, key.consumer.as_str());
                let bytes = if counts.classes[1] == 0 { String::new() } else { counts.bytes.to_string() };
                format!(
                    "{} {} {} {consumer} {:?} {:?} {bytes}",
                    route.version(),
                    route.method(),
                    route.template(),
                    counts.classes,
                    counts.refusals
                )
            })
            .collect();
        assert_eq!(lines, expected, "{method} {path} {fields:?}");
    }
}

#[tokio::test]
async fn content_of_another_version_uses_that_version_too() {
    let ledger = Arc::new(Ledger::new());
    let now: Timestamp = "2026-01-01T10:20:30Z".parse().expect("a time");
    let catalog = Catalog::new([shop()]).expect("a catalog");
    let inner = service_fn(|_: Request<_>| async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())) });
    let layer = VersioningLayer::new(catalog).with_ledger(Arc::clone(&ledger)).with_clock(ManualClock::new(now));
    let request = Request::post("/shop/users")
        .header("content-type", "application/vnd.shop.v1+json")
        .header("accept", "application/vnd.shop.v2+json")
        .body(Full::from("{}"))
        .expect("a request");
    layer.layer(inner).oneshot(request).await.expect("an answer").into_body().collect().await.expect("a body");
    let batch = ledger.next_batch(now).expect("rows");
    let versions: Vec<_> = batch.rows.iter().map(|row| (row.key.route.version(), row.counts.requests())).collect();
    assert_eq!(versions, [("1", 1), ("2", 1)]);
}

#[tokio::test]
async fn a_request_that_is_given_up_counts() {
    let ledger = Arc::new(Ledger::new());
    let layer = VersioningLayer::new(Catalog::new([shop()]).expect("a catalog")).with_ledger(Arc::clone(&ledger));
    let inner = service_fn(|_: Request<_>| std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>());
    let request = Request::get("/shop/users/7").header("api-version", "1").body(Full::default()).expect("a request");
    let mut answer = Box::pin(layer.layer(inner).oneshot(request));
    assert!(futures_poll(answer.as_mut()).is_pending());
    drop(answer);
    let batch = ledger.next_batch("2026-01-01".parse().expect("a time")).expect("a row");
    assert_eq!((batch.rows.len(), batch.rows[0].counts.requests()), (1, 1));
}

fn futures_poll<F: Future>(future: std::pin::Pin<&mut F>) -> std::task::Poll<F::Output> {
    future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
}
