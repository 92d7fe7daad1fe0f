//! Bodies with a content coding that have to be migrated: decoded, migrated, and coded again.

use std::convert::Infallible;
use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;

use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Empty, Full};
use sunward::internals::coding::{Coding, DecodeStep, Decoder};
use sunward::layer::{BodyError, MigrateBody};
use tower::{Layer, ServiceExt, service_fn};

use super::streams::{answered, sent};
use super::{Bench, Exchange, Message, exchange_messages, run, users};

const NEW: &str = "{\"title\":\"a\"}";
const OLD: &str = "{\"name\":\"a\"}";

fn bench() -> Bench {
    Bench::new(users().with_version_path("/v{version}"))
}

fn coded(coding: &str, text: &str) -> Bytes {
    let mut now = text.as_bytes().to_vec();
    for coding in coding.split(", ") {
        let mut out = Vec::new();
        match coding {
            "gzip" | "x-gzip" => {
                let mut encoder = flate2::write::GzEncoder::new(&mut out, Compression::best());
                encoder.write_all(&now).and_then(|()| encoder.finish().map(drop)).expect("it is encoded");
            }
            "deflate" => {
                let mut encoder = flate2::write::ZlibEncoder::new(&mut out, Compression::best());
                encoder.write_all(&now).and_then(|()| encoder.finish().map(drop)).expect("it is encoded");
            }
            "br" => {
                brotli::BrotliCompress(&mut &now[..], &mut out, &brotli::enc::BrotliEncoderParams::default())
                    .expect("it is encoded");
            }
            "zstd" => out = ruzstd::encoding::compress_to_vec(&now[..], ruzstd::encoding::CompressionLevel::Fastest),
            other => panic!("{other}"),
        }
        now = out;
    }
    now.into()
}

fn plain(coding: &str, body: &[u8]) -> String {
    let mut now = body.to_vec();
    for coding in coding.split(", ").collect::<Vec<_>>().into_iter().rev() {
        let mut out = Vec::new();
        let read = match coding {
            "gzip" | "x-gzip" => flate2::read::GzDecoder::new(&now[..]).read_to_end(&mut out),
            "deflate" => flate2::read::ZlibDecoder::new(&now[..]).read_to_end(&mut out),
            "br" => brotli::Decompressor::new(&now[..], 4096).read_to_end(&mut out),
            "zstd" => ruzstd::decoding::StreamingDecoder::new(&now[..]).expect("a frame").read_to_end(&mut out),
            other => panic!("{other}"),
        };
        read.expect("it is decoded");
        now = out;
    }
    String::from_utf8(now).expect("text")
}

fn with(text: &str, body: Bytes) -> Message {
    Message { body, ..Message::parse(text) }
}

/// A request that accepts `accept`, answered with `body` in `coding`.
fn get(accept: &str, coding: &str, body: Bytes) -> Exchange {
    let request = Message::parse(&format!("GET /v1/users/7\naccept-encoding: {accept}"));
    let answer = format!("200\ncontent-type: application/json\netag: \"a\"\ncontent-encoding: {coding}");
    run(exchange_messages(bench().layer(), request, with(&answer, body)))
}

fn post(coding: &str, body: Bytes) -> Exchange {
    let patch = "PATCH /v1/users/7\ncontent-type: application/merge-patch+json\ncontent-encoding: ";
    run(exchange_messages(bench().layer(), with(&format!("{patch}{coding}"), body), Message::parse("204")))
}

fn holds(exchange: &Exchange, name: &str, expected: &[&str]) {
    let wrong: Vec<_> = expected.iter().filter_map(|line| exchange.differs(line)).collect();
    assert!(wrong.is_empty(), "{name}: {wrong:?}");
}

#[test]
fn responses_are_coded_again() {
    for coding in ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, br", "zstd, deflate, gzip"] {
        let exchange = get(coding, coding, coded(coding, NEW));
        let length = format!("content-length: {}", exchange.body.len());
        let named = format!("content-encoding: {coding}");
        holds(&exchange, coding, &["200", &named, &length, "vary: accept-encoding", "etag ~ \"a;v1-"]);
        assert_eq!(plain(coding, &exchange.body), OLD, "{coding}");
        assert_eq!(exchange.body, get(coding, coding, coded(coding, NEW)).body, "the same bytes each time");
    }
}

