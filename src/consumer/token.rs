//! Tokens whose signature is verified (RFC 7515, RFC 7519).

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

use super::claim::{MAX_TOKEN, claim};
use super::signature;
use super::token_error::TokenError;

/// The public keys of who issues tokens, and what else a token must say. Clones share the keys, which may be renewed.
#[derive(Clone)]
pub(crate) struct TokenVerifier {
    inner: Arc<Inner>,
}

struct Inner {
    keys: RwLock<Arc<[TokenKey]>>,
    issuer: Option<String>,
    audience: Option<String>,
    origin: Option<KeysOrigin>,
    /// A token named a key that is not there.
    missed: AtomicBool,
}

/// Where keys are read again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeysOrigin {
    File(PathBuf),
    Url(String),
}

struct TokenKey {
    id: Option<String>,
    key: DecodingKey,
    validation: Validation,
}

/// When a token may be used. They are compared here, since the crate reads the wall clock.
#[derive(Deserialize)]
struct Lifetime {
    exp: f64,
    nbf: Option<f64>,
}

/// How far two clocks may be apart, in seconds.
const LEEWAY: f64 = 60.0;
const RSA: [Algorithm; 6] =
    [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];

// === impl TokenVerifier ===

impl TokenVerifier {
    /// Reads a JWK Set (RFC 7517 §5).
    pub(crate) fn new(jwks: &str, issuer: Option<&str>, audience: Option<&str>) -> Result<Self, String> {
        let verifier = Self::with_origin(None, issuer, audience);
        verifier.renew(jwks)?;
        Ok(verifier)
    }

    /// One whose keys are at a URL. It has none before they are [renewed](Self::renew).
    #[allow(clippy::unnecessary_wraps, reason = "without the feature there is none")]
    pub(crate) fn fetched(url: String, issuer: Option<&str>, audience: Option<&str>) -> Result<Self, String> {
        Ok(Self::with_origin(Some(KeysOrigin::Url(url)), issuer, audience))
    }

    fn with_origin(origin: Option<KeysOrigin>, issuer: Option<&str>, audience: Option<&str>) -> Self {
        signature::install();
        let (keys, missed) = (RwLock::new(Arc::from([])), AtomicBool::new(false));
        let [issuer, audience] = [issuer, audience].map(|text| text.map(str::to_owned));
        Self { inner: Arc::new(Inner { keys, issuer, audience, origin, missed }) }
    }

    /// Says which file the keys were read from.
    pub(crate) fn with_file(self, file: Option<PathBuf>) -> Self {
        let Some(file) = file else { return self };
        let (issuer, audience) = (self.inner.issuer.as_deref(), self.inner.audience.as_deref());
        let named = Self::with_origin(Some(KeysOrigin::File(file)), issuer, audience);
        *named.inner.keys.write().unwrap_or_else(PoisonError::into_inner) = self.keys();
        named
    }

    /// Where its keys are read again.
    #[cfg(feature = "gateway")]
    pub(crate) fn origin(&self) -> Option<&KeysOrigin> {
        self.inner.origin.as_ref()
    }

    /// Whether it has no keys yet.
    #[cfg(feature = "gateway")]
    pub(crate) fn is_empty(&self) -> bool {
        self.keys().is_empty()
    }

    /// Whether a token named a key that is not there, since this was asked the last time.
    #[cfg(feature = "gateway")]
    pub(crate) fn take_missed(&self) -> bool {
        self.inner.missed.swap(false, Ordering::Relaxed)
    }

