//! Symbolic composition at one object: what each member of the result is made of.
//!
//! A name of the result has a list of candidates, the first that is there wins: members of the source, copies of such,
//! at last perhaps a constant. Renames, copies and additions only put lists together, so any number of them is one
//! list, worked out here and never again.

mod cells;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::{
    ChangeSet, Collision, Literal, MigrateOptions, OnError, Op, Pointer, Renaming, Step, Structure, migrate,
};
use super::local::LocalStep;
use super::plan::{NameRule, NodeId, ObjectPlan};

/// A candidate, while the lists are put together.
#[derive(Clone)]
struct CellCandidate {
    from: CandidateValue,
    copied: bool,
    pending: Vec<LocalStep>,
    /// The changes that brought it here.
    changes: ChangeSet,
    /// Better ones were known before a step that may refuse it: where one of them is there, the step does not see it.
    contested: bool,
}

#[derive(Clone)]
enum CandidateValue {
    Source(Box<str>),
    Constant(Literal),
}

/// The lists, by name; a name that is not there has the member that came to be called so.
#[derive(Default)]
struct CellNames {
    cells: BTreeMap<Box<str>, Vec<CellCandidate>>,
    /// The order in which names were written.
    order: Vec<Box<str>>,
    /// The members of the source that some list knows.
    known: BTreeSet<Box<str>>,
    /// Members of the source that go, and whose value must be seen for what it may refuse before.
    seen: Vec<(Box<str>, Vec<LocalStep>)>,
    /// What all names became, one after the other.
    renamings: Vec<NameRule>,
    /// The changes that took away a member of the source.
    gone: BTreeMap<Box<str>, ChangeSet>,
    /// What is done to every member.
    every: Vec<LocalStep>,
}

/// Puts the steps at an object together; `None` if one of them needs the object whole. `node` compiles the steps that go
/// on inside of a member.
pub(super) fn fuse(locals: &[LocalStep], node: impl FnMut(Vec<LocalStep>) -> NodeId) -> Option<ObjectPlan> {
    let mut names = CellNames::default();
    for local in locals {
        names.step(local)?;
    }
    Some(names.plan(node))
}

// === impl CellNames ===

impl CellNames {
    fn step(&mut self, local: &LocalStep) -> Option<()> {
        if let Some(name) = local.next_name() {
            let name: Box<str> = name.into();
            return self.inside(&name, local.clone().descend());
        }
        if let Some(inside) = local.in_every().filter(|_| local.renaming().is_none()) {
            return self.inside_all(inside);
        }
        if let Some(renaming) = local.renaming() {
            return self.rename_all(&renaming.clone(), local);
        }
        match local.op() {
            Op::Add { at, value } => match split(at)? {
                // The step that makes this object runs with all its content, so there is nothing else to do.
                (_, None) if local.fills_only_made() => {}
                (name, None) => self.add(name, value, local.change())?,
                (name, Some(at)) => return self.deeper(local, name, Op::Add { at, value: value.clone() }),
            },
            Op::Drop { at, prune } => match split(at)? {
                (name, None) => {
                    let gone = self.take(name)?;
                    self.lose(&gone, local.change());
                    self.see(gone)?;
                }
                // Whether what is around it goes, only the whole shows.
                (_, Some(_)) if *prune => return None,
                (name, Some(at)) => return self.deeper(local, name, Op::Drop { at, prune: false }),
            },
            Op::Rename { object, from, to, collision } => match split(object) {
                None => self.rename((from, to), *collision, local.change())?,
                Some((name, rest)) => {
                    let (object, from, to) = (rest.unwrap_or_default(), from.clone(), to.clone());
                    return self.deeper(local, name, Op::Rename { object, from, to, collision: *collision });
                }
            },
            Op::Copy { from, to, collision } => match (from.tokens(), to.tokens()) {
                ([from], [to]) => self.copy((from, to), *collision, local.change())?,
                _ => return None,
            },
            Op::Move { from, to, collision } => match (from.tokens(), to.tokens()) {
                ([from], [to]) => self.relocate((from, to), *collision, local.change())?,
                _ => return None,
            },
            Op::Structure(Structure::Count { from, to, collision }) if from != to => match (from.tokens(), to.tokens())
            {
                ([from], [to]) => self.count(local, from, to, *collision)?,
                _ => return None,
            },
            // What is taken away may leave nothing, which is a matter of what is around.
            op if !op.may_vanish() => {
                let (name, rest) = split(op.value()?)?;
                return self.deeper(local, name, op.clone().at_value(rest.unwrap_or_default()));
            }
            _ => return None,
        }
        Some(())
    }

