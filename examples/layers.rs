//! Each layer alone: what it does by itself, so that one can be left out or replaced.
//!
//! ```sh
//! cargo run --example layers
//! ```
//!
//! `Resolve` is always there: it decides once what becomes of a request, and the others read that.

use std::convert::Infallible;
use std::error::Error;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use sunward::catalog::{Api, Catalog, Version};
use sunward::change::{Change, OpSpec};
use sunward::clock::{ManualClock, Timestamp};
use sunward::layer::{AnnotateLayer, ApiVersion, CountLayer, GateLayer, MigrateLayer, ResolveLayer};
use tower::{Layer, Service, ServiceExt, service_fn};

type Body = Full<Bytes>;

fn shop() -> Api {
    let title = Change::new("2", "`name` is called `title`")
        .with_at("GET /users/{id} -> 200")
        .with_op(OpSpec::rename("/name", "/title"))
        .with_breaking(true);
    Api::new("shop")
        .with_version_header("Api-Version")
        .with_version(Version::new("1").with_deprecated("2026-01-01").with_sunset("2027-01-01"))
        .with_version(Version::new("2"))
        .with_change(title)
}

/// Knows version 2 only, and says which version the client speaks.
async fn show<B>(request: Request<B>) -> Result<Response<Body>, Infallible> {
    let version = ApiVersion::of(request.extensions()).map(|version| version.to_string());
    let mut response = Response::new(Full::from(r#"{"title": "Ada"}"#));
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    let seen = HeaderValue::try_from(version.unwrap_or_default()).unwrap_or(HeaderValue::from_static("?"));
    response.headers_mut().insert("x-seen", seen);
    Ok(response)
}

/// What a client of version 1 gets: the status, a header, the body.
async fn ask<S, B>(service: S, header: &str) -> Result<(u16, String, String), Box<dyn Error>>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Error + 'static,
    B: http_body::Body<Data = Bytes>,
    B::Error: Error + 'static,
{
    let request = Request::get("/users/7").header("api-version", "1").body(Body::default())?;
    let (head, body) = service.oneshot(request).await?.into_parts();
    let value = head.headers.get(header).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body = body.collect().await?.to_bytes();
    Ok((head.status.as_u16(), value.to_owned(), String::from_utf8_lossy(&body).into_owned()))
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let catalog = std::sync::Arc::new(Catalog::at([shop()], "2026-06-01".parse()?)?);
    let at = |date: &str| -> Result<ResolveLayer, Box<dyn Error>> {
        let now: Timestamp = date.parse()?;
        Ok(ResolveLayer::new(catalog.clone()).with_clock(ManualClock::new(now)))
    };

    let resolve = at("2026-06-01")?.layer(service_fn(show));
    let (_, seen, body) = ask(resolve, "x-seen").await?;
    println!("Resolve tells the service that the client speaks {seen}; the body is untouched: {body}");
    assert_eq!((&*seen, &*body), ("1", r#"{"title": "Ada"}"#));

    let annotate = at("2026-06-01")?.layer(AnnotateLayer::new().layer(service_fn(show)));
    let (_, sunset, _) = ask(annotate, "sunset").await?;
    println!("Annotate announces the end: Sunset: {sunset}");
    assert_eq!(sunset, "Fri, 01 Jan 2027 00:00:00 GMT");

    let gate = at("2027-06-01")?.layer(GateLayer::new().layer(service_fn(show)));
    let (status, kind, _) = ask(gate, "content-type").await?;
    println!("Gate answers {status} after the end, as {kind}");
    assert_eq!((status, &*kind), (410, "application/problem+json"));

    let migrate = at("2026-06-01")?.layer(MigrateLayer::new().layer(service_fn(show)));
    let (_, _, body) = ask(migrate, "content-type").await?;
    println!("Migrate rewrites the body: {body}");
    assert_eq!(body, r#"{"name": "Ada"}"#);

    let count = at("2026-06-01")?.layer(CountLayer::new().layer(service_fn(show)));
    let (status, ..) = ask(count, "x-seen").await?;
    println!("Count adds the request to the recorder of the `metrics` crate, if one is installed: {status}");
    Ok(())
}
