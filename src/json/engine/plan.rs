//! What is to be done to one object, worked out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{ChangeSet, OnError, Renaming, text};

/// A node of the program, by its number.
pub(super) type NodeId = usize;

/// The node that copies.
pub(super) const COPY: NodeId = 0;

/// What is to be done to the members of one object.
#[derive(Clone, Debug)]
pub(super) struct ObjectPlan {
    /// The members of the source that are of interest.
    pub(super) sources: Box<[SourceMember]>,
    /// The names of the result that are of interest, in the order in which they are added.
    pub(super) cells: Box<[Cell]>,
    /// What is to be done to all other members.
    pub(super) others: Option<Others>,
    /// Which lengths the sources' names have, a bit each.
    lengths: u64,
    /// The sources by name, for objects of many.
    by_name: Option<BTreeMap<Box<[u8]>, usize>>,
}

/// A member of the source.
#[derive(Clone, Debug)]
pub(super) struct SourceMember {
    pub(super) name: Box<str>,
    /// The cell that it stays for, in its position, and its rank there; `None`: it is dropped.
    pub(super) stays: Option<(usize, Rank)>,
    /// The cells that it is copied for.
    pub(super) copied: Box<[(usize, Rank)]>,
    /// Of what is copied, only the number of elements counts.
    pub(super) summarized: bool,
    /// What is done to it where it stays.
    pub(super) node: NodeId,
    /// Its key, where it stays; none: as it is spelled.
    pub(super) key: Option<Box<[u8]>>,
    /// Where it goes, its node still sees it, for what it may refuse.
    pub(super) seen: bool,
    /// What its node refuses is refused only where it stays.
    pub(super) contested: bool,
    /// The changes that alter something where it is there, whatever is in it.
    pub(super) changes: ChangeSet,
}

/// Members of the source that are not known by name.
#[derive(Clone, Debug)]
pub(super) struct Others {
    /// What becomes of their names, one after the other.
    pub(super) renamings: Box<[NameRule]>,
    /// What is done to their values.
    pub(super) node: NodeId,
}

/// What becomes of all names.
#[derive(Clone, Debug)]
pub(super) struct NameRule {
    pub(super) renaming: Arc<Renaming>,
    pub(super) on_error: OnError,
    /// The number of the change.
    pub(super) change: u32,
}

/// A name of the result.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// The key in quotes.
    pub(super) key: Box<[u8]>,
    /// What is done to a copied candidate, by rank.
    pub(super) nodes: Box<[NodeId]>,
    /// The changes that wrote a copied candidate, by rank; last those of the constant.
    pub(super) changes: Box<[ChangeSet]>,
    /// The member that is added if no candidate is there, behind a comma.
    pub(super) constant: Option<Box<[u8]>>,
}

/// The place in a list of candidates: the lower wins.
pub(super) type Rank = u16;

/// Longer names share a bit.
const LONG: usize = 63;
/// Linear search wins below this.
const MANY: usize = 12;

// === impl SourceMember ===

impl SourceMember {
    pub(super) fn gone(name: &str) -> Self {
        Self {
            name: name.into(),
            stays: None,
            copied: Box::default(),
            summarized: false,
            node: COPY,
            key: None,
            seen: false,
            contested: false,
            changes: ChangeSet::default(),
        }
    }

    /// It stays what and where it is, whatever else is there.
    pub(super) fn is_untouched(&self, name: &str, cells: &[Cell]) -> bool {
        let alone = |(cell, rank): (usize, Rank)| {
            let cell: &Cell = &cells[cell];
            rank == 0 && cell.nodes.len() == 1 && cell.constant.is_none() && *cell.key == *text::quote(name)
        };
        self.node == COPY && self.copied.is_empty() && self.stays.is_some_and(alone)
    }
}

// === impl Cell ===

impl Cell {
    /// A comma, and the member with this value.
    pub(super) fn member(&self, value: &[u8]) -> Vec<u8> {
        [b",", &*self.key, b":", value].concat()
    }
}

// === impl ObjectPlan ===

impl ObjectPlan {
    pub(super) fn new(sources: Box<[SourceMember]>, cells: Box<[Cell]>, others: Option<Others>) -> Self {
        let by_name = (sources.len() > MANY)
            .then(|| sources.iter().enumerate().map(|(at, source)| (source.name.as_bytes().into(), at)).collect());
        let lengths = sources.iter().fold(0, |bits, source| bits | 1 << source.name.len().min(LONG));
        Self { sources, cells, others, lengths, by_name }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.others.is_none() && self.sources.is_empty() && self.cells.iter().all(|cell| cell.constant.is_none())
    }

    /// The source with this key, which is in quotes.
    pub(super) fn source(&self, quoted: &[u8]) -> Option<usize> {
        self.plain_source(&text::unescape(text::inner(quoted)))
    }

    /// The source with this name. Most names differ in their length.
    #[inline]
    pub(super) fn plain_source(&self, name: &[u8]) -> Option<usize> {
        if self.lengths >> name.len().min(LONG) & 1 == 1 { self.named(name) } else { None }
    }

    fn named(&self, name: &[u8]) -> Option<usize> {
        match &self.by_name {
            Some(by_name) => by_name.get(name).copied(),
            None => self.sources.iter().position(|source| *source.name.as_bytes() == *name),
        }
    }
}
