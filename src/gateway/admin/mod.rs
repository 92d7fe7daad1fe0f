//! The admin listener: for operators and scrapers, on loopback by default.
//!
//! | file | what |
//! |---|---|
//! | `routes` | what can be asked, and with which methods |
//! | `guard` | who may ask |
//! | `show` | versions and upstreams |
//! | `acts` | what operators do to them |
//! | `request` | who does it, why, and whether it is forced |
//! | `config` | the config, its revisions, and the way back |
//! | `answer` | answers, and the bodies of requests |
//!
//! What it offers is described in `docs/admin.openapi.json`, which is also `GET /openapi.json`.

mod acts;
mod answer;
mod config;
mod guard;
mod request;
mod routes;
mod show;

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use serde_json::json;

use super::back::pool::Registry;
use super::config::reload::ReloadHandle;
use super::config::snapshot::LiveSnapshot;
use super::front::listen::Listener;
use super::front::liveness::Activity;
use super::front::server::Handler;
use super::state::Store;
use super::telemetry::recorder::Metrics;
use super::wire::peer::Peer;
use crate::catalog::Control;
use crate::config::Secret;
use crate::names;
use answer::{AdminError, json, text, typed};
use guard::Guard;
use routes::{Operation, OperationMatch};

/// What the admin listener speaks of.
pub(super) struct Admin {
    current: LiveSnapshot,
    control: Control,
    registry: Registry,
    metrics: Option<Metrics>,
    store: Store,
    reloads: ReloadHandle,
    guard: Guard,
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
}

/// An answer, or what is wrong with the request.
type AdminResult = Result<Response<Full<Bytes>>, AdminError>;

/// What it offers, for machines.
const OPENAPI: &str = include_str!("../../../docs/admin.openapi.json");

// === impl Admin ===

impl Handler for Admin {
    type Body = Full<Bytes>;

    fn handle(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: Arc<Peer>,
        activity: Arc<Activity>,
    ) -> impl Future<Output = Result<Response<Full<Bytes>>, Infallible>> + Send + 'static {
        let pulse = activity.request(request.version());
        async move {
            let _pulse = pulse;
            let via = peer.ip.map_or_else(|| "unix".to_owned(), |ip| ip.to_string());
            Ok(self.answer(request, via).await.unwrap_or_else(AdminError::response))
        }
    }
}

impl Admin {
    pub(super) fn new(parts: AdminParts, listener: &Listener) -> Self {
        let AdminParts { current, control, registry, metrics, store, reloads } = parts;
        let guard = Guard::new(listener.address());
        let [started, known, draining] = [false; 3].map(AtomicBool::new);
        Self { current, control, registry, metrics, store, reloads, guard, started, known, draining }
    }

    /// Clients are being taken in.
    pub(super) fn started(&self) {
        self.started.store(true, Ordering::Relaxed);
    }

    /// It will soon be gone.
    pub(super) fn draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    async fn answer(&self, request: Request<Incoming>, via: String) -> AdminResult {
        let path = request.uri().path().to_owned();
        // A HEAD is a GET whose body is not sent.
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        let found = routes::find(method, &path);
        if !matches!(found, OperationMatch::Operation(route, _) if route.is_open()) {
            let snapshot = self.current.load();
            self.guard.admit(&request, snapshot.settings.admin_token.as_ref().map(Secret::expose))?;
        }
        match found {
            OperationMatch::Operation(route, names) => self.serve(route, &names, request, via).await,
            OperationMatch::Methods(allow) => Err(AdminError::method(&allow)),
            OperationMatch::Nothing => {
                let known: Vec<&str> = routes::paths().collect();
                Err(AdminError::new(StatusCode::NOT_FOUND, "unknown path; see `paths`, or `GET /openapi.json`")
                    .with("paths", json!(known)))
            }
        }
    }

    async fn serve(&self, route: Operation, names: &[String], request: Request<Incoming>, via: String) -> AdminResult {
        match route {
            Operation::Metrics => self.metrics().await,
            Operation::Health => Ok(text(StatusCode::OK, "ok\n")),
            Operation::Ready => Ok(self.ready()),
            Operation::OpenApi => Ok(typed(StatusCode::OK, "application/json", OPENAPI.to_owned())),
            Operation::Versions => Ok(json(
                StatusCode::OK,
                &show::versions(&self.current.catalog(), &self.control, &self.store.traffic, self.store.now()),
            )),
            Operation::Upstreams => Ok(json(StatusCode::OK, &show::upstreams(&self.current.load()))),
            Operation::Audit => Ok(json(StatusCode::OK, &json!({ "acts": self.store.audit.recent() }))),
            Operation::Config => Ok(self.config()),
            Operation::Revisions => self.revisions().await,
            Operation::PutConfig => self.put_config(request, via).await,
            Operation::Reload => self.reload(request, via).await,
            Operation::Rollback => self.rollback(request, via).await,
            _ => self.act(route, names, request, via).await,
        }
    }

    async fn metrics(&self) -> AdminResult {
        let Some(metrics) = &self.metrics else {
            let detail = "this gateway has no metrics to render: the process that embeds it renders its own, or passes them in `Options::with_metrics`";
            return Err(AdminError::new(StatusCode::NOT_FOUND, detail));
        };
        // An extension ends by itself, so these are counted when they are asked for.
        for (act, count) in self.store.acts.counts(self.store.now()) {
            names::acts(act).set(count as f64);
        }
        let text = metrics.scrape().await;
        Ok(typed(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text))
    }

    /// What is waited for after the start. Once it was there, what comes later does not make the gateway unready: it would
    /// do so to all of them at once.
    fn unknown(&self) -> Option<&'static str> {
        let snapshot = self.current.load();
        let unknown = match () {
            () if self.registry.waits(&snapshot.pools) => Some("waiting for DNS lookups of instances\n"),
            () if !snapshot.is_known() => Some("waiting for the first health checks\n"),
            () => None,
        };
        self.known.store(unknown.is_none(), Ordering::Relaxed);
        unknown
    }

    fn ready(&self) -> Response<Full<Bytes>> {
        let not = |why| text(StatusCode::SERVICE_UNAVAILABLE, why);
        match () {
            () if self.draining.load(Ordering::Relaxed) => not("draining\n"),
            () if !self.started.load(Ordering::Relaxed) => not("starting\n"),
            () if !self.known.load(Ordering::Relaxed) => match self.unknown() {
                Some(why) => not(why),
                None => self.is_ready(),
            },
            () => self.is_ready(),
        }
    }

    /// What does not work, but does not keep it from serving, is a second line.
    fn is_ready(&self) -> Response<Full<Bytes>> {
        let detail = self.store.detail().map_or_else(String::new, |detail| format!("{detail}\n"));
        typed(StatusCode::OK, "text/plain; charset=utf-8", format!("ready\n{detail}"))
    }
}
