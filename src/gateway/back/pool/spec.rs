//! What a pool is made of: an upstream of one config, and the addresses of its hosts at the moment.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::uri::PathAndQuery;
use http::{HeaderName, Uri};

use super::LoadedUpstream;
use super::budget::Budget;
use super::endpoint::{Endpoint, EndpointSpec};
use super::exchange::ResponseHeadLimits;
use super::health::{Health, Policy};
use super::hosts::{self, Hosts};
use super::queue::QueueLimits;
use super::registry::Registry;
use super::transport::Transport;
use super::{Pool, PoolGroups, PoolMember, Unresolved};
use crate::config::{ActAs, Instance, Timeouts, Upstream};
use crate::gateway::wire::connect::Connector;
use crate::gateway::wire::tls::stamp;
use crate::layer::Role;
use crate::names;

/// An upstream of one config.
#[derive(Debug)]
pub(super) struct PoolSpec {
    service: LoadedUpstream,
    timeouts: Timeouts,
    /// All that makes its instances others when it changes, but for where they are.
    key: String,
    groups: Option<PoolGroups>,
}

/// The instances of a pool, and those whose hosts have no address.
type Placement = (Vec<PoolMember>, Vec<Unresolved>);

// === impl PoolSpec ===

impl PoolSpec {
    pub(super) fn new(service: &LoadedUpstream, timeouts: &Timeouts, registry: &Registry) -> Arc<Self> {
        let key = key(service, timeouts.upstream_idle);
        let groups = service.spec.has_canary().then(|| PoolGroups {
            switch: registry.rollout_switch(service.name()),
            plan: service.spec.rollout.clone(),
        });
        Arc::new(Self { service: service.clone(), timeouts: timeouts.clone(), key, groups })
    }

    /// The names whose addresses are instances, and how often they are looked up.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, Duration)> {
        names_of(&self.service).map(|name| (name, self.service.spec.resolve))
    }

    /// Its instances, as the config has them.
    pub(super) fn instances(&self) -> &[Instance] {
        &self.service.spec.instances
    }

    /// How often the names that are one instance are looked up.
    pub(super) const fn resolve(&self) -> Duration {
        self.service.spec.resolve
    }

    /// The pool, with the addresses of now.
    pub(super) fn pool(self: &Arc<Self>, registry: &Registry) -> Pool {
        let budget = Budget::new(self.service.spec.retry_budget, Instant::now());
        self.made(self.cast(registry, false), budget)
    }

    /// The same with the addresses of now; `None` if it would be the same.
    pub(super) fn renewed(self: &Arc<Self>, old: &Pool, registry: &Registry) -> Option<Pool> {
        let (members, unresolved) = self.cast(registry, true);
        let same = members.len() == old.members.len()
            && members.iter().zip(&old.members).all(|(new, old)| Arc::ptr_eq(&new.endpoint, &old.endpoint));
        if same && unresolved == old.unresolved {
            return None;
        }
        let (upstream, instances) = (&old.name, members.len());
        tracing::info!(%upstream, instances, "addresses of an upstream changed");
        Some(self.made((members, unresolved), old.budget.carried()))
    }

    fn made(self: &Arc<Self>, (members, unresolved): Placement, budget: Budget) -> Pool {
        let (spec, timeouts) = (&self.service.spec, &self.timeouts);
        Pool {
            name: spec.name.as_str().into(),
            members,
            unresolved,
            retries: spec.retries,
            websocket: spec.websocket,
            role: if spec.act_as == ActAs::Origin { Role::Origin } else { Role::Gateway },
            http2: spec.http2,
            limited: spec.connections.is_some(),
            alt_svc: spec.alt_svc,
            public_urls: spec.public_urls,
            response_timeout: spec.response_timeout.unwrap_or(timeouts.response),
            connect_timeout: timeouts.connect,
            policy: policy(spec),
            check: spec.check.clone(),
            slow_start: spec.slow_start,
            panic: spec.panic,
            budget,
            retried: names::upstream_retries(&spec.name.value),
            groups: self.groups.clone(),
            spec: Arc::clone(self),
        }
    }

    /// All that is to get requests. Those that are new while others are there join them.
    fn cast(&self, registry: &Registry, join: bool) -> Placement {
        let spec = &self.service.spec;
        let (mut members, mut unresolved) = (Vec::new(), Vec::new());
        for (instance, speaks) in spec.instances.iter().zip(&self.service.speaks) {
            let (name, weight) = (instance.name(), instance.weight);
            let addresses = named(instance).and_then(|url| registry.hosts().addresses(url, spec.addresses));
            let places = match addresses {
                None => vec![None],
                Some(addresses) => addresses.into_iter().map(Some).collect(),
            };
            if places.is_empty() {
                unresolved.push(Unresolved { name: name.as_str().into(), weight, speaks: speaks.clone() });
            }
            for address in places {
                let key = format!("{} {name} {address:?}", self.key);
                let endpoint = registry.endpoint(key, || self.endpoint(instance, address, join, registry.hosts()));
                members.push(PoolMember { endpoint, weight, speaks: speaks.clone(), group: instance.group });
            }
        }
        (members, unresolved)
    }

    fn endpoint(&self, instance: &Instance, address: Option<IpAddr>, join: bool, hosts: &Hosts) -> Endpoint {
        let (service, spec, url) = (&self.service, &self.service.spec, &instance.url.value);
        let tls = service.tls.clone().filter(|_| url.scheme_str() == Some("https"));
        let tls = tls.and_then(|config| Some((config, service.server_name(url)?)));
        let speaks_from = spec.speaks_from.as_ref().and_then(|from| {
            let path = PathAndQuery::try_from(from.path.as_str()).ok()?;
            Some((path, HeaderName::try_from(from.header.as_str()).ok()?))
        });
        let slow = spec.slow_start.is_some();
        let health = if join { Health::joining(spec.check.is_some(), slow, Instant::now()) } else { Health::new() };
        let connector = match &instance.socket {
            #[cfg(unix)]
            Some(path) => Connector::socket(path.clone()),
            _ => Connector::at(address, url, tls, hosts.lookup()),
        };
        Endpoint::new(EndpointSpec {
            upstream: spec.name.as_str().into(),
            name: instance.name().into(),
            transport: Transport {
                url: url.clone(),
                connector,
                socket: instance.socket.is_some(),
                buffer: spec.request_buffer_bytes,
                http2: spec.http2,
                head_limits: ResponseHeadLimits { bytes: spec.response_header_bytes, fields: spec.response_headers },
                speaks_from,
                keep: self.timeouts.upstream_idle,
            },
            limits: limits(spec),
            address,
            health,
        })
    }
}

