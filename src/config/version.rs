//! Versions, the dates of their life, and what is particular about a route.

use super::common::{forms, on_untyped, status};
use super::tree::TableReader;
use crate::catalog::{Brownout, Content, LifecycleSpec, Route, ShareOf, Version};
use crate::diagnostic::Spanned;
use crate::json::FieldNames;

pub(super) fn version(mut reader: TableReader<'_, '_>) -> Option<Version> {
    let name = reader.text("name");
    let released = reader.date("released");
    let life = life(&mut reader);
    let (docs, policy) = (reader.text("docs"), reader.text("policy"));
    let (known, strict) = (reader.texts("known"), reader.flag("strict"));
    reader.finish();
    Some(Version { name: name?, released, life, docs, policy, known, strict })
}

pub(super) fn route(mut reader: TableReader<'_, '_>) -> Option<Route> {
    let route = reader.text("route");
    let (default, upstream, speaks) = (reader.text("default"), reader.text("upstream"), reader.text("speaks"));
    let timeout = reader.duration("timeout");
    let (content, request_content) = (content("content", &mut reader), content("request_content", &mut reader));
    let on_untyped = on_untyped(&mut reader);
    let forms = forms(&mut reader);
    let lives = reader.tables("version", route_version);
    reader.finish();
    let plain = Route::new("");
    Some(Route {
        route: route?,
        default,
        upstream,
        speaks,
        timeout,
        content,
        request_content,
        on_untyped,
        forms,
        lives,
        ..plain
    })
}

fn content(key: &'static str, reader: &mut TableReader<'_, '_>) -> Option<Content> {
    reader.word(key).map(|word| match word {
        "ndjson" => Content::Ndjson,
        "event-stream" => Content::EventStream,
        "json-seq" => Content::Sequence,
        // The names of the fields are as the route or the api says.
        "form" => Content::Form(FieldNames::Plain),
        _ => Content::Json,
    })
}

fn route_version(mut reader: TableReader<'_, '_>) -> Option<(Spanned<String>, LifecycleSpec)> {
    let name = reader.text("name");
    let life = life(&mut reader);
    reader.finish();
    Some((name?, life))
}

fn life(reader: &mut TableReader<'_, '_>) -> LifecycleSpec {
    LifecycleSpec {
        deprecated: reader.date("deprecated"),
        closed: reader.date("closed"),
        sunset: reader.date("sunset"),
        hold_sunset: reader.flag("hold_sunset"),
        // An empty list says that the route has none, though the version may have some.
        brownouts: reader.has("brownouts").then(|| reader.tables("brownouts", brownout)),
    }
}

fn brownout(mut reader: TableReader<'_, '_>) -> Option<Brownout> {
    let span = reader.span;
    let (from, lasting) = (reader.date("from"), reader.duration("for"));
    let every = reader.duration("every");
    let shares = shares(&mut reader);
    let by = if reader.word("by") == Some("requests") { ShareOf::Requests } else { ShareOf::Consumers };
    let status = status(&mut reader, "status");
    let routes = reader.texts("routes");
    let (consumers, exempt) = (plain(&mut reader, "consumers"), plain(&mut reader, "exempt"));
    let dry_run = reader.flag("dry_run").unwrap_or_default();
    reader.finish_whole()?;
    let (from, lasting) = (from?, lasting?);
    Some(Brownout { from, lasting, every, shares, by, status, routes, consumers, exempt, dry_run, span })
}

fn shares(reader: &mut TableReader<'_, '_>) -> Vec<f64> {
    match reader.has("shares") {
        true => reader.list("shares", |node, _, found| node.percent(found)),
        false => vec![100.0],
    }
}

fn plain(reader: &mut TableReader<'_, '_>, name: &'static str) -> Vec<String> {
    reader.texts(name).into_iter().map(|text| text.value).collect()
}
