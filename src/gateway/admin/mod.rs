//! The admin listener: for operators and scrapers, on loopback by default.
//!
//! | file | what |
//! |---|---|
//! | `routes`, `route` | what can be asked, and with which methods |
//! | `guard` | who may ask |
//! | `show` | versions and upstreams |
//! | `usage` | who uses what, and whether a version may go |
//! | `acts` | what operators do to them |
//! | `request` | who does it, why, and whether it is forced |
//! | `rollouts` | rollouts and their evidence |
//! | `config` | the config, its revisions, and the way back |
//! | `page` | the same for people, with a browser |
//! | `answer` | answers, and the bodies of requests |
//!
//! What it offers is described in `docs/admin.openapi.json`, which is also `GET /openapi.json`.

mod acts;
mod answer;
mod config;
mod guard;
mod page;
mod request;
mod rollouts;
mod route;
mod routes;
mod show;
#[cfg(feature = "ledger")]
mod usage;

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{Extensions, Request};
use hyper::body::Incoming;
use tower::ServiceExt;

use super::back::pool::Registry;
use super::config::options::Variables;
use super::config::reload::ReloadHandle;
use super::config::snapshot::LiveSnapshot;
use super::front::listen::Listener;
use super::front::liveness::Activity;
use super::front::server::Handler;
use super::state::Store;
use super::telemetry::recorder::Metrics;
use super::wire::peer::Peer;
use crate::catalog::Control;
use answer::AdminError;
use guard::Guard;
use page::session::Sessions;

/// What the admin listener speaks of.
pub(super) struct Admin {
    current: LiveSnapshot,
    control: Control,
    registry: Registry,
    metrics: Option<Metrics>,
    store: Store,
    reloads: ReloadHandle,
    guard: Guard,
    sessions: Sessions,
    variables: Variables,
    started: AtomicBool,
    /// It was ready before.
    known: AtomicBool,
    draining: AtomicBool,
}

/// What the admin listener shows and changes.
pub(super) struct AdminParts {
    pub(super) current: LiveSnapshot,
    pub(super) control: Control,
    pub(super) registry: Registry,
    pub(super) metrics: Option<Metrics>,
    pub(super) store: Store,
    pub(super) reloads: ReloadHandle,
    pub(super) variables: Variables,
}

/// Serves the admin listener.
pub(super) struct AdminHandler {
    router: Router,
}

/// An answer, or what is wrong with the request.
type AdminResult = Result<Response, AdminError>;

/// Where a request comes from, for the audit log.
fn via<B>(request: &Request<B>) -> String {
    via_of(request.extensions())
}

fn via_of(extensions: &Extensions) -> String {
    let ip = extensions.get::<Arc<Peer>>().and_then(|peer| peer.ip);
    ip.map_or_else(|| "unix".to_owned(), |ip| ip.to_string())
}

// === impl AdminHandler ===

impl AdminHandler {
    pub(super) fn new(admin: Arc<Admin>) -> Self {
        Self { router: routes::router(admin) }
    }
}

impl Handler for AdminHandler {
    type Body = Body;

    fn handle(
        self: Arc<Self>,
        mut request: Request<Incoming>,
        peer: Arc<Peer>,
        activity: Arc<Activity>,
    ) -> impl Future<Output = Result<Response, Infallible>> + Send + 'static {
        let pulse = activity.request(request.version());
        request.extensions_mut().insert(peer);
        let router = self.router.clone();
        async move {
            let _pulse = pulse;
            router.oneshot(request).await
        }
    }
}

// === impl Admin ===

impl Admin {
    pub(super) fn new(parts: AdminParts, listener: &Listener) -> Self {
        let AdminParts { current, control, registry, metrics, store, reloads, variables } = parts;
        let guard = Guard::new(listener.address());
        let [started, known, draining] = [false; 3].map(AtomicBool::new);
        let sessions = Sessions::new();
        Self {
            current,
            control,
            registry,
            metrics,
            store,
            reloads,
            guard,
            sessions,
            variables,
            started,
            known,
            draining,
        }
    }

    /// Clients are being taken in.
    pub(super) fn started(&self) {
        self.started.store(true, Ordering::Relaxed);
    }

    /// It will soon be gone.
    pub(super) fn draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}
