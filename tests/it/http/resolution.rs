//! Which version a request speaks.

use proptest::prelude::*;
use sunward::catalog::{Api, Catalog, ConsumerSource, OnUndeclared, PathCase, Route, Version, VersionSource};
use sunward::change::{Change, OpSpec, Resource};
use sunward::consumer::{Consumer, Pins};
use sunward::internals::path::lenient;
use sunward::version::Scheme;

use super::{Bench, JSON, users};

/// What paths are made of, by those who want two readings of them.
const PIECES: [&str; 22] = [
    "v1", "v2", "/", "//", "/v1", "/v2", "..", "/../", "%2e%2e", "/.", "%2F", "%5C", "%76", "%31", "%32", "1", "2",
    "0", ";", "users", "%25", "V1",
];

/// All five sources.
fn all() -> Api {
    users()
        .with_base_path("/api")
        .with_version_path("/v{version}")
        .with_version_header("Api-Version")
        .with_version_query("api-version")
        .with_version_accept("application/vnd.shop.v{version}+json")
        .with_version_parameter("version")
        .with_version_host("v{version}.shop.test")
        .with_unspecified("1")
}

#[test]
fn every_source_is_read() {
    Bench::new(all()).check(&[
        ("none", "GET /api/users/7", "", &["200", "api-version: 1", "> GET /api/users/7"]),
        ("path", "GET /api/v2/users/7", "", &["200", "api-version: 2", "> GET /api/users/7"]),
        ("path only", "GET /api/v2", "", &["200", "api-version: 2", "> GET /api"]),
        ("path only, with a slash", "GET /api/v2/", "", &["200", "api-version: 2", "> GET /api/"]),
        ("the base path", "GET /api?a&&b", "", &["200", "api-version: 1", "> GET /api?a&&b"]),
        ("header", "GET /api/users/7\nApi-Version: 2", "", &["api-version: 2", "> api-version: 3"]),
        ("header, with v", "GET /api/users/7\nApi-Version: v2", "", &["api-version: 2"]),
        (
            "query",
            "GET /api/users/7?a=1&api-version=2",
            "",
            &["api-version: 2", "> GET /api/users/7?a=1&api-version=3"],
        ),
        (
            "query, with nothing between",
            "GET /api/users/7?a&&b&api-version=2&",
            "",
            &["> GET /api/users/7?a&&b&api-version=3&"],
        ),
        ("query, escaped", "GET /api/users/7?api%2Dversion=%32", "", &["api-version: 2"]),
        ("accept", "GET /api/users/7\nAccept: application/vnd.shop.v2+json", "", &["api-version: 2"]),
        ("accept parameter", "GET /api/users/7\nAccept: application/json; version=2", "", &["api-version: 2"]),
        ("host", "GET /api/users/7\nHost: V2.shop.test:8080", "", &["api-version: 2"]),
        ("host of the target", "GET http://v2.shop.test/api/users/7\nHost: v1.shop.test", "", &["api-version: 2"]),
        ("another host", "GET /api/users/7\nHost: www.shop.test", "", &["api-version: 1"]),
    ]);
}

#[test]
fn sources_that_speak_agree_once_they_are_parsed() {
    let ambiguous =
        &["400", "~ problems/version-ambiguous", "~ \"supported_versions\":[\"1\",\"2\",\"3\"]", "> nothing"];
    Bench::new(all()).check(&[
        ("v2 and 2", "GET /api/v2/users/7\nApi-Version: v2", "", &["200", "api-version: 2"]),
        (
            "five times the same",
            "GET /api/v2/users/7?api-version=2\nApi-Version: V2\nHost: v2.shop.test\nAccept: application/json;version=v2",
            "",
            &["200", "api-version: 2"],
        ),
        ("path, header", "GET /api/v2/users/7\nApi-Version: 1", "", ambiguous),
        ("path, query", "GET /api/v2/users/7?api-version=3", "", ambiguous),
        ("path, host", "GET /api/v2/users/7\nHost: v1.shop.test", "", ambiguous),
        ("header, accept", "GET /api/users/7\nApi-Version: 2\nAccept: application/vnd.shop.v3+json", "", ambiguous),
        ("a wildcard says nothing", "GET /api/v2/users/7\nAccept: */*", "", &["200", "api-version: 2"]),
        (
            "a wildcard says nothing, whatever else is refused",
            "GET /api/v2/users/7\nAccept: application/vnd.shop.v1+json;q=0, */*",
            "",
            &["200", "api-version: 2"],
        ),
        ("another type says nothing", "GET /api/v2/users/7\nAccept: text/csv", "", &["200", "api-version: 2"]),
        (
            "content, path",
            "PUT /api/v2/users/7\nContent-Type: application/vnd.shop.v1+json\n\n{}",
            "",
            ambiguous,
        ),
        (
            "vary is there also on an error",
            "GET /api/v2/users/7\nApi-Version: 1",
            "",
            &["vary: accept, api-version", "cache-control: no-store", "content-type: application/problem+json", "+date"],
        ),
    ]);
}

