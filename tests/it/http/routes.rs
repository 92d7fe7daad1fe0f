//! Routes, queries, fields and statuses that versions changed.

use sunward::catalog::{Api, Route, Version};
use sunward::change::{Change, OpSpec};

use super::*;

/// `people` were moved to `users` in version 2; version 2 added `/teams`, and removed `/groups`.
fn moved() -> Api {
    let routes = Change::new("2", "people are users")
        .with_breaking(true)
        .with_op(OpSpec::move_route("GET /people/{id}", "GET /users/{id}"))
        .with_op(OpSpec::move_route("GET /people/{id}/at/{place}", "GET /places/{place}/of/{id}"))
        .with_op(OpSpec::add_route("GET /teams"))
        .with_op(OpSpec::add_route("DELETE /users/{id}"))
        .with_op(OpSpec::remove_route("GET /groups"));
    Api::new("shop")
        .with_version_path("/v{version}")
        .with_base_path("/api")
        .with_forward_as("/api/v{version}")
        .with_unspecified("2")
        .with_change(routes)
        .with_route(Route::new("* /files/{*path}"))
        .with_version(Version::new("1"))
        .with_version(Version::new("2"))
}

#[test]
fn a_version_has_its_own_routes() {
    Bench::new(moved()).check(&[
        ("moved", "GET /api/v1/people/7?a=b", "", &["200", "> GET /api/v2/users/7?a=b"]),
        ("its new name", "GET /api/v2/users/7", "", &["200", "> GET /api/v2/users/7"]),
        ("parameters change places", "GET /api/v1/people/7/at/b%20c", "", &["200", "> GET /api/v2/places/b%20c/of/7"]),
        ("by HEAD", "HEAD /api/v1/people/7", "", &["200", "> HEAD /api/v2/users/7"]),
        (
            "the new name is not in the old version",
            "GET /api/v1/users/7",
            "",
            &[
                "404",
                "~ problems/route-absent",
                "~ \"supported_versions\":[\"1\",\"2\"]",
                "~ \"api_version\":\"1\"",
                "> nothing",
            ],
        ),
        ("the old name is not in the new version", "GET /api/v2/people/7", "", &["404", "> nothing"]),
        ("added", "GET /api/v2/teams", "", &["200"]),
        ("not yet", "GET /api/v1/teams", "", &["404", "> nothing"]),
        ("a method that was added", "DELETE /api/v2/users/7", "", &["200"]),
        ("removed", "GET /api/v2/groups", "", &["404", "> nothing"]),
        ("the service does not have it any more", "GET /api/v1/groups", "", &["404", "> nothing"]),
        ("catch-all", "PUT /api/v1/files/a/b%20c", "", &["200", "> PUT /api/v2/files/a/b%20c"]),
        ("catch-all, by any method", "LINK /api/v2/files/a", "", &["200", "> LINK /api/v2/files/a"]),
        ("a path that is not declared", "GET /api/v1/other?x", "404", &["404", "= ", "> GET /api/v2/other?x"]),
    ]);
    let served = Bench::new(moved().with_speaks("1"));
    served.check(&[
        ("the older service has it", "GET /api/v1/groups", "", &["200", "> GET /api/v1/groups"]),
        ("up", "GET /api/v2/users/7", "", &["200", "> GET /api/v1/people/7"]),
        ("the older service does not have it yet", "GET /api/v2/teams", "", &["404", "> nothing"]),
    ]);
}

/// Two lists became one whose query says which; documents lost their type; and version 3 renamed the query.
fn merged() -> Api {
    let routes = Change::new("2", "channels and groups are conversations")
        .with_breaking(true)
        .with_op(OpSpec::move_route("GET /channels", "GET /conversations").with_query("types", "public"))
        .with_op(OpSpec::move_route("GET /groups", "GET /conversations").with_query("types", "private"))
        .with_op(OpSpec::move_route("GET /items", "GET /items"))
        .with_op(OpSpec::move_route("GET /specials", "GET /items").with_query("special", "a/b"))
        .with_op(OpSpec::move_route("GET /{index}/{type}/{id}", "GET /{index}/_doc/{id}").with_lost("type", "_doc"));
    let query = Change::new("3", "the types are kinds").with_breaking(true).with_at("GET /conversations <-");
    Api::new("shop")
        .with_version_header("Api-Version")
        .with_change(routes)
        .with_change(query.with_op(OpSpec::rename_query("types", "kinds")))
        .with_version(Version::new("1").with_deprecated("2020-01-01"))
        .with_version(Version::new("2"))
        .with_version(Version::new("3"))
}

