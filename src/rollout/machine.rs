//! The states of a rollout, the acts of operators, and what happens by itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::judgement::{Judgement, Symptom};
use super::plan::{RolloutPlan, WHOLE};
use super::share::CanaryShare;
use crate::clock::Timestamp;

/// A rollout, from its start on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rollout {
    /// Its own: another start is another rollout, with other clients in its share and without evidence.
    pub(crate) id: String,
    pub(crate) plan: RolloutPlan,
    /// The instances of the canary group at the start.
    pub(crate) instances: Vec<String>,
    pub(crate) phase: RolloutPhase,
    /// The place of the step in the plan.
    pub(crate) step: usize,
    /// When the step began, in seconds since 1970.
    pub(crate) step_began: i64,
    pub(crate) judgement: Judgement,
    /// What was decided and why, the oldest first.
    pub(crate) decisions: Vec<RolloutDecision>,
}

/// Where a rollout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RolloutPhase {
    /// The canary group has the weight of the step.
    Progressing,
    /// The same, and the canary group gets no requests: neither good nor bad.
    WaitingTraffic,
    /// It keeps the weight of the step until an operator resumes it. Evidence is still judged.
    Paused,
    /// The canary group has all requests.
    Promoted,
    /// The canary group has no requests.
    RolledBack,
}

/// A line of the log of decisions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RolloutDecision {
    pub(crate) at: i64,
    pub(crate) phase: RolloutPhase,
    /// In hundredths of a percent.
    pub(crate) weight: u16,
    pub(crate) reason: String,
}

/// What an operator can do with a rollout, but for the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RolloutAct {
    /// The next step, now; after the last one, all requests.
    Promote,
    Pause,
    Resume,
    /// The canary group gets no more requests.
    Abort,
}

/// Whether groups have instances that take requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GroupHealth {
    pub(crate) stable: bool,
    pub(crate) canary: bool,
}

/// What becomes of a rollout, and why.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Turn {
    pub(crate) phase: RolloutPhase,
    pub(crate) step: usize,
    pub(crate) reason: String,
}

/// An act that is not possible in the state that the rollout has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RolloutRefused(pub(crate) RolloutPhase);

/// After so long without a request to the canary group, it waits for traffic.
const SILENCE: Duration = Duration::from_secs(30);
/// Lines of the log that are kept.
const MOST_DECISIONS: usize = 200;

// === impl Rollout ===

impl Rollout {
    /// Begins with the first step.
    pub(crate) fn start(id: String, plan: RolloutPlan, instances: Vec<String>, now: Timestamp, reason: String) -> Self {
        let mut started = Self {
            id,
            plan,
            instances,
            phase: RolloutPhase::Progressing,
            step: 0,
            step_began: now.as_secs(),
            judgement: Judgement::default(),
            decisions: Vec::new(),
        };
        started.log(now, reason);
        started
    }

    /// What the canary group gets, in hundredths of a percent.
    pub(crate) fn weight(&self) -> u16 {
        match self.phase {
            RolloutPhase::Promoted => WHOLE,
            RolloutPhase::RolledBack => 0,
            _ => self.plan.steps.get(self.step).copied().unwrap_or_default(),
        }
    }

    /// Who gets it.
    pub(crate) fn share(&self) -> CanaryShare {
        CanaryShare::new(&self.id, self.weight())
    }

    /// Whether it is neither promoted nor rolled back.
    pub(crate) const fn is_running(&self) -> bool {
        !matches!(self.phase, RolloutPhase::Promoted | RolloutPhase::RolledBack)
    }

    /// What an act of an operator makes of it; `None` if nothing changes.
    ///
    /// # Errors
    /// The act is not possible in this state.
    pub(crate) fn asked(&self, act: RolloutAct, reason: String) -> Result<Option<Turn>, RolloutRefused> {
        use RolloutPhase::{Paused, Progressing, Promoted, RolledBack, WaitingTraffic};
        let phase = match (act, self.phase) {
            (RolloutAct::Abort, RolledBack) => return Ok(None),
            (RolloutAct::Abort, _) => RolledBack,
            (_, Promoted | RolledBack) => return Err(RolloutRefused(self.phase)),
            (RolloutAct::Promote, _) => return Ok(Some(self.advance(reason))),
            (RolloutAct::Pause, Paused) | (RolloutAct::Resume, Progressing | WaitingTraffic) => return Ok(None),
            (RolloutAct::Pause, _) => Paused,
            (RolloutAct::Resume, Paused) => Progressing,
        };
        Ok(Some(self.becomes(phase, reason)))
    }

