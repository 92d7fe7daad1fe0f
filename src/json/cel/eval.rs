//! Computes an expression on a document.

use std::rc::Rc;

use super::super::equal::{self, ValueType};
use super::super::evaluation::{EvaluationPlace, EvaluationStop};
use super::super::tree::{Tree, TreeNodeId};
use super::expr::{BinaryOp, ElementLoop, ExprNode, ExprPath, LoopKind, PathRoot};
use super::value::{ExprValue, MAX_MADE, fits};

/// One computation.
pub(super) struct Evaluation<'r, 'a> {
    pub(super) tree: &'r mut Tree<'a>,
    pub(super) own: TreeNodeId,
    pub(super) resource: TreeNodeId,
    /// How many more steps it may take.
    pub(super) steps: &'r mut u64,
    /// The values of the macros' variables.
    pub(super) variables: Vec<ExprValue>,
    /// How many bytes all that was made takes.
    made: usize,
}

/// How many bytes are read or written in one step.
const STEP_BYTES: usize = 16;

pub(super) type Evaluated = Result<ExprValue, EvaluationStop>;

// === impl Evaluation ===

impl<'r, 'a> Evaluation<'r, 'a> {
    pub(super) fn new(tree: &'r mut Tree<'a>, place: EvaluationPlace, steps: &'r mut u64) -> Self {
        Self { tree, own: place.own, resource: place.resource, steps, variables: Vec::new(), made: 0 }
    }

    pub(super) fn value(&mut self, expr: &ExprNode) -> Evaluated {
        self.spend(0)?;
        Ok(match expr {
            ExprNode::Null => ExprValue::Null,
            ExprNode::Bool(value) => ExprValue::Bool(*value),
            ExprNode::Number(number) => ExprValue::Number(*number),
            ExprNode::Text(text) => ExprValue::Text((**text).into()),
            ExprNode::Path(path) => return self.path(path),
            ExprNode::Variable(slot) => return self.variables.get(*slot).cloned().ok_or(EvaluationStop::Absent),
            ExprNode::Select(object, name) => {
                let object = self.value(object)?;
                return self.member(&object, name);
            }
            ExprNode::Has(object, name) => match self.value(object).and_then(|object| self.member(&object, name)) {
                Ok(_) => ExprValue::Bool(true),
                Err(EvaluationStop::Absent) => ExprValue::Bool(false),
                Err(stop) => return Err(stop),
            },
            ExprNode::Index(value, at) => return self.index(value, at),
            ExprNode::List(elements) => {
                let elements = elements.iter().map(|each| self.value(each)).collect::<Result<_, _>>()?;
                return self.list(elements);
            }
            ExprNode::Map(entries) => return self.map(entries),
            ExprNode::Not(inner) => ExprValue::Bool(!self.boolean(inner)?),
            ExprNode::Negate(inner) => {
                let inner = self.value(inner)?;
                ExprValue::Number(self.number(&inner)?.negate())
            }
            ExprNode::Conditional(parts) => {
                let chosen = if self.boolean(&parts[0])? { &parts[1] } else { &parts[2] };
                return self.value(chosen);
            }
            ExprNode::Binary(op @ (BinaryOp::And | BinaryOp::Or), sides) => {
                return self.logic(*op == BinaryOp::Or, sides);
            }
            ExprNode::Binary(op, sides) => {
                let (left, right) = (self.value(&sides[0])?, self.value(&sides[1])?);
                return self.binary(*op, &left, &right);
            }
            ExprNode::Loop(own) => return self.run_macro(own),
            ExprNode::Call(function, arguments) => {
                let arguments = arguments.iter().map(|each| self.value(each)).collect::<Result<Vec<_>, _>>()?;
                return self.call(function, &arguments);
            }
        })
    }

