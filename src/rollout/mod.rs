//! Rollouts: traffic moves from one group of instances to another in steps, each judged by evidence. Pure: time and counts are
//! arguments.
//!
//! | file | what |
//! |---|---|
//! | `share` | who belongs to the share of the canary group: a fixed hash |
//! | `evidence` | the test: whether the canary group is worse, valid at every look |
//! | `judgement` | what is counted in a step, and what follows from it |
//! | `plan` | steps, and what each of them needs |
//! | `machine` | the states, the acts of operators, and what happens by itself |

mod evidence;
mod judgement;
mod machine;
mod plan;
mod share;

pub(crate) use judgement::{GroupTally, Judgement, Symptom};
pub(crate) use machine::{GroupHealth, Rollout, RolloutAct, RolloutPhase, RolloutRefused, Turn};
pub(crate) use plan::{RolloutPlan, WHOLE};
#[cfg(test)]
use share::place_of;
pub(crate) use share::{CanaryShare, RolloutGroup};

#[cfg(test)]
mod tests;
