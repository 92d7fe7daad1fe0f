//! The flags of a program: definitions, the switches of operators above them, and counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use serde_json::Value;

use super::context::EvaluationContext;
use super::definitions::FlagDefinitions;
use super::evaluation::{FlagError, FlagEvaluation, FlagReason};
use crate::clock::{Clock, SharedClock, Timestamp};

/// The flags of a program. Clones share everything.
///
/// An evaluation takes no lock. A switch holds for the next evaluation on any thread.
#[derive(Clone, Debug)]
pub struct Flags {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    active: ArcSwap<ActiveDefinitions>,
    overrides: ArcSwap<BTreeMap<String, FlagOverride>>,
    clock: SharedClock,
    writing: Mutex<()>,
}

/// Definitions, and the counts of their flags in the same order.
#[derive(Debug)]
struct ActiveDefinitions {
    definitions: FlagDefinitions,
    counts: Vec<EvaluationCounts>,
}

/// How often a flag was evaluated.
#[derive(Debug, Default)]
struct EvaluationCounts {
    /// In the order of the flag's variants.
    variants: Vec<Arc<AtomicU64>>,
    /// Without a value.
    none: Arc<AtomicU64>,
}

/// What an operator set a flag to, above its definition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlagOverride {
    /// What the flag is set to.
    pub switch: FlagSwitch,
    /// When it was set.
    pub since: Timestamp,
    /// When it ends by itself; `None`: when an operator ends it.
    pub until: Option<Timestamp>,
}

/// What an operator sets a flag to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlagSwitch {
    /// Off: the caller's own default applies.
    Disabled,
    /// One variant for every context.
    Pinned(String),
}

impl Flags {
    /// Flags with `definitions`, by the wall clock.
    #[must_use]
    pub fn new(definitions: FlagDefinitions) -> Self {
        Self::with(definitions, SharedClock::default())
    }

    /// Flags with `definitions`, by `clock`: `$flagd.timestamp` and the end of switches.
    #[must_use]
    pub fn by_clock(definitions: FlagDefinitions, clock: impl Clock) -> Self {
        Self::with(definitions, SharedClock::new(clock))
    }

