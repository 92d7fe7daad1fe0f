//! How long responses took, in buckets that grow with the time: an eighth of a power of two each.

use std::sync::atomic::{AtomicU32, Ordering};

/// Counts of latencies, in microseconds.
#[derive(Debug)]
pub(super) struct LatencyHistogram {
    buckets: [AtomicU32; BUCKETS],
}

/// Up to half an hour.
const BUCKETS: usize = 256;
/// Buckets for each power of two.
const FINE: u32 = 8;

// === impl LatencyHistogram ===

impl Default for LatencyHistogram {
    fn default() -> Self {
        Self { buckets: std::array::from_fn(|_| AtomicU32::new(0)) }
    }
}

impl LatencyHistogram {
    pub(super) fn add(&self, micros: u64) {
        self.buckets[bucket(micros)].fetch_add(1, Ordering::Relaxed);
    }

    /// What at least the part `quantile` of them does not exceed.
    pub(super) fn quantile(&self, quantile: f64) -> u64 {
        let counts = self.buckets.each_ref().map(|count| u64::from(count.load(Ordering::Relaxed)));
        let mut left = counts.iter().sum::<u64>() as f64 * quantile;
        for (place, count) in counts.iter().enumerate() {
            left -= *count as f64;
            if left <= 0.0 {
                return upper(place);
            }
        }
        upper(BUCKETS - 1)
    }

    pub(super) fn clear(&self) {
        self.buckets.iter().for_each(|count| count.store(0, Ordering::Relaxed));
    }
}

fn bucket(micros: u64) -> usize {
    let value = micros.max(1);
    let power = value.ilog2();
    let part = if power >= 3 { (value >> (power - 3)) & 7 } else { (value << (3 - power)) & 7 };
    ((power * FINE) as usize + part as usize).min(BUCKETS - 1)
}

/// The least that is in no bucket up to `place`.
fn upper(place: usize) -> u64 {
    let (power, part) = (place as u32 / FINE, place as u64 % 8 + 1);
    ((1u64 << power) * (8 + part)).div_ceil(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_near_what_it_is() {
        for micros in [1, 2, 7, 8, 9, 1_000, 1_023, 250_000, 90_000_000] {
            let histogram = LatencyHistogram::default();
            (0..100).for_each(|_| histogram.add(micros));
            let quantile = histogram.quantile(0.95);
            assert!(quantile >= micros && quantile as f64 <= micros as f64 * 1.126 + 1.0, "{micros}: {quantile}");
            histogram.clear();
            histogram.add(u64::MAX);
            assert!(histogram.quantile(0.5) > 1_000_000_000);
        }
    }
}