#[test]
fn who_does_not_take_the_coding_gets_none() {
    for accept in ["identity", "br", "gzip;q=0, *", "*"] {
        let exchange = get(accept, "gzip", coded("gzip", NEW));
        let expected = ["200", "-content-encoding", "vary: accept-encoding", "= {\"name\":\"a\"}", "etag ~ W/\"a;w1-"];
        holds(&exchange, accept, &expected);
    }
    let rows = [
        ("gzip, compress, br;q=0.5", "> accept-encoding: gzip, br;q=0.5"),
        ("compress, *", "> accept-encoding: identity"),
        ("identity", "> accept-encoding: identity"),
    ];
    for (accept, seen) in rows {
        holds(&get(accept, "identity", Bytes::from_static(NEW.as_bytes())), accept, &[seen, "= {\"name\":\"a\"}"]);
    }
    bench().check(&[
        ("none is taken", "GET /v1/users/7\naccept-encoding: compress, identity;q=0", "", NO_CODING),
        ("nor any", "GET /v1/users/7\naccept-encoding: *;q=0", "", NO_CODING),
        ("none is taken, not migrated", "GET /v3/users/7\naccept-encoding: *;q=0", "", &["> accept-encoding: *;q=0"]),
        ("not asked for", "GET /v1/users/7", "", &["> accept-encoding: identity"]),
        ("not migrated", "GET /v3/users/7\naccept-encoding: compress", "", &["> accept-encoding: compress"]),
    ]);
}

const NO_CODING: &[&str] = &["406", "content-type: application/problem+json", "~ coding-unacceptable", "> nothing"];

#[test]
fn requests_are_coded_again() {
    for coding in ["gzip", "deflate", "br", "zstd", "deflate, br"] {
        let exchange = post(coding, coded(coding, OLD));
        holds(&exchange, coding, &["204", &format!("> content-encoding: {coding}")]);
        let seen = exchange.seen.expect("it is passed on");
        assert_eq!(plain(coding, &seen.body), NEW, "{coding}");
        assert_eq!(seen.headers["content-length"], seen.body.len().to_string());
    }
    let empty = post("gzip", Bytes::new());
    holds(&empty, "no content is none", &["204", "> ="]);
}

#[test]
fn what_cannot_be_decoded_is_refused() {
    let unknown = ["415", "accept-encoding: gzip, deflate, br, zstd, identity", "> nothing"];
    holds(&post("compress", Bytes::from_static(b"x")), "unknown", &unknown);
    holds(&post("gzip, gzip, gzip, gzip, gzip", Bytes::from_static(b"x")), "a tower", &unknown);
    holds(&get("gzip", "compress", Bytes::from_static(b"x")), "unknown", &["502", "-content-encoding"]);
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let whole = coded(coding, OLD);
        let cut = whole.slice(..whole.len() - 2);
        holds(&post(coding, cut.clone()), coding, &["400", "~ problems/body-invalid"]);
        holds(&get(coding, coding, cut), coding, &["502", "~ problems/upstream-body-invalid"]);
        let bomb = coded(coding, &format!("[{}]", " ".repeat(8 << 20)));
        holds(&post(coding, bomb.clone()), coding, &["413", "~ problems/body-too-large"]);
        holds(&get(coding, coding, bomb), coding, &["502"]);
    }
    let ratio = coded("gzip", &format!("{{\"title\":\"a\"{}}}", " ".repeat(2 << 20)));
    holds(&get("gzip", "gzip", ratio), "below the limit, but a bomb", &["502"]);
}

const EACH: [&str; 5] = ["gzip", "deflate", "br", "zstd", "gzip, br"];

fn codings(names: &str) -> Vec<Coding> {
    names.split(", ").map(|name| Coding::named(name).expect(name)).collect()
}

/// Puts codings on piece after piece, each of which can be decoded at once.
fn pieces(names: &str, texts: &[&str]) -> Vec<Bytes> {
    let mut now: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    for name in names.split(", ") {
        now = match name {
            // A frame each: zstd has no more to a flush.
            "zstd" => now
                .iter()
                .map(|piece| ruzstd::encoding::compress_to_vec(&piece[..], ruzstd::encoding::CompressionLevel::Fastest))
                .collect(),
            "gzip" => flushed(&now, flate2::write::GzEncoder::new(Vec::new(), Compression::best()), |e| e.get_mut()),
            "deflate" => {
                flushed(&now, flate2::write::ZlibEncoder::new(Vec::new(), Compression::best()), |e| e.get_mut())
            }
            _ => flushed(&now, brotli::CompressorWriter::new(Vec::new(), 4096, 5, 20), |e| e.get_mut()),
        };
    }
    now.into_iter().map(Bytes::from).collect()
}

