//! The steps of changes on header fields, as far as a plan runs them.

use http::header::{self, HeaderMap};

use super::Plan;
use crate::change::{HeaderStep, run_header};
use crate::headers::media::MediaType;
use crate::headers::retype::Retyping;

const JSON: &str = "application/json";

/// Runs `step` on the fields of a message, and says whether it altered one. Steps on prefixes are run where URLs are.
pub(crate) fn run_field(step: &HeaderStep, headers: &mut HeaderMap) -> bool {
    match step {
        HeaderStep::ContentType(from, to) => Retyping { from, to }.run_content_type(headers),
        HeaderStep::Accept(from, to) => {
            Retyping { from, to }.run_accept(headers);
            // What a client accepts is asked for in another way; it gets nothing else by that.
            false
        }
        _ => run_header(step, headers),
    }
}

// === impl Plan ===

impl Plan {
    /// Runs the steps of changes on the fields of a message.
    pub(super) fn run_fields<'s>(
        &self,
        steps: impl Iterator<Item = ((u32, u32), &'s HeaderStep)>,
        headers: &mut HeaderMap,
    ) {
        for ((change, _), step) in steps {
            if self.run_field(step, headers) {
                self.note_change(change);
            }
        }
    }

    /// [`run_field`] for an api whose JSON also has a media type that names the version: to a change it is `application/json`.
    pub(super) fn run_field(&self, step: &HeaderStep, headers: &mut HeaderMap) -> bool {
        match step {
            HeaderStep::ContentType(from, to) if from.eq_ignore_ascii_case(JSON) => {
                let own = self.versioned_type(headers);
                Retyping { from: own.as_deref().unwrap_or(from), to }.run_content_type(headers)
            }
            _ => run_field(step, headers),
        }
    }

    /// Type and subtype of the content, if they name a version.
    fn versioned_type(&self, headers: &HeaderMap) -> Option<String> {
        let template = self.api().sources.media.as_ref()?;
        let media = MediaType::parse(headers.get(header::CONTENT_TYPE)?.to_str().ok()?)?;
        template.version_in(&media)?;
        Some(format!("{}/{}", media.kind(), media.subtype()))
    }
}
