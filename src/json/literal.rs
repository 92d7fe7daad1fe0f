use std::fmt;
use std::sync::Arc;

use super::layout::after_string;
use super::{JsonType, MigrateError, MigrateOptions, equal, scan, text};

/// A JSON value as its text: compact, with the fewest escapes, and with its numbers as they were spelled.
///
/// Cheap to clone. `==` compares the texts, [`Literal::equals`] the values.
///
/// ```
/// use sunward::json::Literal;
///
/// let literal = Literal::parse(r#" { "p" : 1.10, "n" : "\u0041" } "#)?;
/// assert_eq!(literal.as_str(), r#"{"p":1.10,"n":"A"}"#);
/// assert!(literal.equals(&Literal::parse(r#"{"n":"A","p":1.1}"#)?));
/// # Ok::<(), sunward::json::MigrateError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Literal(Arc<str>);

// === impl Literal ===

impl Literal {
    /// Reads a JSON text of at most 512 levels.
    ///
    /// # Errors
    /// When it is not JSON (RFC 8259), or too deep.
    pub fn parse(json: &str) -> Result<Self, MigrateError> {
        let options = MigrateOptions::default().with_max_bytes(usize::MAX);
        let (start, end) = scan::check(json.as_bytes(), &options)?;
        Ok(Self(compact(&json[start..end]).into()))
    }

    /// The value `null`.
    #[must_use]
    pub fn null() -> Self {
        Self("null".into())
    }

    /// A text.
    #[must_use]
    pub fn string(text: &str) -> Self {
        Self(String::from_utf8_lossy(&text::quote(text)).into())
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both have the same value by RFC 6902 §4.6: numbers of any length by value, texts by code points, objects
    /// without order. Of duplicate members the last counts.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        equal::equal(self.as_bytes(), other.as_bytes())
    }

    /// Its type; a number is one, whether it is an integer or not.
    pub(super) fn json_type(&self) -> JsonType {
        match equal::ValueType::of(self.as_bytes()) {
            equal::ValueType::Null => JsonType::Null,
            equal::ValueType::Boolean => JsonType::Boolean,
            equal::ValueType::Number => JsonType::Number,
            equal::ValueType::Text => JsonType::String,
            equal::ValueType::List => JsonType::Array,
            equal::ValueType::Object => JsonType::Object,
        }
    }

    /// The text of a string; for other values, their JSON text.
    pub(crate) fn to_text(&self) -> String {
        serde_json::from_str(&self.0).unwrap_or_else(|_| self.to_string())
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl From<&serde_json::Value> for Literal {
    fn from(value: &serde_json::Value) -> Self {
        Self(value.to_string().into())
    }
}

impl From<&str> for Literal {
    /// The text, as a JSON string.
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

impl From<serde_json::Value> for Literal {
    fn from(value: serde_json::Value) -> Self {
        Self::from(&value)
    }
}

impl From<String> for Literal {
    /// The text, as a JSON string.
    fn from(text: String) -> Self {
        Self::string(&text)
    }
}

/// What Rust prints as JSON has it. Numbers with a fraction are none of these, since a literal keeps their spelling:
/// [`Literal::parse`] reads them.
macro_rules! plain {
    ($($type:ty),*) => {
        $(impl From<$type> for Literal {
            fn from(value: $type) -> Self {
                Self(value.to_string().into())
            }
        })*
    };
}

plain!(bool, i32, i64, u32, u64);

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Literal({})", self.0)
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn compact(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(quote) = memchr::memchr(b'"', rest.as_bytes()) {
        let end = after_string(rest.as_bytes(), quote);
        push_without_white(&rest[..quote], &mut plain);
        let inner = text::respell(text::inner(&rest.as_bytes()[quote..end]));
        plain.push('"');
        plain.push_str(&String::from_utf8_lossy(&inner));
        plain.push('"');
        rest = &rest[end..];
    }
    push_without_white(rest, &mut plain);
    plain
}

fn push_without_white(json: &str, plain: &mut String) {
    plain.extend(json.split([' ', '\t', '\n', '\r']));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_spellings_but_not_white_space() {
        for (json, plain) in [
            ("\t1.10\n", "1.10"),
            (r#"[ " a " , "\"b\\" ]"#, r#"[" a ","\"b\\"]"#),
            (r#""\uDEAD\/""#, r#""\uDEAD/""#),
            ("-123456789012345678901234567890e0", "-123456789012345678901234567890e0"),
        ] {
            assert_eq!(Literal::parse(json).expect(json).as_str(), plain);
        }
        assert!(Literal::parse("{a:1}").is_err());
        assert!(Literal::parse("").is_err());
    }

    #[test]
    fn from_values() {
        assert_eq!(Literal::string("a\"\n\u{1}").as_str(), r#""a\"\n\u0001""#);
        assert_eq!(Literal::from(&serde_json::json!({"a": [null, 1.5]})).as_str(), r#"{"a":[null,1.5]}"#);
    }
}
