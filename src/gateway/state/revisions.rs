//! The configs that were served, each with all its texts.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::audit::Actor;
use super::files;
use crate::clock::Timestamp;
use crate::config::SourceMap;

/// The folder of revisions.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Revisions {
    folder: PathBuf,
}

/// A config that was served, and is kept.
#[derive(Clone, Debug)]
pub struct Revision {
    number: u64,
    tag: String,
    folder: PathBuf,
    said: Value,
}

/// So long after the watcher took an edit from the files, a request that says who made it names its revision.
const LATE: Duration = Duration::from_secs(60);
/// The metadata of a revision.
const FILE: &str = "revision.json";

/// A hash of all texts and their names: the same texts, the same tag.
pub(in crate::gateway) fn tag(sources: &SourceMap) -> String {
    let mut hasher = Sha256::new();
    let main = sources.files().first().map_or(Path::new(""), |file| file.path());
    for (at, file) in sources.files().iter().enumerate() {
        let name = if at == 0 { String::new() } else { relative(main, file.path()) };
        for part in [name.as_str(), file.text()] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
    }
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The revision that a rollback from the texts with `tag` goes to: the latest that was served before them, and is
/// another text. After a rollback, "before" counts from the revision that was brought back, so that a second one goes
/// further back and never to what the first one left. Texts that never were served are newer than all revisions.
pub(in crate::gateway) fn before<'r>(list: &'r [Revision], tag: &str) -> Option<&'r Revision> {
    let at = list.iter().rev().find(|revision| revision.tag == tag).map_or(u64::MAX, Revision::origin);
    list.iter().rev().find(|revision| revision.number < at && revision.tag != tag)
}

/// As the main file would include it.
fn relative(main: &Path, path: &Path) -> String {
    let folder = main.parent().unwrap_or(Path::new(""));
    path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned()
}

// === impl Revisions ===

impl Revisions {
    pub(super) fn new(state: &Path) -> Self {
        Self { folder: state.join("revisions") }
    }

    /// Those of a folder that is there.
    pub(in crate::gateway) fn within(state: &Path) -> Self {
        Self::new(state)
    }

    /// All that are kept, oldest first.
    pub(in crate::gateway) fn list(&self) -> Vec<Revision> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut list: Vec<Revision> = entries.filter_map(|entry| Revision::read(&entry.path())).collect();
        list.sort_by_key(|revision| revision.number);
        list
    }

    /// Keeps the texts that are served now, unless they are the latest already, and at most `most` in all. `restores` is
    /// the revision that was gone back to.
    pub(in crate::gateway) fn keep(
        &self,
        sources: &SourceMap,
        actor: &Actor,
        restores: Option<u64>,
        most: usize,
        now: Timestamp,
    ) {
        if let Err(error) = self.try_keep(sources, actor, restores, most, now) {
            tracing::error!(folder = %self.folder.display(), %error, "cannot write the revision");
        }
    }

    fn try_keep(
        &self,
        sources: &SourceMap,
        actor: &Actor,
        restores: Option<u64>,
        most: usize,
        now: Timestamp,
    ) -> io::Result<()> {
        files::make_folder(&self.folder)?;
        let (list, tag) = (self.list(), tag(sources));
        let last = list.last();
        if let Some(last) = last.filter(|last| last.tag == tag) {
            // A gateway that runs may have seen the files before the command or the request came here that is about them.
            let restores = restores.filter(|number| *number < last.number);
            let actor = Some(actor).filter(|actor| !actor.by.is_empty() && last.lacks_a_name(now));
            return if restores.is_some() || actor.is_some() { last.amend(restores, actor) } else { Ok(()) };
        }
        let number = last.map_or(1, |last| last.number + 1);
        // It gets its name when it is whole.
        let half = self.folder.join(format!(".{}.new", std::process::id()));
        let _ = fs::remove_dir_all(&half);
        files::make_folder(&half)?;
        write(&half, sources, actor, restores, now)?;
        fs::rename(&half, self.folder.join(format!("{number}-{tag}")))?;
        for old in list.iter().take((list.len() + 1).saturating_sub(most)) {
            fs::remove_dir_all(&old.folder)?;
        }
        Ok(())
    }
}

