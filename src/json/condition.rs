//! Conditions: when an op applies, which elements of a list count, what a value must be.

mod words;

use super::equal;
use super::{Expression, JsonType, Literal, Pattern};

/// A condition on a document. `At` says how its places are named: from a step's node ([`Reference`](super::Reference)),
/// from the element or value that is looked at ([`Pointer`](super::Pointer)), or from the document ([`Pattern`](super::Pattern)).
///
/// ```
/// use sunward::json::{Condition, JsonType, Pointer, Test};
///
/// let number: Condition<Pointer> = Condition::of(Pointer::ROOT, Test::has_type([JsonType::Number]));
/// assert_eq!(number.not().to_string(), "not (it is a number)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition<At> {
    /// The value at a place passes a test. Of duplicate members the last counts. Where nothing is, no test passes.
    Of {
        /// The place.
        at: At,
        /// What must hold there.
        test: Test,
    },
    /// At least one holds; none of an empty list does.
    Any(Vec<Self>),
    /// All hold, also those of an empty list.
    All(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
}

/// What must hold of one value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Test {
    /// There is a value, also `null`.
    Present,
    /// It equals this one, as RFC 6902 §4.6 compares: numbers by value, objects without order.
    Equals(Literal),
    /// It equals one of these.
    In(Vec<Literal>),
    /// It has one of these types.
    Type(Vec<JsonType>),
    /// This expression, in which `self` is the value, is true. What cannot be computed is not.
    Holds(Expression),
}

/// A test of one place, or its opposite.
#[derive(Clone, Copy)]
struct ConditionLeaf<'c> {
    at: &'c Pattern,
    test: &'c Test,
    holds: bool,
}

// === impl Test ===

impl Test {
    /// The value equals this one.
    #[must_use]
    pub fn equals(value: impl Into<Literal>) -> Self {
        Self::Equals(value.into())
    }

    /// The value equals one of these.
    #[must_use]
    pub fn one_of(values: impl IntoIterator<Item = impl Into<Literal>>) -> Self {
        Self::In(values.into_iter().map(Into::into).collect())
    }

    /// The value has one of these types.
    #[must_use]
    pub fn has_type(types: impl IntoIterator<Item = JsonType>) -> Self {
        Self::Type(types.into_iter().collect())
    }
}

// === impl Condition ===

impl<At> Condition<At> {
    /// The value at `at` passes `test`.
    pub const fn of(at: At, test: Test) -> Self {
        Self::Of { at, test }
    }

    /// The opposite.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "a method like `any` and `all`, which are no operators")]
    pub fn not(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// Whether it holds, by what `passes` says of each place.
    pub(crate) fn holds(&self, passes: &mut impl FnMut(&At, &Test) -> bool) -> bool {
        match self {
            Self::Of { at, test } => passes(at, test),
            Self::Any(list) => list.iter().any(|condition| condition.holds(passes)),
            Self::All(list) => list.iter().all(|condition| condition.holds(passes)),
            Self::Not(condition) => !condition.holds(passes),
        }
    }

    /// Whether it holds, by what is known of each place; `None` if that depends on what is not known.
    pub(crate) fn decided(&self, known: &mut impl FnMut(&At, &Test) -> Option<bool>) -> Option<bool> {
        let mut all = |list: &[Self], settled: bool| {
            let mut result = Some(!settled);
            for condition in list {
                match condition.decided(known) {
                    Some(holds) if holds == settled => return Some(settled),
                    Some(_) => {}
                    None => result = None,
                }
            }
            result
        };
        match self {
            Self::Of { at, test } => known(at, test),
            Self::Any(list) => all(list, true),
            Self::All(list) => all(list, false),
            Self::Not(condition) => condition.decided(known).map(|holds| !holds),
        }
    }

    /// Every place that it looks at, with the test there.
    #[must_use]
    pub(crate) fn places(&self) -> Vec<(&At, &Test)> {
        match self {
            Self::Of { at, test } => vec![(at, test)],
            Self::Any(list) | Self::All(list) => list.iter().flat_map(Self::places).collect(),
            Self::Not(condition) => condition.places(),
        }
    }

    /// Whether a list in it is empty, so that its result is always the same.
    pub(crate) fn has_empty_list(&self) -> bool {
        match self {
            Self::Of { test: Test::In(list), .. } => list.is_empty(),
            Self::Of { test: Test::Type(list), .. } => list.is_empty(),
            Self::Of { .. } => false,
            Self::Any(list) | Self::All(list) => list.is_empty() || list.iter().any(Self::has_empty_list),
            Self::Not(condition) => condition.has_empty_list(),
        }
    }

    /// The places, to be changed.
    pub(super) fn places_mut(&mut self) -> Vec<&mut At> {
        match self {
            Self::Of { at, .. } => vec![at],
            Self::Any(list) | Self::All(list) => list.iter_mut().flat_map(Self::places_mut).collect(),
            Self::Not(condition) => condition.places_mut(),
        }
    }

    /// The same condition with its places named in another way; `None` if one of them cannot be.
    pub(crate) fn try_map<B>(&self, name: &mut impl FnMut(&At) -> Option<B>) -> Option<Condition<B>> {
        Some(match self {
            Self::Of { at, test } => Condition::Of { at: name(at)?, test: test.clone() },
            Self::Any(list) => Condition::Any(list.iter().map(|c| c.try_map(name)).collect::<Option<_>>()?),
            Self::All(list) => Condition::All(list.iter().map(|c| c.try_map(name)).collect::<Option<_>>()?),
            Self::Not(condition) => Condition::Not(Box::new(condition.try_map(name)?)),
        })
    }
}

impl Condition<Pattern> {
    /// Whether it and another can never hold of one document at once. What it cannot tell is `false`.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.cases(true), other.cases(true));
        let apart = |a: &Vec<ConditionLeaf<'_>>, b: &Vec<ConditionLeaf<'_>>| {
            let all: Vec<&ConditionLeaf<'_>> = a.iter().chain(b).collect();
            all.iter().enumerate().any(|(nth, a)| all[nth + 1..].iter().any(|b| a.excludes(b)))
        };
        match (mine, theirs) {
            (Some(mine), Some(theirs)) => mine.iter().all(|a| theirs.iter().all(|b| apart(a, b))),
            _ => false,
        }
    }

