//! What is done to the content of a message once it was read.

use std::time::Instant;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};

use super::digest::Digests;
use super::hold::HoldError;
use crate::plan::{BodyPlan, Unmigratable, forget_bytes};

/// All that is to be done to one content.
#[derive(Debug)]
pub(super) struct Work {
    plan: BodyPlan,
    digests: Digests,
}

// === impl Work ===

impl Work {
    /// The work that `plan` says. The digests are those that came with the content.
    pub(super) const fn new(plan: BodyPlan, digests: Digests) -> Self {
        Self { plan, digests }
    }

    /// What the work is a part of.
    pub(super) const fn plan(&self) -> &BodyPlan {
        &self.plan
    }

    /// The content that is passed on, and the fields that speak of it.
    pub(super) fn run(&self, read: Result<Bytes, HoldError>, headers: &mut HeaderMap) -> Result<Bytes, Unmigratable> {
        let received = read.map_err(|error| match error {
            HoldError::TooLarge => self.plan.too_large(),
            HoldError::Broken => self.plan.broken(),
        })?;
        let holds = self.digests.hold(&received);
        if !holds && !self.plan.is_response() {
            return Err(self.plan.mismatch());
        }
        let content = self.migrate(&received)?;
        forget_bytes(headers);
        headers.remove(header::TRANSFER_ENCODING);
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(content.len()));
        // What was not what the service said is not vouched for.
        if holds {
            self.digests.write(&content, headers);
        }
        Ok(content)
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
