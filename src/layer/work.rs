//! What is done to the content of a message once it was read.

use std::pin::Pin;
use std::time::Instant;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http_body::Body;

use super::WHOLE_BODY_BYTES;
use super::body::MigrateBody;
use super::digest::Digests;
use super::hold::{Hold, HoldError, WHOLE_DECODED_BYTES};
use super::stream::{Coded, FailureSlot, MigrationStream, undecodable};
use crate::coding::{self, Accepted, Coding, CodingError, Decoder, Encoder};
use crate::headers::etag::{asks_by_loosened, loosen};
use crate::headers::merge::merge_vary;
use crate::json::Framed;
use crate::plan::{BodyPlan, Unmigratable, forget_bytes};

/// All that is to be done to one content.
#[derive(Debug)]
pub(super) struct Work {
    plan: BodyPlan,
    digests: Digests,
    limits: MigrationLimits,
    client: RequestContext,
}

/// How much a body may take of this process.
#[derive(Clone, Copy, Debug)]
pub(super) struct MigrationLimits {
    /// The bytes that are held.
    pub(super) held: usize,
    /// How many times its size a body may become when it is decoded.
    pub(super) ratio: u32,
}

/// What of the client's request has to be known when the response is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestContext {
    /// The codings that it takes.
    accepted: Accepted,
    /// It has a response whose tag was loosened.
    has_loosened: bool,
}

// === impl RequestContext ===

impl RequestContext {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut client = Self { accepted: Accepted::default(), has_loosened: false };
        // One pass over all headers is cheaper than two lookups that mostly find nothing.
        for name in headers.keys() {
            match *name {
                header::ACCEPT_ENCODING => client.accepted = Accepted::of(headers),
                header::IF_NONE_MATCH => client.has_loosened = asks_by_loosened(headers),
                _ => {}
            }
        }
        client
    }

    /// Whether it takes all `codings` of a response that is to be migrated, so that they are put on again; if not, the fields
    /// say so. Clients that take the coding get other bytes under the same tag then, so that is weak (RFC 9110 §8.8.1).
    pub(super) fn keeps(self, codings: &[Coding], headers: &mut HeaderMap) -> bool {
        merge_vary(headers, &[header::ACCEPT_ENCODING]);
        let is_taken = codings.iter().all(|coding| self.accepted.takes(*coding));
        if !is_taken {
            headers.remove(header::CONTENT_ENCODING);
            loosen(headers);
        }
        is_taken
    }

    /// Makes of the head of a 304 what the client knows that representation by, if it has one whose tag was loosened.
    pub(super) fn recall(self, headers: &mut HeaderMap) {
        if self.has_loosened {
            merge_vary(headers, &[header::ACCEPT_ENCODING]);
            headers.remove(header::CONTENT_ENCODING);
            loosen(headers);
        }
    }
}

// === impl Work ===

impl Work {
    /// The work that `plan` says. The digests are those that came with the content.
    pub(super) const fn new(plan: BodyPlan, digests: Digests, limits: MigrationLimits, client: RequestContext) -> Self {
        Self { plan, digests, limits, client }
    }

    /// What the work is a part of.
    pub(super) const fn plan(&self) -> &BodyPlan {
        &self.plan
    }

    /// Reads what is read of `body` before the head is sent: all of it, up to 64 KiB, so that what is wrong with it is a clean
    /// answer. Of documents that may follow one another for as long as the sender likes, none waits for the next. A request's
    /// digests are checked before the service sees it, so then the body is read as a whole.
    pub(super) fn hold<B: Body>(&self, body: B) -> Hold<B> {
        if self.framed().is_none() {
            return Hold::new(body, self.limits.held);
        }
        let endless = body.size_hint().exact().is_none();
        let hold = Hold::new(body, self.limits.held.min(WHOLE_BODY_BYTES));
        if endless && !self.plan.is_document() {
            hold.without_waiting()
        } else if endless && self.plan.may_go_on() && self.digests.is_empty() {
            hold.passing_documents(self.plan.codings(), self.limits.ratio)
        } else {
            hold
        }
    }

