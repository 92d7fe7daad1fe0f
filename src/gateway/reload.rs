//! Watches the config file, and swaps the snapshot when a new text is good.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::app::Rewrite;
use super::forward::Connections;
use super::load::{LoadError, load};
use super::snapshot::{Current, Snapshot};
use crate::catalog::Control;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::names;

/// Editors write in several steps; the text is read when they are done.
const SETTLE: Duration = Duration::from_millis(200);
/// Some file systems tell nobody.
const POLL: Duration = Duration::from_secs(30);

/// What a reload needs.
pub(super) struct Reloader {
    pub(super) path: PathBuf,
    pub(super) rewrite: Option<Rewrite>,
    pub(super) current: Current,
    pub(super) control: Control,
    pub(super) connections: Connections,
    /// The text that is being served, or was refused last.
    pub(super) seen: String,
}

/// Reads the text of a file, as it is to be parsed.
pub(super) fn read(path: &Path, rewrite: Option<&Rewrite>) -> Result<String, LoadError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(rewrite.map_or(text.clone(), |rewrite| rewrite(text))),
        Err(error) => {
            let mut found = Diagnostics::new();
            found.push(Diagnostic::error("unreadable", format!("cannot be read: {error}"), Span::NONE));
            Err(LoadError { path: path.to_owned(), source: String::new(), found })
        }
    }
}

// === impl Reloader ===

impl Reloader {
    /// Runs until it is dropped. Signals and changes of the file are taken alike: read, build, then swap.
    pub(super) async fn run(mut self) {
        let (changed, mut changes) = mpsc::channel(1);
        let _watcher = watch(&self.path, changed.clone());
        let mut hangup = hangup();
        loop {
            let forced = tokio::select! {
                _ = changes.recv() => { tokio::time::sleep(SETTLE).await; false }
                () = hangup.recv() => true,
                () = tokio::time::sleep(POLL) => false,
            };
            while changes.try_recv().is_ok() {}
            self.reload(forced);
        }
    }

    fn reload(&mut self, forced: bool) {
        let text = match read(&self.path, self.rewrite.as_ref()) {
            Ok(text) if text == self.seen && !forced => return,
            Ok(text) => text,
            Err(error) => return self.reject(&error),
        };
        self.seen.clone_from(&text);
        match load(&self.path, text) {
            Ok(loaded) => {
                self.current.swap(Snapshot::new(loaded, &self.control, self.connections.clone()));
                names::reloads("accepted").increment(1);
                tracing::info!(path = %self.path.display(), "the config was reloaded");
            }
            Err(error) => self.reject(&error),
        }
    }

    /// What is served stays.
    fn reject(&self, error: &LoadError) {
        names::reloads("rejected").increment(1);
        tracing::error!("the new config was refused, the old one stays:\n{error}");
    }
}

/// Watches the folder: a file that is replaced (editors, Kubernetes' config maps) is another one afterwards.
fn watch(path: &Path, changed: mpsc::Sender<()>) -> Option<Arc<dyn Send + Sync>> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| !event.kind.is_access()) {
            // A change that is waiting already stands for this one too.
            let _ = changed.try_send(());
        }
    })
    .inspect_err(|error| tracing::warn!(%error, "the config file cannot be watched, it is polled"))
    .ok()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match watcher.watch(folder, RecursiveMode::NonRecursive) {
        Ok(()) => Some(Arc::new(std::sync::Mutex::new(watcher))),
        Err(error) => {
            tracing::warn!(%error, "the config file cannot be watched, it is polled");
            None
        }
    }
}

/// SIGHUP, where there are signals.
struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

fn hangup() -> Hangup {
    Hangup {
        #[cfg(unix)]
        signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok(),
    }
}

// === impl Hangup ===

impl Hangup {
    async fn recv(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal {
            signal.recv().await;
            return;
        }
        std::future::pending().await
    }
}
