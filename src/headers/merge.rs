//! Fields that upstream may have set already: `Vary` and `Access-Control-Expose-Headers`.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::list::{list_items, text};

/// Adds `names` to `Vary` (RFC 9110 §12.5.5) unless they are there, in whatever case.
///
/// Upstream's names come first, in their order and spelling; `*` stays alone. Afterwards there is one line, unless
/// nothing was missing: then nothing is touched.
pub(crate) fn merge_vary(headers: &mut HeaderMap, names: &[HeaderName]) {
    if !lists(headers, &header::VARY, "*") {
        add_names(headers, header::VARY, names);
    }
}

/// The `Vary` of a response that has none yet; `None` without names.
#[must_use]
pub(crate) fn vary(names: &[HeaderName]) -> Option<HeaderValue> {
    let mut headers = HeaderMap::new();
    merge_vary(&mut headers, names);
    headers.remove(header::VARY)
}

/// Lets scripts of other origins read `names`, if they may read the response.
///
/// Only a response with `Access-Control-Allow-Origin` is touched: upstream's CORS decision is never made for it. Names
/// join upstream's `Access-Control-Expose-Headers`, as in [`merge_vary`]. Upstream's `*` already covers them, but not
/// for `credentialed` requests, where it is a mere name (Fetch, CORS protocol); `*` is never added.
pub(crate) fn expose(headers: &mut HeaderMap, names: &[HeaderName], credentialed: bool) {
    let field = header::ACCESS_CONTROL_EXPOSE_HEADERS;
    let covered = !credentialed && lists(headers, &field, "*");
    if headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) && !covered {
        add_names(headers, field, names);
    }
}

/// Lets scripts of other origins send `name`, if the response to the preflight allows their origin.
///
/// The name joins the service's `Access-Control-Allow-Headers`. The service's `*` covers it, but not where it allows
/// credentials (Fetch, CORS protocol).
pub(crate) fn allow_field(headers: &mut HeaderMap, name: &HeaderName) {
    let field = header::ACCESS_CONTROL_ALLOW_HEADERS;
    let credentialed = headers.get(header::ACCESS_CONTROL_ALLOW_CREDENTIALS).is_some_and(|value| value == "true");
    let covered = !credentialed && lists(headers, &field, "*");
    if headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) && !covered {
        add_names(headers, field, std::slice::from_ref(name));
    }
}

/// Takes `name` off what a preflight asks about; the field goes if nothing is left.
pub(crate) fn ask_no_more(headers: &mut HeaderMap, name: &HeaderName) {
    let field = header::ACCESS_CONTROL_REQUEST_HEADERS;
    if !lists(headers, &field, name.as_str()) {
        return;
    }
    let items = headers.get_all(&field).iter().filter_map(text).flat_map(list_items);
    let rest: Vec<&str> = items.filter(|item| !item.eq_ignore_ascii_case(name.as_str())).collect();
    // As browsers write it (Fetch §4.8).
    let rest = rest.join(",");
    headers.remove(&field);
    if let Some(value) = HeaderValue::try_from(rest).ok().filter(|value| !value.is_empty()) {
        headers.insert(field, value);
    }
}

fn lists(headers: &HeaderMap, field: &HeaderName, name: &str) -> bool {
    let lines = headers.get_all(field).iter().filter_map(text);
    lines.flat_map(list_items).any(|item| item.eq_ignore_ascii_case(name))
}

