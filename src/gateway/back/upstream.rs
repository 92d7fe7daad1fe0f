//! Picks an instance for each request, says what it speaks, and sends the request again where that is safe.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::header::{self, HeaderValue};
use http::{Request, Response, request};
use http_body::Body;
use tower::{Layer, Service};

use super::attempt::{Attempt, AttemptService, Retryable};
use super::pool::{GroupChoice, Lease, LeaseError, Pool, PoolMember, QueueError};
use super::replay::{Replay, ReplayBuffer};
use super::reply::{ProxyBody, body_fault, failure, problem};
use super::tunnel::Upgrade;
use crate::gateway::telemetry::explain::{Cause, Explained};
use crate::gateway::telemetry::extensions::AnsweredBy;
use crate::gateway::wire::request_body::RequestBody;
use crate::gateway::wire::upload::Upload;
use crate::layer::{LocalReply, Migrate, MigrateBody, MigrateLayer, Spoken};
use crate::plan::{Excluded, Plan};
use crate::problem::ProblemType;
use crate::version::VersionId;

/// What comes back from an instance, migrated.
pub(in crate::gateway) type RoutedBody = MigrateBody<ProxyBody>;

/// Routes requests to instances. It wraps the migration, because the version that the instance speaks decides how to
/// migrate, and a retry may go to an instance that speaks another version.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct UpstreamService {
    shared: Arc<UpstreamParams>,
}

/// What a config says about it.
#[derive(Debug)]
pub(in crate::gateway) struct UpstreamParams {
    pub(in crate::gateway) pools: BTreeMap<String, Arc<Pool>>,
    pub(in crate::gateway) migrate: MigrateLayer,
    pub(in crate::gateway) part: Option<Duration>,
    pub(in crate::gateway) tunnel: Duration,
    /// Whether responses shall say how they came about.
    pub(in crate::gateway) explain: bool,
    /// Whether services get the prefix that is removed from a path, in `X-Forwarded-Prefix`.
    pub(in crate::gateway) forward_prefix: bool,
}

type Calling = <Migrate<AttemptService> as Service<Request<Replay>>>::Future;

/// The tries that a request has.
enum Attempts {
    One(Option<Request<Replay>>),
    More(request::Parts, ReplayBuffer),
}

// === impl UpstreamService ===

impl UpstreamService {
    pub(in crate::gateway) fn new(shared: UpstreamParams) -> Self {
        Self { shared: Arc::new(shared) }
    }
}

impl Service<Request<RequestBody>> for UpstreamService {
    type Response = Response<RoutedBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        match Arc::clone(&self.shared).onward(request) {
            Ok(mut onward) => Box::pin(async move {
                let mut response = onward.go().await;
                onward.readable(&mut response);
                Ok(response)
            }),
            Err(answer) => Box::pin(ready(Ok(*answer))),
        }
    }
}

// === impl UpstreamParams ===

impl UpstreamParams {
    fn onward(self: Arc<Self>, mut request: Request<RequestBody>) -> Result<UpstreamCall, Box<Response<RoutedBody>>> {
        let plan = request.extensions().get::<Plan>().cloned();
        let excluded = request.extensions().get::<Excluded>().cloned();
        let upstream = match (&plan, &excluded) {
            (Some(plan), _) => plan.upstream(),
            (None, Some(excluded)) => excluded.api().upstream.as_deref(),
            (None, None) => {
                let detail = "no api has this host and path: check the URL";
                return Err(Box::new(problem(None, ProblemType::RouteAbsent, detail).map(MigrateBody::untouched)));
            }
        };
        let Some(pool) = upstream.and_then(|name| self.pools.get(name)).cloned() else {
            let explained = Explained::new(Cause::NoUpstream);
            return Err(Box::new(own(plan.as_ref(), ProblemType::UpstreamUnavailable, explained)));
        };
        let end =
            plan.as_ref().and_then(Plan::route).and_then(|route| route.timeout).map(|timeout| Instant::now() + timeout);
        let upgrade = self.upgrade(&pool, &mut request);
        let upload = request.body().upload();
        let scripts = match (&plan, excluded) {
            (None, Some(excluded)) => Some((excluded, request.headers().get(header::ORIGIN).cloned())),
            _ => None,
        };
        let origin = request.extensions().get().copied();
        let choice = pool.choose(plan.as_ref().and_then(Plan::consumer), origin);
        let again = pool.retries(request.body().is_end_stream(), request.method().is_idempotent());
        let tries = Attempts::new(request, again);
        Ok(UpstreamCall { shared: self, plan, scripts, pool, choice, upload, end, upgrade, tries })
    }

