//! How long caches may keep a response of a version that ends.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::list::{list_items, text};
use super::{lifecycle, trim_ows};
use crate::clock::Timestamp;

/// Cache directives for shared caches at the edge, a structured Dictionary (RFC 9213 §3).
pub(crate) const CDN_CACHE_CONTROL: HeaderName = HeaderName::from_static("cdn-cache-control");

/// These keep a response alive past its end: it changes (RFC 8246), or a cache serves it instead of our answer (RFC 5861).
const OUTLIVING: [&str; 3] = ["immutable", "stale-if-error", "stale-while-revalidate"];

/// Lets no cache hold the response past `end` (RFC 9111 §5.2.2, RFC 9213).
///
/// `max-age` and `s-maxage` in `Cache-Control` and `CDN-Cache-Control`, and `Expires`, are cut to the time left; shorter
/// ones stay. `immutable`, `stale-if-error` and `stale-while-revalidate` go. Every other directive stays byte for byte.
pub(crate) fn clamp_freshness(headers: &mut HeaderMap, now: Timestamp, end: Timestamp) {
    let left = end.since(now).as_secs();
    for field in [header::CACHE_CONTROL, CDN_CACHE_CONTROL] {
        map_lines(headers, field, |line| clamp_directives(line, left));
    }
    map_lines(headers, header::EXPIRES, |line| {
        let late = lifecycle::parse_sunset(line.as_bytes(), now).is_some_and(|expires| expires > end);
        if late { Some(lifecycle::sunset(end)) } else { Some(line) }
    });
}

/// Replaces each line by what `f` makes of it; `None` drops it.
fn map_lines(headers: &mut HeaderMap, field: HeaderName, f: impl Fn(HeaderValue) -> Option<HeaderValue>) {
    if !headers.contains_key(&field) {
        return;
    }
    let lines: Vec<HeaderValue> = headers.get_all(&field).iter().cloned().filter_map(f).collect();
    headers.remove(&field);
    for line in lines {
        headers.append(field.clone(), line);
    }
}

fn clamp_directives(line: HeaderValue, left: u64) -> Option<HeaderValue> {
    let Some(text) = text(&line) else { return Some(line) };
    let directives: Vec<Option<String>> = list_items(text).map(|item| clamp_directive(item, left)).collect();
    let kept: Vec<&str> = directives.iter().flatten().map(String::as_str).collect();
    if kept.len() == directives.len() && kept.iter().copied().eq(list_items(text)) {
        return Some(line);
    }
    if kept.is_empty() { None } else { HeaderValue::try_from(kept.join(", ")).ok() }
}

/// The directive as it may be said; `None` if it may not.
fn clamp_directive(item: &str, left: u64) -> Option<String> {
    let name_end = item.find(['=', ';']).unwrap_or(item.len());
    let name = trim_ows(&item[..name_end]);
    if OUTLIVING.iter().any(|outliving| name.eq_ignore_ascii_case(outliving)) {
        return None;
    }
    let bounded = name.eq_ignore_ascii_case("max-age") || name.eq_ignore_ascii_case("s-maxage");
    let seconds = if bounded { lifetime(&item[name_end..]) } else { 0 };
    if bounded && seconds > left { Some(format!("{name}={left}")) } else { Some(item.to_owned()) }
}

/// The seconds of `=3600`, also quoted. Caches read `3600s` and `3600.5` as they like, many by the leading digits, so
/// these count; without any the response is stale already (RFC 9111 §4.2.1).
fn lifetime(argument: &str) -> u64 {
    let value = argument.trim_start_matches(['=', ' ', '\t', '"']);
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 { 0 } else { value[..digits].parse().unwrap_or(u64::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn example_of_clamp_freshness() -> Result<(), crate::clock::ParseTimeError> {
        use crate::headers::freshness::clamp_freshness;
        use http::{HeaderMap, header};

        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, "public, max-age=86400, immutable".parse().expect("a value"));
        clamp_freshness(&mut headers, "2026-01-01T00:00:00Z".parse()?, "2026-01-01T01:00:00Z".parse()?);
        assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=3600");
        Ok(())
    }

    fn headers(name: HeaderName, line: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(line))])
    }

    #[test]
    fn freshness_ends_with_the_version() {
        let rows = [
            ("max-age=3600", Some("max-age=100")),
            ("max-age=60,  public", Some("max-age=60,  public")),
            ("Max-Age=\"3600\", S-MaxAge=99999999999999999999", Some("Max-Age=100, S-MaxAge=100")),
            (
                "private=\"Set-Cookie, max-age=5\", max-age=3600,, x=\"immutable\"",
                Some("private=\"Set-Cookie, max-age=5\", max-age=100, x=\"immutable\""),
            ),
            ("max-age=60, stale-if-error=86400, Stale-While-Revalidate=5, immutable", Some("max-age=60")),
            ("immutable", None),
            ("max-age=3600s", Some("max-age=100")),
            ("max-age=-1", Some("max-age=-1")),
            ("no-store", Some("no-store")),
            ("max-age=3600;x=1, must-revalidate", Some("max-age=100, must-revalidate")),
        ];
        let now = Timestamp::from_secs(1_000).expect("in range");
        let end = Timestamp::from_secs(1_100).expect("in range");
        for (upstream, expected) in rows {
            for name in [header::CACHE_CONTROL, CDN_CACHE_CONTROL] {
                let mut map = headers(name.clone(), upstream);
                clamp_freshness(&mut map, now, end);
                assert_eq!(map.get(&name).map(HeaderValue::as_bytes), expected.map(str::as_bytes), "{upstream}");
            }
        }
    }

    #[test]
    fn expires_is_not_later_than_the_end() {
        let rows = [
            ("Wed, 01 Jul 2026 00:00:00 GMT", "Mon, 01 Jun 2026 00:00:00 GMT"),
            ("Fri, 01 May 2026 00:00:00 GMT", "Fri, 01 May 2026 00:00:00 GMT"),
            ("0", "0"),
        ];
        let (now, end) = ("2026-01-01".parse().expect("a date"), "2026-06-01".parse().expect("a date"));
        for (upstream, expected) in rows {
            let mut map = headers(header::EXPIRES, upstream);
            clamp_freshness(&mut map, now, end);
            assert_eq!(map[header::EXPIRES], expected, "{upstream}");
        }
        let mut map = headers(header::CACHE_CONTROL, "max-age=60");
        clamp_freshness(&mut map, end, now);
        assert_eq!(map[header::CACHE_CONTROL], "max-age=0", "after the end nothing is fresh");
    }

    proptest! {
        #[test]
        fn clamping_twice_is_clamping_once(text in "[a-z=\",;\\\\ 0-9-]{0,40}|\\PC*") {
            let mut map = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_str(&text) {
                map.insert(header::CACHE_CONTROL, value);
            }
            clamp_freshness(&mut map, Timestamp::EPOCH, Timestamp::EPOCH);
            let again = map.clone();
            clamp_freshness(&mut map, Timestamp::EPOCH, Timestamp::EPOCH);
            prop_assert_eq!(map, again);
        }
    }
}
