//! Why a 502, 503 or 504 was made here: for the log, the access log and `Proxy-Status`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderValue, Response};

use crate::gateway::wire::body_error::UpstreamBodyError;
use crate::layer::{BodyError, FailedMessage, Notices};
use crate::names::Outcome;
use crate::plan::Plan;

/// Why a request could not be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) enum Cause {
    /// The gateway has as many requests as it may have, or too little memory.
    Overloaded,
    /// The api has no upstream.
    NoUpstream,
    /// None of the upstream's instances takes requests.
    NoInstance,
    /// The last instance that was tried could not be connected to, or did not say what it speaks.
    Unreachable,
    /// It refused the connection.
    Refused,
    /// The connection was not made in time.
    ConnectTimeout,
    /// The TLS handshake with it failed.
    Tls,
    /// Its certificate is not valid.
    Certificate,
    /// Its instances have as many requests as they may have, and their queues are full.
    QueueFull,
    /// The request waited in the queue of an instance for as long as it may.
    QueueTimeout,
    /// The time of the route was over.
    RouteTimeout,
    /// The head of the response did not come in time.
    ResponseTimeout,
    /// The next part of the response's body did not come in time.
    BodyTimeout,
    /// The connection ended before the head of a response, or before the end of its body.
    Broken,
    /// The response cannot be passed on.
    InvalidResponse,
    /// The head of the response is too large.
    HeadersTooLarge,
    /// The instance speaks a version that the api does not have.
    UnknownVersion,
    /// The response cannot be migrated to the client's version.
    Unmigratable,
}

/// A response extension: why it was made here.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Explained {
    pub(in crate::gateway) cause: Cause,
    /// More about it, for operators.
    pub(in crate::gateway) error: Option<String>,
    /// Which message could not be migrated.
    pub(in crate::gateway) failed: Option<Box<FailedRoute>>,
    pub(in crate::gateway) upstream: Option<Box<str>>,
    pub(in crate::gateway) instance: Option<Arc<str>>,
}

/// A message that could not be migrated, and its route.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct FailedRoute {
    plan: Plan,
    message: FailedMessage,
}

/// What is needed to log that a response ended early: its headers have been sent, so the client cannot learn the cause.
#[derive(Debug)]
pub(in crate::gateway) struct Tail {
    pub(in crate::gateway) throttle: Arc<Throttle>,
    pub(in crate::gateway) status: u16,
    pub(in crate::gateway) request_id: Option<HeaderValue>,
}

/// An error of any body.
type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Keeps the log readable while all requests fail: so many lines a second, and a count of the others.
#[derive(Debug, Default)]
pub(in crate::gateway) struct Throttle {
    /// The second, and how many lines it has had: two numbers in one, so that no lock is needed.
    window: AtomicU64,
    suppressed: AtomicU64,
}

/// Lines in each second.
const MOST: u64 = 10;
/// The bits of [`Throttle::window`] that count.
const COUNT: u64 = 0xffff;

// === impl Cause ===

impl Cause {
    /// As logs have it.
    pub(in crate::gateway) const fn as_str(self) -> &'static str {
        match self {
            Self::Overloaded => "overloaded",
            Self::NoUpstream => "no upstream",
            Self::NoInstance => "no instance available",
            Self::Unreachable => "instance unreachable",
            Self::Refused => "connection refused",
            Self::ConnectTimeout => "connect timeout",
            Self::Tls => "TLS handshake failed",
            Self::Certificate => "invalid certificate",
            Self::QueueFull => "queue full",
            Self::QueueTimeout => "queue timeout",
            Self::RouteTimeout => "route timeout",
            Self::ResponseTimeout => "response timeout",
            Self::BodyTimeout => "response body timeout",
            Self::Broken => "connection closed",
            Self::InvalidResponse => "invalid response",
            Self::HeadersTooLarge => "response headers too large",
            Self::UnknownVersion => "unknown version",
            Self::Unmigratable => "response cannot be migrated",
        }
    }

    /// The type of error (RFC 9209 §2.3).
    pub(in crate::gateway) const fn proxy_error(self) -> &'static str {
        match self {
            Self::Overloaded | Self::QueueFull | Self::QueueTimeout => "connection_limit_reached",
            Self::NoUpstream => "proxy_configuration_error",
            Self::NoInstance | Self::Unreachable => "destination_unavailable",
            Self::Refused => "connection_refused",
            Self::ConnectTimeout => "connection_timeout",
            Self::Tls => "tls_protocol_error",
            Self::Certificate => "tls_certificate_error",
            Self::RouteTimeout => "http_response_timeout",
            Self::ResponseTimeout | Self::BodyTimeout => "connection_read_timeout",
            Self::Broken => "connection_terminated",
            Self::InvalidResponse => "http_protocol_error",
            Self::HeadersTooLarge => "http_response_header_section_size",
            Self::UnknownVersion => "proxy_internal_error",
            Self::Unmigratable => "proxy_internal_response",
        }
    }
}

// === impl Explained ===

