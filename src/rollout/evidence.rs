//! Whether the canary group has more bad events than its share, as a number that may be looked at after every event.
//!
//! Given that something bad happened, it happened in the canary group with the odds of its share, if both groups are alike.
//! If the canary group is θ times as bad, with θ times those odds. The likelihood ratio of the two, averaged over several θ, is
//! a martingale while the groups are alike: by Ville's inequality it ever reaches 1/α with a probability of at most α,
//! however often it is looked at, and whatever the share was at each event.

use serde::{Deserialize, Serialize};

/// How many times as bad the canary group may be, in the alternatives that are tested.
const ALTERNATIVES: [f64; 7] = [1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0];

/// Evidence that the canary group is worse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Evidence {
    /// How many times as bad it may be without being worse.
    tolerated: f64,
    /// The logarithm of the likelihood ratio, for each alternative.
    logs: [f64; 7],
    /// Bad events that were counted.
    pub(crate) counted: u64,
}

// === impl Evidence ===

impl Evidence {
    /// None yet. A canary group that is up to `tolerated` times as bad is not worse.
    pub(crate) const fn new(tolerated: f64) -> Self {
        Self { tolerated, logs: [0.0; 7], counted: 0 }
    }

    /// Something bad happened, in the canary group or not, where the canary group had the share `share` (above 0 and below 1).
    pub(crate) fn observe(&mut self, in_canary: bool, share: f64) {
        let alike = odds(self.tolerated, share);
        for (log, worse) in self.logs.iter_mut().zip(ALTERNATIVES) {
            let worse = odds(self.tolerated * worse, share);
            *log += if in_canary { (worse / alike).ln() } else { ((1.0 - worse) / (1.0 - alike)).ln() };
        }
        self.counted += 1;
    }

    /// How many times likelier what was seen is if the canary group is worse: 1 at the beginning.
    pub(crate) fn value(&self) -> f64 {
        self.logs.iter().map(|log| log.exp()).sum::<f64>() / self.logs.len() as f64
    }
}

/// The probability that a bad event is in a group that has `share` and is `times` as bad as the other.
fn odds(times: f64, share: f64) -> f64 {
    times * share / (times * share + 1.0 - share)
}
