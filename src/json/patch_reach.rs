//! What a step means for the value of one JSON Patch operation, decided from the pointers alone, because the patched
//! document is not available.

use super::{Condition, Op, Pattern, Pointer, Reference, Step, Structure, Test, Touch, Wrapper};

/// Whether a step can be run on a patch of one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applicability {
    /// It does not apply.
    Skip,
    /// It may take the value elsewhere, as it is.
    Run,
    /// As `Run`; the objects on the way may stand for arrays.
    RunOnLists,
    /// It changes the value.
    Rewrite,
    /// It changes the value and may take it elsewhere, or gives it another place whatever the value is.
    RunAndRewrite,
    /// What it does to the whole cannot be said of the part.
    Refuse(&'static str),
}

/// What an operation of a patch says about the value at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PatchedValue {
    /// It has the value.
    Shown,
    /// It takes it away.
    Removed,
    /// It takes it to another place, or from there.
    Moved,
}

/// Where an end of an op lies, seen from the patched value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Outside,
    /// It contains the value.
    Above,
    /// It is the value.
    On,
    /// It is something in the value.
    Inside,
}

/// A step and the place of the patched value.
struct PlacedStep<'s> {
    step: &'s Step,
    location: &'s Pointer,
    base: Pattern,
    value: PatchedValue,
}

const DROPPED: &str = "the other version does not have the member";
const CHANGED: &str = "it is part of a value that is changed as a whole";
const TESTED: &str = "it is part of a value that must be replaced as a whole";
const SPLIT: &str = "it is part of a string that is split or joined";
const COUNTED: &str = "the elements or members of a value in it are counted";
const TORN: &str = "a value is moved into it or out of it";
const SHARED: &str = "the value belongs to each element of an array, and the patch does not show the others";
const PART: &str = "each element has a value there that belongs to all of them, so an element can only be removed";
const LAST: &str =
    "without elements a value that belongs to each of them would be lost; the change can allow that by `lossy = true`";
const UNKNOWN: &str = "the result depends on values that are not in the patch";

/// Whether the step can be run, where an operation of a patch is at `location`.
pub(super) fn judge(step: &Step, location: &Pointer, value: PatchedValue) -> Applicability {
    if !step.each.has_any_depth() {
        return judge_one(step, location, value);
    }
    let below = location.tokens().get(step.resource.segments().len()..).unwrap_or_default();
    let below = Pointer::from_tokens(below.iter().cloned());
    // With each number of levels the step is one that the pointers tell.
    let steps = step.each.unfolded(&below).into_iter().map(|each| Step { each, when: None, ..step.clone() });
    let verdicts = steps.map(|one| match (&step.when, PlacedStep::of(&one, location, value).is_apart()) {
        (_, true) => Applicability::Run,
        (None, false) => judge_one(&one, location, value),
        (Some(_), false) => Applicability::Refuse(UNKNOWN),
    });
    verdicts.fold(Applicability::Skip, Applicability::and)
}

fn judge_one(step: &Step, location: &Pointer, value: PatchedValue) -> Applicability {
    let judge = PlacedStep::of(step, location, value);
    if judge.is_decided() {
        judge.op()
    } else if judge.is_apart() {
        Applicability::Skip
    } else {
        Applicability::Refuse(UNKNOWN)
    }
}

// === impl Applicability ===

impl Applicability {
    /// Of a step that is run at both places.
    const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Refuse(why), _) | (_, Self::Refuse(why)) => Self::Refuse(why),
            (Self::Skip, verdict) | (verdict, Self::Skip) => verdict,
            (Self::RunOnLists, _) | (_, Self::RunOnLists) => Self::RunOnLists,
            (Self::Run, Self::Run) => Self::Run,
            (Self::Rewrite, Self::Rewrite) => Self::Rewrite,
            _ => Self::RunAndRewrite,
        }
    }
}

// === impl PlacedStep ===

impl<'s> PlacedStep<'s> {
    fn of(step: &'s Step, location: &'s Pointer, value: PatchedValue) -> Self {
        Self { step, location, base: step.resource.join(&step.each), value }
    }

    /// Whether the condition can be read off the patch.
    fn is_decided(&self) -> bool {
        let known = self.value == PatchedValue::Shown;
        let mut places = self.step.when.iter().flat_map(Condition::places);
        places.all(|(at, test)| match self.reference(at) {
            Relation::On | Relation::Inside => known,
            Relation::Above => matches!(test, Test::Present),
            Relation::Outside => false,
        })
    }

