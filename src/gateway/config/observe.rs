//! Notes what was asked for, and hands a request's plan on to its response, for the log.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use metrics::Counter;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::gateway::state::Used;
use crate::gateway::telemetry::extensions::ResponsePlan;
use crate::layer::{FailedMessage, Notice, Notices};
use crate::plan::Plan;

/// Puts [`Observe`] around what enforces the plan.
#[derive(Clone)]
pub(in crate::gateway) struct ObserveLayer {
    /// Whether responses say what was planned.
    pub(in crate::gateway) attach_plan: bool,
    /// Each request clones it: one count for both.
    pub(in crate::gateway) observer: Arc<Observer>,
}

/// Notes each request, and hands its plan on to the response, if it is to.
#[derive(Clone)]
pub(in crate::gateway) struct Observe<S> {
    inner: S,
    layer: ObserveLayer,
}

/// What is noted of requests.
pub(in crate::gateway) struct Observer {
    pub(in crate::gateway) used: Used,
    /// Those of no api, which none of the layers counts.
    pub(in crate::gateway) unmatched: Counter,
}

pin_project! {
    pub(in crate::gateway) struct ObserveFuture<F> {
        #[pin]
        inner: F,
        plan: Option<Plan>,
    }
}

// === impl ObserveLayer ===

impl<S> Layer<S> for ObserveLayer {
    type Service = Observe<S>;

    fn layer(&self, inner: S) -> Observe<S> {
        Observe { inner, layer: self.clone() }
    }
}

// === impl Observe ===

impl<S, B, R> Service<Request<B>> for Observe<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ObserveFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let plan = request.extensions().get::<Plan>();
        match plan {
            Some(plan) => self.layer.observer.used.note(plan),
            None => self.layer.observer.unmatched.increment(1),
        }
        let plan = plan.filter(|_| self.layer.attach_plan).cloned();
        ObserveFuture { inner: self.inner.call(request), plan }
    }
}

// === impl ObserveFuture ===

impl<F, R, E> Future for ObserveFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut result = ready!(this.inner.poll(cx));
        if let Ok(response) = &mut result {
            if let Some(notices) = response.extensions_mut().remove::<Notices>() {
                log(&notices);
            }
            if let Some(plan) = this.plan.take() {
                response.extensions_mut().insert(ResponsePlan(plan));
            }
        }
        Poll::Ready(result)
    }
}

/// Logs what was not migrated.
fn log(notices: &Notices) {
    let plan = notices.plan();
    let api = &*plan.api().name;
    let route = plan.route().map(|route| route.history.name.to_string()).unwrap_or_default();
    for notice in notices.iter() {
        let direction = if notice.is_response() { "response" } else { "request" };
        match notice {
            Notice::Untyped { body, first: true } => {
                let content_type = body.media();
                tracing::warn!(
                    api,
                    route,
                    direction,
                    content_type,
                    "body passed unmigrated: its Content-Type is not JSON; further ones are only counted"
                );
            }
            Notice::Untyped { body, .. } => {
                let content_type = body.media();
                tracing::debug!(
                    api,
                    route,
                    direction,
                    content_type,
                    "body passed unmigrated: its Content-Type is not JSON"
                );
            }
            // One of a response is explained with all other failures, one of a request to its client.
            Notice::Failed(FailedMessage { detail, change, pointer, .. }) => tracing::debug!(
                api,
                route,
                direction,
                change = change.as_deref(),
                pointer = pointer.as_deref(),
                error = %detail,
                "body cannot be migrated"
            ),
        }
    }
}
