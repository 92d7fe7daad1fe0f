//! Names for API keys: a keyed hash, from which the key cannot be found without the secret.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::Consumer;
use super::identity::{KEY, KEY_DIGITS};

/// The secret under which API keys are hashed. A key's consumer is `key-` and the first 16 hexadecimal digits of its
/// HMAC-SHA-256. Without the secret, no key can be guessed from its consumer; with another secret, every key is another
/// consumer. It has at least 16 bytes; 32 random ones are best (`openssl rand -hex 32`).
///
/// ```
/// use sunward::consumer::ConsumerSecret;
///
/// let secret = ConsumerSecret::new("from a secret store, not from here")?;
/// assert_eq!(secret.consumer("sk_live_123").as_str(), "key-57d51e87c2b4bd55");
/// assert_eq!(format!("{secret:?}"), "ConsumerSecret(…)");
/// # Ok::<(), sunward::consumer::ShortSecret>(())
/// ```
#[derive(Clone)]
pub struct ConsumerSecret(Hmac<Sha256>);

/// A secret with fewer than 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShortSecret;

/// A key's identity, on the stack.
#[derive(Clone, Copy)]
pub(crate) struct KeyIdentity([u8; KEY.len() + KEY_DIGITS]);

/// A shorter secret can be guessed.
const LEAST: usize = 16;

// === impl ConsumerSecret ===

impl ConsumerSecret {
    /// `secret` as the secret.
    ///
    /// # Errors
    /// It has fewer than 16 bytes.
    pub fn new(secret: impl AsRef<[u8]>) -> Result<Self, ShortSecret> {
        let secret = secret.as_ref();
        let mac = Hmac::new_from_slice(secret).ok().filter(|_| secret.len() >= LEAST);
        mac.map(Self).ok_or(ShortSecret)
    }

    /// The consumer that requests with `key` come from, as a register has it.
    #[must_use]
    pub fn consumer(&self, key: impl AsRef<[u8]>) -> Consumer {
        Consumer::new(self.identity(key.as_ref()).as_str())
    }

    pub(crate) fn identity(&self, key: &[u8]) -> KeyIdentity {
        let hash = self.0.clone().chain_update(key).finalize().into_bytes();
        let mut text = [0; KEY.len() + KEY_DIGITS];
        let (prefix, digits) = text.split_at_mut(KEY.len());
        prefix.copy_from_slice(KEY.as_bytes());
        for (at, digit) in digits.iter_mut().enumerate() {
            let byte = hash[at / 2];
            let nibble = if at % 2 == 0 { byte >> 4 } else { byte & 15 };
            *digit = b"0123456789abcdef"[usize::from(nibble)];
        }
        KeyIdentity(text)
    }
}

impl fmt::Debug for ConsumerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConsumerSecret(…)")
    }
}

// === impl ShortSecret ===

impl fmt::Display for ShortSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the secret has fewer than {LEAST} bytes")
    }
}

impl std::error::Error for ShortSecret {}

// === impl KeyIdentity ===

impl KeyIdentity {
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consumer::is_key_identity;

    /// RFC 4231, test cases 1, 4 and 6.
    #[test]
    fn the_hash_is_hmac_sha_256() {
        let counting: Vec<u8> = (1..=25).collect();
        let rows: [(&[u8], &[u8], &str); 3] = [
            (&[0x0b; 20], b"Hi There", "key-b0344c61d8db3853"),
            (&counting, &[0xcd; 50], "key-82558a389a443c0e"),
            (&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First", "key-60e431591ee0b67f"),
        ];
        for (secret, key, expected) in rows {
            let identity = ConsumerSecret::new(secret).expect("long enough").identity(key);
            assert_eq!(identity.as_str(), expected);
            assert!(is_key_identity(identity.as_str()));
        }
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert_eq!(ConsumerSecret::new("0123456789abcde").err(), Some(ShortSecret));
        assert!(ConsumerSecret::new("0123456789abcdef").is_ok());
    }
}
