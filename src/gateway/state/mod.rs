//! State beside the config, kept across reloads and, with a `state` folder, across restarts: when each version was last
//! used, the ledger, the audit log, the acts in effect, and the configs that were served. Replicas with a database share the acts.
//!
//! If the folder cannot be written, the gateway logs it and keeps serving.

mod acts;
mod audit;
mod files;
#[cfg(feature = "ledger")]
mod forgotten;
#[cfg(feature = "ledger")]
mod former;
#[cfg(feature = "ledger")]
mod ledger;
mod restore;
mod revisions;
mod rollouts;
#[cfg(feature = "postgres")]
mod shared;
#[cfg(feature = "ledger")]
mod standing;
mod token_keys;
mod traffic;

use std::path::{Path, PathBuf};

use crate::catalog::{Catalog, Control};
use crate::clock::{Clock, SharedClock, Timestamp};
use crate::config::{LedgerSpec, SourceMap};
use crate::layer::CountLayer;

pub(super) use acts::{ActChange, ActRefused, Acts, Persisted};
pub(super) use audit::{Actor, Audit, AuditAction};
pub(super) use files::replace;
#[cfg(feature = "ledger")]
pub(super) use forgotten::forgetting;
#[cfg(feature = "ledger")]
pub use forgotten::{ForgetOrder, forget_consumer};
#[cfg(feature = "ledger")]
pub use ledger::{open_ledger, open_ledger_to_write};
pub(super) use restore::{restore, set_aside, target};
pub use revisions::Revision;
pub(super) use revisions::{Revisions, before, tag};
pub(super) use rollouts::{RolloutError, Rollouts};
#[cfg(feature = "ledger")]
pub use standing::open_control;
pub(super) use traffic::{Traffic, Used};

/// All of it.
#[derive(Clone, Debug)]
pub(super) struct Store {
    pub(super) acts: Acts,
    pub(super) audit: Audit,
    pub(super) traffic: Traffic,
    pub(super) revisions: Option<Revisions>,
    pub(super) rollouts: Rollouts,
    #[cfg(feature = "ledger")]
    pub(super) ledger: ledger::LedgerKeeper,
    #[cfg(feature = "ledger")]
    pub(super) former: former::FormerConsumers,
    #[cfg(feature = "postgres")]
    pub(super) shared: shared::SharedState,
    pub(super) token_keys: token_keys::KeysCache,
    /// What decisions go by.
    pub(super) clock: SharedClock,
    folder: Option<PathBuf>,
}

// === impl Store ===

