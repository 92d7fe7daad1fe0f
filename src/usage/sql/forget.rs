//! A consumer is forgotten: what it did stays in the sums, and nothing says that it was this one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::SqlLedger;
use super::database::{Session, SqlValue};
use super::error::LedgerError;
use super::read::{self, StoredUsage};
use super::write::{Addition, Writer};
use crate::usage::agents::TopAgents;
use crate::usage::distinct::{Distinct, fresh_run};
use crate::usage::key::{ConsumerKey, UsageKey};

/// What was forgotten of a consumer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForgottenConsumer {
    /// Its requests. They count for `_other` now.
    pub requests: u64,
    /// Notices to it. They are deleted.
    pub notices: u64,
    /// Notices to others that named it. They do not any more.
    pub mentions: u64,
}

// === impl SqlLedger ===

impl SqlLedger {
    /// Forgets a consumer, in all environments and in one transaction. Its requests count for `_other`, without the ids of requests and
    /// the user agents, and as one consumer of which nothing else is known; notices to it are deleted, and those to others do not
    /// name it any more. `None` if there is nothing to forget.
    ///
    /// What a gateway has counted and not written yet is no part of it: flush before.
    ///
    /// # Errors
    ///
    /// If the database fails. Then nothing is forgotten.
    pub async fn forget(&self, consumer: &str) -> Result<Option<ForgottenConsumer>, LedgerError> {
        self.forget_all(consumer).await.map_err(|error| self.failed(error))
    }

    async fn forget_all(&self, consumer: &str) -> Result<Option<ForgottenConsumer>, sqlx::Error> {
        let mut writer = Writer::begin(&self.database).await?;
        if writer.session.is_sqlite() {
            // What is deleted would stay in the file, in pages that are free.
            writer.session.script("PRAGMA secure_delete = ON").await?;
        }
        let mut forgotten = ForgottenConsumer::default();
        let find = "SELECT id FROM consumers WHERE kind = 'named' AND name = $1";
        let known = writer.session.row(find, &[consumer.into()]).await?.map(|row| row.int("id")).transpose()?;
        if let Some(id) = known {
            forgotten.requests = forget_usage(&mut writer, id).await?;
        }
        let recipient = format!("consumer {consumer}");
        let delete = "DELETE FROM notices WHERE recipient = $1";
        forgotten.notices = writer.session.execute(delete, &[recipient.as_str().into()]).await?;
        forgotten.mentions = forget_mentions(&mut writer.session, consumer).await?;
        if known.is_none() && forgotten == ForgottenConsumer::default() {
            return Ok(None);
        }
        writer.session.commit().await?;
        self.database.checkpoint().await?;
        Ok(Some(forgotten))
    }
}

/// Moves the rows of a consumer to `_other`. Returns how many requests they have.
async fn forget_usage(writer: &mut Writer, id: i64) -> Result<u64, sqlx::Error> {
    let text = format!("{} WHERE usage.consumer = $1", read::COLUMNS);
    let rows = writer.session.rows(&text, &[id.into()]).await?;
    let rows: Vec<StoredUsage> = rows.iter().map(read::stored).collect::<Result<_, _>>()?;
    // One consumer in each row, and the same in all of them.
    let mut somebody = Distinct::default();
    somebody.add(&fresh_run());
    let mut others = BTreeMap::new();
    let mut requests = 0;
    for StoredUsage { environment, row } in rows {
        let (mut key, mut counts): (UsageKey, _) = (row.key, row.counts);
        requests += counts.requests();
        key.consumer = ConsumerKey::Other;
        (counts.last_request, counts.agents) = (None, TopAgents::default());
        counts.distinct = Some(somebody.clone());
        others.insert((environment, key), counts);
    }
    let rows = others.iter().map(|((environment, key), counts)| Addition { environment, key, counts });
    writer.add(&rows.collect::<Vec<_>>()).await?;
    writer.move_changes(id).await?;
    for table in ["usage_changes", "usage"] {
        writer.session.execute(&format!("DELETE FROM {table} WHERE consumer = $1"), &[id.into()]).await?;
    }
    writer.session.execute("DELETE FROM consumers WHERE id = $1", &[id.into()]).await?;
    Ok(requests)
}

/// Takes a consumer out of the facts of notices to others. Returns of how many.
async fn forget_mentions(session: &mut Session, consumer: &str) -> Result<u64, sqlx::Error> {
    let all = "SELECT environment, notice, api, version, date, distance, recipient, facts FROM notices";
    let mut changed = Vec::new();
    for row in session.rows(all, &[]).await? {
        let Ok(mut facts) = serde_json::from_str(row.text("facts")?) else { continue };
        if take_out(&mut facts, consumer) {
            changed.push((row, facts.to_string()));
        }
    }
    for (row, facts) in &changed {
        let update = "UPDATE notices SET facts = $1 WHERE environment = $2 AND notice = $3 AND api = $4 AND version = $5 \
                      AND date = $6 AND distance = $7 AND recipient = $8";
        let names = ["environment", "notice", "api", "version", "date"];
        let mut values = vec![SqlValue::from(facts.as_str())];
        for name in names {
            values.push(row.text(name)?.into());
        }
        values.extend([SqlValue::from(row.int("distance")?), row.text("recipient")?.into()]);
        session.execute(update, &values).await?;
    }
    Ok(changed.len() as u64)
}

/// Whether the facts named the consumer.
fn take_out(facts: &mut Value, consumer: &str) -> bool {
    let is_it = |value: &Value| value["consumer"] == *consumer;
    let mut found = is_it(facts);
    if found {
        facts["consumer"] = Value::Null;
    }
    if let Some(list) = facts.get_mut("consumers").and_then(Value::as_array_mut) {
        let before = list.len();
        list.retain(|entry| !is_it(entry));
        found |= list.len() < before;
    }
    found
}
