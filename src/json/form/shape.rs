//! From field names to JSON values, and back.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::super::equal::ValueType;
use super::super::error::{MigrateError, Reason};
use super::super::layout::Layout;
use super::super::{Pointer, text};
use super::names::{FieldNames, MAX_LEVELS, quote};

/// The fields of one first name, put together.
#[derive(Default)]
struct NestedFields {
    entries: Vec<(Vec<u8>, FieldTree)>,
    /// The last container of each name.
    last: HashMap<Vec<u8>, usize>,
}

enum FieldTree {
    Value(Vec<u8>),
    Nested(NestedFields),
}

/// How the elements of each list are named, by the name of the list.
#[derive(Debug, Default)]
pub(super) struct Lists {
    names: HashMap<Vec<u8>, Vec<Vec<u8>>>,
    /// Whether some list has its indices in the names.
    indexed: Option<bool>,
}

/// A field as it is to be written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FormLeaf {
    /// The name, not encoded.
    pub(super) name: Vec<u8>,
    /// A JSON value: a text, a number, a boolean, or what `is_leaf` let through.
    pub(super) value: Vec<u8>,
}

/// The first name of a field, and the names in brackets after it.
pub(super) fn path(name: &[u8], names: FieldNames) -> (&[u8], Vec<&[u8]>) {
    let whole = (name, Vec::new());
    let Some(open) = memchr::memchr(b'[', name).filter(|open| *open > 0 && names == FieldNames::Brackets) else {
        return whole;
    };
    let (first, mut rest) = name.split_at(open);
    let mut keys = Vec::new();
    while let Some(inside) = rest.strip_prefix(b"[") {
        let Some(close) = memchr::memchr(b']', inside) else { return whole };
        keys.push(&inside[..close]);
        rest = &inside[close + 1..];
    }
    if rest.is_empty() { (first, keys) } else { whole }
}

/// The JSON value of the fields that have one first name, each with the keys behind it and its own JSON value.
///
/// # Errors
/// Brackets that nest too deep.
pub(super) fn join<'f>(
    first: &[u8],
    fields: impl IntoIterator<Item = (Vec<&'f [u8]>, &'f [u8])>,
    lists: &mut Lists,
) -> Result<Vec<Vec<u8>>, MigrateError> {
    let mut values = Vec::new();
    let mut nested: Option<(usize, NestedFields)> = None;
    for (keys, value) in fields {
        if keys.len() > MAX_LEVELS {
            return Err(MigrateError::depth(0, MAX_LEVELS));
        }
        if keys.is_empty() {
            values.push(value.to_vec());
            continue;
        }
        let (_, container) = nested.get_or_insert_with(|| {
            values.push(Vec::new());
            (values.len() - 1, NestedFields::default())
        });
        container.insert(&keys, value);
    }
    if let Some((at, container)) = nested {
        container.write(first, lists, &mut values[at]);
    }
    Ok(values)
}

/// The fields that a member of the migrated object is written as.
///
/// # Errors
/// A value that the names have no way to say.
pub(super) fn leaves(
    (key, value): (&[u8], &[u8]),
    (names, partial): (FieldNames, bool),
    lists: &Lists,
    is_leaf: impl Fn(&[u8]) -> bool,
) -> Result<Vec<FormLeaf>, MigrateError> {
    let mut found = Vec::new();
    let run = Leaves { names, partial, lists, is_leaf };
    run.value(key.to_vec(), value, &mut found)?;
    Ok(found)
}

struct Leaves<'l, F> {
    names: FieldNames,
    /// Whether a field that is left out keeps the value that is stored.
    partial: bool,
    lists: &'l Lists,
    is_leaf: F,
}

// === impl Leaves ===

