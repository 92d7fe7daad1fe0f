//! Counts lines into rows.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::line::LogLine;
use super::request::LineUse;
use crate::clock::Timestamp;
use crate::usage::{ConsumerKey, Period, RefusalKind, UsageCounts, UsageKey, UsageSource, UsedRoute};

/// ImportedRows of the ledger, each key once.
pub(super) type ImportedRows = BTreeMap<UsageKey, UsageCounts>;

/// ImportedRows that one thread has counted.
#[derive(Debug, Default)]
pub(super) struct Counter {
    routes: HashMap<(Period, UsedRoute), RouteCounts>,
}

#[derive(Debug, Default)]
struct RouteCounts {
    anonymous: Option<UsageCounts>,
    /// The place in `counts` of each consumer.
    named: HashMap<Arc<str>, usize>,
    counts: Vec<UsageCounts>,
}

// === impl Counter ===

impl Counter {
    pub(super) fn add(&mut self, period: Period, line: &LogLine<'_>, about: &LineUse<'_>) {
        for route in [Some(about.route), about.content].into_iter().flatten() {
            let counts = self.routes.entry((period, route.clone())).or_default();
            count(counts.of(about.consumer.as_ref().map(crate::consumer::Consumer::as_str), line.time), line);
        }
    }

    /// Adds what was counted to `rows`.
    pub(super) fn drain(&mut self, rows: &mut ImportedRows) {
        for ((period, route), counts) in self.routes.drain() {
            let named = counts.named.into_iter().map(|(name, at)| (ConsumerKey::Named(name), &counts.counts[at]));
            let anonymous = counts.anonymous.iter().map(|counts| (ConsumerKey::Anonymous, counts));
            for (consumer, counts) in named.chain(anonymous) {
                let key = UsageKey::new(period, route.clone(), consumer).with_source(UsageSource::Imported);
                add(rows, key, counts);
            }
        }
    }
}

/// Adds to the row of `key`.
pub(super) fn add(rows: &mut ImportedRows, key: UsageKey, counts: &UsageCounts) {
    rows.entry(key).and_modify(|sum| sum.merge(counts)).or_insert_with(|| counts.clone());
}

// === impl RouteCounts ===

impl RouteCounts {
    fn of(&mut self, consumer: Option<&str>, at: Timestamp) -> &mut UsageCounts {
        let Some(name) = consumer else { return self.anonymous.get_or_insert_with(|| UsageCounts::seen(at)) };
        let place = self.named.get(name).copied().unwrap_or_else(|| {
            self.named.insert(name.into(), self.counts.len());
            self.counts.push(UsageCounts::seen(at));
            self.counts.len() - 1
        });
        &mut self.counts[place]
    }
}

fn count(counts: &mut UsageCounts, line: &LogLine<'_>) {
    let class = match line.status {
        status @ 100..600 => usize::from(status / 100) - 1,
        // It ended before its response.
        _ => 4,
    };
    counts.classes[class] += 1;
    if let Some(kind) = line.outcome.as_deref().and_then(refusal) {
        counts.refusals[kind as usize] += 1;
    }
    counts.bytes = counts.bytes.saturating_add(line.bytes);
    if line.time >= counts.last_seen
        && let Some(id) = &line.request_id
    {
        counts.last_request = Some((**id).into());
    }
    counts.first_seen = counts.first_seen.min(line.time);
    counts.last_seen = counts.last_seen.max(line.time);
    if let Some(agent) = &line.user_agent {
        counts.agents.add(agent, 1);
    }
}

fn refusal(outcome: &str) -> Option<RefusalKind> {
    RefusalKind::ALL.into_iter().find(|kind| kind.as_str() == outcome)
}
