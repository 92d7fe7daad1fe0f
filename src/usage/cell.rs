//! One row while it is counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::agents::TopAgents;
use super::caller::Caller;
use super::change::UsedChange;
use super::counts::{RefusalKind, UsageCounts};
use super::distinct::Distinct;
use super::key::{ConsumerKey, Period, UsageKey, Whose};
use super::route::UsedRoute;
use crate::clock::Timestamp;

/// A row of the ledger, to add one request to. It may be held until the response has ended; the request counts for the hour
/// that it began in.
#[derive(Clone, Debug)]
#[must_use = "nothing is counted before `add`"]
pub struct Tally(pub(super) Arc<UsageCell>);

/// What was counted since the last drain.
#[derive(Debug)]
pub(super) struct UsageCell {
    pub(super) hour: u32,
    pub(super) route: UsedRoute,
    pub(super) consumer: ConsumerKey,
    classes: [AtomicU64; 5],
    refusals: [AtomicU64; 4],
    bytes: AtomicU64,
    first_seen: AtomicI64,
    last_seen: AtomicI64,
    seen: Mutex<Seen>,
    /// Requests by the change that altered something in them. A change stays when it was drained, for the next request.
    changes: Mutex<BTreeMap<UsedChange, u64>>,
}

/// What is text. Of requests at the same moment some may be left out.
#[derive(Debug, Default)]
struct Seen {
    agents: TopAgents,
    last_request: String,
    distinct: Option<Distinct>,
}

/// What is longer is no id.
const MAX_ID_BYTES: usize = 128;

// === impl Tally ===

impl Tally {
    /// Adds a request: the status of its response, whether the end of its version refused it, and the bytes of the response's body.
    pub fn add(&self, status: u16, refusal: Option<RefusalKind>, bytes: u64) {
        let cell = &*self.0;
        cell.bytes.fetch_add(bytes, Ordering::Relaxed);
        if let Some(kind) = refusal {
            cell.refusals[kind as usize].fetch_add(1, Ordering::Relaxed);
        }
        cell.classes[usize::from((status / 100).clamp(1, 5) - 1)].fetch_add(1, Ordering::Relaxed);
    }
}

impl Tally {
    /// Adds the request to those in which this change altered something.
    pub fn add_change(&self, change: &UsedChange) {
        let mut changes = self.0.changes.lock().unwrap_or_else(PoisonError::into_inner);
        match changes.get_mut(change) {
            Some(requests) => *requests += 1,
            None => drop(changes.insert(change.clone(), 1)),
        }
    }
}

// === impl UsageCell ===

impl UsageCell {
    pub(super) fn new(hour: u32, route: UsedRoute, consumer: ConsumerKey, now: Timestamp) -> Self {
        Self {
            hour,
            route,
            consumer,
            classes: Default::default(),
            refusals: Default::default(),
            bytes: AtomicU64::new(0),
            first_seen: AtomicI64::new(now.as_millis()),
            last_seen: AtomicI64::new(now.as_millis()),
            seen: Mutex::default(),
            changes: Mutex::default(),
        }
    }

    pub(super) fn is(&self, hour: u32, route: &UsedRoute, whose: Whose<'_>) -> bool {
        let same = match (&self.consumer, whose) {
            (ConsumerKey::Named(own), Whose::Named(name)) => **own == *name,
            (ConsumerKey::Anonymous, Whose::Anonymous) | (ConsumerKey::Other, Whose::Other) => true,
            _ => false,
        };
        same && self.hour == hour && self.route == *route
    }

    /// A request has begun.
    pub(super) fn note(&self, now: Timestamp, caller: &Caller<'_>) {
        // Milliseconds are written where they differ: a request of the same moment leaves the line shared by all cores.
        let millis = now.as_millis();
        if self.last_seen.load(Ordering::Relaxed) < millis {
            self.last_seen.fetch_max(millis, Ordering::Relaxed);
        }
        if self.first_seen.load(Ordering::Relaxed) > millis {
            self.first_seen.fetch_min(millis, Ordering::Relaxed);
        }
        if caller.user_agent.is_none() && caller.request_id.is_none() {
            return;
        }
        // Requests do not wait for each other.
        if let Ok(mut seen) = self.seen.try_lock() {
            if let Some(agent) = caller.user_agent {
                seen.agents.add(agent, 1);
            }
            if let Some(id) = caller.request_id.filter(|id| id.len() <= MAX_ID_BYTES) {
                seen.last_request.clear();
                seen.last_request.push_str(id);
            }
        }
    }

    /// A consumer is counted without its name.
    pub(super) fn note_other(&self, consumer: &str) {
        self.lock().distinct.get_or_insert_default().add(consumer);
    }

    /// Takes out what was counted; `None` if there is nothing.
    pub(super) fn take(&self) -> Option<UsageCounts> {
        let take = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        let classes = self.classes.each_ref().map(take);
        if classes == [0; 5] {
            return None;
        }
        let at =
            |millis: &AtomicI64| Timestamp::from_millis(millis.load(Ordering::Relaxed)).unwrap_or(Timestamp::EPOCH);
        let mut seen = self.lock();
        Some(UsageCounts {
            classes,
            refusals: self.refusals.each_ref().map(take),
            bytes: take(&self.bytes),
            first_seen: at(&self.first_seen),
            last_seen: at(&self.last_seen),
            last_request: (!seen.last_request.is_empty()).then(|| seen.last_request.as_str().into()),
            agents: seen.agents.take(),
            changes: self.take_changes(),
            distinct: seen.distinct.take(),
        })
    }

    fn take_changes(&self) -> BTreeMap<UsedChange, u64> {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = changes.iter_mut().filter(|(_, requests)| **requests > 0);
        counted.map(|(change, requests)| (change.clone(), std::mem::take(requests))).collect()
    }

    /// Whether nothing was counted since the last drain.
    pub(super) fn is_idle(&self) -> bool {
        self.classes.iter().all(|count| count.load(Ordering::Relaxed) == 0)
    }

    pub(super) fn key(&self) -> UsageKey {
        UsageKey::new(Period::Hour(self.hour), self.route.clone(), self.consumer.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
