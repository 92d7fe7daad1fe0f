//! The spellings of a time.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use jiff::fmt::{rfc2822, strtime};
use jiff::tz::{Offset, TimeZone};

use super::number;
use super::time::Moment;

/// How a time is spelled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeFormat {
    /// Seconds since 1970, a number.
    UnixSeconds,
    /// Milliseconds since 1970, a number.
    UnixMillis,
    /// `2024-01-01T00:00:00Z`
    Rfc3339,
    /// `Mon, 01 Jan 2024 00:00:00 +0000`
    Rfc2822,
    /// `Mon, 01 Jan 2024 00:00:00 GMT` (RFC 9110 §5.6.7)
    HttpDate,
    /// `2024-01-01`: midnight in UTC.
    Date,
    /// A pattern of `strftime`.
    Custom(Box<str>),
}

const RFC_2822: &str = "%a, %d %b %Y %H:%M:%S %z";

// === impl TimeFormat ===

impl TimeFormat {
    /// A pattern of `strftime`, such as `%a %b %d %H:%M:%S %z %Y`. A time without an offset is in UTC.
    ///
    /// # Errors
    /// If a directive is not known, or what the pattern writes does not read as the same time.
    pub fn custom(pattern: &str) -> Result<Self, String> {
        let format = Self::Custom(pattern.into());
        // A date, and a time of that day.
        let probe = |seconds| Moment { seconds, nanos: 0, offset: 0 };
        let (midnight, evening) = (probe(1_539_129_600), probe(1_539_201_600));
        let written = formatted(pattern, midnight).map_err(|error| error.to_string())?;
        strtime::parse(pattern, &written).map_err(|error| error.to_string())?;
        if format.write(midnight, &Self::Rfc3339).is_none() {
            return Err("it does not give year, month and day".to_owned());
        }
        let has_time = formatted(pattern, evening).is_ok_and(|text| text != written);
        if has_time && format.write(evening, &Self::Rfc3339).is_none() {
            return Err("it does not give the whole hour: use `%H`, or `%I` with `%p`".to_owned());
        }
        Ok(format)
    }

    pub(super) const fn is_number(&self) -> bool {
        matches!(self, Self::UnixSeconds | Self::UnixMillis)
    }

    /// The same time in another format; `None` if `value` is no time in this one, or the other cannot express it.
    pub(super) fn convert(&self, value: &[u8], to: &Self) -> Option<String> {
        to.write(self.read(value)?, self)
    }

    fn read(&self, value: &[u8]) -> Option<Moment> {
        let text = std::str::from_utf8(value).ok()?;
        match self {
            Self::UnixSeconds | Self::UnixMillis if !number::is_integer(value) => None,
            Self::UnixSeconds => Moment::of_unix(text.parse().ok()?, 1),
            Self::UnixMillis => Moment::of_unix(text.parse().ok()?, 1000),
            Self::Rfc3339 => Moment::of_rfc3339(value),
            Self::Date => Moment::of_date(value),
            Self::HttpDate => {
                let since = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
                Moment::new(i64::try_from(since.as_secs()).ok()?, 0, 0)
            }
            Self::Rfc2822 => {
                let zoned = rfc2822::parse(text).ok().filter(|_| !is_leap(text))?;
                of_timestamp(zoned.timestamp(), zoned.offset())
            }
            Self::Custom(pattern) => {
                let parsed = strtime::parse(&**pattern, value).ok()?;
                let offset = parsed.offset().unwrap_or(Offset::UTC);
                let at = match parsed.timestamp() {
                    Some(at) => at,
                    None => offset.to_timestamp(parsed.to_datetime().ok()?).ok()?,
                };
                // A leap second is read as the one before.
                let clamped = parsed.second() == Some(59) && is_leap(text);
                of_timestamp(at, offset).filter(|_| !clamped)
            }
        }
    }

