//! `multipart/form-data` bodies (RFC 7578): fields are migrated, files pass.

mod boundary;
mod emit;

use memchr::memmem::{self, Finder};

use super::super::error::{MigrateError, Reason};
use super::super::{MigrateOptions, Pointer, Rewriter, is_json};
use super::members::MemberSplitter;
use super::names::{FieldNames, MAX_FIELDS, quote};
use super::part::{PartHead, PartKind};
use super::shape::{self, Lists};
use boundary::BoundarySearch;

/// The parts at hand, and what the engine has not given back yet.
///
/// The engine sees an object whose members are the fields. A file is a small object in it that no text is like, so that
/// ops carry it and can do nothing else to it. What comes back is written as parts, each as soon as it is sure; a file
/// whose place is sure when it begins is not held.
#[derive(Debug)]
pub(in crate::json) struct Multipart {
    boundary: Box<[u8]>,
    /// Of the boundary with the line end before it.
    delimiter: Finder<'static>,
    names: FieldNames,
    options: MigrateOptions,
    state: MultipartState,
    /// What came and was not looked at; the body has a line end put before it, so that the first boundary is as all.
    buffer: Vec<u8>,
    /// How much of the body was taken from the buffer.
    read: usize,
    /// Fields with one first name in brackets, until another comes.
    group: Vec<Part>,
    members: MemberSplitter,
    /// Fields that the engine was fed and that were not written yet.
    pending: Vec<Group>,
    files: Vec<File>,
    /// The file that is passing.
    current: Option<usize>,
    held: usize,
    fields: usize,
    begun: bool,
    /// What the engine was fed, while it is small: it shows where a fault is.
    fed: Vec<u8>,
}

#[derive(Debug)]
enum MultipartState {
    Preamble,
    /// Behind a boundary, whose line is kept.
    Head(Vec<u8>),
    Field(PartHead, Vec<u8>),
    File(usize),
    Epilogue,
}

/// What becomes of a file.
#[derive(Debug)]
enum File {
    /// Its place is not known yet: so much came of it.
    Held(Vec<u8>),
    Passing,
    /// It was written, or is left out.
    Done,
}

#[derive(Debug)]
struct Part {
    head: PartHead,
    /// The bytes as received; empty for a file.
    body: Vec<u8>,
    /// As the engine sees it.
    value: Vec<u8>,
}

/// A member of the object that the engine was fed.
#[derive(Debug)]
struct Group {
    key: Vec<u8>,
    value: Vec<u8>,
    parts: Vec<Part>,
    lists: Lists,
}

/// The most bytes of a preamble, and of the head of a part.
const MAX_HEAD: usize = 16 * 1024;
/// Up to so much of what the engine was fed is kept.
const MAX_FED: usize = 64 * 1024;
// === impl Multipart ===

impl Multipart {
    pub(in crate::json) fn new(boundary: &str, names: FieldNames, options: &MigrateOptions) -> Self {
        let delimiter = format!("\r\n--{boundary}");
        Self {
            boundary: boundary.as_bytes().into(),
            delimiter: Finder::new(&delimiter).into_owned(),
            names,
            options: options.clone(),
            state: MultipartState::Preamble,
            buffer: b"\r\n".to_vec(),
            read: 0,
            group: Vec::new(),
            members: MemberSplitter::default(),
            pending: Vec::new(),
            files: Vec::new(),
            current: None,
            held: 0,
            fields: 0,
            begun: false,
            fed: Vec::new(),
        }
    }

    pub(in crate::json) fn feed(
        &mut self,
        rewriter: &mut Rewriter,
        chunk: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        self.buffer.extend_from_slice(chunk);
        while self.advance(rewriter, out)? {}
        let field = if let MultipartState::Field(_, body) = &self.state { body.len() } else { 0 };
        rewriter.check_hold(self.held + field)
    }

    pub(in crate::json) fn finish(&mut self) -> Result<(), MigrateError> {
        match self.state {
            MultipartState::Epilogue => Ok(()),
            MultipartState::Preamble if self.read + self.buffer.len() <= 2 => Ok(()),
            _ => Err(self.malformed("it ends before the last boundary")),
        }
    }

    /// The object that the engine has been fed so far.
    pub(in crate::json) fn document(&self) -> &[u8] {
        &self.fed
    }

