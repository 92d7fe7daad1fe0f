//! `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and `Retry-After` (RFC 9110 §10.2.3).

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{date, sf, single};
use crate::clock::Timestamp;

/// When a resource was, or will be, deprecated (RFC 9745).
pub(crate) const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");

/// When a resource stops answering (RFC 8594).
pub(crate) const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// The `Deprecation` value of `time`: a structured field Date (RFC 9745 §2), whole seconds.
#[must_use]
pub(crate) fn deprecation(time: Timestamp) -> HeaderValue {
    ascii(format!("@{}", time.as_secs()))
}

/// The `Sunset` value of `time`: an IMF-fixdate (RFC 9110 §5.6.7).
#[must_use]
pub(crate) fn sunset(time: Timestamp) -> HeaderValue {
    ascii(time.http_date())
}

/// The `Retry-After` value for `secs` from now, as delay-seconds (RFC 9110 §10.2.3).
#[must_use]
pub(crate) fn retry_after(secs: u64) -> HeaderValue {
    HeaderValue::from(secs)
}

fn ascii(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("use digits, letters and punctuation only")
}

/// The date of a response's `Deprecation`, read as strictly as RFC 9651 §4.2 demands.
///
/// Parameters are legal and ignored. `None` without the field, for several lines, lists, decimals, and the values of
/// early drafts (`true`, an HTTP-date). A date outside of what [`Timestamp`] holds is read as its nearest end.
#[must_use]
pub(crate) fn parse_deprecation(headers: &HeaderMap) -> Option<Timestamp> {
    let secs = sf::date_item(single(headers, &DEPRECATION)?.as_bytes())?;
    Timestamp::from_secs(secs.clamp(0, Timestamp::MAX.as_secs()))
}

/// The date of a `Sunset` value, read as RFC 9110 §5.6.7 asks of a recipient.
///
/// All three forms of an HTTP-date are read; two-digit years by the 50-year rule relative to `now`; a wrong day of the
/// week, such as in RFC 8594's own example, does no harm. A date before 1970 is read as [`Timestamp::EPOCH`]. `None`
/// for everything else.
#[must_use]
pub(crate) fn parse_sunset(value: &[u8], now: Timestamp) -> Option<Timestamp> {
    date::parse(value, now)
}

/// Sets `Deprecation` to the earlier of `ours` and upstream's; `value` is `ours`, rendered by [`deprecation`].
///
/// Afterwards there is exactly one line: a second one would make the whole field invalid (RFC 9651 §4.2). Upstream's
/// line stays as it is if it is valid and not later than `ours`; anything else is replaced.
pub(crate) fn merge_deprecation(headers: &mut HeaderMap, ours: Timestamp, value: &HeaderValue) {
    if parse_deprecation(headers).is_none_or(|theirs| theirs.as_secs() > ours.as_secs()) {
        headers.insert(DEPRECATION, value.clone());
    }
}

/// Sets `Sunset` to the earlier of `ours` and upstream's; `value` is `ours`, rendered by [`sunset`].
///
/// Afterwards there is exactly one line. Upstream's line stays as it is if it is a valid HTTP-date and not later than
/// `ours`. Where it wins but only a tolerant reader understands it (a wrong day of the week), its date is rendered
/// anew, so that every client does. Several lines, or one that is no date, are replaced by `ours`.
pub(crate) fn merge_sunset(headers: &mut HeaderMap, ours: Timestamp, value: &HeaderValue, now: Timestamp) {
    let line = single(headers, &SUNSET);
    let theirs = line.and_then(|line| parse_sunset(line.as_bytes(), now));
    match theirs.filter(|theirs| theirs.as_secs() <= ours.as_secs()) {
        Some(_) if line.is_some_and(is_http_date) => {}
        Some(theirs) => drop(headers.insert(SUNSET, sunset(theirs))),
        None => drop(headers.insert(SUNSET, value.clone())),
    }
}

