//! What an upstream learns about the client and this hop: its address, the scheme, host and path prefix that it used, the
//! request's id, and `Via`.
//!
//! Only trusted proxies are believed. What other clients say about forwarding is removed, so that an upstream may believe
//! what is left.

use std::net::IpAddr;

use http::Version;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;

use crate::config::{ForwardedHeaders, Proxy};
use crate::headers::list::list_items;

/// How requests are marked, as a config has it.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct ForwardedPolicy {
    trusted: Vec<IpNet>,
    forwarded: ForwardedHeaders,
    request_id: Option<HeaderName>,
    via: Via,
}

/// This hop in `Via`, by the version that it received.
#[derive(Clone, Debug)]
struct Via([HeaderValue; 3]);

/// The client's side of a request.
#[derive(Clone, Copy, Debug)]
pub(in crate::gateway) struct ClientHop<'a> {
    pub(in crate::gateway) ip: Option<IpAddr>,
    /// The same, as a field has it.
    pub(in crate::gateway) text: Option<&'a HeaderValue>,
    pub(in crate::gateway) tls: bool,
    pub(in crate::gateway) version: Version,
}

const FORWARDED: HeaderName = header::FORWARDED;
const X_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");
/// Other fields that say where a request comes from, beside `Forwarded` and all that begin with [`X_FORWARDED`].
const CLAIMS: [&str; 4] = ["x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip"];
const X_FORWARDED: &str = "x-forwarded";
/// A longer id is not one.
const MAX_ID: usize = 128;

/// Whether a field says where a request comes from, so that only a trusted proxy may say it.
pub(in crate::gateway) fn is_claim(name: &HeaderName) -> bool {
    *name == FORWARDED || name.as_str().starts_with(X_FORWARDED) || CLAIMS.contains(&name.as_str())
}

/// Adds `taken`, the prefix that is removed from the path, after those that a proxy in front has removed.
pub(in crate::gateway) fn tell_prefix(headers: &mut HeaderMap, taken: &str) {
    let theirs = headers.get(&X_PREFIX).and_then(|prefix| prefix.to_str().ok());
    let theirs = theirs.filter(|prefix| prefix.starts_with('/')).map_or("", |prefix| prefix.trim_end_matches('/'));
    if let Ok(prefix) = HeaderValue::try_from(format!("{theirs}{taken}")) {
        headers.insert(X_PREFIX, prefix);
    }
}

// === impl ForwardedPolicy ===

impl ForwardedPolicy {
    pub(in crate::gateway) fn new(proxy: &Proxy) -> Self {
        let request_id = HeaderName::try_from(proxy.request_id.as_str()).ok();
        Self { trusted: proxy.trusted.clone(), forwarded: proxy.forwarded, request_id, via: Via::new(&proxy.name) }
    }

    /// Marks a request. Its id comes back, for the response and the log. `draw` gives 128 random bits.
    pub(in crate::gateway) fn mark(
        &self,
        headers: &mut HeaderMap,
        hop: ClientHop<'_>,
        draw: impl FnOnce() -> u128,
    ) -> Option<(HeaderName, HeaderValue)> {
        let trusted = self.trusts(hop);
        if !trusted && headers.keys().any(is_claim) {
            let claims: Vec<HeaderName> = headers.keys().filter(|name| is_claim(name)).cloned().collect();
            claims.iter().for_each(|name| drop(headers.remove(name)));
        }
        match self.forwarded {
            ForwardedHeaders::XForwarded => x_forwarded(headers, hop),
            ForwardedHeaders::Rfc7239 => rfc7239(headers, hop),
            ForwardedHeaders::Both => {
                x_forwarded(headers, hop);
                rfc7239(headers, hop);
            }
            ForwardedHeaders::Off => {}
        }
        // A gateway must say that it was there (RFC 9110 §7.6.3).
        append(headers, header::VIA, self.via.received(hop.version));
        self.identify(headers, trusted, draw)
    }

    /// Whether the peer is a proxy that is trusted. A Unix socket's other end is on this machine, and was let in by the
    /// file's mode.
    pub(in crate::gateway) fn trusts(&self, hop: ClientHop<'_>) -> bool {
        hop.ip.is_none_or(|ip| self.trusts_ip(ip))
    }

