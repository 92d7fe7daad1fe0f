//! How field names are read, the limits of a form, and the texts of its values.

/// How the names of form fields are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldNames {
    /// A name is the name of a member: `a[b]` is a member `a[b]`. A list is a field that comes several times.
    #[default]
    Plain,
    /// Brackets nest: `a[b]=1` is `{"a": {"b": "1"}}`, and `a[]=1` and `a[0]=1` are `{"a": ["1"]}`.
    Brackets,
}

/// The most fields of one form.
pub(super) const MAX_FIELDS: usize = 10_000;
/// The most levels of brackets.
pub(super) const MAX_LEVELS: usize = 32;

/// `plain` as a JSON text, invalid UTF-8 as it is.
pub(super) fn quote(plain: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(plain.len() + 2);
    quoted.push(b'"');
    for &byte in plain {
        match byte {
            b'"' | b'\\' => quoted.extend_from_slice(&[b'\\', byte]),
            0..0x20 => quoted.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => quoted.push(byte),
        }
    }
    quoted.push(b'"');
    quoted
}
