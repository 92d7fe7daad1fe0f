//! A body that is migrated as it passes.

use std::fmt;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::notice::FailedMessage;
use crate::coding::{CodingError, DecodeStep, Decoder, Encoder};
use crate::json::{Framed, MigrateError};
use crate::plan::{BodyPlan, Plan, Unmigratable};

/// The run of a program over one body.
#[derive(Debug)]
pub(super) struct MigrationStream {
    framed: Framed,
    plan: BodyPlan,
    coded: Option<Box<Coded>>,
    /// What came, and was not looked at yet.
    pending: Bytes,
    /// Whether no more comes.
    complete: bool,
    out: Vec<u8>,
    ended: bool,
    fault: FailureSlot,
}

/// The decoder and encoder around the run over a body with content codings.
#[derive(Debug)]
pub(super) struct Coded {
    decoder: Decoder,
    encoder: Encoder,
    /// Whether all that went into the decoder has come out of it.
    hungry: bool,
    decoded: Vec<u8>,
    migrated: Vec<u8>,
}

/// The error of a body that is migrated as it passes, for the caller that still waits for its result.
#[derive(Clone, Debug, Default)]
pub(super) struct FailureSlot {
    failure: Arc<OnceLock<Unmigratable>>,
}

/// Why a body broke off: the inner one did, or what came of it could not be migrated. In either case the message ends
/// in a way that no client takes for its end.
pub struct BodyError<E> {
    kind: BodyErrorKind<E>,
}

enum BodyErrorKind<E> {
    Inner(E),
    Migration { failure: FailureSlot, cause: String, plan: Plan },
}

/// So much is migrated in a step. Between steps other tasks of the thread get their turn.
const STEP: usize = 64 * 1024;
/// So many steps are taken before the head is sent: what goes wrong in them is a clean answer.
const FIRST: usize = 2;

// === impl FailureSlot ===

impl FailureSlot {
    pub(super) fn get(&self) -> Option<&Unmigratable> {
        self.failure.get()
    }
}

// === impl Coded ===

impl Coded {
    pub(super) fn new(decoder: Decoder, encoder: Encoder) -> Box<Self> {
        Box::new(Self { decoder, encoder, hungry: true, decoded: Vec::new(), migrated: Vec::new() })
    }
}

// === impl MigrationStream ===

impl MigrationStream {
    /// Begins with what was read already, which may be all. What is wrong with the first of it is found before the head is
    /// sent.
    pub(super) fn new(
        framed: Framed,
        plan: BodyPlan,
        coded: Option<Box<Coded>>,
        read: Bytes,
        complete: bool,
    ) -> Result<Self, Unmigratable> {
        let (out, fault) = (Vec::new(), FailureSlot::default());
        let mut stream = Self { framed, plan, coded, pending: read, complete, out, ended: false, fault };
        for _ in 0..FIRST {
            if !stream.has_work() {
                break;
            }
            stream.advance()?;
        }
        Ok(stream)
    }

    /// Where its fault is found, if there will be one.
    pub(super) fn fault(&self) -> FailureSlot {
        self.fault.clone()
    }

    /// Takes what came. Only when there is no [work](Self::has_work).
    pub(super) fn push(&mut self, data: Bytes) {
        self.pending = data;
    }

    /// Takes the end.
    pub(super) fn complete(&mut self) {
        self.complete = true;
    }

    /// Whether there is something to do with what came.
    pub(super) fn has_work(&self) -> bool {
        let fed = self.coded.as_ref().is_none_or(|coded| coded.hungry);
        !self.ended && (self.complete || !self.pending.is_empty() || !fed)
    }

    /// Does a part of it.
    pub(super) fn step<E>(&mut self) -> Result<(), BodyError<E>> {
        self.advance().map_err(|failure| self.broke(failure))
    }

    /// Nothing more is there for the moment: what was migrated must not wait inside of an encoder.
    pub(super) fn flush(&mut self) {
        if let Some(coded) = &mut self.coded {
            coded.encoder.flush(&mut self.out);
        }
    }

    /// What is sure by now; `None` if nothing is.
    pub(super) fn take(&mut self) -> Option<Bytes> {
        if self.out.is_empty() { None } else { Some(std::mem::take(&mut self.out).into()) }
    }

    /// Whether the inner body has ended, or is not read any more.
    pub(super) const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Nothing more comes.
    pub(super) fn stop(&mut self) {
        self.ended = true;
        self.out.clear();
    }

    fn advance(&mut self) -> Result<(), Unmigratable> {
        if self.coded.is_some() { self.advance_coded() } else { self.advance_plain() }
    }

    fn advance_plain(&mut self) -> Result<(), Unmigratable> {
        let part = self.pending.split_to(self.pending.len().min(STEP));
        // What comes of data is about as large, or a little larger; a buffer that grew to it would be copied many times.
        self.out.reserve(part.len() + part.len() / 8);
        let fed = self.framed.feed(&part, &mut self.out);
        fed.map_err(|error| self.plan.unfit(error))?;
        if self.complete && self.pending.is_empty() {
            self.ended = true;
            let finished = self.framed.finish(&mut self.out);
            self.count();
            finished.map_err(|error| self.plan.unfit(error))?;
        }
        Ok(())
    }

