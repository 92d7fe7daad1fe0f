//! What else must be true of a message whose body was changed, and of one whose body was not.

use sunward::catalog::{Api, Content, OnUntyped};
use sunward::layer::{Role, VersioningLayer};

use super::{Bench, JSON, Row, exchange, run, users};

fn bench() -> Bench {
    Bench::new(api())
}

fn api() -> Api {
    users().with_version_path("/v{version}")
}

/// All that speaks of the very bytes, or asks for some of them.
const OF_THE_BYTES: &str = "200\ncontent-type: application/json\ncontent-length: 13\netag: \"a,b\"\n\
     last-modified: Wed, 01 Jan 2025 00:00:00 GMT\ncontent-digest: sha-256=:AAAA:\nrepr-digest: sha-256=:AAAA:\n\
     digest: sha-256=x\ncontent-md5: x\naccept-ranges: bytes\nsignature: a=:AA==:\nsignature-input: a=()\ntrailer: x-sum\n\
     cache-control: max-age=60\nx-other: 1\n\n{\"title\":\"a\"}";

#[test]
fn a_changed_response_does_not_speak_of_other_bytes() {
    let dropped: &[&str] = &[
        "200",
        "etag ~ \"a,b;v1-",
        "-last-modified",
        "-content-digest",
        "-repr-digest",
        "-digest",
        "-content-md5",
        "-accept-ranges",
        "-signature",
        "-signature-input",
        "-trailer",
        "x-other: 1",
        "cache-control: max-age=60",
    ];
    let mut got = dropped.to_vec();
    got.extend(["= {\"name\":\"a\"}", "content-length: 12"]);
    let mut headed = dropped.to_vec();
    headed.extend(["= ", "-content-length"]);
    let head = OF_THE_BYTES.split_once("\n\n").expect("a head").0;
    bench().check(&[("get", "GET /v1/users/7", OF_THE_BYTES, &got), ("head", "HEAD /v1/users/7", head, &headed)]);
    let same = bench().exchange("GET /v3/users/7", OF_THE_BYTES);
    let lines = head.lines().skip(1).collect::<Vec<_>>();
    assert_eq!(same.text(), "{\"title\":\"a\"}");
    let wrong: Vec<_> = lines.iter().filter_map(|line| same.differs(line)).collect();
    assert!(wrong.is_empty(), "what is not changed keeps all: {wrong:?}");
    let head = bench().exchange("HEAD /v3/users/7", head);
    assert_eq!(head.field("etag").as_deref(), Some("\"a,b\""));
}

#[test]
fn conditions_and_ranges_stay_here() {
    let conditions = "If-None-Match: \"a\"\nIf-Modified-Since: Wed, 01 Jan 2025 00:00:00 GMT\nIf-Range: \"a\"\n\
                      Range: bytes=0-1\nAccept-Encoding: gzip, br\nIf-Match: \"b\"\nIdempotency-Key: \"k\"\nPrefer: x\n\
                      traceparent: 00-1\nAuthorization: Bearer x";
    let (old, new) = (format!("GET /v1/users/7\n{conditions}"), format!("GET /v3/users/7\n{conditions}"));
    let kept: Vec<String> = conditions.lines().map(|line| format!("> {}", lower(line))).collect();
    let mut kept: Vec<&str> = kept.iter().map(String::as_str).collect();
    kept.push("200");
    let other = format!("GET /v1/things\n{conditions}");
    let stays = [
        "> -if-none-match",
        "> -if-modified-since",
        "> -if-range",
        "> -range",
        "> accept-encoding: gzip, br",
        "> idempotency-key: \"k\"",
        "> prefer: x",
        "> traceparent: 00-1",
        "> authorization: Bearer x",
    ];
    bench().check(&[
        ("migrated", &old, "", &stays),
        ("not migrated", &new, "", &kept),
        ("a route that no change is about", &other, "", &kept),
    ]);
}

