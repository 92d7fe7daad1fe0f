//! What another file means for clients: the apis' differences, and those of the services behind them.

use std::collections::{BTreeMap, BTreeSet};

use super::load::Loaded;
use crate::catalog::{self, Class, Difference};
use crate::clock::Timestamp;
use crate::gateway::back::pool::LoadedUpstream;
use crate::version::VersionId;

/// The differences from `old` to `new` at the time `now`, the breaking ones first. Variables are shown by name, as in the
/// file.
#[must_use]
pub fn diff(old: &Loaded, new: &Loaded, now: Timestamp) -> Vec<Difference> {
    let mut list = catalog::diff(&old.catalog, &new.catalog, now);
    let names: BTreeSet<&str> = old.services.iter().chain(&new.services).map(|service| service.name()).collect();
    for name in names {
        let of = |loaded: &Loaded| -> Option<Vec<View>> {
            loaded.services.iter().find(|service| service.name() == name).map(|service| views(loaded, service))
        };
        match (of(old), of(new)) {
            (None, _) => list.push(safe("upstream-added", format!("the upstream `{name}` is added"))),
            (_, None) => list.push(safe("upstream-removed", format!("the upstream `{name}` is removed"))),
            (Some(old), Some(new)) => instances(name, &old, &new, &mut list),
        }
    }
    for found in &mut list {
        found.message = new.warnings.mask(&old.warnings.mask(&found.message));
    }
    list.sort_by_key(|found| found.class);
    list
}

/// What is compared of an instance.
#[derive(PartialEq)]
struct View {
    url: String,
    weight: u32,
    /// What it speaks, by api.
    speaks: Vec<(String, String)>,
}

fn views(loaded: &Loaded, service: &LoadedUpstream) -> Vec<View> {
    let named = |speaks: &BTreeMap<String, VersionId>| {
        let named = speaks.iter().filter_map(|(name, id)| {
            let api = loaded.catalog.api(name)?;
            Some((name.clone(), api.version(*id).text.to_string()))
        });
        named.collect()
    };
    let instances = service.spec.instances.iter().zip(&service.speaks);
    let view = instances.map(|(instance, speaks)| View {
        url: instance.name(),
        weight: instance.weight,
        speaks: named(speaks),
    });
    view.collect()
}

fn instances(name: &str, old: &[View], new: &[View], list: &mut Vec<Difference>) {
    let serves = |views: &[View]| views.iter().any(|view| view.weight > 0);
    if serves(old) && !serves(new) {
        let message = format!("the upstream `{name}` has no instance left with a weight");
        list.push(Difference::new(Class::Breaking, "upstream-empty", message));
    }
    for view in old.iter().filter(|view| new.iter().all(|other| other.url != view.url)) {
        let message = format!("the upstream `{name}` loses the instance `{}`", view.url);
        list.push(safe("instance-removed", message));
    }
    for view in new {
        let Some(older) = old.iter().find(|other| other.url == view.url) else {
            let message = format!("the upstream `{name}` gains the instance `{}`{}", view.url, speaks(view));
            list.push(safe("instance-added", message));
            continue;
        };
        if older.speaks != view.speaks {
            let said = if view.speaks.is_empty() { ", has no `speaks` any more".to_owned() } else { speaks(view) };
            let message = format!("the instance `{}` of the upstream `{name}`{said}", view.url);
            list.push(safe("instance-speaks-changed", message));
        }
        if older.weight != view.weight {
            let (from, to) = (older.weight, view.weight);
            let message = format!("the instance `{}` of the upstream `{name}` has weight {to}, not {from}", view.url);
            list.push(safe("instance-weight-changed", message));
        }
    }
}

fn safe(code: &'static str, message: String) -> Difference {
    Difference::new(Class::Safe, code, message)
}

fn speaks(view: &View) -> String {
    let all: Vec<String> = view.speaks.iter().map(|(api, version)| format!("{api} {version}")).collect();
    if all.is_empty() { String::new() } else { format!(", which speaks {}", all.join(", ")) }
}
