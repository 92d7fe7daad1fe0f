//! Parameters of the request's path in templates: the routes of all places of the op must have them.

use super::compile::Compiled;
use super::history::RouteHistory;
use super::input::ReadChange;
use super::placement::PlacedOwner;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Reports what an op reads and a route does not have. `owners` lists the changes on each owner of a place.
pub(super) fn check(
    placements: &[PlacedOwner],
    histories: &[RouteHistory],
    ready: &[ReadChange<'_>],
    owners: &[Vec<usize>],
    found: &mut Diagnostics,
) {
    for (at, change) in ready.iter().enumerate() {
        let own = |placed: &&PlacedOwner| owners[placed.owner].contains(&at);
        let routes = || {
            let of = |placed| histories.iter().filter(move |history| PlacedOwner::is_of(placed, &history.name));
            placements.iter().filter(own).flat_map(of)
        };
        for op in &change.body {
            for name in op.path_parameters() {
                if let Some(route) = routes().find(|route| !has(route, name)) {
                    found.push(missing(op, name, route));
                }
            }
        }
    }
}

fn has(route: &RouteHistory, name: &str) -> bool {
    names(route).any(|known| known == name)
}

fn names(route: &RouteHistory) -> impl Iterator<Item = &str> {
    route.name.parameters().into_iter().map(|name| name.trim_start_matches('*'))
}

fn missing(op: &Compiled, name: &str, route: &RouteHistory) -> Diagnostic {
    let message = format!("the template contains `{{path.{name}}}`, and `{}` has no parameter `{name}`", route.name);
    let known: Vec<String> = names(route).map(|name| format!("`{{path.{name}}}`")).collect();
    let help = match known.as_slice() {
        [] => "the path of the route has no parameters: apply the op only to routes that have it".to_owned(),
        known => format!("known: {}; every route that the change applies to must have the parameter", known.join(", ")),
    };
    Diagnostic::error("unknown-path-parameter", message, op.span).help(help)
}
