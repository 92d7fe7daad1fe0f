//! What another catalog means for clients: every difference, and how severe it is for clients that were not notified.
//!
//! It compares what requests would get, and not the texts: a change that is written in another way and does the same is
//! no difference.

mod changes;
mod dates;
mod effects;
mod policy;
mod resolution;
mod routes;

use super::{ApiEntry, Catalog, HostPattern, OnUndeclared, VersionEntry};
use crate::clock::Timestamp;
use crate::path::PathCase;

/// How severe a [`Difference`] is for clients that were not notified; the most severe first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Class {
    /// A client may fail, or get another shape.
    Breaking,
    /// Clients should be notified.
    Notice,
    /// Clients need not know.
    Safe,
}

/// One difference between two catalogs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// How bad it is.
    pub class: Class,
    /// Its stable name, kebab-case.
    pub code: &'static str,
    /// The api that it is about; none if it is about what is behind the apis.
    pub api: Option<String>,
    /// The version that it is about.
    pub version: Option<String>,
    /// The route that it is about.
    pub route: Option<String>,
    /// What is different, with the old and the new value.
    pub message: String,
}

/// The differences from `old` to `new` at the time `now`: the breaking ones first, otherwise in the order of the
/// apis.
///
/// ```
/// use sunward::catalog::{Api, Catalog, Class, Version, diff};
/// use sunward::clock::Timestamp;
///
/// let api = |sunset: &str| {
///     let version = Version::new("1").with_deprecated("2026-01-01").with_sunset(sunset);
///     Catalog::at([Api::new("shop").with_version_header("V").with_version(version)], Timestamp::EPOCH)
/// };
/// let found = diff(&api("2027-01-01")?, &api("2026-06-01")?, Timestamp::EPOCH);
/// assert_eq!((found[0].class, found[0].code), (Class::Breaking, "sunset-earlier"));
/// assert_eq!(found[0].message, "version 1: the sunset moves from 2027-01-01 to 2026-06-01, earlier");
/// # Ok::<(), sunward::diagnostic::Diagnostics>(())
/// ```
#[must_use]
pub fn diff(old: &Catalog, new: &Catalog, now: Timestamp) -> Vec<Difference> {
    let mut list = Vec::new();
    for api in old.apis() {
        match new.api(&api.name) {
            Some(newer) => list.extend(Compare::new(api, newer, now).run()),
            None => {
                let message = format!("the api `{}` is removed", api.name);
                list.push(Difference {
                    api: Some(api.name.to_string()),
                    ..Difference::new(Class::Breaking, "api-removed", message)
                });
            }
        }
    }
    for api in new.apis().iter().filter(|api| old.api(&api.name).is_none()) {
        let message = format!("the api `{}` is added", api.name);
        list.push(Difference { api: Some(api.name.to_string()), ..Difference::new(Class::Safe, "api-added", message) });
    }
    list.sort_by_key(|found| found.class);
    list
}

/// One api in two catalogs.
struct Compare<'c> {
    old: &'c ApiEntry,
    new: &'c ApiEntry,
    now: Timestamp,
    list: Vec<Difference>,
}

// === impl Class ===

impl Class {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Notice => "notice",
            Self::Safe => "safe",
        }
    }

    /// The one if it holds, else the other.
    const fn breaking_if(holds: bool, other: Self) -> Self {
        if holds { Self::Breaking } else { other }
    }
}

// === impl Difference ===

impl Difference {
    pub(crate) fn new(class: Class, code: &'static str, message: String) -> Self {
        Self { class, code, api: None, version: None, route: None, message }
    }
}

// === impl Compare ===

impl<'c> Compare<'c> {
    fn new(old: &'c ApiEntry, new: &'c ApiEntry, now: Timestamp) -> Self {
        Self { old, new, now, list: Vec::new() }
    }

    fn run(mut self) -> Vec<Difference> {
        self.place();
        if self.old.scheme == self.new.scheme {
            self.resolution();
            self.versions();
            self.routes();
            self.changes();
        } else {
            // No version of the one is a version of the other.
            self.say(Class::Breaking, "scheme-changed", "versions are named by another scheme".to_owned());
        }
        self.service();
        self.list
    }

