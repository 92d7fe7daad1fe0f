//! An instance: its connections and its health, which outlive the config that named it.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::header::{self, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Request, Uri};
use http_body_util::BodyExt;

use super::connect::Connector;
use super::exchange::{Connection, H1, H2, Outgoing};
use super::health::{Admission, Health, Policy, Turn};
use super::meters::Meters;

/// An instance.
#[derive(Debug)]
pub(in crate::gateway) struct Endpoint {
    pub(super) upstream: Box<str>,
    pub(super) url: Uri,
    /// Its URL as text.
    name: Arc<str>,
    label: Arc<str>,
    /// Where it is, if its host is a name that has other addresses too, or may have.
    address: Option<SocketAddr>,
    host: HeaderValue,
    connector: Connector,
    http2: bool,
    speaks_from: Option<(PathAndQuery, HeaderName)>,
    keep: Duration,
    idle: Mutex<Idle>,
    shared: tokio::sync::Mutex<Option<H2>>,
    pending: AtomicUsize,
    health: Mutex<Health>,
    /// A success would change nothing: no lock is taken for it.
    clean: AtomicBool,
    /// Why it takes no requests: `DRAINED`, `GONE`.
    away: AtomicU8,
    /// What it said last that it speaks.
    learned: Mutex<Option<Arc<str>>>,
    /// Grows when no connection that is open is to be taken again.
    generation: AtomicU64,
    pub(super) meters: Meters,
}

/// Connections that lie idle, the youngest last. Boxed: whoever has one moves it often.
#[allow(clippy::vec_box, reason = "they are handed on as they are")]
type Idle = Vec<Box<H1>>;

/// Everything that makes an instance another one when it changes.
#[derive(Debug)]
pub(super) struct Spec {
    pub(super) upstream: Box<str>,
    pub(super) url: Uri,
    pub(super) connector: Connector,
    pub(super) http2: bool,
    pub(super) speaks_from: Option<(PathAndQuery, HeaderName)>,
    pub(super) keep: Duration,
    /// Its part of what the URL's host stands for.
    pub(super) address: Option<IpAddr>,
    pub(super) health: Health,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum ConnectError {
    Io(std::io::Error),
    Http(hyper::Error),
    TimedOut,
    /// It did not say what it speaks.
    Mute,
}

/// An operator said so.
const DRAINED: u8 = 1;
/// No config that is served has it, or its host does not stand for it any more.
const GONE: u8 = 2;
/// More idle connections to one instance are closed.
const MAX_IDLE: usize = 1024;

// === impl Endpoint ===

impl Endpoint {
    pub(super) fn new(spec: Spec) -> Self {
        let authority = spec.url.authority().map_or("", http::uri::Authority::as_str);
        let host = HeaderValue::try_from(authority).unwrap_or_else(|_| HeaderValue::from_static(""));
        let marked = |text: &str| spec.address.map_or_else(|| text.to_owned(), |address| format!("{text}#{address}"));
        let name: Arc<str> = spec.url.to_string().trim_end_matches('/').into();
        let label: Arc<str> = marked(&name).into();
        let meters = Meters::new(&spec.upstream, &marked(authority), &label);
        let address = spec.address.and_then(|_| spec.connector.address());
        let Spec { upstream, url, connector, http2, speaks_from, keep, health, .. } = spec;
        if health.admission(Instant::now()) == Admission::Joining {
            meters.stands(false);
        }
        let clean = health.is_clean() && health.is_open_for_good();
        Self {
            upstream,
            url,
            name,
            label,
            address,
            host,
            connector,
            http2,
            speaks_from,
            keep,
            idle: Mutex::default(),
            shared: tokio::sync::Mutex::default(),
            pending: AtomicUsize::new(0),
            health: Mutex::new(health),
            clean: AtomicBool::new(clean),
            away: AtomicU8::new(0),
            learned: Mutex::default(),
            generation: AtomicU64::new(0),
            meters,
        }
    }

