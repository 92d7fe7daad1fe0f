//! Answers here and now what is not to be passed on.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::names::Outcome;
use crate::plan::{Answer, Plan};

/// Puts [`Gate`] around a service.
#[derive(Clone, Copy, Debug, Default)]
pub struct GateLayer;

/// Answers requests for versions that are gone, browned out, closed or not to be made out. Their bodies are not read.
#[derive(Clone, Copy, Debug)]
pub struct Gate<S> {
    inner: S,
}

pin_project! {
    /// An answer, or the inner service's future.
    #[project = StateProj]
    enum GateState<F> {
        Answered { answer: Option<Answer>, outcome: Outcome },
        Passed { #[pin] inner: F },
    }
}

pin_project! {
    /// An answer, or the inner service's future.
    pub struct GateFuture<F> {
        #[pin]
        state: GateState<F>,
    }
}

pin_project! {
    #[project = KindProj]
    enum GateBodyState<B> {
        Answer { #[pin] body: Full<Bytes> },
        Inner { #[pin] body: B },
    }
}

pin_project! {
    /// An answer's body, or the inner one.
    pub struct GateBody<B> {
        #[pin]
        kind: GateBodyState<B>,
    }
}

// === impl GateLayer ===

impl GateLayer {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate { inner }
    }
}

// === impl Gate ===

impl<S, B, R> Service<Request<B>> for Gate<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<GateBody<R>>;
    type Error = S::Error;
    type Future = GateFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let answer = request.extensions().get::<Plan>().and_then(|plan| Some((plan.answer()?, plan.outcome())));
        let state = match answer {
            Some((answer, outcome)) => GateState::Answered { answer: Some(answer), outcome },
            None => GateState::Passed { inner: self.inner.call(request) },
        };
        GateFuture { state }
    }
}

// === impl GateFuture ===

impl<F, R, E> Future for GateFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<GateBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Passed { inner } => {
                let response = ready!(inner.poll(cx))?;
                Poll::Ready(Ok(response.map(|body| GateBody { kind: GateBodyState::Inner { body } })))
            }
            StateProj::Answered { answer, outcome } => {
                let answer = answer.take().expect("polled after completion");
                Poll::Ready(Ok(respond(answer, *outcome).map(|body| GateBody { kind: GateBodyState::Answer { body } })))
            }
        }
    }
}

/// The response of an answer; its extensions tell [`Count`](super::Count) the outcome of the request.
pub(super) fn respond(answer: Answer, outcome: Outcome) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response.extensions_mut().insert(outcome);
    response
}

impl<F> std::fmt::Debug for GateFuture<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut future = f.debug_struct("GateFuture");
        match &self.state {
            GateState::Answered { answer, outcome } => {
                let status = answer.as_ref().map(|answer| answer.status);
                future.field("state", &"answered").field("status", &status).field("outcome", outcome)
            }
            GateState::Passed { .. } => future.field("state", &"passed"),
        };
        future.finish_non_exhaustive()
    }
}

// === impl GateBody ===

impl<B: Body<Data = Bytes>> Body for GateBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProj::Inner { body } => body.poll_frame(cx),
            KindProj::Answer { body } => body.poll_frame(cx).map_err(|never| match never {}),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            GateBodyState::Inner { body } => body.is_end_stream(),
            GateBodyState::Answer { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            GateBodyState::Inner { body } => body.size_hint(),
            GateBodyState::Answer { body } => body.size_hint(),
        }
    }
}

impl<B> std::fmt::Debug for GateBody<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match &self.kind {
            GateBodyState::Answer { .. } => "answer",
            GateBodyState::Inner { .. } => "inner",
        };
        f.debug_struct("GateBody").field("kind", &kind).finish_non_exhaustive()
    }
}
