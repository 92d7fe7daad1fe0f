//! Changes, by what they do to messages.

use std::collections::BTreeMap;
use std::fmt::Debug;

use crate::catalog::{ApiEntry, RouteEntry};
use crate::change::{BodyChain, Chain, StatusMatch};
use crate::version::VersionName;

/// What one change does, by the message that it does it to.
pub(super) type Effect = BTreeMap<String, Steps>;

/// The steps of one change on one message, spelled out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Steps {
    up: Vec<String>,
    down: Vec<String>,
    is_request: bool,
}

/// The changes of one api, in their order.
pub(super) struct Changes<'c> {
    pub(super) list: Vec<Change<'c>>,
}

/// A change is known by its version and what its summary says.
pub(super) struct Change<'c> {
    pub(super) version: &'c VersionName,
    pub(super) summary: &'c str,
    pub(super) effect: Effect,
}

// === impl Changes ===

impl<'c> Changes<'c> {
    pub(super) fn of(api: &'c ApiEntry) -> Self {
        let change = |(version, summary): &'c (_, Box<str>)| Change {
            version: &api.version(*version).name,
            summary,
            effect: Effect::new(),
        };
        let mut changes = Self { list: api.changes.iter().map(change).collect() };
        api.routes.iter().for_each(|route| changes.route(route));
        changes
    }

    fn route(&mut self, route: &RouteEntry) {
        let history = &route.history;
        let name = history.name.to_string();
        self.body(&format!("{name} <-"), &history.request, true);
        for (status, chain) in &history.responses {
            self.body(&format!("{name} -> {}", shown(*status)), chain, false);
        }
        self.steps(&format!("{name} <- query"), &history.query, true, "");
        self.steps(&format!("{name} <- headers"), &history.request_headers, true, "");
        for (status, chain) in &history.response_headers {
            self.steps(&format!("{name} -> {} headers", shown(*status)), chain, false, "");
        }
    }

    fn body(&mut self, place: &str, chain: &BodyChain, is_request: bool) {
        self.steps(place, chain.chain(), is_request, if chain.is_partial() { "partial " } else { "" });
    }

    fn steps<S: Debug>(&mut self, place: &str, chain: &Chain<S>, is_request: bool, prefix: &str) {
        for link in chain.links() {
            let Some(change) = self.list.get_mut(link.change as usize) else { continue };
            // As `Debug` writes them is all that there is to them.
            let spelled = |steps: &[S]| steps.iter().map(|step| format!("{prefix}{step:?}")).collect();
            let steps = Steps { up: spelled(&link.up), down: spelled(&link.down), is_request };
            change.effect.insert(place.to_owned(), steps);
        }
    }

    /// The place of a change that is called the same.
    pub(super) fn find(&self, other: &Change<'_>) -> Option<usize> {
        self.list.iter().position(|change| change.version == other.version && change.summary == other.summary)
    }

    /// The place of a change that does the same, and is called what none of the `old` ones is.
    pub(super) fn reworded(&self, other: &Change<'_>, old: &Changes<'_>) -> Option<usize> {
        let same = |change: &Change<'_>| change.version == other.version && change.effect == other.effect;
        self.list.iter().position(|change| same(change) && old.find(change).is_none())
    }
}

// === impl Change ===

impl Change<'_> {
    /// Whether it does anything to a message.
    pub(super) fn acts(&self) -> bool {
        !self.effect.is_empty()
    }

    /// Whether an older client sees more of it than additions.
    pub(super) fn is_seen(&self) -> bool {
        self.effect.values().any(|steps| if steps.is_request { !steps.up.is_empty() } else { !steps.down.is_empty() })
    }

    /// Whether the new one is the same, only that it takes from older clients what it adds, or no longer does.
    pub(super) fn strictness(&self, new: &Self) -> Option<bool> {
        if self.effect.is_empty() || new.effect.is_empty() {
            return None;
        }
        let is_part =
            |small: &Self, large: &Self| {
                small.effect.iter().all(|(place, steps)| {
                    large.effect.get(place).is_some_and(|more| {
                        more.up == steps.up && steps.down.iter().all(|step| more.down.contains(step))
                    })
                }) && large.effect.iter().all(|(place, steps)| {
                    small.effect.contains_key(place) || (steps.up.is_empty() && !steps.is_request)
                })
            };
        match (is_part(self, new), is_part(new, self)) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    }
}

pub(super) fn shown(status: StatusMatch) -> String {
    match status {
        StatusMatch::Exact(status) => status.to_string(),
        StatusMatch::Class(class) => format!("{class}xx"),
        StatusMatch::Any => "*".to_owned(),
    }
}
