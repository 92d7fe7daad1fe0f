//! What a response says of its version, beside what the service said.

use sunward::catalog::{Api, ConsumerSource, Cors, Extension, Version};
use sunward::change::{Change, OpSpec};

use super::{Bench, JSON, users};

fn bench() -> Bench {
    let first = Version::new("0").with_deprecated("2023-06-30T23:59:59Z").with_sunset("2026-09-01");
    let mut api = Api::new("shop")
        .with_version_path("/v{version}")
        .with_version_header("Api-Version")
        .with_version(first.with_docs("https://docs.test/?a=(b)"));
    for name in ["1", "2", "3"] {
        api = api.with_version(Version::new(name));
    }
    Bench::new(api)
}

#[test]
fn the_services_words_are_merged() {
    let ours = "deprecation: @1688169599";
    let end = "sunset: Tue, 01 Sep 2026 00:00:00 GMT";
    let get = "GET /v0/x";
    bench().check(&[
        ("nothing", get, "200", &[ours, end]),
        ("a later deprecation", get, "200\ndeprecation: @1700000000", &[ours]),
        ("an earlier one", get, "200\ndeprecation: @1600000000", &["deprecation: @1600000000"]),
        ("an old draft's", get, "200\ndeprecation: true", &[ours]),
        ("an HTTP-date", get, "200\ndeprecation: Fri, 30 Jun 2023 23:59:59 GMT", &[ours]),
        ("two lines", get, "200\ndeprecation: @1\ndeprecation: @2", &[ours]),
        ("a later sunset", get, "200\nsunset: Wed, 01 Sep 2027 00:00:00 GMT", &[end]),
        (
            "an earlier sunset",
            get,
            "200\nsunset: Wed, 01 Jul 2026 00:00:00 GMT",
            &["sunset: Wed, 01 Jul 2026 00:00:00 GMT"],
        ),
        ("no sunset at all", get, "200\nsunset: soon", &[end]),
        ("vary", get, "200\nvary: Accept-Encoding, API-VERSION", &["vary: Accept-Encoding, API-VERSION"]),
        ("vary, joined", get, "200\nvary: Origin", &["vary: Origin, api-version"]),
        ("vary, all", get, "200\nvary: *", &["vary: *"]),
        (
            "links",
            get,
            "200\nlink: <a,b;c>; rel=\"next\"; title=\"x, y\"",
            &[
                "link ~ <a,b;c>; rel=\"next\"; title=\"x, y\"",
                "link ~ <https://docs.test/?a=(b)>; rel=\"deprecation\"; type=\"text/html\"",
                "link ~ </v1/x>; rel=\"successor-version\"",
            ],
        ),
        ("the version", get, "200\napi-version: 17", &["api-version: 0"]),
        (
            "a current version",
            "GET /v3/x",
            "200\ndeprecation: true\nsunset: x\nlink: <y>",
            &["deprecation: true", "sunset: x", "link: <y>", "api-version: 3", "vary: api-version"],
        ),
    ]);
}

#[test]
fn every_response_has_the_lifecycle_headers() {
    let said: &[&str] =
        &["deprecation: @1688169599", "sunset: Tue, 01 Sep 2026 00:00:00 GMT", "vary: api-version", "+link"];
    for status in ["200", "201", "204", "301", "304", "400", "404", "500", "503"] {
        let exchange = bench().exchange("GET /v0/x", status);
        assert_eq!(exchange.status.to_string(), status);
        let missing: Vec<_> = said.iter().filter_map(|line| exchange.differs(line)).collect();
        assert!(missing.is_empty(), "{status}: {missing:?}");
        let anchored = exchange.field("link").expect("links").contains("anchor=\"/v0/x\"");
        assert_eq!(anchored, exchange.status >= 400, "{status}");
    }
    bench().check(&[
        ("no version", "GET /x", "", &["400", "vary: api-version", "-api-version", "-deprecation"]),
        ("an anchor is the target as it was sent", "GET /v0/a%20b%3E?q", "404", &["link ~ anchor=\"/v0/a%20b%3E\""]),
        ("nor can it be broken out of", "GET /v0/%22%3E", "404", &["link ~ anchor=\"/v0/%22%3E\""]),
    ]);
}

