//! What operators ask of all replicas: it is kept in PostgreSQL, and each replica has a copy that requests go by.
//!
//! An act is in the database before its answer. The other replicas hear of it (`LISTEN`), and read everything again; they also
//! read it from time to time, since a word may be lost. A replica that does not reach the database serves on with its copy.
//!
//! | file | what |
//! |---|---|
//! | `keep` | the tasks that listen and read |
//! | `status` | whether the database answers |

mod keep;
mod status;

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::acts::{ActChange, ActRefused, Acts};
use super::audit::{Actor, Audit, AuditAction};
use crate::clock::{Clock, SharedClock, Timestamp};
use crate::config::LedgerSpec;
use crate::usage::{LedgerError, PostgresOptions, SharedAct, SharedEntries, SharedStore, SharedUpdate};
use status::SharedStatus;

/// What all replicas know. Clones share it. Without a database there is none, and each process keeps its own.
#[derive(Clone, Debug, Default)]
pub(in crate::gateway) struct SharedState {
    inner: Option<Arc<SharedInner>>,
}

#[derive(Debug)]
struct SharedInner {
    options: PostgresOptions,
    /// Past a pooler that swallows notifications.
    listen: PostgresOptions,
    /// The name of the channel by which its connection is tested.
    channel: String,
    environment: String,
    replica: String,
    acts: Acts,
    audit: Audit,
    clock: SharedClock,
    /// One at a time: what was read later is newer.
    turn: tokio::sync::Mutex<SharedTurn>,
    status: Mutex<SharedStatus>,
    /// It is time to read.
    wake: Notify,
}

/// What those who read and write need.
#[derive(Debug, Default)]
struct SharedTurn {
    store: Option<Arc<SharedStore>>,
    /// The last line of the log that was read.
    last: i64,
}

/// How long an operator waits for the database.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the start waits for it.
const START: Duration = Duration::from_secs(2);

// === impl SharedState ===

impl SharedState {
    pub(super) fn new(spec: &LedgerSpec, replica: String, acts: &Acts, audit: &Audit, clock: SharedClock) -> Self {
        let Some(options) = options(spec) else { return Self::default() };
        let listen = spec.listen_url.as_ref().map(|url| PostgresOptions::new(url.value.expose()));
        acts.share(clock.now());
        let inner = SharedInner {
            listen: listen.unwrap_or_else(|| options.clone()),
            options,
            channel: format!("{:016x}", fastrand::u64(..)),
            environment: spec.environment.clone(),
            replica,
            acts: acts.clone(),
            audit: audit.clone(),
            status: Mutex::new(SharedStatus::new(clock.now())),
            clock,
            turn: tokio::sync::Mutex::default(),
            wake: Notify::new(),
        };
        Self { inner: Some(Arc::new(inner)) }
    }

    /// Reads what is there before the first request is served. It is waited for only shortly.
    pub(in crate::gateway) async fn meet(&self) {
        if let Some(inner) = &self.inner {
            inner.sync(START).await;
        }
    }

    /// Does what an operator asks for, once it is in the database; `None` if there is none. Returns whether this changed anything.
    pub(super) async fn perform(
        &self,
        change: &ActChange,
        actor: &Actor,
        action: &AuditAction,
        now: Timestamp,
    ) -> Option<Result<bool, ActRefused>> {
        Some(self.inner.as_ref()?.perform(change, actor, action, now).await)
    }

    /// Writes an act to the log of all replicas that has no effect on what they do.
    pub(super) async fn note(&self, actor: &Actor, action: &AuditAction, at: Timestamp) {
        let Some(inner) = &self.inner else { return };
        let update = SharedUpdate { act: Some(inner.line(actor, action, at)), ..SharedUpdate::default() };
        let written = async {
            let store = SharedStore::connect(&inner.options, &inner.environment).await?;
            store.update(|_| Ok::<_, std::convert::Infallible>((update, ()))).await
        };
        if let Err(error) = written.await {
            tracing::warn!(error = told(&error), "cannot write the audit log of the replicas");
        }
    }

    /// What an operator should know of it, if there is something.
    pub(in crate::gateway) fn detail(&self) -> Option<String> {
        self.inner.as_ref()?.status().detail()
    }
}

// === impl SharedInner ===

