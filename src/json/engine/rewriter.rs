//! Runs a program over a text that comes in chunks.

use super::super::{MigrateError, Migrated, Options, migrate};
use super::object::{Fate, Object};
use super::program::{COPY, Code, Inside, Node, NodeId, Program};
use super::skip::{Found, Skip, after_white, text_end};

/// Runs a [`Program`] over one text, resumable at any byte: feed it chunks, take what it writes.
///
/// Sans I/O: it neither reads nor waits, and can be dropped at any point. It holds what must move and no more; more
/// than the limit is an error of its own. After an error it is of no more use, and what it wrote is no whole document.
///
/// ```
/// use sunward::json::{Collision, Mode, OnError, Op, Options, Pattern, Pointer, Program, Rewriter, Step};
///
/// let rename = Step {
///     resource: Pattern::root(),
///     each: Pattern::parse("/items/*")?,
///     when: None,
///     op: Op::Rename { object: Pointer::ROOT, from: "a".into(), to: "b".into(), collision: Collision::Replace },
///     on_error: OnError::Fail,
///     constant: false,
/// };
/// let program = Program::new([&rename], Mode::Whole);
/// let mut rewriter = Rewriter::new(&program, &Options::default());
/// let mut out = Vec::new();
/// rewriter.feed(br#"{"items": [{"a": 1.10}, {"#, &mut out)?;
/// rewriter.feed(br#""a": 1E400}]}"#, &mut out)?;
/// rewriter.finish(&mut out)?;
/// assert_eq!(out, br#"{"items": [{"b": 1.10}, {"b": 1E400}]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Rewriter {
    program: Program,
    root: NodeId,
    options: Options,
    hold_limit: usize,
    frames: Vec<Frame>,
    state: State,
    skip: Skip,
    /// What the value that is being skipped is for.
    task: Task,
    /// Text that could not be decided yet.
    tail: Vec<u8>,
    /// How far the key in `tail` was searched for its end.
    searched: usize,
    /// Where the text at hand stands in the document.
    offset: usize,
    /// Values that are taken whole, the innermost last.
    taken: Vec<Taken>,
    /// Output that waits.
    held: Vec<u8>,
    /// How many objects wait.
    waits: usize,
    /// Objects that are done, for their memory.
    spare: Vec<Box<Object>>,
    collisions: u64,
    passed: u64,
}

/// An array or object that is gone through.
#[derive(Debug)]
enum Frame {
    /// Each element on its own.
    Elements(NodeId),
    /// Each member on its own.
    Every(NodeId),
    /// Members by name; the source whose value is being taken, if one is.
    Members(Box<Object>, Option<usize>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
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
enum Task {
    /// It is copied.
    Copy,
    /// It goes.
    Drop,
    /// It is taken for a node.
    Hold(NodeId),
}

/// A value that is taken whole.
#[derive(Debug)]
struct Taken {
    bytes: Vec<u8>,
    /// From where on the text at hand belongs to it.
    from: usize,
}

/// A text at hand: how far it was read, and how far it was passed on.
struct Chunk<'t> {
    text: &'t [u8],
    at: usize,
    copied: usize,
}

/// A member's head, as positions in the text: white space, comma, white space, key, colon, value.
struct Head {
    start: usize,
    comma: Option<usize>,
    lead: usize,
    key: usize,
    key_end: usize,
    value: usize,
}

/// What the head of a member turns out to be.
enum Next {
    Member(Head),
    /// The closing bracket.
    Close(usize),
    /// Not all of it is there.
    Incomplete,
}

const BOM: &[u8] = b"\xef\xbb\xbf";
/// The default limit of what is held.
const HOLD: usize = 4 << 20;

// === impl Rewriter ===

impl Rewriter {
    /// A run of `program`, within the depth limit of `options`. It may hold up to 4 MiB.
    #[must_use]
    pub fn new(program: &Program, options: &Options) -> Self {
        let depth = options.max_depth();
        Self {
            root: program.code.root,
            program: program.clone(),
            options: *options,
            hold_limit: HOLD,
            frames: Vec::new(),
            state: State::Start,
            skip: Skip::new(depth, depth),
            task: Task::Copy,
            tail: Vec::new(),
            searched: 0,
            offset: 0,
            taken: Vec::new(),
            held: Vec::new(),
            waits: 0,
            spare: Vec::new(),
            collisions: 0,
            passed: 0,
        }
    }

