//! Which changes altered something in a request or its response: only what a ledger asks for.

use super::Plan;
use crate::json::ChangeSet;
use crate::resolve::Resolution;
use crate::version::VersionId;

/// The changes of one request so far. Head and body of a message are migrated at different times, and by different tasks.
/// Without the feature `usage` no ledger asks, and nothing is kept.
#[derive(Debug, Default)]
pub(super) struct AlteredBy {
    #[cfg(feature = "usage")]
    changes: std::sync::Mutex<ChangeSet>,
}

// === impl AlteredBy ===

impl AlteredBy {
    #[cfg(feature = "usage")]
    fn note(&self, note: impl FnOnce(&mut ChangeSet)) {
        note(&mut self.changes.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    #[cfg(not(feature = "usage"))]
    #[expect(clippy::unused_self, reason = "as with the feature")]
    fn note(&self, _: impl FnOnce(&mut ChangeSet)) {}
}

// === impl Plan ===

impl Plan {
    /// This change, by its place in the list of all, altered something in the head of a message.
    pub(super) fn note_change(&self, change: u32) {
        self.inner.altered.note(|altered| altered.insert(change));
    }

    /// These altered something in a body.
    #[cfg(feature = "layer")]
    pub(crate) fn note_changes(&self, changes: &ChangeSet) {
        if !changes.is_empty() {
            self.inner.altered.note(|altered| *altered |= changes);
        }
    }

    /// Those that altered path or query for a service that speaks `spoken`.
    pub(super) fn note_target_changes(&self, resolution: &Resolution, spoken: VersionId) {
        if resolution.request == spoken {
            return;
        }
        let Some(route) = self.route().filter(|route| route.history.has_targets()) else { return };
        let changes = route.history.target_changes(self.query(), resolution.request, spoken);
        changes.into_iter().for_each(|change| self.note_change(change));
    }

    /// Calls `with` for each change that altered something so far. A list of them would be an allocation for each request.
    #[cfg(feature = "usage")]
    pub(crate) fn each_altered(&self, with: impl FnMut(&crate::usage::UsedChange)) {
        let changes = &self.api().used_changes;
        let known = |change: u32| changes.get(change as usize);
        self.inner.altered.note(|altered| altered.iter().filter_map(known).for_each(with));
    }
}
