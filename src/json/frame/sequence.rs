//! JSON text sequences (RFC 7464).

use memchr::memchr;

use super::super::engine::ends_itself;
use super::super::{MigrateError, Rewriter};
use super::until;

/// The text at hand. It runs through the rewriter as it comes; line feeds in it are white space.
///
/// A text that is not JSON is an error, although §2.1 lets a reader go on: what was written of it may look whole.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    /// Whether a separator was there.
    opened: bool,
    /// Where the text begins in the stream.
    start: usize,
    /// How much of it was read.
    read: usize,
    /// The last byte that was read of it, and the last that was written.
    last: Option<u8>,
    written: Option<u8>,
}

/// Comes before each text.
const SEPARATOR: u8 = 0x1e;

// === impl Sequence ===

impl Sequence {
    pub(super) fn feed(
        &mut self,
        rewriter: &mut Rewriter,
        chunk: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        let mut rest = chunk;
        while let Some(end) = memchr(SEPARATOR, rest) {
            self.text(rewriter, &rest[..end], out)?;
            self.end(rewriter, out)?;
            out.push(SEPARATOR);
            self.open(rewriter);
            rest = &rest[end + 1..];
        }
        self.text(rewriter, rest, out)
    }

    fn open(&mut self, rewriter: &mut Rewriter) {
        *self = Self { opened: true, start: self.start + self.read + 1, ..Self::default() };
        rewriter.restart(self.start);
    }

    fn text(&mut self, rewriter: &mut Rewriter, text: &[u8], out: &mut Vec<u8>) -> Result<(), MigrateError> {
        if !self.opened
            && let Some(at) = text.iter().position(|byte| !is_white(*byte))
        {
            return Err(MigrateError::syntax(self.read + at, "a record separator"));
        }
        self.read += text.len();
        self.last = text.last().copied().or(self.last);
        let from = out.len();
        rewriter.feed(text, out)?;
        self.note(&out[from..]);
        Ok(())
    }

    /// Takes the end of a text, or of the body. Texts may be empty (§2.1).
    ///
    /// Only white space shows that a number or a word is all there (§2.4). Where a step made such a value of one that
    /// shows its own end, the line feed comes that should have been there (§2.2).
    pub(super) fn end(&mut self, rewriter: &mut Rewriter, out: &mut Vec<u8>) -> Result<(), MigrateError> {
        if !rewriter.has_begun() {
            return Ok(());
        }
        let from = out.len();
        rewriter.finish(out)?;
        self.note(&out[from..]);
        if !self.last.is_some_and(ends_itself) {
            return Err(MigrateError::syntax(self.start + self.read, "white space after the value"));
        }
        if !self.written.is_some_and(ends_itself) {
            out.push(b'\n');
        }
        Ok(())
    }

    fn note(&mut self, written: &[u8]) {
        self.written = written.last().copied().or(self.written);
    }

    pub(super) fn refused<'b>(&self, body: &'b [u8]) -> &'b [u8] {
        until(body, self.start, SEPARATOR)
    }
}

const fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
