//! A body that is read to its end, up to a limit.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::Body;
use pin_project_lite::pin_project;

use crate::coding::{Coding, DecodeStep, Decoder};
use crate::json::Outline;

pin_project! {
    /// Reads a body to its end.
    pub(super) struct Hold<B> {
        #[pin]
        body: B,
        bytes: BytesMut,
        limit: usize,
        wait: Wait,
    }
}

/// What is done when nothing more is there for the moment.
enum Wait {
    /// The rest is waited for.
    Always,
    /// The rest is waited for while a document has begun and not ended.
    Within(Peek),
    /// Nothing is waited for.
    Never,
}

/// A look at what has come, to tell whether all documents in it are whole. Bytes are only looked at when there is a wait.
struct Peek {
    outline: Outline,
    /// How many bytes were looked at.
    seen: usize,
    /// Takes the codings off, where there are any.
    decoder: Option<Decoder>,
    decoded: usize,
}

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HoldError {
    /// It is larger than the limit.
    TooLarge,
    /// It does not say how long it is, and what comes next may be long in coming.
    Between,
    /// It broke off.
    Broken,
}

/// Coded content up to this size when decoded is migrated before it is passed on, if it is no more than
/// [`WHOLE_BODY_BYTES`](super::WHOLE_BODY_BYTES) as it comes.
pub(super) const WHOLE_DECODED_BYTES: usize = 1024 * 1024;

// === impl Hold ===

impl<B> Hold<B> {
    pub(super) fn new(body: B, limit: usize) -> Self {
        Self { body, bytes: BytesMut::new(), limit, wait: Wait::Always }
    }

    /// Of documents that may follow one another for as long as the sender likes, with `codings` applied to them: those that
    /// are whole are not kept waiting for the next.
    pub(super) fn passing_documents(mut self, codings: &[Coding], ratio: u32) -> Self {
        let decoder = (!codings.is_empty()).then(|| Decoder::new(codings).with_max_ratio(ratio));
        self.wait = Wait::Within(Peek { outline: Outline::default(), seen: 0, decoder, decoded: 0 });
        self
    }

    /// Of many documents, such as events: what is there already is read, and nothing is waited for.
    pub(super) fn without_waiting(mut self) -> Self {
        self.wait = Wait::Never;
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
        if this.body.size_hint().lower() > *this.limit as u64 {
            return Poll::Ready(Err(HoldError::TooLarge));
        }
        loop {
            let frame = match this.body.as_mut().poll_frame(cx) {
                Poll::Ready(Some(frame)) => frame,
                Poll::Ready(None) => return Poll::Ready(Ok(std::mem::take(this.bytes).freeze())),
                Poll::Pending if this.wait.is_over(this.bytes) => return Poll::Ready(Err(HoldError::Between)),
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

// === impl Wait ===

impl Wait {
    fn is_over(&mut self, bytes: &[u8]) -> bool {
        match self {
            Self::Always => false,
            Self::Within(peek) => peek.is_between(bytes),
            Self::Never => true,
        }
    }
}

// === impl Peek ===

impl Peek {
    /// Whether all documents that have begun in `bytes` have ended. Looks only at what has come since the last time.
    fn is_between(&mut self, bytes: &[u8]) -> bool {
        let fresh = &bytes[self.seen..];
        self.seen = bytes.len();
        let Some(decoder) = &mut self.decoder else {
            self.outline.feed(fresh);
            return self.outline.is_between();
        };
        decoder.push(fresh);
        let mut decoded = Vec::new();
        // What is broken is found by the run. So large a document passes as it is migrated anyway. Without the feature
        // `coding` no step makes anything.
        while self.decoded <= WHOLE_DECODED_BYTES
            && !matches!(decoder.step(&mut decoded), Err(_) | Ok(DecodeStep::Hungry | DecodeStep::Ended))
        {
            self.outline.feed(&decoded);
            self.decoded += decoded.len();
            decoded.clear();
        }
        self.decoded > WHOLE_DECODED_BYTES || self.outline.is_between()
    }
}
