//! From changes on resources to chains of steps at the messages of each route.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::{BodyChain, Chain, Link};
use super::check;
use super::compile::{Compiled, DirectedOp, PathShift, ResourceLocation};
use super::expand::BothNames;
use super::head::{HeaderStep, QueryStep};
use super::heads::{HeadOp, read_head};
use super::history::{RouteHistory, RouteMove, StatusLink};
use super::input::{ComposeInput, DatedChange, ReadChange};
use super::link_places::{self, LinkWalk, RemovedLinks};
use super::path_parameters;
use super::place::{Message, RouteName, StatusMatch};
use super::placement::{OwnerIndex, PlacedOwner, check_routes, placements, unknown_resource};
use super::response_ops;
use super::routes;
use super::spec::{Change, OpKind, RouteSpec};
use super::status_path::SplicedChains;
use super::status_places;
use crate::diagnostic::{Diagnostic, Diagnostics, Span, quoted};
use crate::json::{OnError, Pattern, Step};

const KEEP_HELP: &str = "remove it: only `copy`, `compute`, `count`, `rename`, `move`, `split`, `join`, `entries`, `keyed`, `pick`, \
                         `partition`, `nest`, `flatten`, `rename_header`, `rename_cookie` and `rename_query` have `keep`";

/// An owner at its place in one message, as the version at hand has it.
#[derive(Clone, PartialEq)]
struct CurrentPlacement {
    owner: OwnerIndex,
    target: ResourceLocation,
}

/// Reads all changes and works out what they do at every place. What is wrong goes to `found`.
#[must_use]
pub(crate) fn compose(input: &ComposeInput<'_>, found: &mut Diagnostics) -> Vec<RouteHistory> {
    let placements = placements(input, found);
    let mut ready = read_ops(input, found);
    let owners = owners(input, found);
    for (change, op) in check::between_ops(input, &ready, &owners, found) {
        ready[change].body[op].down_strict = None;
    }
    let placed = placements.iter().map(|p| &p.location.route).filter(|route| !route.is_every());
    let known: Vec<&RouteName> = placed.clone().chain(input.routes).collect();
    let patches: Vec<RouteName> = placements.iter().flat_map(|p| p.patch_routes(&known)).collect();
    let exceptions = placements.iter().flat_map(|p| p.exceptions(&known));
    let mut histories = routes::histories(input, placed.chain(&patches).chain(exceptions), found);
    check_routes(input, &placements, &histories, found);
    path_parameters::check(&placements, &histories, &ready, &owners, found);
    link_places::check(input, found);
    status_places::check(&ready, &placements, &owners, found);
    response_ops::check(&ready, &placements, &owners, found);
    let mut removed = RemovedLinks::new();
    for history in &mut histories {
        fill(history, input, &placements, &ready, &owners, &mut removed);
    }
    link_places::warn(input, &removed, found);
    RouteHistory::set_link_rules(&mut histories);
    histories
}

/// For each owner the changes that are on it.
fn owners(input: &ComposeInput<'_>, found: &mut Diagnostics) -> Vec<Vec<usize>> {
    let mut owners = vec![Vec::new(); input.resources.len() + input.changes.len()];
    let known: BTreeMap<&str, usize> =
        input.resources.iter().enumerate().map(|(at, resource)| (resource.name.as_str(), at)).collect();
    for (at, dated) in input.changes.iter().enumerate() {
        for name in &dated.change.on {
            match known.get(name.as_str()) {
                Some(&resource) => push_new(&mut owners[resource], at),
                None => found.push(unknown_resource(name, known.keys().copied())),
            }
        }
        if !dated.change.at.is_empty() {
            owners[input.resources.len() + at].push(at);
        }
        let bare = dated.change.on.is_empty() && dated.change.at.is_empty();
        let needs_place = dated.change.ops.iter().any(|op| !matches!(op.op, OpKind::Route(_)));
        if bare && needs_place {
            let message = format!("the change {} applies to no resource", quoted(&dated.change.summary));
            found.push(Diagnostic::error("change-on-nothing", message, dated.change.span).help(
                "add `on = \"…\"` or \
                 `at = \"…\"`",
            ));
        }
    }
    owners
}

