//! Messages that cannot be migrated, and the responses to their senders.

use http::StatusCode;

use super::content::Untyped;
use crate::json::MigrateError;
use crate::problem::{Problem, ProblemType};

/// A message that cannot be migrated. Nothing of it is passed on.
#[derive(Debug)]
pub(crate) struct Unmigratable {
    response: bool,
    reason: UnmigratableReason,
}

/// Why.
#[derive(Debug)]
pub(super) enum UnmigratableReason {
    Coded,
    Charset,
    Untyped,
    Partial,
    TooLarge,
    Broken,
    Miscoded,
    Digest,
    Untransformable,
    Undeclared,
    Body(MigrateError),
}

// === impl Unmigratable ===

impl Unmigratable {
    pub(super) const fn new(response: bool, reason: UnmigratableReason) -> Self {
        Self { response, reason }
    }

    /// What the migration of the content failed with, if it got so far.
    pub(crate) const fn migrate_error(&self) -> Option<&MigrateError> {
        match &self.reason {
            UnmigratableReason::Body(error) => Some(error),
            _ => None,
        }
    }

    /// Whether it is a response's.
    #[must_use]
    pub(crate) fn is_response(&self) -> bool {
        self.response
    }

    /// Whether it is the content coding, and not the media type, that is not taken.
    pub(super) const fn is_coding(&self) -> bool {
        matches!(self.reason, UnmigratableReason::Coded)
    }

    /// A body whose `Content-Type` does not say that it is JSON, where such are refused.
    #[must_use]
    pub(crate) fn untyped(untyped: &Untyped) -> Self {
        Self::new(untyped.response, UnmigratableReason::Untyped)
    }

    /// The status of the answer.
    #[must_use]
    pub(crate) fn status(&self) -> StatusCode {
        self.problem().status()
    }

    /// What is wrong, for an error that says already what it is about.
    #[cfg(feature = "layer")]
    pub(crate) fn cause(&self) -> String {
        match &self.reason {
            UnmigratableReason::Body(error) => error.to_string(),
            _ => self.to_string(),
        }
    }

    /// What the client gets: what is wrong with its own body, or only that the upstream's cannot be migrated.
    #[must_use]
    pub(crate) fn problem(&self) -> Problem {
        if let UnmigratableReason::Undeclared = self.reason {
            let detail =
                "the response has a status that is not declared for this route: report it to the operators of the api";
            return Problem::new(ProblemType::UpstreamBodyInvalid).with_detail(detail);
        }
        if self.response {
            let detail = "the response could not be migrated to the requested version: a retry does not help; use a \
                 newer version, or report it to the operators of the api";
            return Problem::new(ProblemType::UpstreamBodyInvalid).with_detail(detail);
        }
        match &self.reason {
            UnmigratableReason::Coded => Problem::new(ProblemType::VersionUnsupportedBody).with_detail(
                "the body's content coding is not supported for this version: use one listed in `Accept-Encoding`, \
                 or none",
            ),
            UnmigratableReason::Charset => Problem::new(ProblemType::VersionUnsupportedBody)
                .with_detail("the body must be in UTF-8 for this version (for JSON: RFC 8259, section 8.1): send it in UTF-8"),
            UnmigratableReason::Untyped => Problem::new(ProblemType::VersionUnsupportedBody).with_detail(
                "the body must have the type of JSON or of a form for this version: set `Content-Type` to one listed in `Accept`",
            ),
            UnmigratableReason::Partial => Problem::new(ProblemType::BodyInvalid)
                .with_detail("a partial body (`Content-Range`) cannot be migrated: send the whole body"),
            UnmigratableReason::TooLarge => Problem::new(ProblemType::BodyTooLarge)
                .with_detail("the body is too large to be migrated: send a smaller one, or use the newest version"),
            UnmigratableReason::Broken => Problem::new(ProblemType::BodyInvalid).with_detail(
                "the body ended early: \
                 send the whole body",
            ),
            UnmigratableReason::Miscoded => Problem::new(ProblemType::BodyInvalid).with_detail(
                "the body cannot be decoded as `Content-Encoding` says, or is truncated: send the whole \
                     body in that coding",
            ),
            UnmigratableReason::Digest => Problem::new(ProblemType::DigestMismatch)
                .with_detail("the content does not match its digest: compute the digest of the bytes that you send"),
            UnmigratableReason::Untransformable | UnmigratableReason::Undeclared => {
                Problem::new(ProblemType::BodyInvalid).with_detail(
                    "the request forbids changes (`Cache-Control: no-transform`): remove the directive, or use the \
                 newest version",
                )
            }
            UnmigratableReason::Body(error) if error.is_limit() => {
                Problem::new(ProblemType::BodyTooLarge).with_detail(error.to_string())
            }
            UnmigratableReason::Body(error) if error.is_syntax() => {
                Problem::new(ProblemType::BodyInvalid).with_detail(error.to_string())
            }
            UnmigratableReason::Body(error) => {
                Problem::new(ProblemType::BodyUnprocessable).with_detail(error.to_string())
            }
        }
    }
}

impl std::fmt::Display for Unmigratable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let side = if self.response { "response" } else { "request" };
        match &self.reason {
            UnmigratableReason::Coded => write!(f, "the {side} has an unknown content coding"),
            UnmigratableReason::Charset => write!(f, "the {side} is not in UTF-8"),
            UnmigratableReason::Untyped => {
                write!(f, "the Content-Type of the {side} is neither a JSON type nor a form")
            }
            UnmigratableReason::Partial => write!(f, "the {side} is a partial body"),
            UnmigratableReason::TooLarge => {
                write!(f, "the {side} is larger than `held_bytes`, or decodes to more than `decoded_ratio` allows")
            }
            UnmigratableReason::Broken => write!(f, "the {side} ended early"),
            UnmigratableReason::Miscoded => {
                write!(f, "the {side} cannot be decoded as its Content-Encoding says, or is truncated")
            }
            UnmigratableReason::Digest => write!(f, "the {side} does not match its digest"),
            UnmigratableReason::Untransformable => write!(
                f,
                "the {side} has `Cache-Control: no-transform`; if the gateway is part of the origin, set `act_as = \
                 \"origin\"` on the upstream"
            ),
            UnmigratableReason::Undeclared => write!(f, "the status of the {side} is not declared for its route"),
            UnmigratableReason::Body(error) => write!(f, "the {side} cannot be migrated: {error}"),
        }
    }
}

impl std::error::Error for Unmigratable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.migrate_error().map(|error| error as _)
    }
}
