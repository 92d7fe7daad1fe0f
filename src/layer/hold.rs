//! A body that is read to its end, up to a limit.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::Body;
use pin_project_lite::pin_project;

use crate::json::Outline;

pin_project! {
    /// Reads a body to its end.
    pub(super) struct Hold<B> {
        #[pin]
        body: B,
        bytes: BytesMut,
        limit: usize,
        // Where another document may follow: how the bytes stand, and how many of them were looked at.
        outline: Option<(Outline, usize)>,
    }
}

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HoldError {
    /// It is larger than the limit.
    TooLarge,
    /// All documents in it are whole so far, and it does not say how long it is: the next may be long in coming.
    Between,
    /// It broke off.
    Broken,
}

// === impl Hold ===

impl<B> Hold<B> {
    pub(super) fn new(body: B, limit: usize) -> Self {
        Self { body, bytes: BytesMut::new(), limit, outline: None }
    }

    /// Of documents that may follow one another for as long as the sender likes: those that are whole are not kept waiting
    /// for the next.
    pub(super) fn passing_documents(mut self) -> Self {
        self.outline = Some(Default::default());
        self
    }

    /// What was read so far, and the rest.
    pub(super) fn into_parts(self) -> (Bytes, B) {
        (self.bytes.freeze(), self.body)
    }
}

impl<B: Body<Data = Bytes>> Future for Hold<B> {
    type Output = Result<Bytes, HoldError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if *this.limit == 0 || this.body.size_hint().lower() > *this.limit as u64 {
            return Poll::Ready(Err(HoldError::TooLarge));
        }
        loop {
            let frame = match this.body.as_mut().poll_frame(cx) {
                Poll::Ready(Some(frame)) => frame,
                Poll::Ready(None) => return Poll::Ready(Ok(std::mem::take(this.bytes).freeze())),
                Poll::Pending if is_between(this.outline, this.bytes) => return Poll::Ready(Err(HoldError::Between)),
                Poll::Pending => return Poll::Pending,
            };
            let Ok(frame) = frame else { return Poll::Ready(Err(HoldError::Broken)) };
            // Trailers speak of bytes that are about to change.
            let Ok(data) = frame.into_data() else { continue };
            // Also what is too much: the rest may go another way.
            this.bytes.extend_from_slice(&data);
            if this.bytes.len() > *this.limit {
                return Poll::Ready(Err(HoldError::TooLarge));
            }
        }
    }
}

/// Looks only at what has come since the last time, and only when there is a wait.
fn is_between(outline: &mut Option<(Outline, usize)>, bytes: &[u8]) -> bool {
    outline.as_mut().is_some_and(|(outline, seen)| {
        outline.feed(&bytes[*seen..]);
        *seen = bytes.len();
        outline.is_between()
    })
}