    /// One step; `false` when what came does not carry another.
    fn advance(&mut self, rewriter: &mut Rewriter, out: &mut Vec<u8>) -> Result<bool, MigrateError> {
        match &mut self.state {
            MultipartState::Preamble => self.preamble(rewriter, out),
            MultipartState::Head(_) => self.head(rewriter, out),
            MultipartState::Field(..) | MultipartState::File(_) => self.content(rewriter, out),
            MultipartState::Epilogue => {
                out.append(&mut self.buffer);
                Ok(false)
            }
        }
    }

    fn preamble(&mut self, rewriter: &mut Rewriter, out: &mut Vec<u8>) -> Result<bool, MigrateError> {
        match self.find() {
            BoundarySearch::Boundary { at, end, last } => {
                if at > 0 {
                    out.extend_from_slice(&self.buffer[2..at + 2]);
                }
                self.boundary(rewriter, (at, end, last), out).map(|()| true)
            }
            BoundarySearch::None { .. } if self.buffer.len() > MAX_HEAD => {
                Err(self.malformed("the boundary is missing"))
            }
            BoundarySearch::None { .. } => Ok(false),
        }
    }

    /// Behind the content of a part, and behind the preamble.
    fn boundary(
        &mut self,
        rewriter: &mut Rewriter,
        (at, end, last): (usize, usize, bool),
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        let line = self.buffer[at + 2..end].to_vec();
        self.consume(end);
        if !last {
            self.state = MultipartState::Head(line);
            return Ok(());
        }
        self.flush(rewriter, out)?;
        let end: &[u8] = if self.begun { b"}" } else { b"{}" };
        self.tell(rewriter, end)?;
        rewriter.finish(self.members.sink())?;
        self.drain(rewriter, out)?;
        out.extend_from_slice(&line);
        self.state = MultipartState::Epilogue;
        Ok(())
    }

    fn head(&mut self, rewriter: &mut Rewriter, out: &mut Vec<u8>) -> Result<bool, MigrateError> {
        let end = if self.buffer.starts_with(b"\r\n") {
            Some(2)
        } else {
            memmem::find(&self.buffer, b"\r\n\r\n").map(|at| at + 4)
        };
        let Some(end) = end.filter(|end| *end <= MAX_HEAD) else {
            return if self.buffer.len() > MAX_HEAD {
                Err(self.malformed("the headers of a part are too large"))
            } else {
                Ok(false)
            };
        };
        let MultipartState::Head(line) = &mut self.state else { return Ok(false) };
        let mut raw = std::mem::take(line);
        raw.extend_from_slice(&self.buffer[..end]);
        let Some(head) = PartHead::read(&raw) else { return Err(self.malformed("a part has no name")) };
        self.consume(end);
        self.fields += 1;
        if self.fields > MAX_FIELDS {
            return Err(MigrateError::fields(MAX_FIELDS));
        }
        match head.kind() {
            PartKind::Text | PartKind::Json => self.state = MultipartState::Field(head, Vec::new()),
            PartKind::File => self.open(head, rewriter, out)?,
        }
        Ok(true)
    }

    /// A file begins.
    fn open(&mut self, head: PartHead, rewriter: &mut Rewriter, out: &mut Vec<u8>) -> Result<(), MigrateError> {
        let file = self.files.len();
        self.files.push(File::Held(Vec::new()));
        self.current = Some(file);
        let part = Part { head, body: Vec::new(), value: stand_in(file) };
        self.add(part, rewriter, out)?;
        self.flush(rewriter, out)?;
        // What is not held and did not come out has been dropped.
        if matches!(self.files[file], File::Held(_)) && !rewriter.holds() {
            self.files[file] = File::Done;
        }
        self.state = MultipartState::File(file);
        Ok(())
    }

    fn content(&mut self, rewriter: &mut Rewriter, out: &mut Vec<u8>) -> Result<bool, MigrateError> {
        let found = self.find();
        let (BoundarySearch::None { safe: end } | BoundarySearch::Boundary { at: end, .. }) = found;
        let content = &self.buffer[..end];
        match &mut self.state {
            MultipartState::Field(_, body) => body.extend_from_slice(content),
            MultipartState::File(file) => match &mut self.files[*file] {
                File::Held(held) => {
                    held.extend_from_slice(content);
                    self.held += content.len();
                }
                File::Passing => out.extend_from_slice(content),
                File::Done => {}
            },
            _ => {}
        }
        let BoundarySearch::Boundary { at, end, last } = found else {
            self.consume(end);
            return Ok(false);
        };
        match std::mem::replace(&mut self.state, MultipartState::Preamble) {
            MultipartState::Field(head, body) => self.close(head, body, rewriter, out)?,
            MultipartState::File(file) => {
                self.current = None;
                if let File::Passing = self.files[file] {
                    self.files[file] = File::Done;
                    out.extend_from_slice(b"\r\n");
                }
                self.drain(rewriter, out)?;
            }
            _ => {}
        }
        self.boundary(rewriter, (at, end, last), out)?;
        Ok(true)
    }

