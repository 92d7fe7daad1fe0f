//! The threads that lines are read on.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::counter::{Counter, ImportedRows};
use super::format::LineReader;
use super::part::{LineHasher, LogPart};
use super::request::{NotUsed, RequestReader};
use super::summary::{ImportSummary, SkippedLine};
use crate::clock::Timestamp;
use crate::usage::Period;

/// How lines are counted.
pub(super) struct CountRules {
    pub(super) requests: RequestReader,
    pub(super) hasher: LineHasher,
    /// When gateways counted, in order.
    pub(super) recorded: Vec<(Timestamp, Timestamp)>,
    /// Before this, rows are of days.
    pub(super) merged_before: Timestamp,
    /// Before this, there are no rows.
    pub(super) deleted_before: Timestamp,
}

/// What is to be done with a part of a log.
pub(super) enum LineWork {
    /// To find its lines.
    Split {
        /// The number of the part.
        number: u64,
    },
    /// To count those that are fresh.
    Count {
        reader: LineReader,
        /// The number of the first line.
        from: u64,
    },
}

/// A part of a log.
pub(super) struct LineTask {
    pub(super) chunk: LogPart,
    pub(super) work: LineWork,
}

/// Threads, and what they have counted.
pub(super) struct Workers {
    tasks: Sender<LineTask>,
    done: Receiver<Option<LineTask>>,
    counted: Vec<Arc<Mutex<Counted>>>,
}

/// What one thread has counted.
#[derive(Default)]
struct Counted {
    rows: Counter,
    summary: ImportSummary,
}

/// Says that its thread has panicked: else its task would be waited for.
struct Alarm(Sender<Option<LineTask>>);

// === impl Workers ===

impl Workers {
    /// Starts `threads` of them. They end when this is dropped.
    pub(super) fn start(threads: usize, rules: &Arc<CountRules>) -> Self {
        let (tasks, waiting) = channel::<LineTask>();
        let (finished, done) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let counted = (0..threads).map(|_| Arc::<Mutex<Counted>>::default()).collect::<Vec<_>>();
        for counted in &counted {
            let (counted, waiting, rules) = (Arc::clone(counted), Arc::clone(&waiting), Arc::clone(rules));
            let alarm = Alarm(finished.clone());
            thread::spawn(move || {
                loop {
                    let task = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(mut task) = task else { break };
                    let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
                    rules.work(&mut task, &mut counted);
                    if alarm.0.send(Some(task)).is_err() {
                        break;
                    }
                }
            });
        }
        Self { tasks, done, counted }
    }

    pub(super) fn give(&self, task: LineTask) {
        // They are there as long as this is.
        let _ = self.tasks.send(task);
    }

    /// A task that is done.
    ///
    /// # Panics
    ///
    /// If a thread has panicked.
    pub(super) fn next(&self) -> LineTask {
        self.done.recv().ok().flatten().expect("a thread that reads lines has panicked")
    }

    /// Takes what was counted since the last time. No task may be with a thread.
    pub(super) fn take(&self, summary: &mut ImportSummary) -> ImportedRows {
        let mut rows = ImportedRows::new();
        for counted in &self.counted {
            let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
            counted.rows.drain(&mut rows);
            summary.merge(&std::mem::take(&mut counted.summary));
        }
        rows
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if thread::panicking() {
            let _ = self.0.send(None);
        }
    }
}

// === impl CountRules ===

impl CountRules {
    fn work(&self, task: &mut LineTask, counted: &mut Counted) {
        match &task.work {
            LineWork::Split { .. } => task.chunk.split(self.hasher),
            LineWork::Count { reader, .. } => {
                let mut fates = vec![false; task.chunk.len()];
                for (at, line) in task.chunk.lines().filter(|(at, _)| task.chunk.fresh[*at]) {
                    match self.count(line, reader, &mut counted.rows) {
                        Ok(time) => {
                            counted.summary.counted += 1;
                            counted.summary.saw(time);
                            fates[at] = true;
                        }
                        Err(NotUsed::Skipped(why)) => *counted.summary.skipped.entry(why).or_default() += 1,
                        Err(NotUsed::Unreadable(why)) => *counted.summary.unreadable.entry(why).or_default() += 1,
                    }
                }
                task.chunk.counted = fates;
            }
        }
    }

    fn count(&self, line: &[u8], reader: &LineReader, rows: &mut Counter) -> Result<Timestamp, NotUsed> {
        let line = reader.read(line).map_err(NotUsed::Unreadable)?;
        let about = self.requests.read(&line)?;
        if line.time < self.deleted_before {
            return Err(NotUsed::Skipped(SkippedLine::TooOld));
        }
        let after = self.recorded.partition_point(|(since, _)| *since <= line.time);
        if after > 0 && line.time < self.recorded[after - 1].1 {
            return Err(NotUsed::Skipped(SkippedLine::Recorded));
        }
        let is_old = line.time < self.merged_before;
        let period = if is_old { Period::day_of(line.time) } else { Period::hour_of(line.time) };
        rows.add(period, &line, &about);
        Ok(line.time)
    }
}
