//! Where a request comes from.

use std::net::IpAddr;

/// Where a request comes from, as an extension of it, set by the code that accepts connections. The sources
/// [`ConsumerSource::Network`](crate::catalog::ConsumerSource::Network) and
/// [`ConsumerSource::TrustedHeader`](crate::catalog::ConsumerSource::TrustedHeader) say nothing without it.
///
/// ```
/// use sunward::consumer::ClientOrigin;
///
/// let origin = ClientOrigin::new("192.0.2.7".parse().ok()).with_trusted_proxy(true);
/// assert!(origin.is_from_trusted_proxy());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientOrigin {
    address: Option<IpAddr>,
    trusted: bool,
}

// === impl ClientOrigin ===

impl ClientOrigin {
    /// The client's address, behind trusted proxies if there are any; `None` if it is not known. The request is not from
    /// a trusted proxy.
    #[must_use]
    pub fn new(address: Option<IpAddr>) -> Self {
        Self { address, trusted: false }
    }

    /// Whether a proxy that is trusted sent the request.
    #[must_use]
    pub fn with_trusted_proxy(mut self, trusted: bool) -> Self {
        self.trusted = trusted;
        self
    }

    /// The client's address.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Whether a proxy that is trusted sent the request.
    #[must_use]
    pub fn is_from_trusted_proxy(&self) -> bool {
        self.trusted
    }
}
