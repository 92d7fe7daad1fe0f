//! The body that [`Migrate`](super::Migrate) passes on, in both directions.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use pin_project_lite::pin_project;

use super::stream::{BodyError, MigrationStream};

pin_project! {
    #[project = KindProj]
    enum MigrateBodyState<B> {
        Whole { #[pin] body: Full<Bytes> },
        Untouched { #[pin] body: B },
        // Boxed: a program at work is large, and most bodies need none.
        Streamed { body: Pin<Box<B>>, stream: Box<MigrationStream> },
    }
}

pin_project! {
    /// A body that was migrated and is there as a whole, one that is migrated as it passes, or one that passes as it
    /// comes.
    ///
    /// **Back-pressure.** It reads no more than it was asked for. **Cancel safety.** It can be dropped at any point.
    pub struct MigrateBody<B> {
        #[pin]
        kind: MigrateBodyState<B>,
    }
}

/// So much is done in one poll before others get their turn: a step, or a frame that is taken, each.
const TURNS: usize = 16;

type Polled<E> = Poll<Option<Result<Frame<Bytes>, BodyError<E>>>>;

// === impl MigrateBody ===

impl<B> MigrateBody<B> {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self { kind: MigrateBodyState::Whole { body: Full::new(bytes) } }
    }

    /// A body that passes as it comes.
    pub const fn untouched(body: B) -> Self {
        Self { kind: MigrateBodyState::Untouched { body } }
    }

    pub(super) fn streamed(body: Pin<Box<B>>, stream: MigrationStream) -> Self {
        Self { kind: MigrateBodyState::Streamed { body, stream: Box::new(stream) } }
    }
}

impl<B: Body<Data = Bytes>> Body for MigrateBody<B> {
    type Data = Bytes;
    type Error = BodyError<B::Error>;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled<B::Error> {
        match self.project().kind.project() {
            KindProj::Untouched { body } => body.poll_frame(cx).map_err(BodyError::inner),
            KindProj::Whole { body } => body.poll_frame(cx).map_err(|never| match never {}),
            KindProj::Streamed { body, stream } => poll_stream(body.as_mut(), stream, cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            MigrateBodyState::Untouched { body } => body.is_end_stream(),
            MigrateBodyState::Whole { body } => body.is_end_stream(),
            MigrateBodyState::Streamed { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            MigrateBodyState::Untouched { body } => body.size_hint(),
            MigrateBodyState::Whole { body } => body.size_hint(),
            MigrateBodyState::Streamed { .. } => SizeHint::default(),
        }
    }
}

/// Reads until something is sure, and passes that on at once.
fn poll_stream<B: Body<Data = Bytes>>(
    mut body: Pin<&mut B>,
    stream: &mut MigrationStream,
    cx: &mut Context<'_>,
) -> Polled<B::Error> {
    for _ in 0..TURNS {
        if let Some(sure) = stream.take() {
            return Poll::Ready(Some(Ok(Frame::data(sure))));
        }
        if stream.has_ended() {
            return Poll::Ready(None);
        }
        if stream.has_work() {
            stream.step()?;
            continue;
        }
        match body.as_mut().poll_frame(cx) {
            Poll::Ready(None) => stream.complete(),
            // Trailers speak of bytes that have changed.
            Poll::Ready(Some(Ok(frame))) => frame.into_data().map_or((), |data| stream.push(data)),
            Poll::Ready(Some(Err(error))) => {
                stream.stop();
                return Poll::Ready(Some(Err(BodyError::inner(error))));
            }
            Poll::Pending => {
                stream.flush();
                return stream.take().map_or(Poll::Pending, |sure| Poll::Ready(Some(Ok(Frame::data(sure)))));
            }
        }
    }
    // A body that is there as a whole, of which nothing is sure for long, must not keep its thread from others.
    cx.waker().wake_by_ref();
    Poll::Pending
}

impl<B: Default> Default for MigrateBody<B> {
    fn default() -> Self {
        Self::untouched(B::default())
    }
}

impl<B> std::fmt::Debug for MigrateBody<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match &self.kind {
            MigrateBodyState::Whole { .. } => "whole",
            MigrateBodyState::Untouched { .. } => "untouched",
            MigrateBodyState::Streamed { .. } => "streamed",
        };
        f.debug_struct("MigrateBody").field("kind", &kind).finish_non_exhaustive()
    }
}
