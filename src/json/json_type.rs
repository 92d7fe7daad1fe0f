//! The types of JSON values.

use super::equal::ValueType;
use super::number;

/// The type of a JSON value, as JSON Schema has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum JsonType {
    /// `null`.
    Null,
    /// `true` and `false`.
    Boolean,
    /// A number; an integer is one, too.
    Number,
    /// A number without a fraction, however it is spelled: `1`, `1.0`, `1e2`.
    Integer,
    /// A text.
    String,
    /// A list.
    Array,
    /// An object.
    Object,
}

// === impl JsonType ===

impl JsonType {
    /// All of them, with the words that JSON Schema has for them.
    pub const ALL: [(&'static str, Self); 7] = [
        ("null", Self::Null),
        ("boolean", Self::Boolean),
        ("number", Self::Number),
        ("integer", Self::Integer),
        ("string", Self::String),
        ("array", Self::Array),
        ("object", Self::Object),
    ];

    /// Whether every value of the other type is one of this.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self == other || (self == Self::Number && other == Self::Integer)
    }

    pub(super) fn is_of(self, value: &[u8]) -> bool {
        match (self, ValueType::of(value)) {
            (Self::Null, ValueType::Null)
            | (Self::Boolean, ValueType::Boolean)
            | (Self::Number, ValueType::Number)
            | (Self::String, ValueType::Text)
            | (Self::Array, ValueType::List)
            | (Self::Object, ValueType::Object) => true,
            (Self::Integer, ValueType::Number) => number::is_integral(value),
            _ => false,
        }
    }

    /// In a sentence.
    pub(super) const fn with_article(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::Integer => "an integer",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}