#[test]
fn responses_of_unknown_routes_have_the_lifecycle_headers() {
    let added = Change::new("2", "teams").with_op(OpSpec::add_route("GET /teams"));
    let first = Version::new("1").with_deprecated("2025-01-01").with_sunset("2027-01-01");
    let api = Api::new("shop")
        .with_version_path("/v{version}")
        .with_version_header("Api-Version")
        .with_consumer_source(ConsumerSource::Header("X-Consumer".into()))
        .with_extension(Extension::new("bob", "1", "2027-06-01"))
        .with_change(added)
        .with_version(first.with_docs("https://docs.test"))
        .with_version(Version::new("2"));
    let bench = Bench::new(api);
    bench.check(&[
        (
            "not yet there",
            "GET /v1/teams",
            "",
            &[
                "404",
                "api-version: 1",
                "deprecation: @1735689600",
                "sunset: Fri, 01 Jan 2027 00:00:00 GMT",
                "link: <https://docs.test>; rel=\"deprecation\"; anchor=\"/v1/teams\"; type=\"text/html\"",
            ],
        ),
        ("extended", "GET /v1/teams\nX-Consumer: bob", "", &["404", "sunset: Tue, 01 Jun 2027 00:00:00 GMT"]),
        ("there", "GET /v2/teams", "", &["200", "-deprecation"]),
    ]);
    bench.at("2028-01-01").check(&[("gone", "GET /v1/teams", "", &["404", "+deprecation", "-sunset"])]);
}

#[test]
fn a_304_speaks_for_the_stored_response() {
    let unchanged = "304\netag: \"a\"\nvary: Origin\ncache-control: max-age=60\ncontent-length: 12";
    Bench::new(users().with_version_path("/v{version}").with_version_header("Api-Version")).check(&[
        (
            "migrated",
            "GET /v1/users/7",
            unchanged,
            &[
                "304",
                "+deprecation",
                "+sunset",
                "+link",
                "vary: Origin, api-version",
                "etag ~ \"a;v1-",
                "-content-length",
                "cache-control: max-age=60",
            ],
        ),
        ("not migrated", "GET /v3/users/7", unchanged, &["304", "etag: \"a\"", "content-length: 12"]),
    ]);
}

/// The version header is not the service's: it is not asked about it, and browsers may send it.
#[test]
fn a_preflight_allows_the_version_header() {
    let ask =
        |names: &str| format!("OPTIONS /users/7\nOrigin: https://a.test\nAccess-Control-Request-Method: GET\n{names}");
    let allowed = "204\naccess-control-allow-origin: https://a.test";
    let both = ask("Access-Control-Request-Headers: api-version,content-type");
    let alone = ask("Access-Control-Request-Headers: api-version");
    let listed = format!("{allowed}\naccess-control-allow-headers: Content-Type");
    let any = format!("{allowed}\naccess-control-allow-headers: *");
    let with_credentials = format!("{any}\naccess-control-allow-credentials: true");
    let rows: [(&str, &str, &str, &[&str]); 7] = [
        (
            "listed",
            &both,
            &listed,
            &[
                "access-control-allow-headers: Content-Type, api-version",
                "> access-control-request-headers: content-type",
                "-access-control-expose-headers",
            ],
        ),
        ("alone", &alone, allowed, &["access-control-allow-headers: api-version", "> -access-control-request-headers"]),
        ("any", &both, &any, &["access-control-allow-headers: *"]),
        ("credentials", &both, &with_credentials, &["access-control-allow-headers: *, api-version"]),
        ("not asked", &ask(""), &listed, &["access-control-allow-headers: Content-Type, api-version"]),
        ("not allowed", &both, "204", &["-access-control-allow-headers", "-access-control-allow-origin"]),
        ("refused", &both, "403", &["403", "-access-control-allow-headers"]),
    ];
    bench().check(&rows);
}

