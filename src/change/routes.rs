//! Routes through the versions: which has them, and under which name.

use std::collections::{BTreeMap, BTreeSet};

use super::history::{Pairs, RouteHistory, RouteMove};
use super::input::ComposeInput;
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
    /// New names of several routes of the version before.
    merged: BTreeSet<(VersionId, RouteName)>,
    found: &'f mut Diagnostics,
}

/// A change of the list of routes, and where the file says it.
#[derive(Clone, Copy)]
struct ChangeOrigin {
    version: VersionId,
    span: Span,
    /// The change, by its place in the list of all, and the op of it.
    op: (u32, u32),
}

/// Collects every route that is named anywhere, with its life. Settings for every method of a path (`* /users`) also apply
/// to the routes of its single methods.
pub(super) fn histories<'a>(
    input: &'a ComposeInput<'_>,
    placed: impl Iterator<Item = &'a RouteName>,
    found: &mut Diagnostics,
) -> Vec<RouteHistory> {
    let mut walk =
        HistoryWalk { histories: Vec::new(), now: BTreeMap::new(), removed: Vec::new(), merged: merged(input), found };
    let removals = walk.removals(input);
    for name in placed.chain(input.routes) {
        if removals.iter().any(|removal| removal.covers(name)) {
            walk.removed.push(name.clone());
        } else {
            walk.entry(name);
        }
    }
    for (change, dated) in input.changes.iter().enumerate().rev() {
        for (nth, op) in dated.change.ops.iter().enumerate().rev() {
            if let OpKind::Route(route) = &op.op {
                walk.step(
                    route,
                    ChangeOrigin { version: dated.version, span: op.span, op: (index(change), index(nth)) },
                );
            }
        }
    }
    walk.histories
}

