//! Hears when a config may have changed: its files, and SIGHUP.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::fingerprint::Fingerprint;
use crate::config::SourceMap;

/// As many links as Linux follows on the way to one file.
const LINKS: usize = 40;

/// The folders of all files. A file that is replaced (editors, Kubernetes' config maps) is another one afterwards, so the file
/// itself cannot be watched.
pub(super) struct Folders {
    watcher: Option<RecommendedWatcher>,
    /// When each was made: one that was removed and made again is not watched any more.
    watched: BTreeMap<PathBuf, Option<SystemTime>>,
    /// Those that cannot be watched; each is reported once.
    unwatched: BTreeSet<PathBuf>,
    /// For the thread that hears of changes.
    places: Arc<ArcSwap<WatchedPaths>>,
}

/// What in these folders belongs to the config. Other files there may change with every request, such as an access log, and
/// with every look, such as the log that it is reported in.
#[derive(Debug, Default)]
struct WatchedPaths {
    folders: BTreeSet<PathBuf>,
    /// Names of files and of links on the way to them. By name alone: some systems report changes with another path than
    /// the one that is watched.
    names: BTreeSet<OsString>,
    patterns: BTreeSet<String>,
}

/// SIGHUP, where there are signals.
pub(super) struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

// === impl Folders ===

impl Folders {
    pub(super) fn new(changed: mpsc::Sender<()>) -> Self {
        let places = Arc::<ArcSwap<WatchedPaths>>::default();
        let known = Arc::clone(&places);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| known.load().have(&event)) {
                // A change that is waiting already stands for this one too.
                let _ = changed.try_send(());
            }
        });
        let watcher = watcher.inspect_err(|error| report(Path::new("."), error)).ok();
        Self { watcher, watched: BTreeMap::new(), unwatched: BTreeSet::new(), places }
    }

    /// Watches the folders of these files, and no others. Says whether there is one that was not watched before.
    pub(super) fn watch(&mut self, seen: &Fingerprint) -> bool {
        let Some(watcher) = &mut self.watcher else { return false };
        let places = WatchedPaths::of(seen.places());
        let wanted: BTreeMap<PathBuf, Option<SystemTime>> =
            places.folders.iter().map(|folder| (folder.clone(), made(folder))).collect();
        self.places.store(Arc::new(places));
        self.watched.retain(|folder, made| {
            let stays = wanted.get(folder) == Some(&*made);
            if !stays {
                // One that is gone needs no end.
                let _ = watcher.unwatch(folder);
            }
            stays
        });
        let mut any = false;
        for (folder, made) in wanted {
            if self.watched.contains_key(&folder) {
                continue;
            }
            match watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.unwatched.remove(&folder);
                    self.watched.insert(folder, made);
                    any = true;
                }
                Err(error) => {
                    if self.unwatched.insert(folder.clone()) {
                        report(&folder, &error);
                    }
                }
            }
        }
        any
    }
}

fn report(folder: &Path, error: &notify::Error) {
    tracing::warn!(folder = %folder.display(), %error, "cannot watch a directory of the config; polling it");
}

fn made(folder: &Path) -> Option<SystemTime> {
    fs::metadata(folder).and_then(|meta| meta.created()).ok()
}

// === impl WatchedPaths ===

impl WatchedPaths {
    fn of<'p>(paths: impl Iterator<Item = &'p Path>) -> Self {
        let mut places = Self::default();
        for path in paths.flat_map(trail) {
            let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { continue };
            places.folders.insert(folder.to_owned());
            match name.to_str() {
                Some(pattern) if pattern.contains('*') => drop(places.patterns.insert(pattern.to_owned())),
                _ => drop(places.names.insert(name.to_owned())),
            }
        }
        places
    }

    /// Whether an event may be a change of the config.
    fn have(&self, event: &notify::Event) -> bool {
        if event.kind.is_access() {
            return false;
        }
        // Some were lost.
        event.need_rescan() || event.paths.is_empty() || event.paths.iter().any(|path| self.has(path))
    }

    fn has(&self, path: &Path) -> bool {
        let Some(name) = path.file_name() else { return true };
        let matches = |name: &str| self.patterns.iter().any(|pattern| SourceMap::is_match(pattern, name));
        self.names.contains(name) || self.folders.contains(path) || name.to_str().is_some_and(matches)
    }
}

/// Where a path leads to, with no link in it, and each link on the way. Kubernetes exchanges the files of a config map by
/// renaming such a link.
fn trail(path: &Path) -> Vec<PathBuf> {
    let mut trail = Vec::new();
    let mut path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    while trail.len() < LINKS
        && let Some((link, next)) = followed(&path)
    {
        trail.push(link);
        path = next;
    }
    trail.push(path);
    trail
}

