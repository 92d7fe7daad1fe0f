//! Links to the API in responses and requests: each leads where a request of the other version would.

use sunward::catalog::{Api, Version};
use sunward::change::{Change, OpSpec, Resource};

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
    let page = Resource::new("page")
        .with_at("GET /orders -> 200")
        .with_at("POST /hooks <-")
        .with_link("/page/next")
        .with_link("/items/*/url")
        .with_link("/callback");
    let nested = Change::new("2", "links to pages are beside each other")
        .with_on("page")
        .with_breaking(true)
        .with_op(OpSpec::relocate("/next", "/page/next"));
    Api::new("shop")
        .with_base_path("/api")
        .with_resource(page)
        .with_change(nested)
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

/// A path that no request can have names no route, and its prefix is the client's all the same. Dots are resolved, as
/// clients resolve them.
#[test]
fn paths_without_a_normal_form() {
    let rows = [
        ("/api/v2/orders/a%2Fb", "/api/v1/orders/a%2Fb"),
        ("/api/v2/x//y", "/api/v1/x//y"),
        ("/api/v2//orders/7", "/api/v1//orders/7"),
        ("/api/v2/orders/%zz", "/api/v1/orders/%zz"),
        ("https://shop.test/api/v2/x%2Fy", "https://shop.test/api/v1/x%2Fy"),
        ("/api/v2/./orders/7", "/api/v1/purchases/7"),
        ("/api/v2/x/%2e./orders/7?limit=5", "/api/v1/purchases/7?limit=5"),
        ("/api/v2/../v2/orders/7", "/api/v1/purchases/7"),
        ("/api/v2/../../else", "/api/v2/../../else"),
        ("/else/./a", "/else/./a"),
        ("/api/v1/x%2Fy", "/api/v1/x%2Fy"),
        ("/api/%2Fv2/orders", "/api/%2Fv2/orders"),
        ("/api/v2%2Forders", "/api/v2%2Forders"),
        ("/api//v2/orders", "/api//v2/orders"),
        ("other/a%2Fb", "other/a%2Fb"),
    ];
    for api in [by_path(), orders().with_version_path("/v{version}")] {
        let bench = Bench::new(api);
        for (sent, expected) in rows {
            let answer = format!("{JSON}{{\"items\": [{{\"url\": \"{sent}\"}}]}}");
            let answer = answer.replace("200\n", &format!("200\nlocation: {sent}\nlink: <{sent}>\n"));
            let exchange = bench.exchange("GET /api/v1/purchases\nHost: shop.test", &answer);
            assert_eq!(exchange.field("location").as_deref(), Some(expected), "{sent}");
            assert_eq!(exchange.field("link"), Some(format!("<{expected}>")), "{sent}");
            assert_eq!(exchange.body, format!("{{\"items\": [{{\"url\": \"{expected}\"}}]}}"), "{sent}");
        }
    }
    let by_header = Bench::new(orders().with_version_header("V"));
    let rows =
        [("/api/./other", "/api/./other"), ("/api/./orders/7", "/api/purchases/7"), ("/api/a%2Fb", "/api/a%2Fb")];
    for (sent, expected) in rows {
        let exchange = by_header.exchange("GET /api/purchases\nV: 1", &format!("200\nlocation: {sent}"));
        assert_eq!(exchange.field("location").as_deref(), Some(expected), "{sent}");
    }
}

/// A reference without path and query would have the query of the page that it is on.
#[test]
fn a_link_does_not_lose_its_only_part() {
    let change = Change::new("2", "two lists became one")
        .with_breaking(true)
        .with_op(OpSpec::move_route("GET /channels", "GET /chats").with_query("types", "public"))
        .with_op(OpSpec::move_route("GET /groups", "GET /chats").with_query("types", "private"));
    let api = Api::new("chat").with_base_path("/api").with_version_header("V").with_change(change);
    let bench = Bench::new(api.with_version(Version::new("1")).with_version(Version::new("2")));
    let rows = [
        ("?types=public", "/api/channels"),
        ("?types=public#a", "/api/channels#a"),
        ("?types=public&after=x", "?after=x"),
        ("#a", "#a"),
        ("", ""),
    ];
    for (sent, expected) in rows {
        let exchange = bench.exchange("GET /api/channels?after=y\nV: 1", &format!("200\nlink: <{sent}>"));
        assert_eq!(exchange.field("link"), Some(format!("<{expected}>")), "{sent}");
    }
}