#[test]
fn precedence_replaces_the_refusal() {
    Bench::new(all().with_precedence([VersionSource::Header, VersionSource::Path])).check(&[
        ("header first", "GET /api/v2/users/7\nApi-Version: 1", "", &["200", "api-version: 1"]),
        ("then path", "GET /api/v2/users/7?api-version=1", "", &["200", "api-version: 2"]),
        ("what it does not list must agree", "GET /api/users/7?api-version=1\nHost: v2.shop.test", "", &["400"]),
        ("what it wins over must exist all the same", "GET /api/v9/users/7\nApi-Version: 1", "", &["404"]),
    ]);
}

#[test]
fn what_is_no_version_is_refused() {
    let header = "~ problems/version-invalid";
    Bench::new(all()).check(&[
        ("path", "GET /api/v9/users/7", "", &["404", "~ problems/version-unknown", "~ \"status\":404", "> nothing"]),
        ("header", "GET /api/users/7\nApi-Version: 9", "", &["400", "~ problems/version-unknown", "> nothing"]),
        ("query", "GET /api/users/7?api-version=9", "", &["400", "~ problems/version-unknown"]),
        ("malformed", "GET /api/users/7\nApi-Version: latest", "", &["400", header]),
        ("empty", "GET /api/users/7\nApi-Version: ", "", &["400", header]),
        ("twice", "GET /api/users/7\nApi-Version: 2\nApi-Version: 2", "", &["400", header]),
        ("a list", "GET /api/users/7\nApi-Version: 2, 3", "", &["400", header]),
        ("white space", "GET /api/users/7\nApi-Version:   2  ", "", &["200", "api-version: 2"]),
        ("query twice", "GET /api/users/7?api-version=2&api-version=2", "", &["400", header]),
        ("empty query", "GET /api/users/7?api-version", "", &["400", header]),
        ("leading zero", "GET /api/users/7\nApi-Version: 02", "", &["400", header]),
        ("no version at all", "GET /api/vendors", "", &["200", "api-version: 1", "> GET /api/vendors"]),
    ]);
    let none = Api::new("shop")
        .with_version_header("Api-Version")
        .with_version(Version::new("1"))
        .with_version(Version::new("2"));
    Bench::new(none).check(&[(
        "unspecified",
        "GET /users",
        "",
        &["400", "~ problems/version-unspecified", "~ the header `api-version`", "vary: api-version", "> nothing"],
    )]);
}

/// One pin of a service of its own.
struct OnePin;

impl Pins for OnePin {
    fn pinned(&self, api: &str, consumer: &Consumer) -> Option<String> {
        (api == "shop" && consumer.as_str() == "carol").then(|| "v2".to_owned())
    }
}

