//! Where and how clients are served, and how instances are spoken to: TLS, both versions of HTTP, every kind of socket.

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
use sunward::gateway::{App, Options};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use super::cert::Authority;
use super::rig::{self, Client, OK, Served, Service, config, config_of, get, h2_get, h2_over};
use super::{Gateway, demo_file};

/// A service that answers with the head of the request.
async fn echo() -> Service {
    Service::start(|mut served: Served| async move {
        while let Some(request) = served.request().await {
            let head = request.split("\r\n\r\n").next().unwrap_or_default().to_owned();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{head}", head.len());
            served.write(&answer).await;
        }
    })
    .await
}

fn tls(authority: &Authority, more: &str) -> String {
    format!(
        "[gateway.tls]\nlisten = \"127.0.0.1:0\"\ncertificate = {:?}\nkey = {:?}\n{more}\n",
        authority.file("server.pem"),
        authority.file("server.key")
    )
}

fn tls_addr(gateway: &Gateway) -> SocketAddr {
    gateway.tls.expect("it has TLS")
}

#[tokio::test]
async fn tls_speaks_what_alpn_chose() {
    let authority = Authority::new("alpn");
    authority.sign("server", "localhost");
    let service = echo().await;
    let gateway = rig::gateway(config("alpn", &[service.address], &tls(&authority, ""), "")).await;
    let address = tls_addr(&gateway);

    let stream = authority.connect(address, "http/1.1", None).await.expect("a handshake");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let answer = Client::over(stream).ask(&get("/api/v1/x")).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("x-forwarded-proto: https"), "{}", answer.body);

    let stream = authority.connect(address, "h2", None).await.expect("a handshake");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let mut client = h2_over(stream).await;
    for _ in 0..3 {
        let (status, body) = h2_get(&mut client, "/api/v1/x").await.expect("an answer");
        assert_eq!(status, 200);
        assert!(body.starts_with("GET /api/x HTTP/1.1\r\n") && body.contains("host: a.test"), "{body}");
    }
    assert_eq!(service.accepted(), 1, "all went over one connection");

    // In the clear, nobody is served there; and with prior knowledge, HTTP/2 is served where there is no TLS.
    let mut plain = Client::connect(address).await;
    plain.write(&get("/api/v1/x")).await;
    let (plain, _) = plain.end().await;
    assert!(!plain.contains("HTTP/1.1 200"), "{plain}");
    let mut client = rig::h2(gateway.listen).await;
    let (status, body) = h2_get(&mut client, "/api/v1/x").await.expect("an answer");
    assert_eq!(status, 200);
    assert!(body.contains("x-forwarded-proto: http\r\n"), "{body}");
    drop(client);
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn certificates_are_exchanged_while_it_runs() {
    let authority = Authority::new("exchange");
    authority.sign("server", "localhost");
    let file = std::path::PathBuf::from(authority.file("gateway.toml"));
    let service = Service::saying(OK).await;
    std::fs::write(&file, config("exchange", &[service.address], &tls(&authority, ""), "")).expect("written");
    let gateway = Gateway::start(&file, Options::new()).await;
    let address = tls_addr(&gateway);
    let shown = async || {
        let stream = authority.connect(address, "http/1.1", None).await.expect("a handshake");
        let shown = stream.get_ref().1.peer_certificates().expect("it shows one")[0].clone();
        (shown, Client::over(stream))
    };
    let (first, mut kept) = shown().await;
    assert_eq!(kept.ask(&get("/api/v1/x")).await.status, 200);
    assert_eq!(shown().await.0, first, "it stays while the files do");

    authority.sign("server", "localhost");
    assert!(rig::becomes(async || shown().await.0 != first).await, "new connections get the new one");
    assert_eq!(kept.ask(&get("/api/v1/x")).await.status, 200, "the old connection goes on");

    // Files that do not fit leave what is served.
    let (second, _) = shown().await;
    std::fs::write(authority.file("server.key"), "no key").expect("written");
    let refused =
        async || gateway.admin("/metrics").await.body.contains("sunward_config_reload_total{result=\"rejected\"");
    assert!(rig::becomes(refused).await, "they are refused");
    assert_eq!(shown().await.0, second);
    drop(kept);
    assert!(gateway.stop().await);
}

