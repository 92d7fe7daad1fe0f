//! The admin listener: for operators and scrapers, on loopback unless said.
//!
//! | path | what |
//! |---|---|
//! | `GET /metrics` | the metrics, in Prometheus' text format |
//! | `GET /healthz` | 200 while the process runs |
//! | `GET /readyz` | 200 while it takes requests, 503 while it drains |
//! | `GET /versions` | every api with its versions, phases and dates, as JSON |

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;

use super::snapshot::Current;
use crate::catalog::{ApiEntry, VersionEntry};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::decide::{Phase, Question, decide};

/// What the admin listener speaks of.
#[derive(Clone)]
pub(super) struct Admin {
    pub(super) current: Current,
    pub(super) metrics: PrometheusHandle,
    pub(super) draining: Arc<AtomicBool>,
}

// === impl Admin ===

impl Admin {
    pub(super) async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "GET\n");
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return Ok(response);
        }
        Ok(match request.uri().path() {
            "/metrics" => typed(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", self.metrics.render()),
            "/healthz" => text(StatusCode::OK, "ok\n"),
            "/readyz" if self.draining.load(Ordering::Relaxed) => text(StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
            "/readyz" => text(StatusCode::OK, "ready\n"),
            "/versions" => typed(StatusCode::OK, "application/json", self.versions(SystemClock.now())),
            _ => text(StatusCode::NOT_FOUND, "/metrics /healthz /readyz /versions\n"),
        })
    }

    fn versions(&self, now: Timestamp) -> String {
        let catalog = self.current.catalog();
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
