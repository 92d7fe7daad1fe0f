//! Reading one table: every problem of it becomes a diagnostic, and none hides another.

use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::keys::{Key, OPS, Table, ValueKind, listed, tables};
use super::node::{ConfigNode, FileText};
use super::variables::Environment;
use super::{constant, value};
use crate::diagnostic::{Diagnostic, Diagnostics, Span, Spanned, nearest, suggestion};
use crate::json::{Expression, Literal};

/// How many keys are listed where none is nearly the one that is written.
const SUGGESTED_KEYS: usize = 3;

/// One table being read. Read all keys first and only then give up with `?`, so that all problems are found.
pub(super) struct TableReader<'t, 'd> {
    keys: &'static Table,
    map: &'t DeTable<'t>,
    pub(super) span: Span,
    file: FileText<'t>,
    pub(super) found: &'d mut Diagnostics,
    /// How many errors were found before this table.
    before: usize,
}

// === impl TableReader ===

impl<'t, 'd> TableReader<'t, 'd> {
    pub(super) fn open(node: ConfigNode<'t>, keys: &'static Table, found: &'d mut Diagnostics) -> Option<Self> {
        match node.value {
            DeValue::Table(map) => {
                Some(Self { keys, map, span: node.span, file: node.file, before: found.errors(), found })
            }
            _ => node.wrong_type(ValueKind::Table(keys), found),
        }
    }

    pub(super) fn root(
        map: &'t DeTable<'t>,
        file: FileText<'t>,
        keys: &'static Table,
        found: &'d mut Diagnostics,
    ) -> Self {
        Self { keys, map, span: Span::NONE, file, before: found.errors(), found }
    }

    /// From here on, the texts of the table may have variables in them.
    pub(super) fn allow_variables(&mut self, environment: Environment<'t>) {
        self.file = self.file.with_variables(environment);
    }

    /// Whether nothing is wrong with the table so far.
    pub(super) fn is_clean(&self) -> bool {
        self.found.errors() == self.before
    }

    /// Whether the table may have this key.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.keys.key(name).is_some()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    /// Whether a key is this text.
    pub(super) fn is_text(&self, name: &str, text: &str) -> bool {
        self.map.get(name).is_some_and(|value| value.get_ref().as_str() == Some(text))
    }

    /// The value of a key and what it should be; says so if it is missing and must not be.
    pub(super) fn node(&mut self, name: &'static str) -> Option<(ConfigNode<'t>, ValueKind)> {
        let key = self.keys.key(name)?;
        match self.map.get(name) {
            Some(value) => {
                let node = ConfigNode {
                    key: name,
                    value: value.get_ref(),
                    span: self.file.span(value.span()),
                    file: self.file,
                };
                Some((node, key.kind))
            }
            None => {
                if key.required {
                    self.missing(key);
                }
                None
            }
        }
    }

    fn missing(&mut self, key: &Key) {
        let message = format!("{} has no `{}`", self.keys.title, key.name);
        let help = format!("add `{}`: {}", key.name, key.doc);
        self.found.push(Diagnostic::error("missing-key", message, self.span).help(help));
    }

    /// Says that one of several keys is missing. One that is there and could not be read has a finding of its own.
    pub(super) fn missing_one_of<T>(&mut self, names: &[&str]) -> Option<T> {
        if names.iter().any(|name| self.has(name)) {
            return None;
        }
        let message = format!("{} has none of {}", self.keys.title, listed(names));
        self.found.push(Diagnostic::error("missing-key", message, self.span).help("add one of them"));
        None
    }

    /// Reports two keys that exclude each other.
    pub(super) fn exclude(&mut self, one: &str, other: &str) {
        let (true, Some((key, _))) = (self.has(one), self.map.get_key_value(other)) else { return };
        let message = format!("{} has both `{one}` and `{other}`", self.keys.title);
        let diagnostic = Diagnostic::error("conflicting-keys", message, self.file.span(key.span()));
        self.found.push(diagnostic.help(format!("remove `{other}` or `{one}`")));
    }

