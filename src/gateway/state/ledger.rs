//! The ledger, and the task that writes it.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::clock::{Clock, SharedClock, Timestamp};
use crate::config::{GatewaySpec, LedgerSpec};
use crate::gateway::telemetry::recorder;
use crate::layer::CountLayer;
use crate::names;
#[cfg(feature = "postgres")]
use crate::usage::PostgresOptions;
use crate::usage::{Ledger, LedgerError, LedgerHealth, LedgerRetention, Period, SqlLedger};

/// The ledger of the process: it outlives every config. Clones share it. Without a `state` directory there is none.
#[derive(Clone, Debug, Default)]
pub(in crate::gateway) struct LedgerKeeper {
    kept: Option<Arc<KeptLedger>>,
}

#[derive(Debug)]
struct KeptLedger {
    ledger: Arc<Ledger>,
    place: LedgerLocation,
    flush: Duration,
    retention: LedgerRetention,
    environment: String,
    #[cfg(feature = "notices")]
    replica: String,
    clock: SharedClock,
    writing: Mutex<Writing>,
}

/// Where it is kept.
#[derive(Debug)]
enum LedgerLocation {
    File(PathBuf),
    #[cfg(feature = "postgres")]
    Server(PostgresOptions),
}

/// What is written to.
#[derive(Debug, Default)]
struct Writing {
    /// Opened by the first flush, and again after a failure: another process may have it open still.
    store: Option<SqlLedger>,
    /// The last flush failed.
    failing: bool,
    /// The hour in which old rows were last merged.
    maintained: Option<Period>,
    health: LedgerHealth,
}

/// The name of the file in the `state` directory.
const FILE: &str = "ledger.sqlite";
/// Clocks may differ by so much.
const AHEAD: Duration = Duration::from_secs(3600);
/// How long the last flush may take.
const FAREWELL: Duration = Duration::from_secs(5);

// === impl LedgerKeeper ===

impl LedgerKeeper {
    pub(super) fn new(folder: Option<&Path>, spec: &LedgerSpec, clock: SharedClock) -> Self {
        let kept = LedgerLocation::new(folder, spec).zip(spec.flush).map(|(place, flush)| KeptLedger {
            ledger: Arc::new(Ledger::new().with_consumers(spec.consumers).with_replica(replica(spec))),
            place,
            flush,
            retention: LedgerRetention::default().with_hours(spec.hours_kept).with_days(spec.days_kept),
            environment: spec.environment.clone(),
            #[cfg(feature = "notices")]
            replica: replica(spec),
            clock,
            writing: Mutex::default(),
        });
        Self { kept: kept.map(Arc::new) }
    }

    /// The layer that counts. `request_id` is the header of a request's id.
    pub(super) fn count_layer(&self, request_id: &str) -> CountLayer {
        match (&self.kept, HeaderName::try_from(request_id)) {
            (Some(kept), Ok(name)) => CountLayer::new().with_ledger(Arc::clone(&kept.ledger)).with_request_id(name),
            (Some(kept), Err(_)) => CountLayer::new().with_ledger(Arc::clone(&kept.ledger)),
            (None, _) => CountLayer::new(),
        }
    }

    /// What was written so far, to read it and to note what is sent; `None` if it cannot be opened.
    pub(in crate::gateway) async fn stored(&self) -> Option<SqlLedger> {
        let kept = self.kept.as_ref()?;
        let mut writing = kept.writing.lock().await;
        if writing.store.is_none() {
            writing.store = kept.place.open(&kept.environment).await.ok();
        }
        writing.store.as_ref().map(SqlLedger::handle)
    }

    /// The environment of its rows; `None` if there is no ledger.
    pub(in crate::gateway) fn environment(&self) -> Option<&str> {
        self.kept.as_ref().map(|kept| &*kept.environment)
    }

    /// The environment and the replica that it is written for.
    #[cfg(feature = "notices")]
    pub(in crate::gateway) fn names(&self) -> Option<(&str, &str)> {
        self.kept.as_ref().map(|kept| (&*kept.environment, &*kept.replica))
    }

    /// Writes what was counted so far.
    pub(in crate::gateway) async fn write_now(&self) {
        if let Some(kept) = &self.kept {
            let _ = kept.write_apart(false).await;
        }
    }

    /// Writes what was counted, again and again, until it is dropped.
    pub(in crate::gateway) async fn keep(self) {
        let Some(kept) = self.kept else { return };
        let KeptLedger { place, environment, flush, .. } = &*kept;
        tracing::info!(%place, environment, ?flush, "ledger started");
        loop {
            tokio::time::sleep(kept.flush).await;
            let _ = kept.write_apart(false).await;
        }
    }

    /// Writes what was counted for the last time, and closes the file.
    pub(in crate::gateway) async fn stop(&self) {
        let Some(kept) = &self.kept else { return };
        if tokio::time::timeout(FAREWELL, kept.write_apart(true)).await.is_err() {
            tracing::warn!(ledger = %kept.place, "ledger incomplete at shutdown");
        }
    }
}

// === impl LedgerLocation ===

impl LedgerLocation {
    #[cfg_attr(not(feature = "postgres"), allow(unused_variables))]
    fn new(folder: Option<&Path>, spec: &LedgerSpec) -> Option<Self> {
        #[cfg(feature = "postgres")]
        if let Some(options) = super::shared::options(spec) {
            return Some(Self::Server(options));
        }
        folder.map(|folder| Self::File(folder.join(FILE)))
    }

    /// How large the write-ahead log of a file is.
    fn wal_bytes(&self) -> Option<u64> {
        match self {
            Self::File(path) => {
                let wal = path.with_file_name(format!("{FILE}-wal"));
                Some(std::fs::metadata(wal).map_or(0, |meta| meta.len()))
            }
            #[cfg(feature = "postgres")]
            Self::Server(_) => None,
        }
    }

