//! The ledger.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::backlog::Backlog;
use super::batch::{Batch, UsageRow};
use super::caller::Caller;
use super::cell::{Tally, UsageCell};
use super::coverage::LedgerCoverage;
use super::distinct::fresh_run;
use super::identities::Identities;
use super::key::{ConsumerKey, Period, Whose, hour};
use super::shards::{Shards, add};
use super::store::LedgerStore;
use crate::clock::Timestamp;

/// Who used which version of which route, by hour, since the last batch that a store has acknowledged.
///
/// In the steady state [`tally`](Ledger::tally) allocates nothing: a row is made once an hour. Rows and consumers are bounded, see
/// [`with_consumers`](Ledger::with_consumers) and [`with_rows`](Ledger::with_rows); what is beyond is counted in less detail, and
/// [`health`](Ledger::health) says so.
#[derive(Debug)]
pub struct Ledger {
    replica: Arc<str>,
    run: Arc<str>,
    max_consumers: usize,
    max_rows: usize,
    shards: Shards,
    identities: Mutex<Identities>,
    outbox: Mutex<Outbox>,
    overflow: AtomicU64,
    merged: AtomicU64,
}

/// How a ledger does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerHealth {
    /// Rows in memory.
    pub rows: usize,
    /// Requests that were counted for `_other` since the start because there were too many consumers or rows.
    pub overflow: u64,
    /// Rows that were merged since the start, hours into days or consumers into `_other`, because a store did not answer.
    pub merged: u64,
    /// The beginning of the earliest hour or day that is not in the store yet.
    pub oldest: Option<Timestamp>,
}

/// Batches are handed out one at a time: until the store has one, everything else is counted on.
#[derive(Debug, Default)]
struct Outbox {
    number: u64,
    waiting: Option<Arc<Batch>>,
    backlog: Backlog,
    /// When the first flush was.
    since: Option<Timestamp>,
}

/// The default bound of consumers for each API.
const CONSUMERS: usize = 10_000;
/// The default bound of rows.
const ROWS: usize = 65_536;

// === impl Ledger ===

impl Ledger {
    /// An empty ledger. Its run is random; its replica is called `1`.
    #[must_use]
    pub fn new() -> Self {
        Self {
            replica: "1".into(),
            run: fresh_run().into(),
            max_consumers: CONSUMERS,
            max_rows: ROWS,
            shards: Shards::new(),
            identities: Mutex::default(),
            outbox: Mutex::default(),
            overflow: AtomicU64::new(0),
            merged: AtomicU64::new(0),
        }
    }

    /// The name of this replica, where several write to one store.
    #[must_use]
    pub fn with_replica(mut self, replica: impl Into<String>) -> Self {
        self.replica = replica.into().into();
        self
    }

    /// At most so many consumers of each API have rows of their own on a day. The others are counted together as `_other`, with an
    /// estimate of how many they were. Names of more than 256 bytes are always among the others. Default: 10 000.
    #[must_use]
    pub fn with_consumers(mut self, most: usize) -> Self {
        self.max_consumers = most;
        self
    }

    /// At most about so many rows are in memory, 300 bytes each, and as many again in a batch that is with the store. At half of it,
    /// rows that count nothing at the moment are dropped, and those that a store does not take are merged: hours into days, then the
    /// consumers of the oldest days. At the bound, new rows are counted as `_other`. Default: 65 536, which
    /// takes less than 64 MiB.
    #[must_use]
    pub fn with_rows(mut self, most: usize) -> Self {
        self.max_rows = most;
        self
    }

    /// The row for a request that came at `now`, to add to when its response has ended.
    pub fn tally(&self, now: Timestamp, caller: &Caller<'_>) -> Tally {
        let hour = hour(now);
        let whose = caller.consumer.map_or(Whose::Anonymous, Whose::Named);
        let hash = self.shards.hash(hour, caller.route, whose);
        let cell = self.shards.get(hash, hour, caller.route, whose);
        let cell = cell.unwrap_or_else(|| self.open(hash, hour, now, caller));
        cell.note(now, caller);
        Tally(cell)
    }

    /// What is to be stored: the batch that was not acknowledged, or what was counted since; `None` if nothing was. Once it is
    /// stored, it is to be acknowledged.
    #[must_use]
    pub fn next_batch(&self, now: Timestamp) -> Option<Arc<Batch>> {
        let mut outbox = self.outbox();
        if let Some(batch) = outbox.waiting.as_ref().map(Arc::clone) {
            self.compact(&mut outbox.backlog, now);
            return Some(batch);
        }
        let mut rows = outbox.backlog.take();
        for (key, counts) in self.shards.drain(hour(now), self.shards.len() > self.max_rows / 2) {
            add(&mut rows, key, &counts);
        }
        if rows.is_empty() {
            return None;
        }
        outbox.number += 1;
        let rows = rows.into_iter().map(|(key, counts)| UsageRow { key, counts }).collect();
        let (replica, run) = (Arc::clone(&self.replica), Arc::clone(&self.run));
        let batch = Arc::new(Batch { replica, run, number: outbox.number, rows });
        outbox.waiting = Some(Arc::clone(&batch));
        Some(batch)
    }

