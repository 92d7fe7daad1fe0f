use std::fmt;

/// A JSON Pointer (RFC 6901): the way from a value to one inside it. `*` is an ordinary name here.
///
/// ```
/// use sunward::json::Pointer;
///
/// let pointer = Pointer::parse("/a~1b/0")?;
/// assert_eq!(pointer.tokens().len(), 2);
/// assert_eq!(&*pointer.tokens()[0], "a/b");
/// assert_eq!(pointer.to_string(), "/a~1b/0");
/// # Ok::<(), sunward::json::PointerError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer {
    tokens: Vec<Box<str>>,
}

/// A text that is not a JSON Pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointerError {
    kind: PointerErrorKind,
    text: Box<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PointerErrorKind {
    NoSlash,
    Escape,
}

// === impl Pointer ===

impl Pointer {
    /// The empty pointer: the value itself.
    pub const ROOT: Self = Self { tokens: Vec::new() };

    /// The empty pointer: the value itself.
    #[must_use]
    pub const fn root() -> Self {
        Self::ROOT
    }

    /// Reads the text form (RFC 6901 §3): empty, or tokens that each follow a `/`, with `~1` for `/` and `~0` for `~`.
    ///
    /// # Errors
    /// If the text is neither empty nor starts with `/`, or if a `~` is followed by anything but `0` and `1`.
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        Ok(Self { tokens: parse_tokens(text)? })
    }

    /// A pointer of these tokens, which are taken as they are, without escapes.
    #[must_use]
    pub fn from_tokens(tokens: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        Self { tokens: tokens.into_iter().map(Into::into).collect() }
    }

    /// The tokens, unescaped.
    #[must_use]
    pub fn tokens(&self) -> &[Box<str>] {
        &self.tokens
    }

    /// Whether it is the empty pointer.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.tokens.is_empty()
    }

    /// One token longer.
    #[must_use]
    pub fn child(&self, token: &str) -> Self {
        let mut tokens = self.tokens.clone();
        tokens.push(token.into());
        Self { tokens }
    }

    /// All but the last token, and the last; `None` for the empty pointer.
    #[must_use]
    pub fn parent(&self) -> Option<(Self, &str)> {
        let (last, rest) = self.tokens.split_last()?;
        Some((Self { tokens: rest.to_vec() }, last))
    }

    /// Whether `prefix` is this pointer or leads to something above it.
    #[must_use]
    pub fn starts_with(&self, prefix: &Self) -> bool {
        self.tokens.starts_with(&prefix.tokens)
    }

    /// In words: the root has no name of its own.
    pub(super) fn shown(&self) -> String {
        if self.is_root() { "the whole value".to_owned() } else { self.to_string() }
    }

    /// This pointer, then the other from there.
    #[must_use]
    pub fn join(&self, rest: &Self) -> Self {
        Self { tokens: [self.tokens.as_slice(), &rest.tokens].concat() }
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tokens.iter().try_for_each(|token| write_token(f, token))
    }
}

// === impl PointerError ===

impl fmt::Display for PointerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, text } = self;
        match kind {
            PointerErrorKind::NoSlash => write!(f, "the pointer `{text}` does not start with `/`"),
            PointerErrorKind::Escape => {
                write!(f, "the pointer `{text}` has a `~` that is not followed by `0` or `1`; write `~0` for `~`")
            }
        }
    }
}

impl std::error::Error for PointerError {}

pub(super) fn parse_tokens(text: &str) -> Result<Vec<Box<str>>, PointerError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let error = |kind| PointerError { kind, text: text.into() };
    let rest = text.strip_prefix('/').ok_or_else(|| error(PointerErrorKind::NoSlash))?;
    rest.split('/').map(|token| unescape(token).ok_or_else(|| error(PointerErrorKind::Escape))).collect()
}

pub(super) fn write_token(f: &mut fmt::Formatter<'_>, token: &str) -> fmt::Result {
    write!(f, "/{}", token.replace('~', "~0").replace('/', "~1"))
}

fn unescape(token: &str) -> Option<Box<str>> {
    let mut parts = token.split('~');
    let mut plain = String::from(parts.next()?);
    for part in parts {
        match part.as_bytes().first()? {
            b'0' => plain.push('~'),
            b'1' => plain.push('/'),
            _ => return None,
        }
        plain.push_str(&part[1..]);
    }
    Some(plain.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_escapes() {
        for text in ["", "/", "/a", "/a~1b/~0", "/~01", "//", "/*", "/ \u{e9}"] {
            let pointer = Pointer::parse(text).expect(text);
            assert_eq!(pointer.to_string(), text);
        }
        assert_eq!(&*Pointer::parse("/~01").expect("valid").tokens()[0], "~1");
    }

    #[test]
    fn refuses_what_rfc_6901_refuses() {
        for text in ["a", "a/b", "/~", "/~2", "/a~", "/~~0"] {
            assert!(Pointer::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn takes_apart_and_puts_together() {
        let pointer = Pointer::from_tokens(["a", "b"]);
        let (parent, last) = pointer.parent().expect("not the root");
        assert_eq!((parent.to_string().as_str(), last), ("/a", "b"));
        assert_eq!(parent.child("b"), pointer);
        assert_eq!(parent.join(&Pointer::from_tokens(["b"])), pointer);
        assert!(pointer.starts_with(&parent) && pointer.starts_with(&Pointer::ROOT) && !parent.starts_with(&pointer));
        assert!(Pointer::root().parent().is_none());
    }
}
