//! What comes in, made unambiguous before anything is decided by it.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::Authority;
use http::{Method, Request};

use crate::problem::{Kind, Problem};

/// Fields of one hop, whether `Connection` names them or not (RFC 9110 §7.6.1).
const HOP_BY_HOP: [HeaderName; 6] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Refuses what is ambiguous, and takes off what is for this hop only. Versions are resolved after that, so a client
/// cannot have the version header taken off behind the decision.
pub(super) fn admit<B>(request: &mut Request<B>) -> Result<(), Box<Problem>> {
    let refuse = |detail: &str| Err(Box::new(Problem::new(Kind::PathInvalid).with_detail(detail)));
    if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
        return Err(Box::new(Problem::new(Kind::MethodAbsent).with_detail("this method is not passed on")));
    }
    if !request.uri().path().starts_with('/') {
        return refuse("the target is no path");
    }
    if let Err(detail) = one_host(request) {
        return refuse(detail);
    }
    drop_hop_by_hop(request.headers_mut());
    Ok(())
}

/// One authority: that of the target (RFC 9112 §3.2.2, RFC 9113 §8.3.1), else `Host`, given once and valid.
fn one_host<B>(request: &mut Request<B>) -> Result<(), &'static str> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (host, more) = (hosts.next().cloned(), hosts.next().is_some());
    if more {
        return Err("`Host` is there twice");
    }
    let named = request.uri().authority().cloned();
    let authority = match (&named, &host) {
        (Some(authority), _) => authority.clone(),
        (None, Some(host)) => read_host(host).ok_or("`Host` is no authority")?,
        (None, None) => return Err("there is no `Host`"),
    };
    if authority.as_str().contains('@') {
        return Err("the authority carries user information");
    }
    let value = HeaderValue::try_from(authority.as_str()).map_err(|_| "the authority is none")?;
    request.headers_mut().insert(header::HOST, value);
    Ok(())
}

fn read_host(host: &HeaderValue) -> Option<Authority> {
    let text = host.to_str().ok()?;
    if text.is_empty() || text.contains([',', '/', ' ']) { None } else { text.parse().ok() }
}

/// Takes off the fields of this hop, and those that `Connection` names.
pub(super) fn drop_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        // What frames and addresses the message is not `Connection`'s to name.
        if !matches!(*name, header::HOST | header::CONTENT_LENGTH) {
            headers.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(head: &[(&str, &str)], target: &str) -> Request<()> {
        let builder = head.iter().fold(Request::get(target), |builder, (name, value)| builder.header(*name, *value));
        builder.body(()).expect("a request")
    }

    /// The head, the target, and the host that comes of it.
    type Row = (&'static [(&'static str, &'static str)], &'static str, Option<&'static str>);

    #[test]
    fn hosts_are_one() {
        let rows: [Row; 8] = [
            (&[("host", "a.test")], "/x", Some("a.test")),
            (&[("host", "a.test")], "http://b.test/x", Some("b.test")),
            (&[], "http://b.test/x", Some("b.test")),
            (&[], "/x", None),
            (&[("host", "a.test"), ("host", "b.test")], "/x", None),
            (&[("host", "a.test, b.test")], "/x", None),
            (&[("host", "")], "/x", None),
            (&[("host", "user@a.test")], "/x", None),
        ];
        for (head, target, expected) in rows {
            let mut request = request(head, target);
            let admitted = admit(&mut request).is_ok();
            let host = request.headers().get("host").and_then(|host| host.to_str().ok());
            assert_eq!(admitted.then_some(host).flatten(), expected, "{head:?} {target}");
        }
    }

    #[test]
    fn connection_names_what_goes() {
        let mut request = request(
            &[
                ("host", "a.test"),
                ("connection", "api-version, close, host"),
                ("api-version", "1"),
                ("te", "trailers"),
                ("x", "y"),
            ],
            "/x",
        );
        assert!(admit(&mut request).is_ok());
        let left: Vec<&str> = request.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(left, ["host", "x"]);
    }
}
