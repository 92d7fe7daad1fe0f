//! gRPC, as far as a gateway sees it: HTTP/2 on both sides, messages both ways at once, and a status in the trailers.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use h2::client::SendRequest;
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::net::{TcpListener, TcpStream};

use super::rig::{self, PATIENCE, config};

const TALK: &str = "/api/v1/chat.Chat/Talk";
const REFUSE: &str = "/api/v1/chat.Chat/Refuse";

/// A service with two calls: `Talk` says each message twice, and `Refuse` has its status in the head and reads nothing.
async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.expect("HTTP/2");
                while let Some(Ok((request, respond))) = connection.accept().await {
                    tokio::spawn(call(request, respond));
                }
            });
        }
    });
    address
}

async fn call(request: Request<RecvStream>, mut respond: SendResponse<Bytes>) {
    let said = |name: &str| request.headers().get(name).map(HeaderValue::as_bytes).unwrap_or_default().to_owned();
    let head = Response::builder().header("content-type", "application/grpc");
    if said("te") != b"trailers" || said("content-type") != b"application/grpc" {
        let head = head.header("grpc-status", "3").body(()).expect("a response");
        respond.send_response(head, true).expect("open");
    } else if request.uri().path().ends_with("/Refuse") {
        let head = head.header("grpc-status", "7").header("grpc-message", "not you").body(()).expect("a response");
        respond.send_response(head, true).expect("open");
    } else {
        let mut answer = respond.send_response(head.body(()).expect("a response"), false).expect("open");
        let mut messages = Messages::new(request.into_body());
        while let Some(text) = messages.next().await {
            send(&mut answer, &text);
            send(&mut answer, &text.to_uppercase());
        }
        let trailers = [("grpc-status", "0"), ("grpc-message", "well"), ("x-checksum-bin", "AAEC")];
        let trailers = trailers.map(|(name, value)| (name.parse().expect("a name"), HeaderValue::from_static(value)));
        answer.send_trailers(HeaderMap::from_iter(trailers)).expect("open");
    }
}

/// The messages of one direction of a call: a flag, four bytes of length, and so many bytes.
struct Messages {
    body: RecvStream,
    bytes: BytesMut,
}

// === impl Messages ===

impl Messages {
    fn new(body: RecvStream) -> Self {
        Self { body, bytes: BytesMut::new() }
    }

    /// The next one; `None` at the end, which must not be within one.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((head, rest)) = self.bytes.split_at_checked(5) {
                let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
                if rest.len() >= length {
                    let message = self.bytes.split_to(5 + length);
                    return Some(String::from_utf8(message[5..].to_vec()).expect("text"));
                }
            }
            let data = tokio::time::timeout(PATIENCE, self.body.data()).await.expect("it takes too long");
            let Some(data) = data else {
                assert!(self.bytes.is_empty(), "it ends within a message");
                return None;
            };
            let data = data.expect("it goes on");
            self.body.flow_control().release_capacity(data.len()).expect("a window");
            self.bytes.extend_from_slice(&data);
        }
    }

    async fn trailers(mut self) -> HeaderMap {
        assert_eq!(self.next().await, None);
        self.body.trailers().await.expect("it ends well").expect("trailers")
    }
}

fn send(stream: &mut SendStream<Bytes>, text: &str) {
    let mut message = BytesMut::new();
    message.put_u8(0);
    message.put_u32(u32::try_from(text.len()).expect("short"));
    message.put(text.as_bytes());
    stream.send_data(message.freeze(), false).expect("open");
}

/// Begins a call: its answer's head, which does not wait for a message, and both directions.
async fn begin(client: &SendRequest<Bytes>, path: &str) -> (Response<()>, SendStream<Bytes>, Messages) {
    let mut client = client.clone().ready().await.expect("open");
    let request = Request::post(format!("http://a.test{path}"))
        .header("te", "trailers")
        .header("content-type", "application/grpc")
        .header("grpc-timeout", "10S")
        .body(())
        .expect("a request");
    let (answer, out) = client.send_request(request, false).expect("sent");
    let answer = tokio::time::timeout(PATIENCE, answer).await.expect("it takes too long").expect("a head");
    let (head, body) = answer.into_parts();
    (Response::from_parts(head, ()), out, Messages::new(body))
}

fn field<'a>(fields: &'a HeaderMap, name: &str) -> &'a str {
    fields.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

