//! The rows that are being counted, found by hash.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::cell::UsageCell;
use super::counts::UsageCounts;
use super::key::{UsageKey, Whose};
use super::route::UsedRoute;

/// Rows by the hash of hour, route and consumer. The hash has a key of this process, so clients cannot choose names whose hashes
/// collide; where two do, the second has the next free number.
#[derive(Debug)]
pub(super) struct Shards {
    shards: Box<[RwLock<Shard>]>,
    hasher: RandomState,
    cells: AtomicUsize,
}

type Shard = HashMap<u64, Arc<UsageCell>, BuildHasherDefault<Hashed>>;

/// Rows, each key once.
pub(super) type Rows = BTreeMap<UsageKey, UsageCounts>;

/// Keys are hashes.
#[derive(Debug, Default)]
struct Hashed(u64);

/// So that threads seldom meet: a lock is held for a look-up.
const SHARDS: usize = 64;

// === impl Shards ===

impl Shards {
    pub(super) fn new() -> Self {
        let shards = (0..SHARDS).map(|_| RwLock::default()).collect();
        Self { shards, hasher: RandomState::new(), cells: AtomicUsize::new(0) }
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.cells.load(Ordering::Relaxed)
    }

    pub(super) fn hash(&self, hour: u32, route: &UsedRoute, whose: Whose<'_>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u64(route.id() ^ u64::from(hour));
        match whose {
            Whose::Named(name) => hasher.write(name.as_bytes()),
            Whose::Anonymous => hasher.write_u8(0xFE),
            Whose::Other => hasher.write_u8(0xFF),
        }
        hasher.finish()
    }

    /// The row, if there is one.
    pub(super) fn get(&self, hash: u64, hour: u32, route: &UsedRoute, whose: Whose<'_>) -> Option<Arc<UsageCell>> {
        find(&self.read(hash), hash, hour, route, whose).ok().map(Arc::clone)
    }

    /// The row; `cell` is it if there is none.
    pub(super) fn insert(&self, hash: u64, cell: UsageCell, whose: Whose<'_>) -> Arc<UsageCell> {
        let mut shard = self.write(hash);
        let free = match find(&shard, hash, cell.hour, &cell.route, whose) {
            Ok(found) => return Arc::clone(found),
            Err(free) => free,
        };
        self.cells.fetch_add(1, Ordering::Relaxed);
        Arc::clone(shard.entry(free).or_insert(Arc::new(cell)))
    }

    /// Takes out what was counted. Rows of other hours than `hour` are removed, and with `shrink` those that counted nothing.
    pub(super) fn drain(&self, hour: u32, shrink: bool) -> Rows {
        let mut rows = Rows::new();
        for shard in &self.shards {
            let mut to_remove = false;
            for cell in read(shard).values() {
                match cell.take() {
                    Some(counts) => add(&mut rows, cell.key(), &counts),
                    None => to_remove |= shrink,
                }
                to_remove |= cell.hour != hour;
            }
            if to_remove {
                self.remove(shard, &mut rows, |cell| cell.hour != hour || shrink && cell.is_idle());
            }
        }
        rows
    }

    /// Takes out, and removes, the rows of other hours than `hour`.
    pub(super) fn drain_others(&self, hour: u32) -> Rows {
        let mut rows = Rows::new();
        for shard in &self.shards {
            if read(shard).values().any(|cell| cell.hour != hour) {
                self.remove(shard, &mut rows, |cell| cell.hour != hour);
            }
        }
        rows
    }

    /// The earliest hour that has something.
    pub(super) fn oldest(&self) -> Option<u32> {
        let of = |shard: &RwLock<Shard>| {
            let shard = read(shard);
            shard.values().filter(|cell| !cell.is_idle()).map(|cell| cell.hour).min()
        };
        self.shards.iter().filter_map(of).min()
    }

    /// A row that a request holds stays: it has something to add.
    fn remove(&self, shard: &RwLock<Shard>, rows: &mut Rows, done: impl Fn(&UsageCell) -> bool) {
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        let before = shard.len();
        shard.retain(|_, cell| {
            if !done(cell) {
                return true;
            }
            if let Some(counts) = cell.take() {
                add(rows, cell.key(), &counts);
            }
            Arc::get_mut(cell).is_none_or(|cell| !cell.is_idle())
        });
        self.cells.fetch_sub(before - shard.len(), Ordering::Relaxed);
    }

    #[allow(clippy::cast_possible_truncation, reason = "the remainder is small")]
    fn shard(&self, hash: u64) -> &RwLock<Shard> {
        // The map itself uses the low and the highest bits.
        &self.shards[(hash >> 40) as usize % SHARDS]
    }

    fn read(&self, hash: u64) -> RwLockReadGuard<'_, Shard> {
        read(self.shard(hash))
    }

    fn write(&self, hash: u64) -> RwLockWriteGuard<'_, Shard> {
        self.shard(hash).write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(shard: &RwLock<Shard>) -> RwLockReadGuard<'_, Shard> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

/// The row, or the first free number.
fn find<'s>(
    shard: &'s Shard,
    hash: u64,
    hour: u32,
    route: &UsedRoute,
    whose: Whose<'_>,
) -> Result<&'s Arc<UsageCell>, u64> {
    let mut at = hash;
    while let Some(cell) = shard.get(&at) {
        if cell.is(hour, route, whose) {
            return Ok(cell);
        }
        at = at.wrapping_add(1);
    }
    Err(at)
}

/// Adds to the row of `key`.
pub(super) fn add(rows: &mut Rows, key: UsageKey, counts: &UsageCounts) {
    match rows.get_mut(&key) {
        Some(sum) => sum.merge(counts),
        None => drop(rows.insert(key, counts.clone())),
    }
}

// === impl Hashed ===

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
