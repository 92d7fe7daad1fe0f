//! URLs of the same resource under another version.

use super::Plan;
use crate::catalog::{RouteEntry, Source};
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
        let path = self.client_path(resolution, next)?;
        let query = self.successor_query(resolution, next);
        let target = if query.is_empty() { path } else { format!("{path}?{query}") };
        match (&self.api().sources.host, resolution.source) {
            (Some(host), Source::Host) => Some(format!("//{}{target}", host.render(&self.api().version(next).text))),
            _ => Some(target),
        }
    }

    /// The path by which this client reaches the resource under `version`.
    fn client_path(&self, resolution: &Resolution, version: VersionId) -> Option<String> {
        let below = self.path_in(resolution, version)?;
        let path = format!("{}{below}", self.client_prefix(resolution, version));
        Some(if path.is_empty() { "/".to_owned() } else { path })
    }

    /// The path of the resource below base path and version, as `version` has it; `None` if it does not have the route.
    pub(super) fn path_in(&self, resolution: &Resolution, version: VersionId) -> Option<String> {
        let Some(id) = resolution.route else { return Some(resolution.path.to_string()) };
        let path = expand(self.api().route(id), resolution.request, &resolution.params, version)?;
        // The root goes by two names, and a router behind may know one only.
        Some(if path == "/" && resolution.path.is_empty() { String::new() } else { path })
    }

    /// Base path and, where the client has it in the path, version.
    pub(super) fn client_prefix(&self, resolution: &Resolution, version: VersionId) -> String {
        let base = &self.api().base_path;
        match (&self.api().sources.path, resolution.source) {
            (Some(template), Source::Path) => format!("{base}{}", template.render(&self.api().version(version).text)),
            _ => base.to_string(),
        }
    }

    fn successor_query(&self, resolution: &Resolution, version: VersionId) -> String {
        let query = self.inner.query.as_deref().unwrap_or("");
        match (&self.api().sources.query, resolution.source) {
            (Some(name), Source::Query) => set_query(query, name, &self.api().version(version).text),
            _ => query.to_owned(),
        }
    }
}

/// The route's path in `to`, with the parameters that `from` found.
pub(super) fn expand(route: &RouteEntry, from: VersionId, params: &[Box<str>], to: VersionId) -> Option<String> {
    let names = route.history.name_in(from)?.parameters();
    let template = &route.history.name_in(to)?.template;
    let value = |segment: &str| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        let at = names.iter().position(|known| *known == name)?;
        params.get(at).map(|value| value.to_string())
    };
    let segments = template.split('/').map(|segment| value(segment).unwrap_or_else(|| segment.to_owned()));
    Some(segments.collect::<Vec<_>>().join("/"))
}

/// The query with `name` set to `value`, everything else as it is.
pub(super) fn set_query(query: &str, name: &str, value: &str) -> String {
    let is_it = |pair: &str| {
        let key = pair.split('=').next().unwrap_or("");
        percent_encoding::percent_decode_str(key).decode_utf8_lossy() == name
    };
    let pairs = query.split('&');
    pairs
        .map(|pair| if is_it(pair) { format!("{name}={value}") } else { pair.to_owned() })
        .collect::<Vec<_>>()
        .join("&")
}