    /// Whether the op has nothing to do with the value, whatever its condition.
    fn is_apart(&self) -> bool {
        let opaque = self.step.op.is_opaque().then(|| self.reach(&Pointer::ROOT));
        self.ends().into_iter().chain(opaque).all(|reach| reach == Relation::Outside)
    }

    /// Where all ends of the op lie.
    fn ends(&self) -> Vec<Relation> {
        self.touched(|_| true).into_iter().chain(self.sources()).collect()
    }

    fn touched(&self, of: impl Fn(Touch) -> bool) -> Vec<Relation> {
        let touches = self.step.op.touches();
        touches.iter().filter(|(_, touch)| of(*touch)).map(|(at, _)| self.reach(at)).collect()
    }

    fn op(&self) -> Applicability {
        match &self.step.op {
            Op::Add { at, .. } => self.one_end(at, Applicability::Run, Applicability::Run),
            Op::Drop { at, .. } => self.one_end(at, Applicability::Refuse(DROPPED), Applicability::Refuse(DROPPED)),
            Op::Rename { object, from, .. } => {
                self.one_end(&object.child(from), Applicability::Run, Applicability::Run)
            }
            Op::Wrap { at, .. } => self.one_end(at, Applicability::Run, Applicability::Rewrite),
            Op::Unwrap { at, from, which, .. } => {
                self.one_end(at, self.unwrap(at, from, which.is_some()), Applicability::Rewrite)
            }
            Op::Require { at, .. } => self.one_end(at, Applicability::Refuse(TESTED), Applicability::Rewrite),
            Op::Copy { .. } | Op::Move { .. } => together(self.ends()),
            Op::RenameAll { at, .. } => match self.reach(at) {
                Relation::Outside => Applicability::Run,
                _ => Applicability::RunAndRewrite,
            },
            Op::Structure(Structure::Nest { object, .. }) => {
                self.one_end(object, Applicability::Run, Applicability::Rewrite)
            }
            Op::Structure(Structure::Flatten { from, object, .. }) => match self.reach(from) {
                Relation::Above => Applicability::Run,
                Relation::Inside if matches!(self.reach(object), Relation::On | Relation::Inside) => {
                    Applicability::Rewrite
                }
                Relation::Outside => Applicability::Run,
                Relation::On | Relation::Inside => Applicability::Refuse(TORN),
            },
            Op::Structure(Structure::Count { from, to, .. }) if from != to => self.whole_sources(COUNTED),
            Op::Structure(Structure::Spread { from: one, to: all, lossy, .. }) => match self.reach(one) {
                Relation::Above | Relation::On => Applicability::Refuse(SHARED),
                one => self.elements(one, all, *lossy),
            },
            Op::Structure(Structure::Gather { from: all, to: one, .. }) => self.elements(self.reach(one), all, true),
            Op::Split { .. } | Op::Join { .. } => self.whole_sources(SPLIT),
            Op::Compute { at, .. } => self.compute(at),
            Op::Patch(_) | Op::Custom(_) => {
                self.one_end(&Pointer::ROOT, Applicability::Refuse(CHANGED), Applicability::Rewrite)
            }
            op => match op.value() {
                Some(at) => self.one_end(at, Applicability::Refuse(CHANGED), Applicability::Rewrite),
                None => self.whole_sources(CHANGED),
            },
        }
    }

    fn one_end(&self, at: &Pointer, above: Applicability, on: Applicability) -> Applicability {
        match self.reach(at) {
            Relation::Outside => Applicability::Run,
            Relation::Above => above,
            Relation::On => on,
            Relation::Inside => Applicability::Rewrite,
        }
    }

    /// The value is in a wrapper: only what is taken out has a place afterwards.
    fn unwrap(&self, at: &Pointer, from: &Wrapper, chooses: bool) -> Applicability {
        let token = self.location.tokens().get(self.base.segments().len() + at.tokens().len());
        match (from, token.map(AsRef::as_ref)) {
            (Wrapper::Array, _) if chooses => Applicability::Refuse(UNKNOWN),
            (Wrapper::Array, Some("0")) => Applicability::RunOnLists,
            (Wrapper::Member(name), Some(token)) if **name == *token => Applicability::Run,
            (Wrapper::Array, _) => Applicability::Refuse(CHANGED),
            (Wrapper::Member(_), _) => Applicability::Refuse(DROPPED),
        }
    }

