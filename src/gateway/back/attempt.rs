//! Sends a request over the connection that was leased for it, and takes its answer.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderMap, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, Request, Response, StatusCode, Uri};
use http_body::Body;
use http_body_util::Either;
use pin_project_lite::pin_project;
use tower::Service;

use super::pool::{
    BodyTimeouts, Exchange, ExchangeError, HyperResult, Lease, Outgoing, ResponseDeadline, UpstreamResponse,
};
use super::replay::Replay;
use super::reply::{ProxyBody, body_fault, failure, problem};
use super::tunnel::{self, Upgrade};
use crate::gateway::telemetry::explain::{Cause, Explained};
use crate::gateway::telemetry::extensions::UpstreamLatency;
use crate::gateway::wire::edge::{self, CleanTrailers};
use crate::gateway::wire::forwarded;
use crate::gateway::wire::request_body::RequestBodyError;
use crate::gateway::wire::upload::Upload;
use crate::layer::BodyError;
use crate::plan::Plan;
use crate::problem::ProblemType;

/// Sends one request on. It never fails: what went wrong is an answer, with [`Retryable`] where the request may be sent again.
#[derive(Debug)]
pub(in crate::gateway) struct AttemptService {
    attempt: Option<Attempt>,
}

/// How a request is sent.
#[derive(Debug)]
pub(in crate::gateway) struct Attempt {
    pub(in crate::gateway) lease: Lease,
    pub(in crate::gateway) response: Duration,
    pub(in crate::gateway) upload: Upload,
    pub(in crate::gateway) end: Option<Instant>,
    pub(in crate::gateway) part: Option<Duration>,
    pub(in crate::gateway) upgrade: Option<Upgrade>,
    /// Whether the response shall say how it came about.
    pub(in crate::gateway) explain: bool,
    /// The prefix that was removed from the path, if the instance should get it in a header.
    pub(in crate::gateway) prefix: Option<String>,
    /// Whether `Alt-Svc` is for clients.
    pub(in crate::gateway) alt_svc: bool,
}

pin_project! {
    /// A request on its way.
    struct AttemptFuture<F> {
        #[pin]
        exchange: Exchange<F>,
        plan: Option<Plan>,
        timeouts: BodyTimeouts,
        upgrade: Option<Upgrade>,
        // When it was sent, if the response shall say how long it took.
        started: Option<Instant>,
        alt_svc: bool,
        // Whether the instance was asked with HEAD.
        head: bool,
    }
}

/// A response extension: the request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) struct Retryable {
    /// Something of it may have been sent.
    pub(in crate::gateway) sent: bool,
    /// The same instance may be asked again: its connection had been used before, and may just have come to its end.
    pub(in crate::gateway) same: bool,
}

// === impl AttemptService ===

impl AttemptService {
    pub(in crate::gateway) const fn new(attempt: Attempt) -> Self {
        Self { attempt: Some(attempt) }
    }
}

/// A lease is one. The service that was made for it is ready; a clone is not.
impl Clone for AttemptService {
    fn clone(&self) -> Self {
        Self { attempt: None }
    }
}

impl Service<Request<Outgoing>> for AttemptService {
    type Response = Response<ProxyBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Outgoing>) -> Self::Future {
        let plan = request.extensions_mut().remove::<Plan>();
        // What is left is of this process only.
        request.extensions_mut().clear();
        let Some(attempt) = self.attempt.take() else {
            return answered(failure(
                plan.as_ref(),
                ProblemType::UpstreamUnavailable,
                Explained::new(Cause::Unreachable),
            ));
        };
        if aim(&mut request, &attempt).is_none() {
            return answered(problem(
                plan.as_ref(),
                ProblemType::PathInvalid,
                "the path or host cannot be forwarded to the service: check the URL",
            ));
        }
        let most = attempt.lease.endpoint().buffer();
        match most.filter(|_| !request.body().is_end_stream() && request.body().size_hint().exact().is_none()) {
            None => Box::pin(attempt.send(request, plan)),
            Some(most) => Box::pin(async move {
                match whole(request, most, attempt.end).await {
                    Ok(request) => attempt.send(request, plan).await,
                    Err(kind) => Ok(unread(plan.as_ref(), kind)),
                }
            }),
        }
    }
}

