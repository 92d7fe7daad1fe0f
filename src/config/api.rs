//! One `[[api]]` table.

use super::common::{forms, on_error, on_untyped};
use super::keys::ValueKind;
use super::node::ConfigNode;
use super::tree::TableReader;
use super::{case, change, consumer, version};
use crate::catalog::{Api, Cors, Extension, OnUnacceptable, OnUndeclared, Unspecified, VersionSourcesSpec};
use crate::diagnostic::{Diagnostics, Spanned};
use crate::path::PathCase;
use crate::version::Scheme;

/// An api is kept even if its name is missing, so that all else that is wrong with it comes to light.
pub(super) fn api(mut reader: TableReader<'_, '_>) -> Option<Api> {
    let name = match reader.text("name") {
        Some(name) => name,
        None => Spanned::new(format!("api at byte {}", reader.span.start()), reader.span),
    };
    let mut api = Api { name, span: reader.span, ..Api::new("") };
    whereabouts(&mut api, &mut reader);
    resolution(&mut api, &mut reader);
    policy(&mut api, &mut reader);
    contents(&mut api, &mut reader);
    reader.finish();
    Some(api)
}

fn whereabouts(api: &mut Api, reader: &mut TableReader<'_, '_>) {
    api.base_path = reader.text("base_path").unwrap_or_default();
    api.hosts = reader.texts("host");
    if reader.word("path_case") == Some("insensitive") {
        api.path_case = PathCase::Insensitive;
    }
    if reader.word("undeclared") == Some("refuse") {
        api.undeclared = OnUndeclared::Refuse;
    }
    api.speaks = reader.text("speaks");
    api.forward_as = reader.text("forward_as");
    api.upstream = reader.text("upstream");
    api.response_header = reader.text("response_header");
    api.problem_types = reader.text("problem_types");
    api.docs = reader.text("docs");
}

fn resolution(api: &mut Api, reader: &mut TableReader<'_, '_>) {
    api.scheme = reader.word("scheme").and_then(|word| word.parse().ok()).unwrap_or(Scheme::Major);
    api.sources = reader.table("version_from", sources).unwrap_or_default();
    api.precedence = reader.list("precedence", precedence);
    api.unspecified =
        reader.word_or_table("unspecified", |_| Unspecified::Reject, unspecified).unwrap_or(Unspecified::Reject);
    api.on_unacceptable = match reader.word("on_unacceptable") {
        Some("default") => OnUnacceptable::Default,
        _ => OnUnacceptable::Reject,
    };
    api.waterfall = reader.flag("waterfall").unwrap_or_default();
    api.aliases = reader.names("aliases");
    api.exclude = reader.texts("exclude");
    api.consumer = reader.list("consumer", consumer::source);
    api.pins = reader.names("pins");
}

fn policy(api: &mut Api, reader: &mut TableReader<'_, '_>) {
    api.strict = reader.flag("strict");
    api.on_error = on_error(reader).unwrap_or_default();
    api.on_untyped = on_untyped(reader).unwrap_or_default();
    api.forms = forms(reader).unwrap_or_default();
    api.pause = reader.flag("pause").unwrap_or_default();
    api.dry_run = reader.flag("dry_run").unwrap_or_default();
    api.clamp_freshness = reader.flag("clamp_freshness").unwrap_or_default();
    api.cors = reader.table("cors", cors);
}

fn contents(api: &mut Api, reader: &mut TableReader<'_, '_>) {
    api.versions = reader.tables("version", version::version);
    api.resources = reader.tables("resource", change::resource);
    api.changes = reader.tables("change", change::change);
    api.routes = reader.tables("route", version::route);
    api.extensions = reader.tables("extension", extension);
    api.cases = reader.tables("case", case::case);
}

#[allow(clippy::unnecessary_wraps, reason = "the shape of every table's reader")]
fn sources(mut reader: TableReader<'_, '_>) -> Option<VersionSourcesSpec> {
    let sources = VersionSourcesSpec {
        path: reader.text("path"),
        accept: reader.text("accept"),
        parameter: reader.text("parameter"),
        header: reader.text("header"),
        query: reader.text("query"),
        host: reader.text("host"),
    };
    reader.finish();
    Some(sources)
}

fn precedence(node: ConfigNode<'_>, kind: ValueKind, found: &mut Diagnostics) -> Option<Spanned<String>> {
    let word = node.word(kind, found)?;
    Some(Spanned::new(word.to_owned(), node.span))
}

fn unspecified(mut reader: TableReader<'_, '_>) -> Option<Unspecified> {
    let version = reader.text("version");
    reader.finish();
    version.map(Unspecified::Version)
}

#[allow(clippy::unnecessary_wraps, reason = "the shape of every table's reader")]
fn cors(mut reader: TableReader<'_, '_>) -> Option<Cors> {
    let cors = Cors { origins: reader.texts("origins"), credentials: reader.flag("credentials").unwrap_or_default() };
    reader.finish();
    Some(cors)
}

fn extension(mut reader: TableReader<'_, '_>) -> Option<Extension> {
    let (consumer, version) = (reader.text("consumer"), reader.text("version"));
    let until = reader.date("until");
    let (by, reason) = (reader.text("approved_by"), reader.text("reason"));
    reader.finish();
    let text = |text: Option<Spanned<String>>| text.map(|text| text.value).unwrap_or_default();
    Some(Extension {
        consumer: consumer?,
        version: version?,
        until: until?,
        approved_by: text(by),
        reason: text(reason),
    })
}
