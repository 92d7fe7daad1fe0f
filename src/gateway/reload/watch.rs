//! Hears when a config may have changed: its folders, and SIGHUP.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::config::Sources;

/// The folders of all texts. A file that is replaced (editors, Kubernetes' config maps) is another one afterwards, so
/// the file itself cannot be watched.
pub(super) struct Folders {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
}

/// SIGHUP, where there are signals.
pub(super) struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

// === impl Folders ===

impl Folders {
    pub(super) fn new(changed: mpsc::Sender<()>) -> Self {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| !event.kind.is_access()) {
                // A change that is waiting already stands for this one too.
                let _ = changed.try_send(());
            }
        });
        let watcher = watcher.inspect_err(|error| unwatched(Path::new("."), error)).ok();
        Self { watcher, watched: BTreeSet::new() }
    }

    /// Watches the folders of these texts, and no others.
    pub(super) fn watch(&mut self, sources: &Sources) {
        let Some(watcher) = &mut self.watcher else { return };
        let wanted: BTreeSet<PathBuf> = sources.folders().map(Path::to_owned).collect();
        for folder in self.watched.difference(&wanted) {
            // One that is gone needs no end.
            let _ = watcher.unwatch(folder);
        }
        self.watched.retain(|folder| wanted.contains(folder));
        for folder in wanted {
            if !self.watched.contains(&folder) {
                match watcher.watch(&folder, RecursiveMode::NonRecursive) {
                    Ok(()) => drop(self.watched.insert(folder)),
                    Err(error) => unwatched(&folder, &error),
                }
            }
        }
    }
}

fn unwatched(folder: &Path, error: &notify::Error) {
    tracing::warn!(folder = %folder.display(), %error, "a folder of the config cannot be watched, it is polled");
}

pub(super) fn hangup() -> Hangup {
    Hangup {
        #[cfg(unix)]
        signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok(),
    }
}

// === impl Hangup ===

impl Hangup {
    pub(super) async fn recv(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal {
            signal.recv().await;
            return;
        }
        std::future::pending().await
    }
}
