//! Parameters of the request's path in bodies.

use sunward::catalog::{Api, Version};
use sunward::change::{Change, OpSpec};

use super::*;

/// `/items/{id}` became `/orders/{id}` in version 2, which says the id in the path only.
fn bench() -> Bench {
    let routes = Change::new("2", "items are orders")
        .with_breaking(true)
        .with_op(OpSpec::move_route("* /items/{id}", "* /orders/{id}"));
    let url = Change::new("2", "no url")
        .with_at("* /orders/{id} -> 200")
        .with_breaking(true)
        .with_op(OpSpec::remove("/url").with_restore_text("/v1/items/{path.id}?n={/n}"));
    let id = Change::new("2", "the id is in the body")
        .with_at("PUT /orders/{id} <-")
        .with_op(OpSpec::compute("/id", "{path.id}"));
    let api = Api::new("shop").with_version_path("/v{version}").with_forward_as("/v{version}");
    let api = api.with_version(Version::new("1")).with_version(Version::new("2"));
    Bench::new(api.with_change(routes).with_change(url).with_change(id))
}

#[test]
fn templates_get_the_parameters_of_the_clients_path() {
    let json = "200\ncontent-type: application/json\n\n{\"n\":1}";
    let lines = "200\ncontent-type: application/x-ndjson\n\n{\"n\":1}\n{}\n{\"n\":2}\n";
    let put = "PUT /v1/items/a%22b\ncontent-type: application/json\n\n{}";
    let patch =
        "PUT /v1/items/7\ncontent-type: application/json-patch+json\n\n[{\"op\":\"add\",\"path\":\"\",\"value\":{}}]";
    bench().check(&[
        ("plain", "GET /v1/items/7", json, &["200", "> GET /v2/orders/7", "= {\"n\":1,\"url\":\"/v1/items/7?n=1\"}"]),
        ("decoded", "GET /v1/items/%C3%A9%20+", json, &["= {\"n\":1,\"url\":\"/v1/items/é +?n=1\"}"]),
        ("no UTF-8", "GET /v1/items/%ff", json, &["502"]),
        ("nothing to do", "GET /v2/orders/%ff", json, &["200", "= {\"n\":1}"]),
        (
            "of each document",
            "GET /v1/items/7",
            lines,
            &["= {\"n\":1,\"url\":\"/v1/items/7?n=1\"}\n{}\n{\"n\":2,\"url\":\"/v1/items/7?n=2\"}\n"],
        ),
        ("in a request", put, "204", &["204", "> PUT /v2/orders/a%22b", "> = {\"id\":\"a\\\"b\"}"]),
        ("in a patch", patch, "204", &["> ~ \"value\":{\"id\":\"7\"}"]),
    ]);
}
