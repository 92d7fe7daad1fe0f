//! The log of requests: one line each, written by a thread of its own, so that no request waits for a disk.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use metrics::Counter;
use serde_json::json;

use crate::config::AccessLog;
use crate::names;

/// Where lines go. Clones write to the same place.
#[derive(Clone)]
pub(super) struct Log {
    lines: SyncSender<Message>,
    json: bool,
    dropped: Counter,
    spec: AccessLog,
}

enum Message {
    Line(String),
    /// Whoever moves logs away wants a new file.
    Reopen,
}

/// What is known of a request when its response has ended.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) time: String,
    pub(super) peer: Option<String>,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) protocol: &'static str,
    pub(super) status: u16,
    pub(super) bytes: u64,
    pub(super) ended: bool,
    pub(super) took: Duration,
    pub(super) upstream_took: Option<Duration>,
    pub(super) instance: Option<Arc<str>>,
    pub(super) api: Option<String>,
    pub(super) version: Option<String>,
    pub(super) route: Option<String>,
    pub(super) consumer: Option<String>,
    pub(super) request_id: Option<String>,
}

/// Lines that wait for the disk; more are dropped.
const WAITING: usize = 4096;

// === impl Log ===

impl Log {
    /// Opens the file and begins to write.
    pub(super) fn open(spec: &AccessLog) -> io::Result<Self> {
        let out = out(spec.file.as_ref())?;
        let (lines, waiting) = sync_channel(WAITING);
        let dropped = names::access_log_dropped();
        let (file, lost) = (spec.file.clone(), dropped.clone());
        std::thread::Builder::new().name("access-log".to_owned()).spawn(move || write(&waiting, out, file, &lost))?;
        Ok(Self { lines, json: spec.json, dropped, spec: spec.clone() })
    }

    /// Whether it is what a config asks for.
    pub(super) fn is(&self, spec: &AccessLog) -> bool {
        self.spec == *spec
    }

    pub(super) fn reopen(&self) {
        let _ = self.lines.try_send(Message::Reopen);
    }

    pub(super) fn line(&self, line: &Line) {
        let text = if self.json { line.json() } else { line.text() };
        if self.lines.try_send(Message::Line(text)).is_err() {
            self.dropped.increment(1);
        }
    }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("spec", &self.spec).finish_non_exhaustive()
    }
}

fn out(file: Option<&PathBuf>) -> io::Result<Out> {
    match file {
        None => Ok(Out::Stdout),
        Some(path) => OpenOptions::new().create(true).append(true).open(path).map(Out::File),
    }
}

enum Out {
    Stdout,
    File(File),
}

fn write(waiting: &Receiver<Message>, mut to: Out, file: Option<PathBuf>, lost: &Counter) {
    for message in waiting {
        match message {
            Message::Line(line) => {
                let written = match &mut to {
                    Out::Stdout => io::stdout().lock().write_all(line.as_bytes()),
                    Out::File(file) => file.write_all(line.as_bytes()),
                };
                if written.is_err() {
                    lost.increment(1);
                }
            }
            Message::Reopen => match out(file.as_ref()) {
                Ok(opened) => to = opened,
                Err(error) => tracing::warn!(%error, "the access log cannot be opened again"),
            },
        }
    }
}

// === impl Line ===

impl Line {
    fn json(&self) -> String {
        let seconds = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e6;
        let mut line = json!({
            "time": self.time, "peer": self.peer, "method": self.method, "path": self.path,
            "protocol": self.protocol, "status": self.status, "bytes": self.bytes, "ended": self.ended,
            "seconds": seconds(self.took), "upstream_seconds": self.upstream_took.map(seconds),
            "instance": self.instance.as_deref(), "api": self.api, "version": self.version, "route": self.route,
            "consumer": self.consumer, "request_id": self.request_id,
        });
        if let Some(members) = line.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        format!("{line}\n")
    }

    fn text(&self) -> String {
        let or = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), plain);
        format!(
            "{} {} \"{} {} {}\" {} {} {:.6} {} {} {} {}\n",
            self.time,
            or(&self.peer),
            plain(&self.method),
            plain(&self.path),
            self.protocol,
            self.status,
            self.bytes,
            self.took.as_secs_f64(),
            or(&self.api),
            or(&self.version),
            or(&self.consumer),
            or(&self.request_id),
        )
    }
}

/// Without what would end a line, a field, or do things to a terminal.
fn plain(text: &str) -> String {
    let escaped = text.chars().flat_map(|c| {
        let bad = c.is_control() || c.is_whitespace() || c == '"';
        if bad { c.escape_unicode().collect::<Vec<_>>() } else { vec![c] }
    });
    escaped.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_client_makes_a_line_of_its_own() {
        let line = Line {
            time: "2026-01-01T00:00:00Z".to_owned(),
            method: "GET".to_owned(),
            path: "/a\nb \"c\u{1b}[31m".to_owned(),
            protocol: "HTTP/1.1",
            status: 200,
            consumer: Some("ac me".to_owned()),
            ..Line::default()
        };
        let text = line.text();
        assert_eq!(
            text,
            "2026-01-01T00:00:00Z - \"GET /a\\u{a}b\\u{20}\\u{22}c\\u{1b}[31m HTTP/1.1\" 200 0 0.000000 - - ac\\u{20}me -\n"
        );
        let json = line.json();
        assert_eq!(json.matches('\n').count(), 1);
        let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(value["path"], "/a\nb \"c\u{1b}[31m");
        assert!(value.get("api").is_none());
    }
}
