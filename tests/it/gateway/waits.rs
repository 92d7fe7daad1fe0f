//! How long anybody is waited for: clients and instances that say nothing, little, or too slowly.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Gateway;
use super::cert::Authority;
use super::rig::{self, Client, ClosedPort, OK, PATIENCE, Served, Service, config, config_of, get, post};

/// The wait that a row is about; all others are far longer.
const SHORT: Duration = Duration::from_millis(300);
/// What ends within this was ended by [`SHORT`], and not by another wait.
const SOON: Duration = Duration::from_secs(6);
/// Magic and an empty SETTINGS frame.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A gateway in which one of its waits is short.
async fn with(name: &str, service: &Service, short: &str, upstream: &str) -> Gateway {
    rig::gateway(config(name, &[service.address], &timeouts(short), upstream)).await
}

fn timeouts(short: &str) -> String {
    format!("[gateway]\ntimeouts = {{ {short} = \"300ms\" }}\n")
}

/// Ended neither at once, nor by a longer wait.
fn in_time(took: Duration) -> bool {
    took > SHORT / 2 && took < SOON
}

/// What a client writes of a head and then no more, and what becomes of the connection.
#[tokio::test]
async fn a_client_that_does_not_ask() {
    let service = Service::saying(OK).await;
    let rows: [(&str, &[u8]); 4] = [
        ("nothing", b""),
        ("a part of a head", b"GET /api/v1/x HTTP/1.1\r\nHo"),
        ("a head without its end", b"GET /api/v1/x HTTP/1.1\r\nHost: a\r\n"),
        ("the beginning of HTTP/2", PREFACE),
    ];
    for (what, bytes) in rows {
        let gateway = with("silent", &service, "client_headers", "").await;
        let mut client = Client::connect(gateway.listen).await;
        client.stream.write_all(bytes).await.expect("it reads");
        let (_, took) = client.end().await;
        assert!(in_time(took), "{what}: {took:?}");
        assert!(gateway.stop().await);
    }
    assert_eq!(service.accepted(), 0);
}

#[tokio::test]
async fn a_client_that_never_ends_its_handshake() {
    let authority = Authority::new("silent-tls");
    authority.sign("server", "localhost");
    let service = Service::saying(OK).await;
    let tls = format!(
        "{}[gateway.tls]\nlisten = \"127.0.0.1:0\"\ncertificate = {:?}\nkey = {:?}\n",
        timeouts("client_headers"),
        authority.file("server.pem"),
        authority.file("server.key")
    );
    let gateway = rig::gateway(config("silent-tls", &[service.address], &tls, "")).await;
    let address = gateway.tls.expect("it has TLS");
    for bytes in [&b""[..], b"\x16\x03\x01"] {
        let mut client = Client::connect(address).await;
        client.stream.write_all(bytes).await.expect("it reads");
        let (_, took) = client.end().await;
        assert!(in_time(took), "{bytes:?}: {took:?}");
    }
    for alpn in ["http/1.1", "h2"] {
        let stream = authority.connect(address, alpn, None).await.expect("a handshake");
        let (_, took) = Client::over(stream).end().await;
        assert!(in_time(took), "a handshake and no more, {alpn}: {took:?}");
    }
    assert!(gateway.stop().await);
}

