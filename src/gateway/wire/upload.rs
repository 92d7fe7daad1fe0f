//! How far a request's body has come, for everything that waits for the instance meanwhile.
//!
//! While the client is waited for, the instance cannot answer: that time is not the instance's, and what fails because of
//! the client is not counted against it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::problem::ProblemType;

/// The state of a request's body, shared by what reads it and what waits for the response.
#[derive(Clone, Debug, Default)]
pub(in crate::gateway) struct Upload {
    /// `None`: the request has no body.
    inner: Option<Arc<Inner>>,
}

#[derive(Debug)]
struct Inner {
    began: Instant,
    state: AtomicU8,
    /// When a part was last passed on, in microseconds since it began.
    moved: AtomicU64,
    /// The response's head has been sent.
    answered: AtomicBool,
}

/// What the client did wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) enum UploadError {
    /// The body broke off, or is malformed.
    Broken,
    TooLarge,
    TooSlow,
}

/// Parts are there, or the instance has not asked for the next one.
const MOVES: u8 = 0;
/// The instance asked for the next part, and the client has not sent it.
const WAITS: u8 = 1;
const ENDED: u8 = 2;
const BROKEN: u8 = 3;
const TOO_LARGE: u8 = 4;
const TOO_SLOW: u8 = 5;

// === impl Upload ===

impl Upload {
    /// Of a body that is still to come.
    pub(in crate::gateway) fn new() -> Self {
        let began = Instant::now();
        let (state, moved, answered) = (AtomicU8::new(MOVES), AtomicU64::new(0), AtomicBool::new(false));
        Self { inner: Some(Arc::new(Inner { began, state, moved, answered })) }
    }

    /// The client is waited for.
    pub(in crate::gateway) fn waits(&self) {
        self.set(WAITS);
    }

    /// A part was passed on at `now`.
    pub(in crate::gateway) fn moved(&self, now: Instant) {
        if let Some(inner) = &self.inner {
            let since = now.saturating_duration_since(inner.began);
            inner.moved.store(u64::try_from(since.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
            self.set(MOVES);
        }
    }

    /// The body is there, or is not read any more.
    pub(in crate::gateway) fn ended(&self) {
        self.set(ENDED);
    }

    pub(in crate::gateway) fn failed(&self, fault: UploadError) {
        self.set(match fault {
            UploadError::Broken => BROKEN,
            UploadError::TooLarge => TOO_LARGE,
            UploadError::TooSlow => TOO_SLOW,
        });
    }

    /// The response's head has been sent: from now on both sides say when they have something to say.
    pub(in crate::gateway) fn answered(&self) {
        if let Some(inner) = &self.inner {
            inner.answered.store(true, Ordering::Relaxed);
        }
    }

    pub(in crate::gateway) fn is_answered(&self) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.answered.load(Ordering::Relaxed))
    }

    /// Whether the client is waited for.
    pub(in crate::gateway) fn is_awaited(&self) -> bool {
        self.state() == WAITS
    }

    /// What was wrong with the body, if it failed.
    pub(in crate::gateway) fn fault(&self) -> Option<UploadError> {
        match self.state() {
            BROKEN => Some(UploadError::Broken),
            TOO_LARGE => Some(UploadError::TooLarge),
            TOO_SLOW => Some(UploadError::TooSlow),
            _ => None,
        }
    }

    /// Since when the instance is the one that is waited for, which was at `sent` at the earliest; `None` while the
    /// client is.
    pub(in crate::gateway) fn instance_since(&self, sent: Instant) -> Option<Instant> {
        match &self.inner {
            None => Some(sent),
            Some(_) if self.is_awaited() => None,
            Some(inner) => Some(sent.max(inner.began + Duration::from_micros(inner.moved.load(Ordering::Relaxed)))),
        }
    }

    fn state(&self) -> u8 {
        self.inner.as_ref().map_or(ENDED, |inner| inner.state.load(Ordering::Relaxed))
    }

    /// A body that ended or failed stays so.
    fn set(&self, state: u8) {
        if let Some(inner) = &self.inner
            && inner.state.load(Ordering::Relaxed) < ENDED
        {
            inner.state.store(state, Ordering::Relaxed);
        }
    }
}

// === impl UploadError ===

impl UploadError {
    /// The problem that the client gets.
    pub(in crate::gateway) const fn kind(self) -> ProblemType {
        match self {
            Self::Broken => ProblemType::BodyInvalid,
            Self::TooLarge => ProblemType::BodyTooLarge,
            Self::TooSlow => ProblemType::BodyTimeout,
        }
    }

    pub(in crate::gateway) const fn as_str(self) -> &'static str {
        match self {
            Self::Broken => "the request body ended early or is malformed",
            Self::TooLarge => "the request body is too large",
            Self::TooSlow => "the request body arrived too slowly",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_the_client_is_not_the_instances() {
        let none = Upload::default();
        let sent = Instant::now();
        assert_eq!((none.instance_since(sent), none.is_awaited(), none.fault()), (Some(sent), false, None));

        let upload = Upload::new();
        let at = |seconds| sent + Duration::from_secs(seconds);
        assert_eq!(upload.instance_since(at(1)), Some(at(1)), "it has not asked for anything yet");
        upload.waits();
        assert_eq!(upload.instance_since(at(1)), None);
        upload.moved(at(5));
        let since = upload.instance_since(at(1)).expect("the instance is waited for");
        assert!(since.saturating_duration_since(at(5)) < Duration::from_millis(1));
        upload.waits();
        upload.ended();
        assert!(upload.instance_since(at(1)).is_some_and(|since| since > at(4)));
        upload.waits();
        assert!(!upload.is_awaited(), "it has ended");
    }

    #[test]
    fn a_fault_stays() {
        for fault in [UploadError::Broken, UploadError::TooLarge, UploadError::TooSlow] {
            let upload = Upload::new();
            upload.waits();
            upload.failed(fault);
            upload.ended();
            upload.moved(Instant::now());
            assert_eq!((upload.fault(), upload.is_awaited()), (Some(fault), false));
        }
    }
}
