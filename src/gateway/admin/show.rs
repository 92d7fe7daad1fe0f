//! The current state: of the gateway, of versions and of upstreams.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::answer::{AdminError, json, text, typed};
use super::{Admin, AdminResult};

use crate::catalog::{ApiEntry, Catalog, Control, VersionEntry};
use crate::clock::Timestamp;
use crate::gateway::back::pool::{Pool, PoolMember, Unresolved};
use crate::gateway::config::snapshot::Snapshot;
use crate::gateway::state::Traffic;
use crate::names;
use crate::version::VersionId;

/// What it offers, for machines.
pub(super) const OPENAPI: &str = include_str!("../../../docs/admin.openapi.json");

pub(super) async fn metrics(State(admin): State<Arc<Admin>>) -> AdminResult {
    let Some(metrics) = &admin.metrics else {
        let detail = "this gateway has no metrics to render: the process that embeds it renders its own, or passes them in `Options::with_metrics`";
        return Err(AdminError::new(StatusCode::NOT_FOUND, detail));
    };
    // An extension ends by itself, so these are counted when they are asked for.
    for (act, count) in admin.store.acts.counts(admin.store.now()) {
        names::acts(act).set(count as f64);
    }
    for api in admin.current.catalog().apis() {
        for version in &api.versions {
            if let Some(last) = admin.store.traffic.last(&api.name, &version.text) {
                names::version_last_used(&api.name, &version.text).set(last.as_secs() as f64);
            }
        }
    }
    let text = metrics.scrape().await;
    Ok(typed(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text))
}

pub(super) async fn health() -> Response {
    text(StatusCode::OK, "ok\n")
}

pub(super) async fn ready(State(admin): State<Arc<Admin>>) -> Response {
    match admin.unready() {
        Some(why) => text(StatusCode::SERVICE_UNAVAILABLE, why),
        None => {
            // What does not work, but does not keep it from serving, is a second line.
            let detail = admin.store.detail().map_or_else(String::new, |detail| format!("{detail}\n"));
            typed(StatusCode::OK, "text/plain; charset=utf-8", format!("ready\n{detail}"))
        }
    }
}

pub(super) async fn openapi() -> Response {
    typed(StatusCode::OK, "application/json", OPENAPI.to_owned())
}

/// Every api with its versions.
pub(super) async fn versions(State(admin): State<Arc<Admin>>) -> Response {
    let (catalog, now) = (admin.current.catalog(), admin.store.now());
    let standing = Standings { catalog: &catalog, control: &admin.control, traffic: &admin.store.traffic, now };
    let apis: Vec<Value> = catalog.apis().iter().map(|api| standing.api(api)).collect();
    json(StatusCode::OK, &json!({ "apis": apis }))
}

/// Every upstream with its instances.
pub(super) async fn upstreams(State(admin): State<Arc<Admin>>) -> Response {
    json(StatusCode::OK, &upstreams_json(&admin.current.load()))
}

pub(super) fn upstreams_json(snapshot: &Snapshot) -> Value {
    let upstreams: Vec<Value> = snapshot.pools.values().map(|pool| pool_json(pool, &snapshot.catalog)).collect();
    json!({ "upstreams": upstreams })
}

pub(super) async fn audit(State(admin): State<Arc<Admin>>) -> Response {
    json(StatusCode::OK, &json!({ "acts": admin.store.audit.recent() }))
}

/// What the standing of versions is read from.
struct Standings<'s> {
    catalog: &'s Catalog,
    control: &'s Control,
    traffic: &'s Traffic,
    now: Timestamp,
}

// === impl Standings ===

impl Standings<'_> {
    fn api(&self, api: &ApiEntry) -> Value {
        let versions: Vec<Value> = api.versions.iter().map(|version| self.version(api, version)).collect();
        json!({
            "name": &*api.name,
            "base_path": &*api.base_path,
            "paused": api.pause || self.control.brownouts_paused(&api.name),
            "versions": versions,
        })
    }

    fn version(&self, api: &ApiEntry, version: &VersionEntry) -> Value {
        let life = &version.life;
        let date = |date: Option<Timestamp>| date.map(|date| date.to_string());
        let held = self.control.sunset_held(&api.name, &version.text);
        json!({
            "name": &*version.text,
            "phase": self.catalog.standing(api, version, self.now).as_str(),
            "released": date(version.released),
            "deprecated": date(life.deprecated),
            "closed": date(life.closed),
            "sunset": date(life.sunset),
            "docs": version.docs,
            "held": held || life.held,
            "last_used": date(self.traffic.last(&api.name, &version.text)),
            "extensions": self.extensions(api, version),
        })
    }

    /// Those of the config, and those that were given since: of both for one consumer, the later.
    fn extensions(&self, api: &ApiEntry, version: &VersionEntry) -> Map<String, Value> {
        let configured = api.extensions.iter().filter(|extension| extension.version == version.id);
        let mut all: std::collections::BTreeMap<String, Timestamp> =
            configured.map(|extension| (extension.consumer.to_string(), extension.until)).collect();
        for (consumer, until) in self.control.extensions(&api.name, &version.text) {
            let known = all.entry(consumer).or_insert(until);
            *known = until.max(*known);
        }
        all.into_iter().map(|(consumer, until)| (consumer, until.to_string().into())).collect()
    }
}

// === impl Admin ===

impl Admin {
    /// Why it should get no new clients.
    pub(super) fn unready(&self) -> Option<&'static str> {
        match () {
            () if self.draining.load(Ordering::Relaxed) => Some("draining\n"),
            () if !self.started.load(Ordering::Relaxed) => Some("starting\n"),
            () if !self.known.load(Ordering::Relaxed) => self.unknown(),
            () => None,
        }
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
}

fn pool_json(pool: &Pool, catalog: &Catalog) -> Value {
    let members = pool.members.iter().map(|member| member_json(member, catalog));
    let unresolved = pool.unresolved.iter().map(|instance| unresolved_json(instance, catalog));
    json!({ "name": &*pool.name, "instances": members.chain(unresolved).collect::<Vec<_>>() })
}

fn member_json(member: &PoolMember, catalog: &Catalog) -> Value {
    json!({
        "url": member.endpoint.name(),
        "address": member.endpoint.address().map(|address| address.to_string()),
        "weight": member.weight,
        "state": member.state(),
        "pending": member.endpoint.pending(),
        "speaks": speaks(&member.speaks, catalog),
        "learned": member.endpoint.learned().as_deref(),
    })
}

fn unresolved_json(instance: &Unresolved, catalog: &Catalog) -> Value {
    json!({
        "url": &*instance.name,
        "address": null,
        "weight": instance.weight,
        "state": "unresolved",
        "pending": 0,
        "speaks": speaks(&instance.speaks, catalog),
        "learned": null,
    })
}

fn speaks(speaks: &BTreeMap<String, VersionId>, catalog: &Catalog) -> Map<String, Value> {
    let texts = speaks.iter().filter_map(|(api, version)| {
        let version = &catalog.api(api)?.version(*version).text;
        Some((api.clone(), Value::from(&**version)))
    });
    texts.collect()
}
