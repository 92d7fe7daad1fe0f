//! Runs a program over a text that comes in chunks.

use smallvec::SmallVec;

use super::super::evaluation::BASE_STEPS;
use super::super::{ChangeSet, MigrateError, MigrateOptions};
use super::chunk::Chunk;
use super::code::Code;
use super::head::{MemberHead, NextMember};
use super::object::Object;
use super::plan::NodeId;
use super::skip::Skip;
use super::summary::Summary;
use super::text::after_white;

/// Everything about one text but the program.
#[derive(Debug)]
pub(super) struct Run {
    root: NodeId,
    pub(super) options: MigrateOptions,
    pub(super) hold_limit: usize,
    /// Whether another document may follow.
    pub(super) many: bool,
    /// The last byte that was written before the chunk at hand, where another document may follow.
    written: Option<u8>,
    pub(super) frames: SmallVec<[OpenContainer; LEVELS]>,
    pub(super) state: RunState,
    pub(super) skip: Skip,
    /// What the value that is being skipped is for.
    pub(super) task: SkipPurpose,
    /// Text that could not be decided yet.
    tail: Vec<u8>,
    /// How far the key in `tail` was searched for its end.
    pub(super) searched: usize,
    /// The position of the current text in the document.
    pub(super) offset: usize,
    /// Values that are taken whole, the innermost last.
    pub(super) taken: Vec<TakenValue>,
    /// Output that waits.
    pub(super) held: Vec<u8>,
    /// How many objects wait.
    pub(super) waits: usize,
    /// Objects that are done, for their memory.
    pub(super) spare: SmallVec<[Box<Object>; SPARE]>,
    pub(super) collisions: u64,
    pub(super) passed: u64,
    pub(super) changes: ChangeSet,
    /// How many more steps expressions may take; what is held adds to them.
    pub(super) expression_steps: u64,
}

/// An array or object that is gone through.
#[derive(Debug)]
pub(super) enum OpenContainer {
    /// Each element on its own.
    Elements(NodeId),
    /// Each member on its own.
    Every(NodeId),
    /// Members by name.
    Members(Box<Object>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunState {
    /// Before the document.
    Start,
    /// Behind an opening bracket.
    Opened,
    /// Behind an element or member.
    Between,
    /// Behind the comma of an array.
    Comma,
    /// In a value that no frame is for.
    Skipping,
    /// Behind the document.
    Done,
}

/// What a value that is skipped is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SkipPurpose {
    /// It is copied.
    Copy,
    /// It goes.
    Drop,
    /// It is taken for a node.
    Hold(NodeId),
    /// It is taken for a node, and what that refuses counts only if the member stays.
    Try(NodeId),
    /// It goes, but a node sees it before.
    See(NodeId),
}

/// A value that is taken whole.
#[derive(Debug)]
pub(super) struct TakenValue {
    pub(super) bytes: Vec<u8>,
    /// From where on the text at hand belongs to it.
    pub(super) from: usize,
    /// Only the number of its elements counts.
    pub(super) summary: Option<Summary>,
}

/// What a token needs of the next chunk, mostly.
const SEAM: usize = 128;
/// What most documents have: so many containers that are open at once, and objects to be used again. The state of a run
/// holds them itself, because a short document takes no longer than a few allocations.
const LEVELS: usize = 4;
const SPARE: usize = 4;
const BOM: &[u8] = b"\xef\xbb\xbf";
/// The default limit of what is held.
const HOLD: usize = 4 << 20;

// === impl Run ===

impl Run {
    /// From `root` on; it may hold up to 4 MiB.
    pub(super) fn new(root: NodeId, options: &MigrateOptions) -> Self {
        let depth = options.max_depth();
        Self {
            root,
            options: options.clone(),
            hold_limit: HOLD,
            many: false,
            written: None,
            frames: SmallVec::new(),
            state: RunState::Start,
            skip: Skip::new(depth, depth),
            task: SkipPurpose::Copy,
            tail: Vec::new(),
            searched: 0,
            offset: 0,
            taken: Vec::new(),
            held: Vec::new(),
            waits: 0,
            spare: SmallVec::new(),
            collisions: 0,
            passed: 0,
            changes: ChangeSet::default(),
            expression_steps: BASE_STEPS,
        }
    }

    /// Starts over for another text. Keeps the counts, and memory.
    pub(super) fn restart(&mut self, offset: usize) {
        self.frames.clear();
        self.taken.clear();
        self.tail.clear();
        self.held.clear();
        self.state = RunState::Start;
        self.searched = 0;
        self.waits = 0;
        self.offset = offset;
    }

    /// Whether there was more than white space, or a byte order mark, so far.
    pub(super) fn has_begun(&self) -> bool {
        self.state != RunState::Start || !self.tail.is_empty()
    }

    /// Whether values wait for what else comes.
    pub(super) fn holds(&self) -> bool {
        let copies = |frame: &OpenContainer| matches!(frame, OpenContainer::Members(object) if object.has_copies());
        self.waits > 0 || !self.taken.is_empty() || self.frames.iter().any(copies)
    }

    pub(super) fn feed(&mut self, code: &Code, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), MigrateError> {
        if let Some(from) = self.join(code, chunk, out)? {
            let kept = self.read(code, &chunk[from..], out)?;
            self.tail.extend_from_slice(&chunk[from + kept..]);
        }
        if self.many {
            self.written = out.last().copied().or(self.written);
        }
        self.check_hold(self.tail.len() + self.held.len())
    }