    /// The ways in which it can hold: in each, all leaves do. `None` if there are too many to look at.
    fn cases(&self, holds: bool) -> Option<Vec<Vec<ConditionLeaf<'_>>>> {
        const MANY: usize = 256;
        match (self, holds) {
            (Self::Of { at, test }, holds) => Some(vec![vec![ConditionLeaf { at, test, holds }]]),
            (Self::Not(condition), holds) => condition.cases(!holds),
            (Self::Any(list), true) | (Self::All(list), false) => {
                let mut cases = Vec::new();
                for condition in list {
                    cases.extend(condition.cases(holds)?);
                }
                (cases.len() <= MANY).then_some(cases)
            }
            (Self::All(list), true) | (Self::Any(list), false) => {
                let mut cases = vec![Vec::new()];
                for condition in list {
                    let more = condition.cases(holds)?;
                    if cases.len() * more.len() > MANY {
                        return None;
                    }
                    let mut both = Vec::new();
                    for case in &cases {
                        both.extend(more.iter().map(|more| case.iter().chain(more).copied().collect::<Vec<_>>()));
                    }
                    cases = both;
                }
                Some(cases)
            }
        }
    }
}

// === impl ConditionLeaf ===

impl ConditionLeaf<'_> {
    /// Whether both can never hold of one document.
    fn excludes(&self, other: &Self) -> bool {
        match (self.holds, other.holds) {
            (true, true) => self.at == other.at && self.test.excludes(other.test),
            (true, false) => other.denies(self),
            (false, true) => self.denies(other),
            (false, false) => false,
        }
    }

    /// Where this does not hold, the other, which is to hold, cannot. Nothing is below what is absent.
    fn denies(&self, other: &Self) -> bool {
        match self.test {
            Test::Present => other.at.starts_with(self.at),
            test => self.at == other.at && other.test.implies(test),
        }
    }
}

// === impl Test ===

impl Test {
    /// Whether a value passes.
    pub(crate) fn passes(&self, value: &[u8]) -> bool {
        match self {
            Self::Present => true,
            Self::Equals(literal) => equal::equal(value, literal.as_bytes()),
            Self::In(list) => list.iter().any(|literal| equal::equal(value, literal.as_bytes())),
            Self::Type(types) => types.iter().any(|of| of.is_of(value)),
            Self::Holds(expression) => expression.holds(value),
        }
    }

    /// Whether what is inside of a value can decide it: one that only asks whether it is there, or of which type, is the
    /// same whatever is inside.
    pub(crate) const fn looks_inside(&self) -> bool {
        matches!(self, Self::Equals(_) | Self::In(_) | Self::Holds(_))
    }

    /// The values that it lists, if it does.
    fn listed(&self) -> Option<&[Literal]> {
        match self {
            Self::Equals(literal) => Some(std::slice::from_ref(literal)),
            Self::In(list) => Some(list),
            Self::Present | Self::Type(_) | Self::Holds(_) => None,
        }
    }

    /// No value passes both.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        match (self.listed(), other.listed()) {
            (Some(list), _) => !list.iter().any(|literal| other.passes(literal.as_bytes())),
            (None, Some(list)) => !list.iter().any(|literal| self.passes(literal.as_bytes())),
            (None, None) => match (self, other) {
                (Self::Type(mine), Self::Type(theirs)) => {
                    !mine.iter().any(|a| theirs.iter().any(|b| a.covers(*b) || b.covers(*a)))
                }
                _ => false,
            },
        }
    }

    /// Every value that passes this passes the other.
    fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Present) => true,
            (Self::Holds(mine), Self::Holds(other)) => mine == other,
            (Self::Type(mine), Self::Type(theirs)) => mine.iter().all(|a| theirs.iter().any(|b| b.covers(*a))),
            _ => self.listed().is_some_and(|list| list.iter().all(|literal| other.passes(literal.as_bytes()))),
        }
    }
}

#[cfg(test)]
mod tests;
