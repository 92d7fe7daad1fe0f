//! Who used a version before it was closed to new consumers, as the ledger knows it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::catalog::Catalog;
use crate::clock::Timestamp;
use crate::consumer::{Consumer, KnownConsumers};
use crate::usage::{LedgerError, SqlLedger};

/// The consumers of closed versions. Clones share it. It is asked on the way of requests, and read from the ledger beside them: a version
/// that was not read yet is closed to no consumer.
#[derive(Clone, Debug, Default)]
pub(in crate::gateway) struct FormerConsumers {
    inner: Arc<ArcSwap<ConsumersByVersion>>,
}

/// By api and version.
type ConsumersByVersion = HashMap<Box<str>, HashMap<Box<str>, HashSet<Box<str>>>>;

// === impl FormerConsumers ===

impl FormerConsumers {
    /// Reads who used the versions that are closed at the time `now`.
    pub(in crate::gateway) async fn read(
        &self,
        catalog: &Catalog,
        ledger: &SqlLedger,
        environment: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let mut all = ConsumersByVersion::new();
        for api in catalog.apis() {
            for version in &api.versions {
                let of_routes = api.routes.iter().flat_map(|route| &route.lives);
                let of_routes = of_routes.filter(|(of, _)| *of == version.id).filter_map(|(_, life)| life.closed);
                // A route may be closed earlier or later than its version: who came before the last of the dates is no new consumer.
                let closed = version.life.closed.into_iter().chain(of_routes).filter(|closed| *closed <= now).max();
                let Some(closed) = closed else { continue };
                let names = ledger.consumers_before(environment, &api.name, &version.text, closed).await?;
                let names = names.into_iter().map(String::into_boxed_str).collect();
                all.entry(api.name.clone()).or_default().insert(version.text.clone(), names);
            }
        }
        self.inner.store(Arc::new(all));
        Ok(())
    }
}

impl KnownConsumers for FormerConsumers {
    fn knew(&self, api: &str, version: &str, consumer: &Consumer) -> bool {
        let all = self.inner.load();
        let known = all.get(api).and_then(|versions| versions.get(version));
        known.is_none_or(|names| names.contains(consumer.as_str()))
    }
}