#[test]
fn several_routes_become_one() {
    let link =
        "200\nlink: </conversations?kinds=private&cursor=x>; rel=\"next\", </conversations?kinds=all>; rel=\"up\"";
    let link_of_1 = "link: </groups?cursor=x>; rel=\"next\", </conversations?kinds=all>; rel=\"up\" | \
                     </a/_doc/b>; rel=\"item\"";
    let link = format!("{link}\nlink: </a/_doc/b>; rel=\"item\"");
    Bench::new(merged()).check(&[
        (
            "the first",
            "GET /channels?limit=2\nApi-Version: 1",
            "",
            &["200", "> GET /conversations?limit=2&kinds=public"],
        ),
        ("the second", "GET /groups\nApi-Version: 1", "", &["200", "> GET /conversations?kinds=private"]),
        (
            "a mark of its own",
            "GET /groups?types=x&a=1\nApi-Version: 1",
            "",
            &["> GET /conversations?a=1&kinds=private"],
        ),
        ("from the middle", "GET /conversations?types=x\nApi-Version: 2", "", &["> GET /conversations?kinds=x"]),
        ("what stays", "GET /items?a\nApi-Version: 1", "", &["> GET /items?a"]),
        ("what joins it", "GET /specials?a\nApi-Version: 1", "", &["> GET /items?a&special=a/b"]),
        ("a parameter that goes", "GET /i/t/7\nApi-Version: 1", "", &["> GET /i/_doc/7"]),
        ("the old names are old", "GET /groups\nApi-Version: 2", "", &["404", "> nothing"]),
        ("links", "GET /groups\nApi-Version: 1", &link, &["200", link_of_1]),
    ]);
    let links = "200\nlink: </groups?cursor=x>; rel=\"next\", </a/t/b>; rel=\"item\"";
    let links_of_3 = "link: </conversations?cursor=x&kinds=private>; rel=\"next\", </a/_doc/b>; rel=\"item\"";
    Bench::new(merged().with_speaks("1")).check(&[
        (
            "the first",
            "GET /conversations?limit=2&kinds=public\nApi-Version: 3",
            "",
            &["200", "> GET /channels?limit=2"],
        ),
        ("the second", "GET /conversations?kinds=private\nApi-Version: 3", "", &["200", "> GET /groups"]),
        ("in the middle", "GET /conversations?types=private\nApi-Version: 2", "", &["200", "> GET /groups"]),
        ("by HEAD", "HEAD /conversations?kinds=private\nApi-Version: 3", "", &["200", "> HEAD /groups"]),
        ("neither", "GET /conversations?kinds=public,private\nApi-Version: 3", "", &["404", "> nothing"]),
        ("unsaid", "GET /conversations\nApi-Version: 3", "", &["404", "> nothing"]),
        ("twice", "GET /conversations?kinds=private&kinds=private\nApi-Version: 3", "", &["404", "> nothing"]),
        ("what stays", "GET /items?special=b\nApi-Version: 3", "", &["> GET /items?special=b"]),
        ("what joins it", "GET /items?special=a%2fb&c\nApi-Version: 3", "", &["> GET /specials?c"]),
        ("what is lost", "GET /i/_doc/7\nApi-Version: 3", "", &["> GET /i/_doc/7"]),
        ("links", "GET /conversations?kinds=private\nApi-Version: 3", links, &["200", links_of_3]),
    ]);
    Bench::new(merged().with_version_path("/v{version}")).check(&[(
        "the successor",
        "GET /v1/groups?a",
        "",
        &["200", "link: </v2/conversations?a&types=private>; rel=\"successor-version\""],
    )]);
}

