use bytes::Bytes;
use http::Uri;
use http_body_util::Full;

use super::*;

type Fields = &'static [(&'static str, &'static str)];

fn request(version: Version, method: &str, target: &str, head: &[(&str, &str)]) -> Request<Full<Bytes>> {
    let start = Request::builder().version(version).method(method).uri(target.parse::<Uri>().expect("a target"));
    let builder = head.iter().fold(start, |builder, (name, value)| builder.header(*name, *value));
    builder.body(Full::new(Bytes::from_static(b"hello"))).expect("a request")
}

/// What is answered at the edge; `0` if nothing is.
fn status(request: &mut Request<Full<Bytes>>) -> u16 {
    admit(request, &EdgeLimits::default(), || false).map_or_else(|answer| answer.status().as_u16(), |_| 0)
}

#[test]
fn hosts_are_one() {
    use Version as V;
    /// Version, target, fields, the host that comes of it; none if it is refused.
    type Row = (Version, &'static str, Fields, Option<&'static str>);
    let rows: [Row; 37] = [
        (V::HTTP_11, "/x", &[("host", "a.test")], Some("a.test")),
        (V::HTTP_11, "/x", &[("host", "A_b-c.test:8080")], Some("A_b-c.test:8080")),
        (V::HTTP_11, "/x", &[("host", "127.0.0.1:80")], Some("127.0.0.1:80")),
        (V::HTTP_11, "/x", &[("host", "[::1]")], Some("[::1]")),
        (V::HTTP_11, "/x", &[("host", "[::1]:80")], Some("[::1]:80")),
        (V::HTTP_11, "http://b.test/x", &[("host", "a.test")], Some("b.test")),
        (V::HTTP_11, "http://b.test:81?x", &[("host", "a.test")], Some("b.test:81")),
        (V::HTTP_11, "http://b.test/x", &[], None),
        (V::HTTP_11, "http://b.test/x", &[("host", "a,b")], None),
        (V::HTTP_11, "http://u@b.test/x", &[("host", "b.test")], None),
        (V::HTTP_11, "ftp://b.test/x", &[("host", "b.test")], None),
        (V::HTTP_11, "/x", &[], None),
        (V::HTTP_11, "/x", &[("host", "a.test"), ("host", "b.test")], None),
        (V::HTTP_11, "/x", &[("host", "a.test"), ("host", "a.test")], None),
        (V::HTTP_11, "/x", &[("host", "a.test, b.test")], None),
        (V::HTTP_11, "/x", &[("host", "a.test,b.test")], None),
        (V::HTTP_11, "/x", &[("host", "")], None),
        (V::HTTP_11, "/x", &[("host", "user@a.test")], None),
        (V::HTTP_11, "/x", &[("host", "a.test/y")], None),
        (V::HTTP_11, "/x", &[("host", "a.test:x")], None),
        (V::HTTP_11, "/x", &[("host", "a.test:0")], None),
        (V::HTTP_11, "/x", &[("host", "a.test:65536")], None),
        (V::HTTP_11, "/x", &[("host", "a.test:+80")], None),
        (V::HTTP_11, "/x", &[("host", "a.test:")], None),
        (V::HTTP_11, "/x", &[("host", "::1")], None),
        (V::HTTP_11, "/x", &[("host", "[::1")], None),
        (V::HTTP_11, "/x", &[("host", "[::g]:80")], None),
        (V::HTTP_11, "/x", &[("host", "a%2etest")], None),
        (V::HTTP_11, "/x", &[("host", "a.test.")], None),
        (V::HTTP_11, "/x", &[("host", ".test:80")], None),
        (V::HTTP_11, "http://a..test/x", &[("host", "a")], None),
        (V::HTTP_10, "/x", &[("host", "a.test"), ("host", "b.test")], None),
        (V::HTTP_2, "http://a.test/x", &[], Some("a.test")),
        (V::HTTP_2, "http://a.test/x", &[("host", "A.test")], Some("a.test")),
        (V::HTTP_2, "/x", &[("host", "a.test")], Some("a.test")),
        (V::HTTP_2, "http://a.test/x", &[("host", "b.test")], None),
        (V::HTTP_2, "/x", &[], None),
    ];
    for (version, target, head, expected) in rows {
        let mut request = request(version, "GET", target, head);
        let admitted = status(&mut request);
        assert!(matches!(admitted, 0 | 400), "{admitted}");
        let host = request.headers().get("host").and_then(|host| host.to_str().ok());
        assert_eq!((admitted == 0).then_some(host).flatten(), expected, "{target} {head:?}");
    }
    assert_eq!(status(&mut request(V::HTTP_10, "GET", "/x", &[])), 0, "HTTP/1.0 had no `Host`");
}

/// RFC 9110 §7.4: a request for `https` is not served over a connection that anyone may read, unless a proxy is trusted to
/// have taken it over a secured one.
#[test]
fn https_is_not_served_in_the_clear() {
    let rows = [
        (Version::HTTP_2, "https://a.test/x", false, 421),
        (Version::HTTP_2, "https://a.test/x", true, 0),
        (Version::HTTP_2, "http://a.test/x", false, 0),
        (Version::HTTP_2, "http://a.test/x", true, 0),
        (Version::HTTP_11, "https://a.test/x", false, 421),
        (Version::HTTP_11, "HTTPS://a.test/x", false, 421),
        (Version::HTTP_11, "https://a.test/x", true, 0),
        (Version::HTTP_11, "/x", false, 0),
    ];
    for (version, target, secured, expected) in rows {
        let mut request = request(version, "GET", target, &[("host", "a.test")]);
        let answered = admit(&mut request, &EdgeLimits::default(), || secured);
        assert_eq!(answered.map_or_else(|answer| answer.status().as_u16(), |_| 0), expected, "{target} {secured}");
    }
}

