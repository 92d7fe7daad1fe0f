//! The use of one connection for one request, and how it counts for the instance.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Request, Version};

use super::Pool;
use super::connections::ConnectError;
use super::endpoint::Endpoint;
use super::exchange::{Answer, Connection, Fate, H1, Outgoing, SendError, Sent};
use super::head::{Exchange, Sends, Wait};
use super::health::{Admission, Stake};
use super::queue::{Full, Place, Queue};
use super::streams::Stream;
use crate::names::UpstreamResult;

/// A connection to the instance that was picked, for one request.
#[derive(Debug)]
pub(in crate::gateway) struct Lease {
    connection: Connection,
    turn: Turn,
}

/// A request's turn at an instance. It counts itself, once, with what became of it.
#[derive(Debug)]
pub(in crate::gateway) struct Turn {
    endpoint: Arc<Endpoint>,
    pool: Arc<Pool>,
    /// How the instance stood when it began.
    stake: Stake,
    /// Its place among the requests that the instance has at once, where those are limited.
    place: Option<Place>,
    stream: Option<Stream>,
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
pub(super) enum NotBegun {
    Connect(ConnectError),
    Full(Full),
    /// The instance was taken out while the request waited for a place.
    Away,
}

// === impl Turn ===

impl Turn {
    /// `None` if it was to try an instance that another request has begun to try.
    pub(super) fn new(pool: Arc<Pool>, endpoint: Arc<Endpoint>, admission: Admission) -> Option<Self> {
        let trial = admission == Admission::Trial;
        let stake = if trial { endpoint.health().begin_trial(Instant::now())? } else { endpoint.stake() };
        endpoint.begin();
        let (place, stream, result) = (None, None, None);
        Some(Self { endpoint, pool, stake, place, stream, result, judged: false, over: false })
    }

    /// Waits for a place, where the instance takes only so many requests at once.
    async fn enter(&mut self) -> Result<(), NotBegun> {
        let Some(queue) = &self.endpoint.queue else { return Ok(()) };
        self.place = match queue.try_enter() {
            Some(place) => Some(place),
            None => Some(self.wait(queue).await?),
        };
        Ok(())
    }

    async fn wait(&self, queue: &Queue) -> Result<Place, NotBegun> {
        let meters = &self.endpoint.meters;
        let took_requests = self.endpoint.takes();
        match Box::pin(queue.wait(&meters.queued)).await {
            Ok(_) if took_requests && !self.endpoint.takes() => Err(NotBegun::Away),
            Ok(place) => Ok(place),
            Err(full) => {
                meters.rejected(full);
                Err(NotBegun::Full(full))
            }
        }
    }

    /// A head came; the turn keeps the stream of its body.
    pub(super) fn came(&mut self, version: Version, stream: Option<Stream>) {
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
            self.endpoint.succeeded(self.stake);
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
            self.endpoint.failed(self.stake, Instant::now(), self.pool.policy, self.pool.may_eject());
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
            self.endpoint.meters.count(result);
        }
        if self.stake.trial && !self.judged {
            self.endpoint.health().end_trial();
        }
        // The connection is idle or closed by now: whoever gets the place opens no connection too many.
        (self.place, self.stream) = (None, None);
        self.endpoint.end();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.over();
    }
}

// === impl Resend ===

impl Resend {
    /// Sends a request over a new connection, of which nothing was sent over one that ended with `error`.
    pub(super) async fn send(self, request: Box<Request<Outgoing>>, error: hyper::Error) -> Sent {
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
        Err(SendError { error, fate: Fate::Unsent(request) })
    }
}

// === impl Lease ===

impl Lease {
    /// Connects for a turn. A failure counts against the instance, unless it is this process that lacks something.
    pub(super) async fn begin(mut turn: Turn) -> Result<Self, NotBegun> {
        turn.enter().await?;
        match turn.endpoint.connections.take(turn.pool.connect_timeout).await {
            Ok(connection) => Ok(Self { connection, turn }),
            Err(error) => {
                let (upstream, instance) = (&turn.endpoint.upstream, turn.endpoint.label());
                // A request that fails by it is logged as that; and each that is sent again would write a line.
                tracing::debug!(%upstream, %instance, %error, "the instance cannot be reached");
                // A process without file descriptors or ports would blame all its instances, one after the other.
                if !error.is_own() {
                    turn.fail(UpstreamResult::Connect);
                }
                Err(NotBegun::Connect(error))
            }
        }
    }

    /// What the process at the other end said that it speaks, where it was asked.
    pub(in crate::gateway) fn speaks(&self) -> Option<&str> {
        self.connection.speaks().map(|speaks| &**speaks)
    }

    pub(in crate::gateway) fn endpoint(&self) -> &Endpoint {
        &self.turn.endpoint
    }

    /// Sends the request; the head of its response is waited for, at most as `wait` has it. One that asks for another
    /// protocol (`upgrade`) has the connection for itself, also afterwards.
    pub(in crate::gateway) fn send(
        self,
        mut request: Request<Outgoing>,
        upgrade: bool,
        wait: Wait,
    ) -> Exchange<impl Future<Output = Answer>> {
        let Self { connection, turn } = self;
        let resend = || {
            let (endpoint, connect_timeout) = (Arc::clone(&turn.endpoint), turn.pool.connect_timeout);
            Resend { endpoint, connect_timeout, speaks: connection.speaks().cloned(), upgrade }
        };
        // A connection that is new has no excuse to end.
        let resend = connection.may_have_ended().then(resend);
        let (used, sending) = match connection {
            Connection::H1(open) => {
                *request.version_mut() = Version::HTTP_11;
                let used = open.used;
                let sending = if upgrade {
                    Sends::apart(open.upgrade(request))
                } else {
                    Sends::Driven { sending: open.send(request) }
                };
                (used, sending)
            }
            Connection::H2(open, stream) => {
                *request.version_mut() = Version::HTTP_2;
                (false, Sends::apart(open.send(request, stream)))
            }
        };
        Exchange::new(sending, turn, used, resend, wait)
    }
}

#[cfg(test)]
mod tests;
