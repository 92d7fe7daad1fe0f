//! One step on its way down the source.

use std::sync::Arc;

use super::super::tree::index;
use super::super::{Condition, Mode, OnError, Op, Otherwise, Pattern, Renaming, Segment, Step, Structure};

/// A step on its way down the source, to the value that it acts on.
#[derive(Clone, Debug)]
pub(super) struct LocalStep {
    step: Step,
    /// All the way: resource, then each.
    path: Vec<Segment>,
    /// How far it has come.
    at: usize,
    /// Here it must be run, as it looks at other places from here.
    hold_at: Option<usize>,
}

// === impl LocalStep ===

impl LocalStep {
    pub(super) fn new(step: &Step, mode: Mode) -> Self {
        let path: Vec<Segment> = step.resource.join(&step.each).segments().to_vec();
        let levels = levels(step);
        let hold_at = levels.into_iter().min().map(|level| {
            let resource = step.resource.segments().len();
            let stars = step.each.segments().iter().enumerate().filter(|(_, s)| s.is_star());
            let behind: Vec<usize> = stars.map(|(at, _)| resource + at + 1).collect();
            level.checked_sub(1).map_or(resource, |star| behind.get(star).copied().unwrap_or(path.len()))
        });
        let step = Step { partial: mode.is_partial(step), ..step.clone() };
        Self { step, path, at: 0, hold_at }
    }

    /// Whether the value itself is what the step needs whole.
    pub(super) fn acts_here(&self) -> bool {
        if self.hold_at == Some(self.at) {
            return true;
        }
        if self.is_at_any_depth() {
            // It would come to one value more than once.
            let again = self.path[self.at + 1..].contains(&Segment::AnyDepth);
            // A copy inside of a copy doubles with each level, which the interpreter's limit ends.
            return again || matches!(self.step.op, Op::RenameAll { .. } | Op::Copy { .. });
        }
        if matches!(&self.step.op, Op::Drop { at, .. } if at.is_root()) {
            // What goes is part of what is around it.
            return self.at + 1 >= self.path.len();
        }
        self.arrived() && self.step.op.sees_node()
    }

    pub(super) fn arrived(&self) -> bool {
        self.at == self.path.len()
    }

    /// Whether the step may refuse the document. Such a step must meet its value even if that goes later.
    pub(super) fn may_fail(&self) -> bool {
        let refuses = self.step.when.is_some() && self.step.otherwise == Otherwise::Fail;
        refuses || (!self.step.op.is_safe() && self.step.on_error == OnError::Fail)
    }

    /// Whether all that it looks at is how many elements or members the value at hand has.
    pub(super) fn counts(&self) -> bool {
        matches!(&self.step.op, Op::Structure(Structure::Count { from, to, .. })
            if self.arrived() && self.hold_at.is_none() && from.is_root() && to.is_root())
    }

    /// Whether it fills in a constant only inside of what its change made.
    pub(super) fn fills_only_made(&self) -> bool {
        self.step.constant && self.step.partial
    }

    /// The number of its change.
    pub(super) const fn change(&self) -> u32 {
        self.step.change
    }

    pub(super) const fn on_error(&self) -> OnError {
        self.step.on_error
    }

    pub(super) fn op(&self) -> &Op {
        &self.step.op
    }

    pub(super) fn is_every(&self) -> bool {
        self.path.get(self.at) == Some(&Segment::Every)
    }

    /// Whether the step goes on in everything that is inside.
    pub(super) fn is_at_any_depth(&self) -> bool {
        self.path.get(self.at) == Some(&Segment::AnyDepth)
    }

    /// The names that the step changes, if it has come to the object whose names they are.
    pub(super) fn renaming(&self) -> Option<&Arc<Renaming>> {
        match &self.step.op {
            Op::RenameAll { at, renaming, .. } if self.arrived() && at.is_root() => Some(renaming),
            _ => None,
        }
    }

    /// Whether what it does to a value is what it does to what is inside.
    pub(super) fn goes_on(&self) -> bool {
        self.is_at_any_depth() || self.renaming().is_some()
    }