/// Each byte is on time; the head is not.
#[tokio::test]
async fn a_head_byte_by_byte() {
    let service = Service::saying(OK).await;
    let gateway = with("trickle", &service, "client_headers", "").await;
    for second in [false, true] {
        let mut client = Client::connect(gateway.listen).await;
        if second {
            assert_eq!(client.ask(&get("/api/v1/x")).await.status, 200, "one request went well");
        }
        let began = Instant::now();
        let head = rig::raw_bytes(&format!("GET /api/v1/x HTTP/1.1|X-Long: {}", "x".repeat(2000)));
        let mut written = 0;
        let mut every = tokio::time::interval(Duration::from_millis(10));
        while written < head.len() && client.stream.write_all(&head[written..=written]).await.is_ok() {
            written += 1;
            every.tick().await;
            assert!(began.elapsed() < SOON, "it is read for ever");
        }
        let (got, _) = client.end().await;
        assert!(!got.contains("HTTP/1.1 200"), "{got}");
        assert!(began.elapsed() > SHORT / 2 && written > 5, "not at once");
    }
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn a_connection_that_lies_idle() {
    let service = Service::saying(OK).await;
    let gateway = with("idle", &service, "client_idle", "").await;
    let mut client = Client::connect(gateway.listen).await;
    for _ in 0..3 {
        assert_eq!(client.ask(&get("/api/v1/x")).await.status, 200);
    }
    let (rest, took) = client.end().await;
    assert!(rest.is_empty() && in_time(took), "{took:?} {rest}");

    let mut client = rig::h2(gateway.listen).await;
    assert_eq!(rig::h2_get(&mut client, "/api/v1/x").await.expect("an answer").0, 200);
    let began = Instant::now();
    assert!(rig::becomes(async || client.is_closed()).await);
    assert!(in_time(began.elapsed()), "{:?}", began.elapsed());
    assert!(gateway.stop().await);
}

/// A service that reads requests whole before it answers.
#[tokio::test]
async fn a_body_that_stalls_gets_a_408_and_one_that_trickles_is_taken() {
    let service = Service::saying(OK).await;
    let gateway = with("stall", &service, "client_body", "").await;
    for head in ["Content-Length: 10||he", "Transfer-Encoding: chunked||2|he|"] {
        let mut client = Client::connect(gateway.listen).await;
        client.write(&format!("POST /api/v1/x HTTP/1.1|Host: a|{head}")).await;
        let began = Instant::now();
        let answer = client.answer().await.expect("an answer");
        assert_eq!(answer.status, 408, "{head}");
        assert!(in_time(began.elapsed()), "{head}");
        client.end().await;
    }
    assert!(gateway.stop().await);

    let own = "[gateway]\ntimeouts = { client_body = \"3s\" }\n";
    let gateway = rig::gateway(config("trickle-body", &[service.address], own, "")).await;
    let mut client = Client::connect(gateway.listen).await;
    client.write("POST /api/v1/x HTTP/1.1|Host: a|Content-Length: 20||").await;
    let mut every = tokio::time::interval(Duration::from_millis(150));
    for _ in 0..20 {
        every.tick().await;
        client.stream.write_all(b"x").await.expect("it reads");
    }
    assert_eq!(client.answer().await.expect("an answer").status, 200, "longer than the wait in all");
    assert!(gateway.stop().await);
}

const LARGE: usize = 64 * 1024 * 1024;

/// A service whose answer is larger than all buffers on the way. It records that the gateway closed its connection.
async fn large() -> Service {
    Service::start(|mut served: Served| async move {
        while served.request().await.is_some() {
            served.write(&format!("HTTP/1.1 200 OK|content-length: {LARGE}||")).await;
            let part = vec![b'x'; 64 * 1024];
            for _ in 0..LARGE / part.len() {
                if served.stream.write_all(&part).await.is_err() {
                    return;
                }
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_client_that_does_not_read() {
    let service = large().await;
    let gateway = with("unread", &service, "client_send", "").await;
    let mut client = Client::connect(gateway.listen).await;
    client.write(&get("/api/v1/x")).await;
    client.until("HTTP/1.1 200").await;
    // Nothing of what is on its way is read until the connection has ended on the other side.
    let gone = async || pending(&gateway).await == 0;
    let began = Instant::now();
    assert!(rig::becomes(gone).await, "it is kept for ever");
    assert!(began.elapsed() < SOON);
    let mut got = Vec::new();
    let ended = client.stream.read_to_end(&mut got).await;
    assert!(got.len() < LARGE, "it is cut");
    // What the client did not take is not kept for it.
    assert_eq!(ended.map_err(|error| error.kind()), Err(std::io::ErrorKind::ConnectionReset), "after {}", got.len());
    assert!(gateway.stop().await);
}

/// Requests that are under way at the instance.
async fn pending(gateway: &Gateway) -> usize {
    let page = gateway.admin("/metrics").await.body;
    let line = page.lines().find_map(|line| line.strip_prefix("sunward_upstream_pending{upstream=\"unread\""));
    line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).map_or(0, |pending| pending as usize)
}

/// A window that stays closed. The stream is reset though its client is busy with others, and those go on.
#[tokio::test]
async fn a_client_of_http_2_that_opens_no_window() {
    let service = Service::start(|mut served: Served| async move {
        while let Some(request) = served.request().await {
            if request.contains("/large") {
                served.write(&format!("HTTP/1.1 200 OK|content-length: 40000||{}", "x".repeat(40_000))).await;
            } else {
                served.write(OK).await;
            }
        }
    })
    .await;
    let gateway = with("window", &service, "client_send", "").await;
    let stream = tokio::net::TcpStream::connect(gateway.listen).await.expect("it listens");
    let (client, mut connection) = h2::client::Builder::new()
        .initial_window_size(1000)
        .handshake::<_, bytes::Bytes>(stream)
        .await
        .expect("HTTP/2");
    let mut pings = connection.ping_pong().expect("the first call");
    tokio::spawn(connection);
    let ask = async |path: &str| {
        let request = http::Request::get(format!("http://a.test{path}")).body(()).expect("a request");
        let (response, _) =
            client.clone().ready().await.expect("it is open").send_request(request, true).expect("sent");
        let response = response.await.expect("a head");
        assert_eq!(response.status(), 200);
        response.into_body()
    };
    let began = Instant::now();
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(ask("/api/v1/large").await);
    }
    let mut busy = async || {
        pings.ping(h2::Ping::opaque()).await.expect("it is answered");
        let mut body = ask("/api/v1/x").await;
        assert_eq!(body.data().await.expect("content").expect("content"), "ok");
    };
    for body in &mut held {
        assert!(body.data().await.expect("the window's content").is_ok());
        let end = loop {
            busy().await;
            let next = tokio::time::timeout(Duration::from_millis(20), body.data()).await;
            match next {
                Ok(next) => break next.expect("it does not end well"),
                Err(_) => assert!(began.elapsed() < PATIENCE, "it is held for ever"),
            }
        };
        assert_eq!(end.expect_err("it is reset").reason(), Some(h2::Reason::CANCEL));
    }
    assert!(in_time(began.elapsed()), "{:?}", began.elapsed());
    busy().await;
    drop(client);
    assert!(gateway.stop().await);
}

/// A client that reads slowly, but reads, is served to the end.
#[tokio::test]
async fn a_client_that_reads_slowly_is_served() {
    let service = Service::start(|mut served: Served| async move {
        while served.request().await.is_some() {
            served.write(&format!("HTTP/1.1 200 OK|content-length: 80000||{}", "x".repeat(80_000))).await;
        }
    })
    .await;
    let own = "[gateway]\ntimeouts = { client_send = \"2s\" }\n";
    let gateway = rig::gateway(config("slowly", &[service.address], own, "")).await;
    let stream = tokio::net::TcpStream::connect(gateway.listen).await.expect("it listens");
    let (client, connection) = h2::client::Builder::new()
        .initial_window_size(8000)
        .handshake::<_, bytes::Bytes>(stream)
        .await
        .expect("HTTP/2");
    tokio::spawn(connection);
    let mut client = client.ready().await.expect("ready");
    let request = http::Request::get("http://a.test/api/v1/x").body(()).expect("a request");
    let (response, _) = client.send_request(request, true).expect("sent");
    let mut body = response.await.expect("a head").into_body();
    let (mut read, began) = (0, Instant::now());
    let mut every = tokio::time::interval(Duration::from_millis(50));
    while let Some(data) = body.data().await {
        let data = data.expect("it goes on");
        read += data.len();
        every.tick().await;
        body.flow_control().release_capacity(data.len()).expect("a window");
    }
    assert_eq!(read, 80_000);
    assert!(began.elapsed() > Duration::from_secs(2), "it is no slow client");
    assert!(gateway.stop().await);
}

/// What an instance does, and what the client gets for it.
#[tokio::test]
async fn an_instance_that_says_nothing() {
    let mute = Service::start(|mut served: Served| async move { served.ended().await }).await;
    let closed_port = ClosedPort::bind();
    let half = Service::start(|mut served: Served| async move {
        served.request().await;
        served.write("HTTP/1.1 200 OK|content-le").await;
        served.ended().await;
    })
    .await;
    let rows: [(&str, SocketAddr, &str, &str, u16); 5] = [
        ("it refuses", closed_port.address, "connect", "", 503),
        ("it says nothing", mute.address, "response", "", 504),
        ("it says half of a head", half.address, "response", "", 504),
        ("its own time", mute.address, "connect", "response_timeout = \"300ms\"", 504),
        ("the route's time", mute.address, "connect", "[[api.route]]\nroute = \"GET /x\"\ntimeout = \"300ms\"", 504),
    ];
    for (what, address, short, more, status) in rows {
        let (route, upstream) = if more.starts_with("[[") { (more, "") } else { ("", more) };
        let text = config("mute", &[address], &timeouts(short), upstream);
        let text = text.replace("[[upstream]]", &format!("{route}\n[[upstream]]"));
        let gateway = rig::gateway(text).await;
        for request in [get("/api/v1/x"), get("/api/v2/x")] {
            let began = Instant::now();
            let answer = Client::connect(gateway.listen).await.ask(&request).await;
            assert_eq!(answer.status, status, "{what}");
            assert!(answer.head.contains("application/problem+json"), "{what}");
            assert!(began.elapsed() < SOON && (status == 503 || began.elapsed() > SHORT / 2), "{what}");
        }
        assert!(gateway.stop().await);
    }
}

/// While a request's body comes, the instance's time has not begun.
#[tokio::test]
async fn a_long_upload_is_no_slow_instance() {
    let service = Service::saying(OK).await;
    let own = "[gateway]\ntimeouts = { response = \"2s\" }\n";
    let gateway = rig::gateway(config("upload", &[service.address], own, "")).await;
    let mut client = Client::connect(gateway.listen).await;
    client.write("POST /api/v1/x HTTP/1.1|Host: a|Content-Length: 20||").await;
    let mut every = tokio::time::interval(Duration::from_millis(150));
    for _ in 0..20 {
        every.tick().await;
        client.stream.write_all(b"x").await.expect("it reads");
    }
    assert_eq!(client.answer().await.expect("an answer").status, 200);
    assert!(gateway.stop().await);
}

/// A service that begins an answer and then says nothing for long, but for events it goes on.
async fn stalling() -> Service {
    Service::start(|mut served: Served| async move {
        let Some(request) = served.request().await else { return };
        let media = if request.contains("/events") { "text/event-stream; charset=utf-8" } else { "text/plain" };
        served.write(&format!("HTTP/1.1 200 OK|content-type: {media}|transfer-encoding: chunked||5|first|")).await;
        if request.contains("/events") {
            let _ = tokio::time::timeout(SHORT * 4, served.ended()).await;
            served.write("4|last|0||").await;
        }
        served.ended().await;
    })
    .await
}

#[tokio::test]
async fn an_instance_that_stalls_in_a_body() {
    let service = stalling().await;
    let gateway = with("half", &service, "upstream_body", "").await;
    let mut client = Client::connect(gateway.listen).await;
    client.write(&get("/api/v1/x")).await;
    let (got, took) = client.end().await;
    assert!(got.contains("first") && !got.ends_with("0\r\n\r\n") && in_time(took), "{took:?} {got}");

    // HTTP/2 says it of the stream alone.
    let mut client = rig::h2(gateway.listen).await;
    let request = http::Request::get("http://a.test/api/v1/x").body(Default::default()).expect("a request");
    let response = client.send_request(request).await.expect("a head");
    assert!(response.into_body().collect().await.is_err());
    assert!(!client.is_closed());

    // Events may be far apart.
    let mut client = Client::connect(gateway.listen).await;
    let answer = client.ask(&get("/api/v1/events")).await;
    assert!(answer.body.ends_with("4\r\nlast\r\n0\r\n\r\n"), "{}", answer.body);
    drop(client);
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn a_route_has_so_long_for_all_of_it_but_events_have_not() {
    let service = stalling().await;
    let text = config("route-end", &[service.address], "", "");
    let route = "[[api.route]]\nroute = \"GET /x\"\ntimeout = \"300ms\"\n\
                 [[api.route]]\nroute = \"GET /events\"\ntimeout = \"300ms\"\n[[upstream]]";
    let gateway = rig::gateway(text.replace("[[upstream]]", route)).await;
    let mut client = Client::connect(gateway.listen).await;
    client.write(&get("/api/v1/x")).await;
    let (got, took) = client.end().await;
    assert!(got.contains("first") && !got.ends_with("0\r\n\r\n") && in_time(took), "{took:?} {got}");
    let answer = Client::connect(gateway.listen).await.ask(&get("/api/v1/events")).await;
    assert!(answer.body.ends_with("4\r\nlast\r\n0\r\n\r\n"), "{}", answer.body);
    assert!(gateway.stop().await);
}

/// Each try is short; all of them together are not. Connecting is a part of it.
#[tokio::test]
async fn a_route_has_so_long_for_all_tries() {
    let breaking = Service::start(|mut served: Served| async move {
        served.request().await;
        let _ = tokio::time::timeout(SHORT / 5, served.ended()).await;
    })
    .await;
    // It takes connections and says nothing, so that a handshake does not end.
    let mute = Service::start(|mut served: Served| async move { served.ended().await }).await;
    let rows = [
        ("they break off", format!("http://{}", breaking.address), 2),
        ("they cannot be connected to", format!("https://{}", mute.address), 1),
    ];
    for (what, url, tries) in rows {
        // Eight times the same one, as eight instances.
        let urls: Vec<String> = (0..8).map(|number| format!("{{ url = \"{url}/{number}\" }}")).collect();
        let upstream = "retries = 7\nretry_budget = 100\neject = { after = 0 }\n";
        let text = config_of("all-tries", &urls.join(", "), "", upstream);
        let route = "[[api.route]]\nroute = \"GET /x\"\ntimeout = \"300ms\"\n[[upstream]]";
        let gateway = rig::gateway(text.replace("[[upstream]]", route)).await;
        let before = breaking.accepted() + mute.accepted();
        let began = Instant::now();
        let answer = Client::connect(gateway.listen).await.ask(&get("/api/v1/x")).await;
        assert_eq!(answer.status, 504, "{what}");
        assert!(in_time(began.elapsed()), "{what}: {:?}", began.elapsed());
        let tried = breaking.accepted() + mute.accepted() - before;
        assert!((tries..8).contains(&tried), "{what}: {tried} tries");
        assert!(gateway.stop().await);
    }
}

/// A client that waits gets an answer, though the instance does not read what it sends.
#[tokio::test]
async fn a_post_that_is_not_read_ends_in_time() {
    let mute = Service::start(|served: Served| async move {
        served.stream.readable().await.expect("it comes");
        std::future::pending::<()>().await;
    })
    .await;
    let gateway = with("unread-post", &mute, "response", "").await;
    let mut client = Client::connect(gateway.listen).await;
    let answer = client.ask(&post("/api/v1/x", &"x".repeat(1000))).await;
    assert_eq!(answer.status, 504);
    assert!(gateway.stop().await);
}

/// A service of HTTP/2 that reads requests whole before it answers.
async fn reading_h2() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.expect("HTTP/2");
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    tokio::spawn(async move {
                        let mut body = request.into_body();
                        while let Some(data) = body.data().await {
                            let Ok(data) = data else { return };
                            let _ = body.flow_control().release_capacity(data.len());
                        }
                        let _ = respond.send_response(http::Response::new(()), true);
                    });
                }
            });
        }
    });
    address
}

