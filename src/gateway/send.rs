//! Sends a request over the connection that was leased for it, and takes its answer.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::uri::PathAndQuery;
use http::{Request, Response, StatusCode, Uri, Version};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use tower::Service;

use super::edge::{self, CleanTrailers};
use super::intake::{IntakeError, Progress};
use super::pool::{Failure, Lease, Outgoing, UpstreamBody, Waits};
use super::tunnel::{self, Upgrade};
use crate::layer::BodyError;
use crate::plan::Plan;
use crate::problem::{Kind, Problem, TYPE_BASE};

/// What goes back: an upstream's body, or a problem.
pub(super) type ProxyBody = Either<CleanTrailers<UpstreamBody>, Full<Bytes>>;

/// Sends requests on. It never fails: what went wrong is an answer, with [`Again`] where the request may be sent again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Send;

/// A request extension: the connection to send it over, and how long to wait. It is taken once.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    inner: Arc<Mutex<Option<Way>>>,
}

/// How a request is sent.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) lease: Lease,
    pub(super) response: Duration,
    pub(super) progress: Progress,
    pub(super) end: Option<Instant>,
    pub(super) part: Option<Duration>,
    pub(super) via: HeaderValue,
    pub(super) upgrade: Option<Upgrade>,
}

/// This hop in `Via`, by the version that it received.
#[derive(Clone, Debug)]
pub(super) struct Via([HeaderValue; 3]);

/// A response extension: the request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Again {
    /// Something of it may have been sent.
    pub(super) sent: bool,
    /// The same instance may be asked again: its connection had been used before, and may just have come to its end.
    pub(super) same: bool,
}

/// A response extension: how long the upstream took to begin its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct UpstreamTook(pub(super) Duration);

/// A response extension: which instance answered.
#[derive(Clone, Debug)]
pub(super) struct Answerer(pub(super) Arc<str>);

// === impl Via ===

impl Via {
    pub(super) fn new(name: &str) -> Self {
        let hop = |version: &str| HeaderValue::try_from(format!("{version} {name}"));
        Self(["1.0", "1.1", "2.0"].map(|version| hop(version).unwrap_or(HeaderValue::from_static("1.1 sunward"))))
    }

    pub(super) fn received(&self, version: Version) -> HeaderValue {
        let [old, usual, new] = &self.0;
        match version {
            Version::HTTP_10 => old.clone(),
            Version::HTTP_2 => new.clone(),
            _ => usual.clone(),
        }
    }
}

// === impl Slot ===

impl Slot {
    pub(super) fn new(way: Way) -> Self {
        Self { inner: Arc::new(Mutex::new(Some(way))) }
    }

    fn take(&self) -> Option<Way> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Service<Request<Outgoing>> for Send {
    type Response = Response<ProxyBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + std::marker::Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Outgoing>) -> Self::Future {
        Box::pin(send(request))
    }
}

async fn send(request: Request<Outgoing>) -> Result<Response<ProxyBody>, Infallible> {
    Ok(answer(request).await)
}

async fn answer(mut request: Request<Outgoing>) -> Response<ProxyBody> {
    let plan = request.extensions_mut().remove::<Plan>();
    let plan = plan.as_ref();
    let Some(way) = request.extensions_mut().remove::<Slot>().and_then(|slot| slot.take()) else {
        return problem(plan, Kind::UpstreamUnavailable, "no instance can be reached");
    };
    // What is left is of this process only.
    request.extensions_mut().clear();
    if aim(&mut request, &way).is_none() {
        return problem(plan, Kind::PathInvalid, "the path cannot be sent on");
    }
    let Way { lease, response, progress, end, part, upgrade, .. } = way;
    let started = Instant::now();
    let body = progress.clone();
    if let Some(upgrade) = upgrade {
        return match tunnel::open(lease, request, upgrade, response).await {
            Ok(response) => response,
            Err(failure) => failed(plan, failure, &body),
        };
    }
    if lease.endpoint().http2() {
        // Frames of HTTP/2 say themselves where a body ends.
        request.headers_mut().remove(header::TRANSFER_ENCODING);
    } else {
        edge::frame(&mut request);
    }
    let method = request.method().clone();
    let waits = |response: &Response<Incoming>| waits(response, part, end);
    match lease.send(request, wait(response, progress, end), waits, |r| edge::is_reusable(&method, r)).await {
        Ok(mut response) => match edge::admit_response(&mut response) {
            Ok(()) => {
                response.extensions_mut().insert(UpstreamTook(started.elapsed()));
                CleanTrailers::response(response).map(Either::Left)
            }
            Err(detail) => {
                tracing::warn!(detail, "an upstream's response was refused");
                response.body_mut().refuse();
                problem(plan, Kind::UpstreamFailed, detail)
            }
        },
        Err(failure) => failed(plan, failure, &body),
    }
}

