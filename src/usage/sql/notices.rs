//! Notices that were claimed, sent, or could not be sent.

use std::collections::BTreeSet;

use super::SqlLedger;
use super::database::{SqlRow, SqlValue};
use super::error::LedgerError;
use super::read;
use crate::clock::Timestamp;

/// What a notice is about, and who gets it. Each is sent once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct NoticeKey {
    /// The name of the notice.
    pub notice: String,
    /// The API.
    pub api: String,
    /// The version.
    pub version: String,
    /// The date, such as `sunset 2027-01-01T00:00:00Z`.
    pub date: String,
    /// How far from the date it is sent, in seconds; below zero is before it.
    pub distance: i64,
    /// Who gets it: `consumer acme`, `chat`, or `contact api@example.com`.
    pub recipient: String,
}

/// A notice that is to be sent, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredNotice {
    /// What it is about, and who gets it.
    pub key: NoticeKey,
    /// Where it goes.
    pub address: String,
    /// The id of the message that it is in: the same each time that it is tried.
    pub message: String,
    /// What it says, as a JSON object.
    pub facts: String,
    /// Where it is.
    pub state: NoticeState,
    /// How often it was tried.
    pub attempts: u64,
    /// When it was sent.
    pub sent: Option<Timestamp>,
    /// Why it was not sent the last time that it was tried.
    pub error: Option<String>,
}

/// Where a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoticeState {
    /// It is being sent, or is tried again later.
    Claimed,
    /// It was sent.
    Sent,
    /// It is not tried any more.
    Failed,
}

const COLUMNS: &str =
    "notice, api, version, date, distance, recipient, address, message, facts, state, attempts, sent, error";

// === impl NoticeKey ===

impl NoticeKey {
    /// A key: see the fields.
    #[must_use]
    pub fn new(
        [notice, api, version]: [&str; 3],
        date: impl Into<String>,
        distance: i64,
        recipient: impl Into<String>,
    ) -> Self {
        let [notice, api, version] = [notice, api, version].map(str::to_owned);
        Self { notice, api, version, date: date.into(), distance, recipient: recipient.into() }
    }
}

// === impl NoticeState ===

impl NoticeState {
    /// Its name: `claimed`, `sent` or `failed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

// === impl StoredNotice ===

impl StoredNotice {
    /// A notice that is yet to be claimed.
    #[must_use]
    pub fn new(
        key: NoticeKey,
        address: impl Into<String>,
        message: impl Into<String>,
        facts: impl Into<String>,
    ) -> Self {
        let (address, message, facts) = (address.into(), message.into(), facts.into());
        Self { key, address, message, facts, state: NoticeState::Claimed, attempts: 0, sent: None, error: None }
    }
}

// === impl SqlLedger ===

impl SqlLedger {
    /// Claims notices: those that are returned are the caller's to send, before `until`. Others were claimed before, by this process
    /// or another one.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn claim_notices(
        &self,
        notices: Vec<StoredNotice>,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<StoredNotice>, LedgerError> {
        self.claim(notices, now, until).await.map_err(|error| self.failed(error))
    }