    fn with(definitions: FlagDefinitions, clock: SharedClock) -> Self {
        let active = ActiveDefinitions::new(definitions, None);
        let inner = Inner {
            active: ArcSwap::from_pointee(active),
            overrides: ArcSwap::default(),
            clock,
            writing: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Replaces the definitions. Switches and the counts of variants that are still there are kept.
    pub fn replace(&self, definitions: FlagDefinitions) {
        let _writing = self.inner.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.inner.active.load();
        self.inner.active.store(Arc::new(ActiveDefinitions::new(definitions, Some(&old))));
    }

    /// What the flag `key` evaluates to for `context`. It is counted.
    #[must_use]
    pub fn evaluate(&self, key: &str, context: &EvaluationContext<'_>) -> FlagEvaluation {
        let active = self.inner.active.load();
        let now = self.inner.clock.now();
        let position = active.definitions.position(key);
        let evaluation = match (self.switch(key, now), position) {
            (Some(FlagSwitch::Disabled), _) => FlagEvaluation::without(FlagReason::Disabled),
            (_, None) => FlagEvaluation::failed(FlagError::FlagNotFound),
            (Some(FlagSwitch::Pinned(variant)), Some(at)) => match active.definitions.at(at).variant(&variant) {
                Some(variant) => FlagEvaluation::with(variant, FlagReason::Static),
                None => FlagEvaluation::failed(FlagError::PinnedVariantMissing),
            },
            (None, Some(at)) => active.definitions.at(at).evaluate(context, now, active.definitions.bucketing()),
        };
        if let Some(at) = position {
            active.count(at, &evaluation);
        }
        evaluation
    }

    /// Whether the flag `key` is `true` for `context`; `false` if it is disabled, unknown or no boolean.
    #[must_use]
    pub fn is_enabled(&self, key: &str, context: &EvaluationContext<'_>) -> bool {
        self.boolean(key, context, false)
    }

    /// The value of the boolean flag `key`; `default` if it is disabled, unknown or no boolean.
    #[must_use]
    pub fn boolean(&self, key: &str, context: &EvaluationContext<'_>, default: bool) -> bool {
        self.evaluate(key, context).value().and_then(Value::as_bool).unwrap_or(default)
    }

    /// The value of the flag `key`, if it is a string; else `default`.
    #[must_use]
    pub fn string(&self, key: &str, context: &EvaluationContext<'_>, default: &str) -> String {
        self.evaluate(key, context).value().and_then(Value::as_str).unwrap_or(default).to_owned()
    }

    /// The value of the flag `key`, if it is a number; else `default`.
    #[must_use]
    pub fn number(&self, key: &str, context: &EvaluationContext<'_>, default: f64) -> f64 {
        self.evaluate(key, context).value().and_then(Value::as_f64).unwrap_or(default)
    }

    /// The value of the flag `key`, if it is a whole number; else `default`.
    #[must_use]
    pub fn integer(&self, key: &str, context: &EvaluationContext<'_>, default: i64) -> i64 {
        self.evaluate(key, context).value().and_then(Value::as_i64).unwrap_or(default)
    }

    /// The value of the flag `key`, if it is an object; else `default`.
    #[must_use]
    pub fn object(&self, key: &str, context: &EvaluationContext<'_>, default: Value) -> Value {
        self.evaluate(key, context).value().filter(|value| value.is_object()).cloned().unwrap_or(default)
    }

    /// Turns the flag off until `until`, or until [`enable`](Self::enable): callers get their own default. Also of a flag
    /// that is not defined now, so that it is off when it is.
    pub fn disable(&self, key: impl Into<String>, until: Option<Timestamp>) {
        self.set(key.into(), Some(FlagSwitch::Disabled), until);
    }

    /// Sets the flag to one variant for every context, until `until` or until [`enable`](Self::enable).
    ///
    /// # Errors
    ///
    /// The flag is not defined, or has no such variant; nothing changes.
    pub fn pin(&self, key: &str, variant: &str, until: Option<Timestamp>) -> Result<(), FlagError> {
        let active = self.inner.active.load();
        let flag = active.definitions.get(key).ok_or(FlagError::FlagNotFound)?;
        flag.variant(variant).ok_or(FlagError::UnknownVariant)?;
        self.set(key.to_owned(), Some(FlagSwitch::Pinned(variant.to_owned())), until);
        Ok(())
    }

    /// Removes what [`disable`](Self::disable) or [`pin`](Self::pin) set: the definition applies again.
    pub fn enable(&self, key: impl Into<String>) {
        self.set(key.into(), None, None);
    }

    /// The switches that apply now, by the keys of their flags.
    #[must_use]
    pub fn overrides(&self) -> BTreeMap<String, FlagOverride> {
        let now = self.inner.clock.now();
        let mut overrides = BTreeMap::clone(&self.inner.overrides.load());
        overrides.retain(|_, set| set.applies(now));
        overrides
    }

    /// How often each variant of the flag `key` was the result, and at the end, with an empty name, how often the caller's
    /// own default. `None` if no flag has this key.
    #[must_use]
    pub fn counts(&self, key: &str) -> Option<Vec<(String, u64)>> {
        let active = self.inner.active.load();
        let at = active.definitions.position(key)?;
        let counts = &active.counts[at];
        let names = active.definitions.at(at).variants().map(|(name, _)| name).chain([""]);
        let values = counts.variants.iter().chain([&counts.none]);
        Some(names.zip(values).map(|(name, count)| (name.to_owned(), count.load(Ordering::Relaxed))).collect())
    }

    fn switch(&self, key: &str, now: Timestamp) -> Option<FlagSwitch> {
        let overrides = self.inner.overrides.load();
        let set = overrides.get(key)?;
        set.applies(now).then(|| set.switch.clone())
    }

    fn set(&self, key: String, switch: Option<FlagSwitch>, until: Option<Timestamp>) {
        let _writing = self.inner.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let since = self.inner.clock.now();
        let mut overrides = BTreeMap::clone(&self.inner.overrides.load());
        overrides.retain(|_, set| set.applies(since));
        match switch {
            Some(switch) => drop(overrides.insert(key, FlagOverride { switch, since, until })),
            None => drop(overrides.remove(&key)),
        }
        self.inner.overrides.store(Arc::new(overrides));
    }
}

impl FlagOverride {
    fn applies(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

impl ActiveDefinitions {
    fn new(definitions: FlagDefinitions, old: Option<&Self>) -> Self {
        let count = |flag: &str, variant: &str| {
            let old = old?;
            let at = old.definitions.position(flag)?;
            let variant = old.definitions.at(at).variants().position(|(name, _)| name == variant)?;
            Some(old.counts[at].variants[variant].clone())
        };
        let none = |flag: &str| old.and_then(|old| Some(old.counts[old.definitions.position(flag)?].none.clone()));
        let counts = definitions.iter().map(|flag| EvaluationCounts {
            variants: flag.variants().map(|(name, _)| count(flag.key(), name).unwrap_or_default()).collect(),
            none: none(flag.key()).unwrap_or_default(),
        });
        let counts = counts.collect();
        Self { definitions, counts }
    }

    fn count(&self, at: usize, evaluation: &FlagEvaluation) {
        let counts = &self.counts[at];
        let variant = evaluation.variant.as_ref().and_then(|chosen| {
            let variants = &self.definitions.at(at).variants;
            variants.iter().position(|variant| Arc::ptr_eq(variant, chosen))
        });
        let count = variant.map_or(&counts.none, |variant| &counts.variants[variant]);
        count.fetch_add(1, Ordering::Relaxed);
    }
}
