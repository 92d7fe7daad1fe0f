//! For whom a flag is evaluated.

use std::borrow::Cow;

use serde_json::Value;
use smallvec::SmallVec;

/// For whom a flag is evaluated: a targeting key, which shares are counted by, and attributes, which rules look at.
///
/// ```
/// use sunward::flags::EvaluationContext;
///
/// let context = EvaluationContext::new().with_targeting_key("acme").with_attribute("plan", "gold").with_attribute("seats", 12);
/// assert_eq!(context.targeting_key(), Some("acme"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct EvaluationContext<'a> {
    targeting_key: Option<Cow<'a, str>>,
    attributes: SmallVec<[(Cow<'a, str>, AttributeValue<'a>); 8]>,
}

/// The value of an attribute of an [`EvaluationContext`], made with `from` or `into`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AttributeValue<'a> {
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    String(Cow<'a, str>),
    /// Any JSON value.
    Json(Cow<'a, Value>),
}

impl<'a> EvaluationContext<'a> {
    /// A context without a targeting key and without attributes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the key that shares are counted by: the same key is always in the same share. An empty key is none.
    #[must_use]
    pub fn with_targeting_key(mut self, key: impl Into<Cow<'a, str>>) -> Self {
        self.targeting_key = Some(key.into()).filter(|key| !key.is_empty());
        self
    }

    /// Sets the attribute `name`, also in the place of an earlier value. The name `targetingKey` sets the targeting key,
    /// if the value is a string.
    #[must_use]
    pub fn with_attribute(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<AttributeValue<'a>>) -> Self {
        let (name, value) = (name.into(), value.into());
        if name == "targetingKey" {
            return match value {
                AttributeValue::String(key) => self.with_targeting_key(key),
                AttributeValue::Json(Cow::Owned(Value::String(key))) => self.with_targeting_key(key),
                AttributeValue::Json(Cow::Borrowed(Value::String(key))) => self.with_targeting_key(key),
                _ => Self { targeting_key: None, ..self },
            };
        }
        match self.attributes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.attributes.push((name, value)),
        }
        self
    }

    /// The key that shares are counted by; `None` if it is missing or empty.
    #[must_use]
    pub fn targeting_key(&self) -> Option<&str> {
        self.targeting_key.as_deref()
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&AttributeValue<'a>> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl From<bool> for AttributeValue<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for AttributeValue<'_> {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<i32> for AttributeValue<'_> {
    fn from(value: i32) -> Self {
        Self::Number(value.into())
    }
}

impl<'a> From<&'a str> for AttributeValue<'a> {
    fn from(value: &'a str) -> Self {
        Self::String(value.into())
    }
}

impl From<String> for AttributeValue<'_> {
    fn from(value: String) -> Self {
        Self::String(value.into())
    }
}

impl<'a> From<Cow<'a, str>> for AttributeValue<'a> {
    fn from(value: Cow<'a, str>) -> Self {
        Self::String(value)
    }
}

impl From<Value> for AttributeValue<'_> {
    fn from(value: Value) -> Self {
        Self::Json(Cow::Owned(value))
    }
}

impl<'a> From<&'a Value> for AttributeValue<'a> {
    fn from(value: &'a Value) -> Self {
        Self::Json(Cow::Borrowed(value))
    }
}
