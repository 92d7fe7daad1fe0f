//! Changes, routes and extensions.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::entry::{ExtensionEntry, RouteEntry};
use super::super::life::{self, Lifecycle};
use super::super::router::{KnownPaths, RouteConflict, RouteId, Router};
use super::super::spec::{Extension, OnUndeclared, Route};
use super::Builder;
use crate::change::{ComposeInput, DatedChange, Location, OpSpec, RouteHistory, RouteName, compose};
use crate::diagnostic::{Diagnostic, Span, Spanned, nearest, quoted};
use crate::headers::lifecycle;
use crate::version::{VersionId, VersionName};

// === impl Builder ===

impl<'a> Builder<'a> {
    pub(super) fn histories(&mut self, dated: &[DatedChange<'a>]) -> Vec<RouteHistory> {
        let routes: Vec<RouteName> = self.api.routes.iter().filter_map(|route| self.route_name(&route.route)).collect();
        let oldest_live = self.versions.iter().find(|v| self.is_used(v)).map_or(VersionId::new(0), |v| v.id);
        let input = ComposeInput {
            resources: &self.api.resources,
            changes: dated,
            routes: &routes,
            oldest_live,
            on_error: self.api.on_error,
        };
        compose(&input, self.found)
    }

    /// The changes with their versions, sorted by them, in file order within one.
    pub(super) fn dated(&mut self) -> Vec<DatedChange<'a>> {
        let mut dated = Vec::new();
        for change in &self.api.changes {
            let Some(version) = self.version(&change.version) else { continue };
            if version.index() == 0 {
                let message = format!(
                    "{} is a change of the oldest version, which has no version before it",
                    quoted(&change.summary)
                );
                self.error(
                    "change-of-oldest",
                    message,
                    change.version.span,
                    "use the version that introduced the \
                     change",
                );
                continue;
            }
            let of_version = self.api.versions.get(version.index()).and_then(|v| v.strict);
            let nearest = change.strict.or(of_version).or(self.api.strict);
            let (strict_responses, strict_requests) = (nearest.unwrap_or(false), nearest.unwrap_or(true));
            dated.push(DatedChange { change, version, strict_responses, strict_requests });
        }
        dated.sort_by_key(|dated| dated.version);
        dated
    }

    pub(super) fn route_name(&mut self, text: &Spanned<String>) -> Option<RouteName> {
        match text.parse::<RouteName>() {
            Ok(name) => Some(name),
            Err(e) => {
                self.error("bad-route", e.to_string(), text.span, e.help());
                None
            }
        }
    }

    pub(super) fn routes(&mut self, histories: Vec<RouteHistory>) -> Vec<RouteEntry> {
        let id = |at: usize| RouteId::new(u16::try_from(at).unwrap_or(u16::MAX));
        let trunks: Vec<usize> =
            histories.iter().enumerate().map(|(at, history)| history.branch_of.unwrap_or(at)).collect();
        let branches = |at: usize| {
            let same = trunks.iter().enumerate().filter(|(_, trunk)| **trunk == trunks[at]).map(|(at, _)| id(at));
            Some(same.collect::<Box<[_]>>()).filter(|branches| branches.len() > 1).unwrap_or_default()
        };
        let mut entries: Vec<RouteEntry> = histories
            .into_iter()
            .enumerate()
            .map(|(at, history)| RouteEntry {
                id: id(at),
                history,
                branches: branches(at),
                default: None,
                upstream: None,
                speaks: None,
                forward_as: None,
                timeout: None,
                content: None,
                request_content: None,
                on_untyped: self.api.on_untyped,
                forms: self.api.forms,
                lives: Box::default(),
            })
            .collect();
        let mut seen = BTreeSet::new();
        // Those of every method first, so that the setting of a single method overrides it.
        let mut specs: Vec<(RouteName, &Route)> =
            self.api.routes.iter().filter_map(|route| Some((route.route.parse().ok()?, route))).collect();
        specs.sort_by_key(|(name, _)| name.method.is_some());
        for (name, route) in specs {
            if !seen.insert(name.clone()) {
                let message = format!("the route `{name}` is defined twice");
                self.error("duplicate-name", message, route.route.span, "merge the two");
            }
            for entry in entries.iter_mut().filter(|entry| name.covers(&entry.history.name)) {
                self.particular(route, entry);
            }
        }
        entries
    }

