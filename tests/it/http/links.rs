//! Links to the API in responses and requests: each leads where a request of the other version would.

use sunward::catalog::{Api, Version};
use sunward::change::{Change, OpSpec};

use super::*;

/// `/purchases` became `/orders` in version 2, with another query.
fn orders() -> Api {
    let routes = Change::new("2", "purchases are orders")
        .with_breaking(true)
        .with_op(OpSpec::move_route("GET /purchases", "GET /orders"))
        .with_op(OpSpec::move_route("GET /purchases/{id}", "GET /orders/{id}"));
    let query = Change::new("2", "pages have a limit")
        .with_at("GET /orders <-")
        .with_breaking(true)
        .with_op(OpSpec::rename_query("per_page", "limit"))
        .with_op(OpSpec::map_query("sort", &[("bought", "created")]));
    Api::new("shop")
        .with_base_path("/api")
        .with_change(routes)
        .with_change(query)
        .with_version(Version::new("1"))
        .with_version(Version::new("2"))
}

fn by_path() -> Api {
    orders().with_version_path("/v{version}").with_forward_as("/api/v{version}")
}

/// As version 2 writes it, and as version 1 has it.
const LINKS: [(&str, &str); 19] = [
    ("/api/v2/orders?limit=5&after=x", "/api/v1/purchases?per_page=5&after=x"),
    ("/api/v2/orders?sort=-created%2cid&x=%7e&&y=+", "/api/v1/purchases?sort=-bought%2cid&x=%7e&&y=+"),
    ("/api/v2/orders/a%20b?limit=5", "/api/v1/purchases/a%20b?limit=5"),
    ("/api/v2/orders?", "/api/v1/purchases?"),
    ("/api/v2/orders#limit=5", "/api/v1/purchases#limit=5"),
    ("/api/v2/other?limit=5", "/api/v1/other?limit=5"),
    ("https://shop.test/api/v2/orders?limit=5", "https://shop.test/api/v1/purchases?per_page=5"),
    ("//shop.test/api/v2/orders?limit=5", "//shop.test/api/v1/purchases?per_page=5"),
    ("?limit=5&after=x", "?per_page=5&after=x"),
    ("?after=%7e", "?after=%7e"),
    ("orders?limit=5", "/api/v1/purchases?per_page=5"),
    ("./orders/7", "/api/v1/purchases/7"),
    ("../v2/orders/7#a", "/api/v1/purchases/7#a"),
    ("other/7?a", "other/7?a"),
    ("https://other.test/api/v2/orders?limit=5", "https://other.test/api/v2/orders?limit=5"),
    ("https://shop.test@other.test/api/v2/orders", "https://shop.test@other.test/api/v2/orders"),
    ("https://shop.test:8443/api/v2/orders", "https://shop.test:8443/api/v2/orders"),
    ("mailto:orders@shop.test", "mailto:orders@shop.test"),
    ("/else?limit=5", "/else?limit=5"),
];

#[test]
fn links_in_fields_are_those_of_the_clients_version() {
    let bench = Bench::new(by_path());
    for (sent, expected) in LINKS {
        let answer = format!(
            "200\nlocation: {sent}\ncontent-location: {sent}\nlink: <{sent}>; rel=\"next\"; anchor=\"{sent}\", <{sent}>;rel=x"
        );
        let exchange = bench.exchange("GET /api/v1/purchases?per_page=5\nHost: shop.test", &answer);
        assert_eq!(exchange.field("location").as_deref(), Some(expected), "{sent}");
        assert_eq!(exchange.field("content-location").as_deref(), Some(expected), "{sent}");
        let link = format!("<{expected}>; rel=\"next\"; anchor=\"{sent}\", <{expected}>;rel=x");
        assert_eq!(exchange.field("link").as_deref(), Some(&*link), "{sent}");
        let same = bench.exchange("GET /api/v2/orders\nHost: shop.test", &answer);
        assert_eq!(same.field("location").as_deref(), Some(sent), "{sent}");
    }
}

/// Where a client follows a link, the service gets the request that it wrote.
#[test]
fn a_link_leads_back() {
    let bench = Bench::new(by_path());
    for (sent, expected) in LINKS.into_iter().filter(|(sent, _)| sent.starts_with("/api/v2/")) {
        let target = expected.split('#').next().expect("a target");
        let seen = bench.exchange(&format!("GET {target}"), "200").seen.expect("the service is called");
        let sent = sent.split('#').next().expect("a target");
        assert_eq!(seen.start.trim_end_matches('?'), format!("GET {}", sent.trim_end_matches('?')));
    }
}

#[test]
fn a_version_in_the_query_or_the_host_stays_the_clients() {
    let link = |url: &str| format!("200\nlink: <{url}>; rel=next");
    let by_query = Bench::new(orders().with_version_query("v").with_unspecified("2"));
    let rows = [
        ("/api/orders?limit=5", "/api/purchases?per_page=5&v=1"),
        ("/api/orders", "/api/purchases?v=1"),
        ("/api/orders?v=2&limit=5", "/api/purchases?v=1&per_page=5"),
        ("/api/orders?v=1&limit=5", "/api/purchases?v=1&per_page=5"),
        ("?limit=5", "?per_page=5&v=1"),
        ("/api/other?a", "/api/other?a"),
        ("/else", "/else"),
    ];
    for (sent, expected) in rows {
        let exchange = by_query.exchange("GET /api/purchases?v=1", &link(sent));
        assert_eq!(exchange.field("link"), Some(format!("<{expected}>; rel=next")), "{sent}");
    }
    let by_host = Bench::new(orders().with_version_host("v{version}.shop.test"));
    let rows = [
        ("https://v2.shop.test/api/orders?limit=5", "https://v1.shop.test/api/purchases?per_page=5"),
        ("https://v1.shop.test/api/orders?limit=5", "https://v1.shop.test/api/purchases?per_page=5"),
        ("https://v3.shop.test/api/orders", "https://v3.shop.test/api/orders"),
        ("https://v2.evil.test/api/orders", "https://v2.evil.test/api/orders"),
        ("/api/orders?limit=5", "/api/purchases?per_page=5"),
    ];
    for (sent, expected) in rows {
        let exchange = by_host.exchange("GET /api/purchases\nHost: v1.shop.test", &link(sent));
        assert_eq!(exchange.field("link"), Some(format!("<{expected}>; rel=next")), "{sent}");
    }
}