#[test]
fn a_preflight_is_for_the_route_that_its_request_is_for() {
    let asks = "Origin: https://a.test\nAccess-Control-Request-Method: GET";
    let rows = [
        ("/v3/conversations?kinds=public", "> OPTIONS /channels"),
        ("/v3/conversations?kinds=private", "> OPTIONS /groups"),
        ("/v3/items?special=a/b&c", "> OPTIONS /specials?c"),
        ("/v3/items?c", "> OPTIONS /items?c"),
        // Neither: it passes all the same, to the first.
        ("/v3/conversations?kinds=all", "> OPTIONS /channels?kinds=all"),
    ];
    let bench = Bench::new(merged().with_version_path("/v{version}").with_speaks("1"));
    for (target, forwarded) in rows {
        bench.check(&[(target, &format!("OPTIONS {target}\n{asks}"), "", &["200", forwarded])]);
    }
    // Without a question of a browser it is a request of a method that no route has: it passes as it is.
    let plain = "OPTIONS /v3/conversations?kinds=private";
    bench.check(&[("no preflight", plain, "", &["200", "> OPTIONS /conversations?kinds=private"])]);
}

#[test]
fn the_successor_is_where_the_next_version_has_it() {
    let change = Change::new("2", "people are users")
        .with_breaking(true)
        .with_op(OpSpec::move_route("GET /people/{id}", "GET /users/{id}"))
        .with_op(OpSpec::remove_route("GET /groups"));
    let api = Api::new("shop")
        .with_version_query("v")
        .with_version_path("/v{version}")
        .with_change(change)
        .with_speaks("1")
        .with_version(Version::new("1").with_deprecated("2025-01-01"))
        .with_version(Version::new("2").with_deprecated("2026-01-01").with_sunset("2026-02-01"))
        .with_version(Version::new("3"));
    Bench::new(api.clone()).check(&[
        (
            "moved, and the next one alive",
            "GET /v1/people/a%20b?c",
            "",
            &["200", "link: </v3/users/a%20b?c>; rel=\"successor-version\""],
        ),
        ("by query", "GET /people/7?a&v=1", "", &["link: </users/7?a&v=3>; rel=\"successor-version\""]),
        ("removed", "GET /v1/groups", "", &["200", "+deprecation", "-link"]),
        ("the newest", "GET /v3/users/7", "", &["200", "-link", "> GET /people/7"]),
    ]);
    let hosted = api.clone().with_version_host("v{version}.shop.test");
    Bench::new(hosted).check(&[(
        "by host",
        "GET /people/7\nHost: v1.shop.test",
        "",
        &["link: <//v3.shop.test/users/7>; rel=\"successor-version\""],
    )]);
    Bench::new(api.with_version_host("v{version}.shop.test")).check(&[(
        "by host, with a port",
        "GET /people/7?a=%7e\nHost: V1.Shop.test:8443",
        "",
        &["link: <//V3.Shop.test:8443/users/7?a=%7e>; rel=\"successor-version\""],
    )]);
}

#[test]
fn the_root_is_a_path_like_any() {
    let api = Api::new("shop")
        .with_version_path("/v{version}")
        .with_route(Route::new("GET /"))
        .with_version(Version::new("1").with_deprecated("2020-01-01").with_sunset("2021-01-01"))
        .with_version(Version::new("2"));
    Bench::new(api.clone().with_base_path("/api")).check(&[
        ("bare", "GET /api/v2", "", &["200", "> GET /api"]),
        ("with a slash", "GET /api/v2/?a", "", &["200", "> GET /api/?a"]),
        ("gone", "GET /api/v1", "", &["410", "~ \"successor\":\"/api/v2\""]),
    ]);
    let home = Change::new("2", "home").with_breaking(true).with_op(OpSpec::move_route("GET /home", "GET /"));
    Bench::new(api.clone().with_change(home))
        .at("2020-06-01")
        .check(&[("moved to", "GET /v1/home", "", &["200", "> GET /"]), ("moved from", "GET /v1", "", &["404"])]);
    Bench::new(api).check(&[("at the host's root", "GET /v2?a", "", &["200", "> GET /?a"])]);
}

