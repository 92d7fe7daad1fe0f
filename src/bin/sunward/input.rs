//! Standard input as a command reads it: in chunks, decompressed if it is asked to be.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use sunward::internals::coding::{Coding, DecodeStep, Decoder};

/// Chunks of input, read ahead by a thread of its own, so that a pause shows.
pub(crate) struct Input {
    chunks: Receiver<io::Result<Vec<u8>>>,
    format: Format,
    /// Whether a chunk has come.
    begun: bool,
    /// What the input looks like that is read as it is.
    coding: Option<Coding>,
}

/// What the next chunk is.
pub(crate) enum NextChunk {
    Chunk(Vec<u8>),
    /// Nothing came for as long as was waited.
    Pause,
    End,
}

enum Format {
    Plain,
    /// To be detected from the bytes read so far.
    Unknown(Vec<u8>),
    Coded(Box<Decoder>),
}

const CHUNK: usize = 64 * 1024;
/// Chunks that are read ahead.
const AHEAD: usize = 4;
/// Enough bytes to tell the formats apart.
const MAGIC: usize = 4;

// === impl Input ===

impl Input {
    /// The process's; `decompress`: what gzip or zstd it is by its first bytes.
    pub(crate) fn stdin(decompress: bool) -> Self {
        let (sender, chunks) = sync_channel(AHEAD);
        std::thread::spawn(move || {
            let mut stdin = io::stdin().lock();
            loop {
                let mut chunk = vec![0; CHUNK];
                let read = match stdin.read(&mut chunk) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    read => read,
                };
                let last = !matches!(read, Ok(1..));
                let read = read.map(|read| {
                    chunk.truncate(read);
                    chunk
                });
                if sender.send(read).is_err() || last {
                    return;
                }
            }
        });
        let format = if decompress { Format::Unknown(Vec::new()) } else { Format::Plain };
        Self { chunks, format, begun: false, coding: None }
    }

    /// The coding that an input has by its first bytes, and that was not taken off.
    pub(crate) const fn coding(&self) -> Option<Coding> {
        self.coding
    }

    /// The next chunk. Without `pause` it waits for as long as it takes.
    pub(crate) fn next(&mut self, pause: Option<Duration>) -> Result<NextChunk, String> {
        loop {
            if let Format::Coded(decoder) = &mut self.format {
                let mut decoded = Vec::new();
                match decoder.step(&mut decoded).map_err(|error| format!("standard input: {error}"))? {
                    DecodeStep::Made => return Ok(NextChunk::Chunk(decoded)),
                    DecodeStep::Ended => return Ok(NextChunk::End),
                    DecodeStep::Hungry => {}
                }
            }
            let Some(chunk) = self.read(pause)? else { return Ok(NextChunk::Pause) };
            if let Some(next) = self.take(chunk) {
                return Ok(next);
            }
        }
    }

    /// Empty at the end; `None` after a pause.
    fn read(&mut self, pause: Option<Duration>) -> Result<Option<Vec<u8>>, String> {
        let received = match pause {
            None => self.chunks.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(pause) => self.chunks.recv_timeout(pause),
        };
        match received {
            Ok(read) => read.map(Some).map_err(|error| format!("standard input: {error}")),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Ok(Some(Vec::new())),
        }
    }

    fn take(&mut self, chunk: Vec<u8>) -> Option<NextChunk> {
        let end = chunk.is_empty();
        match &mut self.format {
            Format::Plain => {
                if !std::mem::replace(&mut self.begun, true) {
                    self.coding = Coding::of_magic(&chunk);
                }
                Some(if end { NextChunk::End } else { NextChunk::Chunk(chunk) })
            }
            Format::Coded(decoder) if end => {
                decoder.end();
                None
            }
            Format::Coded(decoder) => {
                decoder.push(&chunk);
                None
            }
            Format::Unknown(begun) => {
                begun.extend(chunk);
                if begun.len() < MAGIC && !end {
                    return None;
                }
                let begun = std::mem::take(begun);
                let Some(coding) = Coding::of_magic(&begun) else {
                    self.format = Format::Plain;
                    return Some(if begun.is_empty() { NextChunk::End } else { NextChunk::Chunk(begun) });
                };
                // What is on this machine is no bomb, and no more than a step of it is in memory.
                let mut decoder = Decoder::new(&[coding]).with_max_ratio(u32::MAX);
                decoder.push(&begun);
                if end {
                    decoder.end();
                }
                self.format = Format::Coded(Box::new(decoder));
                None
            }
        }
    }
}
