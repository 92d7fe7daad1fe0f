//! The process's metrics recorder.

use std::sync::OnceLock;
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

/// The recorder's handle; installed by the first who asks. A process has one recorder: if it has another one already,
/// the metrics go there, and what is rendered here stays empty.
pub(in crate::gateway) fn prometheus() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(install).clone()
}

fn install() -> PrometheusHandle {
    let mut builder = PrometheusBuilder::new();
    for name in [names::MIGRATION_DURATION, names::REQUEST_DURATION] {
        builder = match builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), &BUCKETS) {
            Ok(builder) => builder,
            Err(_) => PrometheusBuilder::new(),
        };
    }
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("/metrics is empty: the process has another metrics recorder");
    }
    handle
}

/// As [`render`], on a thread that serves nobody: with many versions the text is long.
pub(in crate::gateway) async fn scrape(metrics: &PrometheusHandle) -> String {
    let metrics = metrics.clone();
    tokio::task::spawn_blocking(move || render(&metrics)).await.unwrap_or_default()
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
pub(in crate::gateway) async fn upkeep(metrics: PrometheusHandle) {
    // What may never happen is there from the start, so that its first time is seen as a rise.
    for result in ["accepted", "rejected"] {
        names::reloads(result).increment(0);
    }
    loop {
        if let Some(bytes) = super::memory::resident() {
            names::process_memory().set(bytes as f64);
        }
        tokio::time::sleep(UPKEEP).await;
        let metrics = metrics.clone();
        let _ = tokio::task::spawn_blocking(move || metrics.run_upkeep()).await;
    }
}

/// Seconds since 1970, as a metric has it.
pub(in crate::gateway) fn now() -> f64 {
    SystemClock.now().as_secs() as f64
}
