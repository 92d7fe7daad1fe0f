//! How an instance is reached, and what its requests ask for.

use std::time::Duration;

use http::Uri;
use http::header::HeaderName;
use http::uri::{Authority, PathAndQuery};

use super::exchange::ResponseHeadLimits;
use crate::gateway::wire::connect::Connector;

/// How an instance is reached.
#[derive(Debug)]
pub(super) struct Transport {
    pub(super) url: Uri,
    pub(super) connector: Connector,
    pub(super) http2: bool,
    pub(super) head_limits: ResponseHeadLimits,
    /// It listens on a Unix socket.
    pub(super) socket: bool,
    /// How much of a body is read to know its length; `None` if it takes chunks.
    pub(super) buffer: Option<usize>,
    /// What is asked on each new connection, and the field of the answer that says what the instance speaks.
    pub(super) speaks_from: Option<(PathAndQuery, HeaderName)>,
    /// How long a connection may lie idle.
    pub(super) keep: Duration,
}

// === impl Transport ===

impl Transport {
    pub(super) fn authority(&self) -> &str {
        self.url.authority().map_or("", Authority::as_str)
    }

    /// The instance's scheme, authority and prefix, with a path and query.
    pub(super) fn join(&self, target: &PathAndQuery) -> Option<Uri> {
        let mut parts = self.url.clone().into_parts();
        parts.path_and_query = Some(self.prefixed(target)?);
        Uri::from_parts(parts).ok()
    }

    /// The instance's prefix with a path and query: what an HTTP/1.1 request asks for.
    pub(super) fn below(&self, target: &PathAndQuery) -> Option<Uri> {
        self.prefixed(target).map(Uri::from)
    }

    fn prefixed(&self, target: &PathAndQuery) -> Option<PathAndQuery> {
        match self.url.path().trim_end_matches('/') {
            "" => Some(target.clone()),
            prefix => PathAndQuery::try_from(format!("{prefix}{target}")).ok(),
        }
    }
}