#[test]
fn a_write_keeps_its_preconditions() {
    let put = "PUT /v1/users/7\ncontent-type: application/json\nIf-None-Match: *\nIf-Match: \"a\"\n\
               If-Unmodified-Since: Wed, 01 Jan 2025 00:00:00 GMT\n\n{\"name\":\"a\"}";
    bench().check(&[
        (
            "a write",
            put,
            "412",
            &["412", "> if-none-match: *", "> if-match: \"a\"", "> +if-unmodified-since", "> ~ \"title\":\"a\""],
        ),
        ("a read, of anything", "GET /v1/users/7\nIf-None-Match: *", "304", &["304", "> if-none-match: *"]),
        ("a read", "GET /v1/users/7\nIf-None-Match: \"a\", \"b\"", "", &["> -if-none-match"]),
    ]);
}

fn lower(line: &str) -> String {
    let (name, value) = line.split_once(':').expect("a field");
    format!("{}:{value}", name.to_ascii_lowercase())
}

#[test]
fn what_cannot_be_migrated_is_never_passed_on() {
    let answered = |head: &str| format!("200\ncontent-type: application/json\n{head}\n\n{{\"title\":\"a\"}}");
    let (gzip, unknown, identity) =
        (answered("content-encoding: gzip"), answered("content-encoding: xyz"), answered("content-encoding: identity"));
    let partial = answered("content-range: bytes 0-1/9").replacen("200", "206", 1);
    let ranges = "206\ncontent-type: multipart/byteranges; boundary=x\n\n--x";
    let broken = format!("{JSON}{{\"title\":");
    let events = "200\ncontent-type: text/event-stream\n\ndata: {\"title\":\"a\"}\n\n";
    let bad: &[&str] = &[
        "502",
        "~ problems/upstream-body-invalid",
        "~ \"status\":502",
        "cache-control: no-store",
        "-etag",
        "-content-encoding",
    ];
    let get = "GET /v1/users/7";
    bench().check(&[
        ("gzip", get, &gzip, bad),
        ("unknown coding", get, &unknown, bad),
        ("identity is no coding", get, &identity, &["200", "= {\"name\":\"a\"}"]),
        ("a part", get, &partial, bad),
        ("several parts", get, ranges, bad),
        ("broken", get, &broken, bad),
        ("no JSON", get, &format!("{JSON}<html>"), bad),
        ("events", get, events, &["200", "content-length: 20", "= data: {\"name\":\"a\"}\n\n"]),
        ("a failure is annotated", get, &broken, &["+deprecation", "link ~ anchor=\"/v1/users/7\"", "-retry-after"]),
        ("of the same version, gzip", "GET /v3/users/7", &gzip, &["200", "content-encoding: gzip"]),
        ("of the same version, a part", "GET /v3/users/7", &partial, &["206"]),
        ("of the same version, broken", "GET /v3/users/7", &broken, &["200", "= {\"title\":"]),
        ("of the same version, events", "GET /v3/users/7", events, &["200", "= data: {\"title\":\"a\"}\n\n"]),
        ("of a route that no change is about", "GET /v1/things", &gzip, &["200", "content-encoding: gzip"]),
    ]);
    let post = |head: &str, body: &str| format!("POST /v1/users\ncontent-type: application/json\n{head}\n\n{body}");
    let problem = |status: &'static str, kind: &'static str| [status, kind, "cache-control: no-store", "> nothing"];
    let read = |status: &'static str, kind: &'static str| [status, kind, "cache-control: no-store", "-etag"];
    bench().check(&[
        ("a coding", &post("content-encoding: xyz", "x"), "", &problem("415", "accept-encoding ~ identity")),
        ("a part", &post("content-range: bytes 0-1/9", "x"), "", &problem("400", "~ problems/body-invalid")),
        ("broken", &post("a: b", "{\"name\":"), "", &read("400", "~ problems/body-invalid")),
        (
            "gzip of the same version",
            &post("content-encoding: gzip", "x").replacen("v1", "v3", 1),
            "",
            &["200", "> = x", "> content-encoding: gzip"],
        ),
        ("another type", "POST /v1/users\ncontent-type: text/plain\n\nname", "", &["200", "> = name"]),
    ]);
}

