use super::*;
use proptest::prelude::*;

#[test]
fn example_of_media_type() {
    use crate::headers::media::MediaType;

    let media = MediaType::parse("Application/VND.Acme+JSON;; Version=\"2\"").expect("a media type");
    assert!(media.is("application/vnd.acme+json") && media.is_json());
    assert_eq!(media.param("version"), Some("2"));
    assert!(MediaType::parse("application/json;version=2;version=3").is_none());
}

#[test]
fn example_of_parse_lenient() {
    use crate::headers::media::MediaType;

    let media = MediaType::parse_lenient("application/json; utf-8; charset = x").expect("a media type");
    assert!(media.is_json());
    assert_eq!(media.param("charset"), Some("x"));
    assert!(MediaType::parse_lenient("json").is_none());
}

/// Type, subtype and parameters.
type Parts = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

#[test]
fn media_types_are_read_as_the_rfc_says() {
    let rows: [(&str, Option<Parts>); 20] = [
        ("application/json", Some(("application", "json", &[]))),
        (" text/html ; charset=utf-8 ", Some(("text", "html", &[("charset", "utf-8")]))),
        ("application/json;;v=2", Some(("application", "json", &[("v", "2")]))),
        ("application/json; ; ;", Some(("application", "json", &[]))),
        ("a/b;x=\"1\\\"; 2\";y=\"\"", Some(("a", "b", &[("x", "1\"; 2"), ("y", "")]))),
        ("a/b;X=\"é\"", Some(("a", "b", &[("x", "é")]))),
        ("*/*;q=0.5", Some(("*", "*", &[("q", "0.5")]))),
        ("a/b;v =2", None),
        ("a/b;v= 2", None),
        ("a/b;v=", None),
        ("a/b;v", None),
        ("a/b;=2", None),
        ("a/b;v=1;V=1", None),
        ("a/b;v=\"1", None),
        ("a/b;v=\"1\"2", None),
        ("a/b c", None),
        ("a", None),
        ("a/", None),
        ("a/b/c", None),
        ("", None),
    ];
    for (text, expected) in rows {
        let read = MediaType::parse(text);
        assert_eq!(read.as_ref().map(|m| (m.kind(), m.subtype())), expected.map(|e| (e.0, e.1)), "{text}");
        for (name, value) in expected.iter().flat_map(|(_, _, params)| params.iter()) {
            assert_eq!(read.as_ref().and_then(|m| m.param(name)), Some(*value), "{text}");
        }
    }
}

/// What a content type is read as: `json` under a version's own name, JSON, lines, a sequence, events, or nothing.
fn read_as(text: &str) -> &'static str {
    let media = MediaType::parse_lenient(text).expect(text);
    match () {
        () if media.is_merge_patch() || media.is_json_patch() => "patch",
        () if media.is_ndjson() => "lines",
        () if media.is_json_seq() => "sequence",
        () if media.is_event_stream() => "events",
        () if media.is_json() => "json",
        () if media.is_json_text() => "other json",
        () => "",
    }
}

#[test]
fn a_type_says_what_its_content_is() {
    let rows = [
        ("application/json", "json"),
        ("application/VND.acme.v2+JSON; charset=utf-8", "json"),
        ("text/json", "json"),
        ("text/x-json", "json"),
        ("application/geo+json", "json"),
        ("application/problem+json", "other json"),
        ("application/linkset+json", "other json"),
        ("application/schema+json", "other json"),
        ("application/json-patch+json", "patch"),
        ("application/Merge-Patch+json", "patch"),
        ("application/json-seq", "sequence"),
        ("application/geo+JSON-seq", "sequence"),
        ("application/geo-json-seq", ""),
        ("application/ndjson", "lines"),
        ("application/x-ndjson", "lines"),
        ("text/x-ndjson", "lines"),
        ("application/jsonl", "lines"),
        ("application/x-jsonl", "lines"),
        ("application/jsonlines", "lines"),
        ("application/X-JSONLines", "lines"),
        ("application/x-ldjson", "lines"),
        ("application/x-json-stream", "lines"),
        ("application/stream+json", "lines"),
        ("application/vnd.acme+ndjson", "lines"),
        ("application/vnd.acme+jsonl;v=2", "lines"),
        ("image/ndjson", ""),
        ("text/event-stream;charset=utf-8", "events"),
        ("application/xml", ""),
        ("application/jsonp", ""),
    ];
    for (text, expected) in rows {
        assert_eq!(read_as(text), expected, "{text}");
    }
}

#[test]
fn type_and_subtype_decide_whatever_the_parameters() {
    let parameters =
        ["; utf-8", "; charset = utf-8", ";charset=", ";charset=\"x", ";a=1;A=2", "; ;=;", ";\u{e9}", "; a/b"];
    for parameters in parameters {
        assert_eq!(read_as(&format!("application/json{parameters}")), "json", "{parameters}");
    }
    let rows = [
        ("; utf-8; charset=utf-16", true),
        ("; charset = \"UTF-16LE\"; x", true),
        (";charset=UTF-32", true),
        (";charset=utf-8;charset=utf-16", false),
        (";charset=iso-8859-1", false),
        (";x=\";charset=utf-16\";;y=", false),
    ];
    for (parameters, expected) in rows {
        let text = format!("application/json{parameters}");
        assert_eq!(MediaType::parse_lenient(&text).expect(&text).has_wide_charset(), expected, "{text}");
    }
    for text in ["", "json", "a/", "application/json x", "application json; charset=utf-8", "a/b/c"] {
        assert!(MediaType::parse_lenient(text).is_none(), "{text}");
    }
}

proptest! {
    #[test]
    fn anything_is_read_without_panic(text in "\\PC*|a/b(;[a-z=\"\\\\ ;é]{0,20})?") {
        let strict = MediaType::parse(&text);
        let lenient = MediaType::parse_lenient(&text);
        prop_assert!(strict.is_none() || strict == lenient);
    }
}
