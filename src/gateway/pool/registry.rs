//! Builds pools, and keeps their instances over reloads: what they are is the same, whatever the file says about it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use http::HeaderName;
use http::uri::PathAndQuery;

use super::budget::Budget;
use super::connect::Connector;
use super::endpoint::{Endpoint, Spec};
use super::health::Policy;
use super::{Member, Pool};
use crate::config::{Timeouts, Upstream};
use crate::gateway::load::{Loaded, Service};
use crate::names;

/// The instances that some config still names.
#[derive(Clone, Debug, Default)]
pub(in crate::gateway) struct Registry {
    known: Arc<Mutex<HashMap<String, Weak<Endpoint>>>>,
}

// === impl Registry ===

impl Registry {
    /// The pools of a config.
    pub(in crate::gateway) fn pools(&self, loaded: &Loaded) -> BTreeMap<String, Arc<Pool>> {
        let timeouts = &loaded.gateway.timeouts;
        let pools = loaded.services.iter().map(|service| {
            let pool = self.pool(service, timeouts);
            (service.spec.name.value.clone(), Arc::new(pool))
        });
        let pools = pools.collect();
        self.lock().retain(|_, endpoint| endpoint.strong_count() > 0);
        pools
    }

    fn pool(&self, service: &Service, timeouts: &Timeouts) -> Pool {
        let spec = &service.spec;
        let members = spec.instances.iter().zip(&service.speaks).map(|(instance, speaks)| Member {
            endpoint: self.endpoint(service, &instance.url.value, timeouts),
            weight: instance.weight,
            speaks: speaks.clone(),
        });
        Pool {
            name: spec.name.as_str().into(),
            members: members.collect(),
            retries: spec.retries,
            websocket: spec.websocket,
            response_timeout: spec.response_timeout.unwrap_or(timeouts.response),
            connect_timeout: timeouts.connect,
            policy: policy(spec),
            check: spec.check.clone(),
            resolve: spec.resolve,
            slow_start: spec.slow_start,
            panic: spec.panic,
            budget: Budget::new(spec.retry_budget, Instant::now()),
            retried: names::upstream_retries(&spec.name.value),
        }
    }

    fn endpoint(&self, service: &Service, url: &http::Uri, timeouts: &Timeouts) -> Arc<Endpoint> {
        let spec = &service.spec;
        let keep = timeouts.upstream_idle;
        let key = format!("{} {url} {:?} {:?} {} {keep:?}", spec.name.value, spec.tls, spec.speaks_from, spec.http2);
        let mut known = self.lock();
        // TLS files may be others under the same names, so that such an instance is always made anew.
        if let Some(endpoint) = known.get(&key).and_then(Weak::upgrade).filter(|_| service.tls.is_none()) {
            return endpoint;
        }
        let tls = service.tls.clone().filter(|_| url.scheme_str() == Some("https"));
        let tls = tls.and_then(|config| Some((config, service.server_name(url)?)));
        let speaks_from = spec.speaks_from.as_ref().and_then(|from| {
            let path = PathAndQuery::try_from(from.path.as_str()).ok()?;
            Some((path, HeaderName::try_from(from.header.as_str()).ok()?))
        });
        let endpoint = Arc::new(Endpoint::new(Spec {
            upstream: spec.name.as_str().into(),
            url: url.clone(),
            connector: Connector::new(url, tls),
            http2: spec.http2,
            speaks_from,
            keep,
        }));
        known.insert(key, Arc::downgrade(&endpoint));
        endpoint
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Weak<Endpoint>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn policy(spec: &Upstream) -> Policy {
    let (rise, fall) = spec.check.as_ref().map_or((1, 1), |check| (check.rise, check.fall));
    Policy { after: spec.eject.after, lasting: spec.eject.lasting, rise, fall }
}
