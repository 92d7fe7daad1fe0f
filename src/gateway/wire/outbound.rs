//! Requests that the gateway sends by itself: to URLs that others have written (webhooks), and to those of the config.
//!
//! Every address that a host name leads to is checked at each request, and the connection goes to one that was checked. There are
//! no redirects and no proxies.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Collected, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::connect::Connector;
use super::lookup::{self, HostLookup};
use super::tls::provider;
use crate::clock::Timestamp;

/// Sends requests.
#[derive(Clone)]
pub(in crate::gateway) struct Outbound {
    tls: Option<Arc<ClientConfig>>,
    lookup: HostLookup,
    /// Whether private addresses and `http` are allowed.
    private: bool,
}

/// What came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) struct OutboundAnswer {
    pub(in crate::gateway) status: StatusCode,
    pub(in crate::gateway) retry_after: Option<Duration>,
}

/// Why nothing came back.
#[derive(Debug)]
pub(in crate::gateway) enum OutboundError {
    /// The URL is not one that is called.
    Refused(&'static str),
    /// The connection, or the other side.
    Failed(String),
}

/// How long a request may take, from the look-up to the headers of its answer.
const TIMEOUT: Duration = Duration::from_secs(15);

// === impl Outbound ===

impl Outbound {
    /// Sends to public addresses by `https`, or, if `private`, anywhere.
    pub(in crate::gateway) fn new(private: bool) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let tls = builder.ok().map(|builder| Arc::new(builder.with_root_certificates(roots).with_no_client_auth()));
        Self { tls, lookup: lookup::system(), private }
    }

    /// Posts a body. `now` is what a date in `Retry-After` is compared with.
    pub(in crate::gateway) async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: Bytes,
        now: Timestamp,
    ) -> Result<OutboundAnswer, OutboundError> {
        let sent = tokio::time::timeout(TIMEOUT, self.send(url, headers, body, now));
        sent.await.unwrap_or_else(|_| Err(OutboundError::Failed("timeout".to_owned())))
    }

    /// Gets a body of at most so many bytes; any other status than 200 is a failure.
    pub(in crate::gateway) async fn get(&self, url: &str, most: usize) -> Result<Bytes, OutboundError> {
        let fetch = async {
            let url = parse(url)?;
            let request = Request::get(target(&url)).body(Full::default()).map_err(OutboundError::failed)?;
            self.exchange(&url, request, async |answer| match answer.status() {
                StatusCode::OK => {
                    let body = Limited::new(answer.into_body(), most).collect().await;
                    body.map(Collected::to_bytes).map_err(OutboundError::failed)
                }
                status => Err(OutboundError::Failed(format!("the answer is {status}"))),
            })
            .await
        };
        tokio::time::timeout(TIMEOUT, fetch).await.unwrap_or_else(|_| Err(OutboundError::Failed("timeout".to_owned())))
    }

    async fn send(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: Bytes,
        now: Timestamp,
    ) -> Result<OutboundAnswer, OutboundError> {
        let url = parse(url)?;
        let request = post(&url, headers, body).map_err(OutboundError::failed)?;
        self.exchange(&url, request, async |answer| {
            Ok(OutboundAnswer { status: answer.status(), retry_after: retry_after(answer.headers(), now) })
        })
        .await
    }

    /// Sends a request, and reads of its answer what `read` does.
    async fn exchange<T>(
        &self,
        url: &Uri,
        mut request: Request<Full<Bytes>>,
        read: impl AsyncFnOnce(Response<Incoming>) -> Result<T, OutboundError>,
    ) -> Result<T, OutboundError> {
        let host = url.authority().map_or("", |authority| authority.as_str());
        let host = HeaderValue::try_from(host).map_err(OutboundError::failed)?;
        request.headers_mut().insert(header::HOST, host);
        let agent = HeaderValue::from_static(concat!("sunward/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(header::USER_AGENT, agent);
        let stream = self.connector(url).await?.connect().await.map_err(OutboundError::failed)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(OutboundError::failed)?;
        let mut answer = pin!(async { read(sender.send_request(request).await.map_err(OutboundError::failed)?).await });
        tokio::select! {
            answer = &mut answer => answer,
            // The other side may close the connection with its answer.
            ended = connection => match ended {
                Ok(()) => answer.await,
                Err(error) => Err(OutboundError::failed(error)),
            },
        }
    }

    /// A connector to an address that may be called.
    async fn connector(&self, url: &Uri) -> Result<Connector, OutboundError> {
        let secure = match url.scheme_str() {
            Some("https") => true,
            Some("http") if self.private => false,
            Some("http") => return Err(OutboundError::Refused("only `https` is called")),
            _ => return Err(OutboundError::Refused("it is no URL of HTTP")),
        };
        let host = lookup::host(url).to_owned();
        let found = match host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => (self.lookup)(host.clone()).await.map_err(OutboundError::failed)?,
        };
        let allowed = found.into_iter().find(|address| self.private || is_public(*address));
        let address = allowed.ok_or(OutboundError::Refused("its host is in a private network"))?;
        let tls = match (secure, &self.tls) {
            (false, _) => None,
            (true, Some(config)) => {
                let name = ServerName::try_from(host).map_err(OutboundError::failed)?;
                Some((Arc::clone(config), name))
            }
            (true, None) => return Err(OutboundError::Refused("this machine has no TLS")),
        };
        Ok(Connector::at(Some(address), url, tls, &self.lookup))
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound").field("private", &self.private).finish_non_exhaustive()
    }
}