/// What counts against the instances of an upstream.
async fn blamed(gateway: &Gateway, upstream: &str) -> Vec<String> {
    let page = gateway.admin("/metrics").await.body;
    let of = format!("upstream=\"{upstream}\"");
    let counts = |line: &&str| {
        let failed = line.starts_with("sunward_upstream_requests_total") && !line.contains("result=\"ok\"");
        (failed || line.starts_with("sunward_upstream_ejections_total")) && line.contains(&of) && !line.ends_with(" 0")
    };
    page.lines().filter(counts).map(str::to_owned).collect()
}

/// What clients do to a request's body, and what they get for it: the instance's time is short, so is the client's.
#[tokio::test]
async fn what_clients_do_costs_no_instance_its_requests() {
    const LENGTH: &str = "POST /api/v1/x HTTP/1.1|Host: a|Content-Length: 5||";
    const CHUNKS: &str = "POST /api/v1/x HTTP/1.1|Host: a|Transfer-Encoding: chunked||";
    // Another version: its body is migrated, whole or as it passes.
    const OLD: &str = "POST /api/v1/old HTTP/1.1|Host: a|Content-Type: application/json|Content-Length: 100000||";
    let large = format!(
        "{CHUNKS}{}",
        "10000|".to_owned()
            + &"x".repeat(0x10000)
            + "|10000|"
            + &"x".repeat(0x10000)
            + "|10000|"
            + &"x".repeat(0x10000)
            + "|"
    );
    let long = format!("{OLD}{{\"a\":\"{}", "x".repeat(70_000));
    let rows: [(&str, &str, Option<u16>); 9] = [
        ("nothing comes", LENGTH, Some(408)),
        ("a part comes", "POST /api/v1/x HTTP/1.1|Host: a|Content-Length: 5||he", Some(408)),
        ("no chunk comes", CHUNKS, Some(408)),
        ("what is to be migrated does not come", OLD, Some(408)),
        ("what is to be migrated as it passes stalls", &long, Some(408)),
        ("a chunk is malformed", "POST /api/v1/x HTTP/1.1|Host: a|Transfer-Encoding: chunked||zz|", Some(400)),
        ("more comes than is taken", &large, Some(413)),
        ("the client goes away", "POST /api/v1/x HTTP/1.1|Host: a|Content-Length: 5||he", None),
        ("the client goes away between chunks", &format!("{CHUNKS}2|he|"), None),
    ];
    let mut failed = Vec::new();
    for (kind, http2) in [("h1", false), ("h2", true)] {
        let services = (Service::saying(OK).await, Service::saying(OK).await);
        let addresses =
            if http2 { [reading_h2().await, reading_h2().await] } else { [services.0.address, services.1.address] };
        let name = format!("blame-{kind}");
        let own =
            "[gateway]\ntimeouts = { response = \"1s\", client_body = \"2s\" }\nlimits = { body_bytes = 150000 }\n";
        let upstream = format!("http2 = {http2}\neject = {{ after = 1, for = \"1h\" }}\n");
        let text = config(&name, &addresses, own, &upstream).replace(
            "[[upstream]]",
            "[[api.change]]\nversion = \"2\"\nsummary = \"`a` is `b`\"\nat = [\"POST /old <-\"]\nbreaking = true\n\
             ops = [{ rename = \"/a\", to = \"/b\" }]\n[[upstream]]",
        );
        let gateway = rig::gateway(text).await;
        let mut clients = Vec::new();
        for (what, request, expected) in &rows {
            for _ in 0..12 {
                let mut client = Client::connect(gateway.listen).await;
                client.write(request).await;
                // Those that go away do so here.
                if let Some(expected) = expected {
                    clients.push((what, client, *expected));
                }
            }
        }
        for (what, mut client, expected) in clients {
            let status = client.answer().await.map(|answer| answer.status);
            if status != Some(expected) {
                failed.push(format!("{kind}: {what}: {status:?}, not {expected}"));
            }
        }
        failed.extend(blamed(&gateway, &name).await);
        assert_eq!(Client::connect(gateway.listen).await.ask(&post("/api/v1/x", "hello")).await.status, 200);
        assert!(gateway.stop().await);
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The route's time is used up by a client that reads slowly.
#[tokio::test]
async fn a_client_that_reads_slowly_costs_no_instance_its_requests() {
    let service = large().await;
    let text = config("slow-reader", &[service.address], "", "");
    let route = "[[api.route]]\nroute = \"GET /x\"\ntimeout = \"300ms\"\n[[upstream]]";
    let gateway = rig::gateway(text.replace("[[upstream]]", route)).await;
    let mut client = Client::connect(gateway.listen).await;
    client.write(&get("/api/v1/x")).await;
    client.until("HTTP/1.1 200").await;
    tokio::time::sleep(SHORT * 2).await;
    // It is cut, unless the instance is so fast that it is never waited for.
    let mut read = Vec::new();
    let mut rest = client.stream.take(LARGE as u64);
    let _ = tokio::time::timeout(PATIENCE, rest.read_to_end(&mut read)).await.expect("it ends");
    drop(rest);
    assert_eq!(blamed(&gateway, "slow-reader").await, [""; 0]);
    assert!(gateway.stop().await);
}