fn read_ops<'a>(input: &ComposeInput<'a>, found: &mut Diagnostics) -> Vec<ReadChange<'a>> {
    input.changes.iter().map(|dated| read_change(dated, input.on_error, found)).collect()
}

fn read_change<'a>(dated: &DatedChange<'a>, on_error: OnError, found: &mut Diagnostics) -> ReadChange<'a> {
    let change = dated.change;
    let on_error = change.on_error.unwrap_or(on_error);
    let mut ready = ReadChange { dated: *dated, body: Vec::new(), heads: Vec::new() };
    let mut breaking_ops = Vec::new();
    if change.ops.is_empty() {
        let message = format!("the change {} does nothing", quoted(&change.summary));
        found.push(Diagnostic::warning("empty-change", message, change.span).help("add `ops`"));
    }
    for (at, spec) in change.ops.iter().enumerate() {
        let from = found.len();
        for setter in spec.without_effect() {
            let message = format!("`{setter}` has no effect on this op");
            found.push(
                Diagnostic::error("misplaced-setter", message, spec.span).help("remove it, or choose another op"),
            );
        }
        if spec.keep && !spec.op.has_target() {
            let message = "`keep` has no effect: this op has no target that may already exist".to_owned();
            found.push(Diagnostic::error("keep-without-target", message, spec.span).help(KEEP_HELP));
        }
        let breaking = match &spec.op {
            OpKind::Head(head) => read_head(head, spec, found).map(|op| {
                let breaking = op.breaking;
                ready.heads.push(HeadOp { index: index(at), ..op });
                breaking
            }),
            OpKind::Route(route) => Some(!matches!(route, RouteSpec::Add(_))),
            _ => Compiled::new(spec, on_error, found).map(|op| {
                let breaking = op.breaking;
                ready.body.push(Compiled { index: index(at), ..op });
                breaking
            }),
        };
        if breaking == Some(true) {
            breaking_ops.push((at + 1, spec.span));
        }
        if change.span.is_none() {
            let number = at + 1;
            let place = || format!("the change {}, op {number}: {}", quoted(&change.summary), spec.op.constructor());
            found.locate(from, place);
        }
    }
    if !change.breaking {
        non_additive(change, &breaking_ops, found);
    }
    ready
}

/// One finding for all ops of a change that is not marked as breaking.
fn non_additive(change: &Change, ops: &[(usize, Span)], found: &mut Diagnostics) {
    let Some((first, span)) = ops.first() else { return };
    let numbers: Vec<String> = ops.iter().map(|(number, _)| number.to_string()).collect();
    let what = match numbers.split_last() {
        Some((last, others @ [_, ..])) => format!("ops {} and {last} remove or alter", others.join(", ")),
        _ => format!("op {first} removes or alters"),
    };
    let message = format!("{what} something, and {} is not marked as breaking", quoted(&change.summary));
    let help = "set `breaking = true` on the change, or only add members";
    let from = found.len();
    found.push(Diagnostic::error("non-additive", message, *span).help(help));
    if change.span.is_none() {
        found.locate(from, || format!("the change {}, op {first}", quoted(&change.summary)));
    }
}

