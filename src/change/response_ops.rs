//! Ops that are about responses, in changes that name requests only.

use super::head::HeaderStep;
use super::heads::HeadOp;
use super::input::ReadChange;
use super::place::Message;
use super::placement::PlacedOwner;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Refuses what would never run. `owners` lists the changes on each owner of a place.
pub(super) fn check(
    ready: &[ReadChange<'_>],
    placements: &[PlacedOwner],
    owners: &[Vec<usize>],
    found: &mut Diagnostics,
) {
    for (at, change) in ready.iter().enumerate() {
        let mut places = placements.iter().filter(|placed| owners[placed.owner].contains(&at)).peekable();
        // A change without a place has a finding of its own.
        if places.peek().is_none() || places.any(|placed| placed.location.message != Message::Request) {
            continue;
        }
        for (op, name) in change.heads.iter().filter_map(|op| Some((op, of_responses(op)?))) {
            let message = format!("`{name}` is about responses, and the change names requests only");
            let help = "name the responses: `at = \"GET /users/{id} -> 200\"`, with the status of the newest version";
            let span = change.dated.change.ops[op.index as usize].span;
            found.push(Diagnostic::error("op-without-response", message, span).help(help));
        }
    }
}

fn of_responses(op: &HeadOp) -> Option<&'static str> {
    match &op.header_up {
        _ if op.status.is_some() => Some("map_status"),
        Some(HeaderStep::Prefix(..)) => Some("rename_prefix"),
        _ => None,
    }
}
