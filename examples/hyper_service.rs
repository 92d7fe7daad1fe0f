//! The layers around a plain hyper service: no router, no framework.
//!
//! ```sh
//! cargo run --example hyper_service
//!
//! curl -i 'http://127.0.0.1:3000/orders/9007199254740993?version=2024-10-01'
//! # The version of before: `status` in place of `state`, every other byte as it was.
//! curl -i 'http://127.0.0.1:3000/orders/9007199254740993?version=2024-01-01'
//! # A date between two versions is the nearest one that is not newer.
//! curl -i 'http://127.0.0.1:3000/orders/1?version=2024-05-17'
//! # 2023-01-01 is past its end: 410, and the service is not called.
//! curl -i 'http://127.0.0.1:3000/orders/1?version=2023-01-01'
//! # No version: 400, never the newest.
//! curl -i 'http://127.0.0.1:3000/orders/1'
//! ```

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use sunward::catalog::{Api, Catalog, Version};
use sunward::change::{Change, OpSpec};
use sunward::layer::VersioningLayer;
use sunward::version::Scheme;
use tokio::net::TcpListener;
use tower::{Layer, service_fn};

fn orders() -> Api {
    Api::new("orders")
        .with_scheme(Scheme::Date)
        .with_waterfall(true)
        .with_version_query("version")
        .with_response_header("Api-Version")
        .with_version(Version::new("2023-01-01").with_deprecated("2024-01-01").with_sunset("2025-01-01"))
        .with_version(Version::new("2024-01-01").with_deprecated("2024-10-01"))
        .with_version(Version::new("2024-10-01"))
        .with_change(
            Change::new("2024-10-01", "an order's `status` is called `state`")
                .with_at("GET /orders/{id} -> 200")
                .with_op(OpSpec::rename("/status", "/state"))
                .with_breaking(true),
        )
}

/// Knows the newest version only.
async fn show<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    let id = request.uri().path().rsplit('/').next().unwrap_or("0");
    let body = format!(r#"{{"id": {id}, "total": 1.10, "state": "paid"}}"#);
    let mut response = Response::new(Full::from(body));
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    Ok(response)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let service = VersioningLayer::new(Catalog::new([orders()])?).layer(service_fn(show));
    let service = TowerToHyperService::new(service);

    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let connection =
            http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service.clone());
        tokio::spawn(async move {
            if let Err(e) = connection.await {
                eprintln!("a connection broke: {e}");
            }
        });
    }
}
