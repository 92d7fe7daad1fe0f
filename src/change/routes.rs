//! Routes through the versions: which has them, and under which name.

use std::collections::BTreeMap;

use super::chain::RouteHistory;
use super::compose::{Dated, Input};
use super::place::RouteName;
use super::spec::{OpKind, RouteSpec};
use crate::diagnostic::{Diagnostic, Diagnostics, Span, Spanned};

/// Collects every route that is named anywhere, with its life. Walks from the newest change to the oldest, since
/// places and routes are named as the newest version has them.
pub(super) fn histories<'a>(
    input: &'a Input<'_>,
    placed: impl Iterator<Item = &'a RouteName>,
    found: &mut Diagnostics,
) -> Vec<RouteHistory> {
    let mut histories: Vec<RouteHistory> = Vec::new();
    // What each route is called at the point of the walk.
    let mut now: BTreeMap<RouteName, usize> = BTreeMap::new();
    let removed = removed_names(input, found);
    for name in placed.chain(input.routes) {
        if !removed.contains(name) {
            entry(&mut histories, &mut now, name);
        }
    }
    for dated in input.changes.iter().rev() {
        for op in dated.change.ops.iter().rev() {
            if let OpKind::Route(route) = &op.op {
                step(&mut histories, &mut now, route, dated, op.span, found);
            }
        }
    }
    histories
}

fn removed_names(input: &Input<'_>, found: &mut Diagnostics) -> Vec<RouteName> {
    let ops = input.changes.iter().flat_map(|dated| &dated.change.ops);
    let removed = ops.filter_map(|op| match &op.op {
        OpKind::Route(RouteSpec::Remove(route)) => read(route, op.span, found),
        _ => None,
    });
    removed.collect()
}

fn entry(histories: &mut Vec<RouteHistory>, now: &mut BTreeMap<RouteName, usize>, name: &RouteName) -> usize {
    *now.entry(name.clone()).or_insert_with(|| {
        histories.push(RouteHistory::new(name.clone()));
        histories.len() - 1
    })
}

fn step(
    histories: &mut Vec<RouteHistory>,
    now: &mut BTreeMap<RouteName, usize>,
    route: &RouteSpec,
    dated: &Dated<'_>,
    span: Span,
    found: &mut Diagnostics,
) {
    match route {
        RouteSpec::Add(name) => {
            let Some(name) = read(name, span, found) else { return };
            let at = entry(histories, now, &name);
            histories[at].added = Some(dated.version);
            now.remove(&name);
        }
        RouteSpec::Remove(name) => {
            let Ok(name) = name.parse::<RouteName>() else { return };
            if now.contains_key(&name) {
                let message = format!("`{name}` is removed, and a newer version still has it");
                found.push(Diagnostic::error("route-removed-and-used", message, span).help("add it again first"));
                return;
            }
            let at = entry(histories, now, &name);
            histories[at].removed = Some(dated.version);
        }
        RouteSpec::Move { from, to } => {
            let (Some(from), Some(to)) = (read(from, span, found), read(to, span, found)) else { return };
            move_route(histories, now, from, &to, dated, span, found);
        }
    }
}

fn move_route(
    histories: &mut Vec<RouteHistory>,
    now: &mut BTreeMap<RouteName, usize>,
    from: RouteName,
    to: &RouteName,
    dated: &Dated<'_>,
    span: Span,
    found: &mut Diagnostics,
) {
    let mut error = |code, message, help: &str| found.push(Diagnostic::error(code, message, span).help(help));
    if from == *to {
        return error("rename-to-itself", format!("`{to}` is moved to itself"), "remove the op");
    }
    if from.method != to.method {
        return error("route-method", format!("`{from}` becomes `{to}`"), "a move keeps the method");
    }
    let sorted = |route: &RouteName| {
        let mut names: Vec<String> = route.parameters().into_iter().map(str::to_owned).collect();
        names.sort();
        names
    };
    if sorted(&from) != sorted(to) {
        let message = format!("`{from}` and `{to}` do not have the same parameters");
        return error("route-parameters", message, "each parameter of one is named in the other");
    }
    let at = entry(histories, now, to);
    now.remove(to);
    if now.contains_key(&from) {
        return error("route-collision", format!("`{from}` is also another route"), "one route has one name");
    }
    histories[at].moves.insert(0, (dated.version, from.clone()));
    now.insert(from, at);
}

fn read(route: &Spanned<String>, span: Span, found: &mut Diagnostics) -> Option<RouteName> {
    match route.parse() {
        Ok(name) => Some(name),
        Err(e) => {
            let e: super::place::PlaceError = e;
            let span = if route.span.is_none() { span } else { route.span };
            found.push(Diagnostic::error("bad-route", e.to_string(), span).help(e.help()));
            None
        }
    }
}