#[test]
fn a_pin_then_the_route_then_the_api() {
    let api = users()
        .with_version_header("Api-Version")
        .with_unspecified("1")
        .with_consumer_source(ConsumerSource::Header("X-Consumer".into()))
        .with_consumer_source(ConsumerSource::UserAgent)
        .with_pin("bob", "3")
        .with_route(Route::new("GET /users").with_default("2"));
    Bench::with([api], |catalog| catalog.with_pins(OnePin)).check(&[
        ("no consumer", "GET /users/7", "", &["api-version: 1"]),
        ("the route's default", "GET /users", "", &["api-version: 2"]),
        ("a pin in the table", "GET /users\nX-Consumer: bob", "", &["api-version: 3"]),
        ("a pin of the service", "GET /users/7\nX-Consumer: carol", "", &["api-version: 2"]),
        ("a pin by User-Agent", "GET /users/7\nUser-Agent: bob/1.2 (x)", "", &["api-version: 3"]),
        ("the first source counts", "GET /users/7\nX-Consumer: carol\nUser-Agent: bob", "", &["api-version: 2"]),
        ("a pin is no order", "GET /users/7\nX-Consumer: bob\nApi-Version: 1", "", &["api-version: 1"]),
        ("whom it hangs on", "GET /users/7", "", &["vary: api-version, x-consumer, user-agent"]),
    ]);
    let api = users().with_version_header("Api-Version").with_unspecified("1");
    let api = api.with_consumer_source(ConsumerSource::Header("X-Consumer".into()));
    Bench::new(api.clone()).check(&[("no pins", "GET /users/7", "", &["vary: api-version"])]);
    Bench::with([api], |catalog: Catalog| catalog.with_pins(OnePin)).check(&[(
        "the service's pins",
        "GET /users/7",
        "",
        &["vary: api-version, x-consumer"],
    )]);
}

#[test]
fn what_is_not_released_is_nobodys_default() {
    let api = users()
        .with_version(Version::new("4").with_released("2026-07-01"))
        .with_version_header("Api-Version")
        .with_unspecified("1")
        .with_speaks("3")
        .with_consumer_source(ConsumerSource::Header("X-Consumer".into()))
        .with_pin("bob", "4")
        .with_route(Route::new("GET /users").with_default("4"));
    let bench = Bench::new(api);
    bench.check(&[
        ("a pin", "GET /users/7\nX-Consumer: bob", "", &["200", "api-version: 1"]),
        ("a route", "GET /users", "", &["200", "api-version: 1"]),
        ("by name", "GET /users\nApi-Version: 4", "", &["400", "~ [\"1\",\"2\",\"3\"]"]),
    ]);
    bench.at("2026-07-01").check(&[
        ("a pin, from then on", "GET /users/7\nX-Consumer: bob", "", &["api-version: 4"]),
        ("a route, from then on", "GET /users", "", &["api-version: 4"]),
    ]);
}

fn versions(api: Api, names: &[&str]) -> Api {
    names.iter().fold(api, |api, name| api.with_version(Version::new(*name)))
}

#[test]
fn other_schemes_and_aliases() {
    let api = Api::new("shop").with_version_header("Api-Version").with_version_path("/{version}");
    let minor = versions(api.clone().with_scheme(Scheme::Minor), &["1.0", "1.2", "1.10", "2.0-beta"]);
    Bench::new(minor.with_alias("1", "1.10").with_alias("stable", "1.2").with_unspecified("1.0")).check(&[
        ("minor", "GET /x\nApi-Version: 1.2", "", &["api-version: 1.2"]),
        ("the order is that of numbers", "GET /x\nApi-Version: 1.10", "", &["api-version: 1.10"]),
        ("an alias is echoed by what it means", "GET /x\nApi-Version: 1", "", &["api-version: 1.10"]),
        ("an alias in the path", "GET /stable/x", "", &["api-version: 1.2", "> GET /x"]),
        ("an alias and its version", "GET /stable/x\nApi-Version: 1.2", "", &["200"]),
        ("a preview", "GET /x\nApi-Version: 2.0-Beta", "", &["api-version: 2.0-beta"]),
        ("not declared", "GET /x\nApi-Version: 1.3", "", &["400", "~ problems/version-unknown"]),
    ]);
    let date = versions(api.clone().with_scheme(Scheme::Date), &["2024-10-01", "2025-03-01"]);
    Bench::new(date.clone().with_version(Version::new("2026-05-01").with_released("2026-07-01"))).check(&[
        ("date", "GET /x\nApi-Version: 2025-03-01", "", &["api-version: 2025-03-01"]),
        ("between two, without waterfall", "GET /x\nApi-Version: 2025-02-01", "", &["400"]),
        ("no such day", "GET /x\nApi-Version: 2025-02-30", "", &["400", "~ problems/version-invalid"]),
        ("not released", "GET /x\nApi-Version: 2026-05-01", "", &["400", "~ [\"2024-10-01\",\"2025-03-01\"]"]),
        ("not released, in the path", "GET /2026-05-01/x", "", &["404"]),
    ]);
    let later = Version::new("2026-05-01").with_released("2026-07-01");
    Bench::new(date.with_version(later).with_waterfall(true)).check(&[
        ("exact", "GET /x\nApi-Version: 2024-10-01", "", &["api-version: 2024-10-01"]),
        ("between two", "GET /x\nApi-Version: 2025-02-28", "", &["api-version: 2024-10-01"]),
        ("after the last that is released", "GET /x\nApi-Version: 2026-05-31", "", &["api-version: 2025-03-01"]),
        ("today", "GET /x\nApi-Version: 2026-06-01", "", &["200"]),
        ("before the first", "GET /x\nApi-Version: 2024-09-30", "", &["400"]),
        ("in the future", "GET /x\nApi-Version: 2026-06-02", "", &["400", "~ is in the future"]),
        ("in the future, in the path", "GET /2026-06-02/x", "", &["400", "~ is in the future"]),
        ("a preview is not waterfalled to", "GET /x\nApi-Version: 2025-03-02-beta", "", &["400"]),
    ]);
    let month = versions(api.with_scheme(Scheme::Month), &["2024-10", "2025-03"]).with_waterfall(true);
    Bench::new(month).check(&[
        ("month", "GET /x\nApi-Version: 2025-03", "", &["api-version: 2025-03"]),
        ("between two", "GET /2024-12/x", "", &["api-version: 2024-10", "> GET /x"]),
        ("in the future", "GET /x\nApi-Version: 2026-07", "", &["400"]),
        ("no month", "GET /x\nApi-Version: 2025-13", "", &["400"]),
    ]);
}