impl Explained {
    pub(in crate::gateway) const fn new(cause: Cause) -> Self {
        Self { cause, error: None, failed: None, upstream: None, instance: None }
    }

    pub(in crate::gateway) fn with_error(self, error: impl ToString) -> Self {
        Self { error: Some(error.to_string()), ..self }
    }

    /// Says of a response that was made here on behalf of an instance which one that was; nothing of those that came from
    /// there.
    pub(in crate::gateway) fn place<B>(response: &mut Response<B>, upstream: &str, instance: &Arc<str>) {
        if !response.status().is_server_error() {
            return;
        }
        let extensions = response.extensions_mut();
        if extensions.get::<Self>().is_none() && extensions.get::<Outcome>() == Some(&Outcome::Failed) {
            let failed = extensions.get::<Notices>().and_then(|notices| {
                Some(FailedRoute { plan: notices.plan().clone(), message: notices.failure()?.clone() })
            });
            let error = failed.as_ref().map(|failed| failed.message.detail.clone());
            extensions.insert(Self { error, failed: failed.map(Box::new), ..Self::new(Cause::Unmigratable) });
        }
        if let Some(explained) = extensions.get_mut::<Self>() {
            explained.upstream = Some(upstream.into());
            explained.instance = Some(Arc::clone(instance));
        }
    }

    /// Writes a line, unless there are too many.
    pub(in crate::gateway) fn log(&self, throttle: &Throttle, second: u64, status: u16, request_id: Option<&str>) {
        let Some(suppressed) = throttle.admit(second) else { return };
        let (plan, message) = self.failed.as_ref().map(|failed| (&failed.plan, &failed.message)).unzip();
        tracing::warn!(
            status,
            cause = self.cause.as_str(),
            error = self.error.as_deref(),
            api = plan.map(|plan| &*plan.api().name),
            route = plan.and_then(Plan::route).map(|route| route.history.name.to_string()),
            change = message.and_then(|message| message.change.as_deref()),
            pointer = message.and_then(|message| message.pointer.as_deref()),
            upstream = self.upstream.as_deref(),
            instance = self.instance.as_deref(),
            request_id,
            suppressed,
            "request failed"
        );
    }
}

// === impl Tail ===

impl Tail {
    /// Writes a line, unless there are too many.
    pub(in crate::gateway) fn log(&self, error: &AnyError, second: u64) {
        let Some(suppressed) = self.throttle.admit(second) else { return };
        let body = error.downcast_ref::<BodyError<AnyError>>();
        let upstream = body.and_then(BodyError::as_inner).unwrap_or(error).downcast_ref::<UpstreamBodyError>();
        let plan = body.and_then(BodyError::plan);
        let message = body.and_then(BodyError::failed_message);
        let cause = match (plan, upstream) {
            (Some(_), _) => Cause::Unmigratable,
            (None, Some(error)) if error.is_timeout() => Cause::BodyTimeout,
            (None, _) => Cause::Broken,
        };
        tracing::warn!(
            status = self.status,
            cause = cause.as_str(),
            error = upstream.map_or_else(|| describe(&**error), |error| describe(error)),
            api = plan.map(|plan| &*plan.api().name),
            route = plan.and_then(Plan::route).map(|route| route.history.name.to_string()),
            change = message.as_ref().and_then(|message| message.change.as_deref()),
            pointer = message.as_ref().and_then(|message| message.pointer.as_deref()),
            upstream = upstream.map(|error| &*error.upstream),
            instance = upstream.map(|error| &*error.instance),
            request_id = self.request_id.as_ref().and_then(|id| id.to_str().ok()),
            suppressed,
            "response ended early"
        );
    }
}

/// An error and what caused it.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text
}

// === impl Throttle ===

impl Throttle {
    /// Whether one more line is written in this second; and then, how many were not since the last one.
    fn admit(&self, second: u64) -> Option<u64> {
        let next = |window: u64| {
            let fresh = window >> 16 != second & (u64::MAX >> 16);
            if fresh { second << 16 | 1 } else { (window & !COUNT) | ((window & COUNT) + 1).min(COUNT) }
        };
        // Orderings: these are counts of lines, by which nothing else is read.
        let before = self.window.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |window| Some(next(window)));
        let count = next(before.unwrap_or_else(|window| window)) & COUNT;
        if count > MOST {
            self.suppressed.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(self.suppressed.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_some_lines_and_a_count() {
        let throttle = Throttle::default();
        let admitted: Vec<Option<u64>> = (0..25).map(|_| throttle.admit(1_700_000_000)).collect();
        assert_eq!(admitted[..10], [Some(0); 10]);
        assert_eq!(admitted[10..], [None; 15]);
        assert_eq!(throttle.admit(1_700_000_001), Some(15));
        assert_eq!(throttle.admit(1_700_000_001), Some(0));
        for _ in 0..100_000 {
            throttle.admit(1_700_000_002);
        }
        assert_eq!(throttle.admit(1_700_000_003), Some(100_000 - 10), "the count does not run over");
    }
}