#[test]
fn a_method_may_be_missing() {
    let added = Change::new("2", "orders are deleted").with_op(OpSpec::add_route("DELETE /orders/{id}"));
    let api = Api::new("shop")
        .with_version_path("/v{version}")
        .with_route(Route::new("GET /orders/{id}"))
        .with_route(Route::new("PUT /orders/{id}"))
        .with_change(added)
        .with_version(Version::new("1"))
        .with_version(Version::new("2"));
    Bench::new(api).check(&[
        (
            "not yet",
            "DELETE /v1/orders/7",
            "",
            &[
                "405",
                "allow: GET, HEAD, PUT",
                "~ problems/method-absent",
                "~ \"supported_versions\":[\"1\",\"2\"]",
                "> nothing",
            ],
        ),
        ("then", "DELETE /v2/orders/7", "", &["200", "> DELETE /orders/7"]),
        (
            "what no version has is the service's to refuse",
            "PATCH /v1/orders/7",
            "405\nallow: GET",
            &["405", "allow: GET"],
        ),
    ]);
}

#[test]
fn locations_lead_to_the_clients_version() {
    let to = |location: &str| format!("201\nlocation: {location}");
    let rows = [
        ("/api/v2/users/7?x=1", "/api/v1/people/7?x=1"),
        ("/api/v2/users/7#a", "/api/v1/people/7#a"),
        ("/api/v2/places/b/of/7", "/api/v1/people/7/at/b"),
        ("/api/v2/other", "/api/v1/other"),
        ("/api/v2", "/api/v1"),
        ("/api/v22/users/7", "/api/v22/users/7"),
        ("/else", "/else"),
        ("/api/v2/%75sers/a%2db?x=%7e", "/api/v1/people/a-b?x=%7e"),
        ("/%61pi/v2/other/%7e", "/api/v1/other/%7e"),
        ("/api/v2/users/7/", "/api/v1/people/7"),
        ("/api/v2/other/", "/api/v1/other/"),
        ("/api/v1/people/7", "/api/v1/people/7"),
        ("https://shop.test:443/api/v2/users/7", "https://shop.test:443/api/v1/people/7"),
        ("https://shop.test:8443/api/v2/users/7", "https://shop.test:8443/api/v2/users/7"),
        ("https://shop.test", "https://shop.test"),
        ("https://shop.test/api/v2/users/7", "https://shop.test/api/v1/people/7"),
        ("//shop.test/api/v2/users/7", "//shop.test/api/v1/people/7"),
        ("https://other.test/api/v2/users/7", "https://other.test/api/v2/users/7"),
        ("users/7", "/api/v1/people/7"),
    ];
    let bench = Bench::new(moved());
    for (location, expected) in rows {
        let exchange = bench.exchange("POST /api/v1/x\nHost: shop.test", &to(location));
        assert_eq!(exchange.field("location").as_deref(), Some(expected), "{location}");
        let same = bench.exchange("POST /api/v2/x\nHost: shop.test", &to(location));
        assert_eq!(same.field("location").as_deref(), Some(location), "{location}");
    }
    bench.check(&[
        (
            "content-location",
            "GET /api/v1/people/7",
            "200\ncontent-location: /api/v2/users/7",
            &["content-location: /api/v1/people/7"],
        ),
        (
            "links",
            "GET /api/v1/people/7",
            "200\nlink: </api/v2/users/8>; rel=next, <https://x.test/>; rel=help",
            &["link: </api/v1/people/8>; rel=next, <https://x.test/>; rel=help"],
        ),
        (
            "without a version in the path",
            "GET /api/users/7",
            "200\ncontent-location: /api/v2/users/7",
            &["content-location: /api/users/7"],
        ),
    ]);
}

/// A proxy in front may have another name than the one that it calls us by, and a service that knows it writes it.
#[test]
fn a_service_may_know_the_host_that_a_proxy_was_asked_for() {
    let rows = [
        ("shop.test", "", "https://shop.test", true),
        ("Shop.test", "", "https://shop.test:443", true),
        ("shop.test, inner.test", "", "//shop.test", true),
        ("shop.test:8443", "", "https://shop.test:8443", true),
        ("shop.test", "8443", "https://shop.test:8443", true),
        ("shop.test", "443", "https://shop.test", true),
        ("[::1]", "8443", "https://[::1]:8443", true),
        ("gw:80", "8443", "https://gw:8443", false),
        ("shop.test", "8443", "https://shop.test:8444", false),
        ("shop.test", "", "https://inner.test", false),
        (",", "", "https://shop.test", false),
    ];
    let bench = Bench::new(moved());
    for (host, port, origin, is_mapped) in rows {
        let port = if port.is_empty() { String::new() } else { format!("\nX-Forwarded-Port: {port}") };
        let asked = format!("POST /api/v1/x\nHost: gw:80\nX-Forwarded-Host: {host}{port}");
        let exchange = bench.exchange(&asked, &format!("201\nlocation: {origin}/api/v2/users/7"));
        let expected = format!("{origin}{}", if is_mapped { "/api/v1/people/7" } else { "/api/v2/users/7" });
        assert_eq!(exchange.field("location").as_deref(), Some(&*expected), "{asked}");
    }
}

