//! Everything at once: load from clients of all versions, instances that fail in every way, and a file that changes all
//! the time. Each request has exactly one right outcome.
//!
//! `SUNWARD_SOAK_SECONDS=20 cargo test --test it soak -- --ignored --nocapture`

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use sunward::gateway::Options;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::Gateway;
use super::rig::{self, Client, get, post};
use super::wire::request_end;

const INSTANCES: usize = 3;

/// What the instances did, for whoever judges the outcomes.
#[derive(Default)]
struct Deeds {
    /// Answers that began and did not come to their end.
    broken: Mutex<HashSet<String>>,
    /// What was sent with a method that is not idempotent, whole.
    posts: Mutex<Vec<String>>,
    done: AtomicBool,
}

/// What an instance does with a request.
#[derive(Clone, Copy)]
enum Deed {
    Well,
    Chunked,
    /// Ends the connection, orderly or with a reset, before the answer or in it.
    Close,
    Reset,
    Truncate,
    ResetWithin,
    Stall,
    StallWithin,
    Garbage,
    GarbageWithin,
    Unwell,
}

// === impl Deed ===

impl Deed {
    fn any() -> Self {
        match fastrand::u32(0..200) {
            0..3 => Self::Close,
            3..6 => Self::Reset,
            6..9 => Self::Truncate,
            9..12 => Self::ResetWithin,
            12 => Self::Stall,
            13 => Self::StallWithin,
            14..17 => Self::Garbage,
            17..20 => Self::GarbageWithin,
            20..23 => Self::Unwell,
            23..100 => Self::Chunked,
            _ => Self::Well,
        }
    }
}

