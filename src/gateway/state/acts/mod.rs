//! The acts in effect: what operators began and have not reverted. With a `state` folder they outlive the process.
//!
//! | file | what |
//! |---|---|
//! | `change` | what operators ask for |
//! | `format` | the file, read and written |
//! | `shared` | the acts that all replicas know |

mod change;
mod format;
#[cfg(feature = "postgres")]
mod shared;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::audit::Actor;
use super::files;
use crate::catalog::{Act, Catalog, Control};
use crate::clock::Timestamp;
use crate::gateway::back::pool::Pool;
pub(in crate::gateway) use change::{ActChange, ActRefused};
use format::ActsRead;

/// The acts in effect. Clones share them; they outlive every config.
#[derive(Clone, Debug, Default)]
pub(in crate::gateway) struct Acts {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// It has those on apis and versions.
    control: Control,
    /// An instance has one only while a config names it: these are of all.
    drains: Mutex<Drains>,
    file: Option<Mutex<ActsFile>>,
    #[cfg(feature = "postgres")]
    shared: Mutex<shared::SharedActs>,
}

/// Where they are kept. It is written whole: of two processes with one folder, the later word is believed.
#[derive(Debug)]
struct ActsFile {
    path: PathBuf,
    /// Its content.
    text: String,
}

/// The drains, by upstream and the instance's URL.
type Drains = BTreeMap<(String, String), Drain>;

/// What an instance is drained for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Drain {
    at: Timestamp,
    by: String,
    reason: String,
}

/// Whether the next process will know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) enum Persisted {
    Yes,
    /// There is no folder.
    No,
    /// The folder cannot be written.
    Failed,
}

/// The name of the file.
const FILE: &str = "acts.json";

// === impl Acts ===

impl Acts {
    /// Lets those hold that an earlier process wrote down. A file that cannot be read, or only in part, is set aside.
    pub(super) fn open(folder: Option<&Path>, control: &Control, now: Timestamp) -> Self {
        let Some(path) = folder.map(|folder| folder.join(FILE)) else {
            return Self::new(control, Drains::new(), None, false);
        };
        let ActsRead { acts, drains, shared, wrong } = match fs::read(&path) {
            Ok(text) => format::read(&text, now),
            Err(error) if error.kind() == io::ErrorKind::NotFound => ActsRead::default(),
            Err(error) => ActsRead { wrong: vec![error.to_string()], ..ActsRead::default() },
        };
        let count = acts.len() + drains.len();
        control.restore(acts);
        let free = wrong.is_empty() || set_aside(&path, &wrong, count);
        let acts = Self::new(control, drains, free.then_some(path), shared);
        if count > 0 {
            tracing::info!(count, "restored acts of an earlier process");
        }
        match &acts.inner.file {
            // What could be read of it has no file now.
            Some(_) if !wrong.is_empty() && count > 0 => drop(acts.write(now)),
            Some(file) => lock(file).text = acts.text(now),
            None => {}
        }
        acts
    }

    #[cfg_attr(not(feature = "postgres"), allow(unused_variables))]
    fn new(control: &Control, drains: Drains, file: Option<PathBuf>, shared: bool) -> Self {
        let file = file.map(|path| Mutex::new(ActsFile { path, text: String::new() }));
        Self {
            inner: Arc::new(Inner {
                control: control.clone(),
                drains: Mutex::new(drains),
                file,
                #[cfg(feature = "postgres")]
                shared: Mutex::new(shared::SharedActs::of_file(shared)),
            }),
        }
    }

