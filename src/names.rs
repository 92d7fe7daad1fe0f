//! The names of all metrics, their labels, and what they mean. One home for each: nothing else spells one.
//!
//! Labels come from closed sets only: what clients write (an unknown version, an unknown path, a consumer) never is one.

mod handles;
mod refusal;

use metrics::{Counter, Gauge, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};

use crate::consumer::TokenError;
pub(crate) use handles::{Handles, Labels, MigrationHandles};
pub use refusal::Refusal;
pub(crate) use refusal::Refusals;

/// Requests, by outcome. Counted when the response's body has ended or was dropped.
pub(crate) const REQUESTS: &str = "sunward_requests_total";
/// Requests for a deprecated version.
pub(crate) const DEPRECATED_REQUESTS: &str = "sunward_deprecated_requests_total";
/// Requests answered 410 after the sunset.
pub(crate) const GONE: &str = "sunward_gone_total";
/// Requests refused by a brownout, or that a dry run would have refused.
pub(crate) const BROWNOUT: &str = "sunward_brownout_total";
/// 1 for each deprecated version and route that was asked for since the start (the Kubernetes pattern).
pub(crate) const REQUESTED_DEPRECATED: &str = "sunward_requested_deprecated";
/// When a version ends, as seconds since 1970.
pub(crate) const SUNSET_TIMESTAMP: &str = "sunward_version_sunset_timestamp_seconds";
/// How long it took to migrate a body.
pub(crate) const MIGRATION_DURATION: &str = "sunward_migration_duration_seconds";
/// Bodies that could not be migrated.
pub(crate) const MIGRATION_ERRORS: &str = "sunward_migration_errors_total";
/// Values that were left as they were because an op could not take them.
pub(crate) const MIGRATION_PASSED: &str = "sunward_migration_passed_total";
/// Collisions: values in a place where an op had to write.
pub(crate) const MIGRATION_COLLISIONS: &str = "sunward_migration_collisions_total";
/// Bodies that a change was about, and whose `Content-Type` did not say that they were JSON.
pub(crate) const MIGRATION_UNTYPED: &str = "sunward_migration_untyped_total";
/// Requests and responses that no resource, route or change names, and that passed all the same.
pub(crate) const UNDECLARED: &str = "sunward_undeclared_total";
/// Bytes of response bodies, as they were passed on.
pub(crate) const RESPONSE_BYTES: &str = "sunward_response_body_bytes_total";
/// How long a request took, by OpenTelemetry's name.
pub(crate) const REQUEST_DURATION: &str = "http_server_request_duration_seconds";
/// Tokens that are not right, and so name no consumer.
pub(crate) const TOKEN_ERRORS: &str = "sunward_token_errors_total";
/// Readings of the keys of tokens.
pub(crate) const TOKEN_KEY_READS: &str = "sunward_token_key_reads_total";
/// Reloads of the config file.
pub(crate) const RELOADS: &str = "sunward_config_reload_total";

/// When the config that is served was accepted, as seconds since 1970.
pub(crate) const CONFIG_ACCEPTED: &str = "sunward_config_accepted_timestamp_seconds";
/// Open connections of clients.
pub(crate) const CONNECTIONS: &str = "sunward_connections";
/// What was refused so that the rest could be served, and connections that waited for it.
pub(crate) const SHED: &str = "sunward_shed_total";
/// Requests and connections that were refused before an api was known.
pub const REFUSED: &str = "sunward_refused_total";
/// Request fields that were removed because their names have an underscore.
pub(crate) const UNDERSCORE_FIELDS: &str = "sunward_underscore_fields_total";
/// Whether an instance gets requests.
pub(crate) const UPSTREAM_UP: &str = "sunward_upstream_up";
/// Requests under way to an instance.
pub(crate) const UPSTREAM_PENDING: &str = "sunward_upstream_pending";
/// Requests that wait for a place at an instance.
pub(crate) const UPSTREAM_QUEUED: &str = "sunward_upstream_queued";
/// Requests that got no place at an instance.
pub(crate) const UPSTREAM_REJECTED: &str = "sunward_upstream_rejected_total";
/// Requests to an instance, by what became of them.
pub(crate) const UPSTREAM_REQUESTS: &str = "sunward_upstream_requests_total";
/// Requests that were sent again.
pub(crate) const UPSTREAM_RETRIES: &str = "sunward_upstream_retries_total";
pub(crate) const ROLLOUT_WEIGHT: &str = "sunward_rollout_weight_ratio";
pub(crate) const ROLLOUT_EVIDENCE: &str = "sunward_rollout_evidence";
pub(crate) const ROLLOUT_THRESHOLD: &str = "sunward_rollout_threshold";
/// How often an instance was taken out because its requests failed.
pub(crate) const UPSTREAM_EJECTIONS: &str = "sunward_upstream_ejections_total";
/// Acts of operators in effect: pauses, holds, extensions and drains.
pub(crate) const ACTS: &str = "sunward_acts";
/// The process's memory, by Prometheus' own name.
pub(crate) const PROCESS_MEMORY: &str = "process_resident_memory_bytes";
/// Lines of the access log that could not be written.
pub(crate) const ACCESS_LOG_DROPPED: &str = "sunward_access_log_dropped_total";

