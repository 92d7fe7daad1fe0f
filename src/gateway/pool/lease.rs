//! The use of one connection for one request.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use http::{Request, Response, Version};
use hyper::body::Incoming;

use super::Pool;
use super::body::{UpstreamBody, Waits};
use super::endpoint::{ConnectError, Endpoint};
use super::exchange::{Connection, H1, Outgoing, SendError};
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

    fn answered(&mut self, status: http::StatusCode) {
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
    /// Connects for a turn. A failure counts against the instance.
    pub(super) async fn begin(mut turn: Turn) -> Result<Self, ConnectError> {
        match turn.endpoint.connection(turn.pool.connect_timeout).await {
            Ok(connection) => Ok(Self { connection, turn }),
            Err(error) => {
                let (upstream, instance) = (&turn.endpoint.upstream, &turn.endpoint.url);
                tracing::warn!(%upstream, %instance, %error, "the instance cannot be reached");
                turn.fail(UpstreamResult::Connect);
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

    /// Sends the request and waits for the head of its response, at most as `waited` has it.
    pub(in crate::gateway) async fn send(
        self,
        mut request: Request<Outgoing>,
        waited: impl Future<Output = ()>,
        waits: impl FnOnce(&Response<Incoming>) -> Waits,
        is_reusable: impl FnOnce(&Response<Incoming>) -> bool,
    ) -> Result<Response<UpstreamBody>, Failure> {
        let Self { connection, mut turn } = self;
        let used = matches!(&connection, Connection::H1(open) if open.used);
        let sending = async {
            match connection {
                Connection::H1(open) => {
                    *request.version_mut() = Version::HTTP_11;
                    open.send(request).await
                }
                Connection::H2(open) => {
                    *request.version_mut() = Version::HTTP_2;
                    open.send(request).await.map(|response| (response, None))
                }
            }
        };
        let sent = tokio::select! {
            biased;
            sent = sending => sent,
            () = waited => {
                turn.fail(UpstreamResult::Timeout);
                return Err(Failure::TimedOut);
            }
        };
        match sent {
            Ok((response, open)) => {
                turn.answered(response.status());
                let waits = waits(&response);
                let reusable = is_reusable(&response);
                Ok(response.map(|incoming| UpstreamBody::new(incoming, open, reusable, turn, waits)))
            }
            Err(error) => Err(Failure::Broke(Box::new(Broke { error, turn, used }))),
        }
    }

    /// Sends a request that asks for another protocol, over an HTTP/1.1 connection of its own: it would not come back.
    pub(in crate::gateway) async fn upgrade(
        self,
        request: Request<Outgoing>,
    ) -> Result<Response<UpstreamBody>, Failure> {
        let mut turn = self.turn;
        let Ok((mut sender, driver)) = turn.endpoint.upgradable().await else {
            turn.fail(UpstreamResult::Connect);
            return Err(Failure::TimedOut);
        };
        tokio::spawn(driver.with_upgrades());
        match sender.try_send_request(request).await {
            Ok(response) => {
                turn.answered(response.status());
                Ok(response.map(|incoming| UpstreamBody::new(incoming, None, false, turn, Waits::default())))
            }
            Err(mut error) => {
                let sent = error.take_message().is_none();
                let error = SendError { error: error.into_error(), sent };
                Err(Failure::Broke(Box::new(Broke { error, turn, used: false })))
            }
        }
    }
}

/// Why a request got no response.
#[derive(Debug)]
pub(in crate::gateway) enum Failure {
    TimedOut,
    /// Whose fault it is, whoever sent it knows better.
    Broke(Box<Broke>),
}

/// A request that was not answered, and whose turn it was.
#[derive(Debug)]
pub(in crate::gateway) struct Broke {
    error: SendError,
    turn: Turn,
    /// The connection had taken requests before.
    used: bool,
}

// === impl Failure ===

impl Failure {
    /// The connection's error.
    pub(in crate::gateway) fn error(&self) -> Option<&hyper::Error> {
        match self {
            Self::TimedOut => None,
            Self::Broke(broke) => Some(&broke.error.error),
        }
    }

    /// Whether something of the request may have reached the instance.
    pub(in crate::gateway) fn was_sent(&self) -> bool {
        !matches!(self, Self::Broke(broke) if !broke.error.sent)
    }

    /// Whether it may have been the connection's end only, of which the instance need not say anything else.
    pub(in crate::gateway) fn was_used(&self) -> bool {
        matches!(self, Self::Broke(broke) if broke.used)
    }

    /// It was the instance.
    pub(in crate::gateway) fn blame(self) {
        if let Self::Broke(mut broke) = self {
            broke.turn.fail(UpstreamResult::Reset);
        }
    }
}
