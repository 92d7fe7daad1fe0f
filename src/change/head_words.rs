//! Steps on the head of a message in words.

use std::fmt;

use super::head::{HeaderStep, QueryStep};

impl fmt::Display for HeaderStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add(name, value) => write!(f, "add the header {name} as {value:?}"),
            Self::Drop(name) => write!(f, "remove the header {name}"),
            Self::Rename(from, to, _) => write!(f, "rename the header {from} to {to}"),
            Self::Cookie(from, to, _) => write!(f, "rename the cookie {from} to {to}"),
            Self::Prefix(from, to) => write!(f, "replace the prefix {from} by {to} in links"),
            Self::ContentType(from, to) => write!(f, "replace the Content-Type {from} by {to}"),
            Self::Accept(from, to) => write!(f, "accept {to} if {from} is accepted"),
        }
    }
}

impl fmt::Display for QueryStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add(name, value) => write!(f, "add the query parameter {name} as {value:?}"),
            Self::Mark(name, value) => write!(f, "set the query parameter {name} to {value:?}"),
            Self::Drop(name) => write!(f, "remove the query parameter {name}"),
            Self::Unmark(name, value) => write!(f, "remove the query parameter {name}, which must be {value:?}"),
            Self::Rename(from, to, _) => write!(f, "rename the query parameter {from} to {to}"),
            Self::Map(name, pairs) => {
                let pairs: Vec<String> = pairs.iter().map(|(from, to)| format!("{from:?} to {to:?}")).collect();
                write!(f, "map values of the query parameter {name}: {}", pairs.join(", "))
            }
            Self::Names(name, renaming) => write!(f, "rename members in the query parameter {name} {renaming}"),
        }
    }
}