#[test]
fn heads_are_limited_and_clear() {
    let long = format!("/{}", "x".repeat(8192));
    let wide = "x".repeat(33_000);
    /// Method, target, fields, what is answered.
    type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], u16);
    let rows: [Row<'_>; 23] = [
        ("GET", "/x", &[], 0),
        ("PURGE", "/x", &[], 0),
        ("get", "/x", &[], 0),
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "/x", &[], 501),
        ("PRI", "/x", &[], 501),
        ("TRACE", "/x", &[("max-forwards", "0")], 405),
        ("GET", "admin", &[], 400),
        ("GET", "a:80", &[], 400),
        ("GET", "*", &[], 400),
        ("GET", "/é", &[], 400),
        ("GET", "/x?é", &[], 400),
        ("GET", &long, &[], 414),
        ("GET", "/x", &[("x", &wide)], 431),
        ("OPTIONS", "*", &[], 204),
        ("OPTIONS", "/x", &[("max-forwards", "0")], 204),
        ("OPTIONS", "/x", &[("max-forwards", "-1")], 400),
        ("GET", "/x", &[("max-forwards", "0")], 0),
        ("POST", "/x", &[("expect", "100-Continue")], 0),
        ("POST", "/x", &[("expect", "tea")], 417),
        ("POST", "/x", &[("content-length", "5, 5")], 400),
        ("POST", "/x", &[("transfer-encoding", "gzip, chunked")], 501),
        ("POST", "/x", &[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")], 501),
        ("POST", "/x", &[("transfer-encoding", "chunked"), ("content-length", "5")], 400),
    ];
    for (method, target, head, expected) in rows {
        let mut request = request(Version::HTTP_11, method, target, &[("host", "a.test")]);
        for (name, value) in head {
            let name: http::HeaderName = name.parse().expect("a name");
            request.headers_mut().append(name, value.parse().expect("a value"));
        }
        assert_eq!(status(&mut request), expected, "{method} {:.20} {:.40}", target, format!("{head:?}"));
    }
}

#[test]
fn a_refusal_ends_the_connection_where_there_is_a_field_for_it() {
    for (version, expected) in [(Version::HTTP_10, true), (Version::HTTP_11, true), (Version::HTTP_2, false)] {
        let mut request = request(version, "GET", "/x", &[("host", "a,b")]);
        let answer = admit(&mut request, &EdgeLimits::default(), || false).expect_err("it is refused");
        assert_eq!(answer.headers().contains_key("connection"), expected, "{version:?}");
    }
}

#[test]
fn what_is_for_this_hop_goes() {
    let mut request = request(
        Version::HTTP_2,
        "OPTIONS",
        "http://a.test/x",
        &[
            ("connection", "api-version, close, host, content-length"),
            ("connection", "b\u{e9}, x-gone"),
            ("api-version", "1"),
            ("x-gone", "1"),
            ("content-length", "5"),
            ("http2-settings", "AAMAAABkAARAAAAAAAIAAAAA"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("expect", "100-continue"),
            ("max-forwards", "7"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
        ],
    );
    assert!(admit(&mut request, &EdgeLimits::default(), || false).is_ok());
    let mut left: Vec<String> =
        request.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().expect("text"))).collect();
    left.sort();
    assert_eq!(left, ["content-length: 5", "cookie: a=1; b=2", "host: a.test", "max-forwards: 6", "te: trailers"]);
}

#[test]
fn trailers_are_all_that_te_says() {
    use Version as V;
    let rows: [(Version, Fields, bool); 12] = [
        (V::HTTP_11, &[("te", "trailers")], true),
        (V::HTTP_11, &[("te", "trailers"), ("connection", "te")], true),
        (V::HTTP_11, &[("te", "Trailers")], true),
        (V::HTTP_11, &[("te", "gzip;q=0.5, trailers")], true),
        (V::HTTP_11, &[("te", "gzip"), ("te", "deflate,trailers\t")], true),
        (V::HTTP_11, &[("te", "")], false),
        (V::HTTP_11, &[("te", "gzip"), ("connection", "te")], false),
        (V::HTTP_11, &[("te", "trailers-not")], false),
        (V::HTTP_11, &[("connection", "te")], false),
        (V::HTTP_11, &[("trailer", "x-sum")], false),
        (V::HTTP_10, &[("te", "trailers")], false),
        (V::HTTP_2, &[("te", "trailers")], true),
    ];
    for (version, head, expected) in rows {
        let mut request = request(version, "GET", "/x", &[&[("host", "a.test")], head].concat());
        assert_eq!(status(&mut request), 0, "{head:?}");
        let said: Vec<_> = request.headers().get_all("te").iter().collect();
        assert_eq!(said, ["trailers"; 1][usize::from(!expected)..], "{version:?} {head:?}");
        frame(&mut request);
        assert_eq!(request.headers().get("connection").is_some_and(|named| named == "te"), expected, "{head:?}");
    }
}
