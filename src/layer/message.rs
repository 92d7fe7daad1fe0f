//! A message whose content is read before it is passed on.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, request, response};
use http_body::Body;

use super::body::MigrateBody;
use super::hold::{Hold, HoldError};
use super::stream::FailureSlot;
use super::work::Work;
use crate::plan::{Plan, Unmigratable};

/// Head and content, and where a fault of what was not read yet will be found.
pub(super) type MigratedMessage<B, P> = (P, MigrateBody<B>, Option<FailureSlot>);

/// The head of a message.
pub(super) trait HasHeaders {
    fn headers(&mut self) -> &mut HeaderMap;
}

/// A message whose content is read.
pub(super) struct HeldMessage<B, P> {
    body: Option<Hold<Pin<Box<B>>>>,
    head: Option<P>,
    work: Work,
}

// === impl HeldMessage ===

impl<B, P> HeldMessage<B, P> {
    /// The plan of its request.
    pub(super) fn plan(&self) -> &Plan {
        self.work.plan().plan()
    }
}

impl<B: Body<Data = Bytes>, P: HasHeaders> HeldMessage<B, P> {
    pub(super) fn new(head: P, body: B, work: Work) -> Box<Self> {
        Box::new(Self { body: Some(work.hold(Box::pin(body))), head: Some(head), work })
    }

    /// What was read, migrated; or what there is, if it is more than is waited for.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<MigratedMessage<B, P>, Unmigratable>> {
        let hold = self.body.as_mut().expect("polled after completion");
        let read = ready!(Pin::new(hold).poll(cx));
        let mut head = self.head.take().expect("polled after completion");
        let work = &self.work;
        let Some(hold) = self.body.take() else { return Poll::Ready(Err(work.unread(HoldError::Broken))) };
        let (begun, rest) = hold.into_parts();
        Poll::Ready(match read {
            Ok(bytes) => migrate_whole(work, head, bytes, rest),
            Err(HoldError::TooLarge | HoldError::Between) => {
                let streamed = work.stream(begun, rest, false, head.headers());
                streamed.map(|(body, fault)| (head, body, Some(fault)))
            }
            Err(error) => Err(work.unread(error)),
        })
    }
}

/// A body that was read to its end, migrated; or as it passes, if it becomes too large.
pub(super) fn migrate_whole<B, P: HasHeaders>(
    work: &Work,
    mut head: P,
    bytes: Bytes,
    rest: Pin<Box<B>>,
) -> Result<MigratedMessage<B, P>, Unmigratable> {
    if let Some(content) = work.run(&bytes, head.headers())? {
        return Ok((head, MigrateBody::whole(content), None));
    }
    let (body, fault) = work.stream(bytes, rest, true, head.headers())?;
    Ok((head, body, Some(fault)))
}

impl HasHeaders for request::Parts {
    fn headers(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }
}

impl HasHeaders for response::Parts {
    fn headers(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }
}