    /// What happens by itself at the time `now`; `None` if nothing does.
    pub(crate) fn due(&self, now: Timestamp, health: GroupHealth) -> Option<Turn> {
        use RolloutPhase::{Paused, Progressing, RolledBack, WaitingTraffic};
        if self.phase == RolledBack {
            return None;
        }
        // Never back to a group that is down: that would make it worse.
        if health.stable
            && let Some(reason) = self.fault(health)
        {
            return Some(self.becomes(RolledBack, reason));
        }
        if !self.is_running() || self.phase == Paused {
            return None;
        }
        if !health.stable {
            return Some(self.becomes(Paused, "no instance of the stable group takes requests".to_owned()));
        }
        let since = Duration::from_secs(u64::try_from(now.as_secs() - self.step_began).unwrap_or_default());
        let (plan, canary) = (&self.plan, self.judgement.canary);
        if since >= plan.step_time && canary.requests >= plan.step_requests {
            let worst = self.judgement.worst_difference().filter(|worst| *worst <= plan.tolerance);
            if let Some(worst) = worst.filter(|_| plan.auto_promote) {
                let reason = format!(
                    "{} requests, error rate at most {:.2} % above the stable group (95 % confidence)",
                    canary.requests,
                    worst * 100.0
                );
                return Some(self.advance(reason));
            }
            if worst.is_some() {
                return Some(self.becomes(Paused, "the step has passed and waits for `promote`".to_owned()));
            }
        }
        if since >= plan.max_step_time {
            let reason = format!("the step has not passed within {} seconds", plan.max_step_time.as_secs());
            return Some(self.becomes(Paused, reason));
        }
        match self.phase {
            Progressing if canary.requests == 0 && since >= SILENCE => {
                Some(self.becomes(WaitingTraffic, "the canary group has got no requests in this step".to_owned()))
            }
            WaitingTraffic if canary.requests > 0 => {
                Some(self.becomes(Progressing, "the canary group gets requests".to_owned()))
            }
            _ => None,
        }
    }

    /// Why it has to be rolled back, if it has.
    fn fault(&self, health: GroupHealth) -> Option<String> {
        if !health.canary {
            return Some("no instance of the canary group takes requests".to_owned());
        }
        let (what, evidence) = match self.judgement.proven(&self.plan)? {
            Symptom::Error => ("errors", &self.judgement.errors),
            Symptom::Slow => ("slow responses", &self.judgement.slow),
        };
        let (value, threshold) = (evidence.value(), Judgement::threshold(&self.plan));
        Some(format!("more {what} in the canary group: evidence {value:.0}, threshold {threshold:.0}"))
    }

    /// The next step, or the end.
    fn advance(&self, reason: String) -> Turn {
        let step = self.step + 1;
        if step < self.plan.steps.len() {
            return Turn { phase: RolloutPhase::Progressing, step, reason };
        }
        Turn { phase: RolloutPhase::Promoted, step: self.step, reason }
    }

    fn becomes(&self, phase: RolloutPhase, reason: String) -> Turn {
        Turn { phase, step: self.step, reason }
    }

    /// Takes a turn. What was rolled back meanwhile stays so.
    pub(crate) fn take(&mut self, turn: Turn, now: Timestamp) {
        if self.phase == RolloutPhase::RolledBack {
            return;
        }
        if turn.step != self.step || turn.phase == RolloutPhase::Promoted {
            self.judgement.next_step();
            self.step_began = now.as_secs();
        } else if self.phase == RolloutPhase::Paused {
            // A step that was resumed has all of its time.
            self.step_began = now.as_secs();
        }
        (self.phase, self.step) = (turn.phase, turn.step);
        self.log(now, turn.reason);
    }

    fn log(&mut self, now: Timestamp, reason: String) {
        if self.decisions.len() >= MOST_DECISIONS {
            self.decisions.remove(1);
        }
        self.decisions.push(RolloutDecision { at: now.as_secs(), phase: self.phase, weight: self.weight(), reason });
    }
}

// === impl RolloutAct ===

impl RolloutAct {
    /// As operators have it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Abort => "abort",
        }
    }
}

// === impl RolloutPhase ===

impl RolloutPhase {
    /// As operators see it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Progressing => "progressing",
            Self::WaitingTraffic => "waiting_traffic",
            Self::Paused => "paused",
            Self::Promoted => "promoted",
            Self::RolledBack => "rolled_back",
        }
    }
}

#[cfg(test)]
mod tests;
