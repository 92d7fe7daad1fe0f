//! What host names stand for. It is looked up beside requests, and known over reloads.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::Uri;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::config::Addresses;
use crate::gateway::wire::lookup::{HostLookup, host};

/// The names that some config has, and their addresses.
#[derive(Clone)]
pub(in crate::gateway) struct Hosts {
    inner: Arc<Inner>,
}

struct Inner {
    lookup: HostLookup,
    /// As they were found.
    known: Mutex<HashMap<Box<str>, Arc<[IpAddr]>>>,
    changed: Notify,
    began: Instant,
}

/// A lookup takes no longer; so long may a start or a reload wait.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);
/// A lookup that failed is done again after this, then after twice as long, and so on.
const AGAIN: Duration = Duration::from_millis(250);
/// More failures make the pause no longer.
const MOST: u32 = 16;
/// So long after the start, a name that cannot be looked up keeps the gateway from being ready.
const PATIENCE: Duration = Duration::from_secs(10);

/// The name in `url` whose addresses are instances; `None` if the URL is one instance.
pub(super) fn name(url: &Uri, addresses: Addresses) -> Option<&str> {
    let host = host(url);
    let one = match addresses {
        Addresses::First => true,
        // It is one machine by definition (RFC 6761 §6.3), and most that listen there do so at one of its addresses.
        Addresses::Each => is_localhost(host),
        Addresses::Ipv4 | Addresses::Ipv6 => false,
    };
    (!one && host.parse::<IpAddr>().is_err()).then_some(host)
}

fn is_localhost(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// Those that are instances, sorted. A machine that has both kinds is one instance all the same.
pub(super) fn chosen(found: &[IpAddr], addresses: Addresses) -> Vec<IpAddr> {
    let v4 = match addresses {
        Addresses::Ipv4 => true,
        Addresses::Ipv6 => false,
        Addresses::Each | Addresses::First => found.first().is_some_and(IpAddr::is_ipv4),
    };
    let mut chosen: Vec<IpAddr> = found.iter().filter(|address| address.is_ipv4() == v4).copied().collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

// === impl Hosts ===

impl Hosts {
    pub(super) fn new(lookup: HostLookup) -> Self {
        let (known, changed) = (Mutex::default(), Notify::new());
        Self { inner: Arc::new(Inner { lookup, known, changed, began: Instant::now() }) }
    }

    pub(super) fn lookup(&self) -> &HostLookup {
        &self.inner.lookup
    }

    /// The addresses that `url` stands for; `None` if it is one instance.
    pub(super) fn addresses(&self, url: &Uri, addresses: Addresses) -> Option<Vec<IpAddr>> {
        let found = self.known().get(name(url, addresses)?).cloned();
        Some(found.map(|found| chosen(&found, addresses)).unwrap_or_default())
    }

    /// Looks up those of `names` that are not known yet, all at once.
    pub(super) async fn learn<'n>(&self, names: impl Iterator<Item = &'n str>) {
        let mut looking = JoinSet::new();
        for name in names.filter(|name| !self.known().contains_key(*name)) {
            let (hosts, name) = (self.clone(), name.to_owned());
            looking.spawn(async move {
                // A failed lookup is repeated soon, and reported then.
                let _ = hosts.look_up(&name).await;
            });
        }
        while looking.join_next().await.is_some() {}
    }

    /// Forgets all but `names`.
    pub(super) fn keep_only(&self, names: &[&str]) {
        self.known().retain(|name, _| names.contains(&&**name));
    }

    /// Looks `name` up every `every` until it is dropped, and sooner when that failed.
    pub(super) async fn follow(self, name: Box<str>, every: Duration) {
        // The one that was made before may have failed.
        let mut before = u32::from(!self.known().contains_key(&name));
        let mut failures = 0u32;
        loop {
            tokio::time::sleep(pause(failures + before, every)).await;
            match self.look_up(&name).await {
                Ok(()) => {
                    if failures + before > 0 {
                        tracing::info!(host = %name, "DNS lookup works again");
                    }
                    (failures, before) = (0, 0);
                }
                Err(error) => {
                    self.tell(&name, &error, failures, every);
                    failures = (failures + 1).min(MOST);
                }
            }
        }
    }

    /// While the old addresses serve, it is logged once. Without any address requests fail, so it is logged repeatedly.
    fn tell(&self, name: &str, error: &io::Error, failures: u32, every: Duration) {
        let is_known = self.known().contains_key(name);
        if is_known && failures == 0 {
            tracing::warn!(host = name, %error, "DNS lookup failed; keeping the old addresses");
        }
        // Not each time while it is tried often.
        if !is_known && (failures == 0 || pause(failures, every) == every) {
            tracing::warn!(host = name, %error, "DNS lookup failed; the host has no instances");
        }
    }

    async fn look_up(&self, name: &str) -> io::Result<()> {
        let found = tokio::time::timeout(TIMEOUT, (self.inner.lookup)(name.to_owned())).await??;
        let mut found: Vec<IpAddr> = found.into_iter().map(|address| address.to_canonical()).collect();
        let first = *found.first().ok_or_else(|| io::Error::other("the name has no address"))?;
        // Servers of names turn them around with each answer. What matters is which kind is the first.
        found.sort_unstable_by_key(|address| (address.is_ipv4() != first.is_ipv4(), *address));
        found.dedup();
        let old = self.known().insert(name.into(), found.clone().into());
        if old.is_none_or(|old| *old != *found) {
            self.inner.changed.notify_one();
        }
        Ok(())
    }

    /// Ends once addresses are others than before.
    pub(super) async fn changed(&self) {
        self.inner.changed.notified().await;
    }

    /// Whether a gateway that began so lately waits for names that cannot be looked up.
    pub(super) fn wait(&self) -> bool {
        self.inner.began.elapsed() < PATIENCE
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<[IpAddr]>>> {
        self.inner.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until the next lookup, after so many failures in a row.
fn pause(failures: u32, every: Duration) -> Duration {
    match failures.checked_sub(1) {
        // Not all gateways at the same moment.
        None => every.mul_f64(0.9 + fastrand::f64() * 0.2),
        Some(earlier) => AGAIN.saturating_mul(1 << earlier.min(MOST)).min(every),
    }
}

impl std::fmt::Debug for Hosts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.known().iter()).finish()
    }
}

#[cfg(test)]
mod tests;
