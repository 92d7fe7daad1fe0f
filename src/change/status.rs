//! Statuses that depend on the body: what a response is in each version that it passes, and what is done to it there.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError};

use super::chain::BodyChain;
use super::history::{RouteHistory, StatusLink};
use super::status_path::{OpKey, OpRange, StatusPath, StatusSegment};
use crate::json::{self, MigrateError, MigrateOptions};
use crate::version::VersionId;

// === impl StatusLink ===

impl StatusLink {
    const fn ends(&self, upwards: bool) -> (u16, u16) {
        if upwards { (self.old, self.new) } else { (self.new, self.old) }
    }
}

// === impl RouteHistory ===

impl RouteHistory {
    /// Whether the status that a response of version `from` has in version `to` may depend on its body.
    #[must_use]
    pub(crate) fn asks_body(&self, status: u16, from: VersionId, to: VersionId) -> bool {
        if !self.has_conditions(from, to) {
            return false;
        }
        let mut now = status;
        for link in self.links_between(from, to) {
            let (own, other) = link.ends(from < to);
            if now == own {
                if link.when.is_some() {
                    return true;
                }
                now = other;
            }
        }
        false
    }

    /// Whether the status of some response depends on its body between the versions.
    #[must_use]
    pub(crate) fn has_conditions(&self, from: VersionId, to: VersionId) -> bool {
        self.links_between(from, to).iter().any(|link| link.when.is_some())
    }

    /// Whether a condition is about responses with this status, as the newest version has it: then the status is declared.
    #[must_use]
    pub(crate) fn names_status(&self, status: u16) -> bool {
        self.statuses.iter().any(|link| link.when.is_some() && (link.old == status || link.new == status))
    }

    /// What a response of version `from` is in version `to`. A condition is read in the body as it is at the place of its op:
    /// all ops before it have run. Of a body that is not JSON none holds.
    ///
    /// # Errors
    /// A body that cannot be migrated as far as a condition, or is past a limit.
    pub(crate) fn status_path(
        &self,
        status: u16,
        (from, to): (VersionId, VersionId),
        body: &[u8],
        options: &MigrateOptions,
    ) -> Result<StatusPath, MigrateError> {
        match self.walk(status, (from, to), Some(body), options) {
            Err(error) if error.is_syntax() => self.walk(status, (from, to), None, options),
            path => path,
        }
    }

    /// The same where no condition holds.
    #[must_use]
    pub(crate) fn unconditional_path(&self, status: u16, from: VersionId, to: VersionId) -> StatusPath {
        let newest = self.statuses.last().map_or(to, |link| link.version);
        StatusPath {
            status: self.status(status, from, to),
            ..StatusPath::unchanged(self.status(status, from, newest.max(from)))
        }
    }

    /// The changes that exchange a status on its way, where the conditional ops `taken` did.
    pub(crate) fn status_changes(
        &self,
        status: u16,
        (from, to): (VersionId, VersionId),
        taken: &[OpKey],
    ) -> impl Iterator<Item = u32> {
        let mut now = status;
        self.links_between(from, to).into_iter().filter_map(move |link| {
            let (own, other) = link.ends(from < to);
            let acts = now == own && (link.when.is_none() || taken.contains(&link.op));
            acts.then(|| {
                now = other;
                link.op.0
            })
        })
    }

    fn walk(
        &self,
        status: u16,
        (from, to): (VersionId, VersionId),
        body: Option<&[u8]>,
        options: &MigrateOptions,
    ) -> Result<StatusPath, MigrateError> {
        let upwards = from < to;
        let newest = self.statuses.last().map_or(to, |link| link.version);
        let canonical = self.status(status, from, newest.max(from));
        let mut path = StatusPath { status, segments: Vec::new(), taken: Vec::new() };
        let mut segment = StatusSegment { ops: OpRange::default(), status: canonical };
        let mut now = body.map(Cow::Borrowed);
        // What of the segment the body has not been through.
        let mut ahead = segment.ops;
        for link in self.links_between(from, to) {
            let (own, other) = link.ends(upwards);
            if path.status != own {
                continue;
            }
            if let Some(when) = &link.when {
                let Some(document) = &mut now else { continue };
                let [before, behind] = ahead.split(link.op, upwards);
                self.advance(document, StatusSegment { ops: before, ..segment }, (from, to), options)?;
                ahead = behind;
                if !json::holds(document, when, options)? {
                    continue;
                }
                let [passed, rest] = segment.ops.split(link.op, upwards);
                path.segments.push(StatusSegment { ops: passed, ..segment });
                path.taken.push(link.op);
                segment = StatusSegment { ops: rest, status: self.named(other, link.op) };
            }
            path.status = other;
        }
        path.segments.push(segment);
        Ok(path)
    }

    /// Runs the ops of a part of the way.
    fn advance(
        &self,
        document: &mut Cow<'_, [u8]>,
        part: StatusSegment,
        (from, to): (VersionId, VersionId),
        options: &MigrateOptions,
    ) -> Result<(), MigrateError> {
        let Some(chain) = self.response(part.status) else { return Ok(()) };
        let steps = chain.chain().between(from, to).ops().filter(|(op, _)| part.ops.contains(*op));
        let mut steps = steps.map(|(_, step)| step).peekable();
        if steps.peek().is_some() {
            *document = Cow::Owned(json::migrate(document, steps, options)?.body);
        }
        Ok(())
    }

    /// What the newest version calls a status of the version around an op. A condition does not rename a status: each of both
    /// stays what it is.
    fn named(&self, status: u16, at: OpKey) -> u16 {
        let newer = self.statuses.iter().filter(|link| at < link.op && link.when.is_none());
        newer.fold(status, |now, link| if now == link.old { link.new } else { now })
    }

    /// In the order in which they run.
    fn links_between(&self, from: VersionId, to: VersionId) -> Vec<&StatusLink> {
        if self.statuses.is_empty() {
            return Vec::new();
        }
        let between = |link: &&StatusLink| from.min(to) < link.version && link.version <= from.max(to);
        let mut links: Vec<&StatusLink> = self.statuses.iter().filter(between).collect();
        if to < from {
            links.reverse();
        }
        links
    }

    /// What is done to the body of a response on its way; `None` if no place names it.
    #[must_use]
    pub(crate) fn chain_of(&self, path: &StatusPath, upwards: bool) -> Option<Arc<BodyChain>> {
        let way = (path.segments.clone(), upwards);
        let list = &self.spliced.list;
        let known = list.read().unwrap_or_else(PoisonError::into_inner).get(&way).cloned();
        if known.is_some() {
            return known;
        }
        let mut parts: Vec<(&BodyChain, OpRange)> =
            path.segments.iter().filter_map(|part| Some((self.response(part.status)?, part.ops))).collect();
        if parts.is_empty() {
            return None;
        }
        if !upwards {
            parts.reverse();
        }
        let spliced = Arc::new(BodyChain::spliced(&parts, upwards));
        let mut list = list.write().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(list.entry(way).or_insert(spliced)))
    }
}