fn write(folder: &Path, sources: &SourceMap, actor: &Actor, restores: Option<u64>, now: Timestamp) -> io::Result<()> {
    let main = sources.files().first().map_or(Path::new(""), |file| file.path());
    let mut list = Vec::new();
    for (at, file) in sources.files().iter().enumerate() {
        let name = file.path().file_name().unwrap_or_default().to_string_lossy();
        let kept = format!("{at}-{name}");
        fs::write(folder.join(&kept), file.text())?;
        list.push(json!({ "path": relative(main, file.path()), "kept": kept }));
    }
    let said = json!({
        "time": now.to_string(), "by": actor.by, "via": actor.via, "reason": actor.reason, "restores": restores,
        "files": list,
    });
    fs::write(folder.join(FILE), format!("{said:#}\n"))
}

// === impl Revision ===

impl Revision {
    fn read(folder: &Path) -> Option<Self> {
        let (number, tag) = folder.file_name()?.to_str()?.split_once('-')?;
        let number = number.parse().ok()?;
        let said = serde_json::from_slice(&fs::read(folder.join(FILE)).ok()?).ok()?;
        Some(Self { number, tag: tag.to_owned(), folder: folder.to_owned(), said })
    }

    /// Its number: the first is 1.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The tag of its texts.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// When it was first served.
    #[must_use]
    pub fn time(&self) -> &str {
        self.text("time")
    }

    /// Which way it came: a peer's address, `file`, `signal` or `start`.
    #[must_use]
    pub fn via(&self) -> &str {
        self.text("via")
    }

    /// Who brought it, if they said so.
    #[must_use]
    pub fn by(&self) -> &str {
        self.text("by")
    }

