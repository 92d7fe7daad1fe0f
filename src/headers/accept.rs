//! `Accept` (RFC 9110 §12.5.1): its weights, and the field that a service is asked with.

use http::HeaderValue;

use super::list::list_items;
use super::media::MediaType;
use super::template::MediaTemplate;

/// A weight in thousandths.
pub(crate) type Quality = u16;

/// The weight of what has none.
pub(crate) const FULL: Quality = 1000;

/// `qvalue` of RFC 9110 §12.4.2.
pub(crate) fn quality(text: &str) -> Option<Quality> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths: Quality = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(FULL),
        _ => None,
    }
}

/// The weight of a media range; `None` if its `q` cannot be read.
pub(crate) fn weight(range: &MediaType<'_>) -> Option<Quality> {
    range.param("q").map_or(Some(FULL), quality)
}

/// The `Accept` for a service that speaks `version`; `None` if the lines of the client's name no version.
///
/// Each range that names a version names this one, with its other parameters; ranges that refuse a version go, since
/// they speak of the client's versions; all others stay as they are, in their order. A service may not know the versions
/// of media types, so it is also asked for the type without a version, and for anything, each with a lower weight.
pub(crate) fn for_service<'a>(
    lines: impl Iterator<Item = &'a HeaderValue>,
    template: &MediaTemplate,
    version: &str,
) -> Option<HeaderValue> {
    let (mut ranges, mut best): (Vec<String>, Option<(Quality, String)>) = (Vec::new(), None);
    let mut names = false;
    for element in lines.filter_map(|line| std::str::from_utf8(line.as_bytes()).ok()).flat_map(list_items) {
        let Some(renamed) = template.rename(element, version) else {
            ranges.push(element.to_owned());
            continue;
        };
        names = true;
        let Some(range) = MediaType::parse(element) else { continue };
        let Some(weight) = weight(&range).filter(|weight| *weight > 0) else { continue };
        if best.as_ref().is_none_or(|(known, _)| *known < weight) {
            best = Some((weight, template.fallback(&range)));
        }
        if !ranges.contains(&renamed) {
            ranges.push(renamed);
        }
    }
    if let Some((weight, fallback)) = best {
        for (range, share) in [(fallback.as_str(), 900), ("*/*", 100)] {
            if !ranges.iter().any(|known| {
                MediaType::parse(known).is_some_and(|known| known.is(range) && template.version_in(&known).is_none())
            }) {
                ranges.push(format!("{range};q={}", written(u32::from(weight) * share / 1000)));
            }
        }
    }
    let line = if ranges.is_empty() { "*/*".to_owned() } else { ranges.join(", ") };
    if names { HeaderValue::from_bytes(line.as_bytes()).ok() } else { None }
}

fn written(thousandths: u32) -> String {
    match thousandths.max(1) {
        1000.. => "1".to_owned(),
        below => format!("0.{below:03}").trim_end_matches('0').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_strictly() {
        let rows = [
            ("0", Some(0)),
            ("0.", Some(0)),
            ("0.001", Some(1)),
            ("0.5", Some(500)),
            ("1", Some(1000)),
            ("1.000", Some(1000)),
            ("1.001", None),
            ("0.0001", None),
            ("-1", None),
            ("+1", None),
            ("0.+1", None),
            (".5", None),
            ("00", None),
            ("2", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(quality(text), expected, "{text}");
        }
    }

    #[test]
    fn a_service_is_asked_in_its_own_version() {
        let own = MediaTemplate::new("application/vnd.acme.v{version}+json", Some("version")).expect("a template");
        let any = MediaTemplate::of_any_type("version").expect("a template");
        let rows = [
            (&own, "application/json, text/csv", None),
            (
                &own,
                "application/vnd.acme.v2+json",
                Some("application/vnd.acme.v3+json, application/json;q=0.9, */*;q=0.1"),
            ),
            (
                &own,
                "application/vnd.acme.v2+json;q=0.5, text/csv, */*;q=0.2",
                Some("application/vnd.acme.v3+json;q=0.5, text/csv, */*;q=0.2, application/json;q=0.45"),
            ),
            (&own, "application/vnd.acme.v2+json;q=0, */*", Some("*/*")),
            (&own, "application/vnd.acme.v2+json;q=0", Some("*/*")),
            (
                &own,
                "application/vnd.acme.v2+json, application/vnd.acme.v1+json;q=0.1",
                Some(
                    "application/vnd.acme.v3+json, application/vnd.acme.v3+json;q=0.1, application/json;q=0.9, */*;q=0.1",
                ),
            ),
            (
                &any,
                "application/vnd.api+json; version=2;ext=\"a, b\"",
                Some("application/vnd.api+json; version=3;ext=\"a, b\", application/vnd.api+json;q=0.9, */*;q=0.1"),
            ),
            (&any, "text/csv;version=2;q=0.001", Some("text/csv;version=3;q=0.001, text/csv;q=0.001, */*;q=0.001")),
        ];
        for (template, accept, expected) in rows {
            let line = HeaderValue::from_static(accept);
            let asked = for_service([&line].into_iter(), template, "3");
            assert_eq!(asked.as_ref().map(|value| value.to_str().expect("ASCII")), expected, "{accept}");
        }
    }
}
