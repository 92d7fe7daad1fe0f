//! Templates with a `{version}` in them, for paths and hosts.

use crate::path::{PathCase, normalize, strip_prefix};
use crate::version::doubles_v;

/// A path prefix of whole segments, one of which holds the version: `/v{version}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathTemplate {
    before: Box<str>,
    after: Box<str>,
}

/// A host whose one label holds the version: `v{version}.api.example.com`. Compared without case, without port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostTemplate {
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
    /// Says what is wrong: no `{version}`, two of them, not starting with `/`, ending in `/`, or not written as requests
    /// have it (see [`normalize`]).
    pub(crate) fn new(template: &str) -> Result<Self, String> {
        let (before, after) = halves(template)?;
        if !before.starts_with('/') || before.contains("//") || after.contains("//") {
            return Err(format!("`{template}` is not a path: it must start with `/` and have no empty segment"));
        }
        if after.ends_with('/') || after.contains('{') || before.contains('{') {
            return Err(format!("`{template}` must end in a whole segment and have no other braces"));
        }
        normal(&format!("{before}1{after}")).map_err(|why| format!("no request can match `{template}`: {why}"))?;
        Ok(Self { before: before.into(), after: after.into() })
    }

    /// The text in the version's place and what follows the template, either empty or beginning with `/`. Whole
    /// segments only: `/v1` takes `1` from `/v1/users`, and `10` from `/v10/users`.
    #[must_use]
    pub(crate) fn take<'p>(&self, path: &'p str, case: PathCase) -> Option<(&'p str, &'p str)> {
        let rest = strip_prefix(path, &self.before, case)?;
        let in_segment = self.after.split('/').next().unwrap_or("");
        let end = rest.find('/').unwrap_or(rest.len());
        let version = rest.get(..end.checked_sub(in_segment.len())?)?;
        let rest = match self.after.is_empty() {
            true => &rest[end..],
            false => strip_prefix(rest.get(version.len()..)?, &self.after, case)?,
        };
        let legal = !version.is_empty() && !doubles_v(&self.before, version);
        (legal && (rest.is_empty() || rest.starts_with('/'))).then_some((version, rest))
    }

    /// How many segments it has.
    #[must_use]
    pub(crate) fn segments(&self) -> usize {
        [&self.before, &self.after].iter().map(|text| text.matches('/').count()).sum()
    }

    /// The template with `version` in its place.
    #[must_use]
    pub(crate) fn render(&self, version: &str) -> String {
        self.parts(version).concat()
    }

    /// The same in parts.
    #[must_use]
    pub(crate) fn parts<'a>(&'a self, version: &'a str) -> [&'a str; 3] {
        [&self.before, version, &self.after]
    }
}

/// Whether requests can have `path`, which is their normal form; if not, why.
pub(super) fn normal(path: &str) -> Result<(), String> {
    match normalize(path) {
        Ok(_) if path.contains('*') => Err("`*` is not a wildcard here".to_owned()),
        Ok(normal) if normal == path && !path.contains(';') => Ok(()),
        Ok(normal) if normal != path => Err(format!("the normalized path is `{normal}`")),
        Ok(_) => Err("a route cannot contain `;`".to_owned()),
        Err(e) => Err(e.to_string()),
    }
}

// === impl HostTemplate ===

impl HostTemplate {
    /// Reads it.
    ///
    /// # Errors
    /// Says what is wrong.
    pub(crate) fn new(template: &str) -> Result<Self, String> {
        let (before, after) = halves(template)?;
        if after.is_empty() || template.contains('*') || HostPattern::new(&format!("{before}1{after}")).is_err() {
            return Err(format!("`{template}` is not a host, such as `v{SLOT}.api.example.com`"));
        }
        Ok(Self { before: before.to_ascii_lowercase().into(), after: after.to_ascii_lowercase().into() })
    }

    /// The text in the version's place, within one label.
    #[must_use]
    pub(crate) fn take(&self, host: &str) -> Option<String> {
        let host = bare_host(host).to_ascii_lowercase();
        let version = host.strip_prefix(&*self.before)?.strip_suffix(&*self.after)?;
        let legal = !version.is_empty() && !version.contains('.') && !doubles_v(&self.before, version);
        legal.then(|| version.to_owned())
    }

    /// The host of a request with another version in it: port and letter case stay.
    #[must_use]
    pub(crate) fn rename(&self, host: &str, version: &str) -> Option<String> {
        let old = self.take(host)?;
        let (before, rest) = host.split_at(self.before.len());
        Some(format!("{before}{version}{}", &rest[old.len()..]))
    }

    /// The template with `version` in its place.
    #[must_use]
    pub(crate) fn render(&self, version: &str) -> String {
        format!("{}{version}{}", self.before, self.after)
    }
}

/// Hosts that an api answers on: `shop.example.com`, or `*.example.com`, whose `*` stands for one label. Compared without
/// case, without port and without a dot at the end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HostPattern {
    /// Behind the `*`, with its dot; all of it where there is none. In small letters.
    tail: Box<str>,
    wildcard: bool,
}

// === impl HostPattern ===