#[test]
fn versions_of_kubernetes_and_versions_as_declared() {
    let api = Api::new("shop").with_version_header("Api-Version").with_version_path("/{version}");
    let stages = versions(api.clone().with_scheme(Scheme::Kubernetes), &["v1beta1", "v1", "v2alpha1"]);
    Bench::new(stages.with_unspecified("v1")).check(&[
        ("stable", "GET /v1/x", "", &["api-version: v1", "> GET /x"]),
        ("beta", "GET /v1beta1/x", "", &["api-version: v1beta1"]),
        ("without the `v`", "GET /x\nApi-Version: 1", "", &["400", "~ problems/version-invalid"]),
        ("not listed", "GET /v2/x", "", &["404", "~ problems/version-unknown"]),
        ("no version", "GET /x", "", &["api-version: v1"]),
    ]);
    let declared = versions(api.with_scheme(Scheme::Declared), &["zebra", "Mercy-preview", "2024-09-30.acacia"]);
    Bench::new(declared.with_unspecified("zebra").with_alias("latest", "2024-09-30.acacia")).check(&[
        ("a name", "GET /mercy-preview/x", "", &["api-version: Mercy-preview", "> GET /x"]),
        ("a name with a dot", "GET /x\nApi-Version: 2024-09-30.acacia", "", &["api-version: 2024-09-30.acacia"]),
        ("an alias", "GET /latest/x", "", &["api-version: 2024-09-30.acacia", "> GET /x"]),
        ("a segment that is no version", "GET /users/x", "", &["api-version: zebra", "> GET /users/x"]),
        ("not listed", "GET /x\nApi-Version: aardvark", "", &["400", "~ problems/version-unknown"]),
        ("no name at all", "GET /x\nApi-Version: a b", "", &["400", "~ problems/version-invalid"]),
    ]);
}

