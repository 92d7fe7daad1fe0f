//! Rewrites path and head, and migrates the bodies, between the client's version and the service's.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri, request, response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::body::MigrateBody;
use super::deciding::{DecidedResponse, Deciding};
use super::digest::Digests;
use super::gate::respond;
use super::message::HeldMessage;
use super::notice::Notices;
use super::respond::{ReceivedBody, RespondedMessage, ResponseContext, ResponseSettings, failed, settle};
use super::role::Role;
use super::stream::FailureSlot;
use super::work::{MigrationLimits, RequestContext, Work};
use super::{MAX_BODY_BYTES, MAX_DECODED_RATIO};
use crate::names::Outcome;
use crate::plan::{Answer, BodyPlan, OwnAddress, Plan};
use crate::version::VersionId;

/// Puts [`Migrate`] around a service.
#[derive(Clone, Copy, Debug)]
pub struct MigrateLayer {
    limits: MigrationLimits,
    role: Role,
    events: bool,
}

/// Calls a service that speaks one version for clients that speak any.
///
/// Bodies that no change touches are neither read nor held. The others are migrated before they are passed on, up to
/// 64 KiB: then a failure is still a clean answer, 4xx for the client's body, 502 for the service's. Larger ones and
/// streams are migrated as they pass, and break off on a failure.
#[derive(Clone, Debug)]
pub struct Migrate<S> {
    inner: S,
    limits: MigrationLimits,
    role: Role,
    #[cfg_attr(not(feature = "tracing"), allow(dead_code, reason = "there are no events"))]
    events: bool,
    own: Option<Arc<OwnAddress>>,
}

/// A request extension: what the instance that was picked speaks, where that is not what the catalog says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spoken(pub VersionId);

pin_project! {
    #[project = StateProj]
    enum MigrateState<S, B, R>
    where
        S: Service<Request<MigrateBody<B>>>,
        B: Body,
        R: Body,
    {
        /// Not of an api: the inner service's future.
        Untouched { #[pin] inner: S::Future },
        Answered { answer: Option<Box<Answer>> },
        /// Reads the request. Boxed, as the response is: most requests need neither, and are not to be as large.
        Reading { held: Box<HeldMessage<B, request::Parts>>, service: S },
        Calling { #[pin] inner: S::Future, changed: bool, fault: Option<FailureSlot> },
        /// Reads the response to know its status. Such ones are rare.
        Deciding { held: Box<Deciding<R>> },
        /// Reads the response.
        Answering { held: Box<HeldMessage<R, response::Parts>> },
    }
}

pin_project! {
    /// Reads the request if it must, calls the service, reads the response if it must.
    pub struct MigrateFuture<S, B, R>
    where
        S: Service<Request<MigrateBody<B>>>,
        B: Body,
        R: Body,
    {
        #[pin]
        state: MigrateState<S, B, R>,
        plan: Option<Plan>,
        settings: ResponseSettings,
        events: bool,
        notices: Option<Box<Notices>>,
    }
}

// === impl MigrateLayer ===

impl MigrateLayer {
    /// The layer; up to 4 MiB of a body are held.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            limits: MigrationLimits { held: MAX_BODY_BYTES, ratio: MAX_DECODED_RATIO },
            role: Role::Origin,
            events: true,
        }
    }

    /// Another limit.
    #[must_use]
    pub const fn with_max_body_bytes(mut self, bytes: usize) -> Self {
        self.limits.held = bytes;
        self
    }

    /// How many times its size a body may become when its content codings are taken off, beyond 1 MiB.
    #[must_use]
    pub const fn with_max_decoded_ratio(mut self, ratio: u32) -> Self {
        self.limits.ratio = ratio;
        self
    }

    /// Another role.
    #[must_use]
    pub const fn with_role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// Without events of messages that cannot be migrated: what is around the layer logs them, with more about them.
    #[cfg(feature = "gateway")]
    pub(crate) const fn without_events(mut self) -> Self {
        self.events = false;
        self
    }
}

impl Default for MigrateLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for MigrateLayer {
    type Service = Migrate<S>;

    fn layer(&self, inner: S) -> Migrate<S> {
        Migrate { inner, limits: self.limits, role: self.role, events: self.events, own: None }
    }
}

// === impl Migrate ===

