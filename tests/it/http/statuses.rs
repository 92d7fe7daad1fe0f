//! A status that depends on the body.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use sunward::catalog::{Api, Catalog, Version};
use sunward::change::{Change, OpSpec, When};
use sunward::json::Test;
use tower::{Layer, ServiceExt, service_fn};

use super::Bench;
use super::streams::Live;

fn with_versions(api: Api) -> Api {
    let api = api.with_version_header("Version");
    ["1", "2", "3", "4"].into_iter().fold(api, |api, version| api.with_version(Version::new(version)))
}

/// Version 2 calls the message of errors a reason, version 3 says errors with 200, and version 4 calls users people.
fn told() -> Api {
    let reason = Change::new("2", "a reason")
        .with_at("GET /user -> 404")
        .with_breaking(true)
        .with_op(OpSpec::rename("/message", "/reason"))
        .with_op(OpSpec::rename_header("X-Old", "X-New"));
    let told = Change::new("3", "errors with 200")
        .with_at("GET /user -> 404")
        .with_breaking(true)
        .with_op(OpSpec::rename("/reason", "/error"))
        .with_op(OpSpec::map_status(404, 200).with_when(When::equals("/error", "not_found")))
        .with_op(OpSpec::map_status(403, 200).with_when(When::equals("/error", "forbidden")));
    let people = Change::new("4", "people")
        .with_at("GET /user -> 200")
        .with_breaking(true)
        .with_op(OpSpec::rename("/name", "/title"))
        .with_op(OpSpec::rename("/error", "/problem"));
    with_versions(Api::new("shop").with_change(reason).with_change(told).with_change(people))
}

/// The other way: a 200 with `ok: false` is a 404 from version 3 on, with another shape.
fn split() -> Api {
    let old = Change::new("2", "a message")
        .with_at("GET /user -> 200")
        .with_breaking(true)
        .with_op(OpSpec::rename("/text", "/message"));
    let split = Change::new("3", "404")
        .with_at("GET /user -> 404")
        .with_breaking(true)
        .with_op(OpSpec::map_status(200, 404).with_when(When::equals("/ok", false)))
        .with_op(OpSpec::rename("/message", "/title"))
        .with_op(OpSpec::remove("/ok").with_restore(false));
    with_versions(Api::new("shop").with_change(old).with_change(split))
}

fn get(version: &str) -> String {
    format!("GET /user\nversion: {version}")
}

const JSON: &str = "content-type: application/json";

#[test]
fn a_200_that_was_an_error_is_one_for_old_clients() {
    let not_found = format!("200\n{JSON}\nx-new: 1\netag: \"a\"\n\n{{\"problem\":\"not_found\",\"n\":1.0}}");
    let user = format!("200\n{JSON}\nx-new: 1\n\n{{\"title\":\"not_found\",\"message\":1}}");
    let bench = Bench::new(told());
    bench.check(&[
        (
            "to itself",
            &get("4"),
            &not_found,
            &["200", "= {\"problem\":\"not_found\",\"n\":1.0}", "x-new: 1", "etag: \"a\""],
        ),
        (
            "to 3",
            &get("3"),
            &not_found,
            &["200", "= {\"error\":\"not_found\",\"n\":1.0}", "x-new: 1", "content-length: 29"],
        ),
        ("to 2", &get("2"), &not_found, &["404", "= {\"reason\":\"not_found\",\"n\":1.0}", "x-new: 1"]),
        ("to 1", &get("1"), &not_found, &["404", "= {\"message\":\"not_found\",\"n\":1.0}", "x-old: 1", "-x-new"]),
        ("a user, to 1", &get("1"), &user, &["200", "= {\"name\":\"not_found\",\"message\":1}", "x-new: 1"]),
        (
            "of two conditions the other",
            &get("1"),
            &format!("200\n{JSON}\n\n{{\"problem\":\"forbidden\"}}"),
            &["403", "= {\"error\":\"forbidden\"}"],
        ),
        ("no condition", &get("1"), &format!("200\n{JSON}\n\n{{\"problem\":\"x\"}}"), &["200", "= {\"error\":\"x\"}"]),
        (
            "of two members the last",
            &get("1"),
            &format!("200\n{JSON}\n\n{{\"problem\":\"not_found\",\"problem\":\"x\"}}"),
            &["200"],
        ),
    ]);
}

