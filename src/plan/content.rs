//! What the fields of a message say of its content.

use http::header::{self, HeaderMap};

use crate::catalog::Content;
use crate::headers::list::list_items;
use crate::headers::media::MediaType;

/// A body that a change is about, and whose `Content-Type` does not say that it is JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Untyped {
    pub(super) response: bool,
    pub(super) media: Box<str>,
}

/// What a message's `Content-Type` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeclaredContent {
    /// How it contains JSON.
    Content(Content),
    /// It is JSON or a form in an encoding that is not read here, such as UTF-16.
    Wide,
    /// There is none, it cannot be read, there are several that differ, or it is another one.
    Other,
}

// === impl Untyped ===

impl Untyped {
    /// Whether it is a response's.
    #[must_use]
    pub(crate) const fn is_response(&self) -> bool {
        self.response
    }

    /// The `Content-Type`, as far as it is text; empty if there is none.
    #[must_use]
    pub(crate) fn media(&self) -> &str {
        &self.media
    }
}

// === impl DeclaredContent ===

impl DeclaredContent {
    /// What `headers` say. Type and subtype decide: a parameter that is malformed does not make another type of it.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut lines = headers.get_all(header::CONTENT_TYPE).iter().map(|line| line.to_str().unwrap_or_default());
        let mut items = lines.by_ref().flat_map(list_items);
        let Some(media) = items.next().and_then(MediaType::parse_lenient) else { return Self::Other };
        let same = |text| MediaType::parse_lenient(text).is_some_and(|other| other.has_essence_of(&media));
        match Content::of(&media) {
            Some(_) if !items.all(same) => Self::Other,
            Some(Content::Form(_)) if !media.is_utf8() => Self::Wide,
            Some(_) if media.has_wide_charset() => Self::Wide,
            Some(content) => Self::Content(content),
            None => Self::Other,
        }
    }

    /// The same where the catalog says what the content is. A patch is never the resource.
    pub(super) fn known(headers: &HeaderMap, known: Option<Content>) -> Self {
        match (Self::of(headers), known) {
            (Self::Content(content), _) if content.is_patch() => Self::Content(content),
            (Self::Wide, _) => Self::Wide,
            (_, Some(known)) => Self::Content(known),
            (declared, None) => declared,
        }
    }
}

/// What separates the parts of the content.
pub(super) fn boundary(headers: &HeaderMap) -> Option<Box<str>> {
    let line = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let media = MediaType::parse_lenient(list_items(line).next()?)?;
    media.param("boundary").filter(|boundary| !boundary.is_empty()).map(Into::into)
}

/// The `Content-Type` as it is logged.
pub(super) fn media(headers: &HeaderMap) -> Box<str> {
    let lines: Vec<&str> = headers.get_all(header::CONTENT_TYPE).iter().filter_map(|line| line.to_str().ok()).collect();
    lines.join(", ").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::FieldNames;

    fn declared(lines: &[&str]) -> DeclaredContent {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::CONTENT_TYPE, line.parse().expect(line));
        }
        DeclaredContent::of(&headers)
    }

    #[test]
    fn a_content_type_is_read_liberally_but_never_guessed() {
        let rows: [(&[&str], DeclaredContent); 19] = [
            (&["application/json"], DeclaredContent::Content(Content::Json)),
            (&["application/json; utf-8"], DeclaredContent::Content(Content::Json)),
            (&["application/json; charset = utf-8"], DeclaredContent::Content(Content::Json)),
            (&["application/json;charset="], DeclaredContent::Content(Content::Json)),
            (&["application/problem+json"], DeclaredContent::Content(Content::Json)),
            (&["application/json", "Application/JSON; charset=utf-8"], DeclaredContent::Content(Content::Json)),
            (&["application/json, application/json"], DeclaredContent::Content(Content::Json)),
            (&["application/json", "text/html"], DeclaredContent::Other),
            (&["application/json", "application/x-ndjson"], DeclaredContent::Other),
            (&["application/json; charset=UTF-16LE"], DeclaredContent::Wide),
            (&["text/plain; charset=utf-16"], DeclaredContent::Other),
            (&["application/x-www-form-urlencoded"], DeclaredContent::Content(Content::Form(FieldNames::Plain))),
            (
                &["application/x-www-form-urlencoded; charset=UTF-8"],
                DeclaredContent::Content(Content::Form(FieldNames::Plain)),
            ),
            (&["application/x-www-form-urlencoded; charset=iso-8859-1"], DeclaredContent::Wide),
            (&["multipart/form-data; boundary=x"], DeclaredContent::Content(Content::Multipart(FieldNames::Plain))),
            (&["multipart/mixed; boundary=x"], DeclaredContent::Other),
            (&["json"], DeclaredContent::Other),
            (&[""], DeclaredContent::Other),
            (&[], DeclaredContent::Other),
        ];
        for (lines, expected) in rows {
            assert_eq!(declared(lines), expected, "{lines:?}");
        }
    }
}
