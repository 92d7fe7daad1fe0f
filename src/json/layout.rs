//! The parts of one array or object, as ranges of its text. The text is known to follow the grammar.

use std::ops::Range;

use super::scan::{BOM, after_white};
use super::{Pointer, text};

/// A member or element, without the comma.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LayoutItem {
    /// White space before it.
    pub(super) lead: Range<usize>,
    /// The key in its quotes; empty in an array.
    pub(super) key: Range<usize>,
    /// The colon with its white space; empty in an array.
    pub(super) colon: Range<usize>,
    /// The value.
    pub(super) value: Range<usize>,
    /// White space before the comma.
    pub(super) trail: Range<usize>,
}

/// The members or elements of a container, one by one.
pub(super) struct Layout<'t> {
    text: &'t [u8],
    at: usize,
    tail: Range<usize>,
}

// === impl Layout ===

impl<'t> Layout<'t> {
    pub(super) fn of(container: &'t [u8]) -> Self {
        let end = container.len().saturating_sub(1);
        Self { text: container, at: 1, tail: end..end }
    }

    /// White space before the closing bracket; known when all items were taken.
    pub(super) fn tail(&self) -> Range<usize> {
        self.tail.clone()
    }
}

impl Iterator for Layout<'_> {
    type Item = LayoutItem;

    fn next(&mut self) -> Option<LayoutItem> {
        let end = self.tail.end;
        if self.at > end {
            return None;
        }
        let start = after_white(self.text, self.at);
        if start >= end {
            self.tail.start = self.at.min(end);
            self.at = end + 1;
            return None;
        }
        let mut slot = slot(self.text, self.at, start, self.text.first() == Some(&b'{'));
        self.at = slot.trail.end + 1;
        if slot.trail.end >= end {
            self.tail.start = slot.trail.start;
            slot.trail.end = slot.trail.start;
        }
        Some(slot)
    }
}

fn slot(text: &[u8], lead: usize, start: usize, object: bool) -> LayoutItem {
    let key_end = if object { after_string(text, start) } else { start };
    let value = if object { after_white(text, after_white(text, key_end) + 1) } else { start };
    let value_end = after_value(text, value);
    LayoutItem {
        lead: lead..start,
        key: start..key_end,
        colon: key_end..value,
        value: value..value_end,
        trail: value_end..after_white(text, value_end),
    }
}

fn after_value(text: &[u8], at: usize) -> usize {
    match text.get(at) {
        Some(b'"') => after_string(text, at),
        Some(b'{' | b'[') => after_container(text, at),
        _ => {
            let rest = text.get(at..).unwrap_or_default();
            let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r');
            at + rest.iter().position(ends).unwrap_or(rest.len())
        }
    }
}

fn after_container(text: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at = after_string(text, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at
}

pub(super) fn after_string(text: &[u8], quote: usize) -> usize {
    let mut at = quote + 1;
    while let Some(found) = text.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found + 1;
        if text[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    text.len()
}

/// The path to the value of a document that starts at this place, or else to the innermost container around it.
pub(super) fn pointer(document: &[u8], offset: usize) -> Option<Pointer> {
    let root = after_white(document, if document.starts_with(BOM) { BOM.len() } else { 0 });
    let mut value = root..document.len();
    let mut tokens = Vec::new();
    while value.start != offset && matches!(document.get(value.start), Some(b'{' | b'[')) {
        // A root may have something behind it.
        let end = after_value(document, value.start);
        let text = document.get(value.start..end)?;
        let around = |item: &(usize, LayoutItem)| item.1.value.contains(&(offset.wrapping_sub(value.start)));
        let Some((index, item)) = Layout::of(text).enumerate().find(around) else { break };
        let key = text::unescape(text::inner(&text[item.key]));
        let object = text.first() == Some(&b'{');
        tokens.push(if object { String::from_utf8_lossy(&key).into_owned() } else { index.to_string() });
        value = value.start + item.value.start..value.start + item.value.end;
    }
    Some(Pointer::from_tokens(tokens))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_cover_the_text() {
        for text in [
            r#"{ "a" : 1 , "b\"}" :[1, {"c":"]"}] }"#,
            "[ ]",
            "{}",
            "[1]",
            "[[],{} , \"x\\\\\",null ]",
            r#"{"a":{"b":2}}"#,
        ] {
            let mut slots = Layout::of(text.as_bytes());
            let mut joined = text[..1].to_owned();
            for (index, slot) in slots.by_ref().enumerate() {
                joined.push_str(if index > 0 { "," } else { "" });
                for range in [&slot.lead, &slot.key, &slot.colon, &slot.value, &slot.trail] {
                    joined.push_str(&text[range.clone()]);
                }
            }
            joined.push_str(&text[slots.tail()]);
            joined.push_str(&text[text.len() - 1..]);
            assert_eq!(joined, text);
        }
        assert_eq!(Layout::of(b"[1 , 2 ]").last().map(|slot| slot.trail), Some(6..6));
    }
}
