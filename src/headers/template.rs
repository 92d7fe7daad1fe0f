//! The template that finds a version in a media type, and writes it into one.

use std::borrow::Cow;

use http::HeaderValue;

use super::is_token;
use super::media::MediaType;

/// Where the versions of an api stand in its media types.
///
/// The template is explicit and matched against the whole subtype, in whatever case: a version is never guessed from
/// something that looks like `v2`.
///
/// ```
/// use sunward::headers::media::{MediaTemplate, MediaType};
///
/// let template = MediaTemplate::new("application/vnd.acme.v{version}+json", Some("version"))?;
/// let version = |text| template.version_in(&MediaType::parse(text)?).map(String::from);
/// assert_eq!(version("application/vnd.acme.v2+json").as_deref(), Some("2"));
/// assert_eq!(version("application/vnd.acme+json;version=2").as_deref(), Some("2"));
/// assert_eq!(version("application/vnd.acme.dev2+json"), None);
/// assert_eq!(template.render("2").expect("a media type"), "application/vnd.acme.v2+json");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaTemplate {
    kind: String,
    facet: Option<Facet>,
    parameter: Option<String>,
    /// The subtype without its version; `None` if nothing is left of it.
    versionless: Option<String>,
}

/// What surrounds the version in the subtype.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Facet {
    before: String,
    after: String,
}

/// How closely a media range that names no version meets the representation (RFC 9110 §12.5.1), the least close first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Coverage {
    /// `*/*`
    Anything,
    /// `application/*`
    Kind,
    /// `application/json`, which it is as well.
    Json,
    /// The template's own type, without the version.
    Own,
}

const PLACEHOLDER: &str = "{version}";
const JSON: &str = "application/json";

// === impl MediaTemplate ===

impl MediaTemplate {
    /// The parameter in which a version may stand.
    #[must_use]
    pub fn parameter(&self) -> Option<&str> {
        self.parameter.as_deref()
    }

    /// Reads a template such as `application/vnd.acme.v{version}+json`, or `application/vnd.acme+json` with the name of a
    /// parameter.
    ///
    /// With `parameter`, the version may stand as that parameter on the template's type, its version cut out, and on
    /// `application/json`.
    ///
    /// # Errors
    ///
    /// A message for the file's owner, if `template` is no media type, has parameters or several `{version}`, or if
    /// neither `{version}` nor a parameter says where the version stands.
    pub fn new(template: &str, parameter: Option<&str>) -> Result<Self, String> {
        check_parameter(parameter)?;
        let malformed = || format!("`{template}` is no media type such as `application/vnd.acme.v{{version}}+json`");
        let (kind, subtype) = template.split_once('/').ok_or_else(malformed)?;
        if !is_token(kind) || !is_token(&subtype.replacen(PLACEHOLDER, "1", 1)) || template.contains('*') {
            return Err(malformed());
        }
        let facet = Facet::find(subtype);
        if facet.is_none() && parameter.is_none() {
            return Err(format!("`{template}` names no version: it needs `{PLACEHOLDER}`, or a parameter"));
        }
        let versionless = facet.as_ref().map_or_else(|| Some(subtype.to_owned()), Facet::cut_out);
        Ok(Self { kind: kind.to_owned(), facet, parameter: parameter.map(str::to_owned), versionless })
    }

