//! Where a request names its version, and other settings for requests.

use http::header::{self, HeaderName};

use super::super::cors::{AllowedOrigin, CorsEntry, Origins};
use super::super::entry::{VersionEntry, VersionSources};
use super::super::spec::Cors;
use super::super::template::{self, HostPattern, HostTemplate, PathTemplate};
use super::super::version_source::VersionSource;
use super::Builder;
use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Spanned};
use crate::headers::template::MediaTemplate;
use crate::path::{strip_prefix, trim_slash};
use crate::problem::TYPE_BASE;
use crate::version::VersionName;

/// Fields that are gone before anything is read (RFC 9110 §7.6.1), or that frame the message.
static OF_THE_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

// === impl Builder ===

impl<'a> Builder<'a> {
    pub(super) fn sources(&mut self) -> VersionSources {
        let raw = &self.api.sources;
        let none =
            [&raw.path, &raw.accept, &raw.parameter, &raw.header, &raw.query, &raw.host].iter().all(|s| s.is_none());
        if none && self.api.versions.len() > 1 {
            let message = format!("`{}` does not say where a request names its version", self.api.name.value);
            self.error(
                "no-source",
                message,
                self.api.span,
                "add `version_from = { header = \"Api-Version\" }`, or `path`, `accept`, `query` or `host`",
            );
        }
        VersionSources {
            path: raw.path.as_ref().and_then(|t| self.template(t, PathTemplate::new)),
            host: raw.host.as_ref().and_then(|t| self.template(t, HostTemplate::new)),
            header: raw.header.as_ref().and_then(|name| self.header_name(name)),
            query: raw.query.as_ref().map(|name| name.as_str().into()),
            media: self.media(),
        }
    }

    pub(super) fn template<T>(
        &mut self,
        text: &Spanned<String>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        match read(text) {
            Ok(template) => Some(template),
            Err(message) => {
                self.error("bad-template", message, text.span, "write `{version}` in place of the version");
                None
            }
        }
    }

    pub(super) fn media(&mut self) -> Option<MediaTemplate> {
        let raw = &self.api.sources;
        let parameter = raw.parameter.as_ref().map(|name| name.as_str());
        match (&raw.accept, &raw.parameter) {
            (Some(template), _) => self.template(template, |text| MediaTemplate::new(text, parameter)),
            (None, Some(name)) => self.template(name, MediaTemplate::of_any_type),
            (None, None) => None,
        }
    }

    pub(super) fn header_name(&mut self, name: &Spanned<String>) -> Option<HeaderName> {
        match HeaderName::try_from(name.as_str()) {
            Ok(read) if OF_THE_HOP.contains(&read) => {
                let message = format!("`{}` is a hop-by-hop header, which is not forwarded", name.value);
                self.error("bad-header", message, name.span, "use a header such as `Api-Version`");
                None
            }
            Ok(read) => Some(read),
            Err(_) => {
                self.error(
                    "bad-header",
                    format!("`{}` is not a valid header name", name.value),
                    name.span,
                    "use a header such as `Api-Version`",
                );
                None
            }
        }
    }

    /// A version that no host can name, or that is on no host of the api, is never spoken by it.
    pub(super) fn check_version_hosts(&mut self, sources: &VersionSources) {
        let (Some(template), Some(text)) = (&sources.host, &self.api.sources.host) else { return };
        let names = self.versions.iter().map(|version| &*version.text).chain(self.aliases.keys().map(|alias| &**alias));
        let hosts: Vec<String> = names
            .filter(|name| template.take(&template.render(name)).is_some_and(|taken| taken.eq_ignore_ascii_case(name)))
            .map(|name| template.render(name))
            .collect();
        let patterns: Vec<HostPattern> = self.api.hosts.iter().filter_map(|host| HostPattern::new(host).ok()).collect();
        if hosts.is_empty() && !self.versions.is_empty() {
            let message = format!("`{}` cannot name a version with a dot: a version must be one label", text.value);
            self.error("version-host-never", message, text.span, "add `aliases` without dots, or remove it");
        } else if !patterns.is_empty() && !hosts.iter().any(|host| patterns.iter().any(|pattern| pattern.matches(host)))
        {
            let message = format!("`{}` is not among the hosts of the api", text.value);
            let help = "add the hosts of the versions to `host`, such as `*.api.example.com`";
            self.error("version-host-never", message, text.span, help);
        }
    }

