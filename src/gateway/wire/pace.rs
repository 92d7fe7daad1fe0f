//! How long a client may keep the gateway waiting. Pure: times are arguments.
//!
//! A client has an allowance of time. Waiting for it uses the allowance up, and each byte that it brings or takes gives
//! some of it back. So a client that does nothing and one that does next to nothing are both cut, and one that is merely
//! slow, or that pauses now and then, is served. Time in which the gateway or a service is the slow one costs nothing.

use std::time::Duration;

/// What a client is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) struct Pace {
    /// The longest single wait.
    pub(in crate::gateway) idle: Duration,
    /// Bytes per second of waiting; 0 for no least rate.
    pub(in crate::gateway) rate: u64,
}

/// The allowance is at least this long, so that a short exchange is not measured.
const GRACE: Duration = Duration::from_secs(10);

// === impl Pace ===

impl Pace {
    /// What is used up of the allowance after `waited`, at the end of which `bytes` were moved.
    pub(in crate::gateway) fn spend(self, spent: Duration, waited: Duration, bytes: u64) -> Duration {
        match bytes.saturating_mul(1000).checked_div(self.rate) {
            None => Duration::ZERO,
            Some(earned) => (spent + waited).saturating_sub(Duration::from_millis(earned)),
        }
    }

    /// How much longer a wait may last that has lasted for `waited`; `None` if it is over.
    pub(in crate::gateway) fn left(self, spent: Duration, waited: Duration) -> Option<Duration> {
        let rest = self.idle.max(GRACE).saturating_sub(spent);
        self.idle.min(rest).checked_sub(waited).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Waits in seconds with the bytes that end them, and in which wait the client is cut, after how long.
    #[test]
    fn rows() {
        type Row = (&'static str, Pace, &'static [(u64, u64)], Option<(usize, Duration)>);
        let pace = Pace { idle: s(30), rate: 100 };
        let (short, any) = (Pace { idle: s(1), ..pace }, Pace { rate: 0, ..pace });
        let rows: [Row; 11] = [
            ("nothing is moved", pace, &[(99, 0)], Some((0, s(30)))),
            ("just in time", pace, &[(29, 5000), (29, 5000), (29, 5000)], None),
            ("a byte each second", pace, &[(1, 1); 99], Some((30, Duration::from_millis(300)))),
            ("half of the rate", pace, &[(10, 500); 99], Some((5, s(5)))),
            ("just the rate", pace, &[(10, 1000); 99], None),
            (
                "a pause after much was moved",
                pace,
                &[(0, 1_000_000), (29, 1), (29, 5000)],
                Some((2, Duration::from_millis(1010))),
            ),
            ("pauses between bursts", pace, &[(25, 100_000); 99], None),
            ("slow for less than the grace", short, &[(0, 1), (0, 1), (0, 1)], None),
            ("a single wait is too long", short, &[(2, 0)], Some((0, s(1)))),
            ("no least rate", any, &[(29, 1); 99], None),
            ("no least rate, and nothing is moved", any, &[(31, 0)], Some((0, s(30)))),
        ];
        let mut failed = Vec::new();
        for (what, pace, waits, expected) in rows {
            let mut spent = Duration::ZERO;
            let cut = waits.iter().enumerate().find_map(|(at, (seconds, bytes))| {
                let left = pace.left(spent, Duration::ZERO).unwrap_or_default();
                spent = pace.spend(spent, s(*seconds), *bytes);
                (s(*seconds) > left).then_some((at, left))
            });
            if cut != expected {
                failed.push(format!("{what}: {cut:?}, not {expected:?}"));
            }
        }
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    }
}