    /// The version that a media type or range names, as it was written; whether there is such a version is not asked.
    ///
    /// `None` also if subtype and parameter name different ones.
    #[must_use]
    pub fn version_in<'m>(&self, media: &MediaType<'m>) -> Option<Cow<'m, str>> {
        let facet = self.facet_version(media).map(Cow::Borrowed);
        let parameter = self.parameter_version(media, facet.is_some());
        match (facet, parameter) {
            (Some(facet), Some(parameter)) => (facet == parameter).then_some(facet),
            (facet, parameter) => facet.or(parameter),
        }
    }

    /// The media type of a response in `version`; `None` if the version's name cannot stand in one.
    #[must_use]
    pub fn render(&self, version: &str) -> Option<HeaderValue> {
        if !is_token(version) {
            return None;
        }
        let kind = &self.kind;
        let text = match (&self.facet, &self.parameter, &self.versionless) {
            (Some(Facet { before, after }), ..) => format!("{kind}/{before}{version}{after}"),
            (None, Some(parameter), Some(subtype)) => format!("{kind}/{subtype};{parameter}={version}"),
            _ => return None,
        };
        HeaderValue::try_from(text).ok()
    }

    /// Whether a media range accepts the representation without naming a version: `*/*`, `application/*`,
    /// `application/json`, or the template's type with its version cut out.
    #[must_use]
    pub fn covers(&self, range: &MediaType<'_>) -> bool {
        self.coverage(range).is_some()
    }

    /// Parameters other than the version's are not ours, and no reason to refuse.
    pub(crate) fn coverage(&self, range: &MediaType<'_>) -> Option<Coverage> {
        if self.parameter.as_deref().is_some_and(|name| range.param(name).is_some()) {
            return None;
        }
        match (range.kind(), range.subtype()) {
            ("*", "*") => Some(Coverage::Anything),
            (kind, "*") => self.kind.eq_ignore_ascii_case(kind).then_some(Coverage::Kind),
            _ if self.is_own(range) => Some(Coverage::Own),
            _ => range.is(JSON).then_some(Coverage::Json),
        }
    }

    fn is_own(&self, media: &MediaType<'_>) -> bool {
        media.is_kind(&self.kind) && self.versionless.as_deref().is_some_and(|subtype| media.is_subtype(subtype))
    }

    fn facet_version<'m>(&self, media: &MediaType<'m>) -> Option<&'m str> {
        self.facet.as_ref().filter(|_| media.is_kind(&self.kind))?.version_in(media.subtype())
    }

    fn parameter_version<'m>(&self, media: &MediaType<'m>, has_facet: bool) -> Option<Cow<'m, str>> {
        let name = self.parameter.as_deref()?;
        let may_carry = has_facet || self.is_own(media) || media.is(JSON);
        media.raw_param(name).filter(|_| may_carry).cloned()
    }
}

fn check_parameter(name: Option<&str>) -> Result<(), String> {
    match name {
        Some(name) if !is_token(name) => Err(format!("`{name}` is no name of a parameter")),
        Some(name) if name.eq_ignore_ascii_case("q") => Err("`q` is the weight of a media range".to_owned()),
        _ => Ok(()),
    }
}

// === impl Facet ===

impl Facet {
    fn find(subtype: &str) -> Option<Self> {
        let (before, after) = subtype.split_once(PLACEHOLDER)?;
        Some(Self { before: before.to_owned(), after: after.to_owned() })
    }

    fn version_in<'m>(&self, subtype: &'m str) -> Option<&'m str> {
        let rest = strip_prefix(subtype, &self.before)?;
        let version = rest.get(..rest.len().checked_sub(self.after.len())?)?;
        let tail = &rest[version.len()..];
        (!version.is_empty() && tail.eq_ignore_ascii_case(&self.after)).then_some(version)
    }

    /// `vnd.acme.v{version}+json` without `.v{version}`, `vnd.acme.order-v{version}+json` without `-v{version}`.
    fn cut_out(&self) -> Option<String> {
        let before = self.before.strip_suffix(['v', 'V']).unwrap_or(&self.before);
        let joined = before.strip_suffix(['.', '-']);
        let stem = joined.unwrap_or_else(|| before.rfind('.').map_or("", |dot| &before[..dot]));
        if stem.is_empty() { None } else { Some(format!("{stem}{}", self.after)) }
    }
}

fn strip_prefix<'m>(text: &'m str, prefix: &str) -> Option<&'m str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn versions_stand_where_the_template_says() {
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
            (
                ("application/vnd.acme.order-v{version}+json", Some("v")),
                "application/vnd.acme.order+json;v=1",
                Some("1"),
            ),
            (
                ("application/vnd.acme.v{version}.order+json", Some("v")),
                "application/vnd.acme.order+json;v=1",
                Some("1"),
            ),
            (("application/vnd.acme.v{version}.order+json", None), "application/vnd.acme.v2.1.order+json", Some("2.1")),
        ];
        for ((template, parameter), text, expected) in rows {
            let template = MediaTemplate::new(template, parameter).expect(template);
            let media = MediaType::parse(text).expect(text);
            assert_eq!(template.version_in(&media).as_deref(), expected, "{text}");
        }
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
}
