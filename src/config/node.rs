//! One value of the file, and what to say if it is not what was wanted.

use std::ops::Range;
use std::time::Duration;

use toml::de::DeValue;
use toml::value::{Datetime, Time};

use super::keys::{Table, ValueKind, listed};
use super::sources::SourceFile;
use super::value;
use super::variables::{Environment, VariableError, expand};
use crate::diagnostic::{Diagnostic, Diagnostics, Span, Spanned, nearest};
use crate::json::Literal;

/// A value, its key, and its position.
#[derive(Clone, Copy)]
pub(super) struct ConfigNode<'t> {
    pub(super) key: &'t str,
    pub(super) value: &'t DeValue<'t>,
    pub(super) span: Span,
    pub(super) file: FileText<'t>,
}

/// The file that contains a value, and what strings may contain there.
#[derive(Clone, Copy, Default)]
pub(super) struct FileText<'t> {
    /// Where its text begins in the row of all.
    base: usize,
    text: &'t str,
    /// Where the variables of texts come from; texts are taken as they are without.
    environment: Option<Environment<'t>>,
}

// === impl FileText ===

impl<'t> FileText<'t> {
    pub(super) fn new(source: &'t SourceFile) -> Self {
        Self { base: source.base(), text: source.text(), environment: None }
    }

    /// The same file, where texts may have variables in them.
    pub(super) fn with_variables(self, environment: Environment<'t>) -> Self {
        Self { environment: Some(environment), ..self }
    }

    /// A span as the TOML reader gives it.
    pub(super) fn span(self, range: Range<usize>) -> Span {
        Span::new(self.base + range.start, self.base + range.end)
    }

    /// The position of `part` in the text at `span`.
    fn part(self, span: Span, part: &str) -> Span {
        let local = span.start() - self.base..span.end() - self.base;
        let found = self.text.get(local.clone()).and_then(|text| text.find(part));
        found.map_or(span, |at| self.span(local.start + at..local.start + at + part.len()))
    }
}

// === impl ConfigNode ===

impl<'t> ConfigNode<'t> {
    pub(super) fn element(self, element: &'t toml::Spanned<DeValue<'t>>) -> Self {
        Self { value: element.get_ref(), span: self.file.span(element.span()), ..self }
    }

