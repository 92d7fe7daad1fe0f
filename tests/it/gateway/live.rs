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

/// A service that sends one event, and the next when it is told to.
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

#[tokio::test]
async fn an_event_reaches_the_client_before_the_next_is_sent() {
    let (go, wait) = oneshot::channel();
    let address = origin(wait).await;
    let file = std::env::temp_dir().join(format!("sunward-live-{}.toml", std::process::id()));
    std::fs::write(&file, CONFIG.replace("PORT", &address.to_string())).expect("written");
    let gateway = Gateway::start(&file, Options::new()).await;
    std::fs::remove_file(&file).expect("removed");
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
