//! The metrics of the process, and how they are rendered.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::clock::{Clock, SystemClock};
use crate::names;

/// From what a migration takes to what a slow upstream takes, in seconds.
const BUCKETS: [f64; 14] =
    [0.000_01, 0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];
/// Gauges of what may go while the process lives.
const PASSING: [&str; 3] = [names::UPSTREAM_UP, names::UPSTREAM_PENDING, names::SUNSET_TIMESTAMP];
/// Samples are kept raw until they are drained.
const UPKEEP: Duration = Duration::from_secs(5);

/// What `GET /metrics` renders. A gateway records through the `metrics` facade, and installs no recorder by itself.
#[derive(Clone)]
pub struct Metrics {
    source: MetricsSource,
}

#[derive(Clone)]
enum MetricsSource {
    Prometheus(PrometheusHandle),
    Function(Arc<dyn Fn() -> String + Send + Sync>),
}

/// The process has another metrics recorder.
#[derive(Debug)]
#[non_exhaustive]
pub struct MetricsInstalled;

// === impl Metrics ===

impl Metrics {
    /// Installs a Prometheus recorder for the whole process, with the buckets of this crate's histograms. Called again, it
    /// returns the same one.
    ///
    /// # Errors
    /// The process has another recorder: render that with [`from_fn`](Self::from_fn).
    pub fn install() -> Result<Self, MetricsInstalled> {
        static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
        let handle = HANDLE.get_or_init(install).clone();
        handle.map(|handle| Self { source: MetricsSource::Prometheus(handle) }).ok_or(MetricsInstalled)
    }

    /// Renders with `render`, in Prometheus's text format, the recorder that the caller has installed.
    pub fn from_fn(render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self { source: MetricsSource::Function(Arc::new(render)) }
    }

    /// The text to be scraped, made on a thread that serves no requests: with many versions it is long.
    pub(in crate::gateway) async fn scrape(&self) -> String {
        let metrics = self.clone();
        tokio::task::spawn_blocking(move || metrics.render()).await.unwrap_or_default()
    }

    fn render(&self) -> String {
        match &self.source {
            MetricsSource::Prometheus(handle) => render(handle),
            MetricsSource::Function(render) => render(),
        }
    }

    /// Drains samples, which are kept raw until then.
    pub(in crate::gateway) fn drain(&self) {
        if let MetricsSource::Prometheus(handle) = &self.source {
            handle.run_upkeep();
        }
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let source = match &self.source {
            MetricsSource::Prometheus(_) => "the recorder of this crate",
            MetricsSource::Function(_) => "a function",
        };
        f.debug_struct("Metrics").field("source", &source).finish()
    }
}

// === impl MetricsInstalled ===

impl std::fmt::Display for MetricsInstalled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the process has another metrics recorder")
    }
}

impl std::error::Error for MetricsInstalled {}

fn install() -> Option<PrometheusHandle> {
    let mut builder = PrometheusBuilder::new();
    for name in [names::MIGRATION_DURATION, names::REQUEST_DURATION] {
        builder = match builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), &BUCKETS) {
            Ok(builder) => builder,
            Err(_) => PrometheusBuilder::new(),
        };
    }
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).is_ok().then_some(handle)
}

/// What there is to be scraped. The recorder forgets no gauge; one without a number is of what is gone, and left out.
pub(in crate::gateway) fn render(metrics: &PrometheusHandle) -> String {
    let text = metrics.render();
    if !text.contains(" NaN\n") {
        return text;
    }
    let gone = |line: &str| line.ends_with(" NaN") && PASSING.iter().any(|name| line.starts_with(name));
    text.lines().filter(|line| !gone(line)).flat_map(|line| [line, "\n"]).collect()
}

/// Drains samples until it is dropped.
pub(in crate::gateway) async fn upkeep(metrics: Option<Metrics>) {
    // What may never happen is there from the start, so that its first time is seen as a rise.
    for result in ["accepted", "rejected"] {
        names::reloads(result).increment(0);
    }
    loop {
        if let Some(bytes) = super::memory::resident() {
            names::process_memory().set(bytes as f64);
        }
        tokio::time::sleep(UPKEEP).await;
        if let Some(metrics) = metrics.clone() {
            let _ = tokio::task::spawn_blocking(move || metrics.drain()).await;
        }
    }
}

/// Seconds since 1970, as a metric has it.
pub(in crate::gateway) fn now() -> f64 {
    SystemClock.now().as_secs() as f64
}
