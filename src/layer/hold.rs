//! A body that is read to its end, up to a limit.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::Body;
use pin_project_lite::pin_project;

pin_project! {
    /// Reads a body to its end.
    pub(super) struct Hold<B> {
        #[pin]
        body: B,
        bytes: BytesMut,
        limit: usize,
    }
}

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HoldError {
    /// It is larger than the limit.
    TooLarge,
    /// It broke off.
    Broken,
}

// === impl Hold ===

impl<B> Hold<B> {
    pub(super) fn new(body: B, limit: usize) -> Self {
        Self { body, bytes: BytesMut::new(), limit }
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
            let Some(frame) = ready!(this.body.as_mut().poll_frame(cx)) else {
                return Poll::Ready(Ok(std::mem::take(this.bytes).freeze()));
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
