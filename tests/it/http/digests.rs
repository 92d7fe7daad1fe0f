//! Digests of content that is changed (RFC 9530).

use super::{Bench, users};

/// Of `{"name":"a"}`.
const NAME_256: &str = "sha-256=:2dcZsnSAtVzUkYAg50c+cW7TVpyK2v6SbPmxC0+O8GQ=:";
const NAME_512: &str =
    "sha-512=:E2DGVoDT+NFuLScrTpblmpY7j2ZE65FT4o1dxHrEFiGkYcWwR79Feuj4+HENcxg6Pa8l0u2ODE1alVrLfW6kmg==:";
/// Of `{"title":"a"}`.
const TITLE_256: &str = "sha-256=:xmpvnjpjOfbIDF+0CpwVwRh46KrlGUaYYUeP+GQ7D08=:";
const TITLE_512: &str =
    "sha-512=:Z3gKm2GM1xU6GaPlg9gv2AEe8kD3d5t7lex/kgphjXrY9wEqVyzCj7hkt95BsUCrVoc+cP5xNhusv0x1NW4Puw==:";

fn bench() -> Bench {
    Bench::new(users().with_version_path("/v{version}"))
}

#[test]
fn a_requests_digest_is_checked_and_made_anew() {
    // Additions stay away from a patch, so that only the name changes.
    let patch = |fields: &str| {
        format!("PATCH /v1/users/7\ncontent-type: application/merge-patch+json\n{fields}\n\n{{\"name\":\"a\"}}")
    };
    let both = format!("{NAME_256}, {NAME_512}");
    let ours = format!("> content-digest: {TITLE_256}, {TITLE_512}");
    let repr = format!("> repr-digest: {TITLE_512}");
    let refused = ["400", "~ problems/digest-mismatch", "cache-control: no-store", "-content-digest"];
    let not_called = |fields: &str| {
        let exchange = bench().exchange(&patch(fields), "204");
        (exchange.seen.is_none(), refused.iter().filter_map(|line| exchange.differs(line)).collect::<Vec<_>>())
    };
    bench().check(&[
        ("both", &patch(&format!("content-digest: {both}")), "204", &["204", &ours, "> = {\"title\":\"a\"}"]),
        ("in two lines", &patch(&format!("content-digest: {NAME_512}\ncontent-digest: {NAME_256}")), "204", &[&ours]),
        ("the other field", &patch(&format!("repr-digest: {NAME_512}")), "204", &[&repr, "> -content-digest"]),
        ("what cannot be checked goes", &patch("content-digest: md5=:AAAA:"), "204", &["204", "> -content-digest"]),
        ("what is malformed goes", &patch("content-digest: sha-256=x"), "204", &["204", "> -content-digest"]),
        (
            "older ones go",
            &patch("digest: sha-256=x\ncontent-md5: x\nunencoded-digest: sha-256=:AAAA:\nsignature: a=:AA==:"),
            "204",
            &["204", "> -digest", "> -content-md5", "> -unencoded-digest", "> -signature"],
        ),
        ("a wish stays", &patch("want-content-digest: sha-256=9"), "204", &["204", "> want-content-digest: sha-256=9"]),
        (
            "not migrated, not checked",
            &patch("content-digest: sha-256=:AAAA:").replacen("v1", "v3", 1),
            "204",
            &["204", "> content-digest: sha-256=:AAAA:"],
        ),
    ]);
    let wrong = [
        "content-digest: sha-256=:AAAA:".to_owned(),
        format!("content-digest: {TITLE_256}"),
        format!("content-digest: {NAME_256}, {TITLE_512}"),
        format!("content-digest: {NAME_256}\nrepr-digest: {TITLE_256}"),
    ];
    for fields in wrong {
        assert_eq!(not_called(&fields), (true, Vec::new()), "{fields}");
    }
}

#[test]
fn a_responses_digest_is_made_anew() {
    let answer = |fields: &str| format!("200\ncontent-type: application/json\n{fields}\n\n{{\"title\":\"a\"}}");
    let get = "GET /v1/users/7";
    let (content, repr) = (format!("content-digest: {NAME_256}"), format!("repr-digest: {NAME_512}"));
    let sent = answer(&format!("content-digest: {TITLE_256}, md5=:AAAA:\nrepr-digest: {TITLE_512}"));
    let head = sent.split_once("\n\n").expect("a head").0;
    bench().check(&[
        ("what was there", get, &sent, &["200", &content, &repr, "= {\"name\":\"a\"}"]),
        ("nothing is added", get, &answer("a: b"), &["-content-digest", "-repr-digest"]),
        ("a wrong one is not made right", get, &answer("content-digest: sha-256=:AAAA:"), &["200", "-content-digest"]),
        ("HEAD has none", "HEAD /v1/users/7", head, &["200", "-content-digest", "-repr-digest"]),
        (
            "the same version",
            "GET /v3/users/7",
            &sent,
            &["200", &format!("content-digest: {TITLE_256}, md5=:AAAA:"), &format!("repr-digest: {TITLE_512}")],
        ),
        (
            "a failure has none",
            get,
            &answer(&format!("content-digest: {TITLE_256}")).replacen("{\"t", "{", 1),
            &["502", "-content-digest"],
        ),
    ]);
}
