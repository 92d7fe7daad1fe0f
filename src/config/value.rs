//! Texts of the file that become something else, and what messages call a value.

use std::time::Duration;

use toml::de::DeValue;

use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::json::Literal;

/// Longer than any plan, and short enough to be added to any date.
const MAX_DURATION: u64 = 36_525 * DAY;
const DAY: u64 = 86_400;
/// In milliseconds.
const SECOND: u64 = 1000;

/// A JSON text as a constant.
pub(super) fn json(text: &str, span: Span, found: &mut Diagnostics) -> Option<Literal> {
    match Literal::parse(text) {
        Ok(literal) => Some(literal),
        Err(error) => {
            let finding = Diagnostic::error("bad-json", format!("`{}` is not JSON: {error}", excerpt(text)), span);
            let help = "write JSON as in a body: a string needs double quotes";
            found.push(finding.within(error.offset()).help(help));
            None
        }
    }
}

/// `90s`, `1h30m`, `2d`, `250ms`.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
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
        DeValue::String(text) => format!("the string `{:?}`", excerpt(text)),
        DeValue::Integer(number) => format!("the integer `{number}`"),
        DeValue::Float(number) => format!("the number `{number}`"),
        DeValue::Boolean(flag) => format!("`{flag}`"),
        DeValue::Datetime(time) if time.date.is_none() => format!("the time `{time}`"),
        DeValue::Datetime(date) => format!("the date `{date}`"),
        DeValue::Array(_) => "an array".to_owned(),
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