impl Store {
    /// Opens the folder, and makes it if it is not there; without one, all is kept in memory.
    pub(super) fn open(folder: Option<&Path>, spec: &LedgerSpec, clock: SharedClock) -> Self {
        let folder = folder.filter(|folder| match files::make_folder(folder) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(folder = %folder.display(), %error, "cannot create the `state` directory; nothing is \
                     kept");
                false
            }
        });
        let traffic = Traffic::default();
        if let Some(folder) = folder {
            traffic.read(folder);
        }
        Self {
            acts: Acts::default(),
            rollouts: Rollouts::new(folder, clock.clone()),
            clock,
            audit: Audit::open(folder, replica(spec)),
            traffic,
            revisions: folder.map(Revisions::new),
            token_keys: token_keys::KeysCache::default(),
            #[cfg(feature = "ledger")]
            ledger: ledger::LedgerKeeper::default(),
            #[cfg(feature = "ledger")]
            former: former::FormerConsumers::default(),
            #[cfg(feature = "postgres")]
            shared: shared::SharedState::default(),
            folder: folder.map(Path::to_owned),
        }
    }

    /// The time now.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Restores the acts that were in effect in the process before, and keeps those to come.
    pub(super) fn with_acts(mut self, control: &Control) -> Self {
        self.acts = Acts::open(self.folder.as_deref(), control, self.now());
        self
    }

    /// Shares the acts with other replicas, if there is a database.
    #[cfg_attr(not(feature = "postgres"), allow(unused_mut, unused_variables, clippy::unused_async))]
    pub(super) async fn with_shared(mut self, spec: &LedgerSpec) -> Self {
        #[cfg(feature = "postgres")]
        {
            let replica = ledger::replica(spec);
            self.shared = shared::SharedState::new(spec, replica, &self.acts, &self.audit, self.clock.clone());
            self.shared.meet().await;
        }
        self
    }

    /// Does what an operator asks for, and writes it down. Returns whether this changed anything, and whether the next process will
    /// know.
    ///
    /// # Errors
    /// It is refused, and nothing was changed.
    pub(super) async fn perform(
        &self,
        change: &ActChange,
        actor: Actor,
        action: AuditAction,
        now: Timestamp,
    ) -> Result<(bool, Persisted), ActRefused> {
        #[cfg(feature = "postgres")]
        if let Some(done) = self.shared.perform(change, &actor, &action, now).await {
            if done? {
                self.audit.record_apart(actor, action, now).await;
                return Ok((true, Persisted::Yes));
            }
            return Ok((false, Persisted::Yes));
        }
        let changed = self.acts.perform(change, &actor, now)?;
        if changed {
            self.audit.record_apart(actor, action, now).await;
        }
        Ok((changed, self.acts.keep(now).await))
    }

    /// Writes down that a consumer was forgotten, here and for the other replicas.
    #[cfg(feature = "ledger")]
    pub(super) async fn audit_forgotten(&self, actor: Actor, action: AuditAction) {
        let now = self.now();
        #[cfg(feature = "postgres")]
        self.shared.note(&actor, &action, now).await;
        self.audit.record_apart(actor, action, now).await;
    }

    /// What operators should know of the state, if there is something.
    #[cfg_attr(not(feature = "postgres"), allow(clippy::unused_self))]
    pub(super) fn detail(&self) -> Option<String> {
        #[cfg(feature = "postgres")]
        return self.shared.detail();
        #[cfg(not(feature = "postgres"))]
        None
    }

    /// Counts who uses which version, and keeps it.
    #[cfg_attr(not(feature = "ledger"), allow(unused_mut, unused_variables))]
    pub(super) fn with_ledger(mut self, spec: &LedgerSpec) -> Self {
        #[cfg(feature = "ledger")]
        {
            self.ledger = ledger::LedgerKeeper::new(self.folder.as_deref(), spec, self.clock.clone());
        }
        self
    }

    /// Asks the ledger, if there is one, who used a version before it was closed.
    #[cfg_attr(not(feature = "ledger"), allow(clippy::unused_self))]
    pub(super) fn know(&self, catalog: Catalog) -> Catalog {
        #[cfg(feature = "ledger")]
        if self.ledger.environment().is_some() {
            return catalog.with_known(self.former.clone());
        }
        catalog
    }

    /// The layer that counts requests; `request_id` is the header of a request's id.
    #[cfg_attr(not(feature = "ledger"), allow(unused_variables, clippy::unused_self))]
    pub(super) fn count_layer(&self, request_id: &str) -> CountLayer {
        #[cfg(feature = "ledger")]
        return self.ledger.count_layer(request_id);
        #[cfg(not(feature = "ledger"))]
        CountLayer::new()
    }

    /// Keeps the texts that are served; `restores` is the revision that was gone back to.
    pub(super) fn keep_revision(
        &self,
        sources: &SourceMap,
        actor: &Actor,
        restores: Option<u64>,
        most: usize,
        now: Timestamp,
    ) {
        if let Some(revisions) = &self.revisions {
            revisions.keep(sources, actor, restores, most, now);
        }
    }

    /// Writes down when versions were last asked for, from time to time, until it is dropped.
    pub(super) async fn keep_traffic(self) {
        let Some(folder) = self.folder else { return };
        self.traffic.keep(&folder).await;
    }

    /// Writes it down for the last time.
    pub(super) fn stop(&self) {
        if let Some(folder) = &self.folder {
            self.traffic.write(folder);
        }
        self.acts.write(self.now());
    }
}

/// The name of the replica, if there are others.
#[cfg_attr(not(feature = "postgres"), allow(unused_variables))]
fn replica(spec: &LedgerSpec) -> Option<String> {
    #[cfg(feature = "postgres")]
    return spec.url.as_ref().map(|_| ledger::replica(spec));
    #[cfg(not(feature = "postgres"))]
    None
}