    fn upgrade(&self, pool: &Pool, request: &mut Request<RequestBody>) -> Option<Upgrade> {
        request.extensions_mut().remove::<crate::gateway::wire::edge::WebSocket>()?;
        let place = request.extensions_mut().remove();
        pool.websocket.then(|| Upgrade { client: hyper::upgrade::on(request), idle: self.tunnel, place })
    }
}

/// A request on its way to an instance, and perhaps to another.
struct UpstreamCall {
    shared: Arc<UpstreamParams>,
    /// None for a request that its api excludes.
    plan: Option<Plan>,
    /// Of a request that its api excludes: the api, and the origin of the script that asks.
    scripts: Option<(Excluded, Option<HeaderValue>)>,
    pool: Arc<Pool>,
    /// Its group, where the upstream has two.
    choice: Option<GroupChoice>,
    upload: Upload,
    end: Option<Instant>,
    upgrade: Option<Upgrade>,
    tries: Attempts,
}

// === impl UpstreamCall ===

impl UpstreamCall {
    async fn go(&mut self) -> Response<RoutedBody> {
        let pool = Arc::clone(&self.pool);
        let mut tried = Vec::new();
        let mut last: Option<Box<Response<RoutedBody>>> = None;
        for count in 1.. {
            let leasing = pool.lease(&mut tried, self.choice);
            let leased = match self.end {
                None => leasing.await,
                // Boxed, as few routes have an end.
                Some(end) => match Box::pin(tokio::time::timeout_at(end.into(), leasing)).await {
                    Ok(leased) => leased,
                    Err(_) => return self.named(ProblemType::UpstreamTimeout, Explained::new(Cause::RouteTimeout)),
                },
            };
            let (lease, member) = match leased {
                Ok(leased) => leased,
                Err(why) => return last.map_or_else(|| self.none(&tried, why), |response| *response),
            };
            let Some(request) = self.tries.next() else { break };
            let instance = lease.endpoint().label();
            let mut response = match self.attempt(request, lease, member) {
                Ok(calling) => match calling.await {
                    Ok(response) => response,
                    Err(never) => match never {},
                },
                Err(answer) => *answer,
            };
            // Whatever anyone made of a body that failed, it is the client's fault.
            if let Some(fault) = self.upload.fault() {
                let answer = problem(self.plan.as_ref(), fault.kind(), body_fault(fault.kind()));
                return answer.map(MigrateBody::untouched);
            }
            Explained::place(&mut response, &pool.name, &instance);
            if self.shared.explain {
                response.extensions_mut().insert(AnsweredBy(instance));
            }
            match response.extensions_mut().remove::<Retryable>() {
                Some(again) if self.tries.allow(again) && pool.may_retry(count.max(tried.len())) => {
                    pool.retried.increment(1);
                    if again.same || !again.sent && pool.is_alone() {
                        tried.pop();
                    }
                    last = Some(Box::new(response));
                }
                _ => return response,
            }
        }
        last.map_or_else(|| self.none(&tried, LeaseError::None), |response| *response)
    }

    /// Lets scripts read an answer of the gateway's own to a request that its api excludes. For a request with a plan, that is
    /// done when the answer is rendered.
    fn readable(&self, response: &mut Response<RoutedBody>) {
        let Some((excluded, origin)) = &self.scripts else { return };
        if let Some(policy) = &excluded.api().cors
            && response.extensions().get::<LocalReply>().is_some()
        {
            policy.grant(origin.as_ref(), response.headers_mut());
        }
    }

