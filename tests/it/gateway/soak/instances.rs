//! Instances that fail in every way, and what they know of it.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::gateway::wire::request_end;

/// What the instances did, for the check of the outcomes.
#[derive(Default)]
pub(super) struct Deeds {
    /// Answers that began and did not come to their end.
    pub(super) broken: Mutex<HashSet<String>>,
    /// What was sent with a method that is not idempotent, whole.
    pub(super) posts: Mutex<Vec<String>>,
    pub(super) done: AtomicBool,
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
pub(super) fn item(version: u8, id: &str) -> String {
    let size = if id.ends_with("00") { 200_000 } else { 100 };
    let (name, pad) = (if version == 1 { "name" } else { "title" }, "x".repeat(size));
    format!(r#"{{"id":"{id}","{name}":"{id}","pad":"{pad}"}}"#)
}

/// An instance that is killed and comes back until all is done.
pub(super) async fn instance(address: SocketAddr, deeds: Arc<Deeds>) {
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

/// The body, without what frames it.
pub(super) fn unchunked(head: &str, body: &str) -> String {
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
