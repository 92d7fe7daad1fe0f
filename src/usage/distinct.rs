//! How many different consumers there were, without their names.

use std::hash::{DefaultHasher, Hasher};

use datasketches::hll::{HllSketch, HllType, HllUnion};

/// How many different consumers there were: an estimate within about 3 % (a HyperLogLog sketch of 1 KiB). Two of them can be merged.
#[derive(Clone, Debug, PartialEq)]
pub struct Distinct(HllSketch);

/// 1 024 registers.
const LOG_REGISTERS: u8 = 10;
const REGISTERS: HllType = HllType::Hll8;

// === impl Distinct ===

impl Distinct {
    /// The number.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate is small and not negative")]
    pub fn count(&self) -> u64 {
        self.0.estimate().round() as u64
    }

    /// Adds a consumer.
    pub fn add(&mut self, consumer: &str) {
        self.0.update(consumer);
    }

    /// Adds those of another one.
    pub fn merge(&mut self, other: &Self) {
        let Ok(mut union) = HllUnion::new(LOG_REGISTERS) else { return };
        union.update(&self.0);
        union.update(&other.0);
        self.0 = union.to_sketch(REGISTERS);
    }

    /// As bytes, for a store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.serialize()
    }

    /// From [`Distinct::to_bytes`]; `None` if they are something else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        HllSketch::deserialize(bytes).ok().map(Self)
    }
}

impl Default for Distinct {
    fn default() -> Self {
        Self(HllSketch::new(LOG_REGISTERS, REGISTERS).expect("10 is among the sizes that there are"))
    }
}

impl Eq for Distinct {}

/// A text for this process alone: replicas and runs of it have different ones.
pub(super) fn fresh_run() -> String {
    use std::hash::{BuildHasher, RandomState};
    let mut hasher: DefaultHasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consumers_are_counted_once() {
        let (mut one, mut other) = (Distinct::default(), Distinct::default());
        (0..2000).for_each(|n| one.add(&format!("consumer {n}")));
        (1000..3000).for_each(|n| other.add(&format!("consumer {n}")));
        let read = Distinct::from_bytes(&other.to_bytes()).expect("its bytes");
        one.merge(&read);
        one.merge(&read);
        assert!(one.count().abs_diff(3000) < 300, "{}", one.count());
        assert_eq!(Distinct::from_bytes(b"something else"), None);
    }
}
