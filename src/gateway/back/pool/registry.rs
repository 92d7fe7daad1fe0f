//! Keeps instances over reloads, and while their hosts come to stand for others: what they are is the same, whatever the
//! file says about it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::Pool;
use super::endpoint::Endpoint;
use super::hosts::Hosts;
use super::switch::RolloutSwitch;
use crate::gateway::wire::lookup::HostLookup;

/// The instances that some config still names.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Registry {
    known: Arc<Mutex<Known>>,
    hosts: Hosts,
    rollouts: Arc<Mutex<BTreeMap<String, Arc<RolloutSwitch>>>>,
}

type Known = HashMap<String, Weak<Endpoint>>;
pub(super) type Pools = BTreeMap<String, Arc<Pool>>;

// === impl Registry ===

impl Registry {
    pub(in crate::gateway) fn new(lookup: HostLookup) -> Self {
        Self { known: Arc::default(), hosts: Hosts::new(lookup), rollouts: Arc::default() }
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

    /// The rollout of an upstream, which is the same for every config.
    pub(in crate::gateway) fn rollout_switch(&self, upstream: &str) -> Arc<RolloutSwitch> {
        let mut rollouts = self.rollouts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(rollouts.entry(upstream.to_owned()).or_default())
    }

    /// Forgets the instances that no config has any more.
    pub(super) fn forget_gone(&self) {
        self.lock().retain(|_, endpoint| endpoint.strong_count() > 0);
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
