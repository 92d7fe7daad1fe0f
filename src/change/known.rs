//! What the ops of one version are known to leave in places: nothing, or only some values.

use super::compile::{Compiled, Moved};
use crate::json::{Condition, OnError, Op, Pattern, Test};
use crate::version::VersionId;

/// What the earlier ops of a version leave.
#[derive(Default)]
pub(super) struct KnownPlaces<'a> {
    version: Option<VersionId>,
    /// Moves, each with what was written since: other members of their places are gone.
    moved: Vec<(&'a Moved, Vec<&'a Pattern>)>,
    /// The test that every value but `null` passes.
    values: Vec<(Pattern, Test)>,
    /// Constants that are added where nothing is.
    defaults: Vec<(&'a Pattern, &'a str)>,
}

// === impl KnownPlaces ===

impl<'a> KnownPlaces<'a> {
    /// Another version begins with what it gets from messages, of which nothing is known.
    pub(super) fn enter(&mut self, version: VersionId) {
        if self.version != Some(version) {
            *self = Self { version: Some(version), ..Self::default() };
        }
    }

    /// Whether an earlier op left nothing in this place.
    pub(super) fn is_emptied(&self, place: &Pattern) -> bool {
        let apart = |written: &Pattern| !place.starts_with(written) && !written.starts_with(place);
        // What was wrapped is now the wrapper.
        let inside = |moved: &Moved| moved.ends().is_none_or(|(_, old)| old != place);
        self.moved
            .iter()
            .any(|(moved, since)| inside(moved) && moved.empties(place) && since.iter().all(|written| apart(written)))
    }

    /// Why a condition can never hold, if `is_gone` says which places are empty.
    pub(super) fn denies(
        &self,
        condition: &Condition<Pattern>,
        is_gone: &dyn Fn(&Pattern) -> bool,
    ) -> Option<&'static str> {
        if condition.excludes(condition) {
            return Some("parts of its `when` exclude each other");
        }
        let gone = |at: &Pattern, _: &Test| (is_gone(at) || self.is_emptied(at)).then_some(false);
        if condition.decided(&mut { gone }) == Some(false) {
            return Some("its `when` reads a member that an earlier op took away");
        }
        let known = |at: &Pattern, test: &Test| {
            let excluded = self.values_at(at).any(|left| left.excludes(test) && !test.passes(b"null"));
            (excluded || is_gone(at) || self.is_emptied(at)).then_some(false)
        };
        (condition.decided(&mut { known }) == Some(false))
            .then_some("an earlier op leaves no value that passes its `when`")
    }

    /// Whether an earlier op leaves only values that this op refuses.
    pub(super) fn refuses(&self, op: &Compiled) -> bool {
        let Some((at, accepted)) = op.value_up().and_then(|(at, op)| Some((at, op.accepts()?))) else { return false };
        self.values_at(&at).any(|left| left.excludes(&accepted))
    }

    /// The default of an earlier op that a `require` refuses.
    pub(super) fn refused_default(&self, op: &Compiled) -> Option<&'a str> {
        let required = op.requires.as_ref()?;
        let Some((_, Op::Require { must, .. })) = op.value_up() else { return None };
        let refused = |value: &str| !must.holds(&mut |at, test| !at.is_root() || test.passes(value.as_bytes()));
        let mut defaults = self.defaults.iter().filter(|(at, value)| *at == required && refused(value));
        defaults.next().map(|(_, value)| *value)
    }

    pub(super) fn add(&mut self, op: &'a Compiled) {
        let touched: Vec<&Pattern> =
            [&op.reach.takes, &op.reach.writes, &op.reach.alters].into_iter().flatten().collect();
        let around = op.carry.as_ref().map(|carry| carry.moved.places()).unwrap_or_default();
        for place in touched.iter().copied().chain(around) {
            let apart = |known: &Pattern| !known.starts_with(place) && !place.starts_with(known);
            self.values.retain(|(known, _)| apart(known));
            self.defaults.retain(|(known, _)| apart(known));
        }
        for (_, since) in &mut self.moved {
            since.extend(op.reach.writes.iter());
        }
        let certain = op.when_up.is_none() && op.on_error == OnError::Fail;
        if let Some(carry) = op.carry.as_ref().filter(|_| certain && op.moves_all()) {
            self.moved.push((&carry.moved, Vec::new()));
        }
        if let Some((at, test)) = op.value_up().and_then(|(at, op)| Some((at, op.left()?))).filter(|_| certain) {
            self.values.push((at, test));
        }
        if let Some((at, value)) = op.constant_up().filter(|_| op.when_up.is_none()) {
            self.defaults.push((at, value));
        }
    }

    fn values_at(&self, place: &Pattern) -> impl Iterator<Item = &Test> {
        self.values.iter().filter(move |(known, _)| known == place).map(|(_, test)| test)
    }
}
