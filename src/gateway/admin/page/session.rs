//! Who is signed in, and that a form is one of ours.
//!
//! A session is a cookie that says until when it holds, under a key that is made from the admin token: it holds on all replicas, survives a
//! restart, and ends when the token changes. The token itself is not in it.

use std::time::Duration;

use axum::extract::FromRequestParts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{self, HeaderMap, HeaderValue};
use http::request::Parts;
use ring::hmac::{self, HMAC_SHA256, Key};
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::clock::Timestamp;
use crate::config::Secret;
use crate::gateway::admin::Admin;
use std::sync::Arc;

/// Makes and checks sessions.
pub(in crate::gateway::admin) struct Sessions {
    /// The key of forms where there is no token.
    own: Vec<u8>,
}

/// Who looks at a page.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    /// What a form has to say.
    pub(super) csrf: String,
    /// By a cookie, which can be given back.
    pub(super) signed_in: bool,
}

const COOKIE: &str = "sunward_session";
/// How long one stays signed in.
const LIFE: Duration = Duration::from_secs(12 * 3600);
/// The bytes of a nonce.
const NONCE: usize = 12;

// === impl Sessions ===

impl Sessions {
    pub(in crate::gateway::admin) fn new() -> Self {
        Self { own: random::<32>() }
    }

    fn key(&self, token: Option<&str>) -> Key {
        let seed = token.filter(|token| !token.is_empty()).map_or(&*self.own, str::as_bytes);
        // What the token signs elsewhere is no session.
        Key::new(HMAC_SHA256, hmac::sign(&Key::new(HMAC_SHA256, seed), b"sunward session").as_ref())
    }

    /// The cookie of a new session.
    pub(super) fn begin(&self, token: &str, secure: bool, now: Timestamp) -> Option<HeaderValue> {
        let nonce = URL_SAFE_NO_PAD.encode(random::<NONCE>());
        let claim = format!("{}.{nonce}", now.saturating_add(LIFE).as_secs());
        let value = format!("{claim}.{}", sign(&self.key(Some(token)), "session", &claim));
        cookie(&value, LIFE.as_secs(), secure)
    }

    /// Whether the cookie is one of a session that holds.
    pub(in crate::gateway::admin) fn holds(&self, headers: &HeaderMap, token: &str, now: Timestamp) -> bool {
        self.nonce(headers, token, now).is_some()
    }

    fn nonce<'h>(&self, headers: &'h HeaderMap, token: &str, now: Timestamp) -> Option<&'h str> {
        let (claim, signature) = sent(headers)?.rsplit_once('.')?;
        let (until, nonce) = claim.split_once('.')?;
        let holds = until.parse().ok().and_then(Timestamp::from_secs).is_some_and(|until| now < until);
        (holds && is_signed(&self.key(Some(token)), "session", claim, signature)).then_some(nonce)
    }

    /// What a form of this visitor has to say.
    fn csrf(&self, token: Option<&str>, nonce: &str) -> String {
        sign(&self.key(token), "form", nonce)
    }
}

/// The cookie that ends a session.
pub(super) fn end(secure: bool) -> Option<HeaderValue> {
    cookie("", 0, secure)
}

fn cookie(value: &str, life: u64, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{COOKIE}={value}; Path=/; Max-Age={life}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::try_from(text).ok()
}

/// The value of the cookie.
fn sent(headers: &HeaderMap) -> Option<&str> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value).next()
}

fn sign(key: &Key, what: &str, text: &str) -> String {
    URL_SAFE_NO_PAD.encode(hmac::sign(key, format!("{what}.{text}").as_bytes()))
}

fn is_signed(key: &Key, what: &str, text: &str, signature: &str) -> bool {
    let signature = URL_SAFE_NO_PAD.decode(signature);
    signature.is_ok_and(|signature| hmac::verify(key, format!("{what}.{text}").as_bytes(), &signature).is_ok())
}

fn random<const N: usize>() -> Vec<u8> {
    let mut bytes = vec![0; N];
    // It fails only where the system has no random numbers, and then TLS would not work either.
    SystemRandom::new().fill(&mut bytes).expect("the system has random numbers");
    bytes
}

// === impl Visitor ===

impl Visitor {
    /// Whether a form says what this visitor was shown.
    pub(super) fn sent(&self, form: Option<&str>) -> bool {
        form.is_some_and(|form| bool::from(subtle::ConstantTimeEq::ct_eq(form.as_bytes(), self.csrf.as_bytes())))
    }
}

impl FromRequestParts<Arc<Admin>> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, admin: &Arc<Admin>) -> Result<Self, Self::Rejection> {
        let snapshot = admin.current.load();
        let token = snapshot.settings.admin_token.as_ref().map(Secret::expose);
        let now = admin.store.now();
        let nonce = token.and_then(|token| admin.sessions.nonce(&parts.headers, token, now));
        Ok(Self { csrf: admin.sessions.csrf(token, nonce.unwrap_or_default()), signed_in: nonce.is_some() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, cookie.parse().expect("a value"))])
    }

    #[test]
    fn a_session_holds_for_its_time_and_its_token() {
        let sessions = Sessions::new();
        let now: Timestamp = "2027-01-01".parse().expect("a time");
        let cookie = sessions.begin("secret", true, now).expect("a cookie");
        let cookie = cookie.to_str().expect("text");
        assert!(cookie.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
        let value = cookie.split(';').next().expect("a pair");
        let half = value.strip_suffix(|_: char| true).expect("a sign");
        let later = value.replace(&now.saturating_add(LIFE).as_secs().to_string(), "9999999999");
        let rows = [
            (value.to_owned(), "secret", 0, true),
            (format!("a=b; {value}; c=d"), "secret", 43_199, true),
            (value.to_owned(), "secret", 43_200, false),
            (value.to_owned(), "another", 0, false),
            (half.to_owned(), "secret", 0, false),
            (later, "secret", 0, false),
            ("sunward_session=".to_owned(), "secret", 0, false),
            ("sunward_session=1.2.3".to_owned(), "secret", 0, false),
            ("session=x".to_owned(), "secret", 0, false),
        ];
        for (cookie, token, after, expected) in rows {
            let now = now.saturating_add(Duration::from_secs(after));
            assert_eq!(sessions.holds(&headers(&cookie), token, now), expected, "{cookie} {token} {after}");
        }
        // Another replica has the same token, and knows the session.
        assert!(Sessions::new().holds(&headers(value), "secret", now));
    }

    #[test]
    fn forms_are_of_one_session() {
        let sessions = Sessions::new();
        let forms = [
            sessions.csrf(Some("secret"), "one"),
            sessions.csrf(Some("secret"), "two"),
            sessions.csrf(None, ""),
            Sessions::new().csrf(None, ""),
        ];
        for (at, form) in forms.iter().enumerate() {
            let visitor = Visitor { csrf: form.clone(), signed_in: true };
            let sent = forms.iter().map(|other| visitor.sent(Some(other))).collect::<Vec<_>>();
            assert_eq!(sent.iter().position(|sent| *sent), Some(at));
            assert!(!visitor.sent(None) && !visitor.sent(Some("")));
        }
    }
}
