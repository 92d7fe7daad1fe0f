//! Plan: the one immutable value that a request carries from its head to the end of its response.
//!
//! The only place where what was resolved and what was decided meet. Everything else asks the plan: the gate what to
//! answer, the migration what to run, the annotation what to write, the count what to add to.

mod altered;
mod annotate;
mod answer;
mod body_links;
mod body_plan;
mod content;
mod fields;
mod forward;
mod links;
mod messages;
mod origin;
mod path_parameters;
mod reference;
mod rehearse;
mod status;
mod unmigratable;
mod urls;
mod validators;

use std::cell::LazyCell;
use std::hash::Hasher;
use std::ops::Deref;
use std::sync::Arc;

use http::header::{self, HeaderMap, HeaderValue};
use http::uri::{Authority, PathAndQuery};
use http::{Method, Uri};

use crate::catalog::{ApiEntry, Catalog, OnUntyped, RouteEntry, RouteId, VersionEntry};
use crate::clock::Timestamp;
use crate::consumer::Consumer;
use crate::decide::{Decision, Phase, Question, Verdict, decide};
use crate::json::FieldNames;
use crate::names::{self, Handles, MigrationHandles, Outcome};
use crate::resolve::{RequestHead, Resolution, ResolveError, Resolved, Undeclared, resolve};
#[cfg(feature = "usage")]
use crate::usage::{RefusalKind, UsedRoute};
use crate::version::VersionId;

use altered::AlteredBy;
pub(crate) use answer::Answer;
pub(crate) use body_plan::BodyPlan;
pub(crate) use content::Untyped;
pub(crate) use fields::run_field;
pub(crate) use messages::Handling;
pub(crate) use messages::empties;
#[cfg(feature = "layer")]
pub(crate) use messages::forget_bytes;
use origin::ForwardedAddress;
pub(crate) use origin::OwnAddress;
pub(crate) use status::StatusQuestion;
pub(crate) use unmigratable::Unmigratable;

/// What the head of a request turned out to be.
#[derive(Clone, Debug)]
pub(crate) enum Planning {
    /// None of the apis': it passes untouched.
    Outside,
    /// A path that its api excludes: it passes untouched as well, to the api's service.
    Excluded(Excluded),
    /// A request of an api.
    Planned(Plan),
}

/// The api of a request that its `exclude` lets pass untouched.
#[derive(Clone, Debug)]
pub(crate) struct Excluded {
    catalog: Arc<Catalog>,
    api: usize,
}

/// What becomes of one request. A cheap clone; the catalog that it was made with lives as long.
#[derive(Clone)]
pub(crate) struct Plan {
    inner: Arc<Inner>,
}

struct Inner {
    catalog: Arc<Catalog>,
    outcome: PlanOutcome,
    /// The version that the verdict is on, and its end, where that is the content's and not the response's.
    judged: Option<(VersionId, Option<Timestamp>)>,
    method: Method,
    /// Path and query as received, shared with the request; `None` if the target has none.
    target: Option<PathAndQuery>,
    host: Option<Host>,
    /// What a proxy in front was asked for, where that is something else.
    asked: Option<ForwardedAddress>,
    /// What an outer router took off the path.
    mount: Box<str>,
    /// Where a script asks, in a browser.
    cors: Option<ScriptOrigin>,
    now: Timestamp,
    altered: AlteredBy,
}

#[derive(Debug)]
enum PlanOutcome {
    Preflight(Resolution),
    Decided(Resolution, Decision),
    Refused(Box<ResolveError>),
}

/// Where a request comes from that a script made, if another origin asks.
#[derive(Debug)]
struct ScriptOrigin {
    origin: HeaderValue,
    /// Whether the request carries credentials.
    credentialed: bool,
}

/// The authority that the request is for, shared with the request.
#[derive(Debug)]
enum Host {
    Target(Authority),
    Field(HeaderValue),
}

// === impl Plan ===

