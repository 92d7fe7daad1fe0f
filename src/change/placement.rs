//! Where resources and changes apply: at places of routes, or inside of a resource in all its places.

use std::collections::BTreeMap;

use super::input::ComposeInput;
use super::place::{Location, Message, RouteName};
use crate::diagnostic::{Diagnostic, Diagnostics, Spanned, nearest};
use crate::json::Pattern;

/// What a place belongs to: a resource, or a change that names places itself. Indexes into one list of both.
pub(super) type OwnerIndex = usize;

/// An owner at a place.
#[derive(Clone)]
pub(super) struct PlacedOwner {
    pub(super) owner: OwnerIndex,
    pub(super) location: Location,
    pub(super) partial: Option<bool>,
}

/// Reads the places of resources, each once.
struct Placer<'a> {
    input: &'a ComposeInput<'a>,
    names: BTreeMap<&'a str, usize>,
    /// The places of each resource that have been resolved so far.
    known: BTreeMap<usize, Vec<(Location, Option<bool>)>>,
    /// The resources that are being worked out, each inside of the one before.
    open: Vec<usize>,
}

// === impl PlacedOwner ===

impl PlacedOwner {
    /// The route of `PATCH` at a place of every method: its bodies are partial, those of the others are not.
    pub(super) fn patch_route(&self) -> Option<RouteName> {
        let RouteName { method, template } = &self.location.route;
        let is_request = self.location.message == Message::Request;
        (is_request && method.is_none()).then(|| RouteName { method: Some("PATCH".into()), template: template.clone() })
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
        list.extend(places.map(|(location, partial)| PlacedOwner { owner, location, partial }));
    }
    for (at, dated) in input.changes.iter().enumerate() {
        for text in &dated.change.at {
            let places = placer.place(text, None, found).into_iter();
            let owner = input.resources.len() + at;
            list.extend(places.map(|(location, partial)| PlacedOwner { owner, location, partial }));
        }
    }
    list
}

/// The resource and the pointer of a place that is inside of a resource: `order /lines/*`.
pub(crate) fn inside_of(text: &str) -> Option<(&str, &str)> {
    let (name, pointer) = text.trim().split_once(char::is_whitespace)?;
    let is_route = text.contains("->") || text.contains("<-") || !name.bytes().any(|byte| byte.is_ascii_lowercase());
    let pointer = pointer.trim();
    (!is_route && pointer.starts_with('/') && !pointer.contains(char::is_whitespace)).then_some((name, pointer))
}

pub(super) fn unknown_resource<'k>(name: &Spanned<String>, known: impl Iterator<Item = &'k str> + Clone) -> Diagnostic {
    let message = format!("there is no resource `{}`", name.value);
    let names: Vec<String> = known.clone().map(|k| format!("`{k}`")).collect();
    let help = match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => format!("add `[[api.resource]]` with `name = \"{}\"`", name.value),
        None => format!("known are {}", names.join(", ")),
    };
    Diagnostic::error("unknown-resource", message, name.span).help(help)
}

// === impl Placer ===

impl Placer<'_> {
    fn resource(&mut self, at: usize, found: &mut Diagnostics) -> Vec<(Location, Option<bool>)> {
        if let Some(known) = self.known.get(&at) {
            return known.clone();
        }
        self.open.push(at);
        let mut places = Vec::new();
        for place in &self.input.resources[at].at {
            places.extend(self.place(&place.at, place.partial, found));
        }
        self.open.pop();
        self.known.insert(at, places.clone());
        places
    }

    fn place(
        &mut self,
        text: &Spanned<String>,
        partial: Option<bool>,
        found: &mut Diagnostics,
    ) -> Vec<(Location, Option<bool>)> {
        let Some((name, pointer)) = inside_of(text) else {
            return match text.parse::<Location>() {
                Ok(location) => vec![(location, partial)],
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
        let inside = |(location, around): (Location, Option<bool>)| {
            let pattern = location.pattern.join(&pattern);
            (Location { pattern, ..location }, partial.or(around))
        };
        self.resource(around, found).into_iter().map(inside).collect()
    }
}