/// What is answered here is read by scripts of the origins that the api names, and by no others.
#[test]
fn scripts_may_read_refusals_where_the_api_says_so() {
    let gone = |cors| {
        let first = Version::new("1").with_deprecated("2020-01-01").with_sunset("2021-01-01");
        let api =
            Api::new("cors").with_version_header("Api-Version").with_version(first).with_version(Version::new("2"));
        Bench::new(api.with_cors(cors))
    };
    let get = |version: &str, origin: &str| format!("GET /users/7\nApi-Version: {version}\n{origin}");
    let listed = gone(Cors::new(["https://a.test"]));
    let (ours, other, plain) =
        (get("1", "Origin: https://a.test"), get("1", "Origin: https://b.test"), get("1", "X: y"));
    listed.check(&[
        (
            "listed",
            &ours,
            "",
            &[
                "410",
                "access-control-allow-origin: https://a.test",
                "-access-control-allow-credentials",
                "vary: origin, api-version",
                "access-control-expose-headers ~ api-version",
                "access-control-expose-headers ~ deprecation",
                "access-control-expose-headers ~ date",
            ],
        ),
        ("another", &other, "", &["410", "-access-control-allow-origin", "vary: origin, api-version"]),
        ("no script", &plain, "", &["410", "-access-control-allow-origin", "vary: origin, api-version"]),
        ("unknown", &get("9", "Origin: https://a.test"), "", &["400", "access-control-allow-origin: https://a.test"]),
        ("served", &get("2", "Origin: https://a.test"), "200", &["200", "-access-control-allow-origin"]),
    ]);
    gone(Cors::new(["*"])).check(&[(
        "any",
        &other,
        "",
        &["410", "access-control-allow-origin: *", "vary: api-version"],
    )]);
    let credentials = gone(Cors::new(["https://*.test"]).with_credentials(true));
    credentials.check(&[(
        "credentials",
        &other,
        "",
        &["access-control-allow-origin: https://b.test", "access-control-allow-credentials: true"],
    )]);
}

#[test]
fn scripts_may_read_it_on_cors_responses() {
    let cors = "200\naccess-control-allow-origin: https://a.test\naccess-control-expose-headers: X-Total";
    let exposed = "access-control-expose-headers";
    let get = "GET /v0/x\nOrigin: https://a.test";
    bench().check(&[
        ("cors", get, cors, &["access-control-expose-headers: X-Total, api-version, deprecation, sunset, link"]),
        ("no origin", "GET /v0/x", cors, &["access-control-expose-headers: X-Total"]),
        ("not allowed", get, "200", &["-access-control-expose-headers", "-access-control-allow-origin"]),
        (
            "current",
            "GET /v3/x\nOrigin: https://a.test",
            cors,
            &["access-control-expose-headers: X-Total, api-version"],
        ),
        (
            "no wildcard with credentials",
            "GET /v0/x\nOrigin: https://a.test\nCookie: a=b",
            "200\naccess-control-allow-origin: https://a.test",
            &["access-control-expose-headers: api-version, deprecation, sunset, link"],
        ),
        (
            "a wildcard covers all",
            get,
            "200\naccess-control-allow-origin: *\naccess-control-expose-headers: *",
            &["access-control-expose-headers: *"],
        ),
    ]);
    let migrated = Bench::new(users().with_version_path("/v{version}"));
    let body = format!("200\naccess-control-allow-origin: *\n{}{{\"title\":\"a\"}}", &JSON[4..]);
    let exchange = migrated.exchange("GET /v1/users/7\nOrigin: https://a.test", &body);
    assert_eq!(exchange.text(), "{\"name\":\"a\"}");
    assert_eq!(exchange.field(exposed).as_deref(), Some("deprecation, sunset, link"));
}
