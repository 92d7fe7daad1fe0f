//! Who may ask.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderMap};
use http::{Method, StatusCode};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::answer::AdminError;
use super::{Admin, page};
use crate::config::Secret;

/// Where the listener is, and so who reaches it without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guard {
    /// Every process that may open the socket.
    Unix,
    /// Every client on this machine, including a browser that a foreign page has sent here.
    Loopback,
    /// Everybody.
    Network,
}

/// What everybody may ask: scrapers and probes have no token.
const OPEN: [&str; 3] = ["/metrics", "/healthz", "/readyz"];

/// Whether everybody may ask for it.
pub(super) fn is_open(method: &Method, path: &str) -> bool {
    matches!(*method, Method::GET | Method::HEAD) && OPEN.contains(&path)
}

/// Lets in who may ask.
pub(super) async fn admit(State(admin): State<Arc<Admin>>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method(), request.uri().path());
    if !is_open(method, path) && !page::is_open(method, path) {
        let snapshot = admin.current.load();
        let token = snapshot.settings.admin_token.as_ref().map(Secret::expose);
        let signed_in = token.is_some_and(|token| admin.sessions.holds(request.headers(), token, admin.store.now()));
        if let Err(error) = admin.guard.admit(&request, token, signed_in) {
            let is_for_people = page::is_page(path) && page::wants_page(request.headers());
            let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
            return if is_for_people { page::refusal(error, target) } else { error.into_response() };
        }
    }
    next.run(request).await
}

/// Whether the text is the token. Both are hashed, so that the time does not reveal their length either.
pub(super) fn is_token(text: &str, token: &str) -> bool {
    let hash = |text: &str| Sha256::digest(text.as_bytes());
    bool::from(hash(text).as_slice().ct_eq(hash(token).as_slice()))
}

/// Whether a form was sent by a page of this listener. Browsers say so with every form.
pub(super) fn same_origin(headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return true };
    if origins.next().is_some() {
        return false;
    }
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    origin.is_some() && origin == host
}

// === impl Guard ===

impl Guard {
    pub(super) fn new(address: Option<SocketAddr>) -> Self {
        match address {
            None => Self::Unix,
            Some(address) if address.ip().to_canonical().is_loopback() => Self::Loopback,
            Some(_) => Self::Network,
        }
    }

    /// Refuses who does not say the token or, without one, who comes from elsewhere. Who is signed in says it with a cookie, which a browser
    /// sends for the pages of others, too: it is enough to read, and for the forms of pages, which have a sign of their own.
    pub(super) fn admit<B>(
        self,
        request: &http::Request<B>,
        token: Option<&str>,
        signed_in: bool,
    ) -> Result<(), AdminError> {
        let token = token.filter(|token| !token.is_empty());
        let of_a_page = page::is_page(request.uri().path()) && same_origin(request.headers());
        match (token, self) {
            (Some(token), _) if says(request.headers(), token) => Ok(()),
            (Some(_), _) if signed_in && (reads(request.method()) || of_a_page) => Ok(()),
            (Some(_), _) => Err(AdminError::unauthorized()),
            (None, Self::Unix) => Ok(()),
            (None, Self::Network) => {
                Err(forbidden("this listener is open to the network, and the config has no `admin_token`"))
            }
            (None, Self::Loopback) => from_here(request),
        }
    }
}

/// A name that leads to loopback may be anybody's (DNS rebinding), and a page of anywhere may send a browser here.
fn from_here<B>(request: &http::Request<B>) -> Result<(), AdminError> {
    let field = |host: &http::HeaderValue| host.to_str().is_ok_and(is_local);
    let target = request.uri().authority().is_none_or(|authority| is_local(authority.as_str()));
    if !target || !request.headers().get_all(header::HOST).iter().all(field) {
        return Err(forbidden("without `admin_token`, `Host` must be `localhost` or a loopback address"));
    }
    let of_a_page = page::is_page(request.uri().path()) && same_origin(request.headers());
    if !reads(request.method()) && !of_a_page && request.headers().contains_key(header::ORIGIN) {
        return Err(forbidden("without `admin_token`, requests from web pages are refused"));
    }
    Ok(())
}

fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((inner, _)) => inner,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    let local = name.parse::<IpAddr>().map(|ip| ip.to_canonical().is_loopback());
    local.unwrap_or_else(|_| name.eq_ignore_ascii_case("localhost"))
}

const fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn says(headers: &HeaderMap, token: &str) -> bool {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Some((scheme, said)) = value.to_str().ok().and_then(|value| value.split_once(' ')) else { return false };
    scheme.eq_ignore_ascii_case("bearer") && is_token(said.trim(), token)
}

fn forbidden(detail: &str) -> AdminError {
    AdminError::new(StatusCode::FORBIDDEN, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_token_one_has_to_be_here() {
        let rows = [
            (Guard::Loopback, "GET", "localhost", "", true),
            (Guard::Loopback, "GET", "LocalHost:9090", "", true),
            (Guard::Loopback, "GET", "127.8.0.1:9090", "", true),
            (Guard::Loopback, "GET", "[::1]:9090", "", true),
            (Guard::Loopback, "GET", "[::ffff:127.0.0.1]", "", true),
            (Guard::Loopback, "GET", "evil.test", "", false),
            (Guard::Loopback, "GET", "localhost.evil.test", "", false),
            (Guard::Loopback, "GET", "127.0.0.1.evil.test", "", false),
            (Guard::Loopback, "GET", "10.0.0.1", "", false),
            (Guard::Loopback, "GET", "", "", false),
            (Guard::Loopback, "GET", "localhost", "http://localhost", true),
            (Guard::Loopback, "POST", "localhost", "http://localhost", false),
            (Guard::Loopback, "PUT", "localhost", "null", false),
            (Guard::Unix, "POST", "any", "any", true),
            (Guard::Network, "GET", "localhost", "", false),
        ];
        for (guard, method, host, origin, expected) in rows {
            let mut request = http::Request::builder().method(method).uri("/versions").header("host", host);
            if !origin.is_empty() {
                request = request.header("origin", origin);
            }
            let request = request.body(()).expect("a request");
            assert_eq!(guard.admit(&request, None, false).is_ok(), expected, "{guard:?} {method} {host} {origin}");
            assert_eq!(guard.admit(&request, Some(""), false).is_ok(), expected, "an empty token is none");
            assert!(guard.admit(&request, Some("secret"), false).is_err());
        }
    }

    #[test]
    fn a_cookie_is_enough_to_read_and_for_forms_of_pages() {
        let rows = [
            ("GET", "/versions", "", true, true),
            ("POST", "/apis/a/pause", "", false, false),
            ("PUT", "/config", "http://gw.test:9090", false, false),
            ("POST", "/ui/acts/pause", "http://gw.test:9090", true, true),
            ("POST", "/ui/acts/pause", "https://gw.test:9090", true, true),
            ("POST", "/ui/acts/pause", "http://gw.test", false, false),
            ("POST", "/ui/acts/pause", "http://evil.test", false, false),
            ("POST", "/ui/acts/pause", "null", false, false),
        ];
        for (method, path, origin, signed_in, on_loopback) in rows {
            let request = |host: &str| {
                let request = http::Request::builder().method(method).uri(path).header("host", host);
                let request = if origin.is_empty() { request } else { request.header("origin", origin) };
                request.body(()).expect("a request")
            };
            let of = request("gw.test:9090");
            assert_eq!(Guard::Network.admit(&of, Some("secret"), true).is_ok(), signed_in, "{method} {path} {origin}");
            assert!(Guard::Network.admit(&of, Some("secret"), false).is_err());
            assert!(Guard::Loopback.admit(&of, None, false).is_err(), "another host");
            let local = origin.replace("gw.test", "localhost");
            let request = http::Request::builder().method(method).uri(path).header("host", "localhost:9090");
            let request = if local.is_empty() { request } else { request.header("origin", local) };
            let request = request.body(()).expect("a request");
            let expected = on_loopback || origin.is_empty();
            assert_eq!(Guard::Loopback.admit(&request, None, false).is_ok(), expected, "{method} {path} {origin}");
        }
    }

    #[test]
    fn a_token_is_sent_once_and_complete() {
        let rows: [(&[&str], bool); 8] = [
            (&["Bearer secret"], true),
            (&["bearer  secret "], true),
            (&["Bearer secre"], false),
            (&["Bearer secrets"], false),
            (&["Basic secret"], false),
            (&["secret"], false),
            (&["Bearer secret", "Bearer secret"], false),
            (&[], false),
        ];
        for (values, expected) in rows {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().expect("a value"));
            }
            assert_eq!(says(&headers, "secret"), expected, "{values:?}");
        }
    }
}
