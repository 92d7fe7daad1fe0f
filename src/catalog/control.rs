//! The emergency handle: stop brownouts, hold back a sunset, for all or for one, at once and without a new catalog.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::clock::Timestamp;

/// Stops brownouts, holds back sunsets and extends versions of a running service. Clones share one state; it survives a
/// reload.
///
/// Each act has another that takes it back. Each returns whether it changed anything: one that is repeated does not, and
/// is no act to be recorded.
///
/// ```
/// use sunward::catalog::{ActOrigin, Control};
/// use sunward::clock::Timestamp;
///
/// let control = Control::new();
/// let origin = ActOrigin::new("ops@example.com", "checkout is down", Timestamp::EPOCH);
/// control.pause_brownouts("shop", origin);
/// assert!(control.brownouts_paused("shop"));
/// let again = control.pause_brownouts("shop", origin);
/// assert!(!again);
/// assert_eq!(control.acts().len(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Control {
    inner: Arc<Inner>,
}

/// Who acts on a [`Control`], why, and when: what an audit asks about every act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActOrigin<'a> {
    by: &'a str,
    reason: &'a str,
    at: Timestamp,
}

/// One act on a [`Control`], for the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// What: `pause-brownouts`, `resume-brownouts`, `hold-sunset`, `release-sunset`, `extend` or `withdraw-extension`.
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
    state: RwLock<ControlState>,
}

/// What is in effect, each with the act that began it.
#[derive(Debug, Default)]
struct ControlState {
    /// By api.
    paused: BTreeMap<String, Act>,
    /// By api and version.
    held: BTreeMap<(String, String), Act>,
    /// By api, version and consumer. A handful, so that they are looked through.
    extended: BTreeMap<(String, String, String), Act>,
    acts: Vec<Act>,
}

const PAUSE: &str = "pause-brownouts";
const RESUME: &str = "resume-brownouts";
const HOLD: &str = "hold-sunset";
const RELEASE: &str = "release-sunset";
const EXTEND: &str = "extend";
const WITHDRAW: &str = "withdraw-extension";
/// Older acts are dropped; read them regularly if you need all of them.
const ACTS_KEPT: usize = 1024;

// === impl Control ===

#[allow(clippy::must_use_candidate, reason = "an act is done for what it does")]
impl Control {
    /// Nothing is paused, nothing held back.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops all brownouts of `api`.
    pub fn pause_brownouts(&self, api: &str, origin: ActOrigin<'_>) -> bool {
        self.act(Act::new(PAUSE, api, None, origin))
    }

    /// Lets the brownouts of `api` happen again.
    pub fn resume_brownouts(&self, api: &str, origin: ActOrigin<'_>) -> bool {
        self.act(Act::new(RESUME, api, None, origin))
    }

    /// Serves `version` past its sunset.
    pub fn hold_sunset(&self, api: &str, version: &str, origin: ActOrigin<'_>) -> bool {
        self.act(Act::new(HOLD, api, Some(version), origin))
    }

    /// Lets the sunset of `version` be again.
    pub fn release_sunset(&self, api: &str, version: &str, origin: ActOrigin<'_>) -> bool {
        self.act(Act::new(RELEASE, api, Some(version), origin))
    }

    /// Lets `consumer` keep `version` until a later date than the others. It replaces the date that was given here before,
    /// which may be later or earlier. Of this date and one in the config, the later holds.
    ///
    /// ```
    /// use sunward::catalog::{ActOrigin, Control};
    /// use sunward::clock::Timestamp;
    ///
    /// let (control, until) = (Control::new(), "2030-01-01".parse()?);
    /// let origin = ActOrigin::new("ops@example.com", "their release slipped", Timestamp::EPOCH);
    /// control.extend("shop", "1", "acme", until, origin);
    /// assert_eq!(control.extension("shop", "1", "acme"), Some(until));
    /// assert_eq!(control.extension("shop", "1", "other"), None);
    /// # Ok::<(), sunward::clock::ParseTimeError>(())
    /// ```
    pub fn extend(&self, api: &str, version: &str, consumer: &str, until: Timestamp, origin: ActOrigin<'_>) -> bool {
        self.act(Act {
            consumer: Some(consumer.to_owned()),
            until: Some(until),
            ..Act::new(EXTEND, api, Some(version), origin)
        })
    }

    /// Takes back the extension that was given here to `consumer`; one in the config stays.
    pub fn withdraw_extension(&self, api: &str, version: &str, consumer: &str, origin: ActOrigin<'_>) -> bool {
        let act = Act::new(WITHDRAW, api, Some(version), origin);
        self.act(Act { consumer: Some(consumer.to_owned()), ..act })
    }

    /// Whether the brownouts of `api` are stopped.
    #[must_use]
    pub fn brownouts_paused(&self, api: &str) -> bool {
        self.any() && self.read(|state| state.paused.contains_key(api))
    }