    fn list(&mut self, name: &str) -> Option<&mut Vec<CellCandidate>> {
        if !self.cells.contains_key(name) {
            let candidates = match self.source_of(name)? {
                Some((source, changes)) => {
                    self.known.insert(source.clone());
                    vec![CellCandidate {
                        from: CandidateValue::Source(source),
                        copied: false,
                        pending: self.every.clone(),
                        changes,
                        contested: false,
                    }]
                }
                None => Vec::new(),
            };
            self.order.push(name.into());
            self.cells.insert(name.into(), candidates);
        }
        self.cells.get_mut(name)
    }

    /// The member of the source that is called so by now, if there can be one, and the changes that renamed it. `None` if
    /// it could be another as well.
    fn source_of(&self, name: &str) -> Option<Option<(Box<str>, ChangeSet)>> {
        let (mut name, mut changes): (Box<str>, ChangeSet) = (name.into(), ChangeSet::default());
        for NameRule { renaming, on_error, change } in self.renamings.iter().rev() {
            // A name that does not fit keeps its place.
            if *on_error == OnError::Pass {
                return None;
            }
            let before: Box<str> = match renaming.reversed().rename(&name) {
                Some(before) => before.as_ref().into(),
                None => return Some(None),
            };
            if before != name {
                changes.insert(*change);
            }
            name = before;
        }
        Some(Some((name, changes)))
    }

    fn take(&mut self, name: &str) -> Option<Vec<CellCandidate>> {
        self.list(name).map(std::mem::take)
    }

    fn add(&mut self, name: &str, value: &Literal, change: u32) -> Option<()> {
        let list = self.list(name)?;
        if !list.last().is_some_and(CellCandidate::is_constant) {
            let mut constant = CellCandidate {
                from: CandidateValue::Constant(value.clone()),
                copied: false,
                pending: Vec::new(),
                changes: ChangeSet::default(),
                contested: false,
            };
            constant.changes.insert(change);
            list.push(constant);
        }
        Some(())
    }

    fn rename(&mut self, (from, to): (&str, &str), collision: Collision, change: u32) -> Option<()> {
        let mut source = self.take(from)?;
        if from != to {
            source.iter_mut().for_each(|candidate| candidate.changes.insert(change));
        }
        self.merge(to, source, collision, change)
    }

    fn copy(&mut self, (from, to): (&str, &str), collision: Collision, change: u32) -> Option<()> {
        let mut source = self.list(from)?.clone();
        for candidate in &mut source {
            (candidate.copied, candidate.contested) = (true, false);
            candidate.changes.insert(change);
        }
        self.merge(to, source, collision, change)
    }

    /// A copy, of which only the number is left.
    fn count(&mut self, local: &LocalStep, from: &str, to: &str, collision: Collision) -> Option<()> {
        // What cannot be counted would leave its copy.
        if local.on_error() == OnError::Pass {
            return None;
        }
        let mut source = self.list(from)?.clone();
        let here = Structure::Count { from: Pointer::ROOT, to: Pointer::ROOT, collision };
        let inside = local.in_member(from, Op::Structure(here));
        for candidate in &mut source {
            (candidate.copied, candidate.contested) = (true, false);
            candidate.changes.insert(local.change());
            candidate.push(&inside)?;
        }
        self.merge(to, source, collision, local.change())
    }

    /// Of members that share the name only the last arrives, unlike with a rename; so it is a copy, and the rest goes.
    fn relocate(&mut self, (from, to): (&str, &str), collision: Collision, change: u32) -> Option<()> {
        if from == to {
            return Some(());
        }
        may_go(self.list(from)?)?;
        self.copy((from, to), collision, change)?;
        let gone = self.take(from)?;
        self.lose(&gone, change);
        Some(())
    }

    /// The change takes these away. Of what was only written on the way nothing is left to tell.
    fn lose(&mut self, gone: &[CellCandidate], change: u32) {
        for candidate in gone.iter().filter(|candidate| !candidate.copied) {
            if let CandidateValue::Source(source) = &candidate.from {
                let changes = self.gone.entry(source.clone()).or_default();
                *changes |= &candidate.changes;
                changes.insert(change);
            }
        }
    }

    /// These go. What may refuse the document on the way must still see them.
    fn see(&mut self, gone: Vec<CellCandidate>) -> Option<()> {
        if may_go(&gone).is_some() {
            return Some(());
        }
        // Of several, those that lost to a better one were not seen by the later steps.
        let [CellCandidate { from: CandidateValue::Source(source), copied: false, .. }] = gone.as_slice() else {
            return None;
        };
        let source = source.clone();
        self.seen.extend(gone.into_iter().map(|candidate| (source.clone(), candidate.pending)));
        Some(())
    }

