//! Picks an instance for each request, says what it speaks, and sends the request again where that is safe.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{Request, Response, request};
use http_body::Body;
use tower::Service;

use super::intake::{Intake, Progress};
use super::pool::{Lease, Member, Pool};
use super::replay::{Replay, Replays};
use super::send::{Again, Answerer, ProxyBody, Send, Slot, Via, Way, problem};
use super::tunnel::Upgrade;
use crate::layer::{Migrate, MigrateBody, Spoken};
use crate::plan::Plan;
use crate::problem::Kind;
use crate::version::VersionId;

/// What comes back from an instance, migrated.
pub(super) type RoutedBody = MigrateBody<ProxyBody>;

/// Takes requests to instances. It stands around the migration, since what an instance speaks decides that, and a
/// request that is sent again may meet one that speaks another version.
#[derive(Clone, Debug)]
pub(super) struct Route {
    shared: Arc<Shared>,
}

/// What a config says about it.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) pools: BTreeMap<String, Arc<Pool>>,
    pub(super) migrate: Migrate<Send>,
    pub(super) part: Option<Duration>,
    pub(super) tunnel: Duration,
    pub(super) via: Via,
}

/// The tries that a request has.
enum Tries {
    One(Option<Request<Replay>>),
    More(request::Parts, Replays),
}

// === impl Route ===

impl Route {
    pub(super) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
    }
}

impl Service<Request<Intake>> for Route {
    type Response = Response<RoutedBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + std::marker::Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Intake>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        Box::pin(shared.route(request))
    }
}

// === impl Shared ===

impl Shared {
    async fn route(self: Arc<Self>, request: Request<Intake>) -> Result<Response<RoutedBody>, Infallible> {
        Ok(self.answer(request).await)
    }

    async fn answer(&self, mut request: Request<Intake>) -> Response<RoutedBody> {
        let Some(plan) = request.extensions().get::<Plan>().cloned() else {
            return own(None, Kind::RouteAbsent, "no api is here");
        };
        let Some(pool) = plan.upstream().and_then(|name| self.pools.get(name)) else {
            return own(Some(&plan), Kind::UpstreamUnavailable, "the api has no upstream");
        };
        let end = plan.route().and_then(|route| route.timeout).map(|timeout| Instant::now() + timeout);
        let upgrade = self.upgrade(pool, &mut request);
        let progress = request.body().progress();
        let again = pool.retries(request.body().is_end_stream()) && upgrade.is_none();
        let mut tries = Tries::new(request, again);
        let mut way = Onward { shared: self, plan: &plan, pool, progress, end, upgrade };
        let mut tried = Vec::new();
        let mut last = None;
        for count in 1.. {
            let Some((lease, member)) = pool.lease(&mut tried).await else {
                return last.unwrap_or_else(|| unreachable(&plan, &tried));
            };
            let Some(request) = tries.next() else {
                return last.unwrap_or_else(|| unreachable(&plan, &tried));
            };
            let mut response = way.attempt(request, lease, member).await;
            match response.extensions_mut().remove::<Again>() {
                Some(again) if tries.allow(again) && pool.may_retry(count.max(tried.len())) => {
                    pool.retried.increment(1);
                    if again.same {
                        tried.pop();
                    }
                    last = Some(response);
                }
                _ => return response,
            }
        }
        unreachable(&plan, &tried)
    }

    fn upgrade(&self, pool: &Pool, request: &mut Request<Intake>) -> Option<Upgrade> {
        request.extensions_mut().remove::<super::edge::WebSocket>()?;
        let place = request.extensions_mut().remove();
        pool.websocket.then(|| Upgrade { client: hyper::upgrade::on(request), idle: self.tunnel, place })
    }
}

/// What all tries of a request have in common.
struct Onward<'a> {
    shared: &'a Shared,
    plan: &'a Plan,
    pool: &'a Pool,
    progress: Progress,
    end: Option<Instant>,
    upgrade: Option<Upgrade>,
}

// === impl Onward ===

impl Onward<'_> {
    async fn attempt(&mut self, mut request: Request<Replay>, lease: Lease, member: &Member) -> Response<RoutedBody> {
        let Some(spoken) = self.spoken(&lease, member) else {
            let said = lease.speaks().unwrap_or_default().to_owned();
            tracing::warn!(upstream = %self.pool.name, %said, "an instance speaks a version that the api does not have");
            return own(Some(self.plan), Kind::UpstreamFailed, "the upstream speaks a version that is not known here");
        };
        let instance = lease.endpoint().label();
        let way = Way {
            lease,
            response: self.pool.response_timeout,
            progress: self.progress.clone(),
            end: self.end,
            part: self.shared.part,
            via: self.shared.via.received(request.version()),
            upgrade: self.upgrade.take(),
        };
        request.extensions_mut().insert(Spoken(spoken));
        request.extensions_mut().insert(Slot::new(way));
        let mut response = match self.shared.migrate.clone().call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        response.extensions_mut().insert(Answerer(instance));
        response
    }

    /// What is said, else what was learned, else what the catalog says; `None` if nobody knows what was learned.
    fn spoken(&self, lease: &Lease, member: &Member) -> Option<VersionId> {
        let api = self.plan.api();
        match (member.speaks.get(&*api.name), lease.speaks()) {
            (Some(said), _) => Some(*said),
            (None, Some(learned)) => api.lookup(learned),
            (None, None) => Some(self.plan.spoken()),
        }
    }
}

// === impl Tries ===

impl Tries {
    fn new(request: Request<Intake>, more: bool) -> Self {
        if !more {
            return Self::One(Some(request.map(Replay::once)));
        }
        let (head, intake) = request.into_parts();
        Self::More(head, Replays::new(intake))
    }

    fn next(&mut self) -> Option<Request<Replay>> {
        match self {
            Self::One(request) => request.take(),
            Self::More(head, replays) => Some(Request::from_parts(head.clone(), replays.next()?)),
        }
    }

    /// Whether the request may be sent again after what happened: always if nothing of it was sent, else only if it is
    /// idempotent (RFC 9110 §9.2.2).
    fn allow(&self, again: Again) -> bool {
        match self {
            Self::One(_) => false,
            Self::More(head, _) => !again.sent || head.method.is_idempotent(),
        }
    }
}

fn unreachable(plan: &Plan, tried: &[usize]) -> Response<RoutedBody> {
    let detail = if tried.is_empty() { "no instance takes requests" } else { "the upstream cannot be reached" };
    own(Some(plan), Kind::UpstreamUnavailable, detail)
}

fn own(plan: Option<&Plan>, kind: Kind, detail: &str) -> Response<RoutedBody> {
    problem(plan, kind, detail).map(MigrateBody::untouched)
}
