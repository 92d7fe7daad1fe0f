//! What a checked api shows to others: names, dates and phases, and what its changes do to a body.

use std::fmt;

use super::entry::{ApiEntry, ExtensionEntry, VersionEntry};
use super::life::Window;
use crate::clock::Timestamp;
use crate::version::{Scheme, VersionId};

/// The phase of a version's life at a time, for requests of no consumer in particular: what `sunward timeline` and
/// `GET /versions` show. See [`Catalog::standing`](super::Catalog::standing).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// Its release is in the future.
    NotReleased,
    /// Neither a deprecation nor a sunset is announced.
    Current,
    /// Its deprecation or sunset is announced, and in the future.
    Announced,
    /// Deprecated (RFC 9745), and served.
    Deprecated,
    /// A brownout refuses its requests, or a share of them.
    InBrownout,
    /// Past its sunset, and served: the config or an operator holds the sunset back.
    Held,
    /// Past its sunset (RFC 8594): requests get a 410.
    Gone,
    /// Past its sunset, and served because the api has a dry run.
    GoneButForDryRun,
}

/// What leads a body from one version to another, in words: the changes, and the one program that they become. It is
/// what `sunward explain` prints, and [`ApiEntry::explain`] gives.
#[derive(Clone, Debug)]
pub struct Explanation {
    pub(super) changes: Vec<ExplainedChange>,
    pub(super) program: String,
}

/// A change of an [`Explanation`].
#[derive(Clone, Debug)]
pub struct ExplainedChange {
    pub(super) version: Box<str>,
    pub(super) summary: Box<str>,
    pub(super) steps: Vec<String>,
}

// === impl ApiEntry ===

impl ApiEntry {
    /// Its name, which is also the label of its metrics.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path that all its paths begin with, such as `/api`; empty if there is none.
    #[must_use]
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// How its versions are named.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Its versions, from oldest to newest.
    #[must_use]
    pub fn versions(&self) -> &[VersionEntry] {
        &self.versions
    }

    /// The consumers that keep a version for longer, as they are configured. Those that an operator added since are in
    /// [`Control::extensions`](super::Control::extensions).
    #[must_use]
    pub fn extensions(&self) -> &[ExtensionEntry] {
        &self.extensions
    }

    /// Whether its brownouts are paused by the config. An operator's pause is in
    /// [`Control::brownouts_paused`](super::Control::brownouts_paused).
    #[must_use]
    pub const fn is_paused(&self) -> bool {
        self.pause
    }

    /// Whether its brownouts and sunsets are only counted, and requests served all the same.
    #[must_use]
    pub const fn is_dry_run(&self) -> bool {
        self.dry_run
    }
}

// === impl VersionEntry ===

impl VersionEntry {
    /// Its place among the versions of its api.
    #[must_use]
    pub const fn id(&self) -> VersionId {
        self.id
    }

    /// Its name in the canonical spelling, which is also the label of its metrics.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.text
    }

    /// When it is released; `None` if it always was.
    #[must_use]
    pub const fn released(&self) -> Option<Timestamp> {
        self.released
    }

    /// When it is deprecated (RFC 9745).
    #[must_use]
    pub const fn deprecated(&self) -> Option<Timestamp> {
        self.life.deprecated
    }

    /// When it is closed to new consumers.
    #[must_use]
    pub const fn closed(&self) -> Option<Timestamp> {
        self.life.closed
    }

    /// When it ends (RFC 8594).
    #[must_use]
    pub const fn sunset(&self) -> Option<Timestamp> {
        self.life.sunset
    }

    /// Whether the config holds its sunset back, so that it is served past it.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.life.held
    }

    /// The times of its brownouts, by their start. A brownout that comes back has one for each time.
    #[must_use]
    pub fn brownouts(&self) -> &[Window] {
        &self.life.windows
    }

    /// Where to read how to migrate from it.
    #[must_use]
    pub fn docs(&self) -> Option<&str> {
        self.docs.as_deref()
    }

    /// Where to read its retirement policy.
    #[must_use]
    pub fn policy(&self) -> Option<&str> {
        self.policy.as_deref()
    }
}

// === impl ExtensionEntry ===

impl ExtensionEntry {
    /// The consumer that keeps the version.
    #[must_use]
    pub fn consumer(&self) -> &str {
        &self.consumer
    }

    /// The version that it keeps.
    #[must_use]
    pub const fn version(&self) -> VersionId {
        self.version
    }

    /// Until when it keeps it.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// Who approved it.
    #[must_use]
    pub fn approved_by(&self) -> &str {
        &self.approved_by
    }

    /// Why it was approved.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

// === impl Window ===

impl Window {
    /// Its start.
    #[must_use]
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    /// Its end, which is no longer a part of it.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// The share of requests or consumers that it hits, in percent: from 0 to 100, in steps of 0.01.
    #[must_use]
    pub fn percent(&self) -> f64 {
        f64::from(self.share) / 100.0
    }

    /// Whether it only counts.
    #[must_use]
    pub const fn is_dry_run(&self) -> bool {
        self.dry_run
    }
}

// === impl Standing ===

impl Standing {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::NotReleased,
        Self::Current,
        Self::Announced,
        Self::Deprecated,
        Self::InBrownout,
        Self::Held,
        Self::Gone,
        Self::GoneButForDryRun,
    ];

    /// The word that operators see.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotReleased => "not released",
            Self::Current => "current",
            Self::Announced => "announced",
            Self::Deprecated => "deprecated",
            Self::InBrownout => "in brownout",
            Self::Held => "held",
            Self::Gone => "gone",
            Self::GoneButForDryRun => "gone, but for the dry run",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl Explanation ===

impl Explanation {
    /// The changes that do something to the body, in the order in which they run.
    #[must_use]
    pub fn changes(&self) -> &[ExplainedChange] {
        &self.changes
    }

    /// The program, several lines. Their wording may change.
    #[must_use]
    pub fn program(&self) -> &str {
        &self.program
    }
}

// === impl ExplainedChange ===

impl ExplainedChange {
    /// The version that introduced it.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Its summary.
    #[must_use]
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// What it does in this direction, a line for each step. Their wording may change.
    #[must_use]
    pub fn steps(&self) -> &[String] {
        &self.steps
    }
}
