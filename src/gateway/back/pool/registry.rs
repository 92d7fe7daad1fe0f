//! Keeps instances over reloads, and while their hosts come to stand for others: what they are is the same, whatever the
//! file says about it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::Pool;
use super::endpoint::Endpoint;
use super::hosts::Hosts;
use super::spec::{self, PoolSpec};
use crate::gateway::config::load::Loaded;
use crate::gateway::wire::lookup::HostLookup;

/// The instances that some config still names.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Registry {
    known: Arc<Mutex<Known>>,
    hosts: Hosts,
}

type Known = HashMap<String, Weak<Endpoint>>;
type Pools = BTreeMap<String, Arc<Pool>>;

// === impl Registry ===

impl Registry {
    pub(in crate::gateway) fn new(lookup: HostLookup) -> Self {
        Self { known: Arc::default(), hosts: Hosts::new(lookup) }
    }

    /// Looks up the names of a config that are not known yet, for a bounded time.
    pub(in crate::gateway) async fn learn(&self, loaded: &Loaded) {
        self.hosts.learn(loaded.services.iter().flat_map(spec::names_of)).await;
    }

    /// The pools of a config, with what is known of its names.
    pub(in crate::gateway) fn pools(&self, loaded: &Loaded) -> Pools {
        let timeouts = &loaded.gateway.timeouts;
        let recipes: Vec<_> = loaded.services.iter().map(|service| PoolSpec::new(service, timeouts)).collect();
        let names: Vec<&str> = recipes.iter().flat_map(|spec| spec.names()).map(|(name, _)| name).collect();
        self.hosts.keep_only(&names);
        let pools = recipes.iter().map(|spec| spec.pool(self)).map(|pool| (pool.name.to_string(), Arc::new(pool)));
        let pools = pools.collect();
        self.lock().retain(|_, endpoint| endpoint.strong_count() > 0);
        pools
    }

    /// The same pools, with the addresses that their hosts have now; `None` if nothing changed.
    pub(in crate::gateway) fn renewed(&self, pools: &Pools) -> Option<Pools> {
        let mut any = false;
        let renewed = pools.iter().map(|(name, pool)| {
            let new = pool.spec.renewed(pool, self).map(Arc::new);
            any |= new.is_some();
            (name.clone(), new.unwrap_or_else(|| Arc::clone(pool)))
        });
        let renewed = renewed.collect();
        self.lock().retain(|_, endpoint| endpoint.strong_count() > 0);
        any.then_some(renewed)
    }

    /// Ends once some host has other addresses.
    pub(in crate::gateway) async fn changed(&self) {
        self.hosts.changed().await;
    }

    /// Whether readiness waits for these pools: a host has no address yet, and the gateway has just been started.
    pub(in crate::gateway) fn waits(&self, pools: &Pools) -> bool {
        self.hosts.wait() && pools.values().any(|pool| !pool.unresolved.is_empty())
    }

    pub(super) const fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// The instance that is known by `key`; a new one if there is none.
    pub(super) fn endpoint(&self, key: String, make: impl FnOnce() -> Endpoint) -> Arc<Endpoint> {
        let mut known = self.lock();
        if let Some(endpoint) = known.get(&key).and_then(Weak::upgrade) {
            return endpoint;
        }
        let endpoint = Arc::new(make());
        known.insert(key, Arc::downgrade(&endpoint));
        endpoint
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
