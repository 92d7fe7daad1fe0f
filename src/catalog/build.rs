//! From specs to entries: every check that needs more than one value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use http::header::{self, HeaderName, HeaderValue};

use super::entry::{ApiEntry, ExtensionEntry, RouteEntry, Source, Sources, VersionEntry};
use super::life::{self, Life};
use super::router::{Collision, RouteId, Router};
use super::spec::{Api, ConsumerSource, Extension, Route, Unspecified, Version};
use super::template::{HostTemplate, PathTemplate};
use crate::change::{Dated, Input, Location, OpSpec, RouteHistory, RouteName, compose};
use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Diagnostics, Span, Spanned, nearest};
use crate::headers::media::MediaTemplate;
use crate::headers::{lifecycle, link, merge};
use crate::problem::TYPE_BASE;
use crate::version::{Scheme, VersionId, VersionName};

/// Reads one api; knows its versions.
struct Builder<'a> {
    api: &'a Api,
    now: Timestamp,
    versions: Vec<VersionEntry>,
    aliases: BTreeMap<Box<str>, VersionId>,
    found: &'a mut Diagnostics,
}

/// Reads all apis. The entries are of use only if `found` has no errors.
pub(super) fn build(apis: &[Api], now: Timestamp, found: &mut Diagnostics) -> Vec<ApiEntry> {
    if apis.is_empty() {
        found.push(Diagnostic::error("no-api", "there is no api", Span::NONE).help("add one: `[[api]]`"));
    }
    apart(apis, found);
    apis.iter().map(|api| Builder { api, now, versions: Vec::new(), aliases: BTreeMap::new(), found }.build()).collect()
}

/// Two apis need two names and two places.
fn apart(apis: &[Api], found: &mut Diagnostics) {
    let mut names = BTreeSet::new();
    let mut places = BTreeMap::new();
    for api in apis {
        if !names.insert(api.name.as_str()) {
            let message = format!("two apis are called `{}`", api.name.value);
            found.push(Diagnostic::error("duplicate-name", message, api.name.span).help("rename one"));
        }
        let host = api.host.as_ref().map(|host| host.to_ascii_lowercase());
        if let Some(other) = places.insert((host, api.base_path.as_str()), api.name.as_str()) {
            let place = if api.base_path.is_empty() { "the root" } else { api.base_path.as_str() };
            let message = format!("`{}` and `{other}` are both at {place}", api.name.value);
            let span = if api.base_path.span.is_none() { api.span } else { api.base_path.span };
            let help = "give one another `base_path` or `host`";
            found.push(Diagnostic::error("duplicate-place", message, span).help(help));
        }
    }
}

/// The `Link` to the pages of `version`.
fn pages(version: &Version) -> Option<HeaderValue> {
    let [docs, policy] = [&version.docs, &version.policy].map(|url| url.as_ref().map(|url| url.as_str()));
    let mut line = String::new();
    link::push_pages(&mut line, docs, policy, None);
    if line.is_empty() { None } else { HeaderValue::try_from(line).ok() }
}

// === impl Builder ===

impl<'a> Builder<'a> {
    fn build(mut self) -> ApiEntry {
        let api = self.api;
        self.check_name();
        self.read_versions();
        self.read_aliases();
        let sources = self.sources();
        self.fill_content_types(&sources);
        let dated = self.dated();
        let histories = self.histories(&dated);
        let routes = self.routes(histories);
        let routers = self.routers(&routes);
        self.check_brownout_routes(&routes);
        let newest = VersionId::new(u16::try_from(self.versions.len().saturating_sub(1)).unwrap_or(u16::MAX));
        let speaks = api.speaks.as_ref().and_then(|text| self.version(text)).unwrap_or(newest);
        let unspecified = match &api.unspecified {
            Unspecified::Version(text) => self.version(text),
            Unspecified::Reject => None,
        };
        let vary = self.vary(&sources);
        let pins: BTreeMap<Box<str>, VersionId> = api
            .pins
            .iter()
            .filter_map(|(consumer, version)| Some((consumer.as_str().into(), self.version(version)?)))
            .collect();
        ApiEntry {
            name: api.name.as_str().into(),
            base_path: self.base_path(),
            host: api.host.as_ref().map(|host| host.to_ascii_lowercase().into()),
            scheme: api.scheme,
            precedence: self.precedence(),
            vary_value: merge::vary(&vary),
            vary,
            response_header: self.response_header(&sources),
            sources,
            unspecified,
            on_unacceptable: api.on_unacceptable,
            waterfall: self.waterfall(),
            exclude: self.exclude(),
            routes: routes.into(),
            routers: routers.into(),
            consumer: api.consumer.clone().into(),
            pins,
            extensions: self.extensions(),
            speaks,
            forward_as: self.forward_as(),
            upstream: api.upstream.as_ref().map(|name| name.as_str().into()),
            problem_types: self.problem_types(),
            docs: self.docs(),
            pause: api.pause,
            dry_run: api.dry_run,
            clamp_freshness: api.clamp_freshness,
            changes: dated.iter().map(|dated| (dated.version, dated.change.summary.as_str().into())).collect(),
            names: self.versions.iter().map(|version| (version.text.clone(), version.id)).collect(),
            aliases: self.aliases,
            versions: self.versions.into(),
        }
    }

