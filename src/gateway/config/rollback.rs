//! Rolls the files of a config back to a kept revision, whether or not a gateway runs.

use std::path::{Path, PathBuf};

use super::load::{LoadError, environment, load, load_at, open};
use super::reload::{InUse, in_use};
use crate::clock::{SharedClock, Timestamp};
use crate::config::{self, GatewaySpec, LedgerSpec, SourceMap};
use crate::gateway::state::{self, Actor, AuditAction, Revision, Revisions, Store};

/// The revisions of a config file, and the way back to one.
#[derive(Debug)]
pub struct Rollback {
    path: PathBuf,
    state: PathBuf,
    now: SourceMap,
    revisions: Vec<Revision>,
}

/// What is asked of a [`Rollback`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RollbackTo {
    /// The number of the revision; without one, the one before what is in the files.
    pub number: Option<u64>,
    /// Whether versions that are in use may be dropped.
    pub force: bool,
    /// Who runs the rollback, for the audit log.
    pub by: String,
    /// Why, for the audit.
    pub reason: String,
}

/// Why nothing was rolled back.
#[derive(Debug)]
#[non_exhaustive]
pub enum RollbackError {
    /// The config file cannot be read.
    Unreadable(LoadError),
    /// Neither the file nor the arguments say where revisions are kept.
    NoState,
    /// The file is not TOML, so whether it sets `state` cannot be known.
    NotToml,
    /// There is no revision with this number; these there are.
    NoRevision(u64, Vec<u64>),
    /// Nothing older than what is in the files is kept; these revisions there are.
    Oldest(Vec<u64>),
    /// The revision may not be served now.
    Findings(LoadError),
    /// It does not have versions that are in use: a line for each.
    InUse(Vec<String>),
    /// A file cannot be read or written.
    Io(std::io::Error),
}

// === impl Rollback ===

impl Rollback {
    /// Finds the revisions of the file at `path`: in the folder `state`, or in the one that the file names.
    ///
    /// # Errors
    /// No folder is named, neither here nor by a file that can be read.
    pub fn open(path: &Path, state: Option<PathBuf>) -> Result<Self, RollbackError> {
        let now = match (open(path, &|text| text), &state) {
            (Ok(now), _) => now,
            // A file that is gone can be brought back all the same.
            (Err(_), Some(_)) => SourceMap::default(),
            (Err(error), None) => return Err(RollbackError::Unreadable(error)),
        };
        let named = || {
            let config = config::read_all(&now, &environment).0.ok_or(RollbackError::NotToml)?;
            config.gateway.state.map(|state| state.value).ok_or(RollbackError::NoState)
        };
        let state = state.map_or_else(named, Ok)?;
        let revisions = Revisions::within(&state).list();
        Ok(Self { path: path.to_owned(), state, now, revisions })
    }

    /// All that are kept, oldest first.
    pub fn revisions(&self) -> impl Iterator<Item = &Revision> {
        self.revisions.iter()
    }

    /// The number of the revision whose texts are in the files.
    #[must_use]
    pub fn current(&self) -> Option<u64> {
        let tag = state::tag(&self.now);
        self.revisions.iter().rev().find(|revision| revision.tag() == tag).map(Revision::number)
    }

    /// The number of the revision that [`Rollback::run`] goes to where none is named: the latest that was served before
    /// what is in the files. After a rollback that counts from the revision that was brought back: rolling back twice goes
    /// back two revisions, and never to the one that the first rollback left.
    #[must_use]
    pub fn before(&self) -> Option<u64> {
        state::before(&self.revisions, &state::tag(&self.now)).map(Revision::number)
    }

