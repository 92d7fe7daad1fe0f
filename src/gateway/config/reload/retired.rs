//! What is not served any more, and still used by requests under way.
//!
//! To free a large catalog takes milliseconds. The last request that uses it must not spend them, nor those that share its
//! thread; so the owner of the config keeps what it replaces, and frees it on its own thread.

use std::sync::Arc;
use std::time::Duration;

use crate::catalog::Catalog;
use crate::gateway::config::snapshot::Snapshot;

/// How often what is kept is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Snapshots and catalogs that were replaced.
#[derive(Default)]
pub(in crate::gateway) struct Retired {
    snapshots: Vec<Arc<Snapshot>>,
    catalogs: Vec<Arc<Catalog>>,
}

// === impl Retired ===

impl Retired {
    /// Keeps `old`, which `new` has replaced.
    pub(super) fn keep(&mut self, old: Arc<Snapshot>, new: &Snapshot) {
        if !Arc::ptr_eq(&old.catalog, &new.catalog) {
            self.catalogs.push(Arc::clone(&old.catalog));
        }
        self.snapshots.push(old);
    }

    /// Waits until it is time to look; for ever if nothing is kept.
    pub(super) async fn due(&self) {
        if self.snapshots.is_empty() && self.catalogs.is_empty() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(LOOK).await;
    }

    /// Frees what no request uses any more.
    pub(super) fn release(&mut self) {
        self.snapshots.retain(is_used);
        // After the snapshots, which hold them.
        self.catalogs.retain(is_used);
    }
}

/// Whether this is not the only handle. If it is the only one, no other can appear.
fn is_used<T>(kept: &Arc<T>) -> bool {
    Arc::strong_count(kept) > 1
}