/// And it may have taken a prefix off, which a service writes before the one that was taken off here.
#[test]
fn a_service_may_know_the_prefix_that_a_proxy_took_off() {
    let cases = [
        (
            moved().with_forward_as(""),
            [
                ("/pub/api/v1/users/7", "/pub/api/v1/people/7"),
                ("https://shop.test/pub/api/v1/users/7?a#b", "https://shop.test/pub/api/v1/people/7?a#b"),
                ("/p%75b/api/v1/other", "/p%75b/api/v1/other"),
                ("/users/7", "/api/v1/people/7"),
                ("/pub/users", "/api/v1/pub/users"),
                ("/public/api/v1/users/7", "/api/v1/public/api/v1/users/7"),
            ],
        ),
        (
            moved().with_forward_as("/svc"),
            [
                ("/pub/svc/users/7", "/pub/api/v1/people/7"),
                ("https://shop.test/pub/svc/other?a#b", "https://shop.test/pub/api/v1/other?a#b"),
                ("/svc/users/7", "/api/v1/people/7"),
                ("/pub/users/7", "/pub/users/7"),
                ("/pub", "/pub"),
                ("/pub/svc", "/pub/api/v1"),
            ],
        ),
    ];
    for (api, rows) in cases {
        let bench = Bench::new(api);
        for (location, expected) in rows {
            let asked = "POST /api/v1/x\nHost: gw\nX-Forwarded-Host: shop.test\nX-Forwarded-Prefix: /pub/";
            let exchange = bench.exchange(asked, &format!("201\nlocation: {location}"));
            assert_eq!(exchange.field("location").as_deref(), Some(expected), "{location}");
        }
    }
}

/// Some services know the path that clients use, or call themselves by it in another spelling.
#[test]
fn a_service_may_know_the_public_path() {
    let api = |name: &str| {
        let moved = OpSpec::move_route("GET /people/{id}", "GET /users/{id}");
        Api::new(name)
            .with_base_path("/k%C3%A4se")
            .with_unspecified("1")
            .with_change(Change::new("2", "people are users").with_breaking(true).with_op(moved))
            .with_version(Version::new("1"))
            .with_version(Version::new("2"))
    };
    let cases = [
        // The service's prefix is the base path.
        (
            api("shop").with_version_path("/v{version}"),
            "/k%C3%A4se/v1/x",
            [
                ("/k%C3%A4se/users/9", "/k%C3%A4se/v1/people/9"),
                ("/k%C3%A4se/v2/users/9", "/k%C3%A4se/v1/people/9"),
                ("/k%C3%A4se/v1/users/9", "/k%C3%A4se/v1/users/9"),
                ("/k%C3%A4se/v9/users/9", "/k%C3%A4se/v9/users/9"),
                ("/k%c3%a4se/other", "/k%C3%A4se/v1/other"),
                ("/k\u{e4}se/users/9", "/k%C3%A4se/v1/people/9"),
                ("/k\u{e4}se/\u{fc}", "/k%C3%A4se/v1/\u{fc}"),
            ],
        ),
        // It has another prefix.
        (
            api("shop").with_version_path("/v{version}").with_forward_as(""),
            "/k%C3%A4se/v1/x",
            [
                ("/users/9", "/k%C3%A4se/v1/people/9"),
                ("/k%C3%A4se/v2/users/9", "/k%C3%A4se/v1/people/9"),
                ("/k%C3%A4se/v1/people/9", "/k%C3%A4se/v1/people/9"),
                ("/%75sers/9", "/k%C3%A4se/v1/people/9"),
                ("/v2/users/9", "/k%C3%A4se/v1/v2/users/9"),
                ("/", "/k%C3%A4se/v1/"),
                ("?page=2", "?page=2"),
            ],
        ),
        // The version is in the query.
        (
            api("shop").with_version_query("v"),
            "/k%C3%A4se/x?v=1",
            [
                ("/k%C3%A4se/users/9?a=%7e&v=2#v=2", "/k%C3%A4se/people/9?a=%7e&v=1#v=2"),
                ("/k%C3%A4se/users/9?%76=2&", "/k%C3%A4se/people/9?%76=1&"),
                ("/k%C3%A4se/other?v=1", "/k%C3%A4se/other?v=1"),
                ("/else?v=2", "/else?v=1"),
                ("/k%C3%A4se/users/9", "/k%C3%A4se/people/9"),
                ("/k%C3%A4se/other?v", "/k%C3%A4se/other?v"),
                ("https://other.test/k%C3%A4se/x?v=2", "https://other.test/k%C3%A4se/x?v=2"),
            ],
        ),
    ];
    for (api, path, rows) in cases {
        let bench = Bench::new(api);
        for (sent, expected) in rows {
            let answer = |name: &str, sent: &str| {
                let mut answer = Message::parse("200");
                answer.headers.append(
                    HeaderName::try_from(name).expect(name),
                    HeaderValue::from_bytes(sent.as_bytes()).expect(sent),
                );
                answer
            };
            let got = |name: &str, sent: &str| {
                let exchange =
                    run(exchange_messages(bench.layer(), Message::parse(&format!("GET {path}")), answer(name, sent)));
                String::from_utf8(exchange.headers[name].as_bytes().to_vec()).expect("UTF-8")
            };
            assert_eq!(got("location", sent), expected, "{sent}");
            assert_eq!(got("refresh", &format!("5; url={sent}")), format!("5; url={expected}"), "{sent}");
        }
    }
}

