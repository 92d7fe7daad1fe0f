//! How many requests may be sent again: a share of all, so that retries never become the load that breaks an upstream.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The retries that an upstream may have.
#[derive(Debug)]
pub(super) struct Budget {
    /// Retries for each request.
    share: f64,
    requests: AtomicU64,
    state: Mutex<BudgetState>,
}

#[derive(Debug)]
struct BudgetState {
    left: f64,
    at: Instant,
}

/// So many are there without any requests, so that a quiet upstream has some.
const ALWAYS: f64 = 10.0;
/// In so long a time; and no longer are the shares of requests kept.
const WINDOW: Duration = Duration::from_secs(10);

// === impl Budget ===

impl Budget {
    pub(super) fn new(percent: f64, now: Instant) -> Self {
        let state = Mutex::new(BudgetState { left: ALWAYS, at: now });
        Self { share: percent / 100.0, requests: AtomicU64::new(0), state }
    }

    /// What is left of it, for the same upstream with other instances.
    pub(super) fn carried(&self) -> Self {
        let BudgetState { left, at } = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = AtomicU64::new(self.requests.load(Ordering::Relaxed));
        Self { share: self.share, requests, state: Mutex::new(BudgetState { left, at }) }
    }

    /// A request came.
    pub(super) fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes a retry, if there is one.
    pub(super) fn take(&self, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(state.at).as_secs_f64() / WINDOW.as_secs_f64();
        let gained = self.requests.swap(0, Ordering::Relaxed) as f64 * self.share;
        // What was gained long ago is forgotten bit by bit.
        let kept = (state.left - ALWAYS).max(0.0) * (1.0 - passed.min(1.0));
        let always = (state.left.min(ALWAYS) + passed * ALWAYS).min(ALWAYS);
        *state = BudgetState { left: kept + always + gained, at: now };
        if state.left < 1.0 {
            return false;
        }
        state.left -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(budget: &Budget, now: Instant) -> usize {
        (0..1000).take_while(|_| budget.take(now)).count()
    }

    #[test]
    fn a_share_and_ten() {
        let now = Instant::now();
        let budget = Budget::new(20.0, now);
        assert_eq!(taken(&budget, now), 10);
        assert_eq!(taken(&budget, now), 0);
        assert_eq!(taken(&budget, now + WINDOW / 2), 5);
        for _ in 0..100 {
            budget.request();
        }
        assert_eq!(taken(&budget, now + WINDOW / 2), 20);
        assert_eq!(taken(&budget, now + WINDOW * 9), 10);
    }
}
