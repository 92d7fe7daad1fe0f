//! Sums by version, route or consumer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{consumer_name, later};
use crate::clock::Timestamp;
use crate::usage::{ConsumerKey, RefusalKind, UsageSource, UsageSum, UsageTotal};

/// What a line of a report is about, beside the environment, the API and the version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Grouping {
    /// Nothing else.
    #[default]
    Version,
    /// A route.
    Route,
    /// A consumer.
    Consumer,
}

/// A line of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsageLine {
    /// The environment.
    pub environment: String,
    /// The API.
    pub api: String,
    /// The version.
    pub version: String,
    /// The method and the template of the path, if the line is about a route.
    pub route: Option<String>,
    /// The consumer, if the line is about one: a name, `anonymous`, or `_other` for all beyond the ledger's bound.
    pub consumer: Option<String>,
    /// Requests.
    pub requests: u64,
    /// Requests with a status of 4xx or 5xx.
    pub errors: u64,
    /// Requests that were refused because the version is gone, closed or in a brownout.
    pub refused: u64,
    /// Bytes of response bodies.
    pub bytes: u64,
    /// How many consumers have a name, at least; those without one are not counted.
    pub consumers: u64,
    /// The first request.
    pub first_seen: Timestamp,
    /// The last one.
    pub last_seen: Timestamp,
    /// The id of the last request that had one.
    pub last_request: Option<String>,
    /// Whether requests were counted while they were served.
    pub seen: bool,
    /// Whether requests were read from access logs.
    pub imported: bool,
}

/// The lines of a report, the most used first.
///
/// ```
/// use sunward::report::{Grouping, usage};
/// use sunward::usage::{Ledger, SqlLedger, UsageFilter};
/// # use sunward::usage::{Caller, UsedRoute};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?; let path = folder.path().join("ledger.sqlite");
/// # let ledger = Ledger::new();
/// # let route = UsedRoute::new("shop", "1", "GET", "/users");
/// # ledger.tally("2026-11-11".parse()?, &Caller::new(&route).with_consumer("acme")).add(200, None, 0);
/// let store = SqlLedger::open(&path, "production").await?;
/// # ledger.flush(&store, "2026-11-11".parse()?).await?;
/// let november = UsageFilter::new("2026-11-01".parse()?, "2026-12-01".parse()?);
/// let lines = usage(&store.sums(&november).await?, Grouping::Consumer);
/// assert_eq!((lines[0].consumer.as_deref(), lines[0].requests), (Some("acme"), 1));
/// # Ok(()) }
/// ```
#[must_use]
pub fn usage(sums: &[UsageSum], by: Grouping) -> Vec<UsageLine> {
    let mut lines: BTreeMap<_, (UsageLine, BTreeSet<&str>, u64)> = BTreeMap::new();
    for sum in sums {
        let route = (by == Grouping::Route).then(|| format!("{} {}", sum.route.method(), sum.route.template()));
        let consumer = (by == Grouping::Consumer).then(|| consumer_name(&sum.consumer).to_owned());
        let key = (&sum.environment, sum.route.api(), sum.route.version(), route.clone(), consumer.clone());
        let (line, names, others) =
            lines.entry(key).or_insert_with(|| (UsageLine::new(sum, route, consumer), BTreeSet::new(), 0));
        line.add(sum);
        match &sum.consumer {
            ConsumerKey::Named(name) => drop(names.insert(name)),
            ConsumerKey::Other => *others = sum.consumers.max(*others),
            _ => {}
        }
    }
    let mut lines: Vec<_> = lines
        .into_values()
        .map(|(line, names, others)| UsageLine { consumers: names.len() as u64 + others, ..line })
        .collect();
    sort(&mut lines);
    lines
}

