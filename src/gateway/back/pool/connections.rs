//! The connections of an instance: those that are open, and how others are made.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Request, Version};
use http_body::Frame;
use http_body_util::BodyExt;

use super::connect_error::{ConnectError, MAX_SAID};
use super::drive::drive_frame;
use super::exchange::{Connection, H1, H2, Outgoing, ResponseHead};
use super::h2_connections::H2Connections;
use super::hosts;
use super::streams::StreamPermit;
use super::transport::Transport;

/// All connections to one instance.
#[derive(Debug)]
pub(super) struct Connections {
    pub(super) transport: Transport,
    /// The instance's authority, for `Host`.
    host: HeaderValue,
    idle: Mutex<Idle>,
    shared: H2Connections,
    /// What the instance said last that it speaks.
    learned: Mutex<Option<Arc<str>>>,
    /// Grows when no connection that is open is to be taken again.
    generation: AtomicU64,
    /// It answered with HTTP/1.0 last.
    old: AtomicBool,
}

/// Idle connections, the most recently used last. Boxed, because they are moved often.
#[allow(clippy::vec_box, reason = "they are handed on as they are")]
type Idle = Vec<Box<H1>>;

/// More idle connections to one instance are closed.
const MAX_IDLE: usize = 1024;

// === impl Connections ===

impl Connections {
    pub(super) fn new(transport: Transport) -> Self {
        let host = HeaderValue::try_from(transport.authority()).unwrap_or_else(|_| HeaderValue::from_static(""));
        Self {
            transport,
            host,
            idle: Mutex::default(),
            shared: H2Connections::default(),
            learned: Mutex::default(),
            generation: AtomicU64::new(0),
            old: AtomicBool::new(false),
        }
    }

    /// A connection: one that is open, or a new one.
    pub(super) async fn take(&self, timeout: Duration) -> Result<Connection, ConnectError> {
        if !self.transport.http2
            && let Some(open) = self.take_idle()
        {
            return Ok(Connection::H1(open));
        }
        if self.transport.http2
            && let Some((open, stream)) = self.shared.take(self.generation())
        {
            return Ok(Connection::H2(open, stream));
        }
        self.fresh(timeout).await
    }

    /// A connection that does not lie idle: where one was found closed, the others may be as well.
    pub(super) async fn fresh(&self, timeout: Duration) -> Result<Connection, ConnectError> {
        // Boxed: most requests find a connection that is open, and shall not be as large as a new one.
        Box::pin(self.within(timeout, async {
            if self.transport.http2 {
                self.share().await.map(|(open, stream)| Connection::H2(open, stream))
            } else {
                self.open().await.map(Connection::H1)
            }
        }))
        .await
    }

    async fn within<T>(
        &self,
        timeout: Duration,
        connecting: impl Future<Output = Result<T, ConnectError>>,
    ) -> Result<T, ConnectError> {
        tokio::time::timeout(timeout, connecting).await.unwrap_or(Err(ConnectError::TimedOut))
    }

    fn take_idle(&self) -> Option<Box<H1>> {
        loop {
            let popped = lock(&self.idle).pop();
            let mut open = popped?;
            if open.generation == self.generation() && open.is_usable() {
                return Some(open);
            }
        }
    }

    /// A new HTTP/1.1 connection, which has said what it speaks if it was to be asked.
    async fn open(&self) -> Result<Box<H1>, ConnectError> {
        let stream = self.transport.connector.connect().await.map_err(ConnectError::Io)?;
        let mut open = Box::new(
            H1::handshake(stream, self.transport.head_limits, self.generation()).await.map_err(ConnectError::Http)?,
        );
        if let Some((path, field)) = &self.transport.speaks_from {
            let (said, back) = self.ask(open, path, field).await?;
            open = back.ok_or(ConnectError::Mute)?;
            *lock(&self.learned) = Some(Arc::clone(&said));
            open.speaks = Some(said);
        }
        Ok(open)
    }

    async fn ask(
        &self,
        open: Box<H1>,
        path: &PathAndQuery,
        field: &HeaderName,
    ) -> Result<(Arc<str>, Option<Box<H1>>), ConnectError> {
        let came = open.send(self.get(path)).await.map_err(|error| ConnectError::Http(error.error))?;
        let ResponseHead { response, open, .. } = came;
        self.learn(response.version());
        let said = said(response.headers(), field)?;
        let mut open = open.ok_or(ConnectError::Mute)?;
        let mut body = response.into_body();
        let mut left = SkippedBody::new();
        while let Some(frame) = drive_frame(&mut body, &mut open).await {
            left.take(&frame.map_err(ConnectError::Http)?)?;
        }
        let usable = open.is_usable();
        Ok((said, usable.then_some(open)))
    }

    /// A stream of an HTTP/2 connection that is open; of a new one if all their streams are used.
    async fn share(&self) -> Result<(H2, StreamPermit), ConnectError> {
        let _one = self.shared.opening.lock().await;
        if let Some(taken) = self.shared.take(self.generation()) {
            return Ok(taken);
        }
        let stream = self.transport.connector.connect().await.map_err(ConnectError::Io)?;
        let handshake = H2::handshake(stream, self.transport.head_limits, self.generation());
        let mut open = handshake.await.map_err(ConnectError::Http)?;
        if let Some((path, field)) = &self.transport.speaks_from {
            let said = self.ask_h2(open.clone(), path, field).await?;
            *lock(&self.learned) = Some(Arc::clone(&said));
            open.speaks = Some(said);
        }
        Ok(self.shared.add(open))
    }