    pub(super) fn wrong_type<T>(self, wanted: ValueKind, found: &mut Diagnostics) -> Option<T> {
        let message = format!("`{}` is {}; expected {}", self.key, value::show(self.value), wanted.describe());
        let diagnostic = Diagnostic::error("wrong-type", message, self.span);
        found.push(match self.correction(wanted) {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
        None
    }

    /// The exact text to write, if it is known.
    fn correction(self, wanted: ValueKind) -> Option<String> {
        match (wanted, self.value) {
            (ValueKind::Text | ValueKind::Name | ValueKind::Word(_), DeValue::Integer(number)) => {
                Some(format!("write `\"{number}\"`"))
            }
            (ValueKind::Text | ValueKind::Name | ValueKind::Word(_), DeValue::Float(number)) => {
                Some(format!("write `\"{number}\"`"))
            }
            (ValueKind::Text | ValueKind::Name | ValueKind::Word(_), DeValue::Datetime(date)) => {
                Some(format!("write `\"{date}\"`"))
            }
            (ValueKind::Duration, DeValue::Integer(number)) => Some(format!("for seconds, write `\"{number}s\"`")),
            (ValueKind::List(ValueKind::Table(table)), DeValue::Table(_)) if table.title.starts_with("[[") => {
                Some(format!("write `{}` with two brackets", table.title))
            }
            (ValueKind::List(_) | ValueKind::Patch, _) => Some("write it in brackets: `[…]`".to_owned()),
            (ValueKind::Map(_), _) => Some("write a table: `{ name = … }`".to_owned()),
            (ValueKind::Word(_) | ValueKind::Table(_) | ValueKind::Either(..), _) => {
                Some(alternatives(wanted, self.value))
            }
            _ => wanted.example().map(str::to_owned),
        }
    }

    pub(super) fn text(self, wanted: ValueKind, found: &mut Diagnostics) -> Option<Spanned<String>> {
        let DeValue::String(text) = self.value else {
            return self.wrong_type(wanted, found);
        };
        let text = self.expanded(text, found)?;
        if matches!(wanted, ValueKind::Name) && text.is_empty() {
            let message = format!("`{}` is empty", self.key);
            found.push(Diagnostic::error("empty-text", message, self.span).help("give it a value, or remove the key"));
            return None;
        }
        Some(Spanned::new(text, self.span))
    }

    /// The text with the values of its variables, which no finding shows.
    fn expanded(self, text: &str, found: &mut Diagnostics) -> Option<String> {
        let Some(environment) = self.file.environment else { return Some(text.to_owned()) };
        let expanded = expand(text, environment);
        for problem in &expanded.problems {
            found.push(self.problem(*problem));
        }
        if !expanded.values.is_empty() {
            found.hide(&expanded.text, text);
        }
        for (value, part) in &expanded.values {
            found.hide(value, part);
        }
        expanded.problems.is_empty().then_some(expanded.text)
    }

    fn problem(self, problem: VariableError<'_>) -> Diagnostic {
        match problem {
            VariableError::Unset { part, name } => {
                let message = format!("the environment variable `{name}` is not set");
                let help = format!("set it, or write a default: `${{{name}:-…}}`");
                Diagnostic::error("unset-variable", message, self.file.part(self.span, part)).help(help)
            }
            VariableError::Malformed { part } => {
                let message = format!("`{}` is not a valid variable", value::excerpt(part));
                let help = "write `${NAME}` or `${NAME:-default}`; for a literal `${`, write `$${`";
                Diagnostic::error("bad-variable", message, self.file.part(self.span, part)).help(help)
            }
        }
    }

    pub(super) fn word(self, wanted: ValueKind, found: &mut Diagnostics) -> Option<&'static str> {
        let words = match wanted {
            ValueKind::Word(words) | ValueKind::Either(&ValueKind::Word(words), _) => words,
            _ => return None,
        };
        let text = self.text(ValueKind::Word(words), found)?;
        let known = words.iter().copied().find(|word| *word == text.value);
        if known.is_none() {
            let written = self.value.as_str().unwrap_or_default();
            let message = format!(
                "unknown value `{}` of `{}`; expected {}",
                value::excerpt(written),
                self.key,
                wanted.describe()
            );
            let help = meant(written, words)
                .map_or_else(|| one_of_these(wanted, self.value), |word| format!("did you mean `{word}`?"));
            found.push(Diagnostic::error("unknown-word", message, self.span).help(help));
        }
        known
    }

    pub(super) fn flag(self, found: &mut Diagnostics) -> Option<bool> {
        self.value.as_bool().or_else(|| self.wrong_type(ValueKind::Flag, found))
    }

    pub(super) fn integer(self, wanted: ValueKind, found: &mut Diagnostics) -> Option<Spanned<i64>> {
        let (ValueKind::Integer { min, max }, DeValue::Integer(number)) = (wanted, self.value) else {
            return self.wrong_type(wanted, found);
        };
        match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(value) if (min..=max).contains(&value) => Some(Spanned::new(value, self.span)),
            _ => self.out_of_range(&number.to_string(), &format!("{min} to {max}"), found),
        }
    }

    pub(super) fn percent(self, found: &mut Diagnostics) -> Option<f64> {
        let number = match self.value {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            _ => return self.wrong_type(ValueKind::Percent, found),
        };
        match number.parse() {
            Ok(value) if (0.0..=100.0).contains(&value) => Some(value),
            _ => self.out_of_range(number, "0 to 100", found),
        }
    }

    fn out_of_range<T>(self, number: &str, range: &str, found: &mut Diagnostics) -> Option<T> {
        let message = format!("`{}` is {number}, which is out of range", self.key);
        found.push(Diagnostic::error("out-of-range", message, self.span).help(format!("write a number from {range}")));
        None
    }

    pub(super) fn date(self, found: &mut Diagnostics) -> Option<Spanned<String>> {
        let before = found.errors();
        let date = date(self, found);
        if date.is_none() && found.errors() == before {
            return self.wrong_type(ValueKind::Date, found);
        }
        date
    }

    pub(super) fn duration(self, found: &mut Diagnostics) -> Option<Duration> {
        let text = self.text(ValueKind::Duration, found)?;
        self.parsed("bad-duration", value::duration(&text), ValueKind::Duration, found)
    }

