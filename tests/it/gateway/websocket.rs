//! WebSocket: a request that becomes a tunnel.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Gateway;
use super::rig::{self, Client, ClosedPort, Served, Service, config, config_of};

const UPGRADE: &str = "GET /api/v1/chat HTTP/1.1|Host: a|Connection: keep-alive, Upgrade|Upgrade: websocket|\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|Sec-WebSocket-Version: 13||";
const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols|connection: upgrade|upgrade: websocket|\
                        sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=||";

/// A service that agrees, says `hello`, and gives back what it gets in capitals until the other side ends; then `bye`.
async fn shouting() -> Service {
    Service::start(|mut served: Served| async move {
        while let Some(request) = served.request().await {
            let asked = request.to_ascii_lowercase();
            if !asked.contains("\r\nupgrade: websocket\r\n") {
                served.write("HTTP/1.1 426 Upgrade Required|content-length: 5||plain").await;
                continue;
            }
            assert!(asked.contains("\r\nconnection: upgrade\r\n"), "{request}");
            assert!(asked.contains("\r\nsec-websocket-key: dghlihnhbxbszsbub25jzq==\r\n"), "{request}");
            served.write(&format!("{SWITCHED}hello")).await;
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = served.stream.read(&mut buffer).await {
                buffer[..count].make_ascii_uppercase();
                if buffer[..count].contains(&b'!') {
                    return;
                }
                let _ = served.stream.write_all(&buffer[..count]).await;
            }
            served.write("bye").await;
            return;
        }
    })
    .await
}

async fn gateway(name: &str, service: &Service, own: &str, upstream: &str) -> Gateway {
    rig::gateway(config(name, &[service.address], own, upstream)).await
}

/// A tunnel, after the first word of the service.
async fn opened(gateway: &Gateway) -> Client {
    let mut client = Client::connect(gateway.listen).await;
    client.write(UPGRADE).await;
    client.until("hello").await;
    client
}

#[tokio::test]
async fn bytes_go_both_ways_and_either_side_ends_it() {
    let service = shouting().await;
    let gateway = gateway("chat", &service, "", "websocket = true\n").await;
    let mut client = opened(&gateway).await;
    for word in ["abc", "\0\u{1}x", "long and longer"] {
        client.stream.write_all(word.as_bytes()).await.expect("it reads");
        client.until(&word.to_ascii_uppercase()).await;
    }
    // The client ends its side; the other goes on until it has said everything.
    client.stream.shutdown().await.expect("open");
    assert_eq!(client.end().await.0, "bye");

    // The instance ends.
    let mut client = opened(&gateway).await;
    client.stream.write_all(b"!").await.expect("it reads");
    assert_eq!(client.end().await.0, "");
    drop(client);
    assert!(gateway.stop().await);
}

/// Whether an upgrade is passed on, and what is answered if the instance does not agree.
#[tokio::test]
async fn what_is_no_tunnel_stays_http() {
    let service = shouting().await;
    let refusing = Service::saying("HTTP/1.1 403 No|x-why: full|content-length: 4||full").await;
    let rows = [
        ("not passed without the key", &service, "", 426, "plain"),
        ("not passed if it is off", &service, "websocket = false\n", 426, "plain"),
        ("refused as it is", &refusing, "websocket = true\n", 403, "full"),
    ];
    for (what, service, upstream, status, body) in rows {
        let gateway = gateway("no-chat", service, "", upstream).await;
        let mut client = Client::connect(gateway.listen).await;
        for _ in 0..2 {
            let answer = client.ask(UPGRADE).await;
            assert_eq!((answer.status, answer.body.as_str()), (status, body), "{what}");
            assert_eq!(answer.head.contains("x-why: full"), status == 403, "{what}");
        }
        drop(client);
        assert!(gateway.stop().await);
    }
}

