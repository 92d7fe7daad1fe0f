//! Reads values, whether they are in the document or were computed.

use std::collections::HashSet;
use std::rc::Rc;

use super::super::equal::ValueType;
use super::super::evaluation::EvaluationStop;
use super::super::text;
use super::decimal::Decimal;
use super::eval::{Evaluation, TOO_LONG};
use super::value::{ExprValue, fits};

// === impl Evaluation ===

impl Evaluation<'_, '_> {
    pub(super) fn kind(&self, value: &ExprValue) -> ValueType {
        match value {
            ExprValue::Null => ValueType::Null,
            ExprValue::Bool(_) => ValueType::Boolean,
            ExprValue::Number(_) => ValueType::Number,
            ExprValue::Text(_) => ValueType::Text,
            ExprValue::List(_) => ValueType::List,
            ExprValue::Map(_) => ValueType::Object,
            ExprValue::Node(id) => self.tree.kind(*id),
        }
    }

    pub(super) fn is_true(&self, value: &ExprValue) -> Result<bool, EvaluationStop> {
        match value {
            ExprValue::Bool(value) => Ok(*value),
            ExprValue::Node(id) if self.tree.kind(*id) == ValueType::Boolean => Ok(*self.tree.text(*id) == *b"true"),
            _ => Err(EvaluationStop::Wrong("a condition that is not a boolean")),
        }
    }

    pub(super) fn number(&self, value: &ExprValue) -> Result<Decimal, EvaluationStop> {
        match value {
            ExprValue::Number(number) => Ok(*number),
            ExprValue::Node(id) if self.tree.kind(*id) == ValueType::Number => {
                Decimal::parse(&self.tree.text(*id)).ok_or(TOO_LONG)
            }
            _ => Err(EvaluationStop::Wrong("a value that is not a number where one is needed")),
        }
    }

    pub(super) fn text(&mut self, value: &ExprValue) -> Result<Rc<str>, EvaluationStop> {
        let text = match value {
            ExprValue::Text(text) => return Ok(Rc::clone(text)),
            ExprValue::Node(id) if self.tree.kind(*id) == ValueType::Text => {
                let quoted = self.tree.text(*id);
                let plain = text::unescape(text::inner(&quoted));
                std::str::from_utf8(&plain).map(Rc::from)
            }
            _ => return Err(EvaluationStop::Wrong("a value that is not a string where one is needed")),
        };
        let text: Rc<str> = text.map_err(|_| EvaluationStop::Wrong("a string that is not valid Unicode"))?;
        self.spend(text.len())?;
        Ok(text)
    }

    pub(super) fn elements(&mut self, value: &ExprValue) -> Result<Vec<ExprValue>, EvaluationStop> {
        let elements = match value {
            ExprValue::List(list) => list.to_vec(),
            ExprValue::Node(id) if self.tree.kind(*id) == ValueType::List => {
                self.tree.children(*id).into_iter().map(ExprValue::Node).collect()
            }
            _ => return Err(EvaluationStop::Wrong("a value that is not an array where one is needed")),
        };
        self.spend(elements.len())?;
        Ok(elements)
    }

    /// Each once.
    pub(super) fn keys(&mut self, value: &ExprValue) -> Result<Vec<ExprValue>, EvaluationStop> {
        let mut keys = Vec::new();
        match value {
            ExprValue::Map(entries) => keys.extend(entries.iter().map(|(key, _)| ExprValue::Text(Rc::clone(key)))),
            ExprValue::Node(id) if self.tree.kind(*id) == ValueType::Object => {
                let mut seen = HashSet::new();
                for (key, _) in self.tree.entries(*id) {
                    let plain = text::unescape(text::inner(&key)).into_owned();
                    let plain = String::from_utf8(plain)
                        .map_err(|_| EvaluationStop::Wrong("a member name that is not valid Unicode"))?;
                    self.spend(plain.len())?;
                    if seen.insert(plain.clone()) {
                        keys.push(self.new_text(plain)?);
                    }
                }
            }
            _ => return Err(EvaluationStop::Wrong("a value that is not an object where one is needed")),
        }
        Ok(keys)
    }

    /// The JSON text of a value. One that was made may be of many values of the document, each many times, so it is
    /// bounded while it is written.
    pub(super) fn json(&mut self, value: &ExprValue) -> Result<Vec<u8>, EvaluationStop> {
        if let ExprValue::Node(id) = value {
            let text = self.tree.text(*id).into_owned();
            self.spend(text.len())?;
            return Ok(text);
        }
        let mut written = Vec::new();
        self.write(value, &mut written)?;
        Ok(written)
    }

    fn write(&mut self, value: &ExprValue, out: &mut Vec<u8>) -> Result<(), EvaluationStop> {
        let before = out.len();
        match value {
            ExprValue::Null => out.extend_from_slice(b"null"),
            ExprValue::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
            ExprValue::Number(number) => out.extend_from_slice(number.spell().as_bytes()),
            ExprValue::Text(plain) => out.extend_from_slice(&text::quote(plain)),
            ExprValue::Node(id) => out.extend_from_slice(&self.tree.text(*id)),
            ExprValue::List(list) => {
                out.push(b'[');
                for (index, element) in list.iter().enumerate() {
                    out.extend_from_slice(if index > 0 { b"," } else { b"" });
                    self.write(element, out)?;
                }
                out.push(b']');
            }
            ExprValue::Map(entries) => {
                out.push(b'{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    out.extend_from_slice(if index > 0 { b"," } else { b"" });
                    out.extend_from_slice(&text::quote(key));
                    out.push(b':');
                    self.write(value, out)?;
                }
                out.push(b'}');
            }
        }
        fits(out.len())?;
        self.spend(out.len() - before)
    }
}
