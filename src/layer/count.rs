//! Counts each planned request when the body of its response has ended or was dropped.

use std::future::Future;
use std::pin::Pin;
#[cfg(feature = "usage")]
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Buf;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::extent::Extent;
use super::recorder::{Recorded, Recorder};
use crate::decide::Verdict;
use crate::names::Outcome;
use crate::plan::Plan;
#[cfg(feature = "usage")]
use crate::usage::Ledger;

/// Puts [`Count`] around a service.
#[derive(Clone, Debug, Default)]
pub struct CountLayer {
    recorder: Recorder,
}

/// Counts each planned request with its outcome, bytes and time. A head that left is no answer yet: it is counted when
/// the body has ended, or as aborted when it was dropped before.
#[derive(Clone, Debug)]
pub struct Count<S> {
    inner: S,
    recorder: Recorder,
}

pin_project! {
    /// The inner service's future, and what is known so far.
    pub struct CountFuture<F> {
        #[pin]
        inner: F,
        record: Option<Record>,
    }
}

pin_project! {
    /// The inner body, and what is known so far.
    pub struct CountBody<B> {
        #[pin]
        inner: B,
        record: Option<Record>,
    }
}

/// One request. Counts itself when it is dropped, so it is counted once, however it ends.
struct Record {
    plan: Plan,
    recorded: Recorded,
    started: Instant,
    status: StatusCode,
    /// What it is counted as if it is dropped now.
    outcome: Outcome,
    /// What it is counted as at the body's end.
    at_end: Outcome,
    extent: Extent,
    bytes: u64,
}

// === impl CountLayer ===

impl CountLayer {
    /// The layer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A ledger that gets each planned request, but for CORS preflights. A request whose content is of another version than its
    /// response counts for both. The id of a request is its `X-Request-Id`.
    #[cfg(feature = "usage")]
    #[must_use]
    pub fn with_ledger(mut self, ledger: Arc<Ledger>) -> Self {
        self.recorder.ledger = Some(ledger);
        self
    }
}

#[cfg(feature = "ledger")]
impl CountLayer {
    /// Another header of a request's id.
    #[must_use]
    pub(crate) fn with_request_id(mut self, name: http::HeaderName) -> Self {
        self.recorder.request_id = name;
        self
    }
}

impl<S> Layer<S> for CountLayer {
    type Service = Count<S>;

    fn layer(&self, inner: S) -> Count<S> {
        Count { inner, recorder: self.recorder.clone() }
    }
}

// === impl Count ===

impl<S, B, R> Service<Request<B>> for Count<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body,
{
    type Response = Response<CountBody<R>>;
    type Error = S::Error;
    type Future = CountFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let plan = request.extensions().get::<Plan>().cloned();
        let record = plan.map(|plan| Record::new(self.recorder.begin(&plan, request.headers()), plan));
        CountFuture { inner: self.inner.call(request), record }
    }
}

// === impl Record ===

impl Record {
    fn new(recorded: Recorded, plan: Plan) -> Self {
        // A future that is dropped before the response headers means that the client has disconnected.
        let (status, outcome) = (StatusCode::INTERNAL_SERVER_ERROR, Outcome::Aborted);
        let extent = Extent::default();
        Self { plan, recorded, started: Instant::now(), status, outcome, at_end: outcome, extent, bytes: 0 }
    }

    fn answered<R: Body>(&mut self, response: &Response<R>) {
        self.status = response.status();
        let known = response.extensions().get::<Outcome>().copied();
        self.at_end = known.unwrap_or(self.plan.outcome());
        self.extent = Extent::of(self.plan.method(), response);
        self.outcome = if self.extent.is_over() { self.at_end } else { Outcome::Aborted };
    }

    fn took(&mut self, bytes: u64) {
        self.bytes += bytes;
        self.extent.take(bytes);
    }
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut record = f.debug_struct("Record");
        record.field("plan", &self.plan).field("status", &self.status).field("outcome", &self.outcome);
        record.field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.recorded.end(&self.plan, self.status, self.bytes);
        let handles = self.plan.handles();
        handles.request(self.status.as_u16(), self.outcome, self.bytes, self.started.elapsed().as_secs_f64());
        if self.plan.is_deprecated() {
            handles.deprecated();
        }
        if let Some(handles) = self.plan.content_handles() {
            handles.deprecated();
        }
        if let Some((handles, what)) = self.plan.undeclared() {
            handles.undeclared(what);
        }
        let spared = self.plan.decision().filter(|decision| decision.was_spared());
        if spared.is_some_and(|decision| matches!(decision.would, Verdict::Brownout { .. })) {
            handles.spared_brownout();
        }
    }
}

// === impl CountFuture ===

impl<F, R, E> Future for CountFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body,
{
    type Output = Result<Response<CountBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.inner.poll(cx));
        let mut record = this.record.take();
        match result {
            Err(error) => {
                if let Some(record) = &mut record {
                    record.outcome = Outcome::Error;
                }
                Poll::Ready(Err(error))
            }
            Ok(response) => {
                if let Some(record) = &mut record {
                    record.answered(&response);
                }
                Poll::Ready(Ok(response.map(|inner| CountBody { inner, record })))
            }
        }
    }
}

impl<F> std::fmt::Debug for CountFuture<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CountFuture").field("record", &self.record).finish_non_exhaustive()
    }
}

// === impl CountBody ===

impl<B: Body> Body for CountBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.inner.as_mut().poll_frame(cx));
        let ended = match &frame {
            Some(Ok(_)) => this.inner.is_end_stream(),
            Some(Err(_)) | None => true,
        };
        if let Some(record) = this.record {
            if let Some(Ok(data)) = frame.as_ref().map(|frame| frame.as_ref().map(Frame::data_ref)) {
                record.took(data.map_or(0, |data| data.remaining() as u64));
            }
            match &frame {
                Some(Err(_)) => record.outcome = Outcome::Error,
                _ if ended || record.extent.is_over() => record.outcome = record.at_end,
                _ => {}
            }
        }
        if ended {
            this.record.take();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B> std::fmt::Debug for CountBody<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CountBody").field("record", &self.record).finish_non_exhaustive()
    }
}
