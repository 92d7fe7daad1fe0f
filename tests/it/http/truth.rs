//! Entity tags of migrated responses: no two versions share one, and each finds its way back.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use sunward::change::{Change, OpSpec};
use tower::{Layer, ServiceExt, service_fn};

use super::{Bench, Message, run, users};

fn bench() -> Bench {
    Bench::new(users().with_version_path("/v{version}").with_version_header("Api-Version"))
}

fn answer(tag: &str) -> String {
    format!("200\ncontent-type: application/json\netag: {tag}\n\n{{\"title\":\"a\"}}")
}

/// The tag that a client of `version` gets where the service has `tag`.
fn tag(bench: &Bench, version: &str, tag: &str) -> String {
    let exchange = bench.exchange(&format!("GET /{version}/users/7"), &answer(tag));
    exchange.field("etag").expect("a tag")
}

#[test]
fn each_version_has_tags_of_its_own() {
    let bench = bench();
    let (one, two, three) = (tag(&bench, "v1", "\"a,b\""), tag(&bench, "v2", "\"a,b\""), tag(&bench, "v3", "\"a,b\""));
    assert!(one.starts_with("\"a,b;v1-") && one.ends_with('"') && one.len() == "\"a,b;v1-01234567\"".len(), "{one}");
    assert_eq!((one == two, &*three), (false, "\"a,b\""));
    assert!(tag(&bench, "v1", "W/\"a\"").starts_with("W/\"a;v1-"), "weak stays weak");
    assert!(tag(&bench, "v1", "\"\"").starts_with("\";v1-"));
    assert_eq!(one, tag(&self::bench(), "v1", "\"a,b\""), "the same in every process");
    let other = Change::new("2", "elsewhere").with_at("GET /carts -> 200").with_op(OpSpec::add("/a", "b"));
    let more = Change::new("3", "more").with_on("user").with_breaking(true).with_op(OpSpec::rename("/mail", "/email"));
    let with = |change| tag(&Bench::new(users().with_version_path("/v{version}").with_change(change)), "v1", "\"a,b\"");
    assert_eq!((with(other) == one, with(more) == one), (true, false), "new rules, new bytes, new tag");
    let rows = [("abc", "what is no tag goes"), ("\"a\" \"b\"", "nor two"), ("\"a b\"", "nor a blank")];
    for (sent, name) in rows {
        let row = answer(sent);
        bench.check(&[(name, "GET /v1/users/7", &row, &["200", "-etag"])]);
    }
    let two_lines = answer("\"a\"\netag: \"b\"");
    let not_json = "200\ncontent-type: image/png\netag: \"a\"\n\nx";
    bench.check(&[
        ("two lines", "GET /v1/users/7", &two_lines, &["-etag"]),
        ("what is not migrated keeps its tag", "GET /v1/users/7", not_json, &["etag: \"a\"", "= x"]),
    ]);
    let head = answer("\"a,b\"");
    let head = head.split_once("\n\n").expect("a head").0;
    bench.check(&[("HEAD has that of GET", "HEAD /v1/users/7", head, &["200", &format!("etag: {one}")])]);
}

#[test]
fn a_cached_response_is_asked_for_by_its_own_tag() {
    let bench = bench();
    let (one, two) = (tag(&bench, "v1", "\"a,b\""), tag(&bench, "v2", "\"a,b\""));
    let weak = tag(&bench, "v1", "W/\"c\"");
    let stale = one.replace(&one[one.len() - 3..], if one.ends_with("00\"") { "01\"" } else { "00\"" });
    let get = |version: &str, tags: &str| format!("GET /{version}/users/7\nif-none-match: {tags}");
    let none: &[&str] = &["> -if-none-match"];
    let ours: &[&str] = &["> if-none-match: \"a,b\""];
    bench.check(&[
        ("its own", &get("v1", &one), "", ours),
        ("of several", &get("v1", &format!("{two}, \"x\", {one}, {stale}")), "", ours),
        ("in two lines", &get("v1", &format!("{two}\nif-none-match: {one}")), "", ours),
        ("a weak one", &get("v1", &format!("{one},{weak}")), "", &["> if-none-match: \"a,b\", W/\"c\""]),
        ("another version's", &get("v2", &one), "", none),
        ("of other rules", &get("v1", &stale), "", none),
        ("the service's", &get("v1", "\"a,b\""), "", none),
        ("no tag at all", &get("v1", "a"), "", none),
        ("any", &get("v1", "*"), "", &["> if-none-match: *"]),
        ("the same version, the service's", &get("v3", "\"a,b\" , \"c\""), "", &["> if-none-match: \"a,b\" , \"c\""]),
        ("the same version, one of ours", &get("v3", &one), "", none),
        ("the same version, both", &get("v3", &format!("{one}, \"c\"")), "", &["> if-none-match: \"c\""]),
        (
            "the same version, no version's",
            &get("v3", "\"c;v9-01234567\""),
            "",
            &["> if-none-match: \"c;v9-01234567\""],
        ),
        ("a route that no change is about", "GET /v1/things\nif-none-match: \"a\"", "", &["> if-none-match: \"a\""]),
    ]);
    let unchanged = "304\netag: \"a,b\"\ncontent-length: 9\ncache-control: max-age=5\nvary: Origin";
    let own = format!("etag: {one}");
    let mapped = ["304", &own, "-content-length", "= ", "cache-control: max-age=5", "vary ~ Origin"];
    bench.check(&[
        ("a 304 has the client's tag", &get("v1", &one), unchanged, &mapped),
        ("a 304 of the same version", &get("v3", "\"a,b\""), unchanged, &["304", "etag: \"a,b\""]),
    ]);
}

