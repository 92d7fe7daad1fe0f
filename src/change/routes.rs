//! Routes through the versions: which has them, and under which name.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::RouteHistory;
use super::input::{ComposeInput, DatedChange};
use super::place::{PlaceError, RouteName};
use super::spec::{OpKind, RouteSpec};
use crate::diagnostic::{Diagnostic, Diagnostics, Span, Spanned};
use crate::version::VersionId;

/// A walk from the newest change to the oldest, since places and routes are named as the newest version has them.
struct HistoryWalk<'f> {
    histories: Vec<RouteHistory>,
    /// What each route is called at the point of the walk.
    now: BTreeMap<RouteName, usize>,
    /// Routes that a change removed: no version behind it has them.
    removed: Vec<RouteName>,
    found: &'f mut Diagnostics,
}

/// A change of the list of routes, and where the file says it.
struct ChangeOrigin {
    version: VersionId,
    span: Span,
}

/// Collects every route that is named anywhere, with its life. Settings for every method of a path (`* /users`) also apply
/// to the routes of its single methods.
pub(super) fn histories<'a>(
    input: &'a ComposeInput<'_>,
    placed: impl Iterator<Item = &'a RouteName>,
    found: &mut Diagnostics,
) -> Vec<RouteHistory> {
    let mut walk = HistoryWalk { histories: Vec::new(), now: BTreeMap::new(), removed: Vec::new(), found };
    let removals = walk.removals(input);
    for name in placed.chain(input.routes) {
        if removals.iter().any(|removal| removal.covers(name)) {
            walk.removed.push(name.clone());
        } else {
            walk.entry(name);
        }
    }
    for dated in input.changes.iter().rev() {
        for op in dated.change.ops.iter().rev() {
            if let OpKind::Route(route) = &op.op {
                walk.step(route, dated, op.span);
            }
        }
    }
    walk.histories
}

// === impl HistoryWalk ===

impl HistoryWalk<'_> {
    fn removals(&mut self, input: &ComposeInput<'_>) -> Vec<RouteName> {
        let ops = input.changes.iter().flat_map(|dated| &dated.change.ops);
        let removed = ops.filter_map(|op| match &op.op {
            OpKind::Route(RouteSpec::Remove(route)) => self.read(route, op.span),
            _ => None,
        });
        removed.collect()
    }

    fn entry(&mut self, name: &RouteName) -> usize {
        *self.now.entry(name.clone()).or_insert_with(|| {
            self.histories.push(RouteHistory::new(name.clone()));
            self.histories.len() - 1
        })
    }

    /// The route, and with every method those of single ones at its path.
    fn covered(&self, name: &RouteName) -> BTreeSet<RouteName> {
        let known = self.now.keys().filter(|known| name.covers(known));
        known.chain([name]).cloned().collect()
    }

    fn step(&mut self, route: &RouteSpec, dated: &DatedChange<'_>, span: Span) {
        let at = ChangeOrigin { version: dated.version, span };
        match route {
            RouteSpec::Add(name) => {
                let Some(name) = self.read(name, span) else { return };
                for name in self.covered(&name) {
                    self.add(&name, &at);
                }
            }
            // An invalid name already has a finding.
            RouteSpec::Remove(name) => {
                let Ok(name) = name.parse() else { return };
                self.remove(&name, &at);
            }
            RouteSpec::Move { from, to } => {
                let (Some(from), Some(to)) = (self.read(from, span), self.read(to, span)) else { return };
                if !self.may_move(&from, &to, span) {
                    return;
                }
                for to in self.covered(&to) {
                    let from = RouteName { method: to.method.clone(), template: from.template.clone() };
                    self.relocate(from, &to, &at);
                }
            }
        }
    }

    fn add(&mut self, name: &RouteName, at: &ChangeOrigin) {
        if let Some(other) = self.other_called(name, at.version) {
            let message = format!("`{name}` is added, but {other}");
            return self.error("route-collision", message, at.span, "rename one of them");
        }
        let index = self.entry(name);
        self.histories[index].added = Some(at.version);
        self.now.remove(name);
    }

    fn remove(&mut self, name: &RouteName, at: &ChangeOrigin) {
        if let Some(used) = self.now.keys().find(|known| name.covers(known)) {
            let message = format!("`{name}` is removed, but a newer version still has `{used}`");
            return self.error("route-removed-and-used", message, at.span, "add the route again first");
        }
        let (covered, rest) = std::mem::take(&mut self.removed).into_iter().partition(|known| name.covers(known));
        self.removed = rest;
        let covered: Vec<RouteName> = covered;
        for name in covered.iter().chain([name]) {
            let index = self.entry(name);
            self.histories[index].removed = Some(at.version);
        }
    }

    fn relocate(&mut self, from: RouteName, to: &RouteName, at: &ChangeOrigin) {
        if let Some(other) = self.other_called(to, at.version) {
            let message = format!("`{from}` becomes `{to}`, but {other}");
            let help = "keep both, or remove one with `remove_route`: a request for the new route could not be \
                 mapped back";
            return self.error("route-collision", message, at.span, help);
        }
        let index = self.entry(to);
        self.now.remove(to);
        if self.now.contains_key(&from) {
            let message = format!("`{from}` is also another route");
            return self.error("route-collision", message, at.span, "rename one of them");
        }
        self.histories[index].moves.insert(0, (at.version, from.clone()));
        self.now.insert(from, index);
    }

    /// Says what else is called so in a version, if the walk has been past it.
    fn other_called(&self, name: &RouteName, version: VersionId) -> Option<String> {
        let is_other = |history: &&RouteHistory| history.name_in(version) == Some(name);
        let other = self.histories.iter().find(is_other).filter(|_| !self.now.contains_key(name))?;
        Some(match other.moves.iter().find(|(moved, _)| *moved == version) {
            Some((_, before)) => format!("so does `{before}`"),
            None => "that version has it already".to_owned(),
        })
    }

    fn may_move(&mut self, from: &RouteName, to: &RouteName, span: Span) -> bool {
        let sorted = |route: &RouteName| {
            let mut names: Vec<String> = route.parameters().into_iter().map(str::to_owned).collect();
            names.sort();
            names
        };
        let (code, message, help) = if from == to {
            ("rename-to-itself", format!("`{to}` is moved to itself"), "remove the op")
        } else if from.method != to.method {
            ("route-method", format!("`{from}` becomes `{to}`"), "keep the method: `move_route` cannot change it")
        } else if sorted(from) != sorted(to) {
            let message = format!("`{from}` and `{to}` do not have the same parameters");
            ("route-parameters", message, "use the same parameters in both")
        } else {
            return true;
        };
        self.error(code, message, span, help);
        false
    }

    fn read(&mut self, route: &Spanned<String>, span: Span) -> Option<RouteName> {
        match route.parse() {
            Ok(name) => Some(name),
            Err(e) => {
                let e: PlaceError = e;
                let span = if route.span.is_none() { span } else { route.span };
                self.error("bad-route", e.to_string(), span, e.help());
                None
            }
        }
    }

    fn error(&mut self, code: &'static str, message: String, span: Span, help: &str) {
        self.found.push(Diagnostic::error(code, message, span).help(help));
    }
}