    /// Every name becomes what the rule makes of it.
    fn rename_all(&mut self, renaming: &Arc<Renaming>, local: &LocalStep) -> Option<()> {
        for name in renaming.known() {
            self.list(name)?;
        }
        // A name that stays may be that of any other member: those that have a cell are not compared.
        if local.on_error() == OnError::Pass && !self.cells.is_empty() {
            return None;
        }
        let inside = local.in_every();
        let mut renamed: BTreeMap<Box<str>, Box<str>> = BTreeMap::new();
        let change = local.change();
        for (name, candidates) in &mut self.cells {
            if let Some(inside) = inside.as_ref().filter(|_| !renaming.excepts(name)) {
                go_inside(candidates, inside)?;
            }
            match renaming.rename(name) {
                Some(new) => {
                    if *new != **name {
                        candidates.iter_mut().for_each(|candidate| candidate.changes.insert(change));
                    }
                    renamed.insert(name.clone(), new.as_ref().into());
                }
                // No member is called so any more.
                None if candidates.is_empty() => {}
                None => return None,
            }
        }
        let cells = std::mem::take(&mut self.cells).into_iter();
        self.cells = cells.filter_map(|(name, list)| Some((renamed.get(&name)?.clone(), list))).collect();
        self.order = self.order.iter().filter_map(|name| renamed.get(name).cloned()).collect();
        self.renamings.push(NameRule { renaming: renaming.clone(), on_error: local.on_error(), change });
        self.every.extend(inside);
        Some(())
    }

    /// The step goes on inside of every member.
    fn inside_all(&mut self, inside: LocalStep) -> Option<()> {
        self.cells.values_mut().try_for_each(|candidates| go_inside(candidates, &inside))?;
        self.every.push(inside);
        Some(())
    }

    fn merge(&mut self, to: &str, incoming: Vec<CellCandidate>, collision: Collision, change: u32) -> Option<()> {
        if incoming.is_empty() {
            return Some(());
        }
        let list = self.list(to)?;
        let existing = std::mem::take(list);
        let (first, second) = match collision {
            Collision::Replace => (incoming, existing),
            Collision::Keep => (existing, incoming),
        };
        // What goes is still seen by the steps so far, as it passes.
        if second.iter().any(|candidate| (candidate.copied || candidate.contested) && candidate.may_fail()) {
            return None;
        }
        list.extend(first);
        // Behind what is always there nothing else arrives.
        if list.last().is_some_and(CellCandidate::is_constant) {
            self.lose(&second, change);
            self.see(second)?;
        } else {
            list.extend(second);
        }
        self.order.retain(|name| **name != *to);
        self.order.push(to.into());
        Some(())
    }

    /// The step goes on inside of whatever is called `name` now.
    fn inside(&mut self, name: &str, local: LocalStep) -> Option<()> {
        go_inside(self.list(name)?, &local)
    }

    fn deeper(&mut self, local: &LocalStep, name: &str, op: Op) -> Option<()> {
        self.inside(name, local.in_member(name, op))
    }
}

/// A step goes on inside of whatever a list leads to.
fn go_inside(candidates: &mut [CellCandidate], local: &LocalStep) -> Option<()> {
    for (rank, candidate) in candidates.iter_mut().enumerate() {
        if rank > 0 && local.may_fail() && !candidate.copied && !candidate.is_constant() {
            // One step must see it in any case, and another only if nothing better is there.
            if candidate.may_fail() && !candidate.contested {
                return None;
            }
            candidate.contested = true;
        }
        candidate.push(local)?;
    }
    Some(())
}

/// Whether these candidates may lose or go: what refuses the document on the way must still see them.
fn may_go(candidates: &[CellCandidate]) -> Option<()> {
    candidates.iter().all(|candidate| !candidate.may_fail()).then_some(())
}

// === impl CellCandidate ===

impl CellCandidate {
    const fn is_constant(&self) -> bool {
        matches!(self.from, CandidateValue::Constant(_))
    }

    fn may_fail(&self) -> bool {
        self.pending.iter().any(LocalStep::may_fail)
    }

    /// A constant is changed here and now; what a source holds is changed when it is there.
    fn push(&mut self, local: &LocalStep) -> Option<()> {
        match &mut self.from {
            CandidateValue::Source(_) => self.pending.push(local.clone()),
            // Run alone, it would not know what the steps before it made.
            CandidateValue::Constant(_) if local.fills_only_made() => return None,
            CandidateValue::Constant(_) if local.op().depends_on_message() => return None,
            CandidateValue::Constant(literal) => {
                let step: Step = local.step_from_here();
                let changed = migrate(literal.as_str().as_bytes(), [&step], &MigrateOptions::default()).ok()?;
                self.changes |= &changed.changes;
                *literal = Literal::parse(std::str::from_utf8(&changed.body).ok()?).ok()?;
            }
        }
        Some(())
    }
}

/// The first name of a pointer, and the rest if there is one.
fn split(pointer: &Pointer) -> Option<(&str, Option<Pointer>)> {
    let (first, rest) = pointer.tokens().split_first()?;
    let rest = (!rest.is_empty()).then(|| Pointer::from_tokens(rest.iter().cloned()));
    Some((first, rest))
}
