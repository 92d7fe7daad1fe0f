//! Rows that were imported, and the blocks of the logs that they are from.

use super::SqlLedger;
use super::database::{SqlRow, SqlValue, placeholders};
use super::error::LedgerError;
use super::write::{Addition, Writer};
use crate::usage::imported::{ImportedBatch, ImportedBlock};

const COLUMNS: &str = "digest, previous, times, at, lines";
/// How many blocks a statement has: what binding its values costs grows with their square in SQLite.
const BLOCKS: usize = 64;

// === impl SqlLedger ===

impl SqlLedger {
    /// Whether nothing was ever imported.
    pub(crate) async fn has_no_imports(&self) -> Result<bool, LedgerError> {
        let any = "SELECT digest FROM imported_blocks LIMIT 1";
        Ok(self.ask(any, &[], |row| row.int("digest")).await?.is_empty())
    }

    /// Those of `digests` that are stored.
    pub(crate) async fn imported(&self, digests: &[i64]) -> Result<Vec<ImportedBlock>, LedgerError> {
        let mut found = Vec::new();
        for digests in digests.chunks(BLOCKS) {
            let wanted = placeholders(1, digests.len());
            let text = format!("SELECT {COLUMNS} FROM imported_blocks WHERE digest IN {wanted}");
            let values: Vec<SqlValue<'_>> = digests.iter().map(|digest| SqlValue::from(*digest)).collect();
            found.extend(self.ask(&text, &values, block).await?);
        }
        Ok(found)
    }

    /// The blocks whose predecessor is `previous`.
    pub(crate) async fn imported_after(&self, previous: i64) -> Result<Vec<ImportedBlock>, LedgerError> {
        let text = format!("SELECT {COLUMNS} FROM imported_blocks WHERE previous = $1");
        self.ask(&text, &[previous.into()], block).await
    }

    /// Adds what was imported, all of it or nothing.
    pub(crate) async fn store_imported(&self, batch: &ImportedBatch) -> Result<(), LedgerError> {
        if self.write_imported(batch).await.map_err(|error| self.failed(error))? {
            return Ok(());
        }
        Err(LedgerError::other_import(&self.place))
    }

    /// Writes nothing, and returns `false`, if another import has written the same blocks meanwhile.
    async fn write_imported(&self, batch: &ImportedBatch) -> Result<bool, sqlx::Error> {
        let mut writer = Writer::begin(&self.database).await?;
        for blocks in batch.blocks.chunks(BLOCKS) {
            let values: Vec<SqlValue<'_>> = blocks.iter().flat_map(|(block, before)| values(block, *before)).collect();
            let text = format!(
                "WITH new ({COLUMNS}, before) AS (VALUES {}) INSERT INTO imported_blocks ({COLUMNS}) SELECT {COLUMNS} FROM new \
                 WHERE before IS NULL OR before = COALESCE((SELECT known.times FROM imported_blocks AS known WHERE known.digest = new.digest), 0) \
                 ON CONFLICT (digest) DO UPDATE SET times = excluded.times, lines = excluded.lines",
                placeholders(blocks.len(), 6)
            );
            if writer.session.execute(&text, &values).await? != blocks.len() as u64 {
                return Ok(false);
            }
        }
        let rows = batch.rows.iter().map(|row| Addition {
            environment: &self.environment,
            key: &row.key,
            counts: &row.counts,
        });
        writer.add(&rows.collect::<Vec<_>>()).await?;
        writer.session.commit().await?;
        Ok(true)
    }
}

fn values(block: &ImportedBlock, before: Option<i64>) -> [SqlValue<'_>; 6] {
    [
        block.digest.into(),
        block.previous.into(),
        block.times.into(),
        block.at.into(),
        SqlValue::Bytes(Some(&block.lines)),
        SqlValue::Int(before),
    ]
}

fn block(row: &SqlRow) -> Result<ImportedBlock, sqlx::Error> {
    Ok(ImportedBlock {
        digest: row.int("digest")?,
        previous: row.int("previous")?,
        times: row.int("times")?,
        at: row.int("at")?,
        lines: row.maybe_bytes("lines")?.unwrap_or_default().to_vec(),
    })
}
