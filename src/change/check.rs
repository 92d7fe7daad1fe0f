//! What the ops of one resource do to each other.

use super::compile::{Compiled, InlinedObject, Moved};
use super::input::{ComposeInput, ReadChange};
use super::known::KnownPlaces;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::json::{Condition, Pattern};
use crate::version::VersionId;

/// Names that ops took away or wrote, as they are called by now, and since when.
#[derive(Default)]
struct TrackedNames<'a> {
    list: Vec<(Pattern, VersionId, &'a Compiled)>,
}

/// What the ops of a resource did so far.
#[derive(Default)]
struct ResourceHistory<'a> {
    gone: TrackedNames<'a>,
    written: TrackedNames<'a>,
    /// Objects that an older version has one member of, by what is around that member and the member.
    boxes: Vec<(Pattern, Pattern)>,
    /// What the change at hand requires to be a value.
    required: Vec<&'a Pattern>,
    /// Prefixes of members that became members of an object of their own, or the other way round.
    prefixes: Vec<UsedPrefix<'a>>,
    known: KnownPlaces<'a>,
}

/// The members with a prefix, in an object that has that place by now.
struct UsedPrefix<'a> {
    beside: Pattern,
    prefix: &'a str,
    nests: bool,
    by: &'a Compiled,
}

/// An op by its change and its place there.
pub(super) type OpIndex = (usize, usize);