    async fn ask_h2(&self, open: H2, path: &PathAndQuery, field: &HeaderName) -> Result<Arc<str>, ConnectError> {
        let stream = open.stream();
        let came = open.send(self.get(path), stream).await.map_err(|error| ConnectError::Http(error.error))?;
        let said = said(came.response.headers(), field)?;
        let mut body = came.response.into_body();
        let mut left = SkippedBody::new();
        while let Some(frame) = body.frame().await {
            left.take(&frame.map_err(ConnectError::Http)?)?;
        }
        Ok(said)
    }

    /// Whether the instance answers `path` with 2xx or 3xx, on a connection of its own.
    pub(super) async fn check(&self, path: &PathAndQuery, timeout: Duration) -> Result<(), String> {
        let asking = async {
            let stream = self.transport.connector.connect().await.map_err(ConnectError::Io)?;
            let request = self.get(path);
            let head_limits = self.transport.head_limits;
            let came = if self.transport.http2 {
                let open = H2::handshake(stream, head_limits, 0).await.map_err(ConnectError::Http)?;
                let stream = open.stream();
                open.send(request, stream).await
            } else {
                Box::new(H1::handshake(stream, head_limits, 0).await.map_err(ConnectError::Http)?).send(request).await
            };
            let came = came.map_err(|error| ConnectError::Http(error.error))?;
            self.learn(came.response.version());
            Ok(came.response.status())
        };
        match self.within(timeout, asking).await {
            Ok(status) if status.is_success() || status.is_redirection() => Ok(()),
            Ok(status) => Err(format!("the response status is {status}")),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Notes which HTTP/1 it speaks.
    pub(super) fn learn(&self, version: Version) {
        let is_old = version == Version::HTTP_10;
        if self.old.load(Ordering::Relaxed) != is_old {
            self.old.store(is_old, Ordering::Relaxed);
        }
    }

    /// Whether it speaks HTTP/1.0, and so cannot read chunks.
    pub(super) fn is_old(&self) -> bool {
        self.old.load(Ordering::Relaxed)
    }

    /// A GET of its own to `path`, below the instance's prefix.
    fn get(&self, path: &PathAndQuery) -> Request<Outgoing> {
        let mut request = Request::new(Outgoing::default());
        let target = if self.transport.http2 { self.transport.join(path) } else { self.transport.below(path) };
        *request.uri_mut() = target.unwrap_or_default();
        if self.transport.http2 {
            *request.version_mut() = Version::HTTP_2;
        } else {
            request.headers_mut().insert(header::HOST, self.host());
        }
        request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static("sunward"));
        request
    }

    /// Keeps a connection whose response has ended. The next request checks whether it can be used.
    pub(super) fn park(&self, mut open: Box<H1>) {
        if open.generation != self.generation() {
            return;
        }
        open.rest();
        let one_too_many = {
            let mut idle = lock(&self.idle);
            if idle.len() < MAX_IDLE {
                idle.push(open);
                None
            } else {
                Some(open)
            }
        };
        // Closed without the lock.
        drop(one_too_many);
    }

    /// Closes connections that have been idle for too long, or that the other end has closed. Meanwhile, requests can
    /// still find the others.
    pub(super) fn sweep(&self, now: Instant) {
        self.shared.sweep(now, self.transport.keep);
        let is_old = |open: &H1| now.saturating_duration_since(open.idle_since) >= self.transport.keep;
        let mut at = 0;
        // One at a time: a look at a connection is a call of the system, and requests wait for the lock.
        loop {
            let gone = {
                let mut idle = lock(&self.idle);
                let Some(open) = idle.get_mut(at) else { break };
                if !is_old(open) && open.is_usable() {
                    at += 1;
                    continue;
                }
                idle.remove(at)
            };
            drop(gone);
        }
    }

    /// Looks the host up again, if it is a name that is one instance. Says whether its addresses are others than those that
    /// are `known`; then no connection to the old ones is taken again.
    pub(super) async fn resolve(&self, known: &mut Vec<SocketAddr>) -> io::Result<bool> {
        if !self.transport.connector.is_name() {
            return Ok(false);
        }
        let mut addresses = tokio::time::timeout(hosts::TIMEOUT, self.transport.connector.lookup()).await??;
        addresses.sort_unstable();
        addresses.dedup();
        let others = !known.is_empty() && addresses != *known;
        if others {
            self.let_go();
        }
        *known = addresses;
        Ok(others)
    }

    /// Takes none of those again that are open. What is under way over them ends.
    pub(super) fn let_go(&self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
        self.close_idle();
    }

    /// Closes those that lie idle, and those that are shared once their streams have ended.
    pub(super) fn close_idle(&self) {
        let idle = std::mem::take(&mut *lock(&self.idle));
        drop(idle);
        self.shared.let_go();
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    pub(super) fn host(&self) -> HeaderValue {
        self.host.clone()
    }

    /// What the instance said last that it speaks, where it is asked.
    pub(super) fn learned(&self) -> Option<Arc<str>> {
        lock(&self.learned).clone()
    }
}

/// How much of a body may still come.
struct SkippedBody(usize);

impl SkippedBody {
    const fn new() -> Self {
        Self(MAX_SAID)
    }

    fn take(&mut self, frame: &Frame<Bytes>) -> Result<(), ConnectError> {
        let length = frame.data_ref().map_or(0, Bytes::len);
        self.0 = self.0.checked_sub(length).ok_or(ConnectError::Endless)?;
        Ok(())
    }
}

fn said(headers: &http::HeaderMap, field: &HeaderName) -> Result<Arc<str>, ConnectError> {
    let text = headers.get(field).and_then(|value| value.to_str().ok()).map(str::trim);
    text.filter(|text| !text.is_empty()).map(Arc::from).ok_or(ConnectError::Mute)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
