//! The use of one connection for one request, and how it counts for the instance.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use http::{Request, Version};

use super::Pool;
use super::connections::ConnectError;
use super::endpoint::Endpoint;
use super::exchange::{Answer, Connection, H1, Outgoing};
use super::head::{Exchange, Sends, Wait};
use super::health::Admission;
use crate::names::UpstreamResult;

/// A connection to the instance that was picked, for one request.
#[derive(Debug)]
pub(in crate::gateway) struct Lease {
    connection: Connection,
    turn: Turn,
}

/// A request's turn at an instance. It counts itself, once, with what became of it.
#[derive(Debug)]
pub(super) struct Turn {
    endpoint: Arc<Endpoint>,
    pool: Arc<Pool>,
    /// It tries an instance whose time out is over.
    trial: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing is known yet.
    Open,
    /// The head came, and counted as it is.
    Answered,
    Over,
}

// === impl Turn ===

impl Turn {
    pub(super) fn new(pool: Arc<Pool>, endpoint: Arc<Endpoint>, admission: Admission) -> Self {
        endpoint.begin();
        let trial = admission == Admission::Trial;
        if trial {
            endpoint.health().begin_trial();
        }
        Self { endpoint, pool, trial, state: State::Open }
    }

    /// The head came.
    pub(super) fn answered(&mut self, status: http::StatusCode) {
        self.state = State::Answered;
        if matches!(status.as_u16(), 502..=504) {
            self.fail(UpstreamResult::Error);
        } else {
            self.endpoint.meters.count(UpstreamResult::Ok);
            self.endpoint.succeeded();
        }
    }

    pub(super) fn fail(&mut self, result: UpstreamResult) {
        self.state = State::Answered;
        self.endpoint.meters.count(result);
        self.endpoint.failed(Instant::now(), self.pool.policy, self.pool.may_eject());
    }

    /// The body broke off. The head counted already; this counts against the instance all the same.
    pub(super) fn broke(&mut self) {
        if self.state != State::Over {
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
        if self.state != State::Over {
            if self.trial && self.state == State::Open {
                self.endpoint.health().end_trial();
            }
            self.state = State::Over;
            self.endpoint.end();
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.over();
    }
}

// === impl Lease ===

impl Lease {
    /// Connects for a turn. A failure counts against the instance, unless it is this process that lacks something.
    pub(super) async fn begin(mut turn: Turn) -> Result<Self, ConnectError> {
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
                Err(error)
            }
        }
    }

    /// What the process at the other end said that it speaks, where it was asked.
    pub(in crate::gateway) fn speaks(&self) -> Option<&str> {
        match &self.connection {
            Connection::H1(open) => open.speaks.as_deref(),
            Connection::H2(open) => open.speaks.as_deref(),
        }
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
            Connection::H2(open) => {
                *request.version_mut() = Version::HTTP_2;
                (false, Sends::apart(open.send(request)))
            }
        };
        Exchange::new(sending, turn, used, wait)
    }
}
