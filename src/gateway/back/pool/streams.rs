//! The streams of one HTTP/2 connection: each connection takes only so many at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What goes on over one connection.
#[derive(Debug)]
pub(super) struct StreamCount {
    streams: AtomicUsize,
    /// As many as the instance allows (`SETTINGS_MAX_CONCURRENT_STREAMS`).
    most: AtomicUsize,
    idle_since: Mutex<Instant>,
}

/// A stream of a connection, from before its request is sent until its response has ended.
#[derive(Debug)]
pub(super) struct StreamPermit {
    of: Arc<StreamCount>,
}

// === impl StreamCount ===

impl StreamCount {
    pub(super) fn new(most: usize) -> Arc<Self> {
        let idle_since = Mutex::new(Instant::now());
        Arc::new(Self { streams: AtomicUsize::new(0), most: AtomicUsize::new(most), idle_since })
    }

    /// The instance says how many it allows.
    pub(super) fn allow(&self, most: usize) {
        self.most.store(most, Ordering::Relaxed);
    }

    pub(super) fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    /// A stream, if the instance allows one more. The first is always tried: one that allows none may just be about to.
    pub(super) fn try_begin(this: &Arc<Self>) -> Option<StreamPermit> {
        let most = this.most.load(Ordering::Relaxed).max(1);
        let more = |streams| (streams < most).then_some(streams + 1);
        this.streams.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(StreamPermit { of: Arc::clone(this) })
    }

    pub(super) fn begin(this: &Arc<Self>) -> StreamPermit {
        this.streams.fetch_add(1, Ordering::Relaxed);
        StreamPermit { of: Arc::clone(this) }
    }

    pub(super) fn is_idle(&self, now: Instant, keep: Duration) -> bool {
        let since = *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner);
        self.streams() == 0 && now.saturating_duration_since(since) >= keep
    }
}

// === impl StreamPermit ===

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let now = Instant::now();
        if self.of.streams.fetch_sub(1, Ordering::Relaxed) == 1 {
            *self.of.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_counted_and_given_back() {
        for (allowed, most) in [(0, 1), (1, 1), (3, 3)] {
            let load = StreamCount::new(100);
            load.allow(allowed);
            let taken: Vec<StreamPermit> = std::iter::from_fn(|| StreamCount::try_begin(&load)).take(10).collect();
            assert_eq!(taken.len(), most, "{allowed}");
            let keep = Duration::from_secs(1);
            assert!(!load.is_idle(Instant::now() + 2 * keep, keep));
            drop(taken);
            assert!(StreamCount::try_begin(&load).is_some());
            assert!(!load.is_idle(Instant::now(), keep) && load.is_idle(Instant::now() + 2 * keep, keep));
        }
    }
}
