//! What loads, and may not be what was meant. A route that `[[api.route]]` names is taken as meant.

use std::collections::BTreeSet;

use super::super::entry::RouteEntry;
use super::super::spec::{OnUndeclared, Unspecified};
use super::super::template::PathTemplate;
use super::Builder;
use crate::change::{Location, Message, RouteName, inside_of};
use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Span, Spanned, is_typo};
use crate::version::{VersionId, VersionName};

/// A place as it is written.
struct Placed {
    route: RouteName,
    is_response: bool,
    span: Span,
}

/// Why a day is a bad one for a sunset, in UTC.
fn quiet_day(at: Timestamp) -> Option<&'static str> {
    // 1970 began on a Thursday.
    match (at.as_secs().div_euclid(86_400) + 4).rem_euclid(7) {
        _ if at.to_string().get(5..10) == Some("12-31") => Some("on 31 December"),
        5 => Some("on a Friday"),
        6 => Some("on a Saturday"),
        0 => Some("on a Sunday"),
        _ => None,
    }
}

// === impl Builder ===

impl Builder<'_> {
    pub(super) fn warnings(&mut self, routes: &[RouteEntry]) {
        let placed = self.placed();
        let meant = self.meant();
        self.slips(&placed, &meant);
        self.prefixed(&placed, &meant);
        self.unplaced(&placed, routes);
        self.unanswered(&placed, &meant, routes);
        self.unnamed(routes);
        self.unused_resources(&meant);
        self.gone_defaults(routes);
        self.sunset_days();
    }

    /// A sunset on a day on which few people are at work to see what it breaks.
    fn sunset_days(&mut self) {
        let api = self.api;
        for (entry, version) in
            self.versions.iter().map(|entry| entry.life.sunset).zip(&api.versions).collect::<Vec<_>>()
        {
            let (Some(sunset), Some(text)) = (entry.filter(|sunset| *sunset > self.now), &version.life.sunset) else {
                continue;
            };
            let Some(day) = quiet_day(sunset) else { continue };
            let message = format!("the sunset {sunset} is {day}: few people are at work to see what it breaks");
            self.doubt("sunset-on-quiet-day", message, text.span, "take a Tuesday, or keep it if you mean it");
        }
    }

    pub(super) fn doubt(&mut self, code: &'static str, message: String, span: Span, help: impl Into<String>) {
        self.found.push(Diagnostic::warning(code, message, span).help(help));
    }

    fn placed(&self) -> Vec<Placed> {
        let api = self.api;
        let in_resources = api.resources.iter().flat_map(|resource| &resource.at).map(|place| &place.at);
        let all = in_resources.chain(api.changes.iter().flat_map(|change| &change.at));
        let read = |text: &Spanned<String>| {
            let place = text.parse::<Location>().ok()?;
            let is_response = matches!(place.message, Message::Response(_));
            Some(Placed { route: place.route, is_response, span: text.span })
        };
        all.filter_map(read).collect()
    }

    /// The routes that the author named as routes.
    fn meant(&self) -> Vec<RouteName> {
        let api = self.api;
        let ops = api.changes.iter().flat_map(|change| &change.ops).flat_map(|op| op.routes());
        api.routes.iter().map(|route| &route.route).chain(ops).filter_map(|text| text.parse().ok()).collect()
    }

    /// `POST /ordes` beside `POST /orders`: the rarer word is the typo, or else the later one.
    fn slips(&mut self, placed: &[Placed], meant: &[RouteName]) {
        let is_meant = |template: &str| meant.iter().any(|route| *route.template == *template);
        let count = |word: &str| {
            let templates = placed.iter().map(|place| &place.route.template);
            templates.flat_map(|template| template.split('/')).filter(|segment| *segment == word).count()
        };
        let mut seen = BTreeSet::new();
        for place in placed {
            let template = &*place.route.template;
            if is_meant(template) || !seen.insert(template) {
                continue;
            }
            let others = placed.iter().map(|place| &*place.route.template);
            let mut others = others.chain(meant.iter().map(|route| &*route.template));
            let is_typo = |other: &&str| {
                let Some((word, other_word)) = one_slip(template, other) else { return false };
                let (rare, common) = (count(word), count(other_word));
                is_meant(other) || rare < common || (rare == common && seen.contains(other))
            };
            if let Some(other) = others.find(is_typo) {
                let message = format!("`{template}` is spelled almost like `{other}`");
                let help = "if they are the same, use one spelling; otherwise declare it in `[[api.route]]`";
                self.doubt("similar-routes", message, place.span, help);
            }
        }
    }

    /// `POST /api/v2/orders`, where a place is written below the base path and the version.
    fn prefixed(&mut self, placed: &[Placed], meant: &[RouteName]) {
        let path = self.api.sources.path.as_ref().and_then(|text| PathTemplate::new(text).ok());
        let base = self.api.base_path.as_str();
        for place in placed.iter().filter(|place| !place.route.is_every() && !meant.contains(&place.route)) {
            let template = &*place.route.template;
            let below = |prefix: &str| template.strip_prefix(prefix).filter(|rest| rest.starts_with('/'));
            let based = if base.is_empty() { None } else { below(base) };
            let rest = based.unwrap_or(template);
            let known = |text: &str| {
                let name = VersionName::parse(text, self.api.scheme);
                name.is_some_and(|name| self.versions.iter().any(|version| version.name == name))
            };
            let versioned = path.as_ref().and_then(|path| path.take(rest, self.api.path_case));
            let rest = match versioned.filter(|(version, _)| known(version)) {
                Some((_, rest)) => rest,
                None if based.is_some() => rest,
                None => continue,
            };
            let message = format!("the path of `{}` begins with the base path or a version", place.route);
            let method = place.route.method.as_deref().unwrap_or("*");
            let help = format!(
                "write places relative to them: `{method} {}`; if the path is intended, declare it in `[[api.route]]`",
                if rest.is_empty() { "/" } else { rest }
            );
            self.doubt("place-with-prefix", message, place.span, help);
        }
    }

    /// A route without a place, beside one of the same path that changes are on.
    fn unplaced(&mut self, placed: &[Placed], routes: &[RouteEntry]) {
        let is_placed = |name: &RouteName| placed.iter().any(|place| place.route.covers(name));
        for entry in routes {
            let name = &entry.history.name;
            if entry.history.removed.is_some() || with_body(name).iter().all(is_placed) {
                continue;
            }
            let is_sibling = |other: &&RouteEntry| {
                let history = &other.history;
                let changed = !history.request.chain().links().is_empty()
                    || history.responses.iter().any(|(_, chain)| !chain.chain().links().is_empty());
                changed && history.name.template == name.template && history.name != *name
            };
            if let Some(sibling) = routes.iter().find(is_sibling) {
                let message = format!(
                    "`{}` has places and `{name}` has none, so its bodies are not migrated",
                    sibling.history.name
                );
                let help = "add its bodies to a resource; if they have another shape, to one that no change applies to";
                let span = self.route_span(name);
                self.doubt("route-without-place", message, span, help);
            }
        }
    }

    /// A route whose requests change their shape, and none of whose responses does: what it returns is most likely the
    /// same resource, which an old client would get as the newest version has it.
    fn unanswered(&mut self, placed: &[Placed], meant: &[RouteName], routes: &[RouteEntry]) {
        let altered = |entry: &RouteEntry| {
            let mut steps = entry.history.request.chain().links().iter().flat_map(|link| &link.up);
            steps.any(|step| !step.op.is_harmless())
        };
        for entry in routes.iter().filter(|entry| entry.history.removed.is_none() && altered(entry)) {
            let name = &entry.history.name;
            // A response of one method speaks for a place of all of them.
            let is_at = |route: &RouteName| route.covers(name) || name.covers(route);
            let answered = placed.iter().any(|p| p.is_response && !p.route.is_every() && is_at(&p.route));
            // A setting for all methods coexists with routes of single methods.
            let written = placed.iter().find(|place| !place.is_response && place.route == *name);
            let Some(span) = written.map(|place| place.span).filter(|_| !answered) else { continue };
            if meant.iter().any(|route| route.covers(name)) {
                continue;
            }
            let message = format!(
                "changes alter the request of `{name}` but none of its responses, so resources in its responses are \
                 not migrated"
            );
            let help = format!(
                "add the response to the places of the resource, as `{name} -> 2xx`; if no response contains it, \
                 declare the route in `[[api.route]]`"
            );
            self.doubt("response-without-place", message, span, help);
        }
    }

    /// Routes of which some responses are migrated, mostly errors, while no place names those that succeed.
    fn unnamed(&mut self, routes: &[RouteEntry]) {
        if self.api.undeclared != OnUndeclared::Refuse {
            return;
        }
        let is_named =
            |entry: &RouteEntry, status| entry.history.response(status).is_some() || entry.history.names_status(status);
        let unnamed = |entry: &&RouteEntry| {
            let history = &entry.history;
            history.removed.is_none()
                && !with_body(&history.name).is_empty()
                && history.responses.iter().any(|(_, chain)| !chain.chain().links().is_empty())
                && !(200..300).any(|status| is_named(entry, status))
        };
        let unnamed: Vec<String> = routes.iter().filter(unnamed).map(|entry| entry.history.name.to_string()).collect();
        let Some(first) = unnamed.first() else { return };
        let others = match unnamed.len() {
            1 => String::new(),
            count => format!(" and {} others", count - 1),
        };
        let message =
            format!("no place names the successful responses of `{first}`{others}, so JSON in them becomes a 502");
        let help =
            format!("name them, as `{first} -> 2xx`, in a resource that no change applies to; or remove `undeclared`");
        self.doubt("response-without-place", message, self.api.span, help);
    }

    fn unused_resources(&mut self, meant: &[RouteName]) {
        let api = self.api;
        if api.changes.is_empty() {
            return;
        }
        for resource in &api.resources {
            let own = resource.name.value.as_str();
            let is_around = |text: &Spanned<String>| inside_of(text).is_some_and(|(name, _)| name == own);
            let in_changes = api
                .changes
                .iter()
                .any(|change| change.on.iter().any(|name| name.value == own) || change.at.iter().any(is_around));
            let used =
                in_changes || api.resources.iter().any(|other| other.at.iter().any(|place| is_around(&place.at)));
            let mut routes = resource.at.iter().filter_map(|place| place.at.parse::<Location>().ok());
            if !used && !resource.at.is_empty() && !routes.all(|place| meant.contains(&place.route)) {
                let message = format!("no change applies to the resource `{}`", resource.name.value);
                let help = "use it in `on` of a change, or remove it; if it only lists routes, declare them in \
                     `[[api.route]]`";
                self.doubt("unused-resource", message, resource.name.span, help);
            }
        }
    }

    /// A request that names no version would be answered 410.
    fn gone_defaults(&mut self, routes: &[RouteEntry]) {
        let api = self.api;
        let unspecified = match &api.unspecified {
            Unspecified::Version(text) => Some(text),
            Unspecified::Reject => None,
        };
        let gone = |id: VersionId| self.versions[id.index()].life.is_gone(self.now);
        let served_somewhere =
            |id| routes.iter().any(|entry| entry.life(id).is_some_and(|life| !life.is_gone(self.now)));
        let gone_for = |text: &Spanned<String>, who: Option<&str>| {
            let id = self.known_version(text).filter(|id| gone(*id) && !served_somewhere(*id));
            id.is_some_and(|id| !who.is_some_and(|who| self.is_extended(id, who)))
        };
        let mut ends = Vec::new();
        if let Some(text) = unspecified.filter(|text| gone_for(text, None)) {
            ends.push((text, "requests that name no version".to_owned(), text.span));
        }
        for (who, text) in api.pins.iter().filter(|(who, text)| gone_for(text, Some(who.value.as_str()))) {
            ends.push((text, format!("`{}`, which is pinned to it,", who.value), text.span));
        }
        for route in &api.routes {
            let name = route.route.parse::<RouteName>().ok();
            let entry = name.and_then(|name| routes.iter().find(|entry| entry.history.name == name));
            let Some((entry, text)) = entry.zip(route.default.as_ref().or(unspecified)) else { continue };
            let Some(id) = self.known_version(text) else { continue };
            let gone_here = entry.life(id).map(|life| life.is_gone(self.now));
            let span = match route.default {
                Some(_) if gone_here.unwrap_or(gone(id)) => text.span,
                // Where it is gone everywhere, that has been said.
                None if gone_here == Some(true) && !gone(id) => route.route.span,
                _ => continue,
            };
            ends.push((text, format!("requests to `{}` that name no version", route.route.value), span));
        }
        for (text, who, span) in ends {
            let message = format!("version `{}` is past its sunset: {who} get a 410", text.value);
            self.doubt("default-is-gone", message, span, "use a version that is served, or move the sunset");
        }
    }

    fn is_extended(&self, version: VersionId, consumer: &str) -> bool {
        self.api.extensions.iter().any(|extension| {
            extension.consumer.value == consumer
                && self.known_version(&extension.version) == Some(version)
                && extension.until.parse::<Timestamp>().is_ok_and(|until| until > self.now)
        })
    }
}

/// The routes of single methods that a route stands for, as far as their messages usually have a body.
fn with_body(name: &RouteName) -> Vec<RouteName> {
    let own = |method: &&str| name.method.as_deref().is_none_or(|own| own == *method);
    let methods = ["GET", "POST", "PUT", "PATCH"].into_iter().filter(own);
    methods.map(|method| RouteName { method: Some(method.into()), template: name.template.clone() }).collect()
}

/// The two words in which two paths differ, if they differ in one segment, and there by a letter.
fn one_slip<'t>(a: &'t str, b: &'t str) -> Option<(&'t str, &'t str)> {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.split('/').collect(), b.split('/').collect());
    let mut differ = a.iter().zip(&b).filter(|(a, b)| a != b);
    let (Some((one, other)), None) = (differ.next(), differ.next()) else { return None };
    let is_parameter = |segment: &str| segment.starts_with('{');
    let typo = a.len() == b.len() && !is_parameter(one) && !is_parameter(other) && is_typo(one, other);
    typo.then_some((*one, *other))
}
