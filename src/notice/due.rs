//! Which notices are due.

use std::collections::BTreeSet;
use std::time::Duration;

use super::facts::{Facts, VersionUse};
use super::message::{DueNotice, NoticeAddress};
use crate::catalog::{ApiEntry, Catalog, ConsumerRole, VersionEntry, Window};
use crate::clock::Timestamp;
use crate::config::{NoticeDate, NoticeSpec, NoticeTo};
use crate::usage::{ChangeSum, ConsumerKey, NoticeKey, UsageSum};

/// What has to be known to tell which notices are due.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NoticeQuestion<'a> {
    /// The APIs, with what operators did: holds, pauses, extensions.
    pub catalog: &'a Catalog,
    /// The notices of the config.
    pub specs: &'a [NoticeSpec],
    /// The use of all versions within the time after which a consumer counts as quiet.
    pub sums: &'a [UsageSum],
    /// The use within the last 7 days.
    pub week: &'a [UsageSum],
    /// The changes that altered something within the last 7 days.
    pub changes: &'a [ChangeSum],
    /// What was claimed before.
    pub known: &'a BTreeSet<NoticeKey>,
    /// The time.
    pub now: Timestamp,
}

/// One date of one version, of which notices may be due.
struct NoticeDay<'a> {
    spec: &'a NoticeSpec,
    api: &'a ApiEntry,
    version: &'a VersionEntry,
    at: Timestamp,
    /// Of a brownout.
    window: Option<&'a Window>,
}

/// For so long after a date is it still told that it came.
const AFTERWARDS: Duration = Duration::from_secs(7 * 86_400);
const DAY: i64 = 86_400;

// === impl NoticeQuestion ===

impl<'a> NoticeQuestion<'a> {
    /// A question: see the fields. Nothing is known to have been claimed before.
    #[must_use]
    pub const fn new(catalog: &'a Catalog, specs: &'a [NoticeSpec], sums: &'a [UsageSum], now: Timestamp) -> Self {
        const NONE: &BTreeSet<NoticeKey> = &BTreeSet::new();
        Self { catalog, specs, sums, week: &[], changes: &[], known: NONE, now }
    }

    /// With what the last week was like.
    #[must_use]
    pub const fn with_week(mut self, week: &'a [UsageSum], changes: &'a [ChangeSum]) -> Self {
        (self.week, self.changes) = (week, changes);
        self
    }

    /// With what was claimed before.
    #[must_use]
    pub const fn with_known(mut self, known: &'a BTreeSet<NoticeKey>) -> Self {
        self.known = known;
        self
    }

    /// The notices that are due and were not claimed before, in the order of the config. Of several distances that have passed, only
    /// the one closest to the date is due, so that a gateway which starts late sends one notice and not four. A consumer gets none if
    /// it did not use the version, if a brownout spares it, or if its sunset is held; its extension is its sunset.
    #[must_use]
    pub fn due(&self) -> Vec<DueNotice> {
        let mut due = Vec::new();
        for spec in self.specs {
            for api in self.catalog.apis().iter().filter(|api| names(&spec.apis, api.name())) {
                for version in api.versions().iter().filter(|version| names(&spec.versions, version.name())) {
                    for (at, window) in self.dates(spec.about, api, version) {
                        self.of_day(&NoticeDay { spec, api, version, at, window }, &mut due);
                    }
                }
            }
        }
        due.retain(|notice| !self.known.contains(&notice.key));
        due
    }

    fn dates(
        &self,
        about: NoticeDate,
        api: &ApiEntry,
        version: &'a VersionEntry,
    ) -> Vec<(Timestamp, Option<&'a Window>)> {
        let control = self.catalog.control();
        let one = |date: Option<Timestamp>| date.map(|at| (at, None)).into_iter().collect();
        match about {
            NoticeDate::Deprecated => one(version.deprecated()),
            // What is only counted in a dry run does not happen.
            NoticeDate::Closed | NoticeDate::Sunset | NoticeDate::Brownout | NoticeDate::BrownoutEnd
                if api.is_dry_run() =>
            {
                Vec::new()
            }
            NoticeDate::Closed => one(version.closed()),
            NoticeDate::Sunset if version.is_held() || control.sunset_held(api.name(), version.name()) => Vec::new(),
            NoticeDate::Sunset => one(version.sunset()),
            NoticeDate::Week => one(self.week_of(api, version)),
            NoticeDate::Brownout | NoticeDate::BrownoutEnd
                if api.is_paused() || control.brownouts_paused(api.name()) =>
            {
                Vec::new()
            }
            NoticeDate::Brownout => {
                let real = version.brownouts().iter().filter(|window| !window.dry_run);
                real.map(|window| (window.from, Some(window))).collect()
            }
            NoticeDate::BrownoutEnd => {
                let real = version.brownouts().iter().filter(|window| !window.dry_run);
                real.map(|window| (window.until, Some(window))).collect()
            }
        }
    }