    fn error(&mut self, code: &'static str, message: impl Into<String>, span: Span, help: impl Into<String>) {
        self.found.push(Diagnostic::error(code, message, span).help(help));
    }

    fn check_name(&mut self) {
        let name = &self.api.name;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
            let message = format!("`{}` is no name for an api", name.value);
            self.error("bad-name", message, name.span, "letters, digits, `-`, `_` and `.`");
        }
    }

    fn base_path(&mut self) -> Box<str> {
        let path = &self.api.base_path;
        let legal = path.is_empty() || (path.starts_with('/') && !path.ends_with('/') && !path.contains("//"));
        if !legal || path.contains(['{', '?', '#', '%']) {
            let message = format!("`{}` is no base path", path.value);
            self.error(
                "bad-base-path",
                message,
                path.span,
                "empty, or `/api`: it starts with `/` and ends in a segment",
            );
        }
        path.as_str().into()
    }

    // --- versions ---

    fn read_versions(&mut self) {
        if self.api.versions.is_empty() {
            let message = format!("the api `{}` has no version", self.api.name.value);
            self.error("no-version", message, self.api.name.span, "add `[[api.version]]`, oldest first");
        }
        for version in &self.api.versions {
            if let Some(entry) = self.read_version(version) {
                self.check_after_last(&entry, version);
                self.versions.push(entry);
            }
        }
    }

    fn read_version(&mut self, version: &Version) -> Option<VersionEntry> {
        let Some(name) = VersionName::parse(&version.name, self.api.scheme) else {
            let message =
                format!("`{}` is no version of the scheme `{}`", version.name.value, self.api.scheme.as_str());
            self.error("bad-version", message, version.name.span, format!("such as `{}`", self.api.scheme.example()));
            return None;
        };
        let text = name.to_string();
        let life = Life::read(&version.life, &Life::default(), self.found);
        let released = version.released.as_ref().and_then(|text| life::date(text, "released", self.found));
        if let (Some(released), Some(end)) = (released, life.sunset.or(life.deprecated))
            && end < released
        {
            let message = format!("version `{text}` ends {end}, before it is released {released}");
            self.error("end-before-release", message, version.name.span, "move one of the dates");
        }
        for link in [&version.docs, &version.policy].into_iter().flatten() {
            self.check_link(link);
        }
        Some(VersionEntry {
            id: VersionId::new(u16::try_from(self.versions.len()).unwrap_or(u16::MAX)),
            value: HeaderValue::try_from(&text).unwrap_or_else(|_| HeaderValue::from_static("")),
            day: name.day().and_then(|day| day.parse().ok()),
            name,
            text: text.into(),
            content_type: None,
            released,
            life,
            docs: version.docs.as_ref().map(|text| text.as_str().into()),
            policy: version.policy.as_ref().map(|text| text.as_str().into()),
            links: pages(version),
            known: version.known.iter().map(|name| name.as_str().into()).collect(),
        })
    }

    fn check_link(&mut self, link: &Spanned<String>) {
        if link.parse::<http::Uri>().is_err() || link.is_empty() {
            let message = format!("`{}` is no URL", link.value);
            self.error("bad-url", message, link.span, "such as `https://docs.example.com/migrate-to-v2`");
        }
    }

    fn check_after_last(&mut self, entry: &VersionEntry, version: &Version) {
        let Some(last) = self.versions.last() else { return };
        if entry.name == last.name || self.versions.iter().any(|known| known.name == entry.name) {
            let message = format!("version `{}` is there twice", entry.text);
            self.error("duplicate-name", message, version.name.span, "remove one");
        } else if entry.name < last.name {
            let message = format!("version `{}` stands after `{}`", entry.text, last.text);
            self.error("unordered-versions", message, version.name.span, "list them oldest to newest");
        }
    }

    /// The version that `text` names, or a finding.
    fn version(&mut self, text: &Spanned<String>) -> Option<VersionId> {
        let name = VersionName::parse(text, self.api.scheme);
        let id = name.and_then(|name| self.versions.iter().find(|v| v.name == name)).map(|v| v.id);
        if let Some(id) = id.or_else(|| self.aliases.get(text.as_str()).copied()) {
            return Some(id);
        }
        let known: Vec<&str> = self.versions.iter().map(|v| &*v.text).collect();
        let help = match nearest(text, known.iter().copied()) {
            _ if known.is_empty() => "add `[[api.version]]`, oldest first".to_owned(),
            Some(near) if text.len() > 2 => format!("did you mean `{near}`?"),
            _ => format!("known are {}", known.join(", ")),
        };
        self.error("unknown-version", format!("there is no version `{}`", text.value), text.span, help);
        None
    }

    fn read_aliases(&mut self) {
        for (alias, version) in &self.api.aliases {
            if VersionName::parse(alias, self.api.scheme)
                .is_some_and(|name| self.versions.iter().any(|v| v.name == name))
            {
                self.error(
                    "alias-is-version",
                    format!("`{}` is a version itself", alias.value),
                    alias.span,
                    "rename it",
                );
            } else if let Some(id) = self.version(version) {
                self.aliases.insert(alias.as_str().into(), id);
            }
        }
    }

    fn waterfall(&mut self) -> bool {
        let calendar = matches!(self.api.scheme, Scheme::Date | Scheme::Month);
        if self.api.waterfall && !calendar {
            let message = format!("`waterfall` is for dates, not for the scheme `{}`", self.api.scheme.as_str());
            self.error("waterfall-without-dates", message, self.api.span, "remove it, or name an alias");
        }
        self.api.waterfall && calendar
    }

    // --- resolution ---

    fn sources(&mut self) -> Sources {
        let raw = &self.api.sources;
        let none =
            [&raw.path, &raw.accept, &raw.parameter, &raw.header, &raw.query, &raw.host].iter().all(|s| s.is_none());
        if none && self.api.versions.len() > 1 {
            let message = format!("nothing says where a request to `{}` names its version", self.api.name.value);
            self.error(
                "no-source",
                message,
                self.api.span,
                "`version_from = { header = \"Api-Version\" }`, or path, accept, query, host",
            );
        }
        Sources {
            path: raw.path.as_ref().and_then(|t| self.template(t, PathTemplate::new)),
            host: raw.host.as_ref().and_then(|t| self.template(t, HostTemplate::new)),
            header: raw.header.as_ref().and_then(|name| self.header_name(name)),
            query: raw.query.as_ref().map(|name| name.as_str().into()),
            media: self.media(),
        }
    }

    fn template<T>(&mut self, text: &Spanned<String>, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        match read(text) {
            Ok(template) => Some(template),
            Err(message) => {
                self.error("bad-template", message, text.span, "`{version}` stands in the version's place");
                None
            }
        }
    }

    fn media(&mut self) -> Option<MediaTemplate> {
        let raw = &self.api.sources;
        let parameter = raw.parameter.as_ref().map(|name| name.as_str());
        let json = Spanned::from("application/json");
        let template = match (&raw.accept, parameter) {
            (Some(template), _) => template,
            (None, Some(_)) => &json,
            (None, None) => return None,
        };
        self.template(template, |text| MediaTemplate::new(text, parameter))
    }

    fn header_name(&mut self, name: &Spanned<String>) -> Option<HeaderName> {
        match HeaderName::try_from(name.as_str()) {
            Ok(read) => Some(read),
            Err(_) => {
                self.error(
                    "bad-header",
                    format!("`{}` is no header name", name.value),
                    name.span,
                    "such as `Api-Version`",
                );
                None
            }
        }
    }

    /// Looks at what is written, not at what could be read of it: that has its own findings.
    fn precedence(&mut self) -> Box<[Source]> {
        let mut list = Vec::new();
        let raw = &self.api.sources;
        for word in &self.api.precedence {
            let (source, set) = match word.as_str() {
                "path" => (Source::Path, raw.path.is_some()),
                "accept" => (Source::Accept, raw.accept.is_some() || raw.parameter.is_some()),
                "header" => (Source::Header, raw.header.is_some()),
                "query" => (Source::Query, raw.query.is_some()),
                "host" => (Source::Host, raw.host.is_some()),
                other => {
                    let message = format!("`{other}` is no source of versions");
                    self.error("unknown-source", message, word.span, "path, accept, header, query, host");
                    continue;
                }
            };
            if !set {
                let message = format!("`{}` is not among the sources", word.value);
                self.error("unset-source", message, word.span, "add it to `version_from`, or remove it here");
            }
            list.push(source);
        }
        list.into()
    }

    /// Fields that decide the version. A pin or an extension hangs on whoever asks, so then their field counts too
    /// (RFC 9110 §12.5.5).
    fn vary(&mut self, sources: &Sources) -> Box<[HeaderName]> {
        let mut names = Vec::new();
        if sources.media.is_some() {
            names.push(header::ACCEPT);
        }
        names.extend(sources.header.clone());
        for source in &self.api.consumer {
            let name = match source {
                ConsumerSource::Header(name) => self.header_name(name),
                ConsumerSource::UserAgent => Some(header::USER_AGENT),
            };
            names.extend(name.filter(|_| !self.api.pins.is_empty() || !self.api.extensions.is_empty()));
        }
        names.into()
    }

    fn response_header(&mut self, sources: &Sources) -> Option<HeaderName> {
        match &self.api.response_header {
            Some(name) => self.header_name(name),
            None => sources.header.clone(),
        }
    }

    fn fill_content_types(&mut self, sources: &Sources) {
        if let Some(media) = &sources.media {
            for version in &mut self.versions {
                version.content_type = media.render(&version.text);
            }
        }
    }

    fn exclude(&mut self) -> Box<[Box<str>]> {
        for path in &self.api.exclude {
            let star = path.find('*');
            if !path.starts_with('/') || star.is_some_and(|at| at + 1 != path.len() || !path.ends_with("/*")) {
                let message = format!("`{}` is no path to exclude", path.value);
                self.error("bad-exclude", message, path.span, "`/health`, or `/docs/*` for everything below");
            }
        }
        self.api.exclude.iter().map(|path| path.as_str().into()).collect()
    }

    fn forward_as(&mut self) -> Box<str> {
        match &self.api.forward_as {
            Some(prefix) => self.prefix(prefix),
            None => self.api.base_path.as_str().into(),
        }
    }

    fn prefix(&mut self, prefix: &Spanned<String>) -> Box<str> {
        let legal = prefix.is_empty() || (prefix.starts_with('/') && !prefix.ends_with('/'));
        if !legal || prefix.replacen("{version}", "", 1).contains('{') {
            let message = format!("`{}` is no prefix", prefix.value);
            self.error("bad-prefix", message, prefix.span, "such as `/api/v{version}`; empty for none");
        }
        prefix.as_str().into()
    }

    /// Whether somebody may still use a version: it is not gone, or a route or a consumer keeps it for longer.
    fn is_used(&self, version: &VersionEntry) -> bool {
        let names = |text: &Spanned<String>| VersionName::parse(text, self.api.scheme).as_ref() == Some(&version.name);
        let later = |text: &Spanned<String>| text.parse::<Timestamp>().is_ok_and(|at| at > self.now);
        let extended = self.api.extensions.iter().any(|e| names(&e.version) && later(&e.until));
        let mut lives = self.api.routes.iter().flat_map(|route| &route.lives).filter(|(of, _)| names(of));
        let routed = lives.any(|(_, life)| life.sunset.as_ref().is_some_and(later) || life.hold_sunset == Some(true));
        !version.life.is_gone(self.now) || extended || routed
    }

    fn docs(&mut self) -> Option<Box<str>> {
        let docs = self.api.docs.as_ref()?;
        self.check_link(docs);
        Some(docs.as_str().into())
    }

    fn problem_types(&mut self) -> Box<str> {
        let Some(base) = &self.api.problem_types else { return TYPE_BASE.into() };
        if !base.ends_with('/') || !base.contains("://") || base.parse::<http::Uri>().is_err() {
            let message = format!("`{}` is no base for problem types", base.value);
            self.error("bad-url", message, base.span, "an absolute URL that ends in `/`");
        }
        base.as_str().into()
    }

    // --- changes and routes ---

    fn histories(&mut self, dated: &[Dated<'a>]) -> Vec<RouteHistory> {
        let routes: Vec<RouteName> = self.api.routes.iter().filter_map(|route| self.route_name(&route.route)).collect();
        let oldest_live = self.versions.iter().find(|v| self.is_used(v)).map_or(VersionId::new(0), |v| v.id);
        let input = Input {
            resources: &self.api.resources,
            changes: dated,
            routes: &routes,
            oldest_live,
            on_error: self.api.on_error,
        };
        compose(&input, self.found)
    }

    /// The changes with their versions, sorted by them, in file order within one.
    fn dated(&mut self) -> Vec<Dated<'a>> {
        let mut dated = Vec::new();
        for change in &self.api.changes {
            let Some(version) = self.version(&change.version) else { continue };
            if version.index() == 0 {
                let message =
                    format!("`{}` is a change of the oldest version: nothing is before it", change.summary.value);
                self.error("change-of-oldest", message, change.version.span, "name the version that introduced it");
                continue;
            }
            let of_version = self.api.versions.get(version.index()).and_then(|v| v.strict);
            let nearest = change.strict.or(of_version).or(self.api.strict);
            let (strict_responses, strict_requests) = (nearest.unwrap_or(false), nearest.unwrap_or(true));
            dated.push(Dated { change, version, strict_responses, strict_requests });
        }
        dated.sort_by_key(|dated| dated.version);
        dated
    }

    fn route_name(&mut self, text: &Spanned<String>) -> Option<RouteName> {
        match text.parse::<RouteName>() {
            Ok(name) => Some(name),
            Err(e) => {
                self.error("bad-route", e.to_string(), text.span, e.help());
                None
            }
        }
    }

    fn routes(&mut self, histories: Vec<RouteHistory>) -> Vec<RouteEntry> {
        let mut entries: Vec<RouteEntry> = histories
            .into_iter()
            .enumerate()
            .map(|(at, history)| RouteEntry {
                id: RouteId::new(u16::try_from(at).unwrap_or(u16::MAX)),
                history,
                default: None,
                upstream: None,
                speaks: None,
                forward_as: None,
                lives: Box::default(),
            })
            .collect();
        let mut seen = BTreeSet::new();
        for route in &self.api.routes {
            let Ok(name) = route.route.parse::<RouteName>() else { continue };
            if !seen.insert(name.clone()) {
                let message = format!("the route `{name}` is there twice");
                self.error("duplicate-name", message, route.route.span, "put what is particular about it into one");
            }
            if let Some(entry) = entries.iter_mut().find(|entry| entry.history.name == name) {
                self.particular(route, entry);
            }
        }
        entries
    }

    fn particular(&mut self, route: &Route, entry: &mut RouteEntry) {
        entry.default = route.default.as_ref().and_then(|text| self.version(text));
        entry.speaks = route.speaks.as_ref().and_then(|text| self.version(text));
        entry.upstream = route.upstream.as_ref().map(|name| name.as_str().into());
        entry.forward_as = route.forward_as.as_ref().map(|prefix| self.prefix(prefix));
        let mut lives: Vec<(VersionId, Life)> = Vec::new();
        for (version, life) in &route.lives {
            let Some(id) = self.version(version) else { continue };
            let at = lives.iter().position(|(known, _)| *known == id);
            let base = at.map_or(&self.versions[id.index()].life, |at| &lives[at].1).clone();
            let life = Life::read(life, &base, self.found);
            match at {
                Some(at) => lives[at].1 = life,
                None => lives.push((id, life)),
            }
        }
        entry.lives = lives.into();
    }

    /// A brownout of a route that is not there would hit nobody, without a word.
    fn check_brownout_routes(&mut self, routes: &[RouteEntry]) {
        let api = self.api;
        let lives = api.versions.iter().map(|version| &version.life);
        let lives = lives.chain(api.routes.iter().flat_map(|route| &route.lives).map(|(_, life)| life));
        for text in lives.flat_map(|life| life.brownouts.iter().flatten()).flat_map(|brownout| &brownout.routes) {
            let Some(name) = self.route_name(text) else { continue };
            if routes.iter().any(|entry| entry.history.name == name) {
                continue;
            }
            let names: Vec<String> = routes.iter().map(|entry| entry.history.name.to_string()).collect();
            let newer = routes.iter().find(|entry| entry.history.moves.iter().any(|(_, before)| *before == name));
            let help = match (newer, nearest(&name.to_string(), names.iter().map(String::as_str))) {
                (Some(newer), _) => format!("the newest version calls it `{}`", newer.history.name),
                (None, Some(near)) => format!("did you mean `{near}`?"),
                (None, None) => "name a route of a resource or of `[[api.route]]`".to_owned(),
            };
            self.error("unknown-route", format!("there is no route `{name}`"), text.span, help);
        }
    }

    /// One router for every set of names; neighbours mostly share theirs.
    fn routers(&mut self, routes: &[RouteEntry]) -> Vec<Arc<Router>> {
        let mut routers: Vec<Arc<Router>> = Vec::new();
        let mut collisions = BTreeSet::new();
        let mut last: Option<Vec<(RouteId, &RouteName)>> = None;
        for version in 0..self.versions.len() {
            let id = VersionId::new(u16::try_from(version).unwrap_or(u16::MAX));
            let names: Vec<_> = routes.iter().filter_map(|r| Some((r.id, r.history.name_in(id)?))).collect();
            let router = match (&last, routers.last()) {
                (Some(same), Some(router)) if *same == names => Arc::clone(router),
                _ => {
                    let (router, more) = Router::new(names.iter().copied());
                    collisions.extend(more);
                    Arc::new(router)
                }
            };
            routers.push(router);
            last = Some(names);
        }
        for Collision { route, other } in collisions {
            let message = format!("`{route}` cannot be told from `{other}`");
            let help = "write one place as one template, with the same names of parameters everywhere";
            self.error("route-collision", message, self.route_span(&route), help);
        }
        routers
    }

    /// Where the file first names a route.
    fn route_span(&self, route: &RouteName) -> Span {
        let api = self.api;
        let in_resources = api.resources.iter().flat_map(|resource| &resource.at).map(|place| &place.at);
        let in_changes = api.changes.iter().flat_map(|change| &change.at);
        let places = in_resources.chain(in_changes).filter(|text| Location::is_at(text, route));
        let ops = api.changes.iter().flat_map(|change| &change.ops).flat_map(OpSpec::routes);
        let routes = api.routes.iter().map(|route| &route.route).chain(ops);
        let routes = routes.filter(|text| text.parse::<RouteName>().is_ok_and(|name| name == *route));
        places.chain(routes).map(|text| text.span).min().unwrap_or(api.span)
    }

    fn extensions(&mut self) -> Box<[ExtensionEntry]> {
        self.api.extensions.iter().filter_map(|extension| self.extension(extension)).collect()
    }

    /// Whether the version has a sunset, if only one that cannot be read.
    fn says_sunset(&self, version: VersionId) -> bool {
        let name = &self.versions[version.index()].name;
        let mut specs = self.api.versions.iter();
        specs.any(|v| v.life.sunset.is_some() && VersionName::parse(&v.name, self.api.scheme).as_ref() == Some(name))
    }

    fn extension(&mut self, extension: &Extension) -> Option<ExtensionEntry> {
        let version = self.version(&extension.version)?;
        let until = life::date(&extension.until, "until", self.found)?;
        match self.versions[version.index()].life.sunset {
            Some(sunset) if sunset < until => {}
            Some(sunset) => {
                let message = format!("an extension until {until} does not go past the sunset {sunset}");
                self.error("extension-before-sunset", message, extension.until.span, "remove it, or give a later date");
            }
            None if self.says_sunset(version) => {}
            None => {
                let message = format!("version `{}` has no sunset to extend", extension.version.value);
                self.error(
                    "extension-without-sunset",
                    message,
                    extension.version.span,
                    "give the version its `sunset`",
                );
            }
        }
        Some(ExtensionEntry {
            consumer: extension.consumer.as_str().into(),
            version,
            until,
            value: lifecycle::sunset(until),
            approved_by: extension.approved_by.as_str().into(),
            reason: extension.reason.as_str().into(),
        })
    }
}
