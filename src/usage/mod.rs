//! The ledger: who used which version of which route, by hour.
//!
//! A [`Ledger`] is a value that lives as long as the process. Each request takes a [`Tally`] of it, which is one look-up, and adds
//! to that what became of it. [`Ledger::flush`] writes what was counted to a [`LedgerStore`] in batches that count once, however
//! often they are sent. A store that does not answer delays nothing: the ledger keeps counting, within a bound.
//!
//! ```
//! use sunward::clock::Timestamp;
//! use sunward::usage::{Caller, Ledger, UsedRoute};
//!
//! let (ledger, route) = (Ledger::new(), UsedRoute::new("shop", "1", "GET", "/users/{id}"));
//! let now: Timestamp = "2026-11-11T11:11:11Z".parse()?;
//! ledger.tally(now, &Caller::new(&route).with_consumer("acme")).add(200, None, 512);
//!
//! let batch = ledger.next_batch(now).expect("something was counted");
//! let row = &batch.rows[0];
//! assert_eq!((row.key.route.version(), row.key.consumer.as_str(), row.counts.requests()), ("1", "acme", 1));
//! ledger.acknowledge(batch.number);
//! assert!(ledger.next_batch(now).is_none());
//! # Ok::<(), sunward::clock::ParseTimeError>(())
//! ```

mod agents;
mod backlog;
mod batch;
mod caller;
mod cell;
mod change;
mod counts;
mod coverage;
mod distinct;
mod identities;
#[cfg(feature = "cli")]
pub(crate) mod imported;
mod key;
mod ledger;
mod memory;
mod route;
mod shards;
#[cfg(feature = "ledger")]
mod sql;
mod store;

pub use agents::TopAgents;
pub use batch::{Batch, UsageRow};
pub use caller::Caller;
pub use cell::Tally;
pub use change::UsedChange;
pub use counts::{RefusalKind, UsageCounts};
pub use coverage::LedgerCoverage;
pub use distinct::Distinct;
pub use key::{ConsumerKey, Period, UsageKey, UsageSource};
pub use ledger::{Ledger, LedgerHealth};
pub use memory::MemoryStore;
pub use route::UsedRoute;
#[cfg(feature = "postgres")]
pub use sql::PostgresOptions;
#[cfg(feature = "ledger")]
pub use sql::{
    ChangeSum, ForgottenConsumer, LedgerError, LedgerRetention, NoticeKey, NoticeState, SqlLedger, StoredNotice,
    StoredUsage, UsageDay, UsageFilter, UsagePast, UsageSum, UsageTotal, VersionConsumers,
};
#[cfg(all(feature = "postgres", feature = "gateway"))]
pub(crate) use sql::{SharedAct, SharedEntries, SharedListener, SharedNews, SharedStore, SharedUpdate};
pub use store::LedgerStore;

#[cfg(test)]
mod tests;