    /// Why, if they said so.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.text("reason")
    }

    /// The revision that it brought back, if it came by a rollback.
    #[must_use]
    pub fn restores(&self) -> Option<u64> {
        self.said["restores"].as_u64()
    }

    /// The position of its content in the history: a revision that restored an older one has the position of that one.
    pub(in crate::gateway) fn origin(&self) -> u64 {
        self.restores().unwrap_or(self.number)
    }

    /// Whether the watcher has just read it from the files, so that its author is not known.
    fn lacks_a_name(&self, now: Timestamp) -> bool {
        let taken = self.time().parse::<Timestamp>();
        self.via() == "file" && self.by().is_empty() && taken.is_ok_and(|taken| now.since(taken) <= LATE)
    }

    fn amend(&self, restores: Option<u64>, actor: Option<&Actor>) -> io::Result<()> {
        let mut said = self.said.clone();
        if let Some(number) = restores {
            said["restores"] = number.into();
        }
        if let Some(actor) = actor {
            (said["by"], said["reason"]) = (actor.by.as_str().into(), actor.reason.as_str().into());
        }
        files::keep(&self.folder.join(FILE), format!("{said:#}\n").as_bytes())
    }

    /// What a list of revisions says of it.
    pub(in crate::gateway) fn json(&self) -> Value {
        json!({
            "number": self.number, "etag": self.tag, "time": self.time(), "by": self.by(), "via": self.via(),
            "reason": self.reason(), "restores": self.restores(),
        })
    }

    fn text(&self, name: &str) -> &str {
        self.said[name].as_str().unwrap_or_default()
    }

    /// Its texts, each under the path that it belongs to when the main file is `main`.
    pub(super) fn texts(&self, main: &Path) -> io::Result<Vec<(PathBuf, String)>> {
        let folder = main.parent().unwrap_or(Path::new(""));
        let files = self.said["files"].as_array().ok_or(io::ErrorKind::InvalidData)?;
        let read = files.iter().enumerate().map(|(at, file)| {
            let (path, kept) = file["path"].as_str().zip(file["kept"].as_str()).ok_or(io::ErrorKind::InvalidData)?;
            let path = if at == 0 { main.to_owned() } else { folder.join(path) };
            Ok((path, fs::read_to_string(self.folder.join(kept))?))
        });
        read.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_are_kept_and_the_same_is_kept_once() {
        let folder = std::env::temp_dir().join(format!("sunward-revisions-{}", std::process::id()));
        let revisions = Revisions::new(&folder);
        let actor = Actor::system("file");
        for text in ["a", "a", "b", "c", "a"] {
            let sources = SourceMap::new("etc/main.toml", text).with_file("etc/apis/x.toml", "x");
            revisions.keep(&sources, &actor, None, 3, Timestamp::EPOCH);
        }
        let list = revisions.list();
        assert_eq!(list.iter().map(Revision::number).collect::<Vec<_>>(), [2, 3, 4]);
        let texts = list[2].texts(Path::new("/other/my.toml")).expect("texts");
        let expected = [("/other/my.toml", "a"), ("/other/apis/x.toml", "x")];
        assert_eq!(texts, expected.map(|(path, text)| (path.into(), text.to_owned())));
        assert_eq!((list[0].via(), list[0].time()), ("file", "1970-01-01T00:00:00Z"));
        fs::remove_dir_all(folder).expect("removed");
    }

    /// The watcher may take an edit before the request comes that says who made it. Behind each history, who the last
    /// revision is by.
    #[test]
    fn a_request_names_what_the_watcher_has_just_taken() {
        let (file, ann, bob) = (("", "file"), ("ann", "127.0.0.1"), ("bob", "127.0.0.1"));
        let rows = [
            (&[(file, 0), (ann, 60)][..], "ann"),
            (&[(file, 0), (ann, 61)], ""),
            (&[(file, 0), (ann, 1), (bob, 2)], "ann"),
            (&[(ann, 0), (bob, 1)], "ann"),
            (&[(("", "start"), 0), (ann, 1)], ""),
            (&[(ann, 0), (file, 1)], "ann"),
        ];
        for (at, (history, expected)) in rows.into_iter().enumerate() {
            let folder = std::env::temp_dir().join(format!("sunward-named-{at}-{}", std::process::id()));
            let revisions = Revisions::new(&folder);
            for ((by, via), seconds) in history {
                let reason = if by.is_empty() { "" } else { "a reason" };
                let actor = Actor { by: (*by).into(), via: (*via).into(), reason: reason.into() };
                let now = Timestamp::EPOCH.saturating_add(Duration::from_secs(*seconds));
                revisions.keep(&SourceMap::new("a.toml", "a"), &actor, None, 9, now);
            }
            let list = revisions.list();
            let reason = if expected.is_empty() { "" } else { "a reason" };
            assert_eq!((list.len(), list[0].by(), list[0].reason()), (1, expected, reason), "{at}");
            fs::remove_dir_all(folder).expect("removed");
        }
    }

    /// Each row is a history, `b@2` for a rollback to revision 2, then what is served, and where rollbacks from there lead.
    #[test]
    fn a_rollback_goes_back_and_never_forward() {
        let rows: [(&str, &str, &[u64]); 9] = [
            ("a b c", "c", &[2, 1]),
            ("a b", "bad", &[2, 1]),
            ("a b c b@2", "b", &[1]),
            ("a b c b@2 a@1", "a", &[]),
            ("a b c b@2 d", "d", &[4, 1]),
            ("a b a", "a", &[2, 1]),
            ("a b a b@2", "b", &[1]),
            ("a b a b@2 c", "c", &[4, 1]),
            ("a", "a", &[]),
        ];
        for (at, (history, served, expected)) in rows.into_iter().enumerate() {
            let folder = std::env::temp_dir().join(format!("sunward-back-{at}-{}", std::process::id()));
            let revisions = Revisions::new(&folder);
            let actor = Actor::system("file");
            let keep = |text: &str, restores| {
                revisions.keep(&SourceMap::new("a.toml", text), &actor, restores, 20, Timestamp::EPOCH);
            };
            for step in history.split(' ') {
                match step.split_once('@') {
                    Some((text, of)) => keep(text, Some(of.parse().expect("a number"))),
                    None => keep(step, None),
                }
            }
            let (mut text, mut walk) = (served.to_owned(), Vec::new());
            while let Some(found) = before(&revisions.list(), &tag(&SourceMap::new("a.toml", text.as_str()))) {
                walk.push(found.number);
                text = found.texts(Path::new("a.toml")).expect("texts")[0].1.clone();
                keep(&text, Some(found.origin()));
                assert!(walk.len() < 9, "{history}: {walk:?}");
            }
            assert_eq!(walk, expected, "{history}, {served} is served");
            fs::remove_dir_all(folder).expect("removed");
        }
    }

    #[test]
    fn a_tag_is_of_all_texts() {
        let one = SourceMap::new("a/main", "1").with_file("a/x", "2");
        let tags = [
            tag(&one),
            tag(&SourceMap::new("b/other", "1").with_file("b/x", "2")),
            tag(&SourceMap::new("a/main", "1").with_file("a/y", "2")),
            tag(&SourceMap::new("a/main", "12").with_file("a/x", "")),
        ];
        assert_eq!(tags[0], tags[1], "wherever they are");
        assert!(tags[0] != tags[2] && tags[0] != tags[3], "{tags:?}");
    }
}
