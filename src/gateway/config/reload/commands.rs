//! What operators ask of the owner of the config: another text, the files once more, a revision.

use super::{Envelope, IfMatch, ReloadCommand, ReloadError, Reloaded, Reloader, Trigger};
use crate::config::SourceMap;
use crate::gateway::state::{self, Revision};

// === impl Reloader ===

impl Reloader {
    pub(super) async fn answer(&mut self, envelope: Envelope) {
        let Envelope { ask, actor, force, reply } = envelope;
        let trigger = Trigger { what: ask.what(), actor: &actor, force, reopen: false, again: ask.request() };
        let result = match ask {
            ReloadCommand::Put { text, tags } => self.put(&text, &tags, &trigger).await,
            ReloadCommand::Reload => self.reload(&trigger).await,
            ReloadCommand::Rollback { to } => self.rollback(to, &trigger).await,
        };
        if let Err(refused) = &result {
            self.reject(refused, &trigger);
        }
        // The caller may be gone; the audit log has the result.
        let _ = reply.send(result);
    }

    async fn reload(&mut self, trigger: &Trigger<'_>) -> Result<Reloaded, ReloadError> {
        let sources = self.texts().map_err(ReloadError::Findings)?;
        if sources.files().is_empty() {
            return Err(ReloadError::NoText);
        }
        self.seen = self.seen.with(sources.clone(), &*self.variables);
        self.take(sources, trigger, None, || Ok(Vec::new())).await
    }

    async fn put(&mut self, text: &str, tags: &IfMatch, trigger: &Trigger<'_>) -> Result<Reloaded, ReloadError> {
        // What was saved a moment ago is not written over: it is taken first, and then the tag is another.
        self.look(false).await;
        let served = self.current.load().tag.clone();
        if !tags.has(&served) {
            return Err(ReloadError::Changed { tag: served });
        }
        let edit = self.edit();
        let is_file = self.is_file();
        let sources = match is_file {
            true => SourceMap::open_as(&self.path, edit(text.to_owned()), &edit),
            false => SourceMap::new(&self.path, edit(text.to_owned())),
        };
        let (path, kept) = (self.path.clone(), self.current.load());
        let done = self.take(sources, trigger, None, || {
            if !is_file {
                return Ok(Vec::new());
            }
            let mut files: Vec<String> = state::set_aside(&path, &kept.sources)?.into_iter().collect();
            state::replace(&path, text.as_bytes())?;
            files.push(format!("{} written", path.display()));
            Ok(files)
        });
        let done = done.await?;
        self.see();
        Ok(done)
    }

    async fn rollback(&mut self, to: Option<u64>, trigger: &Trigger<'_>) -> Result<Reloaded, ReloadError> {
        let revisions = self.store.revisions.as_ref().ok_or(ReloadError::NoState)?;
        let list = revisions.list();
        let served = self.current.load();
        let wanted = match to {
            Some(number) => list.iter().find(|revision| revision.number() == number),
            None => state::before(&list, &served.tag),
        };
        let known = || list.iter().map(Revision::number).collect();
        let none = || {
            to.map_or_else(
                || ReloadError::Oldest { known: known() },
                |to| ReloadError::NoRevision { to, known: known() },
            )
        };
        let wanted = wanted.ok_or_else(none)?;
        let texts = state::target(wanted, &self.path);
        let texts = texts.map_err(|error| ReloadError::Io("cannot read the revision", error))?;
        let (is_file, now) = (self.is_file(), self.texts().unwrap_or_default());
        let done = self.take(texts.clone(), trigger, Some(wanted.origin()), || match is_file {
            true => state::restore(&texts, &now, &served.sources),
            false => Ok(Vec::new()),
        });
        let done = done.await?;
        self.see();
        Ok(done)
    }

    /// The files now have what is served, so their change must not cause a reload.
    fn see(&mut self) {
        if let Ok(sources) = self.texts() {
            self.seen = self.seen.with(sources, &*self.variables);
        }
    }
}