/// Writes of the ledger.
pub(crate) const LEDGER_FLUSHES: &str = "sunward_ledger_flushes_total";
/// When the ledger was last written, as seconds since 1970.
pub(crate) const LEDGER_FLUSHED: &str = "sunward_ledger_flushed_timestamp_seconds";
/// Attempts to send notices.
pub(crate) const NOTICES: &str = "sunward_notices_total";
/// Consumers of a version whose end is announced, as the ledger has them.
#[cfg_attr(not(feature = "ledger"), allow(dead_code))]
pub(crate) const DEPRECATED_CONSUMERS: &str = "sunward_deprecated_consumers";
/// When a version was last asked for, as seconds since 1970.
pub(crate) const LAST_USED: &str = "sunward_version_last_used_timestamp_seconds";
/// Rows of the ledger in memory.
pub(crate) const LEDGER_ROWS: &str = "sunward_ledger_rows";
/// Requests that the ledger counted as `_other`.
pub(crate) const LEDGER_OVERFLOW: &str = "sunward_ledger_overflow_total";
/// Rows of the ledger that were merged because they could not be written.
pub(crate) const LEDGER_MERGED: &str = "sunward_ledger_merged_total";

/// The size of the write-ahead log of a ledger that is a file.
pub(crate) const LEDGER_WAL: &str = "sunward_ledger_wal_bytes";
/// Whether what replicas share could be read.
pub(crate) const SHARED_STATE_UP: &str = "sunward_shared_state_up";
/// Whether changes of what replicas share are heard of.
pub(crate) const SHARED_STATE_LISTENING: &str = "sunward_shared_state_listening";
/// When what replicas share was last read, as seconds since 1970.
pub(crate) const SHARED_STATE_READ: &str = "sunward_shared_state_read_timestamp_seconds";

/// The version label of a request whose version is none of the api's.
pub(crate) const OTHER: &str = "_other";
/// The route label of a request whose path is none of the api's.
pub(crate) const UNMATCHED: &str = "_unmatched";

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Outcome {
    /// A service answered it, with whatever status.
    Served,
    /// A service answered it; without a dry run it would have been refused.
    Spared,
    /// Answered 4xx here: there is no version or route for it, or its body is broken, too large or too slow.
    Refused,
    /// Refused by a brownout.
    Brownout,
    /// Refused: closed to new consumers.
    Closed,
    /// Refused: gone.
    Gone,
    /// The body could not be migrated.
    Failed,
    /// No service gave a response that can be passed on, or the response ended early.
    Error,
    /// The client went away before the end of the response.
    Aborted,
}

/// What no resource, route or change names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum UndeclaredLabel {
    /// A request's path.
    Path,
    /// A request's method, of a path that is known.
    Method,
    /// A response's status, where others of its route differ between the versions.
    Status,
}

/// What became of a request to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UpstreamResult {
    /// Answered, and not by 502, 503 or 504.
    Ok,
    /// Answered by 502, 503 or 504.
    Error,
    /// There was no connection.
    Connect,
    /// It took too long.
    Timeout,
    /// It broke off.
    Reset,
    /// It was answered by what is no response, or by one with too large a head.
    Invalid,
}

/// The methods that labels and spans name.
pub(crate) const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];

/// Counts a token that is not right.
pub(crate) fn token_error(api: &str, error: TokenError) {
    counter!(TOKEN_ERRORS, "api" => api.to_owned(), "reason" => error.as_str()).increment(1);
}