    fn write(&self, at: Moment, from: &Self) -> Option<String> {
        match self {
            Self::UnixSeconds => Some(at.to_unix(1)?.to_string()),
            Self::UnixMillis => Some(at.to_unix(1000)?.to_string()),
            Self::Rfc3339 => at.to_rfc3339(if *from == Self::UnixMillis { 3 } else { 0 }),
            Self::Date => at.to_date(),
            Self::HttpDate if at.seconds < 0 || at.nanos > 0 => None,
            Self::HttpDate => {
                let since = std::time::Duration::from_secs(at.seconds.unsigned_abs());
                Some(httpdate::fmt_http_date(std::time::UNIX_EPOCH + since))
            }
            Self::Rfc2822 => self.faithful(RFC_2822, at),
            Self::Custom(pattern) => self.faithful(pattern, at),
        }
    }

    /// What the pattern writes, if it reads as the same time: in the offset of the time, or else in UTC.
    fn faithful(&self, pattern: &str, at: Moment) -> Option<String> {
        let same = |text: &String| {
            self.read(text.as_bytes()).is_some_and(|again| (again.seconds, again.nanos) == (at.seconds, at.nanos))
        };
        let written = |offset| formatted(pattern, Moment { offset, ..at }).ok().filter(same);
        written(at.offset).or_else(|| written(0))
    }

    /// What a value in this format must be to be written in the other one.
    pub(super) fn wanted(&self, to: &Self) -> Cow<'static, str> {
        Cow::Borrowed(match (self, to) {
            (Self::UnixSeconds, _) => "an integer of Unix seconds in the years 0000 to 9999",
            (Self::UnixMillis, Self::Rfc3339) => "an integer of Unix milliseconds in the years 0000 to 9999",
            (Self::UnixMillis, _) => "an integer of Unix milliseconds that the other format can express",
            (Self::Rfc3339, Self::UnixSeconds) => "an RFC 3339 time with whole seconds",
            (Self::Rfc3339, Self::UnixMillis) => "an RFC 3339 time with whole milliseconds",
            (Self::Rfc3339, Self::Date) => "an RFC 3339 time that is midnight in UTC",
            (Self::Rfc3339, _) => "an RFC 3339 time that the other format can express",
            (Self::Rfc2822, Self::Date) => "an RFC 2822 date that is midnight in UTC",
            (Self::Rfc2822, _) => "an RFC 2822 date",
            (Self::HttpDate, Self::Date) => "an HTTP date that is midnight in UTC",
            (Self::HttpDate, _) => "an HTTP date",
            (Self::Date, _) => "a date such as `2024-01-01`",
            (Self::Custom(pattern), _) => {
                return format!("a time in the format `{pattern}` that the other format can express").into();
            }
        })
    }
}

impl fmt::Display for TimeFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnixSeconds => "unix-seconds",
            Self::UnixMillis => "unix-millis",
            Self::Rfc3339 => "rfc3339",
            Self::Rfc2822 => "rfc2822",
            Self::HttpDate => "http-date",
            Self::Date => "date",
            Self::Custom(pattern) => return write!(f, "{pattern:?}"),
        })
    }
}

fn formatted(pattern: &str, at: Moment) -> Result<String, jiff::Error> {
    let offset = Offset::from_seconds(i32::try_from(at.offset).unwrap_or_default())?;
    let nanos = i32::try_from(at.nanos).unwrap_or_default();
    let zoned = Timestamp::new(at.seconds, nanos)?.to_zoned_datetime(TimeZone::fixed(offset));
    strtime::format(pattern, &zoned)
}

fn of_timestamp(at: Timestamp, offset: Offset) -> Option<Moment> {
    let (second, nanos) = (at.as_second(), at.subsec_nanosecond());
    // Before 1970 both count down.
    let (second, nanos) = if nanos < 0 { (second - 1, nanos + 1_000_000_000) } else { (second, nanos) };
    Moment::new(second, u32::try_from(nanos).ok()?, i64::from(offset.seconds()))
}

/// Whether a time may name the 61st second of a minute.
fn is_leap(text: &str) -> bool {
    text.contains("60")
}

#[cfg(test)]
mod tests {
    use super::TimeFormat::{Date, HttpDate, Rfc2822, Rfc3339, UnixMillis, UnixSeconds};
    use super::*;

    fn custom(pattern: &str) -> TimeFormat {
        TimeFormat::custom(pattern).expect(pattern)
    }

