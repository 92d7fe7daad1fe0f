//! The current state of versions and upstreams.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::catalog::{ApiEntry, Catalog, Control, VersionEntry};
use crate::clock::Timestamp;
use crate::gateway::back::pool::{Pool, PoolMember, Unresolved};
use crate::gateway::config::snapshot::Snapshot;
use crate::gateway::state::Traffic;
use crate::version::VersionId;

/// Every api with its versions.
pub(super) fn versions(catalog: &Catalog, control: &Control, traffic: &Traffic, now: Timestamp) -> Value {
    let standing = Standings { catalog, control, traffic, now };
    let apis: Vec<Value> = catalog.apis().iter().map(|api| standing.api(api)).collect();
    json!({ "apis": apis })
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

/// Every upstream with its instances.
pub(super) fn upstreams(snapshot: &Snapshot) -> Value {
    let upstreams: Vec<Value> = snapshot.pools.values().map(|pool| pool_json(pool, &snapshot.catalog)).collect();
    json!({ "upstreams": upstreams })
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
