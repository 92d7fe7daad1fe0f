//! When each version was last asked for.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};

use super::files;
use crate::catalog::Catalog;
use crate::clock::Timestamp;
use crate::plan::Plan;

/// The last use of each version of each api, in whole seconds. Clones share it; it outlives every config.
#[derive(Clone, Debug, Default)]
pub(in crate::gateway) struct Traffic {
    known: Arc<Mutex<BTreeMap<String, BTreeMap<String, LastUse>>>>,
}

/// Seconds since 1970; 0 for never.
type LastUse = Arc<AtomicI64>;

/// The places for the versions of one config, found by number: a request takes no lock and looks nothing up.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Used {
    apis: Arc<[Box<[LastUse]>]>,
}

/// The name of the file.
const FILE: &str = "traffic.json";
/// So much may be forgotten when the process is killed.
const KEEP: Duration = Duration::from_secs(10);

// === impl Traffic ===

impl Traffic {
    /// The places for a config.
    pub(in crate::gateway) fn used(&self, catalog: &Catalog) -> Used {
        let mut known = self.lock();
        let apis = catalog.apis().iter().map(|api| {
            let slots = known.entry(api.name.to_string()).or_default();
            api.versions.iter().map(|version| Arc::clone(slots.entry(version.text.to_string()).or_default())).collect()
        });
        Used { apis: apis.collect() }
    }

    /// When `version` was last asked for.
    pub(in crate::gateway) fn last(&self, api: &str, version: &str) -> Option<Timestamp> {
        let secs = self.lock().get(api)?.get(version)?.load(Ordering::Relaxed);
        Timestamp::from_secs(secs).filter(|at| *at > Timestamp::EPOCH)
    }

    /// Takes over what an earlier process wrote down.
    pub(super) fn read(&self, folder: &Path) {
        let Ok(text) = fs::read(folder.join(FILE)) else { return };
        match serde_json::from_slice(&text) {
            Ok(written) => self.take(&written),
            Err(error) => tracing::warn!(%error, "cannot read the last use of versions"),
        }
    }

    fn take(&self, written: &Map<String, Value>) {
        let mut known = self.lock();
        for (api, versions) in written {
            for (version, at) in versions.as_object().into_iter().flatten() {
                if let Some(at) = at.as_str().and_then(|at| at.parse::<Timestamp>().ok()) {
                    let slot = known.entry(api.clone()).or_default().entry(version.clone()).or_default();
                    slot.fetch_max(at.as_secs(), Ordering::Relaxed);
                }
            }
        }
    }

    fn written(&self) -> String {
        let known = self.lock();
        let mut apis = Map::new();
        for (api, versions) in &*known {
            let used = versions.iter().filter_map(|(version, slot)| {
                let at = Timestamp::from_secs(slot.load(Ordering::Relaxed)).filter(|at| *at > Timestamp::EPOCH)?;
                Some((version.clone(), Value::from(at.to_string())))
            });
            apis.insert(api.clone(), Value::Object(used.collect()));
        }
        format!("{:#}\n", Value::Object(apis))
    }

    /// Of what another process wrote meanwhile (one takes over from the other), the later holds.
    pub(super) fn write(&self, folder: &Path) {
        self.read(folder);
        if let Err(error) = files::keep(&folder.join(FILE), self.written().as_bytes()) {
            tracing::warn!(%error, "cannot write the last use of versions");
        }
    }

    /// Writes it down whenever it is another.
    pub(super) async fn keep(&self, folder: &Path) {
        let mut before = String::new();
        loop {
            tokio::time::sleep(KEEP).await;
            let written = self.written();
            if written != before {
                let (traffic, folder) = (self.clone(), folder.to_owned());
                let _ = tokio::task::spawn_blocking(move || traffic.write(&folder)).await;
                before = written;
            }
        }
    }

    /// As if an earlier process had written it.
    #[cfg(test)]
    pub(in crate::gateway) fn of(written: &str) -> Self {
        let traffic = Self::default();
        traffic.take(&serde_json::from_str(written).expect("JSON"));
        traffic
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, BTreeMap<String, LastUse>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Used ===

impl Used {
    /// A request was planned with this config.
    pub(in crate::gateway) fn note(&self, plan: &Plan) {
        let now = plan.now().as_secs();
        let api = &self.apis[plan.api_index()];
        let versions = [plan.version(), plan.request_version()];
        for version in versions.into_iter().flatten() {
            let slot = &api[version.id.index()];
            // Within a second, nothing is written: the line stays shared by all cores.
            if slot.load(Ordering::Relaxed) < now {
                slot.store(now, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let traffic = Traffic::of(r#"{"shop":{"1":"2026-01-01T00:00:00Z","2":"never","3":4},"other":5}"#);
        assert_eq!(traffic.last("shop", "1"), Some("2026-01-01".parse().expect("a date")));
        assert_eq!((traffic.last("shop", "2"), traffic.last("none", "1")), (None, None));
        let again = Traffic::of(&traffic.written());
        assert_eq!(again.written(), traffic.written());
        again.take(&serde_json::from_str(r#"{"shop":{"1":"2025-01-01T00:00:00Z"}}"#).expect("JSON"));
        assert_eq!(again.last("shop", "1"), traffic.last("shop", "1"), "the later use holds");
    }
    #[test]
    fn of_two_processes_the_later_use_holds() {
        let folder = std::env::temp_dir().join(format!("sunward-traffic-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let (one, other) =
            (r#"{"a":{"1":"2026-01-02T00:00:00Z"}}"#, r#"{"a":{"1":"2026-01-01T00:00:00Z","2":"2026-01-01"}}"#);
        Traffic::of(one).write(&folder);
        Traffic::of(other).write(&folder);
        let read = Traffic::default();
        read.read(&folder);
        let days = ["1", "2"].map(|version| read.last("a", version).map(|at| at.to_string()));
        assert_eq!(days.map(|day| day.unwrap_or_default()), ["2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"]);
        fs::remove_dir_all(folder).expect("removed");
    }
}