    /// A version that the path cannot name: `/v{version}` and a version `v1beta1` would be `/vv1beta1`.
    pub(super) fn check_version_paths(&mut self, sources: &VersionSources) {
        let (Some(template), Some(text)) = (&sources.path, &self.api.sources.path) else { return };
        let is_named = |name: &str| template.take(&template.render(name), self.api.path_case).is_some();
        let Some(version) = self.versions.iter().find(|version| !is_named(&version.text)) else { return };
        let message = format!("`{}` cannot name the version `{}`", text.value, version.text);
        let help = "remove the `v` before `{version}`: the names of the versions have it";
        self.error("version-path-never", message, text.span, help);
    }

    /// Looks at what is written, not at what could be read of it: that has its own findings.
    pub(super) fn precedence(&mut self) -> Box<[VersionSource]> {
        let mut list = Vec::new();
        let raw = &self.api.sources;
        for word in &self.api.precedence {
            let (source, set) = match word.as_str() {
                "path" => (VersionSource::Path, raw.path.is_some()),
                "accept" => (VersionSource::Accept, raw.accept.is_some() || raw.parameter.is_some()),
                "header" => (VersionSource::Header, raw.header.is_some()),
                "query" => (VersionSource::Query, raw.query.is_some()),
                "host" => (VersionSource::Host, raw.host.is_some()),
                other => {
                    let message = format!("`{other}` is not a source of versions");
                    self.error("unknown-source", message, word.span, "path, accept, header, query, host");
                    continue;
                }
            };
            if !set {
                let message = format!("`{}` is not a configured source", word.value);
                self.error("unset-source", message, word.span, "add it to `version_from`, or remove it here");
            }
            list.push(source);
        }
        list.into()
    }

    /// Headers that decide the version. A pin or an extension depends on the consumer, so then the consumer's header counts
    /// too (RFC 9110 §12.5.5).
    pub(super) fn vary(&mut self, sources: &VersionSources) -> Box<[HeaderName]> {
        let mut names = Vec::new();
        if sources.media.is_some() {
            names.push(header::ACCEPT);
        }
        names.extend(sources.header.clone());
        for source in &self.api.consumer {
            let name = source.value.field().map(|name| Spanned::new(name.to_owned(), source.span));
            let name = name.and_then(|name| self.header_name(&name));
            names.extend(name.filter(|_| !self.api.pins.is_empty() || !self.api.extensions.is_empty()));
        }
        names.into()
    }

    pub(super) fn response_header(&mut self, sources: &VersionSources) -> Option<HeaderName> {
        match &self.api.response_header {
            Some(name) => self.header_name(name),
            None => sources.header.clone(),
        }
    }

    pub(super) fn fill_content_types(&mut self, sources: &VersionSources) {
        if let Some(media) = &sources.media {
            for version in &mut self.versions {
                version.content_type = media.render(&version.text);
            }
        }
    }

    pub(super) fn exclude(&mut self) -> Box<[Box<str>]> {
        let base = self.api.base_path.as_str();
        for path in &self.api.exclude {
            let star = path.find('*');
            if !path.starts_with('/') || star.is_some_and(|at| at + 1 != path.len() || !path.ends_with("/*")) {
                let message = format!("`{}` is not a valid path to exclude", path.value);
                self.error("bad-exclude", message, path.span, "write `/health`, or `/docs/*` for everything below");
                continue;
            }
            let plain = path.strip_suffix("/*").unwrap_or(path);
            if let (false, Err(why)) = (plain.is_empty(), template::normal(plain)) {
                let message = format!("no request can have the path `{}`: {why}", path.value);
                self.error("bad-exclude", message, path.span, "write the normalized path");
            } else if !strip_prefix(plain, base, self.api.path_case)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            {
                let message = format!("`{}` excludes nothing: the base path of the api is `{base}`", path.value);
                let help = format!("write the complete path of a request: `{base}{}`", path.value);
                self.found.push(Diagnostic::warning("exclude-outside", message, path.span).help(help));
            }
        }
        // A slash at the end makes no other path.
        self.api.exclude.iter().map(|path| trim_slash(path).into()).collect()
    }