/// The lines of [`Grouping::Version`], from sums that the ledger keeps: fast for any time.
#[must_use]
pub fn usage_by_version(totals: &[UsageTotal]) -> Vec<UsageLine> {
    let mut lines: Vec<UsageLine> = Vec::new();
    for total in totals {
        let own = |line: &&mut UsageLine| {
            line.environment == total.environment && line.api == total.api && line.version == total.version
        };
        match lines.iter_mut().find(own) {
            Some(line) => line.add_total(total),
            None => lines.push(UsageLine::of_total(total)),
        }
    }
    sort(&mut lines);
    lines
}

/// The most used first, within each API.
fn sort(lines: &mut [UsageLine]) {
    lines.sort_by(|one, other| {
        let place = |line: &UsageLine| (line.environment.clone(), line.api.clone());
        place(one).cmp(&place(other)).then(other.requests.cmp(&one.requests))
    });
}

// === impl UsageLine ===

impl UsageLine {
    fn new(sum: &UsageSum, route: Option<String>, consumer: Option<String>) -> Self {
        Self {
            environment: sum.environment.clone(),
            api: sum.route.api().to_owned(),
            version: sum.route.version().to_owned(),
            route,
            consumer,
            requests: 0,
            errors: 0,
            refused: 0,
            bytes: 0,
            consumers: 0,
            first_seen: sum.first_seen,
            last_seen: sum.last_seen,
            last_request: None,
            seen: false,
            imported: false,
        }
    }

    fn add(&mut self, sum: &UsageSum) {
        let last = later((self.last_seen, self.last_request.as_deref()), (sum.last_seen, sum.last_request.as_deref()));
        self.last_request = last.map(str::to_owned);
        self.requests += sum.requests();
        self.errors += sum.classes[3] + sum.classes[4];
        self.refused += sum.refusals.iter().sum::<u64>() - sum.refusals[RefusalKind::Spared as usize];
        self.bytes += sum.bytes;
        self.first_seen = self.first_seen.min(sum.first_seen);
        self.last_seen = self.last_seen.max(sum.last_seen);
        self.seen |= sum.source == UsageSource::Seen;
        self.imported |= sum.source == UsageSource::Imported;
    }

    fn of_total(total: &UsageTotal) -> Self {
        Self {
            environment: total.environment.clone(),
            api: total.api.clone(),
            version: total.version.clone(),
            route: None,
            consumer: None,
            requests: total.requests,
            errors: total.errors,
            refused: total.refused,
            bytes: total.bytes,
            consumers: total.consumers,
            first_seen: total.first_seen,
            last_seen: total.last_seen,
            last_request: total.last_request.clone(),
            seen: total.source == UsageSource::Seen,
            imported: total.source == UsageSource::Imported,
        }
    }

    /// Consumers and the last request are the same in both.
    fn add_total(&mut self, total: &UsageTotal) {
        self.requests += total.requests;
        self.errors += total.errors;
        self.refused += total.refused;
        self.bytes += total.bytes;
        self.first_seen = self.first_seen.min(total.first_seen);
        self.last_seen = self.last_seen.max(total.last_seen);
        self.seen |= total.source == UsageSource::Seen;
        self.imported |= total.source == UsageSource::Imported;
    }

    /// How its requests are known: `seen`, `imported`, or `seen, imported`.
    #[must_use]
    pub const fn evidence(&self) -> &'static str {
        super::evidence(self.seen, self.imported)
    }

    /// As commands and the admin API show it. Members that the line is not about are left out.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut line = json!({
            "environment": self.environment,
            "api": self.api,
            "version": self.version,
            "requests": self.requests,
            "errors": self.errors,
            "refused": self.refused,
            "bytes": self.bytes,
            "first_seen": self.first_seen.to_string(),
            "last_seen": self.last_seen.to_string(),
            "last_request": self.last_request,
            "evidence": self.evidence(),
        });
        match (&self.route, &self.consumer) {
            (_, Some(consumer)) => line["consumer"] = consumer.as_str().into(),
            (Some(route), None) => line["route"] = route.as_str().into(),
            (None, None) => {}
        }
        if self.consumer.is_none() {
            line["consumers"] = self.consumers.into();
        }
        line
    }
}
