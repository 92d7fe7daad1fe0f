//! The config that is served, and those that were.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use minijinja::context;
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use super::render::{PageError, PageResult, page};
use super::session::Visitor;
use super::unknown;
use crate::config::SourceMap;
use crate::gateway::admin::Admin;
use crate::gateway::admin::answer::AdminError;
use crate::gateway::admin::route::Names;
use crate::gateway::config::diff::diff;
use crate::gateway::config::load::load_at;
use crate::gateway::state::{Revision, target};

#[derive(Debug, Serialize)]
struct RevisionRow {
    number: u64,
    tag: String,
    time: String,
    by: String,
    via: String,
    reason: String,
    restores: Option<u64>,
    served: bool,
}

/// What would be different.
#[derive(Debug, Default, Serialize)]
pub(super) struct Differences {
    /// What clients notice: how bad it is, and a sentence.
    pub(super) meaning: Vec<(&'static str, String)>,
    /// Why that is not known.
    pub(super) unknown: Option<String>,
    pub(super) files: Vec<FileDifference>,
}

#[derive(Debug, Serialize)]
pub(super) struct FileDifference {
    name: String,
    lines: Vec<DiffLine>,
}

#[derive(Debug, Serialize)]
struct DiffLine {
    sign: &'static str,
    text: String,
}

/// Lines around a difference.
const CONTEXT: usize = 3;

pub(super) async fn show(State(admin): State<Arc<Admin>>, visitor: Visitor) -> PageResult {
    let served = admin.current.load();
    let (revisions, unknown) = match admin.revisions().await {
        Ok(list) => (list, None),
        Err(error) => (Vec::new(), Some(error.detail().to_owned())),
    };
    let latest = revisions.iter().rposition(|revision| revision.tag() == served.tag);
    let rows = revisions.iter().enumerate().map(|(at, revision)| row(revision, Some(at) == latest));
    let mut rows: Vec<RevisionRow> = rows.collect();
    rows.reverse();
    let files: Vec<(String, &str)> =
        served.sources.files().iter().map(|file| (name(file.path()), file.text())).collect();
    let frame = admin.frame("Config", "config", visitor);
    Ok(page(StatusCode::OK, "config.html", &frame, context! { tag => served.tag, revisions => rows, unknown, files }))
}

/// A revision, and what is different if it is brought back.
pub(super) async fn revision(
    State(admin): State<Arc<Admin>>,
    Names(name): Names<String>,
    visitor: Visitor,
) -> PageResult {
    let number = name.parse().map_err(|_| unknown("revision", &name))?;
    let (revision, differences) = admin.differences(number).await?;
    let served = revision.tag() == admin.current.load().tag;
    let frame = admin.frame(format!("Revision {number}"), "config", visitor);
    Ok(page(StatusCode::OK, "revision.html", &frame, context! { revision => row(&revision, served), differences }))
}

fn row(revision: &Revision, served: bool) -> RevisionRow {
    RevisionRow {
        number: revision.number(),
        tag: revision.tag().to_owned(),
        time: revision.time().chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect(),
        by: revision.by().to_owned(),
        via: revision.via().to_owned(),
        reason: revision.reason().to_owned(),
        restores: revision.restores(),
        served,
    }
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

/// The lines that differ, with some around them.
fn texts(old: &SourceMap, new: &SourceMap) -> Vec<FileDifference> {
    let all = old.files().iter().chain(new.files());
    let paths: BTreeSet<&Path> = all.map(|file| file.path()).collect();
    let text = |map: &SourceMap, path: &Path| {
        map.files().iter().find(|file| file.path() == path).map_or(String::new(), |file| file.text().to_owned())
    };
    let differences = paths.into_iter().map(|path| {
        let (old, new) = (text(old, path), text(new, path));
        FileDifference { name: name(path), lines: lines(&old, &new) }
    });
    differences.filter(|file| !file.lines.is_empty()).collect()
}

fn lines(old: &str, new: &str) -> Vec<DiffLine> {
    let diff = TextDiff::from_lines(old, new);
    let mut lines = Vec::new();
    for (at, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if at > 0 {
            lines.push(DiffLine { sign: "…", text: String::new() });
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => "-",
                ChangeTag::Insert => "+",
                ChangeTag::Equal => " ",
            };
            lines.push(DiffLine { sign, text: change.value().trim_end_matches('\n').to_owned() });
        }
    }
    lines
}

// === impl Admin ===

impl Admin {
    /// What is different if a revision is brought back.
    pub(super) async fn differences(&self, number: u64) -> Result<(Revision, Differences), PageError> {
        let list = self.revisions().await?;
        let revision = list.into_iter().find(|revision| revision.number() == number);
        let revision = revision.ok_or_else(|| unknown("revision", &number.to_string()))?;
        let (served, kept, now) = (self.current.load(), revision.clone(), self.store.now());
        let variables = Arc::clone(&self.variables);
        let compare = move || {
            let main = served.sources.files().first().map_or(Path::new(""), |file| file.path()).to_owned();
            let new = target(&kept, &main)?;
            let loaded = |sources: &SourceMap| load_at(sources, &*variables, now);
            let (meaning, unknown) = match (loaded(&served.sources), loaded(&new)) {
                (Ok(old), Ok(new)) => {
                    let list = diff(&old, &new, now);
                    (list.into_iter().map(|found| (found.class.as_str(), found.message)).collect(), None)
                }
                _ => {
                    (Vec::new(), Some("It has errors now, so it cannot be said what clients would notice.".to_owned()))
                }
            };
            Ok(Differences { meaning, unknown, files: texts(&served.sources, &new) })
        };
        let failed = |error: std::io::Error| AdminError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string());
        let compared = tokio::task::spawn_blocking(compare).await.map_err(|_| AdminError::internal())?;
        Ok((revision, compared.map_err(failed)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_differ_have_some_around_them() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let lines = lines(old, "a\nb\nc\nd\nE\nf\ng\nh\n");
        let text: Vec<String> = lines.iter().map(|line| format!("{}{}", line.sign, line.text)).collect();
        assert_eq!(text, [" b", " c", " d", "-e", "+E", " f", " g", " h"]);
        assert!(super::lines(old, old).is_empty());
    }
}
