use super::*;
use proptest::prelude::*;

const V1: VersionId = VersionId::new(0);
const V2: VersionId = VersionId::new(1);
const V3: VersionId = VersionId::new(2);
const PREVIEW: VersionId = VersionId::new(3);

fn lookup(name: &str) -> VersionLookup {
    match name {
        "1" => VersionLookup::Retired(V1),
        "2" => VersionLookup::Live(V2),
        "3" => VersionLookup::Live(V3),
        "4-preview" => VersionLookup::Live(PREVIEW),
        _ => VersionLookup::Unknown,
    }
}

fn template() -> MediaTemplate {
    MediaTemplate::new("application/vnd.acme.v{version}+json", Some("version")).expect("a template")
}

/// `…` stands for `application/vnd.acme.`.
fn decide(lines: &[&str]) -> Negotiated {
    let full = |line: &&str| HeaderValue::from_str(&line.replace('…', "application/vnd.acme.")).expect(line);
    let values: Vec<HeaderValue> = lines.iter().map(full).collect();
    negotiate(values.iter(), &template(), lookup, &[V2, V3])
}

#[test]
fn accept_is_negotiated() {
    use Negotiated::{Implied, Retired, Unacceptable, Unspecified, Version};
    let rows: [(&[&str], Negotiated); 47] = [
        (&[], Unspecified),
        (&["*/*"], Unspecified),
        (&["application/json, text/plain, */*"], Unspecified),
        (&["…v3+json;q=0.5, …v2+json"], Version(V2)),
        (&["…v9+json, …v3+json;q=0.1"], Version(V3)),
        (&["…v2+json;q=0, */*"], Implied(V3)),
        (&["…v1+json"], Retired(V1)),
        (&["…v1+json, …v2+json;q=0.1"], Version(V2)),
        (&["…v9+json"], Unacceptable),
        (&["Application/VND.ACME.V2+JSON"], Version(V2)),
        (&["application/vnd.acme+json;Version=\"2\""], Version(V2)),
        (&["application/vnd.acme+json;version=2;version=3"], Unacceptable),
        (&["application/vnd.acme+json;version=2;version=3, …v3+json"], Version(V3)),
        (&["application/vnd.acme+json;;version=2"], Version(V2)),
        (&["application/vnd.acme+json;version =2, …v3+json"], Version(V3)),
        (&["…v2+json;q=1.001, …v3+json;q=0.1"], Version(V3)),
        (&["…v2+json;q=-1, …v3+json;q=0.1"], Version(V3)),
        (&["…v2+json;q=, …v3+json;q=0.1"], Version(V3)),
        (&[", ,application/json,"], Unspecified),
        (&["…v9+json", "…v3+json"], Version(V3)),
        (&["", " , "], Unspecified),
        (&["…v3+json, …v2+json;q=0.8"], Version(V3)),
        (&["…v3+json, …v2+json"], Version(V2)),
        (&["…v3+json, */*"], Version(V3)),
        (&["…v3+json;q=0.5, */*"], Unspecified),
        (&["…v3+json, */*;q=0.1"], Version(V3)),
        (&["…v1+json, */*;q=0.1"], Unspecified),
        (&["…v1+json;q=0, */*"], Unspecified),
        (&["…v1+json;q=0"], Unacceptable),
        (&["…v2+json;q=0, …v3+json;q=0, */*"], Unacceptable),
        (&["…v2+json;Q=0;x=1, application/vnd.acme+json"], Implied(V3)),
        (&["application/vnd.acme+json;q=0.5;version=3"], Version(V3)),
        (&["text/html"], Unspecified),
        (&["text/html, application/*;q=0.1"], Unspecified),
        (&["*/*;q=0"], Unspecified),
        (&["application/*;q=0, */*"], Unspecified),
        (&["…v4-preview+json, …v2+json;q=0.9"], Version(PREVIEW)),
        (&["no media type"], Unspecified),
        (&["*"], Unspecified),
        (&["image/*", "application/pdf, application/hal+json"], Unspecified),
        (&["application/vnd.other.v9+json"], Unspecified),
        (&["…v3+json;q=2"], Unacceptable),
        (&["…v2+json;version=3"], Unacceptable),
        (&["…v2+json;q=0, text/csv"], Unspecified),
        (&["…v9+json, text/csv"], Unacceptable),
        (&["…v1+json;q=0, image/*"], Unspecified),
        (&["…v1+json, text/csv"], Retired(V1)),
    ];
    for (lines, expected) in rows {
        assert_eq!(decide(lines), expected, "{lines:?}");
    }
}

