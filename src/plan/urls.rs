//! URLs in the fields of a response: they lead to where the client's version has the resource.

use std::ops::Range;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::Plan;
use super::origin::OwnAddress;
use super::reference::ReferenceMap;
use crate::headers::link;
use crate::resolve::Resolution;
use crate::version::VersionId;

/// One pass over all headers is cheaper than five lookups that mostly find nothing.
const fn has_url(name: &HeaderName) -> bool {
    matches!(*name, header::LOCATION | header::CONTENT_LOCATION | header::LINK | header::SET_COOKIE | header::REFRESH)
}

// === impl Plan ===

impl Plan {
    /// Makes URLs with the address of the service that answered those of the client: a path, which leads to the scheme,
    /// host and port that the client used (RFC 9110 §10.2.2 allows it). To be called before
    /// [`response_head`](Self::response_head).
    pub(crate) fn publish_urls(&self, own: &OwnAddress, headers: &mut HeaderMap) {
        map_fields(headers, |url| own.public(url, self.inner.host.as_deref()));
    }

    /// Location, Content-Location and Link, and the URLs and paths in Refresh and Set-Cookie, lead to the resource in this
    /// client's version.
    pub(super) fn map_urls(&self, resolution: &Resolution, spoken: VersionId, headers: &mut HeaderMap) {
        let references = ReferenceMap::for_client(self, resolution, spoken);
        map_fields(headers, |url| references.map(url));
    }
}

/// Exchanges the URLs in the fields of a response for what `map` makes of them; all other bytes stay.
fn map_fields(headers: &mut HeaderMap, map: impl Fn(&str) -> Option<String>) {
    type Find = fn(&str) -> Option<Range<usize>>;
    const FIELDS: [(HeaderName, Find); 4] = [
        (header::LOCATION, |value| Some(0..value.len())),
        (header::CONTENT_LOCATION, |value| Some(0..value.len())),
        (header::SET_COOKIE, cookie_path),
        (header::REFRESH, refresh_target),
    ];
    if !headers.keys().any(has_url) {
        return;
    }
    for (name, find) in FIELDS {
        map_lines(headers, &name, |value| {
            let text = std::str::from_utf8(value.as_bytes()).ok()?;
            let at = find(text)?;
            let url = map(&text[at.clone()])?;
            HeaderValue::try_from(format!("{}{url}{}", &text[..at.start], &text[at.end..])).ok()
        });
    }
    map_lines(headers, &header::LINK, |value| link::map_targets(value, &map));
}

fn map_lines(headers: &mut HeaderMap, name: &HeaderName, map: impl Fn(&HeaderValue) -> Option<HeaderValue>) {
    let lines: Vec<Option<HeaderValue>> = headers.get_all(name).iter().map(map).collect();
    if lines.iter().any(Option::is_some) {
        let mapped: Vec<HeaderValue> =
            headers.get_all(name).iter().zip(lines).map(|(old, new)| new.unwrap_or_else(|| old.clone())).collect();
        replace_lines(headers, name, mapped);
    }
}

fn replace_lines(headers: &mut HeaderMap, name: &HeaderName, lines: Vec<HeaderValue>) {
    if !lines.is_empty() {
        headers.remove(name);
        headers.extend(lines.into_iter().map(|line| (name.clone(), line)));
    }
}

/// The position of the value of the last `Path`, which is the one that counts (RFC 6265 §5.3); `None` for a value that is not a
/// path, and for `/`, which is for the whole host and must keep working in other versions.
fn cookie_path(cookie: &str) -> Option<Range<usize>> {
    let mut start = cookie.find(';')? + 1;
    let mut found = None;
    for attribute in cookie[start..].split(';') {
        if let Some((name, value)) = attribute.split_once('=')
            && name.trim().eq_ignore_ascii_case("path")
        {
            let end = start + attribute.trim_end().len();
            found = Some(end - value.trim().len()..end);
        }
        start += attribute.len() + 1;
    }
    found.filter(|at| cookie[at.clone()].starts_with('/') && cookie[at.clone()] != *"/")
}

/// The position of the URL in `5; url=/users`, without quotes (HTML §4.2.5.3 defines what browsers accept).
fn refresh_target(refresh: &str) -> Option<Range<usize>> {
    let rest = refresh.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ';' | ',' | ' ' | '\t'));
    let name = rest.get(..3).filter(|name| name.eq_ignore_ascii_case("url"))?;
    let value = rest[name.len()..].trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
    let value = &value[usize::from(quote.is_some())..];
    let end = quote.and_then(|quote| value.find(quote)).unwrap_or(value.trim_end().len());
    let start = refresh.len() - value.len();
    Some(start..start + end)
}
