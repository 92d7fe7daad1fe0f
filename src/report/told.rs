//! Who got notices that a version ends.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::usage::{NoticeState, StoredNotice};

/// What became of the notices to a consumer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    /// The last one that was delivered.
    pub(super) last: Option<Timestamp>,
    /// Whether one could not be delivered so far.
    failed: bool,
}

/// By consumer.
pub(super) fn by_consumer(notices: &[StoredNotice]) -> BTreeMap<&str, Told> {
    let mut all: BTreeMap<&str, Told> = BTreeMap::new();
    for notice in notices {
        let Some(consumer) = notice.key.recipient.strip_prefix("consumer ") else { continue };
        let told = all.entry(consumer).or_default();
        told.last = told.last.max(notice.sent);
        told.failed |= notice.state == NoticeState::Failed || (notice.sent.is_none() && notice.error.is_some());
    }
    all
}

// === impl Told ===

impl Told {
    /// Whether a notice has reached the consumer; `None` if none was tried.
    pub(super) fn reached(self) -> Option<bool> {
        match (self.last, self.failed) {
            (Some(_), _) => Some(true),
            (None, true) => Some(false),
            (None, false) => None,
        }
    }
}
