//! Hours become days, and days end.

use std::collections::BTreeMap;
use std::time::Duration;

use super::SqlLedger;
use super::error::LedgerError;
use super::read;
use super::write::{Addition, Writer};
use crate::clock::Timestamp;
use crate::usage::counts::UsageCounts;
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
    Period::day_of(now.saturating_sub(ago)).start()
}

// === impl SqlLedger ===

impl SqlLedger {
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

    /// The time of the server that has the database; a file has no other clock than the caller's.
    #[cfg(feature = "gateway")]
    pub(crate) async fn server_time(&self) -> Result<Option<Timestamp>, LedgerError> {
        let read = async {
            let mut session = self.database.read(read::LIMIT).await?;
            if session.is_sqlite() {
                return Ok(None);
            }
            let now = session.row("SELECT CAST(EXTRACT(EPOCH FROM now()) AS BIGINT) AS now", &[]).await?;
            now.map(|row| Ok(read::time(row.int("now")?))).transpose()
        };
        read.await.map_err(|error| self.failed(error))
    }

    async fn roll_up(&self, merged: Timestamp, deleted: Timestamp) -> Result<(), sqlx::Error> {
        let mut changed = self.delete(deleted).await?;
        while self.merge_day(merged).await? {
            changed = true;
        }
        if changed {
            self.forget_orphans().await?;
        }
        self.database.checkpoint().await
    }

    async fn delete(&self, before: Timestamp) -> Result<bool, sqlx::Error> {
        let mut session = self.database.write().await?;
        session.execute("DELETE FROM usage_changes WHERE start < $1", &[before.as_secs().into()]).await?;
        let deleted = session.execute("DELETE FROM usage WHERE start < $1", &[before.as_secs().into()]).await?;
        // Before the coverage goes by which they are known to be old: the last batch of a run that is young may come again.
        let ended = "DELETE FROM runs WHERE EXISTS (SELECT 1 FROM coverage \
                     WHERE coverage.replica = runs.replica AND coverage.run = runs.run AND until < $1)";
        session.execute(ended, &[before.as_secs().into()]).await?;
        session.execute("DELETE FROM coverage WHERE until < $1", &[before.as_secs().into()]).await?;
        session.execute("DELETE FROM imported_blocks WHERE at < $1", &[before.as_secs().into()]).await?;
        session.commit().await?;
        Ok(deleted > 0)
    }

    /// Merges the hours of the first day before `end` that has some; `false` if there is none.
    async fn merge_day(&self, end: Timestamp) -> Result<bool, sqlx::Error> {
        let mut writer = Writer::begin(&self.database).await?;
        let oldest = "SELECT MIN(start) AS start FROM usage WHERE span = 'hour' AND start < $1";
        let oldest = writer.session.row(oldest, &[end.as_secs().into()]).await?;
        let Some(oldest) = oldest.map(|row| row.maybe_int("start")).transpose()?.flatten() else { return Ok(false) };
        let day = Period::day_of(read::time(oldest)).start();
        let range = [day.as_secs().into(), day.saturating_add(DAY).as_secs().into()];
        let text = format!("{} WHERE span = 'hour' AND start >= $1 AND start < $2", read::COLUMNS);
        let mut days = BTreeMap::new();
        for hour in &writer.session.rows(&text, &range).await? {
            let mut stored = read::stored(hour)?;
            stored.row.key.period = stored.row.key.period.to_day();
            let counts = stored.row.counts;
            days.entry((stored.environment, stored.row.key))
                .and_modify(|sum: &mut UsageCounts| sum.merge(&counts))
                .or_insert(counts);
        }
        let rows = days.iter().map(|((environment, key), counts)| Addition { environment, key, counts });
        writer.add(&rows.collect::<Vec<_>>()).await?;
        writer.merge_changes(day.as_secs(), day.saturating_add(DAY).as_secs()).await?;
        let delete = "DELETE FROM usage WHERE span = 'hour' AND start >= $1 AND start < $2";
        writer.session.execute(delete, &range).await?;
        writer.session.commit().await?;
        Ok(true)
    }

    /// Routes, consumers and changes without rows.
    async fn forget_orphans(&self) -> Result<(), sqlx::Error> {
        let mut session = self.database.write().await?;
        session.execute("DELETE FROM changes WHERE id NOT IN (SELECT change FROM usage_changes)", &[]).await?;
        session.execute("DELETE FROM consumers WHERE id NOT IN (SELECT consumer FROM usage_lives)", &[]).await?;
        session.execute("DELETE FROM routes WHERE id NOT IN (SELECT route FROM usage)", &[]).await?;
        session.commit().await
    }
}
