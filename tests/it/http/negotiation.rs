//! `Accept` and `Content-Type`: versions 2 and 3 live, 1 is retired, 2 is the default.

use sunward::catalog::{Api, OnUnacceptable, Version};
use sunward::change::{Change, OpSpec};

use super::Bench;

fn acme() -> Api {
    Api::new("acme")
        .with_version_accept("application/vnd.acme.v{version}+json")
        .with_version_parameter("version")
        .with_response_header("Api-Version")
        .with_unspecified("2")
        .with_version(Version::new("1").with_deprecated("2024-01-01").with_sunset("2025-01-01"))
        .with_version(Version::new("2"))
        .with_version(Version::new("3"))
        .with_change(
            Change::new("3", "a title")
                .with_at("POST /users <-")
                .with_at("POST /users -> 201")
                .with_breaking(true)
                .with_op(OpSpec::rename("/name", "/title")),
        )
}

#[test]
fn accept_is_a_negotiation() {
    let bench = Bench::new(acme());
    let rows: &[(&str, u16, &str)] = &[
        ("", 200, "2"),
        ("*/*", 200, "2"),
        ("application/json, text/plain, */*", 200, "2"),
        ("application/vnd.acme.v3+json;q=0.5, application/vnd.acme.v2+json", 200, "2"),
        ("application/vnd.acme.v9+json, application/vnd.acme.v3+json;q=0.1", 200, "3"),
        ("application/vnd.acme.v2+json;q=0, */*", 200, "3"),
        ("application/vnd.acme.v1+json", 410, "1"),
        ("application/vnd.acme.v1+json, application/vnd.acme.v2+json;q=0.1", 200, "2"),
        ("application/vnd.acme.v9+json", 406, ""),
        ("application/vnd.acme.v9+json, application/vnd.acme.v1+json;q=0.1", 410, "1"),
        ("Application/VND.ACME.V2+JSON", 200, "2"),
        ("application/vnd.acme+json;Version=\"2\"", 200, "2"),
        ("application/vnd.acme+json", 200, "2"),
        ("application/json;version=3", 200, "3"),
        ("application/vnd.acme+json;q=0.5;version=3", 200, "3"),
        ("application/vnd.acme+json;version=2;version=3", 406, ""),
        ("application/vnd.acme+json;;version=3", 200, "3"),
        ("application/vnd.acme+json;version =3, */*;q=0.1", 200, "2"),
        ("application/vnd.acme.v3+json;q=1.001, */*;q=0.1", 200, "2"),
        ("application/vnd.acme.v3+json;q=-1, */*;q=0.1", 200, "2"),
        ("application/vnd.acme.v3+json;q=, */*;q=0.1", 200, "2"),
        (", ,application/json,", 200, "2"),
        ("application/vnd.dev3+json", 200, "2"),
        ("text/html", 200, "2"),
        ("text/csv, application/pdf;q=0.5, image/*", 200, "2"),
        ("application/hal+json", 200, "2"),
        ("application/vnd.acme.v9+json, text/csv", 406, ""),
        ("*/*;q=0", 200, "2"),
    ];
    for (accept, status, version) in rows {
        let request = if accept.is_empty() { "GET /x".to_owned() } else { format!("GET /x\nAccept: {accept}") };
        let exchange = bench.exchange(&request, "200\ncontent-type: application/json\n\n{}");
        assert_eq!(exchange.status, *status, "{accept}");
        assert_eq!(exchange.field("api-version").unwrap_or_default(), *version, "{accept}");
        assert_eq!(exchange.field("vary").as_deref(), Some("accept"), "{accept}");
        if *status == 200 {
            let own = format!("application/vnd.acme.v{version}+json");
            assert_eq!(exchange.field("content-type"), Some(own), "{accept}");
        } else {
            assert_eq!(exchange.json()["status"], *status, "{accept}");
            assert_eq!(exchange.json()["supported_versions"], serde_json::json!(["2", "3"]), "{accept}");
            assert!(exchange.seen.is_none(), "{accept}");
        }
    }
}

/// A parameter without a template of media types counts on all of them, and the types stay the client's and service's.
#[test]
fn a_parameter_counts_on_every_type() {
    let title = Change::new("2", "a title").with_at("GET /users -> 200").with_breaking(true);
    let api = Api::new("acme")
        .with_version_parameter("version")
        .with_unspecified("1")
        .with_version(Version::new("1"))
        .with_version(Version::new("2"))
        .with_version(Version::new("3"))
        .with_change(title.with_op(OpSpec::rename("/name", "/title")));
    let hal = "200\ncontent-type: application/hal+json; charset=utf-8\n\n{\"title\":1}";
    let csv = "200\ncontent-type: text/csv\n\na,b";
    Bench::new(api).check(&[
        (
            "of JSON:API",
            "GET /users\nAccept: application/vnd.api+json; version=1",
            "200\ncontent-type: application/vnd.api+json\n\n{\"title\":1}",
            &[
                "200",
                "content-type: application/vnd.api+json;version=1",
                "= {\"name\":1}",
                "> accept: application/vnd.api+json; version=3, application/vnd.api+json;q=0.9, */*;q=0.1",
            ],
        ),
        (
            "another type than was asked for",
            "GET /users\nAccept: application/json;version=2",
            hal,
            &["content-type: application/hal+json; charset=utf-8;version=2", "= {\"title\":1}"],
        ),
        (
            "which the service names itself",
            "GET /users\nAccept: application/json;version=2",
            "200\ncontent-type: application/json; Version=3; charset=utf-8\n\n{}",
            &["content-type: application/json; Version=2; charset=utf-8"],
        ),
        ("no JSON", "GET /x\nAccept: text/csv;version=2", csv, &["200", "content-type: text/csv", "= a,b"]),
        ("no version", "GET /x\nAccept: text/csv", csv, &["200", "content-type: text/csv", "> accept: text/csv"]),
        ("of any type", "GET /users\nAccept: */*;version=2", hal, &["200", "= {\"title\":1}"]),
        ("unknown", "GET /x\nAccept: text/csv;version=9", csv, &["406", "> nothing"]),
        (
            "of a body",
            "POST /users\nContent-Type: application/vnd.api+json; version=1; ext=a\n\n{}",
            "204",
            &["204", "> content-type: application/vnd.api+json; version=3; ext=a"],
        ),
    ]);
}

