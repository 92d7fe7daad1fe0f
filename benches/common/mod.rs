//! The service, the catalog and the requests of `stack`, `allocations` and `instructions`.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use sunward::catalog::{Api, Catalog, Route, Version};
use sunward::change::{Change, OpSpec};
use tower::Service;

/// Answers at once with the same JSON body.
#[derive(Clone)]
pub(crate) struct Bare {
    pub(crate) body: Bytes,
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

/// Version 0 is gone, 1 is deprecated; 2 renames, removes and adds a member of the users, and leaves the orders alone.
pub(crate) fn catalog() -> Catalog {
    let api = Api::new("shop")
        .with_base_path("/shop")
        .with_version_path("/v{version}")
        .with_version_header("Api-Version")
        .with_strict(true)
        .with_exclude("/shop/health")
        .with_version(Version::new("0").with_deprecated("2020-01-01").with_sunset("2021-01-01"))
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
                .with_op(OpSpec::remove("/fax").with_restore(""))
                .with_op(OpSpec::add("/plan", "free"))
                .with_breaking(true),
        )
        .with_route(Route::new("GET /orders/{id}"));
    match Catalog::new([api]) {
        Ok(catalog) => catalog,
        Err(found) => panic!("the catalog is refused:\n{found}"),
    }
}

/// 1 KiB, as version 2 writes it.
pub(crate) fn body() -> Bytes {
    let start = r#"{"id": 9007199254740993, "title": "Ada", "plan": "paid", "tags": ["a", "b"], "notes": ""#;
    format!("{start}{}\"}}", "x".repeat(1024 - start.len() - 2)).into()
}

pub(crate) fn request(path: &str) -> Request<Full<Bytes>> {
    let request = Request::get(path).header("host", "api.example.com").header("user-agent", "bench/1.0");
    request.body(Full::default()).expect("a request")
}

/// One row: its name, its path, and what its header field says.
pub(crate) type Row = (&'static str, &'static str, Option<&'static str>);

pub(crate) const ROWS: [Row; 8] = [
    ("a path outside all apis", "/other/7", None),
    ("an excluded path", "/shop/health", None),
    ("the version that the service speaks, by header", "/shop/orders/7", Some("2")),
    ("the version that the service speaks, by path", "/shop/v2/orders/7", None),
    ("a deprecated version, by header, body untouched", "/shop/orders/7", Some("1")),
    ("a deprecated version, by path, body untouched", "/shop/v1/orders/7", None),
    ("a deprecated version, by path, 1 KiB migrated", "/shop/v1/users/7", None),
    ("a version that is gone, by path", "/shop/v0/orders/7", None),
];

pub(crate) fn row_request((_, path, version): Row) -> Request<Full<Bytes>> {
    let mut request = request(path);
    if let Some(version) = version {
        request.headers_mut().insert("api-version", HeaderValue::from_static(version));
    }
    request
}

/// Nothing here waits, so one poll is all of it.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// Calls, and reads the body.
pub(crate) fn call<S, B>(mut service: S, request: Request<Full<Bytes>>) -> (Response<()>, usize)
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