#[test]
fn one_path_has_one_decision() {
    let api = Api::new("shop")
        .with_version_path("/v{version}")
        .with_version(Version::new("1").with_deprecated("2020-01-01").with_sunset("2021-01-01"))
        .with_version(Version::new("2"))
        .with_version(Version::new("10"))
        .with_exclude("/health")
        .with_exclude("/docs/*");
    let refused = &["400", "~ problems/path-invalid", "~ \"supported_versions\":[\"2\",\"10\"]", "> nothing"];
    Bench::new(api).check(&[
        ("plain", "GET /v2/x", "", &["200", "> GET /x"]),
        ("escaped", "GET /%76%32/x", "", &["200", "> GET /x"]),
        ("gone, escaped", "GET /%761/x", "", &["410", "> nothing"]),
        ("whole segments", "GET /v10/x", "", &["200", "> GET /x"]),
        ("v20 is not v2", "GET /v20/x", "", &["404", "> nothing"]),
        ("an empty segment", "GET //v1/x", "", refused),
        ("dots", "GET /v2/../v1/x", "", refused),
        ("escaped dots", "GET /v2/%2e%2E/v1/x", "", refused),
        ("an escaped slash", "GET /v2%2Fx", "", refused),
        ("no second v", "GET /vv2/x", "", &["400", "~ problems/version-unspecified"]),
        ("a small v only", "GET /V2/x", "", &["400", "~ problems/version-unspecified"]),
        ("a version with a parameter", "GET /v2;a=b/x", "", &["400", "~ problems/version-unspecified"]),
        ("excluded", "GET /health", "204\nx-a: 1", &["204", "x-a: 1", "-vary", "> GET /health"]),
        ("excluded below", "GET /docs/a/b?c", "", &["200", "> GET /docs/a/b?c"]),
        ("excluded, escaped", "GET /%68ealth", "", &["200", "> GET /%68ealth"]),
        ("excluded, with a slash", "GET /health/", "", &["200", "> GET /health/"]),
        ("excluded, with a parameter", "GET /health;a=b", "", &["400", "~ problems/path-invalid", "> nothing"]),
        ("excluded below, with a parameter", "GET /docs;a=b/c", "", &["400", "~ problems/path-invalid", "> nothing"]),
        ("excluded below, with a parameter behind it", "GET /docs/c;a=b", "", &["200", "> GET /docs/c;a=b"]),
        ("not excluded", "GET /healthy", "", &["400"]),
        ("about the server", "OPTIONS *", "", &["200", "> OPTIONS *"]),
    ]);
}

