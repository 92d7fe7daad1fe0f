//! The log of requests: one line each, printed and written by a thread of its own, so that no request waits for a disk.

mod entry;
mod line;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use metrics::Counter;
use tokio::sync::oneshot;

use crate::config::AccessLog;
use crate::names;

pub(in crate::gateway) use entry::AccessEntry;
use line::Line;

/// Where lines go. Clones write to the same place.
#[derive(Clone)]
pub(in crate::gateway) struct Log {
    inner: Arc<Inner>,
}

struct Inner {
    messages: SyncSender<LogMessage>,
    dropped: Counter,
    spec: AccessLog,
}

enum LogMessage {
    Line(Box<Line>),
    /// The file was moved away, and a new one is to be made.
    Reopen,
    /// Says when all that came before is written.
    Flush(oneshot::Sender<()>),
}

enum Out {
    Stdout,
    File(File),
}

/// The thread's side: lines are gathered while more are waiting, and written at once.
struct LogWriter {
    out: Out,
    spec: AccessLog,
    dropped: Counter,
    text: Vec<u8>,
    /// The last thing written was a part of a line.
    torn: bool,
}

/// Lines that wait for the writer; more are dropped.
const WAITING: usize = 4096;
/// So many bytes are written at once.
const BATCH: usize = 64 * 1024;
/// How long the last lines may take.
const FAREWELL: Duration = Duration::from_secs(5);

// === impl Log ===

impl Log {
    /// Opens the file and begins to write.
    pub(in crate::gateway) fn open(spec: &AccessLog) -> io::Result<Self> {
        let out = Out::open(spec)?;
        let (messages, waiting) = sync_channel(WAITING);
        let dropped = names::access_log_dropped();
        let writer = LogWriter { out, spec: spec.clone(), dropped: dropped.clone(), text: Vec::new(), torn: false };
        std::thread::Builder::new().name("access-log".to_owned()).spawn(move || writer.run(&waiting))?;
        Ok(Self { inner: Arc::new(Inner { messages, dropped, spec: spec.clone() }) })
    }

    /// Whether it is what a config asks for.
    pub(in crate::gateway) fn is(&self, spec: &AccessLog) -> bool {
        // Its place in the file does not matter.
        let parts = |spec: &AccessLog| (spec.json, spec.file.as_ref().map(|file| file.value.clone()));
        parts(&self.inner.spec) == parts(spec)
    }

    pub(in crate::gateway) fn reopen(&self) {
        let _ = self.inner.messages.try_send(LogMessage::Reopen);
    }

    pub(in crate::gateway) fn line(&self, line: Box<Line>) {
        if self.inner.messages.try_send(LogMessage::Line(line)).is_err() {
            self.inner.dropped.increment(1);
        }
    }

    /// Ends when all lines that were logged before are written, or after some seconds. Says whether they are.
    pub(in crate::gateway) async fn flush(&self) -> bool {
        let flushing = async {
            let (done, flushed) = oneshot::channel();
            let mut message = LogMessage::Flush(done);
            loop {
                message = match self.inner.messages.try_send(message) {
                    Ok(()) => return flushed.await.is_ok(),
                    Err(TrySendError::Full(message)) => message,
                    Err(TrySendError::Disconnected(_)) => return false,
                };
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(FAREWELL, flushing).await.unwrap_or(false)
    }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("spec", &self.inner.spec).finish_non_exhaustive()
    }
}

// === impl Out ===

impl Out {
    fn open(spec: &AccessLog) -> io::Result<Self> {
        match &spec.file {
            None => Ok(Self::Stdout),
            Some(path) => Self::append(path).map(Self::File),
        }
    }

    fn append(path: &PathBuf) -> io::Result<File> {
        OpenOptions::new().create(true).append(true).open(path)
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout => io::stdout().lock().write(bytes),
            Self::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().lock().flush(),
            Self::File(file) => file.flush(),
        }
    }
}

// === impl LogWriter ===

impl LogWriter {
    fn run(mut self, waiting: &Receiver<LogMessage>) {
        while let Ok(message) = waiting.recv() {
            let mut next = Some(message);
            while let Some(message) = next {
                self.take(message);
                next = waiting.try_recv().ok();
            }
            self.write();
        }
    }

    fn take(&mut self, message: LogMessage) {
        match message {
            LogMessage::Line(line) => {
                if self.spec.json {
                    line.json(&mut self.text);
                } else {
                    line.text(&mut self.text);
                }
                if self.text.len() >= BATCH {
                    self.write();
                }
            }
            LogMessage::Reopen => {
                self.write();
                match Out::open(&self.spec) {
                    Ok(out) => self.out = out,
                    Err(error) => tracing::warn!(%error, "cannot reopen the access log"),
                }
            }
            LogMessage::Flush(done) => {
                self.write();
                let _ = done.send(());
            }
        }
    }

    /// Writes what was gathered. What cannot be written is lost and counted.
    fn write(&mut self) {
        if self.torn {
            self.text.insert(0, b'\n');
        }
        let mut rest = &*self.text;
        while !rest.is_empty() {
            match self.out.write(rest) {
                Ok(0) => break,
                Ok(written) => {
                    self.torn = rest[written - 1] != b'\n';
                    rest = &rest[written..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        let lost = rest.iter().filter(|byte| **byte == b'\n').count() as u64;
        if lost > 0 || self.out.flush().is_err() {
            self.dropped.increment(lost);
        }
        self.text.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is gathered is written in one go, and what was logged before a flush is there after it.
    #[tokio::test]
    async fn nothing_is_lost_that_was_logged_before_a_flush() {
        let path = std::env::temp_dir().join(format!("sunward-flush-{}.log", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let log = Log::open(&AccessLog { file: Some(path.clone().into()), json: true }).expect("it opens");
        for status in 0..1000 {
            log.line(Box::new(Line { status, ..Line::default() }));
        }
        assert!(log.flush().await);
        let text = std::fs::read_to_string(&path).expect("it is there");
        std::fs::remove_file(&path).expect("removed");
        let statuses: Vec<u64> = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["status"].as_u64().expect("one"))
            .collect();
        assert_eq!(statuses, (0..1000).collect::<Vec<u64>>());
    }
}
