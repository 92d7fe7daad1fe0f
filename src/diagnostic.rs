//! What is wrong with a file, said so that its owner can mend it.
//!
//! A [`Diagnostic`] names the place, the value and what to do. Checks never stop at the first problem: they push into
//! one [`Diagnostics`] list, and the caller decides with [`Diagnostics::has_errors`].

mod hidden;
mod nearest;
mod words;

use std::fmt;

use hidden::Hidden;
#[doc(hidden)]
pub use nearest::{SUGGESTED, nearest, suggestion};
pub(crate) use nearest::{is_typo, quoted};

/// A byte range of a source file. [`Span::NONE`] stands for a value that was built in Rust and so has no position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    start: u32,
    end: u32,
}

/// A value and its position in the file.
///
/// `Spanned<T>` is made from a bare `T` with `into()`: it then has no position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its position.
    pub span: Span,
}

/// How bad a [`Diagnostic`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Loads, but probably not what was meant; `check --strict` fails on it.
    Warning,
    /// Does not load.
    Error,
}

/// One finding of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    severity: Severity,
    code: &'static str,
    message: String,
    span: Span,
    help: Option<String>,
    /// Where in the value of the string at `span`, in bytes.
    offset: Option<u32>,
    /// In what it is, where no file has it: `the change …, op 2, OpSpec::rename`.
    place: Option<String>,
}

/// All findings of a check, in the order they were made.
///
/// `Display` has a line for each. `Debug` shows them as a compiler does, since that is what `main` prints of an error that it
/// returns. A finding about what was built in Rust names the builders' methods, and the change and the op that it is about;
/// one about a file names keys, and [`config::render`](crate::config::render) shows the line.
///
/// ```
/// use sunward::diagnostic::{Diagnostic, Diagnostics, Span};
///
/// let mut found = Diagnostics::new();
/// found.push(Diagnostic::error("rename-to-itself", "`/name` is renamed to itself", Span::NONE).help("remove the op"));
/// assert!(found.has_errors());
/// assert_eq!(found.to_string(), "error[rename-to-itself]: `/name` is renamed to itself; remove the op\n");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    hidden: Hidden,
}

// === impl Span ===

impl Span {
    /// No position: the value was built in Rust.
    pub const NONE: Self = Self { start: 0, end: 0 };

    /// The byte range `start..end` of the source.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// The first byte's offset.
    #[must_use]
    pub const fn start(self) -> usize {
        self.start as usize
    }

    /// The offset after the last byte.
    #[must_use]
    pub const fn end(self) -> usize {
        self.end as usize
    }

    /// Whether the value has no position.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.end == 0
    }

    /// Line and column, both from 1, the column in characters; `None` without a position or outside `source`.
    ///
    /// ```
    /// use sunward::diagnostic::Span;
    /// assert_eq!(Span::new(5, 6).line_column("a = 1\nb = 2"), Some((1, 6)));
    /// assert_eq!(Span::new(6, 7).line_column("a = 1\nb = 2"), Some((2, 1)));
    /// ```
    #[must_use]
    pub fn line_column(self, source: &str) -> Option<(usize, usize)> {
        if self.is_none() {
            return None;
        }
        let before = source.get(..self.start())?;
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        Some((line, before[line_start..].chars().count() + 1))
    }
}

// === impl Spanned ===

impl<T> Spanned<T> {
    /// `value` at `span`.
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// The same position with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: f(self.value), span: self.span }
    }
}

impl Spanned<String> {
    /// A string without a position in a file.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self { value: text.into(), span: Span::NONE }
    }
}

impl<T> From<T> for Spanned<T> {
    fn from(value: T) -> Self {
        Self { value, span: Span::NONE }
    }
}

impl From<&str> for Spanned<String> {
    fn from(value: &str) -> Self {
        value.to_owned().into()
    }
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

// === impl Diagnostic ===

impl Diagnostic {
    /// A finding that refuses the file. `code` is its stable name, kebab-case; `message` carries the value.
    pub fn error(code: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self { severity: Severity::Error, code, message: message.into(), span, help: None, offset: None, place: None }
    }

