//! The unread rest of a request body, when the response was sent before the end of the request.
//!
//! On an HTTP/1.1 connection the next request follows the body. A short rest is read and discarded, so that the connection
//! can be reused. With a longer rest, the response has `Connection: close`; without that header, the client would lose the
//! request that it sends next.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{Response, header};
use http_body::Body;
use http_body_util::BodyExt;

/// What becomes of it.
#[derive(Clone, Debug, Default)]
pub(in crate::gateway) struct UnreadBody {
    /// `None`: it ends with its stream (HTTP/2), or there is no body.
    inner: Option<Arc<Inner>>,
}

#[derive(Debug)]
struct Inner {
    /// The client may wait for a `100 Continue`, so it is not known whether the body comes (RFC 9110 §10.1.1).
    expected: bool,
    /// The connection has to end.
    ends: AtomicBool,
}

/// More is not read.
const LIMIT: u64 = 64 * 1024;

// === impl UnreadBody ===

impl UnreadBody {
    /// For a body over HTTP/1.1; `expected` if the client sends it only after a `100 Continue`.
    pub(in crate::gateway) fn new(expected: bool) -> Self {
        Self { inner: Some(Arc::new(Inner { expected, ends: AtomicBool::new(false) })) }
    }

    /// Whether the connection has to end with the answer.
    pub(in crate::gateway) fn ends_connection(&self) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.ends.load(Ordering::Relaxed))
    }

    /// Stops reading: the body is malformed or too large.
    pub(in crate::gateway) fn give_up(&self) {
        if let Some(inner) = &self.inner {
            inner.ends.store(true, Ordering::Relaxed);
        }
    }

    /// Takes what is left of a request that was refused with `answer`. Behind one that ends the connection, nothing is read.
    pub(in crate::gateway) fn refused<A, B>(&self, answer: &Response<A>, rest: B)
    where
        B: Body + Send + 'static,
        B::Data: Send,
    {
        if answer.headers().contains_key(header::CONNECTION) {
            self.give_up();
        } else if !rest.is_end_stream() {
            self.take(rest);
        }
    }

    /// Reads the rest. The connection's own timeouts end it if it takes too long.
    pub(in crate::gateway) fn take<B>(&self, rest: B)
    where
        B: Body + Send + 'static,
        B::Data: Send,
    {
        let Some(inner) = &self.inner else { return };
        let little = !inner.expected && rest.size_hint().lower() <= LIMIT;
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if little && !self.ends_connection() => drop(runtime.spawn(forget(rest))),
            _ => self.give_up(),
        }
    }
}

async fn forget<B: Body>(rest: B) {
    let (mut rest, mut read) = (pin!(rest), 0);
    while let Some(Ok(frame)) = rest.frame().await {
        read += frame.data_ref().map_or(0, |data| bytes::Buf::remaining(data) as u64);
        if read > LIMIT {
            return;
        }
    }
}
