//! What the ops of one resource do to each other.

use super::compile::{Carry, Compiled};
use super::compose::{Input, Ready, rebase};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::json::{Pattern, Test};
use crate::version::VersionId;

/// Names that ops took away or wrote, as they are called by now, and since when.
#[derive(Default)]
struct Names<'a> {
    list: Vec<(Pattern, VersionId, &'a Compiled)>,
}

/// Walks each resource from the oldest change to the newest.
pub(super) fn between_ops(input: &Input<'_>, ready: &[Ready<'_>], owners: &[Vec<usize>], found: &mut Diagnostics) {
    for changes in owners {
        let (mut gone, mut written) = (Names::default(), Names::default());
        for &at in changes {
            let change = &ready[at];
            for op in &change.body {
                op_against(op, change, input.oldest_live, &gone, &written, found);
                let version = change.dated.version;
                if let Some(carry) = op.carry.as_ref().filter(|carry| !carry.conditional) {
                    gone.carry(carry);
                    written.carry(carry);
                }
                op.reach.takes.iter().for_each(|p| written.forget_inside(p));
                op.reach.writes.iter().for_each(|p| gone.forget_around(p));
                gone.add(&op.reach.takes, version, op);
                written.add(&op.reach.writes, version, op);
            }
        }
    }
}

fn op_against(
    op: &Compiled,
    change: &Ready<'_>,
    oldest_live: VersionId,
    gone: &Names<'_>,
    written: &Names<'_>,
    found: &mut Diagnostics,
) {
    let version = change.dated.version;
    for read in &op.reach.reads {
        if let Some((taken, _)) = gone.above(read, |_, by| by.when.is_none()) {
            let message = format!("nothing is at `{read}` any more: an earlier op took `{taken}` away");
            found.push(Diagnostic::warning("unreachable-op", message, op.span).help("use the new name, or reorder"));
        }
    }
    for target in &op.reach.writes {
        if let Some((_, since)) = written.same(target, |by| !disjoint(op, by)) {
            let (message, help) = if since == version {
                (
                    format!("two ops of one version write `{target}`"),
                    "give each its own name, or conditions that exclude each other",
                )
            } else {
                (
                    format!("`{target}` was already written by an earlier version"),
                    "remove or rename the earlier one first",
                )
            };
            found.push(Diagnostic::error("colliding-ops", message, op.span).help(help));
        }
        let reuses = op.reach.adds && !change.dated.strict_responses;
        if let Some((_, until)) =
            gone.same(target, |_| reuses).filter(|(_, until)| oldest_live < *until && *until < version)
        {
            let message = format!("`{target}` meant something else before, in a version that is still served");
            let help = "say `strict = true`, so that old clients do not get the new one";
            let _ = until;
            found.push(Diagnostic::error("name-reused", message, op.span).help(help));
        }
    }
    let same_version = |since: VersionId, by: &Compiled| since == version && !disjoint(op, by);
    for taken in &op.reach.takes {
        if let Some((inner, _)) = written.below(taken, same_version) {
            let message = format!("`{taken}` is taken away with `{inner}`, which an earlier op of this version wrote");
            found.push(Diagnostic::warning("overlapping-ops", message, op.span).help("do both in one op, or reorder"));
        }
    }
}

/// Whether two conditions can never both hold: the same place, two values.
fn disjoint(a: &Compiled, b: &Compiled) -> bool {
    match (&a.when, &b.when) {
        (Some(a), Some(b)) if a.at == b.at => match (&a.test, &b.test) {
            (Test::Equals(x), Test::Equals(y)) => !x.equals(y),
            _ => false,
        },
        _ => false,
    }
}

// === impl Names ===

impl<'a> Names<'a> {
    fn add(&mut self, patterns: &[Pattern], version: VersionId, by: &'a Compiled) {
        self.list.extend(patterns.iter().map(|pattern| (pattern.clone(), version, by)));
    }

    /// An op moves what is inside of its place.
    fn carry(&mut self, Carry { new, old, .. }: &Carry) {
        for (known, ..) in &mut self.list {
            if known.starts_with(old) {
                *known = rebase(known, old, new);
            }
        }
    }

    /// A name went, and all inside with it.
    fn forget_inside(&mut self, pattern: &Pattern) {
        self.list.retain(|(known, ..)| !known.starts_with(pattern));
    }

    /// What stands around a name is there again, and what is inside may be.
    fn forget_around(&mut self, pattern: &Pattern) {
        self.list.retain(|(known, ..)| !known.starts_with(pattern) && !pattern.starts_with(known));
    }

    fn same(&self, pattern: &Pattern, when: impl Fn(&Compiled) -> bool) -> Option<(&Pattern, VersionId)> {
        self.find(|known, _, by| known == pattern && when(by))
    }

    fn above(&self, pattern: &Pattern, when: impl Fn(VersionId, &Compiled) -> bool) -> Option<(&Pattern, VersionId)> {
        self.find(|known, since, by| pattern.starts_with(known) && when(since, by))
    }

    fn below(&self, pattern: &Pattern, when: impl Fn(VersionId, &Compiled) -> bool) -> Option<(&Pattern, VersionId)> {
        self.find(|known, since, by| known != pattern && known.starts_with(pattern) && when(since, by))
    }

    fn find(&self, f: impl Fn(&Pattern, VersionId, &Compiled) -> bool) -> Option<(&Pattern, VersionId)> {
        self.list
            .iter()
            .find(|(pattern, since, by)| f(pattern, *since, by))
            .map(|(pattern, since, _)| (pattern, *since))
    }
}
