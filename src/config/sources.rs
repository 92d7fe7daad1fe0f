//! The texts of a file and of those that it includes, and which of them a finding is in.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostics, Span};

/// The texts of a file and of those that it includes, one after the other. A [`Span`] is a range of all of them, so that
/// the findings of all files are in one list.
///
/// ```
/// use sunward::config::SourceMap;
/// use sunward::diagnostic::Span;
///
/// let sources = SourceMap::new("a.toml", "a = 1\n").with_file("b.toml", "\nb = 2\n");
/// let (file, _) = sources.find(Span::new(8, 9)).expect("a file");
/// assert_eq!(file.name(), "b.toml");
/// assert_eq!(sources.line_column(Span::new(8, 9)), Some((2, 1)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceMap {
    files: Vec<SourceFile>,
    /// What could not be read.
    pub(super) problems: Diagnostics,
    /// The files, and what entries of `include` name, which may be patterns.
    pub(super) places: BTreeSet<PathBuf>,
}

/// One of the [`SourceMap`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    path: PathBuf,
    name: String,
    text: String,
    base: usize,
}

// === impl SourceMap ===

impl SourceMap {
    /// A text and the path that it is called by. What it includes is not read: see [`SourceMap::open`].
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self::default().with_file(path, text)
    }

    /// Adds the text of a file that the first one includes.
    #[must_use]
    pub fn with_file(mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        let path = path.into();
        // The end of one text and the start of the next are two offsets.
        let base = self.files.last().map_or(0, |last| last.base + last.text.len() + 1);
        self.places.insert(path.clone());
        self.files.push(SourceFile { name: path.display().to_string(), path, text: text.into(), base });
        self
    }

    /// The files, the one that includes the others first.
    #[must_use]
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// How the first file is called.
    #[must_use]
    pub fn name(&self) -> &str {
        self.files.first().map_or("", SourceFile::name)
    }

    /// What of it could not be read, by the entries that name it.
    #[must_use]
    pub fn problems(&self) -> &Diagnostics {
        &self.problems
    }

    /// Where a change may be one of these texts: each file, and what each entry of `include` names. The last component
    /// may be a pattern.
    pub fn places(&self) -> impl Iterator<Item = &Path> {
        self.places.iter().map(PathBuf::as_path)
    }

    /// The file that a span is in, and the span within its text; `None` without a position.
    #[must_use]
    pub fn find(&self, span: Span) -> Option<(&SourceFile, Span)> {
        if span.is_none() {
            return None;
        }
        let after = self.files.partition_point(|file| file.base <= span.start());
        let file = &self.files[after.checked_sub(1)?];
        // A span without an end would pass for none.
        Some((file, Span::new(span.start() - file.base, span.end().saturating_sub(file.base).max(1))))
    }

    /// Line and column in the file that a span is in, both from 1; `None` without a position or outside of all.
    #[must_use]
    pub fn line_column(&self, span: Span) -> Option<(usize, usize)> {
        let (file, local) = self.find(span)?;
        local.line_column(&file.text)
    }

    /// The text at a span; empty if the span has no position or is outside of all files.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        let found = self.find(span).and_then(|(file, local)| file.text.get(local.start()..local.end()));
        found.unwrap_or_default()
    }
}

// === impl SourceFile ===

impl SourceFile {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its path, as findings show it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where its text begins in the row of all.
    #[must_use]
    pub fn base(&self) -> usize {
        self.base
    }
}

/// The folder of a file.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_belongs_to_one_file() {
        let sources = SourceMap::new("a", "12").with_file("b", "").with_file("c", "4\n6");
        let rows = [
            (Span::new(0, 1), "a", Some((1, 1))),
            (Span::new(2, 2), "a", Some((1, 3))),
            (Span::new(3, 3), "b", Some((1, 1))),
            (Span::new(4, 4), "c", Some((1, 1))),
            (Span::new(6, 7), "c", Some((2, 1))),
            (Span::new(7, 7), "c", Some((2, 2))),
            (Span::new(9, 12), "c", None),
        ];
        for (span, name, place) in rows {
            assert_eq!(sources.find(span).map(|(file, _)| file.name()), Some(name), "{span:?}");
            assert_eq!(sources.line_column(span), place, "{span:?}");
        }
        assert_eq!(sources.find(Span::NONE), None);
        assert_eq!((sources.text(Span::new(6, 7)), sources.text(Span::new(9, 12))), ("6", ""));
    }
}