impl SharedInner {
    async fn perform(
        &self,
        change: &ActChange,
        actor: &Actor,
        action: &AuditAction,
        now: Timestamp,
    ) -> Result<bool, ActRefused> {
        let act = self.line(actor, action, now);
        let work = async {
            let mut turn = self.turn.lock().await;
            match self.perform_once(&mut turn, change, actor, &act, now).await {
                // A connection of before may be dead, and an act that is repeated changes nothing.
                Err(error) if error.is_unreachable() => self.perform_once(&mut turn, change, actor, &act, now).await,
                result => result,
            }
        };
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(Ok(done)) => done,
            Ok(Err(error)) => Err(ActRefused::Unavailable(told(&error))),
            Err(_) => Err(ActRefused::Unavailable(format!("{} does not answer in time", self.options))),
        }
    }

    async fn perform_once(
        &self,
        turn: &mut SharedTurn,
        change: &ActChange,
        actor: &Actor,
        act: &SharedAct,
        now: Timestamp,
    ) -> Result<Result<bool, ActRefused>, LedgerError> {
        let store = self.store(turn).await?;
        let done = store.update(|entries| {
            let (mut update, changed) = Acts::plan(change, actor, now, entries)?;
            update.act = changed.then(|| act.clone());
            Ok((update, changed))
        });
        match done.await? {
            Ok((entries, changed)) => {
                // The history of this process has it as an act of its own.
                if changed {
                    let _ = self.acts.perform(change, actor, now);
                }
                self.install(&entries).await;
                Ok(Ok(changed))
            }
            Err(refused) => Ok(Err(refused)),
        }
    }

    /// Reads everything, and takes it over.
    async fn sync(&self, patience: Duration) {
        let result = match tokio::time::timeout(patience, self.exchange()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(told(&error)),
            Err(_) => Err(format!("{} does not answer in time", self.options)),
        };
        self.status().read(result, self.clock.now());
    }

    async fn exchange(&self) -> Result<(), LedgerError> {
        let mut turn = self.turn.lock().await;
        let store = self.store(&mut turn).await?;
        let read = self.read(&store, turn.last).await;
        // The tables may be gone: they are made when it is opened.
        if read.as_ref().is_err_and(|error| !error.is_unreachable() && !error.is_locked()) {
            turn.store = None;
        }
        let (entries, acts) = read?;
        turn.last = acts.last().map_or(turn.last, |act| act.id);
        self.audit.add_others(&acts);
        self.install(&entries).await;
        Ok(())
    }

    async fn read(&self, store: &SharedStore, last: i64) -> Result<(SharedEntries, Vec<SharedAct>), LedgerError> {
        let view = store.view(last).await?;
        let now = self.clock.now();
        if self.acts.news(&view.entries, now).entries.is_empty() {
            return Ok((view.entries, view.acts));
        }
        let add = |entries: &SharedEntries| Ok::<_, std::convert::Infallible>((self.acts.news(entries, now), ()));
        let Ok((entries, ())) = store.update(add).await?;
        Ok((entries, view.acts))
    }

    async fn store(&self, turn: &mut SharedTurn) -> Result<Arc<SharedStore>, LedgerError> {
        let store = match turn.store.take() {
            Some(store) => store,
            None => Arc::new(SharedStore::connect(&self.options, &self.environment).await?),
        };
        Ok(Arc::clone(turn.store.insert(store)))
    }

    async fn install(&self, entries: &SharedEntries) {
        if self.acts.install(entries) {
            // A copy for a start without the database; its failure is in the log.
            self.acts.keep(self.clock.now()).await;
        }
    }

    fn line(&self, actor: &Actor, action: &AuditAction, at: Timestamp) -> SharedAct {
        let Actor { by, via, reason } = actor.clone();
        let (what, target) = (action.what.to_owned(), action.target.clone());
        SharedAct { id: 0, replica: self.replica.clone(), at, by, via, what, target, reason }
    }

    fn status(&self) -> std::sync::MutexGuard<'_, SharedStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The server of a config, if it has one.
pub(super) fn options(spec: &LedgerSpec) -> Option<PostgresOptions> {
    let url = spec.url.as_ref()?;
    let options = PostgresOptions::new(url.value.expose()).with_prepared_statements(spec.prepared_statements);
    Some(match &spec.migrate_url {
        Some(url) => options.with_migrate_url(url.value.expose()),
        None => options,
    })
}

/// Writes an act to the log that replicas share, if there is one.
pub(super) async fn note(
    spec: &LedgerSpec,
    replica: String,
    actor: &Actor,
    action: &AuditAction,
    at: Timestamp,
) -> Result<(), LedgerError> {
    let Some(options) = options(spec) else { return Ok(()) };
    let store = SharedStore::connect(&options, &spec.environment).await?;
    let (Actor { by, via, reason }, AuditAction { what, target }) = (actor.clone(), action.clone());
    let act = SharedAct { id: 0, replica, at, by, via, what: what.to_owned(), target, reason };
    let update = SharedUpdate { act: Some(act), ..SharedUpdate::default() };
    store.update(|_| Ok::<_, std::convert::Infallible>((update, ()))).await.map(drop)
}

/// An error with its cause.
fn told(error: &LedgerError) -> String {
    match error.source() {
        Some(cause) => format!("{error} ({cause})"),
        None => error.to_string(),
    }
}
