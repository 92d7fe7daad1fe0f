//! When a message is tried again.

use std::time::Duration;

use crate::clock::Timestamp;

/// How long after each failed attempt, as Standard Webhooks recommends.
const PAUSES: [u64; 9] = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600];

/// When a message is tried again that has failed `attempts` times, this time included; `None` after the tenth. `retry_after` is what
/// its receiver asked for, which is never shortened.
#[must_use]
pub fn next_attempt(attempts: u64, now: Timestamp, retry_after: Option<Duration>) -> Option<Timestamp> {
    let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let pause = Duration::from_secs(*PAUSES.get(place)?);
    Some(now.saturating_add(retry_after.map_or(pause, |asked| asked.max(pause))))
}