fn add_names(headers: &mut HeaderMap, field: HeaderName, names: &[HeaderName]) {
    if names.iter().all(|name| lists(headers, &field, name.as_str())) {
        return;
    }
    let mut union: Vec<&str> = Vec::new();
    let theirs = headers.get_all(&field).iter().filter_map(text).flat_map(list_items);
    for name in theirs.chain(names.iter().map(HeaderName::as_str)) {
        if !union.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            union.push(name);
        }
    }
    if let Ok(value) = HeaderValue::try_from(union.join(", ")) {
        headers.insert(field, value);
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::headers::lifecycle;

    #[test]
    fn example_of_merge_vary() -> Result<(), http::header::InvalidHeaderValue> {
        use crate::headers::merge::merge_vary;
        use http::{HeaderMap, header};

        let mut headers = HeaderMap::new();
        headers.insert(header::VARY, "Origin, ACCEPT".parse()?);
        merge_vary(&mut headers, &[header::ACCEPT, header::COOKIE]);
        assert_eq!(headers[header::VARY], "Origin, ACCEPT, cookie");
        Ok(())
    }

    #[test]
    fn example_of_expose() -> Result<(), http::header::InvalidHeaderValue> {
        use crate::headers::{lifecycle::SUNSET, merge::expose};
        use http::{HeaderMap, header};

        let mut headers = HeaderMap::new();
        expose(&mut headers, &[SUNSET], false);
        assert!(headers.is_empty());
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, "https://acme.test".parse()?);
        expose(&mut headers, &[SUNSET], false);
        assert_eq!(headers[header::ACCESS_CONTROL_EXPOSE_HEADERS], "sunset");
        Ok(())
    }

    #[test]
    fn example_of_allow_field() -> Result<(), http::header::InvalidHeaderValue> {
        use crate::headers::merge::allow_field;
        use http::{HeaderMap, HeaderName, header};

        let version = HeaderName::from_static("api-version");
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, "https://acme.test".parse()?);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type".parse()?);
        allow_field(&mut headers, &version);
        assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_HEADERS], "Content-Type, api-version");
        Ok(())
    }

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        lines.iter().map(|(name, line)| (name.clone(), line.parse().expect(line))).fold(
            HeaderMap::new(),
            |mut headers, (name, line)| {
                headers.append(name, line);
                headers
            },
        )
    }

    fn lines(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
        headers.get_all(name).iter().map(|line| line.to_str().expect("ASCII").to_owned()).collect()
    }

    #[test]
    fn lists_are_split_outside_of_quotes() {
        let rows: [(&str, &[&str]); 6] = [
            ("a, b", &["a", "b"]),
            (", ,a,", &["a"]),
            ("a=\"x, \\\"y\", b", &["a=\"x, \\\"y\"", "b"]),
            ("a=\"x, b", &["a=\"x, b"]),
            ("é,\tü\t", &["é", "ü"]),
            ("", &[]),
        ];
        for (text, expected) in rows {
            assert_eq!(list_items(text).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn vary_is_a_union() {
        let rows: [(&[&str], &[&str]); 6] = [
            (&[], &["accept, api-version"]),
            (&["Accept-Encoding"], &["Accept-Encoding, accept, api-version"]),
            (&["ACCEPT", "Origin,accept"], &["ACCEPT, Origin, api-version"]),
            (&["Api-Version,Accept", "Origin"], &["Api-Version,Accept", "Origin"]),
            (&["*"], &["*"]),
            (&["Origin, *"], &["Origin, *"]),
        ];
        let names = [header::ACCEPT, HeaderName::from_static("api-version")];
        for (upstream, expected) in rows {
            let mut map = headers(&upstream.iter().map(|line| (header::VARY, *line)).collect::<Vec<_>>());
            merge_vary(&mut map, &names);
            assert_eq!(lines(&map, &header::VARY), expected, "{upstream:?}");
        }
    }

    #[test]
    fn names_are_exposed_on_cors_responses_only() {
        let (origin, exposed) = (header::ACCESS_CONTROL_ALLOW_ORIGIN, header::ACCESS_CONTROL_EXPOSE_HEADERS);
        let ours = [lifecycle::DEPRECATION, lifecycle::SUNSET, header::LINK];
        type Row = (Option<&'static str>, Option<&'static str>, bool, &'static [&'static str]);
        let rows: [Row; 7] = [
            (None, None, false, &[]),
            (None, Some("X-Total"), false, &["X-Total"]),
            (Some("*"), None, false, &["deprecation, sunset, link"]),
            (Some("https://a.test"), Some("X-Total, Link"), true, &["X-Total, Link, deprecation, sunset"]),
            (Some("*"), Some("*"), false, &["*"]),
            (Some("https://a.test"), Some("*"), true, &["*, deprecation, sunset, link"]),
            (Some("https://a.test"), None, true, &["deprecation, sunset, link"]),
        ];
        for (allow, upstream, credentialed, expected) in rows {
            let mut map = HeaderMap::new();
            allow.map(|line| map.insert(&origin, line.parse().expect(line)));
            upstream.map(|line| map.insert(&exposed, line.parse().expect(line)));
            expose(&mut map, &ours, credentialed);
            assert_eq!(lines(&map, &exposed), expected, "{allow:?} {upstream:?}");
        }
    }
}
