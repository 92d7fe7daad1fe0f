//! What a new config would change, and what it would take from somebody.

use std::time::Duration;

use crate::catalog::Catalog;
use crate::clock::Timestamp;
use crate::gateway::state::Traffic;

/// A version that a new config does not have, though it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::gateway) struct InUse {
    pub(in crate::gateway) api: String,
    pub(in crate::gateway) version: String,
    pub(in crate::gateway) last: Timestamp,
}

/// What is in `old` and not in `new`, though it was asked for within `protect`; nothing without it.
pub(in crate::gateway) fn in_use(
    old: &Catalog,
    new: &Catalog,
    traffic: &Traffic,
    protect: Option<Duration>,
    now: Timestamp,
) -> Vec<InUse> {
    let Some(protect) = protect else { return Vec::new() };
    let protect = i64::try_from(protect.as_secs()).unwrap_or(i64::MAX);
    let dropped = pairs(old).filter(|(api, version)| !has(new, api, version));
    let used = dropped.filter_map(|(api, version)| {
        let last = traffic.last(api, version)?;
        let recent = last.as_secs().saturating_add(protect) > now.as_secs();
        recent.then(|| InUse { api: api.to_owned(), version: version.to_owned(), last })
    });
    used.collect()
}

/// What is another, a line each.
pub(in crate::gateway) fn changes(old: &Catalog, new: &Catalog) -> Vec<String> {
    let gone = pairs(old).filter(|(api, version)| !has(new, api, version));
    let fresh = pairs(new).filter(|(api, version)| !has(old, api, version));
    let gone = gone.map(|(api, version)| format!("version {version} of {api} is removed"));
    gone.chain(fresh.map(|(api, version)| format!("version {version} of {api} is added"))).collect()
}

fn pairs(catalog: &Catalog) -> impl Iterator<Item = (&str, &str)> {
    catalog.apis().iter().flat_map(|api| api.versions.iter().map(|version| (&*api.name, &*version.text)))
}

fn has(catalog: &Catalog, api: &str, version: &str) -> bool {
    catalog.api(api).is_some_and(|api| api.versions.iter().any(|known| &*known.text == version))
}

impl std::fmt::Display for InUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "version {} of {}, last asked for at {}", self.version, self.api, self.last)
    }
}