fn is_http_date(line: &HeaderValue) -> bool {
    line.to_str().is_ok_and(|text| httpdate::parse_http_date(text).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn example_of_deprecation() -> Result<(), crate::clock::ParseTimeError> {
        use crate::headers::lifecycle::deprecation;

        assert_eq!(deprecation("2023-06-30T23:59:59Z".parse()?), "@1688169599");
        Ok(())
    }

    #[test]
    fn example_of_sunset() -> Result<(), crate::clock::ParseTimeError> {
        use crate::headers::lifecycle::sunset;

        assert_eq!(sunset("2024-06-30T23:59:59Z".parse()?), "Sun, 30 Jun 2024 23:59:59 GMT");
        Ok(())
    }

    #[test]
    fn example_of_parse_deprecation() -> Result<(), http::header::InvalidHeaderValue> {
        use crate::headers::lifecycle::{DEPRECATION, parse_deprecation};
        use http::HeaderMap;

        let mut headers = HeaderMap::new();
        headers.insert(DEPRECATION, "@1688169599;note=\"v1\"".parse()?);
        assert_eq!(parse_deprecation(&headers).map(|time| time.as_secs()), Some(1_688_169_599));
        headers.insert(DEPRECATION, "true".parse()?);
        assert_eq!(parse_deprecation(&headers), None);
        Ok(())
    }

    #[test]
    fn example_of_parse_sunset() -> Result<(), crate::clock::ParseTimeError> {
        use crate::headers::lifecycle::parse_sunset;

        let now = "2026-01-01".parse()?;
        let read = parse_sunset(b"Sunday, 06-Nov-72 08:49:37 GMT", now);
        assert_eq!(read, Some("2072-11-06T08:49:37Z".parse()?));
        Ok(())
    }

    #[test]
    fn example_of_merge_deprecation() -> Result<(), http::header::InvalidHeaderValue> {
        use crate::headers::lifecycle::{DEPRECATION, deprecation, merge_deprecation};
        use http::HeaderMap;

        let ours = "2023-06-30T23:59:59Z".parse().expect("a time");
        let mut headers = HeaderMap::new();
        headers.insert(DEPRECATION, "@1700000000".parse()?);
        merge_deprecation(&mut headers, ours, &deprecation(ours));
        assert_eq!(headers[DEPRECATION], "@1688169599");
        Ok(())
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs).expect("in range")
    }

    fn headers(name: HeaderName, lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name.clone(), line.parse().expect("a value"));
        }
        headers
    }

    #[test]
    fn values_are_rendered() {
        assert_eq!(deprecation(at(1_688_169_599)), "@1688169599");
        assert_eq!(deprecation(Timestamp::EPOCH), "@0");
        assert_eq!(sunset(at(1_719_791_999)), "Sun, 30 Jun 2024 23:59:59 GMT");
        assert_eq!(sunset(at(784_111_777)), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(sunset(Timestamp::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(retry_after(360), "360");
    }

    #[test]
    fn only_one_valid_deprecation_is_read() {
        let rows: [(&[&str], Option<Timestamp>); 9] = [
            (&["@1688169599"], Some(at(1_688_169_599))),
            (&["@1688169599;x=1"], Some(at(1_688_169_599))),
            (&["@-5"], Some(Timestamp::EPOCH)),
            (&["@999999999999999"], Some(at(253_402_300_799))),
            (&["@1", "@2"], None),
            (&["@1, @2"], None),
            (&["true"], None),
            (&["Fri, 30 Jun 2023 23:59:59 GMT"], None),
            (&[], None),
        ];
        for (lines, expected) in rows {
            assert_eq!(parse_deprecation(&headers(DEPRECATION, lines)), expected, "{lines:?}");
        }
    }

    #[test]
    fn deprecation_keeps_the_earliest() {
        let rows: [(&[&str], &str); 8] = [
            (&["@1700000000"], "@1688169599"),
            (&["@1600000000;by=\"us\""], "@1600000000;by=\"us\""),
            (&["@1688169599;same"], "@1688169599;same"),
            (&["true"], "@1688169599"),
            (&["Fri, 30 Jun 2023 23:59:59 GMT"], "@1688169599"),
            (&["@1600000000", "@1700000000"], "@1688169599"),
            (&["@1600000000.0"], "@1688169599"),
            (&[], "@1688169599"),
        ];
        for (lines, expected) in rows {
            let mut headers = headers(DEPRECATION, lines);
            merge_deprecation(&mut headers, at(1_688_169_599), &deprecation(at(1_688_169_599)));
            assert_eq!(headers.get_all(DEPRECATION).iter().collect::<Vec<_>>(), [expected], "{lines:?}");
        }
    }

    #[test]
    fn sunset_keeps_the_earliest() {
        let ours = "Sun, 30 Jun 2024 23:59:59 GMT";
        let rows: [(&[&str], &str); 8] = [
            (&["Mon, 01 Jul 2024 00:00:00 GMT"], ours),
            (&["Sat, 29 Jun 2024 00:00:00 GMT"], "Sat, 29 Jun 2024 00:00:00 GMT"),
            (&["Saturday, 29-Jun-24 00:00:00 GMT"], "Saturday, 29-Jun-24 00:00:00 GMT"),
            (&["Sun, 29 Jun 2024 00:00:00 GMT"], "Sat, 29 Jun 2024 00:00:00 GMT"),
            (&["2024-06-29"], ours),
            (&["Sun, 30 Jun 2024 23:59:59 UTC"], ours),
            (&["Fri, 28 Jun 2024 00:00:00 GMT", "Sat, 29 Jun 2024 00:00:00 GMT"], ours),
            (&[], ours),
        ];
        for (lines, expected) in rows {
            let mut headers = headers(SUNSET, lines);
            merge_sunset(&mut headers, at(1_719_791_999), &sunset(at(1_719_791_999)), at(1_700_000_000));
            assert_eq!(headers.get_all(SUNSET).iter().collect::<Vec<_>>(), [expected], "{lines:?}");
        }
    }
}
