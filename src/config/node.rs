//! One value of the file, and what to say if it is not what was wanted.

use std::time::Duration;

use toml::de::DeValue;

use super::keys::{Kind, listed};
use super::value;
use crate::diagnostic::{Diagnostic, Diagnostics, Span, Spanned, nearest};
use crate::json::Literal;

/// A value, the key it stands under, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Node<'t> {
    pub(super) key: &'t str,
    pub(super) value: &'t DeValue<'t>,
    pub(super) span: Span,
}

/// A span as the TOML reader gives it.
pub(super) fn found_span(range: std::ops::Range<usize>) -> Span {
    Span::new(range.start, range.end)
}

// === impl Node ===

impl<'t> Node<'t> {
    pub(super) fn element(self, element: &'t toml::Spanned<DeValue<'t>>) -> Self {
        Self { key: self.key, value: element.get_ref(), span: found_span(element.span()) }
    }

    pub(super) fn wrong_type<T>(self, wanted: Kind, found: &mut Diagnostics) -> Option<T> {
        let message = format!("`{}` is {}, not {}", self.key, value::show(self.value), wanted.describe());
        let diagnostic = Diagnostic::error("wrong-type", message, self.span);
        found.push(match self.correction(wanted) {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
        None
    }

    /// The very thing to write, where it can be told.
    fn correction(self, wanted: Kind) -> Option<String> {
        match (wanted, self.value) {
            (Kind::Text | Kind::Name | Kind::Word(_), DeValue::Integer(number)) => {
                Some(format!("write `\"{number}\"`"))
            }
            (Kind::Text | Kind::Name | Kind::Word(_), DeValue::Float(number)) => Some(format!("write `\"{number}\"`")),
            (Kind::Text | Kind::Name | Kind::Word(_), DeValue::Datetime(date)) => Some(format!("write `\"{date}\"`")),
            (Kind::Duration, DeValue::Integer(number)) => Some(format!("for seconds, write `\"{number}s\"`")),
            (Kind::List(Kind::Table(table)), DeValue::Table(_)) if table.title.starts_with("[[") => {
                Some(format!("write `{}`, with two brackets", table.title))
            }
            (Kind::List(_) | Kind::Patch, _) => Some("put it into brackets: `[…]`".to_owned()),
            (Kind::Map(_), _) => Some("write a table: `{ name = … }`".to_owned()),
            (Kind::Word(_) | Kind::Table(_) | Kind::Either(..), _) => Some(alternatives(wanted)),
            _ => wanted.example().map(str::to_owned),
        }
    }

    pub(super) fn text(self, wanted: Kind, found: &mut Diagnostics) -> Option<Spanned<String>> {
        let DeValue::String(text) = self.value else {
            return self.wrong_type(wanted, found);
        };
        if matches!(wanted, Kind::Name) && text.is_empty() {
            let message = format!("`{}` is empty", self.key);
            found.push(Diagnostic::error("empty-text", message, self.span).help("say it, or leave the key out"));
            return None;
        }
        Some(Spanned::new(text.as_ref().to_owned(), self.span))
    }

    pub(super) fn word(self, wanted: Kind, found: &mut Diagnostics) -> Option<&'static str> {
        let words = match wanted {
            Kind::Word(words) | Kind::Either(&Kind::Word(words), _) => words,
            _ => return None,
        };
        let text = self.text(Kind::Word(words), found)?;
        let known = words.iter().copied().find(|word| *word == text.value);
        if known.is_none() {
            let message = format!("`{}` is `{}`, not {}", self.key, value::excerpt(&text), wanted.describe());
            let help = nearest(&text, words.iter().copied())
                .map_or_else(|| alternatives(wanted), |word| format!("did you mean `{word}`?"));
            found.push(Diagnostic::error("unknown-word", message, self.span).help(help));
        }
        known
    }

    pub(super) fn flag(self, found: &mut Diagnostics) -> Option<bool> {
        self.value.as_bool().or_else(|| self.wrong_type(Kind::Flag, found))
    }

    pub(super) fn integer(self, wanted: Kind, found: &mut Diagnostics) -> Option<Spanned<i64>> {
        let (Kind::Integer { min, max }, DeValue::Integer(number)) = (wanted, self.value) else {
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
            _ => return self.wrong_type(Kind::Percent, found),
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
        let before = found.len();
        let date = value::date(self, found);
        if date.is_none() && found.len() == before {
            return self.wrong_type(Kind::Date, found);
        }
        date
    }

    pub(super) fn duration(self, found: &mut Diagnostics) -> Option<Duration> {
        let text = self.text(Kind::Duration, found)?;
        self.parsed("bad-duration", value::duration(&text), Kind::Duration, found)
    }

    /// What a text was read as, or that it is none.
    pub(super) fn parsed<T>(
        self,
        code: &'static str,
        value: Option<T>,
        wanted: Kind,
        found: &mut Diagnostics,
    ) -> Option<T> {
        if value.is_none() {
            let message = format!("`{}` is {}, not {}", self.key, value::show(self.value), wanted.describe());
            found.push(Diagnostic::error(code, message, self.span).help(wanted.example().unwrap_or_default()));
        }
        value
    }

    pub(super) fn json(self, found: &mut Diagnostics) -> Option<Literal> {
        let text = self.text(Kind::Json, found)?;
        value::json(&text, self.span, found)
    }
}

/// What may be written, spelled out.
fn alternatives(wanted: Kind) -> String {
    match wanted {
        Kind::Word(words) => format!("write {}, in quotes", listed(words)),
        Kind::Table(table) => {
            let names: Vec<&str> = table.keys.iter().map(|key| key.name).collect();
            format!("write a table with {}", listed(&names))
        }
        Kind::Either(one, other) => format!("{}, or {}", alternatives(*one), alternatives(*other)),
        _ => format!("write {}", wanted.describe()),
    }
}
