//! Limits on sizes and counts, and that a client that exceeds them does not affect the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::Gateway;
use super::rig::{self, Client, OK, PATIENCE, Served, Service, config, get, post};

/// A service that answers `/slow` once for each permit, and counts what it was asked and not yet answered.
async fn waiting(go: &Arc<Semaphore>, open: &Arc<AtomicUsize>) -> Service {
    let (go, open) = (Arc::clone(go), Arc::clone(open));
    Service::start(move |mut served: Served| {
        let (go, open) = (Arc::clone(&go), Arc::clone(&open));
        async move {
            while let Some(request) = served.request().await {
                if request.contains("/slow") {
                    open.fetch_add(1, Ordering::SeqCst);
                    go.acquire().await.expect("open").forget();
                    open.fetch_sub(1, Ordering::SeqCst);
                }
                served.write(OK).await;
            }
        }
    })
    .await
}

fn limit(limits: &str) -> String {
    format!("[gateway]\nlimits = {{ {limits} }}\n")
}

#[tokio::test]
async fn the_next_connection_waits_for_one_to_end() {
    let service = Service::saying(OK).await;
    let gateway = rig::gateway(config("connections", &[service.address], &limit("connections = 2"), "")).await;
    let mut first = Client::connect(gateway.listen).await;
    let mut second = Client::connect(gateway.listen).await;
    assert_eq!(first.ask(&get("/api/v1/x")).await.status, 200);
    assert_eq!(second.ask(&get("/api/v1/x")).await.status, 200);
    let mut third = Client::connect(gateway.listen).await;
    third.write(&get("/api/v1/x")).await;
    let early = tokio::time::timeout(Duration::from_millis(200), third.stream.readable()).await;
    assert!(early.is_err(), "two are there already");
    assert_eq!(first.ask(&get("/api/v1/x")).await.status, 200, "they go on");
    assert_eq!(gateway.admin("/healthz").await.status, 200, "operators have places of their own");
    drop(first);
    assert_eq!(third.answer().await.expect("an answer").status, 200);
    drop((second, third));
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn too_many_requests_get_a_503_that_says_when_to_come_back() {
    let (go, open) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let service = waiting(&go, &open).await;
    let gateway = rig::gateway(config("requests", &[service.address], &limit("requests = 2"), "")).await;
    let mut busy = Vec::new();
    for _ in 0..2 {
        let mut client = Client::connect(gateway.listen).await;
        client.write(&get("/api/v1/slow")).await;
        busy.push(client);
    }
    assert!(rig::becomes(async || open.load(Ordering::SeqCst) == 2).await);
    let mut other = Client::connect(gateway.listen).await;
    for _ in 0..3 {
        let answer = other.ask(&get("/api/v1/x")).await;
        assert_eq!(answer.status, 503);
        assert!(answer.head.contains("retry-after: 1"), "{}", answer.head);
    }
    go.add_permits(1);
    assert!(rig::becomes(async || other.ask(&get("/api/v1/x")).await.status == 200).await);
    go.add_permits(1);
    for mut client in busy {
        assert_eq!(client.answer().await.expect("an answer").status, 200);
    }
    drop(other);
    assert!(gateway.stop().await);
}

/// What is just allowed is passed, and one more is not.
#[tokio::test]
async fn sizes() {
    let service = Service::saying(OK).await;
    let own = limit("body_bytes = 1000, header_bytes = 1024, headers = 10, url_bytes = 100");
    let gateway = rig::gateway(config("sizes", &[service.address], &own, "")).await;
    let chunks = |count: usize| {
        let all: String = (0..count).map(|_| format!("64|{}|", "x".repeat(100))).collect();
        format!("POST /api/v1/x HTTP/1.1|Host: a|Transfer-Encoding: chunked||{all}0||")
    };
    let path = |length: usize| get(&format!("/api/v1/{}", "x".repeat(length - "/api/v1/".len())));
    let field = |length: usize| format!("GET /api/v1/x HTTP/1.1|Host: a|X-A: {}||", "x".repeat(length));
    let fields = |count: usize| format!("GET /api/v1/x HTTP/1.1|Host: a|{}|", "X-A: b|".repeat(count));
    let rows = [
        ("a length", post("/api/v1/x", &"x".repeat(1000)), 200),
        ("a length", post("/api/v1/x", &"x".repeat(1001)), 413),
        ("a length, and nothing comes", "POST /api/v1/x HTTP/1.1|Host: a|Content-Length: 1001||".to_owned(), 413),
        ("chunks", chunks(10), 200),
        ("chunks", chunks(11), 413),
        ("a path", path(100), 200),
        ("a path", path(101), 414),
        ("a very long path", path(70_000), 414),
        // Without an end within the buffer it is unknown whether it is a path or a field.
        ("a path that is longer than any buffer", path(300_000), 431),
        ("a field", field(900), 200),
        ("a field", field(1024), 431),
        ("a field that is longer than any buffer", field(300_000), 431),
        ("fields", fields(9), 200),
        ("fields", fields(10), 431),
        ("more fields than anybody has", fields(300), 431),
    ];
    for (what, request, status) in rows {
        let answer = Client::connect(gateway.listen).await.ask(&request).await;
        assert_eq!(answer.status, status, "{what}: {}", &request[..request.len().min(80)]);
    }
    assert!(gateway.stop().await);
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A GET, without Huffman coding.
fn head(path: &str) -> Vec<u8> {
    let text = |name: u8, value: &str| [&[name, u8::try_from(value.len()).expect("short")], value.as_bytes()].concat();
    [vec![0x82, 0x86], text(0x04, path), text(0x01, "a.test")].concat()
}

fn ask(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &head(path))
}

async fn raw_h2(gateway: &Gateway) -> TcpStream {
    let mut stream = TcpStream::connect(gateway.listen).await.expect("it listens");
    let preface = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(SETTINGS, 0, 0, b"")].concat();
    stream.write_all(&preface).await.expect("it reads");
    stream
}

