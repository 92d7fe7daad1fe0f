//! Who sent a request, and what is known of them from before.

#[cfg(feature = "consumers")]
mod claim;
#[cfg(feature = "consumers")]
mod credentials;
mod identity;
mod origin;
#[cfg(feature = "consumers")]
mod secret;
#[cfg(not(feature = "consumers"))]
mod secret_off;
#[cfg(feature = "jwt")]
mod signature;
#[cfg(feature = "jwt")]
mod token;
mod token_error;
#[cfg(not(feature = "jwt"))]
mod token_off;

use std::fmt;
use std::sync::Arc;

#[cfg(feature = "consumers")]
pub(crate) use claim::claimed;
#[cfg(feature = "consumers")]
pub(crate) use credentials::{basic_user, with_scheme};
pub(crate) use identity::{is_key_identity, is_reserved, network, network_of};
pub use origin::ClientOrigin;
#[cfg(feature = "consumers")]
pub use secret::{ConsumerSecret, ShortSecret};
#[cfg(not(feature = "consumers"))]
pub(crate) use secret_off::{ConsumerSecret, basic_user, claimed, with_scheme};
#[cfg(feature = "jwt")]
#[cfg(feature = "gateway")]
pub(crate) use token::KeysOrigin;
#[cfg(feature = "jwt")]
pub(crate) use token::TokenVerifier;
pub(crate) use token_error::TokenError;
#[cfg(not(feature = "jwt"))]
pub(crate) use token_off::TokenVerifier;

/// Who sent a request, as far as the configured sources can tell.
///
/// It is a name, not a secret: the gateway writes it to its access log and shows it to operators as it is. A catalog whose
/// consumers come from a field with credentials (`Authorization`, `Cookie`) is refused, and a field whose name looks like a
/// key's (`X-Api-Key`) gets a warning: for keys there is [`ConsumerSource::Key`](crate::catalog::ConsumerSource), which
/// gives a keyed hash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Consumer(Arc<str>);

/// The version that a consumer's requests speak when they name none.
///
/// The config has a table for it; a service that keeps pins in its accounts implements this.
pub trait Pins: Send + Sync + 'static {
    /// The pinned version's name; `None` if there is no pin. It is asked on the way of the request, so it must not block.
    fn pinned(&self, api: &str, consumer: &Consumer) -> Option<String>;
}

/// Who used a version before it was closed to new consumers.
pub trait KnownConsumers: Send + Sync + 'static {
    /// Whether `consumer` had used `version` before it closed. Asked on the way of the request, so it must not block.
    fn knew(&self, api: &str, version: &str, consumer: &Consumer) -> bool;
}

// === impl Consumer ===

impl Consumer {
    /// A consumer called `name`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