    /// A run over content that passes; none for content that must be there whole.
    fn framed(&self) -> Option<Framed> {
        let checked = !self.plan.is_response() && !self.digests.is_empty();
        if checked { None } else { self.plan.stream(self.limits.held) }
    }

    /// Content that is migrated as it passes, since it is more than is [held](Self::hold), and where its fault would be
    /// found. `complete`: all of it was read already.
    pub(super) fn stream<B>(
        &self,
        read: Bytes,
        rest: Pin<Box<B>>,
        complete: bool,
        headers: &mut HeaderMap,
    ) -> Result<(MigrateBody<B>, FailureSlot), Unmigratable> {
        let framed = self.framed().ok_or_else(|| self.plan.too_large())?;
        let coded = match self.plan.codings() {
            [] => None,
            codings => {
                let kept = if self.keeps_codings(headers) { codings } else { &[] };
                Some(Coded::new(Decoder::new(codings).with_max_ratio(self.limits.ratio), Encoder::new(kept)))
            }
        };
        let stream = MigrationStream::new(framed, self.plan.clone(), coded, read, complete)?;
        forget_bytes(headers);
        headers.remove(header::TRANSFER_ENCODING);
        let fault = stream.fault();
        Ok((MigrateBody::streamed(rest, stream), fault))
    }

    /// The content that is passed on, and the fields that speak of it. `None` if it becomes so large, once it is decoded,
    /// that it is to be migrated as it passes.
    pub(super) fn run(&self, received: &Bytes, headers: &mut HeaderMap) -> Result<Option<Bytes>, Unmigratable> {
        let holds = self.digests.hold(received);
        if !holds && !self.plan.is_response() {
            return Err(self.plan.mismatch());
        }
        let content = match self.plan.codings() {
            [] => self.migrate(received)?,
            _ if received.is_empty() => self.migrate(received)?,
            codings => match self.decode(codings, received)? {
                Some(decoded) => self.encode(codings, self.migrate(&decoded)?, headers),
                None => return Ok(None),
            },
        };
        forget_bytes(headers);
        headers.remove(header::TRANSFER_ENCODING);
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(content.len()));
        // What was not what the service said is not vouched for.
        if holds {
            self.digests.write(&content, headers);
        }
        Ok(Some(content))
    }

    /// Why content that was not read to its end is not migrated.
    pub(super) fn unread(&self, error: HoldError) -> Unmigratable {
        match error {
            HoldError::TooLarge | HoldError::Between => self.plan.too_large(),
            HoldError::Broken => self.plan.broken(),
        }
    }

    /// `None` if it can be decoded as it passes, and should be.
    fn decode(&self, codings: &[Coding], received: &[u8]) -> Result<Option<Vec<u8>>, Unmigratable> {
        let passes = self.framed().is_some();
        let limit = if passes { self.limits.held.min(WHOLE_DECODED_BYTES) } else { self.limits.held };
        match coding::decode(codings, received, limit, self.limits.ratio) {
            Ok(decoded) => Ok(Some(decoded)),
            Err(CodingError::Limit) if passes => Ok(None),
            Err(error) => Err(undecodable(&self.plan, error)),
        }
    }

    /// The coded form is the representation (RFC 9110 §8.4), so its headers describe that form.
    fn encode(&self, codings: &[Coding], content: Bytes, headers: &mut HeaderMap) -> Bytes {
        if self.keeps_codings(headers) { coding::encode(codings, &content).into() } else { content }
    }

    /// Whether what was coded is coded again.
    fn keeps_codings(&self, headers: &mut HeaderMap) -> bool {
        !self.plan.is_response() || self.client.keeps(self.plan.codings(), headers)
    }

    fn migrate(&self, body: &[u8]) -> Result<Bytes, Unmigratable> {
        let handles = self.plan.plan().migration_handles(self.plan.is_response());
        let started = Instant::now();
        let result = self.plan.run(body);
        handles.duration.record(started.elapsed().as_secs_f64());
        let migrated = result?;
        handles.passed.increment(migrated.passed);
        self.plan.plan().note_changes(&migrated.changes);
        handles.collisions.increment(migrated.collisions);
        Ok(migrated.body.into())
    }
}