/// The new names that several ops of one version move routes to.
fn merged(input: &ComposeInput<'_>) -> BTreeSet<(VersionId, RouteName)> {
    let mut seen = BTreeSet::new();
    let ops = input.changes.iter().flat_map(|dated| dated.change.ops.iter().map(|op| (dated.version, op)));
    let targets = ops.filter_map(|(version, op)| match &op.op {
        OpKind::Route(RouteSpec::Move { to, .. }) => Some((version, to.parse().ok()?)),
        _ => None,
    });
    targets.filter(|target| !seen.insert(target.clone())).collect()
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
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

    fn step(&mut self, route: &RouteSpec, at: ChangeOrigin) {
        match route {
            RouteSpec::Add(name) => {
                let Some(name) = self.read(name, at.span) else { return };
                for name in self.covered(&name) {
                    self.add(&name, &at);
                }
            }
            // An invalid name already has a finding.
            RouteSpec::Remove(name) => {
                let Ok(name) = name.parse() else { return };
                self.remove(&name, &at);
            }
            RouteSpec::Move { from, to, query, lost } => {
                let (Some(from), Some(to)) = (self.read(from, at.span), self.read(to, at.span)) else { return };
                let (Some(query), Some(lost)) = (self.marks(query, at), self.lost(lost, &from, &to, at)) else {
                    return;
                };
                if !self.may_move(&from, &to, &lost, at) {
                    return;
                }
                for to in self.covered(&to) {
                    let before = RouteName { method: to.method.clone(), template: from.template.clone() };
                    let (query, lost) = (query.clone(), lost.clone());
                    let moved = RouteMove { version: at.version, before, query, lost, op: at.op };
                    self.relocate(moved, &to, &at);
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

    fn relocate(&mut self, moved: RouteMove, to: &RouteName, at: &ChangeOrigin) {
        let from = moved.before.clone();
        if let Some(trunk) = self.trunk(to, &moved) {
            return self.branch(trunk, moved, to, at);
        }
        if let Some(other) = self.other_called(to, at.version) {
            let message = format!("`{from}` becomes `{to}`, but {other}");
            let help = "tell them apart on the way back by `query = { … }`, keep both routes, or remove one with \
                 `remove_route`";
            return self.error("route-collision", message, at.span, help);
        }
        let index = self.entry(to);
        self.now.remove(to);
        if self.is_taken(&moved, to, at) {
            return;
        }
        self.histories[index].moves.insert(0, moved);
        self.now.insert(from, index);
    }

    fn is_taken(&mut self, moved: &RouteMove, to: &RouteName, at: &ChangeOrigin) -> bool {
        let from = &moved.before;
        let taken = self.now.contains_key(from);
        if taken {
            let message =
                format!("`{from}` is `{to}` since this version, and the config also names `{from}` as a route");
            let help = format!(
                "for the route that moved, write `{to}`: routes are named as in the newest version; if it is another route, \
                 rename one of them"
            );
            self.error("route-collision", message, at.span, &help);
        }
        taken
    }

    /// The history of another route that became `to` in the same version, if queries tell the two apart.
    fn trunk(&self, to: &RouteName, moved: &RouteMove) -> Option<usize> {
        let of_version = |history: &RouteHistory| -> Option<Pairs> {
            let is_same = history.name_in(moved.version) == Some(to);
            let of_version = history.moves.iter().find(|other| other.version == moved.version)?;
            is_same.then(|| of_version.query.clone())
        };
        let others: Vec<(usize, Pairs)> =
            self.histories.iter().enumerate().filter_map(|(at, history)| Some((at, of_version(history)?))).collect();
        let differ = others.iter().all(|(_, query)| *query != moved.query);
        others.first().map(|(at, _)| *at).filter(|_| differ)
    }

    /// Another old route of a new one. The walk goes backwards: what is listed first keeps the history that is there.
    fn branch(&mut self, trunk: usize, moved: RouteMove, to: &RouteName, at: &ChangeOrigin) {
        if self.is_taken(&moved, to, at) {
            return;
        }
        let branch = self.histories.len();
        self.histories.push(RouteHistory { branch_of: Some(trunk), ..self.histories[trunk].clone() });
        for known in self.now.values_mut().filter(|known| **known == trunk) {
            *known = branch;
        }
        let history = &mut self.histories[trunk];
        history.moves.retain(|other| other.version != moved.version);
        self.now.insert(moved.before.clone(), trunk);
        history.moves.insert(0, moved);
    }

    /// What stands for an old name in the query, sorted by name.
    fn marks(&mut self, query: &[(Spanned<String>, String)], at: ChangeOrigin) -> Option<Pairs> {
        if let Some((name, _)) = query.iter().find(|(name, _)| name.is_empty()) {
            self.error("empty-name", "a query parameter has no name".to_owned(), name.span, "name the parameter");
            return None;
        }
        let mut pairs: Vec<(Box<str>, Box<str>)> =
            query.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into())).collect();
        pairs.sort();
        let twice = pairs.windows(2).find(|pair| pair[0].0 == pair[1].0).map(|pair| pair[0].0.clone());
        match twice {
            Some(name) => {
                let message = format!("`query` has two values of `{name}`");
                self.error("duplicate-name", message, at.span, "remove one");
                None
            }
            None => Some(pairs.into()),
        }
    }

    /// What the parameters that only the old path has are on the way back.
    fn lost(
        &mut self,
        lost: &[(Spanned<String>, String)],
        from: &RouteName,
        to: &RouteName,
        at: ChangeOrigin,
    ) -> Option<Pairs> {
        for (name, value) in lost {
            let (of_old, of_new) = (from.parameters(), to.parameters());
            let span = if name.span.is_none() { at.span } else { name.span };
            if !of_old.contains(&name.as_str()) || of_new.contains(&name.as_str()) {
                let message = match of_new.contains(&name.as_str()) {
                    true => format!("`{to}` has the parameter `{}`, so it is not lost", name.value),
                    false => format!("`{from}` has no parameter `{}`", name.value),
                };
                self.error("lost-not-lost", message, span, "name a parameter that only the old route has");
                return None;
            }
            let is_segment =
                format!("GET /{value}").parse::<RouteName>().is_ok_and(|name| name.parameters().is_empty());
            if value.is_empty() || value.contains('/') || !is_segment {
                let message = format!("`{value}` is not a valid value of a path parameter");
                self.error(
                    "bad-path-value",
                    message,
                    span,
                    "write one segment of a path, percent-encoded, without `/`",
                );
                return None;
            }
        }
        Some(lost.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into())).collect())
    }

    /// Says what else is called so in a version, if the walk has been past it.
    fn other_called(&self, name: &RouteName, version: VersionId) -> Option<String> {
        let is_other = |history: &&RouteHistory| history.name_in(version) == Some(name);
        let other = self.histories.iter().find(is_other).filter(|_| !self.now.contains_key(name))?;
        Some(match other.moves.iter().find(|moved| moved.version == version) {
            Some(moved) => format!("so does `{}`", moved.before),
            None => "that version has it already".to_owned(),
        })
    }

    fn may_move(&mut self, from: &RouteName, to: &RouteName, lost: &Pairs, at: ChangeOrigin) -> bool {
        let sorted = |route: &RouteName, lost: &[(Box<str>, Box<str>)]| {
            let mut names: Vec<String> = route.parameters().into_iter().map(str::to_owned).collect();
            names.extend(lost.iter().map(|(name, _)| name.to_string()));
            names.sort();
            names
        };
        // Beside a route that becomes it, a route may stay what it is.
        let stays = from == to && !self.merged.contains(&(at.version, to.clone()));
        let (code, message, help) = if stays {
            ("rename-to-itself", format!("`{to}` is moved to itself"), "remove the op")
        } else if from.method != to.method {
            ("route-method", format!("`{from}` becomes `{to}`"), "keep the method: `move_route` cannot change it")
        } else if sorted(from, &[]) != sorted(to, lost) {
            let message = format!("`{from}` and `{to}` do not have the same parameters");
            let help =
                "use the same parameters in both, or say the value of one that is lost: `lost = { type = \"_doc\" }`";
            ("route-parameters", message, help)
        } else {
            return true;
        };
        self.error(code, message, at.span, help);
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