#[test]
fn what_has_no_document_keeps_its_status() {
    let rows = [
        ("no body", "200", "200"),
        ("an empty one", "200\ncontent-type: application/json\ncontent-length: 0", "200"),
        ("another type", "200\ncontent-type: text/plain\n\n{\"problem\":\"not_found\"}", "200"),
        ("lines", "200\ncontent-type: application/x-ndjson\n\n{\"problem\":\"not_found\"}", "200"),
        ("events", "200\ncontent-type: text/event-stream\n\ndata: {\"problem\":\"not_found\"}\n\n", "200"),
        ("several documents", "200\ncontent-type: application/json\n\n{\"problem\":\"not_found\"} {}", "200"),
        ("a status without content", "204", "204"),
    ];
    for (name, upstream, status) in rows {
        Bench::new(told()).check(&[(name, &get("1"), upstream, &[status])]);
    }
    Bench::new(told()).check(&[
        ("HEAD", "HEAD /user\nversion: 1", "200\ncontent-type: application/json", &["200"]),
        ("not JSON", &get("1"), "200\ncontent-type: application/json\n\n<p>", &["502"]),
        (
            "a part cannot be asked for",
            "GET /user\nversion: 1\nrange: bytes=0-1\naccept-encoding: zstd, x, gzip",
            "",
            &["> -range"],
        ),
        ("but where nothing is decided", "GET /user\nversion: 4\nrange: bytes=0-1", "", &["> range: bytes=0-1"]),
    ]);
}

#[test]
fn an_error_that_was_a_200_is_one_for_old_clients() {
    let problem = format!("404\n{JSON}\n\n{{\"title\":\"no such user\"}}");
    Bench::new(split()).check(&[
        ("to itself", &get("3"), &problem, &["404", "= {\"title\":\"no such user\"}"]),
        ("to 2", &get("2"), &problem, &["200", "= {\"message\":\"no such user\",\"ok\":false}"]),
        ("to 1, by the ops of a 200", &get("1"), &problem, &["200", "= {\"text\":\"no such user\",\"ok\":false}"]),
        (
            "a user",
            &get("1"),
            &format!("200\n{JSON}\n\n{{\"message\":1,\"ok\":true}}"),
            &["200", "= {\"text\":1,\"ok\":true}"],
        ),
        ("of a proxy", &get("1"), "404\ncontent-type: text/html\n\n<p>", &["404", "= <p>"]),
    ]);
}

#[test]
fn a_response_of_an_old_service_goes_up_by_the_same_ops() {
    Bench::new(told().with_speaks("1")).check(&[
        (
            "an error",
            &get("4"),
            &format!("404\n{JSON}\nx-old: 1\n\n{{\"message\":\"not_found\"}}"),
            &["200", "= {\"problem\":\"not_found\"}", "x-new: 1"],
        ),
        (
            "another one",
            &get("4"),
            &format!("404\n{JSON}\n\n{{\"message\":\"gone\"}}"),
            &["404", "= {\"error\":\"gone\"}"],
        ),
    ]);
    Bench::new(split().with_speaks("1")).check(&[
        (
            "an error with 200",
            &get("4"),
            &format!("200\n{JSON}\n\n{{\"text\":\"no such user\",\"ok\":false}}"),
            &["404", "= {\"title\":\"no such user\"}"],
        ),
        (
            "a user",
            &get("4"),
            &format!("200\n{JSON}\n\n{{\"text\":1,\"ok\":true}}"),
            &["200", "= {\"message\":1,\"ok\":true}"],
        ),
    ]);
}

#[test]
fn every_kind_of_condition_decides() {
    let any = When::any([When::absent("/data"), When::at("/code", Test::one_of([4, 5])).not()]);
    let change = |when| {
        Change::new("2", "one")
            .with_at("GET /user -> 404")
            .with_breaking(true)
            .with_op(OpSpec::map_status(404, 200).with_when(when))
    };
    let rows = [
        (any, "{\"data\":1,\"code\":4.0}", "200"),
        (When::own(Test::has_type([sunward::json::JsonType::Array])), "[]", "404"),
        (When::all([When::present("/a/0"), When::equals("/a/1/b", 2)]), "{\"a\":[null,{\"b\":2}]}", "404"),
        (When::present("/a"), "{\"a\":null}", "404"),
        (When::present("/a"), "7", "200"),
    ];
    for (when, body, status) in rows {
        let api = with_versions(Api::new("shop").with_change(change(when)));
        Bench::new(api).check(&[(body, &get("1"), &format!("200\n{JSON}\n\n{body}"), &[status, &format!("= {body}")])]);
    }
}

