//! How far a command has come, on a terminal.

use std::time::{Duration, Instant};

/// A line on standard error that is written over; nothing where that is no terminal, or it does not take long.
pub(crate) struct Progress {
    /// When the next line is due; never, if there is no terminal.
    due: Option<Instant>,
    shown: bool,
    read: usize,
    written: usize,
}

const FIRST: Duration = Duration::from_secs(2);
const EVERY: Duration = Duration::from_millis(500);

// === impl Progress ===

impl Progress {
    pub(crate) fn new(terminal: bool) -> Self {
        Self { due: terminal.then(|| Instant::now() + FIRST), shown: false, read: 0, written: 0 }
    }

    /// `read` bytes were read in all, and `more` were written since the last time.
    pub(crate) fn at(&mut self, read: usize, more: usize) {
        (self.read, self.written) = (read, self.written + more);
        let now = Instant::now();
        if self.due.is_some_and(|due| due <= now) {
            self.due = Some(now + EVERY);
            self.shown = true;
            super::tell(&format!("\r{} MiB read, {} MiB written", self.read >> 20, self.written >> 20));
        }
    }

    /// Takes the line away.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            super::tell("\r\x1b[K");
        }
    }
}