/// The name in a client's certificate decides the version, and nobody can come without one, or with one of others.
#[tokio::test]
async fn certificates_of_clients() {
    let (authority, stranger) = (Authority::new("mtls"), Authority::new("mtls-stranger"));
    for (name, host) in [("server", "localhost"), ("acme", "acme.test"), ("other", "other.test")] {
        authority.sign(name, host);
        stranger.sign(name, host);
    }
    // A stranger's certificate, in the name of one that is known.
    for kind in ["pem", "key"] {
        let file = stranger.file(&format!("acme.{kind}"));
        std::fs::copy(file, authority.file(&format!("forged.{kind}"))).expect("copied");
    }
    let service = Service::saying(OK).await;
    let rows = [
        ("required", None, None),
        ("required", Some("acme"), Some("1")),
        ("required", Some("other"), Some("2")),
        ("required", Some("forged"), None),
        ("optional", None, Some("2")),
        ("optional", Some("acme"), Some("1")),
        ("optional", Some("forged"), None),
    ];
    for auth in ["required", "optional"] {
        let more = format!("client_ca = {:?}\nclient_auth = {auth:?}", authority.file("ca.pem"));
        let name = format!("mtls-{auth}");
        let text = config(&name, &[service.address], &tls(&authority, &more), "").replace(
            "version_from = { path = \"/v{version}\" }",
            "version_from = { header = \"Api-Version\" }\nunspecified = { version = \"2\" }\n\
             consumer = \"client-certificate\"\npins = { \"acme.test\" = \"1\" }",
        );
        let gateway = rig::gateway(text).await;
        for (_, identity, expected) in rows.iter().filter(|row| row.0 == auth) {
            let served = served_version(&authority, tls_addr(&gateway), *identity).await;
            assert_eq!(served.as_deref(), *expected, "{auth} {identity:?}");
        }
        assert!(gateway.stop().await);
    }
}

/// The version that was served; `None` if the handshake failed.
async fn served_version(authority: &Authority, address: SocketAddr, identity: Option<&str>) -> Option<String> {
    let stream = authority.connect(address, "http/1.1", identity).await.ok()?;
    // In TLS 1.3 the client hears of a refusal only with its first read.
    let mut client = Client::over(stream);
    client.write(&get("/api/x")).await;
    let answer = client.answer().await?;
    let field = answer.head.lines().find_map(|line| line.strip_prefix("api-version: "));
    Some(field.unwrap_or_else(|| panic!("no version: {}", answer.head)).to_owned())
}

#[tokio::test]
async fn http_1_0_is_kept_alive_only_if_it_asks() {
    let service = Service::saying(OK).await;
    let gateway = rig::gateway(config("http10", &[service.address], "", "")).await;
    let rows = [
        ("GET /api/v1/x HTTP/1.0||", false),
        ("GET /api/v1/x HTTP/1.0|Connection: keep-alive||", true),
        ("GET /api/v1/x HTTP/1.1|Host: a|Connection: close||", false),
        ("GET /api/v1/x HTTP/1.1|Host: a||", true),
    ];
    for (request, stays) in rows {
        let mut client = Client::connect(gateway.listen).await;
        let answer = client.ask(request).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"), "{request}");
        client.write(request).await;
        assert_eq!(client.answer().await.is_some(), stays, "{request}");
    }
    assert!(gateway.stop().await);
}

