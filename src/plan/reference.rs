//! URI references in a message (RFC 3986 §4.1): they lead to where the other side has the resource, as a request for it
//! would.

use std::borrow::Cow;

use super::Plan;
use super::links::{expand, query_value, set_query};
use super::origin::{is_at, split_origin, split_target};
use crate::catalog::{RouteEntry, VersionSource};
use crate::change::{HeaderStep, run_query};
use crate::path::{normalize, rest_after};
use crate::resolve::Resolution;
use crate::version::VersionId;

/// The references of one message, on their way from one side to the other.
#[derive(Clone, Copy)]
pub(super) struct ReferenceMap<'a> {
    plan: &'a Plan,
    resolution: &'a Resolution,
    /// What the service speaks.
    spoken: VersionId,
    /// Whether the message is a response.
    to_client: bool,
}

/// Path and query, as the other side has them.
struct MappedTarget {
    path: String,
    query: Option<String>,
}

/// A resource below the prefix of an api, as another version has it.
struct Followed<'a> {
    /// Where it moved to; none if it is where it was.
    path: Option<String>,
    query: Option<String>,
    /// The route, if one has the path.
    route: Option<&'a RouteEntry>,
}

// === impl ReferenceMap ===

impl<'a> ReferenceMap<'a> {
    /// Of a response of a service that speaks `spoken`.
    pub(super) const fn for_client(plan: &'a Plan, resolution: &'a Resolution, spoken: VersionId) -> Self {
        Self { plan, resolution, spoken, to_client: true }
    }

    /// Of a request to a service that speaks `spoken`.
    pub(super) const fn for_service(plan: &'a Plan, resolution: &'a Resolution, spoken: VersionId) -> Self {
        Self { plan, resolution, spoken, to_client: false }
    }

    /// The reference for the other side; `None` if it stays as it is, since it leads to another host or to nothing of the
    /// api.
    pub(super) fn map(&self, url: &str) -> Option<String> {
        let Some((origin, target)) = split_origin(url) else { return self.map_relative(url) };
        let origin = if origin.is_empty() { origin.into() } else { self.origin(origin)? };
        let (path, query, fragment) = split_target(target);
        let requested = without_dots(path);
        let mut mapped = self.target(!origin.is_empty(), &requested, query)?;
        if mapped.path == requested {
            mapped.path = path.to_owned();
        }
        Some(mapped.written(&origin, fragment))
    }

    /// A relative reference is resolved against the path of the request, which the other side knows by its own path.
    fn map_relative(&self, url: &str) -> Option<String> {
        let (path, query, fragment) = split_target(url);
        let first = path.split('/').next().unwrap_or(path);
        if first.contains(':') || path.is_empty() && query.is_none() {
            return None;
        }
        let below = self.plan.path_in(self.resolution, self.spoken)?;
        let service = format!("{}{below}", self.plan.forward_prefix(self.spoken));
        // With what an outer router has taken off.
        let client = self.resolution.normal.as_deref().unwrap_or(self.plan.target_path());
        let (here, there) = if self.to_client { (&*service, client) } else { (client, &*service) };
        let mut mapped = self.target(false, &resolve(here, path), query)?;
        // An empty reference has the query of the document that it is in (RFC 3986 §5.2.2), so it would not be without one.
        let loses_query = path.is_empty() && mapped.query.is_none();
        if !loses_query && is_same(&resolve(there, path), &mapped.path) {
            mapped.path = path.to_owned();
        }
        Some(mapped.written("", fragment))
    }

