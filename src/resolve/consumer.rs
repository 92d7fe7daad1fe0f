//! Who sent a request.

use http::header::{AUTHORIZATION, HeaderValue};

use super::RequestHead;
use crate::catalog::{ApiEntry, Catalog, ConsumerSource, KeySource, Register};
use crate::change::decode_query;
use crate::clock::Timestamp;
use crate::consumer::{Consumer, basic_user, claimed, is_reserved, network, with_scheme};
use crate::names;

/// A longer value is no key.
const MAX_KEY: usize = 4096;

/// The sources of one api, for one request.
struct SourceReader<'a> {
    api: &'a ApiEntry,
    head: RequestHead<'a>,
    register: &'a Register,
    now: Timestamp,
}

/// What the first source says that says something.
pub(super) fn consumer(catalog: &Catalog, api: &ApiEntry, head: RequestHead<'_>, now: Timestamp) -> Option<Consumer> {
    let reader = SourceReader { api, head, register: catalog.register(), now };
    api.consumer.iter().enumerate().find_map(|(at, source)| reader.read(at, source))
}

// === impl SourceReader ===

impl<'a> SourceReader<'a> {
    fn read(&self, at: usize, source: &ConsumerSource) -> Option<Consumer> {
        match source {
            ConsumerSource::Header(name) => self.named(self.text(name)?),
            ConsumerSource::TrustedHeader(name) => {
                self.head.origin.filter(|origin| origin.is_from_trusted_proxy())?;
                self.named(self.once(name)?.to_str().ok()?.trim())
            }
            ConsumerSource::Key(source) => self.key(source),
            ConsumerSource::Claimed(name) => {
                let token = with_scheme(self.once(AUTHORIZATION.as_str())?.as_bytes(), "bearer")?;
                Some(self.register.name(&claimed(token, name)?))
            }
            ConsumerSource::Claim(claim) => {
                let verifier = self.api.verifiers.get(at)?.as_ref()?;
                let token = with_scheme(self.once(AUTHORIZATION.as_str())?.as_bytes(), "bearer")?;
                let claim = verifier.claim(token, &claim.name, self.now.as_secs());
                self.named(&claim.inspect_err(|error| names::token_error(&self.api.name, *error)).ok()??)
            }
            ConsumerSource::Network => Some(self.register.name(&network(self.head.origin?.address()?))),
            ConsumerSource::UserAgent => self.named(self.text("user-agent")?.split(['/', ' ']).next()?),
            ConsumerSource::ClientCertificate => {
                let peer = self.head.peer.filter(|peer| !is_reserved(peer.as_str()))?;
                Some(self.register.get(peer.as_str()).map_or(peer, |entry| &entry.consumer).clone())
            }
        }
    }

    /// The consumer that is called so by a source of names.
    fn named(&self, name: &str) -> Option<Consumer> {
        (!name.is_empty() && !is_reserved(name)).then(|| self.register.name(name))
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.head.headers.get(name)?.to_str().ok().map(str::trim)
    }

    /// The value of a field that is there once: of two, another reader may take the other one.
    fn once(&self, name: &str) -> Option<&'a HeaderValue> {
        let mut values = self.head.headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none())
    }

    fn key(&self, source: &KeySource) -> Option<Consumer> {
        match source {
            KeySource::Header(name) => self.hashed(self.once(name)?.as_bytes().trim_ascii()),
            KeySource::Scheme { header, scheme } => self.hashed(with_scheme(self.once(header)?.as_bytes(), scheme)?),
            KeySource::Query(name) => {
                let pairs = self.head.uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
                let mut keys = pairs.filter(|(key, _)| decode_query(key) == **name).map(|(_, value)| value);
                let key = decode_query(keys.next().filter(|_| keys.next().is_none())?);
                // In the place of bytes that are no text: other bytes would be the same key.
                if key.contains(char::REPLACEMENT_CHARACTER) { None } else { self.hashed(key.as_bytes()) }
            }
            KeySource::Basic => {
                let value = self.once(AUTHORIZATION.as_str())?.as_bytes();
                // A third more in base64, and a password.
                self.hashed(&basic_user(value).filter(|_| value.len() <= 4 * MAX_KEY)?)
            }
        }
    }

    fn hashed(&self, key: &[u8]) -> Option<Consumer> {
        let secret = self.api.consumer_secret.as_ref()?;
        let is_key = !key.is_empty() && key.len() <= MAX_KEY;
        is_key.then(|| self.register.name(secret.identity(key).as_str()))
    }
}
