//! Bodies whose trailers are cleaned like heads.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::header::{self, HeaderMap, HeaderName};
use http::{Extensions, Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::fields::{self, FieldScan};
use crate::config::Underscores;
use crate::gateway::wire::forwarded::is_claim;

/// What `Connection` named in the head goes for the trailers as well (RFC 9110 §7.6.1).
#[derive(Clone, Debug)]
struct TrailerNames(Vec<HeaderName>);

/// What must be known before the body, or decides about the message: never in trailers (RFC 9110 §6.5.1).
const HEAD_ONLY: [HeaderName; 14] = [
    header::AUTHORIZATION,
    header::CACHE_CONTROL,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::EXPECT,
    header::HOST,
    header::LOCATION,
    header::PROXY_AUTHORIZATION,
    header::RANGE,
    header::SET_COOKIE,
    header::TRAILER,
];

pin_project! {
    /// Passes a body on, its trailers without the fields of this hop and without those that belong into a head.
    #[derive(Debug)]
    pub(in crate::gateway) struct CleanTrailers<B> {
        #[pin]
        body: B,
        named: Option<TrailerNames>,
        underscores: Underscores,
    }
}

/// Keeps what `Connection` names until the body is wrapped.
pub(super) fn note<B>(request: &mut Request<B>) {
    if let Some(named) = TrailerNames::of(request.headers()) {
        request.extensions_mut().insert(named);
    }
}

/// The same for a response.
pub(super) fn note_response<B>(response: &mut Response<B>) {
    if let Some(named) = TrailerNames::of(response.headers()) {
        response.extensions_mut().insert(named);
    }
}

// === impl TrailerNames ===

impl TrailerNames {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let named = fields::named(headers);
        (!named.is_empty()).then_some(Self(named))
    }
}

// === impl CleanTrailers ===

impl<B> CleanTrailers<B> {
    /// For the body of a message whose headers were admitted, with its extensions. When trailers arrive it is too late to
    /// refuse the message, so everything that may not pass is dropped.
    pub(in crate::gateway) fn take(
        extensions: &mut Extensions,
        underscores: Underscores,
    ) -> impl FnOnce(B) -> Self + use<B> {
        let named = extensions.remove();
        move |body| Self { body, named, underscores }
    }

    /// The body of a response that was admitted, wrapped.
    pub(in crate::gateway) fn response(mut response: Response<B>) -> Response<Self> {
        let wrap = Self::take(response.extensions_mut(), Underscores::Pass);
        response.map(wrap)
    }
}

impl<B: Body> Body for CleanTrailers<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let mut polled = ready!(this.body.poll_frame(cx));
        if let Some(Ok(frame)) = &mut polled
            && let Some(trailers) = frame.trailers_mut()
        {
            clean(trailers, this.named.as_ref().map_or(&[], |named| &named.0), *this.underscores);
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn clean(trailers: &mut HeaderMap, named: &[HeaderName], underscores: Underscores) {
    // It is too late for a refusal, and to the next reader it means nothing.
    fields::cut_outer_space(trailers);
    let seen = FieldScan::of(trailers);
    if seen.hop_by_hop {
        fields::drop_hop_by_hop(trailers);
    }
    if seen.underscore && underscores != Underscores::Pass {
        // Dropping is never refused.
        let _ = fields::settle_underscores(trailers, Underscores::Drop);
    }
    // Whom a request comes from is known before its body.
    let claims: Vec<HeaderName> = trailers.keys().filter(|name| is_claim(name)).cloned().collect();
    claims.iter().for_each(|name| drop(trailers.remove(name)));
    for name in HEAD_ONLY.iter().chain(named) {
        trailers.remove(name);
    }
}
