//! What a rollout is to do.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Weights are in hundredths of a percent: this is all of it.
pub(crate) const WHOLE: u16 = 10_000;

/// The steps of a rollout, and what each needs. A rollout keeps the plan with which it was started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RolloutPlan {
    /// The weight of each step, in hundredths of a percent, rising, each above 0 and below [`WHOLE`].
    pub(crate) steps: Vec<u16>,
    /// How long each step lasts at least.
    pub(crate) step_time: Duration,
    /// How many requests the canary group has answered in a step at least.
    pub(crate) step_requests: u64,
    /// By how much the rate of bad responses may be higher in the canary group, from 0 to 1: a step passes once a
    /// higher difference is excluded with 95 % confidence.
    pub(crate) tolerance: f64,
    /// The probability that a canary group that is not worse is rolled back, over the whole rollout.
    pub(crate) false_alarm: f64,
    /// After how long in one step a rollout pauses that cannot pass it.
    pub(crate) max_step_time: Duration,
    /// Whether steps follow each other by themselves.
    pub(crate) auto_promote: bool,
}

// === impl RolloutPlan ===

impl Default for RolloutPlan {
    fn default() -> Self {
        Self {
            steps: vec![100, 500, 2_500, 5_000],
            step_time: Duration::from_secs(300),
            step_requests: 300,
            tolerance: 0.01,
            false_alarm: 0.01,
            max_step_time: Duration::from_secs(86_400),
            auto_promote: true,
        }
    }
}
