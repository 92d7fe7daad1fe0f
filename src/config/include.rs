//! Reads a file and those that it includes. This is the only place that reads files.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::node::FileText;
use super::sources::{SourceMap, folder};
use crate::diagnostic::{Diagnostic, Span, Spanned};

/// The wildcard for any text in a file's name.
const STAR: char = '*';

/// The files read so far.
struct Opener<'e> {
    sources: SourceMap,
    root: PathBuf,
    /// By the path that is left when links are followed.
    known: BTreeSet<PathBuf>,
    edit: &'e dyn Fn(String) -> String,
}

// === impl SourceMap ===

impl SourceMap {
    /// Reads the file at `path` and all that it includes. What of the latter cannot be read is among the
    /// [`problems`](Self::problems).
    ///
    /// # Errors
    /// The file at `path` cannot be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_with(path, &|text| text)
    }

    /// As [`SourceMap::open`], with each text edited before it is looked at.
    ///
    /// # Errors
    /// The file at `path` cannot be read.
    pub fn open_with(path: &Path, edit: &dyn Fn(String) -> String) -> io::Result<Self> {
        Ok(Self::open_as(path, edit(fs::read_to_string(path)?), edit))
    }

    /// As if the file at `path` had the content `text`: the files that it includes are read.
    #[must_use]
    pub fn open_as(path: &Path, text: String, edit: &dyn Fn(String) -> String) -> Self {
        let entries = entries(&text);
        let root = identity(path);
        let mut opener = Opener { known: BTreeSet::from([root.clone()]), root, sources: Self::new(path, text), edit };
        let folder = path.parent().unwrap_or(Path::new(""));
        entries.iter().for_each(|entry| opener.include(folder, entry));
        opener.sources
    }

    /// Whether `pattern`, the last component of an entry of `include`, means a file of this name.
    #[must_use]
    pub fn is_match(pattern: &str, name: &str) -> bool {
        is_match(pattern, name)
    }
}

// === impl Opener ===

impl Opener<'_> {
    fn include(&mut self, from: &Path, entry: &Spanned<String>) {
        let path = from.join(entry.as_str());
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if Path::new(entry.as_str()).parent().is_some_and(|parent| parent.to_string_lossy().contains(STAR)) {
            let message = format!("`{}` has a `*` in a directory name", entry.value);
            return self.problem("bad-include", message, entry.span, "use `*` in the file name only");
        }
        self.sources.places.insert(path.clone());
        if !name.contains(STAR) {
            return self.file(path, entry);
        }
        match matching(folder(&path), name) {
            Ok(names) => {
                let paths = names.into_iter().map(|name| path.with_file_name(name));
                // A pattern does not match the file that contains it.
                let paths: Vec<PathBuf> = paths.filter(|path| identity(path) != self.root).collect();
                if paths.is_empty() {
                    let message = format!("no file matches `{}`", entry.value);
                    self.problem("unmatched-include", message, entry.span, "create the file, or remove the entry");
                }
                paths.into_iter().for_each(|path| self.file(path, entry));
            }
            Err(error) => self.unreadable(folder(&path), &error, entry),
        }
    }

    fn file(&mut self, path: PathBuf, entry: &Spanned<String>) {
        if !self.known.insert(identity(&path)) {
            let message = format!("`{}` is included twice", path.display());
            return self.problem("duplicate-include", message, entry.span, "remove one of the entries");
        }
        match fs::read_to_string(&path) {
            Ok(text) => {
                let sources = std::mem::take(&mut self.sources);
                self.sources = sources.with_file(path, (self.edit)(text));
            }
            Err(error) => self.unreadable(&path, &error, entry),
        }
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error, entry: &Spanned<String>) {
        let message = format!("cannot read `{}`: {error}", path.display());
        let help = "paths are relative to the file that includes them";
        self.problem("unreadable-include", message, entry.span, help);
    }

    fn problem(&mut self, code: &'static str, message: String, span: Span, help: &str) {
        self.sources.problems.push(Diagnostic::error(code, message, span).help(help));
    }
}

/// The entries of `include`, as far as they can be read; what is wrong with the rest is found when the text is read.
fn entries(text: &str) -> Vec<Spanned<String>> {
    let (document, _) = DeTable::parse_recoverable(text);
    let read = |value: &toml::Spanned<DeValue<'_>>| match value.get_ref() {
        DeValue::String(entry) if !entry.is_empty() => {
            Some(Spanned::new(entry.as_ref().to_owned(), FileText::default().span(value.span())))
        }
        _ => None,
    };
    match document.get_ref().get("include") {
        Some(value) => match value.get_ref() {
            DeValue::Array(list) => list.iter().filter_map(read).collect(),
            _ => read(value).into_iter().collect(),
        },
        None => Vec::new(),
    }
}

/// The names in a folder that a pattern means, sorted.
fn matching(folder: &Path, pattern: &str) -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string()
            && is_match(pattern, &name)
            && !entry.path().is_dir()
        {
            names.insert(name);
        }
    }
    Ok(names)
}

/// Editors keep files beside theirs that begin with a dot: only a pattern that begins with a dot means those.
fn is_match(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let mut parts = pattern.split(STAR);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The same for all paths that lead to one file.
fn identity(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_names() {
        let rows = [
            ("*.toml", "a.toml", true),
            ("*.toml", ".toml", false),
            ("*.toml", ".#a.toml", false),
            (".*.toml", ".a.toml", true),
            ("*.toml", "a.toml~", false),
            ("a*b", "ab", true),
            ("a*b", "a", false),
            ("ab*b", "ab", false),
            ("*-api-*.toml", "shop-api-1.toml", true),
            ("*-api-*.toml", "shop-api.toml", false),
            ("*", "any", true),
            ("a.toml", "a.toml", true),
        ];
        let wrong: Vec<_> =
            rows.iter().filter(|(pattern, name, expected)| is_match(pattern, name) != *expected).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn entries_are_read_from_what_there_is() {
        let rows: [(&str, &[&str]); 5] = [
            ("include = [\"a\", 1, \"\", \"b\"]", &["a", "b"]),
            ("include = \"a\"", &["a"]),
            ("include = 1", &[]),
            ("include = [\"a\"]\n[broken", &["a"]),
            ("", &[]),
        ];
        for (text, expected) in rows {
            let found = entries(text);
            assert_eq!(found.iter().map(|entry| entry.as_str()).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
