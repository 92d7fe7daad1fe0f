//! One object on its way: which candidates are there so far, and what waits for those that may still come.

use smallvec::{SmallVec, smallvec};

use super::super::renaming::MixedNames;
use super::super::{ChangeSet, MigrateError};
use super::plan::{ObjectPlan, Rank, SourceMember};

/// The state of one object of a plan.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) plan: usize,
    /// For each cell the best candidate so far.
    best: SmallVec<[Rank; CELLS]>,
    /// For each cell the value that was copied for it.
    copies: Vec<Option<(Rank, Vec<u8>)>>,
    /// In forms, the values of the same candidate that came before: its cell, its rank and the value.
    repeated: Vec<(usize, Rank, Vec<u8>)>,
    /// The source whose value is being taken for copies, if one is.
    pub(super) taking: Option<usize>,
    /// Something was written already, so that the next member needs a comma.
    pub(super) written: bool,
    /// The member before was written, so the text between it and the next one is copied.
    pub(super) flowing: bool,
    /// White space of the last member that was written, from in front of a comma that was dropped.
    pub(super) trail: Vec<u8>,
    /// What was written since a member had to wait: it goes out at the object's end.
    pub(super) waiting: Option<PendingMembers>,
    /// Where names that do not fit stay.
    pub(super) names: MixedNames,
}

/// Members that may have to go again.
#[derive(Debug)]
pub(super) struct PendingMembers {
    members: Vec<HeldMember>,
    /// Something had been written before the first of them.
    before: bool,
    /// The changes that count whichever of them go.
    changes: ChangeSet,
}

/// A member in the held text.
#[derive(Debug)]
struct HeldMember {
    start: usize,
    comma: Option<usize>,
    cell: Option<(usize, Rank)>,
    /// Why its value cannot be taken, if it stays.
    refused: Option<MigrateError>,
    /// The changes that altered something in its value.
    changes: ChangeSet,
}

/// Most objects have no more cells, and need no memory of their own for the best candidates.
const CELLS: usize = 12;
/// No candidate is there.
const NONE: Rank = Rank::MAX;

/// What becomes of a member that would stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retention {
    /// A better candidate is there.
    Goes,
    /// Nothing better can come.
    Stays,
    /// A better candidate may still come.
    Waits,
}

/// What a member of interest leads to.
pub(super) struct MemberDecision {
    pub(super) fate: Retention,
    /// Its value is taken for copies.
    pub(super) taken: bool,
    pub(super) collisions: u64,
}

// === impl Object ===

impl Object {
    pub(super) fn new(plan: usize, of: &ObjectPlan) -> Self {
        let cells = of.cells.len();
        Self {
            plan,
            best: smallvec![NONE; cells],
            copies: vec![None; if of.sources.iter().any(|source| !source.copied.is_empty()) { cells } else { 0 }],
            repeated: Vec::new(),
            taking: None,
            written: false,
            flowing: true,
            trail: Vec::new(),
            waiting: None,
            names: MixedNames::default(),
        }
    }

    /// For the next object of the same plan; keeps its memory.
    pub(super) fn reset(&mut self) {
        self.best.fill(NONE);
        self.copies.iter_mut().for_each(|copy| *copy = None);
        (self.written, self.flowing) = (false, true);
        self.trail.clear();
        self.repeated.clear();
        self.names.clear();
        (self.taking, self.waiting) = (None, None);
    }

    /// A member that steps are for has come: what becomes of it. Candidates that it beats are taken out of what is held.
    pub(super) fn meet(&mut self, source: &SourceMember, index: usize, held: &mut Vec<u8>) -> MemberDecision {
        let mut verdict = MemberDecision { fate: Retention::Goes, taken: false, collisions: 0 };
        for &(cell, rank) in &source.copied {
            if self.copy(cell, rank) {
                verdict.taken = true;
                verdict.collisions += self.withdraw(cell, rank, held);
            }
        }
        if let Some((cell, rank)) = source.stays {
            verdict.fate = self.stay(cell, rank);
            verdict.collisions += match verdict.fate {
                Retention::Goes => 1,
                Retention::Stays | Retention::Waits => self.withdraw(cell, rank, held),
            };
        }
        if verdict.taken {
            self.taking = Some(index);
        }
        verdict
    }

    /// A candidate that stays where it is has come.
    fn stay(&mut self, cell: usize, rank: Rank) -> Retention {
        if self.best[cell] < rank {
            return Retention::Goes;
        }
        self.best[cell] = rank;
        if rank == 0 { Retention::Stays } else { Retention::Waits }
    }

    /// A candidate that is copied has come. `true` if it is the best so far.
    fn copy(&mut self, cell: usize, rank: Rank) -> bool {
        let best = self.best[cell] >= rank;
        if best {
            self.best[cell] = rank;
        }
        best
    }

