//! Points in time, and the one reader of the wall clock.
//!
//! Decisions take `now` as an argument; only a shell (a layer, the gateway) asks a [`Clock`].

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::civil;

/// A point in time, to the millisecond, UTC, from 1970 to the end of 9999: what an HTTP-date (RFC 9110 §5.6.7) can carry.
///
/// It is read from an HTTP-date, an RFC 3339 time or a plain date (its midnight in UTC):
///
/// ```
/// use sunward::clock::Timestamp;
///
/// let sunset: Timestamp = "Sun, 30 Jun 2024 23:59:59 GMT".parse()?;
/// assert_eq!(sunset, "2024-07-01T01:59:59+02:00".parse()?);
/// assert_eq!(sunset.as_secs(), 1_719_791_999);
/// assert_eq!("2024-07-01".parse::<Timestamp>()?.to_string(), "2024-07-01T00:00:00Z");
/// # Ok::<(), sunward::clock::ParseTimeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    millis: i64,
}

/// Why a text is not a [`Timestamp`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseTimeError {
    /// The day of the week does not belong to the date.
    Weekday {
        /// The day of the week in the date.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
    /// Before 1970 or after 9999, which an HTTP-date cannot carry.
    Range,
    /// None of the three forms, or no such day.
    Malformed,
}

/// Where a shell gets the time from.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// A clock that does not advance until it is set: for tests, and to try tomorrow's decisions today.
///
/// ```
/// use sunward::clock::{Clock, ManualClock};
///
/// let clock = ManualClock::new("2026-01-01".parse()?);
/// clock.set("2026-02-01".parse()?);
/// assert_eq!(clock.now().to_string(), "2026-02-01T00:00:00Z");
/// # Ok::<(), sunward::clock::ParseTimeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock {
    millis: Arc<AtomicI64>,
}

/// A clock that clones share.
#[derive(Clone)]
pub(crate) struct SharedClock(Arc<dyn Clock>);

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const LAST_MILLI: i64 = 253_402_300_799_999;

// === impl Timestamp ===

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self { millis: 0 };
    /// The last moment of 9999.
    pub const MAX: Self = Self { millis: LAST_MILLI };

    /// From whole seconds since 1970; `None` outside the range.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Option<Self> {
        if secs < 0 || secs > LAST_MILLI / 1000 { None } else { Some(Self { millis: secs * 1000 }) }
    }

    /// From milliseconds since 1970; `None` outside the range.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Option<Self> {
        if millis < 0 || millis > LAST_MILLI { None } else { Some(Self { millis }) }
    }

    /// From year, month and day, hour, minute and second, and the seconds by which they are ahead of UTC; `None` if there is no such
    /// time, or it is outside the range.
    #[cfg(feature = "cli")]
    pub(crate) fn from_civil(date: [i32; 3], time: [i32; 3], offset: i32) -> Option<Self> {
        let small = |number: i32| i8::try_from(number).ok();
        let [year, month, day] = date;
        let date = civil::Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()?;
        let time = civil::Time::new(small(time[0])?, small(time[1])?, small(time[2])?, 0).ok()?;
        let at = jiff::tz::Offset::from_seconds(offset).ok()?.to_timestamp(date.to_datetime(time)).ok()?;
        Self::from_millis(at.as_millisecond())
    }

    /// Whole seconds since 1970, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.millis / 1000
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.millis
    }

    /// The time from `earlier` to `self`; zero if it is the later one.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.millis - earlier.millis).unwrap_or(0))
    }

    /// `self` plus `duration`, at most [`Timestamp::MAX`].
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(LAST_MILLI);
        Self { millis: self.millis.saturating_add(millis).min(LAST_MILLI) }
    }

    /// `self` less `duration`, at least [`Timestamp::EPOCH`].
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(LAST_MILLI);
        Self { millis: self.millis.saturating_sub(millis).max(0) }
    }

    /// The IMF-fixdate of RFC 9110 §5.6.7, as `Sunset` needs it.
    #[must_use]
    pub fn http_date(self) -> String {
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(self.millis.unsigned_abs()))
    }
}

/// RFC 3339 in UTC, with milliseconds only where there are some.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.millis) {
            Ok(time) => write!(f, "{time}"),
            Err(_) => write!(f, "@{}", self.as_secs()),
        }
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, ParseTimeError> {
        let first = text.bytes().next().ok_or(ParseTimeError::Malformed)?;
        if first.is_ascii_alphabetic() { parse_http_date(text) } else { parse_rfc3339(text) }
    }
}

fn parse_http_date(text: &str) -> Result<Timestamp, ParseTimeError> {
    match httpdate::parse_http_date(text) {
        Ok(time) => from_system_time(time),
        Err(_) => Err(explain_http_date(text)),
    }
}