#[test]
fn what_has_no_body_has_none_to_migrate() {
    let post = "POST /v1/users\ncontent-type: application/json";
    bench().check(&[
        (
            "an empty answer",
            "GET /v1/users/7",
            "200\ncontent-type: application/json\ncontent-length: 0",
            &["200", "= "],
        ),
        ("204", "PUT /v1/users/7", "204", &["204", "= ", "-content-length"]),
        ("205", "PUT /v1/users/7", "205", &["205", "= "]),
        ("an empty request", post, "201", &["201", "> = "]),
        ("a DELETE that says JSON", "DELETE /v1/users/7\ncontent-type: application/json", "204", &["204", "> = "]),
    ]);
}

#[test]
fn errors_of_the_service_are_its_own() {
    let problem = "422\ncontent-type: application/problem+json\n\n{\"status\":422,\"title\":\"no\"}";
    let problem_type = "content-type: application/problem+json";
    let error = "404\ncontent-type: application/json\n\n{\"title\":\"no\"}";
    let success = "200\ncontent-type: application/problem+json\n\n{\"title\":\"no\"}";
    bench().check(&[
        ("a problem", "POST /v1/users", problem, &["422", "= {\"status\":422,\"title\":\"no\"}", problem_type]),
        ("an error", "GET /v1/users/7", error, &["404", "= {\"title\":\"no\"}"]),
        ("a problem where a place names it", "GET /v1/users/7", success, &["200", "= {\"name\":\"no\"}", problem_type]),
    ]);
}

#[test]
fn a_problem_document_is_json_where_a_place_names_it() {
    let change = sunward::change::Change::new("3", "`code` is called `error`")
        .with_at("GET /users/{id} -> 4xx")
        .with_breaking(true)
        .with_op(sunward::change::OpSpec::rename("/code", "/error"));
    let answer = |kind: &str| format!("404\ncontent-type: application/{kind}\n\n{{\"error\":1.10}}");
    for kind in ["problem+json", "json", "linkset+json", "schema+json"] {
        let same = format!("content-type: application/{kind}");
        Bench::new(api().with_change(change.clone())).check(&[
            (kind, "GET /v2/users/7", &answer(kind), &["404", "= {\"code\":1.10}", &same]),
            ("the same version", "GET /v3/users/7", &answer(kind), &["404", "= {\"error\":1.10}", &same]),
        ]);
    }
}

/// Bodies that a change is about and that do not say that they are JSON.
const UNTYPED: [&str; 6] = [
    "",
    "content-type: text/plain",
    "content-type: application/octet-stream",
    "content-type: json",
    "content-type: application/json\ncontent-type: text/html",
    "content-type: text/html; charset=utf-16",
];

#[test]
fn what_does_not_say_that_it_is_json_passes_or_is_refused() {
    let refusing = Bench::new(api().with_on_untyped(OnUntyped::Fail));
    for named in UNTYPED {
        let named = if named.is_empty() { named.to_owned() } else { format!("\n{named}") };
        let (post, answer) =
            (format!("POST /v1/users{named}\n\n{{\"name\":1}}"), format!("200{named}\n\n{{\"title\":1}}"));
        bench().check(&[
            ("a request passes", &post, "201", &["201", "> = {\"name\":1}"]),
            ("a response passes", "GET /v1/users/7", &answer, &["200", "= {\"title\":1}"]),
        ]);
        let refused = ["415", "accept: application/json", "~ Content-Type", "-accept-encoding", "> nothing"];
        refusing.check(&[
            ("a request is refused", &post, "201", &refused),
            ("a response is refused", "GET /v1/users/7", &answer, &["502", "~ problems/upstream-body-invalid"]),
            ("of the same version", &post.replacen("v1", "v3", 1), &answer, &["200", "= {\"title\":1}"]),
            ("no change is about it", "GET /v1/things", &answer, &["200", "= {\"title\":1}"]),
        ]);
    }
    refusing.check(&[
        ("no content", "POST /v1/users", "204", &["204", "> ="]),
        ("no content of a response", "GET /v1/users/7", "200\ncontent-length: 0", &["200", "="]),
        ("a response to HEAD", "HEAD /v1/users/7", "200\ncontent-length: 3", &["200", "="]),
        ("304", "GET /v1/users/7", "304", &["304"]),
        (
            "JSON",
            "POST /v1/users\ncontent-type: application/json; utf-8\n\n{\"name\":1}",
            "201",
            &["201", "> ~ \"title\":1"],
        ),
    ]);
    let route = sunward::catalog::Route::new("GET /users/{id}").with_on_untyped(OnUntyped::Fail);
    let one = Bench::new(api().with_route(route));
    one.check(&[
        ("one route", "GET /v1/users/7", "200\n\n{}", &["502"]),
        ("another", "GET /v1/users", "200\n\n{}", &["200"]),
    ]);
}

