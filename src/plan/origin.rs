//! Scheme and authority of URLs: whose address it is.

use std::borrow::Cow;

use http::Uri;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::path::{normalize, rest_after};

/// The address of the service that a request goes to, by which it may call itself in the fields of its response. See
/// [`Plan::publish_urls`](super::Plan::publish_urls).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnAddress {
    scheme: Box<str>,
    /// Host and port, each in small letters.
    authorities: Box<[(Box<str>, u16)]>,
    /// The path that all of its paths are under; empty if it is the root.
    prefix: Box<str>,
}

/// What a proxy in front was asked for, by `X-Forwarded-Host`, `-Port` and `-Prefix`: a service behind may write its URLs
/// with it. Unless it is a trusted proxy's, it only serves to recognise such URLs, and is put into none, since the fields may
/// be a stranger's.
#[derive(Debug)]
pub(super) struct ForwardedAddress {
    host: Option<HeaderValue>,
    port: Option<HeaderValue>,
    prefix: Option<HeaderValue>,
    is_trusted: bool,
}

const X_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const X_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

// === impl ForwardedAddress ===

impl ForwardedAddress {
    /// None where the fields say nothing that `Host` does not say.
    pub(super) fn read(headers: &HeaderMap, is_trusted: bool) -> Option<Self> {
        let [host, port, prefix] = [X_HOST, X_PORT, X_PREFIX].map(|name| headers.get(name));
        let is_new = port.is_some() || prefix.is_some() || (host.is_some() && host != headers.get(header::HOST));
        is_new.then(|| Self { host: host.cloned(), port: port.cloned(), prefix: prefix.cloned(), is_trusted })
    }

    /// Whether `origin` is at this authority.
    pub(super) fn has(&self, origin: &str) -> bool {
        let Some(host) = self.host.as_ref().and_then(first) else { return false };
        let port = self.port.as_ref().and_then(first).filter(|_| !has_port(host));
        is_at(origin, host) || port.is_some_and(|port| is_at(origin, &format!("{host}:{port}")))
    }

    /// The authority that a trusted proxy was asked for.
    pub(super) fn authority(&self) -> Option<Cow<'_, str>> {
        let host = self.host.as_ref().filter(|_| self.is_trusted).and_then(first)?;
        let is_port = |port: &&str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        match self.port.as_ref().and_then(first).filter(is_port) {
            // A port that is the scheme's need not be written.
            Some(port) if !has_port(host) && !matches!(port, "80" | "443") => Some(format!("{host}:{port}").into()),
            _ => Some(host.into()),
        }
    }

    /// The prefix that a trusted proxy took off, in its normal form.
    pub(super) fn taken(&self) -> Option<Cow<'_, str>> {
        let prefix = self.prefix.as_ref().filter(|_| self.is_trusted).and_then(first)?.trim_end_matches('/');
        normalize(prefix).ok()
    }

    /// What follows the prefix that was taken off before.
    pub(super) fn below<'p>(&self, path: &'p str) -> Option<&'p str> {
        let prefix = self.prefix.as_ref().and_then(first)?.trim_end_matches('/');
        if prefix.starts_with('/') { rest_after(path, prefix) } else { None }
    }
}

fn has_port(host: &str) -> bool {
    host.contains(':') && !host.ends_with(']')
}

/// What the first of several proxies said.
fn first(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()?.split(',').next().map(str::trim).filter(|text| !text.is_empty())
}

// === impl OwnAddress ===

impl OwnAddress {
    /// Of a service at `url`, and at `others`: authorities such as `10.0.0.7:3000`.
    #[must_use]
    pub(crate) fn new<'a>(url: &'a Uri, others: impl IntoIterator<Item = &'a str>) -> Self {
        let scheme = url.scheme_str().unwrap_or("http");
        let own = url.authority().map(http::uri::Authority::as_str);
        let authorities = own.into_iter().chain(others).map(|authority| host_and_port(scheme, authority)).collect();
        Self { scheme: scheme.into(), authorities, prefix: url.path().trim_end_matches('/').into() }
    }

    /// What a URL of this service is to clients, who use the authority `host`; `None` if it is none.
    #[must_use]
    pub(crate) fn public(&self, url: &str, host: Option<&str>) -> Option<String> {
        let (origin, target) = split_origin(url)?;
        let is_path = origin.is_empty();
        if is_path && self.prefix.is_empty() {
            return None;
        }
        if !is_path && !self.is_at(origin) {
            return None;
        }
        let (path, query, fragment) = split_target(target);
        let path = match rest_after(path, &self.prefix) {
            None if is_path => return None,
            None => path,
            Some(path) => path,
        };
        let path = if path.is_empty() { "/" } else { path };
        // What begins with `//` would name another host.
        let start = if path.starts_with("//") { format!("//{}", host?) } else { String::new() };
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        Some(format!("{start}{path}{query}{fragment}"))
    }

    fn is_at(&self, origin: &str) -> bool {
        let (scheme, authority) = parts(origin);
        let there = host_and_port(if scheme.is_empty() { &self.scheme } else { scheme }, authority);
        self.authorities.contains(&there)
    }
}

