//! What a row says.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::agents::TopAgents;
use super::change::UsedChange;
use super::distinct::Distinct;
use crate::clock::Timestamp;

/// Why the end of a version refused a request, or would have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The version is gone.
    Gone,
    /// A brownout.
    Brownout,
    /// The version is closed to new consumers.
    Closed,
    /// A dry run let it pass.
    Spared,
}

/// What was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsageCounts {
    /// Requests by the class of their status, `1xx` to `5xx`. One that ended before its response is a `5xx`, as in the metrics.
    pub classes: [u64; 5],
    /// Requests that were refused, in the order of [`RefusalKind::ALL`].
    pub refusals: [u64; 4],
    /// Bytes of response bodies.
    pub bytes: u64,
    /// The first request.
    pub first_seen: Timestamp,
    /// The last request.
    pub last_seen: Timestamp,
    /// The id of the last request that had one.
    pub last_request: Option<Arc<str>>,
    /// The most frequent user agents.
    pub agents: TopAgents,
    /// Requests in which a change altered something, in either direction, by change.
    pub changes: BTreeMap<UsedChange, u64>,
    /// How many consumers there were; only for [`ConsumerKey::Other`](super::ConsumerKey::Other).
    pub distinct: Option<Distinct>,
}

// === impl RefusalKind ===

impl RefusalKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Gone, Self::Brownout, Self::Closed, Self::Spared];

    /// Its name: `gone`, `brownout`, `closed` or `spared`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Brownout => "brownout",
            Self::Closed => "closed",
            Self::Spared => "spared",
        }
    }
}

// === impl UsageCounts ===

impl UsageCounts {
    /// Nothing but a time at which something was seen.
    #[must_use]
    pub fn seen(at: Timestamp) -> Self {
        Self {
            classes: [0; 5],
            refusals: [0; 4],
            bytes: 0,
            first_seen: at,
            last_seen: at,
            last_request: None,
            agents: TopAgents::default(),
            changes: BTreeMap::new(),
            distinct: None,
        }
    }

    /// All requests.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.classes.iter().sum()
    }

    /// The requests that were refused, or would have been.
    #[must_use]
    pub const fn refused(&self, kind: RefusalKind) -> u64 {
        self.refusals[kind as usize]
    }

    /// Adds what was counted elsewhere, or at another time.
    pub fn merge(&mut self, other: &Self) {
        for (sum, more) in self.classes.iter_mut().zip(other.classes) {
            *sum = sum.saturating_add(more);
        }
        for (sum, more) in self.refusals.iter_mut().zip(other.refusals) {
            *sum = sum.saturating_add(more);
        }
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.first_seen = self.first_seen.min(other.first_seen);
        if other.last_request.is_some() && (other.last_seen >= self.last_seen || self.last_request.is_none()) {
            self.last_request.clone_from(&other.last_request);
        }
        self.last_seen = self.last_seen.max(other.last_seen);
        self.agents.merge(&other.agents);
        for (change, more) in &other.changes {
            let sum = self.changes.entry(change.clone()).or_default();
            *sum = sum.saturating_add(*more);
        }
        if let Some(other) = &other.distinct {
            self.distinct.get_or_insert_default().merge(other);
        }
    }
}
