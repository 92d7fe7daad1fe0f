//! A stream that is still being written.

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::*;

const CONFIG: &str = r#"
[[api]]
name = "live"
version_from = { path = "/v{version}" }
upstream = "live"

[[api.version]]
name = "1"

[[api.version]]
name = "2"

[[api.change]]
version = "2"
summary = "A tick has a count"
at = "GET /ticks -> 200"
breaking = true
ops = [{ rename = "/n", to = "/count" }]

[[upstream]]
name = "live"
instances = [{ url = "http://PORT" }]
"#;

/// A service that sends one event, and the next when the test asks for it.
async fn origin(go: oneshot::Receiver<()>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut head = [0; 1024];
        let _ = stream.read(&mut head).await.expect("a request");
        let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
        let first = chunk("data: {\"count\":1}\n\n");
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(format!("{head}{first}").as_bytes()).await.expect("it reads");
        go.await.expect("the test goes on");
        let rest = format!("{}0\r\n\r\n", chunk("data: {\"count\":2}\n\n"));
        stream.write_all(rest.as_bytes()).await.expect("it reads");
    });
    address
}

/// A gateway in front of a service at `address`.
async fn in_front_of(address: SocketAddr, name: &str) -> Gateway {
    let file = std::env::temp_dir().join(format!("sunward-{name}-{}.toml", std::process::id()));
    std::fs::write(&file, CONFIG.replace("PORT", &address.to_string())).expect("written");
    let gateway = Gateway::start(&file, Options::new()).await;
    std::fs::remove_file(&file).expect("removed");
    gateway
}

#[tokio::test]
async fn an_event_reaches_the_client_before_the_next_is_sent() {
    let (go, wait) = oneshot::channel();
    let address = origin(wait).await;
    let gateway = in_front_of(address, "live").await;
    let mut stream = TcpStream::connect(gateway.listen).await.expect("it listens");
    stream.write_all(b"GET /v1/ticks HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.expect("it reads");
    let mut seen = Vec::new();
    while !seen.ends_with(b"data: {\"n\":1}\n\n\r\n") {
        assert!(stream.read_buf(&mut seen).await.expect("it answers") > 0, "{}", String::from_utf8_lossy(&seen));
    }
    go.send(()).expect("it waits");
    stream.read_to_end(&mut seen).await.expect("it ends");
    let text = String::from_utf8(seen).expect("text");
    assert!(text.contains("data: {\"n\":2}\n\n") && text.ends_with("0\r\n\r\n"), "{text}");
    assert!(gateway.stop().await);
}

/// A service whose answers begin as JSON, and go wrong behind what is waited for.
async fn broken_origin() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 1024];
            let _ = stream.read(&mut head).await;
            let body = format!("{{\"count\":1,\"list\":[{}}}", "1,".repeat(200_000));
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    address
}

#[tokio::test]
async fn what_breaks_on_the_way_is_no_end_in_http_1() {
    let gateway = in_front_of(broken_origin().await, "broken-1").await;
    let mut stream = TcpStream::connect(gateway.listen).await.expect("it listens");
    stream.write_all(b"GET /v1/ticks HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.expect("it reads");
    let mut seen = Vec::new();
    // The connection may end in a reset, which is as good.
    let _ = stream.read_to_end(&mut seen).await;
    let text = String::from_utf8_lossy(&seen);
    assert!(text.starts_with("HTTP/1.1 200") && text.contains("transfer-encoding: chunked"), "{}", &text[..200]);
    assert!(text.contains("{\"n\":1,") && !text.ends_with("0\r\n\r\n"), "no last chunk");
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn what_breaks_on_the_way_is_no_end_in_http_2() {
    use http_body_util::BodyExt;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let gateway = in_front_of(broken_origin().await, "broken-2").await;
    let stream = TcpStream::connect(gateway.listen).await.expect("it listens");
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    let connection = tokio::spawn(connection);
    let uri = format!("http://{}/v1/ticks", gateway.listen);
    let request = http::Request::get(uri).body(http_body_util::Empty::<bytes::Bytes>::new()).expect("a request");
    let response = client.send_request(request).await.expect("a head");
    assert_eq!(response.status(), 200);
    assert!(response.into_body().collect().await.is_err(), "the stream is reset");
    drop(client);
    let _ = connection.await;
    assert!(gateway.stop().await);
}