/// Describes each metric to the recorder.
pub(crate) fn describe() {
    describe_counter!(REQUESTS, "Requests by api, version, route, method, status class and outcome.");
    describe_counter!(DEPRECATED_REQUESTS, "Requests for a deprecated version.");
    describe_counter!(TOKEN_ERRORS, "Tokens that could not be verified, and so name no consumer, by api and reason.");
    describe_counter!(GONE, "Requests for a version that is gone, answered 410.");
    describe_counter!(BROWNOUT, "Requests that a brownout refused, or would have refused but for a dry run.");
    describe_gauge!(REQUESTED_DEPRECATED, "1 if a deprecated version was asked for on this route since the start.");
    describe_gauge!(SUNSET_TIMESTAMP, Unit::Seconds, "When a version ends, as seconds since 1970.");
    describe_histogram!(
        MIGRATION_DURATION,
        Unit::Seconds,
        "How long it took to migrate a body that is migrated before it is passed on."
    );
    describe_counter!(MIGRATION_ERRORS, "Bodies that could not be migrated.");
    describe_counter!(MIGRATION_PASSED, "Values that an op could not take and that were left as they were.");
    describe_counter!(MIGRATION_COLLISIONS, "Collisions: values in a place where an op had to write.");
    describe_counter!(
        MIGRATION_UNTYPED,
        "Bodies that a change was about, and whose Content-Type did not say that they were JSON."
    );
    describe_counter!(UNDECLARED, "Requests and responses that no resource, route or change names, and that passed.");
    describe_counter!(RESPONSE_BYTES, Unit::Bytes, "Bytes of response bodies.");
    describe_histogram!(REQUEST_DURATION, Unit::Seconds, "How long requests took, to the end of the response's body.");
    describe_counter!(RELOADS, "Reloads of the config file, by result.");
    describe_gauge!(
        CONFIG_ACCEPTED,
        Unit::Seconds,
        "When the config that is served was accepted, as seconds since 1970."
    );
    describe_gauge!(CONNECTIONS, "Open connections of clients.");
    describe_counter!(SHED, "What was refused, or had to wait, so that the rest could be served, by what ran short.");
    describe_counter!(REFUSED, "Requests and connections that were refused before an api was known, by reason.");
    describe_counter!(UNDERSCORE_FIELDS, "Request fields that were removed because their names have an underscore.");
    describe_gauge!(UPSTREAM_UP, "1 if the instance gets requests, 0 if it is ejected or not well.");
    describe_gauge!(UPSTREAM_PENDING, "Requests under way to the instance, those that wait for a place included.");
    describe_gauge!(UPSTREAM_QUEUED, "Requests that wait for a place at the instance.");
    describe_counter!(UPSTREAM_REJECTED, "Requests that got no place at the instance, by reason.");
    describe_counter!(UPSTREAM_REQUESTS, "Requests to the instance, by result.");
    describe_counter!(UPSTREAM_RETRIES, "Requests that were sent again.");
    describe_counter!(UPSTREAM_EJECTIONS, "How often the instance was taken out because its requests failed.");
    describe_gauge!(ROLLOUT_WEIGHT, "The share of requests that the canary group gets, from 0 to 1.");
    describe_gauge!(ROLLOUT_EVIDENCE, "Evidence that the canary group is worse, by symptom: error, slow.");
    describe_gauge!(ROLLOUT_THRESHOLD, "From so much evidence on a rollout is rolled back.");
    describe_gauge!(ACTS, "Acts of operators in effect, by act: pause, hold, extend, drain.");
    describe_gauge!(PROCESS_MEMORY, Unit::Bytes, "The process's memory.");
    describe_counter!(ACCESS_LOG_DROPPED, "Lines of the access log that could not be written.");
    describe_counter!(LEDGER_FLUSHES, "Writes of the ledger, by result: ok, error.");
    describe_gauge!(LEDGER_FLUSHED, Unit::Seconds, "When the ledger was last written, as seconds since 1970.");
    describe_counter!(NOTICES, "Attempts to send notices, by sink and result: sent, retried, failed.");
    describe_gauge!(LEDGER_ROWS, "Rows of the ledger in memory.");
    describe_counter!(LEDGER_OVERFLOW, "Requests that the ledger counted as _other: too many consumers or rows.");
    describe_counter!(LEDGER_MERGED, "Rows of the ledger that were merged because they could not be written.");
    describe_counter!(TOKEN_KEY_READS, "Readings of the keys that tokens are verified with.");
    describe_gauge!(DEPRECATED_CONSUMERS, "The consumers of a version whose end is announced, within a time.");
    describe_gauge!(LAST_USED, Unit::Seconds, "When a version was last asked for, as seconds since 1970.");
    describe_gauge!(LEDGER_WAL, Unit::Bytes, "The size of the write-ahead log of a ledger in a file.");
    describe_gauge!(SHARED_STATE_UP, "1 if what replicas share could be read the last time, 0 if not.");
    describe_gauge!(SHARED_STATE_LISTENING, "1 if changes of what replicas share are announced, 0 if they are polled.");
    describe_gauge!(SHARED_STATE_READ, Unit::Seconds, "When what replicas share was last read, as seconds since 1970.");
}

