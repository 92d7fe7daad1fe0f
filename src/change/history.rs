//! One route through the versions.

use std::borrow::Cow;

use super::chain::{BodyChain, Chain, fingerprint};
use super::head::{HeaderStep, QueryStep, run_query, takes};
use super::place::{RouteName, StatusMatch};
use super::status_path::{OpKey, SplicedChains};
use crate::json::{Condition, Pointer};
use crate::version::VersionId;

/// A status that one version exchanged for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatusLink {
    /// The version that introduced it.
    pub version: VersionId,
    /// Before.
    pub old: u16,
    /// Since.
    pub new: u16,
    /// What must hold of the body.
    pub when: Option<Condition<Pointer>>,
    /// Which change, by its place in the list of all, and which op of it.
    pub op: OpKey,
}

/// One route through the versions, and what they changed about its messages.
#[derive(Clone, Debug)]
pub(crate) struct RouteHistory {
    /// What the newest version that has it calls it.
    pub name: RouteName,
    /// The first version that has it; the oldest, unless a change added it.
    pub added: Option<VersionId>,
    /// The first version that has it no more.
    pub removed: Option<VersionId>,
    /// What it was called before a version moved it; ascending.
    pub moves: Vec<RouteMove>,
    /// Where several old routes became one: the first of them, by its place in the list of all. None for that one.
    pub branch_of: Option<usize>,
    /// The request's body.
    pub request: BodyChain,
    /// The responses' bodies, by status as the newest version has it; the most particular first.
    pub responses: Vec<(StatusMatch, BodyChain)>,
    /// The request's query.
    pub query: Chain<QueryStep>,
    /// The request's header fields.
    pub request_headers: Chain<HeaderStep>,
    /// The responses' header fields.
    pub response_headers: Vec<(StatusMatch, Chain<HeaderStep>)>,
    /// What the ops on the media types of responses do to the request's `Accept`.
    pub accept: Chain<HeaderStep>,
    /// The responses' statuses, oldest first.
    pub statuses: Vec<StatusLink>,
    pub(super) spliced: SplicedChains,
}

/// What a route was called before, and what of a request the new name does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RouteMove {
    /// The version that introduced it.
    pub version: VersionId,
    /// Before.
    pub before: RouteName,
    /// Parameters of the query that stand for the old name in requests of the new one.
    pub query: Pairs,
    /// Parameters of the old path that the new one lacks, and what they are on the way back.
    pub lost: Pairs,
    /// Which change, by its place in the list of all, and which op of it.
    pub op: (u32, u32),
}

/// Names and values.
pub(super) type Pairs = Box<[(Box<str>, Box<str>)]>;

// === impl RouteHistory ===

impl RouteHistory {
    pub(super) fn new(name: RouteName) -> Self {
        Self {
            name,
            added: None,
            removed: None,
            moves: Vec::new(),
            branch_of: None,
            request: BodyChain::default(),
            responses: Vec::new(),
            query: Chain::default(),
            request_headers: Chain::default(),
            response_headers: Vec::new(),
            accept: Chain::default(),
            statuses: Vec::new(),
            spliced: SplicedChains::default(),
        }
    }

    /// Where links lead depends on all routes and their queries: what these are is made known to the steps.
    pub(super) fn set_link_rules(histories: &mut [Self]) {
        let has_links = |history: &Self| {
            let responses = history.responses.iter().map(|(_, chain)| chain);
            responses.chain([&history.request]).any(BodyChain::has_links)
        };
        if !histories.iter().any(has_links) {
            return;
        }
        let print = fingerprint(|hasher| {
            for Self { name, added, removed, moves, query, .. } in &*histories {
                write!(hasher, "{name}{added:?}{removed:?}{moves:?}")?;
                for link in query.links() {
                    write!(hasher, "{:?}{:?}{:?}", link.version, link.up, link.down)?;
                }
            }
            Ok(())
        });
        for history in histories {
            let responses = history.responses.iter_mut().map(|(_, chain)| chain);
            responses.chain([&mut history.request]).for_each(|chain| chain.set_link_rules(print));
        }
    }

