//! Plans without a request: what serves HTTP, run on a message of a test.

use std::sync::Arc;

use http::Method;
use http::uri::PathAndQuery;

use super::{Inner, Plan, PlanOutcome};
use crate::catalog::{Catalog, RouteId, VersionSource, strip_start};
use crate::clock::Timestamp;
use crate::decide::{Question, decide};
use crate::resolve::Resolution;
use crate::version::VersionId;

// === impl Plan ===

impl Plan {
    /// The plan of a client that speaks `version` at `route` of the `api`-th api, whatever the dates of both. The target
    /// has the base path and no version.
    pub(crate) fn rehearse(
        catalog: &Arc<Catalog>,
        api: usize,
        route: RouteId,
        version: VersionId,
        method: Method,
        target: PathAndQuery,
    ) -> Self {
        let now = Timestamp::EPOCH;
        let entry = &catalog.apis()[api];
        let resolution = Resolution {
            api,
            request: version,
            response: version,
            source: VersionSource::Default,
            route: Some(route),
            undeclared: None,
            normal: None,
            below: entry.base_path.len(),
            consumer: None,
        };
        let decision = decide(&Question::new(entry.life(version, Some(route)), now));
        let inner = Inner {
            catalog: Arc::clone(catalog),
            outcome: PlanOutcome::Decided(resolution, decision),
            judged: None,
            method,
            target: Some(target),
            host: None,
            asked: None,
            mount: Box::default(),
            cors: None,
            now,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Path and query for a service that speaks `spoken`, the path without the prefix of the service; `None` if that
    /// version does not have the route.
    pub(crate) fn rehearse_target(&self, spoken: VersionId) -> Option<(String, String)> {
        let forward = self.forward(spoken)?;
        let (path, query) = match &forward.target {
            Some(target) => (strip_start(target.path(), &self.forward_prefix(spoken))?, target.query()),
            None => (self.below(self.resolution()?), Some(self.query())),
        };
        Some((path.to_owned(), query.unwrap_or_default().to_owned()))
    }
}
