//! Where a request says which version it speaks, and who sent it.

use std::path::PathBuf;

use crate::diagnostic::Spanned;

/// Where a request may name its version. All that are set are read, and all that speak must agree.
#[derive(Clone, Debug, Default)]
pub(crate) struct VersionSourcesSpec {
    pub(crate) path: Option<Spanned<String>>,
    pub(crate) accept: Option<Spanned<String>>,
    pub(crate) parameter: Option<Spanned<String>>,
    pub(crate) header: Option<Spanned<String>>,
    pub(crate) query: Option<Spanned<String>>,
    pub(crate) host: Option<Spanned<String>>,
}

/// What a request speaks that names no version. Never "the newest": that would change under its feet.
#[derive(Clone, Debug, Default)]
pub(crate) enum Unspecified {
    /// 400.
    #[default]
    Reject,
    Version(Spanned<String>),
}

/// What to do when `Accept` names versions, and none of them can be served. One that names none is the service's to
/// negotiate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnUnacceptable {
    /// 406, with the list of versions.
    #[default]
    Reject,
    /// Serve what a request gets that names none (RFC 9110 §12.4.1 allows it).
    Default,
}

/// What to do with a body that a change is about, and whose `Content-Type` is missing, cannot be read, or is not JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnUntyped {
    /// It passes as it is, and is counted.
    #[default]
    Pass,
    /// A request gets a 415; a response becomes a 502.
    Fail,
}

/// What becomes of requests and responses that no resource, route or change names. What passes is counted by
/// `sunward_undeclared_total`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnUndeclared {
    /// They pass as they are, in every version.
    #[default]
    Pass,
    /// A path that no route has gets a 404, a method that no route of the path has a 405. A JSON response whose status
    /// no place of its route names becomes a 502, if responses of the route differ between the two versions.
    Refuse,
}

/// Where to read who sent a request; the first that says something counts.
///
/// What a key, an unverified claim or a network says begins with `key-`, `claimed:` or `net:`; what looks like that is not
/// taken from any other source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsumerSource {
    /// The value of a header that an authenticating layer set.
    Header(String),
    /// The same, if the request is from a proxy that is trusted and has the header once: see
    /// [`ClientOrigin`](crate::consumer::ClientOrigin).
    TrustedHeader(String),
    /// The keyed hash of an API key, `key-` and 16 hexadecimal digits. The key itself is never kept. It needs
    /// `Api::with_consumer_secret` and the feature `consumers`.
    Key(KeySource),
    /// A claim of a JSON Web Token in `Authorization: Bearer`, such as `azp`, that nothing verifies: the consumer is
    /// `claimed:` and the claim. It needs the feature `consumers`.
    Claimed(String),
    /// A claim of a JSON Web Token in `Authorization: Bearer` whose signature and lifetime are verified. A token that is not
    /// right says nothing, and is counted by `sunward_token_errors_total`. It needs the feature `jwt`.
    Claim(VerifiedClaim),
    /// The client's network, `/24` of IPv4 or `/48` of IPv6: `net:192.0.2.0/24`. See
    /// [`ClientOrigin`](crate::consumer::ClientOrigin).
    Network,
    /// The first product of `User-Agent`, without its version.
    UserAgent,
    /// The name in the client's certificate: a [`Consumer`](crate::consumer::Consumer) in the request's extensions, set by
    /// the code that accepts connections.
    ClientCertificate,
}

/// Where a request has its API key. A key that is sent twice, or has more than 4096 bytes, is none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySource {
    /// The value of a header.
    Header(String),
    /// The credentials of this scheme in a header.
    #[non_exhaustive]
    Scheme {
        /// The header.
        header: String,
        /// The scheme, whose letter case does not matter.
        scheme: String,
    },
    /// A query parameter.
    Query(String),
    /// The user of Basic authentication.
    Basic,
}

/// A claim of a token, and by which keys the token is verified. The token must have `exp`.
///
/// ```
/// use sunward::catalog::{ConsumerSource, VerifiedClaim};
///
/// # let keys = "{\"keys\":[]}";
/// let claim = VerifiedClaim::new("azp", keys).with_issuer("https://id.example.com").with_audience("shop");
/// let source = ConsumerSource::Claim(claim);
/// # let _ = source;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedClaim {
    pub(crate) name: String,
    pub(crate) keys: KeysSpec,
    pub(crate) issuer: Option<String>,
    pub(crate) audience: Option<String>,
}

/// A JWK Set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeysSpec {
    /// In a file that has not been read.
    File(PathBuf),
    /// At a URL, from which a gateway fetches them.
    Url(String),
    /// As JSON, and the file that it was read from.
    Json(String, Option<PathBuf>),
}

const AUTHORIZATION: &str = "authorization";

// === impl ConsumerSource ===

impl ConsumerSource {
    /// The header that says it.
    pub(crate) fn field(&self) -> Option<&str> {
        match self {
            Self::Header(name) | Self::TrustedHeader(name) => Some(name),
            Self::Key(key) => key.field(),
            Self::Claimed(_) | Self::Claim(_) => Some(AUTHORIZATION),
            Self::UserAgent => Some("user-agent"),
            Self::Network | Self::ClientCertificate => None,
        }
    }

    /// Whether it depends on where the request comes from.
    pub(crate) fn needs_origin(&self) -> bool {
        matches!(self, Self::TrustedHeader(_) | Self::Network)
    }

    /// Its name in messages.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Header(name) => name.to_ascii_lowercase(),
            Self::TrustedHeader(name) => format!("{} of trusted proxies", name.to_ascii_lowercase()),
            Self::Key(key) => format!("the key in {}", key.describe()),
            Self::Claimed(name) => format!("the unverified claim {name}"),
            Self::Claim(claim) => format!("the verified claim {}", claim.name),
            Self::Network => "network".to_owned(),
            Self::UserAgent => "user-agent".to_owned(),
            Self::ClientCertificate => "client-certificate".to_owned(),
        }
    }
}

// === impl KeySource ===

impl KeySource {
    /// The credentials of `scheme` in `header`, such as `Bearer` in `Authorization`.
    pub fn scheme(header: impl Into<String>, scheme: impl Into<String>) -> Self {
        Self::Scheme { header: header.into(), scheme: scheme.into() }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Header(name) | Self::Scheme { header: name, .. } => Some(name),
            Self::Basic => Some(AUTHORIZATION),
            Self::Query(_) => None,
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Header(name) => name.to_ascii_lowercase(),
            Self::Scheme { header, scheme } => format!("{}: {scheme}", header.to_ascii_lowercase()),
            Self::Query(name) => format!("the query parameter {name}"),
            Self::Basic => "Basic authentication".to_owned(),
        }
    }
}

// === impl VerifiedClaim ===

impl VerifiedClaim {
    /// The claim `name` of tokens that a key of `jwks` has signed, the JSON of a JWK Set (RFC 7517 §5).
    pub fn new(name: impl Into<String>, jwks: impl Into<String>) -> Self {
        Self { name: name.into(), keys: KeysSpec::Json(jwks.into(), None), issuer: None, audience: None }
    }

    /// What `iss` must be. Default: anything, or nothing.
    #[must_use]
    pub fn with_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// What `aud` must have. Default: anything, or nothing.
    #[must_use]
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }
}
