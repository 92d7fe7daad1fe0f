//! Where to listen.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;

use crate::config::keys::ValueKind;
use crate::config::node::ConfigNode;
use crate::config::tree::TableReader;
use crate::diagnostic::{Diagnostics, Spanned};

/// A place to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Listen {
    /// An address; port 0 takes a free one.
    Tcp(SocketAddr),
    /// A Unix socket. A file that is left of an earlier one is replaced.
    Unix(PathBuf),
    /// All sockets that the service manager passed on (`LISTEN_FDS`).
    Systemd,
}

// === impl Listen ===

impl Listen {
    pub(super) fn loopback(port: u16) -> Self {
        Self::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }

    /// Whether only one of the two can be bound.
    pub(super) fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Tcp(a), Self::Tcp(b)) => a.port() != 0 && a.port() == b.port() && overlap(a.ip(), b.ip()),
            _ => self == other,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') => Some(Self::Unix(path.into())),
            Some(_) => None,
            None if text == "systemd" => Some(Self::Systemd),
            None => text.parse().ok().map(Self::Tcp),
        }
    }
}

impl std::fmt::Display for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Systemd => f.write_str("systemd"),
        }
    }
}

/// `0.0.0.0` stands for every address of IPv4. `[::]` does so for those of IPv6, and on most systems of IPv4 too
/// (RFC 3493 §5.3); what differs between systems is not said here.
fn overlap(a: IpAddr, b: IpAddr) -> bool {
    let (a, b) = (a.to_canonical(), b.to_canonical());
    a == b || (a.is_ipv4() == b.is_ipv4() && (a.is_unspecified() || b.is_unspecified()))
}

// === impl TableReader ===

impl TableReader<'_, '_> {
    pub(super) fn listen(&mut self, name: &'static str) -> Option<Spanned<Listen>> {
        let (node, kind) = self.node(name)?;
        read(node, kind, self.found)
    }
}

pub(super) fn read(node: ConfigNode<'_>, kind: ValueKind, found: &mut Diagnostics) -> Option<Spanned<Listen>> {
    let text = node.text(kind, found)?;
    let listen = node.parsed("bad-address", Listen::parse(&text), ValueKind::Listen, found)?;
    Some(Spanned::new(listen, node.span))
}

/// A network, or a single address.
pub(super) fn network(node: ConfigNode<'_>, kind: ValueKind, found: &mut Diagnostics) -> Option<IpNet> {
    let text = node.text(kind, found)?;
    let network = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    node.parsed("bad-network", network, ValueKind::Network, found)
}
