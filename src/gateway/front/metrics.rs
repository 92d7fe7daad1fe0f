//! What is counted before an api is known: connections, and whom of them the gateway refuses.

use std::error::Error;

use http::Response;
use metrics::{Counter, Gauge};

use super::liveness::CloseReason;
use crate::names::{self, Refusal, Refusals};

/// The handles, taken once.
#[derive(Clone)]
pub(in crate::gateway) struct ListenerMetrics {
    pub(in crate::gateway) open: Gauge,
    /// Connections that had to wait for a place.
    pub(in crate::gateway) waited: Counter,
    /// Request fields that were removed because their names have an underscore.
    pub(in crate::gateway) underscores: Counter,
    /// Failed accepts, because file descriptors or memory ran out.
    pub(in crate::gateway) unaccepted: Counter,
    refusals: Refusals,
}

// === impl ListenerMetrics ===

impl ListenerMetrics {
    /// For clients.
    pub(in crate::gateway) fn new() -> Self {
        let waited = names::shed("connections");
        waited.increment(0);
        let (unaccepted, underscores) = (names::shed("accept"), names::underscore_fields());
        unaccepted.increment(0);
        underscores.increment(0);
        Self { open: names::connections(), waited, unaccepted, underscores, refusals: Refusals::new() }
    }

    /// For operators and scrapers, of whom nothing is counted.
    pub(in crate::gateway) fn noop() -> Self {
        let [waited, unaccepted, underscores] = [(); 3].map(|()| Counter::noop());
        Self { open: Gauge::noop(), waited, unaccepted, underscores, refusals: Refusals::noop() }
    }

    /// Counts an answer that says why it was given at the edge.
    pub(in crate::gateway) fn answered<B>(&self, answer: &Response<B>) {
        if let Some(refusal) = answer.extensions().get::<Refusal>() {
            self.refusals.count(*refusal);
        }
    }

    /// Counts a connection that failed, if it failed by what the client did.
    pub(in crate::gateway) fn broke(&self, error: &(dyn Error + 'static)) {
        if let Some(refusal) = error.downcast_ref::<hyper::Error>().and_then(refusal) {
            self.refusals.count(refusal);
        }
    }

    /// Counts a connection that was given up.
    pub(in crate::gateway) fn gave_up(&self, cause: CloseReason) {
        self.refusals.count(match cause {
            CloseReason::TakesNothing => Refusal::SendTimeout,
            CloseReason::NoRequest | CloseReason::SlowHead => Refusal::HeadersTimeout,
        });
    }

    /// Counts a TLS handshake that failed.
    pub(in crate::gateway) fn unsecured(&self) {
        self.refusals.count(Refusal::Tls);
    }
}

/// What hyper refuses by itself. A client that goes away is not refused.
fn refusal(error: &hyper::Error) -> Option<Refusal> {
    match error {
        error if error.is_parse_too_large() => Some(Refusal::HeadersTooLarge),
        error if error.is_parse() => Some(Refusal::Malformed),
        error if error.is_timeout() => Some(Refusal::HeadersTimeout),
        error => {
            let http2 = error.source().and_then(|error| error.downcast_ref::<h2::Error>())?;
            http2.is_library().then_some(Refusal::Http2)
        }
    }
}
