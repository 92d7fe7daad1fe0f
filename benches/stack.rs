//! What the layers add to a service: one call on a ready clone, its response body read to the end, polled by hand.
//!
//! No recorder is installed, so metrics cost what their handles cost.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use sunward::catalog::{Api, Catalog, Route, Version};
use sunward::change::{Change, OpSpec};
use sunward::layer::VersioningLayer;
use tower::{Layer, Service};

/// Answers at once with the same JSON body.
#[derive(Clone)]
struct Bare {
    body: Bytes,
}

impl<B> Service<Request<B>> for Bare {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let mut response = Response::new(Full::new(self.body.clone()));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        ready(Ok(response))
    }
}

/// Version 1 is deprecated; version 2 renames, removes and adds a member of the users, and leaves the orders alone.
fn catalog() -> Catalog {
    let api = Api::new("shop")
        .with_path("/v{version}")
        .with_header("Api-Version")
        .with_strict(true)
        .with_version(
            Version::new("1")
                .with_deprecated("2025-01-01")
                .with_sunset("2100-01-01")
                .with_docs("https://docs.example.com/to-v2"),
        )
        .with_version(Version::new("2"))
        .with_change(
            Change::new("2", "users")
                .with_at("GET /users/{id} -> 200")
                .with_op(OpSpec::rename("/name", "/title"))
                .with_op(OpSpec::remove("/fax", ""))
                .with_op(OpSpec::add("/plan", "free"))
                .breaking(),
        )
        .with_route(Route::new("GET /orders/{id}"));
    match Catalog::new([api]) {
        Ok(catalog) => catalog,
        Err(found) => panic!("the catalog is refused:\n{found}"),
    }
}

/// 1 KiB, as version 2 writes it.
fn body() -> Bytes {
    let start = r#"{"id": 9007199254740993, "title": "Ada", "plan": "paid", "tags": ["a", "b"], "notes": ""#;
    format!("{start}{}\"}}", "x".repeat(1024 - start.len() - 2)).into()
}

fn request(path: &str) -> Request<Full<Bytes>> {
    let request = Request::get(path).header("host", "api.example.com").header("user-agent", "bench/1.0");
    request.body(Full::default()).expect("a request")
}

/// Nothing here waits, so one poll is all of it.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// Calls, and reads the body.
fn call<S, B>(mut service: S, request: Request<Full<Bytes>>) -> (Response<()>, usize)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    let mut context = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut context).is_ready());
    let Ok(response) = now(service.call(request));
    let (parts, body) = response.into_parts();
    let mut body = pin!(body);
    let mut bytes = 0;
    while let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(&mut context) {
        bytes += frame.data_ref().map_or(0, Bytes::len);
    }
    (Response::from_parts(parts, ()), bytes)
}

fn stack(c: &mut Criterion) {
    let bare = Bare { body: body() };
    let layered = VersioningLayer::new(catalog()).layer(bare.clone());
    let (head, bytes) = call(layered.clone(), request("/v1/orders/7"));
    assert!(head.headers().contains_key("deprecation") && bytes == 1024, "not migrated");
    let (_, bytes) = call(layered.clone(), request("/v1/users/7"));
    assert!(bytes != 1024, "migrated");

    let mut group = c.benchmark_group("stack");
    group.bench_function("bare service", |b| {
        b.iter_batched(|| request("/orders/7"), |request| call(bare.clone(), request), BatchSize::SmallInput);
    });
    let rows = [
        ("the version that the service speaks", "/v2/orders/7"),
        ("a deprecated version, body untouched", "/v1/orders/7"),
        ("a deprecated version, 1 KiB migrated", "/v1/users/7"),
    ];
    for (name, path) in rows {
        group.bench_function(name, |b| {
            b.iter_batched(|| request(path), |request| call(layered.clone(), request), BatchSize::SmallInput);
        });
    }
    group.finish();
}

criterion_group!(benches, stack);
criterion_main!(benches);
