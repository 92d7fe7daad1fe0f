//! The client's side of a connection.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderValue;
use metrics::Gauge;
use tokio::sync::OwnedSemaphorePermit;

use super::shutdown::Shutdown;
use crate::consumer::Consumer;

/// Who is at the other end of a connection.
#[derive(Clone, Debug, Default)]
pub(in crate::gateway) struct Peer {
    pub(in crate::gateway) ip: Option<IpAddr>,
    /// The same, as fields have it.
    pub(in crate::gateway) text: Option<HeaderValue>,
    pub(in crate::gateway) tls: bool,
    /// Whom its certificate names.
    pub(in crate::gateway) consumer: Option<Consumer>,
    pub(in crate::gateway) place: Option<ConnectionPermit>,
}

/// A connection's place among those that may be open. It is taken for as long as bytes go over it, also in a tunnel,
/// which is no connection of HTTP any more.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct ConnectionPermit {
    _taken: Arc<PermitGuard>,
    stop: Shutdown,
}

#[derive(Debug)]
struct PermitGuard {
    _permit: OwnedSemaphorePermit,
    open: Gauge,
}

// === impl ConnectionPermit ===

impl ConnectionPermit {
    pub(in crate::gateway) fn new(permit: OwnedSemaphorePermit, open: &Gauge, stop: Shutdown) -> Self {
        open.increment(1.0);
        Self { _taken: Arc::new(PermitGuard { _permit: permit, open: open.clone() }), stop }
    }

    /// The stop of what has given the place.
    pub(in crate::gateway) fn stop(&self) -> Shutdown {
        self.stop.clone()
    }
}

impl Drop for PermitGuard {
    fn drop(&mut self) {
        self.open.decrement(1.0);
    }
}