/// The service does not know the shop any more; a link to the page of the request has that of the request.
#[test]
fn a_page_stays_in_its_collection() {
    let change = Change::new("2", "things are in one list")
        .with_on("page")
        .with_breaking(true)
        .with_op(OpSpec::move_route("GET /shops/{shop}/things", "GET /items").with_lost("shop", "main"))
        .with_op(OpSpec::move_route("* /shops/{shop}/things/{id}", "* /items/{id}").with_lost("shop", "main"))
        .with_op(OpSpec::rename_query("per_page", "limit"));
    let page = Resource::new("page").with_at("GET /items -> 200").with_at("GET /items/{id} -> 200").with_link("/next");
    let api = Api::new("shop").with_base_path("/api").with_version_path("/v{version}").with_resource(page);
    let api = api.with_change(change).with_version(Version::new("1")).with_version(Version::new("2"));
    let bench = Bench::new(api);
    let list = "GET /api/v1/shops/s%209/things?per_page=3";
    let rows = [
        (list, "/api/v2/items?page=2&limit=3", "/api/v1/shops/s%209/things?page=2&per_page=3"),
        (list, "http://shop.test/api/v2/items?page=2", "http://shop.test/api/v1/shops/s%209/things?page=2"),
        (list, "?page=2&limit=3", "?page=2&per_page=3"),
        (list, "items?page=2", "/api/v1/shops/s%209/things?page=2"),
        (list, "/api/v2/items/7", "/api/v1/shops/main/things/7"),
        ("GET /api/v1/shops/s9/things/7", "/api/v2/items/8", "/api/v1/shops/s9/things/8"),
        ("GET /api/v1/shops/s9/things/7", "/api/v2/items", "/api/v1/shops/main/things"),
        ("GET /api/v1/other", "/api/v2/items", "/api/v1/shops/main/things"),
        ("GET /api/v2/items", "/api/v2/items?page=2", "/api/v2/items?page=2"),
    ];
    for (request, sent, expected) in rows {
        let answer = format!("{JSON}{{\"next\": \"{sent}\"}}");
        let answer = answer.replace("200\n", &format!("200\nlocation: {sent}\nlink: <{sent}>\n"));
        let exchange = bench.exchange(&format!("{request}\nHost: shop.test"), &answer);
        assert_eq!(exchange.field("location").as_deref(), Some(expected), "{request}: {sent}");
        assert_eq!(exchange.field("link"), Some(format!("<{expected}>")), "{request}: {sent}");
        if !request.ends_with("other") {
            assert_eq!(exchange.body, format!("{{\"next\": \"{expected}\"}}"), "{request}: {sent}");
        }
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

#[test]
fn links_in_bodies_are_those_of_the_clients_version() {
    let bench = Bench::new(by_path());
    for (sent, expected) in LINKS {
        let body = format!(
            "{{\"page\": {{\"next\": \"{sent}\"}}, \"items\": [{{\"url\": \"{sent}\"}}, {{}}], \"x\": \"{sent}\"}}"
        );
        let old = format!("\"items\": [{{\"url\": \"{expected}\"}}, {{}}], \"x\": \"{sent}\"");
        let exchange = bench.exchange("GET /api/v1/purchases\nHost: shop.test", &format!("{JSON}{body}"));
        let got = String::from_utf8(exchange.body.to_vec()).expect("UTF-8");
        assert!(got.contains(&old) && got.contains(&format!("\"next\":\"{expected}\"")), "{sent}: {got}");
        let same = bench.exchange("GET /api/v2/orders\nHost: shop.test", &format!("{JSON}{body}"));
        assert_eq!(same.body, body, "{sent}");
    }
    let asked = "GET /api/v1/purchases\nHost: shop.test";
    let whole = |links: &str| format!("{JSON}{{\"items\": [{links}]}}");
    let rows = [
        ("{\"url\": 7}", "{\"url\": 7}"),
        ("{\"url\": null}", "{\"url\": null}"),
        ("{\"url\": \"\\/api\\/v2\\/orders\"}", "{\"url\": \"/api/v1/purchases\"}"),
        ("{\"url\": \"\\/api\\/v2x\"}", "{\"url\": \"\\/api\\/v2x\"}"),
        ("{\"url\": \"/api/v2/orders{?limit}\"}", "{\"url\": \"/api/v2/orders{?limit}\"}"),
        ("{\"url\": \"/api/v2/orders/a b\"}", "{\"url\": \"/api/v2/orders/a b\"}"),
        ("{\"url\": \"/api/v2/orders/\\ud800\"}", "{\"url\": \"/api/v2/orders/\\ud800\"}"),
        ("{\"url\": \"/api/v2/orders?a=\\u00e9\"}", "{\"url\": \"/api/v1/purchases?a=é\"}"),
    ];
    for (sent, expected) in rows {
        let exchange = bench.exchange(asked, &whole(sent));
        assert_eq!(format!("{JSON}{}", String::from_utf8_lossy(&exchange.body)), whole(expected), "{sent}");
    }
}

#[test]
fn links_in_requests_are_those_of_the_service() {
    let rows = [
        ("/api/v1/purchases?per_page=5", "/api/v2/orders?limit=5"),
        ("https://shop.test/api/v1/purchases/7", "https://shop.test/api/v2/orders/7"),
        ("https://other.test/api/v1/purchases/7", "https://other.test/api/v1/purchases/7"),
        ("purchases/7#a", "/api/v2/orders/7#a"),
        ("/api/v2/orders", "/api/v2/orders"),
        ("/else", "/else"),
    ];
    let post = |link: &str| {
        format!("POST /api/v1/hooks\nHost: shop.test\ncontent-type: application/json\n\n{{\"callback\": \"{link}\"}}")
    };
    let bench = Bench::new(by_path());
    for (sent, expected) in rows {
        let seen = bench.exchange(&post(sent), "200").seen.expect("the service is called");
        assert_eq!(seen.body, format!("{{\"callback\": \"{expected}\"}}"), "{sent}");
    }
    let form = |kind: &str, body: &str| format!("POST /api/v1/hooks\nHost: shop.test\ncontent-type: {kind}\n\n{body}");
    let field =
        |url: &str| format!("--x\r\nContent-Disposition: form-data; name=\"callback\"\r\n\r\n{url}\r\n--x--\r\n");
    let (old, new) = (field("/api/v1/purchases?per_page=5"), field("/api/v2/orders?limit=5"));
    let rows = [
        (
            "application/x-www-form-urlencoded",
            "a=%7e&callback=%2fapi/v1/purchases/7",
            "a=%7e&callback=%2Fapi%2Fv2%2Forders%2F7",
        ),
        ("multipart/form-data; boundary=x", &*old, &*new),
    ];
    for (kind, sent, expected) in rows {
        let seen = bench.exchange(&form(kind, sent), "200").seen.expect("the service is called");
        assert_eq!(seen.body, expected, "{kind}");
    }
    // The service has other paths than clients have.
    let bench = Bench::new(orders().with_version_path("/v{version}").with_forward_as("/svc"));
    let rows = [
        ("/api/v1/purchases?per_page=5", "/svc/orders?limit=5"),
        ("https://shop.test/api/v1/purchases/7", "https://shop.test/api/v2/orders/7"),
        ("/svc/orders", "/svc/orders"),
    ];
    for (sent, expected) in rows {
        let seen = bench.exchange(&post(sent), "200").seen.expect("the service is called");
        assert_eq!(seen.body, format!("{{\"callback\": \"{expected}\"}}"), "{sent}");
    }
}

/// The link to the successor is one for the client, which may have asked a proxy under another host or prefix.
#[test]
fn a_successor_is_where_a_trusted_proxy_was_asked() {
    let versions = [Version::new("1").with_deprecated("2025-01-01"), Version::new("2")];
    let api = versions.into_iter().fold(Api::new("shop"), Api::with_version);
    let by_host = api.clone().with_version_host("v{version}.shop.test");
    let by_path = api.with_version_path("/v{version}");
    let inner = "GET /a?b\nHost: v1.shop.test:3000";
    let rows = [
        (&by_host, inner, "", "<//v2.shop.test:3000/a?b>"),
        (&by_host, inner, "X-Forwarded-Host: V1.shop.test", "<//V2.shop.test/a?b>"),
        (&by_host, inner, "X-Forwarded-Host: v1.shop.test:8443", "<//v2.shop.test:8443/a?b>"),
        (&by_host, inner, "X-Forwarded-Host: v1.shop.test\nX-Forwarded-Port: 8443", "<//v2.shop.test:8443/a?b>"),
        (&by_host, inner, "X-Forwarded-Host: v1.shop.test\nX-Forwarded-Port: 443", "<//v2.shop.test/a?b>"),
        (&by_host, inner, "X-Forwarded-Host: v1.shop.test, gw\nX-Forwarded-Port: x", "<//v2.shop.test/a?b>"),
        (&by_host, inner, "X-Forwarded-Host: shop.test", ""),
        (&by_host, inner, "X-Forwarded-Host: v1.evil.test", ""),
        (&by_host, inner, "X-Forwarded-Host: v9.shop.test", ""),
        (&by_path, "GET /v1/a", "X-Forwarded-Host: shop.test", "</v2/a>"),
        (&by_path, "GET /v1/a", "X-Forwarded-Prefix: /pub/", "</pub/v2/a>"),
        (&by_path, "GET /v1/a", "X-Forwarded-Prefix: //evil.test", "</v2/a>"),
        (&by_path, "GET /v1/a", "X-Forwarded-Prefix: /", "</v2/a>"),
    ];
    for (api, asked, fields, expected) in rows {
        let link =
            |link: &str| if link.is_empty() { String::new() } else { format!("{link}; rel=\"successor-version\"") };
        let bench = Bench::new(api.clone());
        let answer = |layer| {
            run(exchange(layer, format!("{asked}\n{fields}").trim_end(), "200")).field("link").unwrap_or_default()
        };
        assert_eq!(answer(bench.layer().with_trusted_forwarded(true)), link(expected), "{fields}");
        let own = if asked == inner { "<//v2.shop.test:3000/a?b>" } else { "</v2/a>" };
        assert_eq!(answer(bench.layer()), link(own), "{fields}");
    }
}

/// An outer router took the base path off, so the request has it no more, and its links do.
#[test]
fn links_have_the_prefix_that_an_outer_router_took_off() {
    let bench = Bench::new(by_path());
    for (sent, expected) in LINKS {
        let answer = format!("200\nlink: <{sent}>");
        let layer = bench.layer().with_mount("/api");
        let exchange = run(exchange(layer, "GET /v1/purchases\nHost: shop.test", &answer));
        assert_eq!(exchange.field("link"), Some(format!("<{expected}>")), "{sent}");
    }
    let post = "POST /v1/hooks\ncontent-type: application/json\n\n{\"callback\": \"purchases/7\"}";
    let seen = run(exchange(bench.layer().with_mount("/api"), post, "200")).seen.expect("the service is called");
    assert_eq!(seen.body, "{\"callback\": \"/api/v2/orders/7\"}");
}

/// A path that would be a host without the prefix of the service stays.
#[test]
fn no_link_becomes_one_to_another_host() {
    let api = Api::new("shop").with_version_header("V").with_unspecified("1").with_forward_as("/svc");
    let bench = Bench::new(api.with_version(Version::new("1")));
    for (sent, expected) in [("/svc//evil.test/a", "/svc//evil.test/a"), ("/svc/evil.test//a", "/evil.test//a")] {
        let exchange = bench.exchange("GET /a", &format!("201\nlocation: {sent}"));
        assert_eq!(exchange.field("location").as_deref(), Some(expected), "{sent}");
    }
}

/// They are of no change, so what is done to them has a heading of its own: first on the way to an older version, else last.
#[test]
fn links_are_explained() {
    let catalog = Catalog::new([by_path()]).expect("it is sound");
    let api = catalog.api("shop").expect("it is there");
    let headings = |from: &str, to: &str| {
        let found = api.explain("GET /orders -> 200", from, to).expect("they are there");
        found.changes().iter().map(|change| (change.summary().to_owned(), change.steps().to_vec())).collect::<Vec<_>>()
    };
    let links =
        ["translate the link /page/next", "in /items/*: translate the link /url", "translate the link /callback"];
    let links = ("Declared links".to_owned(), links.map(str::to_owned).to_vec());
    let moved = |from: &str, to: &str| {
        ("links to pages are beside each other".to_owned(), vec![format!("move {from} to {to}")])
    };
    assert_eq!(headings("2", "1"), [links.clone(), moved("/page/next", "/next")]);
    assert_eq!(headings("1", "2"), [moved("/next", "/page/next"), links]);
    assert_eq!(headings("2", "2"), []);
}

/// A client that speaks what the service does needs other links all the same where it has the API under another prefix.
#[test]
fn links_of_the_same_version_get_the_clients_prefix() {
    let answer = format!("{JSON}{{\"page\": {{\"next\": \"/svc/orders?limit=5\"}}}}");
    let bench = Bench::new(orders().with_version_path("/v{version}").with_forward_as("/svc"));
    bench.check(&[
        ("new", "GET /api/v2/orders", &answer, &["= {\"page\": {\"next\": \"/api/v2/orders?limit=5\"}}"]),
        ("old", "GET /api/v1/purchases", &answer, &["= {\"next\":\"/api/v1/purchases?per_page=5\"}"]),
    ]);
    let tagged = answer.replace("200\n", "200\netag: \"a\"\n");
    let etag = |target: &str| bench.exchange(&format!("GET {target}"), &tagged).field("etag").expect("a tag");
    assert!(etag("/api/v2/orders").starts_with("\"a;v2-"), "{}", etag("/api/v2/orders"));
    assert!(etag("/api/v1/purchases").starts_with("\"a;v1-"), "{}", etag("/api/v1/purchases"));
}
