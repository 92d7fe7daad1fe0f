//! Whether an instance gets requests: what checks say of it, and how its requests went. Pure: `now` is an argument.

use std::time::{Duration, Instant};

/// When an instance is taken out, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    /// Failures in a row; 0 for never.
    pub(super) after: u32,
    /// The first time; `n` times as long the n-th time, up to ten.
    pub(super) lasting: Duration,
    /// Checks in a row that make it well.
    pub(super) rise: u32,
    /// Checks in a row that make it unwell.
    pub(super) fall: u32,
}

/// What is known of one instance.
#[derive(Clone, Debug)]
pub(super) struct Health {
    failures: u32,
    ejected: Option<Ejection>,
    /// How often it was ejected without having done well in between.
    times: u32,
    /// How often it has been ejected.
    epoch: u32,
    up: bool,
    /// Checks in a row that say otherwise.
    streak: u32,
    checked: bool,
    /// Since when it is back.
    since: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Ejection {
    until: Instant,
    /// Its time is over, and one request tries it.
    trying: bool,
}

/// The state of an instance when a request to it began: the result of the request counts for that time only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HealthToken {
    pub(super) epoch: u32,
    /// It is the one request that tries an instance whose time out is over.
    pub(super) trial: bool,
}

/// Whether it may get a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Open,
    /// One request may try it.
    Trial,
    Closed,
    /// It is new, and its first check is not in.
    Joining,
}

/// What became of it by the last thing that was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HealthChange {
    Stays,
    Ejected,
    Down,
    Back,
}

/// More ejections make none longer.
const LONGEST: u32 = 10;

// === impl Health ===

impl Health {
    /// Taken for well until something is known.
    pub(super) const fn new() -> Self {
        Self { failures: 0, ejected: None, times: 0, epoch: 0, up: true, streak: 0, checked: false, since: None }
    }

    /// Of one that comes to others: where there are checks, the first has to speak for it; else it starts slowly, if it is
    /// to.
    pub(super) const fn joining(is_checked: bool, starts_slowly: bool, now: Instant) -> Self {
        let since = if starts_slowly && !is_checked { Some(now) } else { None };
        Self { up: !is_checked, since, ..Self::new() }
    }

    /// Its slow start is over: it has its whole share, and that need not be asked any more.
    pub(super) fn settle(&mut self, now: Instant, slow_start: Option<Duration>) {
        self.since = self.since.filter(|since| now.saturating_duration_since(*since) < slow_start.unwrap_or_default());
    }

    /// Nothing speaks against it, and a success would change nothing.
    pub(super) const fn is_clean(&self) -> bool {
        self.failures == 0 && self.ejected.is_none() && self.times == 0
    }

    /// It is up, and was never away, so that it has its whole share.
    pub(super) const fn is_open_for_good(&self) -> bool {
        self.up && self.since.is_none()
    }

    /// Whether any check has ended.
    pub(super) const fn was_checked(&self) -> bool {
        self.checked
    }

    pub(super) fn admission(&self, now: Instant) -> Admission {
        match self.ejected {
            _ if !self.up && !self.checked => Admission::Joining,
            _ if !self.up => Admission::Closed,
            None => Admission::Open,
            Some(Ejection { until, trying: false }) if until <= now => Admission::Trial,
            Some(_) => Admission::Closed,
        }
    }

    /// How often it was ejected.
    pub(super) const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The one request that tries it begins; `None` if another has begun.
    pub(super) fn begin_trial(&mut self, now: Instant) -> Option<HealthToken> {
        let trial = match &mut self.ejected {
            // It is back meanwhile.
            None => false,
            Some(Ejection { until, trying }) if !*trying && *until <= now => {
                *trying = true;
                true
            }
            Some(_) => return None,
        };
        Some(HealthToken { epoch: self.epoch, trial })
    }

    /// The request that tried it said nothing: another may.
    pub(super) fn end_trial(&mut self) {
        if let Some(ejection) = &mut self.ejected {
            ejection.trying = false;
        }
    }

    /// The part of its share that it gets while it starts slowly.
    pub(super) fn share(&self, now: Instant, slow_start: Option<Duration>) -> f64 {
        const LEAST: f64 = 0.1;
        match (self.since, slow_start) {
            (Some(since), Some(whole)) if !whole.is_zero() => {
                let part = now.saturating_duration_since(since).as_secs_f64() / whole.as_secs_f64();
                part.clamp(LEAST, 1.0)
            }
            _ => 1.0,
        }
    }

    /// A request to it went well.
    pub(super) fn succeeded(&mut self, token: HealthToken, now: Instant) -> HealthChange {
        if token.epoch != self.epoch {
            return HealthChange::Stays;
        }
        self.failures = 0;
        self.times = 0;
        match self.ejected.take() {
            None => HealthChange::Stays,
            Some(_) => self.back(now),
        }
    }

    /// A request to it failed. `may_eject` says whether enough others are left.
    pub(super) fn failed(&mut self, token: HealthToken, now: Instant, policy: Policy, may_eject: bool) -> HealthChange {
        if token.epoch != self.epoch {
            return HealthChange::Stays;
        }
        self.failures = self.failures.saturating_add(1);
        let enough = policy.after > 0 && self.failures >= policy.after && self.ejected.is_none() && may_eject;
        if !token.trial && !enough {
            return HealthChange::Stays;
        }
        self.times = (self.times + 1).min(LONGEST);
        self.epoch = self.epoch.wrapping_add(1);
        self.ejected = Some(Ejection { until: now + policy.lasting * self.times, trying: false });
        HealthChange::Ejected
    }