#[test]
fn type_and_subtype_decide_what_is_json() {
    for parameters in ["; utf-8", "; charset = utf-8", ";charset=", ";a=1;a=2", ";"] {
        let named = format!("content-type: application/json{parameters}");
        let (post, answer) =
            (format!("POST /v1/users\n{named}\n\n{{\"name\":1}}"), format!("200\n{named}\n\n{{\"title\":1}}"));
        bench().check(&[
            (parameters, &post, "201", &["201", "> ~ {\"title\":1"]),
            (parameters, "GET /v1/users/7", &answer, &["200", "= {\"name\":1}", &named]),
        ]);
    }
    let wide = "content-type: application/json; charset = UTF-16\n\n{}";
    let refused = ["415", "~ UTF-8", "accept: application/json", "> nothing"];
    bench().check(&[
        ("UTF-16", &format!("POST /v1/users\n{wide}"), "201", &refused),
        ("UTF-16", "GET /v1/users/7", &format!("200\n{wide}"), &["502"]),
        ("UTF-16 of the same version", "GET /v3/users/7", &format!("200\n{wide}"), &["200", "= {}"]),
    ]);
}

#[test]
fn a_route_sets_how_json_is_framed_in_its_bodies() {
    let lines = sunward::catalog::Route::new("GET /users").with_content(Content::Ndjson);
    let form = sunward::catalog::Route::new("POST /users").with_request_content(Content::Json);
    let bench = Bench::new(api().with_route(lines).with_route(form));
    let events = "200\ncontent-type: application/json\n\n{\"items\":[{\"title\":1}]}\n\n{\"items\":[{\"title\":2}]}\n";
    let plain = events.replacen("application/json", "text/plain", 1);
    let migrated = "= {\"items\":[{\"name\":1}]}\n\n{\"items\":[{\"name\":2}]}\n";
    let post = |kind: &str, body: &str| format!("POST /v1/users\ncontent-type: application/{kind}\n\n{body}");
    bench.check(&[
        ("lines as JSON", "GET /v1/users", events, &["200", "content-length: 47", migrated]),
        ("lines as text", "GET /v1/users", &plain, &["200", migrated, "content-type: text/plain"]),
        ("a form", &post("x-www-form-urlencoded", "{\"name\":1}"), "201", &["201", "> ~ {\"title\":1"]),
        ("a form that is none", &post("x-www-form-urlencoded", "name=1"), "201", &["400"]),
        ("a patch stays one", &post("merge-patch+json", "{\"name\":null}"), "201", &["201", "> = {\"title\":null}"]),
    ]);
}

#[test]
fn documents_one_behind_the_other_are_migrated_each() {
    let answer = |body: &str| format!("{JSON}{body}");
    let get = "GET /v1/users/7";
    bench().check(&[
        ("with line feeds", get, &answer("{\"title\":1}\n{\"title\":2}\n"), &["200", "= {\"name\":1}\n{\"name\":2}\n"]),
        (
            "without",
            get,
            &answer("{\"title\":1}{\"title\":2}"),
            &["200", "= {\"name\":1}{\"name\":2}", "content-length: 20"],
        ),
        ("the second is cut off", get, &answer("{\"title\":1}{\"title\""), &["502"]),
        ("a request is one", "POST /v1/users\ncontent-type: application/json\n\n{\"name\":1}{}", "", &["400"]),
    ]);
}