/// Gives the request the target that the instance knows it by, and says that it was here.
fn aim(request: &mut Request<Outgoing>, way: &Way) -> Option<()> {
    let endpoint = way.lease.endpoint();
    let slash = PathAndQuery::from_static("/");
    let target = request.uri().path_and_query().unwrap_or(&slash);
    let uri = if endpoint.http2() {
        // The authority is the client's: HTTP/2 has no `Host` beside it (RFC 9113 §8.3.1).
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let mut parts = endpoint.join(target)?.into_parts();
        if let Some(host) = host {
            parts.authority = Some(host.parse().ok()?);
        }
        Uri::from_parts(parts).ok()?
    } else {
        endpoint.below(target)?
    };
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    if endpoint.http2() {
        headers.remove(header::HOST);
    } else if !headers.contains_key(header::HOST) {
        // A client of HTTP/1.0 may leave it out; this hop may not (RFC 9112 §3.2).
        headers.insert(header::HOST, endpoint.host());
    }
    append_via(request.headers_mut(), &way.via);
    Some(())
}

/// A gateway must say that it was there (RFC 9110 §7.6.3).
fn append_via(headers: &mut HeaderMap, via: &HeaderValue) {
    match headers.get(header::VIA).and_then(|before| before.to_str().ok()) {
        None => drop(headers.insert(header::VIA, via.clone())),
        Some(_) => {
            let before: Vec<&str> = headers.get_all(header::VIA).iter().filter_map(|v| v.to_str().ok()).collect();
            let all = format!("{}, {}", before.join(", "), via.to_str().unwrap_or_default());
            if let Ok(value) = HeaderValue::try_from(all) {
                headers.insert(header::VIA, value);
            }
        }
    }
}

/// Ends when the upstream has had its time. While the request's body still comes, that has not begun.
async fn wait(response: Duration, progress: Progress, end: Option<Instant>) {
    let mut seen = progress.now();
    loop {
        let until = Instant::now() + response;
        tokio::time::sleep_until(end.map_or(until, |end| end.min(until)).into()).await;
        let now = progress.now();
        if now == seen || end.is_some_and(|end| end <= Instant::now()) {
            return;
        }
        seen = now;
    }
}

/// A stream of events has no end, and nothing to say for a long time.
fn waits(response: &Response<Incoming>, part: Option<Duration>, end: Option<Instant>) -> Waits {
    let media = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let events = media.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case("text/event-stream"));
    if events { Waits::default() } else { Waits { part, end } }
}

/// The answer to a request that got none.
fn failed(plan: Option<&Plan>, failure: Failure, body: &Progress) -> Response<ProxyBody> {
    let mut response = blamed(plan, failure);
    if body.now().is_some() {
        // Nobody reads the rest of the request, so that no other can come behind it.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn blamed(plan: Option<&Plan>, failure: Failure) -> Response<ProxyBody> {
    let again = Again { sent: failure.was_sent(), same: failure.was_used() };
    let Some(error) = failure.error() else {
        return problem(plan, Kind::UpstreamTimeout, "the upstream did not answer in time");
    };
    if let Some(kind) = clients_fault(error) {
        return problem(plan, kind, "the request's body did not come to its end");
    }
    tracing::warn!(%error, "an upstream broke off");
    failure.blame();
    let mut response = problem(plan, Kind::UpstreamFailed, "the upstream broke off");
    response.extensions_mut().insert(again);
    response
}

/// What the client did wrong, if it was the client.
fn clients_fault(error: &hyper::Error) -> Option<Kind> {
    if error.is_body_write_aborted() {
        return Some(Kind::BodyInvalid);
    }
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<BodyError<IntakeError>>() {
            return Some(match error.as_inner() {
                Some(IntakeError::TooLarge) => Kind::BodyTooLarge,
                Some(IntakeError::TooSlow) => Kind::BodyTimeout,
                // What cannot be migrated is answered by whoever tried.
                Some(IntakeError::Broken(_)) | None => Kind::BodyInvalid,
            });
        }
        source = error.source();
    }
    None
}

pub(super) fn problem(plan: Option<&Plan>, kind: Kind, detail: &str) -> Response<ProxyBody> {
    let problem = Problem::new(kind).with_detail(detail);
    let base = plan.map_or(TYPE_BASE, |plan| &plan.api().problem_types);
    let mut response = problem.response(base).map(|body| Either::Right(Full::new(Bytes::from(body))));
    if kind == Kind::BodyTimeout && response.status() == StatusCode::REQUEST_TIMEOUT {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