/// What `id` is in `version`; large ones now and then.
fn item(version: u8, id: &str) -> String {
    let size = if id.ends_with("00") { 200_000 } else { 100 };
    let (name, pad) = (if version == 1 { "name" } else { "title" }, "x".repeat(size));
    format!(r#"{{"id":"{id}","{name}":"{id}","pad":"{pad}"}}"#)
}

/// An instance that is killed and comes back until all is done.
async fn instance(address: SocketAddr, deeds: Arc<Deeds>) {
    while !deeds.done.load(Ordering::Relaxed) {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("an option");
        socket.bind(address).expect("the port is free again");
        let listener = socket.listen(256).expect("it listens");
        let mut open = JoinSet::new();
        let killed = tokio::time::sleep(Duration::from_millis(fastrand::u64(500..1500)));
        tokio::pin!(killed);
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    open.spawn(serve(accepted.expect("a connection").0, Arc::clone(&deeds)));
                }
                () = &mut killed => break,
            }
        }
        drop(listener);
        open.shutdown().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn serve(mut stream: TcpStream, deeds: Arc<Deeds>) {
    let _ = stream.set_nodelay(true);
    let mut bytes = Vec::new();
    loop {
        while request_end(&bytes).is_none() {
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let end = request_end(&bytes).expect("it is there");
        let request = String::from_utf8_lossy(&bytes[..end]).into_owned();
        bytes.drain(..end);
        if answer(&mut stream, &request, &deeds).await.is_none() {
            return;
        }
    }
}

/// `None` once the connection is over.
async fn answer(stream: &mut TcpStream, request: &str, deeds: &Deeds) -> Option<()> {
    let id = request.split(' ').nth(1)?.rsplit('/').next()?.to_owned();
    let posted = request.starts_with("POST");
    if posted {
        let (head, body) = request.split_once("\r\n\r\n")?;
        let body = unchunked(&head.to_ascii_lowercase(), body);
        assert!(body == item(2, &id), "it comes in the instance's version, whole: {body:.200}");
        deeds.posts.lock().expect("no test failed").push(id.clone());
    }
    let deed = Deed::any();
    match deed {
        Deed::Close => return None,
        Deed::Reset => return stream.set_zero_linger().err().map(drop).and(None),
        Deed::Stall => std::future::pending().await,
        Deed::Garbage => {
            let _ = stream.write_all(b"\0\x01\x02 what is this\r\n\r\n").await;
            return None;
        }
        Deed::Unwell => {
            let _ = stream.write_all(b"HTTP/1.1 503 No\r\ncontent-length: 4\r\n\r\nbusy").await;
            return Some(());
        }
        _ => {}
    }
    deeds.broken.lock().expect("no test failed").insert(id.clone());
    let body = item(2, &id);
    let status = if posted { "201 Created" } else { "200 OK" };
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n");
    let half = body.len() / 2;
    let chunked = matches!(deed, Deed::Chunked | Deed::GarbageWithin);
    let framing =
        if chunked { "transfer-encoding: chunked".to_owned() } else { format!("content-length: {}", body.len()) };
    let part = |text: &str| if chunked { format!("{:x}\r\n{text}\r\n", text.len()) } else { text.to_owned() };
    stream.write_all(format!("{head}{framing}\r\n\r\n{}", part(&body[..half])).as_bytes()).await.ok()?;
    match deed {
        Deed::Truncate => return None,
        Deed::ResetWithin => return stream.set_zero_linger().err().map(drop).and(None),
        Deed::StallWithin => std::future::pending().await,
        Deed::GarbageWithin => {
            let _ = stream.write_all(b"no length\r\n").await;
            return None;
        }
        _ => {}
    }
    let rest = part(&body[half..]) + if chunked { "0\r\n\r\n" } else { "" };
    stream.write_all(rest.as_bytes()).await.ok()?;
    deeds.broken.lock().expect("no test failed").remove(&id);
    Some(())
}

/// How requests ended, and what was wrong with those that ended in no right way.
#[derive(Default)]
struct Outcomes {
    kinds: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

// === impl Outcomes ===

impl Outcomes {
    fn count(&mut self, kind: impl Into<String>) {
        *self.kinds.entry(kind.into()).or_default() += 1;
    }

    /// `got` is the status, the media type and the body, if all of it came.
    fn judge(
        &mut self,
        id: &str,
        version: u8,
        posted: bool,
        got: Option<(u16, &str, &str)>,
        begun: bool,
        deeds: &Deeds,
    ) {
        let well = if posted { 201 } else { 200 };
        match got {
            Some((status, _, body)) if status == well && body == item(version, id) => self.count("right"),
            Some((status @ (502..=504), "application/problem+json", _)) => {
                self.count(format!("the gateway's {status}"))
            }
            Some((503, _, "busy")) => self.count("the instance's 503"),
            None if begun && deeds.broken.lock().expect("no test failed").contains(id) => self.count("broken"),
            got => self.wrong.push(format!("{id} v{version} post {posted} begun {begun}: {got:.300?}")),
        }
    }

    fn add(&mut self, other: Self) {
        for (kind, count) in other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        self.wrong.extend(other.wrong);
    }
}

async fn h1_client(
    address: SocketAddr,
    name: String,
    version: u8,
    posts: bool,
    until: Instant,
    deeds: Arc<Deeds>,
) -> Outcomes {
    let mut outcomes = Outcomes::default();
    let mut client = Client::connect(address).await;
    for turn in 0.. {
        if Instant::now() >= until {
            break;
        }
        let id = format!("{name}-{turn}");
        let path = format!("/api/v{version}/items/{id}");
        let request = if posts {
            post(&path, &item(version, &id)).replace("Host: a.test|", "Host: a.test|Content-Type: application/json|")
        } else {
            get(&path)
        };
        client.write(&request).await;
        // A client that has no patience.
        if turn % 97 == 96 {
            outcomes.count("the client left");
            client = Client::connect(address).await;
            continue;
        }
        let answer = client.answer().await;
        let begun = answer.is_some() || client.has_begun();
        let media = answer.as_ref().and_then(|answer| {
            answer.head.lines().find_map(|line| line.strip_prefix("content-type: ")).map(str::to_owned)
        });
        let body = answer.as_ref().map(|answer| unchunked(&answer.head, &answer.body)).unwrap_or_default();
        let got = answer.as_ref().map(|answer| (answer.status, media.as_deref().unwrap_or(""), body.as_str()));
        outcomes.judge(&id, version, posts, got, begun, &deeds);
        if answer.is_none_or(|answer| answer.head.contains("connection: close")) {
            client = Client::connect(address).await;
        }
    }
    outcomes
}

fn unchunked(head: &str, body: &str) -> String {
    if !head.contains("transfer-encoding: chunked") {
        return body.to_owned();
    }
    let (mut rest, mut all) = (body, String::new());
    while let Some((size, more)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a size");
        all.push_str(&more[..size]);
        rest = &more[(size + 2).min(more.len())..];
        if size == 0 {
            break;
        }
    }
    all
}

async fn h2_client(address: SocketAddr, name: String, version: u8, until: Instant, deeds: Arc<Deeds>) -> Outcomes {
    let mut outcomes = Outcomes::default();
    let mut client = rig::h2(address).await;
    for turn in 0.. {
        if Instant::now() >= until {
            break;
        }
        if client.ready().await.is_err() {
            client = rig::h2(address).await;
            outcomes.count("a new connection of HTTP/2");
            continue;
        }
        let id = format!("{name}-{turn}");
        let request = Request::get(format!("http://a.test/api/v{version}/items/{id}"));
        match client.send_request(request.body(Full::<Bytes>::default()).expect("a request")).await {
            // A stream that is reset says so of itself, with or without a head before.
            Err(_) => outcomes.judge(&id, version, false, None, true, &deeds),
            Ok(response) => {
                let status = response.status().as_u16();
                let media =
                    response.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
                let body = response.into_body().collect().await.ok();
                let body = body.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned());
                let got = body.as_ref().map(|body| (status, media.as_str(), body.as_str()));
                outcomes.judge(&id, version, false, got, true, &deeds);
            }
        }
    }
    outcomes
}

/// The file, which is another one each time.
fn write(file: &Path, addresses: &[SocketAddr], turn: usize) {
    let instances: Vec<String> = addresses
        .iter()
        .enumerate()
        .map(|(i, address)| format!("{{ url = \"http://{address}\", weight = {} }}", 1 + (turn + i) % 3))
        .collect();
    let own = "[gateway]\ntimeouts = { response = \"300ms\", upstream_body = \"300ms\", upstream_idle = \"1s\" }\n";
    let upstream = "eject = { after = 5, for = \"100ms\" }\nresolve = \"200ms\"\n";
    let text = rig::config_of("soak", &instances.join(", "), own, upstream).replace(
        "[[upstream]]",
        "[[api.resource]]\nname = \"item\"\nat = [\"GET /items/{id} -> 200\", \"POST /items/{id} <-\", \
         \"POST /items/{id} -> 201\"]\n[[api.change]]\nversion = \"2\"\nsummary = \"`name` is called `title`\"\n\
         on = \"item\"\nbreaking = true\nops = [{ rename = \"/name\", to = \"/title\" }]\n[[upstream]]",
    );
    let new = file.with_extension("new");
    std::fs::write(&new, text).expect("written");
    std::fs::rename(&new, file).expect("renamed");
}

/// Load for so long, while the file changes.
async fn half(
    gateway: &Gateway,
    name: &str,
    file: &Path,
    addresses: &[SocketAddr],
    time: Duration,
    deeds: &Arc<Deeds>,
) -> Outcomes {
    let until = Instant::now() + time;
    let mut clients = JoinSet::new();
    for version in [1, 2] {
        for posts in [false, true] {
            for n in 0..2 {
                let name = format!("{name}-{version}-{posts}-{n}");
                clients.spawn(h1_client(gateway.listen, name, version, posts, until, Arc::clone(deeds)));
            }
        }
        clients.spawn(h2_client(gateway.listen, format!("{name}-{version}-h2"), version, until, Arc::clone(deeds)));
    }
    let mut every = tokio::time::interval(Duration::from_millis(100));
    for turn in 0.. {
        every.tick().await;
        write(file, addresses, turn);
        if Instant::now() >= until {
            break;
        }
    }
    let mut outcomes = Outcomes::default();
    while let Some(part) = clients.join_next().await {
        outcomes.add(part.expect("a client ran"));
    }
    outcomes
}

/// Open files, and memory in KiB, once idle connections are gone.
async fn held() -> (usize, usize) {
    let files = || std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let mut least = files();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        least = least.min(files());
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    (least, line.trim().trim_end_matches(" kB").parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes as long as it is told to"]
async fn every_request_has_one_right_outcome() {
    let seconds = std::env::var("SUNWARD_SOAK_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let deeds = Arc::new(Deeds::default());
    let addresses: Vec<SocketAddr> = (0..INSTANCES)
        .map(|_| std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port"))
        .collect();
    let mut instances = JoinSet::new();
    for address in &addresses {
        instances.spawn(instance(*address, Arc::clone(&deeds)));
    }
    let folder = std::env::temp_dir().join(format!("sunward-soak-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("gateway.toml");
    write(&file, &addresses, 0);
    let gateway = Gateway::start(&file, Options::new()).await;

    let time = Duration::from_secs(seconds) / 2;
    let mut all = half(&gateway, "one", &file, &addresses, time, &deeds).await;
    let first = held().await;
    all.add(half(&gateway, "two", &file, &addresses, time, &deeds).await);
    let second = held().await;
    println!("{:#?}\nfiles and KiB after each half: {first:?} {second:?}", all.kinds);

    assert!(all.wrong.is_empty(), "{} are wrong: {:#?}", all.wrong.len(), &all.wrong[..all.wrong.len().min(10)]);
    assert!(all.kinds.get("right").is_some_and(|right| *right > 500), "most are well");
    let mut posts = std::mem::take(&mut *deeds.posts.lock().expect("no test failed"));
    let sent = posts.len();
    posts.sort_unstable();
    posts.dedup();
    assert_eq!(posts.len(), sent, "no POST was sent twice");
    assert!(second.0 <= first.0 + 10, "open files grow");
    assert!(second.1 <= first.1 + first.1 / 5 + 16 * 1024, "memory grows");
    gateway.stop().await;
    deeds.done.store(true, Ordering::Relaxed);
    instances.abort_all();
    let _ = std::fs::remove_dir_all(&folder);
}
