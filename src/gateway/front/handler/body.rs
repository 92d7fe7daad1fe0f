//! A response's body, and what its end is noted by.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use pin_project_lite::pin_project;

use crate::clock::{Clock, SystemClock};
use crate::gateway::config::snapshot::StackBody;
use crate::gateway::front::liveness::ActiveRequest;
use crate::gateway::front::overload::InFlight;
use crate::gateway::telemetry::access::AccessEntry;
use crate::gateway::telemetry::explain::Tail;
use crate::gateway::telemetry::trace::Running;
use crate::layer::Extent;

type Error = Box<dyn std::error::Error + Send + Sync>;

pin_project! {
    /// A response's body, with all that ends when it ends.
    pub(in crate::gateway) struct ClientBody {
        #[pin]
        pub(super) inner: BodySource,
        pub(super) active: ActiveRequest,
        pub(super) extent: Extent,
        // Before `in_flight`, so that a request that is not in flight any more has been logged.
        pub(super) entry: Option<AccessEntry>,
        pub(super) in_flight: Option<InFlight>,
        pub(super) span: Option<Box<Running>>,
        pub(super) tail: Tail,
        pub(super) broken: Option<Error>,
    }
}

pin_project! {
    #[project = BodySourceProj]
    pub(super) enum BodySource {
        Stack { #[pin] body: StackBody },
        Own { #[pin] body: Full<Bytes> },
    }
}

// === impl ClientBody ===

impl Body for ClientBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut this = self.project();
        if let Some(error) = this.broken.take() {
            this.active.broke();
            this.tail.log(&error, SystemClock.now().as_secs().unsigned_abs());
            let frame = Some(Err(error));
            if let Some(entry) = this.entry {
                entry.frame(frame.as_ref(), false);
            }
            if let Some(span) = this.span {
                span.frame(frame.as_ref(), false);
            }
            return Poll::Ready(frame);
        }
        let polled = this.active.portion(|| this.inner.as_mut().poll_frame(cx));
        let frame = match ready!(polled) {
            // The buffered part is sent first: the connection would drop it, and the client would see no response.
            Some(Err(error)) => {
                *this.broken = Some(error);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            frame => frame,
        };
        if let Some(Ok(frame)) = &frame {
            this.extent.take(frame.data_ref().map_or(0, |data| data.len() as u64));
        }
        // A caller that sees the end of the body does not poll again.
        let end = (this.active.rest() == 0 && this.inner.is_end_stream()) || this.extent.is_over();
        if let Some(entry) = this.entry {
            entry.frame(frame.as_ref(), end);
        }
        if let Some(span) = this.span {
            span.frame(frame.as_ref(), end);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.active.rest() == 0 && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.inner.size_hint();
        let (rest, upper) = (self.active.rest() as u64, hint.upper());
        if let Some(upper) = upper {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}

// === impl BodySource ===

impl Body for BodySource {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self.project() {
            BodySourceProj::Stack { body } => body.poll_frame(cx).map_err(Into::into),
            BodySourceProj::Own { body } => body.poll_frame(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Stack { body } => body.is_end_stream(),
            Self::Own { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Stack { body } => body.size_hint(),
            Self::Own { body } => body.size_hint(),
        }
    }
}