fn flushed<W: Write>(pieces: &[Vec<u8>], mut encoder: W, coded: impl Fn(&mut W) -> &mut Vec<u8>) -> Vec<Vec<u8>> {
    let piece = |piece: &Vec<u8>| {
        encoder.write_all(piece).and_then(|()| encoder.flush()).expect("it is encoded");
        std::mem::take(coded(&mut encoder))
    };
    pieces.iter().map(piece).collect()
}

#[test]
fn coded_events_and_lines_are_passed_on_one_by_one() {
    let event = |name: &str| format!("data: {{\"items\":[{{\"{name}\":\"a\"}}]}}\n\n");
    let line = |name: &str| format!("{{\"items\":[{{\"{name}\":\"a\"}}]}}\n");
    for names in EACH {
        for (kind, new, old) in [
            ("text/event-stream", event("title"), event("name")),
            ("application/x-ndjson", line("title"), line("name")),
        ] {
            let head = format!("200\ncontent-type: {kind}\ncontent-encoding: {names}\netag: \"a\"\n\n");
            for taken in [true, false] {
                run(async {
                    let (sender, mut response) = answered(&head, if taken { names } else { "identity" }, &[]).await;
                    assert_eq!(response.headers().contains_key("content-encoding"), taken, "{names}");
                    assert_eq!(response.headers()["vary"], "accept-encoding");
                    assert_eq!(response.headers()["etag"].to_str().expect("text").starts_with("W/\"a;w1-"), !taken);
                    let mut decoder = Decoder::new(&codings(names));
                    for piece in pieces(names, &[&new, &new, &new]) {
                        sender.send(Ok(piece)).expect("it is read");
                        let mut text = Vec::new();
                        while text.len() < old.len() {
                            let frame = response.body_mut().frame().await.expect("a frame").expect("no error");
                            let data = frame.into_data().expect("data");
                            if !taken {
                                text.extend_from_slice(&data);
                                continue;
                            }
                            decoder.push(&data);
                            while decoder.step(&mut text).expect("it can be decoded") == DecodeStep::Made {}
                        }
                        assert_eq!(String::from_utf8_lossy(&text), old, "{names} {kind}");
                    }
                });
            }
        }
    }
}

/// grpc-gateway and watches of Kubernetes send documents one behind the other under the type of one.
#[test]
fn coded_documents_are_passed_on_one_by_one() {
    let document = |name: &str| format!("{{\"items\":[{{\"{name}\":\"a\"}}]}}\n");
    let (new, old) = (document("title"), document("name"));
    for names in EACH {
        let head = format!("200\ncontent-type: application/json\ncontent-encoding: {names}\n\n");
        for taken in [true, false] {
            run(async {
                let pieces = pieces(names, &[&new, &new, &new]);
                // The first comes byte by byte; the head does not wait for the second.
                let first: Vec<Bytes> = pieces[0].chunks(1).map(Bytes::copy_from_slice).collect();
                let (sender, mut response) = answered(&head, if taken { names } else { "identity" }, &first).await;
                assert_eq!(response.status(), 200);
                assert_eq!(response.headers().contains_key("content-encoding"), taken, "{names}");
                let mut decoder = Decoder::new(&if taken { codings(names) } else { Vec::new() });
                for piece in [None, Some(&pieces[1]), Some(&pieces[2])] {
                    if let Some(piece) = piece {
                        sender.send(Ok(piece.clone())).expect("it is read");
                    }
                    let mut text = Vec::new();
                    while text.len() < old.len() {
                        let frame = response.body_mut().frame().await.expect("a frame").expect("no error");
                        let data = frame.into_data().expect("data");
                        if taken {
                            decoder.push(&data);
                            while decoder.step(&mut text).expect("it can be decoded") == DecodeStep::Made {}
                        } else {
                            text.extend_from_slice(&data);
                        }
                    }
                    assert_eq!(String::from_utf8_lossy(&text), old, "{names}");
                }
            });
        }
    }
}

