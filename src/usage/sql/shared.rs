//! What replicas share beside the ledger: entries that are read whole, a log of who changed them, and word of changes.
//!
//! Word of a change only says that it is time to read: it may be lost, and nothing depends on it.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::postgres::PgListener;

use super::database::{Database, Session, SqlRow};
use super::error::{LedgerError, LedgerPlace};
use super::postgres::PostgresOptions;
use crate::clock::Timestamp;

/// Entries of an environment that all of its replicas know, in PostgreSQL.
#[derive(Debug)]
pub(crate) struct SharedStore {
    database: Database,
    place: LedgerPlace,
    environment: String,
}

/// The entries, by kind and key. A value is a JSON object.
pub(crate) type SharedEntries = BTreeMap<(String, String), String>;

/// What is there.
#[derive(Debug, Default)]
pub(crate) struct SharedView {
    pub(crate) entries: SharedEntries,
    /// Acts after the one that was asked for, oldest first.
    pub(crate) acts: Vec<SharedAct>,
}

/// A line of the log.
#[derive(Clone, Debug)]
pub(crate) struct SharedAct {
    /// The database numbers them.
    pub(crate) id: i64,
    pub(crate) replica: String,
    pub(crate) at: Timestamp,
    pub(crate) by: String,
    pub(crate) via: String,
    pub(crate) what: String,
    pub(crate) target: String,
    pub(crate) reason: String,
}

/// A change of entries.
#[derive(Debug, Default)]
pub(crate) struct SharedUpdate {
    /// An entry is replaced, or removed where there is no value.
    pub(crate) entries: Vec<((String, String), Option<String>)>,
    pub(crate) act: Option<SharedAct>,
}

/// A connection that hears of changes.
pub(crate) struct SharedListener {
    listener: PgListener,
    /// A channel that only this connection listens to, by which it is tested.
    own: String,
}

/// What a listener hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SharedNews {
    Changed,
    /// The answer to [`SharedStore::echo`].
    Echo,
    /// The connection is gone; what happened since is not known.
    Lost,
}

/// The channel of changes; the payload is the environment.
const CHANNEL: &str = "sunward_shared";
/// So many lines of the log are read at most.
const ACTS: i64 = 1024;
/// Those who read, and those who write.
const CONNECTIONS: u32 = 2;
/// How long a connection is waited for: less than an operator waits, so that it can be tried twice.
const CONNECT: Duration = Duration::from_millis(1500);
/// How long a query may take.
const LIMIT: Duration = Duration::from_secs(2);

// === impl SharedStore ===

impl SharedStore {
    /// Connects, and brings the tables up to date.
    pub(crate) async fn connect(options: &PostgresOptions, environment: &str) -> Result<Self, LedgerError> {
        let options = options.clone().with_connections(CONNECTIONS).with_patience(CONNECT);
        let (database, place) = options.open().await?;
        Ok(Self { database, place, environment: environment.to_owned() })
    }

    /// All entries, and the acts after the one with the id `after`; of those, the latest.
    pub(crate) async fn view(&self, after: i64) -> Result<SharedView, LedgerError> {
        let read = async {
            let mut session = self.database.read(LIMIT).await?;
            let entries = self.entries(&mut session).await?;
            let text = "SELECT * FROM shared_audit WHERE environment = $1 AND id > $2 ORDER BY id DESC LIMIT $3";
            let values = [(&*self.environment).into(), after.into(), ACTS.into()];
            let acts = session.rows(text, &values).await?;
            let acts = acts.iter().rev().map(SharedAct::read).collect::<Result<_, _>>()?;
            Ok(SharedView { entries, acts })
        };
        read.await.map_err(|error| LedgerError::database(&self.place, error))
    }

    /// Changes entries: of two replicas that do so at once, the second sees what the first did. `change` gets the entries as they
    /// are; if it fails, nothing is changed. Returns the entries as they are then.
    pub(crate) async fn update<T, E>(
        &self,
        change: impl FnOnce(&SharedEntries) -> Result<(SharedUpdate, T), E>,
    ) -> Result<Result<(SharedEntries, T), E>, LedgerError> {
        let write = async {
            let mut session = self.database.share().await?;
            let mut entries = self.entries(&mut session).await?;
            let (update, result) = match change(&entries) {
                Ok(done) => done,
                Err(refused) => return Ok(Err(refused)),
            };
            self.write(&mut session, &update).await?;
            session.commit().await?;
            for (key, value) in update.entries {
                match value {
                    Some(value) => drop(entries.insert(key, value)),
                    None => drop(entries.remove(&key)),
                }
            }
            Ok(Ok((entries, result)))
        };
        write.await.map_err(|error| LedgerError::database(&self.place, error))
    }