/// Says when a version ends; not a number once it does not, or is in no config.
pub(crate) fn sunset_timestamp(api: &str, version: &str) -> Gauge {
    gauge!(SUNSET_TIMESTAMP, "api" => api.to_owned(), "version" => version.to_owned())
}

/// The share of requests that the canary group of an upstream gets.
pub(crate) fn rollout_weight(upstream: &str) -> Gauge {
    gauge!(ROLLOUT_WEIGHT, "upstream" => upstream.to_owned())
}

/// Evidence that it is worse; `symptom` is `error` or `slow`.
pub(crate) fn rollout_evidence(upstream: &str, symptom: &'static str) -> Gauge {
    gauge!(ROLLOUT_EVIDENCE, "upstream" => upstream.to_owned(), "symptom" => symptom)
}

/// The evidence that rolls it back.
pub(crate) fn rollout_threshold(upstream: &str) -> Gauge {
    gauge!(ROLLOUT_THRESHOLD, "upstream" => upstream.to_owned())
}

/// Counts a reload; `result` is `accepted` or `rejected`.
pub(crate) fn reloads(result: &'static str) -> Counter {
    counter!(RELOADS, "result" => result)
}

/// When the config that is served was accepted.
pub(crate) fn config_accepted() -> Gauge {
    gauge!(CONFIG_ACCEPTED)
}

/// Open connections of clients.
pub(crate) fn connections() -> Gauge {
    gauge!(CONNECTIONS)
}

/// Counts what was refused; `reason` is `requests`, `memory`, of connections that had to wait `connections`, and of failed
/// accepts `accept`.
pub(crate) fn shed(reason: &'static str) -> Counter {
    counter!(SHED, "reason" => reason)
}

/// Counts what was refused before an api was known.
pub(crate) fn refused(refusal: Refusal) -> Counter {
    counter!(REFUSED, "reason" => refusal.as_str())
}

/// Counts request fields that were removed because their names have an underscore.
pub(crate) fn underscore_fields() -> Counter {
    counter!(UNDERSCORE_FIELDS)
}

/// Whether an instance gets requests; not a number once no config names it.
pub(crate) fn upstream_up(upstream: &str, instance: &str) -> Gauge {
    gauge!(UPSTREAM_UP, "upstream" => upstream.to_owned(), "instance" => instance.to_owned())
}

/// Requests under way to an instance; not a number once no config names it.
pub(crate) fn upstream_pending(upstream: &str, instance: &str) -> Gauge {
    gauge!(UPSTREAM_PENDING, "upstream" => upstream.to_owned(), "instance" => instance.to_owned())
}

/// Requests that wait for a place at an instance; not a number once no config names it.
pub(crate) fn upstream_queued(upstream: &str, instance: &str) -> Gauge {
    gauge!(UPSTREAM_QUEUED, "upstream" => upstream.to_owned(), "instance" => instance.to_owned())
}

/// Requests that got no place at an instance; `reason` is `queue_full` or `queue_timeout`.
pub(crate) fn upstream_rejected(upstream: &str, instance: &str, reason: &'static str) -> Counter {
    let (upstream, instance) = (upstream.to_owned(), instance.to_owned());
    counter!(UPSTREAM_REJECTED, "upstream" => upstream, "instance" => instance, "reason" => reason)
}

/// How often an instance was taken out.
pub(crate) fn upstream_ejections(upstream: &str, instance: &str) -> Counter {
    counter!(UPSTREAM_EJECTIONS, "upstream" => upstream.to_owned(), "instance" => instance.to_owned())
}

/// Requests to an instance.
pub(crate) fn upstream_requests(upstream: &str, instance: &str, result: UpstreamResult) -> Counter {
    let (upstream, instance) = (upstream.to_owned(), instance.to_owned());
    counter!(UPSTREAM_REQUESTS, "upstream" => upstream, "instance" => instance, "result" => result.as_str())
}

