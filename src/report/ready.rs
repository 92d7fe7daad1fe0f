//! Whether a version may be retired.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::changes::by_consumer;
use super::{consumer_name, later, told};
use crate::catalog::{ConsumerRole, Register};
use crate::clock::Timestamp;
use crate::usage::{ChangeSum, ConsumerKey, StoredNotice, UsagePast, UsageSource, UsageSum};

/// What has to be so before a version goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadinessRule {
    /// For how long it has to be unused.
    pub quiet_for: Duration,
    /// Consumers whose use is accepted, by name.
    pub allowed: Vec<String>,
    /// So many requests within `quiet_for` are accepted, of all together.
    pub max_requests: u64,
}

/// What is known of one version in one environment.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ReadinessEvidence<'a> {
    /// Its use within `quiet_for`.
    pub sums: &'a [UsageSum],
    /// Its use as far back as the ledger goes.
    pub past: &'a [UsagePast],
    /// When somebody was counting, see [`SqlLedger::covered`](crate::usage::SqlLedger::covered).
    pub covered: &'a [(Timestamp, Timestamp)],
    /// The changes that altered something in its requests within `quiet_for`.
    pub changes: &'a [ChangeSum],
    /// What is known of the consumers.
    pub register: &'a Register,
    /// The notices about the version.
    pub notices: &'a [StoredNotice],
    /// Who may keep the version, and until when.
    pub extensions: &'a [(String, Timestamp)],
}

/// Whether a version may be retired, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Readiness {
    /// The beginning of the time that was looked at.
    pub since: Timestamp,
    /// Since when the ledger has had no gap.
    pub covered_since: Option<Timestamp>,
    /// All requests within the time, of everybody.
    pub requests: u64,
    /// What keeps the version from going; empty if it may.
    pub blockers: Vec<Blocker>,
    /// Who used it and does not keep it from going.
    pub spared: Vec<Spared>,
}

/// What keeps a version from going.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blocker {
    /// What kind of reason it is.
    pub kind: BlockerKind,
    /// The consumer: a name, `anonymous`, or `_other`; `None` if it is about the ledger.
    pub consumer: Option<String>,
    /// The reason in a sentence.
    pub reason: String,
    /// Requests within the time that was looked at.
    pub requests: u64,
    /// The last request.
    pub last_seen: Option<Timestamp>,
    /// Its id, by which it is found in the access log.
    pub last_request: Option<String>,
    /// The routes that were used.
    pub routes: Vec<String>,
    /// The summaries of the changes that altered something in its requests: what it breaks by.
    pub changes: Vec<String>,
    /// How it is known: `seen`, `imported` or `claimed`.
    pub evidence: Vec<&'static str>,
    /// Who owns the consumer.
    pub owner: Option<String>,
    /// When the last notice about the version was delivered to it.
    pub told: Option<Timestamp>,
    /// Whether a notice has reached it; `None` if none was tried.
    pub reached: Option<bool>,
    /// Until when it may keep the version, if it has an extension.
    pub extension: Option<Timestamp>,
}

/// Why a version may not go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BlockerKind {
    /// The ledger does not cover the whole time.
    #[default]
    NotKnown,
    /// A consumer uses it.
    InUse,
    /// A consumer is quiet, but not for longer than it has been before.
    MayReturn,
}

/// A consumer that does not keep a version from going.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spared {
    /// Its name.
    pub consumer: String,
    /// Why it does not count.
    pub reason: String,
    /// Requests within the time that was looked at.
    pub requests: u64,
    /// The last request.
    pub last_seen: Timestamp,
}

/// A restart takes less than that, and is no gap.
const RESTART: Duration = Duration::from_secs(600);
const DAY: u64 = 86_400;

/// What a consumer did within the time.
struct Use<'a> {
    requests: u64,
    last_seen: Timestamp,
    last_request: Option<&'a str>,
    routes: Vec<String>,
    evidence: Vec<&'static str>,
}

// === impl ReadinessEvidence ===

impl<'a> ReadinessEvidence<'a> {
    /// What the ledger and the register say: see the fields.
    #[must_use]
    pub const fn new(
        sums: &'a [UsageSum],
        past: &'a [UsagePast],
        covered: &'a [(Timestamp, Timestamp)],
        register: &'a Register,
    ) -> Self {
        Self { sums, past, covered, changes: &[], register, notices: &[], extensions: &[] }
    }

    /// With the changes that altered something.
    #[must_use]
    pub const fn with_changes(mut self, changes: &'a [ChangeSum]) -> Self {
        self.changes = changes;
        self
    }

    /// With the notices about the version, to anybody.
    #[must_use]
    pub const fn with_notices(mut self, notices: &'a [StoredNotice]) -> Self {
        self.notices = notices;
        self
    }

    /// With the extensions of the version, of the config and of operators: see the function `extensions`.
    #[must_use]
    pub const fn with_extensions(mut self, extensions: &'a [(String, Timestamp)]) -> Self {
        self.extensions = extensions;
        self
    }
}

// === impl ReadinessRule ===

