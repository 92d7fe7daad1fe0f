//! The use of one connection for one request, and how it counts for the instance.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Request, Version};

use super::Pool;
use super::connections::ConnectError;
use super::endpoint::Endpoint;
use super::exchange::{Connection, Delivery, H1, HyperResult, Outgoing, SendError, SendResult};
use super::head::{Exchange, ResponseDeadline, Transmission};
use super::health::{Admission, HealthToken};
use super::queue::{Queue, QueueError, QueuePermit};
use super::streams::StreamPermit;
use crate::names::UpstreamResult;

/// A connection to the instance that was picked, for one request.
#[derive(Debug)]
pub(in crate::gateway) struct Lease {
    connection: Connection,
    tracker: RequestTracker,
}

/// A request's turn at an instance. It counts itself, once, with what became of it.
#[derive(Debug)]
pub(in crate::gateway) struct RequestTracker {
    endpoint: Arc<Endpoint>,
    pool: Arc<Pool>,
    /// How the instance stood when it began.
    token: HealthToken,
    /// Its place among the requests that the instance has at once, where those are limited.
    place: Option<QueuePermit>,
    stream: Option<StreamPermit>,
    /// What is to be counted.
    result: Option<UpstreamResult>,
    /// The instance's health was told.
    judged: bool,
    over: bool,
}

/// What it takes to send a request over another connection to the same instance.
#[derive(Debug)]
pub(super) struct Resend {
    endpoint: Arc<Endpoint>,
    connect_timeout: Duration,
    /// What the request was migrated for.
    speaks: Option<Arc<str>>,
    upgrade: bool,
}

/// Why there is no lease.
#[derive(Debug)]
pub(super) enum BeginError {
    Connect(ConnectError),
    QueueError(QueueError),
    /// The instance was taken out while the request waited for a place.
    Away,
}

// === impl RequestTracker ===

impl RequestTracker {
    /// `None` if it was to try an instance that another request has begun to try.
    pub(super) fn new(pool: Arc<Pool>, endpoint: Arc<Endpoint>, admission: Admission) -> Option<Self> {
        let trial = admission == Admission::Trial;
        let token = if trial { endpoint.health().begin_trial(Instant::now())? } else { endpoint.token() };
        endpoint.begin();
        let (place, stream, result) = (None, None, None);
        Some(Self { endpoint, pool, token, place, stream, result, judged: false, over: false })
    }

    /// Waits for a place, where the instance takes only so many requests at once.
    async fn enter(&mut self) -> Result<(), BeginError> {
        let Some(queue) = &self.endpoint.queue else { return Ok(()) };
        self.place = match queue.try_enter() {
            Some(place) => Some(place),
            None => Some(self.wait(queue).await?),
        };
        Ok(())
    }

    async fn wait(&self, queue: &Queue) -> Result<QueuePermit, BeginError> {
        let metrics = &self.endpoint.metrics;
        let took_requests = self.endpoint.takes();
        match Box::pin(queue.wait(&metrics.queued)).await {
            Ok(_) if took_requests && !self.endpoint.takes() => Err(BeginError::Away),
            Ok(place) => Ok(place),
            Err(full) => {
                metrics.rejected(full);
                Err(BeginError::QueueError(full))
            }
        }
    }

    /// A head came; the turn keeps the stream of its body.
    pub(super) fn came(&mut self, version: Version, stream: Option<StreamPermit>) {
        self.endpoint.connections.learn(version);
        self.stream = stream;
    }

    /// The head came, and is one.
    pub(super) fn answered(&mut self, status: http::StatusCode) {
        if matches!(status.as_u16(), 502..=504) {
            self.fail(UpstreamResult::Error);
        } else {
            self.count(UpstreamResult::Ok);
            self.judged = true;
            self.endpoint.succeeded(self.token);
        }
    }

    /// The upstream's name, and the instance.
    pub(super) fn place(&self) -> (Box<str>, Arc<str>) {
        (self.pool.name.clone(), self.endpoint.label())
    }

    /// It counts as `result`, which says nothing of the instance's health.
    pub(super) fn count(&mut self, result: UpstreamResult) {
        self.result = Some(result);
    }

    /// It counts as `result`, and against the instance: once, whatever else comes of it.
    pub(super) fn fail(&mut self, result: UpstreamResult) {
        let failed = self.result.is_some_and(|result| result != UpstreamResult::Ok);
        self.count(result);
        self.judged = true;
        if !failed {
            self.endpoint.failed(self.token, Instant::now(), self.pool.policy, self.pool.may_eject());
        }
    }