#[test]
fn urls_inside_of_fields_lead_to_the_clients_version() {
    let rows = [
        ("set-cookie", "id=/api/v2; Path=/api/v2; Secure", "id=/api/v2; Path=/api/v1; Secure"),
        ("set-cookie", "id=1;path = /api/v2/users/7 ;HttpOnly", "id=1;path = /api/v1/people/7 ;HttpOnly"),
        ("set-cookie", "id=1; Path=/a; Path=/api/v2", "id=1; Path=/a; Path=/api/v1"),
        ("set-cookie", "id=1; Path=/", "id=1; Path=/"),
        ("set-cookie", "id=1; Path", "id=1; Path"),
        ("set-cookie", "id=1; Path=/api/v20", "id=1; Path=/api/v20"),
        ("set-cookie", "Path=/api/v2", "Path=/api/v2"),
        ("refresh", "5; url=/api/v2/users/7?a", "5; url=/api/v1/people/7?a"),
        ("refresh", "0;URL='/api/v2/x'", "0;URL='/api/v1/x'"),
        ("refresh", "1.5, url = \"https://shop.test/api/v2/x\" y", "1.5, url = \"https://shop.test/api/v1/x\" y"),
        ("refresh", "5; url=https://other.test/api/v2/x", "5; url=https://other.test/api/v2/x"),
        ("refresh", "5", "5"),
        ("refresh", "5; url", "5; url"),
        ("refresh", "5; url=\"", "5; url=\""),
    ];
    let bench = Bench::new(moved());
    for (name, sent, expected) in rows {
        let answer = format!("200\n{name}: {sent}");
        let exchange = bench.exchange("GET /api/v1/x\nHost: shop.test", &answer);
        assert_eq!(exchange.field(name).as_deref(), Some(expected), "{sent}");
        let same = bench.exchange("GET /api/v2/x\nHost: shop.test", &answer);
        assert_eq!(same.field(name).as_deref(), Some(sent), "{sent}");
    }
    let root = "200\nset-cookie: a=1; Path=/\nset-cookie: b=2; Path=/things\nlocation: /";
    Bench::new(Api::new("shop").with_version_path("/v{version}").with_version(Version::new("1"))).check(&[(
        "a service without a prefix",
        "GET /v1/x",
        root,
        &["set-cookie: a=1; Path=/ | b=2; Path=/v1/things", "location: /v1/"],
    )]);
    let two = "200\nset-cookie: a=1; Path=/api/v2\nset-cookie: b=2";
    bench.check(&[("each its own line", "GET /api/v1/x", two, &["set-cookie: a=1; Path=/api/v1 | b=2"])]);
}

