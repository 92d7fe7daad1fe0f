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
use sunward::catalog::{Api, Catalog, Version};
use sunward::change::{Change, OpSpec, Resource};
use sunward::layer::VersioningLayer;
use tower::{Layer, ServiceExt, service_fn};

#[allow(dead_code, reason = "it serves several benches")]
mod common;

use common::Bare;

/// As version 2 writes it; version 1 calls `customer_id` `customer`, has a `legacy_flag`, and no `currency_code`.
fn list(bytes: usize) -> Bytes {
    let element = |id: usize| {
        format!(
            r#"{{"id":{},"customer_id":"cus_{id:08}","status":"shipped","total":{}.10,"currency_code":"EUR","lines":[{{"sku":"SKU-{id:05}","qty":2,"price":19.90}}],"note":"leave at the door, ring twice","created":"2026-01-02T03:04:05Z"}}"#,
            9_007_199_254_740_993 + id,
            id % 1000
        )
    };
    let mut text = String::from(r#"{"data":["#);
    text.push_str(&element(0));
    for id in 1.. {
        if text.len() >= bytes {
            break;
        }
        text.push(',');
        text.push_str(&element(id));
    }
    text.push_str("]}");
    text.into()
}

fn catalog() -> Catalog {
    let change = Change::new("2", "orders")
        .with_on("order")
        .with_op(OpSpec::rename("/customer", "/customer_id"))
        .with_op(OpSpec::remove("/legacy_flag", serde_json::Value::Bool(false)))
        .with_op(OpSpec::add("/currency_code", "EUR"))
        .breaking();
    let api = Api::new("shop")
        .with_header("Api-Version")
        .with_strict(true)
        .with_version(Version::new("1"))
        .with_version(Version::new("2"))
        .with_resource(Resource::new("order").with_at("GET /orders -> 200 /data/*"))
        .with_change(change);
    match Catalog::new([api]) {
        Ok(catalog) => catalog,
        Err(found) => panic!("the catalog is refused:\n{found}"),
    }
}

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
