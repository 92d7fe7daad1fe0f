//! The template that finds a version in a media type, and writes it into one.

use std::borrow::Cow;

use http::HeaderValue;

use super::is_token;
use super::media::{MediaType, value_range};

/// Where the media types of an api contain the version.
///
/// The template is explicit and matched against the whole subtype, in whatever case: a version is never guessed from
/// something that looks like `v2`. Without a type of its own, it is a parameter that counts on every media type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaTemplate {
    /// The type that carries versions; every type, if none.
    own: Option<OwnMediaType>,
    parameter: Option<String>,
}

/// A media type that is the api's own.
#[derive(Clone, Debug, PartialEq, Eq)]
struct OwnMediaType {
    kind: String,
    facet: Option<Facet>,
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
pub(crate) enum Specificity {
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
    /// The parameter that may contain a version.
    #[must_use]
    pub fn parameter(&self) -> Option<&str> {
        self.parameter.as_deref()
    }

    /// Reads a template such as `application/vnd.acme.v{version}+json`, or `application/vnd.acme+json` with the name of a
    /// parameter.
    ///
    /// With `parameter`, the version may be that parameter on the template's type, its version cut out, and on
    /// `application/json`. For a parameter of every type, see [`of_any_type`](Self::of_any_type).
    ///
    /// # Errors
    ///
    /// A message for the file's owner, if `template` is no media type, has parameters or several `{version}`, or if
    /// neither `{version}` nor a parameter says where the version is.
    pub fn new(template: &str, parameter: Option<&str>) -> Result<Self, String> {
        check_parameter(parameter)?;
        let malformed = || format!("`{template}` is not a media type such as `application/vnd.acme.v{{version}}+json`");
        let (kind, subtype) = template.split_once('/').ok_or_else(malformed)?;
        if !is_token(kind) || !is_token(&subtype.replacen(PLACEHOLDER, "1", 1)) || template.contains('*') {
            return Err(malformed());
        }
        let facet = Facet::find(subtype);
        if facet.is_none() && parameter.is_none() {
            return Err(format!("`{template}` has no version: add `{PLACEHOLDER}`, or a parameter"));
        }
        let versionless = facet.as_ref().map_or_else(|| Some(subtype.to_owned()), Facet::cut_out);
        let own = OwnMediaType { kind: kind.to_owned(), facet, versionless };
        Ok(Self { own: Some(own), parameter: parameter.map(str::to_owned) })
    }

    /// The parameter of this name, on any media type.
    ///
    /// # Errors
    ///
    /// A message for the file's owner, if `parameter` cannot be one: it is no token, or `q`.
    pub fn of_any_type(parameter: &str) -> Result<Self, String> {
        check_parameter(Some(parameter))?;
        Ok(Self { own: None, parameter: Some(parameter.to_owned()) })
    }

