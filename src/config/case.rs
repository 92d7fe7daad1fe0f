//! Tests of the changes, in the file and in files of their own.

use std::ops::Range;

use toml::de::DeValue;

use super::keys::{CASES, ValueKind};
use super::node::{ConfigNode, FileText};
use super::sources::SourceMap;
use super::syntax;
use super::tree::TableReader;
use super::{constant, value};
use crate::catalog::{Back, Body, Case, Sample};
use crate::diagnostic::{Diagnostic, Diagnostics, Span, Spanned};

/// A case of a file of its own.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NamedCase {
    /// The name of the api, if it is given.
    pub api: Option<Spanned<String>>,
    /// The case.
    pub case: Case,
}

// === impl NamedCase ===

impl NamedCase {
    /// Where it is written.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.case.span
    }
}

/// Reads files of cases, `[[case]]` each, as far as they can be read, with all findings by their position. Nothing is
/// included.
///
/// ```
/// use sunward::config::SourceMap;
/// use sunward::internals::cases::read_cases;
///
/// let text = r#"
/// [[case]]
/// name = "the state was called status"
/// at   = "GET /orders/{id} -> 200"
/// from = { version = "1", body = '{"status": "paid"}' }
/// to   = { version = "2", body = '{"state": "paid"}' }
/// "#;
/// let (cases, found) = read_cases(&SourceMap::new("cases.toml", text));
/// assert_eq!((cases.len(), found.len()), (1, 0));
/// ```
#[must_use]
pub fn read_cases(sources: &SourceMap) -> (Vec<NamedCase>, Diagnostics) {
    let mut found = Diagnostics::new();
    let mut cases = Vec::new();
    for source in sources.files() {
        match syntax::parse(source) {
            Ok(document) => {
                let mut reader = TableReader::root(document.get_ref(), FileText::new(source), &CASES, &mut found);
                cases.extend(reader.tables("case", named));
                reader.finish();
            }
            Err(errors) => errors.into_iter().for_each(|error| found.push(error)),
        }
    }
    found.sort();
    (cases, found)
}

fn named(mut reader: TableReader<'_, '_>) -> Option<NamedCase> {
    let api = reader.text("api");
    case(reader).map(|case| NamedCase { api, case })
}

pub(super) fn case(mut reader: TableReader<'_, '_>) -> Option<Case> {
    let span = reader.span;
    let (name, at) = (reader.text("name"), reader.text("at"));
    let (from, to) = (reader.table("from", sample), reader.table("to", sample));
    let back = back(&mut reader);
    let exact = reader.flag("exact").unwrap_or_default();
    reader.finish_whole()?;
    Some(Case { name: name?, at: at?, from: from?, to: to?, back: back?, exact, span })
}

fn back(reader: &mut TableReader<'_, '_>) -> Option<Back> {
    if !reader.has("back") {
        return Some(Back::From);
    }
    let (node, kind) = reader.node("back")?;
    match (node.value, kind) {
        (DeValue::Boolean(true), _) => Some(Back::From),
        (DeValue::Boolean(false), _) => Some(Back::Off),
        (DeValue::Table(_), ValueKind::Either(_, ValueKind::Table(keys))) => {
            sample(TableReader::open(node, keys, reader.found)?).map(|back| Back::Other(Box::new(back)))
        }
        _ => node.wrong_type(kind, reader.found),
    }
}

fn sample(mut reader: TableReader<'_, '_>) -> Option<Sample> {
    let mut sample = Sample::new("");
    sample.version = reader.text("version").unwrap_or_default();
    sample.path = reader.text("path");
    sample.query = reader.text("query");
    sample.headers = reader.map("headers", field);
    sample.status =
        reader.integer("status").and_then(|status| Some(Spanned::new(status.value.try_into().ok()?, status.span)));
    sample.content_type = reader.text("content_type");
    reader.exclude("body", "body_file");
    let (text, file) = (body(&mut reader), reader.text("body_file"));
    sample.body = text.map(Body::Text).or(file.map(Body::File));
    sample.error = reader.text("error");
    reader.finish_whole()?;
    Some(sample)
}

