//! What goes on beside requests: health checks, host names, idle connections.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::Uri;
use http::uri::{Authority, PathAndQuery};
use tokio::task::JoinSet;

use super::health::Policy;
use super::hosts::Hosts;
use super::instance_metrics::InstanceMetrics;
use super::{Endpoint, Pool, Registry};

/// How often idle connections are looked through.
const SWEEP: Duration = Duration::from_secs(5);

/// Watches the instances and the hosts of the pools that are served, until it is dropped. What stays when others are
/// served goes on.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Watch {
    hosts: Hosts,
    watched: Arc<Mutex<WatchedSet>>,
}

#[derive(Debug, Default)]
struct WatchedSet {
    /// By where they are in memory, which each keeps.
    endpoints: HashMap<usize, WatchTasks<(Arc<Endpoint>, WatchParams)>>,
    hosts: HashMap<Box<str>, WatchTasks<Duration>>,
    /// Instances that are down because they have no address, by upstream and URL.
    unresolved: HashMap<(Box<str>, Arc<str>), InstanceMetrics>,
}

/// Tasks, and what they were begun with.
#[derive(Debug)]
struct WatchTasks<T> {
    with: T,
    _tasks: JoinSet<()>,
}

/// How an instance is watched.
#[derive(Clone, Debug, PartialEq)]
struct WatchParams {
    check: Option<CheckParams>,
    resolve: Duration,
    slow_start: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq)]
struct CheckParams {
    path: PathAndQuery,
    every: Duration,
    timeout: Duration,
    policy: Policy,
}

// === impl Watch ===

impl Watch {
    pub(in crate::gateway) fn new(registry: &Registry) -> Self {
        Self { hosts: registry.hosts().clone(), watched: Arc::default() }
    }

    /// Watches these from now on. All others get no more requests, and their connections are closed.
    pub(in crate::gateway) fn follow(&self, pools: &BTreeMap<String, Arc<Pool>>) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.instances(pools);
        watched.names(pools, &self.hosts);
        watched.unresolved(pools);
    }
}

// === impl WatchedSet ===

impl WatchedSet {
    fn instances(&mut self, pools: &BTreeMap<String, Arc<Pool>>) {
        let mut old = std::mem::take(&mut self.endpoints);
        for pool in pools.values() {
            let terms = WatchParams::of(pool);
            for endpoint in pool.members.iter().map(|member| &member.endpoint) {
                let place = Arc::as_ptr(endpoint).addr();
                let same = old.remove(&place).filter(|watching| watching.with.1 == terms);
                let begin = || WatchTasks::begin(endpoint, &terms);
                // One may be twice in a pool.
                self.endpoints.entry(place).or_insert_with(|| same.unwrap_or_else(begin));
                // It may have been away.
                endpoint.leave(false);
            }
        }
        for gone in old.into_values() {
            gone.with.0.leave(true);
        }
    }

    fn names(&mut self, pools: &BTreeMap<String, Arc<Pool>>, hosts: &Hosts) {
        let mut wanted: HashMap<&str, Duration> = HashMap::new();
        for (name, every) in pools.values().flat_map(|pool| pool.spec.names()) {
            let least = wanted.entry(name).or_insert(every);
            *least = every.min(*least);
        }
        self.hosts.retain(|name, watching| wanted.get(&**name) == Some(&watching.with));
        for (name, every) in wanted {
            self.hosts.entry(name.into()).or_insert_with(|| {
                let mut tasks = JoinSet::new();
                tasks.spawn(hosts.clone().follow(name.into(), every));
                WatchTasks { with: every, _tasks: tasks }
            });
        }
    }

    fn unresolved(&mut self, pools: &BTreeMap<String, Arc<Pool>>) {
        let mut old = std::mem::take(&mut self.unresolved);
        for pool in pools.values() {
            for instance in &pool.unresolved {
                let key = (pool.name.clone(), Arc::clone(&instance.name));
                let down = || {
                    let url = instance.name.parse::<Uri>().unwrap_or_default();
                    let authority = url.authority().map_or("", Authority::as_str);
                    let metrics = InstanceMetrics::new(&pool.name, authority, &instance.name);
                    metrics.stands(false);
                    metrics
                };
                let metrics = old.remove(&key).unwrap_or_else(down);
                self.unresolved.insert(key, metrics);
            }
        }
    }
}

// === impl WatchTasks ===

impl WatchTasks<(Arc<Endpoint>, WatchParams)> {
    fn begin(endpoint: &Arc<Endpoint>, terms: &WatchParams) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(keep(Arc::clone(endpoint), terms.clone()));
        if let Some(asking) = &terms.check {
            tasks.spawn(checks(Arc::clone(endpoint), asking.clone()));
        }
        Self { with: (Arc::clone(endpoint), terms.clone()), _tasks: tasks }
    }
}

// === impl WatchParams ===

impl WatchParams {
    fn of(pool: &Pool) -> Self {
        let check = pool.check.as_ref().and_then(|check| {
            let path = PathAndQuery::try_from(check.path.as_str()).ok()?;
            Some(CheckParams { path, every: check.every, timeout: check.timeout, policy: pool.policy })
        });
        Self { check, resolve: pool.spec.resolve(), slow_start: pool.slow_start }
    }
}

/// Closes connections that are no longer needed.
async fn keep(endpoint: Arc<Endpoint>, terms: WatchParams) {
    let mut addresses: Vec<SocketAddr> = Vec::new();
    let mut looked_up: Option<Instant> = None;
    loop {
        if looked_up.is_none_or(|at| at.elapsed() >= terms.resolve) {
            endpoint.resolve(&mut addresses).await;
            looked_up = Some(Instant::now());
        }
        tokio::time::sleep(SWEEP.min(terms.resolve)).await;
        endpoint.connections.sweep(Instant::now());
        endpoint.settle(Instant::now(), terms.slow_start);
    }
}

async fn checks(endpoint: Arc<Endpoint>, asking: CheckParams) {
    loop {
        let result = endpoint.connections.check(&asking.path, asking.timeout).await;
        if let Err(problem) = &result {
            let (upstream, instance) = (&endpoint.upstream, endpoint.label());
            tracing::debug!(%upstream, %instance, %problem, "health check failed");
        }
        endpoint.checked(result.is_ok(), Instant::now(), asking.policy);
        // Not all gateways at the same moment.
        tokio::time::sleep(asking.every.mul_f64(0.9 + fastrand::f64() * 0.2)).await;
    }
}
