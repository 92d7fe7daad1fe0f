//! A response's body on its way from an instance: it drives the connection, and gives it back at its end.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::alarm::{Alarm, TimedOut};
use super::exchange::H1;
use super::lease::Turn;

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
    turn: Turn,
    waits: Waits,
    /// Of a connection that is shared, and has none for one response.
    alarm: Alarm,
    /// Since when it waits for the next part.
    waiting: Option<Instant>,
}

/// How long may be waited for.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::gateway) struct Waits {
    /// The next part.
    pub(in crate::gateway) part: Option<Duration>,
    /// The end.
    pub(in crate::gateway) end: Option<Instant>,
}

/// Why a response's body did not come to its end.
#[derive(Debug)]
pub(in crate::gateway) enum UpstreamError {
    Broken(hyper::Error),
    TooSlow,
}

type Next = Option<Result<Frame<Bytes>, hyper::Error>>;

/// The next frame of a body, while its connection is driven.
pub(super) async fn drive_frame(incoming: &mut Incoming, open: &mut H1) -> Next {
    let frame = poll_fn(|cx| open.drive(cx, None, |cx| Pin::new(&mut *incoming).poll_frame(cx)).0).await;
    frame.unwrap_or_default()
}

// === impl Waits ===

impl Waits {
    /// When the wait is over that began at `since`, or begins now.
    fn until(&self, since: &mut Option<Instant>) -> Option<Instant> {
        let part = self.part.map(|part| *since.get_or_insert_with(Instant::now) + part);
        [part, self.end].into_iter().flatten().min()
    }
}

// === impl UpstreamBody ===

impl UpstreamBody {
    /// A body whose response came over `open`, if that is a connection of its own; over which another request may go
    /// once it has ended, if it is `reusable`.
    pub(super) fn new(incoming: Incoming, open: Option<Box<H1>>, reusable: bool, turn: Turn, waits: Waits) -> Self {
        let alarm = Alarm::default();
        let mut body = Self { incoming, open, reusable, turn, waits, alarm, waiting: None };
        if body.incoming.is_end_stream() {
            body.ended();
        }
        body
    }

    /// The response has ended: the connection may take another request.
    fn ended(&mut self) {
        let open = self.open.take();
        self.turn.end(open.filter(|_| self.reusable));
    }

    /// Nothing more comes.
    fn broke(&mut self) {
        self.open = None;
        self.turn.broke();
    }

    /// The next frame, if it comes in its time.
    fn poll_within(&mut self, cx: &mut Context<'_>) -> Poll<Result<Next, TimedOut>> {
        let Self { incoming, open, waits, alarm, waiting, .. } = self;
        let until = waits.until(waiting);
        let mut poll = |cx: &mut Context<'_>| Pin::new(&mut *incoming).poll_frame(cx);
        let Some(driven) = open else { return alarm.within(until, cx, poll) };
        let (frame, over) = driven.drive(cx, until, &mut poll);
        if over {
            *open = None;
        }
        frame
    }
}

impl Body for UpstreamBody {
    type Data = Bytes;
    type Error = UpstreamError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        let frame = ready!(self.poll_within(cx));
        self.waiting = None;
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
                self.broke();
                Some(Err(UpstreamError::Broken(error)))
            }
            Err(TimedOut) => {
                self.broke();
                Some(Err(UpstreamError::TooSlow))
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

// === impl UpstreamError ===

impl std::fmt::Display for UpstreamError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Broken(error) => error.fmt(f),
            Self::TooSlow => f.write_str("the response's body came too slowly"),
        }
    }
}

impl std::error::Error for UpstreamError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Broken(error) => Some(error),
            Self::TooSlow => None,
        }
    }
}
