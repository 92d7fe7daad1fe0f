//! What the gateway takes from its ledger from time to time: gauges, and who used a version before it was closed.

use std::time::Duration;

use crate::catalog::{Catalog, Standing};
use crate::gateway::config::snapshot::LiveSnapshot;
use crate::gateway::state::Store;
use crate::names;
use crate::usage::{LedgerError, SqlLedger, UsageFilter};

/// Reads the ledger while the gateway runs.
pub(super) struct LedgerFacts {
    current: LiveSnapshot,
    store: Store,
}

const EVERY: Duration = Duration::from_secs(300);
/// The times that consumers are counted in.
const WINDOWS: [(&str, u64); 3] = [("24h", 1), ("7d", 7), ("30d", 30)];
const DAY: u64 = 86_400;

// === impl LedgerFacts ===

impl LedgerFacts {
    pub(super) const fn new(current: LiveSnapshot, store: Store) -> Self {
        Self { current, store }
    }

    /// Reads it again and again, until it is dropped.
    pub(super) async fn run(self) {
        loop {
            self.look().await;
            tokio::time::sleep(EVERY).await;
        }
    }

    async fn look(&self) {
        let Some(environment) = self.store.ledger.environment() else { return };
        let Some(ledger) = self.store.ledger.stored().await else { return };
        let catalog = self.current.catalog();
        let former = self.store.former.read(&catalog, &ledger, environment, self.store.now()).await;
        if let Err(error) = match former {
            Ok(()) => self.count(&catalog, &ledger, environment).await,
            Err(error) => Err(error),
        } {
            tracing::warn!(%error, "cannot read the ledger");
        }
    }

    /// The consumers of each version whose end is announced.
    #[allow(clippy::cast_precision_loss, reason = "there are far fewer than 2^53")]
    async fn count(&self, catalog: &Catalog, ledger: &SqlLedger, environment: &str) -> Result<(), LedgerError> {
        let now = self.store.now();
        for (window, days) in WINDOWS {
            let since = now.saturating_sub(Duration::from_secs(days * DAY));
            let filter = UsageFilter::new(since, now.saturating_add(Duration::from_secs(1)));
            let counts = ledger.consumer_counts(&filter.with_environment(environment)).await?;
            for api in catalog.apis() {
                let ends = |standing| !matches!(standing, Standing::Current | Standing::NotReleased);
                for version in api.versions.iter().filter(|version| ends(catalog.standing(api, version, now))) {
                    let count = counts.iter().find(|count| count.api == *api.name && count.version == *version.text);
                    let count = count.map_or(0, |count| count.consumers);
                    names::deprecated_consumers(&api.name, &version.text, window).set(count as f64);
                }
            }
        }
        Ok(())
    }
}
