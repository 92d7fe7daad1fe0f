//! Every API: its versions on a line of time, and who still uses them.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::chart::{Life, Shares, Timeline, percent};
use super::query::path;
use super::render::page;
use super::session::Visitor;
use super::usage::{ApiUse, VersionFigures};
use super::wants_page;
use crate::catalog::{ApiEntry, Catalog, Standing, VersionEntry};
use crate::clock::Timestamp;

use crate::gateway::admin::Admin;
use crate::gateway::admin::answer::AdminError;

#[derive(Debug, Serialize)]
struct ApiView {
    name: String,
    base_path: String,
    paused: bool,
    has_brownouts: bool,
    timeline: Timeline,
    shares: Option<Shares>,
    versions: Vec<VersionRow>,
    requests: u64,
    /// Why there are no figures.
    unknown: Option<String>,
}

#[derive(Debug, Serialize)]
struct VersionRow {
    name: String,
    href: String,
    phase: &'static str,
    held: bool,
    deprecated: Option<i64>,
    closed: Option<i64>,
    sunset: Option<i64>,
    last_used: Option<i64>,
    share: String,
    used: VersionFigures,
}

/// The days that figures are of.
pub(super) const DAYS: u64 = 30;

/// The first page. A program gets the list of what it can ask for.
pub(super) async fn show(State(admin): State<Arc<Admin>>, visitor: Visitor, headers: HeaderMap) -> Response {
    if !wants_page(&headers) {
        return AdminError::path(crate::gateway::admin::routes::paths()).into_response();
    }
    let catalog = admin.current.catalog();
    let mut apis = Vec::new();
    for api in catalog.apis() {
        apis.push(admin.api_view(&catalog, api).await);
    }
    let frame = admin.frame("APIs", "apis", visitor);
    page(StatusCode::OK, "overview.html", &frame, minijinja::context! { apis, days => DAYS })
}

/// What a line of time has of a version.
pub(super) fn life(api: &ApiEntry, version: &VersionEntry, held: bool) -> Life {
    let life = &version.life;
    Life {
        name: version.text.to_string(),
        href: path(&["ui", "apis", &api.name, "versions", &version.text]),
        released: version.released.or(version.day),
        deprecated: life.deprecated,
        closed: life.closed,
        sunset: life.sunset,
        held: held || life.held,
        brownouts: life.windows.iter().map(|window| (window.from, window.until)).collect(),
    }
}

// === impl Admin ===

impl Admin {
    async fn api_view(&self, catalog: &Catalog, api: &ApiEntry) -> ApiView {
        let now = self.store.now();
        let held = |version: &VersionEntry| self.control.sunset_held(&api.name, &version.text);
        let retiring = |version: &&VersionEntry| {
            !matches!(catalog.standing(api, version, now), Standing::Current | Standing::NotReleased)
        };
        let retiring: Vec<String> =
            api.versions.iter().filter(retiring).map(|version| version.text.to_string()).collect();
        let (mut used, unknown) = match self.api_use(&api.name, &retiring, DAYS).await {
            Ok(used) => (used, None),
            Err(why) => (ApiUse::default(), Some(why)),
        };
        let requests = used.versions.values().map(|version| version.requests).sum();
        let lives: Vec<Life> = api.versions.iter().map(|version| life(api, version, held(version))).collect();
        let names: Vec<String> = api.versions.iter().map(|version| version.text.to_string()).collect();
        let since = now.saturating_sub(Duration::from_secs((DAYS - 1) * 86_400));
        let shares = (!used.days.is_empty()).then(|| Shares::new(&used.days, &names, since, DAYS as usize));
        let versions = api.versions.iter().map(|version| {
            let used = used.versions.remove(&*version.text).unwrap_or_default();
            let secs = |at: Option<Timestamp>| at.map(Timestamp::as_secs);
            VersionRow {
                name: version.text.to_string(),
                href: path(&["ui", "apis", &api.name, "versions", &version.text]),
                phase: catalog.standing(api, version, now).as_str(),
                held: held(version) || version.life.held,
                deprecated: secs(version.life.deprecated),
                closed: secs(version.life.closed),
                sunset: secs(version.life.sunset),
                last_used: secs(self.store.traffic.last(&api.name, &version.text)),
                share: percent(used.requests, requests),
                used,
            }
        });
        ApiView {
            name: api.name.to_string(),
            base_path: api.base_path.to_string(),
            paused: api.pause || self.control.brownouts_paused(&api.name),
            has_brownouts: lives.iter().any(|life| life.brownouts.iter().any(|(_, until)| *until > now)),
            timeline: Timeline::new(&lives, now),
            shares,
            versions: versions.rev().collect(),
            requests,
            unknown,
        }
    }
}