async fn client(address: SocketAddr) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(address).await.expect("it listens");
    let (client, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn a_call_goes_both_ways_and_its_status_comes_last() {
    let gateway = rig::gateway(config("grpc", &[serve().await], "", "http2 = true\n")).await;
    let client = client(gateway.listen).await;
    // Two calls at once, over one connection on each side.
    let (head, mut out, mut answers) = begin(&client, TALK).await;
    let (_, mut other_out, mut other) = begin(&client, TALK).await;
    assert_eq!((head.status().as_u16(), field(head.headers(), "content-type")), (200, "application/grpc"));
    assert_eq!(field(head.headers(), "grpc-status"), "", "it is not known yet");
    // Each message is answered before the next is sent.
    for text in ["one", "", "a longer one"] {
        send(&mut out, text);
        send(&mut other_out, "other");
        assert_eq!(answers.next().await.as_deref(), Some(text));
        assert_eq!(answers.next().await, Some(text.to_uppercase()));
        assert_eq!(other.next().await.as_deref(), Some("other"));
        assert_eq!(other.next().await.as_deref(), Some("OTHER"));
    }
    // And several are on their way at once, one of them larger than a frame.
    let large = "x".repeat(40_000);
    for text in ["two", &large, "three"] {
        send(&mut out, text);
    }
    out.send_data(Bytes::new(), true).expect("open");
    for text in ["two", &large, "three"] {
        assert_eq!(answers.next().await.as_deref(), Some(text));
        assert_eq!(answers.next().await, Some(text.to_uppercase()));
    }
    let trailers = answers.trailers().await;
    for (name, value) in [("grpc-status", "0"), ("grpc-message", "well"), ("x-checksum-bin", "AAEC")] {
        assert_eq!(field(&trailers, name), value);
    }
    // The other call goes on.
    send(&mut other_out, "last");
    other_out.send_data(Bytes::new(), true).expect("open");
    assert_eq!(other.next().await.as_deref(), Some("last"));
    assert_eq!(other.next().await.as_deref(), Some("LAST"));
    assert_eq!(field(&other.trailers().await, "grpc-status"), "0");
    drop(client);
    assert!(gateway.stop().await);
}

/// An answer that is a head alone, while the client still has something to say: it ends the call, and nothing else.
#[tokio::test]
async fn a_refusal_is_in_the_head() {
    let gateway = rig::gateway(config("grpc-refused", &[serve().await], "", "http2 = true\n")).await;
    let client = client(gateway.listen).await;
    for _ in 0..3 {
        let (_, mut talking, mut answers) = begin(&client, TALK).await;
        let (head, _out, refused) = begin(&client, REFUSE).await;
        assert_eq!((head.status().as_u16(), field(head.headers(), "content-type")), (200, "application/grpc"));
        assert_eq!((field(head.headers(), "grpc-status"), field(head.headers(), "grpc-message")), ("7", "not you"));
        assert!(refused.body.is_end_stream(), "nothing comes behind it");
        send(&mut talking, "still");
        assert_eq!(answers.next().await.as_deref(), Some("still"));
        talking.send_data(Bytes::new(), true).expect("open");
        assert_eq!(answers.next().await.as_deref(), Some("STILL"));
        assert_eq!(field(&answers.trailers().await, "grpc-status"), "0");
    }
    drop(client);
    assert!(gateway.stop().await);
}

/// All waits are short, but for a call that is under way none of them counts.
#[tokio::test]
async fn a_call_may_be_quiet() {
    let short = Duration::from_millis(200);
    let own = "[gateway]\ntimeouts = { client_body = \"200ms\", client_send = \"200ms\", \
               upstream_body = \"200ms\", client_idle = \"200ms\", client_ping = \"100ms\" }\n";
    let gateway = rig::gateway(config("grpc-quiet", &[serve().await], own, "http2 = true\n")).await;
    let client = client(gateway.listen).await;
    let (_, mut out, mut answers) = begin(&client, TALK).await;
    for text in ["one", "two", "three"] {
        tokio::time::sleep(short * 4).await;
        send(&mut out, text);
        assert_eq!(answers.next().await.as_deref(), Some(text));
        assert_eq!(answers.next().await, Some(text.to_uppercase()));
    }
    tokio::time::sleep(short * 4).await;
    out.send_data(Bytes::new(), true).expect("open");
    assert_eq!(field(&answers.trailers().await, "grpc-status"), "0");
    drop(client);
    assert!(gateway.stop().await);
}

/// A client that is gone is not quiet: it does not answer a PING.
#[tokio::test]
async fn a_call_whose_client_is_gone_ends() {
    let own = "[gateway]\ntimeouts = { client_ping = \"500ms\", client_ping_timeout = \"1s\" }\n";
    let gateway = rig::gateway(config("grpc-gone", &[serve().await], own, "http2 = true\n")).await;
    let stream = TcpStream::connect(gateway.listen).await.expect("it listens");
    let (client, mut connection) = h2::client::handshake(stream).await.expect("HTTP/2");
    let begun = async {
        let (_, mut out, mut answers) = begin(&client, TALK).await;
        send(&mut out, "one");
        assert_eq!(answers.next().await.as_deref(), Some("one"));
        (out, answers)
    };
    let open = tokio::select! {
        open = begun => open,
        _ = &mut connection => panic!("it is open"),
    };
    // From here on the client neither reads nor writes, and its connection stays open.
    let pending = async || {
        let page = gateway.admin("/metrics").await.body;
        page.lines()
            .any(|line| line.starts_with("sunward_upstream_pending{upstream=\"grpc-gone\"") && line.ends_with(" 1"))
    };
    assert!(rig::becomes(async || !pending().await).await, "it is held for ever");
    drop((open, connection));
    assert!(gateway.stop().await);
}
