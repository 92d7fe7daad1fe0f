//! Reads logs, one after the other, and writes what is new.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use http::HeaderValue;

use super::alignment::Alignment;
use super::bound::bound;
use super::fields::{FieldIndex, LogFields};
use super::format::{LineReader, LogSyntax};
use super::part::{LineHasher, LogPart};
use super::reader::LogReader;
use super::request::RequestReader;
use super::summary::{ImportSummary, SkippedLine};
use super::work::{CountRules, LineTask, LineWork, Workers};
use crate::catalog::Catalog;
use crate::clock::Timestamp;
use crate::usage::{LedgerError, LedgerRetention, SqlLedger, UsageFilter, UsageRow};

/// How logs are read.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// How the lines are written.
    pub format: LogSyntax,
    /// What lines of JSON have where.
    pub fields: LogFields,
    /// The host of requests whose lines have none.
    pub host: Option<HeaderValue>,
    /// The time that rows are kept from.
    pub now: Timestamp,
    /// How long rows are kept.
    pub retention: LedgerRetention,
    /// How many consumers of each api have rows of their own on a day.
    pub consumers: usize,
}

/// How far an import has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportProgress {
    /// Bytes that were read of the files.
    pub read: u64,
    /// Bytes of all files.
    pub total: u64,
    /// Lines that were read.
    pub lines: u64,
}

/// One import.
struct Import<'a, F> {
    store: &'a SqlLedger,
    options: &'a ImportOptions,
    fields: Arc<FieldIndex>,
    hasher: LineHasher,
    workers: Workers,
    threads: usize,
    summary: ImportSummary,
    /// Bytes that were read.
    read: Arc<AtomicU64>,
    progress: ImportProgress,
    show: F,
}

/// The parts of one log that are in memory.
struct Flight<'s> {
    alignment: Alignment<'s>,
    /// Read, and not split yet or not in their turn; by their number.
    split: BTreeMap<u64, LogPart>,
    /// Those whose lines are known, from the number of their first line on.
    waiting: VecDeque<(u64, LogPart)>,
    /// The number of the next part.
    next: u64,
    /// The next part to be aligned.
    turn: u64,
    /// Lines that were aligned.
    lines: u64,
    /// Tasks that threads have.
    tasks: usize,
    ended: bool,
}

/// For each thread, so many parts of a log are in memory.
const PARTS: usize = 6;
/// What was counted is written after so many lines.
const WRITTEN: usize = 4 << 20;
/// A gateway that was counting so long ago still counts.
const RECENT: Duration = Duration::from_secs(600);

