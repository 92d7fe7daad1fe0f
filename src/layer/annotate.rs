//! Writes what a response says of its version.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::plan::Plan;

/// Puts [`Annotate`] around a service.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnnotateLayer;

/// Writes Deprecation, Sunset, Link, Vary and the version header on every response to a planned request, merged with
/// what is there.
#[derive(Clone, Copy, Debug)]
pub struct Annotate<S> {
    inner: S,
}

pin_project! {
    /// The inner service's future, and the plan.
    pub struct AnnotateFuture<F> {
        #[pin]
        inner: F,
        plan: Option<Plan>,
    }
}

// === impl AnnotateLayer ===

impl AnnotateLayer {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for AnnotateLayer {
    type Service = Annotate<S>;

    fn layer(&self, inner: S) -> Annotate<S> {
        Annotate { inner }
    }
}

// === impl Annotate ===

impl<S, B, R> Service<Request<B>> for Annotate<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = AnnotateFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let plan = request.extensions().get::<Plan>().cloned();
        AnnotateFuture { inner: self.inner.call(request), plan }
    }
}

// === impl AnnotateFuture ===

impl<F, R, E> Future for AnnotateFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(cx))?;
        if let Some(plan) = this.plan {
            let status = response.status();
            plan.annotate(status, response.headers_mut());
        }
        Poll::Ready(Ok(response))
    }
}

impl<F> std::fmt::Debug for AnnotateFuture<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnnotateFuture").field("plan", &self.plan).finish_non_exhaustive()
    }
}
