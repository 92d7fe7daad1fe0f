//! Where resources and changes apply: at places of routes, or inside of a resource in all its places.

use std::collections::BTreeMap;

use super::history::RouteHistory;
use super::input::ComposeInput;
use super::place::{Location, Message, PlaceError, RouteName};
use crate::diagnostic::{Diagnostic, Diagnostics, SUGGESTED, Span, Spanned, suggestion};
use crate::json::Pattern;

/// What a place belongs to: a resource, or a change that names places itself. Indexes into one list of both.
pub(super) type OwnerIndex = usize;

/// An owner at a place.
#[derive(Clone)]
pub(super) struct PlacedOwner {
    pub(super) owner: OwnerIndex,
    pub(super) location: Location,
    pub(super) partial: Option<bool>,
    /// Routes that a place of several routes does not include.
    except: Vec<RouteName>,
}

/// A place of an owner, read.
#[derive(Clone)]
struct ReadPlace {
    location: Location,
    partial: Option<bool>,
    except: Vec<RouteName>,
}

/// Reads the places of resources, each once.
struct Placer<'a> {
    input: &'a ComposeInput<'a>,
    names: BTreeMap<&'a str, usize>,
    /// The places of each resource that have been resolved so far.
    known: BTreeMap<usize, Vec<ReadPlace>>,
    /// The resources that are being worked out, each inside of the one before.
    open: Vec<usize>,
}

// === impl PlacedOwner ===

impl PlacedOwner {
    fn new(owner: OwnerIndex, ReadPlace { location, partial, except }: ReadPlace) -> Self {
        Self { owner, location, partial, except }
    }

    /// Whether the place is one of `route`.
    pub(super) fn is_of(&self, route: &RouteName) -> bool {
        let excluded = || self.is_of_several() && self.except.iter().any(|name| name.covers(route));
        self.location.route.covers(route) && !excluded()
    }

    fn is_of_several(&self) -> bool {
        self.location.route.method.is_none()
    }

    /// The routes that must exist by themselves, because the place of every method of their path does not include them.
    pub(super) fn exceptions<'a>(&'a self, known: &'a [&RouteName]) -> impl Iterator<Item = &'a RouteName> {
        let is_known = |name: &&RouteName| known.iter().any(|known| known.covers(name));
        let of_this = move |name: &&RouteName| self.is_of_several() && self.location.route.covers(name);
        self.except.iter().filter(of_this).filter(is_known)
    }

    /// The routes of `PATCH` at a place of every method: their bodies are partial, those of the others are not.
    pub(super) fn patch_routes<'a>(&'a self, known: &'a [&RouteName]) -> impl Iterator<Item = RouteName> + 'a {
        let is_request = self.location.message == Message::Request;
        let of_all_methods = known.iter().filter(move |name| is_request && name.method.is_none());
        let patch = |name: &&RouteName| RouteName { method: Some("PATCH".into()), template: name.template.clone() };
        of_all_methods.filter(|name| self.location.route.covers(name)).map(patch)
    }
}

/// Every owner at each of its places.
pub(super) fn placements(input: &ComposeInput<'_>, found: &mut Diagnostics) -> Vec<PlacedOwner> {
    let names = input.resources.iter().enumerate().rev().map(|(at, resource)| (resource.name.as_str(), at)).collect();
    let mut placer = Placer { input, names, known: BTreeMap::new(), open: Vec::new() };
    let mut list = Vec::new();
    for (owner, resource) in input.resources.iter().enumerate() {
        if placer.names.get(resource.name.as_str()) != Some(&owner) {
            let message = format!("two resources are named `{}`", resource.name.value);
            let help = "merge them into one, with the places of both";
            found.push(Diagnostic::error("duplicate-name", message, resource.name.span).help(help));
        }
        if resource.at.is_empty() {
            let message = format!("the resource `{}` has no place", resource.name.value);
            found.push(Diagnostic::warning("unplaced-resource", message, resource.name.span).help("add `at = [ … ]`"));
        }
        let places = placer.resource(owner, found).into_iter();
        list.extend(places.map(|place| PlacedOwner::new(owner, place)));
    }
    for (at, dated) in input.changes.iter().enumerate() {
        let except = exclusions(&dated.change.except, found);
        for text in &dated.change.at {
            let places = without(placer.place(text, None, found), &except).into_iter();
            list.extend(places.map(|place| PlacedOwner::new(input.resources.len() + at, place)));
        }
    }
    list
}

fn exclusions(texts: &[Spanned<String>], found: &mut Diagnostics) -> Vec<RouteName> {
    let mut read = |text: &Spanned<String>| {
        let wrong = |e: PlaceError| found.push(Diagnostic::error("bad-route", e.to_string(), text.span).help(e.help()));
        text.parse().map_err(wrong).ok()
    };
    texts.iter().filter_map(&mut read).collect()
}

fn without(mut places: Vec<ReadPlace>, except: &[RouteName]) -> Vec<ReadPlace> {
    places.iter_mut().for_each(|place| place.except.extend_from_slice(except));
    places
}