    /// Takes other keys. With an error, it keeps those that it has.
    pub(crate) fn renew(&self, jwks: &str) -> Result<(), String> {
        let (issuer, audience) = (self.inner.issuer.as_deref(), self.inner.audience.as_deref());
        let set: JwkSet = serde_json::from_str(jwks).map_err(|error| format!("it is not a JWK Set: {error}"))?;
        let mut keys = Vec::new();
        for jwk in &set.keys {
            if matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_)) {
                return Err("it has a symmetric key, with which tokens could also be made".to_owned());
            }
            keys.extend(TokenKey::new(jwk, issuer, audience)?);
        }
        if keys.is_empty() {
            return Err("it has no key for signatures: RSA, P-256, P-384 or Ed25519".to_owned());
        }
        *self.inner.keys.write().unwrap_or_else(PoisonError::into_inner) = keys.into();
        Ok(())
    }

    fn keys(&self) -> Arc<[TokenKey]> {
        Arc::clone(&self.inner.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The claim `name` of a token that is valid at `now`, in seconds since 1970.
    pub(crate) fn claim(&self, token: &[u8], name: &str, now: i64) -> Result<Option<String>, TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::Malformed);
        }
        let header = decode_header(token).map_err(|_| TokenError::Malformed)?;
        let keys = self.keys();
        let key = find(&keys, header.kid.as_deref()).ok_or_else(|| {
            self.inner.missed.store(true, Ordering::Relaxed);
            TokenError::UnknownKey
        })?;
        let lifetime = decode::<Lifetime>(token, &key.key, &key.validation).map_err(|error| reason(error.kind()))?;
        #[allow(clippy::cast_precision_loss, reason = "seconds of this age are far below 2^53")]
        let now = now as f64;
        if now >= lifetime.claims.exp + LEEWAY {
            return Err(TokenError::Expired);
        }
        if lifetime.claims.nbf.is_some_and(|nbf| nbf > now + LEEWAY) {
            return Err(TokenError::NotYetValid);
        }
        let payload = token.split(|b| *b == b'.').nth(1).unwrap_or_default();
        Ok(URL_SAFE_NO_PAD.decode(payload).ok().and_then(|payload| claim(&payload, name)))
    }
}

/// The key with this id; a token without one means the only key.
fn find<'k>(keys: &'k [TokenKey], id: Option<&str>) -> Option<&'k TokenKey> {
    match (id, keys) {
        (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
        (None, [key]) => Some(key),
        (None, _) => None,
    }
}

impl fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.keys();
        let ids: Vec<&str> = keys.iter().map(|key| key.id.as_deref().unwrap_or_default()).collect();
        f.debug_struct("TokenVerifier").field("keys", &ids).finish_non_exhaustive()
    }
}

fn reason(error: &ErrorKind) -> TokenError {
    match error {
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::InvalidAlgorithm => TokenError::Algorithm,
        ErrorKind::InvalidIssuer => TokenError::Issuer,
        ErrorKind::InvalidAudience => TokenError::Audience,
        ErrorKind::MissingRequiredClaim(name) if name == "iss" => TokenError::Issuer,
        ErrorKind::MissingRequiredClaim(name) if name == "aud" => TokenError::Audience,
        _ => TokenError::Malformed,
    }
}

// === impl TokenKey ===

impl TokenKey {
    /// `None` for a key that no signature here is of.
    fn new(jwk: &Jwk, issuer: Option<&str>, audience: Option<&str>) -> Result<Option<Self>, String> {
        let is_for_signatures = !matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption));
        let own = jwk.common.key_algorithm.map(Algorithm::try_from);
        let mut algorithms = algorithms(&jwk.algorithm).to_vec();
        algorithms.retain(|algorithm| own.as_ref().is_none_or(|own| own.as_ref().is_ok_and(|own| own == algorithm)));
        let Some(first) = algorithms.first().filter(|_| is_for_signatures) else { return Ok(None) };
        let mut validation = Validation::new(*first);
        validation.algorithms.clone_from(&algorithms);
        validation.validate_exp = false;
        validation.validate_aud = audience.is_some();
        let mut required = vec!["exp"];
        if let Some(issuer) = issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        if let Some(audience) = audience {
            validation.set_audience(&[audience]);
            required.push("aud");
        }
        validation.set_required_spec_claims(&required);
        let id = jwk.common.key_id.clone();
        let key = DecodingKey::from_jwk(jwk)
            .map_err(|error| format!("the key {:?} cannot be read: {error}", id.as_deref().unwrap_or_default()))?;
        Ok(Some(Self { id, key, validation }))
    }
}

/// The algorithms that a key can be used with: the token does not choose another kind.
fn algorithms(key: &AlgorithmParameters) -> &'static [Algorithm] {
    match key {
        AlgorithmParameters::RSA(_) => &RSA,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => &[Algorithm::ES256],
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => &[Algorithm::ES384],
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => &[Algorithm::EdDSA],
        _ => &[],
    }
}

#[cfg(test)]
mod tests;
