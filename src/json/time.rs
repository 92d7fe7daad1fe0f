//! Times as RFC 3339 spells them and as Unix numbers, for the years 0000 to 9999 in UTC.

use jiff::SignedDuration;
use jiff::civil::Date;

const DAY: i64 = 86_400;
const NANOS: i64 = 1_000_000_000;

/// A point in time, and the offset from UTC that it is spelled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// Since 1970, in UTC.
    pub(super) seconds: i64,
    pub(super) nanos: u32,
    /// Seconds east of UTC.
    pub(super) offset: i64,
}

// === impl Moment ===

impl Moment {
    /// `None` outside of the years 0000 to 9999.
    pub(super) fn new(seconds: i64, nanos: u32, offset: i64) -> Option<Self> {
        // From `0000-01-01T00:00:00Z` to `9999-12-31T23:59:59Z`.
        (-62_167_219_200..253_402_300_800).contains(&seconds).then_some(Self { seconds, nanos, offset })
    }

    /// Of a Unix number in units of `1 / per_second` seconds, `per_second` being a power of ten.
    pub(super) fn of_unix(unix: i64, per_second: i64) -> Option<Self> {
        let nanos = unix.rem_euclid(per_second) * (NANOS / per_second);
        Self::new(unix.div_euclid(per_second), u32::try_from(nanos).ok()?, 0)
    }

    /// The Unix number in such units; `None` if the time is finer than that.
    pub(super) fn to_unix(self, per_second: i64) -> Option<i64> {
        let (nanos, unit) = (i64::from(self.nanos), NANOS / per_second);
        (nanos % unit == 0).then(|| self.seconds * per_second + nanos / unit)
    }

    /// Of an RFC 3339 text. `None` if it is none, has more than nine digits of a second that are not zero, or is a leap
    /// second, which no other format can express.
    pub(super) fn of_rfc3339(text: &[u8]) -> Option<Self> {
        let (date, rest) = text.split_at_checked(10)?;
        let rest = rest.strip_prefix(b"T").or_else(|| rest.strip_prefix(b"t"))?;
        let (clock, rest) = rest.split_at_checked(8)?;
        let (nanos, offset) = read_fraction(rest)?;
        let clock = read_clock(clock)?;
        let offset = read_offset(offset)?;
        let seconds = read_date(date)? * DAY + clock - offset;
        Self::new(seconds, nanos, offset)
    }

    /// The RFC 3339 text, with at least so many digits of a second. An offset of whole minutes is kept.
    pub(super) fn to_rfc3339(self, digits: usize) -> Option<String> {
        let offset = if self.offset % 60 == 0 { self.offset } else { 0 };
        let local = self.seconds + offset;
        // A year outside of the range has no spelling.
        let (local, offset) = Self::new(local, 0, 0).map_or((self.seconds, 0), |_| (local, offset));
        let clock = local.rem_euclid(DAY);
        let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
        let fraction = self.fraction(digits);
        Some(format!("{}T{hour:02}:{minute:02}:{second:02}{fraction}{}", day(local)?, zone(offset)))
    }

    /// Of a date alone, as RFC 3339 spells it.
    pub(super) fn of_date(text: &[u8]) -> Option<Self> {
        Self::new(read_date(text)? * DAY, 0, 0)
    }

    /// The date, if the time is midnight in UTC.
    pub(super) fn to_date(self) -> Option<String> {
        if self.seconds.rem_euclid(DAY) == 0 && self.nanos == 0 { day(self.seconds) } else { None }
    }

    fn fraction(self, digits: usize) -> String {
        let all = format!("{:09}", self.nanos);
        let end = all.trim_end_matches('0').len().max(digits);
        if end == 0 { String::new() } else { format!(".{}", &all[..end]) }
    }
}

fn day(seconds: i64) -> Option<String> {
    let date = epoch()?.checked_add(SignedDuration::from_secs(seconds.div_euclid(DAY) * DAY)).ok()?;
    Some(format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day()))
}

fn zone(offset: i64) -> String {
    match offset {
        0 => "Z".to_owned(),
        _ => {
            let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.abs() / 60);
            format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        }
    }
}

fn epoch() -> Option<Date> {
    Date::new(1970, 1, 1).ok()
}

/// The days since 1970.
fn read_date(text: &[u8]) -> Option<i64> {
    let [year @ .., b'-', m1, m2, b'-', d1, d2] = text else { return None };
    let year = i16::try_from(digits(year)?).ok()?;
    let month = i8::try_from(digits(&[*m1, *m2])?).ok()?;
    let day = i8::try_from(digits(&[*d1, *d2])?).ok()?;
    let date = Date::new(year, month, day).ok()?;
    Some(date.duration_since(epoch()?).as_secs() / DAY)
}