    /// The body broke off: whatever the head said, that is no answer.
    pub(super) fn broke(&mut self) {
        if !self.over {
            self.fail(UpstreamResult::Reset);
            self.over();
        }
    }

    /// The response has ended; the connection may be used again.
    pub(super) fn end(&mut self, open: Option<Box<H1>>) {
        if let Some(open) = open {
            self.endpoint.park(open);
        }
        self.over();
    }

    fn over(&mut self) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        if let Some(result) = self.result {
            self.endpoint.metrics.count(result);
        }
        if self.token.trial && !self.judged {
            self.endpoint.health().end_trial();
        }
        // The connection is idle or closed by now: whoever gets the place opens no connection too many.
        (self.place, self.stream) = (None, None);
        self.endpoint.end();
    }
}

impl Drop for RequestTracker {
    fn drop(&mut self) {
        self.over();
    }
}

// === impl Resend ===

impl Resend {
    /// Sends a request over a new connection, of which nothing was sent over one that ended with `error`.
    pub(super) async fn send(self, request: Box<Request<Outgoing>>, error: hyper::Error) -> SendResult {
        let Self { endpoint, connect_timeout, speaks, upgrade } = self;
        match endpoint.connections.fresh(connect_timeout).await {
            Ok(connection) if connection.speaks() == speaks.as_ref() => {
                return connection.send(*request, upgrade).await;
            }
            // It speaks another version than the one that this request was made for. The next try is made for it.
            Ok(Connection::H1(open)) => endpoint.park(open),
            Ok(Connection::H2(..)) => {}
            Err(error) => {
                let (upstream, instance) = (&endpoint.upstream, endpoint.label());
                tracing::debug!(%upstream, %instance, %error, "the instance cannot be reached");
            }
        }
        Err(SendError { error, fate: Delivery::Unsent(request) })
    }
}

// === impl Lease ===

impl Lease {
    /// Connects for a turn. A failure counts against the instance, unless it is this process that lacks something.
    pub(super) async fn begin(mut tracker: RequestTracker) -> Result<Self, BeginError> {
        tracker.enter().await?;
        match tracker.endpoint.connections.take(tracker.pool.connect_timeout).await {
            Ok(connection) => Ok(Self { connection, tracker }),
            Err(error) => {
                let (upstream, instance) = (&tracker.endpoint.upstream, tracker.endpoint.label());
                // A request that fails by it is logged as that; and each that is sent again would write a line.
                tracing::debug!(%upstream, %instance, %error, "the instance cannot be reached");
                // A process without file descriptors or ports would blame all its instances, one after the other.
                if !error.is_own() {
                    tracker.fail(UpstreamResult::Connect);
                }
                Err(BeginError::Connect(error))
            }
        }
    }

    /// What the process at the other end said that it speaks, where it was asked.
    pub(in crate::gateway) fn speaks(&self) -> Option<&str> {
        self.connection.speaks().map(|speaks| &**speaks)
    }

    pub(in crate::gateway) fn endpoint(&self) -> &Endpoint {
        &self.tracker.endpoint
    }

    /// Sends the request; the head of its response is waited for, at most as `wait` has it. One that asks for another
    /// protocol (`upgrade`) has the connection for itself, also afterwards.
    pub(in crate::gateway) fn send(
        self,
        mut request: Request<Outgoing>,
        upgrade: bool,
        wait: ResponseDeadline,
    ) -> Exchange<impl Future<Output = HyperResult>> {
        let Self { connection, tracker } = self;
        let resend = || {
            let (endpoint, connect_timeout) = (Arc::clone(&tracker.endpoint), tracker.pool.connect_timeout);
            Resend { endpoint, connect_timeout, speaks: connection.speaks().cloned(), upgrade }
        };
        // A connection that is new has no excuse to end.
        let resend = connection.may_have_ended().then(resend);
        let (used, sending) = match connection {
            Connection::H1(open) => {
                *request.version_mut() = Version::HTTP_11;
                let used = open.used;
                let sending = if upgrade {
                    Transmission::apart(open.upgrade(request))
                } else {
                    Transmission::Driven { sending: open.send(request) }
                };
                (used, sending)
            }
            Connection::H2(open, stream) => {
                *request.version_mut() = Version::HTTP_2;
                (false, Transmission::apart(open.send(request, stream)))
            }
        };
        Exchange::new(sending, tracker, used, resend, wait)
    }
}

#[cfg(test)]
mod tests;
