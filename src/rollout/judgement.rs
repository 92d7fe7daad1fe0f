//! What is counted, and what follows from it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::evidence::Evidence;
use super::plan::{RolloutPlan, WHOLE};
use super::share::{RolloutGroup, place_of};

/// What can be bad about a request at an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Symptom {
    /// No response, one that broke off, or a 5xx.
    Error,
    /// It took longer than most do in the stable group.
    Slow,
}

/// What was seen of both groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Judgement {
    pub(crate) errors: Evidence,
    pub(crate) slow: Evidence,
    /// For each mark with a bad event: the weight at the last that was counted.
    seen: [BTreeMap<u64, u16>; 2],
    /// Requests and errors in this step.
    pub(crate) stable: GroupTally,
    pub(crate) canary: GroupTally,
}

/// Requests to one group in one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupTally {
    pub(crate) requests: u64,
    pub(crate) errors: u64,
}

/// How many times as many slow responses are tolerated: a build may be somewhat slower, and its caches are cold.
const SLOW_TOLERATED: f64 = 2.0;
/// Marks that are remembered. A canary group that is worse is found out long before.
const MOST_MARKS: usize = 10_000;
/// Of a normal distribution, one-sided 95 %.
const Z: f64 = 1.644_853_627;

// === impl Judgement ===

impl Default for Judgement {
    fn default() -> Self {
        let (stable, canary) = (GroupTally::default(), GroupTally::default());
        Self {
            errors: Evidence::new(1.0),
            slow: Evidence::new(SLOW_TOLERATED),
            seen: Default::default(),
            stable,
            canary,
        }
    }
}

impl Judgement {
    /// Something bad happened in `group`, when the canary group had `weight`. Of what has a `mark` only that counts which could
    /// have gone either way: one client that sends many requests is one witness.
    pub(crate) fn observe(&mut self, symptom: Symptom, group: RolloutGroup, mark: Option<u64>, weight: u16) {
        let Some(share) = self.share(symptom, mark, weight) else { return };
        let evidence = match symptom {
            Symptom::Error => &mut self.errors,
            Symptom::Slow => &mut self.slow,
        };
        evidence.observe(group == RolloutGroup::Canary, share);
    }

    /// The probability with which this event had to be in the canary group, by all that was known before; `None` if
    /// that was certain.
    fn share(&mut self, symptom: Symptom, mark: Option<u64>, weight: u16) -> Option<f64> {
        let before = match mark {
            None => 0,
            Some(mark) => {
                let seen = &mut self.seen[symptom as usize];
                let before = seen.get(&mark).copied().unwrap_or(0);
                if place_of(mark) < before || weight <= before || seen.len() >= MOST_MARKS && before == 0 {
                    return None;
                }
                seen.insert(mark, weight);
                before
            }
        };
        let share = f64::from(weight.saturating_sub(before)) / f64::from(WHOLE - before);
        (share > 0.0 && share < 1.0).then_some(share)
    }

    /// What `value` of the evidence rolls back. The false alarms are shared by the two kinds.
    pub(crate) fn threshold(plan: &RolloutPlan) -> f64 {
        2.0 / plan.false_alarm
    }

    /// What is worse in the canary group, if it is proven.
    pub(crate) fn proven(&self, plan: &RolloutPlan) -> Option<Symptom> {
        let threshold = Self::threshold(plan);
        let over = |evidence: &Evidence| evidence.value() >= threshold;
        if over(&self.errors) {
            return Some(Symptom::Error);
        }
        over(&self.slow).then_some(Symptom::Slow)
    }

    /// The highest difference of the error rates, canary group less stable group, that is not excluded with 95 % confidence
    /// (Newcombe's interval, one-sided); `None` without requests to both.
    pub(crate) fn worst_difference(&self) -> Option<f64> {
        let (canary, _, canary_upper) = self.canary.interval()?;
        let (stable, stable_lower, _) = self.stable.interval()?;
        Some(canary - stable + (canary_upper - canary).hypot(stable - stable_lower))
    }

    /// Another step begins: its requests are counted from none. The evidence goes on.
    pub(crate) fn next_step(&mut self) {
        (self.stable, self.canary) = Default::default();
    }
}

// === impl GroupTally ===

impl GroupTally {
    pub(crate) fn add(&mut self, more: Self) {
        self.requests += more.requests;
        self.errors += more.errors;
    }

    /// The error rate, and Wilson's bounds of it.
    fn interval(&self) -> Option<(f64, f64, f64)> {
        if self.requests == 0 {
            return None;
        }
        let (n, z2) = (self.requests as f64, Z * Z);
        let rate = (self.errors as f64 / n).min(1.0);
        let middle = (rate + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = Z / (1.0 + z2 / n) * (rate * (1.0 - rate) / n + z2 / (4.0 * n * n)).sqrt();
        Some((rate, (middle - half).max(0.0), (middle + half).min(1.0)))
    }
}

#[cfg(test)]
mod tests;
