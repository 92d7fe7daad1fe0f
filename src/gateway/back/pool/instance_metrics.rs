//! The metrics of one instance, registered once. Its gauges go when it is not served any more.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use metrics::{Counter, Gauge};

use super::queue::QueueError;
use crate::names::{self, UpstreamResult};

/// Handles.
pub(super) struct InstanceMetrics {
    /// What they are found by among the metrics: the upstream, and the instance's authority.
    key: InstanceLabels,
    id: u64,
    up: Gauge,
    pub(super) pending: Gauge,
    pub(super) queued: Gauge,
    rejected: [Counter; 2],
    pub(super) ejections: Counter,
    results: [Counter; UpstreamResult::ALL.len()],
}

type InstanceLabels = (String, String);

/// One of those that have a gauge in common: an instance that was edited, and the one before that still has requests; or
/// two prefixes of one authority.
struct Live {
    id: u64,
    url: Box<str>,
    /// `None`: it is not served any more.
    up: Option<bool>,
    drained: bool,
}

/// Those of all gateways in the process: they have one recorder, which forgets nothing.
static LIVE: Mutex<BTreeMap<InstanceLabels, Vec<Live>>> = Mutex::new(BTreeMap::new());
/// No number: what is served at `/metrics` leaves it out.
const NOTHING: f64 = f64::NAN;
static NEXT: AtomicU64 = AtomicU64::new(0);

// === impl InstanceMetrics ===

impl InstanceMetrics {
    pub(super) fn new(upstream: &str, instance: &str, url: &str) -> Self {
        let (key, id) = ((upstream.to_owned(), instance.to_owned()), NEXT.fetch_add(1, Ordering::Relaxed));
        let (up, pending) = (names::upstream_up(upstream, instance), names::upstream_pending(upstream, instance));
        let queued = names::upstream_queued(upstream, instance);
        let mut live = live();
        let those = live.entry(key.clone()).or_default();
        if those.is_empty() {
            pending.set(0.0);
            queued.set(0.0);
        }
        those.push(Live { id, url: url.into(), up: Some(true), drained: false });
        up.set(value(those));
        drop(live);
        Self {
            key,
            id,
            up,
            pending,
            queued,
            rejected: ["queue_full", "queue_timeout"]
                .map(|reason| names::upstream_rejected(upstream, instance, reason)),
            ejections: names::upstream_ejections(upstream, instance),
            results: UpstreamResult::ALL.map(|result| names::upstream_requests(upstream, instance, result)),
        }
    }

    pub(super) fn count(&self, result: UpstreamResult) {
        self.results[result as usize].increment(1);
    }

    /// A request got no place.
    pub(super) fn rejected(&self, full: QueueError) {
        let [queue, timeout] = &self.rejected;
        match full {
            QueueError::Queue => queue.increment(1),
            QueueError::TimedOut => timeout.increment(1),
        }
    }

    /// Whether the instance is healthy. An instance that is no longer in the config has no gauge.
    pub(super) fn stands(&self, up: bool) {
        self.set(|this| this.up = this.up.and(Some(up)));
    }

    /// An operator has drained the instance, or has given it requests again.
    pub(super) fn drained(&self, drained: bool) {
        self.set(|this| this.drained = drained);
    }

    /// It is not among the instances that are served any more, though requests may be under way; or it is again.
    pub(super) fn served(&self, up: Option<bool>) {
        self.set(|this| this.up = up);
    }

    fn set(&self, set: impl Fn(&mut Live)) {
        let mut live = live();
        let those = live.get_mut(&self.key).map_or(&mut [][..], Vec::as_mut_slice);
        for this in those.iter_mut().filter(|this| this.id == self.id) {
            set(this);
        }
        self.up.set(value(those));
    }
}

impl Drop for InstanceMetrics {
    fn drop(&mut self) {
        let mut live = live();
        let Some(those) = live.get_mut(&self.key) else { return };
        those.retain(|this| this.id != self.id);
        self.up.set(value(those));
        if those.is_empty() {
            live.remove(&self.key);
            self.pending.set(NOTHING);
            self.queued.set(NOTHING);
        }
    }
}

/// Of one URL, the youngest that is served counts; of several, all must be up.
fn value(those: &[Live]) -> f64 {
    let replaced = |at: usize| those[at + 1..].iter().any(|later| later.up.is_some() && later.url == those[at].url);
    let ups = those
        .iter()
        .enumerate()
        .filter(|(at, _)| !replaced(*at))
        .filter_map(|(_, this)| Some(this.up? && !this.drained));
    match ups.reduce(|all, up| all && up) {
        None => NOTHING,
        Some(true) => 1.0,
        Some(false) => 0.0,
    }
}

fn live() -> MutexGuard<'static, BTreeMap<InstanceLabels, Vec<Live>>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for InstanceMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (upstream, instance) = &self.key;
        f.debug_struct("InstanceMetrics")
            .field("upstream", upstream)
            .field("instance", instance)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;
    use crate::gateway::telemetry::recorder;

    #[test]
    fn a_gauge_is_of_those_that_are_there() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _mine = metrics::set_default_local_recorder(&recorder);
        let up = || {
            let text = recorder::render(&recorder.handle());
            let mut lines = text.lines().filter(|line| line.starts_with("sunward_upstream_up{"));
            lines.next().and_then(|line| line.rsplit(' ').next().map(str::to_owned)).unwrap_or_default()
        };
        let new = |url: &str| InstanceMetrics::new("gauges", "a:1", url);
        assert_eq!(up(), "");
        let first = new("http://a:1/");
        assert_eq!(up(), "1");
        first.stands(false);
        assert_eq!(up(), "0");
        // It is edited: the same URL, another instance, of which nothing is held against it.
        let second = new("http://a:1/");
        assert_eq!(up(), "1");
        first.stands(false);
        assert_eq!(up(), "1", "a finished request does not change the gauge");
        drop(first);
        assert_eq!(up(), "1");
        let prefix = new("http://a:1/b");
        prefix.stands(false);
        assert_eq!(up(), "0");
        second.served(None);
        assert_eq!(up(), "0");
        prefix.stands(true);
        assert_eq!(up(), "1", "what is not served any more does not count");
        prefix.drained(true);
        assert_eq!(up(), "0", "a drained instance gets no requests");
        prefix.stands(true);
        assert_eq!(up(), "0", "whatever its checks find");
        prefix.drained(false);
        assert_eq!(up(), "1");
        prefix.stands(false);
        second.stands(true);
        prefix.served(None);
        assert_eq!(up(), "", "the instance is not in the config any more");
        second.served(Some(true));
        prefix.served(Some(false));
        assert_eq!(up(), "0", "they are back");
        drop(second);
        assert_eq!(up(), "0");
        drop(prefix);
        assert_eq!(up(), "");
        let back = new("http://a:1/");
        back.pending.increment(1.0);
        assert_eq!(up(), "1");
        let text = recorder::render(&recorder.handle());
        assert!(text.contains("sunward_upstream_pending{upstream=\"gauges\",instance=\"a:1\"} 1\n"), "{text}");
        back.pending.decrement(1.0);
    }
}
