//! A client's body on its way in: how large it may be, and how slow.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use super::edge::CleanTrailers;
use super::leftover::Leftover;

/// What a client's body is held to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowed {
    pub(super) bytes: u64,
    /// The wait for the next part.
    pub(super) idle: Duration,
    /// Bytes per second, measured once [`GRACE`] has passed.
    pub(super) rate: u64,
}

/// Why a client's body did not come to its end. It is the client's fault, whatever the upstream made of it.
#[derive(Debug)]
pub(super) enum IntakeError {
    /// It broke off, or was not framed as HTTP has it.
    Broken(hyper::Error),
    TooLarge,
    TooSlow,
}

/// A client's body.
#[derive(Debug)]
pub(super) struct Intake {
    /// Until nobody reads it any more.
    incoming: Option<CleanTrailers<Incoming>>,
    leftover: Leftover,
    allowed: Allowed,
    received: u64,
    started: Instant,
    /// Only there while it waits.
    sleep: Option<Pin<Box<Sleep>>>,
    progress: Progress,
}

/// How far a body has come, for whoever waits for an answer to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    inner: Option<Arc<ProgressInner>>,
}

#[derive(Debug, Default)]
struct ProgressInner {
    frames: AtomicU64,
    ended: AtomicBool,
}

/// A short body may come as it likes.
const GRACE: Duration = Duration::from_secs(10);

// === impl Progress ===

impl Progress {
    fn new() -> Self {
        Self { inner: Some(Arc::default()) }
    }

    fn frame(&self) {
        if let Some(inner) = &self.inner {
            inner.frames.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn end(&self) {
        if let Some(inner) = &self.inner {
            inner.ended.store(true, Ordering::Relaxed);
        }
    }

    /// A number that grows while the body comes; `None` once it is there.
    pub(super) fn now(&self) -> Option<u64> {
        let inner = self.inner.as_ref().filter(|inner| !inner.ended.load(Ordering::Relaxed))?;
        Some(inner.frames.load(Ordering::Relaxed))
    }
}

// === impl Intake ===

impl Intake {
    pub(super) fn new(incoming: CleanTrailers<Incoming>, leftover: Leftover, allowed: Allowed) -> Self {
        let progress = if incoming.is_end_stream() { Progress::default() } else { Progress::new() };
        let incoming = Some(incoming);
        Self { incoming, leftover, allowed, received: 0, started: Instant::now(), sleep: None, progress }
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress.clone()
    }

    fn count(&mut self, frame: &Frame<Bytes>) -> Result<(), IntakeError> {
        self.received += frame.data_ref().map_or(0, |data| data.len() as u64);
        self.progress.frame();
        if self.received > self.allowed.bytes {
            return Err(IntakeError::TooLarge);
        }
        let elapsed = self.started.elapsed();
        let slow = elapsed > GRACE && self.received < self.allowed.rate.saturating_mul(elapsed.as_secs());
        if slow { Err(IntakeError::TooSlow) } else { Ok(()) }
    }
}

impl Body for Intake {
    type Data = Bytes;
    type Error = IntakeError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, IntakeError>>> {
        let this = &mut *self;
        let Some(incoming) = &mut this.incoming else { return Poll::Ready(None) };
        let frame = match Pin::new(incoming).poll_frame(cx) {
            Poll::Ready(frame) => frame.map(|frame| frame.map_err(IntakeError::Broken)),
            Poll::Pending => {
                let idle = this.allowed.idle;
                let sleep = this.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(idle)));
                ready!(sleep.as_mut().poll(cx));
                Some(Err(IntakeError::TooSlow))
            }
        };
        this.sleep = None;
        let frame = frame.map(|frame| frame.and_then(|frame| this.count(&frame).map(|()| frame)));
        if matches!(frame, Some(Err(_))) {
            this.leftover.give_up();
        } else if frame.is_none() || this.is_end_stream() {
            this.progress.end();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        if let Some(rest) = self.incoming.take().filter(|rest| !rest.is_end_stream()) {
            self.leftover.take(rest);
        }
    }
}

// === impl IntakeError ===

impl std::fmt::Display for IntakeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Broken(_) => "the request's body broke off or is malformed",
            Self::TooLarge => "the request's body is too large",
            Self::TooSlow => "the request's body came too slowly",
        })
    }
}

impl std::error::Error for IntakeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Broken(error) => Some(error),
            Self::TooLarge | Self::TooSlow => None,
        }
    }
}
