//! Frames of HTTP/2 (RFC 9113), and as much of HPACK (RFC 7541) as says nothing twice.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A response.
    Status(u16),
    /// Its stream was reset, and it alone.
    Reset,
    /// The whole connection ended.
    Ended,
}

/// One request.
pub(super) struct Stream;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// The largest frame that a peer must take.
const LARGEST: usize = 16_384;

// === impl Stream ===

impl Stream {
    /// Two requests on one connection; the second is without a body.
    pub(super) async fn talk(to: SocketAddr, first: &str, body: Option<&str>, second: &str) -> (Outcome, Outcome) {
        let mut bytes = PREFACE.to_vec();
        // No dynamic table, so that each block can be read alone.
        bytes.extend(frame(SETTINGS, 0, 0, &[0, 1, 0, 0, 0, 0]));
        bytes.extend(request(1, first, body));
        bytes.extend(request(3, second, None));
        let mut stream = TcpStream::connect(to).await.expect("it listens");
        let _ = stream.write_all(&bytes).await;
        let outcomes = tokio::time::timeout(Duration::from_secs(10), outcomes(&mut stream)).await;
        let outcomes = outcomes.unwrap_or_else(|_| panic!("no answer: {first}"));
        let of = |id| outcomes.get(&id).copied().unwrap_or(Outcome::Ended);
        (of(1), of(3))
    }
}

fn request(id: u32, fields: &str, body: Option<&str>) -> Vec<u8> {
    let end = if body.is_none() { END_STREAM } else { 0 };
    let mut bytes = head(id, fields, end);
    if let Some(body) = body {
        let (data, trailers) = body.split_once("||").map_or((body, None), |(data, trailers)| (data, Some(trailers)));
        bytes.extend(frame(DATA, if trailers.is_none() { END_STREAM } else { 0 }, id, data.as_bytes()));
        bytes.extend(trailers.map(|trailers| head(id, trailers, END_STREAM)).unwrap_or_default());
    }
    bytes
}

/// A block of fields, in as many frames as it needs.
fn head(id: u32, fields: &str, end: u8) -> Vec<u8> {
    let block: Vec<u8> = fields.split('|').flat_map(field).collect();
    let mut parts = block.chunks(LARGEST).peekable();
    let mut bytes = Vec::new();
    let mut kind = HEADERS;
    while let Some(part) = parts.next() {
        let last = if parts.peek().is_none() { END_HEADERS } else { 0 };
        bytes.extend(frame(kind, if kind == HEADERS { end | last } else { last }, id, part));
        kind = CONTINUATION;
    }
    bytes
}

fn frame(kind: u8, flags: u8, id: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("it is small").to_be_bytes();
    [&length[1..], &[kind, flags], &id.to_be_bytes(), payload].concat()
}

/// `name: value`, literally and without indexing.
fn field(line: &str) -> Vec<u8> {
    let at = 1 + line[1..].find(": ").expect("a name and a value");
    let (name, value) = (&line[..at], &line[at + 2..]);
    [&[0][..], &text(name), &text(value)].concat()
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.len();
    if rest < 127 {
        bytes.push(u8::try_from(rest).expect("it is small"));
    } else {
        bytes.push(127);
        rest -= 127;
        while rest >= 128 {
            bytes.push(u8::try_from(rest % 128 + 128).expect("a byte"));
            rest /= 128;
        }
        bytes.push(u8::try_from(rest).expect("a byte"));
    }
    bytes.extend(text.as_bytes());
    bytes
}

/// Reads until both streams have an outcome, or the connection ends.
async fn outcomes(stream: &mut TcpStream) -> BTreeMap<u32, Outcome> {
    let mut found = BTreeMap::new();
    while found.len() < 2 {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).await.is_err() {
            break;
        }
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        if stream.read_exact(&mut payload).await.is_err() {
            break;
        }
        let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        match head[3] {
            HEADERS => drop(found.entry(id).or_insert_with(|| Outcome::Status(status(&payload)))),
            RST_STREAM => drop(found.entry(id).or_insert(Outcome::Reset)),
            GOAWAY => break,
            _ => {}
        }
    }
    found
}

/// The status of a block of fields: it comes first.
fn status(block: &[u8]) -> u16 {
    match block {
        // What the static table has.
        [index @ 0x88..=0x8e, ..] => [200, 204, 206, 304, 400, 404, 500][usize::from(index - 0x88)],
        [0x48 | 0x18 | 0x08, length, rest @ ..] if length & 0x80 != 0 => huffman(&rest[..usize::from(length & 0x7f)]),
        [0x48 | 0x18 | 0x08, 3, rest @ ..] => {
            std::str::from_utf8(&rest[..3]).ok().and_then(|text| text.parse().ok()).expect("digits")
        }
        // The size of the table comes first.
        [0x20..=0x3f, rest @ ..] => status(rest),
        _ => panic!("no status: {block:?}"),
    }
}

/// Three digits: 0, 1 and 2 are five bits, the others six (RFC 7541, appendix B).
fn huffman(bytes: &[u8]) -> u16 {
    let mut bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| u16::from(byte >> at & 1)));
    let mut value = 0;
    for _ in 0..3 {
        let five = (0..5).fold(0, |code, _| code << 1 | bits.next().expect("a bit"));
        let digit = if five < 3 { five } else { (five << 1 | bits.next().expect("a bit")) - 0x19 + 3 };
        value = value * 10 + digit;
    }
    value
}
