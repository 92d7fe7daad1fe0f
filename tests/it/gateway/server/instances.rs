//! How instances are spoken to: over both versions of HTTP, in the clear and over TLS.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::gateway::cert::Authority;
use crate::gateway::hosts::Names;
use crate::gateway::rig::{self, Served, Service, config_of};

type EchoBody = BoxBody<Bytes, hyper::Error>;

/// Gives back what it gets, frame by frame, with its trailers.
async fn give_back(request: Request<Incoming>) -> Result<Response<EchoBody>, Infallible> {
    let version = format!("{:?}", request.version());
    let authority = request.uri().authority().map(ToString::to_string).unwrap_or_default();
    let builder =
        Response::builder().header("x-version", version).header("x-authority", authority).header("trailer", "x-sum");
    Ok(builder.body(request.into_body().boxed()).expect("a response"))
}

/// A service over HTTP/2 or HTTP/1.1, with TLS or without.
async fn hyper_service(tls: Option<TlsAcceptor>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tls = tls.clone();
            tokio::spawn(async move {
                let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                let service = service_fn(give_back);
                match tls {
                    None => drop(builder.serve_connection(TokioIo::new(stream), service).await),
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            drop(builder.serve_connection(TokioIo::new(stream), service).await);
                        }
                    }
                }
            });
        }
    });
    address
}

/// A large body and trailers, both ways, over every kind of connection to an instance.
#[tokio::test]
async fn instances_are_spoken_to_as_the_config_has_it() {
    let authority = Arc::new(Authority::new("up"));
    authority.sign("server", "localhost");
    authority.sign("named", "orders.test");
    let names = Names::default();
    names.set("localhost", &["127.0.0.1"]);
    names.set("orders.test", &["127.0.0.1"]);
    let rows = [
        ("http", "localhost", "server", false, "HTTP/1.1"),
        ("http", "localhost", "server", true, "HTTP/2.0"),
        ("https", "localhost", "server", false, "HTTP/1.1"),
        ("https", "localhost", "server", true, "HTTP/2.0"),
        // Each address is an instance, and it is the name that the certificate must have.
        ("https", "orders.test", "named", false, "HTTP/1.1"),
        ("https", "orders.test", "named", true, "HTTP/2.0"),
    ];
    for (scheme, host, certificate, http2, version) in rows {
        let alpn = if http2 { "h2" } else { "http/1.1" };
        let address = hyper_service((scheme == "https").then(|| authority.acceptor(certificate, alpn))).await;
        let url = format!("{{ url = \"{scheme}://{host}:{}\" }}", address.port());
        let ca = if scheme == "https" {
            format!("tls = {{ ca = {:?} }}\n", authority.file("ca.pem"))
        } else {
            String::new()
        };
        let name = format!("up-{host}-{scheme}-{http2}");
        let gateway = names.gateway(config_of(&name, &url, "", &format!("http2 = {http2}\n{ca}"))).await;
        round_trip(gateway.listen, version).await;
        assert!(gateway.stop().await);
    }
}

/// So many parts, and then trailers.
struct Large(usize);

const PARTS: usize = 256;

impl Body for Large {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        static PART: [u8; 16 * 1024] = [b'x'; 16 * 1024];
        let frame = match self.0 {
            0 => return Poll::Ready(None),
            1 => Frame::trailers(HeaderMap::from_iter([(
                "x-sum".parse().expect("a name"),
                "abc".parse().expect("a value"),
            )])),
            _ => Frame::data(Bytes::from_static(&PART)),
        };
        self.0 -= 1;
        Poll::Ready(Some(Ok(frame)))
    }
}

async fn round_trip(address: SocketAddr, version: &str) {
    let stream = TcpStream::connect(address).await.expect("it listens");
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(connection);
    let request = Request::post("http://a.test/api/v1/x")
        .header("te", "trailers")
        .header("trailer", "x-sum")
        .body(Large(PARTS))
        .expect("a request");
    let response = client.send_request(request).await.expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["x-version"], version);
    if version == "HTTP/2.0" {
        assert_eq!(response.headers()["x-authority"], "a.test", "the client's");
    }
    let collected = response.into_body().collect().await.expect("all of it");
    let sum = collected.trailers().and_then(|trailers| trailers.get("x-sum")).map(|value| value.as_bytes());
    assert_eq!(sum, Some(&b"abc"[..]), "the instance got `te: trailers`");
    let bytes = collected.to_bytes();
    assert!(bytes.len() == (PARTS - 1) * 16 * 1024 && bytes.iter().all(|byte| *byte == b'x'));
}

/// What cannot be trusted gets nothing, not even in the clear.
#[tokio::test]
async fn an_instance_that_cannot_be_trusted_gets_nothing() {
    let (authority, stranger) = (Authority::new("trust"), Authority::new("trust-stranger"));
    authority.sign("server", "localhost");
    authority.sign("elsewhere", "elsewhere.test");
    let rows = [
        ("as it should be", "server", authority.file("ca.pem"), "", 200),
        ("another authority", "server", stranger.file("ca.pem"), "", 503),
        ("another name", "elsewhere", authority.file("ca.pem"), "", 503),
        ("that name", "elsewhere", authority.file("ca.pem"), ", server_name = \"elsewhere.test\"", 200),
    ];
    for (what, certificate, ca, more, status) in rows {
        let address = hyper_service(Some(authority.acceptor(certificate, "http/1.1"))).await;
        let url = format!("{{ url = \"https://localhost:{}\" }}", address.port());
        let upstream = format!("tls = {{ ca = {ca:?}{more} }}\n");
        let gateway = rig::gateway(config_of("trust", &url, "", &upstream)).await;
        assert_eq!(gateway.get("/api/v1/x").await.status, status, "{what}");
        assert!(gateway.stop().await);
    }
    // In front of a service without TLS.
    let service = Service::start(|mut served: Served| async move {
        let mut first = [0; 1];
        let _ = tokio::io::AsyncReadExt::read(&mut served.stream, &mut first).await;
        assert_eq!(first[0], 0x16, "a TLS handshake, and nothing else");
        served.write("HTTP/1.1 200 OK|content-length: 2||ok").await;
    })
    .await;
    let url = format!("{{ url = \"https://localhost:{}\" }}", service.address.port());
    let upstream = format!("tls = {{ ca = {:?} }}\n", authority.file("ca.pem"));
    let gateway = rig::gateway(config_of("trust", &url, "", &upstream)).await;
    assert_eq!(gateway.get("/api/v1/x").await.status, 503);
    assert!(gateway.stop().await);
}
