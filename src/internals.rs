//! What this package's own binary, tests, benches and fuzz targets use beyond the public interface.
//!
//! It is no part of that interface: anything here may change or go in any release, without a word in the changelog.

#[cfg(feature = "config")]
pub use crate::config::duration;
pub use crate::diagnostic::{SUGGESTED, suggestion};

/// Paths in one spelling.
pub mod path {
    pub use crate::path::{lenient, normalize};
}

/// Media types, as header fields have them.
pub mod media {
    pub use crate::headers::media::MediaType;
    pub use crate::headers::template::MediaTemplate;
}

/// The negotiation of a version by `Accept`.
pub mod accept {
    pub use crate::resolve::accept::{Negotiated, VersionLookup, negotiate};
}

/// Content codings, without HTTP.
#[cfg(feature = "coding")]
pub mod coding {
    pub use crate::coding::{Coding, CodingError, DecodeStep, Decoder};
}

/// The names in the metrics.
pub mod names {
    pub use crate::names::{REFUSED, Refusal};
}

/// The kinds of problem documents.
pub mod problem {
    pub use crate::problem::ProblemType;
}

/// What `sunward test` reads and reports.
pub mod cases {
    pub use crate::catalog::case_entry::CaseEntry;
    #[cfg(feature = "config")]
    pub use crate::config::case::{NamedCase, quoted, read_cases, replace};
    pub use crate::testing::coverage::{Coverage, Untouched};
    pub use crate::testing::openapi::{Example, OpenApiError, OpenApiExamples};
    pub use crate::testing::report::{Bodies, Failure, GotPart, GotValue, MessagePart, Mismatch, WrittenBody};
    pub use crate::testing::run::{declared, read, run};
    pub use crate::testing::samples::{RoundTrip, TripResult, round_trips};
}

/// The tables of `docs/reference.md`.
#[cfg(feature = "config")]
pub use crate::config::keys::reference;

/// What `sunward usage import` does.
#[cfg(feature = "cli")]
pub mod import {
    pub use crate::import::{
        ImportOptions, ImportProgress, ImportSummary, LogField, LogFields, LogSyntax, SkippedLine, UnreadableLine,
        import_logs,
    };
}
