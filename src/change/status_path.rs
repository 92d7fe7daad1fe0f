//! The way of a response through the versions, where its status depends on its body.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use super::chain::{BodyChain, Chain};
use crate::version::VersionId;

/// An op: its change, by its place in the list of all, and its place in the change.
pub(crate) type OpKey = (u32, u32);

/// The ops between two others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OpRange {
    /// Those behind this one,
    after: Option<OpKey>,
    /// and before this one.
    before: Option<OpKey>,
}

/// The ops for which a response has one status, as the newest version names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StatusSegment {
    pub(crate) ops: OpRange,
    pub(crate) status: u16,
}

/// What a response of one version is in another, where its status depends on its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatusPath {
    /// Its status in the other version.
    pub(crate) status: u16,
    /// In the order in which they run.
    pub(crate) segments: Vec<StatusSegment>,
    /// The conditional ops that exchanged the status.
    pub(crate) taken: Vec<OpKey>,
}

/// Chains that are put together of the chains of several statuses. There are few: one for each way that responses take.
#[derive(Clone, Debug, Default)]
pub(crate) struct SplicedChains {
    pub(super) list: Arc<RwLock<BTreeMap<SplicedWay, Arc<BodyChain>>>>,
}

/// The parts of the way, and whether it leads to the newer end.
type SplicedWay = (Vec<StatusSegment>, bool);

// === impl OpRange ===

impl OpRange {
    pub(crate) fn contains(self, op: OpKey) -> bool {
        self.after.is_none_or(|after| after < op) && self.before.is_none_or(|before| op < before)
    }

    /// Cut at an op, in the direction of the run: what comes before it, and what comes behind.
    pub(super) const fn split(self, at: OpKey, upwards: bool) -> [Self; 2] {
        let (older, newer) = (Self { before: Some(at), ..self }, Self { after: Some(at), ..self });
        if upwards { [older, newer] } else { [newer, older] }
    }
}

// === impl StatusPath ===

impl StatusPath {
    /// Of a response that stays what it is.
    pub(crate) fn unchanged(status: u16) -> Self {
        let segments = vec![StatusSegment { ops: OpRange::default(), status }];
        Self { status, segments, taken: Vec::new() }
    }

    /// The steps of a response on its way, in the order in which they run, of the chains of its statuses.
    pub(crate) fn steps<'c, S: 'c>(
        &self,
        chain: impl Fn(u16) -> Option<&'c Chain<S>>,
        (from, to): (VersionId, VersionId),
    ) -> Vec<(OpKey, &'c S)> {
        let of_part = |part: &StatusSegment| {
            let steps = chain(part.status).into_iter().flat_map(|chain| chain.between(from, to).ops());
            steps.filter(|(op, _)| part.ops.contains(*op)).collect::<Vec<_>>()
        };
        self.segments.iter().flat_map(of_part).collect()
    }

    /// The status of its part in the newer of the two versions, as the newest version has it.
    pub(crate) fn newest_status(&self, upwards: bool) -> u16 {
        let segment = if upwards { self.segments.last() } else { self.segments.first() };
        segment.map_or(self.status, |segment| segment.status)
    }
}
