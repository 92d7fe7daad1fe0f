//! Whether the client takes a response over HTTP/2: that is a matter of each stream, since each has a window of its own
//! and the connection may be busy with others.
//!
//! hyper does not ask a body for more while the stream's window is closed, and runs each stream in a task. So the task is
//! what ends a stream whose client takes too little; dropped, it resets the stream, and the others go on.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::rt::Executor;
use pin_project_lite::pin_project;

use super::flow::StreamFlow;
use super::liveness::{Activity, CloseReason};
use super::metrics::ListenerMetrics;
use crate::gateway::wire::timer::LazyTimer;

/// Makes the tasks of a connection's streams.
#[derive(Clone)]
pub(in crate::gateway) struct StreamExecutor {
    shared: Arc<StreamContext>,
}

/// What they have in common.
struct StreamContext {
    activity: Arc<Activity>,
    metrics: ListenerMetrics,
}

pin_project! {
    /// A stream's task.
    struct StreamTask<F> {
        #[pin]
        stream: F,
        flow: Arc<StreamFlow>,
        timer: LazyTimer,
        shared: Arc<StreamContext>,
    }
}

// === impl StreamExecutor ===

impl StreamExecutor {
    pub(in crate::gateway) fn new(activity: Arc<Activity>, metrics: ListenerMetrics) -> Self {
        Self { shared: Arc::new(StreamContext { activity, metrics }) }
    }
}

impl<F> Executor<F> for StreamExecutor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let Some(flow) = self.shared.activity.latest().take() else {
            drop(tokio::spawn(stream));
            return;
        };
        drop(tokio::spawn(StreamTask { stream, flow, timer: LazyTimer::default(), shared: Arc::clone(&self.shared) }));
    }
}

// === impl StreamTask ===

impl<F: Future<Output = ()>> Future for StreamTask<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if this.stream.poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let Some(until) = this.flow.until() else { return Poll::Pending };
        ready!(this.timer.poll(until, cx));
        this.shared.metrics.gave_up(CloseReason::TakesNothing);
        tracing::debug!("client reads a response too slowly: stream reset");
        Poll::Ready(())
    }
}
