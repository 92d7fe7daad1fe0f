//! How a body contains documents: a single one, several in a row, one per line, in the data of events, or after separators.

mod events;
mod lines;
#[cfg(feature = "layer")]
mod outline;
mod sequence;

use self::events::Events;
use self::lines::Lines;
#[cfg(feature = "layer")]
pub(crate) use self::outline::Outline;
use self::sequence::Sequence;
use super::form::Multipart;
use super::{ChangeSet, FieldNames, MigrateError, MigrateOptions, Program, Rewriter};

/// How a body contains documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Framing {
    /// The body is one.
    Document,
    /// One behind the other, with white space between them or none; mostly there is one.
    Concatenated,
    /// One a line (NDJSON). Blank lines are kept, and so are line ends, CRLF as well as LF.
    Lines,
    /// The data of a server-sent event is one (WHATWG HTML §9.2).
    Events,
    /// One behind each record separator (RFC 7464).
    Sequence,
}

/// Runs a [`Program`] over each document of a body, resumable at any byte: feed it chunks, take what it writes.
///
/// Sans I/O, as the [`Rewriter`] is. It holds what the `Rewriter` holds, and of a stream of events the event at hand;
/// what is complete is written at once. A program that does nothing passes any bytes, unread. After an error it is of
/// no more use, and the document that it was in was not written to its end.
///
/// Of events, all that is no data is kept byte by byte and in order, and so is an event that no step touched. Data that
/// is neither an object nor a list is no document and passes. Other data is written as `data: ` lines where the first
/// of them was. An event with data that the end of the stream cuts off is dropped: no client takes it (WHATWG HTML
/// §9.2.6), and it was not migrated.
///
/// ```
/// use sunward::json::{Collision, Framed, Framing, Mode, Op, MigrateOptions, Pointer, Program, Step};
///
/// let op = Op::Rename { object: Pointer::ROOT, from: "a".into(), to: "b".into(), collision: Collision::Replace };
/// let rename = Step::new(op);
/// let program = Program::new([&rename], Mode::Whole);
/// let mut framed = Framed::new(Framing::Events, &program, &MigrateOptions::default());
/// let mut out = Vec::new();
/// framed.feed(b"id: 7\ndata: {\"a\"", &mut out)?;
/// assert!(out.is_empty());
/// framed.feed(b": 1}\n\ndata: [DONE]\n\n", &mut out)?;
/// framed.finish(&mut out)?;
/// assert_eq!(out, b"id: 7\ndata: {\"b\": 1}\n\ndata: [DONE]\n\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Framed {
    rewriter: Rewriter,
    frame: FrameState,
}

/// The state between documents.
#[derive(Debug)]
enum FrameState {
    /// There is nothing to do.
    Unread,
    Document,
    Lines(Lines),
    Events(Events),
    Sequence(Sequence),
    Multipart(Box<Multipart>),
}

// === impl Framed ===

impl Framed {
    /// A run of `program` over a body, within the depth limit of `options`. It may hold as much as a [`Rewriter`].
    #[must_use]
    pub fn new(framing: Framing, program: &Program, options: &MigrateOptions) -> Self {
        let frame = match framing {
            _ if program.is_empty() => FrameState::Unread,
            Framing::Document | Framing::Concatenated => FrameState::Document,
            Framing::Lines => FrameState::Lines(Lines::default()),
            Framing::Events => FrameState::Events(Events::default()),
            Framing::Sequence => FrameState::Sequence(Sequence::default()),
        };
        let rewriter = Rewriter::new(program, options);
        let rewriter = if framing == Framing::Concatenated { rewriter.of_many() } else { rewriter };
        Self { rewriter, frame }
    }

    /// A run of `program` over a `multipart/form-data` body (RFC 7578), with the boundary that its `Content-Type` names.
    ///
    /// The fields are the members of an object. A part with a file name, of another type than `text/plain` or JSON, or in
    /// another encoding than UTF-8 is a file: an op may rename, move or remove it, and cannot look into it. What a
    /// step touches is written when its place is sure, and a file whose place is sure when it begins is not held.
    #[must_use]
    pub fn multipart(boundary: &str, names: FieldNames, program: &Program, options: &MigrateOptions) -> Self {
        let options = options.clone().of_texts();
        let frame = match program.is_empty() {
            true => FrameState::Unread,
            false => FrameState::Multipart(Box::new(Multipart::new(boundary, names, &options))),
        };
        Self { rewriter: Rewriter::new(program, &options), frame }
    }

    /// Another limit of what it may hold; no event may be larger.
    #[must_use]
    pub fn with_hold_limit(mut self, bytes: usize) -> Self {
        self.rewriter = self.rewriter.with_hold_limit(bytes);
        self
    }

    /// Takes the next chunk, and appends to `out` what is sure by then.
    ///
    /// # Errors
    /// A document that is not JSON, a limit, a value that an op cannot take. Offsets are those of the stream.
    pub fn feed(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), MigrateError> {
        match &mut self.frame {
            FrameState::Unread => out.extend_from_slice(chunk),
            FrameState::Document => self.rewriter.feed(chunk, out)?,
            FrameState::Lines(lines) => lines.feed(&mut self.rewriter, chunk, out)?,
            FrameState::Events(events) => events.feed(&mut self.rewriter, chunk, out)?,
            FrameState::Sequence(sequence) => sequence.feed(&mut self.rewriter, chunk, out)?,
            FrameState::Multipart(form) => form.feed(&mut self.rewriter, chunk, out)?,
        }
        Ok(())
    }

    /// Takes the end of the body.
    ///
    /// # Errors
    /// The last document is not whole.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), MigrateError> {
        match &mut self.frame {
            FrameState::Unread => Ok(()),
            FrameState::Document => self.rewriter.finish(out),
            FrameState::Lines(lines) => lines.end(&mut self.rewriter, out),
            FrameState::Events(events) => {
                events.finish(out);
                Ok(())
            }
            FrameState::Sequence(sequence) => sequence.end(&mut self.rewriter, out),
            FrameState::Multipart(form) => form.finish(),
        }
    }

    /// The number of collisions so far, in all documents: values in a place where an op had to write.
    #[must_use]
    pub const fn collisions(&self) -> u64 {
        self.rewriter.collisions()
    }

    /// Values that were left as they were under [`OnError::Pass`](super::OnError::Pass), so far, in all documents.
    #[must_use]
    pub const fn passed(&self) -> u64 {
        self.rewriter.passed()
    }

    /// The changes that altered something so far, in all documents.
    #[must_use]
    pub const fn changes(&self) -> &ChangeSet {
        self.rewriter.changes()
    }

    /// The line at hand, from 1 on, of a body of lines; after an error, the one that it is about.
    #[must_use]
    pub const fn line(&self) -> Option<u64> {
        match &self.frame {
            FrameState::Lines(lines) => Some(lines.number()),
            _ => None,
        }
    }

    /// The document that an error is about, of the whole `body`: who has it can say where in it.
    pub(crate) fn refused<'b>(&'b self, body: &'b [u8]) -> &'b [u8] {
        match &self.frame {
            FrameState::Unread | FrameState::Document => body,
            FrameState::Lines(lines) => lines.refused(body),
            FrameState::Events(events) => events.refused(),
            FrameState::Sequence(sequence) => sequence.refused(body),
            FrameState::Multipart(form) => form.document(),
        }
    }
}

/// The part of `body` from `start` up to the next `end`.
fn until(body: &[u8], start: usize, end: u8) -> &[u8] {
    let rest = body.get(start..).unwrap_or_default();
    &rest[..memchr::memchr(end, rest).unwrap_or(rest.len())]
}
