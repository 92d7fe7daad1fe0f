//! The values that rules compute with, by the conversions of JSONLogic, which are those of JavaScript.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use crate::flags::context::AttributeValue;

/// A value within an evaluation.
#[derive(Clone, Debug)]
pub(in crate::flags) enum Operand<'a> {
    Null,
    Bool(bool),
    Number(f64),
    String(Cow<'a, str>),
    /// An array or object of the definitions or of the context.
    Json(&'a Value),
    /// An array that an op made.
    Array(Vec<Operand<'a>>),
    /// The whole context.
    Context,
}

impl<'a> Operand<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::String(text.into())
    }

    pub(super) fn truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::String(text) => !text.is_empty(),
            Self::Json(Value::Array(items)) => !items.is_empty(),
            Self::Array(items) => !items.is_empty(),
            Self::Json(_) | Self::Context => true,
        }
    }

    /// Whether the value is missing for JSONLogic: null or the empty string.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Null) || matches!(self, Self::String(text) if text.is_empty())
    }

    pub(super) fn number(&self) -> f64 {
        match self {
            Self::Null => 0.0,
            Self::Bool(value) => f64::from(u8::from(*value)),
            Self::Number(number) => *number,
            Self::String(text) if text.trim().is_empty() => 0.0,
            Self::String(text) => text.trim().parse().unwrap_or(f64::NAN),
            Self::Json(_) | Self::Array(_) | Self::Context => f64::NAN,
        }
    }

    /// The items of an array; no items for another value.
    pub(super) fn items(self) -> Vec<Operand<'a>> {
        match self {
            Self::Json(Value::Array(items)) => items.iter().map(Self::from).collect(),
            Self::Array(items) => items,
            _ => Vec::new(),
        }
    }

    pub(super) fn is_array(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Json(Value::Array(_)))
    }

    /// The member or the item `name`; null where there is none.
    pub(super) fn get(&self, name: &str) -> Self {
        match self {
            Self::Json(Value::Object(object)) => object.get(name).map_or(Self::Null, Self::from),
            Self::Json(Value::Array(items)) => {
                name.parse().ok().and_then(|index: usize| items.get(index)).map_or(Self::Null, Self::from)
            }
            Self::Array(items) => {
                name.parse().ok().and_then(|index: usize| items.get(index)).cloned().unwrap_or(Self::Null)
            }
            _ => Self::Null,
        }
    }

    pub(super) fn strictly_equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Json(a), Self::Json(b)) => a == b,
            (a, b) if a.is_array() && b.is_array() => {
                let (a, b) = (a.clone().items(), b.clone().items());
                a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.strictly_equals(b))
            }
            _ => false,
        }
    }

    pub(super) fn loosely_equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Null, _) | (_, Self::Null) => false,
            (Self::String(_), Self::String(_)) => self.strictly_equals(other),
            (Self::Bool(_) | Self::Number(_) | Self::String(_), Self::Bool(_) | Self::Number(_) | Self::String(_)) => {
                self.number() == other.number()
            }
            _ => self.strictly_equals(other),
        }
    }

    /// Two strings by their characters, all else by number; `None` if one is no number.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::String(a), Self::String(b)) => Some(a.cmp(b)),
            _ => self.number().partial_cmp(&other.number()),
        }
    }

    /// The value as a string; null is the empty one.
    pub(super) fn into_text(self) -> Cow<'a, str> {
        match self {
            Self::Null | Self::Context | Self::Json(Value::Object(_)) => Cow::Borrowed(""),
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::String(text) => text,
            Self::Json(_) | Self::Array(_) => {
                let texts: Vec<_> = self.items().into_iter().map(Self::into_text).collect();
                Cow::Owned(texts.join(","))
            }
        }
    }
}

impl<'a> From<&'a Value> for Operand<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            Value::String(text) => Self::String(Cow::Borrowed(text)),
            Value::Array(_) | Value::Object(_) => Self::Json(value),
        }
    }
}

impl<'a> From<&'a AttributeValue<'a>> for Operand<'a> {
    fn from(value: &'a AttributeValue<'a>) -> Self {
        match value {
            AttributeValue::Bool(value) => Self::Bool(*value),
            AttributeValue::Number(number) => Self::Number(*number),
            AttributeValue::String(text) => Self::String(Cow::Borrowed(text)),
            AttributeValue::Json(value) => Self::from(&**value),
        }
    }
}
