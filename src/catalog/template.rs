//! Templates with a `{version}` in them, for paths and hosts.

use crate::version::doubles_v;

/// A path prefix of whole segments, one of which holds the version: `/v{version}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTemplate {
    before: Box<str>,
    after: Box<str>,
}

/// A host whose one label holds the version: `v{version}.api.example.com`. Compared without case, without port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostTemplate {
    before: Box<str>,
    after: Box<str>,
}

const SLOT: &str = "{version}";

fn halves(template: &str) -> Result<(&str, &str), String> {
    match template.split_once(SLOT) {
        Some((_, after)) if after.contains(SLOT) => Err(format!("`{template}` has `{SLOT}` twice")),
        Some(halves) => Ok(halves),
        None => Err(format!("`{template}` has no `{SLOT}`")),
    }
}

// === impl PathTemplate ===

impl PathTemplate {
    /// Reads it.
    ///
    /// # Errors
    /// Says what is wrong: no `{version}`, two of them, not starting with `/`, ending in `/`.
    pub fn new(template: &str) -> Result<Self, String> {
        let (before, after) = halves(template)?;
        if !before.starts_with('/') || before.contains("//") || after.contains("//") {
            return Err(format!("`{template}` is no path: it starts with `/`, and no segment is empty"));
        }
        if after.ends_with('/') || after.contains('{') || before.contains('{') {
            return Err(format!("`{template}` ends in a whole segment, and has no other braces"));
        }
        Ok(Self { before: before.into(), after: after.into() })
    }

    /// The text in the version's place and what follows the template, either empty or beginning with `/`. Whole
    /// segments only: `/v1` takes `1` from `/v1/users`, and `10` from `/v10/users`.
    #[must_use]
    pub fn take<'p>(&self, path: &'p str) -> Option<(&'p str, &'p str)> {
        let rest = path.strip_prefix(&*self.before)?;
        let in_segment = self.after.split('/').next().unwrap_or("");
        let end = rest.find('/').unwrap_or(rest.len());
        let segment = &rest[..end];
        let version = if in_segment.is_empty() { segment } else { segment.strip_suffix(in_segment)? };
        let rest = strip_start(&rest[version.len()..], &self.after)?;
        let legal = !version.is_empty() && !doubles_v(&self.before, version);
        (legal && (rest.is_empty() || rest.starts_with('/'))).then_some((version, rest))
    }

    /// The template with `version` in its place.
    #[must_use]
    pub fn render(&self, version: &str) -> String {
        self.parts(version).concat()
    }

    /// The same in parts.
    #[must_use]
    pub fn parts<'a>(&'a self, version: &'a str) -> [&'a str; 3] {
        [&self.before, version, &self.after]
    }
}

// === impl HostTemplate ===

impl HostTemplate {
    /// Reads it.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn new(template: &str) -> Result<Self, String> {
        let (before, after) = halves(template)?;
        let legal = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
        if !legal(before) || !legal(after) || after.is_empty() {
            return Err(format!("`{template}` is no host, such as `v{SLOT}.api.example.com`"));
        }
        Ok(Self { before: before.to_ascii_lowercase().into(), after: after.to_ascii_lowercase().into() })
    }

    /// The text in the version's place, within one label.
    #[must_use]
    pub fn take(&self, host: &str) -> Option<String> {
        let host = strip_port(host).to_ascii_lowercase();
        let version = host.strip_prefix(&*self.before)?.strip_suffix(&*self.after)?;
        let legal = !version.is_empty() && !version.contains('.') && !doubles_v(&self.before, version);
        legal.then(|| version.to_owned())
    }

    /// The template with `version` in its place.
    #[must_use]
    pub fn render(&self, version: &str) -> String {
        format!("{}{version}{}", self.before, self.after)
    }
}

/// The text behind `start`, which is often empty: that is not compared, since comparing nothing at no address takes
/// longer than all the rest (processors have to look at the address before they see that it does not matter).
pub(crate) fn strip_start<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    if start.is_empty() { Some(text) } else { text.strip_prefix(start) }
}

/// The host without its port.
#[must_use]
pub fn strip_port(host: &str) -> &str {
    match host.rfind(':') {
        Some(at) if host[at + 1..].bytes().all(|b| b.is_ascii_digit()) => &host[..at],
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_whole_segments() {
        let rows = [
            ("/v{version}", "/v1/users", Some(("1", "/users"))),
            ("/v{version}", "/v10", Some(("10", ""))),
            ("/v{version}", "/v1x/users", Some(("1x", "/users"))),
            ("/v{version}", "/V1/users", None),
            ("/v{version}", "/v", None),
            ("/v{version}", "/vv1", None),
            ("/{version}", "/v1", Some(("v1", ""))),
            ("/v{version}", "/users/v1", None),
            ("/{version}/shop", "/2/shop/a", Some(("2", "/a"))),
            ("/{version}/shop", "/2/shopping", None),
            ("/{version}-api", "/2-api/x", Some(("2", "/x"))),
        ];
        for (template, path, expected) in rows {
            assert_eq!(PathTemplate::new(template).expect(template).take(path), expected, "{template} on {path}");
        }
        for wrong in ["/v1", "v{version}", "/v{version}/", "/{version}/{version}", "/{x}/{version}"] {
            assert!(PathTemplate::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hosts_match_one_label() {
        let template = HostTemplate::new("v{version}.api.example.com").expect("a template");
        let rows = [
            ("v2.api.example.com", Some("2")),
            ("V2.API.example.com:8080", Some("2")),
            ("v2.x.api.example.com", None),
            ("vv2.api.example.com", None),
            ("api.example.com", None),
        ];
        for (host, expected) in rows {
            assert_eq!(template.take(host).as_deref(), expected, "{host}");
        }
    }
}
