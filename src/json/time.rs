//! Times as RFC 3339 texts and as Unix numbers, exact both ways, for the years 0000 to 9999 in UTC.

use jiff::SignedDuration;
use jiff::civil::Date;

const DAY: i64 = 86_400;

/// The Unix number of an RFC 3339 text in units of `1 / per_second` seconds, `per_second` being a power of ten.
/// `None` when the text is not a time, not in the years 0000 to 9999, or finer than the unit.
pub(super) fn to_unix(text: &[u8], per_second: i64) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(b"T").or_else(|| rest.strip_prefix(b"t"))?;
    let (clock, rest) = rest.split_at_checked(8)?;
    let (fraction, offset) = read_fraction(rest, per_second)?;
    let (clock, leap) = read_clock(clock)?;
    let seconds = read_date(date)? * DAY + clock - read_offset(offset)?;
    let legal_leap = !leap || seconds.rem_euclid(DAY) == 0;
    (legal_leap && in_range(seconds)).then_some(seconds * per_second + fraction)
}

/// The RFC 3339 text of a Unix number, in UTC with `Z`; with three digits of a second when `per_second` is 1000.
/// `None` outside of the years 0000 to 9999.
pub(super) fn from_unix(unix: i64, per_second: i64) -> Option<String> {
    let seconds = unix.div_euclid(per_second);
    if !in_range(seconds) {
        return None;
    }
    let date = epoch()?.checked_add(SignedDuration::from_secs(seconds.div_euclid(DAY) * DAY)).ok()?;
    let clock = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    let (year, month, day) = (date.year(), date.month(), date.day());
    let fraction = if per_second > 1 { format!(".{:03}", unix.rem_euclid(per_second)) } else { String::new() };
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z"))
}

fn epoch() -> Option<Date> {
    Date::new(1970, 1, 1).ok()
}

/// From `0000-01-01T00:00:00Z` to `9999-12-31T23:59:59Z`.
fn in_range(seconds: i64) -> bool {
    (-62_167_219_200..253_402_300_800).contains(&seconds)
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

/// The second of the day, and whether it is the 61st of its minute.
fn read_clock(text: &[u8]) -> Option<(i64, bool)> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = text else { return None };
    let (hour, minute, second) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?, digits(&[*s1, *s2])?);
    (hour < 24 && minute < 60 && second <= 60).then_some((hour * 3600 + minute * 60 + second, second == 60))
}

/// The fraction in units, and what follows it.
fn read_fraction(text: &[u8], per_second: i64) -> Option<(i64, &[u8])> {
    let Some(text) = text.strip_prefix(b".") else { return Some((0, text)) };
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (fraction, rest) = text.split_at(end);
    let (mut unit, mut units) = (per_second, 0);
    for digit in fraction {
        unit /= 10;
        units += i64::from(digit - b'0') * unit;
        if unit == 0 && *digit != b'0' {
            return None;
        }
    }
    (!fraction.is_empty()).then_some((units, rest))
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
            ("2016-12-31T23:59:60Z", 1_483_228_800),
            ("2017-01-01T00:59:60+01:00", 1_483_228_800),
        ] {
            assert_eq!(to_unix(text.as_bytes(), 1), Some(unix), "{text}");
        }
        assert_eq!(to_unix(b"1970-01-01T00:00:00.5Z", 1000), Some(500));
        assert_eq!(to_unix(b"1970-01-01T00:00:00.123000Z", 1000), Some(123));
        assert_eq!(to_unix(b"2016-12-31T23:59:60.5Z", 1000), Some(1_483_228_800_500));
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
            "2016-12-31T23:59:60+01:00",
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
