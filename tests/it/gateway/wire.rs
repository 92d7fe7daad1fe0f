//! Both sides of the gateway as bytes: what a client writes and reads, and what an upstream got and answers.
//!
//! In tables, `|` stands for CR LF.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sunward::gateway::Options;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Gateway, demo_file};

/// Version 1 is gone, 2 sends `name` where 3 has `title`, and anything else passes.
const CONFIG: &str = r#"
[gateway]
proxy = { forwarded = "off", request_id = "" }
[[api]]
name = "NAME"
base_path = "/api"
version_from = { path = "/v{version}" }
upstream = "raw"

[[api.version]]
name = "1"
deprecated = 2020-01-01
sunset = 2021-01-01

[[api.version]]
name = "2"

[[api.version]]
name = "3"

[[api.change]]
version = "3"
summary = "`name` is called `title`"
at = ["POST /users <-"]
breaking = true
ops = [{ rename = "/name", to = "/title" }]

[[api.route]]
route = "POST /users"

[[api]]
name = "NAME-hosted"
host = "hosted.test"
base_path = "/hosted"
version_from = { path = "/v{version}" }
upstream = "raw"

[[api.version]]
name = "3"

[[upstream]]
name = "raw"
instances = [{ url = "http://PORT", speaks = "3" }]
"#;

/// What is asked behind each row on the same connection: it gets its own answer, or the connection has ended.
pub(super) const PROBE: &str = "GET /api/v3/probe HTTP/1.1|Host: probe|Connection: close||";
/// How the probe reaches the upstream, which knows the api without versions.
pub(super) const PROBED: &str = "GET /api/probe HTTP/1.1|host: probe||";
/// What the gateway adds of itself, which is not what these tables are about.
const ADDED: [&str; 1] = ["via: "];
/// The upstream's own address, in what it got.
const HERE: &str = "upstream";
/// How long anything may take before a test is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// The answer to requests whose path ends like this, and whether the connection ends after it.
pub(super) type Script = &'static [(&'static str, &'static str, bool)];

/// A gateway with a scripted upstream behind it.
pub(super) struct Wire {
    pub(super) gateway: Gateway,
    upstream: Upstream,
}

#[derive(Clone)]
struct Upstream {
    script: Script,
    /// Each with the number of its connection.
    seen: Arc<Mutex<Vec<(usize, String)>>>,
}

/// A response, as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

// === impl Wire ===

impl Wire {
    /// `name` is the api's; metrics are the process's.
    pub(super) async fn start(name: &str, script: Script) -> Self {
        let upstream = Upstream { script, seen: Arc::default() };
        let address = upstream.clone().listen().await;
        let text = config(name, address);
        let gateway = Gateway::start(&demo_file(), Options::new().with_rewrite(move |_| text.clone())).await;
        Self { gateway, upstream }
    }

    /// Writes `request`, and reads until the gateway is shutting down the connection.
    pub(super) async fn talk(&self, request: &[u8]) -> Vec<Answer> {
        let mut stream = TcpStream::connect(self.gateway.listen).await.expect("it listens");
        // It may have had enough before it was all written.
        let _ = stream.write_all(request).await;
        read_all(&mut stream).await
    }

    /// What reached the upstream since it was asked last, in order.
    pub(super) fn seen(&self) -> Vec<String> {
        self.seen_on().into_iter().map(|(_, request)| request).collect()
    }

    /// The same, each with the number of the connection that it came on.
    pub(super) fn seen_on(&self) -> Vec<(usize, String)> {
        std::mem::take(&mut *self.upstream.seen.lock().expect("no test failed"))
    }

    pub(super) async fn stop(self) {
        self.gateway.stop().await;
    }
}

/// A file with one api, of that name, behind which that upstream is.
pub(super) fn config(name: &str, upstream: SocketAddr) -> String {
    CONFIG.replace("NAME", name).replace("PORT", &upstream.to_string())
}

/// CR LF for `|`.
pub(super) fn raw(text: &str) -> Vec<u8> {
    text.replace('|', "\r\n").into_bytes()
}

/// Reads until the end of the connection, which may be a reset, and takes the answers apart.
pub(super) async fn read_all(stream: &mut TcpStream) -> Vec<Answer> {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    assert!(read.is_ok(), "the connection does not end: {}", String::from_utf8_lossy(&bytes));
    answers(&String::from_utf8_lossy(&bytes))
}

