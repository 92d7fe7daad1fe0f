//! How far a command has come, on a terminal.

use std::time::{Duration, Instant};

/// A line on standard error that is written over; nothing where that is no terminal, or it does not take long.
pub(crate) struct Progress {
    /// When the next line is due; never, if there is no terminal.
    due: Option<Instant>,
    shown: bool,
    written: usize,
}

const FIRST: Duration = Duration::from_secs(2);
const EVERY: Duration = Duration::from_millis(500);

// === impl Progress ===

impl Progress {
    pub(crate) fn new(terminal: bool) -> Self {
        Self { due: terminal.then(|| Instant::now() + FIRST), shown: false, written: 0 }
    }

    /// `read` bytes were read in all, and `more` were written since the last time.
    pub(crate) fn at(&mut self, read: usize, more: usize) {
        self.written += more;
        let written = self.written;
        self.show(|| format!("{} MiB read, {} MiB written", read >> 20, written >> 20));
    }

    /// Shows `text`, if that is due.
    pub(crate) fn show(&mut self, text: impl FnOnce() -> String) {
        let now = Instant::now();
        if self.due.is_some_and(|due| due <= now) {
            self.due = Some(now + EVERY);
            self.shown = true;
            super::tell(&format!("\r{}", text()));
        }
    }

    /// Takes the line away.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            super::tell("\r\x1b[K");
        }
    }
}