#[test]
fn lines_of_accept_combine() {
    Bench::new(acme()).check(&[(
        "two lines",
        "GET /x\nAccept: application/vnd.acme.v2+json;q=0.1\nAccept: application/vnd.acme.v3+json",
        "",
        &["200", "api-version: 3"],
    )]);
}

#[test]
fn what_cannot_be_served_may_be_disregarded() {
    let bench = Bench::new(acme().with_on_unacceptable(OnUnacceptable::Default));
    bench.check(&[
        ("unknown only", "GET /x\nAccept: application/vnd.acme.v9+json", "", &["200", "api-version: 2"]),
        ("retired only", "GET /x\nAccept: application/vnd.acme.v1+json", "", &["410"]),
    ]);
}

#[test]
fn request_and_response_may_differ() {
    let created = "201\ncontent-type: application/json\n\n{\"title\":\"a\"}";
    let send = |content: &str, accept: &str, body: &str| {
        format!("POST /users\nContent-Type: {content}\nAccept: {accept}\n\n{body}")
    };
    let (v2, v3) = ("application/vnd.acme.v2+json", "application/vnd.acme.v3+json");
    let up = send(v2, v3, "{\"name\":\"a\"}");
    let down = send(v3, v2, "{\"title\":\"a\"}");
    let alone = format!("POST /users\nContent-Type: {v2}\n\n{{\"name\":\"a\"}}");
    let none = send("application/json", v3, "{\"title\":\"a\"}");
    let retired = send("application/vnd.acme.v1+json", v3, "{\"name\":\"a\"}");
    let unknown = send("application/vnd.acme.v9+json", v3, "{}");
    let patch = unknown.replacen("POST", "PATCH", 1);
    let types = "application/vnd.acme.v2+json, application/vnd.acme.v3+json";
    let (accept, accept_patch) = (format!("accept: {types}"), format!("accept-patch: {types}"));
    Bench::new(acme()).check(&[
        (
            "v2 in, v3 out",
            &up,
            created,
            &[
                "201",
                "content-type: application/vnd.acme.v3+json",
                "= {\"title\":\"a\"}",
                "> = {\"title\":\"a\"}",
                "> content-type: application/vnd.acme.v3+json",
                "> content-length: 13",
            ],
        ),
        (
            "v3 in, v2 out",
            &down,
            created,
            &["201", "content-type: application/vnd.acme.v2+json", "= {\"name\":\"a\"}", "> = {\"title\":\"a\"}"],
        ),
        (
            "the content alone",
            &alone,
            created,
            &["201", "api-version: 2", "= {\"name\":\"a\"}", "> = {\"title\":\"a\"}"],
        ),
        ("content without a version", &none, created, &["201", "api-version: 3", "> = {\"title\":\"a\"}"]),
        (
            "retired content",
            &retired,
            created,
            &["410", "~ version 1 was retired", "~ \"api_version\":\"1\"", "~ \"sunset\":\"2025-01-01", "> nothing"],
        ),
        (
            "unknown content",
            &unknown,
            created,
            &["415", "~ problems/version-unsupported-body", &accept, "vary: accept", "> nothing"],
        ),
        ("unknown content of a patch", &patch, created, &["415", &accept_patch, "-accept", "> nothing"]),
    ]);
}

#[test]
fn the_service_is_asked_for_what_it_speaks() {
    let page = "200\ncontent-type: text/csv\n\na,b";
    let api = acme().with_version_header("Api-Version");
    Bench::new(api).check(&[
        (
            "a version is",
            "GET /users\nAccept: application/vnd.acme.v2+json",
            page,
            &["200", "content-type: text/csv", "= a,b", "> accept ~ application/vnd.acme.v3+json"],
        ),
        (
            "what names none stays",
            "GET /users\nApi-Version: 2\nAccept: text/csv, text/*;q=0.5",
            page,
            &["200", "> accept: text/csv, text/*;q=0.5", "> api-version: 3"],
        ),
        (
            "the same version",
            "GET /users\nAccept: application/vnd.acme.v3+json, text/csv",
            page,
            &["200", "> accept: application/vnd.acme.v3+json, text/csv"],
        ),
    ]);
}
