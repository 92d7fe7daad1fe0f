//! Whether the database answers: in words, in the log, and as metrics.

use crate::clock::Timestamp;
use crate::gateway::telemetry::recorder;
use crate::names;

/// Whether the database answers.
#[derive(Debug)]
pub(super) struct SharedStatus {
    /// Why it does not, and since when.
    failing: Option<(String, Timestamp)>,
    /// Nothing was read yet.
    is_new: bool,
    /// When the process began to ask.
    began: Timestamp,
    listening: bool,
}

// === impl SharedStatus ===

impl SharedStatus {
    pub(super) fn new(now: Timestamp) -> Self {
        names::shared_state_up().set(0.0);
        names::shared_state_listening().set(0.0);
        Self { failing: None, is_new: true, began: now, listening: false }
    }

    /// Everything was read, or this is why not.
    pub(super) fn read(&mut self, result: Result<(), String>, now: Timestamp) {
        names::shared_state_up().set(f64::from(u8::from(result.is_ok())));
        match result {
            Ok(()) => {
                names::shared_state_read().set(recorder::now());
                if self.failing.take().is_some() {
                    tracing::info!("shared state is read again");
                }
                self.is_new = false;
            }
            Err(error) => {
                let since = self.failing.as_ref().map_or(now, |(_, since)| *since);
                if self.failing.is_none() {
                    tracing::warn!(error, "cannot read the shared state; acts of operators stay as they are");
                }
                self.failing = Some((error, since));
            }
        }
    }

    pub(super) fn listens(&mut self, listening: bool) {
        self.listening = listening;
        names::shared_state_listening().set(f64::from(u8::from(listening)));
    }

    pub(super) const fn is_listening(&self) -> bool {
        self.listening
    }

    /// What does not work, in a line.
    pub(super) fn detail(&self) -> Option<String> {
        let (error, since) = self.failing.as_ref()?;
        let since = if self.is_new { self.began } else { *since };
        Some(format!("shared state: not read since {since}: {error}"))
    }
}
