//! Values of the file that become JSON constants.

use std::fmt::Write as _;

use serde_json::value::RawValue;
use toml::de::{DeInteger, DeTable, DeValue};

use super::node::{ConfigNode, FileText};
use super::value::{json, show};
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::json::Literal;

/// Deeper constants are refused, so that neither this nor a JSON parser runs out of stack.
const MAX_DEPTH: usize = 100;

/// A TOML value as a JSON constant, its numbers spelled as they are.
pub(super) fn literal(node: ConfigNode<'_>, found: &mut Diagnostics) -> Option<Literal> {
    let mut text = String::new();
    let mut writer = ValueWriter { out: &mut text, file: node.file, found };
    writer.value(node.value, node.span, 0)?;
    json(&text, node.span, found)
}

/// `[old, new]`.
pub(super) fn pair(node: ConfigNode<'_>, found: &mut Diagnostics) -> Option<(Literal, Literal)> {
    let Some([old, new]) = node.value.as_array().map(|list| &**list) else {
        found.push(
            Diagnostic::error(
                "wrong-type",
                format!("`{}` contains {}; expected a pair", node.key, show(node.value)),
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

/// A JSON text that is a list of pairs.
pub(super) fn json_pairs(node: ConfigNode<'_>, json: &Literal, found: &mut Diagnostics) -> Vec<(Literal, Literal)> {
    match serde_json::from_str::<Vec<(&RawValue, &RawValue)>>(json.as_str()) {
        Ok(pairs) => pairs.into_iter().filter_map(|(old, new)| Some((inner(old)?, inner(new)?))).collect(),
        Err(_) => {
            let message = format!("`{}` is {}; expected a list of pairs", node.key, show(node.value));
            found
                .push(Diagnostic::error("wrong-type", message, node.span).help("write `'[[1, \"low\"], [[], null]]'`"));
            Vec::new()
        }
    }
}

fn inner(json: &RawValue) -> Option<Literal> {
    Literal::parse(json.get()).ok()
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
            return self.refuse("the value is nested too deeply".to_owned(), span, "use fewer levels");
        }
        match value {
            DeValue::String(text) => self.text(text),
            DeValue::Integer(number) => return self.integer(number, span),
            DeValue::Float(number) => return self.float(number.as_str(), span),
            DeValue::Boolean(flag) => self.out.push_str(if *flag { "true" } else { "false" }),
            DeValue::Datetime(date) => {
                return self.refuse(format!("JSON has no type for the date `{date}`"), span, "write it as a string");
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
            let help = format!("TOML integers have 64 bits: write `json = '{}'`", number.as_str());
            return self.refuse(format!("`{number}` is too large"), span, &help);
        };
        self.out.push_str(&value.to_string());
        Some(())
    }

    fn float(&mut self, number: &str, span: Span) -> Option<()> {
        if number.ends_with("inf") || number.ends_with("nan") {
            return self.refuse(format!("JSON cannot express `{number}`"), span, "write a number or a string");
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