/// Exclusions that exclude nothing, and places of every route where there is none.
pub(super) fn check_routes(
    input: &ComposeInput<'_>,
    placements: &[PlacedOwner],
    histories: &[RouteHistory],
    found: &mut Diagnostics,
) {
    let resources = input.resources.iter().map(|resource| (&resource.except, resource.name.span, None));
    let changes = input.changes.iter().map(|dated| (&dated.change.except, dated.change.span, Some(dated.version)));
    for (owner, (except, span, version)) in resources.chain(changes).enumerate() {
        let several: Vec<_> = placements.iter().filter(|p| p.owner == owner && p.is_of_several()).collect();
        if histories.is_empty() && found.errors() == 0 && several.iter().any(|p| p.location.route.is_every()) {
            let message = "a place of every route (`*`) is in an api that declares no route".to_owned();
            let help = "declare its routes in `[[api.route]]`, or with places of their own";
            found.push(Diagnostic::error("place-without-routes", message, span).help(help));
        }
        // What a version adds, its changes do not alter: no older one has it.
        let older =
            |history: &&RouteHistory| version.is_none_or(|version| history.added.is_none_or(|added| added < version));
        let histories: Vec<&RouteHistory> = histories.iter().filter(older).collect();
        except.iter().for_each(|text| check_exclusion(text, span, &several, &histories, found));
    }
}

fn check_exclusion(
    text: &Spanned<String>,
    owner: Span,
    several: &[&PlacedOwner],
    histories: &[&RouteHistory],
    found: &mut Diagnostics,
) {
    // An invalid name already has a finding.
    let Ok(name) = text.parse::<RouteName>() else { return };
    let excluded = |history: &RouteHistory| {
        name.covers(&history.name) && several.iter().any(|p| p.location.route.covers(&history.name))
    };
    if !histories.iter().any(|history| excluded(history)) {
        let message = format!("`{name}` is excluded from no place: no place of several routes includes it");
        let help = "write a declared route as the newest version has it, and not one that this version adds, beside a place such as `* -> 4xx`; or remove it";
        let span = if text.span.is_none() { owner } else { text.span };
        found.push(Diagnostic::error("empty-exclusion", message, span).help(help));
    }
}

/// The resource and the pointer of a place that is inside of a resource: `order /lines/*`.
pub(crate) fn inside_of(text: &str) -> Option<(&str, &str)> {
    let (name, pointer) = text.trim().split_once(char::is_whitespace)?;
    let is_route = text.contains("->") || text.contains("<-") || !name.bytes().any(|byte| byte.is_ascii_lowercase());
    let pointer = pointer.trim();
    (!is_route && pointer.starts_with('/') && !pointer.contains(char::is_whitespace)).then_some((name, pointer))
}

pub(super) fn unknown_resource<'k>(name: &Spanned<String>, known: impl Iterator<Item = &'k str>) -> Diagnostic {
    let message = format!("unknown resource `{}`", name.value);
    let known: Vec<&str> = known.collect();
    let help = match &known[..] {
        [] => format!("add `[[api.resource]]` with `name = \"{}\"`", name.value),
        known => suggestion(name, known, SUGGESTED),
    };
    Diagnostic::error("unknown-resource", message, name.span).help(help)
}

// === impl Placer ===

impl Placer<'_> {
    fn resource(&mut self, at: usize, found: &mut Diagnostics) -> Vec<ReadPlace> {
        if let Some(known) = self.known.get(&at) {
            return known.clone();
        }
        self.open.push(at);
        let mut places = Vec::new();
        for place in &self.input.resources[at].at {
            places.extend(self.place(&place.at, place.partial, found));
        }
        self.open.pop();
        let places = without(places, &exclusions(&self.input.resources[at].except, found));
        self.known.insert(at, places.clone());
        places
    }

    fn place(&mut self, text: &Spanned<String>, partial: Option<bool>, found: &mut Diagnostics) -> Vec<ReadPlace> {
        let Some((name, pointer)) = inside_of(text) else {
            return match text.parse::<Location>() {
                Ok(location) => vec![ReadPlace { location, partial, except: Vec::new() }],
                Err(e) => {
                    found.push(Diagnostic::error("bad-place", e.to_string(), text.span).help(e.help()));
                    Vec::new()
                }
            };
        };
        let pattern = match Pattern::parse(pointer) {
            Ok(pattern) if !pattern.has_any_depth() => pattern,
            _ => {
                let message = format!("`{}`: `{pointer}` leads to no place", text.value);
                let help = "write the resource's name and a pointer, without `**`: `order /lines/*`";
                found.push(Diagnostic::error("bad-place", message, text.span).help(help));
                return Vec::new();
            }
        };
        let Some(around) = self.names.get(name).copied() else {
            let name = Spanned::new(name.to_owned(), text.span);
            found.push(unknown_resource(&name, self.names.keys().copied()));
            return Vec::new();
        };
        if self.open.contains(&around) {
            let message = format!("`{}` is inside of itself", text.value);
            let help = "write the places of one of the resources as routes: `GET /orders/{id} -> 200 /lines/*`";
            found.push(Diagnostic::error("place-in-itself", message, text.span).help(help));
            return Vec::new();
        }
        let inside = |ReadPlace { location, partial: around, except }: ReadPlace| {
            let pattern = location.pattern.join(&pattern);
            ReadPlace { location: Location { pattern, ..location }, partial: partial.or(around), except }
        };
        self.resource(around, found).into_iter().map(inside).collect()
    }
}
