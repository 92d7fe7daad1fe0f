//! The HTTP/2 connections of an instance: as many as its requests need, since each takes only so many streams at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::exchange::H2;

/// Those that are open, the oldest first.
#[derive(Debug, Default)]
pub(super) struct H2Connections {
    open: Mutex<Vec<H2>>,
    /// Held while a connection is made: the requests that come meanwhile may go over it, too.
    pub(super) opening: tokio::sync::Mutex<()>,
}

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

/// More connections to one instance are not opened: its requests wait for streams.
const MAX_CONNECTIONS: usize = 256;

// === impl H2Connections ===

impl H2Connections {
    /// A connection with a stream that is free.
    pub(super) fn take(&self, generation: u64) -> Option<(H2, StreamPermit)> {
        let open = self.lock();
        let mut usable = open.iter().filter(|open| open.generation == generation && open.is_usable());
        usable.find_map(|open| Some((open.clone(), StreamCount::try_begin(&open.load)?))).or_else(|| {
            let least = open.iter().filter(|open| open.is_usable()).min_by_key(|open| open.load.streams())?;
            (open.len() >= MAX_CONNECTIONS).then(|| (least.clone(), StreamCount::begin(&least.load)))
        })
    }

    /// Takes a new one in, with a stream for whoever made it.
    pub(super) fn add(&self, new: H2) -> (H2, StreamPermit) {
        let stream = StreamCount::begin(&new.load);
        self.lock().push(new.clone());
        (new, stream)
    }

    /// Lets go of those that are over, and of those that had no stream for as long as `keep`.
    pub(super) fn sweep(&self, now: Instant, keep: Duration) {
        let gone: Vec<H2> =
            self.lock().extract_if(.., |open| !open.is_usable() || open.load.is_idle(now, keep)).collect();
        drop(gone);
    }

    /// Takes none of them again. What is under way over them ends.
    pub(super) fn let_go(&self) {
        let gone = std::mem::take(&mut *self.lock());
        drop(gone);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<H2>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

    fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    /// A stream, if the instance allows one more. The first is always tried: one that allows none may just be about to.
    fn try_begin(this: &Arc<Self>) -> Option<StreamPermit> {
        let most = this.most.load(Ordering::Relaxed).max(1);
        let more = |streams| (streams < most).then_some(streams + 1);
        this.streams.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(StreamPermit { of: Arc::clone(this) })
    }

    pub(super) fn begin(this: &Arc<Self>) -> StreamPermit {
        this.streams.fetch_add(1, Ordering::Relaxed);
        StreamPermit { of: Arc::clone(this) }
    }

    fn is_idle(&self, now: Instant, keep: Duration) -> bool {
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