/// Whether `origin`, as in `https://shop.test:443`, is at `authority`: the port of its scheme may be written or not.
pub(super) fn is_at(origin: &str, authority: &str) -> bool {
    let (scheme, there) = parts(origin);
    there.eq_ignore_ascii_case(authority) || host_and_port(scheme, there) == host_and_port(scheme, authority)
}

/// `https://host` and the rest; no origin for a path.
pub(super) fn split_origin(url: &str) -> Option<(&str, &str)> {
    if url.starts_with('/') && !url.starts_with("//") {
        return Some(("", url));
    }
    let start = match url.find("//")? {
        0 => 2,
        colon if is_scheme(url[..colon].strip_suffix(':')?) => colon + 2,
        _ => return None,
    };
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    Some(url.split_at(end))
}

/// Path, query without its `?`, and fragment with its `#`.
pub(super) fn split_target(target: &str) -> (&str, Option<&str>, &str) {
    let (target, fragment) = target.split_at(target.find('#').unwrap_or(target.len()));
    match target.split_once('?') {
        Some((path, query)) => (path, Some(query), fragment),
        None => (target, None, fragment),
    }
}

/// Scheme and authority of an origin; no scheme for `//host`.
fn parts(origin: &str) -> (&str, &str) {
    let (scheme, authority) = origin.split_once("//").unwrap_or(("", origin));
    (scheme.trim_end_matches(':'), authority)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// In small letters, with the port of the scheme where none is written; 0 for one that is none.
fn host_and_port(scheme: &str, authority: &str) -> (Box<str>, u16) {
    let default = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => {
            (host, if port.is_empty() { default } else { port.parse().unwrap_or(0) })
        }
        _ => (authority, default),
    };
    (host.to_ascii_lowercase().into(), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn example_of_new() -> Result<(), http::uri::InvalidUri> {
        use crate::plan::OwnAddress;

        let own = OwnAddress::new(&"http://orders:8080/v1".parse()?, ["10.0.0.7:8080"]);
        assert_eq!(own.public("http://ORDERS:8080/v1/users/7?x#y", None).as_deref(), Some("/users/7?x#y"));
        assert_eq!(own.public("http://10.0.0.7:8080/v1", None).as_deref(), Some("/"));
        assert_eq!(own.public("https://other.test/users/7", None), None);
        Ok(())
    }

    #[test]
    fn an_own_url_is_the_clients() {
        let at = |url: &str| OwnAddress::new(&url.parse().expect(url), ["10.0.0.7:3000"]);
        let plain = at("http://orders:3000");
        let below = at("http://orders:3000/svc/");
        let secure = at("https://orders");
        let rows = [
            (&plain, "http://orders:3000/users/7?a=b&c#d", Some("/users/7?a=b&c#d")),
            (&plain, "HTTP://Orders:3000/users/7", Some("/users/7")),
            (&plain, "http://10.0.0.7:3000/users/7", Some("/users/7")),
            (&plain, "//orders:3000/users/7", Some("/users/7")),
            (&plain, "http://orders:3000", Some("/")),
            (&plain, "http://orders:3000?a", Some("/?a")),
            (&plain, "http://orders:3000#a", Some("/#a")),
            (&plain, "http://orders/users/7", None),
            (&plain, "http://orders:3001/users/7", None),
            (&plain, "http://user@orders:3000/users/7", None),
            (&plain, "http://orders:3000.evil.test/users/7", None),
            (&plain, "/users/7", None),
            (&plain, "users/7", None),
            (&plain, "users//7", None),
            (&plain, "mailto:a@orders", None),
            (&plain, "http://orders:3000//evil.test/a", Some("//shop.test:8443//evil.test/a")),
            (&plain, "http://orders:3000/caf\u{e9}/%7e", Some("/caf\u{e9}/%7e")),
            (&below, "http://orders:3000/svc/users/7", Some("/users/7")),
            (&below, "http://orders:3000/svc", Some("/")),
            (&below, "http://orders:3000/svcs/a", Some("/svcs/a")),
            (&below, "/svc/users/7", Some("/users/7")),
            (&below, "/s%76c/users/%37", Some("/users/%37")),
            (&below, "/users/7", None),
            (&secure, "https://orders:443/a", Some("/a")),
            (&secure, "//orders/a", Some("/a")),
            (&secure, "http://orders/a", None),
        ];
        for (own, url, expected) in rows {
            assert_eq!(own.public(url, Some("shop.test:8443")).as_deref(), expected, "{url}");
        }
        assert_eq!(plain.public("http://orders:3000//evil.test/a", None), None);
    }

    #[test]
    fn the_port_of_a_scheme_may_be_left_out() {
        let rows = [
            ("https://shop.test:443", "shop.test", true),
            ("https://shop.test", "Shop.test:443", true),
            ("http://shop.test:80", "shop.test", true),
            ("http://shop.test:", "shop.test", true),
            ("http://shop.test", "shop.test:8080", false),
            ("http://shop.test:8080", "shop.test:8080", true),
            ("//shop.test", "shop.test", true),
            ("http://[::1]:8080", "[::1]:8080", true),
            ("http://[::1]", "[::1]:80", true),
        ];
        for (origin, authority, expected) in rows {
            assert_eq!(is_at(origin, authority), expected, "{origin} at {authority}");
        }
    }
}
