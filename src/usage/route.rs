//! A route of a version, as the ledger counts it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// A route of one version of one API. Made once for each, since requests compare it by its hash: a cheap clone.
#[derive(Clone)]
pub struct UsedRoute(Arc<RouteParts>);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct RouteParts {
    api: Box<str>,
    version: Box<str>,
    template: Box<str>,
    method: Box<str>,
    hash: u64,
}

// === impl UsedRoute ===

impl UsedRoute {
    /// The route `method template` of `version` of `api`. What clients write is no part of it: an unknown version is `_other`, an
    /// unknown path `_unmatched`, an unknown method `_other`.
    #[must_use]
    pub fn new(api: &str, version: &str, method: &str, template: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (api, version, method, template).hash(&mut hasher);
        let hash = hasher.finish();
        let [api, version, template, method] = [api, version, template, method].map(Box::from);
        Self(Arc::new(RouteParts { api, version, template, method, hash }))
    }

    /// The name of the API.
    #[must_use]
    pub fn api(&self) -> &str {
        &self.0.api
    }

    /// The name of the version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.0.version
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.0.method
    }

    /// The template of the path.
    #[must_use]
    pub fn template(&self) -> &str {
        &self.0.template
    }

    pub(super) fn id(&self) -> u64 {
        self.0.hash
    }
}

impl PartialEq for UsedRoute {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Eq for UsedRoute {}

impl Hash for UsedRoute {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

/// By API, version, template and method.
impl Ord for UsedRoute {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        if Arc::ptr_eq(&self.0, &other.0) { std::cmp::Ordering::Equal } else { self.0.cmp(&other.0) }
    }
}

impl PartialOrd for UsedRoute {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl std::fmt::Debug for UsedRoute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {} {}", self.api(), self.version(), self.method(), self.template())
    }
}