/// Takes apart what was read. Bodies without a length go to the end, and a HEAD's answer has none.
fn answers(mut text: &str) -> Vec<Answer> {
    let mut all = Vec::new();
    while let Some((head, rest)) = text.split_once("\r\n\r\n") {
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let bare = rest.is_empty() || rest.starts_with("HTTP/1.") || matches!(status, 100..200 | 204 | 304);
        let end = if bare { 0 } else { body_end(&head.to_ascii_lowercase(), rest.as_bytes()).unwrap_or(rest.len()) };
        all.push(Answer { status, head: head.to_owned(), body: rest[..end].to_owned() });
        text = &rest[end..];
    }
    assert!(text.is_empty(), "what is this? {text}");
    all
}

/// Where the body ends, if it is all there. `head` is in lower case.
pub(super) fn body_end(head: &str, rest: &[u8]) -> Option<usize> {
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    if field("transfer-encoding:").is_some() {
        return chunks_end(rest);
    }
    let length = field("content-length:").map_or(0, |length| length.parse().expect("a length"));
    (rest.len() >= length).then_some(length)
}

/// Where the last chunk and the trailers end. Sizes that are none are taken for the end of what can be read.
fn chunks_end(bytes: &[u8]) -> Option<usize> {
    let line = |from: usize| bytes.get(from..)?.windows(2).position(|end| end == b"\r\n").map(|at| from + at);
    let mut at = 0;
    loop {
        let end = line(at)?;
        let text = String::from_utf8_lossy(&bytes[at..end]);
        let size = usize::from_str_radix(text.split(';').next().unwrap_or_default().trim(), 16).ok()?;
        at = end + 2;
        if size == 0 {
            break;
        }
        at += size + 2;
    }
    loop {
        let end = line(at)?;
        if end == at {
            return Some(end + 2);
        }
        at = end + 2;
    }
}

// === impl Upstream ===

impl Upstream {
    /// Takes connections, and remembers every request byte by byte. A path that ends with `-early` is answered when its
    /// head is there.
    async fn listen(self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        tokio::spawn(async move {
            for number in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                tokio::spawn(self.clone().serve(stream, number));
            }
        });
        address
    }

    async fn serve(self, mut stream: TcpStream, number: usize) {
        let mut bytes = Vec::new();
        let mut answered = false;
        let here = stream.local_addr().expect("bound").to_string();
        loop {
            let end = request_end(&bytes);
            let path = path(&bytes).filter(|path| end.is_some() || path.ends_with("-early"));
            if let Some(end) = end {
                let request: Vec<u8> = bytes.drain(..end).collect();
                self.remember(number, written(&String::from_utf8_lossy(&request)).replace(&here, HERE));
            }
            if let Some(path) = path.filter(|_| !answered) {
                let known = self.script.iter().find(|(end, ..)| path.ends_with(end));
                let (_, reply, last) = known.unwrap_or(&("", "HTTP/1.1 200 OK|content-length: 2||ok", false));
                if stream.write_all(&raw(reply)).await.is_err() || *last {
                    return;
                }
                answered = true;
            }
            if end.is_some() {
                answered = false;
            } else if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                if !bytes.is_empty() {
                    self.remember(number, format!("{}...", written(&String::from_utf8_lossy(&bytes))));
                }
                return;
            }
        }
    }

    fn remember(&self, connection: usize, request: String) {
        self.seen.lock().expect("no test failed").push((connection, request));
    }
}

/// The path of a request whose head is there.
fn path(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    text.contains("\r\n\r\n").then(|| text.split(' ').nth(1).expect("a target").to_owned())
}

pub(super) fn request_end(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    body_end(&text, &bytes[head..]).map(|end| head + end)
}

/// As tables write it, without what the gateway adds.
fn written(request: &str) -> String {
    let (head, body) = request.split_once("\r\n\r\n").unwrap_or((request, ""));
    let lines: Vec<&str> =
        head.split("\r\n").filter(|line| !ADDED.iter().any(|added| line.starts_with(added))).collect();
    format!("{}||{}", lines.join("|"), body.replace("\r\n", "|"))
}