impl ReadinessRule {
    /// Unused for so long.
    #[must_use]
    pub const fn new(quiet_for: Duration) -> Self {
        Self { quiet_for, allowed: Vec::new(), max_requests: 0 }
    }

    /// The beginning of the time that is looked at.
    #[must_use]
    pub fn since(&self, now: Timestamp) -> Timestamp {
        now.saturating_sub(self.quiet_for)
    }

    /// The answer. A consumer that is quiet but was quiet for as long before, as one that comes every month is, may return; so may one
    /// that is expected less often. A time in which nothing was counted is no evidence.
    #[must_use]
    pub fn apply(&self, evidence: ReadinessEvidence<'_>, now: Timestamp) -> Readiness {
        let since = self.since(now);
        let covered_since = covered_since(evidence.covered, now);
        let uses = uses(evidence.sums);
        let requests = uses.values().map(|used| used.requests).sum();
        let mut answer = Readiness { since, covered_since, requests, blockers: Vec::new(), spared: Vec::new() };
        answer.blockers.extend(not_known(since, covered_since, evidence.covered, now));
        for (consumer, used) in &uses {
            self.judge_use(consumer, used, evidence.register, requests, &mut answer);
        }
        for past in evidence.past.iter().filter(|past| !uses.contains_key(&past.consumer)) {
            self.judge_quiet(past, evidence.register, now, &mut answer);
        }
        complete(&mut answer.blockers, &evidence);
        answer.blockers.sort_by_key(|blocker| std::cmp::Reverse(blocker.requests));
        answer
    }

    fn judge_use(&self, consumer: &ConsumerKey, used: &Use<'_>, register: &Register, all: u64, answer: &mut Readiness) {
        let name = consumer_name(consumer);
        let reason = match self.spares(consumer, register) {
            None if all <= self.max_requests => Some(format!("at most {} requests are accepted", self.max_requests)),
            spared => spared,
        };
        match reason {
            Some(reason) => answer.spared.push(Spared {
                consumer: name.to_owned(),
                reason,
                requests: used.requests,
                last_seen: used.last_seen,
            }),
            None => answer.blockers.push(Blocker {
                kind: BlockerKind::InUse,
                consumer: Some(name.to_owned()),
                reason: format!("{name} uses it"),
                requests: used.requests,
                last_seen: Some(used.last_seen),
                last_request: used.last_request.map(str::to_owned),
                routes: used.routes.clone(),
                evidence: with_claim(name, used.evidence.clone()),
                owner: owner(name, register),
                ..Blocker::default()
            }),
        }
    }

    fn judge_quiet(&self, past: &UsagePast, register: &Register, now: Timestamp, answer: &mut Readiness) {
        let ConsumerKey::Named(name) = &past.consumer else { return };
        if self.spares(&past.consumer, register).is_some() {
            return;
        }
        let quiet = u64::try_from(now.as_secs() - past.last_seen.as_secs()).unwrap_or(0);
        let expected =
            register.get(name).and_then(|entry| entry.expected_use).map(|expected| u64::from(expected.days()));
        let reason = match expected {
            Some(pause) if quiet <= pause * DAY => {
                format!("{name} is expected at least every {pause} days, and was last seen {} ago", days(quiet))
            }
            _ if past.longest_pause > 0 && quiet <= past.longest_pause => {
                format!("{name} has been quiet for {} before, and is now for {}", days(past.longest_pause), days(quiet))
            }
            _ => return,
        };
        answer.blockers.push(Blocker {
            kind: BlockerKind::MayReturn,
            consumer: Some(name.to_string()),
            reason,
            last_seen: Some(past.last_seen),
            last_request: past.last_request.clone(),
            evidence: with_claim(name, Vec::new()),
            owner: owner(name, register),
            ..Blocker::default()
        });
    }

    /// Why a consumer does not count.
    fn spares(&self, consumer: &ConsumerKey, register: &Register) -> Option<String> {
        let ConsumerKey::Named(name) = consumer else {
            let name = consumer_name(consumer);
            return self.allowed.iter().any(|allowed| allowed == name).then(|| "allowed".to_owned());
        };
        if self.allowed.iter().any(|allowed| **allowed == **name) {
            return Some("allowed".to_owned());
        }
        match &register.get(name)?.role {
            ConsumerRole::Internal => Some("internal".to_owned()),
            ConsumerRole::Ignored(reason) => Some(format!("ignored: {reason}")),
            ConsumerRole::Client => None,
        }
    }
}

// === impl Readiness ===

impl Readiness {
    /// Whether the version may go.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.blockers.is_empty()
    }

    /// As commands and the admin API show it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let blockers = self.blockers.iter().map(Blocker::to_json).collect::<Vec<_>>();
        let spared = self.spared.iter().map(|spared| {
            json!({
                "consumer": spared.consumer,
                "reason": spared.reason,
                "requests": spared.requests,
                "last_seen": spared.last_seen.to_string(),
            })
        });
        json!({
            "ready": self.is_ready(),
            "since": self.since.to_string(),
            "covered_since": self.covered_since.map(|at| at.to_string()),
            "requests": self.requests,
            "blockers": blockers,
            "spared": spared.collect::<Vec<_>>(),
        })
    }
}

