//! Sends the notices that are due, each once, also where other replicas send.

mod sinks;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::config::notices::LoadedNotices;
use super::config::snapshot::{LiveSnapshot, Snapshot};
use super::state::Store;
use crate::clock::Timestamp;
use crate::names;
use crate::notice::{DueNotice, NoticeMessage, NoticeQuestion, next_attempt};
use crate::usage::{LedgerError, SqlLedger, StoredNotice, UsageFilter};
use sinks::{NoticePace, SinkError, Sinks};

/// The task that sends.
pub(super) struct NoticeSender {
    current: LiveSnapshot,
    store: Store,
    /// Consumers without a contact, of which the log has a line.
    unreachable: BTreeSet<String>,
    pace: Arc<NoticePace>,
}

/// So many messages are claimed and sent at once.
const AT_ONCE: usize = 16;
/// How long a message is claimed for: longer than it takes to send it.
const CLAIM: Duration = Duration::from_secs(120);
/// Without notices, it is looked for them as often.
const PAUSE: Duration = Duration::from_secs(60);
const WEEK: Duration = Duration::from_secs(7 * 86_400);

// === impl NoticeSender ===

impl NoticeSender {
    pub(super) fn new(current: LiveSnapshot, store: Store) -> Self {
        Self { current, store, unreachable: BTreeSet::new(), pace: Arc::default() }
    }

    /// Sends, again and again, until it is dropped.
    pub(super) async fn run(mut self) {
        loop {
            let pause = self.current.load().notices.as_ref().map_or(PAUSE, |notices| notices.settings.check);
            tokio::time::sleep(pause).await;
            let snapshot = self.current.load();
            let Some(notices) = snapshot.notices.clone() else { continue };
            if let Err(error) = self.turn(&snapshot, notices).await {
                tracing::warn!(%error, "cannot look for notices");
            }
        }
    }

    /// One look: what is due, and what is to be tried again.
    async fn turn(&mut self, snapshot: &Snapshot, notices: Arc<LoadedNotices>) -> Result<(), LedgerError> {
        let Some((environment, replica)) = self.store.ledger.names() else { return Ok(()) };
        let Some(ledger) = self.store.ledger.stored().await.filter(|_| notices.sends(replica)) else { return Ok(()) };
        let (environment, now) = (environment.to_owned(), self.store.now());
        let due = due(snapshot, &notices, &ledger, &environment, now).await?;
        self.warn_of_unreachable(&due);
        let run = Arc::new(NoticeRun { sinks: Sinks::new(&notices, Arc::clone(&self.pace)), ledger });
        let groups = NoticeMessage::fold(due, message_id);
        // A claim must not end before its messages had their turn.
        let at_once = AT_ONCE.min(notices.settings.rate as usize);
        for some in groups.chunks(at_once) {
            // Those before may have taken longer than a claim lasts.
            let now = self.store.now();
            let claimed = run.ledger.claim_notices(some.concat(), now, now.saturating_add(CLAIM)).await?;
            run.clone().send_all(&claimed, now).await?;
        }
        loop {
            let now = self.store.now();
            let again = run.ledger.reclaim_notices(at_once, now, now.saturating_add(CLAIM)).await?;
            if again.is_empty() {
                return Ok(());
            }
            run.clone().send_all(&again, now).await?;
        }
    }

    fn warn_of_unreachable(&mut self, due: &[DueNotice]) {
        for notice in due.iter().filter(|notice| notice.address.is_none()) {
            if self.unreachable.insert(notice.key.recipient.clone()) {
                let NoticeKeyText { recipient, api, version } = (&notice.key).into();
                tracing::warn!(recipient, api, version, "notice not sent: the register has no contact");
            }
        }
    }
}

/// What a log line has of a notice.
struct NoticeKeyText<'a> {
    recipient: &'a str,
    api: &'a str,
    version: &'a str,
}

impl<'a> From<&'a crate::usage::NoticeKey> for NoticeKeyText<'a> {
    fn from(key: &'a crate::usage::NoticeKey) -> Self {
        Self { recipient: &key.recipient, api: &key.api, version: &key.version }
    }
}

/// What is due, by what the ledger knows.
async fn due(
    snapshot: &Snapshot,
    notices: &LoadedNotices,
    ledger: &SqlLedger,
    environment: &str,
    now: Timestamp,
) -> Result<Vec<DueNotice>, LedgerError> {
    let since =
        |ago| UsageFilter::new(now.saturating_sub(ago), now.saturating_add(CLAIM)).with_environment(environment);
    let known = ledger.notices(environment, None).await?.into_iter().map(|notice| notice.key).collect();
    let sums = ledger.sums(&since(notices.settings.quiet)).await?;
    let (week, changes) = (ledger.sums(&since(WEEK)).await?, ledger.change_sums(&since(WEEK)).await?);
    let question = NoticeQuestion::new(&snapshot.catalog, &notices.specs, &sums, now);
    Ok(question.with_week(&week, &changes).with_known(&known).due())
}

/// An id that no other message has.
fn message_id() -> String {
    format!("msg_{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..))
}

/// What sending needs.
struct NoticeRun {
    sinks: Sinks,
    ledger: SqlLedger,
}

// === impl NoticeRun ===

impl NoticeRun {
    async fn send_all(self: Arc<Self>, claimed: &[StoredNotice], now: Timestamp) -> Result<(), LedgerError> {
        let mut all = JoinSet::new();
        for message in NoticeMessage::of(claimed) {
            let run = Arc::clone(&self);
            all.spawn(async move { run.send(&message, now).await });
        }
        while let Some(sent) = all.join_next().await {
            sent.unwrap_or(Ok(()))?;
        }
        Ok(())
    }

    async fn send(&self, message: &NoticeMessage, now: Timestamp) -> Result<(), LedgerError> {
        let (sink, id) = (message.address.sink(), &*message.id);
        match self.sinks.send(message, now).await {
            Ok(()) => {
                names::notices(sink, "sent").increment(1);
                tracing::info!(id, sink, address = %message.address, "notice sent");
                self.ledger.notice_sent(id, now).await
            }
            Err(SinkError { why, retry_after, is_final }) => {
                let again = if is_final { None } else { next_attempt(message.attempts + 1, now, retry_after) };
                names::notices(sink, if again.is_some() { "retried" } else { "failed" }).increment(1);
                let next = again.map(|at| at.to_string());
                tracing::warn!(id, sink, address = %message.address, why, next, "notice not sent");
                self.ledger.notice_failed(id, &why, again).await
            }
        }
    }
}