    pub(super) fn particular(&mut self, route: &Route, entry: &mut RouteEntry) {
        entry.default = route.default.as_ref().and_then(|text| self.version(text)).or(entry.default);
        entry.speaks = route.speaks.as_ref().and_then(|text| self.version(text)).or(entry.speaks);
        let upstream = route.upstream.as_ref().map(|name| name.as_str().into());
        entry.upstream = upstream.or_else(|| entry.upstream.take());
        let forward_as = route.forward_as.as_ref().map(|prefix| self.prefix(prefix));
        entry.forward_as = forward_as.or_else(|| entry.forward_as.take());
        entry.timeout = route.timeout.or(entry.timeout);
        entry.content = route.content.or(entry.content);
        entry.request_content = route.request_content.or(entry.request_content);
        entry.on_untyped = route.on_untyped.unwrap_or(entry.on_untyped);
        entry.forms = route.forms.unwrap_or(entry.forms);
        let mut lives: Vec<(VersionId, Lifecycle)> = std::mem::take(&mut entry.lives).into_vec();
        for (version, life) in &route.lives {
            let Some(id) = self.version(version) else { continue };
            let at = lives.iter().position(|(known, _)| *known == id);
            let base = at.map_or(&self.versions[id.index()].life, |at| &lives[at].1).clone();
            let life = Lifecycle::read(life, &base, self.found);
            match at {
                Some(at) => lives[at].1 = life,
                None => lives.push((id, life)),
            }
        }
        entry.lives = lives.into();
    }

    /// A brownout of an unknown route would silently have no effect.
    pub(super) fn check_brownout_routes(&mut self, routes: &[RouteEntry]) {
        let api = self.api;
        let lives = api.versions.iter().map(|version| &version.life);
        let lives = lives.chain(api.routes.iter().flat_map(|route| &route.lives).map(|(_, life)| life));
        for text in lives.flat_map(|life| life.brownouts.iter().flatten()).flat_map(|brownout| &brownout.routes) {
            let Some(name) = self.route_name(text) else { continue };
            if routes.iter().any(|entry| name.covers(&entry.history.name)) {
                continue;
            }
            let names: Vec<String> = routes.iter().map(|entry| entry.history.name.to_string()).collect();
            let newer = routes.iter().find(|entry| entry.history.moves.iter().any(|moved| moved.before == name));
            let help = match (newer, nearest(&name.to_string(), names.iter().map(String::as_str))) {
                (Some(newer), _) => format!("use its name in the newest version, `{}`", newer.history.name),
                (None, Some(near)) => format!("did you mean `{near}`?"),
                (None, None) => "use a route of a resource, or declare it in `[[api.route]]`".to_owned(),
            };
            self.error("unknown-route", format!("unknown route `{name}`"), text.span, help);
        }
    }