#[test]
fn what_is_stored_is_not_what_was_sent() {
    let stored = |status: &str| format!("{status}\netag: \"a\"\nlast-modified: Wed, 01 Jan 2025 00:00:00 GMT");
    let put = |path: &str| format!("PUT {path}\ncontent-type: application/json\n\n{{\"name\":\"a\"}}");
    let gone: &[&str] = &["-etag", "-last-modified"];
    let kept: &[&str] = &["etag: \"a\"", "+last-modified"];
    let (old, new) = (put("/v1/users/7"), put("/v3/users/7"));
    let patch = old.replacen("PUT", "PATCH", 1);
    bench().check(&[
        ("200", &old, &stored("200"), gone),
        ("204", &old, &stored("204"), gone),
        ("patch", &patch, &stored("204"), gone),
        ("a failure", &old, &stored("412"), kept),
        ("the same version", &new, &stored("200"), kept),
        ("the same version, 204", &new, &stored("204"), kept),
    ]);
}

#[test]
fn patches_are_migrated_as_patches() {
    let patch = |kind: &str, body: &str| format!("PATCH /v1/users/7\ncontent-type: application/{kind}\n\n{body}");
    let rows = [
        ("merge-patch+json", "{\"name\":null}", "> = {\"title\":null}"),
        ("merge-patch+json", "{\"age\":1}", "> = {\"age\":1}"),
        ("merge-patch+json", "{}", "> = {}"),
        ("json", "{\"name\":\"a\"}", "> = {\"title\":\"a\"}"),
        (
            "json-patch+json",
            "[{\"op\":\"remove\",\"path\":\"/name\"}]",
            "> = [{\"op\":\"remove\",\"path\":\"/title\"}]",
        ),
        (
            "json-patch+json",
            "[{\"op\":\"test\",\"path\":\"/~01\",\"value\":1}]",
            "> = [{\"op\":\"test\",\"path\":\"/~01\",\"value\":1}]",
        ),
    ];
    for (kind, body, expected) in rows {
        bench().check(&[(body, &patch(kind, body), "204", &["204", expected])]);
    }
    bench().check(&[("broken", &patch("merge-patch+json", "{"), "", &["400"])]);
    let no_patches = [
        "{}",
        "[1]",
        "[{\"op\":\"jump\",\"path\":\"/name\"}]",
        "[{\"op\":\"add\",\"path\":\"/name\"}]",
        "[{\"op\":\"remove\",\"path\":\"name\"}]",
        "[{\"path\":\"/name\"}]",
    ];
    for body in no_patches {
        bench().check(&[(body, &patch("json-patch+json", body), "", &["400", "~ problems/body-invalid"])]);
    }
    let removed = sunward::change::Change::new("3", "no fax")
        .with_on("user")
        .with_breaking(true)
        .with_op(sunward::change::OpSpec::remove("/fax").with_restore(""));
    Bench::new(api().with_change(removed)).check(&[(
        "of a member that is gone",
        &patch("json-patch+json", "[{\"op\":\"replace\",\"path\":\"/fax\",\"value\":1}]"),
        "",
        &["422", "~ problems/body-unprocessable"],
    )]);
}

#[test]
fn the_same_request_gives_the_same_bytes() {
    let post = "POST /v1/users\nIdempotency-Key: \"k\"\ncontent-type: application/json\n\n\
                {\"id\":12345678901234567890123,\"p\":1.10,\"n\\u0061me\":\"\\uDEAD\",\"z\": -0 }";
    let sent = |bench: &Bench| bench.exchange(post, "201").seen.expect("it is passed on").body;
    let other = sunward::change::Change::new("2", "elsewhere")
        .with_at("GET /carts -> 200")
        .with_op(sunward::change::OpSpec::add("/a", "b"));
    let first = sent(&bench());
    let text = String::from_utf8(first.to_vec()).expect("text");
    assert!(text.starts_with("{\"id\":12345678901234567890123,\"p\":1.10,\"title\":\"\\uDEAD\",\"z\": -0"), "{text}");
    assert_eq!(first, sent(&bench()));
    assert_eq!(first, sent(&Bench::new(api().with_change(other))));
}

