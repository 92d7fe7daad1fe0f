//! When an op applies.

use crate::diagnostic::Spanned;
use crate::json::{Condition, Expression, ExpressionError, Literal, Test};

/// A condition of a change: when an op applies, which elements count, what a value must be.
///
/// A test of one place, or several conditions put together. A place is a JSON Pointer; without one, the condition speaks
/// of the op's own place: the value that it takes going up, and the one that it left going down.
///
/// ```
/// use sunward::change::{OpSpec, When};
/// use sunward::json::{JsonType, Test};
///
/// let port = OpSpec::relocate("/port", "/port_number").with_when(When::own(Test::has_type([JsonType::Number])));
/// let card = When::at("/kind", Test::one_of(["card", "bank"]));
/// let plan = OpSpec::add("/plan", "free").with_when(When::all([card, When::absent("/legacy")]));
/// # let _ = (port, plan);
/// ```
#[derive(Clone, Debug)]
pub struct When(pub(crate) Condition<Option<Spanned<String>>>);

// === impl When ===

impl When {
    /// The value at a pointer passes the test.
    #[must_use]
    pub fn at(pointer: &str, test: Test) -> Self {
        Self(Condition::of(Some(pointer.into()), test))
    }

    /// There is a value at a pointer; `null` is one.
    #[must_use]
    pub fn present(pointer: &str) -> Self {
        Self::at(pointer, Test::Present)
    }

    /// There is no value at a pointer.
    #[must_use]
    pub fn absent(pointer: &str) -> Self {
        Self::present(pointer).not()
    }

    /// The value at a pointer equals this one.
    #[must_use]
    pub fn equals(pointer: &str, value: impl Into<Literal>) -> Self {
        Self::at(pointer, Test::Equals(value.into()))
    }

    /// The value at the op's own place passes the test.
    #[must_use]
    pub const fn own(test: Test) -> Self {
        Self(Condition::of(None, test))
    }

    /// An expression of the Common Expression Language is true. `self` is the object that the op starts from: the element of
    /// its last `*`, or the resource. For the value at a pointer, use [`at`](Self::at) with [`Test::Holds`].
    ///
    /// ```
    /// use sunward::change::{OpSpec, When};
    ///
    /// # #[cfg(feature = "cel")]
    /// let plan = OpSpec::add("/plan", "free").with_when(When::cel("self.seats < 5 && !has(self.trial)")?);
    /// # Ok::<(), sunward::json::ExpressionError>(())
    /// ```
    ///
    /// # Errors
    /// The expression cannot be read, or the feature `cel` is off.
    pub fn cel(expression: &str) -> Result<Self, ExpressionError> {
        Expression::parse(expression).map(|expression| Self::own(Test::Holds(expression)))
    }

    /// At least one of them holds.
    #[must_use]
    pub fn any(conditions: impl IntoIterator<Item = Self>) -> Self {
        Self(Condition::Any(conditions.into_iter().map(|when| when.0).collect()))
    }

    /// All of them hold.
    #[must_use]
    pub fn all(conditions: impl IntoIterator<Item = Self>) -> Self {
        Self(Condition::All(conditions.into_iter().map(|when| when.0).collect()))
    }

    /// The condition does not hold.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "a method like `any` and `all`, which are no operators")]
    pub fn not(self) -> Self {
        Self(self.0.not())
    }
}