    /// One router for every set of names; neighbours mostly share theirs.
    pub(super) fn routers(&mut self, routes: &[RouteEntry]) -> Vec<Arc<Router>> {
        let mut routers: Vec<Arc<Router>> = Vec::new();
        let mut collisions = BTreeSet::new();
        let mut last: Option<Vec<(RouteId, &RouteName)>> = None;
        for version in 0..self.versions.len() {
            let id = VersionId::new(u16::try_from(version).unwrap_or(u16::MAX));
            // Where several became one, the first of them stands for all.
            let stands = |route: &&RouteEntry| {
                let same = |other: &&RouteId| routes[other.index()].history.name_in(id) == route.history.name_in(id);
                route.branches.iter().find(same).is_none_or(|first| *first == route.id)
            };
            let named = routes.iter().filter(stands);
            let names: Vec<_> = named.filter_map(|r| Some((r.id, r.history.name_in(id)?))).collect();
            let router = match (&last, routers.last()) {
                (Some(same), Some(router)) if *same == names => Arc::clone(router),
                _ => {
                    let (router, more) = Router::new(names.iter().copied(), self.api.path_case);
                    collisions.extend(more);
                    Arc::new(router)
                }
            };
            routers.push(router);
            last = Some(names);
        }
        for RouteConflict { route, other } in collisions {
            let (message, help) = if route == other {
                let message = format!("two routes of one version are `{route}`");
                (message, "rename one of them, or remove one with `remove_route`")
            } else {
                let message = format!("`{route}` and `{other}` are the same path with different parameter names");
                (message, "use the same parameter names everywhere")
            };
            self.error("route-collision", message, self.route_span(&route), help);
        }
        routers
    }

    /// The paths of the routes of all versions.
    pub(super) fn known_paths(&mut self, routes: &[RouteEntry]) -> KnownPaths {
        if routes.is_empty() && self.api.undeclared == OnUndeclared::Refuse {
            let message = format!("`{}` refuses undeclared routes and declares none", self.api.name.value);
            let help = "declare its routes in `[[api.resource]]` or `[[api.route]]`, or remove `undeclared`";
            self.error("undeclared-without-routes", message, self.api.span, help);
        }
        let names = |route: &RouteEntry| {
            let moves = route.history.moves.iter().map(|moved| moved.before.clone());
            moves.chain([route.history.name.clone()]).collect::<Vec<_>>()
        };
        let names: Vec<RouteName> = routes.iter().flat_map(names).collect();
        KnownPaths::new(names.iter())
    }

    /// Where the file first names a route.
    pub(super) fn route_span(&self, route: &RouteName) -> Span {
        let api = self.api;
        let in_resources = api.resources.iter().flat_map(|resource| &resource.at).map(|place| &place.at);
        let in_changes = api.changes.iter().flat_map(|change| &change.at);
        let places = in_resources.chain(in_changes).filter(|text| Location::is_at(text, route));
        let ops = api.changes.iter().flat_map(|change| &change.ops).flat_map(OpSpec::routes);
        let routes = api.routes.iter().map(|route| &route.route).chain(ops);
        let routes = routes.filter(|text| text.parse::<RouteName>().is_ok_and(|name| name == *route));
        places.chain(routes).map(|text| text.span).min().unwrap_or(api.span)
    }

    pub(super) fn extensions(&mut self) -> Box<[ExtensionEntry]> {
        self.api.extensions.iter().filter_map(|extension| self.extension(extension)).collect()
    }

    /// Whether the version has a sunset, if only one that cannot be read.
    pub(super) fn says_sunset(&self, version: VersionId) -> bool {
        let name = &self.versions[version.index()].name;
        let mut specs = self.api.versions.iter();
        specs.any(|v| v.life.sunset.is_some() && VersionName::parse(&v.name, self.api.scheme).as_ref() == Some(name))
    }

    pub(super) fn extension(&mut self, extension: &Extension) -> Option<ExtensionEntry> {
        let version = self.version(&extension.version)?;
        let until = life::date(&extension.until, "until", self.found)?;
        match self.versions[version.index()].life.sunset {
            Some(sunset) if sunset < until && until <= self.now => {
                let message = format!("the extension until {until} has ended");
                let warning = Diagnostic::warning("extension-ended", message, extension.until.span);
                self.found.push(warning.help("remove it, or set a later date"));
            }
            Some(sunset) if sunset < until => {}
            Some(sunset) => {
                let message = format!("the extension until {until} does not go past the sunset {sunset}");
                self.error("extension-before-sunset", message, extension.until.span, "remove it, or set a later date");
            }
            None if self.says_sunset(version) => {}
            None => {
                let message = format!("version `{}` has no sunset to extend", extension.version.value);
                self.error("extension-without-sunset", message, extension.version.span, "add `sunset` to the version");
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