fn fill(
    history: &mut RouteHistory,
    input: &ComposeInput<'_>,
    placements: &[PlacedOwner],
    ready: &[ReadChange<'_>],
    owners: &[Vec<usize>],
    removed: &mut RemovedLinks,
) {
    let mut here: Vec<&PlacedOwner> = placements.iter().filter(|p| p.is_of(&history.name)).collect();
    // The most particular first: what it says of a place counts.
    here.sort_by_key(|p| (p.location.route.is_every(), p.location.route.method.is_none(), status(p)));
    let at = |message: Message| {
        let covers = move |p: &&&PlacedOwner| match (p.location.message, message) {
            (Message::Request, Message::Request) => true,
            (Message::Response(wide), Message::Response(narrow)) => wide.covers(narrow),
            _ => false,
        };
        here.iter().filter(covers).copied().collect::<Vec<_>>()
    };
    let name = history.name.clone();
    let mut body = |message| body_chain(input, &at(message), (message, &name), ready, owners, removed);
    history.request = body(Message::Request);
    let statuses = statuses(&here);
    history.responses = statuses.iter().map(|of| (*of, body(Message::Response(*of)))).collect();
    let changes =
        |list: &[&PlacedOwner]| list.iter().flat_map(|p| owners[p.owner].iter().copied()).collect::<BTreeSet<usize>>();
    history.request_headers = header_chain(&changes(&at(Message::Request)), ready);
    let headers = |of: &StatusMatch| header_chain(&changes(&at(Message::Response(*of))), ready);
    history.response_headers = statuses.iter().map(|of| (*of, headers(of))).collect();
    let responses: Vec<_> = here.iter().filter(|p| status(p).is_some()).copied().collect();
    history.accept = accept_chain(&changes(&responses), ready);
    history.query = query_chain(&changes(&here), &history.moves, ready);
    history.statuses = status_links(&changes(&responses), ready);
    // A branch has those of its trunk until here.
    history.spliced = SplicedChains::default();
}

/// The statuses that places speak of, the most particular first.
fn statuses(here: &[&PlacedOwner]) -> Vec<StatusMatch> {
    here.iter().filter_map(|p| status(p)).collect::<BTreeSet<_>>().into_iter().collect()
}

/// `StatusMatch` orders exact before class before any.
fn status(placement: &PlacedOwner) -> Option<StatusMatch> {
    match placement.location.message {
        Message::Response(of) => Some(of),
        Message::Request => None,
    }
}

/// Walks from the newest change to the oldest. Places are given in the newest shape; after each op that moves values
/// inside its place, they are mapped back to where they were before.
fn body_chain(
    input: &ComposeInput<'_>,
    placements: &[&PlacedOwner],
    (message, route): (Message, &RouteName),
    ready: &[ReadChange<'_>],
    owners: &[Vec<usize>],
    removed: &mut RemovedLinks,
) -> BodyChain {
    let mut current = spots(placements, message, route);
    let changes: BTreeSet<usize> = current.iter().flat_map(|spot| owners[spot.owner].iter().copied()).collect();
    let mut links = Vec::new();
    let mut both_names = BothNames::default();
    let mut linked = LinkWalk::new(input.resources, placements);
    for &at in changes.iter().rev() {
        let change = &ready[at];
        linked.enter(change.dated.version);
        let (mut up, mut down) = (Vec::new(), Vec::new());
        let backwards = |op: &Compiled| match message {
            Message::Request if change.dated.strict_requests => op.down_strict.clone(),
            Message::Response(_) if change.dated.strict_responses => op.down_strict.clone(),
            _ => op.down.clone(),
        };
        for (nth, op) in change.body.iter().enumerate().rev() {
            let targets = targets(&current, |owner| owners[owner].contains(&at));
            // On the way up the ops before this one have run, on the way down those behind it.
            let made_up = change.body[..nth].iter().filter_map(|op| op.up.clone()).any(|op| op.makes_objects());
            let made_down = change.body[nth + 1..].iter().filter_map(backwards).any(|op| op.makes_objects());
            push_steps(&mut up, op, op.up.as_ref(), made_up, &targets, index(at));
            push_steps(&mut down, op, backwards(op).as_ref(), made_down, &targets, index(at));
            let targets: Vec<Pattern> = targets.into_iter().map(|target| target.pattern).collect();
            if matches!(message, Message::Response(_)) && input.oldest_live < change.dated.version {
                both_names.expand(op, change.dated.version, &targets);
            }
            linked.pass(op, at, &targets, removed);
            if let Some(carry) = &op.carry {
                both_names.shift(carry, change.dated.version, &targets);
                carry_back(&mut current, carry, &targets, |owner| owners[owner].contains(&at));
            }
        }
        up.reverse();
        if !up.is_empty() || !down.is_empty() {
            links.push(Link::new(change.dated.version, index(at), up, down));
        }
    }
    links.reverse();
    BodyChain::new(Chain::new(links), both_names.by_version(), linked.by_version())
}

/// Each owner once at each of its places; what the most particular of several places says counts.
fn spots(placements: &[&PlacedOwner], message: Message, route: &RouteName) -> Vec<CurrentPlacement> {
    let patches = message == Message::Request && route.method.as_deref() == Some("PATCH");
    let mut spots: Vec<(CurrentPlacement, bool)> = Vec::new();
    for placement in placements {
        let (owner, pattern) = (placement.owner, placement.location.pattern.clone());
        let known = spots.iter_mut().find(|(spot, _)| spot.owner == owner && spot.target.pattern == pattern);
        match (known, placement.partial) {
            (Some((spot, explicit)), Some(partial)) if !*explicit => (spot.target.partial, *explicit) = (partial, true),
            (Some(_), _) => {}
            (None, partial) => {
                let target = ResourceLocation { pattern, partial: partial.unwrap_or(patches) };
                spots.push((CurrentPlacement { owner, target }, partial.is_some()));
            }
        }
    }
    spots.into_iter().map(|(spot, _)| spot).collect()
}

/// Where a change applies, each place once, the outermost first. A resource may contain itself: on the way up, the outer one is
/// migrated before the inner ones; on the way down, the inner ones are migrated first.
fn targets(current: &[CurrentPlacement], is_own: impl Fn(OwnerIndex) -> bool) -> Vec<ResourceLocation> {
    let mut targets: Vec<ResourceLocation> = Vec::new();
    for CurrentPlacement { target, .. } in current.iter().filter(|spot| is_own(spot.owner)) {
        match targets.iter_mut().find(|known| known.pattern == target.pattern) {
            // Where two resources of one change disagree, nothing is made up.
            Some(known) => known.partial |= target.partial,
            None => targets.push(target.clone()),
        }
    }
    targets.sort_by_key(|target| target.pattern.segments().len());
    targets
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// The steps of an op at all its targets, the innermost first. `made`: an earlier op of the same change may have created an
/// object, in which a constant is added even if the body is partial.
fn push_steps(
    steps: &mut Vec<(u32, Step)>,
    op: &Compiled,
    direction: Option<&DirectedOp>,
    made: bool,
    targets: &[ResourceLocation],
    change: u32,
) {
    let Some(direction) = direction else { return };
    let runs = |target: &&ResourceLocation| made || !(direction.is_constant() && target.partial);
    let step = |target: &ResourceLocation| (op.index, op.step(direction, target, change));
    steps.extend(targets.iter().rev().filter(runs).map(step));
    push_steps(steps, op, direction.default(), made, targets, change);
}

/// Moves the values inside the op's place back to where they were before. The op's own resource stays.
fn carry_back(
    current: &mut Vec<CurrentPlacement>,
    carry: &PathShift,
    targets: &[Pattern],
    is_own: impl Fn(OwnerIndex) -> bool,
) {
    for target in targets.iter().rev() {
        let carried = carry.moved.at(target);
        let mut before = Vec::new();
        for spot in current.drain(..) {
            let pattern = &spot.target.pattern;
            let is_target = is_own(spot.owner) && *pattern == *target;
            let moved = if is_target { None } else { carried.before(pattern) };
            let moved = moved.map(|pattern| {
                let target = ResourceLocation { pattern, partial: spot.target.partial };
                CurrentPlacement { owner: spot.owner, target }
            });
            if moved.is_none() || carry.conditional {
                push_new(&mut before, spot);
            }
            if let Some(moved) = moved {
                push_new(&mut before, moved);
            }
        }
        *current = before;
    }
}

/// A step of an op, by the op's place in its change, up and down.
type HeadSteps<S> = (u32, Option<S>, Option<S>);

fn header_chain(changes: &BTreeSet<usize>, ready: &[ReadChange<'_>]) -> Chain<HeaderStep> {
    let steps = |op: &HeadOp| (op.index, op.header_up.clone(), op.header_down.clone());
    head_chain(changes, ready, |at| ready[at].heads.iter().map(steps).collect())
}

/// What a client accepts under the name that its version has for a media type, it accepts under the other's.
fn accept_chain(changes: &BTreeSet<usize>, ready: &[ReadChange<'_>]) -> Chain<HeaderStep> {
    let steps = |op: &HeadOp| {
        let (old, new) = op.media.clone()?;
        let (up, down) = (HeaderStep::Accept(old.clone(), new.clone()), HeaderStep::Accept(new, old));
        Some((op.index, Some(up), Some(down)))
    };
    head_chain(changes, ready, |at| ready[at].heads.iter().filter_map(steps).collect())
}

/// What ops do at the places of their changes, and routes that moved wherever they are.
fn query_chain(changes: &BTreeSet<usize>, moves: &[RouteMove], ready: &[ReadChange<'_>]) -> Chain<QueryStep> {
    let moves_of = |at: usize| moves.iter().filter(move |moved| moved.op.0 == index(at) && !moved.query.is_empty());
    let steps = |at: usize| {
        let of_op = |op: &HeadOp| (op.index, op.query_up.clone(), op.query_down.clone());
        let heads = ready[at].heads.iter().filter(|_| changes.contains(&at)).map(of_op);
        let of_move = |moved: &RouteMove| -> Vec<HeadSteps<QueryStep>> {
            let step = |(name, value): &(Box<str>, Box<str>)| {
                let (up, down) = (QueryStep::Mark, QueryStep::Unmark);
                (moved.op.1, Some(up(name.clone(), value.clone())), Some(down(name.clone(), value.clone())))
            };
            moved.query.iter().map(step).collect()
        };
        let mut all: Vec<HeadSteps<QueryStep>> = heads.chain(moves_of(at).flat_map(of_move)).collect();
        all.sort_by_key(|(op, ..)| *op);
        all
    };
    let with_moves = (0..ready.len()).filter(|at| changes.contains(at) || moves_of(*at).next().is_some()).collect();
    head_chain(&with_moves, ready, steps)
}

fn head_chain<S>(
    changes: &BTreeSet<usize>,
    ready: &[ReadChange<'_>],
    steps: impl Fn(usize) -> Vec<HeadSteps<S>>,
) -> Chain<S> {
    let mut links = Vec::new();
    for &at in changes {
        let (mut up, mut down) = (Vec::new(), Vec::new());
        for (op, one, other) in steps(at) {
            up.extend(one.map(|step| (op, step)));
            down.extend(other.map(|step| (op, step)));
        }
        down.reverse();
        if !up.is_empty() || !down.is_empty() {
            links.push(Link::new(ready[at].dated.version, index(at), up, down));
        }
    }
    Chain::new(links)
}

fn status_links(changes: &BTreeSet<usize>, ready: &[ReadChange<'_>]) -> Vec<StatusLink> {
    let link = |at: &usize| {
        let (version, change) = (ready[*at].dated.version, index(*at));
        let pairs = ready[*at].heads.iter().filter_map(|op| Some((op.index, op.status?, &op.when)));
        pairs.map(move |(op, (old, new), when)| StatusLink { version, old, new, when: when.clone(), op: (change, op) })
    };
    changes.iter().flat_map(link).collect()
}
