//! A document a line: NDJSON, JSON Lines.

use memchr::memchr;

use super::super::{MigrateError, Rewriter};
use super::until;

/// The line at hand.
///
/// A document runs through the rewriter as it comes. It has no line feed in it, and none gets into it: the JSON that an op
/// takes out of a string may have some, as white space, and those are left out. A CR before the LF is JSON white space, so
/// it passes with the document.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Where it begins in the stream.
    start: usize,
    /// How much of it was read.
    read: usize,
    /// How many lines have ended.
    ended: u64,
}

// === impl Lines ===

impl Lines {
    pub(super) fn feed(
        &mut self,
        rewriter: &mut Rewriter,
        chunk: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        let mut rest = chunk;
        while let Some(end) = memchr(b'\n', rest) {
            self.text(rewriter, &rest[..end], out)?;
            self.end(rewriter, out)?;
            out.push(b'\n');
            self.start += self.read + 1;
            self.read = 0;
            self.ended += 1;
            rewriter.restart(self.start);
            rest = &rest[end + 1..];
        }
        self.text(rewriter, rest, out)
    }

    fn text(&mut self, rewriter: &mut Rewriter, text: &[u8], out: &mut Vec<u8>) -> Result<(), MigrateError> {
        self.read += text.len();
        let start = out.len();
        rewriter.feed(text, out)?;
        join_lines(out, start);
        Ok(())
    }

    /// Takes the end of a line, or of the body: the last line need not have an end of its own.
    pub(super) fn end(&self, rewriter: &mut Rewriter, out: &mut Vec<u8>) -> Result<(), MigrateError> {
        let start = out.len();
        if rewriter.has_begun() {
            rewriter.finish(out)?;
        }
        join_lines(out, start);
        Ok(())
    }

    pub(super) const fn number(&self) -> u64 {
        self.ended + 1
    }

    pub(super) fn refused<'b>(&self, body: &'b [u8]) -> &'b [u8] {
        until(body, self.start, b'\n')
    }
}

/// Leaves out the line feeds from `start` on.
fn join_lines(out: &mut Vec<u8>, start: usize) {
    if memchr(b'\n', &out[start..]).is_some() {
        let joined: Vec<u8> = out.drain(start..).filter(|byte| *byte != b'\n').collect();
        out.extend_from_slice(&joined);
    }
}