#[test]
fn trailers_of_what_is_migrated_are_dropped() {
    let kinds = [
        ("application/json", NEW.to_owned()),
        ("application/x-ndjson", format!("{NEW}\n")),
        ("text/event-stream", format!("data: {NEW}\n\n")),
    ];
    for names in ["identity", "gzip", "deflate", "br", "zstd"] {
        for (kind, text) in &kinds {
            let body = if names == "identity" { Bytes::from(text.clone()) } else { coded(names, text) };
            for (path, kept) in [("/v1/users/7", false), ("/v3/users/7", true)] {
                let content = body.clone();
                let service = service_fn(move |_: Request<MigrateBody<Empty<Bytes>>>| {
                    let trailers = Ok(HeaderMap::from_iter([(header::ETAG, HeaderValue::from_static("\"end\""))]));
                    let body = Full::new(content.clone()).with_trailers(std::future::ready(Some(trailers)));
                    let response = Response::builder().header("content-type", *kind).header("trailer", "etag");
                    let response = response.header("content-encoding", names).body(body).expect("a response");
                    async move { Ok::<_, Infallible>(response) }
                });
                let request = Request::get(path).header("accept-encoding", names);
                let request = request.body(Empty::<Bytes>::new()).expect("a request");
                let response = run(bench().layer().layer(service).oneshot(request)).expect("no error");
                assert_eq!(response.headers().contains_key("trailer"), kept, "{names} {kind} {path}");
                let collected = run(response.into_body().collect()).expect("no error");
                assert_eq!(collected.trailers().is_some(), kept, "{names} {kind} {path}");
                let bytes = collected.to_bytes();
                let plain = if names == "identity" {
                    String::from_utf8_lossy(&bytes).into_owned()
                } else {
                    plain(names, &bytes)
                };
                assert_eq!(plain, if kept { text.clone() } else { text.replace("title", "name") }, "{names} {kind}");
            }
        }
    }
}

/// The fields that a GET gets (RFC 9110 §9.3.2, §15.4.5).
#[test]
fn heads_without_content_speak_of_the_coded_content() {
    let fields = "content-type: application/json\netag: \"a\"\ncontent-encoding: gzip";
    let answer = format!("200\n{fields}");
    let other = "200\ncontent-type: application/json\netag: \"a\"\ncontent-encoding: compress";
    bench().check(&[
        (
            "HEAD, not taken",
            "HEAD /v1/users/7",
            &answer,
            &["200", "=", "-content-encoding", "vary: accept-encoding", "etag ~ W/\"a;w1-"],
        ),
        (
            "HEAD, taken",
            "HEAD /v1/users/7\naccept-encoding: gzip",
            &answer,
            &["200", "=", "content-encoding: gzip", "vary: accept-encoding", "etag ~ \"a;v1-"],
        ),
        ("HEAD, unknown", "HEAD /v1/users/7", other, &["200", "=", "content-encoding: compress"]),
        ("HEAD, not migrated", "HEAD /v3/users/7", &answer, &["200", "content-encoding: gzip", "-vary", "etag: \"a\""]),
        ("204", "GET /v1/users/7", &format!("204\n{fields}"), &["204", "=", "content-encoding: gzip"]),
        (
            "304",
            "GET /v1/users/7\nif-none-match: \"a;v1-00000000\"",
            "304\netag: \"a\"",
            &["304", "-vary", "etag ~ \"a;v1-"],
        ),
        (
            "304, not taken before",
            "GET /v1/users/7\nif-none-match: W/\"a;w1-00000000\"",
            "304\netag: \"a\"\ncontent-encoding: gzip",
            &["304", "-content-encoding", "vary: accept-encoding", "etag ~ W/\"a;w1-"],
        ),
    ]);
}

/// A list of users, far larger than what is waited for.
fn large(name: &str) -> String {
    list(name, 15_000)
}

fn list(name: &str, users: u32) -> String {
    let one = |n: u32| format!("{{\"{name}\":\"u{n}\",\"bio\":\"{}\",\"n\":1.10}}", n.wrapping_mul(2_654_435_761));
    format!("{{\"items\":[{}]}}", (0..users).map(one).collect::<Vec<_>>().join(","))
}

/// As [`coded`], but fast.
fn coded_fast(names: &str, text: &str) -> Bytes {
    let mut now = text.as_bytes().to_vec();
    for name in names.split(", ") {
        now = match name {
            "gzip" => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(&now).and_then(|()| encoder.finish()).expect("it is encoded")
            }
            "br" => {
                let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 1, 20);
                encoder.write_all(&now).expect("it is encoded");
                encoder.into_inner()
            }
            name => coded(name, std::str::from_utf8(&now).expect("text")).to_vec(),
        };
    }
    now.into()
}

#[test]
fn a_coded_document_may_be_larger_than_what_is_held() {
    run(async {
        let body = coded_fast("gzip", &list("title", 100_000));
        let chunks: Vec<Bytes> = body.chunks(16 << 10).map(Bytes::copy_from_slice).collect();
        let head = "200\ncontent-type: application/json\ncontent-encoding: gzip\n\n";
        let (sender, response) = answered(head, "gzip", &chunks).await;
        drop(sender);
        let body = response.into_body().collect().await.expect("no error").to_bytes();
        let text = plain("gzip", &body);
        assert!(text.len() > 4 << 20 && text == list("name", 100_000), "{} bytes", text.len());
    });
}