#[test]
fn queries_fields_and_statuses() {
    let change = Change::new("2", "words")
        .with_at("GET /items <-")
        .with_at("GET /items -> 200")
        .with_at("POST /items <-")
        .with_at("POST /items -> 202")
        .with_at("DELETE /items -> 200")
        .with_breaking(true)
        .with_op(OpSpec::rename_query("per_page", "limit"))
        .with_op(OpSpec::map_query("sort", &[("name", "title")]))
        .with_op(OpSpec::rename_header("X-Total", "Total-Count"))
        .with_op(OpSpec::add_header("X-Mode", "plain"));
    let status = Change::new("2", "accepted, not created")
        .with_at("POST /items -> 202")
        .with_breaking(true)
        .with_op(OpSpec::map_status(201, 202));
    let emptied = Change::new("2", "what was deleted is shown")
        .with_at("DELETE /items -> 200")
        .with_breaking(true)
        .with_op(OpSpec::map_status(204, 200));
    let api = Api::new("shop")
        .with_version_header("Api-Version")
        .with_unspecified("1")
        .with_change(change)
        .with_change(status)
        .with_change(emptied)
        .with_version(Version::new("1"))
        .with_version(Version::new("2"));
    Bench::new(api.clone()).check(&[
        (
            "query",
            "GET /items?per_page=5&&sort=-name%2cid&x=%zz",
            "",
            &["200", "> GET /items?limit=5&&sort=-title%2cid&x=%zz"],
        ),
        ("query, untouched", "GET /items?a=1&&b=%20&\nApi-Version: 2", "", &["> GET /items?a=1&&b=%20&"]),
        ("request field", "GET /items\nX-Total: 5", "", &["> total-count: 5", "> -x-total", "> x-mode: plain"]),
        ("response field", "GET /items", "200\ntotal-count: 5\ntotal-count: 6", &["x-total: 5 | 6", "-total-count"]),
        (
            "the same version",
            "GET /items\nApi-Version: 2\nX-Total: 1",
            "200\ntotal-count: 5",
            &["> x-total: 1", "> -x-mode", "total-count: 5"],
        ),
        ("status", "POST /items", "202\ntotal-count: 5", &["201", "x-total: 5"]),
        ("another status", "POST /items", "404\ntotal-count: 5", &["404", "total-count: 5"]),
        (
            "a status without content",
            "DELETE /items",
            "200\ncontent-type: application/json\ncontent-length: 2\n\n{}",
            &["204", "= ", "-content-length", "-content-type"],
        ),
    ]);
    Bench::new(api.with_speaks("1")).check(&[(
        "up",
        "POST /items?limit=5\nApi-Version: 2\nTotal-Count: 1",
        "201\nx-total: 5",
        &["202", "total-count: 5", "> POST /items?per_page=5", "> x-total: 1", "> api-version: 1"],
    )]);
}

#[test]
fn a_route_may_be_served_by_an_older_service() {
    let user = super::users().with_version_header("Api-Version").with_unspecified("1");
    let bench = Bench::new(user.with_route(Route::new("GET /users/{id}").with_speaks("2")));
    let body = format!("{JSON}{{\"title\":\"a\"}}");
    bench.check(&[
        ("v1", "GET /users/7", &body, &["= {\"name\":\"a\"}"]),
        ("v2", "GET /users/7\nApi-Version: 2", &body, &["= {\"title\":\"a\"}", "> api-version: 2"]),
        ("v3", "GET /users/7\nApi-Version: 3", &body, &["= {\"title\":\"a\",\"plan\":\"free\"}", "> api-version: 2"]),
    ]);
    let post = format!("201{}{{\"name\":\"a\"}}", &JSON[3..]);
    Bench::new(super::users().with_version_header("Api-Version").with_speaks("1")).check(&[(
        "request down, response up",
        "POST /users\nApi-Version: 3\nContent-Type: application/json\n\n{\"title\":\"a\",\"plan\":\"pro\"}",
        &post,
        &["201", "= {\"title\":\"a\",\"plan\":\"free\"}", "> = {\"name\":\"a\"}", "> api-version: 1"],
    )]);
}