    fn say(&mut self, class: Class, code: &'static str, message: String) -> &mut Difference {
        let api = Some(self.new.name.to_string());
        let at = self.list.len();
        self.list.push(Difference { api, ..Difference::new(class, code, message) });
        &mut self.list[at]
    }

    fn place(&mut self) {
        let (old, new) = (self.old, self.new);
        if old.base_path != new.base_path {
            let message = format!("the base path is {}, not {}", path(&new.base_path), path(&old.base_path));
            self.say(Class::Breaking, "base-path-changed", message);
        }
        if old.hosts != new.hosts {
            let message = format!("the host is {}, not {}", hosts(&new.hosts), hosts(&old.hosts));
            let kept = |host: &HostPattern| new.hosts.iter().any(|new| new == host || new.matches(&host.to_string()));
            let lost = !new.hosts.is_empty() && (old.hosts.is_empty() || !old.hosts.iter().all(kept));
            self.say(Class::breaking_if(lost, Class::Safe), "host-changed", message);
        }
        if old.path_case != new.path_case {
            let strict = new.path_case == PathCase::Sensitive;
            let message = format!("letter case of paths {}", if strict { "counts" } else { "no longer counts" });
            self.say(Class::breaking_if(strict, Class::Safe), "path-case-changed", message);
        }
        if old.undeclared != new.undeclared {
            let refuse = new.undeclared == OnUndeclared::Refuse;
            let message = format!("what no route names {}", if refuse { "is refused" } else { "passes" });
            self.say(Class::breaking_if(refuse, Class::Safe), "undeclared-changed", message);
        }
    }

    /// What clients see only if something else goes wrong.
    fn service(&mut self) {
        let (old, new) = (self.old, self.new);
        let speaks = |api: &ApiEntry| api.version(api.speaks).text.to_string();
        if speaks(old) != speaks(new) {
            let message = format!("the service behind speaks {}, not {}", speaks(new), speaks(old));
            self.say(Class::Safe, "speaks-changed", message);
        }
        if old.forward_as != new.forward_as {
            let message =
                format!("the service behind knows it by {}, not {}", path(&new.forward_as), path(&old.forward_as));
            self.say(Class::Safe, "forward-as-changed", message);
        }
        if old.upstream != new.upstream {
            self.say(Class::Safe, "upstream-changed", became("the upstream", &old.upstream, &new.upstream));
        }
        if old.clamp_freshness != new.clamp_freshness {
            let message = format!(
                "cache lifetimes are {} cut at the end of a version",
                if new.clamp_freshness { "now" } else { "no longer" }
            );
            self.say(Class::Safe, "clamp-freshness-changed", message);
        }
        if old.docs != new.docs || old.problem_types != new.problem_types {
            self.say(Class::Safe, "docs-changed", "links in refusals lead elsewhere".to_owned());
        }
    }

    /// The versions that both have, oldest first.
    fn common(&self) -> Vec<(&'c VersionEntry, &'c VersionEntry)> {
        let (old, new) = (self.old, self.new);
        old.versions.iter().filter_map(|version| Some((version, new.named(&version.name)?))).collect()
    }
}

/// An old value that became a new one.
fn became(what: &str, old: &Option<impl AsRef<str>>, new: &Option<impl AsRef<str>>) -> String {
    match (old, new) {
        (Some(old), Some(new)) => format!("{what} is `{}`, not `{}`", new.as_ref(), old.as_ref()),
        (None, Some(new)) => format!("{what} is `{}`", new.as_ref()),
        (Some(old), None) => format!("{what} is no longer `{}`", old.as_ref()),
        (None, None) => String::new(),
    }
}

fn hosts(hosts: &[HostPattern]) -> String {
    match hosts {
        [] => "any".to_owned(),
        hosts => hosts.iter().map(|host| format!("`{host}`")).collect::<Vec<_>>().join(", "),
    }
}

fn path(path: &str) -> String {
    if path.is_empty() { "the root".to_owned() } else { format!("`{path}`") }
}

/// A date, without the time if that is midnight.
fn day(at: Timestamp) -> String {
    let text = at.to_string();
    text.strip_suffix("T00:00:00Z").unwrap_or(&text).to_owned()
}
