//! Header fields: what frames a message, what is for one hop, how much there may be.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, StatusCode, Version};
use http_body::Body;

use super::{EdgeLimits, EdgeRefusal};
use crate::config::Underscores;

/// Fields of one hop, whether `Connection` names them or not (RFC 9110 §7.6.1, RFC 7540 §3.2.1).
static HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("http2-settings"),
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
const MAX_FORWARDS: HeaderName = HeaderName::from_static("max-forwards");

/// Which of the relevant headers are present. Most are absent, and one pass over all headers is cheaper than many lookups
/// that find nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FieldScan {
    pub(super) hop_by_hop: bool,
    pub(super) framing: bool,
    pub(super) expect: bool,
    pub(super) cookie: bool,
    /// In the name of some field.
    pub(super) underscore: bool,
    pub(super) alt_svc: bool,
}

impl FieldScan {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut seen = Self::default();
        for name in headers.keys() {
            match *name {
                header::CONTENT_LENGTH => seen.framing = true,
                header::TRANSFER_ENCODING => (seen.framing, seen.hop_by_hop) = (true, true),
                header::EXPECT => seen.expect = true,
                header::COOKIE => seen.cookie = true,
                header::ALT_SVC => seen.alt_svc = true,
                _ => {
                    seen.hop_by_hop |= HOP_BY_HOP.contains(name);
                    seen.underscore |= has_underscore(name);
                }
            }
        }
        seen
    }
}

/// In HTTP/1 the recipient trims such white space; in HTTP/2 it makes the message malformed (RFC 9113 §8.2.1), which must not
/// be passed on.
pub(super) fn have_outer_space(headers: &HeaderMap) -> bool {
    headers.values().any(|value| has_outer_space(value.as_bytes()))
}

const fn has_outer_space(value: &[u8]) -> bool {
    matches!(value, [b' ' | b'\t', ..] | [.., b' ' | b'\t'])
}

/// Cuts it off.
pub(super) fn cut_outer_space(headers: &mut HeaderMap) {
    for value in headers.values_mut().filter(|value| has_outer_space(value.as_bytes())) {
        if let Ok(cut) = HeaderValue::from_bytes(value.as_bytes().trim_ascii()) {
            *value = cut;
        }
    }
}

/// Many services take fields as variables in the manner of CGI (RFC 3875 §4.1.18), where `-` becomes `_`: a field with an
/// underscore is there the same as one that was checked or removed here.
fn has_underscore(name: &HeaderName) -> bool {
    name.as_str().as_bytes().contains(&b'_')
}

/// Says how many were dropped.
pub(super) fn settle_underscores(headers: &mut HeaderMap, how: Underscores) -> Result<u64, EdgeRefusal> {
    match how {
        Underscores::Pass => Ok(0),
        Underscores::Refuse => {
            Err(EdgeRefusal::malformed("a header has an underscore in its name, which is not accepted: use a hyphen"))
        }
        Underscores::Drop => {
            let names: Vec<HeaderName> = headers.keys().filter(|name| has_underscore(name)).cloned().collect();
            names.iter().for_each(|name| drop(headers.remove(name)));
            tracing::debug!(count = names.len(), "dropped headers with an underscore in their name");
            Ok(names.len() as u64)
        }
    }
}

pub(super) fn check_size(headers: &HeaderMap, limits: &EdgeLimits) -> Result<(), EdgeRefusal> {
    let bytes = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>();
    if headers.len() > limits.header_count || bytes > limits.header_bytes {
        let detail = "the headers are too many or too large: send fewer or shorter ones";
        return Err(EdgeRefusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, detail));
    }
    Ok(())
}

/// One way to find the end of the body (RFC 9112 §6): a length given once, or chunks and nothing else.
pub(super) fn check_framing<B: Body>(request: &Request<B>, seen: FieldScan) -> Result<(), EdgeRefusal> {
    if !seen.framing {
        return Ok(());
    }
    let headers = request.headers();
    let length = content_length(headers).map_err(EdgeRefusal::malformed)?;
    let chunked = is_chunked(headers).map_err(|detail| EdgeRefusal::new(StatusCode::NOT_IMPLEMENTED, detail))?;
    if chunked && (length.is_some() || request.version() != Version::HTTP_11) {
        return Err(EdgeRefusal::malformed(
            "`Transfer-Encoding` is not allowed in HTTP/1.0: send `Content-Length`, or use HTTP/1.1",
        ));
    }
    if length.is_some_and(|length| length > 0) && request.body().is_end_stream() {
        return Err(EdgeRefusal::malformed(
            "`Content-Length` announces a body that is missing: send the body, or omit the header",
        ));
    }
    Ok(())
}