impl<S> Migrate<S> {
    /// For a service with an address of its own, which clients do not use: URLs in its responses that begin with it lead to
    /// where the client is. Default: URLs with addresses other than the client's stay.
    #[must_use]
    pub(crate) fn with_own_address(mut self, own: impl Into<Arc<OwnAddress>>) -> Self {
        self.own = Some(own.into());
        self
    }
}

impl<S, B, R> Service<Request<B>> for Migrate<S>
where
    S: Service<Request<MigrateBody<B>>, Response = Response<R>> + Clone,
    B: Body<Data = Bytes>,
    R: Body<Data = Bytes>,
{
    type Response = Response<MigrateBody<R>>;
    type Error = S::Error;
    type Future = MigrateFuture<S, B, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let (limits, role, events) = (self.limits, self.role, self.events);
        let client = RequestContext::of(request.headers());
        let own = self.own.clone();
        let Some(plan) = request.extensions().get::<Plan>().cloned() else {
            let inner = self.inner.call(request.map(MigrateBody::untouched));
            let settings = ResponseSettings { spoken: VersionId::new(0), own, limits, client, role };
            return MigrateFuture {
                state: MigrateState::Untouched { inner },
                plan: None,
                settings,
                events,
                notices: None,
            };
        };
        let spoken = request.extensions().get::<Spoken>().map_or(plan.spoken(), |spoken| spoken.0);
        let mut notices = None;
        let state = match rewrite_head(&plan, spoken, &mut request, &mut notices) {
            Err(answer) => MigrateState::Answered { answer: Some(answer) },
            Ok(None) => {
                let inner = self.inner.call(request.map(MigrateBody::untouched));
                MigrateState::Calling { inner, changed: false, fault: None }
            }
            Ok(Some(body_plan)) => {
                let work = Work::new(body_plan, Digests::of(request.headers()), limits, client);
                // The service that was ready is the one to be called; its clone is not.
                let clone = self.inner.clone();
                let service = std::mem::replace(&mut self.inner, clone);
                let (head, body) = request.into_parts();
                MigrateState::Reading { held: HeldMessage::new(head, body, work), service }
            }
        };
        let settings = ResponseSettings { spoken, own, limits, client, role };
        MigrateFuture { state, plan: Some(plan), settings, events, notices }
    }
}

/// Path, query and fields for the service, and what is to be done to the body.
fn rewrite_head<B: Body>(
    plan: &Plan,
    spoken: VersionId,
    request: &mut Request<B>,
    notices: &mut Option<Box<Notices>>,
) -> Result<Option<BodyPlan>, Box<Answer>> {
    let Some(forward) = plan.forward(spoken) else { return Err(Box::new(plan.no_route_behind())) };
    let handling = plan.request_body(spoken, request.headers());
    let body = handling.and_then(|handling| settle(plan, handling, request.body().is_end_stream(), notices));
    let body = body.map_err(|failure| failed(plan, &failure, notices))?;
    if let Some(target) = forward.target {
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.path_and_query = Some(target);
        *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
    }
    plan.forward_headers(spoken, request.headers_mut())?;
    Ok(body)
}

// === impl MigrateState ===

impl<S, B, R> MigrateState<S, B, R>
where
    S: Service<Request<MigrateBody<B>>>,
    B: Body,
    R: Body,
{
    /// The response, if it is ready, or the state that waits for it.
    fn of(outgoing: Result<RespondedMessage<R>, Box<Answer>>) -> Result<Response<MigrateBody<R>>, Self> {
        match outgoing {
            Ok(RespondedMessage::Ready(response)) => Ok(response),
            Ok(RespondedMessage::Held(held)) => Err(Self::Answering { held }),
            Ok(RespondedMessage::Deciding(held)) => Err(Self::Deciding { held }),
            Err(answer) => Err(Self::Answered { answer: Some(answer) }),
        }
    }
}

// === impl MigrateFuture ===

impl<S, B, R> Future for MigrateFuture<S, B, R>
where
    S: Service<Request<MigrateBody<B>>, Response = Response<R>>,
    B: Body<Data = Bytes>,
    R: Body<Data = Bytes>,
{
    type Output = Result<Response<MigrateBody<R>>, S::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut response = ready!(self.as_mut().drive(cx))?;
        let this = self.project();
        if let Some(notices) = this.notices.take() {
            #[cfg(feature = "tracing")]
            if *this.events {
                super::event::unmigratable(&notices);
            }
            response.extensions_mut().insert(*notices);
        }
        Poll::Ready(Ok(response))
    }
}