#[test]
fn a_write_is_guarded_by_the_services_tag() {
    let bench = bench();
    let (one, two) = (tag(&bench, "v1", "\"a,b\""), tag(&bench, "v2", "W/\"c\""));
    let put = |version: &str, field: &str| {
        format!("PUT /{version}/users/7\ncontent-type: application/json\n{field}\n\n{{\"name\":\"a\"}}")
    };
    bench.check(&[
        ("its own", &put("v1", &format!("if-match: {one}")), "", &["> if-match: \"a,b\""]),
        ("any version's", &put("v2", &format!("if-match: {one}, {two}")), "", &["> if-match: \"a,b\", W/\"c\""]),
        ("where nothing is migrated", &put("v3", &format!("if-match: {one}")), "", &["> if-match: \"a,b\""]),
        (
            "on a route of which nothing is known",
            &format!("DELETE /v1/things\nif-match: {one}"),
            "",
            &["> if-match: \"a,b\""],
        ),
        ("the service's", &put("v1", "if-match: \"x\" ,\"y\""), "", &["> if-match: \"x\" ,\"y\""]),
        ("one that was strong", &put("v1", "if-match: W/\"c;w1-01234567\""), "", &["> if-match: \"c\""]),
        ("one that never was", &put("v1", "if-match: W/\"c;v1-01234567\""), "", &["> if-match: W/\"c\""]),
        ("any", &put("v1", "if-match: *"), "", &["> if-match: *"]),
        ("no tag at all", &put("v1", "if-match: x"), "", &["> if-match: x"]),
        (
            "none, on a write",
            &put("v1", &format!("if-none-match: {one}, \"x\"")),
            "",
            &["> if-none-match: \"a,b\", \"x\""],
        ),
        ("nothing there yet", &put("v1", "if-none-match: *"), "", &["> if-none-match: *"]),
    ]);
}

/// Keeps one document, and lets no client overwrite what it has not seen.
#[derive(Clone)]
struct Origin {
    kept: Arc<Mutex<(u32, Vec<u8>)>>,
}

// === impl Origin ===

impl Origin {
    fn answer(&self, method: &str, guard: Option<&str>, body: Vec<u8>) -> Response<Full<bytes::Bytes>> {
        let mut kept = self.kept.lock().expect("no panic");
        let builder = Response::builder().header("content-type", "application/json");
        let response = match method {
            "GET" => builder.header("etag", format!("\"{}\"", kept.0)).body(kept.1.clone().into()),
            _ if guard != Some(&format!("\"{}\"", kept.0)) => builder.status(412).body(Full::default()),
            _ => {
                *kept = (kept.0 + 1, body);
                builder.status(204).header("etag", format!("\"{}\"", kept.0)).body(Full::default())
            }
        };
        response.expect("a response")
    }
}

#[test]
fn what_was_read_can_be_written_once() {
    let origin = Origin { kept: Arc::new(Mutex::new((1, b"{\"title\":\"a\",\"plan\":\"free\"}".to_vec()))) };
    let bench = bench();
    let send = |text: String| {
        let origin = origin.clone();
        let service = bench.layer().layer(service_fn(move |request: Request<_>| {
            let origin = origin.clone();
            async move {
                let (head, body) = request.into_parts();
                let body = BodyExt::collect(body).await.expect("a body").to_bytes();
                let guard = head.headers.get("if-match").map(|value| value.to_str().expect("text"));
                Ok::<_, Infallible>(origin.answer(head.method.as_str(), guard, body.to_vec()))
            }
        }));
        let (head, body) = run(service.oneshot(Message::parse(&text).request())).expect("an answer").into_parts();
        let body = run(body.collect()).expect("a body").to_bytes();
        let tag = head.headers.get("etag").map(|value| value.to_str().expect("text").to_owned());
        (head.status.as_u16(), tag, String::from_utf8(body.to_vec()).expect("text"))
    };
    let get = || send("GET /v1/users/7".to_owned());
    let put = |tag: &str, body: &str| {
        send(format!("PUT /v1/users/7\ncontent-type: application/json\nif-match: {tag}\n\n{body}")).0
    };
    let (status, first, body) = get();
    assert_eq!((status, body.contains("\"name\":\"a\"")), (200, true), "{body}");
    let first = first.expect("a tag");
    assert_eq!(put(&first, "{\"name\":\"b\"}"), 204);
    assert_eq!(put(&first, "{\"name\":\"c\"}"), 412, "someone was faster");
    let (_, second, body) = get();
    assert_eq!((body.contains("\"name\":\"b\""), put(&second.expect("a tag"), "{\"name\":\"c\"}")), (true, 204));
    let kept = origin.kept.lock().expect("no panic");
    assert!(kept.0 == 3 && kept.1.starts_with(b"{\"title\":\"c\""), "{:?}", String::from_utf8_lossy(&kept.1));
}
