//! Requests by Standard Webhooks 1.0: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::clock::Timestamp;

/// A secret that requests are signed with.
#[derive(Clone)]
pub struct WebhookSecret(Box<[u8]>);

// === impl WebhookSecret ===

impl WebhookSecret {
    /// Reads `whsec_` and 24 to 64 bytes in base64; `None` if it is something else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix("whsec_")?).ok()?;
        (24..=64).contains(&bytes.len()).then(|| Self(bytes.into()))
    }

    /// The secret for one URL, so that no receiver can sign what another one takes: the HMAC-SHA-256 of the URL under this one.
    #[must_use]
    pub fn of_url(&self, url: &str) -> Self {
        Self(self.mac(&[url.as_bytes()]).into())
    }

    /// As its receiver has to know it: `whsec_` and base64.
    #[must_use]
    pub fn expose(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.0))
    }

    fn mac(&self, parts: &[&[u8]]) -> Vec<u8> {
        // A key of HMAC may have any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return Vec::new() };
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().to_vec()
    }

    fn sign(&self, signed: &[&[u8]]) -> String {
        format!("v1,{}", STANDARD.encode(self.mac(signed)))
    }
}

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// The headers of a request: its id, the time of the attempt, and a signature under each secret. An attempt later on has the same id,
/// and signatures of its own.
///
/// ```
/// use sunward::notice::{WebhookSecret, signed_headers};
///
/// let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
/// let now = sunward::clock::Timestamp::from_secs(1_614_265_330).expect("a time");
/// let headers = signed_headers(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", now, br#"{"test": 2432232314}"#);
/// assert_eq!(headers[2], ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned()));
/// ```
#[must_use]
pub fn signed_headers(secrets: &[WebhookSecret], id: &str, now: Timestamp, body: &[u8]) -> [(&'static str, String); 3] {
    let time = now.as_secs().to_string();
    let signed = [id.as_bytes(), b".", time.as_bytes(), b".", body];
    let signatures: Vec<String> = secrets.iter().map(|secret| secret.sign(&signed)).collect();
    [("webhook-id", id.to_owned()), ("webhook-timestamp", time), ("webhook-signature", signatures.join(" "))]
}
