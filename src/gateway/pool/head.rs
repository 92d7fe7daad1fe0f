//! The waiting for the head of a response, and why there is none.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use http::Response;
use hyper::body::Incoming;
use pin_project_lite::pin_project;

use super::alarm::{Alarm, TimedOut};
use super::body::{UpstreamBody, Waits};
use super::exchange::{Answer, H1, SendError, Sending, Sent};
use super::lease::Turn;
use crate::gateway::intake::Progress;
use crate::names::UpstreamResult;

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
    /// How it is sent.
    pub(super) enum Sends<F> {
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

// === impl Sends ===

impl<F> Sends<F> {
    pub(super) fn apart(sending: impl Future<Output = Sent> + Send + 'static) -> Self {
        Self::Apart { sending: Box::pin(sending), alarm: Alarm::default() }
    }
}

// === impl Exchange ===

impl<F> Exchange<F> {
    /// What is `sending` in a `turn`, over a connection that was `used` before or not.
    pub(super) const fn new(sending: Sends<F>, turn: Turn, used: bool, wait: Wait) -> Self {
        Self { sending, turn: Some(turn), used, wait }
    }
}

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
