//! What is refused so that the rest can be served.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use metrics::Counter;

use crate::gateway::telemetry::memory::{allowed, resident};
use crate::names;

/// How much is going on.
#[derive(Clone)]
pub(in crate::gateway) struct OverloadManager {
    inner: Arc<Inner>,
}

struct Inner {
    pending: AtomicUsize,
    strained: AtomicBool,
    requests: Counter,
    memory: Counter,
}

/// A request under way.
pub(in crate::gateway) struct InFlight {
    inner: Arc<Inner>,
}

/// How often it is looked at whether requests are still in flight, at the end.
const GLANCE: Duration = Duration::from_millis(2);
/// How often the memory is looked at.
const LOOK: Duration = Duration::from_millis(250);

// === impl OverloadManager ===

impl OverloadManager {
    pub(in crate::gateway) fn new() -> Self {
        let (pending, strained) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (requests, memory) = (names::shed("requests"), names::shed("memory"));
        Self { inner: Arc::new(Inner { pending, strained, requests, memory }) }
    }

    /// Takes a request in, unless there are too many, or too little memory.
    pub(in crate::gateway) fn take(&self, most: usize) -> Option<InFlight> {
        let inner = &self.inner;
        if inner.strained.load(Ordering::Relaxed) {
            inner.memory.increment(1);
            return None;
        }
        let held = InFlight { inner: Arc::clone(inner) };
        if inner.pending.fetch_add(1, Ordering::Relaxed) >= most {
            inner.requests.increment(1);
            return None;
        }
        Some(held)
    }

    /// How many requests are in flight.
    pub(in crate::gateway) fn in_flight(&self) -> usize {
        self.inner.pending.load(Ordering::Relaxed)
    }

    /// Ends once no request is in flight.
    pub(in crate::gateway) async fn ended(&self) {
        while self.in_flight() > 0 {
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Looks at the process's memory until it is dropped.
    pub(in crate::gateway) async fn watch_memory(self, most: Option<u64>) {
        let Some(most) = most.or_else(allowed) else { return };
        loop {
            let strained = resident().is_some_and(|bytes| bytes > most);
            if self.inner.strained.swap(strained, Ordering::Relaxed) != strained {
                if strained {
                    tracing::warn!(limit = most, "memory limit exceeded; new requests are refused");
                } else {
                    tracing::info!(limit = most, "memory is below its limit again");
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.inner.pending.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_limit_nothing_is_taken() {
        let load = OverloadManager::new();
        let (one, two) = (load.take(2), load.take(2));
        assert!(one.is_some() && two.is_some());
        assert!(load.take(2).is_none());
        drop(one);
        assert!(load.take(2).is_some());
        load.inner.strained.store(true, Ordering::Relaxed);
        assert!(load.take(100).is_none());
    }
}
