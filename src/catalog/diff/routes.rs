//! Routes: which version has which.

use std::collections::{BTreeMap, BTreeSet};

use super::resolution::name;
use super::{Class, Compare, became};
use crate::catalog::{ApiEntry, OnUntyped, RouteEntry, VersionEntry};
use crate::change::RouteName;

/// A route as requests see it: the names of its parameters do not show.
type Shape = (Option<Box<str>>, String);

// === impl Compare ===

impl<'c> Compare<'c> {
    pub(super) fn routes(&mut self) {
        let common = self.common();
        let old: Vec<_> = common.iter().map(|(old, _)| names(self.old, old)).collect();
        let new: Vec<_> = common.iter().map(|(_, new)| names(self.new, new)).collect();
        let anywhere: BTreeSet<Shape> =
            self.new.versions.iter().flat_map(|version| names(self.new, version).into_keys()).collect();
        let lost = missing(&common, &old, &new);
        let gained = missing(&common, &new, &old);
        for (shape, (route, versions)) in lost {
            // A path that no version knows passes as it is.
            let (class, code, what) = match anywhere.contains(&shape) {
                true => (Class::Breaking, "route-removed", "is no longer there in"),
                false => (Class::Safe, "route-undeclared", "is no longer known, and passes as it is in"),
            };
            self.route(route, class, code, format!("`{route}` {what} {}", list(&versions)));
        }
        for (_, (route, versions)) in gained {
            let message = format!("`{route}` is there in {}", list(&versions));
            self.route(route, Class::Safe, "route-added", message);
        }
        self.particulars();
    }

    fn route(&mut self, route: &RouteName, class: Class, code: &'static str, message: String) {
        self.say(class, code, message).route = Some(route.to_string());
    }

    /// Settings of single routes.
    fn particulars(&mut self) {
        let (old, new) = (self.old, self.new);
        for newer in new.routes.iter().filter(|route| route.history.branch_of.is_none()) {
            let find = |older: &&RouteEntry| shape(&older.history.name) == shape(&newer.history.name);
            let Some(older) = old.routes.iter().find(find) else { continue };
            let route = &newer.history.name;
            if older.default.is_some() || newer.default.is_some() {
                let before = older.default.or(old.unspecified);
                let after = newer.default.or(new.unspecified);
                let what = format!("a request for `{route}` that names no version");
                if let Some((class, code, message)) = self.default_changed(&what, before, after) {
                    self.route(route, class, code, message);
                }
            }
            if older.upstream != newer.upstream {
                let message = became(&format!("the upstream of `{route}`"), &older.upstream, &newer.upstream);
                self.route(route, Class::Safe, "upstream-changed", message);
            }
            let migrates = !newer.history.request.chain().links().is_empty() || !newer.history.responses.is_empty();
            if migrates && older.on_untyped != newer.on_untyped {
                let refused = newer.on_untyped == OnUntyped::Fail;
                let what = if refused { "refused" } else { "passed on" };
                let message = format!("bodies of `{route}` that no `Content-Type` says to be JSON are {what}");
                self.route(route, Class::breaking_if(refused, Class::Safe), "on-untyped-changed", message);
            }
            if (older.content, older.request_content, older.forms)
                != (newer.content, newer.request_content, newer.forms)
            {
                let message = format!("the way in which bodies of `{route}` contain JSON changed");
                self.route(route, Class::Notice, "content-changed", message);
            }
            let (before, after) = (name(old, older.speaks), name(new, newer.speaks));
            if before != after {
                let message = became(&format!("what is spoken behind `{route}`"), &before, &after);
                self.route(route, Class::Safe, "speaks-changed", message);
            }
        }
    }
}

/// What a version calls its routes.
fn names<'a>(api: &'a ApiEntry, version: &VersionEntry) -> BTreeMap<Shape, &'a RouteName> {
    let named = api.routes.iter().filter_map(|route| route.history.name_in(version.id));
    named.map(|name| (shape(name), name)).collect()
}

pub(super) fn shape(name: &RouteName) -> Shape {
    let segment = |segment: &str| if segment.starts_with('{') { "{}".to_owned() } else { segment.to_owned() };
    (name.method.clone(), name.template.split('/').map(segment).collect::<Vec<_>>().join("/"))
}

/// What is in `these` and not in `those`, and in which versions.
fn missing<'a>(
    common: &[(&'a VersionEntry, &'a VersionEntry)],
    these: &[BTreeMap<Shape, &'a RouteName>],
    those: &[BTreeMap<Shape, &'a RouteName>],
) -> BTreeMap<Shape, (&'a RouteName, Vec<&'a str>)> {
    let mut found: BTreeMap<Shape, (&RouteName, Vec<&str>)> = BTreeMap::new();
    for ((version, _), (these, those)) in common.iter().zip(these.iter().zip(those)) {
        for (shape, name) in these.iter().filter(|(shape, _)| !those.contains_key(*shape)) {
            found.entry(shape.clone()).or_insert((name, Vec::new())).1.push(&version.text);
        }
    }
    found
}

fn list(versions: &[&str]) -> String {
    versions.join(", ")
}