    pub(super) fn hosts(&mut self) -> Box<[HostPattern]> {
        let api = self.api;
        let read = |host: &Spanned<String>| match HostPattern::new(host) {
            Ok(pattern) => Some(pattern),
            Err(message) => {
                let help = "write a host such as `shop.example.com`, or `*.example.com` for any one label";
                self.error("bad-host", message, host.span, help);
                None
            }
        };
        api.hosts.iter().filter_map(read).collect()
    }

    pub(super) fn forward_as(&mut self) -> Box<str> {
        match &self.api.forward_as {
            Some(prefix) => self.prefix(prefix),
            None => self.api.base_path.as_str().into(),
        }
    }

    pub(super) fn prefix(&mut self, prefix: &Spanned<String>) -> Box<str> {
        let legal = prefix.is_empty() || (prefix.starts_with('/') && !prefix.ends_with('/'));
        if !legal || prefix.replacen("{version}", "", 1).contains('{') {
            let message = format!("`{}` is not a valid prefix", prefix.value);
            self.error(
                "bad-prefix",
                message,
                prefix.span,
                "write a prefix such as `/api/v{version}`, or leave it \
                 empty for none",
            );
        }
        prefix.as_str().into()
    }

    /// Whether somebody may still use a version: it is not gone, or a route or a consumer keeps it for longer.
    pub(super) fn is_used(&self, version: &VersionEntry) -> bool {
        let names = |text: &Spanned<String>| VersionName::parse(text, self.api.scheme).as_ref() == Some(&version.name);
        let later = |text: &Spanned<String>| text.parse::<Timestamp>().is_ok_and(|at| at > self.now);
        let extended = self.api.extensions.iter().any(|e| names(&e.version) && later(&e.until));
        let mut lives = self.api.routes.iter().flat_map(|route| &route.lives).filter(|(of, _)| names(of));
        let routed = lives.any(|(_, life)| life.sunset.as_ref().is_some_and(later) || life.hold_sunset == Some(true));
        !version.life.is_gone(self.now) || extended || routed
    }

    pub(super) fn docs(&mut self) -> Option<Box<str>> {
        let docs = self.api.docs.as_ref()?;
        self.check_link(docs);
        Some(docs.as_str().into())
    }

    pub(super) fn cors(&mut self) -> Option<CorsEntry> {
        let Cors { origins, credentials } = self.api.cors.as_ref()?;
        let any = origins.iter().find(|origin| origin.as_str() == "*");
        let span = |any: &Spanned<String>| if any.span.is_none() { self.api.span } else { any.span };
        match any {
            Some(any) if origins.len() > 1 => {
                let message = "`origins` has `*` and other origins";
                self.error("bad-origin", message, span(any), "keep only `*`, or only the others");
            }
            Some(any) if *credentials => {
                let message = "`credentials` cannot be combined with all origins (`*`): browsers refuse it";
                self.error("bad-origin", message, span(any), "list the origins");
            }
            _ => {}
        }
        if origins.is_empty() {
            let message = format!("`cors` of `{}` has no origin", self.api.name.value);
            self.error("bad-origin", message, self.api.span, "add one: `origins = [\"https://app.example.com\"]`");
        }
        if any.is_some() {
            return Some(CorsEntry { origins: Origins::Any, credentials: *credentials });
        }
        let mut list = Vec::new();
        for origin in origins {
            match AllowedOrigin::read(origin) {
                Ok(allowed) => list.push(allowed),
                Err(help) => {
                    let message = format!("`{}` is not a valid origin", origin.value);
                    self.error("bad-origin", message, origin.span, help);
                }
            }
        }
        Some(CorsEntry { origins: Origins::Listed(list.into()), credentials: *credentials })
    }

    pub(super) fn problem_types(&mut self) -> Box<str> {
        let Some(base) = &self.api.problem_types else { return TYPE_BASE.into() };
        if !base.ends_with('/') || !base.contains("://") || base.parse::<http::Uri>().is_err() {
            let message = format!("`{}` is not a valid prefix of problem types", base.value);
            self.error("bad-url", message, base.span, "write an absolute URL that ends in `/`");
        }
        base.as_str().into()
    }
}
