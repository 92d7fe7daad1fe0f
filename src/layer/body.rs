//! The body that [`Migrate`](super::Migrate) passes on, in both directions.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use pin_project_lite::pin_project;

pin_project! {
    #[project = KindProj]
    enum Kind<B> {
        Whole { #[pin] body: Full<Bytes> },
        Untouched { #[pin] body: B },
    }
}

pin_project! {
    /// A body that was migrated and is there as a whole, or one that passes as it comes.
    pub struct MigrateBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

// === impl MigrateBody ===

impl<B> MigrateBody<B> {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self { kind: Kind::Whole { body: Full::new(bytes) } }
    }

    pub(super) const fn untouched(body: B) -> Self {
        Self { kind: Kind::Untouched { body } }
    }
}

impl<B: Body<Data = Bytes>> Body for MigrateBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProj::Untouched { body } => body.poll_frame(cx),
            KindProj::Whole { body } => body.poll_frame(cx).map_err(|never| match never {}),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Untouched { body } => body.is_end_stream(),
            Kind::Whole { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Untouched { body } => body.size_hint(),
            Kind::Whole { body } => body.size_hint(),
        }
    }
}

impl<B: Default> Default for MigrateBody<B> {
    fn default() -> Self {
        Self::untouched(B::default())
    }
}

impl<B> std::fmt::Debug for MigrateBody<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MigrateBody")
    }
}
