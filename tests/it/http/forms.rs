//! Forms through the layers: what the service gets, and what refuses them.

use std::collections::VecDeque;

use sunward::catalog::Route;
use sunward::json::FieldNames;
use sunward::layer::{BodyError, MigrateBody};

use super::*;

/// A body in chunks.
struct Chunks(VecDeque<Bytes>);

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|chunk| Ok(Frame::data(chunk))))
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

fn api() -> Api {
    let cents = OpSpec::convert("/cents", "integer", "decimal").with_scale(2);
    let change = Change::new("2", "decimals")
        .with_at("POST /users <-")
        .with_at("GET /users/{id} -> 200")
        .with_breaking(true)
        .with_op(cents);
    users().with_version_path("/v{version}").with_change(change)
}

fn post(content_type: &str, body: &str) -> String {
    format!("POST /v1/users\ncontent-type: {content_type}\n\n{body}")
}

#[test]
fn urlencoded_forms() {
    let bench = Bench::new(api());
    bench.check(&[
        (
            "fields",
            &post(FORM, "x=%7e&name=A+B&cents=5"),
            "201",
            &[
                "201",
                "> = x=%7e&title=A+B&cents=0.05&plan=free",
                "> content-length: 36",
                "> content-type: application/x-www-form-urlencoded",
            ],
        ),
        (
            "of the same version",
            "POST /v3/users\ncontent-type: application/x-www-form-urlencoded\n\nname=%7e&&",
            "201",
            &["> = name=%7e&&"],
        ),
        (
            "a response",
            "GET /v1/users/7",
            &format!("200\ncontent-type: {FORM}\n\ntitle=A+B&plan=x&cents=0.05"),
            &["200", "= name=A+B&cents=5"],
        ),
        ("UTF-8", &post(&format!("{FORM}; charset=UTF-8"), "name=1"), "201", &["> = title=1&plan=free"]),
        (
            "Latin-1",
            &post(&format!("{FORM}; charset=iso-8859-1"), "name=1"),
            "201",
            &["415", "> nothing", "~ version-unsupported-body"],
        ),
        ("a value", &post(FORM, "cents=x"), "201", &["422", "~ expected an integer", "~ /cents"]),
        ("JSON in truth", &post(FORM, "{\"name\":1}"), "201", &["400", "~ not a form"]),
        ("too many fields", &post(FORM, &"a&".repeat(10_001)), "201", &["413"]),
        (
            "a response with a wrong value",
            "GET /v1/users/7",
            &format!("200\ncontent-type: {FORM}\n\ncents=x"),
            &["502"],
        ),
        ("partial", &format!("PATCH /v1/users/7\ncontent-type: {FORM}\n\nname=1"), "200", &["> = title=1"]),
    ]);
    let brackets = Bench::new(
        api()
            .with_change(
                Change::new("2", "a street")
                    .with_at("POST /users <-")
                    .with_breaking(true)
                    .with_op(OpSpec::rename("/address/str", "/address/street")),
            )
            .with_route(Route::new("POST /users").with_forms(FieldNames::Brackets)),
    );
    brackets.check(&[(
        "brackets",
        &post(FORM, "address[str]=1&name=2"),
        "201",
        &["> = address[street]=1&title=2&plan=free"],
    )]);
    let named = Bench::new(api().with_route(
        Route::new("POST /users").with_request_content(sunward::catalog::Content::Form(FieldNames::Plain)),
    ));
    named.check(&[("the route says that it is one", &post("text/plain", "name=1"), "201", &["> = title=1&plan=free"])]);
}

const PARTS: &str = "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nA\r\n--b\r\nContent-Disposition: form-data; \
     name=\"f\"; filename=\"f\"\r\n\r\n{\"name\":1}\r\n--b--\r\n";

#[test]
fn multipart_forms() {
    let bench = Bench::new(api());
    let kind = "multipart/form-data; boundary=\"b\"";
    let migrated = PARTS.replace("\"name\"\r\n", "\"title\"\r\n");
    let migrated =
        migrated.replace("--b--", "--b\r\nContent-Disposition: form-data; name=\"plan\"\r\n\r\nfree\r\n--b--");
    let whole = format!("> = {migrated}");
    let length = format!("> content-length: {}", migrated.len());
    bench.check(&[
        (
            "parts",
            &post(kind, PARTS),
            "201",
            &["201", &whole, &length, "> content-type: multipart/form-data; boundary=\"b\""],
        ),
        ("no boundary", &post("multipart/form-data", PARTS), "201", &["400", "~ boundary"]),
        ("another boundary", &post("multipart/form-data; boundary=c", PARTS), "201", &["400"]),
        ("cut off", &post(kind, &PARTS[..PARTS.len() - 6]), "201", &["400", "~ before the last boundary"]),
    ]);
}

#[test]
fn a_large_file_passes_in_chunks() {
    let content = vec![b'-'; 8 << 20];
    let (before, after) = PARTS.split_once("{\"name\":1}").expect("the content");
    let body = [before.as_bytes(), &content, after.as_bytes()].concat();
    let expected = body.len() + "title".len() - "name".len()
        + "--b\r\nContent-Disposition: form-data; name=\"plan\"\r\n\r\nfree\r\n".len();
    let service = service_fn(|request: Request<MigrateBody<Chunks>>| async move {
        assert!(!request.headers().contains_key("content-length"));
        let body = request.into_body().collect().await?.to_bytes();
        Ok::<_, BodyError<Infallible>>(Response::new(http_body_util::Full::new(body)))
    });
    let layered = Bench::new(api()).layer().with_max_body_bytes(128 * 1024).layer(service);
    let chunks = body.chunks(16 * 1024).map(Bytes::copy_from_slice).collect();
    let request = Request::post("/v1/users").header("content-type", "multipart/form-data; boundary=b");
    let response = run(layered.oneshot(request.body(Chunks(chunks)).expect("a request"))).expect("it is migrated");
    let got = run(response.into_body().collect()).expect("a body").to_bytes();
    assert_eq!(got.len(), expected);
}
