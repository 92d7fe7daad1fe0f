//! URLs of the same resource under another version.

use std::borrow::Cow;

use super::Plan;
use super::origin::ForwardedAddress;
use crate::catalog::{RouteEntry, VersionSource};
use crate::change::decode_query;
use crate::resolve::Resolution;
use crate::version::VersionId;

// === impl Plan ===

impl Plan {
    /// The same resource under the next version that is there, where the URL says the version (RFC 5829 speaks of the
    /// resource's versions, so neither docs nor the root of the next version will do).
    pub(super) fn successor(&self, resolution: &Resolution) -> Option<String> {
        if !resolution.source.is_in_url() {
            return None;
        }
        let newer = self.api().versions[resolution.response.index() + 1..].iter();
        let next = newer.map(|version| version.id).find(|id| self.is_live(*id))?;
        let (below, query) = (self.path_in(resolution, next)?, self.successor_query(resolution, next)?);
        let mut target = match (&self.api().sources.host, resolution.source) {
            (Some(template), VersionSource::Host) => {
                let asked = self.inner.asked.as_ref().and_then(ForwardedAddress::authority);
                let host = asked.as_deref().or(self.inner.host.as_deref())?;
                // A proxy in front may have been asked for another host, which names no version.
                template.take(host).filter(|text| self.api().lookup(text) == Some(resolution.response))?;
                format!("//{}", template.rename(host, &self.api().version(next).text)?)
            }
            _ => String::with_capacity(self.target_path().len() + query.len() + 16),
        };
        target.extend(self.inner.asked.as_ref().and_then(ForwardedAddress::taken));
        let prefix = self.prefix_of_client(resolution, next);
        target.extend(prefix);
        target.push_str(if below.is_empty() && prefix.concat().is_empty() { "/" } else { &below });
        if !query.is_empty() {
            target.extend(["?", &query]);
        }
        Some(target)
    }

    /// The path of the resource below base path and version, as `version` has it; `None` if it does not have the route.
    pub(super) fn path_in<'a>(&'a self, resolution: &'a Resolution, version: VersionId) -> Option<Cow<'a, str>> {
        let below = self.below(resolution);
        let Some(id) = resolution.route else { return Some(below.into()) };
        let route = self.api().route(id);
        // Seldom does a route move; and the root goes by two names, of which a router behind may know one only.
        if route.history.name_in(resolution.request)? == route.history.name_in(version)? {
            return Some(below.into());
        }
        let params = self.api().routers[resolution.request.index()].params(below);
        expand(route, (resolution.request, version), &params, &[]).map(Cow::Owned)
    }

    /// The path below base path and version, as the client has it.
    pub(super) fn below<'a>(&'a self, resolution: &'a Resolution) -> &'a str {
        resolution.path(self.target_path())
    }

    /// Base path and, where the client has it in the path, version.
    pub(super) fn client_prefix(&self, resolution: &Resolution, version: VersionId) -> String {
        self.prefix_of_client(resolution, version).concat()
    }

    /// The same in parts.
    fn prefix_of_client(&self, resolution: &Resolution, version: VersionId) -> [&str; 4] {
        let base = &*self.api().base_path;
        match (&self.api().sources.path, resolution.source) {
            (Some(template), VersionSource::Path) => {
                let [before, version, after] = template.parts(&self.api().version(version).text);
                [base, before, version, after]
            }
            _ => [base, "", "", ""],
        }
    }

    fn successor_query(&self, resolution: &Resolution, version: VersionId) -> Option<Cow<'_, str>> {
        let query = self.query_in(resolution, version)?;
        Some(match (&self.api().sources.query, resolution.source) {
            (Some(name), VersionSource::Query) => set_query(&query, name, &self.api().version(version).text).into(),
            _ => query,
        })
    }

    /// The query as `version` has it; `None` if that version has another route for it.
    pub(super) fn query_in(&self, resolution: &Resolution, version: VersionId) -> Option<Cow<'_, str>> {
        match self.route() {
            Some(route) => route.history.query_in(self.query(), resolution.request, version),
            None => Some(self.query().into()),
        }
    }
}

/// The route's path in `to`, with the parameters that `from` found. `known`: what others are that `from` lost, where the
/// change's own value is not meant.
pub(super) fn expand(
    route: &RouteEntry,
    (from, to): (VersionId, VersionId),
    params: &[impl AsRef<str>],
    known: &[(&str, &str)],
) -> Option<String> {
    let names = route.history.name_in(from)?.parameters();
    let template = &route.history.name_in(to)?.template;
    let value = |segment| {
        let name = str::strip_suffix(str::strip_prefix(segment, '{')?, '}')?;
        match names.iter().position(|found| *found == name) {
            Some(at) => params.get(at).map(AsRef::as_ref),
            None => {
                let known = known.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
                known.or_else(|| route.history.lost(name, from, to))
            }
        }
    };
    let segments: Vec<&str> = template.split('/').map(|segment| value(segment).unwrap_or(segment)).collect();
    Some(segments.join("/"))
}

/// The query with `name` set to `value`, everything else as it is, also how the name is spelled.
pub(super) fn set_query(query: &str, name: &str, value: &str) -> String {
    let set = |pair: &str| match pair.split_once('=').unwrap_or((pair, "")) {
        (key, _) if decode_query(key) == name => format!("{key}={value}"),
        _ => pair.to_owned(),
    };
    query.split('&').map(set).collect::<Vec<_>>().join("&")
}

/// The value of `name` in the query, decoded; of several the first.
pub(super) fn query_value(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| decode_query(key) == name).map(|(_, value)| decode_query(value).into_owned())
}