    /// A connection of its own that hears of changes. A pooler in between may swallow them: [`SharedStore::echo`] finds out.
    pub(crate) async fn listen(&self, options: &PostgresOptions, own: &str) -> Result<SharedListener, LedgerError> {
        let (pool, place) = options.one_connection()?;
        let own = format!("{CHANNEL}_{own}");
        let connect = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            // It does not reconnect by itself: what was missed has to be read after it listens again.
            listener.eager_reconnect(false);
            listener.ignore_pool_close_event(true);
            listener.listen_all([CHANNEL, &own]).await?;
            Ok(listener)
        };
        let listener = connect.await.map_err(|error| LedgerError::database(&place, error))?;
        Ok(SharedListener { listener, own })
    }

    /// Has the listener hear something, if it hears anything.
    pub(crate) async fn echo(&self, listener: &SharedListener) -> Result<(), LedgerError> {
        let notify = async {
            let mut session = self.database.notify().await?;
            session.execute("SELECT pg_notify($1, '')", &[(&*listener.own).into()]).await?;
            session.commit().await
        };
        notify.await.map_err(|error| LedgerError::database(&self.place, error))
    }

    async fn entries(&self, session: &mut Session) -> Result<SharedEntries, sqlx::Error> {
        let text = "SELECT kind, key, value FROM shared_entries WHERE environment = $1";
        let rows = session.rows(text, &[(&*self.environment).into()]).await?;
        let entry = |row: &SqlRow| {
            let text = |name| row.text(name).map(str::to_owned);
            Ok(((text("kind")?, text("key")?), text("value")?))
        };
        rows.iter().map(entry).collect()
    }

    async fn write(&self, session: &mut Session, update: &SharedUpdate) -> Result<(), sqlx::Error> {
        let environment = &*self.environment;
        for ((kind, key), value) in &update.entries {
            let key = [environment.into(), (&**kind).into(), (&**key).into()];
            match value {
                Some(value) => {
                    let put = "INSERT INTO shared_entries (environment, kind, key, value) VALUES ($1, $2, $3, $4) \
                               ON CONFLICT (environment, kind, key) DO UPDATE SET value = excluded.value";
                    let [environment, kind, key] = key;
                    session.execute(put, &[environment, kind, key, (&**value).into()]).await?;
                }
                None => {
                    let delete = "DELETE FROM shared_entries WHERE environment = $1 AND kind = $2 AND key = $3";
                    session.execute(delete, &key).await?;
                }
            }
        }
        if let Some(act) = &update.act {
            let insert = "INSERT INTO shared_audit (environment, replica, time, actor, via, what, target, reason) \
                          VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
            let SharedAct { replica, at, by, via, what, target, reason, .. } = act;
            let texts = [by, via, what, target, reason].map(|text| (&**text).into());
            let values = [environment.into(), (&**replica).into(), at.as_millis().into()];
            session.execute(insert, &values.into_iter().chain(texts).collect::<Vec<_>>()).await?;
        }
        if !update.entries.is_empty() || update.act.is_some() {
            // It is delivered by the commit.
            session.execute("SELECT pg_notify($1, $2)", &[CHANNEL.into(), environment.into()]).await?;
        }
        Ok(())
    }
}

// === impl SharedAct ===

impl SharedAct {
    fn read(row: &SqlRow) -> Result<Self, sqlx::Error> {
        let text = |name| row.text(name).map(str::to_owned);
        Ok(Self {
            id: row.int("id")?,
            replica: text("replica")?,
            at: Timestamp::from_millis(row.int("time")?).unwrap_or(Timestamp::EPOCH),
            by: text("actor")?,
            via: text("via")?,
            what: text("what")?,
            target: text("target")?,
            reason: text("reason")?,
        })
    }
}

// === impl SharedListener ===

impl SharedListener {
    /// Waits for news of `environment`. What was heard is not lost if the future is dropped.
    pub(crate) async fn next(&mut self, environment: &str) -> SharedNews {
        loop {
            match self.listener.try_recv().await {
                Ok(Some(news)) if news.channel() == self.own => return SharedNews::Echo,
                Ok(Some(news)) if news.payload() == environment => return SharedNews::Changed,
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return SharedNews::Lost,
            }
        }
    }
}