    /// The step at a value; one that goes on at any depth is also one that acts here.
    pub(super) fn here(&self) -> Vec<Self> {
        if self.is_at_any_depth() { vec![self.clone(), self.clone().descend()] } else { vec![self.clone()] }
    }

    /// What is left of it for each element of a list.
    pub(super) fn in_element(&self) -> Option<Self> {
        match self.renaming() {
            Some(_) => Some(self.clone()),
            None => self.in_every(),
        }
    }

    /// What is left of it for each element or member.
    pub(super) fn in_every(&self) -> Option<Self> {
        if self.is_every() {
            return Some(self.clone().descend());
        }
        if self.is_at_any_depth() {
            return Some(self.clone());
        }
        let Op::RenameAll { depth, .. } = &self.step.op else { return None };
        self.renaming()?;
        let depth = match depth {
            Some(depth) => Some(depth.checked_sub(1).filter(|left| *left > 0)?),
            None => None,
        };
        let mut inside = self.clone();
        if let Op::RenameAll { depth: left, .. } = &mut inside.step.op {
            *left = depth;
        }
        inside.path = inside.path.iter().cloned().chain([Segment::Every]).collect();
        inside.at = inside.path.len();
        Some(inside)
    }

    /// All that counts of it from here on.
    pub(super) fn print(&self) -> String {
        let Self { step, path, at, hold_at } = self;
        let Step { when, otherwise, op, on_error, constant, partial, change, .. } = step;
        let rest = (&path[*at..], hold_at.map(|hold| hold.checked_sub(*at)));
        format!("{rest:?}{when:?}{otherwise:?}{op:?}{on_error:?}{constant}{partial}{change};")
    }

    /// The name of the member that the step goes into, if it is not there yet.
    pub(super) fn next_name(&self) -> Option<&str> {
        match self.path.get(self.at) {
            Some(Segment::Key(name)) => Some(name),
            _ => None,
        }
    }

    /// The same step, one level further in.
    pub(super) fn descend(mut self) -> Self {
        self.at += 1;
        self
    }

    /// The step with another op, from a member of this value. Only for steps that look at nothing but what they act on.
    pub(super) fn in_member(&self, name: &str, op: Op) -> Self {
        let mut path = self.path.clone();
        path.push(Segment::Key(name.into()));
        let step = Step { op, when: None, ..self.step.clone() };
        Self { step, at: path.len(), path, hold_at: None }
    }

    pub(super) fn names_an_index(&self) -> bool {
        if self.is_every() || self.is_at_any_depth() {
            return false;
        }
        if let Some(name) = self.next_name() {
            return index(name).is_some();
        }
        let touches = self.step.op.touches();
        touches.iter().filter_map(|(at, _)| at.tokens().first()).any(|token| index(token).is_some())
    }

    /// The step as it is run on this value alone.
    pub(super) fn step_from_here(&self) -> Step {
        let resource_len = self.step.resource.segments().len();
        let rest = |from: usize, to: usize| Pattern::from_segments(self.path[from..to].iter().cloned());
        let mut step = self.step.clone();
        if self.hold_at.is_none() {
            // Nothing is looked at from a star, so the way may be said in one.
            (step.resource, step.each) = (rest(self.at, self.path.len()), Pattern::root());
        } else if self.at <= resource_len {
            step.resource = rest(self.at, resource_len);
        } else {
            let passed = self.path[resource_len..self.at].iter().filter(|segment| segment.is_star()).count();
            (step.resource, step.each) = (Pattern::root(), rest(self.at, self.path.len()));
            lower(&mut step, passed);
        }
        step
    }
}

/// The levels that a step's references start from.
fn levels(step: &Step) -> Vec<usize> {
    let looked_at = step.when.iter().flat_map(Condition::places).map(|(at, _)| at);
    looked_at.chain(step.op.references()).map(|reference| reference.level).collect()
}

/// Takes the stars that were passed from the levels of the references.
fn lower(step: &mut Step, passed: usize) {
    let looked_at = step.when.iter_mut().flat_map(Condition::places_mut);
    for reference in looked_at.chain(step.op.references_mut()) {
        reference.level = reference.level.saturating_sub(passed);
    }
}
