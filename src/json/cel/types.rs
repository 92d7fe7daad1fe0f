//! Types, as far as they are known at load.

use std::fmt;

/// What is known of a value before there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExprType {
    Any,
    Null,
    Bool,
    Number,
    Text,
    List,
    Map,
}

// === impl ExprType ===

impl ExprType {
    /// Whether a value of this type can be of one of these.
    pub(super) fn may_be(self, types: &[Self]) -> bool {
        self == Self::Any || types.contains(&self)
    }
}

impl fmt::Display for ExprType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "a value",
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::List => "an array",
            Self::Map => "an object",
        })
    }
}
