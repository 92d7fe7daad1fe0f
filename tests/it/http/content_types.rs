//! A Content-Type that changes with a version, and the Accept that matches it.

use sunward::catalog::{Api, Version};
use sunward::change::{Change, OpSpec};

use super::Bench;

/// Errors are problem documents from version 2 on, and the name of the type of users is another one from version 3 on.
fn api() -> Api {
    let errors = Change::new("2", "problems")
        .with_at("* -> 4xx")
        .with_breaking(true)
        .with_op(OpSpec::map_content_type("application/json", "application/problem+json"))
        .with_op(OpSpec::rename("/message", "/title"));
    let users = Change::new("3", "users have a type of their own")
        .with_at("GET /users -> 200")
        .with_at("POST /users <-")
        .with_breaking(true)
        .with_op(OpSpec::map_content_type("application/json", "application/hal+json"));
    let api = Api::new("shop").with_change(errors).with_change(users);
    ["1", "2", "3"].into_iter().fold(api, |api, version| api.with_version(Version::new(version)))
}

fn bench() -> Bench {
    Bench::new(api().with_version_header("Version"))
}

#[test]
fn the_type_of_a_response_is_that_of_the_clients_version() {
    let get = "GET /users\nversion: 1";
    bench().check(&[
        (
            "with its content",
            get,
            "404\ncontent-type: application/problem+json; charset=utf-8\n\n{\"title\":1}",
            &["404", "content-type: application/json; charset=utf-8", "= {\"message\":1}"],
        ),
        (
            "a client that knows it",
            "GET /users\nversion: 2",
            "404\ncontent-type: application/problem+json\n\n{\"title\":1}",
            &["content-type: application/problem+json", "= {\"title\":1}"],
        ),
        ("another type", get, "404\ncontent-type: text/html\n\n<p>", &["content-type: text/html", "= <p>"]),
        (
            "another status",
            get,
            "500\ncontent-type: application/problem+json\n\n{\"title\":1}",
            &["content-type: application/problem+json", "= {\"title\":1}"],
        ),
        ("none", get, "404", &["-content-type"]),
        (
            "the answer to a HEAD is described as that to a GET",
            "HEAD /users\nversion: 1",
            "404\ncontent-type: application/problem+json",
            &["content-type: application/json"],
        ),
        (
            "an op without a body",
            get,
            "200\ncontent-type: application/hal+json\n\n[]",
            &["content-type: application/json", "= []"],
        ),
        (
            "what stands for it",
            get,
            "304\ncontent-type: application/hal+json",
            &["304", "content-type: application/json"],
        ),
        (
            "a part of it",
            get,
            "206\ncontent-type: application/hal+json\ncontent-range: bytes 0-0/2\n\n[",
            &["206", "content-type: application/json", "= ["],
        ),
        ("vary is the service's", get, "200\nvary: Accept", &["vary: Accept, version"]),
    ]);
}

#[test]
fn the_type_of_a_request_is_that_of_the_services_version() {
    bench().check(&[
        (
            "up",
            "POST /users\nversion: 1\ncontent-type: application/json;charset=UTF-8\n\n{}",
            "",
            &["> content-type: application/hal+json;charset=UTF-8", "> = {}"],
        ),
        ("another", "POST /users\nversion: 1\ncontent-type: text/csv\n\na", "", &["> content-type: text/csv"]),
    ]);
    let old = Bench::new(api().with_version_header("Version").with_speaks("1"));
    old.check(&[
        (
            "down",
            "POST /users\nversion: 3\ncontent-type: application/hal+json\n\n{}",
            "",
            &["> content-type: application/json"],
        ),
        (
            "a response up",
            "GET /users\nversion: 3",
            "400\ncontent-type: application/json\n\n{\"message\":1}",
            &["content-type: application/problem+json", "= {\"title\":1}"],
        ),
    ]);
}

#[test]
fn a_client_is_not_told_that_nothing_is_acceptable() {
    let get = |accept: &str| format!("GET /users\nversion: 1\naccept: {accept}");
    let rows = [
        ("application/json", "application/json, application/hal+json, application/problem+json"),
        ("*/*", "*/*"),
        ("application/*", "application/*"),
        ("text/html", "text/html"),
        (
            "application/json;q=0.5, */*;q=0.1",
            "application/json;q=0.5, application/hal+json;q=0.5, application/problem+json;q=0.5, */*;q=0.1",
        ),
    ];
    for (accept, expected) in rows {
        let expected = format!("> accept: {expected}");
        bench().check(&[(accept, &get(accept), "", &[&expected])]);
    }
    bench().check(&[
        ("none", "GET /users\nversion: 1", "", &["> -accept"]),
        (
            "only what lies between the versions",
            "GET /users\nversion: 2\naccept: application/json",
            "",
            &["> accept: application/json, application/hal+json"],
        ),
        ("none between", "GET /users\nversion: 3\naccept: application/json", "", &["> accept: application/json"]),
    ]);
    // A client of version 2 asks a service of version 1: what it accepts as a problem is JSON there.
    Bench::new(api().with_version_header("Version").with_speaks("1")).check(&[(
        "down",
        "GET /users\nversion: 2\naccept: application/problem+json;q=0.2, text/html",
        "",
        &["> accept: application/problem+json;q=0.2, application/json;q=0.2, text/html"],
    )]);
}

#[test]
fn versions_in_media_types_are_renamed_beside() {
    let bench = Bench::new(api().with_version_accept("application/vnd.acme.v{version}+json").with_unspecified("1"));
    let get = "GET /users\naccept: application/vnd.acme.v1+json";
    bench.check(&[
        (
            "the error of an old version is JSON, which goes by the version's name",
            get,
            "404\ncontent-type: application/problem+json\n\n{\"title\":1}",
            &["content-type: application/vnd.acme.v1+json", "= {\"message\":1}"],
        ),
        (
            "the service is asked for all names",
            get,
            "",
            &["> accept: application/vnd.acme.v3+json, application/json;q=0.9, application/hal+json;q=0.9, \
                 application/problem+json;q=0.9, */*;q=0.1"],
        ),
        (
            "a request in the version's name",
            "POST /users\ncontent-type: application/vnd.acme.v1+json\n\n{}",
            "",
            &["> content-type: application/hal+json"],
        ),
    ]);
}
