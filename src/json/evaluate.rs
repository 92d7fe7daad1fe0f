//! The op that computes members by expressions.

use std::borrow::Cow;

use super::error::Reason;
use super::evaluation::{EvaluationPlace, EvaluationResult, EvaluationStop};
use super::expression_op::ExpressionOp;
use super::interpret::{Interpreter, MatchedNode, OpError, spelled};
use super::tree::{FoundNodes, TreeNodeId};
use super::{Expression, Mode, Pointer, equal};

// === impl Interpreter ===

impl<'a> Interpreter<'a> {
    /// All expressions are computed before anything is written. If one of them reads what is absent, nothing happens.
    pub(super) fn evaluate(
        &mut self,
        op: &'a ExpressionOp,
        place: &MatchedNode<'_>,
        partial: bool,
    ) -> Result<(), OpError> {
        // What would be written is a member.
        if self.tree.kind(place.node) != equal::ValueType::Object {
            return Ok(());
        }
        let at = EvaluationPlace { own: place.node, resource: place.resource() };
        if partial && !self.is_shown(op, place)? {
            return Ok(());
        }
        let Some(values) = self.computed(&op.writes, at)? else { return Ok(()) };
        let is_null = |value: &EvaluationResult| match value {
            EvaluationResult::Node(id) => self.tree.kind(*id) == equal::ValueType::Null,
            EvaluationResult::Made(json) => json == b"null",
        };
        if self.mode == Mode::MergePatch && values.iter().any(is_null) {
            return Err(OpError::new(place.node, Reason::Deletes));
        }
        if !op.check.is_empty() {
            self.check_return(op, at, &values)?;
        }
        let values = values.into_iter().map(|value| match value {
            EvaluationResult::Node(id) => self.tree.duplicate(id),
            EvaluationResult::Made(json) => self.tree.add(Cow::Owned(json)),
        });
        let values = values.collect();
        self.exchange(op, place.node, values)
    }

    /// A partial body shows only what changes: it must show all that the expressions read, or none of it.
    fn is_shown(&mut self, op: &ExpressionOp, place: &MatchedNode<'_>) -> Result<bool, OpError> {
        let (mut shown, mut hidden) = (false, Vec::new());
        let own = op.reads().into_iter().map(|pointer| (place.node, pointer));
        let outside = op.outside.iter().map(|reference| (place.resource(), reference.pointer.clone()));
        for (from, pointer) in own.chain(outside) {
            match self.tree.find(from, &pointer).pop() {
                Some(id) if self.mode != Mode::MergePatch || self.tree.kind(id) != equal::ValueType::Null => {
                    shown = true
                }
                Some(_) => {
                    shown = true;
                    hidden.push(pointer);
                }
                None => hidden.push(pointer),
            }
        }
        match shown && !hidden.is_empty() {
            true => Err(OpError::new(place.node, Reason::hidden(&hidden))),
            false => Ok(shown),
        }
    }

    fn computed(
        &mut self,
        expressions: &'a [(Pointer, Expression)],
        at: EvaluationPlace,
    ) -> Result<Option<Vec<EvaluationResult>>, OpError> {
        let mut values = Vec::with_capacity(expressions.len());
        for (_, expression) in expressions {
            match self.value_of(expression, at) {
                Ok(value) => values.push(value),
                Err(EvaluationStop::Absent) => return Ok(None),
                Err(EvaluationStop::Wrong(why) | EvaluationStop::Limit(why)) => {
                    return Err(OpError::new(at.own, Reason::expression(expression.source(), why)));
                }
            }
        }
        Ok(Some(values))
    }

    /// Where every value is a text, an expression that cannot be computed of the texts is computed of what they spell.
    fn value_of(
        &mut self,
        expression: &'a Expression,
        at: EvaluationPlace,
    ) -> Result<EvaluationResult, EvaluationStop> {
        let value = expression.evaluate(&mut self.tree, at, &mut self.steps);
        if !self.texts || !matches!(value, Err(EvaluationStop::Wrong(_))) {
            return value;
        }
        let own = self.spelled(at.own);
        let resource = if at.resource == at.own { own } else { self.spelled(at.resource) };
        expression.evaluate(&mut self.tree, EvaluationPlace { own, resource }, &mut self.steps).or(value)
    }

    fn spelled(&mut self, id: TreeNodeId) -> TreeNodeId {
        let scalars = spelled(&self.tree.text(id));
        scalars.map_or(id, |scalars| self.tree.add(Cow::Owned(scalars)))
    }

    /// Refuses what the way back would not give again. It is tried on a copy.
    fn check_return(
        &mut self,
        op: &'a ExpressionOp,
        at: EvaluationPlace,
        values: &[EvaluationResult],
    ) -> Result<(), OpError> {
        let copy = self.tree.duplicate(at.own);
        let written = values.iter().map(|value| match value {
            EvaluationResult::Node(id) => self.tree.duplicate(*id),
            EvaluationResult::Made(json) => self.tree.add(Cow::Owned(json.clone())),
        });
        let written = written.collect();
        let collisions = self.collisions;
        self.exchange(op, copy, written)?;
        self.collisions = collisions;
        for (pointer, expression) in &op.check {
            let there = EvaluationPlace { own: copy, ..at };
            let again = match self.value_of(expression, there) {
                Ok(EvaluationResult::Node(id)) => Some(self.tree.text(id).into_owned()),
                Ok(EvaluationResult::Made(json)) => Some(json),
                Err(EvaluationStop::Absent) => None,
                Err(EvaluationStop::Wrong(why) | EvaluationStop::Limit(why)) => {
                    return Err(OpError::new(at.own, Reason::expression(expression.source(), why)));
                }
            };
            let source = self.tree.find(at.own, pointer).pop();
            let same = match (source, again) {
                (Some(id), Some(again)) => self.is_value(id, &again),
                (source, again) => source.is_none() && again.is_none(),
            };
            if !same {
                return Err(OpError::new(source.unwrap_or(at.own), Reason::Irreversible));
            }
        }
        Ok(())
    }

    /// Writes the values in the place of what they replace.
    fn exchange(&mut self, op: &'a ExpressionOp, node: TreeNodeId, values: Vec<TreeNodeId>) -> Result<(), OpError> {
        let kept = |pointer: &Pointer| op.writes.iter().any(|(to, _)| to == pointer);
        let sources: Vec<TreeNodeId> =
            op.takes.iter().filter(|from| !kept(from)).flat_map(|from| self.tree.find(node, from)).collect();
        self.take(node, &sources, op.writes.iter().map(|(to, _)| to))?;
        for ((to, _), value) in op.writes.iter().zip(values) {
            let replaced = if op.takes.contains(to) { self.tree.find(node, to) } else { FoundNodes::new() };
            match replaced.split_last() {
                // It keeps its place.
                Some((last, others)) => {
                    others.iter().for_each(|id| self.tree.kill(*id));
                    if self.tree.text(*last) != self.tree.text(value) {
                        self.tree.put(*last, value);
                    }
                }
                None => self.write(node, to, value, op.collision)?,
            }
        }
        self.prune(node, &sources);
        Ok(())
    }
}