impl<F: Fn(&[u8]) -> bool> Leaves<'_, F> {
    fn value(&self, name: Vec<u8>, value: &[u8], found: &mut Vec<FormLeaf>) -> Result<(), MigrateError> {
        match ValueType::of(value) {
            _ if (self.is_leaf)(value) => found.push(FormLeaf { name, value: value.to_vec() }),
            // A form has none of these: the field is left out.
            ValueType::Null if self.partial => return Err(nothing(&name)),
            ValueType::Null => {}
            ValueType::Text | ValueType::Number | ValueType::Boolean => {
                found.push(FormLeaf { name, value: value.to_vec() })
            }
            ValueType::List => {
                let elements: Vec<&[u8]> = Layout::of(value).map(|slot| &value[slot.value]).collect();
                if elements.is_empty() && self.partial {
                    return Err(nothing(&name));
                }
                for (at, element) in elements.iter().enumerate() {
                    let nested = matches!(ValueType::of(element), ValueType::Object | ValueType::List)
                        && !(self.is_leaf)(element);
                    let name = match self.names {
                        FieldNames::Plain if nested => return Err(unformed(&name)),
                        FieldNames::Plain => name.clone(),
                        FieldNames::Brackets => bracketed(&name, &self.lists.key(&name, at, elements.len(), nested)),
                    };
                    self.value(name, element, found)?;
                }
            }
            ValueType::Object if self.names == FieldNames::Plain => return Err(unformed(&name)),
            ValueType::Object if self.partial && Layout::of(value).next().is_none() => return Err(nothing(&name)),
            ValueType::Object => {
                for slot in Layout::of(value) {
                    let key = text::unescape(text::inner(&value[slot.key]));
                    if key.contains(&b'[') || key.contains(&b']') {
                        return Err(unformed(&name));
                    }
                    self.value(bracketed(&name, &key), &value[slot.value], found)?;
                }
            }
        }
        Ok(())
    }
}

fn bracketed(name: &[u8], key: &[u8]) -> Vec<u8> {
    [name, b"[", key, b"]"].concat()
}

fn nothing(name: &[u8]) -> MigrateError {
    let token = String::from_utf8_lossy(name).into_owned();
    MigrateError::value(Pointer::from_tokens([token]), Reason::Inexpressible)
}

pub(super) fn unformed(name: &[u8]) -> MigrateError {
    let token = String::from_utf8_lossy(name).into_owned();
    MigrateError::value(Pointer::from_tokens([token]), Reason::Unformed)
}

// === impl Lists ===

impl Lists {
    /// The key of an element: as it was, as those of other lists, or as objects need it.
    fn key(&self, list: &[u8], at: usize, length: usize, nested: bool) -> Vec<u8> {
        if let Some(known) = self.names.get(list).filter(|known| known.len() == length) {
            return known[at].clone();
        }
        let indexed = match self.names.get(list).and_then(|known| known.first()) {
            Some(key) => !key.is_empty(),
            None => self.indexed.unwrap_or(nested),
        };
        if indexed { at.to_string().into_bytes() } else { Vec::new() }
    }
}

// === impl NestedFields ===

impl NestedFields {
    fn insert(&mut self, keys: &[&[u8]], value: &[u8]) {
        let Some((key, rest)) = keys.split_first() else { return };
        if rest.is_empty() {
            self.entries.push((key.to_vec(), FieldTree::Value(value.to_vec())));
            return;
        }
        let known = self.last.get(*key).copied().filter(|at| self.goes_on(*at, key, rest));
        let at = known.unwrap_or_else(|| {
            self.entries.push((key.to_vec(), FieldTree::Nested(Self::default())));
            self.last.insert(key.to_vec(), self.entries.len() - 1);
            self.entries.len() - 1
        });
        if let Some((_, FieldTree::Nested(nested))) = self.entries.get_mut(at) {
            nested.insert(rest, value);
        }
    }

    /// Whether the field belongs to the container that is there: of `a[][b]`, a name that comes again begins another
    /// element.
    fn goes_on(&self, at: usize, key: &[u8], rest: &[&[u8]]) -> bool {
        let Some((_, FieldTree::Nested(nested))) = self.entries.get(at) else { return false };
        !key.is_empty()
            || rest.len() > 1
            || rest[0].is_empty()
            || !nested.entries.iter().any(|(known, _)| known == rest[0])
    }

