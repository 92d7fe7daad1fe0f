//! The use of one connection for one request.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use http::{Request, Response, Version};
use hyper::body::Incoming;
use pin_project_lite::pin_project;

use super::Pool;
use super::alarm::{Alarm, TimedOut};
use super::body::{UpstreamBody, Waits};
use super::connections::ConnectError;
use super::endpoint::Endpoint;
use super::exchange::{Answer, Connection, H1, Outgoing, SendError, Sending, Sent};
use super::health::Admission;
use crate::gateway::intake::Progress;
use crate::names::UpstreamResult;

/// A connection to the instance that was picked, for one request.
#[derive(Debug)]
pub(in crate::gateway) struct Lease {
    connection: Connection,
    turn: Turn,
}

pin_project! {
    /// A request on its way, until the head of its response is there.
    #[must_use = "a request is sent as it is waited for"]
    pub(in crate::gateway) struct Exchange<F> {
        #[pin]
        sending: Sends<F>,
        turn: Option<Turn>,
        used: bool,
        wait: Wait,
    }
}

pin_project! {
    #[project = SendsProj]
    enum Sends<F> {
        Driven { #[pin] sending: Sending<F> },
        // A task of its own drives the connection.
        Apart { sending: Pin<Box<dyn Future<Output = Sent> + Send>>, alarm: Alarm },
    }
}

/// The head of a response, and what its body comes over.
#[derive(Debug)]
pub(in crate::gateway) struct Answered {
    response: Response<Incoming>,
    open: Option<Box<H1>>,
    turn: Turn,
}

/// How long the head of a response may be waited for. While the request's body still comes, that has not begun.
#[derive(Debug)]
pub(in crate::gateway) struct Wait {
    response: Duration,
    progress: Progress,
    seen: Option<u64>,
    until: Instant,
    end: Option<Instant>,
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
        match turn.endpoint.connections.take(turn.pool.connect_timeout).await {
            Ok(connection) => Ok(Self { connection, turn }),
            Err(error) => {
                let (upstream, instance) = (&turn.endpoint.upstream, turn.endpoint.label());
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
        Exchange { sending, turn: Some(turn), used, wait }
    }
}

// === impl Sends ===

impl<F> Sends<F> {
    fn apart(sending: impl Future<Output = Sent> + Send + 'static) -> Self {
        Self::Apart { sending: Box::pin(sending), alarm: Alarm::default() }
    }
}

// === impl Exchange ===

impl<F: Future<Output = Answer>> Future for Exchange<F> {
    type Output = Result<Answered, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let until = Some(this.wait.until());
        let sent = ready!(match this.sending.project() {
            SendsProj::Driven { sending } => sending.poll_until(until, cx),
            SendsProj::Apart { sending, alarm } => alarm.within(until, cx, |cx| sending.as_mut().poll(cx)),
        });
        let mut turn = this.turn.take().expect("polled after completion");
        Poll::Ready(match sent {
            Ok(Ok((response, open))) => {
                turn.answered(response.status());
                Ok(Answered { response, open, turn })
            }
            Ok(Err(error)) => Err(Failure::Broke(Box::new(Broke { error, turn, used: *this.used }))),
            Err(TimedOut) => {
                turn.fail(UpstreamResult::Timeout);
                Err(Failure::TimedOut)
            }
        })
    }
}

// === impl Answered ===

impl Answered {
    pub(in crate::gateway) const fn head(&mut self) -> &mut Response<Incoming> {
        &mut self.response
    }

    /// It is no response: nothing more of its connection is believed.
    pub(in crate::gateway) fn refuse(mut self) {
        self.turn.broke();
    }

    /// The response. Another request may go over its connection once it has ended, if it is `reusable`.
    pub(in crate::gateway) fn response(self, waits: Waits, reusable: bool) -> Response<UpstreamBody> {
        let Self { response, open, turn } = self;
        response.map(|incoming| UpstreamBody::new(incoming, open, reusable, turn, waits))
    }
}

// === impl Wait ===

impl Wait {
    /// A wait of `response` that begins at `now`, and ends at `end` in any case.
    pub(in crate::gateway) fn new(now: Instant, response: Duration, progress: Progress, end: Option<Instant>) -> Self {
        Self { seen: progress.now(), progress, response, until: now + response, end }
    }

    fn until(&mut self) -> Instant {
        let now = self.progress.now();
        if now != self.seen {
            self.seen = now;
            self.until = Instant::now() + self.response;
        }
        self.end.map_or(self.until, |end| end.min(self.until))
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
