//! Both sides of the gateway for tests of faults: a service that is a closure over a connection, and a client that
//! reads one answer after the other.
//!
//! `|` stands for CR LF, as in the tables of `wire`.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sunward::gateway::Options;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use super::wire::{Answer, body_end, raw, request_end};
use super::{Gateway, demo_file};

/// How long anything may take before a test is given up.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// The answer of a service that is well.
pub(super) const OK: &str = "HTTP/1.1 200 OK|content-length: 2||ok";

/// A service: what it does with a connection is a closure. It stops listening when it is dropped.
pub(super) struct Service {
    pub(super) address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    listening: AbortHandle,
}

/// An address at which nothing listens until a test does so itself: it stays bound until this is dropped, so that no other
/// test gets it.
pub(super) struct ClosedPort {
    pub(super) address: SocketAddr,
    _bound: socket2::Socket,
}

/// A connection, from the service's side.
pub(super) struct Served {
    pub(super) stream: TcpStream,
    bytes: Vec<u8>,
}

/// A client's connection.
pub(super) struct Client<S = TcpStream> {
    pub(super) stream: S,
    bytes: Vec<u8>,
}

// === impl Service ===

impl Service {
    pub(super) async fn start<F, Fut>(serve: F) -> Self
    where
        F: Fn(Served) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self::start_at(([127, 0, 0, 1], 0).into(), serve).await.expect("a free port")
    }

    /// At `address`, if it is free.
    pub(super) async fn start_at<F, Fut>(address: SocketAddr, serve: F) -> std::io::Result<Self>
    where
        F: Fn(Served) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&accepted);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(Served { stream, bytes: Vec::new() }));
            }
        });
        Ok(Self { address, accepted, listening: listening.abort_handle() })
    }

    /// One that answers everything with the same.
    pub(super) async fn saying(answer: &'static str) -> Self {
        Self::start(move |mut served| async move {
            while served.request().await.is_some() {
                served.write(answer).await;
            }
        })
        .await
    }

    /// So many connections were taken.
    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

// === impl ClosedPort ===

impl ClosedPort {
    pub(super) fn bind() -> Self {
        let bound = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
        // A test that binds the address, and says so too, may have it.
        bound.set_reuse_address(true).expect("an option");
        bound.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free port");
        let address = bound.local_addr().ok().and_then(|address| address.as_socket()).expect("bound");
        Self { address, _bound: bound }
    }
}

// === impl Served ===

