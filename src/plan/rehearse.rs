//! Plans without a request: what serves HTTP, run on a message of a test.

use std::sync::Arc;

use http::Method;
use http::uri::{InvalidUri, PathAndQuery};

use super::altered::AlteredBy;
use super::{Inner, Plan, PlanOutcome};
use crate::catalog::{Catalog, RouteId, VersionSource, VersionSources, strip_start};
use crate::clock::Timestamp;
use crate::decide::{Question, decide};
use crate::resolve::Resolution;
use crate::version::VersionId;

// === impl Plan ===

impl Plan {
    /// The plan of a client that speaks `version` at `route` of the `api`-th api, whatever the dates of both. `below` is
    /// the path and the query below the base path, without a version. Where a version can only be named in the path, the
    /// client names it there.
    pub(crate) fn rehearse(
        catalog: &Arc<Catalog>,
        api: usize,
        route: RouteId,
        version: VersionId,
        method: Method,
        below: &str,
    ) -> Result<Self, InvalidUri> {
        let now = Timestamp::EPOCH;
        let entry = &catalog.apis()[api];
        let (source, prefix) = match &entry.sources {
            VersionSources { path: Some(template), media: None, header: None, query: None, host: None } => {
                let named = template.render(&entry.version(version).text);
                (VersionSource::Path, format!("{}{named}", entry.base_path))
            }
            _ => (VersionSource::Default, entry.base_path.to_string()),
        };
        let resolution = Resolution {
            api,
            request: version,
            response: version,
            source,
            route: Some(route),
            undeclared: None,
            normal: None,
            below: prefix.len(),
            consumer: None,
        };
        let decision = decide(&Question::new(entry.life(version, Some(route)), now));
        let inner = Inner {
            catalog: Arc::clone(catalog),
            outcome: PlanOutcome::Decided(resolution, decision),
            judged: None,
            method,
            target: Some(PathAndQuery::try_from(format!("{prefix}{below}"))?),
            host: None,
            asked: None,
            mount: Box::default(),
            cors: None,
            now,
            altered: AlteredBy::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
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
