//! Where a request says which version it speaks, and who sent it.

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
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsumerSource {
    /// The value of a header that an authenticating layer set.
    Header(String),
    /// The first product of `User-Agent`, without its version.
    UserAgent,
    /// The name in the client's certificate: a [`Consumer`](crate::consumer::Consumer) in the request's extensions, set by
    /// the code that accepts connections.
    ClientCertificate,
}