// === impl Blocker ===

impl Blocker {
    fn to_json(&self) -> Value {
        json!({
            "kind": self.kind.as_str(),
            "consumer": self.consumer,
            "reason": self.reason,
            "requests": self.requests,
            "last_seen": self.last_seen.map(|at| at.to_string()),
            "last_request": self.last_request,
            "routes": self.routes,
            "changes": self.changes,
            "evidence": self.evidence,
            "owner": self.owner,
            "told": self.told.map(|at| at.to_string()),
            "reached": self.reached,
            "extension": self.extension.map(|at| at.to_string()),
        })
    }
}

// === impl BlockerKind ===

impl BlockerKind {
    /// Its name: `not-known`, `in-use` or `may-return`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotKnown => "not-known",
            Self::InUse => "in-use",
            Self::MayReturn => "may-return",
        }
    }
}

/// Adds what is known of the consumers beside their requests.
fn complete(blockers: &mut [Blocker], evidence: &ReadinessEvidence<'_>) {
    let (changes, told) = (by_consumer(evidence.changes), told::by_consumer(evidence.notices));
    for blocker in blockers {
        let Some(name) = blocker.consumer.as_deref() else { continue };
        let own = changes.get(name).into_iter().flatten();
        blocker.changes = own.map(|summary| (*summary).to_owned()).collect();
        let told = told.get(name).copied().unwrap_or_default();
        (blocker.told, blocker.reached) = (told.last, told.reached());
        let own = evidence.extensions.iter().filter(|(consumer, _)| consumer == name);
        blocker.extension = own.map(|(_, until)| *until).max();
    }
}

fn uses(sums: &[UsageSum]) -> BTreeMap<ConsumerKey, Use<'_>> {
    let mut uses: BTreeMap<ConsumerKey, Use<'_>> = BTreeMap::new();
    for sum in sums {
        let used = uses.entry(sum.consumer.clone()).or_insert_with(|| Use {
            requests: 0,
            last_seen: sum.last_seen,
            last_request: None,
            routes: Vec::new(),
            evidence: Vec::new(),
        });
        used.last_request = later((used.last_seen, used.last_request), (sum.last_seen, sum.last_request.as_deref()));
        used.requests += sum.requests();
        used.last_seen = used.last_seen.max(sum.last_seen);
        let route = format!("{} {}", sum.route.method(), sum.route.template());
        if !used.routes.contains(&route) {
            used.routes.push(route);
        }
        let evidence = if sum.source == UsageSource::Imported { "imported" } else { "seen" };
        if !used.evidence.contains(&evidence) {
            used.evidence.push(evidence);
        }
    }
    uses
}

/// Since when there has been no gap, up to now.
fn covered_since(covered: &[(Timestamp, Timestamp)], now: Timestamp) -> Option<Timestamp> {
    let mut since = None;
    let mut next = now;
    for (begin, end) in covered.iter().rev() {
        if end.saturating_add(RESTART) < next {
            break;
        }
        since = Some(*begin);
        next = *begin;
    }
    since
}

/// A ledger that is too young, or has a gap.
fn not_known(
    since: Timestamp,
    covered_since: Option<Timestamp>,
    covered: &[(Timestamp, Timestamp)],
    now: Timestamp,
) -> Option<Blocker> {
    // It could hide any gap.
    let ahead = covered.iter().find(|(_, end)| *end > now.saturating_add(RESTART));
    let reason = match covered_since {
        _ if ahead.is_some() => {
            let until = ahead.map(|(_, end)| end.to_string()).unwrap_or_default();
            format!("the clock of a gateway was ahead: it counted until {until}, and now it is {now}")
        }
        Some(begin) if begin <= since.saturating_add(RESTART) => return None,
        Some(begin) => match covered.iter().rev().find(|(_, end)| *end < begin) {
            Some((_, end)) if *end > since => format!("from {end} to {begin}, nothing was counted"),
            _ => format!("the ledger counts only since {begin}"),
        },
        None => match covered.last() {
            Some((_, end)) => format!("nothing has been counted since {end}; now it is {now}"),
            None => "nothing has been counted yet".to_owned(),
        },
    };
    Some(Blocker { kind: BlockerKind::NotKnown, reason, ..Blocker::default() })
}

fn days(secs: u64) -> String {
    match (secs / DAY, secs / 3600) {
        (0, 1) => "1 hour".to_owned(),
        (0, hours) => format!("{hours} hours"),
        (1, _) => "1 day".to_owned(),
        (days, _) => format!("{days} days"),
    }
}

fn owner(name: &str, register: &Register) -> Option<String> {
    register.get(name)?.owner.as_deref().map(str::to_owned)
}

/// A name that anybody could claim.
fn with_claim(name: &str, mut evidence: Vec<&'static str>) -> Vec<&'static str> {
    if name.starts_with("claimed:") {
        evidence.push("claimed");
    }
    evidence
}