    /// A field has ended.
    fn close(
        &mut self,
        head: PartHead,
        body: Vec<u8>,
        rewriter: &mut Rewriter,
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        let json = head.kind() == PartKind::Json;
        if json {
            is_json(&body, &self.options)?;
        }
        let value = if json { body.trim_ascii().to_vec() } else { quote(&body) };
        self.held += body.len() + head.len();
        rewriter.check_hold(self.held)?;
        self.add(Part { head, body, value }, rewriter, out)
    }

    /// Adds a part to those with the same first name, if its name has brackets.
    fn add(&mut self, part: Part, rewriter: &mut Rewriter, out: &mut Vec<u8>) -> Result<(), MigrateError> {
        let (first, nested) = self.first(&part);
        let same = nested && self.group.last().is_some_and(|last| self.first(last) == (first, true));
        if !same {
            self.flush(rewriter, out)?;
        }
        self.group.push(part);
        if nested { Ok(()) } else { self.flush(rewriter, out) }
    }

    /// The first name of a part, and whether brackets follow.
    fn first<'p>(&self, part: &'p Part) -> (&'p [u8], bool) {
        let names = if part.head.kind() == PartKind::Json { FieldNames::Plain } else { self.names };
        let (first, keys) = shape::path(part.head.name(), names);
        (first, !keys.is_empty())
    }

    /// Feeds the parts at hand to the engine.
    fn flush(&mut self, rewriter: &mut Rewriter, out: &mut Vec<u8>) -> Result<(), MigrateError> {
        let parts = std::mem::take(&mut self.group);
        let Some(first) = parts.first() else { return Ok(()) };
        let mut lists = Lists::default();
        let (key, nested) = self.first(first);
        let fields = parts.iter().map(|part| match nested {
            true => (shape::path(part.head.name(), self.names).1, &*part.value),
            false => (Vec::new(), &*part.value),
        });
        let value = shape::join(key, fields, &mut lists)?.pop().unwrap_or_default();
        let begin: &[u8] = if self.begun { b"," } else { b"{" };
        let text = [begin, &quote(key), b":", &value].concat();
        let key = key.to_vec();
        self.pending.push(Group { key, value, parts, lists });
        self.tell(rewriter, &text)?;
        self.drain(rewriter, out)
    }

    fn tell(&mut self, rewriter: &mut Rewriter, text: &[u8]) -> Result<(), MigrateError> {
        if self.fed.len() + text.len() <= MAX_FED && self.begun != self.fed.is_empty() {
            self.fed.extend_from_slice(text);
        } else {
            self.fed.clear();
        }
        self.begun = true;
        rewriter.feed(text, self.members.sink()).inspect_err(|_| self.fed.push(b'}'))
    }

    /// Writes what the engine has given back, up to a file that passes.
    fn drain(&mut self, rewriter: &Rewriter, out: &mut Vec<u8>) -> Result<(), MigrateError> {
        while !self.is_passing() {
            let Some((key, value)) = self.members.next() else {
                if !self.members.is_object() {
                    return Err(MigrateError::value(Pointer::ROOT, Reason::Unformed));
                }
                self.forget(rewriter);
                return Ok(());
            };
            self.emit(&key, &value, out)?;
        }
        Ok(())
    }

    fn is_passing(&self) -> bool {
        self.current.is_some_and(|file| matches!(self.files[file], File::Passing))
    }

    /// What is neither held nor written was dropped.
    fn forget(&mut self, rewriter: &Rewriter) {
        if !rewriter.holds() {
            self.pending.clear();
            self.held = 0;
        }
    }

    fn consume(&mut self, bytes: usize) {
        self.buffer.drain(..bytes);
        self.read += bytes;
    }

    fn malformed(&self, why: &'static str) -> MigrateError {
        MigrateError::malformed_form(self.read.saturating_sub(2), why)
    }
}

/// What a file is to the engine.
fn stand_in(file: usize) -> Vec<u8> {
    format!("{{\"\\u0000file\":{file}}}").into_bytes()
}

fn stands_for(value: &[u8]) -> Option<usize> {
    let digits = value.strip_prefix(b"{\"\\u0000file\":")?.strip_suffix(b"}")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