    /// Warns of a key that is there and has no effect.
    pub(super) fn warn(&mut self, code: &'static str, name: &str, message: impl Into<String>, help: impl Into<String>) {
        let Some((_, value)) = self.map.get_key_value(name) else { return };
        let span = self.file.span(value.span());
        self.found.push(Diagnostic::warning(code, message, span).help(help));
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<Spanned<String>> {
        let (node, kind) = self.node(name)?;
        node.text(kind, self.found)
    }

    /// An expression; says so if it is none.
    pub(super) fn expression(&mut self, text: &Spanned<String>) -> Option<Expression> {
        match Expression::parse(text) {
            Ok(expression) => Some(expression),
            Err(error) => {
                let help = "see `compute` in docs/changes.md for what an expression may have";
                let finding = Diagnostic::error("bad-expression", format!("`cel`: {error}"), text.span);
                self.found.push(finding.within(error.offset()).help(help));
                None
            }
        }
    }

    /// Two texts; both are read before either is missed.
    pub(super) fn two(&mut self, one: &'static str, other: &'static str) -> Option<(Spanned<String>, Spanned<String>)> {
        let (one, other) = (self.text(one), self.text(other));
        Some((one?, other?))
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Option<bool> {
        let (node, _) = self.node(name)?;
        node.flag(self.found)
    }

    pub(super) fn integer(&mut self, name: &'static str) -> Option<Spanned<i64>> {
        let (node, kind) = self.node(name)?;
        node.integer(kind, self.found)
    }

    pub(super) fn date(&mut self, name: &'static str) -> Option<Spanned<String>> {
        let (node, _) = self.node(name)?;
        node.date(self.found)
    }

    pub(super) fn duration(&mut self, name: &'static str) -> Option<Duration> {
        let (node, _) = self.node(name)?;
        node.duration(self.found)
    }

    /// An integer whose kind's range fits into `T`.
    pub(super) fn count<T: TryFrom<i64>>(&mut self, name: &'static str) -> Option<T> {
        self.integer(name)?.value.try_into().ok()
    }

    pub(super) fn percent(&mut self, name: &'static str) -> Option<f64> {
        let (node, _) = self.node(name)?;
        node.percent(self.found)
    }

    /// `Some(None)` if it is off.
    pub(super) fn off_or_duration(&mut self, name: &'static str) -> Option<Option<Duration>> {
        let (node, kind) = self.node(name)?;
        match (kind, node.value.as_str()) {
            (ValueKind::Either(..), Some("off")) => Some(None),
            _ => node.duration(self.found).map(Some),
        }
    }

    /// A string that is a token of HTTP: the name of a header, a pseudonym.
    pub(super) fn field_name(&mut self, name: &'static str) -> Option<String> {
        let (node, kind) = self.node(name)?;
        let text = node.text(kind, self.found)?.value;
        let valid = text.is_empty() || http::HeaderName::try_from(text.as_str()).is_ok();
        if !valid {
            let message = format!("`{name}` is {}, which has characters that are not allowed", value::show(node.value));
            let help = "use letters, digits and hyphens only";
            self.found.push(Diagnostic::error("bad-token", message, node.span).help(help));
        }
        valid.then_some(text)
    }

    /// The path of a URL.
    pub(super) fn path(&mut self, name: &'static str) -> Option<Spanned<String>> {
        let text = self.text(name)?;
        let valid = text.starts_with('/') && http::uri::PathAndQuery::try_from(text.as_str()).is_ok();
        if !valid {
            let message = format!("`{name}` is `{}`, which is not a path", value::excerpt(&text));
            let help = "write a path that begins with `/`, such as `/health`";
            self.found.push(Diagnostic::error("bad-path", message, text.span).help(help));
        }
        valid.then_some(text)
    }

    pub(super) fn word(&mut self, name: &'static str) -> Option<&'static str> {
        let (node, kind) = self.node(name)?;
        node.word(kind, self.found)
    }

    pub(super) fn literal(&mut self, name: &'static str) -> Option<Literal> {
        let (node, _) = self.node(name)?;
        constant::literal(node, self.found)
    }

    pub(super) fn json(&mut self, name: &'static str) -> Option<Literal> {
        let (node, _) = self.node(name)?;
        node.json(self.found)
    }

    pub(super) fn texts(&mut self, name: &'static str) -> Vec<Spanned<String>> {
        self.list(name, |node, kind, found| node.text(kind, found))
    }

    /// A list, each element with the kind it should be of.
    pub(super) fn list<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(ConfigNode<'t>, ValueKind, &mut Diagnostics) -> Option<T>,
    ) -> Vec<T> {
        let Some((node, kind)) = self.node(name) else { return Vec::new() };
        match (node.value, kind) {
            (DeValue::Array(list), ValueKind::List(kind) | ValueKind::OneOrMore(kind)) => {
                list.iter().filter_map(|element| read(node.element(element), *kind, self.found)).collect()
            }
            (DeValue::Array(list), ValueKind::Either(_, ValueKind::List(kind))) => {
                list.iter().filter_map(|element| read(node.element(element), **kind, self.found)).collect()
            }
            (DeValue::String(_), ValueKind::Either(ValueKind::Word(_), _)) => {
                node.word(kind, self.found);
                Vec::new()
            }
            (_, ValueKind::OneOrMore(kind)) => read(node, *kind, self.found).into_iter().collect(),
            _ => node.wrong_type(kind, self.found).unwrap_or_default(),
        }
    }

    pub(super) fn tables<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(TableReader<'t, '_>) -> Option<T>,
    ) -> Vec<T> {
        self.list(name, |node, kind, found| match kind {
            ValueKind::Table(keys) => read(TableReader::open(node, keys, found)?),
            _ => None,
        })
    }

    pub(super) fn table<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(TableReader<'t, '_>) -> Option<T>,
    ) -> Option<T> {
        let (node, kind) = self.node(name)?;
        match kind {
            ValueKind::Table(keys) => read(TableReader::open(node, keys, self.found)?),
            _ => None,
        }
    }

    /// A word or a table.
    pub(super) fn word_or_table<T>(
        &mut self,
        name: &'static str,
        word: impl FnOnce(&'static str) -> T,
        table: impl FnOnce(TableReader<'t, '_>) -> Option<T>,
    ) -> Option<T> {
        let (node, kind) = self.node(name)?;
        word_or_table(node, kind, self.found, word, table)
    }

    /// A table whose keys are names; in the order of the file.
    pub(super) fn map<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(ConfigNode<'t>, &mut Diagnostics) -> Option<T>,
    ) -> Vec<(Spanned<String>, T)> {
        let Some((node, kind)) = self.node(name) else { return Vec::new() };
        let DeValue::Table(map) = node.value else {
            return node.wrong_type(kind, self.found).unwrap_or_default();
        };
        let entries = constant::entries(map, node.file).into_iter();
        entries
            .filter_map(|(key, span, node)| Some((Spanned::new(key.to_owned(), span), read(node, self.found)?)))
            .collect()
    }

    /// Names and what they stand for.
    pub(super) fn names(&mut self, name: &'static str) -> Vec<(Spanned<String>, Spanned<String>)> {
        let list = self.map(name, |node, found| node.text(ValueKind::Name, found));
        for (key, _) in list.iter().filter(|(key, _)| key.is_empty()) {
            let message = format!("a key in `{name}` is empty");
            self.found.push(Diagnostic::error("empty-text", message, key.span).help("name it, or remove the entry"));
        }
        list
    }

    /// Says which keys there are that the table does not have.
    pub(super) fn finish(mut self) {
        self.report_unknown();
    }

    fn report_unknown(&mut self) {
        for (key, span, node) in constant::entries(self.map, self.file) {
            if self.keys.key(key).is_none() {
                let message =
                    format!("unknown key `{key}` in {} (its value is {})", self.keys.title, value::show(node.value));
                self.found.push(Diagnostic::error("unknown-key", message, span).help(self.suggestion(key)));
            }
        }
    }

    /// Also gives up if anything is wrong with the table: half a value would only cause findings of its own.
    pub(super) fn finish_whole(mut self) -> Option<()> {
        self.report_unknown();
        self.is_clean().then_some(())
    }

    fn suggestion(&self, key: &str) -> String {
        let ops: Vec<&str> = OPS.iter().filter(|op| op.key(key).is_some()).map(|op| op.name).collect();
        if !ops.is_empty() && OPS.iter().any(|op| op.name == self.keys.name) {
            return format!("remove it: `{key}` is a key of {}", listed(&ops));
        }
        let free = || self.keys.all().map(|known| known.name).filter(|name| !self.has(name));
        let near = nearest(key, free());
        // Of ops it has been said above.
        let others: Vec<&str> = match near {
            Some(_) => Vec::new(),
            None => tables_with(key),
        };
        let known = || free().collect::<Vec<_>>();
        match (near, &others[..]) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, []) => suggestion(key, &known(), SUGGESTED_KEYS),
            (None, [table]) => format!("`{key}` is a key of {table}"),
            (None, [first @ .., last]) => format!("`{key}` is a key of {} and {last}", first.join(", ")),
        }
    }
}

/// The tables that have a key, other than ops.
fn tables_with(key: &str) -> Vec<&'static str> {
    let is_op = |table: &&Table| OPS.iter().any(|op| op.name == table.name);
    let with_key = tables().into_iter().filter(|table| table.key(key).is_some() && !is_op(table));
    let mut titles: Vec<&str> = with_key.map(|table| table.title).collect();
    titles.dedup();
    titles.truncate(SUGGESTED_KEYS);
    titles
}

/// A word or a table, by the kinds of an [`ValueKind::Either`].
pub(super) fn word_or_table<'t, T>(
    node: ConfigNode<'t>,
    kind: ValueKind,
    found: &mut Diagnostics,
    word: impl FnOnce(&'static str) -> T,
    table: impl FnOnce(TableReader<'t, '_>) -> Option<T>,
) -> Option<T> {
    match (node.value, kind) {
        (DeValue::String(_), ValueKind::Either(ValueKind::Word(_), _)) => node.word(kind, found).map(word),
        (DeValue::Table(_), ValueKind::Either(_, ValueKind::Table(keys))) => {
            table(TableReader::open(node, keys, found)?)
        }
        _ => node.wrong_type(kind, found),
    }
}
