//! What a consumer has to change when it goes from one version to another: only the changes that altered its requests.
//!
//! | file | what |
//! |---|---|
//! | `places` | what a change does to messages, with examples |
//! | `dates` | the dates that hold for a consumer |
//! | `layout` | JSON on several lines |
//! | `text` | the guide in Markdown and HTML |

mod dates;
mod layout;
mod places;
#[cfg(feature = "notices")]
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

pub use dates::GuideDate;
pub use places::{GuideExample, GuidePlace};

use crate::catalog::{ApiEntry, Control, VersionEntry};
use crate::clock::Timestamp;
use crate::diagnostic::Span;
use crate::usage::{ChangeSum, UsageSource, UsageSum, UsedChange};
use places::GuidePlaces;

/// Reads the body of a case that is in a file of its own: its path, and where that is written.
pub type CaseBodyReader<'a> = dyn Fn(Span, &str) -> Option<Vec<u8>> + 'a;

/// Whose guide it is, and what is known of it.
///
/// ```
/// use sunward::catalog::{Api, Catalog, Version};
/// use sunward::change::{Change, OpSpec};
/// use sunward::report::GuideQuestion;
/// use sunward::usage::{Caller, Ledger, SqlLedger, UsageFilter, UsedChange, UsedRoute};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?; let path = folder.path().join("ledger.sqlite");
/// let mail = Change::new("2", "mail is email")
///     .with_at("GET /users -> 200")
///     .with_op(OpSpec::rename("/mail", "/email"))
///     .with_breaking(true);
/// let api = Api::new("shop")
///     .with_version_header("Api-Version")
///     .with_version(Version::new("1"))
///     .with_version(Version::new("2"))
///     .with_change(mail);
/// let catalog = Catalog::new([api])?;
/// # let (ledger, store) = (Ledger::new(), SqlLedger::open(&path, "production").await?);
/// # let route = UsedRoute::new("shop", "1", "GET", "/users");
/// # let tally = ledger.tally("2026-11-11".parse()?, &Caller::new(&route).with_consumer("acme"));
/// # tally.add(200, None, 0);
/// # tally.add_change(&UsedChange::new("2", "mail is email"));
/// # ledger.flush(&store, "2026-11-11".parse()?).await?;
/// let november = UsageFilter::new("2026-11-01".parse()?, "2026-12-01".parse()?);
/// let (sums, changes) = (store.sums(&november).await?, store.change_sums(&november).await?);
/// let shop = catalog.api("shop").expect("it is there");
/// let guide = GuideQuestion::new(shop, "acme", "2026-12-01".parse()?).with_use(&sums, &changes).between("1", "2");
/// let guide = guide.expect("both versions are there");
/// assert_eq!(guide.changes[0].places[0].steps, ["rename /mail to email"]);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy)]
pub struct GuideQuestion<'a> {
    api: &'a ApiEntry,
    consumer: &'a str,
    now: Timestamp,
    sums: &'a [UsageSum],
    changes: &'a [ChangeSum],
    control: Option<&'a Control>,
    read: Option<&'a CaseBodyReader<'a>>,
}

/// What a consumer has to change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Guide {
    /// The consumer.
    pub consumer: String,
    /// The API.
    pub api: String,
    /// The version that it uses.
    pub from: String,
    /// The version that it is to use.
    pub to: String,
    /// Its requests to `from`.
    pub requests: u64,
    /// Those of them that were read from access logs: which changes alter these is not known.
    pub imported: u64,
    /// The last one; `None` if there is none.
    pub last_seen: Option<Timestamp>,
    /// The dates of `from` that hold for the consumer, by time.
    pub dates: Vec<GuideDate>,
    /// The changes that altered its requests or their responses, in the order in which they were made.
    pub changes: Vec<GuideChange>,
    /// How many changes between the versions altered none.
    pub other_changes: usize,
    /// Where to read how to leave `from`.
    pub docs: Option<String>,
}

/// A change that altered requests of the consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GuideChange {
    /// The change.
    pub change: UsedChange,
    /// The requests in which it altered something, in either direction.
    pub requests: u64,
    /// The day of the last one, in UTC.
    pub last_day: Timestamp,
    /// What it does, by message. Empty if the config does not have the change any more.
    pub places: Vec<GuidePlace>,
}

// === impl GuideQuestion ===

impl<'a> GuideQuestion<'a> {
    /// A guide for this consumer of the API, at `now`.
    #[must_use]
    pub const fn new(api: &'a ApiEntry, consumer: &'a str, now: Timestamp) -> Self {
        Self { api, consumer, now, sums: &[], changes: &[], control: None, read: None }
    }

    /// With the ledger's sums of the time that is looked at. Others' may be among them.
    #[must_use]
    pub const fn with_use(mut self, sums: &'a [UsageSum], changes: &'a [ChangeSum]) -> Self {
        self.sums = sums;
        self.changes = changes;
        self
    }