    /// The store has the batch with this number.
    pub fn acknowledge(&self, number: u64) {
        let mut outbox = self.outbox();
        outbox.waiting.take_if(|batch| batch.number == number);
    }

    /// Writes what was counted to `store`. Returns the number of rows. After an error, the same batch is sent again by the next
    /// call, and what is counted until then by the one after it.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn flush<S: LedgerStore>(&self, store: &S, now: Timestamp) -> Result<usize, S::Error> {
        self.write(store, now, false).await
    }

    /// Like [`flush`](Self::flush), for the last time: the program has stopped serving, in order. So a report does not take the time until
    /// the next run for one in which requests were missed.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn finish<S: LedgerStore>(&self, store: &S, now: Timestamp) -> Result<usize, S::Error> {
        self.write(store, now, true).await
    }

    async fn write<S: LedgerStore>(&self, store: &S, now: Timestamp, ended: bool) -> Result<usize, S::Error> {
        let (again, since) = {
            let mut outbox = self.outbox();
            (outbox.waiting.is_some(), *outbox.since.get_or_insert(now))
        };
        let mut rows = 0;
        for _ in 0..=usize::from(again) {
            let Some(batch) = self.next_batch(now) else { break };
            store.store(&batch).await?;
            self.acknowledge(batch.number);
            rows += batch.rows.len();
        }
        let (replica, run) = (Arc::clone(&self.replica), Arc::clone(&self.run));
        store.cover(&LedgerCoverage { replica, run, since, until: now.max(since), ended }).await?;
        Ok(rows)
    }

    /// How it does.
    #[must_use]
    pub fn health(&self) -> LedgerHealth {
        let outbox = self.outbox();
        let waiting = outbox.waiting.as_ref();
        let oldest = [
            self.shards.oldest().map(Period::Hour),
            waiting.and_then(|batch| batch.rows.first()).map(|row| row.key.period),
            outbox.backlog.oldest().map(|key| key.period),
        ];
        LedgerHealth {
            rows: self.shards.len() + outbox.backlog.len() + waiting.map_or(0, |batch| batch.rows.len()),
            overflow: self.overflow.load(Ordering::Relaxed),
            merged: self.merged.load(Ordering::Relaxed),
            oldest: oldest.into_iter().flatten().map(Period::start).min(),
        }
    }

    /// The first request of a consumer on a route in an hour.
    #[cold]
    fn open(&self, hash: u64, hour: u32, now: Timestamp, caller: &Caller<'_>) -> Arc<UsageCell> {
        let cell = |consumer| UsageCell::new(hour, caller.route.clone(), consumer, now);
        let Some(name) = caller.consumer else {
            return self.shards.insert(hash, cell(ConsumerKey::Anonymous), Whose::Anonymous);
        };
        if let Some(known) = self.admit(caller.route.api(), name, now) {
            return self.shards.insert(hash, cell(ConsumerKey::Named(known)), Whose::Named(name));
        }
        self.overflow.fetch_add(1, Ordering::Relaxed);
        let hash = self.shards.hash(hour, caller.route, Whose::Other);
        let other = self.shards.get(hash, hour, caller.route, Whose::Other);
        let other = other.unwrap_or_else(|| self.shards.insert(hash, cell(ConsumerKey::Other), Whose::Other));
        other.note_other(name);
        other
    }

    fn admit(&self, api: &str, name: &str, now: Timestamp) -> Option<Arc<str>> {
        if self.shards.len() >= self.max_rows {
            return None;
        }
        let Period::Day(day) = Period::day_of(now) else { return None };
        let mut identities = self.identities.lock().unwrap_or_else(PoisonError::into_inner);
        identities.admit(api, name, day, self.max_consumers)
    }

    fn compact(&self, backlog: &mut Backlog, now: Timestamp) {
        let most = self.max_rows / 2;
        if self.shards.len() + backlog.len() > most {
            let hours = self.shards.drain_others(hour(now));
            let merged = hours.len();
            backlog.keep(hours);
            let merged = merged + backlog.shrink(most);
            self.merged.fetch_add(merged as u64, Ordering::Relaxed);
        }
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self::new()
    }
}
