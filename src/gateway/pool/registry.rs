//! Builds pools, and keeps their instances over reloads: what they are is the same, whatever the file says about it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

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
        let key = key(service, url, keep);
        let mut known = self.lock();
        if let Some(endpoint) = known.get(&key).and_then(Weak::upgrade) {
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

/// All that makes an instance another one when it changes: what is said of it, not where in the file, and the state of the
/// files of its TLS.
fn key(service: &Service, url: &http::Uri, keep: Duration) -> String {
    let spec = &service.spec;
    let from = spec.speaks_from.as_ref().map(|from| (from.path.as_str(), from.header.as_str()));
    let tls = service.tls.as_ref().map(|_| {
        let files =
            [spec.tls.ca.as_ref()].into_iter().chain(spec.tls.identity.iter().flat_map(|(c, k)| [Some(c), Some(k)]));
        let files = files.flatten().map(|file| {
            let changed = std::fs::metadata(&file.value).and_then(|meta| meta.modified()).ok();
            (file.value.clone(), changed)
        });
        (files.collect::<Vec<_>>(), spec.tls.server_name.as_ref().map(|name| name.as_str()))
    });
    format!("{:?}", (spec.name.as_str(), url, spec.http2, from, tls, keep))
}

fn policy(spec: &Upstream) -> Policy {
    let (rise, fall) = spec.check.as_ref().map_or((1, 1), |check| (check.rise, check.fall));
    Policy { after: spec.eject.after, lasting: spec.eject.lasting, rise, fall }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;
    use crate::gateway::load::load;

    const FILE: &str = r#"
        [[api]]
        name = "kept"
        upstream = "a"
        [[api.version]]
        name = "1"
        [[upstream]]
        name = "a"
        instances = [{ url = "http://a:1" }, { url = "https://b:1", weight = 2 }]
        speaks_from = { path = "/version", header = "V" }
        tls = { ca = "CA" }
    "#;

    #[test]
    fn an_instance_is_the_same_while_the_same_is_said_of_it() {
        let ca = std::env::temp_dir().join(format!("sunward-registry-{}.pem", std::process::id()));
        let certificate = rcgen::generate_simple_self_signed(["b".to_owned()]).expect("a certificate").cert.pem();
        std::fs::write(&ca, certificate).expect("written");
        let file = FILE.replace("CA", &ca.display().to_string());
        let registry = Registry::default();
        let pool = |text: String| {
            let loaded =
                load(&Sources::new("a.toml", &text), &|_: &str| None).unwrap_or_else(|error| panic!("{error}"));
            registry.pools(&loaded).remove("a").expect("it is there")
        };
        let first = pool(file.clone());
        // What is edited, and whether the first instance and the second are still the same.
        let rows = [
            (format!("# A line more.\n{file}"), [true, true]),
            (file.replace("weight = 2", "weight = 3"), [true, true]),
            (file.replace("/version", "/other"), [false, false]),
            (file.replace("https://b:1", "https://b:2"), [true, false]),
            (file.replace("name = \"a\"", "http2 = true\nname = \"a\""), [false, false]),
        ];
        for (text, same) in rows {
            let pool = pool(text.clone());
            let found = [0, 1].map(|at| Arc::ptr_eq(&first.members[at].endpoint, &pool.members[at].endpoint));
            assert_eq!(found, same, "{text}");
        }
        std::fs::remove_file(&ca).expect("removed");
    }
}
