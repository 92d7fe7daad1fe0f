//! Where and how clients are served, and how instances are spoken to: TLS, both versions of HTTP, every kind of socket.

mod certificates;
mod instances;

use sunward::gateway::{App, Options};
use tokio::sync::oneshot;

use super::cert::Authority;
use super::demo_file;
use super::rig::{self, Client, OK, Service, config, get};

/// What a file says for TLS with the certificate that `authority` signed.
pub(super) fn tls(authority: &Authority, more: &str) -> String {
    format!(
        "[gateway.tls]\nlisten = \"127.0.0.1:0\"\ncertificate = {:?}\nkey = {:?}\n{more}\n",
        authority.file("server.pem"),
        authority.file("server.key")
    )
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
    assert!(app.places().contains(&format!("listening unix:{socket}\n")), "{}", app.places());
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
