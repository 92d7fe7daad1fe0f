//! Which changes altered requests, and whose.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::consumer_name;
use crate::usage::{ChangeSum, UsageSource, UsedChange};

/// A change, and the requests to a version in which it altered something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangeLine {
    /// The environment.
    pub environment: String,
    /// The API.
    pub api: String,
    /// The version that the requests spoke.
    pub version: String,
    /// The change.
    pub change: UsedChange,
    /// Requests in which it altered something, in either direction.
    pub requests: u64,
    /// Who sent them, the most frequent first; `_other` for all beyond the ledger's bound.
    pub consumers: Vec<String>,
    /// Whether requests were counted while they were served.
    pub seen: bool,
    /// Whether requests were read from access logs.
    pub imported: bool,
}

/// The changes that altered something, the most frequent first.
///
/// ```
/// use sunward::report::changes;
/// use sunward::usage::{Caller, Ledger, SqlLedger, UsageFilter, UsedChange, UsedRoute};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?; let path = folder.path().join("ledger.sqlite");
/// let (ledger, store) = (Ledger::new(), SqlLedger::open(&path, "production").await?);
/// let route = UsedRoute::new("shop", "1", "GET", "/users");
/// let tally = ledger.tally("2026-11-11".parse()?, &Caller::new(&route).with_consumer("acme"));
/// tally.add(200, None, 0);
/// tally.add_change(&UsedChange::new("2", "mail is email"));
/// ledger.flush(&store, "2026-11-11".parse()?).await?;
///
/// let november = UsageFilter::new("2026-11-01".parse()?, "2026-12-01".parse()?);
/// let lines = changes(&store.change_sums(&november).await?);
/// assert_eq!((lines[0].change.summary(), &lines[0].consumers[..]), ("mail is email", &["acme".to_owned()][..]));
/// # Ok(()) }
/// ```
#[must_use]
pub fn changes(sums: &[ChangeSum]) -> Vec<ChangeLine> {
    let mut lines: BTreeMap<_, (ChangeLine, BTreeMap<&str, u64>)> = BTreeMap::new();
    for sum in sums {
        let key = (&sum.environment, &sum.api, &sum.version, &sum.change);
        let (line, consumers) = lines.entry(key).or_insert_with(|| (ChangeLine::new(sum), BTreeMap::new()));
        line.requests += sum.requests;
        line.seen |= sum.source == UsageSource::Seen;
        line.imported |= sum.source == UsageSource::Imported;
        *consumers.entry(consumer_name(&sum.consumer)).or_default() += sum.requests;
    }
    let mut lines: Vec<ChangeLine> = lines
        .into_values()
        .map(|(line, consumers)| {
            let mut consumers: Vec<(&str, u64)> = consumers.into_iter().collect();
            consumers.sort_by_key(|(_, requests)| std::cmp::Reverse(*requests));
            ChangeLine { consumers: consumers.into_iter().map(|(name, _)| name.to_owned()).collect(), ..line }
        })
        .collect();
    lines.sort_by(|one, other| {
        let place = |line: &ChangeLine| (line.environment.clone(), line.api.clone());
        place(one).cmp(&place(other)).then(other.requests.cmp(&one.requests))
    });
    lines
}

/// The summaries of the changes that altered requests of each consumer.
pub(super) fn by_consumer(sums: &[ChangeSum]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for sum in sums {
        all.entry(consumer_name(&sum.consumer)).or_default().insert(sum.change.summary());
    }
    all
}

// === impl ChangeLine ===

impl ChangeLine {
    fn new(sum: &ChangeSum) -> Self {
        Self {
            environment: sum.environment.clone(),
            api: sum.api.clone(),
            version: sum.version.clone(),
            change: sum.change.clone(),
            requests: 0,
            consumers: Vec::new(),
            seen: false,
            imported: false,
        }
    }

    /// How its requests are known: `seen`, `imported`, or `seen, imported`.
    #[must_use]
    pub const fn evidence(&self) -> &'static str {
        super::evidence(self.seen, self.imported)
    }

    /// As commands and the admin API show it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "environment": self.environment,
            "api": self.api,
            "version": self.version,
            "change": { "version": self.change.version(), "summary": self.change.summary() },
            "requests": self.requests,
            "consumers": self.consumers,
            "evidence": self.evidence(),
        })
    }
}
