//! The metrics of one instance, registered once.

use metrics::{Counter, Gauge};

use crate::names::{self, UpstreamResult};

/// Handles.
pub(super) struct Meters {
    pub(super) up: Gauge,
    pub(super) pending: Gauge,
    pub(super) ejections: Counter,
    results: [Counter; UpstreamResult::ALL.len()],
}

// === impl Meters ===

impl Meters {
    pub(super) fn new(upstream: &str, instance: &str) -> Self {
        let up = names::upstream_up(upstream, instance);
        up.set(1.0);
        Self {
            up,
            pending: names::upstream_pending(upstream, instance),
            ejections: names::upstream_ejections(upstream, instance),
            results: UpstreamResult::ALL.map(|result| names::upstream_requests(upstream, instance, result)),
        }
    }

    pub(super) fn count(&self, result: UpstreamResult) {
        self.results[result as usize].increment(1);
    }
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meters")
    }
}
