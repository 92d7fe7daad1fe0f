//! Symbolic composition at one object: what each member of the result is made of.
//!
//! A name of the result has a list of candidates, the first that is there wins: members of the source, copies of such,
//! at last perhaps a constant. Renames, copies and additions only put lists together, so any number of them is one
//! list, worked out here and never again.

use std::collections::BTreeMap;

use super::super::{Collision, Literal, Op, Options, Pointer, Step, migrate, text};
use super::program::{COPY, Compiler, Local, NodeId};

/// What is to be done to the members of one object.
#[derive(Clone, Debug)]
pub(super) struct ObjectPlan {
    /// The members of the source that are of interest.
    pub(super) sources: Box<[Source]>,
    /// The names of the result that are of interest, in the order in which they are added.
    pub(super) cells: Box<[Cell]>,
    /// Which lengths the sources' names have, a bit each.
    lengths: u64,
    /// The sources by name, for objects of many.
    by_name: Option<BTreeMap<Box<[u8]>, usize>>,
}

/// A member of the source.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) name: Box<str>,
    /// The cell that it stays for, where it stands, and its rank there; none: it goes.
    pub(super) stays: Option<(usize, Rank)>,
    /// The cells that it is copied for.
    pub(super) copied: Box<[(usize, Rank)]>,
    /// What is done to it where it stays.
    pub(super) node: NodeId,
    /// Its key, where it stays; none: as it is spelled.
    pub(super) key: Option<Box<[u8]>>,
}

/// A name of the result.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// The key in quotes.
    pub(super) key: Box<[u8]>,
    /// What is done to a copied candidate, by rank.
    pub(super) nodes: Box<[NodeId]>,
    /// What is added if no candidate is there.
    pub(super) constant: Option<Box<[u8]>>,
}

/// The place in a list of candidates: the lower wins.
pub(super) type Rank = u16;

/// A candidate, while the lists are put together.
#[derive(Clone)]
struct Candidate {
    from: From,
    copied: bool,
    pending: Vec<Local>,
}

#[derive(Clone)]
enum From {
    Source(Box<str>),
    Constant(Literal),
}

/// The lists, by name; a name that is not there has itself.
struct Names {
    cells: BTreeMap<Box<str>, Vec<Candidate>>,
    /// The order in which names were written.
    order: Vec<Box<str>>,
}

/// Longer names share a bit.
const LONG: usize = 63;
/// Linear search wins below this.
const MANY: usize = 12;

/// Puts the steps at an object together; `None` if one of them needs the object whole.
pub(super) fn fuse(compiler: &mut Compiler, locals: &[Local]) -> Option<ObjectPlan> {
    let mut names = Names { cells: BTreeMap::new(), order: Vec::new() };
    for local in locals {
        names.step(local)?;
    }
    Some(names.plan(compiler))
}

// === impl Names ===