/// The names of an upstream whose addresses are instances.
pub(super) fn names_of(service: &LoadedUpstream) -> impl Iterator<Item = &str> {
    let spec = &service.spec;
    spec.instances.iter().filter_map(|instance| hosts::name(named(instance)?, spec.addresses))
}

/// The URL of an instance, if it has a host that may be a name.
fn named(instance: &Instance) -> Option<&Uri> {
    instance.socket.is_none().then_some(&instance.url.value)
}

/// What makes an instance a new one when it changes, besides its address: its settings, wherever they are in the file, and
/// the state of its TLS files.
fn key(service: &LoadedUpstream, keep: Duration) -> String {
    let spec = &service.spec;
    let from = spec.speaks_from.as_ref().map(|from| (from.path.as_str(), from.header.as_str()));
    let tls = service.tls.as_ref().map(|_| {
        let files =
            [spec.tls.ca.as_ref()].into_iter().chain(spec.tls.identity.iter().flat_map(|(c, k)| [Some(c), Some(k)]));
        let files = files.flatten().map(|file| (file.value.clone(), stamp(&file.value)));
        (files.collect::<Vec<_>>(), spec.tls.server_name.as_ref().map(|name| name.as_str()))
    });
    let sizes = (spec.response_header_bytes, spec.response_headers, spec.request_buffer_bytes);
    format!("{:?}", (spec.name.as_str(), spec.http2, from, tls, keep, sizes, limits(spec)))
}

fn limits(spec: &Upstream) -> Option<QueueLimits> {
    let connections = spec.connections?;
    Some(QueueLimits { connections, queue: spec.queue, timeout: spec.queue_timeout })
}

fn policy(spec: &Upstream) -> Policy {
    let (rise, fall) = spec.check.as_ref().map_or((1, 1), |check| (check.rise, check.fall));
    Policy { after: spec.eject.after, lasting: spec.eject.lasting, rise, fall }
}