    /// A connection: one that is open, or a new one.
    pub(super) async fn connection(&self, timeout: Duration) -> Result<Connection, ConnectError> {
        if !self.http2
            && let Some(open) = self.take_idle()
        {
            return Ok(Connection::H1(open));
        }
        // Boxed: most requests find a connection that is open, and shall not be as large as a new one.
        Box::pin(self.within(timeout, async {
            if self.http2 { self.share().await.map(Connection::H2) } else { self.open().await.map(Connection::H1) }
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
            let mut open = lock(&self.idle).pop()?;
            if open.generation == self.generation() && open.is_usable() {
                return Some(open);
            }
        }
    }

    /// A new HTTP/1.1 connection, which has said what it speaks if it was to be asked.
    async fn open(&self) -> Result<Box<H1>, ConnectError> {
        let stream = self.connector.connect().await.map_err(ConnectError::Io)?;
        let mut open = Box::new(H1::handshake(stream, self.generation()).await.map_err(ConnectError::Http)?);
        if let Some((path, field)) = &self.speaks_from {
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
        let (response, open) = open.send(self.get(path)).await.map_err(|error| ConnectError::Http(error.error))?;
        let said = said(response.headers(), field)?;
        let mut open = open.ok_or(ConnectError::Mute)?;
        let mut body = response.into_body();
        while let Some(frame) = super::body::drive_frame(&mut body, &mut open).await {
            frame.map_err(ConnectError::Http)?;
        }
        let usable = open.is_usable();
        Ok((said, usable.then_some(open)))
    }

    /// The shared HTTP/2 connection; a new one if it is over.
    async fn share(&self) -> Result<H2, ConnectError> {
        let mut shared = self.shared.lock().await;
        if let Some(open) = shared.as_ref().filter(|open| open.is_usable() && open.generation == self.generation()) {
            return Ok(open.clone());
        }
        let stream = self.connector.connect().await.map_err(ConnectError::Io)?;
        let mut open = H2::handshake(stream, self.generation()).await.map_err(ConnectError::Http)?;
        if let Some((path, field)) = &self.speaks_from {
            let sent = open.clone().send(self.get(path)).await;
            let (response, _) = sent.map_err(|error| ConnectError::Http(error.error))?;
            let said = said(response.headers(), field)?;
            *lock(&self.learned) = Some(Arc::clone(&said));
            open.speaks = Some(said);
            response.into_body().collect().await.map_err(ConnectError::Http)?;
        }
        *shared = Some(open.clone());
        Ok(open)
    }

    /// Whether it answers `path` with 2xx or 3xx, on a connection of its own.
    pub(super) async fn check(&self, path: &PathAndQuery, timeout: Duration) -> Result<(), String> {
        let asking = async {
            let stream = self.connector.connect().await.map_err(ConnectError::Io)?;
            let request = self.get(path);
            let response = if self.http2 {
                H2::handshake(stream, 0).await.map_err(ConnectError::Http)?.send(request).await
            } else {
                Box::new(H1::handshake(stream, 0).await.map_err(ConnectError::Http)?).send(request).await
            };
            response.map(|(response, _)| response.status()).map_err(|error| ConnectError::Http(error.error))
        };
        match self.within(timeout, asking).await {
            Ok(status) if status.is_success() || status.is_redirection() => Ok(()),
            Ok(status) => Err(format!("it answered {status}")),
            Err(error) => Err(error.to_string()),
        }
    }

    /// A GET of its own to `path`, below the instance's prefix.
    fn get(&self, path: &PathAndQuery) -> Request<Outgoing> {
        let mut request = Request::new(Outgoing::default());
        let target = if self.http2 { super::join(&self.url, path) } else { super::below(&self.url, path) };
        *request.uri_mut() = target.unwrap_or_default();
        if self.http2 {
            *request.version_mut() = http::Version::HTTP_2;
        } else {
            request.headers_mut().insert(header::HOST, self.host.clone());
        }
        request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static("sunward"));
        request
    }

    /// Keeps a connection whose response has ended. Whoever takes it looks whether it can be used.
    pub(super) fn park(&self, mut open: Box<H1>) {
        if !self.takes() || open.generation != self.generation() {
            return;
        }
        open.rest();
        let mut idle = lock(&self.idle);
        if idle.len() < MAX_IDLE {
            idle.push(open);
        }
    }

    /// Lets go of connections that lie idle for too long, or that the other end has closed.
    pub(super) fn sweep(&self, now: Instant) {
        let list = std::mem::take(&mut *lock(&self.idle));
        let fresh = |open: &H1| now.saturating_duration_since(open.idle_since) < self.keep;
        let kept: Idle = list
            .into_iter()
            .filter(|open| fresh(open))
            .filter_map(|mut open| open.is_usable().then_some(open))
            .collect();
        let mut idle = lock(&self.idle);
        // Those that came back meanwhile are the youngest: they are on top.
        let younger = std::mem::replace(&mut *idle, kept);
        idle.extend(younger);
    }

    /// Looks its host up again, if it is a name that is one instance. When the addresses are others, no connection to the
    /// old ones is taken again.
    pub(super) async fn resolve(&self, known: &mut Vec<SocketAddr>) {
        if self.connector.address().is_some() {
            return;
        }
        match self.connector.lookup().await {
            Ok(mut addresses) => {
                addresses.sort_unstable();
                addresses.dedup();
                if !known.is_empty() && addresses != *known {
                    self.let_go();
                    tracing::info!(upstream = %self.upstream, instance = %self.label, "the host has other addresses");
                }
                *known = addresses;
            }
            Err(error) => {
                tracing::warn!(upstream = %self.upstream, instance = %self.label, %error, "the host cannot be looked up");
            }
        }
    }

    /// Takes none of its connections again. What is under way over them ends.
    pub(super) fn let_go(&self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
        lock(&self.idle).clear();
        // Whoever holds it makes a new one.
        if let Ok(mut shared) = self.shared.try_lock() {
            *shared = None;
        }
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// The target, with the instance's scheme, authority and prefix.
    pub(in crate::gateway) fn join(&self, target: &PathAndQuery) -> Option<Uri> {
        super::join(&self.url, target)
    }

    /// The target below the instance's prefix.
    pub(in crate::gateway) fn below(&self, target: &PathAndQuery) -> Option<Uri> {
        super::below(&self.url, target)
    }

    /// Its authority, for `Host`.
    pub(in crate::gateway) fn host(&self) -> HeaderValue {
        self.host.clone()
    }

    /// Its URL, as the config has it.
    pub(in crate::gateway) fn name(&self) -> &str {
        &self.name
    }

    /// Where it is, if its host is a name that stands for several instances, or may come to.
    pub(in crate::gateway) const fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Its URL, and which of its host's addresses it is: for logs and operators.
    pub(in crate::gateway) fn label(&self) -> Arc<str> {
        Arc::clone(&self.label)
    }

    /// What it said last that it speaks, where it is asked.
    pub(in crate::gateway) fn learned(&self) -> Option<Arc<str>> {
        lock(&self.learned).clone()
    }

    pub(in crate::gateway) const fn http2(&self) -> bool {
        self.http2
    }

    pub(in crate::gateway) fn pending(&self) -> usize {
        self.pending.load(Ordering::Relaxed)
    }

    pub(super) fn begin(&self) {
        self.pending.fetch_add(1, Ordering::Relaxed);
        self.meters.pending.increment(1.0);
    }

    pub(super) fn end(&self) {
        self.pending.fetch_sub(1, Ordering::Relaxed);
        self.meters.pending.decrement(1.0);
    }

    pub(in crate::gateway) fn is_draining(&self) -> bool {
        self.away.load(Ordering::Relaxed) & DRAINED != 0
    }

    /// Whether it is not among the instances that are served any more.
    pub(super) fn is_gone(&self) -> bool {
        self.away.load(Ordering::Relaxed) & GONE != 0
    }

    /// Whether it takes requests, if it is well.
    pub(super) fn takes(&self) -> bool {
        self.away.load(Ordering::Relaxed) == 0
    }

    /// Gives it no more requests, or gives it some again. Those under way end.
    pub(in crate::gateway) fn drain(&self, drain: bool) {
        self.set_away(DRAINED, drain);
        if drain {
            lock(&self.idle).clear();
        }
    }

    /// It is not among the instances that are served, or is again. What is under way ends.
    pub(super) fn leave(&self, gone: bool) {
        let was_gone = self.is_gone();
        self.set_away(GONE, gone);
        if gone {
            self.let_go();
            self.meters.served(None);
        } else if was_gone {
            let up = matches!(self.health().admission(Instant::now()), Admission::Open | Admission::Trial);
            self.meters.served(Some(up));
        }
    }

    fn set_away(&self, why: u8, away: bool) {
        if away {
            self.away.fetch_or(why, Ordering::Relaxed);
        } else {
            self.away.fetch_and(!why, Ordering::Relaxed);
        }
    }

    /// Nothing was ever held against it, so its health need not be asked.
    pub(super) fn is_clean(&self) -> bool {
        self.clean.load(Ordering::Acquire)
    }

    pub(super) fn health(&self) -> MutexGuard<'_, Health> {
        lock(&self.health)
    }

    /// What is over need not be asked any more.
    pub(super) fn settle(&self, now: Instant, slow_start: Option<Duration>) {
        if !self.is_clean() {
            self.changed(|health| {
                health.settle(now, slow_start);
                Turn::Stays
            });
        }
    }

    /// A request to it went well.
    pub(super) fn succeeded(&self) {
        if !self.is_clean() {
            self.changed(|health| health.succeeded(Instant::now()));
        }
    }

    /// A request to it failed.
    pub(super) fn failed(&self, now: Instant, policy: Policy, may_eject: bool) {
        self.changed(|health| health.failed(now, policy, may_eject));
    }

    /// A check of it ended.
    pub(super) fn checked(&self, well: bool, now: Instant, policy: Policy) -> Turn {
        self.changed(|health| health.checked(well, now, policy))
    }

    fn changed(&self, change: impl FnOnce(&mut Health) -> Turn) -> Turn {
        let mut health = self.health();
        let turn = change(&mut health);
        self.clean.store(health.is_clean() && turn == Turn::Stays && health.is_open_for_good(), Ordering::Release);
        drop(health);
        let (upstream, instance) = (&self.upstream, &self.label);
        match turn {
            Turn::Stays => {}
            Turn::Ejected => {
                self.meters.ejections.increment(1);
                self.meters.stands(false);
                tracing::warn!(%upstream, %instance, "the instance failed too often and gets no requests for a while");
            }
            Turn::Down => {
                self.meters.stands(false);
                tracing::warn!(%upstream, %instance, "the instance is not well and gets no requests");
            }
            Turn::Back => {
                self.meters.stands(true);
                tracing::info!(%upstream, %instance, "the instance is well and gets requests");
            }
        }
        turn
    }
}

fn said(headers: &http::HeaderMap, field: &HeaderName) -> Result<Arc<str>, ConnectError> {
    let text = headers.get(field).and_then(|value| value.to_str().ok()).map(str::trim);
    text.filter(|text| !text.is_empty()).map(Arc::from).ok_or(ConnectError::Mute)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// === impl ConnectError ===

impl std::fmt::Display for ConnectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Http(error) => error.fmt(f),
            Self::TimedOut => f.write_str("connecting took too long"),
            Self::Mute => f.write_str("it did not say what it speaks"),
        }
    }
}
