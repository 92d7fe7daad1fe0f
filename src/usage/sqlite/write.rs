//! Writing batches.

use std::collections::HashMap;

use serde_json::{Map, Value};
use sqlx::{Sqlite, SqlitePool, Transaction};

use super::read;
use crate::usage::batch::Batch;
use crate::usage::counts::UsageCounts;
use crate::usage::distinct::Distinct;
use crate::usage::key::{ConsumerKey, UsageKey};
use crate::usage::route::UsedRoute;

/// A transaction that writes. The ids of routes and consumers are those that it has seen or made.
pub(super) struct Writer<'c> {
    pub(super) transaction: Transaction<'c, Sqlite>,
    routes: HashMap<(String, UsedRoute), i64>,
    consumers: HashMap<ConsumerKey, i64>,
}

/// Writes a batch, unless it has been written before.
pub(super) async fn store(pool: &SqlitePool, environment: &str, batch: &Batch) -> Result<(), sqlx::Error> {
    let mut writer = Writer::begin(pool).await?;
    if writer.is_new(batch).await? {
        for row in &batch.rows {
            writer.add(environment, &row.key, &row.counts).await?;
        }
        writer.transaction.commit().await?;
    }
    Ok(())
}

// === impl Writer ===

impl<'c> Writer<'c> {
    /// It takes the lock at once: two that read first and then write would block each other.
    pub(super) async fn begin(pool: &'c SqlitePool) -> Result<Self, sqlx::Error> {
        let transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
        Ok(Self { transaction, routes: HashMap::new(), consumers: HashMap::new() })
    }

    async fn is_new(&mut self, batch: &Batch) -> Result<bool, sqlx::Error> {
        let note = "INSERT INTO runs (replica, run, last_batch) VALUES (?, ?, ?) ON CONFLICT (replica, run) \
                    DO UPDATE SET last_batch = excluded.last_batch WHERE excluded.last_batch > runs.last_batch";
        let note = sqlx::query(note).bind(&*batch.replica).bind(&*batch.run).bind(signed(batch.number));
        Ok(note.execute(&mut *self.transaction).await?.rows_affected() > 0)
    }

    /// Adds to a row.
    pub(super) async fn add(
        &mut self,
        environment: &str,
        key: &UsageKey,
        counts: &UsageCounts,
    ) -> Result<(), sqlx::Error> {
        let (route, consumer) = (self.route(environment, &key.route).await?, self.consumer(&key.consumer).await?);
        let (span, start) = (read::span(key.period), key.period.start().as_secs());
        let sum = match read::counts(&mut self.transaction, span, start, route, consumer).await? {
            Some(mut known) => {
                known.merge(counts);
                known
            }
            None => counts.clone(),
        };
        let text = "INSERT OR REPLACE INTO usage (span, start, route, consumer, status_1xx, status_2xx, status_3xx, \
                    status_4xx, status_5xx, gone, brownout, closed, spared, bytes, first_seen, last_seen, last_request, agents, \
                    consumers, sketch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let mut query = sqlx::query(text).bind(span).bind(start).bind(route).bind(consumer);
        for count in sum.classes.iter().chain(&sum.refusals).chain([&sum.bytes]) {
            query = query.bind(signed(*count));
        }
        let distinct = sum.distinct.as_ref();
        query
            .bind(sum.first_seen.as_secs())
            .bind(sum.last_seen.as_secs())
            .bind(sum.last_request.as_deref())
            .bind(agents(&sum))
            .bind(distinct.map(|distinct| signed(distinct.count())))
            .bind(distinct.map(Distinct::to_bytes))
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    async fn route(&mut self, environment: &str, route: &UsedRoute) -> Result<i64, sqlx::Error> {
        let name = (environment.to_owned(), route.clone());
        if let Some(id) = self.routes.get(&name) {
            return Ok(*id);
        }
        let parts = [environment, route.api(), route.version(), route.method(), route.template()];
        let insert = "INSERT INTO routes (environment, api, version, method, template) VALUES (?, ?, ?, ?, ?) \
                      ON CONFLICT DO NOTHING";
        let insert = parts.iter().fold(sqlx::query(insert), |query, part| query.bind(*part));
        insert.execute(&mut *self.transaction).await?;
        let select =
            "SELECT id FROM routes WHERE environment = ? AND api = ? AND version = ? AND method = ? AND template = ?";
        let select = parts.iter().fold(sqlx::query_scalar(select), |query, part| query.bind(*part));
        let id = select.fetch_one(&mut *self.transaction).await?;
        self.routes.insert(name, id);
        Ok(id)
    }

    async fn consumer(&mut self, consumer: &ConsumerKey) -> Result<i64, sqlx::Error> {
        if let Some(id) = self.consumers.get(consumer) {
            return Ok(*id);
        }
        let (kind, name) = (read::kind(consumer), consumer.as_str());
        let insert = sqlx::query("INSERT INTO consumers (kind, name) VALUES (?, ?) ON CONFLICT DO NOTHING");
        insert.bind(kind).bind(name).execute(&mut *self.transaction).await?;
        let select = sqlx::query_scalar("SELECT id FROM consumers WHERE kind = ? AND name = ?");
        let id = select.bind(kind).bind(name).fetch_one(&mut *self.transaction).await?;
        self.consumers.insert(consumer.clone(), id);
        Ok(id)
    }
}

/// An object of the agents and how often each was seen.
fn agents(counts: &UsageCounts) -> String {
    let agents = counts.agents.iter().map(|(name, times)| (name.to_owned(), Value::from(times)));
    Value::Object(agents.collect::<Map<_, _>>()).to_string()
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
