use super::*;
use proptest::prelude::*;

#[test]
fn example_of_media_template() -> Result<(), String> {
    use crate::headers::media::MediaType;
    use crate::headers::template::MediaTemplate;

    let template = MediaTemplate::new("application/vnd.acme.v{version}+json", Some("version"))?;
    let version = |text| template.version_in(&MediaType::parse(text)?).map(String::from);
    assert_eq!(version("application/vnd.acme.v2+json").as_deref(), Some("2"));
    assert_eq!(version("application/vnd.acme+json;version=2").as_deref(), Some("2"));
    assert_eq!(version("application/vnd.acme.dev2+json"), None);
    assert_eq!(template.render("2").expect("a media type"), "application/vnd.acme.v2+json");

    let any = MediaTemplate::of_any_type("version")?;
    let media = MediaType::parse("application/vnd.api+json; version=2").expect("a media type");
    assert_eq!(any.version_in(&media).as_deref(), Some("2"));
    Ok(())
}

#[test]
fn example_of_rename() -> Result<(), String> {
    use crate::headers::template::MediaTemplate;

    let template = MediaTemplate::new("application/vnd.acme.v{version}+json", Some("version"))?;
    let renamed = |text| template.rename(text, "3");
    assert_eq!(
        renamed("application/vnd.acme.v2+json; charset=utf-8").as_deref(),
        Some("application/vnd.acme.v3+json; charset=utf-8")
    );
    assert_eq!(renamed("application/json;version=\"2\";q=0.5").as_deref(), Some("application/json;version=3;q=0.5"));
    assert_eq!(renamed("text/csv"), None);
    Ok(())
}

#[test]
fn versions_are_where_the_template_says() {
    let acme = ("application/vnd.acme.v{version}+json", Some("version"));
    let plain = ("application/vnd.acme.v{version}+json", None);
    let param = ("application/vnd.acme+json", Some("v"));
    let rows = [
        (acme, "application/vnd.acme.v2+json", Some("2")),
        (acme, "Application/VND.ACME.V2+JSON", Some("2")),
        (acme, "application/vnd.acme.v2024-10-01+json", Some("2024-10-01")),
        (acme, "application/vnd.acme+json;Version=\"2\"", Some("2")),
        (acme, "application/json;;version=2", Some("2")),
        (acme, "application/vnd.acme.v2+json;version=2", Some("2")),
        (acme, "application/vnd.acme.v2+json;version=3", None),
        (acme, "application/vnd.acme.v+json", None),
        (acme, "application/vnd.acme.v2+xml", None),
        (acme, "application/vnd.other+json;version=2", None),
        (acme, "text/vnd.acme.v2+json", None),
        (acme, "*/*;version=2", None),
        (acme, "application/vnd.dev2+json", None),
        (plain, "application/vnd.acme+json;version=2", None),
        (plain, "application/json;version=2", None),
        (param, "application/vnd.acme+json;v=2", Some("2")),
        (param, "application/vnd.acme+json;version=2", None),
        (param, "application/vnd.acme.v2+json", None),
        (("application/vnd.acme.order-v{version}+json", Some("v")), "application/vnd.acme.order+json;v=1", Some("1")),
        (("application/vnd.acme.v{version}.order+json", Some("v")), "application/vnd.acme.order+json;v=1", Some("1")),
        (("application/vnd.acme.v{version}.order+json", None), "application/vnd.acme.v2.1.order+json", Some("2.1")),
    ];
    for ((template, parameter), text, expected) in rows {
        let template = MediaTemplate::new(template, parameter).expect(template);
        let media = MediaType::parse(text).expect(text);
        assert_eq!(template.version_in(&media).as_deref(), expected, "{text}");
    }
}

#[test]
fn a_parameter_alone_counts_on_every_type() {
    let template = MediaTemplate::of_any_type("version").expect("a template");
    assert_eq!(template.pattern(), "application/json;version={version}");
    let rows = [
        ("application/json;version=2", Some("2"), false),
        ("application/vnd.api+json; version=2", Some("2"), false),
        ("text/csv;VERSION=\"2\"", Some("2"), false),
        ("*/*;version=2", Some("2"), false),
        ("application/json;v=2", None, true),
        ("application/vnd.api+json", None, true),
        ("application/*", None, true),
        ("*/*", None, true),
        ("text/csv", None, false),
        ("image/*", None, false),
    ];
    for (text, expected, covered) in rows {
        let media = MediaType::parse(text).expect(text);
        assert_eq!(template.version_in(&media).as_deref(), expected, "{text}");
        assert_eq!(template.covers(&media), covered, "{text}");
    }
    assert_eq!(template.render("2").expect("a media type"), "application/json;version=2");
    assert!(MediaTemplate::of_any_type("q").is_err() && MediaTemplate::of_any_type("a b").is_err());
}

