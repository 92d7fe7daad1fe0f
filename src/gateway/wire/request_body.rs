//! A client's body on its way in: how large it may be, and how slow.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use super::edge::CleanTrailers;
use super::pace::Pace;
use super::unread::UnreadBody;
use super::upload::{Upload, UploadError};

/// What a client's body is held to.
#[derive(Clone, Copy, Debug)]
pub(in crate::gateway) struct BodyLimits {
    pub(in crate::gateway) bytes: u64,
    pub(in crate::gateway) pace: Pace,
}

/// Why a client's body did not come to its end. It is the client's fault, whatever the upstream made of it.
#[derive(Debug)]
pub(in crate::gateway) enum RequestBodyError {
    /// It broke off, or was not framed as HTTP has it.
    Broken(hyper::Error),
    TooLarge,
    TooSlow,
}

/// A client's body.
#[derive(Debug)]
pub(in crate::gateway) struct RequestBody {
    /// `None` once it is no longer read.
    incoming: Option<CleanTrailers<Incoming>>,
    unread: UnreadBody,
    upload: Upload,
    limits: BodyLimits,
    received: u64,
    /// What the client has used up of its time.
    spent: Duration,
    waiting: Option<ClientWait>,
}

/// A wait for the client.
#[derive(Debug)]
struct ClientWait {
    since: Instant,
    sleep: Pin<Box<Sleep>>,
}

// === impl RequestBody ===

impl RequestBody {
    /// A body, and what knows how far it has come.
    pub(in crate::gateway) fn new(
        incoming: CleanTrailers<Incoming>,
        unread: UnreadBody,
        upload: Upload,
        limits: BodyLimits,
    ) -> Self {
        let incoming = Some(incoming);
        Self { incoming, unread, upload, limits, received: 0, spent: Duration::ZERO, waiting: None }
    }

    pub(in crate::gateway) fn upload(&self) -> Upload {
        self.upload.clone()
    }

    /// A part came, perhaps after a wait.
    fn count(&mut self, frame: &Frame<Bytes>) -> Result<(), RequestBodyError> {
        let now = Instant::now();
        let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
        let waited = self.waiting.take().map(|waiting| now.saturating_duration_since(waiting.since));
        // Once the response has begun, a client that is quiet is not slow.
        let waited = waited.filter(|_| !self.upload.is_answered()).unwrap_or_default();
        self.spent = self.limits.pace.spend(self.spent, waited, bytes);
        self.upload.moved(now);
        self.received += bytes;
        if self.received > self.limits.bytes { Err(RequestBodyError::TooLarge) } else { Ok(()) }
    }

    /// Ready once the client has been waited for long enough.
    fn poll_overdue(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.upload.waits();
        if self.upload.is_answered() {
            return Poll::Pending;
        }
        let Self { limits, spent, waiting, .. } = self;
        let waiting = waiting.get_or_insert_with(|| {
            let left = limits.pace.left(*spent, Duration::ZERO).unwrap_or_default();
            ClientWait { since: Instant::now(), sleep: Box::pin(tokio::time::sleep(left)) }
        });
        waiting.sleep.as_mut().poll(cx)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = RequestBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RequestBodyError>>> {
        let this = &mut *self;
        let Some(incoming) = &mut this.incoming else { return Poll::Ready(None) };
        let frame = match Pin::new(incoming).poll_frame(cx) {
            Poll::Ready(frame) => frame.map(|frame| frame.map_err(RequestBodyError::Broken)),
            Poll::Pending if this.poll_overdue(cx).is_pending() => return Poll::Pending,
            Poll::Pending => Some(Err(RequestBodyError::TooSlow)),
        };
        let frame = frame.map(|frame| frame.and_then(|frame| this.count(&frame).map(|()| frame)));
        if let Some(Err(error)) = &frame {
            this.unread.give_up();
            this.upload.failed(error.fault());
        } else if frame.is_none() || this.is_end_stream() {
            this.upload.moved(Instant::now());
            this.upload.ended();
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

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.upload.ended();
        if let Some(rest) = self.incoming.take().filter(|rest| !rest.is_end_stream()) {
            self.unread.take(rest);
        }
    }
}

// === impl RequestBodyError ===

impl RequestBodyError {
    const fn fault(&self) -> UploadError {
        match self {
            Self::Broken(_) => UploadError::Broken,
            Self::TooLarge => UploadError::TooLarge,
            Self::TooSlow => UploadError::TooSlow,
        }
    }
}

impl std::fmt::Display for RequestBodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.fault().as_str())
    }
}

impl std::error::Error for RequestBodyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Broken(error) => Some(error),
            Self::TooLarge | Self::TooSlow => None,
        }
    }
}
