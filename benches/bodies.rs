//! A service whose bodies are migrated by the layers, against the same service behind what people write by hand: a
//! middleware that parses into a `serde_json::Value`, edits, and prints. The same edit in every element of a list: one
//! rename, one removal, one addition.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use sunward::layer::VersioningLayer;
use tower::{Layer, ServiceExt, service_fn};

#[allow(dead_code, reason = "it serves several benches")]
mod common;

#[path = "common/orders.rs"]
mod orders;

use common::Bare;
use orders::{catalog, list};

/// What people write.
async fn by_hand(bare: Bare, request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (mut head, body) = bare.oneshot(request).await?.into_parts();
    let bytes = body.collect().await?.to_bytes();
    let mut value: Value = serde_json::from_slice(&bytes).expect("JSON");
    for element in value["data"].as_array_mut().expect("a list") {
        let element = element.as_object_mut().expect("an object");
        if let Some(customer) = element.remove("customer_id") {
            element.insert("customer".to_owned(), customer);
        }
        element.remove("currency_code");
        element.entry("legacy_flag").or_insert(Value::Bool(false));
    }
    let body = serde_json::to_vec(&value).expect("JSON");
    head.headers.insert(header::CONTENT_LENGTH, body.len().into());
    Ok(Response::from_parts(head, Full::new(body.into())))
}

fn request(version: &str) -> Request<Full<Bytes>> {
    let request = Request::get("/orders").header("host", "api.example.com").header("api-version", version);
    request.body(Full::default()).expect("a request")
}

fn bodies(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for bytes in [1 << 10, 64 << 10, 1 << 20] {
        let bare = Bare { body: list(bytes) };
        let layered = VersioningLayer::new(catalog()).layer(bare.clone());
        let handmade = service_fn({
            let bare = bare.clone();
            move |request| by_hand(bare.clone(), request)
        });
        let mut group = c.benchmark_group(format!("bodies of {bytes} bytes"));
        group.throughput(Throughput::Bytes(bare.body.len() as u64));
        group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
        macro_rules! run {
            ($name:literal, $service:expr, $version:literal) => {
                group.bench_function($name, |b| {
                    let call = |request| {
                        runtime.block_on(async {
                            let response = $service.clone().oneshot(request).await.expect("no error");
                            response.into_body().collect().await.expect("a body").to_bytes().len()
                        })
                    };
                    b.iter_batched(|| request($version), call, BatchSize::SmallInput);
                });
            };
        }
        run!("bare", bare, "2");
        run!("layers, nothing to migrate", layered, "2");
        run!("layers, migrated", layered, "1");
        run!("by hand, serde_json Value", handmade, "1");
        group.finish();
    }
}

criterion_group!(benches, bodies);
criterion_main!(benches);