    /// The answer to a request for which there is no connection.
    fn none(&self, tried: &[usize], why: LeaseError) -> Response<RoutedBody> {
        match why {
            LeaseError::None => self.named(ProblemType::UpstreamUnavailable, Explained::new(Cause::NoInstance)),
            LeaseError::Unreachable(error) => {
                let explained = Explained::new(error.cause()).with_error(error);
                let instance = tried.last().map(|place| self.pool.members[*place].endpoint.label());
                self.named(ProblemType::UpstreamUnavailable, Explained { instance, ..explained })
            }
            LeaseError::QueueError(QueueError::Queue) => {
                self.named(ProblemType::Overloaded, Explained::new(Cause::QueueFull))
            }
            LeaseError::QueueError(QueueError::TimedOut) => {
                self.named(ProblemType::Overloaded, Explained::new(Cause::QueueTimeout))
            }
        }
    }

    /// What is answered here because of the upstream as a whole.
    fn named(&self, kind: ProblemType, explained: Explained) -> Response<RoutedBody> {
        let explained = Explained { upstream: Some(self.pool.name.clone()), ..explained };
        own(self.plan.as_ref(), kind, explained)
    }

    fn attempt(
        &mut self,
        mut request: Request<Replay>,
        lease: Lease,
        member: &PoolMember,
    ) -> Result<Calling, Box<Response<RoutedBody>>> {
        let mut prefix = None;
        if let Some(plan) = &self.plan {
            let Some(spoken) = spoken(plan, &lease, member) else {
                let said = lease.speaks().unwrap_or_default().to_owned();
                let explained = Explained::new(Cause::UnknownVersion).with_error(format_args!("it sent {said:?}"));
                return Err(Box::new(own(Some(plan), ProblemType::UpstreamFailed, explained)));
            };
            prefix = plan.taken_prefix(spoken).filter(|_| self.shared.forward_prefix).map(str::to_owned);
            request.extensions_mut().insert(Spoken(spoken));
        }
        let shared = &self.shared;
        let attempt = Attempt {
            lease,
            response: self.pool.response_timeout,
            upload: self.upload.clone(),
            end: self.end,
            part: shared.part,
            upgrade: self.upgrade.clone(),
            explain: shared.explain,
            prefix,
            alt_svc: self.pool.alt_svc,
        };
        let own = self.pool.public_urls.then(|| attempt.lease.endpoint().own());
        let mut migrate = shared.migrate.with_role(self.pool.role).layer(AttemptService::new(attempt));
        if let Some(own) = own {
            migrate = migrate.with_own_address(own);
        }
        Ok(migrate.call(request))
    }
}

/// What the config says that the instance speaks, else what the instance said itself, else what the catalog says; `None`
/// if the api does not have the version that the instance named.
fn spoken(plan: &Plan, lease: &Lease, member: &PoolMember) -> Option<VersionId> {
    let api = plan.api();
    match (member.speaks.get(&*api.name), lease.speaks()) {
        (Some(said), _) => Some(*said),
        (None, Some(learned)) => api.lookup(learned),
        (None, None) => Some(plan.spoken()),
    }
}

// === impl Attempts ===

impl Attempts {
    fn new(request: Request<RequestBody>, more: bool) -> Self {
        if !more {
            return Self::One(Some(request.map(Replay::once)));
        }
        let (head, body) = request.into_parts();
        Self::More(head, ReplayBuffer::new(body))
    }

    fn next(&mut self) -> Option<Request<Replay>> {
        match self {
            Self::One(request) => request.take(),
            Self::More(head, replays) => Some(Request::from_parts(head.clone(), replays.next()?)),
        }
    }

    /// Whether the request may be sent again after what happened: always if nothing of it was sent, else only if it is
    /// idempotent (RFC 9110 §9.2.2).
    fn allow(&self, again: Retryable) -> bool {
        match self {
            Self::One(_) => false,
            Self::More(head, _) => !again.sent || head.method.is_idempotent(),
        }
    }
}

fn own(plan: Option<&Plan>, kind: ProblemType, explained: Explained) -> Response<RoutedBody> {
    failure(plan, kind, explained).map(MigrateBody::untouched)
}
