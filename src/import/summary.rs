//! What became of the lines.

use std::collections::BTreeMap;

use crate::clock::Timestamp;

/// What became of the lines of all logs. Each of them is in one of the counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// Lines that are now in the ledger, and were not before.
    pub counted: u64,
    /// Lines that an earlier import had counted.
    pub known: u64,
    /// Lines that do not count.
    pub skipped: BTreeMap<SkippedLine, u64>,
    /// Lines that cannot be read.
    pub unreadable: BTreeMap<UnreadableLine, u64>,
    /// The first request that was counted.
    pub first: Option<Timestamp>,
    /// The last one.
    pub last: Option<Timestamp>,
}

/// Why a line does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkippedLine {
    /// No API has its path, or its API excludes it.
    NoApi,
    /// `OPTIONS`: most likely a CORS preflight.
    Options,
    /// A gateway counted requests at that time.
    Recorded,
    /// It is older than what the ledger keeps.
    TooOld,
    /// The last line of a log, which does not end yet.
    Incomplete,
}

/// Why a line cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnreadableLine {
    /// It is of another format.
    Format,
    /// Its time is missing or wrong.
    Time,
    /// It has no request.
    Request,
    /// Its method or target is none of HTTP.
    Target,
    /// Its status is missing or wrong.
    Status,
}

// === impl ImportSummary ===

impl ImportSummary {
    /// All lines that were read.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.counted + self.known + self.skipped.values().sum::<u64>() + self.unreadable.values().sum::<u64>()
    }

    pub(super) fn saw(&mut self, at: Timestamp) {
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.counted += other.counted;
        self.known += other.known;
        for (why, lines) in &other.skipped {
            *self.skipped.entry(*why).or_default() += lines;
        }
        for (why, lines) in &other.unreadable {
            *self.unreadable.entry(*why).or_default() += lines;
        }
        [other.first, other.last].into_iter().flatten().for_each(|at| self.saw(at));
    }
}

// === impl SkippedLine ===

impl SkippedLine {
    /// A name for JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoApi => "no-api",
            Self::Options => "options",
            Self::Recorded => "recorded",
            Self::TooOld => "too-old",
            Self::Incomplete => "incomplete",
        }
    }

    /// The reason in words.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NoApi => "no api has the path",
            Self::Options => "the method is OPTIONS, as of CORS preflights",
            Self::Recorded => "a gateway recorded that time itself",
            Self::TooOld => "it is older than the ledger keeps (`days_kept`)",
            Self::Incomplete => "the last line does not end yet",
        }
    }
}

// === impl UnreadableLine ===

impl UnreadableLine {
    /// A name for JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Time => "time",
            Self::Request => "request",
            Self::Target => "target",
            Self::Status => "status",
        }
    }

    /// The reason in words.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Format => "it is of another format",
            Self::Time => "its time is missing or wrong",
            Self::Request => "it has no request",
            Self::Target => "its method or target is not valid in HTTP",
            Self::Status => "its status is missing or wrong",
        }
    }
}