/// What a service may take for the same path is the same path, or is refused.
#[test]
fn a_rule_is_not_slipped_past() {
    let api = |case: PathCase| {
        let ended = Route::new("GET /ended").with_sunset("1", "2026-01-01");
        let title = Change::new("2", "a title").with_at("GET /users/{id} -> 200").with_breaking(true);
        Api::new("shop")
            .with_base_path("/api")
            .with_version_path("/v{version}")
            .with_version_header("Api-Version")
            .with_unspecified("1")
            .with_path_case(case)
            .with_exclude("/api/health")
            .with_exclude("/api/docs/*")
            .with_version(Version::new("1").with_deprecated("2025-01-01").with_sunset("2027-01-01"))
            .with_version(Version::new("2"))
            .with_change(title.with_op(OpSpec::rename("/name", "/title")))
            .with_change(
                Change::new("2", "routes")
                    .with_breaking(true)
                    .with_op(OpSpec::add_route("GET /teams"))
                    .with_op(OpSpec::move_route("GET /people/{id}", "GET /humans/{id}"))
                    .with_op(OpSpec::remove_route("GET /groups")),
            )
            .with_route(ended)
            .with_route(Route::new("GET /users/me"))
            .with_route(Route::new("* /files/{*path}"))
    };
    let title = &format!("{JSON}{{\"title\":1}}");
    let name = "= {\"name\":1}";
    let absent = &["404", "~ problems/route-absent", "> nothing"];
    let other_case = &["404", "~ problems/route-absent", "~ letter case", "> nothing"];
    let two = &["400", "~ problems/path-invalid", "~ parameters", "> nothing"];
    for case in [PathCase::Sensitive, PathCase::Insensitive] {
        Bench::new(api(case)).check(&[
            ("a slash", "GET /api/v1/users/7/", title, &["200", name, "> GET /api/users/7/"]),
            ("a slash, retired", "GET /api/v1/ended/", title, &["410", "> nothing"]),
            ("a slash, added later", "GET /api/v1/teams/", title, absent),
            ("a slash, removed", "GET /api/v2/groups/", title, absent),
            ("a slash, moved", "GET /api/v1/people/7/", title, &["200", "> GET /api/humans/7"]),
            ("a slash of the rest", "GET /api/v1/files/a/", title, &["200", "> GET /api/files/a/"]),
            ("a parameter", "GET /api/v1/users;x=y/7", title, two),
            ("a parameter, retired", "GET /api/v1/ended;x", title, two),
            ("a parameter, added later", "GET /api/v1/teams;x", title, two),
            ("a parameter, removed", "GET /api/v2/groups;x", title, two),
            ("a parameter of another route", "GET /api/v1/users/me;x", title, two),
            ("a parameter of the base path", "GET /api;x/v1/users/7", title, two),
            ("a parameter of the version", "GET /api/v1;x/users/7", title, two),
            ("a parameter of what is excluded", "GET /api/docs;x/a", title, two),
            (
                "a parameter of the same route",
                "GET /api/v1/users/7;x=y",
                title,
                &["200", name, "> GET /api/users/7;x=y"],
            ),
            ("a parameter of an unknown path", "GET /api/v1/other;x", title, &["200", "> GET /api/other;x"]),
        ]);
    }
    Bench::new(api(PathCase::Sensitive)).check(&[
        ("a route", "GET /api/v1/Users/7", title, other_case),
        ("a route, by another method", "PUT /api/v1/USERS/7/", title, other_case),
        ("a retired route", "GET /api/v1/Ended", title, other_case),
        ("a moved route", "GET /api/v1/People/7", title, other_case),
        ("an added route", "GET /api/v1/Teams", title, other_case),
        ("a removed route", "GET /api/v2/Groups", title, other_case),
        ("the version", "GET /api/V1/users/7", title, other_case),
        ("the version, beside another", "GET /api/V1/x\nApi-Version: 2", title, other_case),
        ("the base path", "GET /API/v1/users/7", title, other_case),
        ("what is excluded", "GET /api/Health", title, other_case),
        ("what is excluded below", "GET /api/DOCS/a", title, other_case),
        ("a value", "GET /api/v1/users/Me", title, &["200", name, "> GET /api/users/Me"]),
        ("an unknown path", "GET /api/v1/Other", title, &["200", "> GET /api/Other"]),
    ]);
    let rest =
        Api::new("rest").with_version_header("Api-Version").with_unspecified("1").with_version(Version::new("1"));
    let rest = rest.with_route(Route::new("GET /Api/known"));
    Bench::with([api(PathCase::Sensitive), rest], |catalog| catalog).check(&[
        ("the base path, beside an api of the root", "GET /API/v1/users/7", title, other_case),
        ("a path of the root's own", "GET /Api/known", title, &["200", "> GET /Api/known"]),
        ("another path of the root", "GET /apis/v1", title, &["200", "> GET /apis/v1"]),
    ]);
    Bench::new(api(PathCase::Insensitive)).check(&[
        ("a route", "GET /api/v1/Users/Seven", title, &["200", name, "> GET /api/Users/Seven"]),
        ("a retired route", "GET /api/v1/Ended", title, &["410", "> nothing"]),
        ("a moved route", "GET /api/v1/People/Seven", title, &["200", "> GET /api/humans/Seven"]),
        ("an added route", "GET /api/v1/Teams", title, absent),
        ("a removed route", "GET /api/v2/Groups", title, absent),
        ("the version", "GET /api/V1/users/7", title, &["200", name, "> GET /api/users/7"]),
        ("the base path", "GET /API/v1/users/7", title, &["200", name, "> GET /api/users/7"]),
        ("what is excluded", "GET /Api/Health", title, &["200", "= {\"title\":1}", "> GET /Api/Health"]),
        ("what is excluded below", "GET /api/DOCS/a", title, &["200", "-deprecation", "> GET /api/DOCS/a"]),
    ]);
}