#[test]
fn a_large_coded_document_passes_as_it_is_migrated() {
    for names in EACH {
        let body = coded_fast(names, &large("title"));
        let head = format!(
            "200\ncontent-type: application/json\ncontent-encoding: {names}\ncontent-length: {}\n\n",
            body.len()
        );
        let chunks: Vec<Bytes> = body.chunks(16 << 10).map(Bytes::copy_from_slice).collect();
        for taken in [true, false] {
            run(async {
                let (sender, response) = answered(&head, if taken { names } else { "identity" }, &chunks).await;
                drop(sender);
                assert!(!response.headers().contains_key("content-length"));
                let body = response.into_body().collect().await.expect("no error").to_bytes();
                let text = if taken { plain(names, &body) } else { String::from_utf8(body.to_vec()).expect("text") };
                assert!(text == large("name"), "{names} {taken}: {} bytes", text.len());
            });
        }
    }
}

#[test]
fn a_coded_body_that_is_broken_is_no_whole_one() {
    for names in EACH {
        let whole = coded_fast(names, &large("title"));
        let head = format!("200\ncontent-type: application/json\ncontent-encoding: {names}\n\n");
        let mut corrupt = whole.to_vec();
        let middle = corrupt.len() / 2;
        corrupt[middle..middle + 64].fill(0xff);
        for (what, body) in [("cut off", whole.slice(..whole.len() - 5)), ("corrupt", corrupt.into())] {
            run(async {
                let chunks: Vec<Bytes> = body.chunks(16 << 10).map(Bytes::copy_from_slice).collect();
                let (sender, response) = answered(&head, "identity", &chunks).await;
                drop(sender);
                let error: BodyError<_> = response.into_body().collect().await.expect_err(what);
                assert!(error.is_migration(), "{names} {what}: {error}");
            });
        }
        run(async {
            let chunks = vec![Bytes::from_static(b"never a coding"), whole.clone()];
            let (_sender, response) = answered(&head, "identity", &chunks).await;
            assert_eq!(response.status(), 502, "{names}: at the beginning it is a clean answer");
        });
    }
}

#[test]
fn a_large_coded_request_passes_as_it_is_migrated() {
    let user = |name: &str| format!("{{\"{name}\":\"a\",\"items\":{}", large("x").split_off(9));
    for names in EACH {
        run(async {
            let body = coded_fast(names, &user("name"));
            let (first, last) = body.split_at(body.len() - 7);
            let chunks: Vec<Bytes> = first.chunks(16 << 10).map(Bytes::copy_from_slice).collect();
            let (response, seen) = sent(names, chunks.clone(), Ok(Bytes::copy_from_slice(last))).await;
            assert_eq!(response.expect("no error").status(), 201);
            let text = plain(names, &seen.lock().expect("unlocked"));
            let expected = user("title").replacen("]}", "],\"plan\":\"free\"}", 1);
            assert!(text == expected, "{names}: {} and {} bytes", text.len(), expected.len());
            let (response, _) = sent(names, chunks, Ok(Bytes::new())).await;
            assert_eq!(response.expect("an answer").status(), 400, "{names}: cut off");
        });
    }
}

#[test]
fn how_much_larger_a_body_may_become_can_be_said() {
    let text = format!("{{\"title\":\"a\"{}}}", " ".repeat(2 << 20));
    for (ratio, status) in [(100, 502), (100_000, 200)] {
        let layer = bench().layer().with_max_decoded_ratio(ratio);
        let request = Message::parse("GET /v1/users/7");
        let answer = with("200\ncontent-type: application/json\ncontent-encoding: gzip", coded("gzip", &text));
        let exchange = run(exchange_messages(layer, request, answer));
        assert_eq!(exchange.status, status, "{ratio}");
        assert!(status != 200 || exchange.text() == text.replacen("title", "name", 1));
    }
}

#[test]
fn a_coded_body_without_content_has_none() {
    for names in EACH {
        let exchange = get(names, names, Bytes::new());
        holds(&exchange, names, &["200", "="]);
        run(async {
            let head = format!("200\ncontent-type: text/event-stream\ncontent-encoding: {names}\n\n");
            let (sender, response) = answered(&head, names, &[]).await;
            drop(sender);
            assert!(response.into_body().collect().await.expect("no error").to_bytes().is_empty());
        });
    }
}
