//! An instance: its state and its in-flight requests. It outlives the config that named it.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::Uri;
use http::header::HeaderValue;
use http::uri::PathAndQuery;

use super::connections::Connections;
use super::exchange::H1;
use super::health::{Admission, Health, HealthChange, HealthToken, Policy};
use super::instance_metrics::InstanceMetrics;
use super::queue::{self, Queue};
use super::transport::Transport;
use crate::plan::OwnAddress;

/// An instance.
#[derive(Debug)]
pub(in crate::gateway) struct Endpoint {
    pub(super) upstream: Box<str>,
    /// Its URL as text.
    name: Arc<str>,
    label: Arc<str>,
    /// Where it is, if its host is a name that has other addresses too, or may have.
    address: Option<SocketAddr>,
    pub(super) connections: Connections,
    pending: AtomicUsize,
    /// Of its places, if the config says how many there are.
    pub(super) queue: Option<Queue>,
    health: Mutex<Health>,
    /// That of its health, which is read without a lock.
    epoch: AtomicU32,
    /// A success would change nothing: no lock is taken for it.
    clean: AtomicBool,
    /// Why it takes no requests: `DRAINED`, `GONE`.
    away: AtomicU8,
    pub(super) metrics: InstanceMetrics,
    own: Arc<OwnAddress>,
}

/// Everything that makes an instance another one when it changes.
#[derive(Debug)]
pub(super) struct EndpointSpec {
    pub(super) upstream: Box<str>,
    /// Its URL as text.
    pub(super) name: Arc<str>,
    pub(super) transport: Transport,
    pub(super) limits: Option<queue::QueueLimits>,
    /// Its part of what the URL's host stands for.
    pub(super) address: Option<IpAddr>,
    pub(super) health: Health,
}

/// An operator said so.
const DRAINED: u8 = 1;
/// No config that is served has it, or its host does not stand for it any more.
const GONE: u8 = 2;

// === impl Endpoint ===

impl Endpoint {
    pub(super) fn new(spec: EndpointSpec) -> Self {
        let EndpointSpec { upstream, name, transport, limits, address, health } = spec;
        let marked = |text: &str| address.map_or_else(|| text.to_owned(), |address| format!("{text}#{address}"));
        let label: Arc<str> = marked(&name).into();
        // By host and port among the metrics; a socket by its path.
        let place = if transport.socket { &name } else { transport.authority() };
        let metrics = InstanceMetrics::new(&upstream, &marked(place), &label);
        let address = address.and_then(|_| transport.connector.address());
        let numbers = address.map(|address| address.to_string());
        let own = OwnAddress::new(&transport.url, numbers.as_deref()).into();
        if health.admission(Instant::now()) == Admission::Joining {
            metrics.stands(false);
        }
        let clean = health.is_clean() && health.is_open_for_good();
        Self {
            upstream,
            name,
            label,
            address,
            connections: Connections::new(transport),
            pending: AtomicUsize::new(0),
            queue: limits.map(Queue::new),
            epoch: AtomicU32::new(health.epoch()),
            health: Mutex::new(health),
            clean: AtomicBool::new(clean),
            away: AtomicU8::new(0),
            metrics,
            own,
        }
    }

    /// By what it may call itself.
    pub(in crate::gateway) fn own(&self) -> Arc<OwnAddress> {
        Arc::clone(&self.own)
    }

    /// Keeps a connection whose response has ended, if the instance still takes requests.
    pub(super) fn park(&self, open: Box<H1>) {
        if self.takes() {
            self.connections.park(open);
        }
    }

    /// Looks its host up again, if it is a name that is one instance.
    pub(super) async fn resolve(&self, known: &mut Vec<SocketAddr>) {
        let (upstream, instance) = (&self.upstream, &self.label);
        match self.connections.resolve(known).await {
            Ok(false) => {}
            Ok(true) => tracing::info!(%upstream, %instance, "addresses changed"),
            Err(error) => tracing::warn!(%upstream, %instance, %error, "DNS lookup failed"),
        }
    }

    /// The target, with the instance's scheme, authority and prefix.
    pub(in crate::gateway) fn join(&self, target: &PathAndQuery) -> Option<Uri> {
        self.connections.transport.join(target)
    }

    /// The target below the instance's prefix.
    pub(in crate::gateway) fn below(&self, target: &PathAndQuery) -> Option<Uri> {
        self.connections.transport.below(target)
    }

    /// Its authority, for `Host`.
    pub(in crate::gateway) fn host(&self) -> HeaderValue {
        self.connections.host()
    }

    /// Its URL, as the config has it.
    pub(in crate::gateway) fn name(&self) -> &str {
        &self.name
    }

    /// Where it is, if its host is a name that stands for several instances, or may come to.
    pub(in crate::gateway) const fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Its URL, and which of its host's addresses it is: for logs and operators.
    pub(in crate::gateway) fn label(&self) -> Arc<str> {
        Arc::clone(&self.label)
    }

    /// What it said last that it speaks, where it is asked.
    pub(in crate::gateway) fn learned(&self) -> Option<Arc<str>> {
        self.connections.learned()
    }

