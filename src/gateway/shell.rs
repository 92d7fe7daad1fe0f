//! One request, from its head to the end of its response: what the stack does not do.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode, Version};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tower::Service;

use super::access::Entry;
use super::door::Door;
use super::edge::{self, Admitted, Answer, CleanTrailers};
use super::explain::{Cause, Explained, Tail, Throttle};
use super::forwarded::Near;
use super::intake::Intake;
use super::leftover::Leftover;
use super::send::UpstreamTook;
use super::server::{Handler, Peer};
use super::shed::{Held, Load};
use super::snapshot::{Current, Settings, Snapshot, StackBody};
use super::trace::{self, Running, Tracer};
use super::upload::Upload;
use super::vital::{Pulse, Vital};
use crate::clock::{Clock, SystemClock};
use crate::headers::merge;
use crate::layer::Extent;
use crate::names::Refusal;
use crate::plan::Plan;
use crate::problem::{Kind, Problem, TYPE_BASE};
use crate::resolve;

/// Serves requests with the snapshot of the moment.
pub(super) struct Shell {
    pub(super) current: Current,
    pub(super) load: Load,
    pub(super) door: Door,
    pub(super) tracer: Tracer,
    /// Of the lines about requests that failed.
    pub(super) throttle: Arc<Throttle>,
}

/// A response extension, for the log: the plan of its request.
#[derive(Clone, Debug)]
pub(super) struct Planned(pub(super) Plan);

type Error = Box<dyn std::error::Error + Send + Sync>;

pin_project! {
    /// A response's body, with all that ends when it ends.
    pub(super) struct ShellBody {
        #[pin]
        inner: Inner,
        pulse: Pulse,
        extent: Extent,
        // Before `held`, so that a request that is not in flight any more has been logged.
        entry: Option<Entry>,
        held: Option<Held>,
        span: Option<Box<Running>>,
        tail: Tail,
        broken: Option<Error>,
    }
}