    /// Reads on from what the last chunks left, with as much of this one as that takes: mostly the end of a token, for
    /// which the chunk need not be copied. Returns from where on it is read by itself; `None` if it was used up.
    fn join(&mut self, code: &Code, chunk: &[u8], out: &mut Vec<u8>) -> Result<Option<usize>, MigrateError> {
        let mut text = std::mem::take(&mut self.tail);
        let (mut from, mut used) = (Some(0), 0);
        while !text.is_empty() {
            // Twice as much each time, so that a long token is not looked at more often than it is long.
            let next = (used + text.len().max(SEAM)).min(chunk.len());
            text.extend_from_slice(&chunk[used..next]);
            used = next;
            let done = self.read(code, &text, out)?;
            text.drain(..done);
            // Once what is left is of this chunk alone, it is read there.
            from = used.checked_sub(text.len());
            if from.is_some() {
                text.clear();
            } else if used == chunk.len() {
                break;
            }
        }
        self.tail = text;
        Ok(from)
    }

    pub(super) fn finish(&mut self, code: &Code, out: &mut Vec<u8>) -> Result<(), MigrateError> {
        let text = std::mem::take(&mut self.tail);
        let end = self.offset + text.len();
        match self.state {
            RunState::Start if end == 0 => Ok(()),
            RunState::Skipping if self.frames.is_empty() => {
                self.skip.finish(end)?;
                self.skipped(code, &mut Chunk::read(&text), out)
            }
            RunState::Skipping => self.skip.finish(end).and(Err(MigrateError::syntax(end, "the closing bracket"))),
            RunState::Done => Ok(()),
            RunState::Start => Err(MigrateError::syntax(end, "a value")),
            _ => Err(MigrateError::syntax(end, "the closing bracket")),
        }
    }

    /// Reads as far as it can, and returns how much of `text` is done with.
    fn read(&mut self, code: &Code, text: &[u8], out: &mut Vec<u8>) -> Result<usize, MigrateError> {
        let mut chunk = Chunk::new(text);
        while self.advance(code, &mut chunk, out)? {}
        let done = chunk.copied;
        for taken in &mut self.taken {
            taken.extend(text.get(taken.from..done).unwrap_or_default());
            taken.from = taken.from.saturating_sub(done);
        }
        let largest = self.taken.iter().map(|taken| taken.bytes.len()).max().unwrap_or(0);
        self.check_hold(largest)?;
        self.offset += done;
        Ok(done)
    }

    /// One step; `false` when the text at hand does not carry another.
    fn advance(&mut self, code: &Code, chunk: &mut Chunk<'_>, out: &mut Vec<u8>) -> Result<bool, MigrateError> {
        match self.state {
            RunState::Start => self.start(code, chunk, out),
            RunState::Skipping => self.skip_on(code, chunk, out),
            RunState::Done => self.behind(code, chunk, out),
            RunState::Opened | RunState::Between | RunState::Comma => match self.frames.last() {
                Some(OpenContainer::Elements(node)) => self.element(code, *node, chunk, out),
                Some(OpenContainer::Every(node)) => self.every_member(code, *node, chunk, out),
                _ => self.member(code, chunk, out),
            },
        }
    }

    fn start(&mut self, code: &Code, chunk: &mut Chunk<'_>, out: &mut Vec<u8>) -> Result<bool, MigrateError> {
        let text = chunk.text.bytes;
        if self.offset == 0 && text.len() < BOM.len() && BOM.starts_with(text) {
            return Ok(false);
        }
        let from = if self.offset == 0 && text.starts_with(BOM) { BOM.len() } else { 0 };
        chunk.at = after_white(text, from);
        if chunk.at == text.len() {
            self.pass(chunk, chunk.at, out);
            return Ok(false);
        }
        self.value(code, self.root, chunk, out).map(|()| true)
    }

    /// Only white space may follow the document, or another one.
    fn behind(&mut self, code: &Code, chunk: &mut Chunk<'_>, out: &mut Vec<u8>) -> Result<bool, MigrateError> {
        let end = after_white(chunk.text.bytes, chunk.at);
        let more = end < chunk.text.bytes.len();
        if more && !self.many {
            return Err(MigrateError::syntax(self.offset + end, "the end"));
        }
        self.pass(chunk, end, out);
        if more {
            // Two numbers must not become one.
            if out.last().copied().or(self.written).is_some_and(|last| !ends_itself(last)) {
                out.push(b'\n');
            }
            chunk.at = end;
            self.value(code, self.root, chunk, out)?;
        }
        Ok(more)
    }

    /// The head of the next member, however it is spelled. `chunk.at` stays.
    pub(super) fn head(&mut self, chunk: &mut Chunk<'_>) -> Result<NextMember, MigrateError> {
        let searched = std::mem::take(&mut self.searched);
        let between = self.state == RunState::Between;
        let next = MemberHead::read(&mut chunk.text, chunk.at, between, searched, self.offset)?;
        if let NextMember::Incomplete { searched } = next {
            self.searched = searched;
        }
        Ok(next)
    }
}

// === impl TakenValue ===

impl TakenValue {
    /// From this position of the text at hand on.
    pub(super) const fn at(from: usize) -> Self {
        Self { bytes: Vec::new(), from, summary: None }
    }

    pub(super) fn extend(&mut self, part: &[u8]) {
        match &mut self.summary {
            None => self.bytes.extend_from_slice(part),
            Some(summary) => summary.push(part, &mut self.bytes),
        }
    }
}

/// Whether a JSON text that ends with this byte, white space included, cannot go on.
pub(in crate::json) const fn ends_itself(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'"' | b']' | b'}')
}
