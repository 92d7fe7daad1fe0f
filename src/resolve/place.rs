//! Which api a request is for.

use http::header::{self, HeaderMap};
use http::{Method, Uri};

use super::RequestHead;
use crate::catalog::{ApiEntry, Catalog, HostPattern};
use crate::path::{self, PathCase};

/// The api that a request is for, whether it can be served or not.
#[must_use]
pub(crate) fn whose<'c>(uri: &Uri, headers: &HeaderMap, catalog: &'c Catalog) -> Option<&'c ApiEntry> {
    let method = &Method::GET;
    let head = RequestHead { method, uri, headers, mount: "", trusts_forwarded: false, peer: None, origin: None };
    place(catalog, host(&head), &path::lenient(uri.path())).map(|index| &catalog.apis()[index])
}

/// The authority that the request is for: that of the target, else `Host` (RFC 9112 §3.2.2).
pub(super) fn host<'a>(head: &RequestHead<'a>) -> Option<&'a str> {
    let named = head.uri.authority().map(http::uri::Authority::as_str);
    named.or_else(|| head.headers.get(header::HOST)?.to_str().ok())
}

/// The api with the longest base path; of several, the one with the most specific host.
pub(super) fn place(catalog: &Catalog, host: Option<&str>, path: &str) -> Option<usize> {
    place_by(catalog, host, path, |api| api.path_case)
}

pub(super) fn place_by(
    catalog: &Catalog,
    host: Option<&str>,
    path: &str,
    case: impl Fn(&ApiEntry) -> PathCase,
) -> Option<usize> {
    // Comparing nothing takes longer than all the rest: see `catalog::strip_start`.
    let below = |api: &ApiEntry| {
        let base = &*api.base_path;
        base.is_empty()
            || path::strip_prefix(path, base, case(api)).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let places = catalog.apis().iter().enumerate().filter(|(_, api)| below(api));
    let places = places.filter_map(|(index, api)| Some((api.base_path.len(), host_rank(api, host)?, index)));
    // Of equals the last one, as of all that is listed.
    places.max().map(|(.., index)| index)
}

/// How exactly the api names the host; `None` if it does not answer on it.
fn host_rank(api: &ApiEntry, host: Option<&str>) -> Option<u8> {
    if api.hosts.is_empty() {
        return Some(0);
    }
    let rank = |pattern: &HostPattern| if pattern.is_wildcard() { 1 } else { 2 };
    api.hosts.iter().filter(|pattern| host.is_some_and(|host| pattern.matches(host))).map(rank).max()
}
