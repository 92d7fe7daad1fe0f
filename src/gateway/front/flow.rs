//! How a client takes the response of one HTTP/2 stream.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::gateway::wire::pace::Pace;

/// How the response of one stream is taken. It is written and read by one task only.
#[derive(Debug)]
pub(in crate::gateway) struct StreamFlow {
    pace: Pace,
    began: Instant,
    /// What the client was offered last, and has not taken; 0 is nothing.
    offered: AtomicUsize,
    /// Whether it is known that it was not taken at once, and since when, in milliseconds.
    held: AtomicBool,
    since: AtomicU64,
    /// What the client has used up of its time.
    spent: AtomicU64,
    /// How much it is offered at once.
    portion: AtomicUsize,
}

/// The stream that was begun last on a connection. hyper makes the task of a stream right after the call for its request.
#[derive(Debug, Default)]
pub(in crate::gateway) struct LatestStream {
    flow: Mutex<Option<Arc<StreamFlow>>>,
}

/// What fits into a frame that every client takes (RFC 9113 §4.2).
const MOST: usize = 16 * 1024;
/// Small enough to see that a client at the least rate goes on.
const LEAST: usize = 1024;
/// A client that has waited for so long is slow, and not just far away.
const SLOW: Duration = Duration::from_millis(50);

// === impl StreamFlow ===

impl StreamFlow {
    pub(in crate::gateway) fn new(pace: Pace) -> Self {
        Self {
            pace,
            began: Instant::now(),
            offered: AtomicUsize::new(0),
            held: AtomicBool::new(false),
            since: AtomicU64::new(0),
            spent: AtomicU64::new(0),
            portion: AtomicUsize::new(MOST),
        }
    }

    /// The client was offered so many bytes.
    pub(in crate::gateway) fn offered(&self, bytes: usize) {
        self.offered.store(bytes, Ordering::Relaxed);
    }

    /// It has taken them. How much it may be offered next.
    pub(in crate::gateway) fn taken(&self) -> usize {
        let bytes = self.offered.swap(0, Ordering::Relaxed);
        let portion = self.portion.load(Ordering::Relaxed);
        let waited = if self.held.swap(false, Ordering::Relaxed) { self.waited() } else { Duration::ZERO };
        let spent = self.spent();
        if !waited.is_zero() || !spent.is_zero() {
            let spent = self.pace.spend(spent, waited, bytes as u64);
            self.spent.store(millis(spent), Ordering::Relaxed);
        }
        let portion = if waited >= SLOW { LEAST } else { (portion * 2).min(MOST) };
        self.portion.store(portion, Ordering::Relaxed);
        portion
    }

    /// Until when the client has to take what it was offered; `None` if it was offered nothing.
    pub(super) fn until(&self) -> Option<Instant> {
        if self.offered.load(Ordering::Relaxed) == 0 {
            return None;
        }
        if !self.held.swap(true, Ordering::Relaxed) {
            self.since.store(millis(self.began.elapsed()), Ordering::Relaxed);
        }
        let since = self.began + Duration::from_millis(self.since.load(Ordering::Relaxed));
        Some(since + self.pace.left(self.spent(), Duration::ZERO).unwrap_or_default())
    }

    fn waited(&self) -> Duration {
        self.began.elapsed().saturating_sub(Duration::from_millis(self.since.load(Ordering::Relaxed)))
    }

    fn spent(&self) -> Duration {
        Duration::from_millis(self.spent.load(Ordering::Relaxed))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

// === impl LatestStream ===

impl LatestStream {
    pub(in crate::gateway) fn put(&self, flow: StreamFlow) -> Arc<StreamFlow> {
        let flow = Arc::new(flow);
        *self.flow.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&flow));
        flow
    }

    pub(super) fn take(&self) -> Option<Arc<StreamFlow>> {
        self.flow.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_at_once_costs_nothing() {
        let flow = StreamFlow::new(Pace { idle: Duration::from_secs(30), rate: 100 });
        assert_eq!((flow.until(), flow.taken()), (None, MOST), "nothing was offered");
        for _ in 0..3 {
            flow.offered(MOST);
            assert_eq!((flow.taken(), flow.spent()), (MOST, Duration::ZERO));
        }
        flow.offered(MOST);
        let left = flow.until().map(|until| until.saturating_duration_since(flow.began));
        assert!(left.is_some_and(|left| left >= Duration::from_secs(30)));
        assert_eq!(left, flow.until().map(|until| until.saturating_duration_since(flow.began)), "it does not move");
    }

    #[test]
    fn a_slow_client_is_offered_little_until_it_is_fast() {
        let began = Instant::now().checked_sub(Duration::from_secs(20)).expect("the machine is not that young");
        let flow = StreamFlow { began, ..StreamFlow::new(Pace { idle: Duration::from_secs(30), rate: 100 }) };
        flow.offered(100);
        flow.held.store(true, Ordering::Relaxed);
        assert_eq!(flow.taken(), LEAST);
        assert_eq!(flow.spent().as_secs(), 19, "20 s, of which 100 bytes give one back");
        let mut portions = Vec::new();
        for _ in 0..5 {
            flow.offered(LEAST);
            portions.push(flow.taken());
        }
        assert_eq!(portions, [2048, 4096, 8192, MOST, MOST]);
        assert_eq!(flow.spent(), Duration::ZERO);
    }
}
