//! An allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a call used.
pub struct Used {
    pub allocations: u64,
    /// How many bytes more than before were alive at once.
    pub peak: u64,
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static ALIVE: AtomicU64 = AtomicU64::new(0);
static PEAK: AtomicU64 = AtomicU64::new(0);

/// Calls, and counts. For one thread.
pub fn watch<T>(call: impl FnOnce() -> T) -> (T, Used) {
    let before = (ALLOCATIONS.load(Relaxed), ALIVE.load(Relaxed));
    PEAK.store(before.1, Relaxed);
    let result = call();
    let used = Used { allocations: ALLOCATIONS.load(Relaxed) - before.0, peak: PEAK.load(Relaxed) - before.1 };
    (result, used)
}

// The counters are plain loads and stores, not one locked step: the lab has one thread, and what it measures must not
// pay for being counted.
fn grown(bytes: usize) {
    ALLOCATIONS.store(ALLOCATIONS.load(Relaxed) + 1, Relaxed);
    let alive = ALIVE.load(Relaxed) + bytes as u64;
    ALIVE.store(alive, Relaxed);
    PEAK.store(PEAK.load(Relaxed).max(alive), Relaxed);
}

fn shrunk(bytes: usize) {
    ALIVE.store(ALIVE.load(Relaxed) - bytes as u64, Relaxed);
}

// SAFETY: all of it is the system's allocator; counting touches no memory that is handed out.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: as the caller vouches.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        shrunk(layout.size());
        // SAFETY: as the caller vouches.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        shrunk(layout.size());
        grown(size);
        // SAFETY: as the caller vouches.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
