//! The span of a request: what a service gets of it in headers, and what a collector gets.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use sunward::gateway::Options;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::cert::Authority;
use super::rig::{Client, OK, Service};
use super::{Gateway, demo_file};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// What came to a place, piece by piece.
type Heard<T> = Arc<Mutex<Vec<T>>>;

/// What the one span says.
struct Row {
    path: &'static str,
    answer: &'static str,
    says: &'static [&'static str],
    says_not: &'static [&'static str],
}

#[tokio::test]
async fn a_collector_gets_the_span_of_a_request() {
    let chunked = "HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0||";
    let rows = [
        Row {
            path: "/api/v2/users/7?key=secret",
            answer: OK,
            says: &["GET /users/{id}", "/api/v2/users/7", "http.route", "traced", "sunward.version", "service.name"],
            says_not: &["secret", "error.type"],
        },
        Row { path: "/api/v2/users/7", answer: chunked, says: &["GET /users/{id}"], says_not: &["error.type"] },
        Row { path: "/nowhere", answer: OK, says: &["/nowhere"], says_not: &["http.route", "error.type"] },
        Row {
            path: "/api/v2/users/7",
            answer: "HTTP/1.1 500 Oops|Content-Length: 0||",
            says: &["error.type", "500"],
            says_not: &["aborted"],
        },
        Row {
            path: "/api/v2/users/7",
            answer: "HTTP/1.1 200 OK|Content-Length: 9||half",
            says: &["error.type", "aborted"],
            says_not: &["cancelled"],
        },
    ];
    for row in rows {
        let (said, _) = trace(row.path, row.answer, &format!("Traceparent: 00-{TRACE}-{PARENT}-01|"), None).await;
        assert!(has(&said, &bytes(TRACE)) && has(&said, &bytes(PARENT)), "{}", row.path);
        let missing: Vec<_> = row.says.iter().filter(|text| !has(&said, text.as_bytes())).collect();
        let leaked: Vec<_> = row.says_not.iter().filter(|text| has(&said, text.as_bytes())).collect();
        assert!(missing.is_empty() && leaked.is_empty(), "{} {}: {missing:?} {leaked:?}", row.path, row.answer);
    }
}

#[tokio::test]
async fn a_service_is_called_by_the_span_of_the_gateway() {
    let given = |flags: &str| format!("Traceparent: 00-{TRACE}-{PARENT}-{flags}|Tracestate: a=1|");
    // What the client says, whether its trace goes on, the flags, and whether the span is exported.
    let rows = [
        (given("01"), true, "01", true),
        (given("03"), true, "03", true),
        (given("00"), true, "00", false),
        (given("02"), true, "02", false),
        (given("zz"), false, "01", true),
        (String::new(), false, "01", true),
    ];
    for (said, goes_on, flags, exported) in rows {
        let (spans, heard) = trace("/api/v2/users/7", OK, &said, None).await;
        let parts: Vec<&str> = field(&heard, "traceparent").expect("a traceparent").split('-').collect();
        assert_eq!((parts[0], parts[3]), ("00", flags), "{said}");
        assert_eq!(parts[1] == TRACE, goes_on, "{said}");
        assert_ne!(parts[2], PARENT, "{said}");
        assert_eq!(field(&heard, "tracestate"), goes_on.then_some("a=1"), "{said}");
        assert_eq!(has(&spans, &bytes(parts[2])) && has(&spans, &bytes(parts[1])), exported, "{said}");
    }
}

#[tokio::test]
async fn a_collector_may_be_behind_tls() {
    let authority = Authority::new("otel");
    authority.sign("collector", "localhost");
    let (spans, _) = trace("/api/v2/users/7", OK, "", Some(&authority)).await;
    assert!(has(&spans, b"GET /users/{id}"));
}

/// What a collector and the service hear of one request. With an authority, the collector has a certificate of it.
async fn trace(path: &str, answer: &'static str, fields: &str, by: Option<&Authority>) -> (Vec<u8>, String) {
    let (collector, spans) = collector(by.map(|by| by.acceptor("collector", "http/1.1"))).await;
    let heard: Heard<String> = Arc::default();
    let hears = Arc::clone(&heard);
    let service = Service::start(move |mut served| {
        let hears = Arc::clone(&hears);
        async move {
            while let Some(request) = served.request().await {
                hears.lock().expect("no panic").push(request);
                served.write(answer).await;
                if answer.ends_with("half") {
                    return;
                }
            }
        }
    })
    .await;
    let text = config(service.address);
    let endpoint = match by {
        None => format!("http://{collector}/"),
        Some(_) => format!("https://localhost:{}", collector.port()),
    };
    let ca = by.map(|by| by.file("ca.pem"));
    let options = Options::new().with_rewrite(move |_| text.clone()).with_variables(move |name| {
        // Also holds off what the environment of the tests says.
        match name {
            "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(endpoint.clone()),
            "OTEL_EXPORTER_OTLP_CERTIFICATE" => ca.clone(),
            _ => None,
        }
    });
    let gateway = Gateway::start(&demo_file(), options).await;
    let mut client = Client::connect(gateway.listen).await;
    client.write(&format!("GET {path} HTTP/1.1|Host: a.test|{fields}Connection: close||")).await;
    client.end().await;
    assert!(gateway.stop().await, "it ended");
    let (spans, heard) = (spans.lock().expect("no panic").concat(), heard.lock().expect("no panic").concat());
    (spans, heard)
}

fn config(service: SocketAddr) -> String {
    format!(
        r#"
        [[api]]
        name = "traced"
        base_path = "/api"
        version_from = {{ path = "/v{{version}}" }}
        upstream = "a"
        [[api.version]]
        name = "1"
        [[api.version]]
        name = "2"
        [[api.change]]
        version = "2"
        summary = "`name` is called `title`"
        at = "GET /users/{{id}} -> 200"
        breaking = true
        ops = [{{ rename = "/name", to = "/title" }}]
        [[upstream]]
        name = "a"
        instances = [{{ url = "http://{service}" }}]
        "#
    )
}

/// One that takes every export, and keeps the bodies.
async fn collector(tls: Option<TlsAcceptor>) -> (SocketAddr, Heard<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let kept: Heard<Vec<u8>> = Arc::default();
    let keeps = Arc::clone(&kept);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            match &tls {
                None => take(stream, &keeps).await,
                Some(tls) => take(tls.accept(stream).await.expect("TLS"), &keeps).await,
            }
        }
    });
    (address, kept)
}

/// Keeps the body of one POST, and then says so.
async fn take(mut stream: impl AsyncRead + AsyncWrite + Unpin, keeps: &Heard<Vec<u8>>) {
    let mut read = Vec::new();
    loop {
        let head = read.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
        let whole = head.filter(|head| {
            let text = String::from_utf8_lossy(&read[..*head]).into_owned();
            assert!(text.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{text}");
            assert_eq!(field(&text, "content-type"), Some("application/x-protobuf"));
            let length: usize = field(&text, "content-length").and_then(|l| l.parse().ok()).expect("a length");
            read.len() >= head + length
        });
        if let Some(head) = whole {
            keeps.lock().expect("no panic").push(read.split_off(head));
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
            let _ = stream.flush().await;
            return;
        }
        assert!(stream.read_buf(&mut read).await.expect("it reads") > 0, "the export ends early");
    }
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2).map(|at| &hex[at..at + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hex")).collect()
}

fn has(whole: &[u8], part: &[u8]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}