    /// Keeps a value for a cell, if nothing better has come. Of several values of one name the last counts, or `all`.
    pub(super) fn keep_copy(&mut self, cell: usize, rank: Rank, value: &[u8], all: bool) {
        if self.best[cell] == rank {
            let before = self.copies[cell].replace((rank, value.to_vec()));
            self.repeated.extend(before.filter(|(of, _)| all && *of == rank).map(|(_, value)| (cell, rank, value)));
        }
    }

    /// Whether values are kept for members that come last.
    pub(super) fn has_copies(&self) -> bool {
        self.copies.iter().any(Option::is_some)
    }

    /// The value that was copied as the candidate of this rank.
    pub(super) fn copied(&mut self, cell: usize, rank: Rank) -> Option<Vec<u8>> {
        let copy = self.copies.get_mut(cell)?;
        copy.take_if(|(of, _)| *of == rank).map(|(_, value)| value)
    }

    /// The values of the same candidate before that one.
    pub(super) fn copied_before(&mut self, cell: usize, rank: Rank) -> Vec<Vec<u8>> {
        if self.repeated.is_empty() {
            return Vec::new();
        }
        let (same, others) =
            std::mem::take(&mut self.repeated).into_iter().partition(|(at, of, _)| (*at, *of) == (cell, rank));
        self.repeated = others;
        let same: Vec<(usize, Rank, Vec<u8>)> = same;
        same.into_iter().map(|(_, _, value)| value).collect()
    }

    /// The best candidate of a cell; `None` if none is there.
    pub(super) fn best(&self, cell: usize) -> Option<Rank> {
        Some(self.best[cell]).filter(|rank| *rank != NONE)
    }

    /// From here on, members are held.
    pub(super) fn wait(&mut self) {
        self.waiting =
            Some(PendingMembers { members: Vec::new(), before: self.written, changes: ChangeSet::default() });
    }

    /// A member begins in the held text.
    pub(super) fn begin_member(&mut self, start: usize, comma: Option<usize>, cell: Option<(usize, Rank)>) {
        if let Some(waiting) = &mut self.waiting {
            waiting.members.push(HeldMember { start, comma, cell, refused: None, changes: ChangeSet::default() });
        }
    }

    /// The value of the last member in the held text cannot be taken.
    pub(super) fn refuse(&mut self, why: MigrateError) {
        if let Some(member) = self.waiting.as_mut().and_then(|waiting| waiting.members.last_mut()) {
            member.refused = Some(why);
        }
    }

    /// Why a member that stays cannot be taken.
    pub(super) fn refused(&mut self) -> Option<MigrateError> {
        self.waiting.iter_mut().flat_map(|waiting| &mut waiting.members).find_map(|member| member.refused.take())
    }

    /// Nothing goes any more: adds the changes of what is left to `changes`.
    pub(super) fn end_changes(&mut self, changes: &mut ChangeSet) {
        if let Some(waiting) = &mut self.waiting {
            waiting.note_changes(changes);
            *changes |= &waiting.changes;
            waiting.members.iter().for_each(|member| *changes |= &member.changes);
        }
    }

    /// Takes the candidates of `cell` that are worse than `rank` out of the held text. Says how many there were.
    fn withdraw(&mut self, cell: usize, rank: Rank, held: &mut Vec<u8>) -> u64 {
        let Some(waiting) = &mut self.waiting else { return 0 };
        let mut gone = 0;
        while let Some(at) = waiting.members.iter().position(|m| m.cell.is_some_and(|(c, r)| c == cell && r > rank)) {
            waiting.remove(at, held);
            gone += 1;
        }
        if waiting.members.is_empty() && gone > 0 {
            self.written = waiting.before;
            // The comma after it is dropped too, if no member is before it.
            self.flowing = waiting.before;
            self.trail.clear();
        }
        gone
    }
}

// === impl PendingMembers ===

impl PendingMembers {
    /// Takes the changes so far for those of the last member.
    pub(super) fn note_changes(&mut self, changes: &mut ChangeSet) {
        if !changes.is_empty() {
            let changes = std::mem::take(changes);
            *self.members.last_mut().map_or(&mut self.changes, |member| &mut member.changes) |= &changes;
        }
    }

    /// The changes that count whichever members go.
    pub(super) const fn changes_of_all(&mut self) -> &mut ChangeSet {
        &mut self.changes
    }

    fn remove(&mut self, at: usize, held: &mut Vec<u8>) {
        let member = self.members.remove(at);
        let end = self.members.get(at).map_or(held.len(), |next| next.start);
        held.drain(member.start..end);
        let length = end - member.start;
        for later in &mut self.members[at..] {
            later.start -= length;
            later.comma = later.comma.map(|comma| comma - length);
        }
        // The first of the object has no comma; the one behind it is that now.
        if member.comma.is_none()
            && let Some(next) = self.members.get_mut(at)
            && let Some(comma) = next.comma.take()
        {
            held.remove(comma);
            for later in &mut self.members[at + 1..] {
                later.start -= 1;
                later.comma = later.comma.map(|comma| comma - 1);
            }
        }
    }
}
