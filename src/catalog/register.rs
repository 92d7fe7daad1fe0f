//! The register of consumers: which name an identity has, and what is known of it.

use std::collections::HashMap;

use http::Uri;

use super::spec::{ConsumerRole, ExpectedUse};
use crate::consumer::Consumer;

/// The registered consumers of a catalog.
#[derive(Clone, Debug, Default)]
pub struct Register {
    entries: Box<[ConsumerEntry]>,
    /// By name and by each identity: an index into `entries`.
    by_identity: HashMap<Box<str>, usize>,
}

/// What is known of a consumer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConsumerEntry {
    /// Its name.
    pub consumer: Consumer,
    /// Who owns it.
    pub owner: Option<Box<str>>,
    /// How to reach the owner.
    pub contact: Option<Contact>,
    /// Words for reports.
    pub tags: Box<[Box<str>]>,
    /// What it counts for.
    pub role: ConsumerRole,
    /// How often it is expected.
    pub expected_use: Option<ExpectedUse>,
}

/// How to reach the owner of a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Contact {
    /// A mail address.
    Mail(Box<str>),
    /// The URL of a webhook.
    Webhook(Uri),
}

// === impl Register ===

impl Register {
    pub(super) fn new(entries: Vec<ConsumerEntry>, by_identity: HashMap<Box<str>, usize>) -> Self {
        Self { entries: entries.into(), by_identity }
    }

    /// All of them, in the order of the config.
    #[must_use]
    pub fn entries(&self) -> &[ConsumerEntry] {
        &self.entries
    }

    /// The consumer with this name or identity.
    #[must_use]
    pub fn get(&self, identity: &str) -> Option<&ConsumerEntry> {
        self.by_identity.get(identity).map(|at| &self.entries[*at])
    }

    /// The consumer with this identity, under its name if it is registered.
    pub(crate) fn name(&self, identity: &str) -> Consumer {
        self.get(identity).map_or_else(|| Consumer::new(identity), |entry| entry.consumer.clone())
    }
}

// === impl Contact ===

impl Contact {
    /// A mail address, or an absolute URL of `https` or `http`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.contains("://") {
            let url: Uri = text.parse().ok()?;
            let is_http = matches!(url.scheme_str(), Some("https" | "http"));
            let has_host = url.host().is_some_and(|host| !host.is_empty());
            return (is_http && has_host && !text.contains('@')).then_some(Self::Webhook(url));
        }
        let (local, domain) = text.rsplit_once('@')?;
        let is_local = !local.is_empty() && local.len() <= 64 && local.bytes().all(is_atom) && is_dotted(local);
        let is_label = |label: &str| {
            let is_legal = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            is_legal && !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
        };
        let is_domain = domain.len() <= 253 && domain.split('.').all(is_label);
        (is_local && is_domain).then(|| Self::Mail(text.into()))
    }
}

/// A character of a dot-atom (RFC 5322 §3.2.3).
fn is_atom(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b)
}

fn is_dotted(local: &str) -> bool {
    local.split('.').all(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_addresses_or_urls() {
        let rows = [
            ("api@acme.example", true),
            ("first.last+tag@sub.acme.example", true),
            ("root@localhost", true),
            ("https://hooks.acme.example/sunward", true),
            ("http://10.0.0.1:8080/hook?x=1", true),
            ("acme", false),
            ("@acme.example", false),
            ("api@", false),
            ("a@b@c.example", false),
            ("a..b@acme.example", false),
            (".a@acme.example", false),
            ("a b@acme.example", false),
            ("api@acme..example", false),
            ("api@-acme.example", false),
            ("Api <api@acme.example>", false),
            ("mailto:api@acme.example", false),
            ("ftp://acme.example", false),
            ("https://", false),
            ("https://user:pass@acme.example/", false),
            ("", false),
        ];
        for (text, expected) in rows {
            assert_eq!(Contact::parse(text).is_some(), expected, "{text}");
        }
    }
}
