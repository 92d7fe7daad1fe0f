//! The public face of a run.

use super::super::{ChangeSet, MigrateError, MigrateOptions};
use super::program::Program;
use super::run::Run;

/// Runs a [`Program`] over one text, resumable at any byte: feed it chunks, take what it writes.
///
/// Sans I/O: it neither reads nor waits, and can be dropped at any point. It holds what must move and no more; more
/// than the limit is an error of its own. After an error it is of no more use, and what it wrote is no whole document.
///
/// ```
/// use sunward::json::{Collision, Mode, Op, MigrateOptions, Pattern, Pointer, Program, Rewriter, Step};
///
/// let op = Op::Rename { object: Pointer::ROOT, from: "a".into(), to: "b".into(), collision: Collision::Replace };
/// let rename = Step { each: Pattern::parse("/items/*")?, ..Step::new(op) };
/// let program = Program::new([&rename], Mode::Whole);
/// let mut rewriter = Rewriter::new(&program, &MigrateOptions::default());
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
    run: Run,
}

// === impl Rewriter ===

impl Rewriter {
    /// A run of `program`, within the depth limit of `options`. It may hold up to 4 MiB.
    #[must_use]
    pub fn new(program: &Program, options: &MigrateOptions) -> Self {
        Self { program: program.clone(), run: Run::new(program.code.root, options) }
    }

    /// Another limit of what it may hold.
    #[must_use]
    pub const fn with_hold_limit(mut self, bytes: usize) -> Self {
        self.run.hold_limit = bytes;
        self
    }

    /// Over texts that may follow one another, with white space between them or none.
    pub(in crate::json) const fn of_many(mut self) -> Self {
        self.run.many = true;
        self
    }

    /// Takes the next chunk, and appends to `out` what is sure by then.
    ///
    /// # Errors
    /// The text is not JSON, a limit, a value that an op cannot take.
    pub fn feed(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), MigrateError> {
        self.run.feed(&self.program.code, chunk, out)
    }

    /// Takes the end of the text.
    ///
    /// # Errors
    /// The text is not whole.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), MigrateError> {
        self.run.finish(&self.program.code, out)
    }

    /// Starts over for another text, which begins at `offset` of a stream. Keeps the counts, and memory.
    pub(in crate::json) fn restart(&mut self, offset: usize) {
        self.run.restart(offset);
    }

    /// Whether there was more than white space, or a byte order mark, so far.
    pub(in crate::json) fn has_begun(&self) -> bool {
        self.run.has_begun()
    }

    /// Whether something that was fed was not written yet, and may still be.
    pub(in crate::json) fn holds(&self) -> bool {
        self.run.holds()
    }

    /// Whether so many bytes may be held.
    pub(in crate::json) fn check_hold(&self, bytes: usize) -> Result<(), MigrateError> {
        self.run.check_hold(bytes)
    }

    /// The number of collisions so far: values in a place where an op had to write.
    #[must_use]
    pub const fn collisions(&self) -> u64 {
        self.run.collisions
    }

    /// Values that were left as they were under [`OnError::Pass`](super::super::OnError::Pass), so far.
    #[must_use]
    pub const fn passed(&self) -> u64 {
        self.run.passed
    }

    /// The changes that altered something so far.
    #[must_use]
    pub const fn changes(&self) -> &ChangeSet {
        &self.run.changes
    }
}
