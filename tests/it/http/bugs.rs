//! What bodies and heads suffer in gateways elsewhere, and what comes of them here: a client of version 1 in front of a
//! service of version 3. A row is named by the letter and the number of the bug.
//!
//! N numbers, S spellings, O order, E empty values, B bodies that are none or several, R roots, C changes, P types,
//! X errors, H fields of the bytes, G what gateways do to the message around the body.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use http_body_util::Empty;
use sunward::json::{Literal, OnError, Other, Wrapper};

use super::*;

const GET: &str = "GET /v1/users/7";

fn bench() -> Bench {
    Bench::new(users().with_version_path("/v{version}"))
}

fn literal(text: &str) -> Literal {
    Literal::parse(text).expect(text)
}

/// A resource that is all of `/things`, and which version 2 changed by `op`.
fn things(op: OpSpec) -> Api {
    let thing = Resource::new("thing").with_at("GET /things -> 200").with_at("POST /things <-");
    let change = Change::new("2", "a change").with_on("thing").with_breaking(true).with_op(op);
    let api = Api::new("shop").with_version_path("/v{version}").with_resource(thing).with_change(change);
    api.with_version(Version::new("1")).with_version(Version::new("2")).with_version(Version::new("3"))
}

fn json(status: &str, body: &[u8]) -> Message {
    let head = Message::parse(&format!("{status}\ncontent-type: application/json"));
    Message { body: Bytes::copy_from_slice(body), ..head }
}

/// What a client of version 1 gets of a body.
fn got(body: &[u8]) -> Exchange {
    run(exchange_messages(bench().layer(), Message::parse(GET), json("200", body)))
}

/// What a service sees of a patch, to which no default is added.
fn seen(body: &[u8]) -> Bytes {
    let exchange = run(exchange_messages(bench().layer(), json("PATCH /v1/users/7", body), Message::parse("204")));
    exchange.seen.expect("it is passed on").body
}

fn around(before: &[u8], value: &[u8], after: &[u8]) -> Vec<u8> {
    [before, value, after].concat()
}

/// Values that are none of the change's business, both ways; `plan` must never get through.
fn untouched(rows: &[(&str, &[u8])]) {
    for (name, value) in rows {
        let exchange = got(&around(b"{\"v\":", value, b",\"title\":\"a\",\"plan\":\"free\"}"));
        let expected = around(b"{\"v\":", value, b",\"name\":\"a\"}");
        assert_eq!((exchange.status, &exchange.body[..]), (200, &expected[..]), "{name}: {:?}", exchange.body);
        let exchange = got(&around(b"{\"plan\":\"free\",\"title\":", value, b",\"w\":1}"));
        assert_eq!(&exchange.body[..], &around(b"{\"name\":", value, b",\"w\":1}")[..], "{name}, renamed");
        let sent = around(b"{\"name\":", value, b"}");
        assert_eq!(&seen(&sent)[..], &around(b"{\"title\":", value, b"}")[..], "{name}, sent");
    }
}

