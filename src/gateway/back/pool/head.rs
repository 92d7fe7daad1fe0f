//! The waiting for the head of a response, and why there is none.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use http::Response;
use hyper::body::Incoming;
use pin_project_lite::pin_project;

use super::body::{BodyTimeouts, UpstreamBody};
use super::exchange::{Delivery, H1, H1Exchange, HyperResult, ResponseHead, SendError, SendResult};
use super::resend::Resend;
use super::tracker::RequestTracker;
use crate::gateway::wire::timer::{LazyTimer, TimedOut};
use crate::gateway::wire::upload::{Upload, UploadError};
use crate::names::UpstreamResult;

pin_project! {
    /// A request on its way, until the head of its response is there.
    #[must_use = "the request is sent while its response is awaited"]
    pub(in crate::gateway) struct Exchange<F> {
        #[pin]
        sending: Transmission<F>,
        tracker: Option<RequestTracker>,
        used: bool,
        // What it takes to send the request over another connection.
        resend: Option<Resend>,
        wait: ResponseDeadline,
    }
}

pin_project! {
    #[project = SendsProj]
    /// How it is sent.
    pub(super) enum Transmission<F> {
        Driven { #[pin] sending: H1Exchange<F> },
        // A task of its own drives the connection.
        Apart { sending: Pin<Box<dyn Future<Output = SendResult> + Send>>, timer: LazyTimer },
    }
}

/// The head of a response, and what its body comes over.
#[derive(Debug)]
pub(in crate::gateway) struct UpstreamResponse {
    response: Response<Incoming>,
    open: Option<Box<H1>>,
    tracker: RequestTracker,
    upload: Upload,
}

/// How long the head of a response may be waited for. Time in which the client is waited for is not counted.
#[derive(Debug)]
pub(in crate::gateway) struct ResponseDeadline {
    upload: Upload,
    sent: Instant,
    response: Duration,
    end: Option<Instant>,
}

/// Why a request got no response.
#[derive(Debug)]
pub(in crate::gateway) enum ExchangeError {
    TimedOut,
    /// The client's body did not come to its end.
    Client(UploadError),
    /// The sender of the request knows whose fault it is.
    FailedExchange(Box<FailedExchange>),
}

/// Whose time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Overdue {
    Instance,
    Client,
    /// The client took most of it.
    Both,
}

/// A request that was not answered, and whose turn it was.
#[derive(Debug)]
pub(in crate::gateway) struct FailedExchange {
    error: SendError,
    tracker: RequestTracker,
    /// The connection had taken requests before.
    used: bool,
    /// The client was waited for, so the instance may have had enough of that.
    awaited: bool,
}

// === impl Transmission ===

impl<F> Transmission<F> {
    pub(super) fn apart(sending: impl Future<Output = SendResult> + Send + 'static) -> Self {
        Self::Apart { sending: Box::pin(sending), timer: LazyTimer::default() }
    }
}

// === impl Exchange ===

impl<F> Exchange<F> {
    /// What is `sending` in a `tracker`, over a connection that was `used` before or not. If it ends before it takes the
    /// request, that goes over a new one, once, if there is a `resend`.
    pub(super) const fn new(
        sending: Transmission<F>,
        tracker: RequestTracker,
        used: bool,
        resend: Option<Resend>,
        wait: ResponseDeadline,
    ) -> Self {
        Self { sending, tracker: Some(tracker), used, resend, wait }
    }
}

impl<F: Future<Output = HyperResult>> Future for Exchange<F> {
    type Output = Result<UpstreamResponse, ExchangeError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let until = Some(this.wait.until());
        loop {
            let sent = ready!(match this.sending.as_mut().project() {
                SendsProj::Driven { sending } => sending.poll_until(until, cx),
                SendsProj::Apart { sending, timer } => timer.within(until, cx, |cx| sending.as_mut().poll(cx)),
            });
            match sent {
                Ok(Err(SendError { error, fate: Delivery::Unsent(request) })) if this.resend.is_some() => {
                    let resend = this.resend.take().expect("just seen");
                    *this.used = false;
                    this.sending.set(Transmission::apart(resend.send(request, error)));
                }
                sent => {
                    let tracker = this.tracker.take().expect("polled after completion");
                    return Poll::Ready(this.wait.outcome(sent, tracker, *this.used));
                }
            }
        }
    }
}

// === impl UpstreamResponse ===

impl UpstreamResponse {
    pub(in crate::gateway) const fn head(&mut self) -> &mut Response<Incoming> {
        &mut self.response
    }

    /// It is no response: nothing more of its connection is believed.
    pub(in crate::gateway) fn refuse(mut self) {
        self.tracker.fail(UpstreamResult::Invalid);
    }

    /// The response. Another request may go over its connection once it has ended, if it is `reusable`.
    pub(in crate::gateway) fn response(self, timeouts: BodyTimeouts, reusable: bool) -> Response<UpstreamBody> {
        let Self { response, open, mut tracker, upload } = self;
        tracker.answered(response.status());
        response.map(|incoming| UpstreamBody::new(incoming, open, reusable, tracker, upload, timeouts))
    }

    /// The response by which the connection became one of another protocol. The turn lasts as long as that.
    pub(in crate::gateway) fn switched(self) -> (Response<Incoming>, RequestTracker) {
        let Self { response, mut tracker, .. } = self;
        tracker.answered(response.status());
        (response, tracker)
    }
}

