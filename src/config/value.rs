//! Values of the file that become something else: JSON constants, dates and durations.

use std::fmt::Write as _;
use std::time::Duration;

use toml::de::{DeInteger, DeTable, DeValue};
use toml::value::{Datetime, Time};

use super::keys::ValueKind;
use super::node::{ConfigNode, FileText};
use crate::diagnostic::{Diagnostic, Diagnostics, Span, Spanned};
use crate::json::Literal;

/// Deeper constants are refused, so that neither this nor a JSON parser runs out of stack.
const MAX_DEPTH: usize = 100;

/// Longer than any plan, and short enough to be added to any date.
const MAX_DURATION: u64 = 36_525 * DAY;
const DAY: u64 = 86_400;
/// In milliseconds.
const SECOND: u64 = 1000;

/// A TOML value as a JSON constant, its numbers spelled as they are.
pub(super) fn literal(node: ConfigNode<'_>, found: &mut Diagnostics) -> Option<Literal> {
    let mut text = String::new();
    let mut writer = ValueWriter { out: &mut text, file: node.file, found };
    writer.value(node.value, node.span, 0)?;
    json(&text, node.span, found)
}

/// A JSON text as a constant.
pub(super) fn json(text: &str, span: Span, found: &mut Diagnostics) -> Option<Literal> {
    match Literal::parse(text) {
        Ok(literal) => Some(literal),
        Err(error) => {
            found.push(
                Diagnostic::error("bad-json", format!("`{}` is not JSON: {error}", excerpt(text)), span)
                    .help("write JSON as the body would carry it, a text with its double quotes"),
            );
            None
        }
    }
}

/// `[old, new]`.
pub(super) fn pair(node: ConfigNode<'_>, found: &mut Diagnostics) -> Option<(Literal, Literal)> {
    let Some([old, new]) = node.value.as_array().map(|list| &**list) else {
        found.push(
            Diagnostic::error(
                "wrong-type",
                format!("`{}` holds {}, not a pair", node.key, show(node.value)),
                node.span,
            )
            .help("write `[[1, \"low\"], [2, \"high\"]]`"),
        );
        return None;
    };
    let old = literal(node.element(old), found);
    let new = literal(node.element(new), found);
    Some((old?, new?))
}

/// The text of a date: a TOML date as RFC 3339 has it, a text as it is.
pub(super) fn date(node: ConfigNode<'_>, found: &mut Diagnostics) -> Option<Spanned<String>> {
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
    let message = format!("`{}` is {date}, which is another moment in every time zone", node.key);
    found.push(Diagnostic::error("date-without-offset", message, node.span).help(format!("for UTC, write `{date}Z`")));
    None
}

/// `90s`, `1h30m`, `2d`, `250ms`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total: u64 = 0;
    let mut last = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u64 = rest[..digits].parse().ok()?;
        let letters = rest[digits..].find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len() - digits);
        let unit = unit(&rest[digits..digits + letters]).filter(|unit| *unit < last)?;
        total = total.checked_add(count.checked_mul(unit)?)?;
        last = unit;
        rest = &rest[digits + letters..];
    }
    (1..=MAX_DURATION * SECOND).contains(&total).then(|| Duration::from_millis(total))
}

/// In milliseconds.
fn unit(letters: &str) -> Option<u64> {
    match letters {
        "d" => Some(DAY * SECOND),
        "h" => Some(3600 * SECOND),
        "m" => Some(60 * SECOND),
        "s" => Some(SECOND),
        "ms" => Some(1),
        _ => None,
    }
}

/// What a message calls a value: the value itself where it is short.
pub(super) fn show(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text `{:?}`", excerpt(text)),
        DeValue::Integer(number) => format!("the integer `{number}`"),
        DeValue::Float(number) => format!("the number `{number}`"),
        DeValue::Boolean(flag) => format!("`{flag}`"),
        DeValue::Datetime(time) if time.date.is_none() => format!("the time `{time}`"),
        DeValue::Datetime(date) => format!("the date `{date}`"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// The beginning of a text, short enough for a message.
pub(super) fn excerpt(text: &str) -> String {
    const SHORT: usize = 60;
    match text.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The entries of a table in the order of the file.
pub(super) fn entries<'t>(table: &'t DeTable<'t>, file: FileText<'t>) -> Vec<(&'t str, Span, ConfigNode<'t>)> {
    let mut list: Vec<_> = table
        .iter()
        .map(|(key, value)| {
            let name: &str = key.get_ref();
            let node = ConfigNode { key: name, value: value.get_ref(), span: file.span(value.span()), file };
            (name, file.span(key.span()), node)
        })
        .collect();
    list.sort_by_key(|(_, span, _)| *span);
    list
}

/// Writes a TOML value as JSON; `None` once something was refused.
struct ValueWriter<'w> {
    out: &'w mut String,
    file: FileText<'w>,
    found: &'w mut Diagnostics,
}

// === impl ValueWriter ===

impl ValueWriter<'_> {
    fn value(&mut self, value: &DeValue<'_>, span: Span, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return self.refuse("the value is nested too deep".to_owned(), span, "use fewer levels");
        }
        match value {
            DeValue::String(text) => self.text(text),
            DeValue::Integer(number) => return self.integer(number, span),
            DeValue::Float(number) => return self.float(number.as_str(), span),
            DeValue::Boolean(flag) => self.out.push_str(if *flag { "true" } else { "false" }),
            DeValue::Datetime(date) => {
                return self.refuse(format!("JSON has no dates such as `{date}`"), span, "write it as a text");
            }
            DeValue::Array(list) => return self.array(list, depth),
            DeValue::Table(table) => return self.table(table, depth),
        }
        Some(())
    }

    fn refuse(&mut self, message: String, span: Span, help: &str) -> Option<()> {
        self.found.push(Diagnostic::error("not-json", message, span).help(help));
        None
    }

    fn text(&mut self, text: &str) {
        let quoted = serde_json::Value::from(text);
        // Writing to a string cannot fail.
        let _ = write!(self.out, "{quoted}");
    }

    fn integer(&mut self, number: &DeInteger<'_>, span: Span) -> Option<()> {
        let Ok(value) = i64::from_str_radix(number.as_str(), number.radix()) else {
            let help = format!("TOML integers have 64 bits; write `json = '{}'`", number.as_str());
            return self.refuse(format!("`{number}` is too large"), span, &help);
        };
        self.out.push_str(&value.to_string());
        Some(())
    }

    fn float(&mut self, number: &str, span: Span) -> Option<()> {
        if number.ends_with("inf") || number.ends_with("nan") {
            return self.refuse(format!("JSON has no `{number}`"), span, "write a number or a text");
        }
        self.out.push_str(number.trim_start_matches('+'));
        Some(())
    }

    fn array(&mut self, list: &toml::de::DeArray<'_>, depth: usize) -> Option<()> {
        self.out.push('[');
        let mut fine = Some(());
        for (index, element) in list.iter().enumerate() {
            self.comma(index);
            fine = fine.and(self.value(element.get_ref(), self.file.span(element.span()), depth + 1));
        }
        self.out.push(']');
        fine
    }

    fn table(&mut self, table: &DeTable<'_>, depth: usize) -> Option<()> {
        self.out.push('{');
        let mut fine = Some(());
        for (index, (key, _, node)) in entries(table, self.file).into_iter().enumerate() {
            self.comma(index);
            self.text(key);
            self.out.push(':');
            fine = fine.and(self.value(node.value, node.span, depth + 1));
        }
        self.out.push('}');
        fine
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.out.push(',');
        }
    }
}
