//! Rolls the files of a config back to a kept revision, whether or not a gateway runs.

use std::path::{Path, PathBuf};

use super::load::{LoadError, environment, load, load_at, open};
use super::reload::{InUse, in_use};
use super::state::{self, Deed, Revision, Revisions, State, Who};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Sources};

/// The revisions of a config file, and the way back to one.
#[derive(Debug)]
pub struct Rollback {
    path: PathBuf,
    state: PathBuf,
    now: Sources,
    revisions: Vec<Revision>,
}

/// Why nothing was rolled back.
#[derive(Debug)]
#[non_exhaustive]
pub enum RollbackError {
    /// The config file cannot be read.
    Unreadable(LoadError),
    /// Neither the file nor the arguments say where revisions are kept.
    NoState,
    /// There is no such revision; these there are.
    NoRevision(Vec<u64>),
    /// The revision may not be served as things stand now.
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
    /// The file cannot be read, or no folder is named.
    pub fn open(path: &Path, state: Option<PathBuf>) -> Result<Self, RollbackError> {
        let now = open(path, &|text| text).map_err(RollbackError::Unreadable)?;
        let named = || config::read_all(&now, &environment).0?.gateway.state;
        let state = state.or_else(named).ok_or(RollbackError::NoState)?;
        let revisions = Revisions::within(&state).list();
        Ok(Self { path: path.to_owned(), state, now, revisions })
    }

    /// All that are kept, oldest first, and whether each is what stands in the files.
    pub fn revisions(&self) -> impl Iterator<Item = (&Revision, bool)> {
        let tag = state::tag(&self.now);
        self.revisions.iter().map(move |revision| (revision, revision.tag() == tag))
    }

    /// Writes the texts of revision `to`, or of the latest that is not what stands in the files, to where they came
    /// from. Says what was done, a line for each file.
    ///
    /// # Errors
    /// There is none, it may not be served, it drops versions that are in use and is not forced to, or a file cannot be
    /// written.
    pub fn run(&self, to: Option<u64>, force: bool, by: &str) -> Result<Vec<String>, RollbackError> {
        let mut newest_first = self.revisions().collect::<Vec<_>>().into_iter().rev();
        let wanted = newest_first.find(|(revision, is_now)| to.map_or(!is_now, |number| revision.number() == number));
        let known = || self.revisions.iter().map(Revision::number).collect();
        let (revision, _) = wanted.ok_or_else(|| RollbackError::NoRevision(known()))?;
        let texts = state::target(revision, &self.path).map_err(RollbackError::Io)?;
        let loaded = load(&texts, &environment).map_err(RollbackError::Findings)?;
        let state = State::open(Some(&self.state));
        let now = SystemClock.now();
        if !force && let Ok(old) = load_at(&self.now, &environment, now) {
            let protect = old.gateway.protect;
            let used = in_use(&old.catalog, &loaded.catalog, &state.traffic, protect, now);
            if !used.is_empty() {
                return Err(RollbackError::InUse(used.iter().map(InUse::to_string).collect()));
            }
        }
        let mut done = vec![format!("rolled back to revision {}, of {}", revision.number(), revision.time())];
        done.extend(state::restore(&texts, &self.now).map_err(RollbackError::Io)?);
        let who = Who { by: by.to_owned(), via: "command".to_owned(), reason: String::new() };
        let target = format!("{} to revision {}", self.path.display(), revision.number());
        state.audit.record(&who, &Deed { what: "rollback", target }, now);
        Ok(done)
    }
}

// === impl RollbackError ===

impl std::fmt::Display for RollbackError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(error) | Self::Findings(error) => error.fmt(f),
            Self::NoState => f.write_str("no revisions are kept: the file has no key `state`; say `--state`"),
            Self::NoRevision(known) => write!(f, "there is no such revision; there are {known:?}"),
            Self::InUse(list) => write!(f, "what it drops is in use: {}; say `--force`", list.join("; ")),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RollbackError {}