impl Names {
    fn step(&mut self, local: &Local) -> Option<()> {
        if let Some(name) = local.next_name() {
            let name: Box<str> = name.into();
            return self.inside(&name, local.clone().descend());
        }
        match local.op() {
            Op::Add { at, value } => match split(at)? {
                (name, None) => self.add(name, value),
                (name, Some(at)) => return self.deeper(local, name, Op::Add { at, value: value.clone() }),
            },
            Op::Drop { at } => match split(at)? {
                (name, None) => {
                    let gone = self.take(name);
                    may_go(&gone)?;
                }
                (name, Some(at)) => return self.deeper(local, name, Op::Drop { at }),
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
            Op::Map { at, pairs, other } => {
                let (name, rest) = split(at)?;
                let op = Op::Map { at: rest.unwrap_or_default(), pairs: pairs.clone(), other: other.clone() };
                return self.deeper(local, name, op);
            }
            Op::Convert { at, conversion } => {
                let (name, rest) = split(at)?;
                return self.deeper(local, name, Op::Convert { at: rest.unwrap_or_default(), conversion: *conversion });
            }
            Op::Wrap { at, into } => {
                let (name, rest) = split(at)?;
                return self.deeper(local, name, Op::Wrap { at: rest.unwrap_or_default(), into: into.clone() });
            }
            _ => return None,
        }
        Some(())
    }

    fn list(&mut self, name: &str) -> &mut Vec<Candidate> {
        if !self.cells.contains_key(name) {
            self.order.push(name.into());
        }
        self.cells
            .entry(name.into())
            .or_insert_with(|| vec![Candidate { from: From::Source(name.into()), copied: false, pending: Vec::new() }])
    }

    fn take(&mut self, name: &str) -> Vec<Candidate> {
        std::mem::take(self.list(name))
    }

    fn add(&mut self, name: &str, value: &Literal) {
        let list = self.list(name);
        if !list.last().is_some_and(Candidate::is_constant) {
            list.push(Candidate { from: From::Constant(value.clone()), copied: false, pending: Vec::new() });
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

    fn merge(&mut self, to: &str, incoming: Vec<Candidate>, collision: Collision) -> Option<()> {
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
        if !list.last().is_some_and(Candidate::is_constant) {
            list.extend(second);
        }
        self.order.retain(|name| **name != *to);
        self.order.push(to.into());
        Some(())
    }

    /// The step goes on inside of whatever is called `name` now.
    fn inside(&mut self, name: &str, local: Local) -> Option<()> {
        for candidate in self.list(name) {
            candidate.push(&local)?;
        }
        Some(())
    }

    fn deeper(&mut self, local: &Local, name: &str, op: Op) -> Option<()> {
        self.inside(name, local.into_member(name, op))
    }

    fn plan(self, compiler: &mut Compiler) -> ObjectPlan {
        let Self { mut cells, order } = self;
        let mut sources: BTreeMap<Box<str>, Source> = BTreeMap::new();
        for name in cells.keys() {
            sources.insert(name.clone(), Source::gone(name));
        }
        let mut planned = Vec::new();
        for name in &order {
            let candidates = cells.remove(name).unwrap_or_default();
            let index = planned.len();
            planned.extend(plan_cell(compiler, name, candidates, index, &mut sources));
        }
        sources.retain(|name, source| !source.is_untouched(name, &planned));
        let mut sources: Box<[Source]> = sources.into_values().collect();
        let planned = prune(planned, &mut sources);
        let by_name = (sources.len() > MANY)
            .then(|| sources.iter().enumerate().map(|(at, source)| (source.name.as_bytes().into(), at)).collect());
        let lengths = sources.iter().fold(0, |bits, source| bits | 1 << source.name.len().min(LONG));
        ObjectPlan { sources, cells: planned.into(), lengths, by_name }
    }
}

fn plan_cell(
    compiler: &mut Compiler,
    name: &str,
    candidates: Vec<Candidate>,
    index: usize,
    sources: &mut BTreeMap<Box<str>, Source>,
) -> Option<Cell> {
    if candidates.is_empty() {
        return None;
    }
    let mut cell = Cell { key: text::quote(name).into(), nodes: Box::default(), constant: None };
    let mut nodes = Vec::new();
    for (rank, candidate) in candidates.into_iter().enumerate() {
        let rank = Rank::try_from(rank).unwrap_or(Rank::MAX);
        let node = compiler.node(candidate.pending);
        match candidate.from {
            From::Constant(literal) => cell.constant = Some(literal.as_str().as_bytes().into()),
            From::Source(source) => {
                let entry = sources.entry(source.clone()).or_insert_with(|| Source::gone(&source));
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
fn may_go(candidates: &[Candidate]) -> Option<()> {
    let safe = |candidate: &Candidate| !candidate.pending.iter().any(Local::may_fail);
    candidates.iter().all(safe).then_some(())
}

/// Leaves out the cells that no source and no constant is for.
fn prune(cells: Vec<Cell>, sources: &mut [Source]) -> Vec<Cell> {
    let used = |at: usize| {
        let of =
            |source: &Source| source.stays.into_iter().chain(source.copied.iter().copied()).any(|(cell, _)| cell == at);
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

// === impl Candidate ===

impl Candidate {
    const fn is_constant(&self) -> bool {
        matches!(self.from, From::Constant(_))
    }

    /// A constant is changed here and now; what a source holds is changed when it is there.
    fn push(&mut self, local: &Local) -> Option<()> {
        match &mut self.from {
            From::Source(_) => self.pending.push(local.clone()),
            From::Constant(literal) => {
                let step: Step = local.step_from_here();
                let changed = migrate(literal.as_str().as_bytes(), [&step], &Options::default()).ok()?;
                *literal = Literal::parse(std::str::from_utf8(&changed.body).ok()?).ok()?;
            }
        }
        Some(())
    }
}

// === impl Source ===

impl Source {
    fn gone(name: &str) -> Self {
        Self { name: name.into(), stays: None, copied: Box::default(), node: COPY, key: None }
    }

    /// It stays what and where it is, whatever else is there.
    fn is_untouched(&self, name: &str, cells: &[Cell]) -> bool {
        let alone = |(cell, rank): (usize, Rank)| {
            let cell: &Cell = &cells[cell];
            rank == 0 && cell.nodes.len() == 1 && cell.constant.is_none() && *cell.key == *text::quote(name)
        };
        self.node == COPY && self.copied.is_empty() && self.stays.is_some_and(alone)
    }
}

// === impl ObjectPlan ===

impl ObjectPlan {
    pub(super) fn is_empty(&self) -> bool {
        self.sources.is_empty() && self.cells.iter().all(|cell| cell.constant.is_none())
    }

    /// The source with this key, which stands in quotes.
    pub(super) fn source(&self, quoted: &[u8]) -> Option<usize> {
        let raw = text::inner(quoted);
        if self.lengths >> raw.len().min(LONG) & 1 == 1
            && let Some(found) = self.named(raw)
        {
            return Some(found);
        }
        if raw.contains(&b'\\') { self.named(&text::unescape(raw)) } else { None }
    }

    fn named(&self, name: &[u8]) -> Option<usize> {
        match &self.by_name {
            Some(by_name) => by_name.get(name).copied(),
            None => self.sources.iter().position(|source| *source.name.as_bytes() == *name),
        }
    }
}

/// The first name of a pointer, and the rest if there is one.
fn split(pointer: &Pointer) -> Option<(&str, Option<Pointer>)> {
    let (first, rest) = pointer.tokens().split_first()?;
    let rest = (!rest.is_empty()).then(|| Pointer::from_tokens(rest.iter().cloned()));
    Some((first, rest))
}
