//! What comes in from either side, made unambiguous before anything is decided by it.
//!
//! | file | what |
//! |---|---|
//! | `target` | method, target and authority: one reading, or none |
//! | `fields` | header fields: framing, those of one hop, limits |
//! | `response` | the head of an upstream's response |
//! | `trailers` | bodies whose trailers are cleaned like heads |
//!
//! What frames a message is never passed on: each side is framed anew by the connection it goes out on.

mod fields;
mod response;
mod target;
mod trailers;

use http::header::{self, HeaderValue};
use http::{Method, Request, Response, StatusCode, Version};
use http_body::Body;

use crate::config::Underscores;
use crate::names::Refusal;
use crate::problem::{Problem, ProblemType, TYPE_BASE};

pub(in crate::gateway) use fields::frame;
pub(in crate::gateway) use response::admit_response;
pub(in crate::gateway) use trailers::CleanTrailers;

use fields::FieldScan;

/// What heads are held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) struct EdgeLimits {
    /// Names and values of all header fields together: 431.
    pub(in crate::gateway) header_bytes: usize,
    /// Header fields: 431.
    pub(in crate::gateway) header_count: usize,
    /// The target: 414.
    pub(in crate::gateway) url_bytes: usize,
    /// What becomes of fields with an underscore in their name.
    pub(in crate::gateway) underscores: Underscores,
}

/// What is known of a request that was admitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::gateway) struct Admitted {
    /// Fields that were removed because their names have an underscore.
    pub(in crate::gateway) underscores: u64,
}

/// A request extension: the client asks for WebSocket. What says so is of one hop, and taken off.
#[derive(Clone, Copy, Debug)]
pub(in crate::gateway) struct WebSocket;

/// An answer that is given at the edge.
pub(in crate::gateway) type LocalResponse = Box<Response<Vec<u8>>>;

/// Why a request is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct EdgeRefusal {
    status: StatusCode,
    detail: &'static str,
}

/// Who answers a request.
enum Disposition {
    /// The service behind.
    On(Admitted),
    /// The gateway itself.
    Here,
}

/// The methods of a target, for a 405; the rest depends on the service.
const ALLOW: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");

/// Refuses what is ambiguous, and takes off what is for this hop only. Versions are resolved after that, so a client
/// cannot have the version header taken off behind the decision.
///
/// What is admitted has an origin-form path in ASCII, one length, no field of this hop but `TE: trailers`, and a `Host`
/// that is the authority of the target, if there is one. Fields with an underscore in their name are settled as `limits`
/// say. Only a client of HTTP/1.0 may leave that out, and reaches the
/// apis that have no host. A refusal ends the connection: what follows on it may not be what it seems.
///
/// # Errors
/// What to answer instead, with the [`Refusal`] among its extensions; also, without one, to `OPTIONS *` and to an
/// `OPTIONS` that may be passed on no further.
pub(in crate::gateway) fn admit<B: Body>(
    request: &mut Request<B>,
    limits: &EdgeLimits,
    secured: impl FnOnce() -> bool,
) -> Result<Admitted, LocalResponse> {
    let version = request.version();
    match check(request, limits, secured) {
        Err((refusal, refused)) => {
            let mut answer = refused.answer(version);
            answer.extensions_mut().insert(refusal);
            Err(answer)
        }
        Ok(Disposition::Here) => Err(options()),
        Ok(Disposition::On(admitted)) => Ok(admitted),
    }
}

fn check<B: Body>(
    request: &mut Request<B>,
    limits: &EdgeLimits,
    secured: impl FnOnce() -> bool,
) -> Result<Disposition, (Refusal, EdgeRefusal)> {
    let version = request.version();
    let by = |refusal| move |refused| (refusal, refused);
    target::check_method(request.method()).map_err(by(Refusal::Method))?;
    target::check_target(request, limits, secured).map_err(|refused| match refused.status {
        StatusCode::URI_TOO_LONG => (Refusal::TargetTooLong, refused),
        _ => (Refusal::Target, refused),
    })?;
    fields::check_size(request.headers(), limits).map_err(by(Refusal::HeadersTooLarge))?;
    if version == Version::HTTP_2 && fields::have_outer_space(request.headers()) {
        let detail = "a header value begins or ends with white space: remove it";
        return Err((Refusal::Field, EdgeRefusal::malformed(detail)));
    }
    let seen = FieldScan::of(request.headers());
    let mut admitted = Admitted::default();
    if seen.underscore {
        admitted.underscores =
            fields::settle_underscores(request.headers_mut(), limits.underscores).map_err(by(Refusal::Field))?;
    }
    fields::check_framing(request, seen).map_err(by(Refusal::Framing))?;
    target::settle_host(request).map_err(by(Refusal::Host))?;
    if seen.expect {
        fields::settle_expectation(request.headers_mut()).map_err(by(Refusal::Field))?;
    }
    if seen.hop_by_hop {
        trailers::note(request);
        if fields::wants_websocket(request) {
            request.extensions_mut().insert(WebSocket);
        }
        let trailers = fields::takes_trailers(request);
        fields::drop_hop_by_hop(request.headers_mut());
        if trailers {
            // Of the transfer codings that may be offered beside it, this hop takes none.
            request.headers_mut().insert(header::TE, HeaderValue::from_static("trailers"));
        }
    }
    if seen.cookie {
        fields::join_cookies(request.headers_mut());
    }
    // About the server as a whole (RFC 9110 §7.1), or at the end of its hops.
    let options = *request.method() == Method::OPTIONS;
    let asks_all = request.uri().path() == "*";
    let here = options && (asks_all || !fields::count_hops(request.headers_mut()).map_err(by(Refusal::Field))?);
    Ok(if here { Disposition::Here } else { Disposition::On(admitted) })
}

fn options() -> LocalResponse {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::ALLOW, ALLOW);
    Box::new(response)
}

// === impl EdgeLimits ===

impl Default for EdgeLimits {
    fn default() -> Self {
        Self { header_bytes: 32 * 1024, header_count: 100, url_bytes: 8 * 1024, underscores: Underscores::default() }
    }
}

// === impl EdgeRefusal ===

impl EdgeRefusal {
    const fn new(status: StatusCode, detail: &'static str) -> Self {
        Self { status, detail }
    }

    const fn malformed(detail: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    fn answer(self, version: Version) -> LocalResponse {
        tracing::debug!(status = self.status.as_u16(), detail = self.detail, "request refused");
        let kind = match self.status {
            StatusCode::METHOD_NOT_ALLOWED => ProblemType::MethodAbsent,
            _ => ProblemType::RequestInvalid,
        };
        let mut response = Problem::new(kind).with_status(self.status).with_detail(self.detail).response(TYPE_BASE);
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(header::ALLOW, ALLOW);
        }
        // HTTP/2 has no such field: there, only the stream ends.
        if version < Version::HTTP_2 {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Box::new(response)
    }
}

#[cfg(test)]
mod tests;
