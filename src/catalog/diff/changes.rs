//! Changes that are others than before.

use std::collections::{BTreeMap, BTreeSet};

use super::effects::{ChangeEffect, Changes};
use super::{Class, Compare};
use crate::catalog::{ApiEntry, RouteEntry, VersionEntry};
use crate::change::{BodyChain, StatusLink};
use crate::diagnostic::quoted;
use crate::version::{VersionId, VersionName};

/// So many places are named.
const SHOWN: usize = 3;

// === impl Compare ===

impl Compare<'_> {
    pub(super) fn changes(&mut self) {
        let (old, new) = (Changes::of(self.old), Changes::of(self.new));
        let mut places = Vec::new();
        for change in &old.list {
            match new.find(change).or_else(|| new.reworded(change, &old)) {
                None => {
                    let class = Class::breaking_if(self.serves_older(change.version) && change.acts(), Class::Safe);
                    self.change(change, class, "change-removed", "is removed");
                }
                Some(at) => {
                    let newer = &new.list[at];
                    places.push(at);
                    if newer.effect != change.effect {
                        self.altered(change, newer);
                    }
                    if newer.summary != change.summary {
                        self.change(newer, Class::Safe, "change-reworded", "says the same in other words");
                    }
                }
            }
        }
        if !places.is_sorted() {
            let message = "changes run in another order".to_owned();
            self.say(Class::Breaking, "changes-reordered", message);
        }
        for change in new.list.iter().enumerate().filter(|(at, _)| !places.contains(at)).map(|(_, change)| change) {
            let is_out = |version: &VersionEntry| version.released.is_none_or(|at| at <= self.now);
            let known = self.old.named(change.version).is_some_and(is_out);
            let class = Class::breaking_if(known && change.is_seen(), Class::Safe);
            self.change(change, class, "change-added", "is added");
        }
        self.beside();
        self.links();
        self.statuses();
    }

    fn change(&mut self, change: &ChangeEffect<'_>, class: Class, code: &'static str, what: &str) {
        let message = format!("version {}: the change {} {what}", change.version, quoted(change.summary));
        self.say(class, code, message).version = Some(change.version.to_string());
    }

    fn altered(&mut self, old: &ChangeEffect<'_>, new: &ChangeEffect<'_>) {
        let (class, code, what) = match old.strictness(new) {
            Some(true) => (Class::Breaking, "strict-on", "is strict now: what it adds is taken from older clients"),
            Some(false) => (Class::Safe, "strict-off", "is no longer strict: older clients are given what it adds"),
            None => (Class::Breaking, "change-altered", "does something else"),
        };
        let class = if self.serves_older(new.version) { class } else { Class::Safe };
        let gone = old.effect.iter().filter(|(place, _)| !new.effect.contains_key(*place));
        let other = new.effect.iter().filter(|(place, steps)| old.effect.get(*place) != Some(*steps));
        let places: Vec<&str> = gone.chain(other).map(|(_, steps)| steps.place.as_str()).collect();
        self.change(new, class, code, &format!("{what}, at {}", shown(&places)));
    }

    /// Whether there still is a version before this one.
    fn serves_older(&self, version: &VersionName) -> bool {
        // A version that is gone has its place in the old list only.
        let list = if self.new.named(version).is_some() { self.new } else { self.old };
        let mut older = list.versions.iter().take_while(|older| older.name != *version);
        older.any(|older| self.new.named(&older.name).is_some())
    }

    /// What new clients are given beside, while old versions live.
    fn beside(&mut self) {
        for (older, newer) in self.common() {
            let before = beside(self.old, older.id);
            let after = beside(self.new, newer.id);
            let lost = before.iter().any(|(place, steps)| {
                let now = after.get(place).map(Vec::as_slice).unwrap_or_default();
                steps.iter().any(|step| !now.contains(step))
            });
            if before != after {
                let what = if lost { "no longer gets" } else { "is given" };
                let message = format!("version {} {what} members under a second name", newer.text);
                let class = Class::breaking_if(lost, Class::Safe);
                self.say(class, "expand-changed", message).version = Some(newer.text.to_string());
            }
        }
    }

    /// Where older clients get links in their own spelling.
    fn links(&mut self) {
        let mut sets = [BTreeSet::new(), BTreeSet::new()];
        for (older, newer) in self.common() {
            sets[0].extend(links(self.old, older.id));
            sets[1].extend(links(self.new, newer.id));
        }
        let [before, after] = &sets;
        for (places, class, what) in [
            (before.difference(after), Class::Breaking, "no longer translated"),
            (after.difference(before), Class::Notice, "now translated"),
        ] {
            let places: Vec<&str> = places.map(String::as_str).collect();
            if !places.is_empty() {
                self.say(class, "links-changed", format!("links are {what} at {}", shown(&places)));
            }
        }
    }

    fn statuses(&mut self) {
        let links = |api: &ApiEntry| -> Vec<(String, String, String)> {
            let of = |route: &RouteEntry| {
                let name = route.history.name.to_string();
                let link = |link: &StatusLink| (name.clone(), api.version(link.version).text.to_string(), pair(link));
                route.history.statuses.iter().map(link).collect::<Vec<_>>()
            };
            api.routes.iter().filter(|route| route.history.branch_of.is_none()).flat_map(of).collect()
        };
        let (old, new) = (links(self.old), links(self.new));
        let lost = old.iter().filter(|link| !new.contains(link)).map(|link| (link, "is no longer exchanged"));
        let gained = new.iter().filter(|link| !old.contains(link)).map(|link| (link, "is exchanged"));
        for ((route, version, pair), what) in lost.chain(gained).collect::<Vec<_>>() {
            let known = [self.old, self.new].map(|api| api.lookup(version)).iter().all(Option::is_some);
            let older = self.new.lookup(version).is_none_or(|id| id.index() > 0);
            let message = format!("version {version}: {pair} {what} on `{route}`");
            let found = self.say(Class::breaking_if(known && older, Class::Safe), "status-changed", message);
            (found.version, found.route) = (Some(version.clone()), Some(route.clone()));
        }
    }
}

fn pair(link: &StatusLink) -> String {
    let when = link.when.as_ref().map(|when| format!(" (where {when})"));
    format!("{} → {}{}", link.old, link.new, when.unwrap_or_default())
}

fn shown(places: &[&str]) -> String {
    let shown = places[..places.len().min(SHOWN)].join(", ");
    match places.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The places of links in a version.
fn links(api: &ApiEntry, version: VersionId) -> Vec<String> {
    let in_body = |message: String, chain: &BodyChain| {
        let places: Vec<String> = chain.link_places(version).map(|at| format!("{message} {at}")).collect();
        places
    };
    let of_route = |route: &RouteEntry| {
        let name = &route.history.name;
        let responses = route.history.responses.iter();
        let responses = responses.flat_map(|(status, chain)| in_body(format!("{name} -> {status}"), chain));
        in_body(format!("{name} <-"), &route.history.request).into_iter().chain(responses).collect::<Vec<_>>()
    };
    api.routes.iter().flat_map(of_route).collect()
}

fn beside(api: &ApiEntry, version: VersionId) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for route in &api.routes {
        for (status, chain) in &route.history.responses {
            let steps: Vec<String> = chain.between(version, version).steps().map(|step| format!("{step:?}")).collect();
            if !steps.is_empty() {
                all.insert(format!("{} -> {}", route.history.name, status), steps);
            }
        }
    }
    all
}
