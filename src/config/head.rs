//! Ops on the head of a message and on the list of routes.

use super::common::status;
use super::keys::ValueKind;
use super::structure;
use super::tree::TableReader;
use crate::change::{HeadSpec, OpKind, RouteSpec};
use crate::diagnostic::Spanned;

/// The op called `name`; none if it could not be read.
pub(super) fn kind(name: &str, reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    match name {
        "add_route" | "remove_route" | "move_route" => route(name, reader).map(OpKind::Route),
        _ => head(name, reader).map(OpKind::Head),
    }
}

fn route(name: &str, reader: &mut TableReader<'_, '_>) -> Option<RouteSpec> {
    match name {
        "add_route" => reader.text("add_route").map(RouteSpec::Add),
        "remove_route" => reader.text("remove_route").map(RouteSpec::Remove),
        _ => {
            let routes = reader.two("move_route", "to");
            let (query, lost) = (pairs(reader, "query"), pairs(reader, "lost"));
            routes.map(|(from, to)| RouteSpec::Move { from, to, query, lost })
        }
    }
}

fn pairs(reader: &mut TableReader<'_, '_>, key: &'static str) -> Vec<(Spanned<String>, String)> {
    let pairs = reader.map(key, |node, found| node.text(ValueKind::Text, found));
    pairs.into_iter().map(|(name, value)| (name, value.value)).collect()
}

fn head(name: &str, reader: &mut TableReader<'_, '_>) -> Option<HeadSpec> {
    match name {
        "add_header" => add(reader, "add_header").map(|(name, value)| HeadSpec::AddHeader { name, value }),
        "rename_header" => reader.two("rename_header", "to").map(|(from, to)| HeadSpec::RenameHeader { from, to }),
        "rename_cookie" => reader.two("rename_cookie", "to").map(|(from, to)| HeadSpec::RenameCookie { from, to }),
        "remove_header" => remove(reader, "remove_header").map(|(name, restore, lossy)| HeadSpec::RemoveHeader {
            name,
            restore,
            lossy,
        }),
        "add_query" => add(reader, "add_query").map(|(name, value)| HeadSpec::AddQuery { name, value }),
        "rename_query" => reader.two("rename_query", "to").map(|(from, to)| HeadSpec::RenameQuery { from, to }),
        "remove_query" => {
            remove(reader, "remove_query").map(|(name, restore, lossy)| HeadSpec::RemoveQuery { name, restore, lossy })
        }
        "map_query" => map_query(reader),
        "map_status" => map_status(reader),
        "map_content_type" => {
            reader.two("map_content_type", "to").map(|(from, to)| HeadSpec::MapContentType { from, to })
        }
        "rename_prefix" => reader.two("rename_prefix", "to").map(|(from, to)| HeadSpec::RenamePrefix { from, to }),
        _ => None,
    }
}

fn add(reader: &mut TableReader<'_, '_>, op: &'static str) -> Option<(Spanned<String>, String)> {
    reader.two(op, "value").map(|(name, value)| (name, value.value))
}

fn remove(reader: &mut TableReader<'_, '_>, op: &'static str) -> Option<(Spanned<String>, Option<String>, bool)> {
    let (name, restore) = (reader.text(op), reader.text("restore"));
    let lossy = reader.flag("lossy").unwrap_or_default();
    Some((name?, restore.map(|restore| restore.value), lossy))
}

fn map_query(reader: &mut TableReader<'_, '_>) -> Option<HeadSpec> {
    if ["from", "to", "except"].iter().any(|key| reader.has(key)) {
        let (name, names) = (reader.text("map_query"), structure::names(reader));
        for key in ["from", "to"].into_iter().filter(|key| !reader.has(key)).collect::<Vec<_>>() {
            reader.missing_one_of::<()>(&[key]);
        }
        return Some(HeadSpec::QueryNames { name: name?, names: names? });
    }
    if !reader.has("values") {
        return reader.missing_one_of(&["values", "from"]);
    }
    let name = reader.text("map_query");
    let values = reader.map("values", |node, found| node.text(ValueKind::Text, found));
    let values = values.into_iter().map(|(old, new)| (old.value, new.value)).collect();
    Some(HeadSpec::MapQuery { name: name?, values })
}

fn map_status(reader: &mut TableReader<'_, '_>) -> Option<HeadSpec> {
    let (from, to) = (status(reader, "map_status"), status(reader, "to"));
    Some(HeadSpec::MapStatus { from: from?, to: to? })
}
