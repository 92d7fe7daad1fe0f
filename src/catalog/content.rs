//! How a body contains JSON, by its media type.

use crate::headers::media::MediaType;
use crate::json::{FieldNames, Framing};

/// How a body contains JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Content {
    /// One document.
    Json,
    /// One document, or several one behind the other, with white space between them or none. Some services stream such
    /// under `application/json`, so the layers read responses of that type like this.
    Concatenated,
    /// One merge patch (RFC 7396): a `null` deletes, and nothing may be filled in.
    MergePatch,
    /// One JSON Patch (RFC 6902): its pointers are migrated.
    JsonPatch,
    /// A document on each line; blank lines are kept.
    Ndjson,
    /// Server-sent events, whose data are documents.
    EventStream,
    /// A JSON text sequence (RFC 7464): a document behind each record separator.
    Sequence,
    /// `application/x-www-form-urlencoded`: the fields are the members of an object, and every value is a text.
    Form(FieldNames),
    /// `multipart/form-data` (RFC 7578): the same, and files pass. [`Migration::with_boundary`](super::Migration::with_boundary)
    /// says what separates the parts.
    Multipart(FieldNames),
}

// === impl Content ===

impl Content {
    /// What the value of a `Content-Type` says; `None` for what is not migrated.
    ///
    /// ```
    /// use sunward::catalog::Content;
    /// assert_eq!(Content::from_content_type("application/merge-patch+json"), Some(Content::MergePatch));
    /// assert_eq!(Content::from_content_type("text/html"), None);
    /// ```
    #[must_use]
    pub fn from_content_type(value: &str) -> Option<Self> {
        MediaType::parse_lenient(value).and_then(|media| Self::of(&media))
    }

    /// What separates the parts of a multipart body: the parameter `boundary` of its `Content-Type` (RFC 2046, section
    /// 5.1.1).
    #[must_use]
    pub fn boundary(value: &str) -> Option<String> {
        MediaType::parse_lenient(value).and_then(|media| media.param("boundary").map(str::to_owned))
    }

    /// What a `Content-Type` says; `None` for what is not migrated.
    pub(crate) fn of(media: &MediaType<'_>) -> Option<Self> {
        Some(match media {
            _ if media.is_merge_patch() => Self::MergePatch,
            _ if media.is_json_patch() => Self::JsonPatch,
            _ if media.is_ndjson() => Self::Ndjson,
            _ if media.is_json_text() => Self::Json,
            _ if media.is_event_stream() => Self::EventStream,
            _ if media.is_json_seq() => Self::Sequence,
            _ if media.is("application/x-www-form-urlencoded") => Self::Form(FieldNames::Plain),
            _ if media.is("multipart/form-data") => Self::Multipart(FieldNames::Plain),
            _ => return None,
        })
    }

    /// How its documents are framed; `None` for patches and forms.
    #[must_use]
    pub const fn framing(self) -> Option<Framing> {
        match self {
            Self::Json => Some(Framing::Document),
            Self::Concatenated => Some(Framing::Concatenated),
            Self::Ndjson => Some(Framing::Lines),
            Self::EventStream => Some(Framing::Events),
            Self::Sequence => Some(Framing::Sequence),
            Self::MergePatch | Self::JsonPatch | Self::Form(_) | Self::Multipart(_) => None,
        }
    }

    /// The same content; of a form, with its fields named so.
    #[must_use]
    pub const fn with_field_names(self, names: FieldNames) -> Self {
        match self {
            Self::Form(_) => Self::Form(names),
            Self::Multipart(_) => Self::Multipart(names),
            other => other,
        }
    }

    /// Whether it is a patch, and not the resource.
    #[must_use]
    pub const fn is_patch(self) -> bool {
        matches!(self, Self::MergePatch | Self::JsonPatch)
    }
}