    /// Scheme and authority for the other side; `None` if they are not where clients have the api.
    fn origin<'u>(&self, origin: &'u str) -> Option<Cow<'u, str>> {
        let template = self.plan.api().sources.host.as_ref().filter(|_| self.resolution.source == VersionSource::Host);
        let renamed = || {
            let (start, host) = origin.split_at(origin.find("//")? + 2);
            let template = template?;
            (self.plan.api().lookup(&template.take(host)?)? == self.from()).then_some(())?;
            Some(format!("{start}{}", template.rename(host, &self.plan.api().version(self.to()).text)?))
        };
        match (self.is_ours(origin), self.to_client) {
            (true, false) => Some(renamed().map_or(origin.into(), Cow::Owned)),
            (true, true) => Some(origin.into()),
            // Where each version has a host, that of the service's is ours as well.
            (false, true) => renamed().filter(|renamed| self.is_ours(renamed)).map(Cow::Owned),
            (false, false) => None,
        }
    }

    /// Whether `origin` is where clients have the api: at the authority of the request, or at the one that a proxy in front
    /// was asked for.
    fn is_ours(&self, origin: &str) -> bool {
        let inner = &self.plan.inner;
        inner.host.as_deref().is_some_and(|ours| is_at(origin, ours))
            || inner.asked.as_ref().is_some_and(|asked| asked.has(origin))
    }

    const fn from(&self) -> VersionId {
        if self.to_client { self.spoken } else { self.resolution.request }
    }

    const fn to(&self) -> VersionId {
        if self.to_client { self.resolution.response } else { self.spoken }
    }

    /// An absolute path and a query, for the other side. `public`: behind an origin, so that a client could follow it.
    fn target(&self, public: bool, path: &str, query: Option<&str>) -> Option<MappedTarget> {
        let (outer, path) = self.split_outer(path);
        let Some(below) = self.below(path) else {
            let query = query.map(|query| self.with_version(query, None));
            return match query {
                Some(Cow::Owned(query)) => Some(MappedTarget { path: format!("{outer}{path}"), query: Some(query) }),
                _ => None,
            };
        };
        let followed = self.follow(below, query);
        let query = match followed.query {
            Some(query) => Some(self.with_version(&query, followed.route).into_owned()),
            None => Some(self.with_version("", followed.route).into_owned()).filter(|query| !query.is_empty()),
        };
        let prefix = self.prefix(public);
        let is_there = followed.path.is_none() && rest_after(path, &prefix) == Some(below);
        let below = followed.path.as_deref().unwrap_or(below);
        // An empty path would be another reference: to the document itself, or a cookie's default.
        let path = match prefix.is_empty() && below.is_empty() {
            _ if is_there => format!("{outer}{path}"),
            true => format!("{outer}/"),
            false => format!("{outer}{prefix}{below}"),
        };
        // What begins with `//` would name another host.
        (!path.starts_with("//")).then_some(MappedTarget { path, query })
    }

    /// The text before the path below the api, for the other side.
    fn prefix(&self, public: bool) -> String {
        match (self.to_client, public) {
            (true, _) => self.plan.client_prefix(self.resolution, self.to()),
            (false, true) => self.plan.client_prefix(self.resolution, self.to()),
            (false, false) => self.plan.forward_prefix(self.spoken),
        }
    }

    /// The prefix that a proxy in front removed, if it is before the prefix of the api, and the path after it.
    fn split_outer<'u>(&self, path: &'u str) -> (&'u str, &'u str) {
        let taken = self.plan.taken_prefix(self.spoken);
        let inner = || match (self.to_client, taken) {
            (true, Some(taken)) => Cow::Borrowed(taken),
            (true, None) => self.plan.forward_prefix(self.spoken).into(),
            (false, _) => self.plan.client_prefix(self.resolution, self.from()).into(),
        };
        let rest = self.plan.inner.asked.as_ref().and_then(|asked| asked.below(path));
        let rest = rest.filter(|rest| rest_after(rest, &inner()).is_some_and(|below| below.len() < rest.len()));
        path.split_at(rest.map_or(0, |rest| path.len() - rest.len()))
    }

    /// What follows the prefix of the api on this side.
    fn below<'u>(&self, path: &'u str) -> Option<&'u str> {
        if !self.to_client {
            return self.below_public(path);
        }
        // A service that knows what was taken off its paths (`X-Forwarded-Prefix`) may write it before them.
        let taken = self.plan.taken_prefix(self.spoken).and_then(|taken| rest_after(path, taken));
        let path = taken.filter(|rest| rest.starts_with('/')).unwrap_or(path);
        self.below_service(path)
    }

    /// The path after the api's prefix at the service, or after the public prefix with the version that the service speaks,
    /// which some services know, too. A path under the public prefix of another version is not mapped.
    fn below_service<'u>(&self, path: &'u str) -> Option<&'u str> {
        let own = rest_after(path, &self.plan.forward_prefix(self.spoken));
        let public = rest_after(path, &self.plan.api().base_path).and_then(|below| self.public_version(below));
        match (own, public) {
            (Some(own), Some((version, public))) if public.len() < own.len() && !self.has_route(own) => {
                (version == Some(self.spoken)).then_some(public)
            }
            (Some(own), _) => Some(own),
            (None, Some((version, public))) => (version == Some(self.spoken)).then_some(public),
            (None, None) => None,
        }
    }

    /// What follows base path and version, as the client has them.
    fn below_public<'u>(&self, path: &'u str) -> Option<&'u str> {
        let below = rest_after(path, &self.plan.api().base_path)?;
        match self.public_version(below) {
            Some((version, below)) => (version == Some(self.from())).then_some(below),
            None => Some(below).filter(|_| self.resolution.source != VersionSource::Path),
        }
    }

    /// The version that a path below the base path names as clients do, and what follows. Only the segments that can name
    /// it are looked at: what follows may have no normal form. Where they have none, they name no version.
    fn public_version<'u>(&self, below: &'u str) -> Option<(Option<VersionId>, &'u str)> {
        let api = self.plan.api();
        let segments = api.sources.path.as_ref()?.segments();
        let end = below.match_indices('/').nth(segments).map_or(below.len(), |(at, _)| at);
        let (head, rest) = below.split_at(end);
        match normalize(head) {
            // An empty segment.
            Ok(head) if head.ends_with('/') && !rest.is_empty() => Some((None, "")),
            Ok(head) => api.split_version(&head, api.path_case).map(|(text, _)| (api.lookup(text), rest)),
            Err(_) if head.is_empty() => None,
            Err(_) => Some((None, "")),
        }
    }

    fn has_route(&self, below: &str) -> bool {
        let router = &self.plan.api().routers[self.from().index()];
        normalize(below).is_ok_and(|below| router.find_any(&below).next().is_some())
    }

    /// The same resource where the other side has its route, with the query as that has it. Links are mostly followed by
    /// GET, so of several methods that one counts; else one that the other side has.
    fn follow(&self, below: &str, query: Option<&str>) -> Followed<'a> {
        let (from, to) = (self.from(), self.to());
        let stays = |path| Followed { path, query: query.map(str::to_owned), route: None };
        if let Some(path) = self.renamed_prefix(below) {
            return stays(Some(path));
        }
        let Ok(normal) = normalize(if below.is_empty() { "/" } else { below }) else { return stays(None) };
        let api = self.plan.api();
        let mut routes: Vec<(&RouteEntry, Vec<&str>)> =
            api.routers[from.index()].find_any(&normal).map(|(id, params)| (api.route(id), params)).collect();
        routes.retain(|(route, _)| route.history.name_in(to).is_some());
        routes.sort_by_key(|(route, _)| match route.history.name.method.as_deref() {
            Some("GET") => 0,
            None => 1,
            Some(_) => 2,
        });
        let Some((route, params)) = routes.first() else { return stays(None) };
        let route = self.plan.api().route(self.plan.api().branch(route.id, from, query));
        if route.history.query_in(query.unwrap_or(""), from, to).is_none() {
            // The other side has no request that means the same.
            return stays(None);
        }
        let moved = route.history.name_in(from) != route.history.name_in(to);
        let path = if moved { expand(route, (from, to), params, &self.own_parameters(route)) } else { None };
        let had_pairs = query.is_some_and(|query| !query.is_empty());
        let steps = route.history.query.between(from, to);
        let query = steps.steps().fold(query.map(str::to_owned), |query, step| {
            let (was, now) = (query.is_some(), run_query(step, query.as_deref().unwrap_or("")));
            Some(now).filter(|now| was || !now.is_empty())
        });
        // Where a step took all that there was, no `?` stays.
        let taken = had_pairs && query.as_deref() == Some("");
        Followed { path, query: query.filter(|_| !taken), route: Some(route) }
    }

    /// The parameters of the path of the request, if a link to `route` leads back to that path: to another page, say.
    fn own_parameters(&self, route: &RouteEntry) -> Vec<(&'a str, &'a str)> {
        let own = || {
            let asked = self.plan.route().filter(|_| self.to_client)?;
            let template = |route: &'a RouteEntry| Some(&route.history.name_in(self.to())?.template);
            let same = template(asked)? == &route.history.name_in(self.to())?.template;
            same.then(|| self.plan.parameters(self.resolution)).flatten()
        };
        own().unwrap_or_default()
    }

    /// What the changes say of prefixes in responses.
    fn renamed_prefix(&self, below: &str) -> Option<String> {
        let route = self.plan.route().filter(|_| self.to_client)?;
        let mut now = below.to_owned();
        for (_, chain) in &route.history.response_headers {
            for step in chain.between(self.from(), self.to()).steps() {
                if let HeaderStep::Prefix(from, to) = step
                    && let Some(rest) = rest_after(&now, from)
                {
                    now = format!("{to}{rest}");
                }
            }
        }
        (now != below).then_some(now)
    }

    /// The query, with this side's version replaced by the other side's. The version is added for a client that names it
    /// there, if the client would get another version without it.
    fn with_version<'q>(&self, query: &'q str, route: Option<&RouteEntry>) -> Cow<'q, str> {
        let api = self.plan.api();
        let Some(name) = &api.sources.query else { return query.into() };
        let version = &*api.version(self.to()).text;
        match query_value(query, name) {
            Some(text) if self.from() != self.to() && api.lookup(&text) == Some(self.from()) => {
                set_query(query, name, version).into()
            }
            None if self.names_version() && route.is_some_and(|route| !self.is_unspecified(route)) => {
                let joint = if query.is_empty() || query.ends_with('&') { "" } else { "&" };
                format!("{query}{joint}{name}={version}").into()
            }
            _ => query.into(),
        }
    }

    fn names_version(&self) -> bool {
        self.to_client && self.resolution.source == VersionSource::Query
    }

    /// Whether a request for the route that names no version gets the client's.
    fn is_unspecified(&self, route: &RouteEntry) -> bool {
        let api = self.plan.api();
        let has_pins = !api.pins.is_empty() || self.plan.inner.catalog.pins().is_some();
        !has_pins && route.default.or(api.unspecified) == Some(self.to())
    }
}

