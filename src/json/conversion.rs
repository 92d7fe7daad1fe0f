//! The same value in another form.

use std::borrow::Cow;

use super::equal::ValueType;
use super::replacement::Replacement;
use super::scaling::Scaling;
use super::time_format::TimeFormat;
use super::{JsonType, MigrateOptions, decimal, number, scan, text};

/// A change of form. What the other form cannot hold is an error; `null` stays `null`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Conversion {
    /// `1.10` to `"1.10"`.
    NumberToString,
    /// `"1.10"` to `1.10`; the string must be a JSON number.
    StringToNumber,
    /// `1234` to `"12.34"` with scale 2.
    IntegerToDecimal {
        /// Digits after the point.
        scale: u32,
    },
    /// `"12.34"` to `1234` with scale 2.
    DecimalToInteger {
        /// Digits after the point.
        scale: u32,
    },
    /// A time in one format to the same time in another: `1704067200` to `"2024-01-01T00:00:00Z"`.
    Time {
        /// The format now.
        from: TimeFormat,
        /// The format then.
        to: TimeFormat,
    },
    /// `{"a":1}` to `"{\"a\":1}"`: a value to a string that contains it as JSON.
    JsonToString,
    /// The way back; the string must be JSON, and not `null`.
    StringToJson,
    /// A string with another beginning, end, or pattern.
    Replace(Replacement),
    /// A number times a constant.
    Scale(Scaling),
}

/// How deep JSON in a string may be.
const INNER_DEPTH: usize = 256;

// === impl Conversion ===

impl Conversion {
    /// The JSON text of the other form, when the value has this one.
    pub(super) fn apply(&self, kind: ValueType, value: &[u8]) -> Option<Vec<u8>> {
        match (self, kind) {
            (Self::JsonToString, _) => std::str::from_utf8(value).ok().map(text::quote),
            (_, ValueType::Text) => self.of_string(&text::unescape(text::inner(value))),
            (_, ValueType::Number) => self.of_number(value),
            _ => None,
        }
    }

    fn of_number(&self, value: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::NumberToString => Some(quoted(value)),
            Self::IntegerToDecimal { scale } => decimal::integer_to_decimal(value, *scale as usize).map(|d| quoted(&d)),
            Self::Time { from, to } if from.is_number() => time(value, from, to),
            Self::Scale(scaling) if !scaling.is_text() => scaling.apply(value),
            _ => None,
        }
    }

    fn of_string(&self, plain: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::StringToNumber => number::is_number(plain).then(|| plain.to_vec()),
            Self::DecimalToInteger { scale } => decimal::decimal_to_integer(plain, *scale as usize),
            Self::Time { from, to } if !from.is_number() => time(plain, from, to),
            Self::StringToJson => json_in(plain),
            Self::Scale(scaling) if scaling.is_text() => scaling.apply(plain).map(|result| quoted(&result)),
            Self::Replace(replacement) => {
                std::str::from_utf8(plain).ok().and_then(|plain| replacement.apply(plain)).map(|new| text::quote(&new))
            }
            _ => None,
        }
    }

    /// The type of the other form; `None` where it may be any.
    pub(super) const fn leaves(&self) -> Option<JsonType> {
        match self {
            Self::NumberToString | Self::IntegerToDecimal { .. } | Self::JsonToString | Self::Replace(_) => {
                Some(JsonType::String)
            }
            Self::StringToNumber | Self::DecimalToInteger { .. } => Some(JsonType::Number),
            Self::Time { to, .. } if to.is_number() => Some(JsonType::Number),
            Self::Time { .. } => Some(JsonType::String),
            Self::Scale(scaling) if scaling.is_text() => Some(JsonType::String),
            Self::Scale(_) => Some(JsonType::Number),
            Self::StringToJson => None,
        }
    }

    /// The type of the values that it converts; `None` for any.
    pub(super) const fn takes(&self) -> Option<JsonType> {
        match self {
            Self::NumberToString | Self::IntegerToDecimal { .. } => Some(JsonType::Number),
            Self::Time { from, .. } if from.is_number() => Some(JsonType::Number),
            Self::Scale(scaling) if !scaling.is_text() => Some(JsonType::Number),
            Self::JsonToString => None,
            _ => Some(JsonType::String),
        }
    }

    /// What is wanted in the place of a value that has no other form.
    pub(super) fn wanted(&self, kind: ValueType, value: &[u8]) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::NumberToString => "a number",
            Self::StringToNumber => "a string that is a number",
            Self::IntegerToDecimal { .. } => "an integer without fraction and exponent",
            Self::DecimalToInteger { scale: 0 } => "a string that is an integer",
            Self::DecimalToInteger { scale } => {
                return format!("a string that is a decimal of at most {scale} digits after the point").into();
            }
            Self::Time { from, to } => return from.wanted(to),
            Self::JsonToString => "a value whose strings are UTF-8",
            Self::StringToJson => "a string that contains JSON of at most 256 levels, and not `null`",
            Self::Replace(replacement) => replacement.wanted(),
            Self::Scale(scaling) => {
                return match kind {
                    ValueType::Text if scaling.is_text() => scaling.wanted(&text::unescape(text::inner(value))),
                    ValueType::Number if !scaling.is_text() => scaling.wanted(value),
                    _ if scaling.is_text() => "a string with a decimal".into(),
                    _ => "a number".into(),
                };
            }
        })
    }

    /// In words.
    pub(super) fn forms(&self) -> String {
        match self {
            Self::NumberToString => "from number to string".to_owned(),
            Self::StringToNumber => "from string to number".to_owned(),
            Self::IntegerToDecimal { scale } => format!("from integer to decimal, scale {scale}"),
            Self::DecimalToInteger { scale } => format!("from decimal to integer, scale {scale}"),
            Self::Time { from, to } => format!("from {from} to {to}"),
            Self::JsonToString => "from json to json-text".to_owned(),
            Self::StringToJson => "from json-text to json".to_owned(),
            Self::Replace(replacement) => replacement.to_string(),
            Self::Scale(scaling) => scaling.to_string(),
        }
    }
}

fn time(value: &[u8], from: &TimeFormat, to: &TimeFormat) -> Option<Vec<u8>> {
    let text = from.convert(value, to)?;
    Some(if to.is_number() { text.into_bytes() } else { text::quote(&text) })
}

/// The JSON that a string contains, without the white space around it. `null` would not come back as the string that it
/// was.
fn json_in(plain: &[u8]) -> Option<Vec<u8>> {
    std::str::from_utf8(plain).ok()?;
    let (start, end) = scan::check(plain, &MigrateOptions::default().with_max_depth(INNER_DEPTH)).ok()?;
    let value = &plain[start..end];
    (value != b"null").then(|| value.to_vec())
}

/// In quotes, of what needs no escapes.
fn quoted(plain: &[u8]) -> Vec<u8> {
    [b"\"", plain, b"\""].concat()
}