/// The text of a body. For a table or a list, the finding has its text as JSON.
fn body(reader: &mut TableReader<'_, '_>) -> Option<Spanned<String>> {
    let (node, kind) = reader.node("body")?;
    let is_list = matches!(node.value, DeValue::Table(_) | DeValue::Array(_));
    let json = is_list.then(|| constant::literal(node, &mut Diagnostics::new())).flatten();
    let Some(json) = json.filter(|json| !json.as_str().contains('\'')) else { return node.text(kind, reader.found) };
    let message = format!("`body` is {}; expected a string", value::show(node.value));
    let help = format!("write it as JSON: `body = '{}'`", json.as_str());
    reader.found.push(Diagnostic::error("wrong-type", message, node.span).help(help));
    None
}

/// One value of a header field, or several.
fn field(node: ConfigNode<'_>, found: &mut Diagnostics) -> Option<Spanned<Vec<Spanned<String>>>> {
    let values: Vec<_> = match node.value {
        DeValue::Array(list) => list.iter().map(|value| node.element(value).text(ValueKind::Text, found)).collect(),
        _ => vec![node.text(ValueKind::Text, found)],
    };
    let values: Option<Vec<_>> = values.into_iter().collect();
    values.map(|values| Spanned::new(values, node.span))
}

/// The text of a file with another text in the place of the one at `range`. All else stays as it is.
///
/// ```
/// use sunward::internals::cases::replace;
///
/// let file = "status = 200 # as it was";
/// assert_eq!(replace(file, 9..12, "404"), "status = 404 # as it was");
/// ```
#[must_use]
pub fn replace(file: &str, range: Range<usize>, written: &str) -> String {
    let (before, after) = (file.get(..range.start).unwrap_or(file), file.get(range.end..).unwrap_or_default());
    format!("{before}{written}{after}")
}

/// A text as a string of a file: in the quotes that the old string has, where they can hold the new text.
#[must_use]
pub fn quoted(body: &str, old: &str) -> String {
    let basic = old.trim_start_matches(['[', ' ', '\n']).starts_with('"') || body.contains('\'');
    let plain = body.chars().all(|char| !char.is_control() || matches!(char, '\t' | '\n'));
    let block = old.starts_with("'''") || old.starts_with("\"\"\"");
    if plain && basic && !block && !body.contains(['"', '\\', '\n']) {
        return format!("\"{body}\"");
    }
    if plain && !block && !body.contains(['\'', '\n']) {
        return format!("'{body}'");
    }
    if plain && !body.contains("'''") && !body.ends_with('\'') {
        // A line end right behind the opening quotes is none of the text.
        let start = if body.contains('\n') || old[3.min(old.len())..].starts_with('\n') { "\n" } else { "" };
        return format!("'''{start}{body}'''");
    }
    let escaped: String = body
        .chars()
        .map(|char| match char {
            '"' | '\\' => format!("\\{char}"),
            char if char.is_control() => format!("\\u{:04X}", u32::from(char)),
            char => char.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the body, it is read again as it was written.
    #[test]
    fn a_body_that_is_exchanged_is_read_again() {
        let bodies =
            ["{}", "{\"a\": \"it's\"}", "{\n  \"a\": 1\n}\n", "\n{}", "'''", "a'", "\"\"\"", "\u{1}\t\\n\r\n", "é", ""];
        for old in ["''", "\"a\"", "'''\n{}\n'''", "\"\"\"\n{}\"\"\"", "'''{}'''"] {
            for body in bodies {
                let file = format!("# before\na = {old} # behind\nb = 1\n");
                let text = replace(&file, 13..13 + old.len(), &quoted(body, old));
                let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
                assert_eq!(table["a"].as_str(), Some(body), "{text}");
                assert!(text.starts_with("# before\na = ") && text.ends_with(" # behind\nb = 1\n"), "{text}");
            }
        }
    }
}
