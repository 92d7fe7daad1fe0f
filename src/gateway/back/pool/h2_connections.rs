//! The HTTP/2 connections of an instance: as many as its requests need, since each takes only so many streams at once.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::exchange::H2;
use super::streams::{StreamCount, StreamPermit};

/// Those that are open, the oldest first.
#[derive(Debug, Default)]
pub(super) struct H2Connections {
    open: Mutex<Vec<H2>>,
    /// Held while a connection is made: the requests that come meanwhile may go over it, too.
    pub(super) opening: tokio::sync::Mutex<()>,
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

    /// Adds a new connection, with a stream for the request that made it.
    pub(super) fn add(&self, new: H2) -> (H2, StreamPermit) {
        let stream = StreamCount::begin(&new.load);
        self.lock().push(new.clone());
        (new, stream)
    }

    /// Removes connections that have ended, and those that had no stream for as long as `keep`.
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
