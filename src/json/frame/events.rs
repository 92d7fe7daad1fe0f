//! Server-sent events (WHATWG HTML §9.2).

use memchr::memchr2;

use super::super::{MigrateError, Rewriter};

/// The event at hand. It is held until its blank line is there, since its lines are one document only together.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// Its lines as received, the last without its end.
    raw: Vec<u8>,
    /// Where the last line begins in `raw`.
    line: usize,
    /// Where `raw` begins in the stream.
    start: usize,
    /// Whether the last byte was a CR, so that an LF is the second half of the same line end.
    half: bool,
    /// Its data.
    text: Vec<u8>,
    /// What became of it.
    migrated: Vec<u8>,
}

/// A stream may begin with it; it is no part of the first line (§9.2.5).
const BOM: &[u8] = "\u{feff}".as_bytes();

// === impl Events ===

impl Events {
    pub(super) fn feed(
        &mut self,
        rewriter: &mut Rewriter,
        chunk: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), MigrateError> {
        let mut rest = chunk;
        while let Some(at) = memchr2(b'\n', b'\r', rest) {
            self.take(rewriter, &rest[..at], out)?;
            self.line_end(rewriter, rest[at], out)?;
            rest = &rest[at + 1..];
        }
        self.take(rewriter, rest, out)
    }

    /// Takes the end of the stream. An event without its blank line is never dispatched (§9.2.6); if it has data, that
    /// was not migrated, and must not be seen.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        if lines(&self.raw).all(|line| data(line).is_none()) {
            out.extend_from_slice(&self.raw);
        }
        self.clear();
    }

    pub(super) fn refused(&self) -> &[u8] {
        &self.text
    }

    fn take(&mut self, rewriter: &Rewriter, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), MigrateError> {
        self.raw.extend_from_slice(bytes);
        if self.start == 0 && self.raw.starts_with(BOM) {
            self.raw.drain(..BOM.len());
            self.start = BOM.len();
            out.extend_from_slice(BOM);
        }
        rewriter.check_hold(self.raw.len())
    }

    /// A CR ends the line at once: what is complete must not wait for the LF that may follow.
    fn line_end(&mut self, rewriter: &mut Rewriter, byte: u8, out: &mut Vec<u8>) -> Result<(), MigrateError> {
        let empty = self.line == self.raw.len();
        let second = empty && self.half && byte == b'\n';
        self.half = byte == b'\r';
        if second && self.raw.is_empty() {
            // Its line is written already.
            self.start += 1;
            out.push(byte);
            return Ok(());
        }
        self.take(rewriter, &[byte], out)?;
        if empty && !second {
            return self.dispatch(rewriter, out);
        }
        if self.line == 0 && self.raw.first() == Some(&b':') {
            // A comment between events is there to be seen now: it keeps the connection alive.
            self.pass(out);
        }
        self.line = self.raw.len();
        Ok(())
    }

    /// Writes the event.
    fn dispatch(&mut self, rewriter: &mut Rewriter, out: &mut Vec<u8>) -> Result<(), MigrateError> {
        self.join();
        if !is_document(&self.text) {
            self.pass(out);
            return Ok(());
        }
        if let Err(error) = self.migrate(rewriter, 0) {
            return Err(self.placed(rewriter, error));
        }
        if self.migrated == self.text {
            self.pass(out);
        } else {
            self.write(out);
            self.clear();
        }
        Ok(())
    }

    /// The data buffer: each value and a line feed, but for the last line feed (§9.2.6).
    fn join(&mut self) {
        self.text.clear();
        for value in lines(&self.raw).filter_map(data) {
            self.text.extend_from_slice(value);
            self.text.push(b'\n');
        }
        self.text.pop();
    }

    /// Migrates the data as if it began at `offset` of a stream.
    fn migrate(&mut self, rewriter: &mut Rewriter, offset: usize) -> Result<(), MigrateError> {
        self.migrated.clear();
        rewriter.restart(offset);
        rewriter.feed(&self.text, &mut self.migrated)?;
        rewriter.finish(&mut self.migrated)
    }

    /// The same error, with the place in the stream: an error knows its place from where the text begins, so it is met
    /// again with a begin that is as far before it as the data's own.
    fn placed(&mut self, rewriter: &mut Rewriter, error: MigrateError) -> MigrateError {
        let Some(at) = error.offset() else { return error };
        let begin = self.place(at).saturating_sub(at);
        self.migrate(rewriter, begin).err().unwrap_or(error)
    }

    /// The position of a byte of the data in the stream.
    fn place(&self, mut at: usize) -> usize {
        let mut start = self.start;
        for line in lines(&self.raw) {
            if let Some(value) = data(line) {
                if at <= value.len() {
                    return start + content(line).len() - value.len() + at;
                }
                at -= value.len() + 1;
            }
            start += line.len();
        }
        start
    }

    /// Writes the event's lines, and in place of its data what became of that. Line feeds in it need lines of their
    /// own; they are white space, since a text has none (RFC 8259 §7).
    fn write(&self, out: &mut Vec<u8>) {
        let mut written = false;
        for line in lines(&self.raw) {
            if data(line).is_none() {
                if line == b"\n" && out.last() == Some(&b'\r') {
                    // Behind a CR that came here from elsewhere the blank line would be half a line end.
                    out.push(b'\n');
                }
                out.extend_from_slice(line);
            } else if !std::mem::replace(&mut written, true) {
                for value in self.migrated.split(|byte| matches!(byte, b'\n' | b'\r')) {
                    out.extend_from_slice(b"data: ");
                    out.extend_from_slice(value);
                    out.extend_from_slice(&line[content(line).len()..]);
                }
            }
        }
    }

    /// Writes the event unchanged.
    fn pass(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.raw);
        self.clear();
    }

    fn clear(&mut self) {
        self.start += self.raw.len();
        self.raw.clear();
        self.line = 0;
    }
}

/// Lines with their ends, which are CRLF, LF or CR.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let at = memchr2(b'\n', b'\r', rest);
        let end = at.map_or(rest.len(), |at| at + if rest[at..].starts_with(b"\r\n") { 2 } else { 1 });
        let (line, after) = rest.split_at(end);
        rest = after;
        (!line.is_empty()).then_some(line)
    })
}

/// A line without its end.
fn content(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The value of a `data` line, less one leading space; without a colon it is empty (§9.2.6).
fn data(line: &[u8]) -> Option<&[u8]> {
    let line = content(line);
    let value = if line == b"data" { &line[4..] } else { line.strip_prefix(b"data:")? };
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

/// Whether data is an object or a list; `[DONE]` is how some streams say that nothing comes any more.
fn is_document(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    matches!(text.first(), Some(b'{' | b'[')) && text != b"[DONE]"
}
