//! Watches the config file and those that it includes, and swaps the snapshot when a new text is good.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::access::Log;
use super::app::{Rewrite, Shared, Variables};
use super::load::{LoadError, Loaded, load, open};
use super::snapshot::Snapshot;
use super::telemetry;
use super::tls::{self, ServerTls, Stamps};
use crate::config::{GatewaySpec, Sources};
use crate::names;

/// Editors write in several steps; the text is read when they are done.
const SETTLE: Duration = Duration::from_millis(200);
/// Some file systems tell nobody.
const POLL: Duration = Duration::from_secs(30);

/// What a reload needs.
pub(super) struct Reloader {
    pub(super) path: PathBuf,
    pub(super) rewrite: Option<Rewrite>,
    pub(super) variables: Variables,
    pub(super) shared: Shared,
    /// The server's side of TLS, if there was one at the start.
    pub(super) tls: Option<ServerTls>,
    /// The state of its files.
    pub(super) stamps: Stamps,
    /// What is served now.
    pub(super) served: GatewaySpec,
    /// The texts that are being served, or were refused last.
    pub(super) seen: Sources,
}

/// The folders of all texts. A file that is replaced (editors, Kubernetes' config maps) is another one afterwards, so
/// the file itself cannot be watched.
struct Folders {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
}

/// Reads the texts of a file and of those that it includes, as they are to be parsed.
pub(super) fn read(path: &Path, rewrite: Option<&Rewrite>) -> Result<Sources, LoadError> {
    open(path, &|text| match rewrite {
        Some(rewrite) => rewrite(text),
        None => text,
    })
}

// === impl Reloader ===

impl Reloader {
    /// Runs until it is dropped. Signals and changes of the file are taken alike: read, build, then swap.
    pub(super) async fn run(mut self) {
        let (changed, mut changes) = mpsc::channel(1);
        let mut folders = Folders::new(changed.clone());
        let mut hangup = hangup();
        self.stamps = self.served.tls.as_ref().map(tls::stamps).unwrap_or_default();
        loop {
            folders.watch(&self.seen);
            let forced = tokio::select! {
                _ = changes.recv() => { tokio::time::sleep(SETTLE).await; false }
                () = hangup.recv() => true,
                () = tokio::time::sleep(POLL) => false,
            };
            while changes.try_recv().is_ok() {}
            self.reload(forced || self.certificates_changed());
        }
    }

    fn reload(&mut self, forced: bool) {
        match read(&self.path, self.rewrite.as_ref()) {
            Ok(sources) if sources == self.seen && !forced => return,
            Ok(sources) => self.seen = sources,
            Err(error) => return self.reject(&error),
        }
        match load(&self.seen, &*self.variables) {
            Ok(loaded) => self.accept(loaded, forced),
            Err(error) => self.reject(&error),
        }
    }

    fn accept(&mut self, loaded: Loaded, forced: bool) {
        let log = match self.log(&loaded.gateway, forced) {
            Ok(log) => log,
            Err(error) => {
                names::reloads("rejected").increment(1);
                return tracing::error!(%error, "the new access log cannot be opened, the old config stays");
            }
        };
        if needs_restart(&self.served, &loaded.gateway) {
            tracing::warn!("listeners, workers, time-outs of clients and limits of connections change with a restart");
        }
        if let (Some(tls), Some(config)) = (&self.tls, &loaded.tls) {
            tls.swap(Arc::clone(config));
        }
        self.stamps = loaded.gateway.tls.as_ref().map(tls::stamps).unwrap_or_default();
        self.served = loaded.gateway.clone();
        let Shared { current, control, registry, .. } = &self.shared;
        current.swap(Snapshot::new(loaded, control, registry, log));
        names::reloads("accepted").increment(1);
        names::config_accepted().set(telemetry::now());
        tracing::info!(path = %self.path.display(), "the config was reloaded");
    }

    /// The log that is open, if it is the one that is asked for. A signal also means that it was moved away.
    fn log(&self, spec: &GatewaySpec, reopen: bool) -> std::io::Result<Option<Log>> {
        let Some(spec) = &spec.access_log else { return Ok(None) };
        let open = self.shared.current.load().settings.log.clone().filter(|log| log.is(spec));
        match open {
            Some(log) => {
                if reopen {
                    log.reopen();
                }
                Ok(Some(log))
            }
            None => Log::open(spec).map(Some),
        }
    }

    fn certificates_changed(&self) -> bool {
        self.served.tls.as_ref().is_some_and(|spec| tls::stamps(spec) != self.stamps)
    }

    /// What is served stays.
    fn reject(&self, error: &LoadError) {
        names::reloads("rejected").increment(1);
        tracing::error!("the new config was refused, the old one stays:\n{error}");
    }
}

/// Whether something changed that is only read at the start.
fn needs_restart(old: &GatewaySpec, new: &GatewaySpec) -> bool {
    let places = |spec: &GatewaySpec| {
        let tls = spec.tls.iter().flat_map(|tls| &tls.listen);
        let all = spec.listen.iter().chain(tls).chain([&spec.admin]).map(|listen| listen.value.clone());
        all.collect::<Vec<_>>()
    };
    let clients = |spec: &GatewaySpec| {
        let times = &spec.timeouts;
        let limits = &spec.limits;
        let times = (times.client_head, times.client_idle, times.client_send);
        (times, limits.connections, limits.streams, limits.memory_bytes, spec.workers)
    };
    places(old) != places(new) || clients(old) != clients(new) || old.tls.is_some() != new.tls.is_some()
}

// === impl Folders ===

impl Folders {
    fn new(changed: mpsc::Sender<()>) -> Self {
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
    fn watch(&mut self, sources: &Sources) {
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
