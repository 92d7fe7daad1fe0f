//! Changes, by what they do to messages.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::routes::shape;
use crate::catalog::{ApiEntry, RouteEntry};
use crate::change::{BodyChain, Chain, HeaderStep, QueryStep, RouteHistory};
use crate::json::{Op, Step};
use crate::version::VersionName;

/// What one change does, by the message that it does it to. The names of parameters do not show.
pub(super) type Effect = BTreeMap<String, Steps>;

/// The steps of one change on one message.
pub(super) struct Steps {
    /// The message as it is written.
    pub(super) place: String,
    up: Vec<StepText>,
    down: Vec<StepText>,
    is_request: bool,
}

/// A step as `Debug` writes it, which is all that there is to it.
#[derive(PartialEq)]
struct StepText {
    text: String,
    /// Whether it only takes something away.
    drops: bool,
}

/// What steps on bodies, headers and queries have in common.
trait DescribedStep: Debug {
    fn drops(&self) -> bool;
}

/// The changes of one api, in their order.
pub(super) struct Changes<'c> {
    pub(super) list: Vec<ChangeEffect<'c>>,
}

/// A change is known by its version and what its summary says.
pub(super) struct ChangeEffect<'c> {
    pub(super) version: &'c VersionName,
    pub(super) summary: &'c str,
    /// How many before it are called the same.
    nth: usize,
    pub(super) effect: Effect,
}

// === impl Changes ===

impl<'c> Changes<'c> {
    pub(super) fn of(api: &'c ApiEntry) -> Self {
        let mut changes = Self { list: Vec::new() };
        for (version, summary) in &api.changes {
            let version = &api.version(*version).name;
            let nth =
                changes.list.iter().filter(|known| known.version == version && known.summary == &**summary).count();
            changes.list.push(ChangeEffect { version, summary, nth, effect: Effect::new() });
        }
        api.routes.iter().for_each(|route| changes.route(route));
        changes
    }

    fn route(&mut self, route: &RouteEntry) {
        let history = &route.history;
        self.body(history, "<-".to_owned(), &history.request);
        self.steps(history, "<- query".to_owned(), &history.query);
        self.steps(history, "<- headers".to_owned(), &history.request_headers);
        for (status, chain) in &history.responses {
            self.body(history, format!("-> {status}"), chain);
        }
        for (status, chain) in &history.response_headers {
            self.steps(history, format!("-> {status} headers"), chain);
        }
    }

    fn body(&mut self, route: &RouteHistory, message: String, chain: &BodyChain) {
        self.steps(route, message, chain.chain());
    }

    fn steps<S: DescribedStep>(&mut self, route: &RouteHistory, message: String, chain: &Chain<S>) {
        let (method, template) = shape(&route.name);
        // Of several old routes that became one, each has its own.
        let before = route.branch_of.and(route.moves.first()).map(|moved| shape(&moved.before).1).unwrap_or_default();
        let key = format!("{} {template} {message} {before}", method.as_deref().unwrap_or("*"));
        for link in chain.links() {
            let Some(change) = self.list.get_mut(link.change as usize) else { continue };
            let spelled = |step: &S| StepText { text: format!("{step:?}"), drops: step.drops() };
            let steps = Steps {
                place: format!("{} {message}", route.name),
                up: link.up.iter().map(spelled).collect(),
                down: link.down.iter().map(spelled).collect(),
                is_request: message.starts_with("<-"),
            };
            change.effect.insert(key.clone(), steps);
        }
    }

    /// The place of a change that is called the same.
    pub(super) fn find(&self, other: &ChangeEffect<'_>) -> Option<usize> {
        let called = |change: &ChangeEffect<'_>| change.version == other.version && change.summary == other.summary;
        self.list.iter().position(|change| called(change) && change.nth == other.nth)
    }

    /// The place of a change that does the same, and is called what none of the `old` ones is.
    pub(super) fn reworded(&self, other: &ChangeEffect<'_>, old: &Changes<'_>) -> Option<usize> {
        let same = |change: &ChangeEffect<'_>| change.version == other.version && change.effect == other.effect;
        self.list.iter().position(|change| same(change) && old.find(change).is_none())
    }
}

// === impl ChangeEffect ===

impl ChangeEffect<'_> {
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
        match (new.only_drops_more_than(self), self.only_drops_more_than(new)) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        }
    }

    fn only_drops_more_than(&self, less: &Self) -> bool {
        let nothing = Steps { place: String::new(), up: Vec::new(), down: Vec::new(), is_request: false };
        less.effect.keys().all(|place| self.effect.contains_key(place))
            && self.effect.iter().all(|(place, steps)| {
                let known = less.effect.get(place).unwrap_or(&nothing);
                let (more, rest): (Vec<_>, Vec<_>) = steps.down.iter().partition(|step| !known.down.contains(step));
                steps.up == known.up && rest.into_iter().eq(&known.down) && more.iter().all(|step| step.drops)
            })
    }
}

// === impl Steps ===

impl PartialEq for Steps {
    fn eq(&self, other: &Self) -> bool {
        (&self.up, &self.down) == (&other.up, &other.down)
    }
}

// === impl DescribedStep ===

impl DescribedStep for Step {
    fn drops(&self) -> bool {
        matches!(self.op, Op::Drop { .. })
    }
}

impl DescribedStep for HeaderStep {
    fn drops(&self) -> bool {
        matches!(self, Self::Drop(_))
    }
}

impl DescribedStep for QueryStep {
    fn drops(&self) -> bool {
        matches!(self, Self::Drop(_))
    }
}
