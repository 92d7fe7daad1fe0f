//! Where a version stands at a time, in a word for operators.

use super::{Phase, Question, decide};
use crate::catalog::{ApiEntry, Catalog, VersionEntry, Window};
use crate::clock::Timestamp;

/// Where a version stands, for requests of no consumer in particular: what `sunward timeline` and `GET /versions` call its
/// phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Its release is ahead.
    NotReleased,
    /// Nothing is said against it.
    Current,
    /// Its deprecation or sunset is announced, and in the future.
    Announced,
    /// Deprecated, and served.
    Deprecated,
    /// A brownout switches it off, or a share of its requests.
    InBrownout,
    /// Past its sunset, and served: the config or an operator holds the sunset back.
    Held,
    /// Past its sunset: requests get a 410.
    Gone,
    /// Past its sunset, and served since the api has a dry run.
    GoneButForDryRun,
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

    /// Of `version` at `now`. What operators have said since the config was read counts (`Control`).
    #[must_use]
    pub fn of(catalog: &Catalog, api: &ApiEntry, version: &VersionEntry, now: Timestamp) -> Self {
        if version.released.is_some_and(|released| released > now) {
            return Self::NotReleased;
        }
        let life = &version.life;
        let held = catalog.control().sunset_held(&api.name, &version.text);
        let question = Question { held, ..Question::new(life, now) };
        match decide(&question).phase {
            Phase::Sunset if api.dry_run => Self::GoneButForDryRun,
            Phase::Sunset => Self::Gone,
            _ if life.windows.iter().any(|window| is_running(catalog, api, window, now)) => Self::InBrownout,
            Phase::Current => Self::Current,
            Phase::Announced => Self::Announced,
            Phase::Deprecated if life.sunset.is_some_and(|sunset| sunset <= now) => Self::Held,
            Phase::Deprecated => Self::Deprecated,
        }
    }

    /// The word.
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

/// Whether a window switches its version off at `now`: one that is paused or only counts does not.
#[must_use]
pub fn is_running(catalog: &Catalog, api: &ApiEntry, window: &Window, now: Timestamp) -> bool {
    let paused = api.pause || catalog.control().brownouts_paused(&api.name);
    window.is_open(now) && !paused && !api.dry_run && !window.dry_run
}