impl<S, B, R> MigrateFuture<S, B, R>
where
    S: Service<Request<MigrateBody<B>>, Response = Response<R>>,
    B: Body<Data = Bytes>,
    R: Body<Data = Bytes>,
{
    fn drive(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Response<MigrateBody<R>>, S::Error>> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProj::Untouched { inner } => {
                    return inner.poll(cx).map_ok(|response| response.map(MigrateBody::untouched));
                }
                StateProj::Answered { answer } => {
                    let answer = answer.take().expect("polled after completion");
                    return Poll::Ready(Ok(whole(respond_with(*answer))));
                }
                StateProj::Reading { held, service } => match ready!(held.poll(cx)) {
                    Ok((head, body, fault)) => {
                        let inner = service.call(Request::from_parts(head, body));
                        MigrateState::Calling { inner, changed: true, fault }
                    }
                    Err(failure) => {
                        MigrateState::Answered { answer: Some(failed(held.plan(), &failure, this.notices)) }
                    }
                },
                StateProj::Calling { inner, changed, fault } => {
                    let result = ready!(inner.poll(cx));
                    let Some(plan) = this.plan else {
                        return Poll::Ready(result.map(|r| r.map(MigrateBody::untouched)));
                    };
                    let mut context = ResponseContext { plan, settings: this.settings, notices: this.notices };
                    // Whatever the service made of a request that broke off, it is the client's fault.
                    let outgoing = match fault.as_ref().and_then(FailureSlot::get) {
                        Some(failure) => Err(context.broken_request(failure)),
                        None => context.receive(result?, *changed),
                    };
                    match MigrateState::of(outgoing) {
                        Ok(response) => return Poll::Ready(Ok(response)),
                        Err(next) => next,
                    }
                }
                StateProj::Deciding { held } => {
                    let decided = ready!(held.poll(cx));
                    let mut context =
                        ResponseContext { plan: held.plan(), settings: this.settings, notices: this.notices };
                    let outgoing = match decided {
                        Ok(DecidedResponse { head, bytes, rest, path }) => {
                            context.respond(head, ReceivedBody::Whole(bytes, rest), Some(&path))
                        }
                        Err(failure) => Err(context.fail(&failure)),
                    };
                    match MigrateState::of(outgoing) {
                        Ok(response) => return Poll::Ready(Ok(response)),
                        Err(next) => next,
                    }
                }
                StateProj::Answering { held } => match ready!(held.poll(cx)) {
                    Ok((head, body, _)) => return Poll::Ready(Ok(Response::from_parts(head, body))),
                    Err(failure) => {
                        MigrateState::Answered { answer: Some(failed(held.plan(), &failure, this.notices)) }
                    }
                },
            };
            this.state.set(next);
        }
    }
}

fn respond_with(answer: Answer) -> Response<Bytes> {
    let failed = !matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::NOT_ACCEPTABLE);
    let outcome = if failed { Outcome::Failed } else { Outcome::Refused };
    let (parts, _) = respond(Answer { body: Vec::new(), ..answer.clone() }, outcome).into_parts();
    Response::from_parts(parts, answer.body.into())
}

fn whole<R>(response: Response<Bytes>) -> Response<MigrateBody<R>> {
    response.map(MigrateBody::whole)
}

impl<S, B, R> std::fmt::Debug for MigrateFuture<S, B, R>
where
    S: Service<Request<MigrateBody<B>>>,
    B: Body,
    R: Body,
{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = match &self.state {
            MigrateState::Untouched { .. } => "untouched",
            MigrateState::Answered { .. } => "answered",
            MigrateState::Reading { .. } => "reading the request",
            MigrateState::Calling { .. } => "calling",
            MigrateState::Deciding { .. } => "reading the response for its status",
            MigrateState::Answering { .. } => "reading the response",
        };
        f.debug_struct("MigrateFuture").field("state", &state).field("plan", &self.plan).finish_non_exhaustive()
    }
}