    /// A step, and one more for every so many bytes.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), EvaluationStop> {
        let steps = 1 + (bytes / STEP_BYTES) as u64;
        *self.steps = self.steps.checked_sub(steps).ok_or(EvaluationStop::Limit("it takes too many steps"))?;
        Ok(())
    }

    fn path(&mut self, path: &ExprPath) -> Evaluated {
        let mut at = if path.root == PathRoot::Own { self.own } else { self.resource };
        for name in &path.tokens {
            at = self.member_of(at, name)?;
        }
        Ok(ExprValue::Node(at))
    }

    /// Of duplicates the last.
    fn member_of(&mut self, object: TreeNodeId, name: &str) -> Result<TreeNodeId, EvaluationStop> {
        if self.tree.kind(object) != ValueType::Object {
            return Err(EvaluationStop::Absent);
        }
        let members = self.tree.len(object);
        self.spend(members)?;
        let found = self.tree.members(object, name).pop();
        found.ok_or(EvaluationStop::Absent)
    }

    fn member(&mut self, object: &ExprValue, name: &str) -> Evaluated {
        match object {
            ExprValue::Node(id) => self.member_of(*id, name).map(ExprValue::Node),
            ExprValue::Map(entries) => {
                let found = entries.iter().find(|(key, _)| **key == *name).map(|(_, value)| value.clone());
                found.ok_or(EvaluationStop::Absent)
            }
            _ => Err(EvaluationStop::Absent),
        }
    }

    fn index(&mut self, value: &ExprNode, at: &ExprNode) -> Evaluated {
        let (value, at) = (self.value(value)?, self.value(at)?);
        match (self.kind(&value), self.kind(&at)) {
            (ValueType::Object, ValueType::Text) => {
                let name = self.text(&at)?;
                self.member(&value, &name)
            }
            (ValueType::List, ValueType::Number) => {
                let at = self.number(&at)?.to_integer().ok_or(EvaluationStop::Wrong("an index is an integer"))?;
                let at = usize::try_from(at).map_err(|_| EvaluationStop::Wrong("an index is not negative"))?;
                let elements = self.elements(&value)?;
                let element = elements.into_iter().nth(at);
                element.ok_or(match value {
                    ExprValue::Node(_) => EvaluationStop::Absent,
                    // What is absent from a document may be, what is missing from a result is not foreseen.
                    _ => EvaluationStop::Wrong("an index past the end of a computed array"),
                })
            }
            (ValueType::Object | ValueType::List, _) => {
                Err(EvaluationStop::Wrong("the index of an array is a number, and that of an object a string"))
            }
            _ => Err(EvaluationStop::Absent),
        }
    }

    fn map(&mut self, entries: &[(ExprNode, ExprNode)]) -> Evaluated {
        let mut made: Vec<(Rc<str>, ExprValue)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let key = self.value(key)?;
            let key = self.text(&key)?;
            if made.iter().any(|(known, _)| *known == key) {
                return Err(EvaluationStop::Wrong("an object with the same key twice"));
            }
            made.push((key, self.value(value)?));
        }
        self.keep(made.len() * size_of::<(Rc<str>, ExprValue)>())?;
        Ok(ExprValue::Map(made.into()))
    }

    fn boolean(&mut self, expr: &ExprNode) -> Result<bool, EvaluationStop> {
        let value = self.value(expr)?;
        self.is_true(&value)
    }

    /// The other side may settle it where one side has no value: `false && x` is `false`, whatever `x` is.
    fn logic(&mut self, settled: bool, sides: &[ExprNode; 2]) -> Evaluated {
        let left = self.boolean(&sides[0]);
        if matches!(left, Err(EvaluationStop::Limit(_))) || left == Ok(settled) {
            return left.map(ExprValue::Bool);
        }
        match self.boolean(&sides[1]) {
            Ok(right) if right == settled => Ok(ExprValue::Bool(settled)),
            Err(limit @ EvaluationStop::Limit(_)) => Err(limit),
            right => left.and(right).map(ExprValue::Bool),
        }
    }

    fn binary(&mut self, op: BinaryOp, left: &ExprValue, right: &ExprValue) -> Evaluated {
        let numbers = |own: &mut Self| Ok((own.number(left)?, own.number(right)?));
        Ok(match op {
            BinaryOp::Equal => ExprValue::Bool(self.equal(left, right)?),
            BinaryOp::NotEqual => ExprValue::Bool(!self.equal(left, right)?),
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
                let order = match (self.kind(left), self.kind(right)) {
                    (ValueType::Text, ValueType::Text) => self.text(left)?.cmp(&self.text(right)?),
                    (ValueType::Number, ValueType::Number) => self.number(left)?.cmp(&self.number(right)?),
                    _ => {
                        return Err(EvaluationStop::Wrong(
                            "an order of values that are neither two numbers nor two strings",
                        ));
                    }
                };
                ExprValue::Bool(match op {
                    BinaryOp::Less => order.is_lt(),
                    BinaryOp::LessEqual => order.is_le(),
                    BinaryOp::Greater => order.is_gt(),
                    _ => order.is_ge(),
                })
            }
            BinaryOp::In => ExprValue::Bool(self.is_in(left, right)?),
            BinaryOp::Add => return self.add(left, right),
            BinaryOp::Divide | BinaryOp::Remainder => {
                let (left, right) = numbers(self)?;
                if right.is_zero() {
                    return Err(EvaluationStop::Wrong("a division by zero"));
                }
                let (result, wrong) = match op {
                    BinaryOp::Divide => (left.divide(right), "a quotient that is not exact, or too long"),
                    _ => (left.remainder(right), "a remainder of numbers that are not integers, or too long"),
                };
                ExprValue::Number(result.ok_or(EvaluationStop::Wrong(wrong))?)
            }
            BinaryOp::Subtract | BinaryOp::Multiply => {
                let (left, right) = numbers(self)?;
                let result = if op == BinaryOp::Multiply { left.multiply(right) } else { left.add(right.negate()) };
                ExprValue::Number(result.ok_or(TOO_LONG)?)
            }
            BinaryOp::And | BinaryOp::Or => return Err(EvaluationStop::Absent),
        })
    }

    fn add(&mut self, left: &ExprValue, right: &ExprValue) -> Evaluated {
        match (self.kind(left), self.kind(right)) {
            (ValueType::Number, ValueType::Number) => {
                let sum = self.number(left)?.add(self.number(right)?);
                sum.map(ExprValue::Number).ok_or(TOO_LONG)
            }
            (ValueType::Text, ValueType::Text) => {
                let (left, right) = (self.text(left)?, self.text(right)?);
                fits(left.len() + right.len())?;
                self.new_text([&*left, &*right].concat())
            }
            (ValueType::List, ValueType::List) => {
                let mut both = self.elements(left)?;
                both.extend(self.elements(right)?);
                self.list(both)
            }
            _ => Err(EvaluationStop::Wrong("`+` takes two numbers, two strings or two arrays")),
        }
    }

    /// A string that was made, as what it is.
    pub(super) fn new_text(&mut self, text: String) -> Evaluated {
        fits(text.len())?;
        self.spend(text.len())?;
        self.keep(text.len())?;
        Ok(ExprValue::Text(text.into()))
    }

    /// An array that was made.
    pub(super) fn list(&mut self, elements: Vec<ExprValue>) -> Evaluated {
        fits(elements.len())?;
        self.spend(elements.len())?;
        self.keep(elements.len() * size_of::<ExprValue>())?;
        Ok(ExprValue::List(elements.into()))
    }

    /// What is made may all be needed until the end, so all of it counts.
    pub(super) fn keep(&mut self, bytes: usize) -> Result<(), EvaluationStop> {
        self.made = self.made.saturating_add(bytes);
        if self.made <= MAX_MADE { Ok(()) } else { Err(EvaluationStop::Limit("it makes values of more than 16 MiB")) }
    }

    fn equal(&mut self, left: &ExprValue, right: &ExprValue) -> Result<bool, EvaluationStop> {
        if self.kind(left) != self.kind(right) {
            return Ok(false);
        }
        if let (ExprValue::Text(left), ExprValue::Text(right)) = (left, right) {
            return Ok(left == right);
        }
        let sides = (self.json(left)?, self.json(right)?);
        Ok(equal::equal(&sides.0, &sides.1))
    }

    fn is_in(&mut self, value: &ExprValue, container: &ExprValue) -> Result<bool, EvaluationStop> {
        match self.kind(container) {
            ValueType::List => {
                for element in self.elements(container)? {
                    if self.equal(value, &element)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            ValueType::Object if self.kind(value) == ValueType::Text => {
                let name = self.text(value)?;
                Ok(self.member(container, &name).is_ok())
            }
            ValueType::Object => Ok(false),
            _ => Err(EvaluationStop::Wrong("`in` takes an array or an object on its right")),
        }
    }

    fn run_macro(&mut self, own: &ElementLoop) -> Evaluated {
        let range = self.value(&own.range)?;
        let elements = match self.kind(&range) {
            ValueType::Object => self.keys(&range)?,
            _ => self.elements(&range)?,
        };
        let (mut hits, mut made, mut pending) = (0_usize, Vec::new(), None);
        for element in elements {
            self.spend(0)?;
            self.variables.truncate(own.slot);
            self.variables.push(element.clone());
            if let Some(filter) = &own.filter
                && !self.boolean(filter)?
            {
                continue;
            }
            match (own.kind, own.kind.tests()) {
                (_, false) => {
                    self.keep(size_of::<ExprValue>())?;
                    made.push(self.value(&own.body)?);
                }
                (LoopKind::All | LoopKind::Exists, _) => match self.boolean(&own.body) {
                    Ok(holds) if holds == (own.kind == LoopKind::Exists) => {
                        self.variables.truncate(own.slot);
                        return Ok(ExprValue::Bool(holds));
                    }
                    Ok(_) => {}
                    Err(limit @ EvaluationStop::Limit(_)) => return Err(limit),
                    Err(stop) => pending = pending.or(Some(stop)),
                },
                _ => {
                    if self.boolean(&own.body)? {
                        hits += 1;
                        made.push(element);
                    }
                }
            }
        }
        self.variables.truncate(own.slot);
        match (own.kind, pending) {
            (_, Some(stop)) => Err(stop),
            (LoopKind::All, None) => Ok(ExprValue::Bool(true)),
            (LoopKind::Exists, None) => Ok(ExprValue::Bool(false)),
            (LoopKind::ExistsOne, None) => Ok(ExprValue::Bool(hits == 1)),
            (LoopKind::Filter | LoopKind::Map, None) => self.list(made),
        }
    }
}

pub(super) const TOO_LONG: EvaluationStop = EvaluationStop::Wrong("a number that is too long to compute with exactly");