#[tokio::test]
async fn an_instance_that_cannot_be_asked() {
    let closed_port = ClosedPort::bind();
    let mute = Service::start(|mut served: Served| async move { served.ended().await }).await;
    let garbage = Service::saying("garbage||").await;
    let rows = [("refused", closed_port.address, 503), ("mute", mute.address, 504), ("garbage", garbage.address, 502)];
    for (what, address, status) in rows {
        let own = "[gateway]\ntimeouts = { response = \"300ms\" }\n";
        let gateway = rig::gateway(config("mute-chat", &[address], own, "websocket = true\n")).await;
        let answer = Client::connect(gateway.listen).await.ask(UPGRADE).await;
        assert_eq!(answer.status, status, "{what}");
        assert!(gateway.stop().await);
    }
}

/// Until it is answered, a handshake is a GET: what an instance that is alone costs the client, and that another one is
/// asked if there is one.
#[tokio::test]
async fn an_instance_that_fails_is_passed_over() {
    let closed_port = ClosedPort::bind();
    let closing = Service::start(|served: Served| async move { drop(served) }).await;
    let resetting = Service::start(|mut served: Served| async move {
        served.request().await;
        served.reset();
    })
    .await;
    let half = Service::start(|mut served: Served| async move {
        served.request().await;
        served.write("HTTP/1.1 101 Switching Proto").await;
    })
    .await;
    let rows = [
        ("it cannot be reached", closed_port.address, 503),
        ("it closes", closing.address, 502),
        ("it resets", resetting.address, 502),
        ("it breaks off", half.address, 502),
    ];
    let well = shouting().await;
    for (what, bad, status) in rows {
        for alone in [true, false] {
            let more = if alone { String::new() } else { format!(", {{ url = \"http://{}\" }}", well.address) };
            let urls = format!("{{ url = \"http://{bad}\", weight = 60000 }}{more}");
            let upstream = "websocket = true\neject = { after = 0 }\nretry_budget = 100\n";
            let gateway = rig::gateway(config_of("fails-chat", &urls, "", upstream)).await;
            for _ in 0..5 {
                if alone {
                    assert_eq!(Client::connect(gateway.listen).await.ask(UPGRADE).await.status, status, "{what}");
                } else {
                    opened(&gateway).await;
                }
            }
            assert!(gateway.stop().await);
        }
    }
}

