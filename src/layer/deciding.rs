//! A response that is read before its head is known: its status depends on its body.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::response;
use http_body::Body;

use super::hold::{Hold, HoldError};
use super::work::MigrationLimits;
use crate::change::StatusPath;
use crate::coding::{self, CodingError};
use crate::plan::{Plan, StatusQuestion, Unmigratable};

/// The response while its body is read.
pub(super) struct Deciding<R> {
    question: StatusQuestion,
    limits: MigrationLimits,
    head: Option<response::Parts>,
    body: Option<Hold<Pin<Box<R>>>>,
}

/// The response when its status is known.
pub(super) struct DecidedResponse<R> {
    pub(super) head: response::Parts,
    pub(super) bytes: Bytes,
    /// The body, which has ended.
    pub(super) rest: Pin<Box<R>>,
    pub(super) path: StatusPath,
}

// === impl Deciding ===

impl<R: Body<Data = Bytes>> Deciding<R> {
    pub(super) fn new(question: StatusQuestion, limits: MigrationLimits, head: response::Parts, body: R) -> Box<Self> {
        let body = Hold::new(Box::pin(body), limits.held);
        Box::new(Self { question, limits, head: Some(head), body: Some(body) })
    }

    pub(super) const fn plan(&self) -> &Plan {
        self.question.plan()
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<DecidedResponse<R>, Unmigratable>> {
        let hold = self.body.as_mut().expect("polled after completion");
        let read = ready!(Pin::new(hold).poll(cx));
        let (head, hold) = self.head.take().zip(self.body.take()).expect("polled after completion");
        let (_, rest) = hold.into_parts();
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(HoldError::TooLarge | HoldError::Between) => {
                return Poll::Ready(Err(Unmigratable::too_large_response()));
            }
            Err(HoldError::Broken) => return Poll::Ready(Err(Unmigratable::broken_response())),
        };
        Poll::Ready(self.decide(&bytes).map(|path| DecidedResponse { head, bytes, rest, path }))
    }

    fn decide(&self, bytes: &[u8]) -> Result<StatusPath, Unmigratable> {
        match self.question.codings() {
            codings if codings.is_empty() || bytes.is_empty() => self.question.decide(bytes),
            codings => match coding::decode(codings, bytes, self.limits.held, self.limits.ratio) {
                Ok(decoded) => self.question.decide(&decoded),
                Err(CodingError::Limit | CodingError::Ratio) => Err(Unmigratable::too_large_response()),
                Err(CodingError::Malformed) => Err(Unmigratable::miscoded_response()),
            },
        }
    }
}
