//! New connections to an instance.

use std::io;
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;

use http::Uri;
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::{TlsConnector, TlsStream};

use super::io::IoStream;
use super::lookup::{self, HostLookup};

/// Where an instance is, and how it is spoken to.
pub(in crate::gateway) struct Connector {
    place: ConnectAddress,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// Where connections go.
enum ConnectAddress {
    Address(SocketAddr),
    /// To the first of its addresses that answers.
    Name(Box<str>, u16, HostLookup),
    #[cfg(unix)]
    Socket(PathBuf),
}

/// What connections are secured with, and the name that the certificate must have.
pub(in crate::gateway) type ClientTls = (Arc<ClientConfig>, ServerName<'static>);

// === impl Connector ===

impl Connector {
    /// For the authority of `url`; with TLS if there is a config for it.
    #[cfg(feature = "otel")]
    pub(in crate::gateway) fn new(url: &Uri, tls: Option<ClientTls>) -> Self {
        Self::at(None, url, tls, &lookup::system())
    }

    /// For the port of `url` at the given address of its host, or at all its addresses.
    pub(in crate::gateway) fn at(
        address: Option<IpAddr>,
        url: &Uri,
        tls: Option<ClientTls>,
        lookup: &HostLookup,
    ) -> Self {
        let host = lookup::host(url);
        let port = url.port_u16().unwrap_or(if tls.is_some() { 443 } else { 80 });
        let place = match address.or_else(|| host.parse().ok()) {
            Some(address) => ConnectAddress::Address((address, port).into()),
            None => ConnectAddress::Name(host.into(), port, Arc::clone(lookup)),
        };
        Self { place, tls: tls.map(|(config, name)| (TlsConnector::from(config), name)) }
    }

    /// For a Unix socket.
    #[cfg(unix)]
    pub(in crate::gateway) const fn socket(path: PathBuf) -> Self {
        Self { place: ConnectAddress::Socket(path), tls: None }
    }

    /// The one address that it connects to, where it has one.
    pub(in crate::gateway) const fn address(&self) -> Option<SocketAddr> {
        match self.place {
            ConnectAddress::Address(address) => Some(address),
            _ => None,
        }
    }

    /// Whether its host is a name, which may come to stand for other addresses.
    pub(in crate::gateway) const fn is_name(&self) -> bool {
        matches!(self.place, ConnectAddress::Name(..))
    }

    /// The addresses of its host, the best first.
    pub(in crate::gateway) async fn lookup(&self) -> io::Result<Vec<SocketAddr>> {
        match &self.place {
            ConnectAddress::Address(address) => Ok(vec![*address]),
            #[cfg(unix)]
            ConnectAddress::Socket(_) => Ok(Vec::new()),
            ConnectAddress::Name(host, port, lookup) => {
                let found = lookup(host.to_string()).await?;
                Ok(found.into_iter().map(|address| SocketAddr::from((address, *port))).collect())
            }
        }
    }

    /// Connects to the first address that answers.
    pub(in crate::gateway) async fn connect(&self) -> io::Result<IoStream> {
        let stream = match &self.place {
            ConnectAddress::Address(address) => TcpStream::connect(*address).await?,
            ConnectAddress::Name(..) => TcpStream::connect(&*self.lookup().await?).await?,
            #[cfg(unix)]
            ConnectAddress::Socket(path) => return Ok(IoStream::Unix(UnixStream::connect(path).await?)),
        };
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Ok(IoStream::Tcp(stream)),
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await?;
                Ok(IoStream::Tls(Box::new(TlsStream::Client(stream))))
            }
        }
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.place {
            ConnectAddress::Address(address) => address.fmt(f),
            ConnectAddress::Name(host, port, _) => write!(f, "{host}:{port}"),
            #[cfg(unix)]
            ConnectAddress::Socket(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
