//! Rewrites path and head, and migrates the bodies, between the client's version and the service's.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http::header;
use http::{Request, Response, StatusCode, Uri, request, response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::body::MigrateBody;
use super::deciding::{DecidedResponse, Deciding};
use super::digest::Digests;
use super::gate::respond;
use super::hold::{Hold, HoldError};
use super::notice::{Notice, Notices};
use super::role::Role;
use super::stream::FailureSlot;
use super::work::{MigrationLimits, RequestContext, Work};
use super::{MAX_BODY_BYTES, MAX_DECODED_RATIO};
use crate::change::StatusPath;
use crate::names::{Outcome, UndeclaredLabel};
use crate::plan::{Answer, BodyPlan, Handling, OwnAddress, Plan, Unmigratable, empties, forget_bytes};
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

/// A response extension: the response was made in this process in place of the service's, so it has no version and is not
/// migrated. Set it in a service inside [`Migrate`] that responds with a document of its own, as the gateway does if no
/// instance can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalReply;

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

/// Head and content, and where a fault of what was not read yet will be found.
type MigratedMessage<B, P> = (P, MigrateBody<B>, Option<FailureSlot>);

/// What of a response's body is there.
enum ReceivedBody<R> {
    /// It comes.
    Coming(R),
    /// All of it, and the body that has ended.
    Whole(Bytes, Pin<Box<R>>),
}

/// What becomes of a response whose head is that of the client's version.
enum RespondedMessage<R> {
    Ready(Response<MigrateBody<R>>),
    Held(Box<HeldMessage<R, response::Parts>>),
}

/// What is known when the response is there.
struct ResponseContext<'f> {
    plan: &'f Plan,
    spoken: VersionId,
    own: &'f Option<Arc<OwnAddress>>,
    limits: MigrationLimits,
    client: RequestContext,
    role: Role,
    notices: &'f mut Option<Box<Notices>>,
}

/// The head of a message.
trait HasHeaders {
    fn headers(&mut self) -> &mut HeaderMap;
}

/// A message whose content is read.
struct HeldMessage<B, P> {
    body: Option<Hold<Pin<Box<B>>>>,
    head: Option<P>,
    work: Work,
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
        spoken: VersionId,
        own: Option<Arc<OwnAddress>>,
        limits: MigrationLimits,
        client: RequestContext,
        role: Role,
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
            let (state, spoken) = (MigrateState::Untouched { inner }, VersionId::new(0));
            return MigrateFuture { state, plan: None, spoken, own, limits, client, role, events, notices: None };
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
        MigrateFuture { state, plan: Some(plan), spoken, own, limits, client, role, events, notices }
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

/// What is to be done to a body, whose type may not say that it is JSON; `None`: it passes.
fn settle(
    plan: &Plan,
    handling: Handling,
    is_empty: bool,
    notices: &mut Option<Box<Notices>>,
) -> Result<Option<BodyPlan>, Unmigratable> {
    match handling {
        Handling::Pass | Handling::Describe(_) => Ok(None),
        Handling::Migrate(body) => Ok(Some(body)),
        Handling::Untyped(_) if is_empty => Ok(None),
        Handling::Untyped(body) => {
            let first = plan.migration_handles(body.is_response()).untyped();
            if plan.refuses_untyped() {
                return Err(Unmigratable::untyped(&body));
            }
            Notices::push(notices, plan, Notice::Untyped { body, first });
            Ok(None)
        }
    }
}

/// The answer to what cannot be migrated, which is counted, whatever the reason.
fn failed(plan: &Plan, failure: &Unmigratable, notices: &mut Option<Box<Notices>>) -> Box<Answer> {
    plan.migration_handles(failure.is_response()).errors.increment(1);
    Notices::push(notices, plan, Notice::failed(plan, failure));
    Box::new(plan.failure(failure))
}

// === impl HeldMessage ===

impl<B: Body<Data = Bytes>, P: HasHeaders> HeldMessage<B, P> {
    fn new(head: P, body: B, work: Work) -> Box<Self> {
        Box::new(Self { body: Some(work.hold(Box::pin(body))), head: Some(head), work })
    }