/// Paths, methods and statuses that no resource, route or change names.
#[test]
fn what_is_not_declared_passes_or_is_refused() {
    let title =
        Change::new("2", "a title").with_on("user").with_breaking(true).with_op(OpSpec::rename("/name", "/title"));
    let api = Api::new("shop")
        .with_version_path("/v{version}")
        .with_resource(Resource::new("user").with_at("GET /users/{id} -> 200").with_at("GET /users/{id} -> 404"))
        .with_resource(Resource::new("same").with_at("GET /same -> 200"))
        .with_change(title)
        .with_version(Version::new("1"))
        .with_version(Version::new("2"));
    let problem = "403\ncontent-type: application/problem+json\n\n{}";
    let conflict = "409\ncontent-type: application/json\n\n{\"title\":1}";
    Bench::new(api.clone()).check(&[
        ("a path", "GET /v1/other", "", &["200"]),
        ("a method", "PUT /v1/users/7", "", &["200"]),
        ("a status", "GET /v1/users/7", conflict, &["409", "= {\"title\":1}"]),
    ]);
    let refused = &["502", "~ problems/upstream-body-invalid", "~ not declared"];
    Bench::new(api.with_undeclared(OnUndeclared::Refuse)).check(&[
        ("a path", "GET /v1/other", "", &["404", "~ problems/route-absent", "> nothing"]),
        ("a path, with a slash", "GET /v1/users/7/", "204", &["204"]),
        ("a method", "PUT /v1/users/7", "", &["405", "allow: GET, HEAD", "~ problems/method-absent", "> nothing"]),
        ("what is declared", "GET /v1/users/7", &format!("{JSON}{{\"title\":1}}"), &["200", "= {\"name\":1}"]),
        ("by HEAD", "HEAD /v1/users/7", "204", &["204"]),
        ("a status that is declared", "GET /v1/users/7", "404\ncontent-type: application/json\n\n{}", &["404"]),
        ("a status", "GET /v1/users/7", conflict, refused),
        ("a status, in the service's version", "GET /v2/users/7", conflict, &["409", "= {\"title\":1}"]),
        ("a status of what no change is about", "GET /v1/same", conflict, &["409"]),
        ("a problem document", "GET /v1/users/7", problem, &["403", "= {}"]),
        ("no JSON", "GET /v1/users/7", "409\ncontent-type: text/html\n\nx", &["409", "= x"]),
        ("nothing changed", "GET /v1/users/7", "304", &["304"]),
        (
            "a preflight",
            "OPTIONS /v1/other\nOrigin: https://a.test\nAccess-Control-Request-Method: GET",
            "204",
            &["204", "> OPTIONS /other"],
        ),
    ]);
}

proptest! {
    /// Whatever is served, a careless reader of the path would have taken for the same version.
    #[test]
    fn nothing_slips_past(pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 1..8)) {
        let path = format!("/{}", pieces.concat());
        prop_assume!(path.parse::<http::Uri>().is_ok());
        let api = Api::new("shop")
            .with_version_path("/v{version}")
            .with_version(Version::new("1").with_deprecated("2020-01-01").with_sunset("2021-01-01"))
            .with_version(Version::new("2"));
        let exchange = Bench::new(api).exchange(&format!("GET {path}"), "");
        prop_assert!([200, 400, 404, 410].contains(&exchange.status));
        let careless = lenient(&path);
        let second = careless == "/v2" || careless.starts_with("/v2/");
        prop_assert!(exchange.status != 200 || second, "{path} was served");
        prop_assert_eq!(exchange.status == 200, exchange.seen.is_some());
    }

    /// No field of a client makes the layers panic, or answer with anything but a document that says why.
    #[test]
    fn fields_do_no_harm(
        version in "[ -~]{0,12}|v?[0-9.-]{0,12}",
        accept in "[ -~]{0,40}|(application/(json|vnd[.]shop[.]v[0-9]+[+]json)(;(version|q)=\"?[0-9.]{0,3}\"?)?,? ?){0,4}",
        query in "(api-version|a|%|&|=|[0-9]|%[0-9a-f]{2}){0,8}",
    ) {
        prop_assume!(format!("/api/users/7?{query}").parse::<http::Uri>().is_ok());
        let head = format!("GET /api/users/7?{query}\nApi-Version: {version}\nAccept: {accept}");
        let exchange = Bench::new(all()).exchange(&head, "");
        prop_assert_eq!(exchange.field("vary"), Some("accept, api-version".to_owned()));
        if exchange.status == 200 {
            prop_assert!(exchange.field("api-version").is_some());
        } else {
            prop_assert_eq!(exchange.json()["status"].as_u64(), Some(u64::from(exchange.status)));
            prop_assert!(matches!(exchange.status, 400 | 406) && exchange.seen.is_none());
        }
    }
}