/// Reads `logs` and adds to `store` what no import has added before. Returns what became of their lines, and the logs that could not be
/// read to their end; what was read of them is counted.
///
/// # Errors
///
/// If the ledger cannot be read or written. What was written before is not read again.
pub async fn import_logs(
    catalog: &Arc<Catalog>,
    store: &SqlLedger,
    logs: &[PathBuf],
    options: &ImportOptions,
    show: impl FnMut(ImportProgress),
) -> Result<(ImportSummary, Vec<(PathBuf, io::Error)>), LedgerError> {
    let hasher = LineHasher::new(store.environment());
    let rules = CountRules {
        requests: RequestReader::new(Arc::clone(catalog), options.host.clone()),
        hasher,
        recorded: recorded(store, options.now).await?,
        merged_before: options.retention.merged_before(options.now),
        deleted_before: options.retention.deleted_before(options.now),
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let size = |path: &PathBuf| path.metadata().map_or(0, |file| file.len());
    let mut import = Import {
        store,
        options,
        fields: Arc::new(options.fields.index()),
        hasher,
        workers: Workers::start(threads, &Arc::new(rules)),
        threads,
        summary: ImportSummary::default(),
        read: Arc::default(),
        progress: ImportProgress { total: logs.iter().map(size).sum(), ..ImportProgress::default() },
        show,
    };
    let mut failed = Vec::new();
    for log in logs {
        if let Err(error) = import.log(log).await? {
            failed.push((log.clone(), error));
        }
    }
    let summary = import.summary;
    if summary.counted > 0 {
        store.refresh_pauses().await?;
    }
    Ok((summary, failed))
}

/// When gateways counted. One that has written just now is still counting.
async fn recorded(store: &SqlLedger, now: Timestamp) -> Result<Vec<(Timestamp, Timestamp)>, LedgerError> {
    let filter = UsageFilter::new(Timestamp::EPOCH, now).with_environment(store.environment());
    let mut recorded = store.counted(&filter).await?;
    if let Some((_, until)) = recorded.last_mut().filter(|(_, until)| until.saturating_add(RECENT) >= now) {
        *until = Timestamp::MAX;
    }
    Ok(recorded)
}

// === impl Import ===

impl<F: FnMut(ImportProgress)> Import<'_, F> {
    /// Reads one log. The inner error is that of its file.
    async fn log(&mut self, path: &Path) -> Result<io::Result<()>, LedgerError> {
        let (parts, reading) = match self.open(path) {
            Ok(opened) => opened,
            Err(error) => return Ok(Err(error)),
        };
        let mut flight = Flight::new(Alignment::new(self.store, self.hasher).await?);
        let mut reader = None;
        loop {
            self.feed(&mut flight, &parts, &mut reader);
            if flight.tasks > 0 {
                let task = self.workers.next();
                flight.done(task).await?;
            }
            if flight.ended && flight.turn == flight.next {
                flight.alignment.end().await?;
            }
            self.count(&mut flight, reader.as_ref());
            if flight.tasks == 0 {
                let is_done = flight.is_done();
                if is_done || flight.is_full() {
                    self.write(&mut flight).await?;
                }
                if is_done {
                    break;
                }
            }
        }
        let mut reading = reading.join().expect("a thread that reads a file has panicked");
        let failure = reading.take_failure();
        if reading.is_torn() && failure.is_none() {
            *self.summary.skipped.entry(SkippedLine::Incomplete).or_default() += 1;
        }
        Ok(failure.map_or(Ok(()), Err))
    }

    /// Opens a log. A thread reads it ahead.
    fn open(&self, path: &Path) -> io::Result<(Receiver<Vec<u8>>, JoinHandle<LogReader>)> {
        let mut reader = LogReader::open(path, Arc::clone(&self.read))?;
        let (sender, parts) = sync_channel(self.threads);
        let reading = thread::spawn(move || {
            while let Some(part) = reader.part() {
                if sender.send(part).is_err() {
                    break;
                }
            }
            reader
        });
        Ok((parts, reading))
    }

    /// Gives the threads more to split, unless there is enough.
    fn feed(&mut self, flight: &mut Flight<'_>, parts: &Receiver<Vec<u8>>, reader: &mut Option<LineReader>) {
        while !flight.ended && (flight.tasks == 0 || !flight.is_full() && flight.parts() < self.threads * PARTS) {
            match parts.recv() {
                Ok(part) => {
                    reader.get_or_insert_with(|| self.options.format.reader(&part, &self.fields));
                    let task = LineTask { chunk: LogPart::new(part), work: LineWork::Split { number: flight.next } };
                    flight.next += 1;
                    flight.tasks += 1;
                    self.workers.give(task);
                }
                Err(_) => flight.ended = true,
            }
        }
    }

    /// Gives the threads those to count of which all is known. What follows a part may say what it is, so one stays.
    fn count(&mut self, flight: &mut Flight<'_>, reader: Option<&LineReader>) {
        let Some(reader) = reader else { return };
        let kept = usize::from(!flight.is_aligned());
        while flight.waiting.len() > kept
            && let Some((from, mut chunk)) = flight.decided()
        {
            chunk.fresh = flight.alignment.fresh(from, chunk.len());
            self.summary.known += chunk.fresh.iter().filter(|fresh| !**fresh).count() as u64;
            self.progress.lines += chunk.len() as u64;
            self.progress.read = self.read.load(Ordering::Relaxed);
            (self.show)(self.progress);
            flight.tasks += 1;
            self.workers.give(LineTask { chunk, work: LineWork::Count { reader: reader.clone(), from } });
        }
    }

    /// Writes what was counted. No thread has a task.
    async fn write(&mut self, flight: &mut Flight<'_>) -> Result<(), LedgerError> {
        let rows = bound(self.workers.take(&mut self.summary), self.options.consumers);
        let last = rows.values().map(|counts| counts.last_seen).max().unwrap_or(self.options.now);
        let until = flight.waiting.front().map_or(flight.lines, |(from, _)| *from);
        let mut batch = flight.alignment.take(until, last.as_secs());
        batch.rows = rows.into_iter().map(|(key, counts)| UsageRow { key, counts }).collect();
        if batch.rows.is_empty() && batch.blocks.is_empty() {
            return Ok(());
        }
        self.store.store_imported(&batch).await
    }
}

// === impl Flight ===

impl<'s> Flight<'s> {
    fn new(alignment: Alignment<'s>) -> Self {
        Self {
            alignment,
            split: BTreeMap::new(),
            waiting: VecDeque::new(),
            next: 0,
            turn: 0,
            lines: 0,
            tasks: 0,
            ended: false,
        }
    }

    /// A task is done.
    async fn done(&mut self, task: LineTask) -> Result<(), LedgerError> {
        self.tasks -= 1;
        match task.work {
            LineWork::Count { from, .. } => self.alignment.counted(from, &task.chunk.counted),
            LineWork::Split { number } => drop(self.split.insert(number, task.chunk)),
        }
        while let Some(chunk) = self.split.remove(&self.turn) {
            self.turn += 1;
            self.alignment.push(&chunk.hashes).await?;
            let from = self.lines;
            self.lines += chunk.len() as u64;
            self.waiting.push_back((from, chunk));
        }
        Ok(())
    }

    /// Takes the first part, if all of its lines are in blocks.
    fn decided(&mut self) -> Option<(u64, LogPart)> {
        let (from, chunk) = self.waiting.front()?;
        let decided = from + chunk.len() as u64 <= self.alignment.decided();
        if decided { self.waiting.pop_front() } else { None }
    }

    /// Parts that are in memory.
    fn parts(&self) -> usize {
        self.tasks + self.split.len() + self.waiting.len()
    }

    /// Whether so many lines are in memory that they should be written.
    fn is_full(&self) -> bool {
        self.alignment.len() >= WRITTEN
    }

    /// Whether all lines of the log are aligned.
    fn is_aligned(&self) -> bool {
        self.ended && self.turn == self.next
    }

    fn is_done(&self) -> bool {
        self.is_aligned() && self.tasks == 0 && self.waiting.is_empty()
    }
}
