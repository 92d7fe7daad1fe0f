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
    let keys = if jwks.contains("://") { keys_at(&jwks, reader) } else { KeysSpec::File(jwks.value.into()) };
    let text = |text: Option<Spanned<String>>| text.map(|text| text.value);
    Some(ConsumerSource::Claim(VerifiedClaim {
        name: claim.value,
        keys,
        issuer: text(issuer),
        audience: text(audience),
    }))
}

/// Keys that are fetched: on the way, they must not be exchanged for others.
fn keys_at(jwks: &Spanned<String>, reader: &mut TableReader<'_, '_>) -> KeysSpec {
    let url = jwks.parse::<http::Uri>().ok().filter(|url| url.host().is_some_and(|host| !host.is_empty()));
    let authority = url.as_ref().and_then(|url| url.authority()).map_or("", |authority| authority.as_str());
    let scheme = url.as_ref().and_then(|url| url.scheme_str());
    let is_local = url.as_ref().and_then(|url| url.host()).is_some_and(|host| {
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    });
    if !matches!(scheme, Some("https" | "http")) || authority.contains('@') {
        let message = format!("`{}` is not a URL that keys can be fetched from", jwks.value);
        let help = "write the `jwks_uri` of the issuer, such as `https://id.example/keys`, or the path of a file";
        reader.found.push(Diagnostic::error("bad-jwks-url", message, jwks.span).help(help));
    } else if scheme == Some("http") && !is_local {
        let message = format!("the keys at `{}` are fetched without TLS", jwks.value);
        let help = "use `https`: who can change the keys on their way can be any consumer";
        reader.found.push(Diagnostic::error("plain-jwks-url", message, jwks.span).help(help));
    }
    KeysSpec::Url(jwks.value.clone())
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
