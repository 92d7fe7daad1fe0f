//! What pages show of the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::chart::spark;
use super::effect::sentence;
use super::usage::{
    ApiUse, ChangeRow, ConsumerReport, ConsumerRow, NoticeRow, RouteRow, UsageResult, VersionFigures, VersionReport,
};
use crate::catalog::{ConsumerEntry, Register};
use crate::clock::Timestamp;
use crate::gateway::admin::Admin;
use crate::report::{
    BlockerKind, ChangeLine, Grouping, Readiness, ReadinessEvidence, ReadinessRule, changes, usage, usage_by_version,
};
use crate::usage::{ConsumerKey, LedgerError, SqlLedger, StoredNotice, UsageDay, UsageFilter, UsageSum};

/// A page is of no use later than that.
const LIMIT: Duration = Duration::from_secs(5);
const DAY: u64 = 86_400;

// === impl Admin ===

impl Admin {
    /// The environment whose usage is shown.
    pub(super) fn environment(&self) -> String {
        self.store.ledger.environment().unwrap_or_default().to_owned()
    }

    /// The use of each version of an API in the last `days` days; whether `retiring` may go.
    pub(super) async fn api_use(&self, api: &str, retiring: &[String], days: u64) -> UsageResult<ApiUse> {
        self.ask(async |ledger, now| {
            let filter = self.filter(now, days).with_api(api);
            let by_day = ledger.days(&filter).await?;
            let mut versions: BTreeMap<String, VersionFigures> = BTreeMap::new();
            for line in usage_by_version(&ledger.totals(&filter).await?) {
                let use_ = versions.entry(line.version.clone()).or_default();
                (use_.requests, use_.consumers) = (line.requests, line.consumers);
            }
            for (version, use_) in &mut versions {
                use_.spark = trend(by_day.iter().filter(|day| day.version == *version), now, days);
            }
            for version in retiring {
                let readiness = self.readiness(ledger, api, version, days, now).await?.0;
                let use_ = versions.entry(version.clone()).or_default();
                (use_.ready, use_.blockers) = (Some(readiness.is_ready()), readiness.blockers.len());
            }
            let by_day = by_day.into_iter().map(|day| (day.version, day.day, day.requests)).collect();
            Ok(ApiUse { versions, days: by_day })
        })
        .await
    }

    /// The use of a version in the last `days` days, and whether it may go.
    pub(super) async fn version_report(&self, api: &str, version: &str, days: u64) -> UsageResult<VersionReport> {
        self.ask(async |ledger, now| {
            let (readiness, sums) = self.readiness(ledger, api, version, days, now).await?;
            let filter = self.filter(now, days).with_api(api).with_version(version);
            let hit = ledger.change_sums(&filter).await?;
            let told = ledger.notices(&self.environment(), None).await?;
            let blocking: BTreeSet<&str> =
                readiness.blockers.iter().filter_map(|blocker| blocker.consumer.as_deref()).collect();
            let catalog = self.current.catalog();
            let mut consumers = rows(&sums, catalog.register());
            let changes_of = by_consumer(&hit);
            for row in &mut consumers {
                row.blocks = blocking.contains(&*row.name);
                row.changes = changes_of.get(&row.name).cloned().unwrap_or_default();
                row.told = last_told(&told, api, version, &row.name);
                row.until = self.extension(api, version, &row.name);
            }
            let reasons = |kind| readiness.blockers.iter().filter(move |blocker| blocker.kind == kind);
            let not_known = reasons(BlockerKind::NotKnown).map(|blocker| sentence(&blocker.reason));
            Ok(VersionReport {
                requests: readiness.requests,
                ready: readiness.is_ready(),
                covered_since: readiness.covered_since.map(Timestamp::as_secs),
                reasons: not_known.chain(summary(&readiness)).collect(),
                spared: readiness
                    .spared
                    .iter()
                    .map(|it| (it.consumer.clone(), it.reason.clone(), it.requests))
                    .collect(),
                consumers,
                routes: routes(&sums),
                changes: changes(&hit).iter().map(change_row).collect(),
            })
        })
        .await
    }

