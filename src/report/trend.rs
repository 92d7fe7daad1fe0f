//! Requests by day, as a line of characters.

use crate::clock::Timestamp;
use crate::usage::UsageDay;

/// The requests of each part of a time, oldest first.
///
/// ```
/// use sunward::report::Trend;
///
/// let trend = Trend::new("2026-11-01".parse()?, "2026-11-05".parse()?, 4);
/// assert_eq!(trend.to_string(), "    ");
/// # Ok::<(), sunward::clock::ParseTimeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trend {
    since: i64,
    days: i64,
    parts: Vec<u64>,
}

const DAY: i64 = 86_400;
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

// === impl Trend ===

impl Trend {
    /// No requests from the day of `since` to that of `until`, in at most `parts` parts of whole days.
    #[must_use]
    pub fn new(since: Timestamp, until: Timestamp, parts: usize) -> Self {
        let (since, until) = (since.as_secs().div_euclid(DAY), until.as_secs().div_euclid(DAY));
        let days = (until - since + 1).max(1);
        let parts = parts.clamp(1, usize::try_from(days).unwrap_or(1));
        Self { since, days, parts: vec![0; parts] }
    }

    /// Adds the requests of a day, if it is within the time.
    pub fn add(&mut self, day: &UsageDay) {
        let at = day.day.as_secs().div_euclid(DAY) - self.since;
        let parts = i64::try_from(self.parts.len()).unwrap_or(1);
        let part = usize::try_from(at.saturating_mul(parts).div_euclid(self.days)).ok();
        if let Some(sum) = part.and_then(|part| self.parts.get_mut(part)) {
            *sum += day.requests;
        }
    }

    /// The requests of each part, oldest first.
    #[must_use]
    pub fn parts(&self) -> &[u64] {
        &self.parts
    }
}

impl std::fmt::Display for Trend {
    /// A character for each part, whose height is its share of the largest one; a space where there are no requests.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let most = self.parts.iter().copied().max().unwrap_or(0).max(1);
        self.parts.iter().try_for_each(|sum| {
            let level = sum.saturating_mul(LEVELS.len() as u64).div_ceil(most);
            let level = level.checked_sub(1).and_then(|level| LEVELS.get(usize::try_from(level).ok()?));
            write!(f, "{}", level.copied().unwrap_or(' '))
        })
    }
}

#[test]
fn a_trend_has_a_character_for_each_part() {
    let at = |text: &str| text.parse::<Timestamp>().expect("a time");
    let day = |text: &str, requests| UsageDay::new(["e", "shop", "1"], at(text), requests);
    let mut trend = Trend::new(at("2026-11-01T12:00:00Z"), at("2026-11-08"), 4);
    for (text, requests) in
        [("2026-10-31", 9), ("2026-11-01", 1), ("2026-11-05", 5), ("2026-11-06", 3), ("2026-11-08", 2)]
    {
        trend.add(&day(text, requests));
    }
    assert_eq!((trend.parts(), &*trend.to_string()), (&[1, 0, 8, 2][..], "▁ █▂"));
}