    /// A level whose names are empty or digits is a list.
    fn is_list(&self) -> bool {
        self.entries.iter().all(|(key, _)| key.iter().all(u8::is_ascii_digit))
    }

    fn write(&self, name: &[u8], lists: &mut Lists, out: &mut Vec<u8>) {
        let list = self.is_list();
        let mut entries: Vec<&(Vec<u8>, FieldTree)> = self.entries.iter().collect();
        if list && entries.iter().all(|(key, _)| !key.is_empty()) {
            entries.sort_by(|(one, _), (other, _)| by_index(one, other));
        }
        if list {
            let keys: Vec<Vec<u8>> = entries.iter().map(|(key, _)| key.clone()).collect();
            lists.indexed = Some(lists.indexed.unwrap_or_default() || keys.iter().any(|key| !key.is_empty()));
            lists.names.insert(name.to_vec(), keys);
        }
        out.push(if list { b'[' } else { b'{' });
        for (at, (key, shape)) in entries.into_iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            if !list {
                out.extend_from_slice(&quote(key));
                out.push(b':');
            }
            match shape {
                FieldTree::Value(value) => out.extend_from_slice(value),
                FieldTree::Nested(nested) => nested.write(&bracketed(name, key), lists, out),
            }
        }
        out.push(if list { b']' } else { b'}' });
    }
}

/// The order of indices of any length.
fn by_index(one: &[u8], other: &[u8]) -> Ordering {
    let digits = |index: &[u8]| index.iter().position(|byte| *byte != b'0').map_or(0, |zeros| index.len() - zeros);
    let (one_digits, other_digits) = (digits(one), digits(other));
    let tails = || one[one.len() - one_digits..].cmp(&other[other.len() - other_digits..]);
    one_digits.cmp(&other_digits).then_with(tails)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(names: &[&str]) -> String {
        let fields: Vec<(Vec<&[u8]>, &[u8])> =
            names.iter().map(|name| (path(name.as_bytes(), FieldNames::Brackets).1, &b"1"[..])).collect();
        let values = join(b"a", fields, &mut Lists::default()).expect("not too deep");
        values.into_iter().map(|value| String::from_utf8(value).expect("UTF-8")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn brackets_nest() {
        let rows: [(&[&str], &str); 13] = [
            (&["a"], "1"),
            (&["a", "a"], "1 1"),
            (&["a[b]", "a[c]"], r#"{"b":1,"c":1}"#),
            (&["a[b]", "a[b]"], r#"{"b":1,"b":1}"#),
            (&["a[b][c]", "a[d]", "a[b][e]"], r#"{"b":{"c":1,"e":1},"d":1}"#),
            (&["a[]", "a[]"], "[1,1]"),
            (&["a[0]", "a[2]"], "[1,1]"),
            (&["a[0][b]", "a[1][b]", "a[0][c]"], r#"[{"b":1,"c":1},{"b":1}]"#),
            (&["a[][b]", "a[][c]", "a[][b]"], r#"[{"b":1,"c":1},{"b":1}]"#),
            (&["a[][b][c]", "a[][b][d]"], r#"[{"b":{"c":1,"d":1}}]"#),
            (&["a[0]", "a[b]"], r#"{"0":1,"b":1}"#),
            (&["a", "a[b]"], r#"1 {"b":1}"#),
            (&["a[b", "a[b]c"], "1 1"),
        ];
        for (names, expected) in rows {
            assert_eq!(joined(names), expected, "{names:?}");
        }
        assert_eq!(path(b"a[b]", FieldNames::Plain), (&b"a[b]"[..], Vec::new()));
        assert_eq!(path(b"[b]", FieldNames::Brackets), (&b"[b]"[..], Vec::new()));
        let deep = format!("a{}", "[b]".repeat(MAX_LEVELS + 1));
        let keys = path(deep.as_bytes(), FieldNames::Brackets).1;
        assert!(join(b"a", [(keys, &b"1"[..])], &mut Lists::default()).is_err());
    }
}