    /// The requests of some consumers by day.
    pub(super) async fn trends(
        &self,
        api: &str,
        version: &str,
        consumers: &[&str],
        days: u64,
    ) -> BTreeMap<String, String> {
        let asked = self.ask(async |ledger, now| {
            let filter = self.filter(now, days).with_api(api).with_version(version);
            let of = ledger.consumer_days(&filter, consumers).await?;
            let name = |day: &UsageDay| day.consumer.as_ref().map_or(String::new(), |key| key.as_str().to_owned());
            let lines = consumers.iter().filter_map(|consumer| {
                let own = of.iter().filter(|day| name(day) == *consumer);
                Some(((*consumer).to_owned(), trend(own, now, days)?))
            });
            Ok(lines.collect())
        });
        asked.await.unwrap_or_default()
    }

    /// How a consumer used an API in the last `days` days.
    pub(super) async fn consumer_report(&self, api: &str, consumer: &str, days: u64) -> UsageResult<ConsumerReport> {
        self.ask(async |ledger, now| {
            let filter = self.filter(now, days).with_api(api);
            let is_it = |key: &ConsumerKey| matches!(key, ConsumerKey::Named(name) if **name == *consumer);
            let sums: Vec<UsageSum> =
                ledger.sums(&filter).await?.into_iter().filter(|sum| is_it(&sum.consumer)).collect();
            let hit = ledger.change_sums(&filter).await?;
            let hit: Vec<_> = hit.into_iter().filter(|sum| is_it(&sum.consumer)).collect();
            let by_day = ledger.consumer_days(&filter, &[consumer]).await?;
            let notices = ledger.notices(&self.environment(), Some(consumer)).await?;
            Ok(ConsumerReport {
                requests: sums.iter().map(UsageSum::requests).sum(),
                routes: routes(&sums),
                changes: changes(&hit).iter().map(change_row).collect(),
                spark: trend(by_day.iter(), now, days),
                notices: notices.iter().map(notice_row).collect(),
            })
        })
        .await
    }

    /// The notices, the last ones first.
    pub(super) async fn notice_rows(&self) -> UsageResult<Vec<NoticeRow>> {
        self.ask(async |ledger, _| {
            let notices = ledger.notices(&self.environment(), None).await?;
            Ok(notices.iter().map(notice_row).collect())
        })
        .await
    }

    async fn readiness(
        &self,
        ledger: &SqlLedger,
        api: &str,
        version: &str,
        days: u64,
        now: Timestamp,
    ) -> Result<(Readiness, Vec<UsageSum>), LedgerError> {
        let rule = ReadinessRule::new(Duration::from_secs(days * DAY));
        let filter = self.filter(now, days).with_api(api).with_version(version);
        let (sums, past) = (ledger.sums(&filter).await?, ledger.past(&filter).await?);
        let covered = ledger.covered(&filter).await?;
        let catalog = self.current.catalog();
        let evidence = ReadinessEvidence::new(&sums, &past, &covered, catalog.register());
        Ok((rule.apply(evidence, now), sums))
    }

    fn filter(&self, now: Timestamp, days: u64) -> UsageFilter {
        let since = now.saturating_sub(Duration::from_secs(days * DAY));
        UsageFilter::new(since, now.saturating_add(Duration::from_secs(1))).with_environment(self.environment())
    }

    /// Asks what was written so far, for a limited time.
    async fn ask<T>(
        &self,
        question: impl AsyncFnOnce(&SqlLedger, Timestamp) -> Result<T, LedgerError>,
    ) -> UsageResult<T> {
        if self.store.ledger.environment().is_none() {
            return Err(
                "Usage is not counted: give the gateway a `state` directory, or `[gateway.ledger] url`.".to_owned()
            );
        }
        let asked = async {
            let ledger = self.store.ledger.stored().await.ok_or("The ledger cannot be opened: the log says why.")?;
            question(&ledger, self.store.now()).await.map_err(|error| format!("The ledger cannot be read: {error}."))
        };
        tokio::time::timeout(LIMIT, asked)
            .await
            .unwrap_or_else(|_| Err("The ledger takes too long to answer.".to_owned()))
    }

    /// Until when a consumer may keep a version, by the config or by an act.
    fn extension(&self, api: &str, version: &str, consumer: &str) -> Option<i64> {
        let catalog = self.current.catalog();
        let entry = catalog.api(api)?;
        let configured = entry.extension(entry.lookup(version)?, Some(consumer)).map(|extension| extension.until);
        configured.max(self.control.extension(api, version, consumer)).map(Timestamp::as_secs)
    }
}