#[test]
fn the_template_may_be_a_parameter_only() {
    let template = MediaTemplate::new("application/vnd.acme+json", Some("version")).expect("a template");
    let rows = [
        ("application/vnd.acme+json", Negotiated::Unspecified),
        ("application/vnd.acme+json;version=3", Negotiated::Version(V3)),
        ("application/json;version=3, application/json;q=0.9", Negotiated::Version(V3)),
        ("application/vnd.acme+json;version=1", Negotiated::Retired(V1)),
        ("application/vnd.acme+json;version=2;q=0, application/vnd.acme+json", Negotiated::Implied(V3)),
    ];
    for (text, expected) in rows {
        let value = HeaderValue::from_static(text);
        assert_eq!(negotiate([&value].into_iter(), &template, lookup, &[V2, V3]), expected, "{text}");
    }
}

#[test]
fn a_parameter_alone_may_be_on_any_type() {
    let template = MediaTemplate::of_any_type("version").expect("a template");
    let rows = [
        ("application/vnd.api+json; version=3", Negotiated::Version(V3)),
        ("text/csv;version=3, */*;q=0.1", Negotiated::Version(V3)),
        ("text/csv;version=9", Negotiated::Unacceptable),
        ("text/csv;version=1", Negotiated::Retired(V1)),
        ("text/csv, image/*", Negotiated::Unspecified),
        ("text/csv;version=3;version=2", Negotiated::Unacceptable),
        ("application/json;version=3, text/plain, */*", Negotiated::Version(V3)),
    ];
    for (text, expected) in rows {
        let value = HeaderValue::from_static(text);
        assert_eq!(negotiate([&value].into_iter(), &template, lookup, &[V2, V3]), expected, "{text}");
    }
}

#[test]
fn the_body_has_a_version_of_its_own() {
    let rows: [(&[&str], Option<&str>); 5] = [
        (&["application/vnd.acme.v2+json; charset=utf-8"], Some("2")),
        (&["application/vnd.acme+json;version=3"], Some("3")),
        (&["application/json"], None),
        (&["application/vnd.acme.v2+json", "application/vnd.acme.v3+json"], None),
        (&[], None),
    ];
    for (lines, expected) in rows {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::CONTENT_TYPE, HeaderValue::from_static(line));
        }
        assert_eq!(content_type_version(&headers, &template()).as_deref(), expected, "{lines:?}");
    }
}

proptest! {
    #[test]
    fn anything_is_negotiated_without_panic(text in "\\PC*|([a*]/[b*];?q?=?[0-9.]{0,5},?){0,5}") {
        if let Ok(value) = HeaderValue::from_str(&text) {
            negotiate([&value].into_iter(), &template(), lookup, &[V2, V3]);
        }
    }
}

#[test]
fn example_of_negotiate() -> Result<(), String> {
    use crate::headers::template::MediaTemplate;
    use crate::resolve::accept::{Negotiated, VersionLookup, negotiate};
    use crate::version::VersionId;
    use http::HeaderValue;

    let template = MediaTemplate::new("application/vnd.acme.v{version}+json", None)?;
    let (v2, v3) = (VersionId::new(1), VersionId::new(2));
    let lookup = |name: &str| match name {
        "1" => VersionLookup::Retired(VersionId::new(0)),
        "2" => VersionLookup::Live(v2),
        "3" => VersionLookup::Live(v3),
        _ => VersionLookup::Unknown,
    };
    let accept = HeaderValue::from_static("application/vnd.acme.v9+json, application/vnd.acme.v3+json;q=0.1");
    assert_eq!(negotiate([&accept].into_iter(), &template, lookup, &[v2, v3]), Negotiated::Version(v3));
    Ok(())
}

#[test]
fn example_of_content_type_version() -> Result<(), String> {
    use crate::headers::template::MediaTemplate;
    use crate::resolve::accept::content_type_version;
    use http::{HeaderMap, header};

    let template = MediaTemplate::new("application/vnd.acme.v{version}+json", None)?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, "application/vnd.acme.v2+json".parse().expect("a value"));
    assert_eq!(content_type_version(&headers, &template).as_deref(), Some("2"));
    Ok(())
}
