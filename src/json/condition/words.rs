//! Conditions in words, for people who read errors.

use std::fmt;

use super::{Condition, Test};
use crate::json::{Literal, Pointer, Reference};

/// The place that a condition looks at, in words.
pub trait NamedPlace {
    /// As the subject of a sentence.
    fn name(&self) -> String;
}

impl NamedPlace for Pointer {
    fn name(&self) -> String {
        if self.is_root() { "it".to_owned() } else { format!("`{self}`") }
    }
}

impl NamedPlace for Reference {
    fn name(&self) -> String {
        self.pointer.shown()
    }
}

impl<At: NamedPlace> fmt::Display for Condition<At> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of { at, test } => write!(f, "{} {test}", at.name()),
            Self::Not(condition) => write!(f, "not ({condition})"),
            Self::Any(list) => write_list(f, list, " or "),
            Self::All(list) => write_list(f, list, " and "),
        }
    }
}

fn write_list<At: NamedPlace>(f: &mut fmt::Formatter<'_>, list: &[Condition<At>], word: &str) -> fmt::Result {
    for (nth, condition) in list.iter().enumerate() {
        f.write_str(if nth > 0 { word } else { "" })?;
        match condition {
            Condition::Any(_) | Condition::All(_) => write!(f, "({condition})")?,
            _ => write!(f, "{condition}")?,
        }
    }
    Ok(())
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present => f.write_str("is present"),
            Self::Equals(value) => write!(f, "is {value}"),
            Self::In(list) => {
                let list: Vec<&str> = list.iter().map(Literal::as_str).collect();
                write!(f, "is one of {}", list.join(", "))
            }
            Self::Type(types) => {
                let types: Vec<&str> = types.iter().map(|of| of.with_article()).collect();
                write!(f, "is {}", types.join(" or "))
            }
            Self::Holds(expression) => write!(f, "fulfils `{}`", expression.source()),
        }
    }
}