/// The second of the day.
fn read_clock(text: &[u8]) -> Option<i64> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = text else { return None };
    let (hour, minute, second) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?, digits(&[*s1, *s2])?);
    (hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second)
}

/// The fraction in nanoseconds, and what follows it.
fn read_fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let Some(text) = text.strip_prefix(b".") else { return Some((0, text)) };
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (fraction, rest) = text.split_at(end);
    let (mut unit, mut nanos) = (1_000_000_000, 0);
    for digit in fraction {
        unit /= 10;
        nanos += u32::from(digit - b'0') * unit;
        if unit == 0 && *digit != b'0' {
            return None;
        }
    }
    (!fraction.is_empty()).then_some((nanos, rest))
}

/// Seconds east of UTC.
fn read_offset(text: &[u8]) -> Option<i64> {
    match text {
        b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            let east = hours * 3600 + minutes * 60;
            (hours < 24 && minutes < 60).then_some(if *sign == b'+' { east } else { -east })
        }
        _ => None,
    }
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_unix(text: &[u8], per_second: i64) -> Option<i64> {
        Moment::of_rfc3339(text)?.to_unix(per_second)
    }

    fn from_unix(unix: i64, per_second: i64) -> Option<String> {
        Moment::of_unix(unix, per_second)?.to_rfc3339(if per_second == 1000 { 3 } else { 0 })
    }

    #[test]
    fn offsets_and_fractions_are_kept() {
        for text in ["2024-01-01T01:30:00.25+01:30", "2023-12-31T19:00:00-05:00", "2024-01-01T00:00:00.000000001Z"] {
            assert_eq!(Moment::of_rfc3339(text.as_bytes()).and_then(|at| at.to_rfc3339(0)).as_deref(), Some(text));
        }
        let last = Moment::of_rfc3339(b"9999-12-31T23:59:59-00:01");
        assert_eq!(last, None);
        let first = Moment::of_rfc3339(b"0000-01-01T00:00:00+00:00").expect("a time");
        assert_eq!(Moment { offset: -60, ..first }.to_rfc3339(0).as_deref(), Some("0000-01-01T00:00:00Z"));
    }

    #[test]
    fn seconds_and_millis_both_ways() {
        for (unix, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (1_704_067_200, "2024-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (-62_167_219_200, "0000-01-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(from_unix(unix, 1).as_deref(), Some(text));
            assert_eq!(to_unix(text.as_bytes(), 1), Some(unix));
        }
        assert_eq!(from_unix(-1, 1000).as_deref(), Some("1969-12-31T23:59:59.999Z"));
        assert_eq!(from_unix(1_704_067_200_000, 1000).as_deref(), Some("2024-01-01T00:00:00.000Z"));
        assert_eq!(from_unix(253_402_300_800, 1), None);
        assert_eq!(from_unix(-62_167_219_200_001, 1000), None);
    }

    #[test]
    fn reads_all_spellings() {
        for (text, unix) in [
            ("2024-01-01t00:00:00z", 1_704_067_200),
            ("2024-01-01T00:00:00-00:00", 1_704_067_200),
            ("2024-01-01T01:30:00+01:30", 1_704_067_200),
            ("2023-12-31T19:00:00.000-05:00", 1_704_067_200),
        ] {
            assert_eq!(to_unix(text.as_bytes(), 1), Some(unix), "{text}");
        }
        assert_eq!(to_unix(b"1970-01-01T00:00:00.5Z", 1000), Some(500));
        assert_eq!(to_unix(b"1970-01-01T00:00:00.123000Z", 1000), Some(123));
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "2024-01-01",
            "2024-01-01 00:00:00Z",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00.5Z",
            "2024-01-01T24:00:00Z",
            "2024-02-30T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-01-01T12:00:60Z",
            "2016-12-31T23:59:60Z",
            "2016-12-31T23:59:60.5Z",
            "2016-12-31T23:59:60+01:00",
            "2017-01-01T00:59:60+01:00",
            "2024-01-01T00:00:00+24:00",
            "2024-01-01T00:00:00+0100",
            "10000-01-01T00:00:00Z",
            "0000-01-01T00:00:00+00:01",
            "9999-12-31T23:59:60Z",
            "2024-1-01T00:00:00Z",
            "+024-01-01T00:00:00Z",
        ] {
            assert_eq!(to_unix(text.as_bytes(), 1), None, "{text}");
        }
        assert_eq!(to_unix(b"1970-01-01T00:00:00.1234Z", 1000), None);
    }
}
