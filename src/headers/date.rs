//! A tolerant reader of HTTP-dates (RFC 9110 §5.6.7).
//!
//! `httpdate` refuses a wrong day of the week, which RFC 8594's own example has, and reads two-digit years with a
//! fixed pivot instead of the 50-year rule.

use jiff::civil::{Date, date};

use crate::clock::Timestamp;

const DAY: i64 = 86_400;
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A date whose year is still to be settled.
struct DateParts {
    month: i8,
    day: i64,
    second: i64,
}

/// Reads any of the three forms, whatever day of the week it claims; a date before 1970 is read as 1970's first moment.
pub(super) fn parse(value: &[u8], now: Timestamp) -> Option<Timestamp> {
    let text = super::trim_ows(std::str::from_utf8(value).ok()?);
    match text.split_once(',') {
        Some((weekday, rest)) => with_comma(weekday, rest, now),
        None => asctime(text),
    }
}

fn with_comma(weekday: &str, rest: &str, now: Timestamp) -> Option<Timestamp> {
    check_weekday(weekday)?;
    match *words::<5>(rest)?.as_slice() {
        [day, month, year, time, zone] if is_gmt(zone) => {
            DateParts::new(month, day, time)?.timestamp(exact_number(year, 4)?)
        }
        [date, time, zone] if is_gmt(zone) => rfc850(date, time, now),
        _ => None,
    }
}

fn rfc850(date: &str, time: &str, now: Timestamp) -> Option<Timestamp> {
    let (day, rest) = date.split_once('-')?;
    let (month, year) = rest.split_once('-')?;
    DateParts::new(month, day, time)?.with_short_year(exact_number(year, 2)?, now)
}

fn asctime(text: &str) -> Option<Timestamp> {
    let [weekday, month, day, time, year] = *words::<5>(text)?.as_slice() else { return None };
    check_weekday(weekday)?;
    DateParts::new(month, day, time)?.timestamp(exact_number(year, 4)?)
}

/// The words of `text`, unless there are more than `MAX`.
fn words<const MAX: usize>(text: &str) -> Option<Vec<&str>> {
    let words: Vec<&str> = text.split([' ', '\t']).filter(|word| !word.is_empty()).take(MAX + 1).collect();
    (words.len() <= MAX).then_some(words)
}

fn check_weekday(name: &str) -> Option<()> {
    let same = |day: &str| day.eq_ignore_ascii_case(name) || day[..3].eq_ignore_ascii_case(name);
    WEEKDAYS.into_iter().any(same).then_some(())
}

fn is_gmt(zone: &str) -> bool {
    zone.eq_ignore_ascii_case("GMT")
}

fn number(text: &str, max_len: usize) -> Option<i64> {
    let digits = (1..=max_len).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn exact_number(text: &str, len: usize) -> Option<i64> {
    number(text, len).filter(|_| text.len() == len)
}

/// Second of the day; `:60` is a legal leap second.
fn second_of_day(time: &str) -> Option<i64> {
    let (hour, rest) = time.split_once(':')?;
    let (minute, second) = rest.split_once(':')?;
    let [hour, minute, second] = [exact_number(hour, 2)?, exact_number(minute, 2)?, exact_number(second, 2)?];
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3600 + minute * 60 + second)
}

// === impl DateParts ===

impl DateParts {
    fn new(month: &str, day: &str, time: &str) -> Option<Self> {
        let month = MONTHS.iter().zip(1..).find(|(name, _)| name.eq_ignore_ascii_case(month))?.1;
        Some(Self { month, day: number(day, 2)?, second: second_of_day(time)? })
    }

    fn timestamp(&self, year: i64) -> Option<Timestamp> {
        let days = i64::from(self.first_of_month(year)?.days_in_month());
        if (1..=days).contains(&self.day) { Timestamp::from_secs(self.unix_seconds(year)?.max(0)) } else { None }
    }

    /// More than 50 years ahead means the last such year in the past (RFC 9110 §5.6.7).
    fn with_short_year(&self, short: i64, now: Timestamp) -> Option<Timestamp> {
        let near = |year: &i64| self.unix_seconds(year - 50).is_some_and(|secs| secs <= now.as_secs());
        self.timestamp((19..100).rev().map(|century| century * 100 + short).find(near)?)
    }

    /// A day that the month does not have is one of the next month: 50 years before a leap day is no leap year.
    fn unix_seconds(&self, year: i64) -> Option<i64> {
        let first = self.first_of_month(year)?.duration_since(date(1970, 1, 1)).as_secs();
        Some(first + (self.day - 1) * DAY + self.second)
    }

    fn first_of_month(&self, year: i64) -> Option<Date> {
        Date::new(i16::try_from(year).ok()?, self.month, 1).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    #[test]
    fn three_forms_are_read() {
        let rows = [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some("1994-11-06T08:49:37Z")),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some("1994-11-06T08:49:37Z")),
            ("Sun Nov  6 08:49:37 1994", Some("1994-11-06T08:49:37Z")),
            ("Sunday, 06-Nov-72 08:49:37 GMT", Some("2072-11-06T08:49:37Z")),
            ("Sat, 31 Dec 2018 23:59:59 GMT", Some("2018-12-31T23:59:59Z")),
            (" Thu, 29 Feb 2024 00:00:00 GMT ", Some("2024-02-29T00:00:00Z")),
            ("Wed, 31 Dec 2025 23:59:60 GMT", Some("2026-01-01T00:00:00Z")),
            ("Wed, 31 Dec 1969 23:59:59 GMT", Some("1970-01-01T00:00:00Z")),
            ("Thu, 29 Feb 2023 00:00:00 GMT", None),
            ("Sun, 30 Jun 2024 23:59:59 UTC", None),
            ("Sun, 30 Jun 2024 23:59:59 +0000", None),
            ("Sun, 30 Jun 2024 24:00:00 GMT", None),
            ("Nay, 30 Jun 2024 23:59:59 GMT", None),
            ("Sun, 30 Jun 24 23:59:59 GMT", None),
            ("2026-11-11", None),
            ("2026-11-11T11:11:11Z", None),
            ("0", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(parse(text.as_bytes(), at("2026-06-01")), expected.map(at), "{text}");
        }
    }

    #[test]
    fn short_years_are_at_most_fifty_years_ahead() {
        let rows = [
            ("2026-06-01", "01-Jun-76 00:00:00", "2076-06-01"),
            ("2026-06-01", "02-Jun-76 00:00:00", "1976-06-02"),
            ("2098-01-01", "01-Jun-05 00:00:00", "2105-06-01"),
            ("2026-06-01", "01-Jun-26 00:00:00", "2026-06-01"),
            ("2026-02-28", "29-Feb-76 00:00:00", "1976-02-29"),
            ("2026-03-01", "29-Feb-76 00:00:00", "2076-02-29"),
        ];
        for (now, date, expected) in rows {
            assert_eq!(parse(format!("Sunday, {date} GMT").as_bytes(), at(now)), Some(at(expected)), "{date} in {now}");
        }
    }

    proptest! {
        #[test]
        fn every_fixdate_is_read_back(secs in 0i64..253_402_300_800) {
            let time = Timestamp::from_secs(secs);
            let text = time.map(Timestamp::http_date).unwrap_or_default();
            prop_assert_eq!(parse(text.as_bytes(), Timestamp::EPOCH), time);
        }

        #[test]
        fn anything_is_read_without_panic(text in "\\PC*|[A-Za-z]{3},? ?[0-9A-Za-z :-]{0,30}") {
            let _ = parse(text.as_bytes(), Timestamp::EPOCH);
        }
    }
}