/// The first link in a path, and the path without it.
fn followed(path: &Path) -> Option<(PathBuf, PathBuf)> {
    let mut at = PathBuf::new();
    let mut parts = path.components();
    while let Some(part) = parts.next() {
        at.push(part);
        if let Ok(target) = fs::read_link(&at) {
            let folder = at.parent().unwrap_or(Path::new("/"));
            let next: PathBuf = folder.join(target).components().chain(parts).collect();
            return Some((at, next));
        }
    }
    None
}

// === impl Hangup ===

impl Hangup {
    pub(super) fn new() -> Self {
        Self {
            #[cfg(unix)]
            signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok(),
        }
    }

    /// Listens for nothing.
    pub(super) const fn never() -> Self {
        Self {
            #[cfg(unix)]
            signal: None,
        }
    }

    pub(super) async fn recv(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal {
            signal.recv().await;
            return;
        }
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{
        AccessKind, CreateKind, DataChange, Event, EventKind, Flag, ModifyKind, RemoveKind, RenameMode,
    };

    use super::*;

    #[test]
    fn only_changes_of_the_config_count() {
        let [create, write, rename, remove, read] = [
            EventKind::Create(CreateKind::File),
            EventKind::Modify(ModifyKind::Data(DataChange::Any)),
            EventKind::Modify(ModifyKind::Name(RenameMode::To)),
            EventKind::Remove(RemoveKind::Any),
            EventKind::Access(AccessKind::Any),
        ];
        let paths = ["/etc/sunward/main.toml", "/etc/sunward/apis/*.toml", "/etc/tls/chain.pem"];
        let places = WatchedPaths::of(paths.iter().map(Path::new));
        let rows = [
            (write, "/etc/sunward/main.toml", true),
            (rename, "/etc/sunward/main.toml", true),
            (remove, "/etc/sunward/main.toml", true),
            (read, "/etc/sunward/main.toml", false),
            (write, "/private/etc/sunward/main.toml", true),
            (create, "/etc/sunward/apis/new.toml", true),
            (remove, "/etc/sunward/apis/old.toml", true),
            (create, "/etc/sunward/apis/.#new.toml", false),
            (create, "/etc/sunward/apis/new.toml~", false),
            (write, "/etc/tls/chain.pem", true),
            (write, "/etc/tls/other.pem", false),
            (write, "/etc/sunward/access.log", false),
            (create, "/etc/sunward/main.toml.1", false),
            (write, "/etc/sunward/state/acts.json", false),
            (remove, "/etc/sunward/apis", true),
            (remove, "/etc/sunward", true),
        ];
        let mut wrong = Vec::new();
        for (kind, path, expected) in rows {
            if places.have(&Event::new(kind).add_path(path.into())) != expected {
                wrong.push((kind, path, expected));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(places.have(&Event::new(EventKind::Other).set_flag(Flag::Rescan)), "some were lost");
    }

    #[cfg(unix)]
    #[test]
    fn links_on_the_way_count_too() {
        use std::os::unix::fs::symlink;
        let root = std::env::temp_dir().join(format!("sunward-trail-{}", std::process::id()));
        let root = fs::create_dir_all(&root).and_then(|()| fs::canonicalize(&root)).expect("a folder");
        for folder in ["map/..1", "deep/er"] {
            fs::create_dir_all(root.join(folder)).expect("a folder");
        }
        fs::write(root.join("map/..1/a.toml"), "").expect("written");
        for (target, link) in [
            ("..1", "map/..data"),
            ("..data/a.toml", "map/a.toml"),
            ("map", "current"),
            ("../../map/a.toml", "deep/er/b.toml"),
            ("er/", "deep/slash"),
            ("round", "round"),
        ] {
            symlink(target, root.join(link)).expect("a link");
        }
        symlink(root.join("current/a.toml"), root.join("absolute.toml")).expect("a link");
        let rows: [(&str, &[&str]); 6] = [
            ("map/a.toml", &["map/a.toml", "map/..data", "map/..1/a.toml"]),
            ("current/a.toml", &["current", "map/a.toml", "map/..data", "map/..1/a.toml"]),
            ("absolute.toml", &["absolute.toml", "current", "map/a.toml", "map/..data", "map/..1/a.toml"]),
            ("deep/er/none.toml", &["deep/er/none.toml"]),
            ("deep/slash/*.toml", &["deep/slash", "deep/er/*.toml"]),
            ("none/a.toml", &["none/a.toml"]),
        ];
        let mut wrong = Vec::new();
        for (path, expected) in rows {
            let found = trail(&root.join(path));
            if found != expected.iter().map(|path| root.join(path)).collect::<Vec<_>>() {
                wrong.push((path, found));
            }
        }
        let (relative, endless) = (trail(&root.join("deep/er/b.toml")), trail(&root.join("round")));
        fs::remove_dir_all(&root).expect("removed");
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(relative.iter().any(|path| path.ends_with("..data")), "{relative:?}");
        assert_eq!(endless.len(), LINKS + 1);
    }
}
