//! URLs in the fields of a response: they lead to where the client's version has the resource.

use std::ops::Range;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::Plan;
use crate::change::HeaderStep;
use crate::headers::link;
use crate::resolve::Resolution;
use crate::version::VersionId;

/// One look at all fields is cheaper than five that mostly find nothing.
const fn has_url(name: &HeaderName) -> bool {
    matches!(*name, header::LOCATION | header::CONTENT_LOCATION | header::LINK | header::SET_COOKIE | header::REFRESH)
}

// === impl Plan ===

impl Plan {
    /// Location, Content-Location and Link, and what stands in Refresh and Set-Cookie, lead to where this client's version has the resource.
    pub(super) fn map_urls(&self, resolution: &Resolution, spoken: VersionId, headers: &mut HeaderMap) {
        if !headers.keys().any(has_url) {
            return;
        }
        for name in [header::LOCATION, header::CONTENT_LOCATION] {
            let target = headers.get(&name).and_then(|value| value.to_str().ok());
            let mapped = target.and_then(|target| self.map_url(resolution, spoken, target));
            if let Some(value) = mapped.and_then(|mapped| HeaderValue::try_from(mapped).ok()) {
                headers.insert(name, value);
            }
        }
        let mapped: Vec<HeaderValue> = headers
            .get_all(header::LINK)
            .iter()
            .map(|value| {
                link::map_targets(value, |target| self.map_url(resolution, spoken, target))
                    .unwrap_or_else(|| value.clone())
            })
            .collect();
        replace_lines(headers, &header::LINK, mapped);
        self.map_inner_urls(resolution, spoken, headers);
    }

    /// A cookie's `Path` and the target of `Refresh` do as well; what else stands in them stays as it is.
    fn map_inner_urls(&self, resolution: &Resolution, spoken: VersionId, headers: &mut HeaderMap) {
        type Find = fn(&str) -> Option<Range<usize>>;
        let fields: [(HeaderName, Find); 2] = [(header::SET_COOKIE, cookie_path), (header::REFRESH, refresh_target)];
        for (name, find) in fields {
            let map = |value: &HeaderValue| {
                let text = value.to_str().ok()?;
                let at = find(text)?;
                let url = self.map_url(resolution, spoken, &text[at.clone()])?;
                // The root of a service without a prefix is no empty path, which would be a cookie's default.
                let url = if url.is_empty() { "/" } else { &url };
                HeaderValue::try_from(format!("{}{url}{}", &text[..at.start], &text[at.end..])).ok()
            };
            let lines = headers.get_all(&name).iter();
            let mapped = lines.map(|value| map(value).unwrap_or_else(|| value.clone())).collect();
            replace_lines(headers, &name, mapped);
        }
    }

    fn map_url(&self, resolution: &Resolution, spoken: VersionId, url: &str) -> Option<String> {
        let (origin, target) = split_origin(url)?;
        if !origin.is_empty() && !self.is_ours(origin) {
            return None;
        }
        let end = target.find(['?', '#']).unwrap_or(target.len());
        let (path, suffix) = target.split_at(end);
        // A service that knows what was taken off its paths (`X-Forwarded-Prefix`) may write it before them.
        let path = self.taken_prefix(spoken).and_then(|taken| path.strip_prefix(taken)).filter(is_path).unwrap_or(path);
        let below = path.strip_prefix(&self.forward_prefix(spoken))?;
        if !below.is_empty() && !below.starts_with('/') {
            return None;
        }
        let mapped = self.map_prefix(resolution, spoken, below).or_else(|| self.map_route(resolution, spoken, below));
        let below = mapped.as_deref().unwrap_or(below);
        Some(format!("{origin}{}{below}{suffix}", self.client_prefix(resolution, resolution.response)))
    }

    /// The same resource where the client's version has its route: of several methods, one that it has.
    fn map_route(&self, resolution: &Resolution, spoken: VersionId, below: &str) -> Option<String> {
        self.api().routers[spoken.index()].find_any(below).find_map(|(route, params)| {
            let params: Vec<Box<str>> = params.into_iter().map(Into::into).collect();
            super::links::expand(self.api().route(route), spoken, &params, resolution.response)
        })
    }

    /// What the changes say of prefixes.
    fn map_prefix(&self, resolution: &Resolution, spoken: VersionId, below: &str) -> Option<String> {
        let route = self.route()?;
        let mut now = below.to_owned();
        for (_, chain) in &route.history.response_headers {
            for step in chain.between(spoken, resolution.response).steps() {
                if let HeaderStep::Prefix(from, to) = step
                    && let Some(rest) =
                        now.strip_prefix(&**from).filter(|rest| rest.is_empty() || rest.starts_with('/'))
                {
                    now = format!("{to}{rest}");
                }
            }
        }
        (now != below).then_some(now)
    }

    fn is_ours(&self, origin: &str) -> bool {
        let host = origin.rsplit("//").next().unwrap_or("");
        self.inner.host.as_deref().is_some_and(|ours| ours.eq_ignore_ascii_case(host))
    }
}

fn is_path(rest: &&str) -> bool {
    rest.is_empty() || rest.starts_with('/')
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

/// `https://host` and the rest; no origin for a path.
fn split_origin(url: &str) -> Option<(&str, &str)> {
    if url.starts_with('/') && !url.starts_with("//") {
        return Some(("", url));
    }
    let start = url.find("//")? + 2;
    let end = url[start..].find('/').map(|at| start + at)?;
    Some(url.split_at(end))
}
