//! Ops on structure.

use super::tree::TableReader;
use super::when::when;
use crate::change::{KeyedSpec, NamesSpec, OpKind, StructureSpec};
use crate::diagnostic::Diagnostic;
use crate::json::{ElementPosition, Many, NameCase};

/// The op called `name`, if it is one on structure.
pub(super) fn kind(name: &str, reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    let spec = match name {
        "entries" => keyed("entries", reader).map(StructureSpec::Entries),
        "keyed" => keyed("keyed", reader).map(StructureSpec::Keyed),
        "count" => reader.two("count", "to").map(|(from, to)| StructureSpec::Count { from, to }),
        "pick" => pick(reader),
        "put" => put(reader),
        "partition" => partition(reader),
        "nest" => nest(reader),
        "flatten" => reader.two("flatten", "prefix").map(|(from, prefix)| StructureSpec::Flatten { from, prefix }),
        "rename_all" => rename_all(reader),
        _ => None,
    };
    spec.map(OpKind::Structure)
}

/// `split` into one list.
pub(super) fn split_list(reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    let lossy = reader.flag("lossy").unwrap_or_default();
    let (at, on) = reader.two("split", "on")?;
    Some(OpKind::Structure(StructureSpec::SplitList { at, on, lossy }))
}

/// `join` of one list.
pub(super) fn join_list(reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    reader.word("from");
    without(reader, &["to"], "several texts, `join = [ … ]`");
    let lossy = reader.flag("lossy").unwrap_or_default();
    let (at, on) = reader.two("join", "on")?;
    Some(OpKind::Structure(StructureSpec::JoinList { at, on, lossy }))
}

/// A `move` that says `many`.
pub(super) fn move_many(reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    let many = if reader.word("many") == Some("first") { Many::First } else { Many::Error };
    let lossy = reader.flag("lossy").unwrap_or_default();
    let (from, to) = reader.two("move", "to")?;
    Some(OpKind::Structure(StructureSpec::MoveMany { from, to, many, lossy }))
}

/// Keys that have no effect here: they go with something else.
pub(super) fn without(reader: &mut TableReader<'_, '_>, keys: &[&'static str], with: &str) {
    for key in keys.iter().filter(|key| reader.has(key)).collect::<Vec<_>>() {
        let Some((node, _)) = reader.node(key) else { continue };
        let message = format!("`{key}` has no effect here: it goes with {with}");
        reader.found.push(Diagnostic::error("key-without-effect", message, node.span).help(format!("remove `{key}`")));
    }
}

/// A `wrap` or `unwrap` of an object with one member of any name.
pub(super) fn only(op: &'static str, reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    without(reader, &["many", "which", "lossy"], "a name or `\"array\"`");
    let (at, name) = (reader.text(op), reader.text("name"));
    let at = at?;
    Some(OpKind::Structure(match op {
        "unwrap" => StructureSpec::Only { at, name },
        _ => StructureSpec::Named { at, name },
    }))
}

fn keyed(op: &'static str, reader: &mut TableReader<'_, '_>) -> Option<KeyedSpec> {
    let (ends, to, value) = (reader.two(op, "key"), reader.text("to"), reader.text("value"));
    let lossy = reader.flag("lossy").unwrap_or_default();
    ends.map(|(from, key)| KeyedSpec { from, to, key, value, lossy })
}

fn pick(reader: &mut TableReader<'_, '_>) -> Option<StructureSpec> {
    let (ends, which, position) = (reader.two("pick", "to"), reader.table("where", when), position(reader));
    ends.map(|(list, to)| StructureSpec::Pick { list, which, position, to })
}

fn put(reader: &mut TableReader<'_, '_>) -> Option<StructureSpec> {
    let (ends, which, position) = (reader.two("put", "into"), reader.table("where", when), position(reader));
    ends.map(|(from, into)| StructureSpec::Put { from, into, which, position })
}

fn position(reader: &mut TableReader<'_, '_>) -> ElementPosition {
    match reader.word("position") {
        Some("last") => ElementPosition::Last,
        _ => ElementPosition::First,
    }
}

fn partition(reader: &mut TableReader<'_, '_>) -> Option<StructureSpec> {
    let (ends, which) = (reader.two("partition", "to"), reader.table("where", when));
    let ((list, to), which) = (ends?, which?);
    Some(StructureSpec::Partition { list, which, to })
}

fn nest(reader: &mut TableReader<'_, '_>) -> Option<StructureSpec> {
    let (ends, to) = (reader.two("nest", "prefix"), reader.text("to"));
    let ((object, prefix), to) = (ends?, to?);
    Some(StructureSpec::Nest { object, prefix, to })
}

fn rename_all(reader: &mut TableReader<'_, '_>) -> Option<StructureSpec> {
    let (at, names) = (reader.text("rename_all"), names(reader));
    let depth = reader.count("depth");
    Some(StructureSpec::RenameAll { at: at?, names: names?, depth })
}

/// How names become others by rule.
pub(super) fn names(reader: &mut TableReader<'_, '_>) -> Option<NamesSpec> {
    let (from, to) = (case("from", reader), case("to", reader));
    let (except, values) = (reader.texts("except"), reader.names("values"));
    Some(NamesSpec { from: from?, to: to?, except, values })
}

fn case(name: &'static str, reader: &mut TableReader<'_, '_>) -> Option<NameCase> {
    let word = reader.word(name)?;
    NameCase::ALL.into_iter().find(|case| case.as_str() == word)
}