    /// Another limit of what it may hold.
    #[must_use]
    pub const fn with_hold_limit(mut self, bytes: usize) -> Self {
        self.hold_limit = bytes;
        self
    }

    /// Takes the next chunk, and appends to `out` what is sure by then.
    ///
    /// # Errors
    /// The text is not JSON, a limit, a value that an op cannot take.
    pub fn feed(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), MigrateError> {
        if self.tail.is_empty() {
            let kept = self.run(chunk, out)?;
            self.tail.extend_from_slice(&chunk[kept..]);
        } else {
            let mut text = std::mem::take(&mut self.tail);
            text.extend_from_slice(chunk);
            let kept = self.run(&text, out)?;
            text.drain(..kept);
            self.tail = text;
        }
        self.check_hold(self.tail.len() + self.held.len())
    }

    /// Takes the end of the text.
    ///
    /// # Errors
    /// The text is not whole.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), MigrateError> {
        let text = std::mem::take(&mut self.tail);
        let end = self.offset + text.len();
        match self.state {
            State::Start if end == 0 => Ok(()),
            State::Skipping if self.frames.is_empty() => {
                self.skip.finish(end)?;
                let mut chunk = Chunk { text: &text, at: text.len(), copied: text.len() };
                let program = self.program.clone();
                self.skipped(&program.code, &mut chunk, out)
            }
            State::Skipping => self.skip.finish(end).and(Err(MigrateError::syntax(end, "the closing bracket"))),
            State::Done => Ok(()),
            State::Start => Err(MigrateError::syntax(end, "a value")),
            _ => Err(MigrateError::syntax(end, "the closing bracket")),
        }
    }

    /// Stands before another text, which begins at `offset` of a stream. Keeps the counts, and memory.
    pub(in crate::json) fn restart(&mut self, offset: usize) {
        self.frames.clear();
        self.taken.clear();
        self.tail.clear();
        self.held.clear();
        self.state = State::Start;
        self.searched = 0;
        self.waits = 0;
        self.offset = offset;
    }

    /// Whether there was more than white space, or a byte order mark, so far.
    pub(in crate::json) fn has_begun(&self) -> bool {
        self.state != State::Start || !self.tail.is_empty()
    }

    /// Values that stood where an op had to write, so far.
    #[must_use]
    pub const fn collisions(&self) -> u64 {
        self.collisions
    }

    /// Values that were left as they were under [`OnError::Pass`](super::super::OnError::Pass), so far.
    #[must_use]
    pub const fn passed(&self) -> u64 {
        self.passed
    }