/// The same gateway on several sockets at once, of several kinds.
#[cfg(unix)]
#[tokio::test]
async fn several_listeners_at_once() {
    let authority = Authority::new("listeners");
    authority.sign("server", "localhost");
    let service = Service::saying(OK).await;
    let socket = authority.file("a.sock");
    // What a process that is gone has left is no hindrance.
    drop(std::os::unix::net::UnixListener::bind(&socket).expect("bound"));
    let own = format!("[gateway]\nlisten = [\"127.0.0.1:0\", \"unix:{socket}\"]\nlimits = {{ connections = 1 }}\n");
    let text = config("listeners", &[service.address], &format!("{own}{}", tls(&authority, "")), "");
    let options = Options::new().with_rewrite(move |_| text.clone()).with_admin(([127, 0, 0, 1], 0).into());
    let app = App::bind(&demo_file(), options).await.expect("bound");
    let (plain, secure) = (app.listen_addr().expect("bound"), app.tls_addr().expect("bound"));
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(app.run(async { drop(stopped.await) }));

    // More listeners than connections that may be open: none of them starves.
    for _ in 0..3 {
        let mut unix = Client::over(tokio::net::UnixStream::connect(&socket).await.expect("it listens"));
        assert_eq!(unix.ask(&get("/api/v1/x")).await.status, 200);
        drop(unix);
        let mut tcp = Client::connect(plain).await;
        assert_eq!(tcp.ask(&get("/api/v1/x")).await.status, 200);
        drop(tcp);
        let mut tls = Client::over(authority.connect(secure, "http/1.1", None).await.expect("a handshake"));
        assert_eq!(tls.ask(&get("/api/v1/x")).await.status, 200);
    }
    stop.send(()).expect("it runs");
    assert!(running.await.expect("it ran"));
}

#[cfg(unix)]
#[tokio::test]
async fn two_gateways_on_one_port() {
    let service = Service::saying(OK).await;
    for (reuse, both) in [(true, true), (false, false)] {
        let own = format!("[gateway]\nreuse_port = {reuse}\n");
        let text = config("reuse-port", &[service.address], &own, "");
        let first = rig::gateway(text.clone()).await;
        let options = Options::new().with_listen(first.listen).with_admin(([127, 0, 0, 1], 0).into());
        let second = App::bind(&demo_file(), options.with_rewrite(move |_| text.clone())).await;
        assert_eq!(second.is_ok(), both, "reuse_port = {reuse}");
        if let Ok(second) = second {
            let (stop, stopped) = oneshot::channel::<()>();
            let address = second.listen_addr().expect("bound");
            assert_eq!(address, first.listen);
            let running = tokio::spawn(second.run(async { drop(stopped.await) }));
            // The new one is there before the old one goes, and takes over.
            assert_eq!(first.get("/api/v1/x").await.status, 200);
            assert!(first.stop().await);
            for _ in 0..5 {
                assert_eq!(Client::connect(address).await.ask(&get("/api/v1/x")).await.status, 200);
            }
            stop.send(()).expect("it runs");
            assert!(running.await.expect("it ran"));
        } else {
            assert!(first.stop().await);
        }
    }
}

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
    let rows = [
        ("http", false, "HTTP/1.1"),
        ("http", true, "HTTP/2.0"),
        ("https", false, "HTTP/1.1"),
        ("https", true, "HTTP/2.0"),
    ];
    for (scheme, http2, version) in rows {
        let alpn = if http2 { "h2" } else { "http/1.1" };
        let address = hyper_service((scheme == "https").then(|| authority.acceptor("server", alpn))).await;
        let url = format!("{{ url = \"{scheme}://localhost:{}\" }}", address.port());
        let ca = if scheme == "https" {
            format!("tls = {{ ca = {:?} }}\n", authority.file("ca.pem"))
        } else {
            String::new()
        };
        let name = format!("up-{scheme}-{http2}");
        let gateway = rig::gateway(config_of(&name, &url, "", &format!("http2 = {http2}\n{ca}"))).await;
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
    assert_eq!(sum, Some(&b"abc"[..]), "the instance was told that trailers are taken");
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
