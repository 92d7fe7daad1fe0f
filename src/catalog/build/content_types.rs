//! Media types that changes exchange: a new name for the same format.

use super::super::content::Content;
use super::super::entry::VersionSources;
use super::Builder;
use crate::change::{HeadSpec, OpKind, OpSpec};
use crate::diagnostic::{Diagnostic, Span, Spanned, quoted};
use crate::headers::media::MediaType;

// === impl Builder ===

impl Builder<'_> {
    /// Checks every `map_content_type`.
    pub(super) fn check_content_types(&mut self, sources: &VersionSources) {
        for change in &self.api.changes {
            for (at, op) in change.ops.iter().enumerate() {
                let Some(wrong) = wrong(op, sources) else { continue };
                let from = self.found.len();
                self.found.push(wrong);
                if change.span.is_none() {
                    let number = at + 1;
                    let op = "OpSpec::map_content_type";
                    self.found.locate(from, || format!("the change {}, op {number}: {op}", quoted(&change.summary)));
                }
            }
        }
    }
}

fn wrong(op: &OpSpec, sources: &VersionSources) -> Option<Diagnostic> {
    let OpKind::Head(HeadSpec::MapContentType { from, to }) = &op.op else { return None };
    let mut read = Vec::new();
    for text in [from, to] {
        match media(text) {
            Some(media) => read.push(media),
            None => {
                let message = format!("`{}` is not a media type without parameters", text.value);
                let help = "write type and subtype, such as `application/problem+json`: parameters are kept";
                return Some(Diagnostic::error("bad-media-type", message, span(text, op)).help(help));
            }
        }
        if let Some(template) = &sources.media
            && media(text).is_some_and(|media| template.version_in(&media).is_some())
        {
            let message = format!("`{}` names a version", text.value);
            let help = "remove the op: media types that name a version are always those of the client's version";
            return Some(Diagnostic::error("media-type-of-version", message, span(text, op)).help(help));
        }
    }
    let [old, new] = [format(&read[0]), format(&read[1])];
    (old != new).then(|| {
        let message =
            format!("`{}` is {old} and `{}` is {new}: the op replaces the name, not the format", from.value, to.value);
        let help = "use two names of one format; bodies are not converted to another format";
        Diagnostic::error("media-type-format", message, span(from, op)).help(help)
    })
}

fn media(text: &str) -> Option<MediaType<'_>> {
    let exact = !text.contains(['*', ';', ' ', '\t']);
    MediaType::parse(text).filter(|_| exact)
}

fn span(text: &Spanned<String>, op: &OpSpec) -> Span {
    if text.span.is_none() { op.span } else { text.span }
}

fn format(media: &MediaType<'_>) -> &'static str {
    match Content::of(media) {
        Some(Content::Json | Content::Concatenated) => "JSON",
        Some(Content::MergePatch) => "a merge patch",
        Some(Content::JsonPatch) => "a JSON Patch",
        Some(Content::Ndjson) => "a JSON document on each line",
        Some(Content::EventStream) => "a stream of events",
        Some(Content::Sequence) => "a JSON text sequence",
        Some(Content::Form(_)) => "a urlencoded form",
        Some(Content::Multipart(_)) => "a multipart form",
        None => "neither JSON nor a form",
    }
}