    /// The version that a media type or range names, as it was written; whether there is such a version is not asked.
    ///
    /// `None` also if subtype and parameter name different ones.
    #[must_use]
    pub fn version_in<'m>(&self, media: &MediaType<'m>) -> Option<Cow<'m, str>> {
        let facet = self.own.as_ref().and_then(|own| own.facet_version(media)).map(Cow::Borrowed);
        let parameter = self.parameter_version(media, facet.is_some());
        match (facet, parameter) {
            (Some(facet), Some(parameter)) => (facet == parameter).then_some(facet),
            (facet, parameter) => facet.or(parameter),
        }
    }

    /// The media type of a JSON response in `version`; `None` if a media type cannot contain the version's name.
    #[must_use]
    pub fn render(&self, version: &str) -> Option<HeaderValue> {
        let text = self.text(version).filter(|_| is_token(version))?;
        HeaderValue::try_from(text).ok()
    }

    /// The media type with a `{version}` in it, for messages.
    pub(crate) fn pattern(&self) -> String {
        self.text(PLACEHOLDER).unwrap_or_default()
    }

    fn text(&self, version: &str) -> Option<String> {
        match (&self.own, &self.parameter) {
            (Some(OwnMediaType { kind, facet: Some(Facet { before, after }), .. }), _) => {
                Some(format!("{kind}/{before}{version}{after}"))
            }
            (Some(OwnMediaType { kind, versionless: Some(subtype), .. }), Some(parameter)) => {
                Some(format!("{kind}/{subtype};{parameter}={version}"))
            }
            (None, Some(parameter)) => Some(format!("{JSON};{parameter}={version}")),
            _ => None,
        }
    }

    /// A media type or range that names a version, with `version` in its place and every other byte as it is; `None` if
    /// `text` names none, or if a media type cannot contain `version`.
    #[must_use]
    pub fn rename(&self, text: &str, version: &str) -> Option<String> {
        let media = MediaType::parse(text)?;
        self.version_in(&media).filter(|_| is_token(version))?;
        let mut renamed = text.to_owned();
        // The parameter is after the subtype, so it is replaced first.
        if let Some(at) = self.parameter.as_deref().and_then(|name| value_range(text, name)) {
            renamed.replace_range(at, version);
        }
        if let Some(old) = self.own.as_ref().and_then(|own| own.facet_version(&media)) {
            let before = self.own.as_ref()?.facet.as_ref()?.before.len();
            let start = text.find('/')? + 1 + before;
            renamed.replace_range(start..start + old.len(), version);
        }
        Some(renamed)
    }

    /// The `Content-Type` of a response whose client asked for `version` by media type, where the service sent `text`;
    /// `None` if nothing is to be named: it is not JSON, or a type with a meaning of its own.
    pub(crate) fn describe(&self, text: &str, version: &str) -> Option<String> {
        let media = MediaType::parse(text)?;
        match (&self.own, &self.parameter) {
            (None, Some(parameter)) => {
                (media.is_json() && is_token(version)).then(|| format!("{};{parameter}={version}", text.trim_end()))
            }
            _ => {
                let plain = matches!(self.coverage(&media), Some(Specificity::Json | Specificity::Own));
                let ours = plain.then(|| self.render(version))??;
                ours.to_str().map(str::to_owned).ok()
            }
        }
    }

    /// The type that stands for a range which names a version, where a service may not know the versions of media types.
    pub(crate) fn fallback(&self, range: &MediaType<'_>) -> String {
        if self.own.is_some() { JSON.to_owned() } else { format!("{}/{}", range.kind(), range.subtype()) }
    }

    /// Whether a media range accepts the representation without naming a version: `*/*`, `application/*`,
    /// `application/json`, or the template's type with its version cut out. Without a type of its own: all JSON.
    #[must_use]
    pub fn covers(&self, range: &MediaType<'_>) -> bool {
        self.coverage(range).is_some()
    }

    /// Parameters other than the version's are not ours, and no reason to refuse.
    pub(crate) fn coverage(&self, range: &MediaType<'_>) -> Option<Specificity> {
        if self.parameter.as_deref().is_some_and(|name| range.param(name).is_some()) {
            return None;
        }
        let kind = self.own.as_ref().map_or("application", |own| &own.kind);
        match (range.kind(), range.subtype()) {
            ("*", "*") => Some(Specificity::Anything),
            (other, "*") => kind.eq_ignore_ascii_case(other).then_some(Specificity::Kind),
            _ if self.own.as_ref().is_some_and(|own| own.is(range)) => Some(Specificity::Own),
            _ if self.own.is_none() => range.is_json().then_some(Specificity::Json),
            _ => range.is(JSON).then_some(Specificity::Json),
        }
    }

    /// Whether a malformed element of `Accept` tries to name a version: it has the parameter, or the part of the template's
    /// type before the version.
    pub(crate) fn is_meant_by(&self, element: &str) -> bool {
        let element = element.to_ascii_lowercase();
        let parameter = self.parameter.as_deref().is_some_and(|name| {
            element.split(';').skip(1).any(|part| {
                part.split_once('=').is_some_and(|(known, _)| super::trim_ows(known).eq_ignore_ascii_case(name))
            })
        });
        let facet = self.own.as_ref().and_then(|own| own.facet.as_ref());
        parameter || facet.is_some_and(|facet| element.contains(&facet.before.to_ascii_lowercase()))
    }

    fn parameter_version<'m>(&self, media: &MediaType<'m>, has_facet: bool) -> Option<Cow<'m, str>> {
        let name = self.parameter.as_deref()?;
        let may_carry = self.own.as_ref().is_none_or(|own| has_facet || own.is(media) || media.is(JSON));
        media.raw_param(name).filter(|_| may_carry).cloned()
    }
}

// === impl OwnMediaType ===

impl OwnMediaType {
    /// Whether it is this type, without a version in its name.
    fn is(&self, media: &MediaType<'_>) -> bool {
        media.is_kind(&self.kind) && self.versionless.as_deref().is_some_and(|subtype| media.is_subtype(subtype))
    }

    fn facet_version<'m>(&self, media: &MediaType<'m>) -> Option<&'m str> {
        self.facet.as_ref().filter(|_| media.is_kind(&self.kind))?.version_in(media.subtype())
    }
}

fn check_parameter(name: Option<&str>) -> Result<(), String> {
    match name {
        Some(name) if !is_token(name) => Err(format!("`{name}` is not a valid parameter name")),
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
mod tests;
