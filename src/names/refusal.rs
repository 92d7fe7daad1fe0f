//! Why clients are refused before an api is known: what no other metric has.

use metrics::Counter;

use super::refused;

/// Why a client was refused, or given up, before any api had its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A method that is not passed on: 405, or 501.
    Method,
    /// A target that is no path: 400; or of `https`, over a connection that is not secured: 421.
    Target,
    /// A target that is too long: 414.
    TargetTooLong,
    /// Header fields that are too many or too large, or a head that is: 431.
    HeadersTooLarge,
    /// A body whose end could be read in two ways: 400, or 501.
    Framing,
    /// No authority, or more than one: 400.
    Host,
    /// A field that is not understood: 400, or 417.
    Field,
    /// A length beyond the limit: 413.
    BodyTooLarge,
    /// A host and path of no api: 404.
    NoApi,
    /// What is no HTTP: 400.
    Malformed,
    /// A breach of HTTP/2: the connection ends.
    Http2,
    /// A request that did not come, or too slowly: the connection ends.
    HeadersTimeout,
    /// A response that the client does not read: the connection is closed.
    SendTimeout,
    /// A TLS handshake that failed, or took too long.
    Tls,
}

/// A counter for each reason, there from the start.
#[derive(Clone)]
pub(crate) struct Refusals {
    counters: [Counter; Refusal::ALL.len()],
}

// === impl Refusal ===

impl Refusal {
    /// All of them, in the order of their values.
    pub const ALL: [Self; 14] = [
        Self::Method,
        Self::Target,
        Self::TargetTooLong,
        Self::HeadersTooLarge,
        Self::Framing,
        Self::Host,
        Self::Field,
        Self::BodyTooLarge,
        Self::NoApi,
        Self::Malformed,
        Self::Http2,
        Self::HeadersTimeout,
        Self::SendTimeout,
        Self::Tls,
    ];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Target => "target",
            Self::TargetTooLong => "target_too_long",
            Self::HeadersTooLarge => "headers_too_large",
            Self::Framing => "framing",
            Self::Host => "host",
            Self::Field => "field",
            Self::BodyTooLarge => "body_too_large",
            Self::NoApi => "no_api",
            Self::Malformed => "malformed",
            Self::Http2 => "http2",
            Self::HeadersTimeout => "headers_timeout",
            Self::SendTimeout => "send_timeout",
            Self::Tls => "tls",
        }
    }
}

// === impl Refusals ===

impl Refusals {
    /// Registers them with the recorder of the moment.
    #[must_use]
    pub(crate) fn new() -> Self {
        let counters = Refusal::ALL.map(refused);
        for counter in &counters {
            // What may never happen is there all the same, so that its first time is seen as a rise.
            counter.increment(0);
        }
        Self { counters }
    }

    /// They count nothing.
    #[must_use]
    pub(crate) fn noop() -> Self {
        Self { counters: Refusal::ALL.map(|_| Counter::noop()) }
    }

    /// Counts one.
    pub(crate) fn count(&self, refusal: Refusal) {
        self.counters[refusal as usize].increment(1);
    }
}

impl Default for Refusals {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Refusals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Refusals").field("counters", &self.counters.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_place() {
        for (at, refusal) in Refusal::ALL.into_iter().enumerate() {
            assert_eq!(refusal as usize, at, "{}", refusal.as_str());
        }
    }
}
