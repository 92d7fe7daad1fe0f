//! The forms of values that are converted.

use std::borrow::Cow;

use crate::diagnostic::{Span, Spanned};

/// The form of a value that is [converted](super::OpSpec::convert).
///
/// A string is the name of a form, as in the config: `"rfc3339"` is [`ValueFormat::RFC3339`]. A name that does not exist
/// is an error of [`Catalog::new`](crate::catalog::Catalog::new).
///
/// ```
/// use sunward::change::{OpSpec, ValueFormat};
///
/// let cents = OpSpec::convert("/price", ValueFormat::INTEGER, ValueFormat::DECIMAL).with_scale(2);
/// let created = ValueFormat::strftime("%a %b %d %H:%M:%S %z %Y");
/// let convert = OpSpec::convert("/created_at", created, ValueFormat::RFC3339);
/// # let _ = (cents, convert);
/// ```
#[derive(Clone, Debug)]
pub struct ValueFormat {
    /// The name, or the pattern.
    pub(crate) text: Spanned<Cow<'static, str>>,
    pub(crate) is_pattern: bool,
}

// === impl ValueFormat ===

impl ValueFormat {
    /// `number`: a number.
    pub const NUMBER: Self = Self::named("number");
    /// `string`: a string with a number: `"1.10"`.
    pub const STRING: Self = Self::named("string");
    /// `integer`: an integer, such as cents.
    pub const INTEGER: Self = Self::named("integer");
    /// `decimal`: a string with a decimal, such as `"1.10"`.
    pub const DECIMAL: Self = Self::named("decimal");
    /// `json`: any value.
    pub const JSON: Self = Self::named("json");
    /// `json-text`: a string with JSON.
    pub const JSON_TEXT: Self = Self::named("json-text");
    /// `unix-seconds`: seconds since 1970, a number.
    pub const UNIX_SECONDS: Self = Self::named("unix-seconds");
    /// `unix-millis`: milliseconds since 1970, a number.
    pub const UNIX_MILLIS: Self = Self::named("unix-millis");
    /// `rfc3339`: `2026-01-31T09:30:00Z`.
    pub const RFC3339: Self = Self::named("rfc3339");
    /// `rfc2822`: `Sat, 31 Jan 2026 09:30:00 +0000`.
    pub const RFC2822: Self = Self::named("rfc2822");
    /// `http-date`: `Sat, 31 Jan 2026 09:30:00 GMT`, as in HTTP.
    pub const HTTP_DATE: Self = Self::named("http-date");
    /// `date`: `2026-01-31`.
    pub const DATE: Self = Self::named("date");

    /// Times in a pattern of `strftime`, such as `%d.%m.%Y`. A time without an offset is in UTC. A pattern that is not
    /// valid is an error of [`Catalog::new`](crate::catalog::Catalog::new).
    #[must_use]
    pub fn strftime(pattern: &str) -> Self {
        Self { text: Spanned::new(pattern.to_owned().into(), Span::NONE), is_pattern: true }
    }

    const fn named(name: &'static str) -> Self {
        Self { text: Spanned::new(Cow::Borrowed(name), Span::NONE), is_pattern: false }
    }
}

impl From<&str> for ValueFormat {
    fn from(name: &str) -> Self {
        Self { text: Spanned::new(name.to_owned().into(), Span::NONE), is_pattern: false }
    }
}