// === impl ResponseDeadline ===

impl ResponseDeadline {
    /// What came of a request that was waited for.
    fn outcome(
        &self,
        sent: Result<SendResult, TimedOut>,
        mut tracker: RequestTracker,
        used: bool,
    ) -> Result<UpstreamResponse, ExchangeError> {
        match sent {
            Ok(Ok(ResponseHead { response, open, stream })) => {
                tracker.came(response.version(), stream);
                Ok(UpstreamResponse { response, open, tracker, upload: self.upload.clone() })
            }
            Ok(Err(error)) => Err(match self.upload.fault() {
                Some(fault) => ExchangeError::Client(fault),
                None => {
                    let awaited = self.upload.is_awaited();
                    ExchangeError::FailedExchange(Box::new(FailedExchange { error, tracker, used, awaited }))
                }
            }),
            Err(TimedOut) => Err(match self.overdue(Instant::now()) {
                Overdue::Instance => {
                    tracker.fail(UpstreamResult::Timeout);
                    ExchangeError::TimedOut
                }
                Overdue::Client => ExchangeError::Client(self.upload.fault().unwrap_or(UploadError::TooSlow)),
                Overdue::Both => ExchangeError::TimedOut,
            }),
        }
    }

    /// A wait of `response` that begins at `sent`, and ends at `end` in any case.
    pub(in crate::gateway) const fn new(
        sent: Instant,
        response: Duration,
        upload: Upload,
        end: Option<Instant>,
    ) -> Self {
        Self { upload, sent, response, end }
    }

    /// When to look whether it is over. While the client is waited for, that is put off.
    fn until(&self) -> Instant {
        let since = self.upload.instance_since(self.sent).unwrap_or_else(Instant::now);
        let until = since + self.response;
        self.end.map_or(until, |end| end.min(until))
    }

    /// Whose time it was that is over at `now`.
    fn overdue(&self, now: Instant) -> Overdue {
        let since = self.upload.instance_since(self.sent).filter(|_| self.upload.fault().is_none());
        let Some(since) = since else { return Overdue::Client };
        let (own, whole) = (now.saturating_duration_since(since), now.saturating_duration_since(self.sent));
        // The route's time may have been used up by the upload.
        if own >= self.response || own * 2 >= whole { Overdue::Instance } else { Overdue::Both }
    }
}

// === impl ExchangeError ===

impl ExchangeError {
    /// The connection's error.
    pub(in crate::gateway) fn error(&self) -> Option<&hyper::Error> {
        match self {
            Self::TimedOut | Self::Client(_) => None,
            Self::FailedExchange(broke) => Some(&broke.error.error),
        }
    }

    /// Whether the instance may have processed the request.
    pub(in crate::gateway) fn was_sent(&self) -> bool {
        !matches!(self, Self::FailedExchange(broke) if !matches!(broke.error.fate, Delivery::SendResult))
    }

    /// Whether there was an answer, of which the head cannot be taken.
    pub(in crate::gateway) fn was_answered(&self) -> bool {
        matches!(self, Self::FailedExchange(broke) if broke.error.was_answered())
    }

    /// Whether it may have been the connection's end only, of which the instance need not say anything else.
    pub(in crate::gateway) fn was_used(&self) -> bool {
        matches!(self, Self::FailedExchange(broke) if broke.used)
    }

    /// The instance is at fault. Headers that are too large, or an orderly close, do not count against it.
    pub(in crate::gateway) fn blame(self) {
        if let Self::FailedExchange(mut broke) = self {
            match broke.error.fate {
                _ if broke.error.may_be_too_large() => broke.tracker.count(UpstreamResult::Invalid),
                _ if broke.error.was_answered() => broke.tracker.fail(UpstreamResult::Invalid),
                _ if broke.awaited => {}
                Delivery::Closing => broke.tracker.count(UpstreamResult::Reset),
                _ => broke.tracker.fail(UpstreamResult::Reset),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When the client was waited for, in seconds after the request was sent, and whose time is over after how long: of
    /// an instance that has 10 s, on a route that has 20.
    #[test]
    fn whose_time_is_over() {
        let rows = [
            ("the instance sends nothing", None, 10, Overdue::Instance),
            ("an upload, then nothing", Some((0, Some(9))), 19, Overdue::Instance),
            ("an upload that takes nearly all of the route's time", Some((0, Some(18))), 20, Overdue::Both),
            ("half of it", Some((0, Some(10))), 20, Overdue::Instance),
            ("an upload that never ends", Some((0, None)), 20, Overdue::Client),
        ];
        let mut failed = Vec::new();
        for (what, waited, over, expected) in rows {
            let upload = Upload::new();
            let sent = Instant::now();
            let at = |seconds| sent + Duration::from_secs(seconds);
            let wait = ResponseDeadline::new(sent, Duration::from_secs(10), upload.clone(), Some(at(20)));
            if let Some((_, ended)) = waited {
                upload.waits();
                if let Some(ended) = ended {
                    upload.moved(at(ended));
                    upload.ended();
                }
            }
            let whose = wait.overdue(at(over));
            if whose != expected {
                failed.push(format!("{what}: {whose:?}, not {expected:?}"));
            }
            let until = wait.until();
            if whose == Overdue::Client && until <= Instant::now() {
                failed.push(format!("{what}: the wait is over at once"));
            }
        }
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    }
}