/// What a flood is made of, from its nth part on; whether the client reads what is answered.
struct Flood {
    what: &'static str,
    part: fn(u32) -> Vec<u8>,
    reads: bool,
}

/// The connection of a client that floods is closed, and other clients are served as usual.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_of_http_2() {
    let floods = [
        Flood {
            what: "requests that are taken back at once",
            part: |n| {
                let stream = 2 * n + 1;
                [ask(stream, "/api/v1/slow"), frame(RST_STREAM, 0, stream, &8u32.to_be_bytes())].concat()
            },
            reads: true,
        },
        Flood {
            what: "a head without an end",
            part: |n| match n {
                0 => frame(HEADERS, END_STREAM, 1, &head("/api/v1/x")),
                // `x-a: b`, not to be remembered.
                _ => frame(CONTINUATION, 0, 1, &b"\x00\x03x-a\x01b".repeat(1000)),
            },
            reads: true,
        },
        Flood {
            what: "a head of empty parts",
            part: |n| match n {
                0 => frame(HEADERS, END_STREAM, 1, &head("/api/v1/x")),
                _ => frame(CONTINUATION, 0, 1, b""),
            },
            reads: true,
        },
        Flood { what: "pings", part: |n| frame(PING, 0, 0, &u64::from(n).to_be_bytes()), reads: false },
        Flood { what: "settings", part: |_| frame(SETTINGS, 0, 0, b""), reads: false },
    ];
    let (go, open) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let service = waiting(&go, &open).await;
    let own = "[gateway]\ntimeouts = { client_send = \"300ms\" }\n";
    for Flood { what, part, reads } in floods {
        let gateway = rig::gateway(config("floods", &[service.address], own, "")).await;
        let (mut read, mut write) = raw_h2(&gateway).await.into_split();
        let reading = tokio::spawn(async move {
            let mut sink = vec![0; 64 * 1024];
            while reads && read.read(&mut sink).await.is_ok_and(|count| count > 0) {}
            // A client that does not read still holds the connection open.
            if !reads {
                std::future::pending::<()>().await;
            }
        });
        let address = gateway.listen;
        let others = tokio::spawn(async move {
            let mut client = Client::connect(address).await;
            let mut slowest = Duration::ZERO;
            for _ in 0..50 {
                let began = Instant::now();
                assert_eq!(client.ask(&get("/api/v1/x")).await.status, 200);
                slowest = slowest.max(began.elapsed());
            }
            slowest
        });
        let flooding = async {
            let mut n = 0;
            loop {
                let bytes: Vec<u8> = (0..50)
                    .flat_map(|_| {
                        n += 1;
                        part(n - 1)
                    })
                    .collect();
                if write.write_all(&bytes).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, flooding).await.is_ok(), "{what}: nothing ends it");
        let slowest = others.await.expect("they are served");
        assert!(slowest < Duration::from_secs(3), "{what}: {slowest:?}");
        assert!(
            rig::becomes(async || open.load(Ordering::SeqCst) == 0 || {
                go.add_permits(1);
                false
            })
            .await
        );
        reading.abort();
        assert!(gateway.stop().await, "{what}: nothing of it is left");
    }
}

/// No more requests of one connection than it may have reach the service at once.
#[tokio::test]
async fn streams_of_one_connection() {
    let (go, open) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let service = waiting(&go, &open).await;
    let gateway = rig::gateway(config("streams", &[service.address], &limit("streams = 5"), "")).await;
    let mut stream = raw_h2(&gateway).await;
    let all: Vec<u8> = (0..50).flat_map(|n| ask(2 * n + 1, "/api/v1/slow")).collect();
    // It may have had enough before it was all written.
    let _ = stream.write_all(&all).await;
    assert!(rig::becomes(async || open.load(Ordering::SeqCst) > 0).await);
    for _ in 0..20 {
        assert_eq!(gateway.get("/api/v1/x").await.status, 200);
        assert!(open.load(Ordering::SeqCst) <= 5);
    }
    drop(stream);
    go.add_permits(50);
    assert!(gateway.stop().await);
}

/// A request may cross the GOAWAY of a connection that was idle. It is served, however long that takes.
#[tokio::test]
async fn a_request_that_crosses_the_end_of_an_idle_connection() {
    let (go, open) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let service = waiting(&go, &open).await;
    let own = "[gateway]\ntimeouts = { client_idle = \"300ms\" }\n";
    let gateway = rig::gateway(config("goaway", &[service.address], own, "")).await;
    let mut stream = raw_h2(&gateway).await;
    stream.write_all(&ask(1, "/api/v1/x")).await.expect("it reads");
    next_frame(&mut stream, GOAWAY, 0).await;
    stream.write_all(&ask(3, "/api/v1/slow")).await.expect("it reads");
    assert!(rig::becomes(async || open.load(Ordering::SeqCst) == 1).await, "it does not reach the service");
    // An idle connection would have been closed by now.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    go.add_permits(1);
    next_frame(&mut stream, HEADERS, 3).await;
    drop(stream);
    assert!(gateway.stop().await);
}

/// Reads frames until one of this kind has come on this stream.
async fn next_frame(from: &mut TcpStream, kind: u8, stream: u32) {
    let reading = async {
        loop {
            let mut head = [0; 9];
            from.read_exact(&mut head).await.expect("a frame");
            let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
            from.read_exact(&mut vec![0; length]).await.expect("its content");
            if head[3] == kind && head[5..] == stream.to_be_bytes() {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("it does not come");
}
