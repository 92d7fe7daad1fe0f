//! The text at hand.

use super::text::Text;

/// A text at hand: how far it was read, and how far it was passed on.
pub(super) struct Chunk<'t> {
    pub(super) text: Text<'t>,
    pub(super) at: usize,
    pub(super) copied: usize,
}

// === impl Chunk ===

impl<'t> Chunk<'t> {
    pub(super) const fn new(bytes: &'t [u8]) -> Self {
        Self { text: Text::new(bytes), at: 0, copied: 0 }
    }

    /// All of it was read and passed on.
    pub(super) const fn read(bytes: &'t [u8]) -> Self {
        Self { text: Text::new(bytes), at: bytes.len(), copied: bytes.len() }
    }
}
