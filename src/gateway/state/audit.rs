//! Who did what, when and why: a line of JSON for each act.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::clock::Timestamp;

/// The log of acts. Clones write to the same file.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Audit {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: Option<PathBuf>,
    /// The name of this process among those that share a database.
    replica: Option<String>,
    /// The latest, newest last. It is held while a line is written, so that lines do not mix.
    recent: Mutex<VecDeque<Value>>,
}

/// Who acts, and why.
#[derive(Clone, Debug, Default)]
pub(in crate::gateway) struct Actor {
    /// Who, as they say.
    pub(in crate::gateway) by: String,
    /// Which way: a peer's address, `file`, `signal`, `start` or `command`.
    pub(in crate::gateway) via: String,
    pub(in crate::gateway) reason: String,
}

/// What was done, to what.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct AuditAction {
    pub(in crate::gateway) what: &'static str,
    pub(in crate::gateway) target: String,
}

/// The name of the file.
const FILE: &str = "audit.jsonl";
/// So many are kept at hand.
const RECENT: usize = 1024;
/// At the start, so much of the file is looked at.
const END: u64 = 512 * 1024;

// === impl Audit ===

impl Audit {
    pub(super) fn open(folder: Option<&Path>, replica: Option<String>) -> Self {
        let file = folder.map(|folder| folder.join(FILE));
        let end = file.as_ref().and_then(|file| end(file).ok()).unwrap_or_default();
        let mut recent: VecDeque<Value> = end.lines().rev().filter_map(parse).take(RECENT).collect();
        recent.make_contiguous().reverse();
        Self { inner: Arc::new(Inner { file, replica, recent: Mutex::new(recent) }) }
    }

    /// Writes an act down, in the file and in the log of the process.
    pub(in crate::gateway) fn record(&self, actor: &Actor, action: &AuditAction, at: Timestamp) {
        let Actor { by, via, reason } = actor;
        let AuditAction { what, target } = action;
        tracing::info!(by, via, what, target, reason, "audit");
        self.keep(actor, action, at);
    }

    /// Writes an act down in the file only: the log of the process has it already.
    pub(in crate::gateway) fn keep(&self, actor: &Actor, action: &AuditAction, at: Timestamp) {
        let Actor { by, via, reason } = actor;
        let AuditAction { what, target } = action;
        let mut line = json!({
            "time": at.to_string(), "by": by, "via": via, "what": what, "target": target, "reason": reason,
        });
        if let Some(replica) = &self.inner.replica {
            line["replica"] = replica.as_str().into();
        }
        let mut recent = self.inner.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &self.inner.file
            && let Err(error) = append(file, &line)
        {
            tracing::error!(file = %file.display(), %error, "cannot write the audit log");
        }
        // It may have been read from the database meanwhile.
        if self.inner.replica.is_some() && recent.contains(&line) {
            return;
        }
        if recent.len() == RECENT {
            recent.pop_front();
        }
        recent.push_back(line);
    }

    /// Like [`record`](Self::record), on a thread that serves no requests, because a disk may be slow.
    pub(in crate::gateway) async fn record_apart(&self, actor: Actor, action: AuditAction, at: Timestamp) {
        let audit = self.clone();
        // It runs even if the caller no longer waits.
        let _ = tokio::task::spawn_blocking(move || audit.record(&actor, &action, at)).await;
    }

    /// Shows the acts of other replicas, too. Those that are known are left out: this process did them, or one before it.
    #[cfg(feature = "postgres")]
    pub(super) fn add_others(&self, acts: &[crate::usage::SharedAct]) {
        if acts.is_empty() {
            return;
        }
        let mut recent = self.inner.recent.lock().unwrap_or_else(PoisonError::into_inner);
        for act in acts {
            let line = json!({
                "time": act.at.to_string(), "by": act.by, "via": act.via, "what": act.what, "target": act.target,
                "reason": act.reason, "replica": act.replica,
            });
            if !recent.contains(&line) {
                recent.push_back(line);
            }
        }
        let time = |line: &Value| line["time"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
        recent.make_contiguous().sort_by_key(time);
        let surplus = recent.len().saturating_sub(RECENT);
        recent.drain(..surplus);
    }

    /// The latest acts, newest last.
    pub(in crate::gateway) fn recent(&self) -> Vec<Value> {
        self.inner.recent.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// The last part of the file; its first line may be half of one.
fn end(file: &Path) -> io::Result<String> {
    let mut file = File::open(file)?;
    let from = file.metadata()?.len().saturating_sub(END);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn parse(line: &str) -> Option<Value> {
    serde_json::from_str(line).ok()
}

/// Opened for each line, so that it can be rotated; lines are rare.
fn append(file: &Path, line: &Value) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(file)?;
    file.write_all(format!("{line}\n").as_bytes())
}

// === impl Actor ===

impl Actor {
    /// The gateway itself: at its start, after a change of a file, or on a signal.
    pub(in crate::gateway) fn system(via: &str) -> Self {
        Self { via: via.to_owned(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_line_is_a_line() {
        let folder = std::env::temp_dir().join(format!("sunward-audit-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let audit = Audit::open(Some(&folder), None);
        let actor =
            Actor { by: "ops".to_owned(), via: "127.0.0.1".to_owned(), reason: "two\nlines \"quoted\"".to_owned() };
        let action = AuditAction { what: "pause", target: "shop".to_owned() };
        audit.record(&actor, &action, Timestamp::EPOCH);
        audit.record(&Actor::system("file"), &AuditAction { what: "reload", ..action }, Timestamp::EPOCH);
        let text = fs::read_to_string(folder.join(FILE)).expect("a text");
        assert_eq!(text.lines().count(), 2, "{text}");
        let again = Audit::open(Some(&folder), None);
        assert_eq!(again.recent(), audit.recent());
        assert_eq!(
            (&again.recent()[0]["reason"], &again.recent()[1]["what"]),
            (&json!(actor.reason), &json!("reload"))
        );
        fs::remove_dir_all(folder).expect("removed");
    }
}