    fn trusts_ip(&self, ip: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&ip))
    }

    /// The client's address: the last one in the chain of proxies that is not a trusted proxy's, or the first one if all
    /// are. `headers` must be as received, before [`mark`](Self::mark).
    pub(in crate::gateway) fn client(&self, headers: &HeaderMap, hop: ClientHop<'_>) -> Option<IpAddr> {
        if !self.trusts(hop) {
            return hop.ip;
        }
        let mut client = hop.ip;
        for hop in chain(headers).into_iter().rev() {
            // Nothing is known about the hops before one that cannot be parsed.
            let Some(ip) = hop else { break };
            client = Some(ip);
            if !self.trusts_ip(ip) {
                break;
            }
        }
        client
    }

    /// Gives a request its id, which comes back: that of a trusted proxy, or a new one.
    pub(in crate::gateway) fn identify(
        &self,
        headers: &mut HeaderMap,
        trusted: bool,
        draw: impl FnOnce() -> u128,
    ) -> Option<(HeaderName, HeaderValue)> {
        let name = self.request_id.clone()?;
        let known = headers.get(&name).filter(|value| trusted && is_id(value)).cloned();
        let id = match known {
            Some(id) => id,
            None => HeaderValue::from_bytes(&hex(draw())).ok()?,
        };
        headers.insert(name.clone(), id.clone());
        Some((name, id))
    }
}

// === impl Via ===

impl Via {
    fn new(name: &str) -> Self {
        let hop = |version: &str| HeaderValue::try_from(format!("{version} {name}"));
        Self(["1.0", "1.1", "2.0"].map(|version| hop(version).unwrap_or(HeaderValue::from_static("1.1 sunward"))))
    }

    fn received(&self, version: Version) -> HeaderValue {
        let [old, usual, new] = &self.0;
        match version {
            Version::HTTP_10 => old.clone(),
            Version::HTTP_2 => new.clone(),
            _ => usual.clone(),
        }
    }
}

fn hex(bits: u128) -> [u8; 32] {
    std::array::from_fn(|at| b"0123456789abcdef"[(bits >> (124 - 4 * at)) as usize & 15])
}

fn is_id(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    !bytes.is_empty() && bytes.len() <= MAX_ID && bytes.iter().all(u8::is_ascii_graphic)
}

fn x_forwarded(headers: &mut HeaderMap, hop: ClientHop<'_>) {
    if let Some(ip) = hop.text {
        append(headers, X_FOR, ip.clone());
    }
    // What the first proxy was asked is what the client asked for.
    if !headers.contains_key(X_PROTO) {
        headers.insert(X_PROTO, HeaderValue::from_static(scheme(hop)));
    }
    if !headers.contains_key(X_HOST)
        && let Some(host) = headers.get(header::HOST).cloned()
    {
        headers.insert(X_HOST, host);
    }
}

/// One element for this hop (RFC 7239 §4); IPv6 in brackets and quotes (§6.1).
fn rfc7239(headers: &mut HeaderMap, hop: ClientHop<'_>) {
    let node = match hop.ip {
        Some(IpAddr::V4(ip)) => ip.to_string(),
        Some(IpAddr::V6(ip)) => format!("\"[{ip}]\""),
        None => "unknown".to_owned(),
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = match host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
        true => host.to_owned(),
        false => format!("\"{}\"", host.replace(['"', '\\'], "")),
    };
    let element = format!("for={node};host={host};proto={}", scheme(hop));
    if let Ok(element) = HeaderValue::try_from(element) {
        append(headers, FORWARDED, element);
    }
}

/// The addresses in `X-Forwarded-For`, or else in `Forwarded`, in their order; `None` for what is no address.
fn chain(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let elements = |name| headers.get_all(name).iter().flat_map(|value| list_items(value.to_str().unwrap_or("?")));
    if headers.contains_key(X_FOR) {
        return elements(X_FOR).map(address).collect();
    }
    let node = |element: &str| {
        let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
        let mut nodes = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
        nodes.next().and_then(|(_, node)| address(node.trim().trim_matches('"')))
    };
    elements(FORWARDED).map(node).collect()
}

/// An address, with a port or without; one of IPv6 may be in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| Some(rest.split_once(']')?.0)).unwrap_or(text);
    let ip = bare.parse().ok().or_else(|| bare.rsplit_once(':')?.0.parse::<std::net::Ipv4Addr>().ok().map(IpAddr::V4));
    ip.map(|ip: IpAddr| ip.to_canonical())
}

const fn scheme(hop: ClientHop<'_>) -> &'static str {
    if hop.tls { "https" } else { "http" }
}

/// Adds to a list, so that the order of hops is kept.
fn append(headers: &mut HeaderMap, name: HeaderName, element: HeaderValue) {
    if !headers.contains_key(&name) {
        headers.insert(name, element);
        return;
    }
    let all = headers.get_all(&name).iter().chain([&element]);
    let all: Vec<&str> = all.filter_map(|value| value.to_str().ok()).collect();
    if let Ok(value) = HeaderValue::try_from(all.join(", ")) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests;
