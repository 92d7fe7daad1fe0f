//! What is written down when a gateway starts.

use std::path::Path;
use std::time::Duration;

use super::load::serve_at;
use super::options::Variables;
use super::reload::{InUse, in_use};
use super::snapshot::Snapshot;
use crate::gateway::state::{self, Actor, AuditAction, Store};

/// Writes down that `snapshot` is served from the start, and warns of versions in use that it does not have.
pub(in crate::gateway) fn record_start(
    snapshot: &Snapshot,
    store: &Store,
    path: &Path,
    variables: &Variables,
    revisions: usize,
    protect: Option<Duration>,
) {
    let actor = Actor::system("start");
    let mut target = format!("{} as {}", path.display(), snapshot.tag);
    let dropped = dropped(snapshot, store, path, variables, protect);
    let dropped = dropped.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if !dropped.is_empty() {
        tracing::warn!(dropped, "the config drops versions in use");
        target += &format!(", dropping versions in use: {dropped}");
    }
    store.audit.record(&actor, &AuditAction { what: "start", target }, store.now());
    store.keep_revision(&snapshot.sources, &actor, None, revisions, store.now());
}

/// Versions in use that the config of the process before had, and this one does not.
fn dropped(
    snapshot: &Snapshot,
    store: &Store,
    path: &Path,
    variables: &Variables,
    protect: Option<Duration>,
) -> Vec<InUse> {
    let last = store.revisions.as_ref().and_then(|revisions| revisions.list().pop());
    let last = last.filter(|last| last.tag() != snapshot.tag);
    let texts = last.and_then(|last| state::target(&last, path).ok());
    let Some(before) = texts.and_then(|texts| serve_at(&texts, &**variables, store.now()).ok()) else {
        return Vec::new();
    };
    in_use(&before.catalog, &snapshot.catalog, &store.traffic, protect, store.now())
}
