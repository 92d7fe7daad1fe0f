//! TLS towards clients: what ALPN chose, certificates that are exchanged, and those of clients.

use std::net::SocketAddr;

use sunward::gateway::Options;

use super::tls;
use crate::gateway::Gateway;
use crate::gateway::cert::Authority;
use crate::gateway::rig::{self, Client, OK, Served, Service, config, get, h2_get, h2_over};

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

    // There, plain HTTP is not served; and with prior knowledge, HTTP/2 is served where there is no TLS.
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
    // Their folder is watched too, wherever the config is.
    std::fs::create_dir_all(authority.file("conf")).expect("a folder");
    let file = std::path::PathBuf::from(authority.file("conf/gateway.toml"));
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

/// The name in a client's certificate decides the version. A client without one, or with one of another authority, is refused.
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

/// A session is resumed after a reload: the keys of tickets stay. Another process has others.
#[tokio::test]
async fn sessions_outlive_a_reload() {
    let authority = Authority::new("tickets");
    authority.sign("server", "localhost");
    let file = std::path::PathBuf::from(authority.file("gateway.toml"));
    let service = Service::saying(OK).await;
    let text = config("tickets", &[service.address], &tls(&authority, ""), "");
    std::fs::write(&file, &text).expect("written");
    let gateway = Gateway::start(&file, Options::new()).await;
    let config = authority.client("http/1.1", None);
    let resumed = async || {
        let mut stream = authority.connect_as(&config, tls_addr(&gateway)).await.expect("a handshake");
        let resumed = stream.get_ref().1.handshake_kind() == Some(tokio_rustls::rustls::HandshakeKind::Resumed);
        // The tickets come behind the handshake.
        assert_eq!(Client::over(&mut stream).ask(&get("/api/v1/x")).await.status, 200);
        resumed
    };
    assert!(!resumed().await, "nothing is known yet");
    assert!(resumed().await);
    let reloads = async || gateway.admin("/config").await.head.to_ascii_lowercase();
    let before = reloads().await;
    std::fs::write(&file, text.replace("name = \"2\"", "name = \"3\"")).expect("written");
    assert!(rig::becomes(async || reloads().await != before).await, "it is reloaded");
    assert!(resumed().await, "after a reload");
    assert!(gateway.stop().await);
}
