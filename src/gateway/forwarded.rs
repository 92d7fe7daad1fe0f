//! What an upstream is told of the client and of this hop: its address, the scheme and host it used, the request's id,
//! and `Via`.
//!
//! Only what proxies say that are trusted is kept; what anybody else says is replaced, so that an upstream may believe it.

use std::net::IpAddr;

use http::Version;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;

use crate::config::{Forwarded, Proxy};

/// How requests are marked, as a config has it.
#[derive(Clone, Debug)]
pub(super) struct Marks {
    trusted: Vec<IpNet>,
    forwarded: Forwarded,
    request_id: Option<HeaderName>,
    via: Via,
}

/// This hop in `Via`, by the version that it received.
#[derive(Clone, Debug)]
struct Via([HeaderValue; 3]);

/// The client's side of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near<'a> {
    pub(super) ip: Option<IpAddr>,
    /// The same, as a field has it.
    pub(super) text: Option<&'a HeaderValue>,
    pub(super) tls: bool,
    pub(super) version: Version,
}

const FORWARDED: HeaderName = header::FORWARDED;
const X_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
/// All that is said of a client, in any spelling; nobody's word is passed on but that of trusted proxies.
static CLAIMS: [HeaderName; 7] = [
    FORWARDED,
    X_FOR,
    X_PROTO,
    X_HOST,
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("x-forwarded-prefix"),
];
/// A longer id is not one.
const MAX_ID: usize = 128;

// === impl Marks ===

impl Marks {
    pub(super) fn new(proxy: &Proxy) -> Self {
        let request_id = HeaderName::try_from(proxy.request_id.as_str()).ok();
        Self { trusted: proxy.trusted.clone(), forwarded: proxy.forwarded, request_id, via: Via::new(&proxy.name) }
    }

    /// Marks a request. Its id comes back, for the response and the log. `draw` gives 128 random bits.
    pub(super) fn mark(
        &self,
        headers: &mut HeaderMap,
        near: Near<'_>,
        draw: impl FnOnce() -> u128,
    ) -> Option<(HeaderName, HeaderValue)> {
        // A Unix socket's other end is on this machine, and was let in by the file's mode.
        let trusted = near.ip.is_none_or(|ip| self.trusted.iter().any(|network| network.contains(&ip)));
        if !trusted && headers.keys().any(|name| CLAIMS.contains(name)) {
            CLAIMS.iter().for_each(|name| drop(headers.remove(name)));
        }
        match self.forwarded {
            Forwarded::XForwarded => x_forwarded(headers, near),
            Forwarded::Rfc7239 => rfc7239(headers, near),
            Forwarded::Both => {
                x_forwarded(headers, near);
                rfc7239(headers, near);
            }
            Forwarded::Off => {}
        }
        // A gateway must say that it was there (RFC 9110 §7.6.3).
        append(headers, header::VIA, self.via.received(near.version));
        self.identify(headers, trusted, draw)
    }

