//! One request, from its head to the end of its response: what the stack does not do.

mod body;
mod finish;

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Request, Response, Version};
use http_body::Body;
use http_body_util::Full;
use hyper::body::Incoming;
use tower::Service;

use super::liveness::{ActiveRequest, Activity};
use super::metrics::ListenerMetrics;
use super::overload::{InFlight, OverloadManager};
use super::server::Handler;
use crate::clock::{Clock, SystemClock};
use crate::consumer::ClientOrigin;
use crate::gateway::config::snapshot::{LiveSnapshot, Snapshot, StackBody};
use crate::gateway::telemetry::access::AccessEntry;
use crate::gateway::telemetry::explain::{Cause, Explained, Tail, Throttle};
use crate::gateway::telemetry::trace::{self, Running, Tracer};
use crate::gateway::wire::edge::{self, Admitted, CleanTrailers, LocalResponse};
use crate::gateway::wire::forwarded::ClientHop;
use crate::gateway::wire::peer::Peer;
use crate::gateway::wire::request_body::RequestBody;
use crate::gateway::wire::unread::UnreadBody;
use crate::gateway::wire::upload::Upload;
use crate::layer::Extent;
use crate::names::Refusal;
use crate::problem::{Problem, ProblemType, TYPE_BASE};
use crate::resolve;
use body::BodySource;
pub(in crate::gateway) use body::ClientBody;
use finish::finish;

/// Serves requests with the snapshot of the moment.
pub(in crate::gateway) struct ProxyHandler {
    pub(in crate::gateway) current: LiveSnapshot,
    pub(in crate::gateway) overload: OverloadManager,
    pub(in crate::gateway) metrics: ListenerMetrics,
    pub(in crate::gateway) tracer: Tracer,
    /// Of the lines about requests that failed.
    pub(in crate::gateway) throttle: Arc<Throttle>,
}

/// After how many seconds to come back when too much is going on.
const RETRY_AFTER: u64 = 1;

// === impl ProxyHandler ===

impl Handler for ProxyHandler {
    type Body = ClientBody;

    fn handle(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: Arc<Peer>,
        activity: Arc<Activity>,
    ) -> impl Future<Output = Result<Response<ClientBody>, Infallible>> + Send + 'static {
        let active = activity.request(request.version());
        self.begin(request, &peer, active).end()
    }
}

/// A request that was begun, and all that is kept for its end.
struct PendingResponse<F> {
    /// Its answer to be, or the one that it has.
    going: Result<F, LocalResponse>,
    snapshot: Arc<Snapshot>,
    began: Instant,
    throttle: Arc<Throttle>,
    method: Method,
    id: Option<(HeaderName, HeaderValue)>,
    unread: UnreadBody,
    upload: Upload,
    active: ActiveRequest,
    entry: Option<AccessEntry>,
    in_flight: Option<InFlight>,
    span: Option<Box<Running>>,
}

impl ProxyHandler {
    /// Not a future: each that a request is handed to keeps it twice.
    fn begin(
        &self,
        mut request: Request<Incoming>,
        peer: &Peer,
        active: ActiveRequest,
    ) -> PendingResponse<impl Future<Output = Response<StackBody>> + Send + use<>> {
        let snapshot = self.current.load();
        let settings = &snapshot.settings;
        let in_flight = self.overload.take(settings.limits.requests);
        let hop = ClientHop { ip: peer.ip, text: peer.text.as_ref(), tls: peer.tls, version: request.version() };
        let entry = settings.log.as_ref().map(|log| {
            let client = settings.forwarded.client(request.headers(), hop);
            AccessEntry::new(log, &request, peer, client)
        });
        if snapshot.needs_origin {
            let client = settings.forwarded.client(request.headers(), hop);
            let origin = ClientOrigin::new(client).with_trusted_proxy(settings.forwarded.trusts(hop));
            request.extensions_mut().insert(origin);
        }
        let span = self.tracer.begin(&request, peer.tls);
        let began = Instant::now();
        let method = request.method().clone();
        let id;
        let unread = unread(&request);
        let upload = if request.body().is_end_stream() { Upload::default() } else { Upload::new() };
        let going = match admit(&mut request, &snapshot, hop, in_flight.is_some()) {
            Err(answer) => {
                // What is refused is asked about as well.
                let trusted = settings.forwarded.trusts(hop);
                id = settings.forwarded.identify(request.headers_mut(), trusted, || fastrand::u128(..));
                unread.refused(&answer, request.into_body());
                Err(answer)
            }
            Ok(admitted) => {
                if admitted.underscores > 0 {
                    self.metrics.underscores.increment(admitted.underscores);
                }
                trace::settle(request.headers_mut());
                if let Some(span) = &span {
                    span.inject(request.headers_mut());
                }
                id = settings.forwarded.mark(request.headers_mut(), hop, || fastrand::u128(..));
                Ok(pass(&snapshot, request, peer, unread.clone(), upload.clone()))
            }
        };
        if let Err(answer) = &going {
            self.metrics.answered(answer);
        }
        let throttle = Arc::clone(&self.throttle);
        PendingResponse { going, snapshot, began, throttle, method, id, unread, upload, active, in_flight, entry, span }
    }
}

