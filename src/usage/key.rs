//! What a row is about.

use std::sync::Arc;

use super::route::UsedRoute;
use crate::clock::Timestamp;

/// What a row is about: no two rows of a batch have the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct UsageKey {
    /// When.
    pub period: Period,
    /// The API, the version and the route.
    pub route: UsedRoute,
    /// Who.
    pub consumer: ConsumerKey,
    /// How it is known.
    pub source: UsageSource,
}

/// How requests are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum UsageSource {
    /// They were counted while they were served.
    #[default]
    Seen,
    /// They were read from an access log.
    Imported,
}

/// A time that a row counts, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Period {
    /// The hour that begins so many hours after 1970 did.
    Hour(u32),
    /// The day that begins so many days after 1970 did.
    Day(u32),
}

/// Whose requests a row counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConsumerKey {
    /// One consumer's.
    Named(Arc<str>),
    /// Those of requests that no source names a consumer for.
    Anonymous,
    /// Those of all consumers beyond the ledger's bound.
    Other,
}

/// Whose row is looked up.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whose<'a> {
    /// A consumer's.
    Named(&'a str),
    /// Of requests without one.
    Anonymous,
    /// Of those beyond the bound.
    Other,
}

const HOUR: i64 = 3600;
const HOURS_OF_A_DAY: u32 = 24;

// === impl UsageKey ===

impl UsageKey {
    /// A key of requests that were counted while they were served.
    #[must_use]
    pub const fn new(period: Period, route: UsedRoute, consumer: ConsumerKey) -> Self {
        Self { period, route, consumer, source: UsageSource::Seen }
    }

    /// Requests that are known otherwise.
    #[must_use]
    pub fn with_source(mut self, source: UsageSource) -> Self {
        self.source = source;
        self
    }
}

// === impl UsageSource ===

impl UsageSource {
    /// Its name: `seen` or `imported`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Imported => "imported",
        }
    }
}

// === impl Period ===

impl Period {
    /// The hour of `at`.
    #[must_use]
    pub fn hour_of(at: Timestamp) -> Self {
        Self::Hour(hour(at))
    }

    /// The day of `at`.
    #[must_use]
    pub fn day_of(at: Timestamp) -> Self {
        Self::Hour(hour(at)).to_day()
    }

    /// When it begins.
    #[must_use]
    pub fn start(self) -> Timestamp {
        let hours = match self {
            Self::Hour(hour) => hour,
            Self::Day(day) => day.saturating_mul(HOURS_OF_A_DAY),
        };
        Timestamp::from_secs(i64::from(hours) * HOUR).unwrap_or(Timestamp::MAX)
    }

    /// The day that it is in.
    #[must_use]
    pub(crate) const fn to_day(self) -> Self {
        match self {
            Self::Hour(hour) => Self::Day(hour / HOURS_OF_A_DAY),
            Self::Day(_) => self,
        }
    }
}

pub(super) fn hour(at: Timestamp) -> u32 {
    u32::try_from(at.as_secs() / HOUR).unwrap_or(u32::MAX)
}

// === impl ConsumerKey ===

impl ConsumerKey {
    /// The name, `anonymous` or `_other`. A client may call itself so, too: compare the variants.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::Anonymous => "anonymous",
            Self::Other => "_other",
        }
    }
}
