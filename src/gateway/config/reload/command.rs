//! What operators may ask of the one who owns the config.

use tokio::sync::{mpsc, oneshot};

use super::compare::InUse;
use crate::gateway::config::load::LoadError;
use crate::gateway::state::Actor;

/// What is asked.
#[derive(Debug)]
pub(in crate::gateway) enum ReloadCommand {
    /// Another text for the main file, if what is served still has one of these tags.
    Put { text: String, tags: IfMatch },
    /// Reads the files again.
    Reload,
    /// The texts of a kept revision; without a number, of the one before what is served.
    Rollback { to: Option<u64> },
}

/// Which config an asker knows.
#[derive(Clone, Debug)]
pub(in crate::gateway) enum IfMatch {
    Any,
    These(Vec<String>),
}

/// What is asked, by whom, and whom to tell.
#[derive(Debug)]
pub(in crate::gateway) struct Envelope {
    pub(super) ask: ReloadCommand,
    pub(super) actor: Actor,
    /// Versions that are in use may be dropped.
    pub(super) force: bool,
    pub(super) reply: oneshot::Sender<Result<Reloaded, ReloadError>>,
}

/// Reaches the task that owns the config: all changes of it go through one queue.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct ReloadHandle {
    commands: mpsc::Sender<Envelope>,
}

/// The config that is served now.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Reloaded {
    pub(in crate::gateway) tag: String,
    pub(in crate::gateway) changes: Vec<String>,
    /// The same texts were served before, for example since the watcher had taken them from the files.
    pub(in crate::gateway) already: bool,
    /// What became of files, a line each.
    pub(in crate::gateway) files: Vec<String>,
    /// The revision that was gone back to.
    pub(in crate::gateway) restores: Option<u64>,
}

/// Why the config that is served stays.
#[derive(Debug)]
pub(in crate::gateway) enum ReloadError {
    /// It is another one than the asker knows.
    Changed { tag: String },
    /// It may not be served.
    Findings(LoadError),
    /// Versions that it drops are in use; `again` is the request that drops them all the same.
    InUse { list: Vec<InUse>, again: &'static str },
    /// There is no revision with this number; these there are.
    NoRevision { to: u64, known: Vec<u64> },
    /// Nothing older than what is served is kept; these revisions there are.
    Oldest { known: Vec<u64> },
    /// No revisions are kept.
    NoState,
    /// The config was given as a value, and has no text to read again.
    NoText,
    /// A file.
    Io(&'static str, std::io::Error),
    /// The gateway ends.
    Stopping,
}

/// The request that has the files read again.
pub(super) const RELOAD: &str = "POST /config/reload";
/// Few ask at once.
const WAITING: usize = 16;

// === impl ReloadHandle ===

impl ReloadHandle {
    pub(in crate::gateway) fn new() -> (Self, mpsc::Receiver<Envelope>) {
        let (commands, received) = mpsc::channel(WAITING);
        (Self { commands }, received)
    }

    /// Sends a command and waits for its result. The command runs even if the caller stops waiting.
    pub(in crate::gateway) async fn ask(
        &self,
        ask: ReloadCommand,
        actor: Actor,
        force: bool,
    ) -> Result<Reloaded, ReloadError> {
        let (reply, told) = oneshot::channel();
        let sent = self.commands.send(Envelope { ask, actor, force, reply }).await;
        sent.map_err(|_| ReloadError::Stopping)?;
        told.await.unwrap_or(Err(ReloadError::Stopping))
    }
}

// === impl IfMatch ===

impl IfMatch {
    pub(in crate::gateway) fn has(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => tags.iter().any(|known| known == tag),
        }
    }
}

// === impl ReloadCommand ===

impl ReloadCommand {
    /// For the audit.
    pub(super) const fn what(&self) -> &'static str {
        match self {
            Self::Put { .. } => "put",
            Self::Reload => "reload",
            Self::Rollback { .. } => "rollback",
        }
    }

    /// The request that asks for it.
    pub(super) const fn request(&self) -> &'static str {
        match self {
            Self::Put { .. } => "PUT /config",
            Self::Reload => RELOAD,
            Self::Rollback { .. } => "POST /rollback",
        }
    }
}

impl std::fmt::Display for ReloadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Changed { tag } => write!(f, "the running config has the tag {tag}"),
            Self::Findings(error) => error.fmt(f),
            Self::InUse { list, again } => {
                let list: Vec<String> = list.iter().map(ToString::to_string).collect();
                let list = list.join("; ");
                write!(
                    f,
                    "it drops versions in use: {list}; to drop them anyway, send \
                     `{again}?force=true&by=NAME&reason=WHY` to the admin listener"
                )
            }
            Self::NoRevision { to, known } => write!(f, "unknown revision {to}; known: {known:?}"),
            Self::Oldest { known } => {
                write!(f, "no earlier revision is kept; known: {known:?}: choose one with `to`")
            }
            Self::NoState => f.write_str("no revisions are kept: the config has no `state`"),
            Self::NoText => f.write_str("the config was given as a value: it has no text to read again"),
            Self::Io(what, error) => write!(f, "{what}: {error}"),
            Self::Stopping => f.write_str("the gateway is shutting down"),
        }
    }
}