#[test]
fn a_body_that_is_too_large_is_an_error_and_codings_are_taken_off() {
    let bench = Bench::new(told());
    let layer = || bench.layer().with_max_body_bytes(64);
    let large = format!("200\n{JSON}\n\n{{\"problem\":\"{}\"}}", "x".repeat(64));
    let exchange = super::run(super::exchange(layer(), &get("1"), &large));
    assert_eq!(exchange.status, 502, "{}", exchange.text());
    let exchange = super::run(super::exchange(layer(), &get("4"), &large));
    assert_eq!(exchange.status, 200);
    let zipped = gzip(b"{\"problem\":\"not_found\"}");
    let mut upstream = super::Message::parse(&format!("200\n{JSON}\ncontent-encoding: gzip"));
    upstream.body = Bytes::from(zipped);
    let request = super::Message::parse(&format!("{}\naccept-encoding: identity", get("1")));
    let exchange = super::run(super::exchange_messages(bench.layer(), request, upstream));
    assert_eq!((exchange.status, exchange.text()), (404, "{\"message\":\"not_found\"}"));
    let broken = format!("200\n{JSON}\ncontent-encoding: gzip\n\nxyz");
    assert_eq!(bench.exchange(&get("1"), &broken).status, 502);
}

/// Whatever chunks a body comes in, its status is the same, and so are its bytes.
#[test]
fn every_split_of_a_body_has_one_status() {
    use sunward::layer::MigrateBody;
    use tokio::sync::mpsc;

    let bench = Bench::new(told());
    for (body, expected) in [
        ("{\"problem\":\"not_found\",\"n\":1.0}", (404, "{\"message\":\"not_found\",\"n\":1.0}")),
        ("{\"problem\":\"\\u00e9\",\"title\":{}}", (200, "{\"error\":\"\\u00e9\",\"name\":{}}")),
    ] {
        for at in 0..=body.len() {
            let (first, second) = body.split_at(at);
            let service = service_fn(move |_: Request<MigrateBody<Empty<Bytes>>>| async move {
                let (sender, receiver) = mpsc::unbounded_channel();
                for part in [first, second] {
                    sender.send(Ok(Bytes::from_static(part.as_bytes()))).expect("it is there");
                }
                let body = Live(receiver);
                let response = Response::builder().header("content-type", "application/json").header("trailer", "x");
                Ok::<_, Infallible>(response.body(body).expect("a response"))
            });
            let request = Request::get("/user").header("version", "1").body(Empty::<Bytes>::new());
            let response = bench.layer().layer(service).oneshot(request.expect("a request"));
            let (status, text) = super::run(async {
                let (head, body) = response.await.expect("an answer").into_parts();
                let bytes = body.collect().await.expect("a body").to_bytes();
                assert_eq!(head.headers["content-length"], bytes.len().to_string());
                assert!(!head.headers.contains_key("trailer"));
                (head.status.as_u16(), String::from_utf8(bytes.to_vec()).expect("text"))
            });
            assert_eq!((status, &*text), expected, "{at}");
        }
    }
}

#[test]
fn explain_says_what_is_held_and_what_becomes_of_fields() {
    let catalog = Catalog::at([told()], super::at(super::NOW)).expect("a catalog");
    let shop = catalog.api("shop").expect("it is there");
    let explained = shop.explain("GET /user -> 404", "4", "1").expect("it is there");
    let steps: Vec<&str> = explained.changes().iter().flat_map(|change| change.steps()).map(String::as_str).collect();
    let expected = [
        "replace the status 200 by 404, where `/error` is \"not_found\"; the whole body is held",
        "rename /error to reason",
        "rename the header x-new to x-old",
        "rename /reason to message",
    ];
    assert_eq!(steps, expected);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}