/// A tunnel may come of a connection that took plain requests before, and one that was closed meanwhile costs nothing.
#[tokio::test]
async fn a_kept_connection_becomes_a_tunnel() {
    let service = shouting().await;
    let gateway = gateway("kept-chat", &service, "", "websocket = true\n").await;
    let mut client = Client::connect(gateway.listen).await;
    for _ in 0..2 {
        assert_eq!(client.ask(&rig::get("/api/v1/x")).await.status, 426);
    }
    assert_eq!(service.accepted(), 1);
    opened(&gateway).await;
    assert_eq!(service.accepted(), 1);
    // The one is used up.
    assert_eq!(client.ask(&rig::get("/api/v1/x")).await.status, 426);
    assert_eq!(service.accepted(), 2);
    drop(client);
    assert!(gateway.stop().await);

    let leaving = Service::start(|mut served: Served| async move {
        let Some(request) = served.request().await else { return };
        if request.starts_with("GET /api/x") {
            return served.write(rig::OK).await;
        }
        served.write(&format!("{SWITCHED}hello")).await;
        served.ended().await;
    })
    .await;
    let gateway = self::gateway("left-chat", &leaving, "", "websocket = true\n").await;
    let mut client = Client::connect(gateway.listen).await;
    for _ in 0..20 {
        assert_eq!(client.ask(&rig::get("/api/v1/x")).await.status, 200);
        opened(&gateway).await;
    }
    drop(client);
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn a_tunnel_on_which_nothing_moves_is_closed() {
    let service = shouting().await;
    let own = "[gateway]\ntimeouts = { tunnel = \"1s\", client_idle = \"1h\" }\n";
    // What the route has is the handshake's.
    let route = "[[api.route]]\nroute = \"GET /chat\"\ntimeout = \"300ms\"\n[[upstream]]";
    let text = config("still", &[service.address], own, "websocket = true\n").replace("[[upstream]]", route);
    let gateway = rig::gateway(text).await;
    let mut client = opened(&gateway).await;
    let mut every = tokio::time::interval(Duration::from_millis(50));
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(2500) {
        client.stream.write_all(b"a").await.expect("it is open while something moves");
        client.until("A").await;
        every.tick().await;
    }
    let (_, took) = client.end().await;
    assert!(took > Duration::from_millis(500) && took < Duration::from_secs(8), "{took:?}");
    assert!(gateway.stop().await);
}

/// A tunnel is no request that ends: it holds its connection's place, and a stop waits for it no longer than for others.
#[tokio::test]
async fn tunnels_count_as_connections() {
    let service = shouting().await;
    let own = "[gateway]\nlimits = { connections = 2 }\ntimeouts = { drain = \"300ms\" }\n";
    let gateway = gateway("places", &service, own, "websocket = true\n").await;
    let first = opened(&gateway).await;
    let second = opened(&gateway).await;
    let mut third = Client::connect(gateway.listen).await;
    third.write(&rig::get("/api/v1/x")).await;
    let early = tokio::time::timeout(Duration::from_millis(300), third.stream.readable()).await;
    assert!(early.is_err(), "there are two already");
    drop(first);
    assert_eq!(third.answer().await.expect("a place was freed").status, 426);
    drop(third);
    let began = Instant::now();
    assert!(!gateway.stop().await, "one is still open");
    assert!(began.elapsed() < Duration::from_secs(5));
    drop(second);
}

/// A frame of a server.
fn frame(text: &str) -> Vec<u8> {
    [&[0x81, u8::try_from(text.len()).expect("short")], text.as_bytes()].concat()
}

/// When the gateway stops, the client gets a close frame between two frames, and whatever the instance says behind that is not
/// passed on. The client's answer reaches the instance.
#[tokio::test]
async fn a_tunnel_is_closed_when_the_gateway_stops() {
    const CLOSE: [u8; 4] = [0x88, 2, 0x03, 0xE9];
    for halves in [false, true] {
        let (finish, finished) = tokio::sync::watch::channel(false);
        let service = Service::start(move |mut served: Served| {
            let mut finished = finished.clone();
            async move {
                served.request().await;
                served.write(SWITCHED).await;
                let text = frame("hello");
                let (now, then) = text.split_at(if halves { 4 } else { text.len() });
                let _ = served.stream.write_all(now).await;
                let _ = finished.wait_for(|finished| *finished).await;
                let _ = served.stream.write_all(&[then, &frame("more")].concat()).await;
                let mut answer = [0; 8];
                let _ = served.stream.read_exact(&mut answer).await;
                assert_eq!(answer[0], 0x88, "the client's Close");
            }
        })
        .await;
        let mut gateway = gateway("bye", &service, "", "websocket = true\n").await;
        let mut client = Client::connect(gateway.listen).await;
        client.write(UPGRADE).await;
        client.until("hello"[..if halves { 2 } else { 5 }].as_ref()).await;
        let began = Instant::now();
        gateway.stop.take().expect("it runs").send(()).expect("it runs");
        let mut rest = vec![0; if halves { 3 } else { 0 } + CLOSE.len()];
        if halves {
            // Nothing is put into a frame.
            assert!(rig::becomes(async || tokio::net::TcpStream::connect(gateway.listen).await.is_err()).await);
            finish.send(true).expect("it waits");
        }
        client.stream.read_exact(&mut rest).await.expect("it comes");
        assert!(
            rest.ends_with(&CLOSE)
                && rest.len() == CLOSE.len() + rest.iter().filter(|byte| b"lo".contains(byte)).count()
        );
        let _ = finish.send(true);
        client.stream.write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE9]).await.expect("open");
        assert_eq!(client.end().await.0, "", "nothing follows");
        assert!(gateway.task.await.expect("it ran"), "it ended in time");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}
