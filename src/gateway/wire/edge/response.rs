//! The head of an upstream's response.

use http::header::{self, HeaderMap};
use http::{Response, StatusCode, Version};

use super::fields::FieldScan;
use super::{fields, trailers};

/// Refuses a head with which the end of the body is ambiguous, and takes off what is for this hop only. Says whether
/// another request may be sent on the connection that it came on.
///
/// Not where the head announces a body that no response to this request has (RFC 9112 §6.3): the upstream may send it
/// nevertheless, and it would be read as the head of the next response. A 304, and a response to HEAD (`head`), may announce
/// the body of a GET (RFC 9110 §8.6), and some services send that body some time after the headers.
///
/// An admitted response is HTTP/1.1 to its recipient, whatever the upstream speaks. `Alt-Svc` is about the origin of the
/// upstream (RFC 7838 §3): it is removed, unless `alt_svc` is set.
///
/// # Errors
/// What is wrong, for a 502. The connection must not be used again.
pub(in crate::gateway) fn admit_response<B>(
    response: &mut Response<B>,
    alt_svc: bool,
    head: bool,
) -> Result<bool, &'static str> {
    // The request did not ask for another protocol: `Upgrade` is removed at the edge.
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Err("the upstream switched protocols without a request to");
    }
    // RFC 9110 §15: these are no statuses of HTTP, and every client makes of them what it likes.
    if response.status().as_u16() > 599 {
        return Err("the upstream's status is not a valid HTTP status: it is over 599");
    }
    if response.version() == Version::HTTP_2 && fields::have_outer_space(response.headers()) {
        return Err("a header value of the upstream's response begins or ends with white space");
    }
    let seen = FieldScan::of(response.headers());
    let (length, chunked) =
        framing(response.headers(), seen).map_err(|_| "the upstream's response has an ambiguous length")?;
    if length.is_some() && chunked {
        return Err("the upstream's response has two lengths");
    }
    // What HTTP/1.0 means by it is not known (RFC 9112 §6.1).
    if chunked && response.version() == Version::HTTP_10 {
        return Err("the upstream's HTTP/1.0 response has a `Transfer-Encoding`");
    }
    if seen.alt_svc && !alt_svc {
        response.headers_mut().remove(header::ALT_SVC);
    }
    if response.status() == StatusCode::NO_CONTENT && seen.framing {
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    if seen.hop_by_hop {
        trailers::note_response(response);
        fields::drop_hop_by_hop(response.headers_mut());
    }
    *response.version_mut() = Version::HTTP_11;
    Ok(match response.status() {
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => length.unwrap_or(0) == 0 && !chunked,
        _ if head => length.unwrap_or(0) == 0 && !chunked,
        _ => true,
    })
}

fn framing(headers: &HeaderMap, seen: FieldScan) -> Result<(Option<u64>, bool), &'static str> {
    if !seen.framing {
        return Ok((None, false));
    }
    Ok((fields::content_length(headers)?, fields::is_chunked(headers)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Status, fields, whether it is admitted, whether its connection is used again.
    type Row = (u16, &'static [(&'static str, &'static str)], bool, bool);

    #[test]
    fn responses_have_one_length() {
        let rows: [Row; 20] = [
            (200, &[], true, true),
            (200, &[("content-length", "5")], true, true),
            (200, &[("content-length", "5"), ("content-length", "5")], false, false),
            (200, &[("content-length", "5, 5")], false, false),
            (200, &[("content-length", "+5")], false, false),
            (200, &[("content-length", "99999999999999999999")], false, false),
            (200, &[("transfer-encoding", "Chunked")], true, true),
            (200, &[("transfer-encoding", "gzip, chunked")], false, false),
            (200, &[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")], false, false),
            (200, &[("transfer-encoding", "chunked"), ("content-length", "5")], false, false),
            (101, &[], false, false),
            (599, &[], true, true),
            (600, &[], false, false),
            (999, &[], false, false),
            (204, &[("content-length", "0")], true, true),
            (204, &[("content-length", "5")], true, false),
            (204, &[("transfer-encoding", "chunked")], true, false),
            (304, &[("content-length", "0")], true, true),
            (304, &[("content-length", "5")], true, false),
            (304, &[("transfer-encoding", "chunked")], true, false),
        ];
        for (status, head, admitted, reusable) in rows {
            let start = Response::builder().status(status);
            let builder = head.iter().fold(start, |builder, (name, value)| builder.header(*name, *value));
            let mut response = builder.body(()).expect("a response");
            let admission = admit_response(&mut response, false, false);
            assert_eq!(admission.is_ok(), admitted, "{status} {head:?}");
            assert_eq!(admission.unwrap_or(false), reusable, "{status} {head:?}");
        }
    }

    /// After a HEAD.
    #[test]
    fn a_head_that_announces_content_ends_its_connection() {
        let rows: [Row; 7] = [
            (200, &[], true, true),
            (200, &[("content-length", "0")], true, true),
            (200, &[("content-length", "5")], true, false),
            (404, &[("content-length", "5")], true, false),
            (200, &[("transfer-encoding", "chunked")], true, false),
            (304, &[("content-length", "5")], true, false),
            (204, &[], true, true),
        ];
        for (status, head, admitted, reusable) in rows {
            let start = Response::builder().status(status);
            let builder = head.iter().fold(start, |builder, (name, value)| builder.header(*name, *value));
            let mut response = builder.body(()).expect("a response");
            let admission = admit_response(&mut response, false, true);
            assert_eq!((admission.is_ok(), admission), (admitted, Ok(reusable)), "{status} {head:?}");
        }
    }

    #[test]
    fn outer_space_is_malformed_in_http_2() {
        for (version, value, admitted) in [
            (Version::HTTP_2, "a b", true),
            (Version::HTTP_2, " a", false),
            (Version::HTTP_2, "a\t", false),
            (Version::HTTP_2, " ", false),
            (Version::HTTP_11, "a ", true),
        ] {
            let mut response = Response::builder().version(version).header("x", value).body(()).expect("a response");
            assert_eq!(admit_response(&mut response, false, false).is_ok(), admitted, "{version:?} {value:?}");
        }
    }
}