impl Plan {
    /// Plans a request, or returns that it passes untouched, and whether it belongs to an api. `draw` returns the request's
    /// own number. Brownouts of a share of requests use it, so it is called only during such a brownout.
    #[must_use]
    pub(crate) fn read(
        catalog: Arc<Catalog>,
        head: RequestHead<'_>,
        now: Timestamp,
        draw: impl FnOnce() -> u64,
    ) -> Planning {
        let mut judged = None;
        let outcome = match resolve(head, &catalog, now) {
            Resolved::Outside => return Planning::Outside,
            Resolved::Excluded(api) => return Planning::Excluded(Excluded { catalog, api }),
            Resolved::Preflight(resolution) => PlanOutcome::Preflight(resolution),
            Resolved::Refused(refusal) => PlanOutcome::Refused(refusal),
            Resolved::Request(resolution) => {
                let decision;
                (decision, judged) = decide_both(&catalog, &resolution, now, &LazyCell::new(draw));
                PlanOutcome::Decided(resolution, decision)
            }
        };
        let RequestHead { method, uri, headers, mount, trusts_forwarded, .. } = head;
        let inner = Inner {
            catalog,
            outcome,
            judged,
            method: method.clone(),
            target: uri.path_and_query().cloned(),
            host: Host::of(uri, headers),
            asked: ForwardedAddress::read(headers, trusts_forwarded),
            mount: mount.into(),
            cors: headers.get(header::ORIGIN).map(|origin| ScriptOrigin {
                origin: origin.clone(),
                credentialed: headers.contains_key(header::COOKIE) || headers.contains_key(header::AUTHORIZATION),
            }),
            now,
            altered: AlteredBy::default(),
        };
        Planning::Planned(Self { inner: Arc::new(inner) })
    }

    /// The api.
    #[must_use]
    pub(crate) fn api(&self) -> &ApiEntry {
        &self.inner.catalog.apis()[self.api_index()]
    }

    /// The request's method.
    #[must_use]
    pub(crate) fn method(&self) -> &Method {
        &self.inner.method
    }

    /// What the response shall speak; `None` if the request is refused before that was made out.
    #[must_use]
    pub(crate) fn version(&self) -> Option<&VersionEntry> {
        self.version_id().map(|id| self.api().version(id))
    }

    /// What the request's content speaks.
    #[must_use]
    pub(crate) fn request_version(&self) -> Option<&VersionEntry> {
        self.resolution().map(|resolution| self.api().version(resolution.request))
    }

    /// The route; `None` if the path is not among the api's.
    #[must_use]
    pub(crate) fn route(&self) -> Option<&RouteEntry> {
        self.route_id().map(|id| self.api().route(id))
    }

    /// Who sent it.
    #[must_use]
    pub(crate) fn consumer(&self) -> Option<&Consumer> {
        match &self.inner.outcome {
            PlanOutcome::Refused(refusal) => refusal.consumer.as_ref(),
            PlanOutcome::Preflight(resolution) | PlanOutcome::Decided(resolution, _) => resolution.consumer.as_ref(),
        }
    }

    /// What was decided; `None` for a preflight, and for what is refused before.
    #[must_use]
    pub(crate) fn decision(&self) -> Option<&Decision> {
        match &self.inner.outcome {
            PlanOutcome::Decided(_, decision) => Some(decision),
            _ => None,
        }
    }

    /// When it was planned.
    #[must_use]
    pub(crate) fn now(&self) -> Timestamp {
        self.inner.now
    }

    /// The name of the service behind, if the catalog says one.
    #[must_use]
    pub(crate) fn upstream(&self) -> Option<&str> {
        let route = self.route().and_then(|route| route.upstream.as_deref());
        route.or(self.api().upstream.as_deref())
    }

    /// The version that the service speaks by the config; the chosen instance may speak another one.
    #[must_use]
    pub(crate) fn spoken(&self) -> VersionId {
        self.route().and_then(|route| route.speaks).unwrap_or(self.api().speaks)
    }

    /// Whether the version is deprecated, or past its end.
    #[must_use]
    pub(crate) fn is_deprecated(&self) -> bool {
        self.decision().is_some_and(|decision| matches!(decision.phase, Phase::Deprecated | Phase::Sunset))
    }

    /// What became of the request if it was answered here, or would have been but for a dry run.
    #[must_use]
    pub(crate) fn outcome(&self) -> Outcome {
        match &self.inner.outcome {
            PlanOutcome::Refused(_) => Outcome::Refused,
            PlanOutcome::Preflight(_) => Outcome::Served,
            PlanOutcome::Decided(_, decision) if decision.was_spared() => Outcome::Spared,
            PlanOutcome::Decided(_, decision) => match decision.verdict {
                Verdict::Serve => Outcome::Served,
                Verdict::Brownout { .. } => Outcome::Brownout,
                Verdict::Closed => Outcome::Closed,
                Verdict::Gone => Outcome::Gone,
            },
        }
    }

    /// The handles to count the request with.
    #[must_use]
    pub(crate) fn handles(&self) -> &Handles {
        let handles = self.inner.catalog.handles(self.api_index());
        handles.requests(self.api(), self.version_id(), self.route_id(), self.inner.method.as_str())
    }

