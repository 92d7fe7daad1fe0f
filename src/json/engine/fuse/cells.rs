//! The lists of candidates become the plan of an object.

use std::collections::BTreeMap;

use super::super::super::text;
use super::super::local::LocalStep;
use super::super::plan::{COPY, Cell, NodeId, ObjectPlan, Others, Rank, SourceMember};
use super::{CandidateValue, CellCandidate, CellNames};

// === impl CellNames ===

impl CellNames {
    pub(super) fn plan(self, mut node: impl FnMut(Vec<LocalStep>) -> NodeId) -> ObjectPlan {
        let Self { mut cells, order, known, seen, renamings, every, gone } = self;
        let mut sources: BTreeMap<Box<str>, SourceMember> =
            known.into_iter().map(|name| (name.clone(), SourceMember::gone(&name))).collect();
        let mut planned = Vec::new();
        for name in &order {
            let candidates = cells.remove(name).unwrap_or_default();
            let index = planned.len();
            planned.extend(plan_cell(&mut node, name, candidates, index, &mut sources));
        }
        for (name, changes) in gone {
            sources.entry(name).and_modify(|source| source.changes |= &changes);
        }
        for (name, pending) in seen {
            let seen = node(pending);
            sources.entry(name).and_modify(|source| (source.node, source.seen) = (seen, true));
        }
        let node = node(every);
        let others = (node != COPY || !renamings.is_empty()).then(|| Others { renamings: renamings.into(), node });
        if others.is_none() {
            sources.retain(|name, source| !source.is_untouched(name, &planned));
        }
        let mut sources: Box<[SourceMember]> = sources.into_values().collect();
        let planned = prune(planned, &mut sources);
        ObjectPlan::new(sources, planned.into(), others)
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
    let mut cell =
        Cell { key: text::quote(name).into(), nodes: Box::default(), changes: Box::default(), constant: None };
    let (mut nodes, mut changes) = (Vec::new(), Vec::new());
    for (rank, candidate) in candidates.into_iter().enumerate() {
        let rank = Rank::try_from(rank).unwrap_or(Rank::MAX);
        let (contested, may_fail) = (candidate.contested, candidate.may_fail());
        let counts = candidate.pending.first().is_some_and(LocalStep::counts);
        let node = compile(candidate.pending);
        changes.push(candidate.changes.clone());
        match candidate.from {
            CandidateValue::Constant(literal) => cell.constant = Some(cell.member(literal.as_str().as_bytes()).into()),
            CandidateValue::Source(source) => {
                let entry = sources.entry(source.clone()).or_insert_with(|| SourceMember::gone(&source));
                if candidate.copied {
                    entry.summarized = counts && (entry.summarized || entry.copied.is_empty());
                    entry.copied = entry.copied.iter().copied().chain([(index, rank)]).collect();
                } else {
                    entry.stays = Some((index, rank));
                    entry.node = node;
                    entry.seen = may_fail && !contested;
                    entry.contested = contested;
                    entry.changes |= &candidate.changes;
                    entry.key = (*source != *name).then(|| cell.key.clone());
                }
                nodes.push(node);
            }
        }
    }
    (cell.nodes, cell.changes) = (nodes.into(), changes.into());
    Some(cell)
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
