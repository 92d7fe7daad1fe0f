//! Cases, checked.

use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::content::Content;
use super::router::RouteId;
use crate::change::Message;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::json::{self, MigrateError, MigrateOptions};
use crate::version::VersionId;

/// A test of the changes of an api, see [`Case`](super::Case).
#[derive(Clone, Debug)]
pub struct CaseEntry {
    pub(crate) name: Box<str>,
    /// The place as it is written.
    pub(crate) at: Box<str>,
    pub(crate) route: RouteId,
    pub(crate) message: Message,
    pub(crate) from: SampleEntry,
    pub(crate) to: SampleEntry,
    pub(crate) back: BackEntry,
    pub(crate) exact: bool,
    pub(crate) span: Span,
}

/// What `to` is on the way back.
#[derive(Clone, Debug)]
pub(crate) enum BackEntry {
    From,
    Other(Box<SampleEntry>),
    Off,
}

/// A message of a case, or an error.
#[derive(Clone, Debug)]
pub(crate) struct SampleEntry {
    pub(crate) version: VersionId,
    pub(crate) path: Option<Box<str>>,
    pub(crate) query: Box<str>,
    /// With the Content-Type, if one is given.
    pub(crate) headers: HeaderMap,
    pub(crate) status: Option<u16>,
    pub(crate) body: Option<BodyEntry>,
    pub(crate) error: Option<Box<str>>,
    /// The Content-Type of its body, where it gives none itself; it is not compared.
    pub(crate) inherited: Option<HeaderValue>,
    pub(crate) written: WrittenHead,
}

/// Where the parts of a head are written; the path, the query and the status have no position where they are not.
#[derive(Clone, Debug, Default)]
pub(crate) struct WrittenHead {
    pub(crate) path: Span,
    pub(crate) query: Span,
    pub(crate) status: Span,
    pub(crate) headers: Vec<(HeaderName, Span)>,
}

/// A body, and where it is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct BodyEntry {
    pub(crate) bytes: Vec<u8>,
    pub(crate) span: Span,
    /// The file that it is in; until that is read, there are no bytes.
    pub(crate) file: Option<Box<str>>,
    /// How it contains JSON, if a change reads it.
    pub(crate) content: Option<Content>,
}

// === impl CaseEntry ===

impl CaseEntry {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The place that it is about, as it is written.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.at
    }

    /// Where it is written.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }

    /// Reads the bodies that are in files of their own; `read` is given the path as it is written, and where.
    ///
    /// # Errors
    /// What `read` says, with the place of the path.
    pub fn read_bodies<E>(&mut self, mut read: impl FnMut(Span, &str) -> Result<Vec<u8>, E>) -> Result<(), (Span, E)> {
        let back = match &mut self.back {
            BackEntry::Other(back) => Some(&mut **back),
            BackEntry::From | BackEntry::Off => None,
        };
        for sample in [Some(&mut self.from), Some(&mut self.to), back].into_iter().flatten() {
            if let Some(BodyEntry { bytes, span, file: Some(file), .. }) = &mut sample.body {
                *bytes = read(*span, file).map_err(|error| (*span, error))?;
            }
        }
        Ok(())
    }

    /// Bodies of files of their own that should be JSON, and are not; once they are read.
    #[must_use]
    pub fn wrong_bodies(&self) -> Diagnostics {
        let back = if let BackEntry::Other(back) = &self.back { Some(&**back) } else { None };
        let mut found = Diagnostics::new();
        let samples = [Some(&self.from).filter(|_| self.to.error.is_none()), Some(&self.to), back];
        let bodies = samples.into_iter().flatten().filter_map(|sample| sample.body.as_ref());
        for body in bodies.filter(|body| body.file.is_some()) {
            body.syntax_error().into_iter().for_each(|finding| found.push(finding));
        }
        found
    }
}

// === impl BodyEntry ===

impl BodyEntry {
    /// What is wrong with it, if it should be JSON.
    pub(super) fn syntax_error(&self) -> Option<Diagnostic> {
        let content = self.content.filter(|_| !self.bytes.is_empty())?;
        let (start, error) = check(content, &self.bytes).err()?;
        let help = "correct it; for a body that is not JSON, set `content_type`";
        let finding = Diagnostic::error("case-body", format!("the body is {error}"), self.span);
        // The position of a file's path is not in the file.
        let offset = error.offset().filter(|_| self.file.is_none());
        Some(finding.within(offset.map(|offset| start + offset)).help(help))
    }
}

/// Whether a body is what its media type says, as far as that is JSON. An error has the start of its line.
fn check(content: Content, body: &[u8]) -> Result<(), (usize, MigrateError)> {
    let is_json =
        |start: usize, text: &[u8]| json::is_json(text, &MigrateOptions::default()).map_err(|error| (start, error));
    match content {
        Content::MergePatch | Content::JsonPatch => is_json(0, body),
        Content::Json => {
            // Responses may be several documents: what is wrong with one is then that another follows it.
            let mut start = 0;
            while let Err((_, error)) = is_json(start, &body[start..]) {
                let next = error.offset().map(|offset| start + offset).filter(|next| *next > start);
                let Some(next) = next.filter(|next| is_json(start, &body[start..*next]).is_ok()) else {
                    return Err((start, error));
                };
                start = next;
            }
            Ok(())
        }
        Content::Ndjson => {
            let mut start = 0;
            body.split_inclusive(|byte| *byte == b'\n').try_for_each(|line| {
                let at = start;
                start += line.len();
                if line.iter().all(u8::is_ascii_whitespace) { Ok(()) } else { is_json(at, line) }
            })
        }
        _ => Ok(()),
    }
}
