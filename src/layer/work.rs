//! What is done to the content of a message once it was read.

use std::pin::Pin;
use std::time::Instant;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};

use super::WHOLE_BODY_BYTES;
use super::body::MigrateBody;
use super::digest::Digests;
use super::hold::{Hold, HoldError};
use super::stream::{Fault, Stream};
#[cfg(feature = "coding")]
use crate::coding::{self, CodingError};
use crate::coding::{Accepted, Coding};
use crate::headers::etag::asks_by_loosened;
#[cfg(feature = "coding")]
use crate::headers::{etag::loosen, merge::merge_vary};
use crate::json::Framed;
use crate::plan::{BodyPlan, Unmigratable, forget_bytes};

/// All that is to be done to one content.
#[derive(Debug)]
pub(super) struct Work {
    plan: BodyPlan,
    digests: Digests,
    limit: usize,
    client: Client,
}

/// What of the client's request has to be known when the response is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client {
    /// The codings that it takes.
    accepted: Accepted,
    /// It has a response whose tag was loosened.
    pub(super) has_loosened: bool,
}

// === impl Client ===

impl Client {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut client = Self { accepted: Accepted::default(), has_loosened: false };
        // One look at all is cheaper than two that mostly find nothing.
        for name in headers.keys() {
            match *name {
                header::ACCEPT_ENCODING => client.accepted = Accepted::of(headers),
                header::IF_NONE_MATCH => client.has_loosened = asks_by_loosened(headers),
                _ => {}
            }
        }
        client
    }
}

// === impl Work ===

impl Work {
    /// The work that `plan` says. The digests are those that came with the content.
    pub(super) const fn new(plan: BodyPlan, digests: Digests, limit: usize, client: Client) -> Self {
        Self { plan, digests, limit, client }
    }

    /// What the work is a part of.
    pub(super) const fn plan(&self) -> &BodyPlan {
        &self.plan
    }

    /// How much is read before the head is sent; 0 for many documents, each of which is passed on at once. A request's
    /// digests are checked before the service sees it, so then all of it.
    pub(super) fn whole(&self) -> usize {
        match self.framed() {
            None => self.limit,
            Some(_) if self.plan.is_document() => self.limit.min(WHOLE_BODY_BYTES),
            Some(_) => 0,
        }
    }

    /// Whether documents may follow the first for as long as the sender likes, and nothing speaks of them all.
    pub(super) fn may_go_on(&self) -> bool {
        self.plan.may_go_on() && self.plan.codings().is_empty() && self.digests.is_empty()
    }

    /// A run over content that passes; none for content that must be there whole.
    fn framed(&self) -> Option<Framed> {
        let checked = !self.plan.is_response() && !self.digests.is_empty();
        if checked { None } else { self.plan.stream(self.limit) }
    }

    /// Content that is migrated as it passes, since it is more than [`whole`](Self::whole), and where its fault would be
    /// found.
    pub(super) fn stream<B>(
        &self,
        hold: Hold<Pin<Box<B>>>,
        headers: &mut HeaderMap,
    ) -> Result<(MigrateBody<B>, Fault), Unmigratable> {
        let framed = self.framed().ok_or_else(|| self.plan.too_large())?;
        let (read, rest) = hold.into_parts();
        let stream = Stream::new(framed, self.plan.clone(), &read)?;
        forget_bytes(headers);
        headers.remove(header::TRANSFER_ENCODING);
        let fault = stream.fault();
        Ok((MigrateBody::streamed(rest, stream), fault))
    }

    /// The content that is passed on, and the fields that speak of it.
    pub(super) fn run(&self, read: Result<Bytes, HoldError>, headers: &mut HeaderMap) -> Result<Bytes, Unmigratable> {
        let received = read.map_err(|error| match error {
            HoldError::TooLarge | HoldError::Between => self.plan.too_large(),
            HoldError::Broken => self.plan.broken(),
        })?;
        let holds = self.digests.hold(&received);
        if !holds && !self.plan.is_response() {
            return Err(self.plan.mismatch());
        }
        let content = match self.plan.codings() {
            [] => self.migrate(&received)?,
            codings => self.recode(codings, &received, headers)?,
        };
        forget_bytes(headers);
        headers.remove(header::TRANSFER_ENCODING);
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(content.len()));
        // What was not what the service said is not vouched for.
        if holds {
            self.digests.write(&content, headers);
        }
        Ok(content)
    }

    /// Takes the codings off, and puts them on again; the coded form is the representation (RFC 9110 §8.4), so its
    /// fields go with it.
    #[cfg(feature = "coding")]
    fn recode(&self, codings: &[Coding], received: &[u8], headers: &mut HeaderMap) -> Result<Bytes, Unmigratable> {
        if received.is_empty() {
            return self.migrate(received);
        }
        let decoded = coding::decode(codings, received, self.limit).map_err(|error| match error {
            CodingError::TooLarge => self.plan.too_large(),
            CodingError::Malformed => self.plan.broken(),
        })?;
        let content = self.migrate(&decoded)?;
        let is_taken = !self.plan.is_response() || codings.iter().all(|coding| self.client.accepted.takes(*coding));
        let encoded = if is_taken { coding::encode(codings, content.to_vec()).ok() } else { None };
        if self.plan.is_response() {
            merge_vary(headers, &[header::ACCEPT_ENCODING]);
        }
        Ok(encoded.map_or_else(|| self.uncoded(content, headers), Bytes::from))
    }

    /// Without the feature no coding is known, and none gets here.
    #[cfg(not(feature = "coding"))]
    fn recode(&self, _: &[Coding], _: &[u8], _: &mut HeaderMap) -> Result<Bytes, Unmigratable> {
        let _ = (self.limit, self.client.accepted);
        Err(self.plan.broken())
    }

    /// Sent as it is. Whoever takes the coding gets other bytes under the same tag, so that is weak (RFC 9110 §8.8.1).
    #[cfg(feature = "coding")]
    fn uncoded(&self, content: Bytes, headers: &mut HeaderMap) -> Bytes {
        headers.remove(header::CONTENT_ENCODING);
        loosen(headers);
        content
    }

    fn migrate(&self, body: &[u8]) -> Result<Bytes, Unmigratable> {
        let handles = self.plan.plan().migration_handles(self.plan.is_response());
        let started = Instant::now();
        let result = self.plan.run(body);
        handles.duration.record(started.elapsed().as_secs_f64());
        let migrated = result?;
        handles.passed.increment(migrated.passed);
        handles.collisions.increment(migrated.collisions);
        Ok(migrated.body.into())
    }
}
