//! A body that is migrated as it passes.

use std::fmt;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::json::{Framed, MigrateError};
use crate::plan::{BodyPlan, Unmigratable};

/// The run of a program over one body.
#[derive(Debug)]
pub(super) struct Stream {
    framed: Framed,
    plan: BodyPlan,
    out: Vec<u8>,
    ended: bool,
    fault: Fault,
}

/// What went wrong with a body that passes, for whoever still waits for what comes of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Fault {
    failure: Arc<OnceLock<Unmigratable>>,
}

/// Why a body broke off: the inner one did, or what came of it could not be migrated. In either case the message ends
/// in a way that no client takes for its end.
pub struct BodyError<E> {
    kind: Kind<E>,
}

enum Kind<E> {
    Inner(E),
    Migration(String),
}

// === impl Fault ===

impl Fault {
    pub(super) fn get(&self) -> Option<&Unmigratable> {
        self.failure.get()
    }
}

// === impl Stream ===

impl Stream {
    /// Begins with what was read already. What is wrong with that is found before the head is sent.
    pub(super) fn new(framed: Framed, plan: BodyPlan, read: &[u8]) -> Result<Self, Unmigratable> {
        let mut stream = Self { framed, plan, out: Vec::new(), ended: false, fault: Fault::default() };
        stream.make_room(read);
        stream.framed.feed(read, &mut stream.out).map_err(|error| stream.plan.unfit(error))?;
        Ok(stream)
    }

    /// Where its fault is found, if there will be one.
    pub(super) fn fault(&self) -> Fault {
        self.fault.clone()
    }

    /// Takes what came.
    pub(super) fn feed<E>(&mut self, data: &[u8]) -> Result<(), BodyError<E>> {
        self.make_room(data);
        let fed = self.framed.feed(data, &mut self.out);
        fed.map_err(|error| self.broke(error))
    }

    /// What comes of data is about as large, or a little larger; a buffer that grew to it would be copied many times.
    fn make_room(&mut self, data: &[u8]) {
        self.out.reserve(data.len() + data.len() / 8);
    }

    /// Takes the end.
    pub(super) fn finish<E>(&mut self) -> Result<(), BodyError<E>> {
        self.ended = true;
        let finished = self.framed.finish(&mut self.out);
        let handles = self.plan.plan().migration_handles(self.plan.is_response());
        handles.collisions.increment(self.framed.collisions());
        handles.passed.increment(self.framed.passed());
        finished.map_err(|error| self.broke(error))
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

    fn broke<E>(&mut self, error: MigrateError) -> BodyError<E> {
        // What was sure before the fault is not sent behind it.
        self.stop();
        self.plan.plan().migration_handles(self.plan.is_response()).errors.increment(1);
        let text = error.to_string();
        let _ = self.fault.failure.set(self.plan.unfit(error));
        BodyError { kind: Kind::Migration(text) }
    }
}

// === impl BodyError ===

impl<E> BodyError<E> {
    pub(super) const fn inner(error: E) -> Self {
        Self { kind: Kind::Inner(error) }
    }

    /// The inner body's error, if it is that.
    pub fn into_inner(self) -> Option<E> {
        match self.kind {
            Kind::Inner(error) => Some(error),
            Kind::Migration(_) => None,
        }
    }

    /// The inner body's error, if it is that.
    pub const fn as_inner(&self) -> Option<&E> {
        match &self.kind {
            Kind::Inner(error) => Some(error),
            Kind::Migration(_) => None,
        }
    }

    /// Whether the body could not be migrated.
    #[must_use]
    pub const fn is_migration(&self) -> bool {
        matches!(self.kind, Kind::Migration(_))
    }
}

impl<E: fmt::Display> fmt::Display for BodyError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Inner(error) => error.fmt(f),
            Kind::Migration(error) => write!(f, "the body cannot be migrated: {error}"),
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for BodyError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Inner(error) => error.fmt(f),
            Kind::Migration(error) => write!(f, "Migration({error:?})"),
        }
    }
}

/// Also where the inner error is a boxed one, which is no `Error` itself.
impl<E: fmt::Display + fmt::Debug> std::error::Error for BodyError<E> {}
