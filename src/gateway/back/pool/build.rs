//! The pools of a config, and the same pools once hosts have other addresses.

use std::sync::Arc;

use super::LoadedUpstream;
use super::registry::{Pools, Registry};
use super::spec::{self, PoolSpec};
use crate::config::Timeouts;

// === impl Registry ===

impl Registry {
    /// Looks up the names of a config that are not known yet, for a bounded time.
    pub(in crate::gateway) async fn learn(&self, upstreams: &[LoadedUpstream]) {
        self.hosts().learn(upstreams.iter().flat_map(spec::names_of)).await;
    }

    /// The pools of a config, with what is known of its names.
    pub(in crate::gateway) fn pools(&self, upstreams: &[LoadedUpstream], timeouts: &Timeouts) -> Pools {
        let specs: Vec<_> = upstreams.iter().map(|upstream| PoolSpec::new(upstream, timeouts, self)).collect();
        let names: Vec<&str> = specs.iter().flat_map(|spec| spec.names()).map(|(name, _)| name).collect();
        self.hosts().keep_only(&names);
        let pools = specs.iter().map(|spec| spec.pool(self)).map(|pool| (pool.name.to_string(), Arc::new(pool)));
        let pools = pools.collect();
        self.forget_gone();
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
        self.forget_gone();
        any.then_some(renewed)
    }
}
