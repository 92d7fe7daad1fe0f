//! The metrics of what requests count, registered once for each version on each route.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use super::{
    BROWNOUT, DEPRECATED_REQUESTS, GONE, MIGRATION_COLLISIONS, MIGRATION_DURATION, MIGRATION_ERRORS, MIGRATION_PASSED,
    MIGRATION_UNTYPED, Outcome, REQUEST_DURATION, REQUESTED_DEPRECATED, REQUESTS, RESPONSE_BYTES, UNDECLARED,
    UndeclaredLabel,
};

/// The labels of one version on one route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Labels {
    /// The api's name.
    pub api: String,
    /// The version's, or [`OTHER`](super::OTHER).
    pub version: String,
    /// The route's template, or [`UNMATCHED`](super::UNMATCHED).
    pub route: String,
    /// Of the closed set of [`METHODS`](super::METHODS).
    pub method: &'static str,
}

/// The handles of one version on one route. Made once: counting is an addition.
#[derive(Clone)]
pub(crate) struct Handles {
    labels: Labels,
    deprecated: Counter,
    gone: Counter,
    brownout: Counter,
    requested: Gauge,
    bytes: Counter,
    duration: Histogram,
    requests: [[std::sync::OnceLock<Counter>; OUTCOMES.len()]; CLASSES.len()],
    undeclared: [std::sync::OnceLock<Counter>; 3],
}

/// The handles of migrations in one direction, on one route.
#[derive(Clone)]
pub(crate) struct MigrationHandles {
    /// Time, in seconds.
    pub duration: Histogram,
    /// Bodies that could not be migrated.
    pub errors: Counter,
    /// Values left as they were.
    pub passed: Counter,
    /// Collisions.
    pub collisions: Counter,
    /// Bodies that no `Content-Type` said to be JSON.
    untyped: Counter,
    has_untyped: Arc<AtomicBool>,
}

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
const OUTCOMES: [Outcome; 9] = [
    Outcome::Served,
    Outcome::Spared,
    Outcome::Refused,
    Outcome::Brownout,
    Outcome::Closed,
    Outcome::Gone,
    Outcome::Failed,
    Outcome::Error,
    Outcome::Aborted,
];

// === impl Handles ===

impl Handles {
    /// Registers them with the recorder of the moment.
    #[must_use]
    pub(crate) fn new(labels: Labels) -> Self {
        let Labels { api, version, route, method } = labels.clone();
        let open_telemetry = [
            ("api", api.clone()),
            ("version", version.clone()),
            ("http_route", route.clone()),
            ("http_request_method", method.to_owned()),
        ];
        let all = [("api", api), ("version", version), ("route", route), ("method", method.to_owned())];
        Self {
            labels,
            deprecated: counter!(DEPRECATED_REQUESTS, &all),
            gone: counter!(GONE, &all),
            brownout: counter!(BROWNOUT, &all),
            requested: gauge!(REQUESTED_DEPRECATED, &all[..3]),
            bytes: counter!(RESPONSE_BYTES, &all),
            duration: histogram!(REQUEST_DURATION, &open_telemetry),
            requests: Default::default(),
            undeclared: Default::default(),
        }
    }

    /// Counts one request.
    pub(crate) fn request(&self, status: u16, outcome: Outcome, bytes: u64, seconds: f64) {
        let class = usize::from((status / 100).clamp(1, 5) - 1);
        let counter = &self.requests[class][outcome as usize];
        counter.get_or_init(|| self.register(class, outcome)).increment(1);
        self.bytes.increment(bytes);
        self.duration.record(seconds);
        match outcome {
            Outcome::Gone => self.gone.increment(1),
            Outcome::Brownout => self.brownout.increment(1),
            _ => {}
        }
    }

    /// Counts a request that a brownout would have refused, but for a dry run.
    pub(crate) fn spared_brownout(&self) {
        self.brownout.increment(1);
    }

    /// Counts what passed although nothing names it.
    pub(crate) fn undeclared(&self, what: UndeclaredLabel) {
        let register = || {
            let Labels { api, version, route, method } = self.labels.clone();
            counter!(
                UNDECLARED,
                "api" => api,
                "version" => version,
                "route" => route,
                "method" => method,
                "what" => what.as_str(),
            )
        };
        self.undeclared[what as usize].get_or_init(register).increment(1);
    }

    /// Counts a request for a deprecated version.
    pub(crate) fn deprecated(&self) {
        self.deprecated.increment(1);
        self.requested.set(1.0);
    }

    fn register(&self, class: usize, outcome: Outcome) -> Counter {
        let Labels { api, version, route, method } = self.labels.clone();
        counter!(
            REQUESTS,
            "api" => api,
            "version" => version,
            "route" => route,
            "method" => method,
            "status_class" => CLASSES[class],
            "outcome" => outcome.as_str(),
        )
    }
}

impl std::fmt::Debug for Handles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handles").field("labels", &self.labels).finish_non_exhaustive()
    }
}

// === impl MigrationHandles ===

impl MigrationHandles {
    /// Registers them; `direction` is `request` or `response`.
    #[must_use]
    pub(crate) fn new(api: &str, route: &str, direction: &'static str) -> Self {
        let all = [("api", api.to_owned()), ("route", route.to_owned()), ("direction", direction.to_owned())];
        Self {
            duration: histogram!(MIGRATION_DURATION, &all),
            errors: counter!(MIGRATION_ERRORS, &all),
            passed: counter!(MIGRATION_PASSED, &all),
            collisions: counter!(MIGRATION_COLLISIONS, &all),
            untyped: counter!(MIGRATION_UNTYPED, &all),
            has_untyped: Arc::default(),
        }
    }

    /// Counts a body that no `Content-Type` said to be JSON; whether it is the first.
    #[must_use]
    pub(crate) fn untyped(&self) -> bool {
        self.untyped.increment(1);
        !self.has_untyped.swap(true, Ordering::Relaxed)
    }
}

impl std::fmt::Debug for MigrationHandles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let has_untyped = self.has_untyped.load(Ordering::Relaxed);
        f.debug_struct("MigrationHandles").field("has_untyped", &has_untyped).finish_non_exhaustive()
    }
}