/// Walks each resource from the oldest change to the newest. Returns the constants that are defaults for a name which
/// an older version may have as well, so that the way back must not drop it.
pub(super) fn between_ops(
    input: &ComposeInput<'_>,
    ready: &[ReadChange<'_>],
    owners: &[Vec<usize>],
    found: &mut Diagnostics,
) -> Vec<OpIndex> {
    let mut defaults = Vec::new();
    for changes in owners {
        let mut past = ResourceHistory::default();
        for &at in changes {
            let change = &ready[at];
            past.required.clear();
            past.known.enter(change.dated.version);
            for (nth, op) in change.body.iter().enumerate() {
                op_against(op, change, input.oldest_live, &past, found);
                if past.is_default(op) {
                    defaults.push((at, nth));
                }
                past.add(op, change.dated.version);
            }
        }
    }
    defaults
}

fn op_against(
    op: &Compiled,
    change: &ReadChange<'_>,
    oldest_live: VersionId,
    past: &ResourceHistory<'_>,
    found: &mut Diagnostics,
) {
    let version = change.dated.version;
    dead(op, past, found);
    for target in &op.reach.writes {
        collision(op, target, version, past, found);
        let reuses = op.reach.adds && !change.dated.strict_responses;
        if past.gone.same(target, |since, _| reuses && oldest_live < since && since < version).is_some() {
            let message = format!("`{target}` had another meaning in a version that is still served");
            let help = "set `strict = true`, so that old clients do not get the new value";
            found.push(Diagnostic::error("name-reused", message, op.span).help(help));
        }
        if past.required.contains(&target) {
            let message =
                format!("an earlier `require` checks `{target}`, which has been removed when it runs on the way back");
            let help = "put the `require` after the op that writes the value";
            found.push(Diagnostic::error("require-too-early", message, op.span).help(help));
        }
    }
    passed(op, past, found);
    prefixed(op, past, found);
    lost(op, change, past, found);
    let dropped = if op.carry.is_none() { &*op.reach.takes } else { &[] };
    for taken in dropped {
        let same_version = |since: VersionId, by: &Compiled| since == version && !disjoint(op, by);
        if let Some((inner, _)) = past.written.below(taken, same_version) {
            let message = format!(
                "removing `{taken}` also removes `{inner}`, which an earlier op of this version \
                 wrote"
            );
            found.push(Diagnostic::warning("overlapping-ops", message, op.span).help(
                "merge the two ops, or reorder \
                 them",
            ));
        }
    }
}

/// An op that finds nothing to do, or only what it cannot process.
fn dead(op: &Compiled, past: &ResourceHistory<'_>, found: &mut Diagnostics) {
    let help = "use the new name or value, or move this op before the other";
    let taken = |at: &Pattern| past.gone.above(at, |_, by| by.when_up.is_none() && !by.may_leave);
    let mut never = |why: &str| {
        let message = format!("this op never applies: {why}");
        found.push(Diagnostic::warning("unreachable-op", message, op.span).help(help));
    };
    for read in &op.reach.reads {
        if let Some((taken, _)) = taken(read) {
            never(&format!("an earlier op removed `{taken}`, so `{read}` is absent"));
        } else if past.known.is_emptied(read) {
            never(&format!("after an earlier op, `{read}` is absent"));
        }
    }
    if let Some(why) = op.when_up.as_ref().and_then(|when| past.known.denies(when, &|at| taken(at).is_some())) {
        never(why);
    }
    if past.known.refuses(op) {
        let message = "this op always fails: an earlier op leaves no value that it takes".to_owned();
        found.push(Diagnostic::warning("failing-op", message, op.span).help(help));
    }
    if let Some(value) = past.known.refused_default(op) {
        let message = format!("this `require` refuses {value}, which an earlier op adds where the value is absent");
        let help = "require a condition that the added value meets, or add another value";
        found.push(Diagnostic::warning("failing-op", message, op.span).help(help));
    }
}

fn collision(op: &Compiled, target: &Pattern, version: VersionId, past: &ResourceHistory<'_>, found: &mut Diagnostics) {
    // A constant behind a value that may not have come is its default.
    let collides = |_: VersionId, by: &Compiled| !disjoint(op, by) && (!op.fills() || by.fills());
    let Some((_, since)) = past.written.same(target, collides) else { return };
    let (message, help) = if since == version {
        let help = "use different names, or a `when` with the same `at` and different `equals`; put a default \
             (`add`) after the op whose value it replaces";
        (format!("two ops of one version write `{target}`"), help)
    } else {
        (format!("`{target}` was already written by an earlier version"), "remove or rename the earlier one first")
    };
    found.push(Diagnostic::error("colliding-ops", message, op.span).help(help));
}

/// Two ops are about members with one prefix.
fn prefixed(op: &Compiled, past: &ResourceHistory<'_>, found: &mut Diagnostics) {
    let Some(UsedPrefix { beside, prefix, nests, .. }) = UsedPrefix::of(op) else { return };
    let alike = past.prefixes.iter().filter(|known| known.nests == nests && known.beside == beside);
    let mut alike = alike.filter(|known| !disjoint(op, known.by));
    if nests && let Some(known) = alike.find(|known| prefix.starts_with(known.prefix)) {
        let message =
            format!("this op never applies: an earlier op took all members that begin with `{}`", known.prefix);
        let help = "put the op with the longer prefix first";
        found.push(Diagnostic::warning("unreachable-op", message, op.span).help(help));
    } else if !nests
        && let Some(known) = alike.find(|known| prefix.starts_with(known.prefix) || known.prefix.starts_with(prefix))
    {
        let message = format!(
            "an earlier op writes members with the prefix `{}`, and on the way back this op takes those with `{prefix}`",
            known.prefix
        );
        let help = "use prefixes of which none begins with the other";
        found.push(Diagnostic::error("irreversible", message, op.span).help(help));
    }
}

/// What an op leaves under `on_error = "pass"` would be taken for what another has there.
fn passed(op: &Compiled, past: &ResourceHistory<'_>, found: &mut Diagnostics) {
    let left_up = op.reach.writes.iter().find(|target| past.gone.same(target, |_, by| by.may_leave).is_some());
    let left_down = op.reach.writes.iter().find(|target| op.may_leave && past.gone.same(target, |_, _| true).is_some());
    let message = match (left_up, left_down) {
        (Some(name), _) => {
            format!(
                "`{name}` may still have a value that an earlier op could not migrate and left unchanged \
                 (`on_error = \"pass\"`)"
            )
        }
        (None, Some(name)) => {
            format!(
                "on the way back, `{name}` may be left unchanged (`on_error = \"pass\"`), but an older version has \
                 another value there"
            )
        }
        (None, None) => return,
    };
    let help = "set `on_error = \"fail\"` on the op that may leave its value unchanged, or use another name";
    found.push(Diagnostic::error("passed-name-reused", message, op.span).help(help));
}

/// If a member is taken out of its object, the other members would be lost.
fn lost(op: &Compiled, change: &ReadChange<'_>, past: &ResourceHistory<'_>, found: &mut Diagnostics) {
    let stripped = change.dated.strict_responses && change.dated.strict_requests;
    if op.reach.adds && !stripped {
        for target in &op.reach.writes {
            let beside = |(around, inner): &&(Pattern, Pattern)| {
                target != around && target.starts_with(around) && !target.starts_with(inner)
            };
            if let Some((_, inner)) = past.boxes.iter().find(beside) {
                let message = format!("`{target}` is lost on the way back, where an older version has only `{inner}`");
                let help = "set `lossy = true` on the `wrap`; add a `require` after this op for the value that may \
                     be lost";
                found.push(Diagnostic::error("irreversible", message, op.span).help(help));
            }
        }
    }
    if let Some(InlinedObject { around, inner, newer: false }) = &op.taken_out {
        let beside = |known: &Pattern| known != around && known.starts_with(around) && !known.starts_with(inner);
        if let Some((target, _)) = past.written.find(|known, _, _| beside(known)) {
            let message = format!("`{target}`, which an earlier op wrote, is lost: only `{inner}` is kept");
            let help = "set `lossy = true`, or move it elsewhere first";
            found.push(Diagnostic::error("irreversible", message, op.span).help(help));
        }
    }
}

/// Whether two ops can never both apply, on the way up or on the way down.
fn disjoint(a: &Compiled, b: &Compiled) -> bool {
    type When = Option<Condition<Pattern>>;
    let apart = |a: &When, b: &When| a.as_ref().zip(b.as_ref()).is_some_and(|(a, b)| a.excludes(b));
    apart(&a.when_up, &b.when_up) || apart(&a.when_down, &b.when_down)
}

/// A place is where the op took it.
fn follow(moved: &Moved, known: &mut Pattern) {
    if let Some(then) = moved.after(known) {
        *known = then;
    }
}

// === impl UsedPrefix ===

impl<'a> UsedPrefix<'a> {
    fn of(op: &'a Compiled) -> Option<Self> {
        match &op.carry.as_ref()?.moved {
            Moved::Prefix { beside, prefix, nests, .. } => {
                Some(Self { beside: beside.clone(), prefix, nests: *nests, by: op })
            }
            _ => None,
        }
    }
}

// === impl ResourceHistory ===

impl<'a> ResourceHistory<'a> {
    fn is_default(&self, op: &Compiled) -> bool {
        op.fills()
            && op.reach.writes.iter().any(|target| self.written.same(target, |_, by| !disjoint(op, by)).is_some())
    }

    fn add(&mut self, op: &'a Compiled, version: VersionId) {
        if let Some(carry) = op.carry.as_ref().filter(|carry| !carry.conditional) {
            self.gone.follow(&carry.moved);
            self.written.follow(&carry.moved);
            for known in self.boxes.iter_mut().flat_map(|(around, inner)| [around, inner]) {
                follow(&carry.moved, known);
            }
            for known in &mut self.prefixes {
                follow(&carry.moved, &mut known.beside);
            }
        }
        self.known.add(op);
        self.prefixes.extend(UsedPrefix::of(op));
        op.reach.takes.iter().for_each(|p| self.written.forget_inside(p));
        op.reach.writes.iter().for_each(|p| self.gone.forget_around(p));
        self.gone.add(&op.reach.takes, version, op);
        self.written.add(&op.reach.writes, version, op);
        if let Some(InlinedObject { around, inner, newer: true }) = &op.taken_out {
            self.boxes.push((around.clone(), inner.clone()));
        }
        self.required.extend(&op.requires);
    }
}

// === impl TrackedNames ===

impl<'a> TrackedNames<'a> {
    fn add(&mut self, patterns: &[Pattern], version: VersionId, by: &'a Compiled) {
        self.list.extend(patterns.iter().map(|pattern| (pattern.clone(), version, by)));
    }

    /// An op moves what is inside of its place.
    fn follow(&mut self, moved: &Moved) {
        self.list.iter_mut().for_each(|(known, ..)| follow(moved, known));
    }

    /// A name went, and all inside with it.
    fn forget_inside(&mut self, pattern: &Pattern) {
        self.list.retain(|(known, ..)| !known.starts_with(pattern));
    }

    /// The values around a name are present again, and those inside may be.
    fn forget_around(&mut self, pattern: &Pattern) {
        self.list.retain(|(known, ..)| !known.starts_with(pattern) && !pattern.starts_with(known));
    }

    fn same(&self, pattern: &Pattern, when: impl Fn(VersionId, &Compiled) -> bool) -> Option<(&Pattern, VersionId)> {
        self.find(|known, since, by| known.is_same(pattern) && when(since, by))
    }

    fn above(&self, pattern: &Pattern, when: impl Fn(VersionId, &Compiled) -> bool) -> Option<(&Pattern, VersionId)> {
        self.find(|known, since, by| known.is_around(pattern) && when(since, by))
    }

    fn below(&self, pattern: &Pattern, when: impl Fn(VersionId, &Compiled) -> bool) -> Option<(&Pattern, VersionId)> {
        self.find(|known, since, by| known != pattern && pattern.is_around(known) && when(since, by))
    }

    fn find(&self, f: impl Fn(&Pattern, VersionId, &Compiled) -> bool) -> Option<(&Pattern, VersionId)> {
        self.list
            .iter()
            .find(|(pattern, since, by)| f(pattern, *since, by))
            .map(|(pattern, since, _)| (pattern, *since))
    }
}
