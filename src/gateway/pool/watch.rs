//! What goes on beside requests: health checks, host names, idle connections.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::uri::PathAndQuery;
use tokio::task::JoinSet;

use super::{Endpoint, Pool};
use crate::config::Check;

/// How often idle connections are looked through.
const SWEEP: Duration = Duration::from_secs(5);

/// Watches the instances of `pools` until it is dropped.
pub(in crate::gateway) fn watch(pools: &BTreeMap<String, Arc<Pool>>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for pool in pools.values() {
        for member in &pool.members {
            tasks.spawn(keep(Arc::clone(&member.endpoint), pool.resolve));
            if let Some(check) = &pool.check {
                tasks.spawn(checks(Arc::clone(pool), Arc::clone(&member.endpoint), check.clone()));
            }
        }
    }
    tasks
}

/// Lets go of connections that nobody needs.
async fn keep(endpoint: Arc<Endpoint>, resolve: Duration) {
    let mut addresses = Vec::new();
    let mut looked_up: Option<Instant> = None;
    loop {
        if looked_up.is_none_or(|at| at.elapsed() >= resolve) {
            endpoint.resolve(&mut addresses).await;
            looked_up = Some(Instant::now());
        }
        tokio::time::sleep(SWEEP.min(resolve)).await;
        endpoint.sweep(Instant::now());
    }
}

async fn checks(pool: Arc<Pool>, endpoint: Arc<Endpoint>, check: Check) {
    let Ok(path) = PathAndQuery::try_from(check.path.as_str()) else { return };
    loop {
        let result = endpoint.check(&path, check.timeout).await;
        if let Err(problem) = &result {
            tracing::debug!(upstream = %pool.name, instance = %endpoint.url, %problem, "a health check failed");
        }
        endpoint.checked(result.is_ok(), Instant::now(), pool.policy);
        // Not all gateways at the same moment.
        tokio::time::sleep(check.every.mul_f64(0.9 + fastrand::f64() * 0.2)).await;
    }
}