/// The length, if one is given: by one field with digits only. A list of equal ones is refused as well: someone on the
/// way has put two messages together.
pub(super) fn content_length(headers: &HeaderMap) -> Result<Option<u64>, &'static str> {
    let mut values = headers.get_all(header::CONTENT_LENGTH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match (text.and_then(|text| text.parse().ok()), values.next()) {
        (Some(length), None) => Ok(Some(length)),
        _ => Err("`Content-Length` must be one decimal number"),
    }
}

/// Whether the body comes in chunks. Other codings, and `chunked` more than once, are an error.
pub(super) fn is_chunked(headers: &HeaderMap) -> Result<bool, &'static str> {
    let mut values = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(false),
        (Some(value), None) if value.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(true),
        _ => Err("`Transfer-Encoding` must be `chunked`: no other transfer coding is accepted"),
    }
}

/// Whether a client asks for WebSocket (RFC 6455 §4.1); HTTP/2 has another way, which is not taken.
pub(super) fn wants_websocket<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    let asks = headers.get(header::UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"));
    asks && *request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && named(headers).contains(&header::UPGRADE)
}

/// Whether a client accepts trailers (RFC 9110 §10.1.4), which HTTP/1.0 does not have. Whether `Connection` names the header
/// does not matter: trailers are always passed on, so announcing them to the next hop is correct.
pub(super) fn takes_trailers<B>(request: &Request<B>) -> bool {
    let values = request.headers().get_all(header::TE).iter();
    let mut offers = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    request.version() != Version::HTTP_10 && offers.any(|offer| offer.trim_ascii().eq_ignore_ascii_case(b"trailers"))
}

/// Frames a request for HTTP/1.1 by what its body says of itself, and by nothing that came with it. `TE`, which is the
/// gateway's own by then, is named as a field of one hop.
pub(in crate::gateway) fn frame<B: Body>(request: &mut Request<B>) {
    let (ended, hint) = (request.body().is_end_stream(), request.body().size_hint());
    let headers = request.headers_mut();
    if headers.contains_key(header::TE) {
        headers.insert(header::CONNECTION, HeaderValue::from_static("te"));
    }
    headers.remove(header::TRANSFER_ENCODING);
    if ended {
        // `Content-Length: 0`, where the client said it, says that a body could have been here.
        if headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0") {
            headers.remove(header::CONTENT_LENGTH);
        }
        return;
    }
    match hint.exact() {
        Some(length) => headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length)),
        None => {
            headers.remove(header::CONTENT_LENGTH);
            // Said for every method: hyper takes a GET whose body has no length for one without a body.
            headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"))
        }
    };
}

/// The connection says `100 Continue` itself, as soon as the body is asked for; so the expectation
/// ends here (RFC 9110 §10.1.1).
pub(super) fn settle_expectation(headers: &mut HeaderMap) -> Result<(), EdgeRefusal> {
    match headers.remove(header::EXPECT) {
        Some(value) if !value.as_bytes().eq_ignore_ascii_case(b"100-continue") => {
            Err(EdgeRefusal::new(StatusCode::EXPECTATION_FAILED, "`Expect` must be `100-continue`, or absent"))
        }
        _ => Ok(()),
    }
}

/// Takes off the fields of this hop, and those that `Connection` names.
pub(super) fn drop_hop_by_hop(headers: &mut HeaderMap) {
    for name in named(headers).iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// What `Connection` names, except for what frames and addresses the message: that is not for it to name.
pub(super) fn named(headers: &HeaderMap) -> Vec<HeaderName> {
    let values = headers.get_all(header::CONNECTION).iter();
    // Not by `to_str`: one odd byte must not keep the other names from being seen.
    let names = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let names = names.filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok());
    names.filter(|name| !matches!(*name, header::HOST | header::CONTENT_LENGTH)).collect()
}

/// HTTP/2 may cut cookies into crumbs; other versions have one field of them (RFC 9113 §8.2.3).
pub(super) fn join_cookies(headers: &mut HeaderMap) {
    if headers.get_all(header::COOKIE).iter().nth(1).is_none() {
        return;
    }
    let crumbs: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if let Ok(whole) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..])) {
        headers.insert(header::COOKIE, whole);
    }
}

/// One hop less (RFC 9110 §7.6.2). Says whether there are any left.
pub(super) fn count_hops(headers: &mut HeaderMap) -> Result<bool, EdgeRefusal> {
    let mut values = headers.get_all(MAX_FORWARDS).iter();
    let Some(value) = values.next() else { return Ok(true) };
    let left = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let (Some(left), None) = (left.and_then(|text| text.parse::<u32>().ok()), values.next()) else {
        return Err(EdgeRefusal::malformed("`Max-Forwards` must be one decimal number"));
    };
    let Some(less) = left.checked_sub(1) else { return Ok(false) };
    headers.insert(MAX_FORWARDS, HeaderValue::from(less));
    Ok(true)
}