    /// What was read, migrated; or what there is, if it is more than is waited for.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<MigratedMessage<B, P>, Unmigratable>> {
        let hold = self.body.as_mut().expect("polled after completion");
        let read = ready!(Pin::new(hold).poll(cx));
        let mut head = self.head.take().expect("polled after completion");
        let work = &self.work;
        let Some(hold) = self.body.take() else { return Poll::Ready(Err(work.unread(HoldError::Broken))) };
        let (begun, rest) = hold.into_parts();
        Poll::Ready(match read {
            Ok(bytes) => migrate_whole(work, head, bytes, rest),
            Err(HoldError::TooLarge | HoldError::Between) => {
                let streamed = work.stream(begun, rest, false, head.headers());
                streamed.map(|(body, fault)| (head, body, Some(fault)))
            }
            Err(error) => Err(work.unread(error)),
        })
    }
}

/// A body that was read to its end, migrated; or as it passes, if it becomes too large.
fn migrate_whole<B, P: HasHeaders>(
    work: &Work,
    mut head: P,
    bytes: Bytes,
    rest: Pin<Box<B>>,
) -> Result<MigratedMessage<B, P>, Unmigratable> {
    if let Some(content) = work.run(&bytes, head.headers())? {
        return Ok((head, MigrateBody::whole(content), None));
    }
    let (body, fault) = work.stream(bytes, rest, true, head.headers())?;
    Ok((head, body, Some(fault)))
}

impl HasHeaders for request::Parts {
    fn headers(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }
}

impl HasHeaders for response::Parts {
    fn headers(&mut self) -> &mut HeaderMap {
        &mut self.headers
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
                        let plan = held.work.plan().plan();
                        MigrateState::Answered { answer: Some(failed(plan, &failure, this.notices)) }
                    }
                },
                StateProj::Calling { inner, changed, fault } => {
                    let result = ready!(inner.poll(cx));
                    let Some(plan) = this.plan else {
                        return Poll::Ready(result.map(|r| r.map(MigrateBody::untouched)));
                    };
                    // Whatever the service made of a request that broke off, it is the client's fault.
                    if let Some(failure) = fault.as_ref().and_then(FailureSlot::get) {
                        let answer = Box::new(plan.failure(failure));
                        Notices::push(this.notices, plan, Notice::failed(plan, failure));
                        this.state.set(MigrateState::Answered { answer: Some(answer) });
                        continue;
                    }
                    let (mut head, body) = result?.into_parts();
                    if head.extensions.get::<LocalReply>().is_some() {
                        return Poll::Ready(Ok(Response::from_parts(head, MigrateBody::untouched(body))));
                    }
                    if *changed {
                        plan.drop_stored_validators(head.status, &mut head.headers);
                    }
                    if let Some(own) = this.own {
                        plan.publish_urls(own, &mut head.headers);
                    }
                    let question = plan.status_question(*this.spoken, head.status, &head.headers);
                    match question {
                        Ok(Some(question)) => {
                            MigrateState::Deciding { held: Deciding::new(question, *this.limits, head, body) }
                        }
                        Ok(None) => {
                            let mut context = ResponseContext {
                                plan,
                                spoken: *this.spoken,
                                own: this.own,
                                limits: *this.limits,
                                client: *this.client,
                                role: *this.role,
                                notices: this.notices,
                            };
                            match context.respond(head, ReceivedBody::Coming(body), None) {
                                Ok(RespondedMessage::Ready(response)) => return Poll::Ready(Ok(response)),
                                Ok(RespondedMessage::Held(held)) => MigrateState::Answering { held },
                                Err(answer) => MigrateState::Answered { answer: Some(answer) },
                            }
                        }
                        Err(failure) => MigrateState::Answered { answer: Some(failed(plan, &failure, this.notices)) },
                    }
                }
                StateProj::Deciding { held } => {
                    let decided = ready!(held.poll(cx));
                    let mut context = ResponseContext {
                        plan: held.plan(),
                        spoken: *this.spoken,
                        own: this.own,
                        limits: *this.limits,
                        client: *this.client,
                        role: *this.role,
                        notices: this.notices,
                    };
                    let outgoing = match decided {
                        Ok(DecidedResponse { head, bytes, rest, path }) => {
                            context.respond(head, ReceivedBody::Whole(bytes, rest), Some(&path))
                        }
                        Err(failure) => Err(failed(context.plan, &failure, context.notices)),
                    };
                    match outgoing {
                        Ok(RespondedMessage::Ready(response)) => return Poll::Ready(Ok(response)),
                        Ok(RespondedMessage::Held(held)) => MigrateState::Answering { held },
                        Err(answer) => MigrateState::Answered { answer: Some(answer) },
                    }
                }
                StateProj::Answering { held } => match ready!(held.poll(cx)) {
                    Ok((head, body, _)) => return Poll::Ready(Ok(Response::from_parts(head, body))),
                    Err(failure) => {
                        let plan = held.work.plan().plan();
                        MigrateState::Answered { answer: Some(failed(plan, &failure, this.notices)) }
                    }
                },
            };
            this.state.set(next);
        }
    }
}