pin_project! {
    #[project = InnerProj]
    enum Inner {
        Stack { #[pin] body: StackBody },
        Own { #[pin] body: Full<Bytes> },
    }
}

/// After how many seconds to come back when too much is going on.
const RETRY_AFTER: u64 = 1;

// === impl Shell ===

impl Handler for Shell {
    type Body = ShellBody;

    fn handle(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: Arc<Peer>,
        vital: Arc<Vital>,
    ) -> impl Future<Output = Result<Response<ShellBody>, Infallible>> + Send + 'static {
        let pulse = vital.request(request.version());
        self.begin(request, &peer, pulse).end()
    }
}

/// A request that was begun, and all that is kept for its end.
struct Begun<F> {
    /// Its answer to be, or the one that it has.
    going: Result<F, Answer>,
    snapshot: Arc<Snapshot>,
    began: Instant,
    throttle: Arc<Throttle>,
    method: Method,
    id: Option<(HeaderName, HeaderValue)>,
    leftover: Leftover,
    upload: Upload,
    pulse: Pulse,
    entry: Option<Entry>,
    held: Option<Held>,
    span: Option<Box<Running>>,
}

impl Shell {
    /// Not a future: each that a request is handed to keeps it twice.
    fn begin(
        &self,
        mut request: Request<Incoming>,
        peer: &Peer,
        pulse: Pulse,
    ) -> Begun<impl Future<Output = Response<StackBody>> + Send + use<>> {
        let snapshot = self.current.load();
        let settings = &snapshot.settings;
        let held = self.load.take(settings.limits.requests);
        let near = Near { ip: peer.ip, text: peer.text.as_ref(), tls: peer.tls, version: request.version() };
        let entry = settings.log.as_ref().map(|log| {
            let client = settings.marks.client(request.headers(), near);
            Entry::new(log, &request, peer, client)
        });
        let span = self.tracer.begin(&request, peer.tls);
        let began = Instant::now();
        let method = request.method().clone();
        let id;
        let leftover = leftover(&request);
        let upload = if request.body().is_end_stream() { Upload::default() } else { Upload::new() };
        let going = match admit(&mut request, &snapshot, near, held.is_some()) {
            Err(answer) => {
                // What is refused is asked about as well.
                let trusted = settings.marks.trusts(near);
                id = settings.marks.identify(request.headers_mut(), trusted, || fastrand::u128(..));
                leftover.refused(&answer, request.into_body());
                Err(answer)
            }
            Ok(admitted) => {
                if admitted.underscores > 0 {
                    self.door.underscores.increment(admitted.underscores);
                }
                trace::settle(request.headers_mut());
                if let Some(span) = &span {
                    span.inject(request.headers_mut());
                }
                id = settings.marks.mark(request.headers_mut(), near, || fastrand::u128(..));
                Ok(pass(&snapshot, request, peer, leftover.clone(), upload.clone()))
            }
        };
        if let Err(answer) = &going {
            self.door.answered(answer);
        }
        let throttle = Arc::clone(&self.throttle);
        Begun { going, snapshot, began, throttle, method, id, leftover, upload, pulse, held, entry, span }
    }
}

impl<F: Future<Output = Response<StackBody>>> Begun<F> {
    async fn end(self) -> Result<Response<ShellBody>, Infallible> {
        let Self { going, snapshot, began, throttle, method, id, leftover, upload, pulse, held, mut entry, mut span } =
            self;
        let mut response = match going {
            Ok(going) => going.await.map(|body| Inner::Stack { body }),
            // HTTP/2 would send it.
            Err(answer) if method == Method::HEAD => answer.map(|_| Inner::Own { body: Full::default() }),
            Err(answer) => answer.map(|body| Inner::Own { body: Full::new(body.into()) }),
        };
        upload.answered();
        finish(&mut response, &snapshot.settings, began, id.as_ref(), method == Method::OPTIONS);
        if let Some(explained) = response.extensions().get::<Explained>() {
            let id = id.as_ref().and_then(|(_, id)| id.to_str().ok());
            explained.log(&throttle, SystemClock.now().as_secs().unsigned_abs(), response.status().as_u16(), id);
        }
        if leftover.ends_connection() {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let extent = Extent::of(&method, &response);
        let request_id = id.map(|(_, id)| id);
        if let Some(entry) = &mut entry {
            entry.answered(&response, extent.is_over(), request_id.clone());
        }
        if let Some(span) = &mut span {
            span.answered(&response, extent.is_over());
        }
        let tail = Tail { throttle, status: response.status().as_u16(), request_id };
        Ok(response.map(|inner| ShellBody { inner, pulse, held, extent, entry, span, tail, broken: None }))
    }
}

/// For what may be left of the body.
fn leftover(request: &Request<Incoming>) -> Leftover {
    if request.version() == Version::HTTP_2 || request.body().is_end_stream() {
        return Leftover::default();
    }
    Leftover::new(request.headers().contains_key(header::EXPECT))
}

/// Refuses what cannot or must not be served, before anything is decided by it.
fn admit(request: &mut Request<Incoming>, snapshot: &Snapshot, near: Near<'_>, held: bool) -> Result<Admitted, Answer> {
    let settings = &snapshot.settings;
    let admitted = edge::admit(request, &settings.edge, || near.tls || settings.marks.trusts(near))?;
    if !held {
        let problem = Problem::new(Kind::Overloaded)
            .with_detail("the server has more requests than it can serve: try again after the time in `Retry-After`");
        let mut answer = problem.with_retry_after(RETRY_AFTER).response(TYPE_BASE);
        answer.extensions_mut().insert(Explained::new(Cause::Overloaded));
        return Err(readable(request, snapshot, answer));
    }
    if request.body().size_hint().lower() > settings.limits.body_bytes {
        let detail = format!("the body may have {} bytes at most: send less", settings.limits.body_bytes);
        let mut answer = Problem::new(Kind::BodyTooLarge).with_detail(detail).response(TYPE_BASE);
        answer.extensions_mut().insert(Refusal::BodyTooLarge);
        return Err(readable(request, snapshot, answer));
    }
    Ok(admitted)
}

/// Scripts of other origins may read it, if the api says so that the request is for.
fn readable(request: &Request<Incoming>, snapshot: &Snapshot, mut answer: Response<Vec<u8>>) -> Answer {
    let origin = request.headers().get(header::ORIGIN);
    let api = resolve::whose(request.uri(), request.headers(), &snapshot.catalog);
    if let Some(policy) = api.and_then(|api| api.cors.as_ref()) {
        policy.grant(origin, answer.headers_mut());
    }
    Box::new(answer)
}

fn pass(
    snapshot: &Snapshot,
    mut request: Request<Incoming>,
    peer: &Peer,
    leftover: Leftover,
    upload: Upload,
) -> impl Future<Output = Response<StackBody>> + Send + use<> {
    if let Some(consumer) = &peer.consumer {
        request.extensions_mut().insert(consumer.clone());
    }
    if request.extensions().get::<edge::WebSocket>().is_some()
        && let Some(place) = &peer.place
    {
        request.extensions_mut().insert(place.clone());
    }
    let allowed = snapshot.settings.intake;
    let clean = CleanTrailers::take(request.extensions_mut(), snapshot.settings.edge.underscores);
    let body = |incoming| Intake::new(clean(incoming), leftover, upload, allowed);
    // It is always ready: none of its layers waits for anything.
    let going = snapshot.stack.clone().call(request.map(body));
    async move {
        match going.await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// What every response says of this hop.
fn finish(
    response: &mut Response<Inner>,
    settings: &Settings,
    began: Instant,
    id: Option<&(HeaderName, HeaderValue)>,
    preflight: bool,
) {
    // A client is answered in its own version, whatever the upstream spoke.
    *response.version_mut() = Version::HTTP_11;
    let upstream = response.extensions().get::<UpstreamTook>().map(|took| took.0);
    if let Some((name, id)) = id {
        response.headers_mut().insert(name.clone(), id.clone());
        if !preflight {
            // Whoever reports a problem from a browser can name it.
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

fn append(response: &mut Response<Inner>, name: HeaderName, value: &str) {
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

// === impl ShellBody ===

impl Body for ShellBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut this = self.project();
        if let Some(error) = this.broken.take() {
            this.pulse.broke();
            this.tail.log(&error, SystemClock.now().as_secs().unsigned_abs());
            let frame = Some(Err(error));
            if let Some(entry) = this.entry {
                entry.frame(frame.as_ref(), false);
            }
            if let Some(span) = this.span {
                span.frame(frame.as_ref(), false);
            }
            return Poll::Ready(frame);
        }
        let polled = this.pulse.portion(|| this.inner.as_mut().poll_frame(cx));
        let frame = match ready!(polled) {
            // What came before is sent first: the connection would drop it, and the client see no answer at all.
            Some(Err(error)) => {
                *this.broken = Some(error);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            frame => frame,
        };
        if let Some(Ok(frame)) = &frame {
            this.extent.take(frame.data_ref().map_or(0, |data| data.len() as u64));
        }
        // Whoever sees that the body is at its end does not ask again.
        let end = (this.pulse.rest() == 0 && this.inner.is_end_stream()) || this.extent.is_over();
        if let Some(entry) = this.entry {
            entry.frame(frame.as_ref(), end);
        }
        if let Some(span) = this.span {
            span.frame(frame.as_ref(), end);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.pulse.rest() == 0 && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.inner.size_hint();
        let (rest, upper) = (self.pulse.rest() as u64, hint.upper());
        if let Some(upper) = upper {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}

// === impl Inner ===

impl Body for Inner {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self.project() {
            InnerProj::Stack { body } => body.poll_frame(cx).map_err(Into::into),
            InnerProj::Own { body } => body.poll_frame(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Stack { body } => body.is_end_stream(),
            Self::Own { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Stack { body } => body.size_hint(),
            Self::Own { body } => body.size_hint(),
        }
    }
}
