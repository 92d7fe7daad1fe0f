//! Where two documents differ, for people.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use super::equal::ValueType;
use super::layout::{Layout, LayoutItem};
use super::{MigrateError, MigrateOptions, Pointer, scan, text};

/// One place where two documents differ.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueDifference {
    /// The place.
    pub pointer: Pointer,
    /// The value that was expected, as it is spelled; `None` if none was.
    pub expected: Option<String>,
    /// The value that is there; `None` if there is none.
    pub got: Option<String>,
}

/// The comparison of two documents.
struct Comparison {
    /// From the root to the values at hand.
    path: Vec<Box<str>>,
    found: Vec<ValueDifference>,
}

/// The members of an object by name.
type MembersByName<'t> = BTreeMap<Cow<'t, [u8]>, Values<'t>>;

/// The values of a member, in order if it is duplicated, and the position of the first one in the object.
struct Values<'t> {
    first: usize,
    list: Vec<&'t [u8]>,
}

/// Where the documents differ in their content. White space between tokens and the order of members do not count;
/// the spelling of numbers, texts after unescaping, and duplicate members in their order do.
///
/// ```
/// use sunward::json::differences;
///
/// let found = differences(br#"{"id": 7, "price": 1.10}"#, br#"{"price":1.1,"id":7}"#)?;
/// assert_eq!(found.len(), 1);
/// assert_eq!(found[0].to_string(), "/price: expected 1.10, got 1.1");
/// # Ok::<(), sunward::json::MigrateError>(())
/// ```
///
/// # Errors
/// One of them is not JSON, or more than 512 levels deep.
pub fn differences(expected: &[u8], got: &[u8]) -> Result<Vec<ValueDifference>, MigrateError> {
    let options = MigrateOptions::default().with_max_bytes(usize::MAX);
    let value = |document| scan::check(document, &options);
    let ((start, end), (got_start, got_end)) = (value(expected)?, value(got)?);
    let mut comparison = Comparison { path: Vec::new(), found: Vec::new() };
    comparison.value(&expected[start..end], &got[got_start..got_end]);
    Ok(comparison.found)
}

// === impl Comparison ===

impl Comparison {
    /// No deeper than the shallower of both.
    fn value(&mut self, expected: &[u8], got: &[u8]) {
        let kind = ValueType::of(expected);
        let same = match kind {
            _ if kind != ValueType::of(got) => false,
            ValueType::Null | ValueType::Boolean | ValueType::Number => expected == got,
            ValueType::Text => text::unescape(text::inner(expected)) == text::unescape(text::inner(got)),
            ValueType::List => return self.lists(&elements(expected), &elements(got), true),
            ValueType::Object => return self.objects(expected, got),
        };
        if !same {
            self.push(Some(expected), Some(got));
        }
    }

    /// Elements of a list, or the values of one name.
    fn lists(&mut self, expected: &[&[u8]], got: &[&[u8]], indexed: bool) {
        for at in 0..expected.len().max(got.len()) {
            if indexed {
                self.path.push(at.to_string().into());
            }
            match (expected.get(at), got.get(at)) {
                (Some(expected), Some(got)) => self.value(expected, got),
                (expected, got) => self.push(expected.copied(), got.copied()),
            }
            if indexed {
                self.path.pop();
            }
        }
    }

    fn objects(&mut self, expected: &[u8], got: &[u8]) {
        let (expected, mut got) = (members(expected), members(got));
        for (name, values) in ordered(expected) {
            let others = got.remove(&name).map_or(Vec::new(), |values| values.list);
            self.member(&name, &values, &others);
        }
        for (name, values) in ordered(got) {
            self.member(&name, &[], &values);
        }
    }

    fn member(&mut self, name: &[u8], expected: &[&[u8]], got: &[&[u8]]) {
        self.path.push(String::from_utf8_lossy(name).into());
        self.lists(expected, got, false);
        self.path.pop();
    }

    fn push(&mut self, expected: Option<&[u8]>, got: Option<&[u8]>) {
        let shown = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let pointer = Pointer::from_tokens(self.path.iter().cloned());
        self.found.push(ValueDifference { pointer, expected: expected.map(shown), got: got.map(shown) });
    }
}

