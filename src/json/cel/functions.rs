//! The functions of expressions. Texts are counted in code points.

use super::super::evaluation::EvaluationStop;
use super::types::ExprType;
use super::value::ExprValue;

/// A function, called as `f(x)` or `x.f()`.
#[derive(Clone, Debug)]
pub(super) enum CelFunction {
    Size,
    String,
    Int,
    Double,
    Contains,
    StartsWith,
    EndsWith,
    LowerAscii,
    UpperAscii,
    Trim,
    Replace,
    Substring,
    IndexOf,
    Split,
    Join,
}

/// Name, function, the types of its arguments, how many of them may be left out at the end, and what it gives.
type FunctionRow = (&'static str, CelFunction, &'static [&'static [ExprType]], usize, ExprType);

const TEXT: &[ExprType] = &[ExprType::Text];
const NUMBER: &[ExprType] = &[ExprType::Number];

const TABLE: [FunctionRow; 15] = [
    ("size", CelFunction::Size, &[&[ExprType::Text, ExprType::List, ExprType::Map]], 0, ExprType::Number),
    ("string", CelFunction::String, &[&[ExprType::Text, ExprType::Number, ExprType::Bool]], 0, ExprType::Text),
    ("int", CelFunction::Int, &[&[ExprType::Text, ExprType::Number]], 0, ExprType::Number),
    ("double", CelFunction::Double, &[&[ExprType::Text, ExprType::Number]], 0, ExprType::Number),
    ("contains", CelFunction::Contains, &[TEXT, TEXT], 0, ExprType::Bool),
    ("startsWith", CelFunction::StartsWith, &[TEXT, TEXT], 0, ExprType::Bool),
    ("endsWith", CelFunction::EndsWith, &[TEXT, TEXT], 0, ExprType::Bool),
    ("lowerAscii", CelFunction::LowerAscii, &[TEXT], 0, ExprType::Text),
    ("upperAscii", CelFunction::UpperAscii, &[TEXT], 0, ExprType::Text),
    ("trim", CelFunction::Trim, &[TEXT], 0, ExprType::Text),
    ("replace", CelFunction::Replace, &[TEXT, TEXT, TEXT], 0, ExprType::Text),
    ("substring", CelFunction::Substring, &[TEXT, NUMBER, NUMBER], 1, ExprType::Text),
    ("indexOf", CelFunction::IndexOf, &[TEXT, TEXT], 0, ExprType::Number),
    ("split", CelFunction::Split, &[TEXT, TEXT], 0, ExprType::List),
    ("join", CelFunction::Join, &[&[ExprType::List], TEXT], 1, ExprType::Text),
];

/// What a function of strings gives.
pub(super) enum TextResult {
    Value(ExprValue),
    Text(String),
    Texts(Vec<String>),
}

// === impl CelFunction ===

impl CelFunction {
    pub(super) fn named(name: &str) -> Option<Self> {
        TABLE.into_iter().find(|row| row.0 == name).map(|row| row.1)
    }

    pub(super) fn names() -> String {
        TABLE.iter().map(|row| format!("`{}`", row.0)).collect::<Vec<_>>().join(", ")
    }

    fn row(&self) -> FunctionRow {
        let same = |row: &FunctionRow| std::mem::discriminant(&row.1) == std::mem::discriminant(self);
        TABLE.into_iter().find(same).unwrap_or(TABLE[0].clone())
    }

    pub(super) fn gives(&self) -> ExprType {
        self.row().4
    }

    /// Whether these arguments can be right.
    pub(super) fn check(&self, arguments: &[ExprType]) -> Result<(), String> {
        let (name, _, types, optional, _) = self.row();
        let least = types.len() - optional;
        if !(least..=types.len()).contains(&arguments.len()) {
            let many = if optional == 0 { least.to_string() } else { format!("{least} or {}", types.len()) };
            return Err(format!(
                "`{name}` takes {many} arguments with the value before the dot, not {}",
                arguments.len()
            ));
        }
        for (argument, types) in arguments.iter().zip(types) {
            if !argument.may_be(types) {
                let wanted = types.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
                return Err(format!("`{name}` needs {wanted}, and this is {argument}"));
            }
        }
        Ok(())
    }

    /// The text functions whose arguments are texts alone.
    pub(super) fn of_texts(&self, texts: &[&str]) -> Result<TextResult, EvaluationStop> {
        let (first, second) = (texts.first().copied().unwrap_or(""), texts.get(1).copied().unwrap_or(""));
        Ok(match self {
            Self::Contains => TextResult::of_bool(first.contains(second)),
            Self::StartsWith => TextResult::of_bool(first.starts_with(second)),
            Self::EndsWith => TextResult::of_bool(first.ends_with(second)),
            Self::LowerAscii => TextResult::Text(first.to_ascii_lowercase()),
            Self::UpperAscii => TextResult::Text(first.to_ascii_uppercase()),
            Self::Trim => TextResult::Text(first.trim().to_owned()),
            Self::Replace => {
                let with = texts.get(2).copied().unwrap_or("");
                let hits = if second.is_empty() { first.len() + 1 } else { first.len() / second.len() };
                super::value::fits(first.len().saturating_add(hits.saturating_mul(with.len())))?;
                TextResult::Text(first.replace(second, with))
            }
            Self::IndexOf => {
                let at = first.find(second).map(|at| super::decimal::Decimal::from_len(first[..at].chars().count()));
                let at = at.unwrap_or_else(|| super::decimal::Decimal::from_len(1).negate());
                TextResult::Value(ExprValue::Number(at))
            }
            Self::Split if second.is_empty() => TextResult::Texts(first.chars().map(String::from).collect()),
            Self::Split => TextResult::Texts(first.split(second).map(str::to_owned).collect()),
            _ => return Err(EvaluationStop::Wrong("a function of strings was given something else")),
        })
    }
}

// === impl TextResult ===

impl TextResult {
    const fn of_bool(value: bool) -> Self {
        Self::Value(ExprValue::Bool(value))
    }
}
