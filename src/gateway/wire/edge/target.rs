//! Method, target and authority: one reading, or none.

use std::net::Ipv6Addr;

use http::header::{self, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Request, StatusCode, Uri, Version};

use super::{EdgeLimits, EdgeRefusal};

/// No registered method has half of it.
const LONGEST_METHOD: usize = 32;

/// Unknown methods pass (RFC 9110 §16.1): the service may know them.
pub(super) fn check_method(method: &Method) -> Result<(), EdgeRefusal> {
    if matches!(*method, Method::CONNECT | Method::TRACE) {
        return Err(EdgeRefusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "this method is not supported: use one of those in `Allow`",
        ));
    }
    // The start of every HTTP/2 connection, reserved so that no other takes it for a request (RFC 9113 §11.6).
    if method.as_str().len() > LONGEST_METHOD || method.as_str() == "PRI" {
        return Err(EdgeRefusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "the method is not one of HTTP's: it is longer than 32 bytes, or reserved",
        ));
    }
    Ok(())
}

/// A path from `/` on, in ASCII; or `*`, asked for its options.
///
/// A target of `https` is only served where the client's connection is `secured`, or comes from a proxy that is trusted to
/// have secured it (RFC 9110 §7.4).
pub(super) fn check_target<B>(
    request: &mut Request<B>,
    limits: &EdgeLimits,
    secured: impl FnOnce() -> bool,
) -> Result<(), EdgeRefusal> {
    let uri = request.uri();
    let target = uri.path_and_query().map_or("", PathAndQuery::as_str);
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    if target.len() + authority > limits.url_bytes {
        return Err(EdgeRefusal::new(
            StatusCode::URI_TOO_LONG,
            "the URL is too long: shorten its query, or send the data in a body",
        ));
    }
    if !target.is_ascii() {
        return Err(EdgeRefusal::malformed("the URL has a non-ASCII character: percent-encode it"));
    }
    let asks_all = uri.path() == "*" && *request.method() == Method::OPTIONS;
    if !uri.path().starts_with('/') && !asks_all {
        return Err(EdgeRefusal::malformed("the request target must be a path that begins with `/`"));
    }
    if uri.scheme().is_some_and(|scheme| *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS) {
        return Err(EdgeRefusal::malformed("the scheme of the request target must be `http` or `https`"));
    }
    if uri.scheme() == Some(&Scheme::HTTPS) && !secured() {
        let detail = "the request target is `https`, but the connection does not use TLS: connect over TLS";
        return Err(EdgeRefusal::new(StatusCode::MISDIRECTED_REQUEST, detail));
    }
    // `http://a?x`: the empty path is `/` (RFC 9110 §4.2.3), for the decision and for the service.
    if target.starts_with('?') {
        let rooted = rooted(uri, target)
            .ok_or(EdgeRefusal::malformed("the request target must be a path that begins with `/`"))?;
        *request.uri_mut() = rooted;
    }
    Ok(())
}

fn rooted(uri: &Uri, query: &str) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("/{query}")).ok()?);
    Uri::from_parts(parts).ok()
}

/// One authority: that of the target (RFC 9112 §3.2.2, RFC 9113 §8.3.1), else `Host`. Each is valid, and given once;
/// in HTTP/2 they are the same. `Host` then says it.
pub(super) fn settle_host<B>(request: &mut Request<B>) -> Result<(), EdgeRefusal> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (host, more) = (hosts.next(), hosts.next().is_some());
    if more {
        return Err(EdgeRefusal::malformed("`Host` is sent more than once: send it once"));
    }
    let host = host.map(read).transpose()?;
    let named = request.uri().authority().map(Authority::as_str);
    if named.is_some_and(|named| !is_host_and_port(named)) {
        return Err(EdgeRefusal::malformed("the authority of the request target must be `host` or `host:port`"));
    }
    let value = match (named, host, request.version()) {
        (Some(named), Some(host), Version::HTTP_2) if !named.eq_ignore_ascii_case(host) => {
            return Err(EdgeRefusal::malformed(
                "`Host` differs from the authority of the request target: send the same value, or omit `Host`",
            ));
        }
        // A field of HTTP/1.1 that no request may lack (RFC 9112 §3.2), whatever its target says.
        (_, None, Version::HTTP_11) | (None, None, Version::HTTP_2) => {
            return Err(EdgeRefusal::malformed("`Host` is missing: send it"));
        }
        (None, _, _) => return Ok(()),
        (Some(named), ..) => HeaderValue::try_from(named),
    };
    let value = value
        .map_err(|_| EdgeRefusal::malformed("the authority of the request target must be `host` or `host:port`"))?;
    request.headers_mut().insert(header::HOST, value);
    Ok(())
}

fn read(host: &HeaderValue) -> Result<&str, EdgeRefusal> {
    let valid = host.to_str().ok().filter(|host| is_host_and_port(host));
    valid.ok_or(EdgeRefusal::malformed("`Host` must be `host` or `host:port`"))
}

/// Stricter than RFC 3986, where a comma or an escape may be part of a name: what names no server on any network would
/// only be read in two ways.
fn is_host_and_port(text: &str) -> bool {
    if let Some(rest) = text.strip_prefix('[') {
        let Some((address, rest)) = rest.split_once(']') else { return false };
        let is_end = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
        return is_end && address.parse::<Ipv6Addr>().is_ok();
    }
    let mut in_label = false;
    for (at, byte) in text.bytes().enumerate() {
        in_label = match byte {
            b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => true,
            b'.' if in_label => false,
            b':' => return in_label && is_port(&text[at + 1..]),
            _ => return false,
        };
    }
    // `a.test.` is `a.test` to some, and another host to others.
    in_label
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}