    /// The Monday of this week, if the version is deprecated and served.
    fn week_of(&self, api: &ApiEntry, version: &VersionEntry) -> Option<Timestamp> {
        let deprecated = version.deprecated().is_some_and(|deprecated| deprecated <= self.now);
        let served = api.is_live(version.id(), self.now);
        // 1970 began on a Thursday.
        let days = self.now.as_secs().div_euclid(DAY);
        let monday = days - (days + 3).rem_euclid(7);
        (deprecated && served).then(|| Timestamp::from_secs(monday * DAY)).flatten()
    }

    fn of_day(&self, day: &NoticeDay<'_>, due: &mut Vec<DueNotice>) {
        let used = VersionUse::new((self.sums, self.week, self.changes), day.api.name(), day.version.name());
        let users = self.users(&used);
        for to in &day.spec.to {
            let (recipient, address) = match to {
                NoticeTo::Consumers => {
                    due.extend(users.iter().filter_map(|user| self.of_consumer(day, &used, user)));
                    continue;
                }
                NoticeTo::Chat => ("chat".to_owned(), NoticeAddress::Chat),
                NoticeTo::Contact(contact) => {
                    let address = NoticeAddress::from(contact);
                    (format!("contact {address}"), address)
                }
            };
            let Some(distance) = self.distance(&day.spec.at, day.at) else { continue };
            let facts = self.facts(day, &used, day.at).of_all(&users);
            due.push(DueNotice { key: day.key(day.at, distance, recipient), address: Some(address), facts });
        }
    }

    fn of_consumer(&self, day: &NoticeDay<'_>, used: &VersionUse<'_>, user: &str) -> Option<DueNotice> {
        let extended = self.catalog.extension(day.api, day.version.id(), Some(user));
        let at = match day.spec.about {
            NoticeDate::Sunset => extended.map_or(day.at, |until| until.max(day.at)),
            // It stays known, and is not refused as a new consumer.
            NoticeDate::Closed => return None,
            _ => day.at,
        };
        if day.window.is_some_and(|window| !concerns(window, user)) {
            return None;
        }
        let distance = self.distance(&day.spec.at, at)?;
        let register = self.catalog.register();
        let contact = register.get(user).and_then(|entry| entry.contact.as_ref());
        Some(DueNotice {
            key: day.key(at, distance, format!("consumer {user}")),
            address: contact.map(NoticeAddress::from),
            facts: self.facts(day, used, at).of_consumer(user),
        })
    }

    /// The distance that was passed last, if it is not too late to say so.
    fn distance(&self, distances: &[i64], at: Timestamp) -> Option<i64> {
        let passed = |distance: &&i64| at.as_secs().saturating_add(**distance) <= self.now.as_secs();
        let distance = *distances.iter().rev().find(passed)?;
        let last = match distance {
            before if before < 0 => at,
            after => after_date(at, after).saturating_add(AFTERWARDS),
        };
        (self.now < last).then_some(distance)
    }

    fn facts<'q>(&self, day: &'q NoticeDay<'_>, used: &'q VersionUse<'q>, at: Timestamp) -> Facts<'q> {
        Facts { used, api: day.api, version: day.version, about: day.spec.about, at, now: self.now }
    }

    /// The clients with a name that use the version, by name.
    fn users<'u>(&self, used: &VersionUse<'u>) -> Vec<&'u str> {
        let register = self.catalog.register();
        let is_client = |name: &str| register.get(name).is_none_or(|entry| entry.role == ConsumerRole::Client);
        let nameless = [ConsumerKey::Anonymous, ConsumerKey::Other];
        let is_named = |name: &str| nameless.iter().all(|key| key.as_str() != name);
        used.last_seen.keys().copied().filter(|name| is_named(name) && is_client(name)).collect()
    }
}

// === impl NoticeDay ===

impl NoticeDay<'_> {
    fn key(&self, at: Timestamp, distance: i64, recipient: String) -> NoticeKey {
        let names = [&*self.spec.name.value, self.api.name(), self.version.name()];
        NoticeKey::new(names, format!("{} {at}", self.spec.about.as_str()), distance, recipient)
    }
}

/// Whether a consumer may be hit.
fn concerns(window: &Window, consumer: &str) -> bool {
    let names = |list: &[Box<str>]| list.iter().any(|name| **name == *consumer);
    (window.consumers.is_empty() || names(&window.consumers)) && !names(&window.exempt)
}

fn after_date(at: Timestamp, distance: i64) -> Timestamp {
    at.saturating_add(Duration::from_secs(distance.unsigned_abs()))
}

/// Whether a list names it; an empty one names all.
fn names(list: &[crate::diagnostic::Spanned<String>], name: &str) -> bool {
    list.is_empty() || list.iter().any(|wanted| wanted.value == name)
}