    /// Whether the sunset of `version` is held back.
    #[must_use]
    pub fn sunset_held(&self, api: &str, version: &str) -> bool {
        self.any() && self.read(|state| state.held.keys().any(|(a, v)| a == api && v == version))
    }

    /// Until when `consumer` may keep `version`, if an act here extended it.
    #[must_use]
    pub fn extension(&self, api: &str, version: &str, consumer: &str) -> Option<Timestamp> {
        if !self.any() {
            return None;
        }
        let is_it = |(a, v, c): &(String, String, String)| a == api && v == version && c == consumer;
        self.read(|state| state.extended.iter().find(|(key, _)| is_it(key)).and_then(|(_, act)| act.until))
    }

    /// Which consumers may keep `version`, and until when, by acts here.
    #[must_use]
    pub fn extensions(&self, api: &str, version: &str) -> Vec<(String, Timestamp)> {
        let of = |((a, v, c), act): (&(String, String, String), &Act)| {
            (a == api && v == version).then(|| Some((c.clone(), act.until?))).flatten()
        };
        self.read(|state| state.extended.iter().filter_map(of).collect())
    }

    /// Whether an act here extended a version for some consumer of `api`: then responses depend on the consumer.
    pub(crate) fn extends(&self, api: &str) -> bool {
        self.any() && self.read(|state| state.extended.keys().any(|(a, ..)| a == api))
    }

    /// The latest acts, oldest first.
    #[must_use]
    pub fn acts(&self) -> Vec<Act> {
        self.read(|state| state.acts.clone())
    }

    /// What holds now: each pause, hold and extension that was not taken back, as the act that it began with. What
    /// keeps these and hands them to [`Control::restore`] later has them outlive a process.
    #[must_use]
    pub fn standing(&self) -> Vec<Act> {
        let all = |state: &ControlState| {
            state.paused.values().chain(state.held.values()).chain(state.extended.values()).cloned().collect()
        };
        self.read(all)
    }

    /// Restores acts that were in effect in an earlier process. They are not new: [`Control::acts`] does not list them.
    ///
    /// ```
    /// use sunward::catalog::{ActOrigin, Control};
    /// use sunward::clock::Timestamp;
    ///
    /// let before = Control::new();
    /// before.hold_sunset("shop", "1", ActOrigin::new("ops@example.com", "an incident", Timestamp::EPOCH));
    /// let control = Control::new();
    /// control.restore(before.standing());
    /// assert!(control.sunset_held("shop", "1"));
    /// ```
    pub fn restore(&self, acts: impl IntoIterator<Item = Act>) {
        self.change(|state| acts.into_iter().for_each(|act| _ = state.take(&act)));
    }

    fn any(&self) -> bool {
        self.inner.any.load(Ordering::Acquire)
    }

    fn read<T>(&self, f: impl FnOnce(&ControlState) -> T) -> T {
        f(&self.inner.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn act(&self, act: Act) -> bool {
        self.change(|state| {
            if !state.take(&act) {
                return false;
            }
            if state.acts.len() == ACTS_KEPT {
                state.acts.remove(0);
            }
            state.acts.push(act);
            true
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut ControlState) -> T) -> T {
        let mut state = self.inner.state.write().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut state);
        let any = !state.paused.is_empty() || !state.held.is_empty() || !state.extended.is_empty();
        self.inner.any.store(any, Ordering::Release);
        changed
    }
}

// === impl ControlState ===

impl ControlState {
    /// Applies an act; returns whether it changed anything. What is already in effect keeps the act that began it.
    fn take(&mut self, act: &Act) -> bool {
        let (api, version) = (act.api.clone(), act.version.clone().unwrap_or_default());
        let consumer = act.consumer.clone().unwrap_or_default();
        match act.what {
            PAUSE => begin(&mut self.paused, api, act),
            RESUME => self.paused.remove(&api).is_some(),
            HOLD => begin(&mut self.held, (api, version), act),
            RELEASE => self.held.remove(&(api, version)).is_some(),
            EXTEND => begin(&mut self.extended, (api, version, consumer), act),
            WITHDRAW => self.extended.remove(&(api, version, consumer)).is_some(),
            _ => false,
        }
    }
}

fn begin<K: Ord>(standing: &mut BTreeMap<K, Act>, key: K, act: &Act) -> bool {
    if standing.get(&key).is_some_and(|known| known.until == act.until) {
        return false;
    }
    standing.insert(key, act.clone());
    true
}

// === impl ActOrigin ===

impl<'a> ActOrigin<'a> {
    /// Who acts, why, and when.
    #[must_use]
    pub const fn new(by: &'a str, reason: &'a str, at: Timestamp) -> Self {
        Self { by, reason, at }
    }
}

// === impl Act ===

impl Act {
    fn new(what: &'static str, api: &str, version: Option<&str>, origin: ActOrigin<'_>) -> Self {
        let ActOrigin { by, reason, at } = origin;
        let (by, reason, api) = (by.to_owned(), reason.to_owned(), api.to_owned());
        Self { at, by, reason, what, api, version: version.map(str::to_owned), consumer: None, until: None }
    }
}