    /// The handles of the version of the request's content, where that is deprecated and another than the response's:
    /// who still sends it still uses it.
    #[must_use]
    pub(crate) fn content_handles(&self) -> Option<&Handles> {
        let resolution = self.resolution().filter(|resolution| resolution.request != resolution.response)?;
        let life = self.api().life(resolution.request, resolution.route);
        let deprecated = life.deprecated.is_some_and(|at| at <= self.inner.now);
        let handles = self.inner.catalog.handles(self.api_index());
        let method = self.inner.method.as_str();
        deprecated.then(|| handles.requests(self.api(), Some(resolution.request), resolution.route, method))
    }

    /// What the ledger calls the request.
    #[cfg(feature = "usage")]
    #[must_use]
    pub(crate) fn used_route(&self) -> &UsedRoute {
        let handles = self.inner.catalog.handles(self.api_index());
        handles.used_route(self.api(), self.version_id(), self.route_id(), self.inner.method.as_str())
    }

    /// What the ledger calls the request's content, where its version is another than the response's.
    #[cfg(feature = "usage")]
    #[must_use]
    pub(crate) fn content_used_route(&self) -> Option<&UsedRoute> {
        let resolution = self.resolution().filter(|resolution| resolution.request != resolution.response)?;
        let handles = self.inner.catalog.handles(self.api_index());
        let method = self.inner.method.as_str();
        Some(handles.used_route(self.api(), Some(resolution.request), resolution.route, method))
    }

    /// Why the end of the version refuses the request, or would.
    #[cfg(feature = "usage")]
    #[must_use]
    pub(crate) fn usage_refusal(&self) -> Option<RefusalKind> {
        match self.outcome() {
            Outcome::Gone => Some(RefusalKind::Gone),
            Outcome::Brownout => Some(RefusalKind::Brownout),
            Outcome::Closed => Some(RefusalKind::Closed),
            Outcome::Spared => Some(RefusalKind::Spared),
            _ => None,
        }
    }

    /// Whether a browser asks whether a script may send a request.
    #[cfg(feature = "usage")]
    #[must_use]
    pub(crate) fn is_preflight(&self) -> bool {
        matches!(self.inner.outcome, PlanOutcome::Preflight(_))
    }

    /// What no route names of a request that passes, with the handles to count it with.
    #[must_use]
    pub(crate) fn undeclared(&self) -> Option<(&Handles, names::UndeclaredLabel)> {
        let PlanOutcome::Decided(resolution, decision) = &self.inner.outcome else { return None };
        let passes = decision.verdict == Verdict::Serve;
        let (route, what) = match resolution.undeclared.filter(|_| passes)? {
            Undeclared::Path => (None, names::UndeclaredLabel::Path),
            Undeclared::Method(route) => (Some(route), names::UndeclaredLabel::Method),
        };
        let handles = self.inner.catalog.handles(self.api_index());
        Some((handles.requests(self.api(), self.version_id(), route, self.inner.method.as_str()), what))
    }

    /// Whether what nothing names passes.
    #[must_use]
    pub(crate) fn passes_undeclared(&self) -> bool {
        self.api().undeclared == crate::catalog::OnUndeclared::Pass
    }

    /// The handles to count a migration with.
    #[must_use]
    pub(crate) fn migration_handles(&self, response: bool) -> &MigrationHandles {
        self.inner.catalog.handles(self.api_index()).migrations(self.api(), self.route_id(), response)
    }

    /// Whether a body that a change is about, and whose `Content-Type` is neither that of JSON nor of a form, is refused.
    #[must_use]
    pub(crate) fn refuses_untyped(&self) -> bool {
        self.route().map_or(self.api().on_untyped, |route| route.on_untyped) == OnUntyped::Fail
    }

    /// How the names of form fields are read.
    fn field_names(&self) -> FieldNames {
        self.route().map_or(self.api().forms, |route| route.forms)
    }

    /// The path as received, with the client's escapes.
    fn target_path(&self) -> &str {
        self.inner.target.as_ref().map_or("", PathAndQuery::path)
    }

    fn query(&self) -> &str {
        self.inner.target.as_ref().and_then(PathAndQuery::query).unwrap_or("")
    }

    fn is_live(&self, version: VersionId) -> bool {
        self.inner.catalog.is_live(self.api(), version, self.inner.now)
    }

    /// Whether this consumer's request would be served if it were for `version`. A brownout of a share of requests hits
    /// others.
    fn would_serve(&self, resolution: &Resolution, version: VersionId) -> bool {
        let Inner { catalog, now, .. } = &*self.inner;
        decide_version(catalog, resolution, version, *now, &LazyCell::new(|| LAST_DRAW)).verdict == Verdict::Serve
    }

    /// The place of the api in its catalog.
    pub(crate) fn api_index(&self) -> usize {
        match &self.inner.outcome {
            PlanOutcome::Refused(refusal) => refusal.api,
            PlanOutcome::Preflight(resolution) | PlanOutcome::Decided(resolution, _) => resolution.api,
        }
    }