/// Requests that were sent again.
pub(crate) fn upstream_retries(upstream: &str) -> Counter {
    counter!(UPSTREAM_RETRIES, "upstream" => upstream.to_owned())
}

/// The number of acts of operators in effect; `act` is `pause`, `hold`, `extend` or `drain`.
pub(crate) fn acts(act: &'static str) -> Gauge {
    gauge!(ACTS, "act" => act)
}

/// The consumers of a version whose end is announced; `window` is `24h`, `7d` or `30d`.
#[cfg(feature = "ledger")]
pub(crate) fn deprecated_consumers(api: &str, version: &str, window: &'static str) -> Gauge {
    gauge!(DEPRECATED_CONSUMERS, "api" => api.to_owned(), "version" => version.to_owned(), "window" => window)
}

/// When a version was last asked for.
pub(crate) fn version_last_used(api: &str, version: &str) -> Gauge {
    gauge!(LAST_USED, "api" => api.to_owned(), "version" => version.to_owned())
}

/// Readings of the keys of tokens; `result` is `ok` or `error`.
pub(crate) fn token_key_reads(result: &'static str) -> Counter {
    counter!(TOKEN_KEY_READS, "result" => result)
}

/// The process's memory.
pub(crate) fn process_memory() -> Gauge {
    gauge!(PROCESS_MEMORY)
}

/// Lines of the access log that could not be written.
pub(crate) fn access_log_dropped() -> Counter {
    counter!(ACCESS_LOG_DROPPED)
}

/// Counts attempts to send notices; `sink` is `mail`, `webhook` or `chat`, `result` is `sent`, `retried` or `failed`.
#[cfg(feature = "notices")]
pub(crate) fn notices(sink: &'static str, result: &'static str) -> Counter {
    counter!(NOTICES, "sink" => sink, "result" => result)
}

/// Counts writes of the ledger; `result` is `ok` or `error`.
#[cfg(feature = "ledger")]
pub(crate) fn ledger_flushes(result: &'static str) -> Counter {
    counter!(LEDGER_FLUSHES, "result" => result)
}

/// When the ledger was last written.
#[cfg(feature = "ledger")]
pub(crate) fn ledger_flushed() -> Gauge {
    gauge!(LEDGER_FLUSHED)
}

/// Rows of the ledger in memory.
#[cfg(feature = "ledger")]
pub(crate) fn ledger_rows() -> Gauge {
    gauge!(LEDGER_ROWS)
}

/// Requests that the ledger counted as `_other`.
#[cfg(feature = "ledger")]
pub(crate) fn ledger_overflow() -> Counter {
    counter!(LEDGER_OVERFLOW)
}

/// Rows of the ledger that were merged.
#[cfg(feature = "ledger")]
pub(crate) fn ledger_merged() -> Counter {
    counter!(LEDGER_MERGED)
}

/// The size of the write-ahead log of a ledger that is a file.
#[cfg(feature = "ledger")]
pub(crate) fn ledger_wal() -> Gauge {
    gauge!(LEDGER_WAL)
}

/// Whether what replicas share could be read.
#[cfg(feature = "postgres")]
pub(crate) fn shared_state_up() -> Gauge {
    gauge!(SHARED_STATE_UP)
}

/// Whether changes of what replicas share are heard of.
#[cfg(feature = "postgres")]
pub(crate) fn shared_state_listening() -> Gauge {
    gauge!(SHARED_STATE_LISTENING)
}

/// When what replicas share was last read.
#[cfg(feature = "postgres")]
pub(crate) fn shared_state_read() -> Gauge {
    gauge!(SHARED_STATE_READ)
}

// === impl Outcome ===

impl Outcome {
    /// The label.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Spared => "spared",
            Self::Refused => "refused",
            Self::Brownout => "brownout",
            Self::Closed => "closed",
            Self::Gone => "gone",
            Self::Failed => "failed",
            Self::Error => "error",
            Self::Aborted => "aborted",
        }
    }
}

// === impl UndeclaredLabel ===

impl UndeclaredLabel {
    /// The label.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Method => "method",
            Self::Status => "status",
        }
    }
}

// === impl UpstreamResult ===

impl UpstreamResult {
    /// All of them, in the order of their values.
    pub(crate) const ALL: [Self; 6] = [Self::Ok, Self::Error, Self::Connect, Self::Timeout, Self::Reset, Self::Invalid];

    /// The label.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::Invalid => "invalid",
        }
    }
}
