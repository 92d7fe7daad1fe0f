//! The tables of keys as Markdown.

use std::fmt::Write as _;

use super::{Key, OPS, Table, ValueKind, tables};

/// The reference of every table, key and op, in Markdown; `docs/reference.md` carries it.
#[must_use]
pub fn reference() -> String {
    let mut out = String::new();
    for table in tables() {
        section(table, &mut out);
    }
    out
}

fn section(table: &Table, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(out, "\n## {}\n\n{}\n\n", heading(table), table.doc);
    out.push_str("| key | type | default | what it does |\n|---|---|---|---|\n");
    for key in table.all() {
        let _ = writeln!(out, "| `{}` | {} | {} | {} |", key.name, kind(key.kind), default(key), key.doc);
    }
}

fn heading(table: &Table) -> String {
    if OPS.iter().any(|op| op.name == table.name) { format!("op {}", table.title) } else { name(table) }
}

/// What a table is called in a heading or a cell, where brackets alone would be taken for a link.
fn name(table: &Table) -> String {
    match table.title {
        title if title.starts_with('[') => format!("`{title}`"),
        title if title.starts_with('`') => format!("table {title}"),
        title => ["a ", "an ", "the "].iter().find_map(|word| title.strip_prefix(word)).unwrap_or(title).to_owned(),
    }
}

fn default(key: &Key) -> String {
    match (key.required, key.default) {
        (true, _) => "required".to_owned(),
        (false, "") => "–".to_owned(),
        (false, default) => format!("`{default}`"),
    }
}

/// The type, with the limits and the names of tables that a message would only repeat.
fn kind(kind: ValueKind) -> String {
    match kind {
        ValueKind::Integer { min, max: i64::MAX } => format!("integer from {min}"),
        ValueKind::Integer { min, max } => format!("integer from {min} to {max}"),
        ValueKind::Table(table) => name(table),
        ValueKind::List(ValueKind::Table(table)) if table.title.starts_with('[') => format!("list of {}", name(table)),
        ValueKind::List(ValueKind::Table(table)) => format!("list of {}s", name(table)),
        ValueKind::OneOrMore(inner) => format!("{}, or a list", self::kind(*inner)),
        ValueKind::Either(one, other) => format!("{} or {}", self::kind(*one), self::kind(*other)),
        kind => kind.label().into_owned(),
    }
}