// === impl ReceivedBody ===

impl<R: Body<Data = Bytes>> ReceivedBody<R> {
    fn is_end_stream(&self) -> bool {
        match self {
            Self::Coming(body) => body.is_end_stream(),
            Self::Whole(bytes, _) => bytes.is_empty(),
        }
    }

    /// What was read has a length, and its trailers are gone.
    fn describe(&self, headers: &mut HeaderMap) {
        if let Self::Whole(bytes, _) = self {
            headers.remove(header::TRAILER);
            headers.remove(header::TRANSFER_ENCODING);
            headers.insert(header::CONTENT_LENGTH, bytes.len().into());
        }
    }

    fn pass(self) -> MigrateBody<R> {
        match self {
            Self::Coming(body) => MigrateBody::untouched(body),
            Self::Whole(bytes, _) => MigrateBody::whole(bytes),
        }
    }
}

// === impl ResponseContext ===

impl ResponseContext<'_> {
    /// Makes the head one of the client's version, and sees to the body.
    fn respond<R: Body<Data = Bytes>>(
        &mut self,
        mut head: response::Parts,
        body: ReceivedBody<R>,
        path: Option<&StatusPath>,
    ) -> Result<RespondedMessage<R>, Box<Answer>> {
        let (plan, received) = (self.plan, head.status);
        if plan.is_undeclared(self.spoken, received, &head.headers) && plan.passes_undeclared() {
            plan.handles().undeclared(UndeclaredLabel::Status);
        }
        let (digests, keep) = (Digests::of(&head.headers), self.role.must_keep(&head.headers));
        let handling = plan.response_head(self.spoken, &mut head.status, &mut head.headers, path);
        if handling.is_ok() && empties(received, head.status) {
            head.headers.remove(header::CONTENT_TYPE);
            forget_bytes(&mut head.headers);
            return Ok(RespondedMessage::Ready(Response::from_parts(head, MigrateBody::whole(Bytes::new()))));
        }
        if let Ok(Handling::Describe(body)) = &handling {
            self.client.keeps(body.codings(), &mut head.headers);
        }
        let settled = handling.and_then(|handling| settle(plan, handling, body.is_end_stream(), self.notices));
        let fail = |failure: Unmigratable, notices: &mut _| Err(failed(plan, &failure, notices));
        let body_plan = match settled {
            Ok(None) => {
                if received == StatusCode::NOT_MODIFIED {
                    self.client.recall(&mut head.headers);
                }
                body.describe(&mut head.headers);
                return Ok(RespondedMessage::Ready(Response::from_parts(head, body.pass())));
            }
            Ok(Some(body)) if keep => return fail(body.untransformable(), self.notices),
            Ok(Some(body)) => body.with_own_address(self.own.clone()),
            Err(failure) => return fail(failure, self.notices),
        };
        let work = Work::new(body_plan, digests, self.limits, self.client);
        match body {
            ReceivedBody::Coming(body) => Ok(RespondedMessage::Held(HeldMessage::new(head, body, work))),
            ReceivedBody::Whole(bytes, rest) => match migrate_whole(&work, head, bytes, rest) {
                Ok((head, body, _)) => Ok(RespondedMessage::Ready(Response::from_parts(head, body))),
                Err(failure) => fail(failure, self.notices),
            },
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