    /// Writes the texts of a revision to where they came from. Returns what was done, a line for each file.
    ///
    /// # Errors
    /// There is no such revision, it may not be served, it drops versions that are in use and is not forced to, or a file
    /// cannot be written.
    pub fn run(&self, to: &RollbackTo) -> Result<Vec<String>, RollbackError> {
        let known = || self.revisions.iter().map(Revision::number).collect();
        let none = || match to.number {
            Some(number) => RollbackError::NoRevision(number, known()),
            None => RollbackError::Oldest(known()),
        };
        let number = to.number.or_else(|| self.before());
        let revision = self.revisions.iter().find(|revision| Some(revision.number()) == number).ok_or_else(none)?;
        let texts = state::target(revision, &self.path).map_err(RollbackError::Io)?;
        let loaded = load(&texts, &environment).map_err(RollbackError::Findings)?;
        let state = Store::open(Some(&self.state), &LedgerSpec::default(), SharedClock::default());
        let now = state.now();
        let served = self.served();
        let used = self.in_use(&served, &loaded.catalog, &state, now);
        if !to.force && !used.is_empty() {
            return Err(RollbackError::InUse(used.iter().map(InUse::to_string).collect()));
        }
        let mut done = vec![format!("rolled back to revision {}, of {}", revision.number(), revision.time())];
        done.extend(state::restore(&texts, &self.now, &served).map_err(RollbackError::Io)?);
        let actor = Actor { by: to.by.clone(), via: "command".to_owned(), reason: to.reason.clone() };
        if let Some(revisions) = &state.revisions {
            revisions.keep(&texts, &actor, Some(revision.origin()), loaded.gateway.revisions, now);
        }
        let forced: Vec<String> = used.iter().map(InUse::to_string).collect();
        let forced = if used.is_empty() { String::new() } else { format!(", forced to drop {}", forced.join("; ")) };
        let target = format!("{} to revision {}{forced}", self.path.display(), revision.number());
        state.audit.record(&actor, &AuditAction { what: "rollback", target }, now);
        Ok(done)
    }

    /// What was served last: the latest revision. What is in the files may never have been.
    fn served(&self) -> SourceMap {
        let last = self.revisions.last().map(|revision| state::target(revision, &self.path));
        last.and_then(Result::ok).unwrap_or_else(|| self.now.clone())
    }

    fn in_use(&self, served: &SourceMap, new: &crate::catalog::Catalog, state: &Store, now: Timestamp) -> Vec<InUse> {
        let Ok(old) = load_at(served, &environment, now) else { return Vec::new() };
        // As the file says, if it can be read: the revision may be older than the wish for protection.
        let spec: Option<GatewaySpec> = config::read_all(&self.now, &environment).0.map(|config| config.gateway);
        let protect = spec.map_or(old.gateway.protect, |spec| spec.protect);
        in_use(&old.catalog, new, &state.traffic, protect, now)
    }
}

// === impl RollbackTo ===

impl RollbackTo {
    /// A rollback to the revision before, asked for by `by` because of `reason`.
    #[must_use]
    pub fn new(by: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { number: None, force: false, by: by.into(), reason: reason.into() }
    }

    /// To the revision with this number.
    #[must_use]
    pub fn with_number(mut self, number: u64) -> Self {
        self.number = Some(number);
        self
    }

    /// Versions that are in use may be dropped.
    #[must_use]
    pub fn with_force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }
}

// === impl RollbackError ===

impl std::fmt::Display for RollbackError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(error) | Self::Findings(error) => error.fmt(f),
            Self::NoState => f.write_str("no revisions are kept: the config has no `state`; add it, or pass `--state`"),
            Self::NotToml => f.write_str("the config is not valid TOML, so `state` cannot be read; pass `--state`"),
            Self::NoRevision(number, known) => write!(f, "unknown revision {number}; known: {known:?}"),
            Self::Oldest(known) => write!(f, "no earlier revision is kept; known: {known:?}: choose one with `--to`"),
            Self::InUse(list) => {
                write!(f, "it drops versions in use: {}; to drop them anyway, pass `--force`", list.join("; "))
            }
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RollbackError {}
