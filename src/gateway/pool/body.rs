//! A response's body on its way from an instance: it drives the connection, and gives it back at its end.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

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
    /// Only there while it waits.
    sleep: Option<Pin<Box<Sleep>>>,
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

type Polled = Poll<Option<Result<Frame<Bytes>, hyper::Error>>>;

/// The next frame of a body, while its connection is driven.
pub(super) async fn drive_frame(incoming: &mut Incoming, open: &mut H1) -> Option<Result<Frame<Bytes>, hyper::Error>> {
    poll_fn(|cx| poll_driven(incoming, open, cx).0).await
}

/// What there is of the body, and whether the connection is over.
fn poll_driven(incoming: &mut Incoming, open: &mut H1, cx: &mut Context<'_>) -> (Polled, bool) {
    if let Poll::Ready(frame) = Pin::new(&mut *incoming).poll_frame(cx) {
        return (Poll::Ready(frame), false);
    }
    let over = open.drive(cx);
    (Pin::new(incoming).poll_frame(cx), over)
}

// === impl UpstreamBody ===

impl UpstreamBody {
    pub(super) fn new(incoming: Incoming, open: Option<Box<H1>>, reusable: bool, turn: Turn, waits: Waits) -> Self {
        let mut body = Self { incoming, open, reusable, turn, waits, sleep: None };
        if body.incoming.is_end_stream() {
            body.ended();
        }
        body
    }

    /// The response is not one: nothing more of its connection is believed.
    pub(in crate::gateway) fn refuse(&mut self) {
        self.open = None;
        self.turn.broke();
    }

    /// The response has ended: the connection may take another request.
    fn ended(&mut self) {
        self.sleep = None;
        let open = self.open.take();
        self.turn.end(open.filter(|_| self.reusable));
    }

    fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(open) = &mut self.open else { return Pin::new(&mut self.incoming).poll_frame(cx) };
        let (frame, over) = poll_driven(&mut self.incoming, open, cx);
        if over {
            self.open = None;
        }
        frame
    }

    /// Ready once the wait is over.
    fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Waits { part, end } = self.waits;
        if self.sleep.is_none() {
            let until = [part.map(|part| Instant::now() + part), end].into_iter().flatten().min();
            self.sleep = until.map(|until| Box::pin(tokio::time::sleep_until(until.into())));
        }
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

impl Body for UpstreamBody {
    type Data = Bytes;
    type Error = UpstreamError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        let this = &mut *self;
        match this.poll_incoming(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                this.sleep = None;
                if this.incoming.is_end_stream() {
                    this.ended();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(None) => {
                this.ended();
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(error))) => {
                this.open = None;
                this.turn.broke();
                Poll::Ready(Some(Err(UpstreamError::Broken(error))))
            }
            Poll::Pending => this.poll_wait(cx).map(|()| {
                this.open = None;
                this.turn.broke();
                Some(Err(UpstreamError::TooSlow))
            }),
        }
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