    /// One end is a member of each element, and the value is the same in all of them. It stays in the other version as long
    /// as an element does, or if `lossy` says that it may go.
    fn elements(&self, one: Relation, all: &Pattern, lossy: bool) -> Applicability {
        let member = self.base.join(all);
        match (reach(&member, self.location), one) {
            (Relation::Above | Relation::On, _) => Applicability::Refuse(SHARED),
            (Relation::Inside, Relation::Inside) => Applicability::Rewrite,
            (Relation::Outside, Relation::Inside) => Applicability::Refuse(TORN),
            (Relation::Outside, _) => Applicability::Skip,
            (Relation::Inside, _) => {
                let element = member.split_at_last_star().0.segments().len();
                match self.value {
                    _ if self.location.tokens().len() > element => Applicability::Refuse(TORN),
                    PatchedValue::Removed if lossy => Applicability::Rewrite,
                    PatchedValue::Removed => Applicability::Refuse(LAST),
                    PatchedValue::Shown | PatchedValue::Moved => Applicability::Refuse(PART),
                }
            }
        }
    }

    /// A source that is a part of the value, or holds it, is one of which the rest is not shown.
    fn whole_sources(&self, why: &'static str) -> Applicability {
        let sources = self.touched(Touch::reads).into_iter().chain(self.sources()).collect::<Vec<_>>();
        if sources.iter().any(|reach| matches!(reach, Relation::Above | Relation::On)) {
            return Applicability::Refuse(why);
        }
        together(self.ends())
    }

    fn compute(&self, at: &Pointer) -> Applicability {
        if self.sources().any(|reach| reach == Relation::Above) {
            return Applicability::Refuse(CHANGED);
        }
        let inside = self.reach(at) == Relation::Inside;
        if inside { Applicability::Rewrite } else { Applicability::Run }
    }

    fn sources(&self) -> impl Iterator<Item = Relation> {
        self.step.op.references().into_iter().map(|reference| self.reference(reference))
    }

    fn reach(&self, pointer: &Pointer) -> Relation {
        reach(&self.base.join(&pointer.clone().into()), self.location)
    }

    fn reference(&self, reference: &Reference) -> Relation {
        let segments = self.step.each.segments();
        let stars = segments.iter().enumerate().filter(|(_, segment)| segment.is_star());
        let cut = stars.map(|(index, _)| index + 1).take(reference.level).last().unwrap_or_default();
        let above = self.step.resource.join(&Pattern::from_segments(segments[..cut].iter().cloned()));
        reach(&above.join(&reference.pointer.clone().into()), self.location)
    }
}

/// Both ends in the value, or none.
fn together(ends: impl IntoIterator<Item = Relation>) -> Applicability {
    let (inside, other): (Vec<_>, Vec<_>) = ends.into_iter().partition(|reach| *reach == Relation::Inside);
    match (inside.is_empty(), other.is_empty()) {
        (true, _) => Applicability::Run,
        (false, true) => Applicability::Rewrite,
        (false, false) => Applicability::Refuse(TORN),
    }
}

fn reach(end: &Pattern, location: &Pointer) -> Relation {
    let (segments, tokens) = (end.segments(), location.tokens());
    if !segments.iter().zip(tokens).all(|(segment, token)| segment.covers(token)) {
        return Relation::Outside;
    }
    match segments.len().cmp(&tokens.len()) {
        std::cmp::Ordering::Less => Relation::Above,
        std::cmp::Ordering::Equal => Relation::On,
        std::cmp::Ordering::Greater => Relation::Inside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reach_is_seen_from_the_value() {
        for (end, location, expected) in [
            ("/a/*/b", "/a/-/b", Relation::On),
            ("/a/*", "/a/0/b", Relation::Above),
            ("/a/*/b", "/a", Relation::Inside),
            ("/a/*/b", "/a/0/c", Relation::Outside),
            ("", "", Relation::On),
            ("", "/a", Relation::Above),
        ] {
            let (end, location) = (Pattern::parse(end).expect(end), Pointer::parse(location).expect(location));
            assert_eq!(reach(&end, &location), expected, "{end} {location}");
        }
    }
}