#[test]
fn only_the_version_is_exchanged() {
    let own = MediaTemplate::new("application/vnd.acme.v{version}+json", Some("version")).expect("a template");
    let any = MediaTemplate::of_any_type("v").expect("a template");
    let rows = [
        (&own, "Application/VND.Acme.V2+JSON ; charset=utf-8", Some("Application/VND.Acme.V3+JSON ; charset=utf-8")),
        (&own, "application/vnd.acme.v2+json;version=2", Some("application/vnd.acme.v3+json;version=3")),
        (
            &own,
            "application/json;;x=\"a;version=2\";Version=\"2\" ;q=0.5",
            Some("application/json;;x=\"a;version=2\";Version=3 ;q=0.5"),
        ),
        (&own, "application/json", None),
        (&own, "application/hal+json;version=2", None),
        (&any, "text/csv; v=2;header=present", Some("text/csv; v=3;header=present")),
        (&any, "text/csv", None),
    ];
    for (template, text, expected) in rows {
        assert_eq!(template.rename(text, "3").as_deref(), expected, "{text}");
    }
    assert_eq!(any.rename("text/csv;v=2", "a b"), None);
}

#[test]
fn ranges_without_a_version_cover() {
    let template = MediaTemplate::new("application/vnd.acme.v{version}+json", Some("version")).expect("a template");
    let rows = [
        ("*/*", true),
        ("Application/*", true),
        ("application/json", true),
        ("application/vnd.acme+json;q=0.3", true),
        ("application/vnd.acme.v2+json", false),
        ("application/json;version=2", false),
        ("*/*;version=2", false),
        ("*/json", false),
        ("text/*", false),
        ("text/html", false),
        ("application/*+json", false),
    ];
    for (text, expected) in rows {
        assert_eq!(template.covers(&MediaType::parse(text).expect(text)), expected, "{text}");
    }
}

#[test]
fn templates_render_or_are_refused() {
    let rows = [
        ("application/vnd.acme.v{version}+json", None, "2", Some("application/vnd.acme.v2+json")),
        (
            "application/vnd.acme+json",
            Some("version"),
            "2024-10-01",
            Some("application/vnd.acme+json;version=2024-10-01"),
        ),
        ("application/vnd.acme+json", Some("version"), "2;x", None),
        ("application/vnd.acme+json", Some("version"), "", None),
    ];
    for (template, parameter, version, expected) in rows {
        let rendered = MediaTemplate::new(template, parameter).expect(template).render(version);
        assert_eq!(rendered.as_ref().map(|value| value.to_str().expect("ASCII")), expected, "{template}");
    }
    let refused = [
        ("application/vnd.acme+json", None),
        ("application/vnd.acme.v{version}.{version}+json", None),
        ("{version}/json", None),
        ("application/json;version={version}", None),
        ("application/*", Some("version")),
        ("vnd.acme.v{version}+json", None),
        ("application/vnd.acme+json", Some("Q")),
        ("application/vnd.acme+json", Some("a b")),
        ("", None),
    ];
    for (template, parameter) in refused {
        assert!(MediaTemplate::new(template, parameter).is_err(), "{template}");
    }
}

proptest! {
    #[test]
    fn anything_is_read_without_panic(text in "\\PC*|a/b(;[a-z=\"\\\\ ;é]{0,20})?") {
        let template = MediaTemplate::new(&text, Some("v"));
        if let (Some(media), Ok(template)) = (MediaType::parse(&text), template) {
            let _ = (template.version_in(&media), template.covers(&media), template.render(&text));
        }
    }

    #[test]
    fn what_is_rendered_is_read(version in "[0-9A-Za-z.-]{1,12}", facet in any::<bool>()) {
        let text = if facet { "application/vnd.acme.v{version}+json" } else { "application/vnd.acme+json" };
        let template = MediaTemplate::new(text, Some("version")).expect("a template");
        let value = template.render(&version).expect("a media type");
        let media = MediaType::parse(value.to_str().expect("ASCII")).expect("a media type");
        prop_assert_eq!(template.version_in(&media), Some(Cow::Borrowed(version.as_str())));
    }
}