    async fn open(&self, environment: &str) -> Result<SqlLedger, LedgerError> {
        match self {
            Self::File(path) => SqlLedger::open(path, environment).await,
            #[cfg(feature = "postgres")]
            Self::Server(options) => SqlLedger::connect(options, environment).await,
        }
    }
}

impl fmt::Display for LedgerLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            #[cfg(feature = "postgres")]
            Self::Server(options) => options.fmt(f),
        }
    }
}

/// The ledger of a config, to read it while a gateway may write to it; `None` if the config has none.
///
/// # Errors
///
/// If it cannot be opened: see [`SqlLedger::open_read_only`], and `SqlLedger::connect_read_only` of the feature `postgres`.
pub async fn open_ledger(gateway: &GatewaySpec) -> Option<Result<SqlLedger, LedgerError>> {
    let (spec, state) = (&gateway.ledger, gateway.state.as_ref());
    match LedgerLocation::new(state.map(|state| state.value.as_path()), spec)? {
        LedgerLocation::File(path) => Some(SqlLedger::open_read_only(&path).await),
        #[cfg(feature = "postgres")]
        LedgerLocation::Server(options) => Some(SqlLedger::connect_read_only(&options).await),
    }
}

/// The ledger of a config, to write what no gateway has counted; `None` if the config has none. It is created if it is not there. A
/// gateway must not have it open, unless it is in PostgreSQL.
///
/// # Errors
///
/// If it cannot be opened: see [`SqlLedger::open`], and `SqlLedger::connect` of the feature `postgres`.
pub async fn open_ledger_to_write(gateway: &GatewaySpec, environment: &str) -> Option<Result<SqlLedger, LedgerError>> {
    let folder = gateway.state.as_ref().map(|state| state.value.as_path());
    let location = LedgerLocation::new(folder, &gateway.ledger)?;
    if let Some(folder) = folder.filter(|_| matches!(location, LedgerLocation::File(_))) {
        // What keeps it from being created, keeps the file in it from being opened.
        let _ = super::files::make_folder(folder);
    }
    Some(location.open(environment).await)
}

/// The name of the replica: by default, that of the host.
pub(super) fn replica(spec: &LedgerSpec) -> String {
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned());
    spec.replica.clone().or_else(host).filter(|name| !name.is_empty()).unwrap_or_else(|| "1".to_owned())
}

/// Whether rows would be taken for old that are not: the ledger is that of all replicas.
async fn is_ahead(store: &SqlLedger, now: Timestamp) -> Result<bool, LedgerError> {
    let server = store.server_time().await?;
    Ok(server.is_some_and(|server| now > server.saturating_add(AHEAD)))
}

// === impl KeptLedger ===

impl KeptLedger {
    /// On a thread that serves no requests: a batch may be large.
    fn write_apart(self: &Arc<Self>, last: bool) -> JoinHandle<()> {
        let (kept, runtime) = (Arc::clone(self), Handle::current());
        tokio::task::spawn_blocking(move || runtime.block_on(kept.write(last)))
    }

    /// After the last write, the file is closed.
    async fn write(&self, last: bool) {
        let mut writing = self.writing.lock().await;
        let now = self.clock.now();
        let result = self.flush(&mut writing, now, last).await;
        names::ledger_flushes(if result.is_ok() { "ok" } else { "error" }).increment(1);
        match &result {
            Ok(()) => {
                names::ledger_flushed().set(recorder::now());
                if writing.failing {
                    tracing::info!("ledger is written again");
                }
            }
            Err(error) => {
                if !writing.failing {
                    let cause = error.source().map(ToString::to_string).unwrap_or_default();
                    tracing::warn!(%error, cause, "cannot write the ledger; what is counted stays in memory");
                }
                if !error.is_locked() && !error.is_full() && !error.is_unreachable() {
                    writing.store = None;
                }
            }
        }
        writing.failing = result.is_err();
        self.report(&mut writing);
        if let Some(store) = writing.store.take_if(|_| last) {
            store.close().await;
        }
    }

    async fn flush(&self, writing: &mut Writing, now: Timestamp, last: bool) -> Result<(), LedgerError> {
        let store = match &mut writing.store {
            Some(store) => store,
            none => none.insert(self.place.open(&self.environment).await?),
        };
        match last {
            true => self.ledger.finish(store, now).await?,
            false => self.ledger.flush(store, now).await?,
        };
        let hour = Some(Period::hour_of(now));
        if writing.maintained != hour {
            if is_ahead(store, now).await? {
                tracing::warn!(%now, "clock is ahead of the database's; old rows are not merged or deleted");
            } else {
                store.maintain(now, &self.retention).await?;
            }
            writing.maintained = hour;
        }
        Ok(())
    }

    /// Says how the ledger does; what it lost in detail, once for each flush.
    #[allow(clippy::cast_precision_loss, reason = "rows and bytes are far below 2^53")]
    fn report(&self, writing: &mut Writing) {
        let (before, health) = (writing.health, self.ledger.health());
        names::ledger_rows().set(health.rows as f64);
        names::ledger_overflow().increment(health.overflow - before.overflow);
        names::ledger_merged().increment(health.merged - before.merged);
        if let Some(bytes) = self.place.wal_bytes() {
            names::ledger_wal().set(bytes as f64);
        }
        if health.merged > before.merged {
            tracing::warn!(rows = health.merged - before.merged, "ledger rows merged; the store does not take them");
        }
        if before.overflow == 0 && health.overflow > 0 {
            tracing::warn!("more consumers than the ledger has room for; the others are counted as `_other`");
        }
        writing.health = health;
    }
}