    fn identify(
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

fn x_forwarded(headers: &mut HeaderMap, near: Near<'_>) {
    if let Some(ip) = near.text {
        append(headers, X_FOR, ip.clone());
    }
    // What the first proxy was asked is what the client asked for.
    if !headers.contains_key(X_PROTO) {
        headers.insert(X_PROTO, HeaderValue::from_static(scheme(near)));
    }
    if !headers.contains_key(X_HOST)
        && let Some(host) = headers.get(header::HOST).cloned()
    {
        headers.insert(X_HOST, host);
    }
}

/// One element for this hop (RFC 7239 §4); IPv6 in brackets and quotes (§6.1).
fn rfc7239(headers: &mut HeaderMap, near: Near<'_>) {
    let node = match near.ip {
        Some(IpAddr::V4(ip)) => ip.to_string(),
        Some(IpAddr::V6(ip)) => format!("\"[{ip}]\""),
        None => "unknown".to_owned(),
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = match host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
        true => host.to_owned(),
        false => format!("\"{}\"", host.replace(['"', '\\'], "")),
    };
    let element = format!("for={node};host={host};proto={}", scheme(near));
    if let Ok(element) = HeaderValue::try_from(element) {
        append(headers, FORWARDED, element);
    }
}

const fn scheme(near: Near<'_>) -> &'static str {
    if near.tls { "https" } else { "http" }
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
mod tests {
    use super::*;

    type Fields = &'static [(&'static str, &'static str)];

    #[test]
    fn rows() {
        let marks = |forwarded| {
            let trusted = vec!["10.0.0.0/8".parse().expect("a network")];
            Marks {
                trusted,
                forwarded,
                request_id: Some(HeaderName::from_static("x-request-id")),
                via: Via::new("sunward"),
            }
        };
        // How, from where, what came, what is sent on.
        let rows: [(Forwarded, &str, Fields, Fields); 6] = [
            (
                Forwarded::XForwarded,
                "192.0.2.1",
                &[("x-forwarded-for", "8.8.8.8"), ("forwarded", "for=8.8.8.8"), ("x-request-id", "mine")],
                &[
                    ("x-forwarded-for", "192.0.2.1"),
                    ("x-forwarded-proto", "https"),
                    ("x-forwarded-host", "a.test"),
                    ("x-request-id", "0000000000000000000000000000002a"),
                ],
            ),
            (
                Forwarded::XForwarded,
                "10.1.2.3",
                &[
                    ("x-forwarded-for", "192.0.2.1"),
                    ("x-forwarded-for", "10.9.9.9"),
                    ("x-forwarded-proto", "http"),
                    ("x-request-id", "theirs"),
                ],
                &[
                    ("x-forwarded-for", "192.0.2.1, 10.9.9.9, 10.1.2.3"),
                    ("x-forwarded-proto", "http"),
                    ("x-forwarded-host", "a.test"),
                    ("x-request-id", "theirs"),
                ],
            ),
            (
                Forwarded::Rfc7239,
                "2001:db8::17",
                &[],
                &[
                    ("forwarded", "for=\"[2001:db8::17]\";host=a.test;proto=https"),
                    ("x-request-id", "0000000000000000000000000000002a"),
                ],
            ),
            (
                Forwarded::Rfc7239,
                "10.0.0.1",
                &[("forwarded", "for=192.0.2.43")],
                &[
                    ("forwarded", "for=192.0.2.43, for=10.0.0.1;host=a.test;proto=https"),
                    ("x-request-id", "0000000000000000000000000000002a"),
                ],
            ),
            (
                Forwarded::Off,
                "192.0.2.1",
                &[("x-forwarded-for", "8.8.8.8"), ("x-real-ip", "8.8.8.8")],
                &[("x-request-id", "0000000000000000000000000000002a")],
            ),
            (
                Forwarded::Off,
                "10.0.0.1",
                &[("x-forwarded-for", "8.8.8.8"), ("x-request-id", "not an id")],
                &[("x-forwarded-for", "8.8.8.8"), ("x-request-id", "0000000000000000000000000000002a")],
            ),
        ];
        for (forwarded, ip, came, sent) in rows {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("a.test"));
            for (name, value) in came {
                headers.append(*name, HeaderValue::from_static(value));
            }
            let text = HeaderValue::from_static(ip);
            let near = Near {
                ip: Some(ip.parse().expect("an address")),
                text: Some(&text),
                tls: true,
                version: Version::HTTP_2,
            };
            marks(forwarded).mark(&mut headers, near, || 42);
            headers.remove(header::HOST);
            assert_eq!(headers.remove(header::VIA), Some(HeaderValue::from_static("2.0 sunward")));
            let mut found: Vec<(String, String)> = headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned()))
                .collect();
            let mut expected: Vec<(String, String)> =
                sent.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            found.sort();
            expected.sort();
            assert_eq!(found, expected, "{forwarded:?} {ip}");
        }
    }
}
