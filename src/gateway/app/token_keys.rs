//! Reads the keys of tokens again: files that change, and URLs from time to time. No request waits for it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use crate::consumer::KeysOrigin;
use crate::gateway::config::snapshot::LiveSnapshot;
use crate::gateway::state::Store;
use crate::gateway::wire::outbound::Outbound;
use crate::names;

/// Reads the keys of the config that is served.
pub(super) struct TokenKeys {
    current: LiveSnapshot,
    store: Store,
    /// Made when there is a URL: it reads the certificates of the system.
    outbound: Option<Outbound>,
    sources: BTreeMap<KeysOrigin, KeysSource>,
}

/// What is known of a place with keys.
#[derive(Debug, Default)]
struct KeysSource {
    tried: Option<Instant>,
    renewed: Option<Instant>,
    /// Of a file: when it was written, and how long it is.
    stamp: Option<(SystemTime, u64)>,
    failing: bool,
}

/// It is looked so often whether keys are to be read.
const EVERY: Duration = Duration::from_secs(1);
/// Keys of a URL are fetched so often, and after a failure so soon.
const REFRESH: Duration = Duration::from_secs(3600);
const RETRY: Duration = Duration::from_secs(10);
/// Tokens with unknown keys, which anybody can send, cause a fetch at most so often.
const COOL_DOWN: Duration = Duration::from_secs(30);
/// The first requests wait so long for keys.
const START: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 1024 * 1024;

// === impl TokenKeys ===

impl TokenKeys {
    pub(super) const fn new(current: LiveSnapshot, store: Store) -> Self {
        Self { current, store, outbound: None, sources: BTreeMap::new() }
    }

    /// Reads what there is before clients are served, for some seconds at most.
    pub(super) async fn start(mut self) -> Self {
        let in_time = tokio::time::timeout(START, self.look(Instant::now())).await.is_ok();
        if !in_time {
            tracing::warn!("no keys for tokens yet; tokens name no consumer until there are");
        }
        self
    }

    /// Reads keys again and again, until it is dropped.
    pub(super) async fn run(mut self) {
        loop {
            tokio::time::sleep(EVERY).await;
            self.look(Instant::now()).await;
        }
    }

    async fn look(&mut self, now: Instant) {
        let catalog = self.current.catalog();
        let mut missed: BTreeMap<KeysOrigin, bool> = BTreeMap::new();
        for (origin, verifier) in catalog.token_verifiers() {
            *missed.entry(origin.clone()).or_default() |= verifier.take_missed();
        }
        self.sources.retain(|origin, _| missed.contains_key(origin));
        for (origin, missed) in missed {
            let mut source = self.sources.remove(&origin).unwrap_or_default();
            if let Some(read) = self.read(&origin, &mut source, missed, now).await {
                let renewed = read.and_then(|text| self.store.token_keys.renew(&catalog, &origin, text));
                source.note(&origin, renewed, now);
            }
            self.sources.insert(origin, source);
        }
    }

    /// The keys, if it is time to read them.
    async fn read(
        &mut self,
        origin: &KeysOrigin,
        source: &mut KeysSource,
        missed: bool,
        now: Instant,
    ) -> Option<Result<String, String>> {
        match origin {
            KeysOrigin::File(path) => {
                let stamp = stamp(path);
                if stamp == source.stamp {
                    return None;
                }
                source.stamp = stamp;
                Some(std::fs::read_to_string(path).map_err(|error| error.to_string()))
            }
            KeysOrigin::Url(url) => {
                if !source.is_due(missed, now) {
                    return None;
                }
                source.tried = Some(now);
                let outbound = self.outbound.get_or_insert_with(|| Outbound::new(true));
                let fetched = outbound.get(url, MAX_BYTES).await.map_err(|error| error.to_string());
                Some(fetched.and_then(|body| String::from_utf8(body.into()).map_err(|_| "it is not UTF-8".to_owned())))
            }
        }
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

// === impl KeysSource ===

impl KeysSource {
    fn is_due(&self, missed: bool, now: Instant) -> bool {
        let since = |at: Option<Instant>, least| at.is_none_or(|at| now.duration_since(at) >= least);
        since(self.tried, RETRY)
            && (since(self.renewed, REFRESH) || self.failing || (missed && since(self.tried, COOL_DOWN)))
    }

    fn note(&mut self, origin: &KeysOrigin, renewed: Result<(), String>, now: Instant) {
        let place = match origin {
            KeysOrigin::File(path) => path.display().to_string(),
            KeysOrigin::Url(url) => url.clone(),
        };
        names::token_key_reads(if renewed.is_ok() { "ok" } else { "error" }).increment(1);
        match renewed {
            Ok(()) => {
                tracing::info!(place, "keys for tokens read");
                (self.renewed, self.failing) = (Some(now), false);
            }
            Err(error) => {
                if !self.failing {
                    tracing::warn!(place, error, "cannot read keys for tokens; those known before stay");
                }
                self.failing = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_fetched_when_it_is_time() {
        let start = Instant::now();
        let at = |secs| start + Duration::from_secs(secs);
        // When it was tried, when that went well, whether it fails, whether a key was missed, and now.
        let rows = [
            (None, None, false, false, 0, true),
            (Some(0), Some(0), false, false, 3599, false),
            (Some(0), Some(0), false, false, 3600, true),
            (Some(0), Some(0), false, true, 29, false),
            (Some(0), Some(0), false, true, 30, true),
            (Some(100), Some(0), true, false, 109, false),
            (Some(100), Some(0), true, false, 110, true),
            (Some(0), None, true, true, 9, false),
        ];
        for (tried, renewed, failing, missed, now, expected) in rows {
            let (tried, renewed) = (tried.map(at), renewed.map(at));
            let source = KeysSource { tried, renewed, failing, stamp: None };
            assert_eq!(source.is_due(missed, at(now)), expected, "{source:?} {missed} {now}");
        }
    }
}
