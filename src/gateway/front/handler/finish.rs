//! What every response says of this hop: its id, how long it took, and why it is an error.

use std::time::{Duration, Instant};

use http::header::{HeaderName, HeaderValue};
use http::{Response, StatusCode, Version};

use crate::gateway::config::snapshot::Settings;
use crate::gateway::telemetry::explain::Explained;
use crate::gateway::telemetry::extensions::UpstreamLatency;
use crate::headers::merge;

/// What every response says of this hop.
pub(super) fn finish<B>(
    response: &mut Response<B>,
    settings: &Settings,
    began: Instant,
    id: Option<&(HeaderName, HeaderValue)>,
    preflight: bool,
) {
    // A client is answered in its own version, whatever the upstream spoke.
    *response.version_mut() = Version::HTTP_11;
    let upstream = response.extensions().get::<UpstreamLatency>().map(|took| took.0);
    if let Some((name, id)) = id {
        response.headers_mut().insert(name.clone(), id.clone());
        if !preflight {
            // So that a user can report the id from a browser.
            merge::expose(response.headers_mut(), std::slice::from_ref(name), true);
        }
    }
    if settings.server_timing {
        let value = server_timing(upstream, began.elapsed());
        append(response, HeaderName::from_static("server-timing"), &value);
    }
    if settings.proxy_status && upstream.is_none() {
        let explained = response.extensions().get::<Explained>().map(|explained| explained.cause.proxy_error());
        let error = explained.unwrap_or(proxy_error(response.status()));
        let value = format!("{}; error={error}", settings.name);
        append(response, HeaderName::from_static("proxy-status"), &value);
    }
}

fn append<B>(response: &mut Response<B>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().append(name, value);
    }
}

/// Milliseconds (Server Timing §2).
fn server_timing(upstream: Option<Duration>, whole: Duration) -> String {
    let ms = |time: Duration| format!("{:.3}", time.as_secs_f64() * 1e3);
    let upstream = upstream.map(|took| format!("upstream;dur={}, ", ms(took))).unwrap_or_default();
    format!("{upstream}gateway;dur={}", ms(whole))
}

/// Why an answer is the gateway's own that no failure has made (RFC 9209 §2.3).
fn proxy_error(status: StatusCode) -> &'static str {
    match status.as_u16() {
        403 => "http_request_denied",
        400..=499 => "http_request_error",
        // A brownout may have any status.
        _ => "proxy_internal_response",
    }
}
