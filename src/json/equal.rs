//! Equality of JSON texts by RFC 6902 §4.6.

use std::borrow::Cow;

use super::layout::{Layout, LayoutItem};
use super::{number, text};

/// What a JSON value is, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueType {
    Null,
    Boolean,
    Number,
    Text,
    List,
    Object,
}

/// Whether two valid texts, without white space around them, have the same value: numbers by value, texts by code
/// points, objects without order. Of duplicate members the last counts.
///
/// It goes no deeper than the shallower of both.
pub(super) fn equal(left: &[u8], right: &[u8]) -> bool {
    let kind = ValueType::of(left);
    if kind != ValueType::of(right) {
        return false;
    }
    match kind {
        ValueType::Null => true,
        ValueType::Boolean => left == right,
        ValueType::Number => number::equal(left, right),
        ValueType::Text => text::unescape(text::inner(left)) == text::unescape(text::inner(right)),
        ValueType::List => equal_lists(left, right),
        ValueType::Object => equal_objects(left, right),
    }
}

fn equal_lists(left: &[u8], right: &[u8]) -> bool {
    let (mut left_slots, mut right_slots) = (Layout::of(left), Layout::of(right));
    loop {
        match (left_slots.next(), right_slots.next()) {
            (Some(l), Some(r)) if equal(&left[l.value.clone()], &right[r.value.clone()]) => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

fn equal_objects(left: &[u8], right: &[u8]) -> bool {
    let (left, right) = (members(left), members(right));
    left.len() == right.len() && left.iter().zip(&right).all(|(l, r)| l.0 == r.0 && equal(l.1, r.1))
}

/// Sorted by key, the last of duplicates only.
fn members(object: &[u8]) -> Vec<(Cow<'_, [u8]>, &[u8])> {
    let member = |slot: LayoutItem| (text::unescape(text::inner(&object[slot.key])), &object[slot.value]);
    let mut members: Vec<_> = Layout::of(object).map(member).collect();
    members.reverse();
    members.sort_by(|left, right| left.0.cmp(&right.0));
    members.dedup_by(|later, kept| later.0 == kept.0);
    members
}

// === impl ValueType ===

impl ValueType {
    pub(super) fn of(value: &[u8]) -> Self {
        match value.first() {
            Some(b'{') => Self::Object,
            Some(b'[') => Self::List,
            Some(b'"') => Self::Text,
            Some(b't' | b'f') => Self::Boolean,
            Some(b'n') => Self::Null,
            _ => Self::Number,
        }
    }

    /// In words, for errors.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::List => "an array",
            Self::Object => "an object",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_value_and_without_order() {
        for (left, right) in [
            (r#"{"a":1,"b":[1.0,"A"]}"#, r#"{ "b" : [1, "\u0041"], "\u0061" : 1e0 }"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
            ("null", "null"),
            (r#""\ud83d\ude00""#, "\"\u{1f600}\""),
        ] {
            assert!(equal(left.as_bytes(), right.as_bytes()), "{left} {right}");
        }
        for (left, right) in [
            ("1", "\"1\""),
            ("null", "false"),
            ("true", "false"),
            ("[1,2]", "[2,1]"),
            ("[1]", "[1,1]"),
            (r#"{"a":1}"#, r#"{"b":1}"#),
            (r#"{"a":1}"#, r#"{"a":1,"b":1}"#),
            (r#""\udead""#, "\"\u{fffd}\""),
        ] {
            assert!(!equal(left.as_bytes(), right.as_bytes()), "{left} {right}");
        }
    }
}