    /// What a text was read as, or that it is none.
    pub(super) fn parsed<T>(
        self,
        code: &'static str,
        value: Option<T>,
        wanted: ValueKind,
        found: &mut Diagnostics,
    ) -> Option<T> {
        if value.is_none() {
            let message = format!("`{}` is {}; expected {}", self.key, value::show(self.value), wanted.describe());
            found.push(Diagnostic::error(code, message, self.span).help(wanted.example().unwrap_or_default()));
        }
        value
    }

    pub(super) fn json(self, found: &mut Diagnostics) -> Option<Literal> {
        let text = self.text(ValueKind::Json, found)?;
        value::json(&text, self.span, found)
    }
}

/// Other names of words.
const SYNONYMS: [(&str, &str); 4] =
    [("iso8601", "rfc3339"), ("iso-8601", "rfc3339"), ("epoch", "unix-seconds"), ("timestamp", "unix-seconds")];

/// The word that the author of a file most likely meant: of `unix`, that is `unix-seconds`.
fn meant(written: &str, words: &[&'static str]) -> Option<&'static str> {
    let lower = written.to_ascii_lowercase();
    let synonym = SYNONYMS.iter().find(|(other, _)| *other == lower).map(|(_, word)| *word);
    let begins = |word: &&&str| word.strip_prefix(&*lower).is_some_and(|rest| rest.starts_with('-'));
    let known = synonym.filter(|word| words.contains(word));
    known.or_else(|| nearest(written, words.iter().copied())).or_else(|| words.iter().find(begins).copied())
}

/// What else may be written than a word that is not known. The message lists the words.
fn one_of_these(wanted: ValueKind, written: &DeValue<'_>) -> String {
    match wanted {
        ValueKind::Either(ValueKind::Word([_, _, ..]), other) => {
            format!("write one of these, in quotes, or {}", alternatives(*other, written))
        }
        ValueKind::Word([_, _, ..]) => "write one of these, in quotes".to_owned(),
        _ => alternatives(wanted, written),
    }
}

/// What may be written, spelled out.
fn alternatives(wanted: ValueKind, written: &DeValue<'_>) -> String {
    match wanted {
        ValueKind::Word(words) => format!("write {}, in quotes", listed(words)),
        ValueKind::Table(Table { keys: [key, others @ ..], common: [], .. })
            if matches!(key.kind, ValueKind::Name) && others.iter().all(|key| !key.required) =>
        {
            // No format of a time is without a directive.
            let fits = |text: &&str| !text.contains(['"', '\\']) && (key.name != "format" || text.contains('%'));
            let value = written.as_str().filter(fits).unwrap_or("…");
            format!("write `{{ {} = \"{}\" }}`", key.name, value::excerpt(value))
        }
        ValueKind::Table(table) => {
            let names: Vec<&str> = table.keys.iter().map(|key| key.name).collect();
            format!("write a table with {}", listed(&names))
        }
        ValueKind::Either(one, other) => {
            format!("{}, or {}", alternatives(*one, written), alternatives(*other, written))
        }
        _ => format!("write {}", wanted.describe()),
    }
}

/// The text of a date: a TOML date as RFC 3339 has it, a text as it is.
fn date(node: ConfigNode<'_>, found: &mut Diagnostics) -> Option<Spanned<String>> {
    let date = match node.value {
        DeValue::String(_) => return node.text(ValueKind::Date, found),
        DeValue::Datetime(date) => date,
        _ => return None,
    };
    let text = match (date.date, date.time, date.offset) {
        (Some(day), None, _) => day.to_string(),
        (Some(day), Some(time), Some(offset)) => format!("{day}T{}{offset}", with_seconds(time)),
        (Some(_), Some(_), None) => return without_offset(date, node, found),
        (None, ..) => return None,
    };
    Some(Spanned::new(text, node.span))
}

/// TOML 1.1 lets a time end at its minutes; RFC 3339 does not.
fn with_seconds(time: Time) -> Time {
    Time { second: time.second.or(Some(0)), ..time }
}

fn without_offset<T>(date: &Datetime, node: ConfigNode<'_>, found: &mut Diagnostics) -> Option<T> {
    let message = format!("`{}` is {date}, a time without an offset", node.key);
    found.push(Diagnostic::error("date-without-offset", message, node.span).help(format!("for UTC, write `{date}Z`")));
    None
}
