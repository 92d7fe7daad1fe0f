//! What a new config would change, and what it would take from somebody.

use std::time::Duration;

use crate::catalog::{Catalog, VersionEntry};
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

/// Versions of `old` that have an end, and none in `new`, or that are not in it.
pub(super) fn endless<'c>(old: &'c Catalog, new: &Catalog) -> Vec<(&'c str, &'c str)> {
    let all = pairs(old).filter(|(api, version)| ends(old, api, version) && !ends(new, api, version));
    all.collect()
}

fn pairs(catalog: &Catalog) -> impl Iterator<Item = (&str, &str)> {
    catalog.apis().iter().flat_map(|api| api.versions.iter().map(|version| (&*api.name, &*version.text)))
}

fn ends(catalog: &Catalog, api: &str, version: &str) -> bool {
    let of = |version: &str, known: &VersionEntry| &*known.text == version && known.life.sunset.is_some();
    catalog.api(api).is_some_and(|api| api.versions.iter().any(|known| of(version, known)))
}

fn has(catalog: &Catalog, api: &str, version: &str) -> bool {
    catalog.api(api).is_some_and(|api| api.versions.iter().any(|known| &*known.text == version))
}

impl std::fmt::Display for InUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "version {} of {}, last requested at {}", self.version, self.api, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Api, Version};

    fn catalog(apis: &[(&str, &[&str])]) -> Catalog {
        let api = |(name, versions): &(&str, &[&str])| {
            let api = Api::new(*name).with_base_path(format!("/{name}")).with_version_path("/v{version}");
            versions.iter().fold(api, |api, version| api.with_version(Version::new(*version)))
        };
        Catalog::new(apis.iter().map(api)).unwrap_or_else(|found| panic!("{found}"))
    }

    #[test]
    fn what_is_in_use_is_what_was_asked_for_of_late() {
        const DAY: Duration = Duration::from_secs(86_400);
        let old = catalog(&[("shop", &["1", "2", "3"]), ("mail", &["1"])]);
        let traffic = r#"{"shop":{"1":"2026-01-01T00:00:00Z","2":"2026-01-09T00:00:00Z"},"mail":{"1":"2026-01-10"}}"#;
        let traffic = Traffic::of(traffic);
        let now = "2026-01-10".parse().expect("a date");
        let mail: (&'static str, &'static [&'static str]) = ("mail", &["1"]);
        /// The new versions, by api, for how long they are protected, and what is in use.
        type Row = (Vec<(&'static str, &'static [&'static str])>, Option<Duration>, &'static [&'static str]);
        let rows: [Row; 7] = [
            (vec![("shop", &["1", "2", "3"]), mail], Some(DAY * 7), &[]),
            (vec![("shop", &["2", "3"]), mail], Some(DAY * 7), &[]),
            (vec![("shop", &["2", "3"]), mail], Some(DAY * 30), &["shop 1"]),
            (vec![("shop", &["3"]), mail], Some(DAY * 7), &["shop 2"]),
            (vec![("shop", &["1", "2"]), mail], Some(DAY * 7), &[]),
            (vec![("store", &["1", "2", "3"])], Some(DAY * 7), &["shop 2", "mail 1"]),
            (vec![("shop", &["3"])], None, &[]),
        ];
        for (new, protect, expected) in rows {
            let found = in_use(&old, &catalog(&new), &traffic, protect, now);
            let found: Vec<String> = found.iter().map(|used| format!("{} {}", used.api, used.version)).collect();
            assert_eq!(found, expected, "{new:?} {protect:?}");
        }
    }
}