// === impl OutboundError ===

impl OutboundError {
    fn failed(error: impl fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }

    /// Whether another attempt would fail for the same reason.
    pub(in crate::gateway) const fn is_final(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

impl fmt::Display for OutboundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => write!(f, "the URL is not called: {why}"),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

fn parse(url: &str) -> Result<Uri, OutboundError> {
    url.parse().map_err(|_| OutboundError::Refused("it is no URL"))
}

fn target(url: &Uri) -> &str {
    url.path_and_query().map_or("/", |target| target.as_str())
}

fn post(url: &Uri, headers: &[(&'static str, String)], body: Bytes) -> io::Result<Request<Full<Bytes>>> {
    let mut request = Request::post(target(url)).body(Full::new(body)).map_err(io::Error::other)?;
    for (name, value) in headers {
        let value = HeaderValue::try_from(value).map_err(io::Error::other)?;
        request.headers_mut().insert(HeaderName::from_static(name), value);
    }
    Ok(request)
}

/// In seconds, or until a date (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    text.parse().map(Duration::from_secs).ok().or_else(|| {
        let date = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
        date.checked_sub(Duration::from_millis(u64::try_from(now.as_millis()).ok()?))
    })
}

/// Whether an address is one of the public internet, by the registries of special-purpose addresses (RFC 6890). An address that has
/// another one in it is as public as that.
pub(in crate::gateway) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || matches!((a, b, c), (0, _, _) | (192, 0, 0) | (192, 88, 99))
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && matches!(b, 18 | 19));
    // Multicast and reserved.
    !special && a < 224
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        // Mapped, and by NAT64.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        // 6to4.
        [0x2002, high, low, ..] => embedded(high, low),
        // Teredo, benchmarks, ORCHID; documentation.
        [0x2001, 0..0x200, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..0x1000, ..] => false,
        // Only this is given out: all else is local, or of no use.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_called() {
        let rows = [
            ("93.184.216.34", true),
            ("8.8.8.8", true),
            ("10.1.2.3", false),
            ("127.0.0.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("100.63.0.1", true),
            ("192.168.0.1", false),
            ("172.16.0.1", false),
            ("172.32.0.1", true),
            ("0.0.0.0", false),
            ("198.18.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("2606:2800:220:1::1", true),
            ("::1", false),
            ("::", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:8.8.8.8", true),
            ("::7f00:1", false),
            ("64:ff9b::a00:1", false),
            ("64:ff9b::808:808", true),
            ("2002:a00:1::", false),
            ("fd00::1", false),
            ("fe80::1", false),
            ("ff02::1", false),
            ("2001:db8::1", false),
            ("2001:0:1::1", false),
        ];
        for (text, expected) in rows {
            assert_eq!(is_public(text.parse().expect(text)), expected, "{text}");
        }
    }

    #[tokio::test]
    async fn what_is_not_called() {
        let public = Outbound::new(false);
        let rows = [
            ("http://example.com/", "only `https`"),
            ("https://127.0.0.1/", "private network"),
            ("https://[::ffff:10.0.0.1]/", "private network"),
            // A decimal number is an address to the resolver.
            ("https://2130706433/", "private network"),
            ("https://localhost/", "private network"),
            ("ftp://example.com/", "no URL of HTTP"),
        ];
        for (url, why) in rows {
            let error = public.post(url, &[], Bytes::new(), Timestamp::EPOCH).await.expect_err(url);
            assert!(error.is_final() && error.to_string().contains(why), "{url}: {error}");
        }
    }
}
