//! The admin listener: for operators and scrapers, on loopback unless said.
//!
//! | path | what |
//! |---|---|
//! | `GET /metrics` | the metrics, in Prometheus' text format |
//! | `GET /healthz` | 200 while the process runs |
//! | `GET /readyz` | 200 while it takes requests, 503 while it drains |
//! | `GET /versions` | every api with its versions, phases and dates, as JSON |

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use serde_json::json;

use super::app::Shared;
use super::server::{Handler, Peer};
use super::vital::Vital;
use crate::catalog::{ApiEntry, VersionEntry};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::config::GatewaySpec;
use crate::decide::{Phase, Question, decide};

/// What the admin listener speaks of.
pub(super) struct Admin {
    shared: Shared,
    started: AtomicBool,
    draining: AtomicBool,
}

// === impl Admin ===

impl Handler for Admin {
    type Body = Full<Bytes>;

    fn handle(
        self: Arc<Self>,
        request: Request<Incoming>,
        _: Arc<Peer>,
        vital: Arc<Vital>,
    ) -> impl Future<Output = Result<Response<Full<Bytes>>, Infallible>> + Send + 'static {
        let pulse = vital.request(request.version() == http::Version::HTTP_2);
        async move {
            let _pulse = pulse;
            Ok(self.answer(&request))
        }
    }
}

impl Admin {
    pub(super) fn new(shared: Shared, _: &GatewaySpec) -> Self {
        Self { shared, started: AtomicBool::new(false), draining: AtomicBool::new(false) }
    }

    /// Clients are being taken in.
    pub(super) fn started(&self) {
        self.started.store(true, Ordering::Relaxed);
    }

    /// It will soon be gone.
    pub(super) fn draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "GET\n");
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match request.uri().path() {
            "/metrics" => {
                typed(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", self.shared.metrics.render())
            }
            "/healthz" => text(StatusCode::OK, "ok\n"),
            "/readyz" => self.ready(),
            "/versions" => typed(StatusCode::OK, "application/json", self.versions(SystemClock.now())),
            _ => text(StatusCode::NOT_FOUND, "/metrics /healthz /readyz /versions\n"),
        }
    }

    fn ready(&self) -> Response<Full<Bytes>> {
        let not = |why| text(StatusCode::SERVICE_UNAVAILABLE, why);
        match () {
            () if self.draining.load(Ordering::Relaxed) => not("draining\n"),
            () if !self.started.load(Ordering::Relaxed) => not("starting\n"),
            () if !self.shared.current.load().is_known() => not("the first health checks are not in\n"),
            () => text(StatusCode::OK, "ready\n"),
        }
    }

    fn versions(&self, now: Timestamp) -> String {
        let catalog = self.shared.current.catalog();
        let apis: Vec<serde_json::Value> = catalog.apis().iter().map(|api| api_json(api, now)).collect();
        format!("{:#}\n", json!({ "apis": apis }))
    }
}

fn api_json(api: &ApiEntry, now: Timestamp) -> serde_json::Value {
    let versions: Vec<serde_json::Value> = api.versions.iter().map(|version| version_json(version, now)).collect();
    json!({ "name": &*api.name, "base_path": &*api.base_path, "versions": versions })
}

fn version_json(version: &VersionEntry, now: Timestamp) -> serde_json::Value {
    let life = &version.life;
    let date = |date: Option<Timestamp>| date.map(|date| date.to_string());
    json!({
        "name": &*version.text,
        "phase": phase(decide(&Question::new(life, now)).phase),
        "released": date(version.released),
        "deprecated": date(life.deprecated),
        "closed": date(life.closed),
        "sunset": date(life.sunset),
        "docs": version.docs,
    })
}

const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Current => "current",
        Phase::Announced => "announced",
        Phase::Deprecated => "deprecated",
        Phase::Sunset => "sunset",
    }
}

fn text(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    typed(status, "text/plain; charset=utf-8", body.to_owned())
}

fn typed(status: StatusCode, media: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    response
}