impl<F: Future<Output = Response<StackBody>>> PendingResponse<F> {
    async fn end(self) -> Result<Response<ClientBody>, Infallible> {
        let Self {
            going,
            snapshot,
            began,
            throttle,
            method,
            id,
            unread,
            upload,
            active,
            in_flight,
            mut entry,
            mut span,
        } = self;
        let mut response = match going {
            Ok(going) => going.await.map(|body| BodySource::Stack { body }),
            // HTTP/2 would send it.
            Err(answer) if method == Method::HEAD => answer.map(|_| BodySource::Own { body: Full::default() }),
            Err(answer) => answer.map(|body| BodySource::Own { body: Full::new(body.into()) }),
        };
        upload.answered();
        finish(&mut response, &snapshot.settings, began, id.as_ref(), method == Method::OPTIONS);
        if let Some(explained) = response.extensions().get::<Explained>() {
            let id = id.as_ref().and_then(|(_, id)| id.to_str().ok());
            explained.log(&throttle, SystemClock.now().as_secs().unsigned_abs(), response.status().as_u16(), id);
        }
        if unread.ends_connection() {
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
        Ok(response.map(|inner| ClientBody { inner, active, in_flight, extent, entry, span, tail, broken: None }))
    }
}

/// For what may be left of the body.
fn unread(request: &Request<Incoming>) -> UnreadBody {
    if request.version() == Version::HTTP_2 || request.body().is_end_stream() {
        return UnreadBody::default();
    }
    UnreadBody::new(request.headers().contains_key(header::EXPECT))
}

/// Refuses what cannot or must not be served, before anything is decided by it.
fn admit(
    request: &mut Request<Incoming>,
    snapshot: &Snapshot,
    hop: ClientHop<'_>,
    in_flight: bool,
) -> Result<Admitted, LocalResponse> {
    let settings = &snapshot.settings;
    let admitted = edge::admit(request, &settings.edge, || hop.tls || settings.forwarded.trusts(hop))?;
    if !in_flight {
        let problem =
            Problem::new(ProblemType::Overloaded).with_detail("the server is overloaded: retry after `Retry-After`");
        let mut answer = problem.with_retry_after(RETRY_AFTER).response(TYPE_BASE);
        answer.extensions_mut().insert(Explained::new(Cause::Overloaded));
        return Err(readable(request, snapshot, answer));
    }
    if request.body().size_hint().lower() > settings.limits.body_bytes {
        let detail = format!("the body may have at most {} bytes: send a smaller body", settings.limits.body_bytes);
        let mut answer = Problem::new(ProblemType::BodyTooLarge).with_detail(detail).response(TYPE_BASE);
        answer.extensions_mut().insert(Refusal::BodyTooLarge);
        return Err(readable(request, snapshot, answer));
    }
    Ok(admitted)
}

/// Scripts of other origins may read it, if the api says so that the request is for.
fn readable(request: &Request<Incoming>, snapshot: &Snapshot, mut answer: Response<Vec<u8>>) -> LocalResponse {
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
    unread: UnreadBody,
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
    let allowed = snapshot.settings.body_limits;
    let clean = CleanTrailers::take(request.extensions_mut(), snapshot.settings.edge.underscores);
    let body = |incoming| RequestBody::new(clean(incoming), unread, upload, allowed);
    // It is always ready: none of its layers waits for anything.
    let going = snapshot.stack.clone().call(request.map(body));
    async move {
        match going.await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}