// === impl MappedTarget ===

impl MappedTarget {
    fn written(self, origin: &str, fragment: &str) -> String {
        let query = self.query.map(|query| format!("?{query}")).unwrap_or_default();
        format!("{origin}{}{query}{fragment}", self.path)
    }
}

/// An absolute path as a client requests it: without dot segments (RFC 3986 §5.2.4).
fn without_dots(path: &str) -> Cow<'_, str> {
    match path.split('/').any(|segment| dots(segment).is_some()) {
        true => resolve("", path).into(),
        false => path.into(),
    }
}

/// How many dots a dot segment has. Escaped ones are dots to clients as well (WHATWG URL, path state).
fn dots(segment: &str) -> Option<usize> {
    match &*segment.to_ascii_lowercase().replace("%2e", ".") {
        "." => Some(1),
        ".." => Some(2),
        _ => None,
    }
}

/// The path of a relative reference (RFC 3986 §5.2), seen from a path.
fn resolve(base: &str, path: &str) -> String {
    if path.is_empty() {
        return base.to_owned();
    }
    let directory = base.rfind('/').map_or("", |end| &base[..=end]);
    let mut segments: Vec<&str> = Vec::new();
    let whole = format!("{directory}{path}");
    let parts: Vec<&str> = whole.strip_prefix('/').unwrap_or(&whole).split('/').collect();
    for (at, part) in parts.iter().enumerate() {
        let is_last = at + 1 == parts.len();
        let Some(dots) = dots(part) else {
            segments.push(part);
            continue;
        };
        if dots == 2 {
            segments.pop();
        }
        if is_last {
            segments.push("");
        }
    }
    format!("/{}", segments.join("/"))
}

fn is_same(one: &str, other: &str) -> bool {
    one == other || matches!((normalize(one), normalize(other)), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::resolve;

    /// The examples of RFC 3986 §5.4, as far as they are about paths.
    #[test]
    fn relative_paths_are_resolved() {
        let rows = [
            ("g", "/b/c/g"),
            ("./g", "/b/c/g"),
            ("g/", "/b/c/g/"),
            ("", "/b/c/d;p"),
            (";x", "/b/c/;x"),
            (".", "/b/c/"),
            ("./", "/b/c/"),
            ("..", "/b/"),
            ("../g", "/b/g"),
            ("../..", "/"),
            ("../../g", "/g"),
            ("../../../g", "/g"),
            ("g.", "/b/c/g."),
            ("..g", "/b/c/..g"),
            ("./../g", "/b/g"),
            ("g/./h", "/b/c/g/h"),
            ("g/../h", "/b/c/h"),
            ("%2E%2e/g", "/b/g"),
        ];
        for (reference, expected) in rows {
            assert_eq!(resolve("/b/c/d;p", reference), expected, "{reference}");
        }
    }
}
