//! Puts the texts of a revision back where they came from.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::replace;
use super::revisions::Revision;
use crate::config::Sources;

/// The texts of a revision, where they belong when the main file is `main`.
pub(in crate::gateway) fn target(revision: &Revision, main: &Path) -> io::Result<Sources> {
    let texts = revision.texts(main)?.into_iter();
    Ok(texts.fold(Sources::default(), |sources, (path, text)| sources.with_file(path, text)))
}

/// Writes `target` to its files. A file that is included now and was not then is put aside under another name, so that
/// no pattern means it; nothing is lost. Says what was done, a line for each file.
pub(in crate::gateway) fn restore(target: &Sources, now: &Sources) -> io::Result<Vec<String>> {
    let mut done = Vec::new();
    for file in target.files() {
        let path = file.path();
        if fs::read_to_string(path).is_ok_and(|text| text == file.text()) {
            continue;
        }
        replace(path, file.text().as_bytes())?;
        done.push(format!("{} written", path.display()));
    }
    let kept: BTreeSet<PathBuf> = target.files().iter().map(|file| identity(file.path())).collect();
    for file in now.files().iter().filter(|file| !kept.contains(&identity(file.path()))) {
        let aside = aside(file.path());
        fs::rename(file.path(), &aside)?;
        done.push(format!("{} renamed to {}", file.path().display(), aside.display()));
    }
    Ok(done)
}

/// A dot in front hides it from all patterns.
fn aside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.rolled-back"))
}

fn identity(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
