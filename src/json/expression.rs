//! Expressions of ops and conditions.

use std::borrow::Cow;

#[cfg(feature = "cel")]
use super::cel::CompiledExpression;
#[cfg(not(feature = "cel"))]
use super::cel_off::CompiledExpression;
use super::evaluation::{EvaluationPlace, EvaluationResult, EvaluationStop, budget};
use super::expression_error::ExpressionError;
use super::pointer::Pointer;
use super::tree::Tree;

/// An expression of the Common Expression Language (CEL), read and checked.
///
/// `self` is the object that the op starts from, `resource` the whole resource. It needs the feature `cel`.
///
/// ```
/// use sunward::json::Expression;
///
/// # if cfg!(feature = "cel") {
/// let expression = Expression::parse("self.private ? 'private' : 'public'")?;
/// assert_eq!(expression.source(), "self.private ? 'private' : 'public'");
/// assert_eq!(Expression::parse("self.name + 1 + 'a'").unwrap_err().offset(), 14);
/// # }
/// # Ok::<(), sunward::json::ExpressionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Expression(CompiledExpression);

// === impl Expression ===

impl PartialEq for Expression {
    /// As their texts are.
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}

impl Eq for Expression {}

impl Expression {
    /// Reads and checks an expression of at most 4096 bytes.
    ///
    /// # Errors
    /// It is no expression, names a variable or function that does not exist, gives an operator what it never takes, or
    /// is nested too deep. Without the feature `cel`, always.
    pub fn parse(source: &str) -> Result<Self, ExpressionError> {
        CompiledExpression::parse(source).map(Self)
    }

    /// The text it was read from.
    #[must_use]
    pub fn source(&self) -> &str {
        self.0.source()
    }

    /// The places that it reads, from `self` on.
    #[must_use]
    pub(crate) fn reads(&self) -> Vec<Pointer> {
        self.0.reads(false)
    }

    /// The places that it reads, from the resource on.
    #[must_use]
    pub(crate) fn reads_of_resource(&self) -> Vec<Pointer> {
        self.0.reads(true)
    }

    /// Whether its value can be a boolean.
    #[must_use]
    pub(crate) fn may_be_condition(&self) -> bool {
        self.0.may_be_condition()
    }

    /// Whether it holds of one value, which both `self` and `resource` are. What cannot be computed does not hold.
    pub(super) fn holds(&self, value: &[u8]) -> bool {
        let mut tree = Tree::of(Cow::Borrowed(value));
        let place = EvaluationPlace { own: tree.root(), resource: tree.root() };
        match self.evaluate(&mut tree, place, &mut budget(value.len())) {
            Ok(EvaluationResult::Node(id)) => *tree.text(id) == *b"true",
            Ok(EvaluationResult::Made(json)) => json == b"true",
            Err(_) => false,
        }
    }

    pub(super) fn evaluate(
        &self,
        tree: &mut Tree<'_>,
        place: EvaluationPlace,
        steps: &mut u64,
    ) -> Result<EvaluationResult, EvaluationStop> {
        self.0.evaluate(tree, place, steps)
    }
}
