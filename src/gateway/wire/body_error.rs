//! Errors of response bodies.

use std::sync::Arc;

/// Why a response's body did not come to its end, and where.
#[derive(Debug)]
pub(in crate::gateway) struct UpstreamBodyError {
    /// What broke; nothing did if it was too slow.
    pub(in crate::gateway) broken: Option<hyper::Error>,
    pub(in crate::gateway) upstream: Box<str>,
    pub(in crate::gateway) instance: Arc<str>,
}

// === impl UpstreamBodyError ===

impl UpstreamBodyError {
    pub(in crate::gateway) const fn is_timeout(&self) -> bool {
        self.broken.is_none()
    }
}

impl std::fmt::Display for UpstreamBodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.broken {
            Some(error) => error.fmt(f),
            None => f.write_str("the response body arrived too slowly"),
        }
    }
}

impl std::error::Error for UpstreamBodyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.broken.as_ref().map(|error| error as _)
    }
}