/// The consumers, each once.
fn rows(sums: &[UsageSum], register: &Register) -> Vec<ConsumerRow> {
    let mut rows: BTreeMap<(bool, &str), ConsumerRow> = BTreeMap::new();
    for sum in sums {
        let named = matches!(sum.consumer, ConsumerKey::Named(_));
        let row = rows.entry((named, sum.consumer.as_str())).or_default();
        row.requests += sum.requests();
        row.errors += sum.classes[3] + sum.classes[4];
        row.brownouts += sum.refusals[1];
        if sum.last_seen.as_secs() >= row.last_seen {
            row.last_request = sum.last_request.clone().or(row.last_request.take());
        }
        row.last_seen = row.last_seen.max(sum.last_seen.as_secs());
        let route = format!("{} {}", sum.route.method(), sum.route.template());
        if !row.routes.contains(&route) {
            row.routes.push(route);
        }
        row.evidence = match (row.evidence, sum.source.as_str()) {
            ("", source) => source,
            (known, source) if known == source => source,
            _ => "seen, imported",
        };
    }
    let named = rows.into_iter().map(|((named, name), row)| {
        let entry = register.get(name).filter(|_| named);
        ConsumerRow { name: name.to_owned(), named, owner: owner(entry), ..row }
    });
    named.collect()
}

fn owner(entry: Option<&ConsumerEntry>) -> String {
    entry.and_then(|entry| entry.owner.as_deref()).unwrap_or_default().to_owned()
}

fn by_consumer(sums: &[crate::usage::ChangeSum]) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for sum in sums {
        let own = all.entry(sum.consumer.as_str().to_owned()).or_default();
        if !own.iter().any(|summary| summary == sum.change.summary()) {
            own.push(sum.change.summary().to_owned());
        }
    }
    all
}

fn routes(sums: &[UsageSum]) -> Vec<RouteRow> {
    let lines = usage(sums, Grouping::Route).into_iter().map(|line| RouteRow {
        version: line.version,
        route: line.route.unwrap_or_default(),
        requests: line.requests,
        errors: line.errors,
        refused: line.refused,
        consumers: line.consumers,
        last_seen: line.last_seen.as_secs(),
    });
    lines.collect()
}

fn change_row(line: &ChangeLine) -> ChangeRow {
    ChangeRow {
        version: line.version.clone(),
        since: line.change.version().to_owned(),
        summary: line.change.summary().to_owned(),
        requests: line.requests,
        consumers: line.consumers.len(),
    }
}

fn notice_row(notice: &StoredNotice) -> NoticeRow {
    NoticeRow {
        notice: notice.key.notice.clone(),
        api: notice.key.api.clone(),
        version: notice.key.version.clone(),
        date: notice.key.date.clone(),
        recipient: notice.key.recipient.clone(),
        address: notice.address.clone(),
        state: match notice.state {
            crate::usage::NoticeState::Sent => "sent",
            crate::usage::NoticeState::Failed => "failed",
            crate::usage::NoticeState::Claimed => "being sent",
        },
        sent: notice.sent.map(Timestamp::as_secs),
        attempts: notice.attempts,
        error: notice.error.clone(),
    }
}

fn last_told(notices: &[StoredNotice], api: &str, version: &str, consumer: &str) -> Option<i64> {
    let own = notices.iter().filter(|notice| notice.key.api == api && notice.key.version == version);
    let own = own.filter(|notice| notice.key.recipient.strip_prefix("consumer ") == Some(consumer));
    own.filter_map(|notice| notice.sent).max().map(Timestamp::as_secs)
}

/// How many block, in a sentence for each kind.
fn summary(readiness: &Readiness) -> Vec<String> {
    let count = |kind| readiness.blockers.iter().filter(|blocker| blocker.kind == kind).count();
    let sentence = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 consumer {one}.")),
        count => Some(format!("{count} consumers {many}.")),
    };
    let in_use = sentence(count(BlockerKind::InUse), "uses it", "use it");
    let may_return = sentence(
        count(BlockerKind::MayReturn),
        "is quiet, but not for longer than it has been before",
        "are quiet, but not for longer than they have been before",
    );
    in_use.into_iter().chain(may_return).collect()
}

/// The line of the last days.
fn trend<'d>(of: impl Iterator<Item = &'d UsageDay>, now: Timestamp, days: u64) -> Option<String> {
    let today = now.as_secs() / DAY as i64;
    let mut values = vec![0; days as usize];
    for day in of {
        let ago = usize::try_from(today - day.day.as_secs() / DAY as i64).unwrap_or_default();
        if let Some(value) = values.len().checked_sub(ago + 1).and_then(|at| values.get_mut(at)) {
            *value += day.requests;
        }
    }
    spark(&values)
}