impl Served {
    /// The next request, whole; `None` if the connection ends before.
    pub(super) async fn request(&mut self) -> Option<String> {
        loop {
            if let Some(end) = request_end(&self.bytes) {
                let request = String::from_utf8_lossy(&self.bytes[..end]).into_owned();
                self.bytes.drain(..end);
                return Some(request);
            }
            if self.stream.read_buf(&mut self.bytes).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    /// What it writes to a client that may be gone.
    pub(super) async fn write(&mut self, text: &str) {
        let _ = self.stream.write_all(&raw(text)).await;
    }

    /// Ends it with a reset.
    pub(super) fn reset(self) {
        let _ = self.stream.set_zero_linger();
    }

    /// Reads until the other side ends the connection.
    pub(super) async fn ended(&mut self) {
        while self.stream.read_buf(&mut self.bytes).await.unwrap_or(0) > 0 {}
    }
}

// === impl Client ===

impl Client {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.expect("it listens"))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(super) fn over(stream: S) -> Self {
        Self { stream, bytes: Vec::new() }
    }

    pub(super) async fn write(&mut self, text: &str) {
        let _ = self.stream.write_all(&raw(text)).await;
    }

    pub(super) async fn ask(&mut self, text: &str) -> Answer {
        self.write(text).await;
        self.answer().await.unwrap_or_else(|| panic!("no answer to {text}"))
    }

    /// The next answer; `None` if the connection ends before it is whole.
    pub(super) async fn answer(&mut self) -> Option<Answer> {
        let reading = async {
            loop {
                if let Some(answer) = self.whole() {
                    return Some(answer);
                }
                if self.stream.read_buf(&mut self.bytes).await.unwrap_or(0) == 0 {
                    return None;
                }
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.expect("the answer takes too long")
    }

    fn whole(&mut self) -> Option<Answer> {
        let text = String::from_utf8_lossy(&self.bytes).into_owned();
        let (head, rest) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let end = body_end(&head.to_ascii_lowercase(), rest.as_bytes())?;
        let answer = Answer { status, head: head.to_owned(), body: rest[..end].to_owned() };
        self.bytes.drain(..head.len() + 4 + end);
        Some(answer)
    }

    /// Whether something of an answer has come that is not whole.
    pub(super) fn has_begun(&self) -> bool {
        self.bytes.starts_with(b"HTTP/1.1 2")
    }

    /// Reads until `text` has come; what came until then is returned, and goes.
    pub(super) async fn until(&mut self, text: &str) -> String {
        let reading = async {
            while !String::from_utf8_lossy(&self.bytes).contains(text) {
                let read = self.stream.read_buf(&mut self.bytes).await.unwrap_or(0);
                assert!(read > 0, "{text:?} does not come: {}", String::from_utf8_lossy(&self.bytes));
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.expect("it takes too long");
        String::from_utf8_lossy(&std::mem::take(&mut self.bytes)).into_owned()
    }

    /// Reads until the connection ends, which may be a reset: what came, and how long it took.
    pub(super) async fn end(&mut self) -> (String, Duration) {
        let began = Instant::now();
        let reading = async { while self.stream.read_buf(&mut self.bytes).await.unwrap_or(0) > 0 {} };
        let ended = tokio::time::timeout(PATIENCE, reading).await;
        assert!(ended.is_ok(), "the connection does not end: {}", String::from_utf8_lossy(&self.bytes));
        (String::from_utf8_lossy(&std::mem::take(&mut self.bytes)).into_owned(), began.elapsed())
    }
}

/// An api `name` in front of these instances: versions 1 and 2, between which nothing changed.
pub(super) fn config(name: &str, instances: &[SocketAddr], gateway: &str, upstream: &str) -> String {
    let urls: Vec<String> = instances.iter().map(|address| format!("{{ url = \"http://{address}\" }}")).collect();
    config_of(name, &urls.join(", "), gateway, upstream)
}

/// As [`config`], with instances as they are written.
pub(super) fn config_of(name: &str, instances: &str, gateway: &str, upstream: &str) -> String {
    format!(
        r#"{gateway}
        [[api]]
        name = "{name}"
        base_path = "/api"
        version_from = {{ path = "/v{{version}}" }}
        upstream = "{name}"
        [[api.version]]
        name = "1"
        [[api.version]]
        name = "2"
        [[upstream]]
        name = "{name}"
        instances = [{instances}]
        {upstream}
        "#
    )
}

/// A gateway that reads `text`.
pub(super) async fn gateway(text: String) -> Gateway {
    Gateway::start(&demo_file(), Options::new().with_rewrite(move |_| text.clone())).await
}

/// Polls until it is so; `false` if it takes too long.
pub(super) async fn becomes(mut is: impl AsyncFnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if is().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    false
}

pub(super) type H2Client = hyper::client::conn::http2::SendRequest<Full<Bytes>>;

/// HTTP/2 over a stream.
pub(super) async fn h2_over(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> H2Client {
    let (client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(connection);
    client
}

/// HTTP/2 with prior knowledge.
pub(super) async fn h2(address: SocketAddr) -> H2Client {
    h2_over(TcpStream::connect(address).await.expect("it listens")).await
}

/// The status and the body of a GET over HTTP/2.
pub(super) async fn h2_get(client: &mut H2Client, path: &str) -> Result<(u16, String), hyper::Error> {
    client.ready().await?;
    let request = http::Request::get(format!("http://a.test{path}")).body(Full::default()).expect("a request");
    let response = client.send_request(request).await?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// A request's head, and its body if there is one. The connection stays.
pub(super) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1|Host: a.test||")
}

pub(super) fn post(path: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1|Host: a.test|Content-Length: {}||{body}", body.len())
}

/// The bytes that a text of a table stands for.
pub(super) fn raw_bytes(text: &str) -> Vec<u8> {
    raw(text)
}
