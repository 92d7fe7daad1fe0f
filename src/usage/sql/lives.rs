//! How each consumer used each version since the ledger began: triggers of the database keep it, see the schema.

use super::SqlLedger;
use super::error::LedgerError;

// === impl SqlLedger ===

impl SqlLedger {
    /// Finds the longest pauses again of consumers of which rows were imported: these came in no order.
    pub(crate) async fn refresh_pauses(&self) -> Result<(), LedgerError> {
        self.refresh().await.map_err(|error| self.failed(error))
    }

    async fn refresh(&self) -> Result<(), sqlx::Error> {
        let text = "WITH seen AS (SELECT environment, api, version, consumer, first_seen - MAX(last_seen) OVER (\
             PARTITION BY environment, api, version, consumer ORDER BY first_seen, last_seen \
             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS pause FROM usage JOIN routes ON routes.id = usage.route \
             WHERE consumer IN (SELECT imported.consumer FROM usage AS imported WHERE source = 'imported')), \
             longest AS (SELECT environment, api, version, consumer, COALESCE(MAX(pause), 0) AS pause FROM seen \
             GROUP BY environment, api, version, consumer) \
             UPDATE usage_lives SET longest_pause = CASE WHEN longest.pause > 0 THEN longest.pause ELSE 0 END FROM longest \
             WHERE usage_lives.environment = longest.environment AND usage_lives.api = longest.api \
             AND usage_lives.version = longest.version AND usage_lives.consumer = longest.consumer";
        let mut session = self.database.write().await?;
        if !session.is_sqlite() {
            session.script("SET LOCAL statement_timeout TO 0").await?;
        }
        session.execute(text, &[]).await?;
        session.commit().await
    }
}