impl HostPattern {
    /// Reads it.
    ///
    /// # Errors
    /// Says what is wrong with a text that no host of a request can be.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let (tail, wildcard) = match text.strip_prefix('*') {
            Some(rest) if rest.starts_with('.') => (rest, true),
            _ => (text, false),
        };
        let name = if wildcard { &tail[1..] } else { tail };
        let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let wrong = match address {
            Some(address) if !wildcard && address.parse::<std::net::Ipv6Addr>().is_ok() => None,
            _ if name.contains("://") => Some("it has a scheme"),
            _ if name.contains('/') => Some("it has a path"),
            _ if name.contains('*') => Some("`*` must be the whole first label"),
            _ if strip_port(name) != name => Some("it has a port, and ports are ignored"),
            _ if !name.is_ascii() => Some("write it in ASCII, `xn--…`"),
            _ if !name.split('.').all(is_label) => Some("it is not a host name"),
            _ => None,
        };
        match wrong {
            Some(why) => Err(format!("no request can have the host `{text}`: {why}")),
            None => Ok(Self { tail: tail.to_ascii_lowercase().into(), wildcard }),
        }
    }

    /// Whether `host` is one of them; it may have a port.
    #[must_use]
    pub(crate) fn matches(&self, host: &str) -> bool {
        let host = bare_host(host);
        if !self.wildcard {
            return host.eq_ignore_ascii_case(&self.tail);
        }
        let label = host.len().checked_sub(self.tail.len()).filter(|label| *label > 0);
        label
            .and_then(|label| host.split_at_checked(label))
            .is_some_and(|(label, tail)| !label.contains('.') && tail.eq_ignore_ascii_case(&self.tail))
    }

    /// Whether it stands for several hosts.
    #[must_use]
    pub(crate) const fn is_wildcard(&self) -> bool {
        self.wildcard
    }
}

impl std::fmt::Display for HostPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.wildcard { "*" } else { "" }, self.tail)
    }
}

/// Letters, digits, hyphens, and the underscore that some names have.
fn is_label(label: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=63).contains(&label.len()) && label.bytes().all(legal)
}

/// The host without port and without the dot at its end, which stands for the root of all names.
fn bare_host(host: &str) -> &str {
    let host = strip_port(host);
    host.strip_suffix('.').unwrap_or(host)
}

/// The text behind `start`, which is often empty: that is not compared, since comparing nothing at no address takes
/// longer than all the rest (processors have to look at the address before they see that it does not matter).
pub(crate) fn strip_start<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    if start.is_empty() { Some(text) } else { text.strip_prefix(start) }
}

/// The host without its port.
#[must_use]
pub(crate) fn strip_port(host: &str) -> &str {
    match host.rfind(':') {
        Some(at) if host[at + 1..].bytes().all(|b| b.is_ascii_digit()) => &host[..at],
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn example_of_new() -> Result<(), String> {
        use crate::catalog::HostPattern;

        let pattern = HostPattern::new("*.example.com")?;
        assert!(pattern.matches("Shop.Example.com:8080"));
        assert!(!pattern.matches("example.com") && !pattern.matches("a.b.example.com"));
        assert!(HostPattern::new("example.com:8080").is_err());
        Ok(())
    }

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
            assert_eq!(
                PathTemplate::new(template).expect(template).take(path, PathCase::Sensitive),
                expected,
                "{template} on {path}"
            );
        }
        let template = PathTemplate::new("/v{version}/Shop").expect("a template");
        for (path, expected) in [("/V1/shop/a", Some(("1", "/a"))), ("/v1/SHOP", Some(("1", ""))), ("/v1/shops", None)]
        {
            assert_eq!(template.take(path, PathCase::Insensitive), expected, "{path}");
        }
        let wrong = ["/v1", "v{version}", "/v{version}/", "/{version}/{version}", "/{x}/{version}"];
        let never = ["/%76{version}", "/é/{version}", "/../{version}", "/a;b/{version}", "/a?/{version}"];
        for wrong in wrong.into_iter().chain(never) {
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
            ("v2.api.example.com.", Some("2")),
        ];
        for (host, expected) in rows {
            assert_eq!(template.take(host).as_deref(), expected, "{host}");
        }
        assert_eq!(template.rename("V2.Api.example.com:8080", "10").as_deref(), Some("V10.Api.example.com:8080"));
        assert_eq!(template.rename("api.example.com", "10"), None);
        for wrong in
            ["v{version}.example.com:80", "*.{version}.example.com", "v{version}.a/b", "v{version}..a", "{version}"]
        {
            assert!(HostTemplate::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hosts_match_patterns() {
        let rows = [
            ("shop.example.com", "Shop.example.com:443", true),
            ("Shop.Example.com", "shop.example.com.", true),
            ("shop.example.com", "shop.example.co", false),
            ("*.example.com", "shop.example.com", true),
            ("*.example.com", "SHOP.EXAMPLE.COM:80", true),
            ("*.example.com", "a.shop.example.com", false),
            ("*.example.com", "example.com", false),
            ("*.example.com", ".example.com", false),
            ("*.example.com", "éexample.com", false),
            ("[::1]", "[::1]:8080", true),
            ("127.0.0.1", "127.0.0.1", true),
            ("my_host", "my_host", true),
        ];
        for (pattern, host, expected) in rows {
            let pattern = HostPattern::new(pattern).expect(pattern);
            assert_eq!(pattern.matches(host), expected, "{pattern} of {host}");
        }
        let never = [
            "",
            "*",
            "a.*.com",
            "*a.com",
            "**.com",
            "a.com:80",
            "http://a.com",
            "a.com/",
            "bücher.de",
            "a..b",
            "a.com.",
            " a",
            "[::g]",
            "*.[::1]",
        ];
        for never in never {
            assert!(HostPattern::new(never).is_err(), "{never}");
        }
    }
}
