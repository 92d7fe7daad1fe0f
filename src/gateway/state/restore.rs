//! Puts the texts of a revision back where they came from.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::replace;
use super::revisions::Revision;
use crate::config::{SourceFile, SourceMap};

/// The texts of a revision, where they belong when the main file is `main`.
pub(in crate::gateway) fn target(revision: &Revision, main: &Path) -> io::Result<SourceMap> {
    let texts = revision.texts(main)?.into_iter();
    Ok(texts.fold(SourceMap::default(), |sources, (path, text)| sources.with_file(path, text)))
}

/// Writes `target` to its files, whose texts are `now`. A file that is included now and was not then is renamed, so that
/// no pattern finds it, and a text that is not among `served` is copied first: nothing is lost. Returns what was done, a
/// line for each file.
pub(in crate::gateway) fn restore(target: &SourceMap, now: &SourceMap, served: &SourceMap) -> io::Result<Vec<String>> {
    let mut done = Vec::new();
    for file in target.files() {
        let path = file.path();
        if fs::read_to_string(path).is_ok_and(|text| text == file.text()) {
            continue;
        }
        done.extend(set_aside(path, served)?);
        replace(path, file.text().as_bytes())?;
        done.push(format!("{} written", path.display()));
    }
    let kept: BTreeSet<PathBuf> = target.files().iter().map(|file| identity(file.path())).collect();
    for file in now.files().iter().filter(|file| !kept.contains(&identity(file.path()))) {
        let aside = beside(file.path(), "rolled-back");
        fs::rename(file.path(), &aside)?;
        done.push(format!("{} renamed to {}", file.path().display(), aside.display()));
    }
    Ok(done)
}

/// Copies a file that is about to be overwritten, if its content is not what is served: a rejected edit is kept nowhere
/// else. Returns what was done.
pub(in crate::gateway) fn set_aside(path: &Path, served: &SourceMap) -> io::Result<Option<String>> {
    let Ok(text) = fs::read_to_string(path) else { return Ok(None) };
    let known = |file: &SourceFile| identity(file.path()) == identity(path) && file.text() == text;
    if served.files().iter().any(known) {
        return Ok(None);
    }
    let free = |aside: &PathBuf| fs::read_to_string(aside).map_or(true, |kept| kept == text);
    let aside = (1u32..).map(|number| beside(path, &format!("refused-{number}"))).find(free);
    let aside = aside.ok_or(io::ErrorKind::AlreadyExists)?;
    fs::copy(path, &aside)?;
    Ok(Some(format!("{} was not the running config: kept as {}", path.display(), aside.display())))
}

/// A dot in front hides it from all patterns.
fn beside(path: &Path, what: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{what}"))
}

fn identity(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
