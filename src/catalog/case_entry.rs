//! Cases, checked.

use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::router::RouteId;
use crate::change::Message;
use crate::diagnostic::Span;
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
            if let Some(BodyEntry { bytes, span, file: Some(file) }) = &mut sample.body {
                *bytes = read(*span, file).map_err(|error| (*span, error))?;
            }
        }
        Ok(())
    }
}
