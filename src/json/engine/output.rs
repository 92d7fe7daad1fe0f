//! Where the text goes: out, or into what waits.

use super::super::MigrateError;
use super::chunk::Chunk;
use super::run::Run;

// === impl Run ===

impl Run {
    pub(super) const fn sink<'o>(&'o mut self, out: &'o mut Vec<u8>) -> &'o mut Vec<u8> {
        if self.waits > 0 { &mut self.held } else { out }
    }

    /// Passes on what was read, up to `to`.
    #[inline]
    pub(super) fn pass(&mut self, chunk: &mut Chunk<'_>, to: usize, out: &mut Vec<u8>) {
        if to > chunk.copied {
            let span = &chunk.text.bytes[chunk.copied..to];
            self.sink(out).extend_from_slice(span);
            chunk.copied = to;
        }
    }

    pub(super) fn check_hold(&self, bytes: usize) -> Result<(), MigrateError> {
        if bytes > self.hold_limit { Err(MigrateError::size(bytes, self.hold_limit)) } else { Ok(()) }
    }
}