#[test]
fn preflights_pass_whatever_the_version() {
    let api = users().with_version_path("/v{version}").with_version_header("Api-Version").with_base_path("/api");
    let api = api.with_version(Version::new("4").with_released("2027-01-01"));
    let ask = |path: &str| format!("OPTIONS {path}\nOrigin: https://a.test\nAccess-Control-Request-Method: GET");
    let (live, gone, unknown, none, absent) = (
        ask("/api/v2/users/7"),
        ask("/api/v1/users/7"),
        ask("/api/v9/users/7"),
        ask("/api/users/7"),
        ask("/api/v4/other"),
    );
    let upstream = "204\nAccess-Control-Allow-Origin: *";
    Bench::new(api).at("2028-01-01").check(&[
        ("live", &live, upstream, &["204", "> OPTIONS /api/users/7"]),
        ("gone", &gone, upstream, &["204", "> OPTIONS /api/users/7", "-deprecation"]),
        ("unknown", &unknown, upstream, &["204", "> OPTIONS /api/users/7"]),
        ("none", &none, upstream, &["204", "> OPTIONS /api/users/7"]),
        ("no such route", &absent, upstream, &["204", "> OPTIONS /api/other"]),
        ("no preflight", "OPTIONS /api/v1/users/7", upstream, &["410", "> nothing"]),
    ]);
}

#[test]
fn requests_find_their_api() {
    let api = |name: &str, version: &str| {
        Api::new(name).with_version_header("Api-Version").with_unspecified(version).with_version(Version::new(version))
    };
    let apis = [
        api("shop", "1").with_base_path("/shop"),
        api("shop-admin", "2").with_base_path("/shop/admin"),
        api("hosted", "3").with_base_path("/shop").with_host("Other.test").with_host("more.test"),
        api("any-host", "5").with_base_path("/shop").with_host("*.other.test"),
        api("one-host", "6").with_base_path("/shop").with_host("one.other.test"),
        api("bank", "4").with_base_path("/bank"),
    ];
    Bench::with(apis, |catalog| catalog).check(&[
        ("by base path", "GET /bank/x", "", &["api-version: 4"]),
        ("the base path itself", "GET /bank", "", &["api-version: 4", "> GET /bank"]),
        ("the longest base path", "GET /shop/admin/x", "", &["api-version: 2"]),
        ("whole segments", "GET /shop/administer", "", &["api-version: 1"]),
        ("by host", "GET /shop/x\nHost: other.TEST:443", "", &["api-version: 3"]),
        ("by another of its hosts", "GET /shop/x\nHost: More.test.:80", "", &["api-version: 3"]),
        ("by a wildcard", "GET /shop/x\nHost: A.Other.test:80", "", &["api-version: 5"]),
        ("one host before a wildcard", "GET /shop/x\nHost: one.other.test", "", &["api-version: 6"]),
        ("a wildcard is one label", "GET /shop/x\nHost: a.b.other.test", "", &["api-version: 1"]),
        ("by the target's host", "GET http://other.test/shop/x\nHost: a.test", "", &["api-version: 3"]),
        ("none of them", "GET /else\nApi-Version: x", "418", &["418", "-vary", "-api-version", "> GET /else"]),
        ("none of them, and odd", "GET //else/..", "418", &["418"]),
        ("no part of a segment", "GET /banking", "418", &["418", "-api-version"]),
    ]);
}

#[test]
fn refusals_say_where_to_read_on() {
    let own =
        Version::new("1").with_sunset("2020-01-01").with_deprecated("2019-01-01").with_docs("https://docs.test/1");
    let api = Api::new("shop")
        .with_docs("https://docs.test/versions")
        .with_version_path("/v{version}")
        .with_version_header("Api-Version")
        .with_version(own)
        .with_version(Version::new("2"));
    Bench::new(api).check(&[
        ("unknown", "GET /v9/x", "", &["404", "~ \"docs\":\"https://docs.test/versions\""]),
        ("unspecified", "GET /x", "", &["400", "~ \"docs\":\"https://docs.test/versions\""]),
        ("gone", "GET /v1/x", "", &["410", "~ \"docs\":\"https://docs.test/1\""]),
    ]);
}