    /// Does what an operator asks for; [`Acts::settle`] applies drains. Returns whether this changed anything.
    ///
    /// # Errors
    /// One address of a URL cannot be taken back that is drained as a whole.
    pub(in crate::gateway) fn perform(
        &self,
        change: &ActChange,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<bool, ActRefused> {
        change.apply(&self.inner.control, &mut lock(&self.inner.drains), actor, now)
    }

    /// Drains the instances of a config, or ends their drain. The drain of an address is forgotten once its host name no
    /// longer resolves to it, because another machine may get the address.
    pub(in crate::gateway) fn settle(&self, pools: &BTreeMap<String, Arc<Pool>>) {
        let mut drains = lock(&self.inner.drains);
        let mut left = Vec::new();
        drains.retain(|(upstream, instance), _| {
            let stays = !has_left(instance, pools.get(upstream).map(|pool| &**pool));
            if !stays {
                left.push((upstream.clone(), instance.clone()));
            }
            stays
        });
        for (upstream, pool) in pools {
            for endpoint in pool.members.iter().map(|member| &member.endpoint) {
                let is_drained = |called: &str| drains.contains_key(&(upstream.clone(), called.to_owned()));
                let drained = is_drained(endpoint.name()) || is_drained(&endpoint.label());
                if drained != endpoint.is_draining() {
                    endpoint.drain(drained);
                }
            }
        }
        drop(drains);
        #[cfg(feature = "postgres")]
        lock(&self.inner.shared).forget(left);
    }

    /// Those that have no effect, as the config has nothing of the kind. They are kept: it may come back.
    pub(in crate::gateway) fn strays(&self, catalog: &Catalog, pools: &BTreeMap<String, Arc<Pool>>) -> Vec<String> {
        let acts = self.inner.control.standing();
        let acts = acts.iter().filter(|act| !is_known(act, catalog)).map(format::told);
        let drains = lock(&self.inner.drains);
        let has = |(upstream, instance): &(String, String)| {
            pools.get(upstream).is_some_and(|pool| pool.called(instance).is_some())
        };
        let drains = drains.keys().filter(|key| !has(key)).map(|(upstream, url)| format!("drain {upstream} {url}"));
        acts.chain(drains).collect()
    }

    /// How many acts are in effect at `now`, by the name of the act.
    pub(in crate::gateway) fn counts(&self, now: Timestamp) -> [(&'static str, usize); 4] {
        format::counts(&self.inner.control.standing(), lock(&self.inner.drains).len(), now)
    }

    /// Writes the acts in effect to the file.
    pub(in crate::gateway) async fn keep(&self, now: Timestamp) -> Persisted {
        let acts = self.clone();
        // A disk may take its time; requests do not wait for it.
        let written = tokio::task::spawn_blocking(move || acts.write(now)).await;
        written.unwrap_or(Persisted::Failed)
    }

    /// Of two who write at once, the second writes what both did.
    pub(super) fn write(&self, now: Timestamp) -> Persisted {
        let Some(file) = &self.inner.file else { return Persisted::No };
        let mut file = lock(file);
        let text = self.text(now);
        if text == file.text {
            return Persisted::Yes;
        }
        if let Err(error) = files::keep(&file.path, text.as_bytes()) {
            tracing::error!(file = %file.path.display(), %error, "cannot write the acts in effect");
            return Persisted::Failed;
        }
        file.text = text;
        Persisted::Yes
    }

    fn text(&self, now: Timestamp) -> String {
        #[cfg(feature = "postgres")]
        let shared = lock(&self.inner.shared).is_copy();
        #[cfg(not(feature = "postgres"))]
        let shared = false;
        format::write(&self.inner.control.standing(), &lock(&self.inner.drains), shared, now)
    }
}

/// The acts on apis and versions that a folder has.
#[cfg(feature = "ledger")]
pub(super) fn read_file(folder: &Path, now: Timestamp) -> Result<Vec<Act>, (PathBuf, io::Error)> {
    let path = folder.join(FILE);
    let found = fs::read(&path).map(|text| format::read(&text, now)).map_err(|error| (path.clone(), error))?;
    match found.wrong.is_empty() {
        true => Ok(found.acts),
        false => Err((path, io::Error::other(found.wrong.join("; ")))),
    }
}

/// The same of entries of the database. Those of a newer version are left out.
#[cfg(feature = "postgres")]
pub(super) fn read_values(values: &[String]) -> Result<Vec<Act>, String> {
    let mut acts = Vec::new();
    for value in values {
        let value = serde_json::from_str(value).map_err(|error| error.to_string())?;
        if let Ok(format::ActEntry::Act(act)) = format::entry(&value) {
            acts.push(act);
        }
    }
    Ok(acts)
}

/// The URL of which `instance` is one address.
fn whole(instance: &str) -> Option<&str> {
    instance.split_once('#').map(|(url, _)| url)
}

/// Whether it is one address of a URL that has others now.
fn has_left(instance: &str, pool: Option<&Pool>) -> bool {
    let (Some(url), Some(pool)) = (whole(instance), pool) else { return false };
    let endpoints = || pool.members.iter().map(|member| &member.endpoint);
    endpoints().any(|endpoint| endpoint.name() == url) && !endpoints().any(|endpoint| *endpoint.label() == *instance)
}

fn is_known(act: &Act, catalog: &Catalog) -> bool {
    let Some(api) = catalog.api(&act.api) else { return false };
    let has = |version: &str| api.versions.iter().any(|entry| *entry.text == *version);
    act.version.as_deref().is_none_or(has)
}

/// Gives a broken file another name, and says so. Where that fails it stays, and nothing may be written in its place.
fn set_aside(path: &Path, wrong: &[String], count: usize) -> bool {
    let names = (1u32..).map(|number| path.with_file_name(format!("{FILE}.broken-{number}")));
    let Some(aside) = names.into_iter().find(|aside| fs::symlink_metadata(aside).is_err()) else { return false };
    let (file, wrong) = (path.display(), wrong.join("; "));
    match fs::rename(path, &aside) {
        Ok(()) => {
            let aside = aside.display();
            tracing::warn!(%file, wrong, %aside, hold = count, "acts file is malformed and was renamed");
            true
        }
        Err(error) => {
            let what = "acts file is malformed and cannot be renamed; acts end with this process";
            tracing::warn!(%file, wrong, %error, hold = count, "{what}");
            false
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