// === impl Attempt ===

impl Attempt {
    /// Frames the request for its hop, and begins to send it.
    fn send(
        self,
        mut request: Request<Outgoing>,
        plan: Option<Plan>,
    ) -> AttemptFuture<impl Future<Output = HyperResult>> {
        let Self { lease, response, upload, end, part, upgrade, explain, prefix, alt_svc } = self;
        if let Some(prefix) = prefix {
            forwarded::tell_prefix(request.headers_mut(), &prefix);
        }
        if lease.endpoint().http2() {
            // Frames of HTTP/2 say themselves where a body ends.
            request.headers_mut().remove(header::TRANSFER_ENCODING);
        } else {
            edge::frame(&mut request);
        }
        if upgrade.is_some() {
            tunnel::ask(request.headers_mut());
        }
        let head = request.method() == Method::HEAD;
        let started = Instant::now();
        let wait = ResponseDeadline::new(started, response, upload, end);
        let exchange = lease.send(request, upgrade.is_some(), wait);
        let started = explain.then_some(started);
        AttemptFuture { exchange, plan, timeouts: BodyTimeouts { part, end }, upgrade, started, alt_svc, head }
    }
}

/// The request with all of its body, so that its length is known. Its trailers are dropped: they need chunks.
async fn whole(
    request: Request<Outgoing>,
    most: usize,
    end: Option<Instant>,
) -> Result<Request<Outgoing>, ProblemType> {
    let (mut head, body) = request.into_parts();
    let reading = read(body, most);
    let bytes = match end {
        None => reading.await?,
        Some(end) => tokio::time::timeout_at(end.into(), reading).await.map_err(|_| ProblemType::UpstreamTimeout)??,
    };
    head.headers.remove(header::TRAILER);
    if bytes.is_empty() {
        // A body could have been here (RFC 9110 §8.6).
        head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok(Request::from_parts(head, Outgoing::untouched(Replay::whole(bytes))))
}

async fn read(body: Outgoing, most: usize) -> Result<Bytes, ProblemType> {
    let mut body = pin!(body);
    let mut bytes = BytesMut::new();
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(|error| kind_of(&error))?;
        let data = frame.data_ref().map_or(&[][..], |data| data);
        if bytes.len() + data.len() > most {
            return Err(ProblemType::BodyTooLarge);
        }
        bytes.extend_from_slice(data);
    }
    Ok(bytes.freeze())
}

fn answered(response: Response<ProxyBody>) -> <AttemptService as Service<Request<Outgoing>>>::Future {
    Box::pin(std::future::ready(Ok(response)))
}

// === impl AttemptFuture ===

impl<F> Future for AttemptFuture<F>
where
    Exchange<F>: Future<Output = Result<UpstreamResponse, ExchangeError>>,
{
    type Output = Result<Response<ProxyBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let plan = this.plan.as_ref();
        Poll::Ready(Ok(match ready!(this.exchange.poll(cx)) {
            Ok(mut answered) => {
                let agreed = answered.head().status() == StatusCode::SWITCHING_PROTOCOLS;
                match this.upgrade.take().filter(|_| agreed) {
                    Some(upgrade) => {
                        let (response, tracker) = answered.switched();
                        tunnel::open(response, tracker, upgrade)
                    }
                    None => {
                        let admission = edge::admit_response(answered.head(), *this.alt_svc, *this.head);
                        accepted(answered, admission, *this.timeouts, plan, *this.started)
                    }
                }
            }
            Err(failure) => failed(plan, failure),
        }))
    }
}

