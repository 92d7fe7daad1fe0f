//! New connections to an instance.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http::Uri;
use tokio::net::TcpStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::{TlsConnector, TlsStream};

use crate::gateway::io::Stream;

/// Where an instance is, and how it is spoken to.
pub(in crate::gateway) struct Connector {
    host: Box<str>,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

// === impl Connector ===

impl Connector {
    /// For the authority of `url`; with TLS if there is a config for it.
    pub(in crate::gateway) fn new(url: &Uri, tls: Option<(Arc<ClientConfig>, ServerName<'static>)>) -> Self {
        // Brackets are a URL's, not an address's.
        let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let default = if tls.is_some() { 443 } else { 80 };
        let tls = tls.map(|(config, name)| (TlsConnector::from(config), name));
        Self { host: host.into(), port: url.port_u16().unwrap_or(default), tls }
    }

    /// Whether its host is a name that may come to stand for other addresses.
    pub(super) fn is_named(&self) -> bool {
        self.host.parse::<std::net::IpAddr>().is_err()
    }

    /// The addresses of its host, sorted.
    pub(super) async fn lookup(&self) -> io::Result<Vec<SocketAddr>> {
        let mut addresses: Vec<SocketAddr> = tokio::net::lookup_host((&*self.host, self.port)).await?.collect();
        addresses.sort_unstable();
        addresses.dedup();
        Ok(addresses)
    }

    /// Connects to the first address that answers.
    pub(in crate::gateway) async fn connect(&self) -> io::Result<Stream> {
        let stream = TcpStream::connect((&*self.host, self.port)).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Ok(Stream::Tcp(stream)),
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await?;
                Ok(Stream::Tls(Box::new(TlsStream::Client(stream))))
            }
        }
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}
