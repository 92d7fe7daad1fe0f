//! Expressions: a subset of the Common Expression Language over JSON documents.
//!
//! It differs from the standard where the documents ask for it: there is one kind of numbers, exact decimals of up to 36
//! digits, and what cannot be computed exactly is an error. A value that an expression returns as it is keeps its
//! bytes. There is no clock, no chance and nothing from outside, so the same document gives the same result. The work
//! is bounded by [`budget`], the size of what is made by 1 MiB.

mod calls;
mod decimal;
mod eval;
mod expr;
mod functions;
mod node;
mod parse;
mod read;
mod token;
mod types;
mod value;

use std::fmt;
use std::sync::Arc;

use self::eval::Evaluation;
use self::expr::{ExprNode, PathRoot};
use self::types::ExprType;
use self::value::ExprValue;
use super::evaluation::{EvaluationPlace, EvaluationResult, EvaluationStop};
use super::expression_error::ExpressionError;
use super::pointer::Pointer;
use super::tree::Tree;

/// An expression that was read and checked.
#[derive(Clone)]
pub(super) struct CompiledExpression {
    source: Arc<str>,
    root: Arc<ExprNode>,
}

// === impl CompiledExpression ===

impl CompiledExpression {
    pub(super) fn parse(source: &str) -> Result<Self, ExpressionError> {
        let root = parse::parse(source)?;
        Ok(Self { source: source.into(), root: Arc::new(root) })
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn may_be_condition(&self) -> bool {
        self.root.may_be(&[ExprType::Bool])
    }

    /// The places that it reads, from the node (`false`) or from the resource (`true`).
    pub(super) fn reads(&self, resource: bool) -> Vec<Pointer> {
        let root = if resource { PathRoot::Resource } else { PathRoot::Own };
        let mut found: Vec<Pointer> = Vec::new();
        self.root.paths(&mut |path| {
            let pointer = Pointer::from_tokens(path.tokens.iter().cloned());
            if path.root == root && !found.contains(&pointer) {
                found.push(pointer);
            }
        });
        found
    }

    pub(super) fn evaluate(
        &self,
        tree: &mut Tree<'_>,
        place: EvaluationPlace,
        steps: &mut u64,
    ) -> Result<EvaluationResult, EvaluationStop> {
        let mut evaluation = Evaluation::new(tree, place, steps);
        match evaluation.value(&self.root)? {
            ExprValue::Node(id) => Ok(EvaluationResult::Node(id)),
            made => evaluation.json(&made).map(EvaluationResult::Made),
        }
    }
}

impl fmt::Debug for CompiledExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.source, f)
    }
}

#[cfg(test)]
mod tests;