    /// What `version` calls it; `None` if that version does not have it.
    #[must_use]
    pub(crate) fn name_in(&self, version: VersionId) -> Option<&RouteName> {
        let missing = self.added.is_some_and(|added| version < added) || self.removed.is_some_and(|r| r <= version);
        let moved = self.moves.iter().find(|moved| version < moved.version).map(|moved| &moved.before);
        (!missing).then(|| moved.unwrap_or(&self.name))
    }

    /// The body of a response with a status as the newest version has it.
    #[must_use]
    pub(crate) fn response(&self, status: u16) -> Option<&BodyChain> {
        self.responses.iter().find(|(of, _)| of.contains(status)).map(|(_, chain)| chain)
    }

    /// The header fields of a response with a status as the newest version has it.
    #[must_use]
    pub(crate) fn response_header(&self, status: u16) -> Option<&Chain<HeaderStep>> {
        self.response_headers.iter().find(|(of, _)| of.contains(status)).map(|(_, chain)| chain)
    }

    /// A status of version `from`, as version `to` has it, whatever the body: where the status depends on it, it stays.
    #[must_use]
    pub(crate) fn status(&self, status: u16, from: VersionId, to: VersionId) -> u16 {
        let statuses = self.statuses.iter().filter(|link| link.when.is_none());
        if from <= to {
            let links = statuses.filter(|link| from < link.version && link.version <= to);
            links.fold(status, |now, link| if now == link.old { link.new } else { now })
        } else {
            let links = statuses.rev().filter(|link| to < link.version && link.version <= from);
            links.fold(status, |now, link| if now == link.new { link.old } else { now })
        }
    }

    /// A query of version `from`, as version `to` has it; `None` if it belongs to another of several routes that became one.
    #[must_use]
    pub(crate) fn query_in<'q>(&self, query: &'q str, from: VersionId, to: VersionId) -> Option<Cow<'q, str>> {
        let mut steps = self.query.between(from, to).steps();
        steps.try_fold(Cow::Borrowed(query), |now, step| takes(step, &now).then(|| run_query(step, &now).into()))
    }

    /// Whether some change moves it or is about its query.
    pub(crate) fn has_targets(&self) -> bool {
        !self.moves.is_empty() || !self.query.links().is_empty()
    }

    /// The changes that move the route, or alter this query, between two versions.
    pub(crate) fn target_changes(&self, query: &str, from: VersionId, to: VersionId) -> Vec<u32> {
        let (low, high) = (from.min(to), from.max(to));
        let moves = self.moves.iter().filter(|moved| low < moved.version && moved.version <= high);
        let mut changes: Vec<u32> = moves.map(|moved| moved.op.0).collect();
        let mut now = Cow::Borrowed(query);
        for ((change, _), step) in self.query.between(from, to).ops() {
            let next = run_query(step, &now);
            if next != now {
                changes.push(change);
            }
            now = next.into();
        }
        changes
    }

    /// The oldest version in which this is the route of a request of `version` with that query.
    #[must_use]
    pub(crate) fn reaches(&self, query: &str, version: VersionId) -> VersionId {
        let mut now = Cow::Borrowed(query);
        for link in self.query.links().iter().rev().filter(|link| link.version <= version) {
            for step in &link.down {
                if !takes(step, &now) {
                    return link.version;
                }
                now = run_query(step, &now).into();
            }
        }
        VersionId::new(0)
    }

    /// What a parameter of the path of version `to` is that version `from` lost.
    #[must_use]
    pub(crate) fn lost(&self, parameter: &str, from: VersionId, to: VersionId) -> Option<&str> {
        let between = self.moves.iter().rev().filter(|moved| to < moved.version && moved.version <= from);
        let mut lost = between.flat_map(|moved| &moved.lost).filter(|(name, _)| **name == *parameter);
        lost.next().map(|(_, value)| &**value)
    }
}