    /// A finding that lets the file load.
    pub fn warning(code: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message, span) }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Where in the value of the string at its span, in bytes.
    #[must_use]
    pub(crate) fn within(mut self, offset: impl Into<Option<usize>>) -> Self {
        self.offset = offset.into().and_then(|offset| u32::try_from(offset).ok());
        self
    }

    /// Where in the value of the string at its span, in bytes.
    #[cfg_attr(not(feature = "config"), allow(dead_code, reason = "only a file has strings with a position"))]
    pub(crate) fn offset(&self) -> Option<usize> {
        self.offset.map(|offset| offset as usize)
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// Its stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong, with the value.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }

    /// What it is about, where it is about something that was built in Rust: `change "full names", op 2: OpSpec::rename`.
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }

    /// What to do, if there is something to say.
    #[must_use]
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}[{}]: {}", self.code, self.message)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        match &self.place {
            Some(place) => write!(f, " ({place})"),
            None => Ok(()),
        }
    }
}

// === impl Diagnostics ===

impl Diagnostics {
    /// Nothing found yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { list: Vec::new(), hidden: Hidden::new() }
    }

    /// Adds a finding.
    pub fn push(&mut self, mut diagnostic: Diagnostic) {
        self.hidden.edit(&mut diagnostic);
        self.list.push(diagnostic);
    }

    /// Adds all of `other`.
    pub fn append(&mut self, other: Self) {
        for (value, shown) in &other.hidden.list {
            self.hide(value, shown);
        }
        other.list.into_iter().for_each(|found| self.push(found));
    }

    /// Shows `shown` in the place of `value`, in what was found and in all that will be. A value of less than eight
    /// characters is no secret, and could be a word of any sentence: it is looked for in backticks only.
    #[cfg_attr(not(feature = "config"), allow(dead_code, reason = "values come from a file's environment"))]
    pub(crate) fn hide(&mut self, value: &str, shown: &str) {
        if self.hidden.add(value, shown) {
            self.list.iter_mut().for_each(|found| self.hidden.edit(found));
        }
    }

    /// A text as a finding would show it: without the values of variables.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        self.hidden.mask(text)
    }

    /// Whether one of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|found| found.severity == Severity::Error)
    }

    /// How many are errors: what is read is lost only to these, never to a warning.
    pub(crate) fn errors(&self) -> usize {
        self.list.iter().filter(|found| found.severity == Severity::Error).count()
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The findings, by position in the file, those without one first.
    pub fn sort(&mut self) {
        self.list.sort_by_key(Diagnostic::span);
    }

    /// Says of the findings behind the first `from` what they are about, unless they have a place already.
    pub(crate) fn locate(&mut self, from: usize, place: impl Fn() -> String) {
        for found in self.list[from..].iter_mut().filter(|found| found.span.is_none() && found.place.is_none()) {
            found.place = Some(place());
        }
    }

    /// Puts the findings that no file has into the words of the builders.
    pub(crate) fn speak_rust(&mut self) {
        for found in self.list.iter_mut().filter(|found| found.span.is_none()) {
            found.message = words::in_rust(&found.message);
            found.help = found.help.take().map(|help| words::in_rust(&help));
        }
    }

    /// The findings.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list.iter().try_for_each(|found| writeln!(f, "{found}"))
    }
}

impl fmt::Debug for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (errors, all) = (self.errors(), self.len());
        write!(f, "{errors} error{}", if errors == 1 { "" } else { "s" })?;
        if errors < all {
            write!(f, ", {} warning{}", all - errors, if all - errors == 1 { "" } else { "s" })?;
        }
        for found in &self.list {
            let severity = if found.severity == Severity::Error { "error" } else { "warning" };
            write!(f, "\n\n{severity}[{}]: {}", found.code, found.message)?;
            match (&found.place, found.span.is_none()) {
                (Some(place), _) => write!(f, "\n  --> {place}")?,
                (None, false) => write!(f, "\n  --> bytes {} to {} of the file", found.span.start(), found.span.end())?,
                (None, true) => {}
            }
            if let Some(help) = &found.help {
                write!(f, "\n  = help: {help}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