    fn resolution(&self) -> Option<&Resolution> {
        match &self.inner.outcome {
            PlanOutcome::Refused(_) => None,
            PlanOutcome::Preflight(resolution) | PlanOutcome::Decided(resolution, _) => Some(resolution),
        }
    }

    fn version_id(&self) -> Option<VersionId> {
        match &self.inner.outcome {
            PlanOutcome::Refused(refusal) => refusal.version,
            PlanOutcome::Preflight(resolution) | PlanOutcome::Decided(resolution, _) => Some(resolution.response),
        }
    }

    fn route_id(&self) -> Option<RouteId> {
        match &self.inner.outcome {
            PlanOutcome::Refused(refusal) => refusal.route,
            PlanOutcome::Preflight(resolution) | PlanOutcome::Decided(resolution, _) => resolution.route,
        }
    }
}

/// Without what the request carries, such as its query and its consumer: those may be secrets.
impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let version = |of: Option<&VersionEntry>| of.map(|version| version.name().to_owned());
        let mut plan = f.debug_struct("Plan");
        plan.field("api", &self.api().name()).field("method", &self.inner.method);
        plan.field("route", &self.route().map(RouteEntry::label));
        plan.field("version", &version(self.version()));
        plan.field("request_version", &version(self.request_version()));
        plan.field("outcome", &self.outcome()).finish_non_exhaustive()
    }
}

// === impl Excluded ===

impl Excluded {
    /// The api.
    #[must_use]
    pub(crate) fn api(&self) -> &ApiEntry {
        &self.catalog.apis()[self.api]
    }
}

// === impl Host ===

impl Host {
    fn of(uri: &Uri, headers: &HeaderMap) -> Option<Self> {
        let named = uri.authority().cloned().map(Self::Target);
        named.or_else(|| headers.get(header::HOST).filter(|host| host.to_str().is_ok()).cloned().map(Self::Field))
    }
}

impl Deref for Host {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Target(authority) => authority.as_str(),
            Self::Field(host) => host.to_str().unwrap_or(""),
        }
    }
}

/// Content and response may speak two versions; what refuses either refuses the request.
fn decide_both(
    catalog: &Catalog,
    resolution: &Resolution,
    now: Timestamp,
    draw: &LazyCell<u64, impl FnOnce() -> u64>,
) -> (Decision, Option<(VersionId, Option<Timestamp>)>) {
    let response = decide_version(catalog, resolution, resolution.response, now, draw);
    if resolution.request == resolution.response || response.verdict != Verdict::Serve {
        return (response, None);
    }
    let request = decide_version(catalog, resolution, resolution.request, now, draw);
    let decision = Decision { verdict: request.verdict, would: request.would, ..response };
    (decision, Some((resolution.request, request.sunset)))
}

fn decide_version(
    catalog: &Catalog,
    resolution: &Resolution,
    version: VersionId,
    now: Timestamp,
    draw: &LazyCell<u64, impl FnOnce() -> u64>,
) -> Decision {
    let api = &catalog.apis()[resolution.api];
    let entry = api.version(version);
    let consumer = resolution.consumer.as_ref();
    let name = consumer.map(Consumer::as_str);
    let asked = |consumer: &Consumer| catalog.known().is_some_and(|known| known.knew(&api.name, &entry.text, consumer));
    let known = |consumer: &Consumer| entry.known.iter().any(|k| **k == *consumer.as_str()) || asked(consumer);
    let life = api.life(version, resolution.route);
    let mut question = Question {
        consumer: name,
        extension: catalog.extension(api, version, name),
        known: consumer.is_some_and(known),
        paused: api.pause || catalog.control().brownouts_paused(&api.name),
        held: catalog.control().sunset_held(&api.name, &entry.text),
        dry_run: api.dry_run,
        ..Question::new(life, now)
    };
    if !life.is_tried(now) {
        return decide(&question);
    }
    let route = resolution.route.map(|id| api.route(id).history.name.to_string());
    question.route = route.as_deref();
    question.request_draw = **draw;
    question.consumer_draw = name.map_or(**draw, |name| consumer_draw(&api.name, &entry.text, name));
    decide(&question)
}

/// The draw that only a brownout of all requests, or of all consumers, hits.
const LAST_DRAW: u64 = 9_999;

/// The same for the same consumer in every process and release: SipHash-1-3, which is specified, with a fixed key.
fn consumer_draw(api: &str, version: &str, consumer: &str) -> u64 {
    let mut hasher = siphasher::sip::SipHasher13::new();
    for name in [api, version, consumer] {
        hasher.write(name.as_bytes());
        hasher.write(&[0xff]);
    }
    hasher.finish()
}
