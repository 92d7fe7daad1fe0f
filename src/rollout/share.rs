//! Who belongs to the share of the canary group.

use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use super::plan::WHOLE;

/// One of the two groups between which a rollout moves traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RolloutGroup {
    /// The instances that are known to work.
    Stable,
    /// The instances with the new build.
    Canary,
}

/// The share of a canary group: clients with a place below the weight. The place depends on the rollout
/// and on nothing else, so a weight that grows never moves a client back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CanaryShare {
    salt: u64,
    weight: u16,
}

/// The bits of a packed [`CanaryShare`] that hold its weight.
const WEIGHT_BITS: u32 = 16;

// === impl CanaryShare ===

impl CanaryShare {
    /// The share of `weight` hundredths of a percent in the rollout `id`.
    pub(crate) fn new(id: &str, weight: u16) -> Self {
        Self { salt: hash(0, id.as_bytes()) >> WEIGHT_BITS, weight: weight.min(WHOLE) }
    }

    /// As one number, so that a request reads it at once.
    pub(crate) const fn packed(self) -> u64 {
        self.salt << WEIGHT_BITS | self.weight as u64
    }

    pub(crate) const fn unpacked(packed: u64) -> Self {
        Self { salt: packed >> WEIGHT_BITS, weight: (packed & 0xffff) as u16 }
    }

    pub(crate) const fn weight(self) -> u16 {
        self.weight
    }

    /// The mark by which the requests of `who` are known in this rollout.
    pub(crate) fn mark(self, who: &[u8]) -> u64 {
        hash(self.salt, who)
    }

    /// The group of what has this `mark`.
    pub(crate) const fn group(self, mark: u64) -> RolloutGroup {
        if place_of(mark) < self.weight { RolloutGroup::Canary } else { RolloutGroup::Stable }
    }
}

/// The place of a mark, in hundredths of a percent.
pub(crate) const fn place_of(mark: u64) -> u16 {
    (((mark >> 32) * WHOLE as u64) >> 32) as u16
}

fn hash(salt: u64, bytes: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(salt, 0);
    hasher.write(bytes);
    hasher.finish()
}