    /// With the extensions and holds of operators.
    #[must_use]
    pub const fn with_control(mut self, control: &'a Control) -> Self {
        self.control = Some(control);
        self
    }

    /// With the bodies of cases that are in files of their own, as examples.
    #[must_use]
    pub const fn with_case_bodies(mut self, read: &'a CaseBodyReader<'a>) -> Self {
        self.read = Some(read);
        self
    }

    /// The guide from one version to a newer one; `None` if the API does not have them, or `to` is not newer.
    #[must_use]
    pub fn between(&self, from: &str, to: &str) -> Option<Guide> {
        let [from, to] = [from, to].map(|name| self.api.versions().iter().find(|version| version.name() == name));
        let (from, to) = (from?, to?);
        if from.id() >= to.id() {
            return None;
        }
        let own = |sum: &&UsageSum| {
            sum.consumer.as_str() == self.consumer
                && sum.route.api() == self.api.name()
                && sum.route.version() == from.name()
        };
        let used: Vec<&UsageSum> = self.sums.iter().filter(own).collect();
        let changes = self.changes(&used, from, to);
        let between = |(version, _): &&(_, _)| *version > from.id() && *version <= to.id();
        let known = changes.iter().filter(|change| self.number(&change.change).is_some()).count();
        Some(Guide {
            consumer: self.consumer.to_owned(),
            api: self.api.name().to_owned(),
            from: from.name().to_owned(),
            to: to.name().to_owned(),
            requests: used.iter().map(|sum| sum.requests()).sum(),
            imported: used.iter().filter(|sum| sum.source == UsageSource::Imported).map(|sum| sum.requests()).sum(),
            last_seen: used.iter().map(|sum| sum.last_seen).max(),
            dates: dates::of(self.api, from, self.consumer, self.control, self.now),
            other_changes: self.api.changes.iter().filter(between).count().saturating_sub(known),
            docs: from.docs().or(self.api.docs.as_deref()).map(str::to_owned),
            changes,
        })
    }

    fn changes(&self, used: &[&UsageSum], from: &VersionEntry, to: &VersionEntry) -> Vec<GuideChange> {
        let mut sums: BTreeMap<&UsedChange, (u64, Timestamp)> = BTreeMap::new();
        let own = |sum: &&ChangeSum| {
            let made = self.api.lookup(sum.change.version());
            let is_between = made.is_some_and(|made| made > from.id() && made <= to.id());
            is_between
                && sum.consumer.as_str() == self.consumer
                && sum.api == self.api.name()
                && sum.version == from.name()
        };
        for sum in self.changes.iter().filter(own) {
            let (requests, last_day) = sums.entry(&sum.change).or_insert((0, sum.last_day));
            *requests += sum.requests;
            *last_day = sum.last_day.max(*last_day);
        }
        let templates: BTreeSet<&str> = used.iter().map(|sum| sum.route.template()).collect();
        let places = GuidePlaces::new(self.api, (from.id(), to.id()), &templates, self.read);
        let guided = |(change, (requests, last_day)): (&UsedChange, (u64, Timestamp))| GuideChange {
            change: change.clone(),
            requests,
            last_day,
            places: self.number(change).map(|number| places.of(number)).unwrap_or_default(),
        };
        let mut changes: Vec<GuideChange> = sums.into_iter().map(guided).collect();
        changes.sort_by_key(|change| {
            let number = self.number(&change.change);
            (self.api.lookup(change.change.version()), number.is_none(), number)
        });
        changes
    }

    /// The place of a change in the list of all.
    fn number(&self, change: &UsedChange) -> Option<u32> {
        let made = self.api.lookup(change.version())?;
        let same = |(version, summary): &(_, Box<str>)| *version == made && **summary == *change.summary();
        self.api.changes.iter().position(same).and_then(|at| u32::try_from(at).ok())
    }
}

impl std::fmt::Debug for GuideQuestion<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("GuideQuestion");
        shown.field("api", &self.api.name()).field("consumer", &self.consumer).finish_non_exhaustive()
    }
}

// === impl Guide ===

impl Guide {
    /// As commands and the admin API show it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "consumer": self.consumer,
            "api": self.api,
            "from": self.from,
            "to": self.to,
            "requests": self.requests,
            "imported": self.imported,
            "last_seen": self.last_seen.map(|at| at.to_string()),
            "dates": self.dates.iter().map(GuideDate::to_json).collect::<Vec<_>>(),
            "changes": self.changes.iter().map(GuideChange::to_json).collect::<Vec<_>>(),
            "other_changes": self.other_changes,
            "docs": self.docs,
        })
    }
}

// === impl GuideChange ===

impl GuideChange {
    fn to_json(&self) -> Value {
        json!({
            "version": self.change.version(),
            "summary": self.change.summary(),
            "requests": self.requests,
            "last_day": self.last_day.to_string().get(..10),
            "places": self.places.iter().map(GuidePlace::to_json).collect::<Vec<_>>(),
        })
    }
}