/// The response, unless it cannot be passed on.
fn accepted(
    mut answered: UpstreamResponse,
    admission: Result<bool, &'static str>,
    timeouts: BodyTimeouts,
    plan: Option<&Plan>,
    started: Option<Instant>,
) -> Response<ProxyBody> {
    match admission {
        Ok(reusable) => {
            let timeouts = timeouts_of(answered.head().headers(), timeouts);
            let mut response = answered.response(timeouts, reusable);
            if let Some(started) = started {
                response.extensions_mut().insert(UpstreamLatency(started.elapsed()));
            }
            CleanTrailers::response(response).map(Either::Left)
        }
        Err(detail) => {
            answered.refuse();
            failure(plan, ProblemType::UpstreamFailed, Explained::new(Cause::InvalidResponse).with_error(detail))
        }
    }
}

/// A stream may have nothing to say for a long time. One of events has no end either; a call of gRPC has one.
fn timeouts_of(headers: &HeaderMap, timeouts: BodyTimeouts) -> BodyTimeouts {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    let (grpc, form) = media.split_at_checked("application/grpc".len()).unwrap_or_default();
    if media.eq_ignore_ascii_case("text/event-stream") {
        BodyTimeouts::default()
    } else if grpc.eq_ignore_ascii_case("application/grpc") && (form.is_empty() || form.starts_with('+')) {
        BodyTimeouts { part: None, ..timeouts }
    } else {
        timeouts
    }
}

/// Gives the request the target that the instance knows it by.
fn aim(request: &mut Request<Outgoing>, attempt: &Attempt) -> Option<()> {
    let endpoint = attempt.lease.endpoint();
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
    Some(())
}

/// The answer to a request whose body could not be read.
fn unread(plan: Option<&Plan>, kind: ProblemType) -> Response<ProxyBody> {
    match kind {
        ProblemType::UpstreamTimeout => failure(plan, kind, Explained::new(Cause::RouteTimeout)),
        kind => problem(plan, kind, body_fault(kind)),
    }
}

/// The answer to a request that got none.
fn failed(plan: Option<&Plan>, failed: ExchangeError) -> Response<ProxyBody> {
    let again = Retryable { sent: failed.was_sent(), same: failed.was_used() };
    if let ExchangeError::Client(fault) = failed {
        return problem(plan, fault.kind(), body_fault(fault.kind()));
    }
    let was_answered = failed.was_answered();
    let Some(error) = failed.error() else {
        return failure(plan, ProblemType::UpstreamTimeout, Explained::new(Cause::ResponseTimeout));
    };
    if let Some(kind) = clients_fault(error) {
        return problem(plan, kind, body_fault(kind));
    }
    if was_answered {
        let cause = if error.is_parse_too_large() { Cause::HeadersTooLarge } else { Cause::InvalidResponse };
        let explained = Explained::new(cause).with_error(error);
        failed.blame();
        // The instance did its work, and would likely answer the same again.
        return failure(plan, ProblemType::UpstreamFailed, explained);
    }
    // The request may be retried, and then this log line is the only trace of the failure.
    tracing::debug!(%error, "instance closed the connection before its response");
    let explained = Explained::new(Cause::Broken).with_error(error);
    failed.blame();
    let mut response = failure(plan, ProblemType::UpstreamFailed, explained);
    response.extensions_mut().insert(again);
    response
}

/// What the client did wrong, if it was the client.
fn clients_fault(error: &hyper::Error) -> Option<ProblemType> {
    if error.is_body_write_aborted() {
        return Some(ProblemType::BodyInvalid);
    }
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        // The migration itself answers for a body that it cannot migrate. Over HTTP/2, all that remains of the error is
        // that this side has reset the stream.
        let from_here = |error: &h2::Error| error.is_reset() && !error.is_remote() && !error.is_library();
        if error.is::<BodyError<RequestBodyError>>() || error.downcast_ref().is_some_and(from_here) {
            return Some(ProblemType::BodyInvalid);
        }
        source = error.source();
    }
    None
}

fn kind_of(error: &BodyError<RequestBodyError>) -> ProblemType {
    match error.as_inner() {
        Some(RequestBodyError::TooLarge) => ProblemType::BodyTooLarge,
        Some(RequestBodyError::TooSlow) => ProblemType::BodyTimeout,
        // What cannot be migrated is answered by the layer that tried.
        Some(RequestBodyError::Broken(_)) | None => ProblemType::BodyInvalid,
    }
}
