//! The emergency handle: stop brownouts, hold back a sunset, for all or for one, at once and without a new catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::clock::Timestamp;

/// Stops brownouts and holds back sunsets of a running service. Clones share one state; it survives a reload.
///
/// ```
/// use sunward::catalog::Control;
/// use sunward::clock::Timestamp;
///
/// let control = Control::new();
/// control.pause_brownouts("shop", "ops@example.com", "checkout is down", Timestamp::EPOCH);
/// assert!(control.brownouts_paused("shop"));
/// assert_eq!(control.acts().len(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Control {
    inner: Arc<Inner>,
}

/// One act on a [`Control`], for the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// What, such as `pause-brownouts`.
    pub what: &'static str,
    /// On which api.
    pub api: String,
    /// On which version, where it is about one.
    pub version: Option<String>,
    /// For whom, where it is about one consumer.
    pub consumer: Option<String>,
    /// Until when, where it has an end.
    pub until: Option<Timestamp>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Almost always false, and then no lock is taken.
    any: AtomicBool,
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    paused: BTreeSet<String>,
    held: BTreeSet<(String, String)>,
    /// By api, version and consumer. A handful, so that they are looked through.
    extended: BTreeMap<(String, String, String), Timestamp>,
    acts: Vec<Act>,
}

/// Older acts are dropped: whoever needs them all reads them in time.
const ACTS_KEPT: usize = 1024;

// === impl Control ===

impl Control {
    /// Nothing is paused, nothing held back.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops all brownouts of `api`.
    pub fn pause_brownouts(&self, api: &str, by: &str, reason: &str, now: Timestamp) {
        self.act("pause-brownouts", api, None, by, reason, now, |state| {
            state.paused.insert(api.to_owned());
        });
    }

    /// Lets the brownouts of `api` happen again.
    pub fn resume_brownouts(&self, api: &str, by: &str, reason: &str, now: Timestamp) {
        self.act("resume-brownouts", api, None, by, reason, now, |state| {
            state.paused.remove(api);
        });
    }

    /// Serves `version` past its sunset.
    pub fn hold_sunset(&self, api: &str, version: &str, by: &str, reason: &str, now: Timestamp) {
        self.act("hold-sunset", api, Some(version), by, reason, now, |state| {
            state.held.insert((api.to_owned(), version.to_owned()));
        });
    }

    /// Lets the sunset of `version` be again.
    pub fn release_sunset(&self, api: &str, version: &str, by: &str, reason: &str, now: Timestamp) {
        self.act("release-sunset", api, Some(version), by, reason, now, |state| {
            state.held.remove(&(api.to_owned(), version.to_owned()));
        });
    }

    /// Lets `consumer` keep `version` until a later date, in the place of an earlier one given here. Of this date and
    /// one in the config, the later holds.
    ///
    /// ```
    /// use sunward::catalog::Control;
    /// use sunward::clock::Timestamp;
    ///
    /// let (control, until) = (Control::new(), "2030-01-01".parse()?);
    /// control.extend("shop", "1", "acme", until, "ops@example.com", "their release slipped", Timestamp::EPOCH);
    /// assert_eq!(control.extension("shop", "1", "acme"), Some(until));
    /// assert_eq!(control.extension("shop", "1", "other"), None);
    /// # Ok::<(), sunward::clock::ParseTimeError>(())
    /// ```
    #[allow(clippy::too_many_arguments, reason = "an audit record has these fields")]
    pub fn extend(
        &self,
        api: &str,
        version: &str,
        consumer: &str,
        until: Timestamp,
        by: &str,
        reason: &str,
        now: Timestamp,
    ) {
        let act = Act {
            consumer: Some(consumer.to_owned()),
            until: Some(until),
            ..Act::new("extend", api, Some(version), by, reason, now)
        };
        self.change(act, |state| {
            state.extended.insert((api.to_owned(), version.to_owned(), consumer.to_owned()), until);
        });
    }

    /// Whether the brownouts of `api` are stopped.
    #[must_use]
    pub fn brownouts_paused(&self, api: &str) -> bool {
        self.any() && self.read(|state| state.paused.contains(api))
    }

    /// Whether the sunset of `version` is held back.
    #[must_use]
    pub fn sunset_held(&self, api: &str, version: &str) -> bool {
        self.any() && self.read(|state| state.held.iter().any(|(a, v)| a == api && v == version))
    }

    /// Until when `consumer` may keep `version`, if that was said here.
    #[must_use]
    pub fn extension(&self, api: &str, version: &str, consumer: &str) -> Option<Timestamp> {
        if !self.any() {
            return None;
        }
        let is_it = |(a, v, c): &(String, String, String)| a == api && v == version && c == consumer;
        self.read(|state| state.extended.iter().find(|(key, _)| is_it(key)).map(|(_, until)| *until))
    }

    /// Who may keep `version`, and until when, as far as that was said here.
    #[must_use]
    pub fn extensions(&self, api: &str, version: &str) -> Vec<(String, Timestamp)> {
        let of = |((a, v, _), _): &(&(String, String, String), &Timestamp)| a == api && v == version;
        let all =
            |state: &State| state.extended.iter().filter(of).map(|((.., c), until)| (c.clone(), *until)).collect();
        self.read(all)
    }

    /// Whether some consumer of `api` has an extension that was given here: then responses depend on who asks.
    pub(crate) fn extends(&self, api: &str) -> bool {
        self.any() && self.read(|state| state.extended.keys().any(|(a, ..)| a == api))
    }

    /// The latest acts, oldest first.
    #[must_use]
    pub fn acts(&self) -> Vec<Act> {
        self.read(|state| state.acts.clone())
    }

    fn any(&self) -> bool {
        self.inner.any.load(Ordering::Acquire)
    }

    fn read<T>(&self, f: impl FnOnce(&State) -> T) -> T {
        f(&self.inner.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    #[allow(clippy::too_many_arguments, reason = "an audit record has these fields")]
    fn act(
        &self,
        what: &'static str,
        api: &str,
        version: Option<&str>,
        by: &str,
        reason: &str,
        at: Timestamp,
        change: impl FnOnce(&mut State),
    ) {
        self.change(Act::new(what, api, version, by, reason, at), change);
    }

    fn change(&self, act: Act, change: impl FnOnce(&mut State)) {
        let mut state = self.inner.state.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        if state.acts.len() == ACTS_KEPT {
            state.acts.remove(0);
        }
        state.acts.push(act);
        let any = !state.paused.is_empty() || !state.held.is_empty() || !state.extended.is_empty();
        self.inner.any.store(any, Ordering::Release);
    }
}

// === impl Act ===

impl Act {
    fn new(what: &'static str, api: &str, version: Option<&str>, by: &str, reason: &str, at: Timestamp) -> Self {
        let (by, reason, api) = (by.to_owned(), reason.to_owned(), api.to_owned());
        Self { at, by, reason, what, api, version: version.map(str::to_owned), consumer: None, until: None }
    }
}