    /// Reads as far as it can, and returns how much of `text` is done with.
    fn run(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<usize, MigrateError> {
        let mut chunk = Chunk { text, at: 0, copied: 0 };
        let program = self.program.clone();
        while self.advance(&program.code, &mut chunk, out)? {}
        let done = chunk.copied;
        for taken in &mut self.taken {
            taken.bytes.extend_from_slice(text.get(taken.from..done).unwrap_or_default());
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
            State::Start => self.start(code, chunk, out),
            State::Skipping => match self.skip.run(chunk.text, chunk.at, self.offset)? {
                Some(end) => {
                    chunk.at = end;
                    self.skipped(code, chunk, out).map(|()| true)
                }
                None => {
                    chunk.at = chunk.text.len();
                    match self.task {
                        Task::Copy => self.pass(chunk, chunk.at, out),
                        Task::Drop | Task::Hold(_) => chunk.copied = chunk.at,
                    }
                    Ok(false)
                }
            },
            State::Done => {
                let end = after_white(chunk.text, chunk.at);
                if end < chunk.text.len() {
                    return Err(MigrateError::syntax(self.offset + end, "the end"));
                }
                self.pass(chunk, end, out);
                Ok(false)
            }
            State::Opened | State::Between | State::Comma => match self.frames.last() {
                Some(Frame::Elements(node)) => self.element(code, *node, chunk, out),
                Some(Frame::Every(node)) => self.every_member(code, *node, chunk, out),
                _ => self.member(code, chunk, out),
            },
        }
    }

    fn start(&mut self, code: &Code, chunk: &mut Chunk<'_>, out: &mut Vec<u8>) -> Result<bool, MigrateError> {
        let text = chunk.text;
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

    // --- arrays ---

    fn element(
        &mut self,
        code: &Code,
        node: NodeId,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool, MigrateError> {
        chunk.at = after_white(chunk.text, chunk.at);
        let Some(&byte) = chunk.text.get(chunk.at) else {
            self.pass(chunk, chunk.at, out);
            return Ok(false);
        };
        match (self.state, byte) {
            (State::Opened | State::Between, b']') => {
                chunk.at += 1;
                self.frames.pop();
                self.ended(code, chunk)?;
            }
            (State::Between, b',') => {
                chunk.at += 1;
                self.state = State::Comma;
            }
            (State::Between, _) => return Err(MigrateError::syntax(self.offset + chunk.at, "`,` or `]`")),
            _ => self.value(code, node, chunk, out)?,
        }
        Ok(true)
    }

    // --- objects ---

    fn every_member(
        &mut self,
        code: &Code,
        node: NodeId,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool, MigrateError> {
        match self.head(chunk)? {
            Next::Incomplete => {
                self.pass(chunk, chunk.at, out);
                return Ok(false);
            }
            Next::Close(bracket) => {
                chunk.at = bracket + 1;
                self.frames.pop();
                self.ended(code, chunk)?;
            }
            Next::Member(head) => {
                chunk.at = head.value;
                self.value(code, node, chunk, out)?;
            }
        }
        Ok(true)
    }

    fn member(&mut self, code: &Code, chunk: &mut Chunk<'_>, out: &mut Vec<u8>) -> Result<bool, MigrateError> {
        loop {
            let head = match self.quick_head(chunk) {
                Some(head) => head,
                None => match self.head(chunk)? {
                    Next::Member(head) => head,
                    Next::Close(bracket) => return self.close(code, bracket, chunk, out).map(|()| true),
                    Next::Incomplete => {
                        self.pass(chunk, chunk.at, out);
                        return Ok(false);
                    }
                },
            };
            chunk.at = head.value;
            if !self.is_passed(code, &head, chunk) {
                return self.decide(code, &head, chunk, out).map(|()| true);
            }
            // Most members: copied with what is around them, so nothing is to be done but to find their end.
            self.skip_value(Task::Copy);
            match self.skip.run(chunk.text, chunk.at, self.offset)? {
                Some(end) => {
                    chunk.at = end;
                    self.state = State::Between;
                }
                None => {
                    chunk.at = chunk.text.len();
                    self.pass(chunk, chunk.at, out);
                    return Ok(false);
                }
            }
        }
    }

    /// Whether nothing is to be done to a member, nor to what stands before it.
    fn is_passed(&mut self, code: &Code, head: &Head, chunk: &Chunk<'_>) -> bool {
        let Some(Frame::Members(object, _)) = self.frames.last_mut() else { return false };
        let plan = &code.objects[object.plan];
        let passed =
            object.flowing && object.waiting.is_none() && plan.source(&chunk.text[head.key..head.key_end]).is_none();
        object.written |= passed;
        passed
    }

    /// The head of a member as machines write it: no white space, no escapes, all of it there.
    fn quick_head(&self, chunk: &Chunk<'_>) -> Option<Head> {
        let (text, start) = (chunk.text, chunk.at);
        let (comma, key) = match (self.state, text.get(start)?) {
            (State::Between, b',') => (Some(start), start + 1),
            (State::Opened, _) => (None, start),
            _ => return None,
        };
        if self.searched > 0 || *text.get(key)? != b'"' {
            return None;
        }
        let Found::Quote(quote) = text_end(text, key + 1) else { return None };
        let value = quote + 2;
        let plain = *text.get(quote + 1)? == b':' && !matches!(text.get(value)?, b' ' | b'\t' | b'\n' | b'\r');
        plain.then_some(Head { start, comma, lead: key, key, key_end: quote + 1, value })
    }

    /// Reads up to the first byte of a member's value. `chunk.at` stays.
    fn head(&mut self, chunk: &Chunk<'_>) -> Result<Next, MigrateError> {
        let (text, start) = (chunk.text, chunk.at);
        let wanted = |at: usize, wanted| Err(MigrateError::syntax(self.offset + at, wanted));
        let mut at = after_white(text, start);
        let mut comma = None;
        match (text.get(at), self.state) {
            (None, _) => return Ok(Next::Incomplete),
            (Some(b'}'), _) => return Ok(Next::Close(at)),
            (Some(b','), State::Between) => {
                comma = Some(at);
                at = after_white(text, at + 1);
            }
            (Some(_), State::Between) => return wanted(at, "`,` or `}`"),
            _ => {}
        }
        let lead = comma.map_or(start, |comma| comma + 1);
        match text.get(at) {
            None => return Ok(Next::Incomplete),
            Some(b'"') => {}
            Some(_) => return wanted(at, if comma.is_some() { "a key" } else { "a key or `}`" }),
        }
        let key = at;
        let Some(key_end) = self.key_end(text, key, start)? else { return Ok(Next::Incomplete) };
        at = after_white(text, key_end);
        match text.get(at) {
            None => return Ok(Next::Incomplete),
            Some(b':') => {}
            Some(_) => return Err(MigrateError::syntax(self.offset + at, "`:`")),
        }
        let value = after_white(text, at + 1);
        Ok(if value < text.len() {
            Next::Member(Head { start, comma, lead, key, key_end, value })
        } else {
            Next::Incomplete
        })
    }

    /// The end of the key at `quote`; how far it was searched is kept, so that no chunking makes the search dear.
    fn key_end(&mut self, text: &[u8], quote: usize, start: usize) -> Result<Option<usize>, MigrateError> {
        let mut at = (quote + 1).max(start + std::mem::take(&mut self.searched));
        loop {
            match text_end(text, at) {
                Found::Quote(end) => return Ok(Some(end + 1)),
                Found::Control(control) => {
                    return Err(MigrateError::syntax(self.offset + control, "no control character"));
                }
                Found::Nothing => {
                    self.searched = text.len() - start;
                    return Ok(None);
                }
                Found::Backslash(backslash) => match escape_end(&text[backslash..]) {
                    Some(Ok(length)) => at = backslash + length,
                    Some(Err(wrong)) => return Err(MigrateError::syntax(self.offset + backslash + wrong, "an escape")),
                    None => {
                        self.searched = backslash - start;
                        return Ok(None);
                    }
                },
            }
        }
    }

    /// A member of an object of a plan.
    fn decide(
        &mut self,
        code: &Code,
        head: &Head,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        if self.waits > 0 {
            // What may be withdrawn must have been written.
            self.pass(chunk, head.start, out);
        }
        let Some(Frame::Members(object, taking)) = self.frames.last_mut() else { return Ok(()) };
        let plan = &code.objects[object.plan];
        let Some(index) = plan.source(&chunk.text[head.key..head.key_end]) else {
            self.write_head(head, None, None, chunk, out);
            return self.value(code, COPY, chunk, out);
        };
        let source = &plan.sources[index];
        let mut takes = false;
        for &(cell, rank) in &source.copied {
            if object.copy(cell, rank) {
                takes = true;
                self.collisions += object.withdraw(cell, rank, &mut self.held);
            }
        }
        let fate = source.stays.map_or(Fate::Goes, |(cell, rank)| object.stay(cell, rank));
        if let (Some((cell, rank)), true) = (source.stays, fate != Fate::Goes) {
            self.collisions += object.withdraw(cell, rank, &mut self.held);
        }
        self.collisions += u64::from(source.stays.is_some() && fate == Fate::Goes);
        if takes {
            *taking = Some(index);
        }
        let first_to_wait = fate == Fate::Waits && object.waiting.is_none();
        if takes {
            self.taken.push(Taken { bytes: Vec::new(), from: head.value });
        }
        if fate == Fate::Goes {
            self.drop_head(head, chunk, out);
            self.skip_value(Task::Drop);
            return Ok(());
        }
        if first_to_wait {
            self.begin_waiting(head, chunk, out);
        }
        self.write_head(head, source.key.as_deref(), source.stays, chunk, out);
        self.value(code, source.node, chunk, out)
    }

    /// From this member on the object's output is held.
    fn begin_waiting(&mut self, head: &Head, chunk: &mut Chunk<'_>, out: &mut Vec<u8>) {
        self.pass(chunk, head.start, out);
        self.waits += 1;
        if let Some(Frame::Members(object, _)) = self.frames.last_mut() {
            object.wait();
        }
    }

    /// Writes what stands before a member's value.
    fn write_head(
        &mut self,
        head: &Head,
        key: Option<&[u8]>,
        cell: Option<(usize, super::fuse::Rank)>,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) {
        let Some(Frame::Members(object, _)) = self.frames.last_mut() else { return };
        let flowing = std::mem::replace(&mut object.flowing, true);
        let written = std::mem::replace(&mut object.written, true);
        let trail = if flowing { Vec::new() } else { std::mem::take(&mut object.trail) };
        let waiting = object.waiting.is_some();
        if waiting || !flowing {
            self.pass(chunk, head.start, out);
        }
        if waiting {
            let start = self.held.len();
            let comma = if flowing {
                head.comma.map(|comma| start + comma - head.start)
            } else {
                written.then_some(start + trail.len())
            };
            if let Some(Frame::Members(object, _)) = self.frames.last_mut() {
                object.begin_member(start, comma, cell);
            }
        }
        if !flowing {
            let sink = self.sink(out);
            sink.extend_from_slice(&trail);
            if written {
                sink.push(b',');
            }
            chunk.copied = head.lead;
        }
        if let Some(key) = key {
            self.pass(chunk, head.key, out);
            self.sink(out).extend_from_slice(key);
            chunk.copied = head.key_end;
        }
    }

    /// Leaves out what stands before a member's value: one comma, and its white space.
    fn drop_head(&mut self, head: &Head, chunk: &mut Chunk<'_>, out: &mut Vec<u8>) {
        self.pass(chunk, head.start, out);
        if let Some(Frame::Members(object, _)) = self.frames.last_mut()
            && std::mem::replace(&mut object.flowing, false)
            && let Some(comma) = head.comma
        {
            object.trail.clear();
            object.trail.extend_from_slice(&chunk.text[head.start..comma]);
        }
        chunk.copied = head.value;
    }

    /// The end of an object: what is added comes last.
    fn close(
        &mut self,
        code: &Code,
        bracket: usize,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        let Some(Frame::Members(mut object, _)) = self.frames.pop() else { return Ok(()) };
        let start = chunk.at;
        if !object.flowing {
            self.pass(chunk, start, out);
            self.sink(out).extend_from_slice(&object.trail);
        }
        for (at, cell) in code.objects[object.plan].cells.iter().enumerate() {
            let value = match object.best(at) {
                None => cell.constant.as_deref().map(|constant| Ok(constant.to_vec())),
                Some(rank) => object.copied(at, rank).map(|copy| self.copied(cell.nodes[usize::from(rank)], copy)),
            };
            let Some(value) = value.transpose()? else { continue };
            self.pass(chunk, start, out);
            let sink = self.sink(out);
            if std::mem::replace(&mut object.written, true) {
                sink.push(b',');
            }
            sink.extend_from_slice(&cell.key);
            sink.push(b':');
            sink.extend_from_slice(&value);
        }
        chunk.at = bracket + 1;
        if object.waiting.is_some() {
            self.pass(chunk, chunk.at, out);
            self.waits -= 1;
            if self.waits == 0 {
                out.append(&mut self.held);
            }
        }
        self.spare.push(object);
        self.ended(code, chunk)
    }

    /// A value that was copied, with what is done to the copy.
    fn copied(&mut self, node: NodeId, value: Vec<u8>) -> Result<Vec<u8>, MigrateError> {
        if node == COPY { Ok(value) } else { self.rewritten(node, &value) }
    }

    // --- values ---

    /// A value begins at `chunk.at`.
    fn value(
        &mut self,
        code: &Code,
        node: NodeId,
        chunk: &mut Chunk<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        let byte = chunk.text.get(chunk.at).copied().unwrap_or_default();
        let inside = match (code.node(node), byte) {
            (Node::Hold(_), _) => Inside::Hold(node),
            (Node::ByKind { object, .. }, b'{') => *object,
            (Node::ByKind { array, .. }, b'[') => *array,
            _ => Inside::Copy,
        };
        let frame = match inside {
            Inside::Copy => {
                self.skip_value(Task::Copy);
                return Ok(());
            }
            Inside::Hold(node) => {
                self.pass(chunk, chunk.at, out);
                self.taken.push(Taken { bytes: Vec::new(), from: chunk.at });
                self.skip_value(Task::Hold(node));
                return Ok(());
            }
            Inside::Every(node) if byte == b'[' => Frame::Elements(node),
            Inside::Every(node) => Frame::Every(node),
            Inside::Members(plan) => Frame::Members(self.object(code, plan), None),
        };
        if self.frames.len() >= self.options.max_depth() {
            return Err(MigrateError::depth(self.offset + chunk.at, self.options.max_depth()));
        }
        self.frames.push(frame);
        self.state = State::Opened;
        chunk.at += 1;
        Ok(())
    }

    fn object(&mut self, code: &Code, plan: usize) -> Box<Object> {
        match self.spare.iter().rposition(|object| object.plan == plan) {
            Some(at) => {
                let mut object = self.spare.swap_remove(at);
                object.reset();
                object
            }
            None => Box::new(Object::new(plan, &code.objects[plan])),
        }
    }

    fn skip_value(&mut self, task: Task) {
        self.skip.restart(self.options.max_depth() - self.frames.len());
        self.task = task;
        self.state = State::Skipping;
    }

    /// A value that no frame is for has ended at `chunk.at`.
    fn skipped(&mut self, code: &Code, chunk: &mut Chunk<'_>, out: &mut Vec<u8>) -> Result<(), MigrateError> {
        match self.task {
            Task::Copy => {}
            Task::Drop => chunk.copied = chunk.at,
            Task::Hold(node) => {
                let value = self.take(chunk)?;
                chunk.copied = chunk.at;
                let migrated = self.interpreted(code, node, &value)?;
                self.sink(out).extend_from_slice(&migrated);
            }
        }
        self.ended(code, chunk)
    }

    /// A value has ended, and so has what was taken of it for copies.
    fn ended(&mut self, code: &Code, chunk: &Chunk<'_>) -> Result<(), MigrateError> {
        self.state = if self.frames.is_empty() { State::Done } else { State::Between };
        let Some(Frame::Members(_, taking)) = self.frames.last_mut() else { return Ok(()) };
        let Some(index) = taking.take() else { return Ok(()) };
        let value = self.take(chunk)?;
        if let Some(Frame::Members(object, _)) = self.frames.last_mut() {
            let source = &code.objects[object.plan].sources[index];
            for &(cell, rank) in &source.copied {
                object.keep_copy(cell, rank, &value);
            }
        }
        Ok(())
    }

    /// What was taken innermost, up to `chunk.at`.
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<Vec<u8>, MigrateError> {
        let Some(mut taken) = self.taken.pop() else { return Ok(Vec::new()) };
        taken.bytes.extend_from_slice(chunk.text.get(taken.from..chunk.at).unwrap_or_default());
        self.check_hold(taken.bytes.len())?;
        Ok(taken.bytes)
    }

    /// The steps of a node, run on a value as the interpreter runs them.
    fn interpreted(&mut self, code: &Code, node: NodeId, value: &[u8]) -> Result<Vec<u8>, MigrateError> {
        let Node::Hold(steps) = code.node(node) else { return Ok(value.to_vec()) };
        let Migrated { body, collisions, passed } = migrate(value, steps, &self.options.with_max_bytes(usize::MAX))?;
        self.collisions += collisions;
        self.passed += passed;
        Ok(body)
    }

    /// A value that is there whole, through the program from `node` on.
    fn rewritten(&mut self, node: NodeId, value: &[u8]) -> Result<Vec<u8>, MigrateError> {
        let mut inner = Self::new(&self.program, &self.options).with_hold_limit(self.hold_limit);
        inner.root = node;
        let mut out = Vec::with_capacity(value.len());
        inner.feed(value, &mut out)?;
        inner.finish(&mut out)?;
        self.collisions += inner.collisions;
        self.passed += inner.passed;
        Ok(out)
    }

    // --- output ---

    fn sink<'o>(&'o mut self, out: &'o mut Vec<u8>) -> &'o mut Vec<u8> {
        if self.waits > 0 { &mut self.held } else { out }
    }

    /// Passes on what was read, up to `to`.
    fn pass(&mut self, chunk: &mut Chunk<'_>, to: usize, out: &mut Vec<u8>) {
        if to > chunk.copied {
            let span = &chunk.text[chunk.copied..to];
            self.sink(out).extend_from_slice(span);
            chunk.copied = to;
        }
    }

    pub(in crate::json) fn check_hold(&self, bytes: usize) -> Result<(), MigrateError> {
        if bytes > self.hold_limit { Err(MigrateError::size(bytes, self.hold_limit)) } else { Ok(()) }
    }
}

/// The length of the escape at the start of `text`, or where it goes wrong; `None` if not all of it is there.
fn escape_end(text: &[u8]) -> Option<Result<usize, usize>> {
    match *text.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(Ok(2)),
        b'u' => match (2..6).find(|at| !text.get(*at).is_some_and(u8::is_ascii_hexdigit)) {
            None => Some(Ok(6)),
            Some(at) if at < text.len() => Some(Err(at)),
            Some(_) => None,
        },
        _ => Some(Err(1)),
    }
}
