//! Renames that give both names while an old version lives: what each newer version's responses carry beside.

use std::collections::BTreeSet;

use super::compile::{Compiled, Moved, PathShift, reference};
use crate::json::{Collision, Condition, OnError, Op, Pattern, Step};
use crate::version::VersionId;

/// Collected on the walk from the newest change to the oldest, so the newest come first.
#[derive(Default)]
pub(super) struct BothNames {
    names: Vec<ExpandedRename>,
    shifts: Vec<RenameShift>,
}

/// One rename at one place, as its own version has it.
struct ExpandedRename {
    version: VersionId,
    places: RenamePaths,
    on_error: OnError,
    /// How many shifts are of newer ops.
    later: usize,
}

/// The new name, the old one, and where the condition looks; from the document.
#[derive(Clone, PartialEq)]
struct RenamePaths {
    new: Pattern,
    old: Pattern,
    when: Option<Condition<Pattern>>,
}

/// What an op moved since a version.
struct RenameShift {
    version: VersionId,
    moved: Moved,
    conditional: bool,
}

// === impl BothNames ===

impl BothNames {
    /// `op` is the next on the walk; it gives both names if it says so.
    pub(super) fn expand(&mut self, op: &Compiled, version: VersionId, targets: &[Pattern]) {
        let ends = op.carry.as_ref().filter(|_| op.expand).and_then(|carry| carry.moved.ends());
        let Some((new, old)) = ends else { return };
        for target in targets.iter().rev() {
            self.names.push(ExpandedRename {
                version,
                places: RenamePaths {
                    new: target.join(new),
                    old: target.join(old),
                    // Both names are where the new one is, so the condition is that of the way back.
                    when: op.when_down.as_ref().and_then(|when| when.try_map(&mut |at| Some(target.join(at)))),
                },
                on_error: op.on_error,
                later: self.shifts.len(),
            });
        }
    }

    /// An op on the walk that moves the values inside its place.
    pub(super) fn shift(&mut self, carry: &PathShift, version: VersionId, targets: &[Pattern]) {
        for target in targets.iter().rev() {
            self.shifts.push(RenameShift { version, moved: carry.moved.at(target), conditional: carry.conditional });
        }
    }

    /// For each version from which on something else applies, all that applies, in the order of the changes.
    pub(super) fn by_version(&self) -> Vec<(VersionId, Box<[Step]>)> {
        let Some(first) = self.names.iter().map(|name| name.version).min() else { return Vec::new() };
        let named = self.names.iter().map(|name| name.version);
        let shifted = self.shifts.iter().map(|shift| shift.version).filter(|version| *version > first);
        let versions: BTreeSet<VersionId> = named.chain(shifted).collect();
        versions.into_iter().map(|version| (version, self.steps(version))).collect()
    }

    fn steps(&self, version: VersionId) -> Box<[Step]> {
        let names = self.names.iter().rev().filter(|name| name.version <= version);
        names.flat_map(|name| self.places(name, version).into_iter().filter_map(|p| p.step(name))).collect()
    }

    /// Where both names are in a later version.
    fn places(&self, name: &ExpandedRename, version: VersionId) -> Vec<RenamePaths> {
        let mut all = vec![name.places.clone()];
        for shift in self.shifts[..name.later].iter().rev().filter(|shift| shift.version <= version) {
            let before = all.clone();
            let moved = before.iter().map(|places| places.after(shift));
            if shift.conditional {
                all.extend(moved.filter(|moved| !before.contains(moved)));
            } else {
                all = moved.collect();
            }
        }
        all
    }
}

// === impl RenamePaths ===

impl RenamePaths {
    fn after(&self, shift: &RenameShift) -> Self {
        let moved = |place: &Pattern| shift.moved.after(place).unwrap_or_else(|| place.clone());
        let when = self.when.as_ref().and_then(|when| when.try_map(&mut |at| Some(moved(at))));
        Self { new: moved(&self.new), old: moved(&self.old), when }
    }

    /// The copy of the new name under the old one; none if a later version put one of them among other elements.
    fn step(&self, name: &ExpandedRename) -> Option<Step> {
        let ((each, from), (other, to)) = (self.new.split_at_last_star(), self.old.split_at_last_star());
        let when = match &self.when {
            Some(when) => Some(when.try_map(&mut |at| reference(at, &each))?),
            None => None,
        };
        let op = Op::Copy { from, to, collision: Collision::Keep };
        (each == other).then(|| Step { each, when, on_error: name.on_error, ..Step::new(op) })
    }
}
