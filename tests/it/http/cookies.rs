//! Cookies that have another name in another version.

use sunward::catalog::{Api, Version};
use sunward::change::{Change, OpSpec};

use super::*;

fn bench() -> Bench {
    let change = Change::new("2", "a session")
        .with_at("GET /x <-")
        .with_at("GET /x -> 200")
        .with_breaking(true)
        .with_op(OpSpec::rename_cookie("sid", "session"));
    let api = Api::new("shop").with_version_path("/v{version}").with_forward_as("/v{version}");
    Bench::new(api.with_version(Version::new("1")).with_version(Version::new("2")).with_change(change))
}

#[test]
fn a_cookie_has_the_name_of_each_side() {
    let set = "200\nset-cookie: session=1; Path=/v2/x; HttpOnly\nset-cookie: a=session=2\nset-cookie: sid=; Max-Age=0";
    bench().check(&[
        (
            "an old client",
            "GET /v1/x\nCookie: a=1; sid=2\nCookie: sid=3; b=sid",
            set,
            &["> cookie: a=1; session=2 | session=3; b=sid", "set-cookie: sid=1; Path=/v1/x; HttpOnly | a=session=2"],
        ),
        ("a client of two versions", "GET /v1/x\nCookie: session=9\nCookie: sid=2", "", &["> cookie: session=2"]),
        (
            "a new client",
            "GET /v2/x\nCookie: a=1; sid=2",
            set,
            &["> cookie: a=1; sid=2", "set-cookie: session=1; Path=/v2/x; HttpOnly | a=session=2 | sid=; Max-Age=0"],
        ),
        ("another response", "GET /v1/x", "404\nset-cookie: session=1", &["set-cookie: session=1"]),
        ("another route", "GET /v1/y\nCookie: sid=2", "", &["> cookie: sid=2"]),
    ]);
}
