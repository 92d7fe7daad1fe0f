//! Symbolic composition at one object: what each member of the result is made of.
//!
//! A name of the result has a list of candidates, the first that is there wins: members of the source, copies of such,
//! at last perhaps a constant. Renames, copies and additions only put lists together, so any number of them is one
//! list, worked out here and never again.

use std::collections::BTreeMap;

use super::super::{Collision, Literal, MigrateOptions, Op, Pointer, Step, migrate, text};
use super::local::LocalStep;
use super::plan::{Cell, NodeId, ObjectPlan, Rank, SourceMember};

/// A candidate, while the lists are put together.
#[derive(Clone)]
struct CellCandidate {
    from: CandidateValue,
    copied: bool,
    pending: Vec<LocalStep>,
}

#[derive(Clone)]
enum CandidateValue {
    Source(Box<str>),
    Constant(Literal),
}

/// The lists, by name; a name that is not there has itself.
struct CellNames {
    cells: BTreeMap<Box<str>, Vec<CellCandidate>>,
    /// The order in which names were written.
    order: Vec<Box<str>>,
}

/// Puts the steps at an object together; `None` if one of them needs the object whole. `node` compiles the steps that go
/// on inside of a member.
pub(super) fn fuse(locals: &[LocalStep], node: impl FnMut(Vec<LocalStep>) -> NodeId) -> Option<ObjectPlan> {
    let mut names = CellNames { cells: BTreeMap::new(), order: Vec::new() };
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
        match local.op() {
            Op::Add { at, value } => match split(at)? {
                // What makes this object is run with all that stands inside, so nothing has.
                (_, None) if local.fills_only_made() => {}
                (name, None) => self.add(name, value),
                (name, Some(at)) => return self.deeper(local, name, Op::Add { at, value: value.clone() }),
            },
            Op::Drop { at, prune } => match split(at)? {
                (name, None) => {
                    let gone = self.take(name);
                    may_go(&gone)?;
                }
                // Whether what is around it goes, only the whole shows.
                (_, Some(_)) if *prune => return None,
                (name, Some(at)) => return self.deeper(local, name, Op::Drop { at, prune: false }),
            },
            Op::Rename { object, from, to, collision } => match split(object) {
                None => self.rename(from, to, *collision)?,
                Some((name, rest)) => {
                    let (object, from, to) = (rest.unwrap_or_default(), from.clone(), to.clone());
                    return self.deeper(local, name, Op::Rename { object, from, to, collision: *collision });
                }
            },
            Op::Copy { from, to, collision } => match (from.tokens(), to.tokens()) {
                ([from], [to]) => self.copy(from, to, *collision)?,
                _ => return None,
            },
            Op::Move { from, to, collision } => match (from.tokens(), to.tokens()) {
                ([from], [to]) => self.relocate(from, to, *collision)?,
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

    fn list(&mut self, name: &str) -> &mut Vec<CellCandidate> {
        if !self.cells.contains_key(name) {
            self.order.push(name.into());
        }
        self.cells.entry(name.into()).or_insert_with(|| {
            vec![CellCandidate { from: CandidateValue::Source(name.into()), copied: false, pending: Vec::new() }]
        })
    }

    fn take(&mut self, name: &str) -> Vec<CellCandidate> {
        std::mem::take(self.list(name))
    }

    fn add(&mut self, name: &str, value: &Literal) {
        let list = self.list(name);
        if !list.last().is_some_and(CellCandidate::is_constant) {
            list.push(CellCandidate {
                from: CandidateValue::Constant(value.clone()),
                copied: false,
                pending: Vec::new(),
            });
        }
    }

    fn rename(&mut self, from: &str, to: &str, collision: Collision) -> Option<()> {
        let source = self.take(from);
        self.merge(to, source, collision)
    }

    fn copy(&mut self, from: &str, to: &str, collision: Collision) -> Option<()> {
        let mut source = self.list(from).clone();
        source.iter_mut().for_each(|candidate| candidate.copied = true);
        self.merge(to, source, collision)
    }

    /// Of members that share the name only the last arrives, unlike with a rename; so it is a copy, and the rest goes.
    fn relocate(&mut self, from: &str, to: &str, collision: Collision) -> Option<()> {
        if from == to {
            return Some(());
        }
        may_go(self.list(from))?;
        self.copy(from, to, collision)?;
        self.take(from);
        Some(())
    }

    fn merge(&mut self, to: &str, incoming: Vec<CellCandidate>, collision: Collision) -> Option<()> {
        if incoming.is_empty() {
            return Some(());
        }
        let list = self.list(to);
        let existing = std::mem::take(list);
        let (first, second) = match collision {
            Collision::Replace => (incoming, existing),
            Collision::Keep => (existing, incoming),
        };
        may_go(&second)?;
        list.extend(first);
        // Behind what is always there nothing is looked at.
        if !list.last().is_some_and(CellCandidate::is_constant) {
            list.extend(second);
        }
        self.order.retain(|name| **name != *to);
        self.order.push(to.into());
        Some(())
    }

    /// The step goes on inside of whatever is called `name` now.
    fn inside(&mut self, name: &str, local: LocalStep) -> Option<()> {
        for (rank, candidate) in self.list(name).iter_mut().enumerate() {
            // It would be refused as it passes, even if a better candidate came behind it.
            if rank > 0 && local.may_fail() && !candidate.copied && !candidate.is_constant() {
                return None;
            }
            candidate.push(&local)?;
        }
        Some(())
    }

    fn deeper(&mut self, local: &LocalStep, name: &str, op: Op) -> Option<()> {
        self.inside(name, local.in_member(name, op))
    }

    fn plan(self, mut node: impl FnMut(Vec<LocalStep>) -> NodeId) -> ObjectPlan {
        let Self { mut cells, order } = self;
        let mut sources: BTreeMap<Box<str>, SourceMember> = BTreeMap::new();
        for name in cells.keys() {
            sources.insert(name.clone(), SourceMember::gone(name));
        }
        let mut planned = Vec::new();
        for name in &order {
            let candidates = cells.remove(name).unwrap_or_default();
            let index = planned.len();
            planned.extend(plan_cell(&mut node, name, candidates, index, &mut sources));
        }
        sources.retain(|name, source| !source.is_untouched(name, &planned));
        let mut sources: Box<[SourceMember]> = sources.into_values().collect();
        let planned = prune(planned, &mut sources);
        ObjectPlan::new(sources, planned.into())
    }
}

fn plan_cell(
    compile: &mut impl FnMut(Vec<LocalStep>) -> NodeId,
    name: &str,
    candidates: Vec<CellCandidate>,
    index: usize,
    sources: &mut BTreeMap<Box<str>, SourceMember>,
) -> Option<Cell> {
    if candidates.is_empty() {
        return None;
    }
    let mut cell = Cell { key: text::quote(name).into(), nodes: Box::default(), constant: None };
    let mut nodes = Vec::new();
    for (rank, candidate) in candidates.into_iter().enumerate() {
        let rank = Rank::try_from(rank).unwrap_or(Rank::MAX);
        let node = compile(candidate.pending);
        match candidate.from {
            CandidateValue::Constant(literal) => cell.constant = Some(cell.member(literal.as_str().as_bytes()).into()),
            CandidateValue::Source(source) => {
                let entry = sources.entry(source.clone()).or_insert_with(|| SourceMember::gone(&source));
                if candidate.copied {
                    entry.copied = entry.copied.iter().copied().chain([(index, rank)]).collect();
                } else {
                    entry.stays = Some((index, rank));
                    entry.node = node;
                    entry.key = (*source != *name).then(|| cell.key.clone());
                }
                nodes.push(node);
            }
        }
    }
    cell.nodes = nodes.into();
    Some(cell)
}

/// Whether these candidates may lose or go: what refuses the document on the way must still see them.
fn may_go(candidates: &[CellCandidate]) -> Option<()> {
    let safe = |candidate: &CellCandidate| !candidate.pending.iter().any(LocalStep::may_fail);
    candidates.iter().all(safe).then_some(())
}

/// Leaves out the cells that no source and no constant is for.
fn prune(cells: Vec<Cell>, sources: &mut [SourceMember]) -> Vec<Cell> {
    let used = |at: usize| {
        let of = |source: &SourceMember| {
            source.stays.into_iter().chain(source.copied.iter().copied()).any(|(cell, _)| cell == at)
        };
        cells[at].constant.is_some() || sources.iter().any(of)
    };
    let kept: Vec<usize> = (0..cells.len()).filter(|at| used(*at)).collect();
    let moved = |cell: &mut usize| *cell = kept.binary_search(cell).unwrap_or(0);
    for source in sources {
        source.stays.iter_mut().for_each(|(cell, _)| moved(cell));
        source.copied.iter_mut().for_each(|(cell, _)| moved(cell));
    }
    cells.into_iter().enumerate().filter(|(at, _)| kept.binary_search(at).is_ok()).map(|(_, cell)| cell).collect()
}

// === impl CellCandidate ===

impl CellCandidate {
    const fn is_constant(&self) -> bool {
        matches!(self.from, CandidateValue::Constant(_))
    }

    /// A constant is changed here and now; what a source holds is changed when it is there.
    fn push(&mut self, local: &LocalStep) -> Option<()> {
        match &mut self.from {
            CandidateValue::Source(_) => self.pending.push(local.clone()),
            // Run alone, it would not know what the steps before it made.
            CandidateValue::Constant(_) if local.fills_only_made() => return None,
            CandidateValue::Constant(literal) => {
                let step: Step = local.step_from_here();
                let changed = migrate(literal.as_str().as_bytes(), [&step], &MigrateOptions::default()).ok()?;
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