/// `httpdate` only says no; the usual mistake is the day of the week, so every other one is tried.
fn explain_http_date(text: &str) -> ParseTimeError {
    let Some((found, rest)) = text.split_once(',') else { return ParseTimeError::Malformed };
    let right = WEEKDAYS.iter().find(|day| {
        let name = if found.len() > 3 { day } else { &day[..3] };
        httpdate::parse_http_date(&format!("{name},{rest}")).is_ok()
    });
    match right {
        Some(expected) => ParseTimeError::Weekday { found: found.to_owned(), expected },
        None => ParseTimeError::Malformed,
    }
}

fn from_system_time(time: SystemTime) -> Result<Timestamp, ParseTimeError> {
    let since = time.duration_since(UNIX_EPOCH).map_err(|_| ParseTimeError::Range)?;
    let millis = i64::try_from(since.as_millis()).map_err(|_| ParseTimeError::Range)?;
    Timestamp::from_millis(millis).ok_or(ParseTimeError::Range)
}

fn parse_rfc3339(text: &str) -> Result<Timestamp, ParseTimeError> {
    let year = text.split_once('-').map_or("", |(year, _)| year);
    if year.len() > 4 && year.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ParseTimeError::Range);
    }
    let time = if text.len() == "2026-11-11".len() { midnight(text)? } else { instant(text)? };
    Timestamp::from_millis(time.as_millisecond()).ok_or(ParseTimeError::Range)
}

fn midnight(text: &str) -> Result<jiff::Timestamp, ParseTimeError> {
    let date: civil::Date = text.parse().map_err(|_| ParseTimeError::Malformed)?;
    // `jiff` ends a day before the year 9999 does.
    jiff::tz::TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).map_err(|_| ParseTimeError::Range)
}

/// `jiff` also takes time zone names in brackets, RFC 3339 does not.
fn instant(text: &str) -> Result<jiff::Timestamp, ParseTimeError> {
    if text.contains('[') {
        Err(ParseTimeError::Malformed)
    } else {
        text.parse().map_err(|_| ParseTimeError::Malformed)
    }
}

// === impl ParseTimeError ===

impl fmt::Display for ParseTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weekday { found, expected } => write!(f, "that day is a {expected}, not `{found}`"),
            Self::Range => f.write_str("outside the years 1970 to 9999 of an HTTP-date (RFC 9110 §5.6.7)"),
            Self::Malformed => f.write_str(
                "not an HTTP-date (`Wed, 11 Nov 2026 11:11:11 GMT`), an RFC 3339 time (`2026-11-11T11:11:11Z`) or a \
                 date (`2026-11-11`)",
            ),
        }
    }
}

impl std::error::Error for ParseTimeError {}

// === impl SystemClock ===

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now(&self) -> Timestamp {
        from_system_time(SystemTime::now()).unwrap_or(Timestamp::EPOCH)
    }
}

// === impl SharedClock ===

impl SharedClock {
    /// `clock`, shared.
    pub(crate) fn new(clock: impl Clock) -> Self {
        Self(Arc::new(clock))
    }
}

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

impl Default for SharedClock {
    fn default() -> Self {
        Self::new(SystemClock)
    }
}

impl fmt::Debug for SharedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedClock").field(&self.now()).finish()
    }
}

// === impl ManualClock ===

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { millis: Arc::new(AtomicI64::new(now.millis)) }
    }

    /// Sets it, for all clones.
    pub fn set(&self, now: Timestamp) {
        self.millis.store(now.millis, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp { millis: self.millis.load(Ordering::Relaxed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_three_forms() {
        let rows = [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("2023-06-30T23:59:59Z", 1_688_169_599),
            ("2023-07-01T01:59:59+02:00", 1_688_169_599),
            ("2026-11-11", 1_794_355_200),
        ];
        for (text, secs) in rows {
            assert_eq!(text.parse::<Timestamp>().map(Timestamp::as_secs), Ok(secs), "{text}");
        }
    }

    #[test]
    fn wrong_times_are_named() {
        let rows = [
            ("Sat, 31 Dec 2018 23:59:59 GMT", "that day is a Monday, not `Sat`"),
            ("1969-12-31", "outside the years"),
            ("10000-01-01", "outside the years"),
            ("2023-02-30", "not an HTTP-date"),
            ("Sun, 30 Jun 2024 23:59:59 UTC", "not an HTTP-date"),
            ("tomorrow", "not an HTTP-date"),
            ("", "not an HTTP-date"),
            ("2026-13-01T00:00:00Z", "not an HTTP-date"),
        ];
        for (text, message) in rows {
            let error = text.parse::<Timestamp>().expect_err(text).to_string();
            assert!(error.starts_with(message), "{text}: {error}");
        }
    }
}
