//! Calls of functions.

use super::super::equal::ValueType;
use super::super::evaluation::EvaluationStop;
use super::super::number;
use super::decimal::Decimal;
use super::eval::{Evaluated, Evaluation, TOO_LONG};
use super::functions::{CelFunction, TextResult};
use super::value::{ExprValue, fits};

// === impl Evaluation ===

impl Evaluation<'_, '_> {
    pub(super) fn call(&mut self, function: &CelFunction, arguments: &[ExprValue]) -> Evaluated {
        let [first, rest @ ..] = arguments else { return Err(EvaluationStop::Absent) };
        match function {
            CelFunction::Size => {
                let size = match self.kind(first) {
                    ValueType::Text => self.text(first)?.chars().count(),
                    ValueType::List => self.elements(first)?.len(),
                    ValueType::Object => self.keys(first)?.len(),
                    _ => return Err(EvaluationStop::Wrong("`size` takes a string, an array or an object")),
                };
                self.spend(size)?;
                Ok(ExprValue::Number(Decimal::from_len(size)))
            }
            CelFunction::String => match self.kind(first) {
                ValueType::Text => Ok(first.clone()),
                ValueType::Number | ValueType::Boolean => {
                    let spelled = self.json(first)?;
                    self.new_text(String::from_utf8_lossy(&spelled).into_owned())
                }
                _ => Err(EvaluationStop::Wrong("`string` takes a string, a number or a boolean")),
            },
            CelFunction::Int | CelFunction::Double => {
                let number = match self.kind(first) {
                    ValueType::Text => {
                        let text = self.text(first)?;
                        if !number::is_number(text.as_bytes()) {
                            return Err(EvaluationStop::Wrong("a string that is not a number"));
                        }
                        Decimal::parse(text.as_bytes()).ok_or(TOO_LONG)?
                    }
                    _ => self.number(first)?,
                };
                let whole = number.truncate();
                match function {
                    CelFunction::Int if self.kind(first) == ValueType::Text && whole != number => {
                        Err(EvaluationStop::Wrong("a string that is not an integer"))
                    }
                    CelFunction::Int => Ok(ExprValue::Number(whole)),
                    _ => Ok(ExprValue::Number(number)),
                }
            }
            CelFunction::Substring => self.substring(first, rest),
            CelFunction::Join => self.join(first, rest),
            _ => {
                let texts = arguments.iter().map(|each| self.text(each)).collect::<Result<Vec<_>, _>>()?;
                let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
                self.spend(texts.iter().map(|text| text.len()).sum())?;
                match function.of_texts(&texts)? {
                    TextResult::Value(value) => Ok(value),
                    TextResult::Text(text) => self.new_text(text),
                    TextResult::Texts(texts) => {
                        let texts = texts.into_iter().map(|text| self.new_text(text)).collect::<Result<_, _>>()?;
                        self.list(texts)
                    }
                }
            }
        }
    }

    fn substring(&mut self, value: &ExprValue, bounds: &[ExprValue]) -> Evaluated {
        let text = self.text(value)?;
        let count = text.chars().count();
        self.spend(text.len())?;
        let mut ends = [0, count];
        for (end, bound) in ends.iter_mut().zip(bounds) {
            let bound = self.number(bound)?.to_integer().and_then(|bound| usize::try_from(bound).ok());
            *end = bound
                .filter(|bound| *bound <= count)
                .ok_or(EvaluationStop::Wrong("`substring` beyond the end of the string"))?;
        }
        let [start, end] = ends;
        let len = end.checked_sub(start).ok_or(EvaluationStop::Wrong("`substring` ends before it starts"))?;
        self.new_text(text.chars().skip(start).take(len).collect())
    }

    fn join(&mut self, list: &ExprValue, separator: &[ExprValue]) -> Evaluated {
        let separator = separator.first().map_or_else(|| Ok("".into()), |separator| self.text(separator))?;
        let mut joined = String::new();
        for (index, element) in self.elements(list)?.iter().enumerate() {
            let element = self.text(element)?;
            let between = if index > 0 { &*separator } else { "" };
            fits(joined.len() + between.len() + element.len())?;
            self.spend(between.len() + element.len())?;
            joined.push_str(between);
            joined.push_str(&element);
        }
        self.new_text(joined)
    }
}
