//! Links of resources: where each version has them, and the steps that translate them.

use std::collections::BTreeSet;

use super::compile::{Compiled, Moved, PathShift};
use super::input::ComposeInput;
use super::placement::PlacedOwner;
use super::spec::Resource;
use crate::diagnostic::{Diagnostic, Diagnostics, Span, Spanned};
use crate::json::{Op, Pattern, Step};
use crate::version::VersionId;

/// The links of one message, on the walk from the newest change to the oldest. Places are given in the newest shape.
#[derive(Default)]
pub(super) struct LinkWalk {
    now: Vec<LinkPlace>,
    /// From each version on, until the next; the newest first.
    known: Vec<(VersionId, Vec<Pattern>)>,
}

/// Links that an op takes away: the resource, the place as it was declared, and the op.
pub(super) type RemovedLinks = BTreeSet<(usize, usize, u32, usize)>;

#[derive(Clone, PartialEq)]
struct LinkPlace {
    pattern: Pattern,
    /// Which resource, and which of its links.
    of: (usize, usize),
}

/// The number of the change that steps on links are of: none has it.
const NO_CHANGE: u32 = u32::MAX;

/// Says which links are no places.
pub(super) fn check(input: &ComposeInput<'_>, found: &mut Diagnostics) {
    for resource in input.resources {
        for (at, link) in resource.links.iter().enumerate() {
            if let Err(why) = pattern(link) {
                let message = format!("`{}` is not the place of a link: {why}", link.value);
                let help = "write a pointer from the resource to a string, such as `/next` or `/_links/*/href`";
                found.push(Diagnostic::error("bad-link", message, link.span).help(help));
            }
            if resource.links[..at].iter().any(|other| other.value == link.value) {
                let message = format!("the link `{}` is declared twice", link.value);
                found.push(Diagnostic::error("duplicate-name", message, link.span).help("remove one"));
            }
        }
    }
}

/// Warns of links that are in no message of the newest version. An op is identified by its change and its position there.
pub(super) fn warn(input: &ComposeInput<'_>, removed: &RemovedLinks, found: &mut Diagnostics) {
    for &(resource, link, op, change) in removed {
        let (resource, dated) = (&input.resources[resource], &input.changes[change]);
        let Some(link) = resource.links.get(link) else { continue };
        let span = dated.change.ops.get(op as usize).map_or(Span::NONE, |op| op.span);
        let message = format!(
            "the newest version has no `{}`, which the resource `{}` declares as a link: this op removes or moves it",
            link.value, resource.name.value
        );
        let help = "declare where the newest version has the link, or remove it from `links`";
        found.push(Diagnostic::warning("link-removed", message, span).help(help));
    }
}

fn pattern(link: &Spanned<String>) -> Result<Pattern, String> {
    let pattern = Pattern::parse(link).map_err(|error| error.to_string())?;
    if pattern.has_any_depth() { Err("a link has no `**`".to_owned()) } else { Ok(pattern) }
}

// === impl LinkWalk ===

impl LinkWalk {
    /// The links of what is placed in one message.
    pub(super) fn new(resources: &[Resource], placements: &[&PlacedOwner]) -> Self {
        let mut walk = Self::default();
        for placed in placements {
            let links = resources.get(placed.owner).map_or(&[][..], |resource| &resource.links);
            for (at, link) in links.iter().enumerate() {
                let Ok(link) = pattern(link) else { continue };
                let place = LinkPlace { pattern: placed.location.pattern.join(&link), of: (placed.owner, at) };
                if !walk.now.iter().any(|known| known.pattern == place.pattern) {
                    walk.now.push(place);
                }
            }
        }
        walk
    }

    /// A change of `version` is the next on the walk.
    pub(super) fn enter(&mut self, version: VersionId) {
        if self.known.last().is_none_or(|(known, _)| *known != version) {
            self.known.push((version, self.patterns()));
        }
    }

    /// `op` of the change at `change` is the next on the walk: links that it moves were where it takes them from.
    pub(super) fn pass(&mut self, op: &Compiled, change: usize, targets: &[Pattern], removed: &mut RemovedLinks) {
        let gone: Vec<&LinkPlace> = match &op.carry {
            Some(carry) => {
                // Behind an op that always moves a value, nothing is where it was.
                let moved: Vec<Moved> = targets.iter().map(|target| carry.moved.at(target)).collect();
                let is_old = |place: &&LinkPlace| moved.iter().any(|moved| moved.empties(&place.pattern));
                let always = !carry.conditional && !op.may_leave;
                self.now.iter().filter(|place| always && is_old(place)).collect()
            }
            None => {
                let takes = || targets.iter().flat_map(|target| op.reach.takes.iter().map(|at| target.join(at)));
                self.now.iter().filter(|place| takes().any(|taken| place.pattern.starts_with(&taken))).collect()
            }
        };
        removed.extend(gone.into_iter().map(|place| (place.of.0, place.of.1, op.index, change)));
        if let Some(carry) = &op.carry {
            self.shift(carry, targets);
        }
    }

    fn shift(&mut self, carry: &PathShift, targets: &[Pattern]) {
        for target in targets.iter().rev() {
            let moved = carry.moved.at(target);
            let mut before: Vec<LinkPlace> = Vec::new();
            for place in self.now.drain(..) {
                let from = moved.before(&place.pattern).map(|pattern| LinkPlace { pattern, of: place.of });
                let stays = (from.is_none() || carry.conditional).then_some(place);
                for place in stays.into_iter().chain(from) {
                    if !before.contains(&place) {
                        before.push(place);
                    }
                }
            }
            self.now = before;
        }
    }

    /// The steps of each version from which on others apply; ascending.
    pub(super) fn by_version(mut self) -> Vec<(VersionId, Box<[Step]>)> {
        self.known.push((VersionId::new(0), self.patterns()));
        let mut list: Vec<(VersionId, Vec<Pattern>)> = self.known.into_iter().rev().collect();
        list.dedup_by(|later, earlier| later.1 == earlier.1);
        if let [(_, patterns)] = &list[..]
            && patterns.is_empty()
        {
            return Vec::new();
        }
        list.into_iter().map(|(version, patterns)| (version, patterns.iter().map(step).collect())).collect()
    }

    fn patterns(&self) -> Vec<Pattern> {
        self.now.iter().map(|place| place.pattern.clone()).collect()
    }
}

fn step(at: &Pattern) -> Step {
    let (each, at) = at.split_at_last_star();
    Step { each, change: NO_CHANGE, ..Step::new(Op::Link { at, rules: 0 }) }
}