    #[test]
    fn there_and_back() {
        let twitter = custom("%a %b %d %H:%M:%S %z %Y");
        for (one, a, other, b) in [
            (&Rfc2822, "Wed, 18 Aug 2010 20:01:40 +0000", &Rfc3339, "2010-08-18T20:01:40Z"),
            (&Rfc2822, "Wed, 01 Sep 2010 20:01:40 +0230", &Rfc3339, "2010-09-01T20:01:40+02:30"),
            (&Rfc2822, "Thu, 01 Jan 1970 00:00:00 +0000", &UnixSeconds, "0"),
            (&HttpDate, "Sun, 06 Nov 1994 08:49:37 GMT", &Rfc3339, "1994-11-06T08:49:37Z"),
            (&HttpDate, "Sun, 06 Nov 1994 08:49:37 GMT", &Rfc2822, "Sun, 06 Nov 1994 08:49:37 +0000"),
            (&Date, "2024-02-29", &Rfc3339, "2024-02-29T00:00:00Z"),
            (&Date, "1969-12-31", &UnixSeconds, "-86400"),
            (&UnixSeconds, "1704067200", &UnixMillis, "1704067200000"),
            (&UnixMillis, "500", &Rfc3339, "1970-01-01T00:00:00.500Z"),
            (&twitter, "Wed Oct 10 20:19:24 +0000 2018", &Rfc3339, "2018-10-10T20:19:24Z"),
            (&twitter, "Wed Oct 10 20:19:24 -0130 2018", &Rfc3339, "2018-10-10T20:19:24-01:30"),
            (&custom("%d.%m.%Y"), "29.02.2024", &Date, "2024-02-29"),
            (&custom("%Y-%m-%d %H:%M:%S"), "2024-02-29 12:00:01", &Rfc3339, "2024-02-29T12:00:01Z"),
            (&custom("%Y%m%dT%H%M%S%.3f"), "20240229T120001.250", &UnixMillis, "1709208001250"),
            (&custom("%Y-%m-%d %I:%M %p"), "2024-02-29 01:05 PM", &Rfc3339, "2024-02-29T13:05:00Z"),
        ] {
            assert_eq!(one.convert(a.as_bytes(), other).as_deref(), Some(b), "{one} to {other}");
            assert_eq!(other.convert(b.as_bytes(), one).as_deref(), Some(a), "{other} to {one}");
        }
    }

    #[test]
    fn what_the_other_cannot_express() {
        for (from, text, to) in [
            (Rfc3339, "2024-01-01T00:00:00.5Z", Rfc2822),
            (Rfc3339, "2024-01-01T00:00:00.5Z", HttpDate),
            (Rfc3339, "1969-12-31T23:59:59Z", HttpDate),
            (Rfc3339, "2024-01-01T00:00:01Z", Date),
            (Rfc3339, "2024-01-01T00:00:00+01:00", Date),
            (Rfc3339, "2024-01-01T12:00:00Z", custom("%d.%m.%Y")),
            (Rfc3339, "2124-01-01T00:00:00Z", custom("%d.%m.%y")),
            (UnixMillis, "1", UnixSeconds),
            (UnixSeconds, "1.0", UnixMillis),
            (Rfc2822, "Thu, 18 Aug 2010 20:01:40 +0000", Rfc3339),
            (Rfc2822, "Wed, 18 Aug 2010 20:01:60 +0000", Rfc3339),
            (Rfc2822, "yesterday", Rfc3339),
            (HttpDate, "Mon, 06 Nov 1994 08:49:37 GMT", Rfc3339),
            (Date, "2023-02-29", Rfc3339),
            (custom("%H:%M:%S %d.%m.%Y"), "23:59:60 31.12.2016", Rfc3339),
        ] {
            assert_eq!(from.convert(text.as_bytes(), &to), None, "{text}");
        }
    }

    #[test]
    fn patterns_that_lose_the_time_are_refused() {
        for pattern in ["", "%H:%M", "%Y-%m", "%Y-%m-%d %I:%M", "%Y-%m-%d %", "%Y-%m-%d %Z", "%!"] {
            assert!(TimeFormat::custom(pattern).is_err(), "{pattern}");
        }
    }
}
