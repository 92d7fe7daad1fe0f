//! URLs in the fields of a response: they lead to where the client's version has the resource.

use std::borrow::Cow;
use std::ops::Range;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::Plan;
use super::links::{query_value, set_query};
use super::origin::{OwnAddress, is_at, split_origin, split_target};
use crate::change::HeaderStep;
use crate::headers::link;
use crate::path::{normalize, rest_after};
use crate::resolve::Resolution;
use crate::version::VersionId;

/// One look at all fields is cheaper than five that mostly find nothing.
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

    /// Location, Content-Location and Link, and what stands in Refresh and Set-Cookie, lead to where this client's version
    /// has the resource.
    pub(super) fn map_urls(&self, resolution: &Resolution, spoken: VersionId, headers: &mut HeaderMap) {
        map_fields(headers, |url| self.map_url(resolution, spoken, url));
    }

    fn map_url(&self, resolution: &Resolution, spoken: VersionId, url: &str) -> Option<String> {
        let (origin, target) = split_origin(url)?;
        if !origin.is_empty() && !self.is_ours(origin) {
            return None;
        }
        let (path, query, fragment) = split_target(target);
        let (outer, path) = self.split_outer(spoken, path);
        // A service that knows what was taken off its paths (`X-Forwarded-Prefix`) may write it before them.
        let taken = self.taken_prefix(spoken).and_then(|taken| rest_after(path, taken));
        let path = taken.filter(|rest| rest.starts_with('/')).unwrap_or(path);
        let below = self.below_prefix(spoken, path);
        let query = query.map(|query| self.map_version(spoken, resolution.response, query));
        let path: Cow<'_, str> = match below {
            Some(below) => {
                let mapped = self.map_below(resolution, spoken, below);
                let prefix = self.client_prefix(resolution, resolution.response);
                let same = mapped.is_none() && rest_after(path, &prefix) == Some(below);
                let below = mapped.as_deref().unwrap_or(below);
                // An empty path would be another reference: to the document itself, or a cookie's default.
                match prefix.is_empty() && below.is_empty() {
                    _ if same => path.into(),
                    true => "/".into(),
                    false => format!("{prefix}{below}").into(),
                }
            }
            None if matches!(query, Some(Cow::Owned(_))) => path.into(),
            None => return None,
        };
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        Some(format!("{origin}{outer}{path}{query}{fragment}"))
    }

    /// The prefix that a proxy in front took off, where the service writes it before the prefix of its own paths, and the
    /// path behind it.
    fn split_outer<'u>(&self, spoken: VersionId, path: &'u str) -> (&'u str, &'u str) {
        let inner = || self.taken_prefix(spoken).map_or_else(|| self.forward_prefix(spoken).into(), Cow::Borrowed);
        let rest = self.inner.asked.as_ref().and_then(|asked| asked.below(path));
        let rest = rest.filter(|rest| rest_after(rest, &inner()).is_some_and(|below| below.len() < rest.len()));
        path.split_at(rest.map_or(0, |rest| path.len() - rest.len()))
    }

    /// Whether `origin` is where clients have the api: at the authority of the request, or at the one that a proxy in front
    /// was asked for.
    fn is_ours(&self, origin: &str) -> bool {
        self.inner.host.as_deref().is_some_and(|ours| is_at(origin, ours))
            || self.inner.asked.as_ref().is_some_and(|asked| asked.has(origin))
    }

    /// What follows the prefix that the service knows the api by, or the public one with the version that it speaks: some
    /// know that, too. A path under the public prefix of another version is nobody's to map.
    fn below_prefix<'u>(&self, spoken: VersionId, path: &'u str) -> Option<&'u str> {
        let api = self.api();
        let own = rest_after(path, &self.forward_prefix(spoken));
        let public = rest_after(path, &api.base_path).and_then(|below| self.public_version(below));
        match (own, public) {
            (Some(own), Some((version, public))) if public.len() < own.len() && !self.has_route(spoken, own) => {
                (version == Some(spoken)).then_some(public)
            }
            (Some(own), _) => Some(own),
            (None, Some((version, public))) => (version == Some(spoken)).then_some(public),
            (None, None) => None,
        }
    }

    /// The version that a path below the base path names as clients do, and what follows.
    fn public_version<'u>(&self, below: &'u str) -> Option<(Option<VersionId>, &'u str)> {
        let normal = normalize(below).ok()?;
        let (text, rest) = self.api().split_version(&normal, self.api().path_case)?;
        let version = self.api().lookup(text);
        let taken = normal.len() - rest.len();
        rest_after(below, &normal[..taken]).map(|rest| (version, rest))
    }

    fn has_route(&self, version: VersionId, below: &str) -> bool {
        normalize(below).is_ok_and(|below| self.api().routers[version.index()].find_any(&below).next().is_some())
    }

    /// The query, with the client's version where the service's stands in it.
    fn map_version<'u>(&self, spoken: VersionId, to: VersionId, query: &'u str) -> Cow<'u, str> {
        let api = self.api();
        match &api.sources.query {
            Some(name)
                if spoken != to && query_value(query, name).is_some_and(|text| api.lookup(&text) == Some(spoken)) =>
            {
                set_query(query, name, &api.version(to).text).into()
            }
            _ => query.into(),
        }
    }

    fn map_below(&self, resolution: &Resolution, spoken: VersionId, below: &str) -> Option<String> {
        self.map_prefix(resolution, spoken, below).or_else(|| self.map_route(resolution, spoken, below))
    }

    /// The same resource where the client's version has its route: of several methods, one that it has. `None` if it has
    /// it there as well.
    fn map_route(&self, resolution: &Resolution, spoken: VersionId, below: &str) -> Option<String> {
        let below = normalize(if below.is_empty() { "/" } else { below }).ok()?;
        let to = resolution.response;
        self.api().routers[spoken.index()].find_any(&below).find_map(|(route, params)| {
            let route = self.api().route(route);
            let moved = route.history.name_in(spoken)? != route.history.name_in(to)?;
            moved.then(|| super::links::expand(route, spoken, &params, to))?
        })
    }

    /// What the changes say of prefixes.
    fn map_prefix(&self, resolution: &Resolution, spoken: VersionId, below: &str) -> Option<String> {
        let route = self.route()?;
        let mut now = below.to_owned();
        for (_, chain) in &route.history.response_headers {
            for step in chain.between(spoken, resolution.response).steps() {
                if let HeaderStep::Prefix(from, to) = step
                    && let Some(rest) = rest_after(&now, from)
                {
                    now = format!("{to}{rest}");
                }
            }
        }
        (now != below).then_some(now)
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

/// Where the value of the last `Path` stands, which is the one that counts (RFC 6265 §5.3); `None` for `/`, which is
/// meant for all of the host, and would be lost to other versions.
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
    found.filter(|at| cookie[at.clone()] != *"/")
}

/// Where the URL of `5; url=/users` stands, without quotes (HTML §4.2.5.3 says what browsers take).
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