    /// How much of a body is read to know its length, if it has to be known.
    pub(in crate::gateway) fn buffer(&self) -> Option<usize> {
        /// For an instance of HTTP/1.0, where the config does not say.
        const OLD: usize = 1024 * 1024;
        let transport = &self.connections.transport;
        if transport.http2 {
            return None;
        }
        transport.buffer.or_else(|| self.connections.is_old().then_some(OLD))
    }

    /// Whether it is asked what it speaks.
    pub(super) const fn asks(&self) -> bool {
        self.connections.transport.speaks_from.is_some()
    }

    pub(in crate::gateway) const fn http2(&self) -> bool {
        self.connections.transport.http2
    }

    pub(in crate::gateway) fn pending(&self) -> usize {
        self.pending.load(Ordering::Relaxed)
    }

    pub(super) fn begin(&self) {
        self.pending.fetch_add(1, Ordering::Relaxed);
        self.metrics.pending.increment(1.0);
    }

    pub(super) fn end(&self) {
        self.pending.fetch_sub(1, Ordering::Relaxed);
        self.metrics.pending.decrement(1.0);
    }

    pub(in crate::gateway) fn is_draining(&self) -> bool {
        self.away.load(Ordering::Relaxed) & DRAINED != 0
    }

    /// Whether it is not among the instances that are served any more.
    pub(super) fn is_gone(&self) -> bool {
        self.away.load(Ordering::Relaxed) & GONE != 0
    }

    /// Whether it takes requests, if it is well.
    pub(super) fn takes(&self) -> bool {
        self.away.load(Ordering::Relaxed) == 0
    }

    /// Gives it no more requests, or gives it some again. Those under way end.
    pub(in crate::gateway) fn drain(&self, drain: bool) {
        self.set_away(DRAINED, drain);
        self.metrics.drained(drain);
        if drain {
            self.connections.close_idle();
        }
    }

    /// It is not among the instances that are served, or is again. What is under way ends.
    pub(super) fn leave(&self, gone: bool) {
        let was_gone = self.is_gone();
        self.set_away(GONE, gone);
        if gone {
            self.connections.let_go();
            self.metrics.served(None);
        } else if was_gone {
            let up = matches!(self.health().admission(Instant::now()), Admission::Open | Admission::Trial);
            self.metrics.served(Some(up));
        }
    }

    fn set_away(&self, why: u8, away: bool) {
        if away {
            self.away.fetch_or(why, Ordering::Relaxed);
        } else {
            self.away.fetch_and(!why, Ordering::Relaxed);
        }
    }

    /// Nothing was ever held against it, so its health need not be asked.
    pub(super) fn is_clean(&self) -> bool {
        self.clean.load(Ordering::Acquire)
    }

    pub(super) fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is over need not be asked any more.
    pub(super) fn settle(&self, now: Instant, slow_start: Option<Duration>) {
        if !self.is_clean() {
            self.changed(|health| {
                health.settle(now, slow_start);
                HealthChange::Stays
            });
        }
    }

    /// The state of the instance, for a request that begins.
    pub(super) fn token(&self) -> HealthToken {
        HealthToken { epoch: self.epoch.load(Ordering::Relaxed), trial: false }
    }

    /// Whether the next request would have to wait for a place.
    pub(super) fn is_full(&self) -> bool {
        self.queue.as_ref().is_some_and(Queue::is_full)
    }

    /// A request to it went well.
    pub(super) fn succeeded(&self, token: HealthToken) {
        if !self.is_clean() {
            self.changed(|health| health.succeeded(token, Instant::now()));
        }
    }

    /// A request to it failed.
    pub(super) fn failed(&self, token: HealthToken, now: Instant, policy: Policy, may_eject: bool) {
        self.changed(|health| health.failed(token, now, policy, may_eject));
    }

    /// A check of it ended.
    pub(super) fn checked(&self, well: bool, now: Instant, policy: Policy) -> HealthChange {
        self.changed(|health| health.checked(well, now, policy))
    }

    fn changed(&self, change: impl FnOnce(&mut Health) -> HealthChange) -> HealthChange {
        let mut health = self.health();
        let change = change(&mut health);
        self.epoch.store(health.epoch(), Ordering::Relaxed);
        self.clean
            .store(health.is_clean() && change == HealthChange::Stays && health.is_open_for_good(), Ordering::Release);
        drop(health);
        let (upstream, instance) = (&self.upstream, &self.label);
        match change {
            HealthChange::Stays => {}
            HealthChange::Ejected => {
                self.metrics.ejections.increment(1);
                self.metrics.stands(false);
                tracing::warn!(%upstream, %instance, "instance ejected");
            }
            HealthChange::Down => {
                self.metrics.stands(false);
                tracing::warn!(%upstream, %instance, "instance unhealthy");
            }
            HealthChange::Back => {
                self.metrics.stands(true);
                tracing::info!(%upstream, %instance, "instance healthy");
            }
        }
        change
    }
}
