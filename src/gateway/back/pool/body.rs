//! A response's body on its way from an instance: it drives the connection, and gives it back at its end.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::drive::NextFrame;
use super::exchange::H1;
use super::tracker::RequestTracker;
use crate::gateway::wire::body_error::UpstreamBodyError;
use crate::gateway::wire::timer::{LazyTimer, TimedOut};
use crate::gateway::wire::upload::Upload;

/// An instance's response body.
///
/// **Back-pressure.** Nothing is read from the instance until it is asked for. **Cancel safety.** Dropping it closes an
/// HTTP/1.1 connection whose response has not ended, and resets an HTTP/2 stream.
#[derive(Debug)]
pub(in crate::gateway) struct UpstreamBody {
    incoming: Incoming,
    open: Option<Box<H1>>,
    /// Whether another request may go over the connection.
    reusable: bool,
    tracker: RequestTracker,
    upload: Upload,
    timeouts: BodyTimeouts,
    /// When it began, if that matters.
    began: Option<Instant>,
    /// Of a connection that is shared, and has none for one response.
    timer: LazyTimer,
    /// Since when it waits for the next part.
    waiting: Option<Instant>,
}

/// How long may be waited for.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::gateway) struct BodyTimeouts {
    /// The next part.
    pub(in crate::gateway) part: Option<Duration>,
    /// The end.
    pub(in crate::gateway) end: Option<Instant>,
}

// === impl BodyTimeouts ===

impl BodyTimeouts {
    /// When the wait is over that began at `since`, or begins now.
    fn until(&self, since: &mut Option<Instant>) -> Option<Instant> {
        if self.part.is_none() && self.end.is_none() {
            return None;
        }
        let since = *since.get_or_insert_with(Instant::now);
        [self.part.map(|part| since + part), self.end].into_iter().flatten().min()
    }
}

// === impl UpstreamBody ===

impl UpstreamBody {
    /// A body whose response came over `open`, if that is a connection of its own; over which another request may go
    /// once it has ended, if it is `reusable`.
    pub(super) fn new(
        incoming: Incoming,
        open: Option<Box<H1>>,
        reusable: bool,
        tracker: RequestTracker,
        upload: Upload,
        timeouts: BodyTimeouts,
    ) -> Self {
        let (timer, began) = (LazyTimer::default(), timeouts.end.map(|_| Instant::now()));
        let mut body = Self { incoming, open, reusable, tracker, upload, timeouts, began, timer, waiting: None };
        if body.incoming.is_end_stream() {
            body.ended();
        }
        body
    }

    /// The response has ended: the connection may take another request.
    fn ended(&mut self) {
        let open = self.open.take();
        self.tracker.end(open.filter(|_| self.reusable));
    }

    /// Nothing more comes. What the client did is not counted against the instance.
    fn broke(&mut self, blamed: bool) {
        self.open = None;
        if blamed && self.upload.fault().is_none() && !self.upload.is_awaited() {
            self.tracker.broke();
        } else {
            self.tracker.end(None);
        }
    }

    fn error(&self, broken: Option<hyper::Error>) -> UpstreamBodyError {
        let (upstream, instance) = self.tracker.place();
        UpstreamBodyError { broken, upstream, instance }
    }

    /// Whether it was the instance that took the time which is over: its wait for a part was, or it had at least half of
    /// what the route has for all of it. The other half went to a client that reads slowly.
    fn is_slow(&self, since: Option<Instant>) -> bool {
        let now = Instant::now();
        let Some(own) = since.map(|since| now.saturating_duration_since(since)) else { return false };
        let whole = self.began.map(|began| now.saturating_duration_since(began)).unwrap_or_default();
        self.timeouts.part.is_some_and(|part| own >= part) || own * 2 >= whole
    }

    /// The next frame, if it comes in its time.
    fn poll_within(&mut self, cx: &mut Context<'_>) -> Poll<Result<NextFrame, TimedOut>> {
        let Self { incoming, open, timeouts, timer, waiting, .. } = self;
        let until = timeouts.until(waiting);
        let mut poll = |cx: &mut Context<'_>| Pin::new(&mut *incoming).poll_frame(cx);
        let Some(driven) = open else { return timer.within(until, cx, poll) };
        let (frame, over) = driven.drive(cx, until, &mut poll);
        if over {
            *open = None;
        }
        frame
    }
}

impl Body for UpstreamBody {
    type Data = Bytes;
    type Error = UpstreamBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamBodyError>>> {
        let frame = ready!(self.poll_within(cx));
        let waiting = self.waiting.take();
        Poll::Ready(match frame {
            Ok(Some(Ok(frame))) => {
                if self.incoming.is_end_stream() {
                    self.ended();
                }
                Some(Ok(frame))
            }
            Ok(None) => {
                self.ended();
                None
            }
            Ok(Some(Err(error))) => {
                self.broke(true);
                Some(Err(self.error(Some(error))))
            }
            Err(TimedOut) => {
                let slow = self.is_slow(waiting);
                self.broke(slow);
                Some(Err(self.error(None)))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