    /// A check ended.
    pub(super) fn checked(&mut self, well: bool, now: Instant, policy: Policy) -> HealthChange {
        if !self.checked && !self.up && !well {
            self.checked = true;
            return HealthChange::Down;
        }
        // The first check says more than no check did.
        let needed = match (self.checked, well) {
            (false, _) => 1,
            (true, true) => policy.rise,
            (true, false) => policy.fall,
        };
        self.checked = true;
        self.streak = if well == self.up { 0 } else { self.streak + 1 };
        if self.streak < needed {
            // What answers checks well need not wait for the end of its time.
            return if well && self.up && self.ejected.take().is_some() { self.back(now) } else { HealthChange::Stays };
        }
        self.streak = 0;
        self.up = well;
        if well { self.back(now) } else { HealthChange::Down }
    }

    fn back(&mut self, now: Instant) -> HealthChange {
        self.failures = 0;
        self.ejected = None;
        self.since = Some(now);
        HealthChange::Back
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy { after: 3, lasting: Duration::from_secs(30), rise: 2, fall: 3 };

    /// `s` succeeded, `f` failed, `F` failed but may not be ejected, `w` well, `u` unwell, `t` a trial begins, `+` ten
    /// seconds pass, `j` it joined others just now, with checks, `o` and `O` a request that began before anything happened
    /// failed and succeeded; and the state at the end.
    #[test]
    fn rows() {
        let rows = [
            ("", Admission::Open),
            ("ff", Admission::Open),
            ("ffsff", Admission::Open),
            ("fff", Admission::Closed),
            ("ffF", Admission::Open),
            ("fff++", Admission::Closed),
            ("fff+++", Admission::Trial),
            ("fff+++t", Admission::Closed),
            ("fff+++ts", Admission::Open),
            // Longer the second time.
            ("fff+++tf+++", Admission::Closed),
            ("fff+++tf++++++", Admission::Trial),
            // A success makes the next time the first again.
            ("fff+++tsfff+++", Admission::Trial),
            ("u", Admission::Closed),
            ("w", Admission::Open),
            ("wuu", Admission::Open),
            ("wuuwuu", Admission::Open),
            ("wuuu", Admission::Closed),
            ("wuuuw", Admission::Closed),
            ("wuuuww", Admission::Open),
            // A check ends an ejection, a request none of a check's.
            ("fffw", Admission::Open),
            ("wuuus", Admission::Closed),
            ("j", Admission::Joining),
            ("js", Admission::Joining),
            ("jw", Admission::Open),
            ("ju", Admission::Closed),
            ("juw", Admission::Closed),
            ("juww", Admission::Open),
            ("jwuu", Admission::Open),
            // What began before an ejection neither ends nor lengthens it.
            ("fffO", Admission::Closed),
            ("fff+++o", Admission::Trial),
            ("fff+++to+++", Admission::Closed),
            ("fff+++tos", Admission::Open),
            ("fff+++tsoooo", Admission::Open),
            // Only one request tries it.
            ("fff+++tt", Admission::Closed),
        ];
        for (acts, at_end) in rows {
            let mut now = Instant::now();
            let mut health = Health::new();
            let first = HealthToken { epoch: health.epoch(), trial: false };
            let mut trial = None;
            for act in acts.chars() {
                let latest = trial.unwrap_or(HealthToken { epoch: health.epoch(), trial: false });
                match act {
                    's' => {
                        health.succeeded(latest, now);
                        trial = None;
                    }
                    'f' | 'F' => {
                        health.failed(latest, now, POLICY, act == 'f');
                        trial = None;
                    }
                    'o' => {
                        health.failed(first, now, POLICY, true);
                    }
                    'O' => {
                        health.succeeded(first, now);
                    }
                    'w' => {
                        health.checked(true, now, POLICY);
                    }
                    'u' => {
                        health.checked(false, now, POLICY);
                    }
                    't' => trial = health.begin_trial(now).or(trial),
                    'j' => health = Health::joining(true, true, now),
                    _ => now += Duration::from_secs(10),
                }
            }
            assert_eq!(health.admission(now), at_end, "{acts:?}");
        }
    }

    #[test]
    fn a_slow_start_grows_to_the_whole() {
        let (now, whole) = (Instant::now(), Some(Duration::from_secs(20)));
        let mut health = Health::new();
        assert_eq!(health.share(now, whole), 1.0, "it was never away");
        for _ in 0..3 {
            health.failed(HealthToken { epoch: 0, trial: false }, now, POLICY, true);
        }
        assert_eq!(health.succeeded(HealthToken { epoch: 1, trial: false }, now), HealthChange::Back);
        for (seconds, share) in [(0, 0.1), (10, 0.5), (20, 1.0), (90, 1.0)] {
            assert_eq!(health.share(now + Duration::from_secs(seconds), whole), share);
        }
        assert_eq!(health.share(now, None), 1.0);
        for (seconds, good) in [(19, false), (20, true)] {
            health.settle(now + Duration::from_secs(seconds), whole);
            assert_eq!(health.is_open_for_good(), good, "after {seconds} s");
        }
        let joined = Health::joining(false, true, now);
        assert_eq!((joined.admission(now), joined.share(now, whole)), (Admission::Open, 0.1));
        assert!(Health::joining(false, false, now).is_open_for_good());
    }
}
