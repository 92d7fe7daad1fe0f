//! Traces: what a request says of the trace that it is part of, and a span for each request.
//!
//! | file | what |
//! |---|---|
//! | `context` | the fields of W3C Trace Context, with or without spans |
//! | `span` | the span of one request (feature `otel`) |
//! | `export` | where spans go (feature `otel`) |
//! | `off` | what stands for both without the feature |

mod context;
#[cfg(feature = "otel")]
mod export;
#[cfg(not(feature = "otel"))]
mod off;
#[cfg(feature = "otel")]
mod span;

pub(in crate::gateway) use context::settle;
#[cfg(not(feature = "otel"))]
pub(in crate::gateway) use off::{Running, Tracer};
#[cfg(feature = "otel")]
pub(in crate::gateway) use span::{Running, Tracer};

/// Why spans cannot be exported as the environment says.
pub(in crate::gateway) type ExportError = Box<dyn std::error::Error + Send + Sync>;