#[test]
fn numbers_and_spellings_stay_as_they_were_written() {
    untouched(&[
        ("N1 more than 64 bits", b"12345678901234567890"),
        ("N2 more than 53 bits", b"9007199254740993"),
        ("N3 15 digits", b"123456789012345"),
        ("N4 a snowflake", b"1234567890123456789"),
        ("N5 spellings", b"[1.0,1e2,-0,1.10,1E+2,0.10]"),
        ("N6 digits of a fraction", b"[3.141592653589793,51.500729312345678]"),
        ("N7 no double", b"1e400"),
        ("S1 slashes", br#"["http://a/b","http:\/\/a\/b"]"#),
        ("S2 escapes", br#""\u00e9\ud83d\ude00\u2028\u0041""#),
        ("S3 a lone surrogate", br#""\ud800""#),
        ("S4 no UTF-8", b"\"\xff\xfe\""),
        ("E1 empty values", br#"[[],{},"",[[]],{"a":[]}]"#),
        ("G9 a count from 2^21 on", b"1720256"),
        ("G11 angle brackets", br#""<a href='/?a&b'>""#),
        ("G19 what looks like a date", br#""2012-03-21T05:40Z""#),
        ("G20 an array of one", br#"[{"phone":1234567}]"#),
        ("G21 no double", b"[1e1000,-1E-999]"),
        ("G22 70 bits", b"1000000000000100000001"),
        ("G23 an integer with an exponent", b"9.223372036854775807e18"),
        ("G26 quotes", br#""it's, \"it\u0027s\"""#),
    ]);
}

#[test]
fn order_blanks_and_repetition_stay() {
    let rows: [(&str, &str, &str); 6] = [
        ("O1 the order", r#"{"z":1,"title":2,"y":2,"x":3,"w":4,"a":5}"#, r#"{"z":1,"name":2,"y":2,"x":3,"w":4,"a":5}"#),
        ("O2 both of what occurs twice", r#"{"a":1,"title":1,"a":2}"#, r#"{"a":1,"name":1,"a":2}"#),
        ("O2 both are renamed", r#"{"title":1,"title":2}"#, r#"{"name":1,"name":2}"#),
        ("O2 both are taken away", r#"{"plan":1,"title":1,"plan":2}"#, r#"{"name":1}"#),
        ("O3 blanks", "{\r\n\t\"title\" : 1 ,\n  \"z\":[ ]\n}\n", "{\r\n\t\"name\" : 1 ,\n  \"z\":[ ]\n}\n"),
        ("G11 no sorting", r#"{"b":{"z":1,"a":2},"title":1,"a":1}"#, r#"{"b":{"z":1,"a":2},"name":1,"a":1}"#),
    ];
    for (name, sent, expected) in rows {
        assert_eq!(got(sent.as_bytes()).text(), expected, "{name}");
    }
}

#[test]
fn a_body_may_be_none_or_several() {
    let none = |status: &str| format!("{status}\ncontent-type: application/json");
    let (zero, nine) = (none("200\ncontent-length: 0"), none("200\ncontent-length: 9"));
    let marked = format!("{JSON}\u{feff}{{\"title\":1,\"plan\":1}}");
    let lines = "200\ncontent-type: application/x-ndjson\n\n{\"title\":1,\"plan\":2}\n{\"title\":2}\n";
    let post = "POST /v1/users\ncontent-type: application/json";
    bench().check(&[
        ("B1 a byte order mark", GET, &marked, &["200", "~ {\"name\":1}"]),
        ("B2 nothing", GET, &zero, &["200", "= "]),
        ("B2 204", GET, &none("204"), &["204", "= ", "-content-length"]),
        ("B2 304", GET, &none("304"), &["304", "= ", "-content-length"]),
        ("B2 HEAD", "HEAD /v1/users/7", &nine, &["200", "= ", "-content-length"]),
        ("B2 a request", post, "201", &["201", "> = "]),
        ("B3 lines", GET, lines, &["200", "= {\"name\":1}\n{\"name\":2}\n"]),
    ]);
}

#[test]
fn every_root_is_treated_as_the_change_says() {
    let op = OpSpec::rename("/*/tags/*/name", "/*/tags/*/title");
    let debug = Change::new("3", "more").with_on("thing").with_strict(true).with_op(OpSpec::add("/*/debug", "x"));
    let bench_of_arrays = Bench::new(things(op).with_change(debug));
    let many = r#"[{"debug":1},{"debug":1,"tags":[{"title":[]},7,{"title":{}}]},[],null]"#;
    let post = "POST /v1/things\ncontent-type: application/json\n\n[{},{\"tags\":[{\"name\":1}]}]";
    let got = r#"= [{},{"tags":[{"name":[]},7,{"name":{}}]},[],null]"#;
    let seen = r#"> = [{"debug":"x"},{"tags":[{"title":1}],"debug":"x"}]"#;
    bench_of_arrays.check(&[
        ("R1 an array, and arrays in it", "GET /v1/things", &format!("{JSON}{many}"), &["200", got]),
        ("R1 a request", post, "204", &["204", seen]),
        ("G11 an empty array", "GET /v1/things", &format!("{JSON}[]"), &["200", "= []"]),
    ]);
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    for root in ["\"hello\"", "5", "true", "null", "[{\"title\":1}]", "[]", "{}", &deep(512)] {
        bench().check(&[("R2 R3 G10 no user", GET, &format!("{JSON}{root}"), &["200", &format!("= {root}")])]);
    }
    bench().check(&[("R3 too deep", GET, &format!("{JSON}{}", deep(513)), &["502", "~ upstream-body-invalid"])]);
}

/// Answer and what is got of it, request and what is seen of it.
fn changed(name: &str, op: OpSpec, answers: &[(&str, &str)], requests: &[(&str, &str)]) {
    let bench = Bench::new(things(op));
    for (sent, expected) in answers {
        bench.check(&[(name, "GET /v1/things", &format!("{JSON}{sent}"), &["200", &format!("= {expected}")])]);
    }
    for (sent, expected) in requests {
        let post = format!("POST /v1/things\ncontent-type: application/json\n\n{sent}");
        bench.check(&[(name, &post, "204", &["204", &format!("> = {expected}")])]);
    }
}

#[test]
fn changes_do_what_they_say() {
    let active = vec![(literal("\"yes\""), literal("false"))];
    let map = OpSpec::map("/active", active).with_other(Other::Keep);
    changed("C1 false is a value", map, &[(r#"{"active":false}"#, r#"{"active":"yes"}"#)], &[]);
    let add = |value: &str| OpSpec::add("/n", literal(value));
    let present = [r#"{"n":false}"#, r#"{"n":null}"#, r#"{"n":0}"#, r#"{"n":""}"#].map(|body| (body, body));
    changed("C2 what is there stays", add("\"yes\""), &[], &present);
    let found = Catalog::at([things(OpSpec::rename("/a", "/a"))], at(NOW)).expect_err("C3 a rename to itself");
    assert!(!found.to_string().is_empty());
    let (two, one) = (r#"{"a":1,"b":2}"#, r#"{"b":1}"#);
    changed("C4 the moved one counts", OpSpec::rename("/a", "/b"), &[], &[(two, one)]);
    changed("C4 the one there counts", OpSpec::rename("/a", "/b").with_keep(true), &[], &[(two, r#"{"b":2}"#)]);
    changed("C5 a number is a number", add("5"), &[], &[("{}", r#"{"n":5}"#)]);
    changed("C6 of any length", add("12345678901234567890"), &[], &[("{}", r#"{"n":12345678901234567890}"#)]);
    let (nested, dotted) = (r#"{"a":{"b":1},"a.b":2}"#, r#"{"a":{"b":1}}"#);
    let (path, scalar) = (OpSpec::remove("/a/b").with_lossy(true), (r#"{"a":1}"#, r#"{"a":1}"#));
    changed("C7 a path", path, &[], &[(nested, r#"{"a":{},"a.b":2}"#), scalar]);
    changed("C7 a dot", OpSpec::remove("/a.b").with_lossy(true), &[], &[(nested, dotted)]);
    let odd = OpSpec::rename("/a~1b~0c", "/d");
    changed("C7 slash and tilde", odd, &[(r#"{"d":1}"#, r#"{"a/b~c":1}"#)], &[(r#"{"a/b~c":1}"#, r#"{"d":1}"#)]);
    let colon = OpSpec::rename("/a:b", "/c:d:e");
    changed("C8 a colon", colon, &[(r#"{"c:d:e":1}"#, r#"{"a:b":1}"#)], &[(r#"{"a:b":1}"#, r#"{"c:d:e":1}"#)]);
    let wrap = || OpSpec::wrap("/o", Wrapper::Array);
    changed("C9 no append", wrap(), &[("{\"o\":[7]}", "{\"o\":7}")], &[("{\"o\":{\"x\":1}}", "{\"o\":[{\"x\":1}]}")]);
    let object = format!("{JSON}{{\"o\":{{\"x\":1}}}}");
    Bench::new(things(wrap())).check(&[("C9 of another type", "GET /v1/things", &object, &["502"])]);
    let passes = wrap().with_on_error(OnError::Pass);
    changed("C9 of another type, passed", passes, &[(r#"{"o":{"x":1}}"#, r#"{"o":{"x":1}}"#)], &[]);
}

#[test]
fn types_that_are_json_and_types_that_are_not() {
    let body = "{\"title\":1,\"plan\":2}";
    let all = format!("= {body}");
    for kind in [
        "vnd.x+json",
        "hal+json",
        "problem+json",
        "JSON",
        "json; charset=utf-8",
        "json;charset=\"UTF-8\"",
        "json; charset=latin1",
    ] {
        let named = format!("content-type: application/{kind}");
        let answer = format!("200\n{named}\n\n{body}");
        bench().check(&[("P1 JSON", GET, &answer, &["200", &named, "= {\"name\":1}"])]);
    }
    let no_json = ["text/plain", "text/html", "multipart/mixed; boundary=x"];
    for named in no_json.map(|kind| format!("content-type: {kind}")) {
        let answer = format!("200\n{named}\netag: \"a\"\ncontent-length: 20\n\n{body}");
        bench().check(&[("P1 no JSON", GET, &answer, &["200", &named, &all, "etag: \"a\"", "content-length: 20"])]);
    }
    bench().check(&[("P1 no type", GET, &format!("200\n\n{body}"), &["200", &all])]);
}

#[test]
fn what_cannot_be_read_is_never_passed_on() {
    let broken = "{\"title\":1,\"plan\":2;{\"plan\":NaN};{'plan':2};{\"plan\":2} x;{\"plan\":2,};\
                  {\"plan\":02};{\"plan\":\"\t\"};{plan:1};<html>plan</html>; ;\u{feff}\u{feff}{\"plan\":1}";
    for body in broken.split(';') {
        let exchange = got(body.as_bytes());
        let leaks = exchange.text().contains("plan");
        assert_eq!((exchange.status, leaks), (502, false), "X1 G6 G10 {body}: {}", exchange.text());
        let exchange = bench().exchange(&format!("POST /v1/users\ncontent-type: application/json\n\n{body}"), "");
        assert_eq!((exchange.status, exchange.seen.is_none()), (400, true), "X1 a request {body}");
    }
    let wide: Vec<u8> = "{\"title\":1,\"plan\":2}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(got(&wide).status, 502, "X1 UTF-16");
}

#[test]
fn fields_of_the_bytes_go_with_the_bytes() {
    let of_the_bytes = "content-length: 20\netag: \"a\"\nlast-modified: Wed, 01 Jan 2025 00:00:00 GMT\ndigest: sha-256=x\n\
                        content-md5: x\naccept-ranges: bytes\ntransfer-encoding: chunked\nexpires: 0";
    let answer = format!("200\ncontent-type: application/json\n{of_the_bytes}\n\n{{\"title\":1,\"plan\":2}}");
    let gone = ["200", "-last-modified", "-digest", "-content-md5", "-accept-ranges", "expires: 0"];
    let strong = ["etag ~ \"a;v1-", "content-length: 10", "-transfer-encoding", "= {\"name\":1}"];
    let kept = ["etag: \"a\"", "content-length: 20", "digest: sha-256=x", "+last-modified", "accept-ranges: bytes"];
    let head = answer.split_once("\n\n").expect("a head").0;
    let post = "POST /v1/users\ncontent-type: application/json\ncontent-length: 10\n\n{\"name\":1}";
    let get = format!("{GET}\nif-none-match: \"a\"\nrange: bytes=0-3");
    let of_status = |status: &str| answer.replacen("200", status, 1);
    let (part, failed) = (of_status("206"), of_status("500"));
    let upgraded = "101\nupgrade: websocket\nconnection: upgrade";
    let events = "200\ncontent-type: text/event-stream\n\ndata: {\"title\":1}\n\n";
    bench().check(&[
        ("H1 G7 G12", GET, &answer, &gone),
        ("G2 G8 G12", GET, &answer, &strong),
        ("G15 HEAD", "HEAD /v1/users/7", head, &["200", "= ", "-content-length", "etag ~ \"a;v1-"]),
        ("G25 what is not changed keeps them", "GET /v3/users/7", &answer, &kept),
        ("G8 a request", post, "201", &["> = {\"title\":1,\"plan\":\"free\"}", "> content-length: 25"]),
        ("G14 the tag of another body", &get, &answer, &["> -if-none-match", "> -range"]),
        ("G14 a part", GET, &part, &["502", "-etag"]),
        ("G15 another protocol", GET, upgraded, &["101", "upgrade: websocket", "connection: upgrade", "= "]),
        ("G10 an error is the service's own", GET, &failed, &["500", "~ \"plan\":2", kept[0]]),
        ("G18 events that are all there", GET, events, &["200", "content-length: 18", "= data: {\"name\":1}\n\n"]),
    ]);
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).expect("it is written");
    encoder.finish().expect("it is encoded")
}

#[test]
fn coded_bodies_are_changed_or_refused() {
    let whole = gzip(b"{\"title\":1,\"plan\":2}");
    let members = [gzip(b"{\"title\":1,"), gzip(b"\"plan\":2}")].concat();
    let rows: [(&str, &str, Vec<u8>, u16); 7] = [
        ("G1 G15 G16 gzip", "gzip", whole.clone(), 200),
        ("G1 of several members", "gzip", members, 200),
        ("G1 several codings", "gzip, gzip", gzip(&whole), 200),
        ("G5 unknown", "compress", whole.clone(), 502),
        ("G5 not what it says", "zstd", whole.clone(), 502),
        ("G10 br that is none", "br", b"\xff\xff".to_vec(), 502),
        ("G6 cut off", "gzip", whole[..whole.len() - 9].to_vec(), 502),
    ];
    for (name, coding, body, status) in rows {
        for accept in ["accept-encoding: gzip", "a: b"] {
            let head = format!("200\ncontent-type: application/json\netag: \"a\"\ncontent-encoding: {coding}");
            let request = Message::parse(&format!("{GET}\n{accept}"));
            let upstream = Message { body: body.clone().into(), ..Message::parse(&head) };
            let exchange = run(exchange_messages(bench().layer(), request, upstream));
            assert_eq!(exchange.status, status, "{name}");
            let mut plain = exchange.body.to_vec();
            let codings = exchange.field("content-encoding").unwrap_or_default();
            for _ in codings.split(", ").filter(|coding| !coding.is_empty()) {
                let coded = std::mem::take(&mut plain);
                MultiGzDecoder::new(&coded[..]).read_to_end(&mut plain).expect("it is what it says");
            }
            assert_eq!(plain == b"{\"name\":1}", status == 200, "{name}, {accept}: {} bytes", plain.len());
            assert_eq!(codings.is_empty(), status == 502 || accept == "a: b", "{name}: {codings}");
        }
    }
}

/// A body that comes in these frames.
struct Frames(std::vec::IntoIter<Bytes>);

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(|frame| Ok(Frame::data(frame))))
    }
}

/// The response: its status, whether it has a length, and its body.
fn framed(frames: Vec<Bytes>) -> (u16, bool, Vec<u8>) {
    let service = service_fn(move |_: Request<_>| {
        let mut response = Response::new(Frames(frames.clone().into_iter()));
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        async move { Ok::<_, Infallible>(response) }
    });
    let request = Request::get("/v1/users").body(Empty::<Bytes>::new()).expect("a request");
    let (head, body) = run(bench().layer().layer(service).oneshot(request)).expect("an answer").into_parts();
    let body = run(body.collect()).expect("a body").to_bytes();
    (head.status.as_u16(), head.headers.contains_key("content-length"), body.to_vec())
}

// G3, G17, G24: `streams` has events that are passed on before the next is there, and faults on the way.
// G13: nothing here compresses what was not. G4 for requests: `bodies` has the limit, and its 413.
#[test]
fn frames_are_not_documents() {
    let (text, expected) =
        (r#"{"items":[{"t\u0069tle":"\ud83d\ude00é","plan":1}]}"#, r#"{"items":[{"name":"\ud83d\ude00é"}]}"#);
    for at in 0..=text.len() {
        let (first, second) = text.as_bytes().split_at(at);
        let frames = [b"", first, b"", second].map(Bytes::copy_from_slice).into();
        assert_eq!(framed(frames), (200, true, expected.as_bytes().to_vec()), "G15 cut at {at}");
    }
    let count = 20_000;
    let long = |element: &str| format!("{{\"items\":[{}1]}}", format!("{element},").repeat(count)).into_bytes();
    let frames = long(r#"{"title":1.10,"plan":2}"#).chunks(1000).map(Bytes::copy_from_slice).collect();
    assert_eq!(framed(frames), (200, false, long(r#"{"name":1.10}"#)), "G4 G6 G8 more than any buffer");
}
