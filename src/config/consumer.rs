//! Who sent a request: the sources of an api, and the register.

use super::keys::ValueKind;
use super::node::ConfigNode;
use super::tree::{TableReader, word_or_table};
use crate::catalog::{
    ConsumerRole, ConsumerSource, ExpectedUse, KeySource, KeysSpec, RegisteredConsumer, VerifiedClaim,
};
use crate::diagnostic::{Diagnostic, Diagnostics, Spanned};

/// One element of `consumer` of an api.
pub(super) fn source(
    node: ConfigNode<'_>,
    kind: ValueKind,
    found: &mut Diagnostics,
) -> Option<Spanned<ConsumerSource>> {
    let word = |word| {
        let source = match word {
            "client-certificate" => ConsumerSource::ClientCertificate,
            "network" => ConsumerSource::Network,
            _ => ConsumerSource::UserAgent,
        };
        Spanned::new(source, node.span)
    };
    word_or_table(node, kind, found, word, source_table)
}

fn source_table(mut reader: TableReader<'_, '_>) -> Option<Spanned<ConsumerSource>> {
    for (one, other) in [("header", "key"), ("header", "claim"), ("key", "claim")] {
        reader.exclude(one, other);
    }
    let header = reader.text("header");
    let trusted = reader.flag("trusted").unwrap_or_default();
    let key = reader.word_or_table("key", |_| Some(KeySource::Basic), |reader| Some(key(reader)));
    let claim = claim(&mut reader);
    without(&mut reader, "trusted", "header");
    ["verify", "jwks", "issuer", "audience"].iter().for_each(|name| without(&mut reader, name, "claim"));
    if !["header", "key", "claim"].iter().any(|name| reader.has(name)) {
        reader.missing_one_of::<()>(&["header", "key", "claim"]);
    }
    let span = reader.span;
    reader.finish_whole()?;
    let header = header.map(|header| match trusted {
        true => header.map(ConsumerSource::TrustedHeader),
        false => header.map(ConsumerSource::Header),
    });
    let other = key.flatten().map(ConsumerSource::Key).or(claim);
    header.or(other.map(|source| Spanned::new(source, span)))
}

/// Reports a key that has no effect without another one.
fn without(reader: &mut TableReader<'_, '_>, name: &str, needed: &str) {
    if reader.has(name) && !reader.has(needed) {
        let message = format!("`{name}` has no effect without `{needed}`");
        let finding = Diagnostic::error("no-effect", message, reader.span);
        reader.found.push(finding.help(format!("add `{needed}`, or remove it")));
    }
}

fn key(mut reader: TableReader<'_, '_>) -> Option<KeySource> {
    reader.exclude("header", "query");
    let (header, scheme, query) = (reader.text("header"), reader.text("scheme"), reader.text("query"));
    without(&mut reader, "scheme", "header");
    if !reader.has("header") && !reader.has("query") {
        reader.missing_one_of::<()>(&["header", "query"]);
    }
    reader.finish_whole()?;
    match (header, scheme, query) {
        (Some(header), Some(scheme), _) => Some(KeySource::scheme(header.value, scheme.value)),
        (Some(header), None, _) => Some(KeySource::Header(header.value)),
        (None, _, query) => query.map(|query| KeySource::Query(query.value)),
    }
}

/// That nothing verifies a token is the operator's choice, so it has to be written.
fn claim(reader: &mut TableReader<'_, '_>) -> Option<ConsumerSource> {
    let claim = reader.text("claim");
    let (jwks, verify) = (reader.text("jwks"), reader.flag("verify").unwrap_or(true));
    let (issuer, audience) = (reader.text("issuer"), reader.text("audience"));
    let claim = claim?;
    if verify && !reader.has("jwks") {
        let message = "nothing says how the token of `claim` is verified";
        let help = "add `jwks`, the file with the keys of the issuer; or write `verify = false` to take what any client \
                    writes: the consumer is then `claimed:…`";
        reader.found.push(Diagnostic::error("unverified-claim", message, claim.span).help(help));
    }
    if !verify {
        ["jwks", "issuer", "audience"].iter().for_each(|name| reader.exclude("verify", name));
        return Some(ConsumerSource::Claimed(claim.value));
    }
    let jwks = jwks?;
    if jwks.contains("://") {
        let message = format!("`{}` is a URL; the keys are read from a file", jwks.value);
        let help = "download them to a file from time to time, such as `curl -fo keys.json URL`, and reload the config";
        reader.found.push(Diagnostic::error("jwks-url", message, jwks.span).help(help));
    }
    let text = |text: Option<Spanned<String>>| text.map(|text| text.value);
    Some(ConsumerSource::Claim(VerifiedClaim {
        name: claim.value,
        keys: KeysSpec::File(jwks.value.into()),
        issuer: text(issuer),
        audience: text(audience),
    }))
}

/// One `[[consumer]]` table.
pub(super) fn registered(mut reader: TableReader<'_, '_>) -> Option<RegisteredConsumer> {
    let name = reader.text("name");
    let matches = reader.texts("matches");
    let (owner, contact) = (reader.text("owner"), reader.text("contact"));
    let tags = reader.texts("tags");
    let (role, reason) = (reader.word("role"), reader.text("reason"));
    let expected_use = reader.word("expects").map(|word| match word {
        "daily" => ExpectedUse::Daily,
        "weekly" => ExpectedUse::Weekly,
        "monthly" => ExpectedUse::Monthly,
        "quarterly" => ExpectedUse::Quarterly,
        _ => ExpectedUse::Yearly,
    });
    if let Some(reason) = reason.as_ref().filter(|_| role != Some("ignored")) {
        let message = "`reason` has no effect without `role = \"ignored\"`";
        let finding = Diagnostic::error("no-effect", message, reason.span);
        reader.found.push(finding.help("add the role, or remove the reason"));
    }
    let role = match role {
        Some("internal") => ConsumerRole::Internal,
        Some(_) => ConsumerRole::Ignored(reason.map(|reason| reason.value).unwrap_or_default()),
        None => ConsumerRole::Client,
    };
    let span = reader.span;
    reader.finish();
    Some(RegisteredConsumer { name: name?, matches, owner, contact, tags, role, expected_use, span })
}