    fn advance_coded(&mut self) -> Result<(), Unmigratable> {
        let Some(coded) = &mut self.coded else { return Ok(()) };
        if coded.hungry {
            let part = self.pending.split_to(self.pending.len().min(STEP));
            coded.decoder.push(&part);
            if self.complete && self.pending.is_empty() {
                coded.decoder.end();
            }
        }
        coded.decoded.clear();
        coded.migrated.clear();
        let step = coded.decoder.step(&mut coded.decoded).map_err(|error| undecodable(&self.plan, error))?;
        coded.hungry = step == DecodeStep::Hungry;
        let fed = self.framed.feed(&coded.decoded, &mut coded.migrated);
        fed.map_err(|error| self.plan.unfit(error))?;
        self.ended = step == DecodeStep::Ended;
        let finished = if self.ended { self.framed.finish(&mut coded.migrated) } else { Ok(()) };
        coded.encoder.feed(&coded.migrated, &mut self.out);
        if self.ended {
            if !coded.decoder.is_unused() {
                coded.encoder.finish(&mut self.out);
            }
            self.count();
        }
        finished.map_err(|error| self.plan.unfit(error))
    }

    fn count(&self) {
        let handles = self.plan.plan().migration_handles(self.plan.is_response());
        handles.collisions.increment(self.framed.collisions());
        handles.passed.increment(self.framed.passed());
        self.plan.plan().note_changes(self.framed.changes());
    }

    fn broke<E>(&mut self, failure: Unmigratable) -> BodyError<E> {
        // What was sure before the fault is not sent behind it.
        self.stop();
        self.plan.plan().migration_handles(self.plan.is_response()).errors.increment(1);
        let text = failure.cause();
        let _ = self.fault.failure.set(failure);
        let (failure, plan) = (self.fault.clone(), self.plan.plan().clone());
        BodyError { kind: BodyErrorKind::Migration { failure, cause: text, plan } }
    }
}

/// A stream that goes on until its client leaves has altered something by then.
impl Drop for MigrationStream {
    fn drop(&mut self) {
        self.plan.plan().note_changes(self.framed.changes());
    }
}

/// Why content that cannot be decoded is not migrated.
pub(super) fn undecodable(plan: &BodyPlan, error: CodingError) -> Unmigratable {
    match error {
        CodingError::Limit | CodingError::Ratio => plan.too_large(),
        CodingError::Malformed => plan.miscoded(),
    }
}

// === impl BodyError ===

impl<E> BodyError<E> {
    pub(super) const fn inner(error: E) -> Self {
        Self { kind: BodyErrorKind::Inner(error) }
    }

    /// The inner body's error, if it is that.
    pub fn into_inner(self) -> Option<E> {
        match self.kind {
            BodyErrorKind::Inner(error) => Some(error),
            BodyErrorKind::Migration { .. } => None,
        }
    }

    /// The inner body's error, if it is that.
    pub const fn as_inner(&self) -> Option<&E> {
        match &self.kind {
            BodyErrorKind::Inner(error) => Some(error),
            BodyErrorKind::Migration { .. } => None,
        }
    }

    /// Whether the body could not be migrated.
    #[must_use]
    pub const fn is_migration(&self) -> bool {
        matches!(self.kind, BodyErrorKind::Migration { .. })
    }

    /// What the migration of the content failed with, which says where and of what kind: a limit, syntax or a value. `None`
    /// for an error of the inner body, and where the content did not get so far, as with an unknown content coding.
    #[must_use]
    pub fn as_migrate_error(&self) -> Option<&MigrateError> {
        match &self.kind {
            BodyErrorKind::Inner(_) => None,
            BodyErrorKind::Migration { failure, .. } => failure.get().and_then(Unmigratable::migrate_error),
        }
    }

    /// What a log has of a body that could not be migrated.
    pub(crate) fn failed_message(&self) -> Option<FailedMessage> {
        match &self.kind {
            BodyErrorKind::Inner(_) => None,
            BodyErrorKind::Migration { failure, plan, .. } => {
                failure.get().map(|failure| FailedMessage::new(plan, failure))
            }
        }
    }

    /// The plan of the request, which knows api and route, if the body could not be migrated.
    pub(crate) const fn plan(&self) -> Option<&Plan> {
        match &self.kind {
            BodyErrorKind::Inner(_) => None,
            BodyErrorKind::Migration { plan, .. } => Some(plan),
        }
    }
}

impl<E: fmt::Display> fmt::Display for BodyError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            BodyErrorKind::Inner(error) => error.fmt(f),
            BodyErrorKind::Migration { cause, .. } => write!(f, "the body cannot be migrated: {cause}"),
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for BodyError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            BodyErrorKind::Inner(error) => error.fmt(f),
            BodyErrorKind::Migration { cause, .. } => write!(f, "Migration({cause:?})"),
        }
    }
}

/// Also where the inner error is a boxed one, which is no `Error` itself.
impl<E: fmt::Display + fmt::Debug> std::error::Error for BodyError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.as_migrate_error().map(|error| error as _)
    }
}