#[test]
fn duplicate_members_are_treated_alike() {
    let twice = format!("{JSON}{{\"title\":1,\"t\\u0069tle\":2}}");
    bench().check(&[("twice", "GET /v1/users/7", &twice, &["200", "= {\"name\":1,\"name\":2}"])]);
}

#[test]
fn bodies_are_held_up_to_a_limit() {
    let limited = |bench: &Bench, request: &str, upstream: &str| run(exchange(layer(bench), request, upstream));
    fn layer(bench: &Bench) -> VersioningLayer {
        bench.layer().with_max_body_bytes(20)
    }
    let rows: &[Row<'_>] = &[
        (
            "a request whose digest has to be checked",
            "POST /v1/users\ncontent-type: application/json\ncontent-digest: sha-256=:AA==:\n\n{\"name\":\"0123456789\"}",
            "",
            &["413", "~ problems/body-too-large", "> nothing"],
        ),
        (
            "a request passes as it is migrated",
            "POST /v1/users\ncontent-type: application/json\n\n{\"name\":\"0123456789\"}",
            "200\n\n",
            &["200", "> = {\"title\":\"0123456789\",\"plan\":\"free\"}", "> -content-length"],
        ),
        (
            "a response passes as it is migrated",
            "GET /v1/users/7",
            "200\ncontent-type: application/json\n\n{\"title\":\"0123456789\"}",
            &["200", "-content-length", "= {\"name\":\"0123456789\"}"],
        ),
        ("just so", "GET /v1/users/7", "200\ncontent-type: application/json\n\n{\"title\":\"01234567\"}", &["200"]),
        (
            "not migrated",
            "GET /v3/users/7",
            "200\ncontent-type: application/json\n\n{\"title\":\"0123456789\"}",
            &["200"],
        ),
    ];
    for (name, request, upstream, expected) in rows {
        let exchange = limited(&bench(), request, upstream);
        let wrong: Vec<_> = expected.iter().filter_map(|line| exchange.differs(line)).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
    }
}

#[test]
fn lines_of_documents_are_migrated_each() {
    let broken = "200\ncontent-type: application/x-ndjson\ncontent-length: 20\n\n{\"title\":1]\n{\"a\":2}\n";
    bench().check(&[("broken", "GET /v1/users/7", broken, &["502", "~ upstream-body-invalid"])]);
    let lines = "200\ncontent-type: application/x-ndjson\n\n{\"title\":1}\r\n\n{\"title\":2}";
    bench().check(&[("ndjson", "GET /v1/users/7", lines, &["200", "= {\"name\":1}\r\n\n{\"name\":2}"])]);
}

#[test]
fn what_must_not_be_transformed_is_not() {
    let answer =
        |control: &str| format!("200\ncontent-type: application/json\ncache-control: {control}\n\n{{\"title\":\"a\"}}");
    let as_gateway = |path: &str, control: &str| {
        let layer = bench().layer().with_role(Role::Gateway);
        run(exchange(layer, path, &answer(control)))
    };
    let rows: [(&str, &str, &[&str]); 6] = [
        ("GET /v1/users/7", "no-transform", &["502", "~ problems/upstream-body-invalid", "cache-control: no-store"]),
        ("GET /v1/users/7", "max-age=5,\tNo-Transform", &["502"]),
        ("GET /v1/users/7", "max-age=5\ncache-control: no-transform", &["502"]),
        ("GET /v1/users/7", "private=\"no-transform, x\"", &["200", "= {\"name\":\"a\"}"]),
        ("GET /v3/users/7", "no-transform", &["200", "= {\"title\":\"a\"}", "cache-control: no-transform"]),
        ("GET /v1/things", "no-transform", &["200", "= {\"title\":\"a\"}"]),
    ];
    for (path, control, expected) in rows {
        let exchange = as_gateway(path, control);
        let wrong: Vec<_> = expected.iter().filter_map(|line| exchange.differs(line)).collect();
        assert!(wrong.is_empty(), "{path} {control}: {wrong:?}");
    }
    let own = answer("no-transform");
    bench().check(&[("an origin may", "GET /v1/users/7", &own, &["200", "= {\"name\":\"a\"}"])]);
}
