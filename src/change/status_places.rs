//! Ops beside a conditional status that have no place with the status for which they run.

use std::collections::BTreeSet;

use super::input::ReadChange;
use super::place::{Message, StatusMatch};
use super::placement::PlacedOwner;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Warns of each conditional `map_status` whose change has no place for the ops before it or behind it.
pub(super) fn check(
    ready: &[ReadChange<'_>],
    placements: &[PlacedOwner],
    owners: &[Vec<usize>],
    found: &mut Diagnostics,
) {
    for (at, change) in ready.iter().enumerate() {
        let conditional = change.heads.iter().filter(|op| op.when.is_some());
        for (op, (old, new)) in conditional.filter_map(|op| Some((op, op.status?))) {
            let of_change = placements.iter().filter(|placed| owners[placed.owner].contains(&at));
            let places: BTreeSet<StatusMatch> = of_change
                .filter_map(|placed| match placed.location.message {
                    Message::Response(of) => Some(of),
                    Message::Request => None,
                })
                .collect();
            let heads = change.heads.iter().filter(|head| head.header_up.is_some()).map(|head| head.index);
            let others: Vec<u32> = heads.chain(change.body.iter().map(|op| op.index)).collect();
            let sides = [
                ("before", old, others.iter().any(|other| *other < op.index)),
                ("behind", new, others.iter().any(|other| *other > op.index)),
            ];
            for (side, status, _) in sides.into_iter().filter(|(.., has_ops)| *has_ops) {
                let status = named(status, (at, op.index), ready);
                if places.iter().any(|place| place.contains(status)) {
                    continue;
                }
                let message = format!(
                    "where this op applies, the ops {side} it are about responses with the status {status}, and the \
                     change has no place for them"
                );
                let help = format!("add the place (`-> {status}`), or put this op into a change of its own");
                let span = change.dated.change.ops[op.index as usize].span;
                found.push(Diagnostic::warning("status-place", message, span).help(help));
            }
        }
    }
}

/// What the newest version calls a status of the version around an op: places have that name.
fn named(status: u16, around: (usize, u32), ready: &[ReadChange<'_>]) -> u16 {
    let heads =
        ready.iter().enumerate().flat_map(|(at, change)| change.heads.iter().map(move |op| ((at, op.index), op)));
    let newer = heads.filter(|(at, op)| around < *at && op.when.is_none()).filter_map(|(_, op)| op.status);
    newer.fold(status, |now, (old, new)| if now == old { new } else { now })
}