fn elements(list: &[u8]) -> Vec<&[u8]> {
    Layout::of(list).map(|slot| &list[slot.value]).collect()
}

fn members(object: &[u8]) -> MembersByName<'_> {
    let mut members = MembersByName::new();
    for (at, LayoutItem { key, value, .. }) in Layout::of(object).enumerate() {
        let name = text::unescape(text::inner(&object[key]));
        let values = members.entry(name).or_insert_with(|| Values { first: at, list: Vec::new() });
        values.list.push(&object[value]);
    }
    members
}

/// In the order of the document.
fn ordered<'t>(members: MembersByName<'t>) -> impl Iterator<Item = (Cow<'t, [u8]>, Vec<&'t [u8]>)> {
    let mut list: Vec<_> = members.into_iter().collect();
    list.sort_by_key(|(_, values)| values.first);
    list.into_iter().map(|(name, values)| (name, values.list))
}

// === impl ValueDifference ===

impl fmt::Display for ValueDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_root() {
            f.write_str("the document")?;
        }
        let (expected, got) = (Excerpt(self.expected.as_deref()), Excerpt(self.got.as_deref()));
        write!(f, "{}: expected {expected}, got {got}", self.pointer)
    }
}

/// A value on one line, short enough to be read.
struct Excerpt<'t>(Option<&'t str>);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHORT: usize = 120;
        let Some(text) = self.0 else { return f.write_str("nothing") };
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(SHORT) {
            Some((end, _)) => write!(f, "{}…", &line[..end]),
            None => f.write_str(&line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_content_and_spelling() {
        let rows: [(&str, &str, &[&str]); 16] = [
            (r#"{"a":1,"b":[true,null]}"#, " {\"b\" : [ true,null ],\n\"a\":1}", &[]),
            (r#"{"a":"é"}"#, r#"{"\u0061":"\u00e9"}"#, &[]),
            ("1.10", "1.1", &["the document: expected 1.10, got 1.1"]),
            ("-0", "0", &["the document: expected -0, got 0"]),
            (
                "9007199254740993",
                "9007199254740992",
                &["the document: expected 9007199254740993, got 9007199254740992"],
            ),
            (r#"{"a":1}"#, r#"{"a":"1"}"#, &[r#"/a: expected 1, got "1""#]),
            (r#"{"a":1}"#, "{}", &["/a: expected 1, got nothing"]),
            ("{}", r#"{"a":{"b": 1}}"#, &[r#"/a: expected nothing, got {"b": 1}"#]),
            (r#"{"a":null}"#, "{}", &["/a: expected null, got nothing"]),
            (r#"[1,2,3]"#, "[1,3]", &["/1: expected 2, got 3", "/2: expected 3, got nothing"]),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#, &["/a: expected 1, got 2", "/a: expected 2, got nothing"]),
            (r#"{"a":1,"b":0,"a":2}"#, r#"{"a":1,"a":2,"b":0}"#, &[]),
            (r#"{"a":1,"a":2}"#, r#"{"a":2,"a":1}"#, &["/a: expected 1, got 2", "/a: expected 2, got 1"]),
            (r#"{"a/b":{"~":[{"x":1}]}}"#, r#"{"a/b":{"~":[{"x":2}]}}"#, &["/a~1b/~0/0/x: expected 1, got 2"]),
            (r#"{"z":1,"a":1}"#, r#"{"z":2,"a":2}"#, &["/z: expected 1, got 2", "/a: expected 1, got 2"]),
            (r#""\udead""#, "\"\u{fffd}\"", &["the document: expected \"\\udead\", got \"\u{fffd}\""]),
        ];
        for (expected, got, lines) in rows {
            let found = differences(expected.as_bytes(), got.as_bytes()).expect("JSON");
            assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), lines, "{expected} {got}");
        }
        assert!(differences(b"{}", b"{").is_err() && differences(b"", b"{}").is_err());
        let deep = "[".repeat(512) + &"]".repeat(512);
        assert_eq!(differences(deep.as_bytes(), deep.as_bytes()).expect("JSON"), []);
    }
}
