//! The stand-in for expressions in a build without the feature `cel`: it reads none.

use super::evaluation::{EvaluationPlace, EvaluationResult, EvaluationStop};
use super::expression_error::ExpressionError;
use super::pointer::Pointer;
use super::tree::Tree;

#[derive(Clone, Debug)]
pub(super) enum CompiledExpression {}

// === impl CompiledExpression ===

impl CompiledExpression {
    pub(super) fn parse(_source: &str) -> Result<Self, ExpressionError> {
        let message =
            "this build does not include CEL; build it with the feature `cel`, which `gateway` enables".to_owned();
        Err(ExpressionError::new(0, message))
    }

    pub(super) fn source(&self) -> &str {
        match *self {}
    }

    pub(super) fn may_be_condition(&self) -> bool {
        match *self {}
    }

    pub(super) fn reads(&self, _resource: bool) -> Vec<Pointer> {
        match *self {}
    }

    pub(super) fn evaluate(
        &self,
        _tree: &mut Tree<'_>,
        _place: EvaluationPlace,
        _steps: &mut u64,
    ) -> Result<EvaluationResult, EvaluationStop> {
        match *self {}
    }
}
