//! Resources and changes.

use toml::de::DeValue;

use super::common::on_error;
use super::keys::ValueKind;
use super::node::ConfigNode;
use super::op;
use super::tree::TableReader;
use crate::change::{Change, Place, Resource};
use crate::diagnostic::{Diagnostics, Spanned};

pub(super) fn resource(mut reader: TableReader<'_, '_>) -> Option<Resource> {
    let name = reader.text("name");
    let at = reader.list("at", place);
    let (except, links) = (reader.texts("except"), reader.texts("links"));
    reader.finish();
    Some(Resource { name: name?, at, except, links })
}

/// A change loses none of its ops alone: the others might make no sense without it.
pub(super) fn change(mut reader: TableReader<'_, '_>) -> Option<Change> {
    let span = reader.span;
    let (version, summary) = (reader.text("version"), reader.text("summary"));
    let (on, at, except) = (reader.texts("on"), reader.texts("at"), reader.texts("except"));
    let before = reader.found.errors();
    let ops = reader.list("ops", |node, _, found| op::read(node, found));
    let complete = reader.found.errors() == before;
    let breaking = reader.flag("breaking").unwrap_or_default();
    let strict = reader.flag("strict");
    let on_error = on_error(&mut reader);
    reader.finish();
    let version = version.filter(|_| complete)?;
    let summary = summary.unwrap_or_else(|| Spanned::new("without summary".to_owned(), span));
    Some(Change { version, summary, on, at, except, ops, breaking, strict, on_error, span })
}

fn place(node: ConfigNode<'_>, kind: ValueKind, found: &mut Diagnostics) -> Option<Place> {
    match (node.value, kind) {
        (DeValue::String(_), _) => Some(Place { at: node.text(ValueKind::Name, found)?, partial: None }),
        (DeValue::Table(_), ValueKind::Either(_, ValueKind::Table(keys))) => {
            place_table(TableReader::open(node, keys, found)?)
        }
        _ => node.wrong_type(kind, found),
    }
}

fn place_table(mut reader: TableReader<'_, '_>) -> Option<Place> {
    let (at, partial) = (reader.text("at"), reader.flag("partial"));
    reader.finish_whole()?;
    Some(Place { at: at?, partial })
}
