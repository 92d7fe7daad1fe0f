//! Bodies with a content coding that have to be migrated: decoded, migrated, and coded again.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;

use super::{Bench, Exchange, Message, exchange_messages, run, users};

const NEW: &str = "{\"title\":\"a\"}";
const OLD: &str = "{\"name\":\"a\"}";

fn bench() -> Bench {
    Bench::new(users().with_path("/v{version}"))
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
        ("not asked for", "GET /v1/users/7", "", &["> accept-encoding: identity"]),
        ("not migrated", "GET /v3/users/7\naccept-encoding: compress", "", &["> accept-encoding: compress"]),
    ]);
}

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
