//! The register of consumers: no identity may be that of two.

use std::collections::HashMap;

use super::super::register::{ConsumerEntry, Contact, Register};
use super::super::spec::{ConsumerRole, RegisteredConsumer};
use crate::consumer::{Consumer, is_key_identity, is_reserved, network_of};
use crate::diagnostic::{Diagnostic, Diagnostics, Span, Spanned, is_typo};

/// Compiles the register. It is of use only if `found` has no errors.
pub(in crate::catalog) fn register(consumers: &[RegisteredConsumer], found: &mut Diagnostics) -> Register {
    let mut by_identity: HashMap<Box<str>, usize> = HashMap::new();
    for (at, consumer) in consumers.iter().enumerate() {
        check_name(consumer, found);
        if let Some(other) = by_identity.insert(consumer.name.as_str().into(), at) {
            let message = format!("two consumers are named `{}`", consumer.name.value);
            found.push(
                Diagnostic::error("duplicate-consumer", message, place(&consumer.name, consumer))
                    .help("put the `matches` of both into one entry, or rename one"),
            );
            by_identity.insert(consumer.name.as_str().into(), other);
        }
        let earlier = consumers[..at].iter().map(|other| other.name.as_str());
        if let Some(other) = earlier.into_iter().find(|other| is_typo(other, &consumer.name)) {
            let message = format!("the consumer `{}` is spelled almost like `{other}`", consumer.name.value);
            let warning = Diagnostic::warning("similar-consumers", message, place(&consumer.name, consumer));
            found.push(warning.help("if they are the same, make them one entry"));
        }
    }
    let mut entries = Vec::with_capacity(consumers.len());
    for (at, consumer) in consumers.iter().enumerate() {
        for identity in &consumer.matches {
            check_match(identity, consumer, found);
            let other = by_identity.insert(identity.as_str().into(), at);
            if let Some(other) = other.filter(|other| *other != at || **identity != *consumer.name) {
                let message =
                    format!("`{}` is already an identity of `{}`", identity.value, consumers[other].name.value);
                let finding = Diagnostic::error("duplicate-match", message, place(identity, consumer));
                found.push(finding.help("remove one: an identity belongs to one consumer"));
            }
        }
        entries.push(entry(consumer, found));
    }
    Register::new(entries, by_identity)
}

fn place(text: &Spanned<String>, consumer: &RegisteredConsumer) -> Span {
    if text.span.is_none() { consumer.span } else { text.span }
}

fn check_name(consumer: &RegisteredConsumer, found: &mut Diagnostics) {
    let name = &consumer.name;
    let help = "write a name, such as `acme`, and the identity in `matches`";
    if is_reserved(name) {
        let message = format!("`{}` is an identity, not a name", name.value);
        found.push(Diagnostic::error("bad-consumer-name", message, place(name, consumer)).help(help));
    } else if name.trim().is_empty() || name.trim() != name.as_str() || name.chars().any(char::is_control) {
        let message = "the name of a consumer is empty, begins or ends with a space, or has a control character";
        found.push(Diagnostic::error("bad-consumer-name", message, place(name, consumer)).help(help));
    }
}

/// What no source ever says is a mistake, perhaps a key instead of its hash: so it is not shown.
fn check_match(identity: &Spanned<String>, consumer: &RegisteredConsumer, found: &mut Diagnostics) {
    let name = &consumer.name.value;
    let mut refuse = |message: String, help: String| {
        found.push(Diagnostic::error("bad-match", message, place(identity, consumer)).help(help));
    };
    if identity.starts_with("key-") && !is_key_identity(identity) && identity.len() > 12 {
        let message = format!("an identity of `{name}` begins with `key-` and is not that of a key");
        refuse(message, "write the output of `sunward consumer hash`: `key-` and 16 digits of 0-9 and a-f".to_owned());
    } else if identity.starts_with("net:") && network_of(identity).as_deref() != Some(identity.as_str()) {
        let help = match network_of(identity) {
            Some(network) => format!("write `{network}`: a `/24` of IPv4, or a `/48` of IPv6"),
            None => "write a `/24` of IPv4, or a `/48` of IPv6, such as `net:192.0.2.0/24`".to_owned(),
        };
        refuse(format!("`{}` is not a network that a source gives", identity.value), help);
    } else if identity.is_empty() || identity.trim() != identity.as_str() {
        refuse(format!("an identity of `{name}` is empty, or begins or ends with a space"), "trim it".to_owned());
    }
}

fn entry(consumer: &RegisteredConsumer, found: &mut Diagnostics) -> ConsumerEntry {
    let contact = consumer.contact.as_ref().and_then(|text| {
        let contact = Contact::parse(text);
        if contact.is_none() {
            let message = format!("`{}` is neither a mail address nor the URL of a webhook", text.value);
            let finding = Diagnostic::error("bad-contact", message, place(text, consumer));
            found.push(finding.help("write `api@example.com` or `https://example.com/hook`"));
        }
        contact
    });
    if matches!(&consumer.role, ConsumerRole::Ignored(reason) if reason.trim().is_empty()) {
        let message = format!("`{}` is ignored without a reason", consumer.name.value);
        let finding = Diagnostic::error("ignored-without-reason", message, consumer.span);
        found.push(finding.help("add `reason = \"…\"`: reports show it"));
    }
    ConsumerEntry {
        consumer: Consumer::new(&consumer.name),
        owner: consumer.owner.as_ref().map(|owner| owner.as_str().into()),
        contact,
        tags: consumer.tags.iter().map(|tag| tag.as_str().into()).collect(),
        role: consumer.role.clone(),
        expected_use: consumer.expected_use,
    }
}