    async fn claim(
        &self,
        notices: Vec<StoredNotice>,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<StoredNotice>, sqlx::Error> {
        let insert = "INSERT INTO notices (environment, notice, api, version, date, distance, recipient, address, message, facts, \
                      state, attempts, next_attempt, claimed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'claimed', 0, $11, $12) \
                      ON CONFLICT DO NOTHING";
        let mut session = self.database.write().await?;
        let mut claimed = Vec::new();
        for notice in notices {
            let NoticeKey { notice: name, api, version, date, distance, recipient } = &notice.key;
            let [address, message, facts] =
                [&notice.address, &notice.message, &notice.facts].map(|text| text.as_str().into());
            let values = [
                self.environment.as_str().into(),
                name.as_str().into(),
                api.as_str().into(),
                version.as_str().into(),
                date.as_str().into(),
                SqlValue::from(*distance),
                recipient.as_str().into(),
                address,
                message,
                facts,
                until.as_secs().into(),
                now.as_secs().into(),
            ];
            if session.execute(insert, &values).await? > 0 {
                claimed.push(notice);
            }
        }
        session.commit().await?;
        Ok(claimed)
    }

    /// Claims notices again that were not sent by the time they should have been, of at most `messages` messages: after a failure, or
    /// since their sender is gone.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn reclaim_notices(
        &self,
        messages: usize,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<StoredNotice>, LedgerError> {
        self.reclaim(messages, now, until).await.map_err(|error| self.failed(error))
    }

    async fn reclaim(
        &self,
        messages: usize,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<StoredNotice>, sqlx::Error> {
        let of = [self.environment.as_str().into(), now.as_secs().into()];
        let wanted = format!(
            "SELECT {COLUMNS} FROM notices WHERE environment = $1 AND message IN (SELECT DISTINCT message FROM notices \
             WHERE environment = $1 AND state = 'claimed' AND next_attempt <= $2 ORDER BY message LIMIT {messages}) ORDER BY message"
        );
        let mut session = self.database.write().await?;
        let notices: Vec<StoredNotice> =
            session.rows(&wanted, &of).await?.iter().map(stored).collect::<Result<_, _>>()?;
        let names: BTreeSet<&str> = notices.iter().map(|notice| &*notice.message).collect();
        for message in names {
            let update = "UPDATE notices SET next_attempt = $3 WHERE environment = $1 AND message = $2";
            session.execute(update, &[of[0], message.into(), until.as_secs().into()]).await?;
        }
        session.commit().await?;
        Ok(notices)
    }

    /// Notes that a message was sent.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn notice_sent(&self, message: &str, now: Timestamp) -> Result<(), LedgerError> {
        let text = "UPDATE notices SET state = 'sent', attempts = attempts + 1, sent = $3, error = NULL \
                    WHERE environment = $1 AND message = $2";
        self.update(text, &[self.environment.as_str().into(), message.into(), now.as_secs().into()]).await
    }

    /// Notes that a message could not be sent, and when it is tried again; `None`: not any more.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn notice_failed(&self, message: &str, error: &str, again: Option<Timestamp>) -> Result<(), LedgerError> {
        let text = "UPDATE notices SET state = $3, attempts = attempts + 1, error = $4, next_attempt = COALESCE($5, next_attempt) \
                    WHERE environment = $1 AND message = $2";
        let state = if again.is_some() { NoticeState::Claimed } else { NoticeState::Failed };
        let again = SqlValue::Int(again.map(Timestamp::as_secs));
        let environment = self.environment.as_str().into();
        self.update(text, &[environment, message.into(), state.as_str().into(), error.into(), again]).await
    }

    async fn update(&self, text: &str, values: &[SqlValue<'_>]) -> Result<(), LedgerError> {
        let update = async {
            let mut session = self.database.write().await?;
            session.execute(text, values).await?;
            session.commit().await
        };
        update.await.map_err(|error| self.failed(error))
    }

    /// The notices of an environment, the last ones first; `consumer`: only those to it.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn notices(&self, environment: &str, consumer: Option<&str>) -> Result<Vec<StoredNotice>, LedgerError> {
        let recipient = consumer.map(|name| format!("consumer {name}"));
        let text = format!(
            "SELECT {COLUMNS} FROM notices WHERE environment = $1 AND ($2 IS NULL OR recipient = $2) \
             ORDER BY claimed DESC, api, version, recipient"
        );
        self.ask(&text, &[environment.into(), SqlValue::Text(recipient.as_deref())], stored).await
    }
}

fn stored(row: &SqlRow) -> Result<StoredNotice, sqlx::Error> {
    let text = |column| row.text(column).map(str::to_owned);
    let key = NoticeKey {
        notice: text("notice")?,
        api: text("api")?,
        version: text("version")?,
        date: text("date")?,
        distance: row.int("distance")?,
        recipient: text("recipient")?,
    };
    Ok(StoredNotice {
        key,
        address: text("address")?,
        message: text("message")?,
        facts: text("facts")?,
        state: match row.text("state")? {
            "sent" => NoticeState::Sent,
            "failed" => NoticeState::Failed,
            _ => NoticeState::Claimed,
        },
        attempts: row.count("attempts")?,
        sent: row.maybe_int("sent")?.map(read::time),
        error: row.maybe_text("error")?.map(str::to_owned),
    })
}
