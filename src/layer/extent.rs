//! How much of a response is still to come.

use http::{Method, Response, StatusCode, header};
use http_body::Body;

/// How many bytes of a response's body are still to come, where that is known.
///
/// Servers do not poll a body for an end that they know already: they drop the body of a HEAD, 204 or 304 unread, and any other
/// body once all of its `Content-Length` was sent. So bytes must be counted to know whether a response was sent completely.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extent {
    left: Option<u64>,
}

impl Extent {
    /// Of a response to a request with this method.
    pub(crate) fn of<B: Body>(method: &Method, response: &Response<B>) -> Self {
        let (status, body) = (response.status(), response.body());
        let empty = *method == Method::HEAD
            || status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
            || body.is_end_stream();
        let declared = || response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
        Self { left: if empty { Some(0) } else { declared().or_else(|| body.size_hint().exact()) } }
    }

    /// So many bytes more were taken from the body.
    pub(crate) fn take(&mut self, bytes: u64) {
        self.left = self.left.map(|left| left.saturating_sub(bytes));
    }

    /// Whether all of it is there, for all that is known.
    pub(crate) fn is_over(self) -> bool {
        self.left == Some(0)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http_body_util::{Empty, Full};

    use super::*;

    /// Its end is seen by asking for it.
    struct Unknown;

    impl Body for Unknown {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
            std::task::Poll::Ready(None)
        }
    }

    #[test]
    fn an_end_is_known_before_it_is_asked_for() {
        type Row = (&'static str, u16, Option<&'static str>, Option<u64>);
        // Method, status, `Content-Length`, the bytes that are still to come.
        let rows: [Row; 11] = [
            ("GET", 200, None, None),
            ("GET", 200, Some("5"), Some(5)),
            ("GET", 200, Some("0"), Some(0)),
            ("GET", 200, Some("five"), None),
            ("HEAD", 200, Some("5"), Some(0)),
            ("HEAD", 200, None, Some(0)),
            ("GET", 101, None, Some(0)),
            ("GET", 204, None, Some(0)),
            ("GET", 304, Some("5"), Some(0)),
            ("GET", 205, None, None),
            ("GET", 404, Some("5"), Some(5)),
        ];
        for (method, status, length, expected) in rows {
            let mut response = Response::new(Unknown);
            *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            length.map(|length| response.headers_mut().insert("content-length", length.parse().expect("a value")));
            let method = method.parse().expect("a method");
            assert_eq!(Extent::of(&method, &response).left, expected, "{method} {status} {length:?}");
        }
        let known = Response::new(Full::new(Bytes::from_static(b"hello")));
        assert_eq!(Extent::of(&Method::GET, &known).left, Some(5));
        assert_eq!(Extent::of(&Method::GET, &Response::new(Empty::<Bytes>::new())).left, Some(0));
    }
}
