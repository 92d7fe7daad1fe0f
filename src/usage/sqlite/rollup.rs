//! Hours become days, and days end.

use std::time::Duration;

use sqlx::SqlitePool;

use super::SqliteLedger;
use super::error::LedgerError;
use super::read;
use super::write::Writer;
use crate::clock::Timestamp;
use crate::usage::key::Period;

/// How long rows are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerRetention {
    /// After so long, hours are merged into days. Default: 14 days.
    pub hours: Duration,
    /// After so long, days are deleted. Default: 400 days.
    pub days: Duration,
}

const DAY: Duration = Duration::from_secs(24 * 3600);

// === impl LedgerRetention ===

impl LedgerRetention {
    /// How long hours are kept.
    #[must_use]
    pub const fn with_hours(mut self, hours: Duration) -> Self {
        self.hours = hours;
        self
    }

    /// How long days are kept.
    #[must_use]
    pub const fn with_days(mut self, days: Duration) -> Self {
        self.days = days;
        self
    }

    /// Hours of days before this one are merged: whole days only.
    #[must_use]
    pub fn merged_before(&self, now: Timestamp) -> Timestamp {
        day_before(now, self.hours)
    }

    /// Days before this one are deleted.
    #[must_use]
    pub fn deleted_before(&self, now: Timestamp) -> Timestamp {
        day_before(now, self.days)
    }
}

impl Default for LedgerRetention {
    fn default() -> Self {
        Self { hours: 14 * DAY, days: 400 * DAY }
    }
}

fn day_before(now: Timestamp, ago: Duration) -> Timestamp {
    let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
    let at = Timestamp::from_millis(now.as_millis().saturating_sub(ago)).unwrap_or(Timestamp::EPOCH);
    Period::day_of(at).start()
}

// === impl SqliteLedger ===

impl SqliteLedger {
    /// Merges the hours of old days into days, and deletes what is older still, a day in each transaction, so that batches are
    /// written in between. To be called from time to time; `now` decides, and no clock.
    ///
    /// # Errors
    ///
    /// If the database fails. What was not done is done by the next call.
    pub async fn maintain(&self, now: Timestamp, retention: &LedgerRetention) -> Result<(), LedgerError> {
        self.roll_up(retention.merged_before(now), retention.deleted_before(now))
            .await
            .map_err(|error| self.failed(error))
    }

    async fn roll_up(&self, merged: Timestamp, deleted: Timestamp) -> Result<(), sqlx::Error> {
        let delete = sqlx::query("DELETE FROM usage WHERE start < ?").bind(deleted.as_secs());
        let mut changed = delete.execute(&self.pool).await?.rows_affected() > 0;
        while let Some(day) = oldest_hours(&self.pool, merged).await? {
            merge_day(&self.pool, day).await?;
            changed = true;
        }
        if changed {
            for orphans in [
                "DELETE FROM consumers WHERE id NOT IN (SELECT consumer FROM usage)",
                "DELETE FROM routes WHERE id NOT IN (SELECT route FROM usage)",
            ] {
                sqlx::query(orphans).execute(&self.pool).await?;
            }
            // Else the log would keep the size that it had at its largest.
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.pool).await?;
        }
        Ok(())
    }
}

/// The first day before `end` that has hours.
async fn oldest_hours(pool: &SqlitePool, end: Timestamp) -> Result<Option<Timestamp>, sqlx::Error> {
    let oldest = sqlx::query_scalar("SELECT MIN(start) FROM usage WHERE span = 'hour' AND start < ?");
    let oldest: Option<i64> = oldest.bind(end.as_secs()).fetch_one(pool).await?;
    Ok(oldest.and_then(Timestamp::from_secs).map(|at| Period::day_of(at).start()))
}

async fn merge_day(pool: &SqlitePool, day: Timestamp) -> Result<(), sqlx::Error> {
    let range = [day.as_secs(), day.saturating_add(DAY).as_secs()];
    let mut writer = Writer::begin(pool).await?;
    let text = format!("{} WHERE span = 'hour' AND start >= ? AND start < ?", read::COLUMNS);
    let hours = sqlx::query(&text).bind(range[0]).bind(range[1]).fetch_all(&mut *writer.transaction).await?;
    for hour in &hours {
        let mut stored = read::stored(hour)?;
        stored.row.key.period = stored.row.key.period.to_day();
        writer.add(&stored.environment, &stored.row.key, &stored.row.counts).await?;
    }
    let delete = sqlx::query("DELETE FROM usage WHERE span = 'hour' AND start >= ? AND start < ?");
    delete.bind(range[0]).bind(range[1]).execute(&mut *writer.transaction).await?;
    writer.transaction.commit().await
}
