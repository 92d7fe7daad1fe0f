//! What a notice says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::catalog::{ApiEntry, VersionEntry};
use crate::clock::Timestamp;
use crate::config::NoticeDate;
use crate::usage::{ChangeSum, UsageSum};

/// How a version was used, by consumer.
#[derive(Debug, Default)]
pub(super) struct VersionUse<'a> {
    /// Within the time after which a consumer counts as quiet: the last request.
    pub(super) last_seen: BTreeMap<&'a str, Timestamp>,
    /// Within the last 7 days.
    week: BTreeMap<&'a str, Vec<&'a UsageSum>>,
    /// The changes that altered something within the last 7 days.
    changes: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

/// The requests within the time after which a consumer counts as quiet, those of the last 7 days, and the changes that altered
/// them.
type RequestsSoFar<'a> = (&'a [UsageSum], &'a [UsageSum], &'a [ChangeSum]);

/// What the facts of a notice are taken from.
pub(super) struct Facts<'q> {
    pub(super) used: &'q VersionUse<'q>,
    pub(super) api: &'q ApiEntry,
    pub(super) version: &'q VersionEntry,
    pub(super) about: NoticeDate,
    /// The date as the recipient has it.
    pub(super) at: Timestamp,
    pub(super) now: Timestamp,
}

/// So many routes, changes and consumers are named at most.
const NAMED: usize = 20;

// === impl VersionUse ===

impl<'a> VersionUse<'a> {
    pub(super) fn new((sums, week, changes): RequestsSoFar<'a>, api: &str, version: &str) -> Self {
        let mut used = Self::default();
        let own = |sum: &&&UsageSum| sum.route.api() == api && sum.route.version() == version;
        for sum in sums.iter().filter(|sum| own(&sum)) {
            let last = used.last_seen.entry(sum.consumer.as_str()).or_insert(sum.last_seen);
            *last = sum.last_seen.max(*last);
        }
        for sum in week.iter().filter(|sum| own(&sum)) {
            used.week.entry(sum.consumer.as_str()).or_default().push(sum);
        }
        for sum in changes.iter().filter(|sum| sum.api == api && sum.version == version) {
            used.changes.entry(sum.consumer.as_str()).or_default().insert(sum.change.summary());
        }
        used
    }

    fn requests(&self, name: &str) -> u64 {
        self.week.get(name).into_iter().flatten().map(|sum| sum.requests()).sum()
    }
}

// === impl Facts ===

impl Facts<'_> {
    /// Of a notice to a consumer that uses the version.
    pub(super) fn of_consumer(&self, name: &str) -> Value {
        let mut routes: BTreeMap<String, u64> = BTreeMap::new();
        for sum in self.used.week.get(name).into_iter().flatten() {
            *routes.entry(format!("{} {}", sum.route.method(), sum.route.template())).or_default() += sum.requests();
        }
        let line = |(route, requests)| json!({ "route": route, "requests": requests });
        let changes = self.used.changes.get(name).into_iter().flatten();
        let mut facts = self.common();
        facts["consumer"] = name.into();
        facts["requests"] = self.used.requests(name).into();
        facts["last_seen"] = self.used.last_seen.get(name).map(ToString::to_string).into();
        facts["routes"] = named(routes.into_iter().map(line));
        facts["changes"] = named(changes.map(|summary| (*summary).into()));
        facts
    }

    /// Of a notice about everybody who uses it.
    pub(super) fn of_all(&self, users: &[&str]) -> Value {
        let mut consumers: Vec<(&str, u64)> = users.iter().map(|name| (*name, self.used.requests(name))).collect();
        consumers.sort_by_key(|(_, requests)| std::cmp::Reverse(*requests));
        let mut facts = self.common();
        facts["requests"] = self.used.week.values().flatten().map(|sum| sum.requests()).sum::<u64>().into();
        facts["users"] = users.len().into();
        facts["consumers"] =
            named(consumers.into_iter().map(|(name, requests)| json!({ "consumer": name, "requests": requests })));
        facts
    }

    fn common(&self) -> Value {
        let (api, version, now) = (self.api, self.version, self.now);
        let next = api.versions().iter().skip(version.id().index() + 1).find(|next| api.is_live(next.id(), now));
        json!({
            "api": api.name(),
            "version": version.name(),
            "about": self.about.as_str(),
            "at": self.at.to_string(),
            "day": self.at.to_string().get(..10),
            "days": (self.at.as_secs() - now.as_secs()).div_euclid(86_400),
            "what": self.what(),
            "successor": next.map(VersionEntry::name),
            "docs": version.docs().or(api.docs.as_deref()),
        })
    }

    fn what(&self) -> String {
        let text = self.at.to_string();
        let day = text.get(..10).unwrap_or_default();
        let (is_past, is_today) = (self.at <= self.now, Some(day) == self.now.to_string().get(..10));
        match (self.about, is_past) {
            (NoticeDate::Sunset, true) => format!("ended on {day}"),
            (NoticeDate::Sunset, false) if is_today => format!("ends today, on {day}"),
            (NoticeDate::Sunset, false) => format!("ends on {day}"),
            (NoticeDate::Deprecated, true) => format!("has been deprecated since {day}"),
            (NoticeDate::Deprecated, false) => format!("will be deprecated on {day}"),
            (NoticeDate::Closed, true) => format!("has taken no new consumers since {day}"),
            (NoticeDate::Closed, false) => format!("takes no new consumers from {day} on"),
            (NoticeDate::Week, _) => match self.version.sunset() {
                Some(sunset) => {
                    format!("is still used, and ends on {}", sunset.to_string().get(..10).unwrap_or_default())
                }
                None => "is deprecated, and still used".to_owned(),
            },
            (NoticeDate::BrownoutEnd, true) => format!("is served again: the test ended on {text}"),
            (NoticeDate::BrownoutEnd, false) => format!("is served again from {text} on"),
            (NoticeDate::Brownout, true) => format!("was switched off for a test on {text}"),
            (NoticeDate::Brownout, false) => format!("is switched off for a test on {text}"),
        }
    }
}

fn named(list: impl Iterator<Item = Value>) -> Value {
    list.take(NAMED).collect()
}
