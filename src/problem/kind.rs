//! The problem types, with what never changes about them.

use http::StatusCode;

/// The problem types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemType {
    /// The request names no version, and the api has no default.
    VersionUnspecified,
    /// Its sources name different versions, or one source names several.
    VersionAmbiguous,
    /// What it names is no version of the api's scheme.
    VersionInvalid,
    /// There never was such a version.
    VersionUnknown,
    /// `Accept` leaves nothing that there is.
    VersionUnacceptable,
    /// `Accept-Encoding` leaves no content coding that a migrated response can have.
    CodingUnacceptable,
    /// The body is written in a version that cannot be read.
    VersionUnsupportedBody,
    /// The version was retired.
    VersionSunset,
    /// The version is off for a while, as a rehearsal of its end.
    VersionBrownout,
    /// The version is not open to this consumer.
    VersionClosed,
    /// The version has no such resource.
    RouteAbsent,
    /// The version's resource has no such method.
    MethodAbsent,
    /// The request's head is malformed, ambiguous, or larger than what is taken.
    RequestInvalid,
    /// The path has several readings.
    PathInvalid,
    /// The body is not what its `Content-Type` says.
    BodyInvalid,
    /// The body cannot be said in the version that the api speaks now.
    BodyUnprocessable,
    /// The body is larger than what is migrated.
    BodyTooLarge,
    /// The content is not what its digest says.
    DigestMismatch,
    /// The body did not come in time.
    BodyTimeout,
    /// The server has more requests than it can serve.
    Overloaded,
    /// Upstream's body cannot be said in the requested version.
    UpstreamBodyInvalid,
    /// Upstream broke off.
    UpstreamFailed,
    /// Upstream is not there.
    UpstreamUnavailable,
    /// Upstream took too long.
    UpstreamTimeout,
}

// === impl ProblemType ===

impl ProblemType {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::VersionUnspecified,
        Self::VersionAmbiguous,
        Self::VersionInvalid,
        Self::VersionUnknown,
        Self::VersionUnacceptable,
        Self::CodingUnacceptable,
        Self::VersionUnsupportedBody,
        Self::VersionSunset,
        Self::VersionBrownout,
        Self::VersionClosed,
        Self::RouteAbsent,
        Self::MethodAbsent,
        Self::RequestInvalid,
        Self::PathInvalid,
        Self::BodyInvalid,
        Self::BodyUnprocessable,
        Self::BodyTooLarge,
        Self::DigestMismatch,
        Self::BodyTimeout,
        Self::Overloaded,
        Self::UpstreamBodyInvalid,
        Self::UpstreamFailed,
        Self::UpstreamUnavailable,
        Self::UpstreamTimeout,
    ];

    /// The last segment of the type's URI.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        self.facts().0
    }

    /// The `title`: the same for every occurrence (RFC 9457 §3.1.3).
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.facts().1
    }

    /// The status, unless the problem says otherwise.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.facts().2
    }

    const fn facts(self) -> (&'static str, &'static str, StatusCode) {
        type Code = StatusCode;
        match self {
            Self::VersionUnspecified => ("version-unspecified", "API version missing", Code::BAD_REQUEST),
            Self::VersionAmbiguous => ("version-ambiguous", "API version ambiguous", Code::BAD_REQUEST),
            Self::VersionInvalid => ("version-invalid", "API version malformed", Code::BAD_REQUEST),
            Self::VersionUnknown => ("version-unknown", "API version unknown", Code::BAD_REQUEST),
            Self::VersionUnacceptable => ("version-unacceptable", "No acceptable API version", Code::NOT_ACCEPTABLE),
            Self::CodingUnacceptable => ("coding-unacceptable", "No acceptable content coding", Code::NOT_ACCEPTABLE),
            Self::VersionUnsupportedBody => {
                ("version-unsupported-body", "API version of the body not supported", Code::UNSUPPORTED_MEDIA_TYPE)
            }
            Self::VersionSunset => ("version-sunset", "API version retired", Code::GONE),
            Self::VersionBrownout => ("version-brownout", "API version in brownout", Code::GONE),
            Self::VersionClosed => ("version-closed", "API version closed to this consumer", Code::FORBIDDEN),
            Self::RouteAbsent => ("route-absent", "Route not found", Code::NOT_FOUND),
            Self::MethodAbsent => ("method-absent", "Method not in this API version", Code::METHOD_NOT_ALLOWED),
            Self::RequestInvalid => ("request-invalid", "Request malformed", Code::BAD_REQUEST),
            Self::PathInvalid => ("path-invalid", "Path ambiguous", Code::BAD_REQUEST),
            Self::BodyInvalid => ("body-invalid", "Body malformed", Code::BAD_REQUEST),
            Self::BodyUnprocessable => ("body-unprocessable", "Body cannot be migrated", Code::UNPROCESSABLE_ENTITY),
            Self::BodyTooLarge => ("body-too-large", "Body too large", Code::PAYLOAD_TOO_LARGE),
            Self::DigestMismatch => ("digest-mismatch", "Digest does not match", Code::BAD_REQUEST),
            Self::BodyTimeout => ("body-timeout", "Request body too slow", Code::REQUEST_TIMEOUT),
            Self::Overloaded => ("overloaded", "Server overloaded", Code::SERVICE_UNAVAILABLE),
            Self::UpstreamBodyInvalid => {
                ("upstream-body-invalid", "Upstream body cannot be migrated", Code::BAD_GATEWAY)
            }
            Self::UpstreamFailed => ("upstream-failed", "Upstream failed", Code::BAD_GATEWAY),
            Self::UpstreamUnavailable => ("upstream-unavailable", "Upstream unavailable", Code::SERVICE_UNAVAILABLE),
            Self::UpstreamTimeout => ("upstream-timeout", "Upstream timed out", Code::GATEWAY_TIMEOUT),
        }
    }
}
