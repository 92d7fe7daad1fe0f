//! What the layers write into a ledger.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use sunward::catalog::{Api, Catalog, ConsumerSource, Route, Version};
use sunward::change::{Change, OpSpec, Resource};
use sunward::clock::{ManualClock, Timestamp};
use sunward::layer::{MigrateBody, VersioningLayer};
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

/// Version 2 moved a route, and altered a body, a header, a query and a status.
fn changed() -> Api {
    let change = |summary: &str, ops: Vec<OpSpec>| {
        let change = Change::new("2", summary).with_on("user").with_breaking(true);
        ops.into_iter().fold(change, Change::with_op)
    };
    Api::new("shop")
        .with_version_header("Api-Version")
        .with_unspecified("2")
        .with_version(Version::new("1"))
        .with_version(Version::new("2"))
        .with_resource(
            Resource::new("user")
                .with_at("GET /people/{id} -> 200")
                .with_at("GET /people/{id} -> 404")
                .with_at("POST /people <-")
                .with_at("POST /people -> 201"),
        )
        .with_change(
            Change::new("2", "users are people")
                .with_breaking(true)
                .with_op(OpSpec::move_route("GET /users/{id}", "GET /people/{id}")),
        )
        .with_change(change("mail is email", vec![OpSpec::rename("/mail", "/email")]))
        .with_change(change("states are words", vec![OpSpec::map("/state", [(1, "on")])]))
        .with_change(change("a tag", vec![OpSpec::rename_header("X-Tag", "Tag")]))
        .with_change(change("a limit", vec![OpSpec::rename_query("max", "limit")]))
        .with_change(change("gone is not found", vec![OpSpec::map_status(410, 404)]))
}

/// Method and path of a request of version 1, its body; status, header and body of the response; and what altered something.
type Altered = ([&'static str; 3], (u16, &'static str, &'static str), &'static [&'static str]);

const ALTERED: [Altered; 9] = [
    (["GET", "/people/1", ""], (200, "", "{}"), &[]),
    (["GET", "/users/1", ""], (200, "", r#"{"name": "a"}"#), &["users are people"]),
    (["GET", "/users/1", ""], (200, "", r#"{"email": "a"}"#), &["mail is email", "users are people"]),
    (["GET", "/users/1", ""], (200, "", r#"{"state": "on"}"#), &["states are words", "users are people"]),
    (["GET", "/users/1?max=3", ""], (200, "", "{}"), &["a limit", "users are people"]),
    (["GET", "/users/1?min=3", ""], (200, "tag", "{}"), &["a tag", "users are people"]),
    (["GET", "/users/1", ""], (404, "", "{}"), &["gone is not found", "users are people"]),
    (["POST", "/people", r#"{"mail": "a"}"#], (201, "", "{}"), &["mail is email"]),
    (["POST", "/people", r#"{"mail": "a"}"#], (201, "", r#"{"state": "on"}"#), &["mail is email", "states are words"]),
];

#[tokio::test]
async fn a_change_counts_where_it_altered_something() {
    let now: Timestamp = "2026-01-01T10:20:30Z".parse().expect("a time");
    for ([method, path, sent], (status, field, body), expected) in ALTERED {
        let ledger = Arc::new(Ledger::new());
        let inner = service_fn(move |request: Request<MigrateBody<Full<Bytes>>>| async move {
            request.into_body().collect().await.expect("a body");
            let mut response = Response::builder().status(status).header("content-type", "application/json");
            if !field.is_empty() {
                response = response.header(field, "x");
            }
            Ok::<_, Infallible>(response.body(Full::<Bytes>::from(body)).expect("a response"))
        });
        let layer = VersioningLayer::new(Catalog::new([changed()]).expect("a catalog"));
        let layer = layer.with_ledger(Arc::clone(&ledger)).with_clock(ManualClock::new(now));
        let request = Request::builder().method(method).uri(path).header("api-version", "1");
        let request = request.header("content-type", "application/json").body(Full::from(sent)).expect("a request");
        layer.layer(inner).oneshot(request).await.expect("an answer").into_body().collect().await.expect("a body");
        let batch = ledger.next_batch(now).expect("a row");
        let mut changes: Vec<_> = batch.rows[0].counts.changes.iter().collect();
        assert!(changes.iter().all(|(change, requests)| change.version() == "2" && **requests == 1), "{changes:?}");
        let mut altered: Vec<_> = changes.drain(..).map(|(change, _)| change.summary()).collect();
        altered.sort_unstable();
        assert_eq!(altered, expected, "{method} {path} {sent}, answered by {status} {field} {body}");
    }
}

fn futures_poll<F: Future>(future: std::pin::Pin<&mut F>) -> std::task::Poll<F::Output> {
    future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
}
