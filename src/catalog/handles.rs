//! Metric handles of a catalog, each registered once and then only added to.

use std::sync::OnceLock;

use super::entry::ApiEntry;
use super::router::RouteId;
use crate::clock::Timestamp;
use crate::names::{self, Handles, Labels, MigrationHandles, OTHER, UNMATCHED};
#[cfg(feature = "usage")]
use crate::usage::UsedRoute;
use crate::version::VersionId;

/// The handles of one api.
///
/// A full set would be versions × routes × methods, most of them never used and each a line in every scrape; so a
/// handle is registered at its first use, and found by its place from then on. What there is one of for each version
/// is registered at load.
#[derive(Debug)]
pub(crate) struct ApiHandles {
    versions: usize,
    requests: Box<[OnceLock<Box<Handles>>]>,
    migrations: Box<[OnceLock<MigrationHandles>]>,
    #[cfg(feature = "usage")]
    used: Box<[OnceLock<UsedRoute>]>,
}

/// Those of the labels, and one place for all others.
const METHODS: usize = names::METHODS.len() + 1;

// === impl ApiHandles ===

impl ApiHandles {
    /// Room for the handles of `api`.
    #[must_use]
    pub(super) fn new(api: &ApiEntry) -> Self {
        let (versions, routes) = (api.versions.len() + 1, api.routes.len() + 1);
        let empty = |len: usize| (0..len).map(|_| OnceLock::new()).collect();
        Self {
            versions,
            requests: empty(versions * routes * METHODS),
            migrations: (0..routes * 2).map(|_| OnceLock::new()).collect(),
            #[cfg(feature = "usage")]
            used: (0..versions * routes * METHODS).map(|_| OnceLock::new()).collect(),
        }
    }

    /// The handles of requests; `None` stands for what is none of the api's.
    pub(crate) fn requests(
        &self,
        api: &ApiEntry,
        version: Option<VersionId>,
        route: Option<RouteId>,
        method: &str,
    ) -> &Handles {
        let (at, method) = self.place(api, version, route, method);
        self.requests[at].get_or_init(|| {
            Box::new(Handles::new(Labels {
                api: api.name.to_string(),
                version: version_label(api, version).to_owned(),
                route: route_label(api, route),
                method,
            }))
        })
    }

    /// What the ledger calls requests.
    #[cfg(feature = "usage")]
    pub(crate) fn used_route(
        &self,
        api: &ApiEntry,
        version: Option<VersionId>,
        route: Option<RouteId>,
        method: &str,
    ) -> &UsedRoute {
        let (at, method) = self.place(api, version, route, method);
        self.used[at]
            .get_or_init(|| UsedRoute::new(&api.name, version_label(api, version), method, &route_label(api, route)))
    }

    /// The place of what is counted for each version, route and method, and the label of the method.
    fn place(
        &self,
        api: &ApiEntry,
        version: Option<VersionId>,
        route: Option<RouteId>,
        method: &str,
    ) -> (usize, &'static str) {
        let method = names::METHODS.iter().position(|known| *known == method).unwrap_or(METHODS - 1);
        let (v, r) = (version.map_or(self.versions - 1, VersionId::index), route_index(api, route));
        let at = (r * self.versions + v) * METHODS + method;
        (at, names::METHODS.get(method).copied().unwrap_or(OTHER))
    }

    /// The handles of migrations; `response` or request.
    pub(crate) fn migrations(&self, api: &ApiEntry, route: Option<RouteId>, response: bool) -> &MigrationHandles {
        let at = route_index(api, route) * 2 + usize::from(response);
        let direction = if response { "response" } else { "request" };
        self.migrations[at].get_or_init(|| MigrationHandles::new(&api.name, &route_label(api, route), direction))
    }
}

fn route_index(api: &ApiEntry, route: Option<RouteId>) -> usize {
    route.map_or(api.routes.len(), RouteId::index)
}

fn version_label(api: &ApiEntry, version: Option<VersionId>) -> &str {
    version.map_or(OTHER, |id| &*api.version(id).text)
}

fn route_label(api: &ApiEntry, route: Option<RouteId>) -> String {
    route.map_or(UNMATCHED, |id| api.route(id).label()).to_owned()
}

/// What is known before the first request: what the metrics mean, and when versions end.
pub(super) fn register(apis: &[ApiEntry]) {
    names::describe();
    for api in apis {
        for version in &api.versions {
            if let Some(sunset) = version.life.sunset {
                names::sunset_timestamp(&api.name, &version.text).set(seconds(sunset));
            }
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "seconds of the years to 9999 are far below 2^53")]
fn seconds(at: Timestamp) -> f64 {
    at.as_secs() as f64
}
