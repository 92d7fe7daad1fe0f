//! Blocks of lines that begin and end where their content says so: in a log that has grown, was cut or was put together with others,
//! most blocks are what they were.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::part::LineHasher;

/// Puts lines into blocks.
#[derive(Debug)]
pub(super) struct BlockCutter {
    hasher: LineHasher,
    block: SipHasher13,
    lines: usize,
}

/// A line of a block, as it is stored: 15 bits of its hash, and whether it was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineMark(u16);

/// A block that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KnownBlock {
    pub(super) digest: i64,
    /// The block before it.
    pub(super) previous: i64,
    /// How often it is there.
    pub(super) times: i64,
    pub(super) lines: Vec<LineMark>,
}

/// A block has at least so many lines, or else short ones would be there more than once for a reason.
const LEAST: usize = 32;
/// One line in so many may end a block.
const EVERY: u64 = 64;
/// A block has at most so many lines.
const MOST: usize = 1024;
/// The senses in which hashes are made.
const BLOCK: u64 = 1;
const START: u64 = 2;
const PART: u64 = 3;

// === impl BlockCutter ===

impl BlockCutter {
    pub(super) fn new(hasher: LineHasher) -> Self {
        Self { hasher, block: hasher.hasher(BLOCK), lines: 0 }
    }

    /// What is before the first block of a log.
    pub(super) fn start(hasher: LineHasher) -> i64 {
        hasher.hasher(START).finish().cast_signed()
    }

    /// The digest of the beginning of a block.
    pub(super) fn part(hasher: LineHasher, previous: i64, lines: &[u8]) -> i64 {
        let mut hasher = hasher.hasher(PART);
        hasher.write_i64(previous);
        hasher.write(lines);
        hasher.finish().cast_signed()
    }

    /// Adds a line by its hash. Returns the digest of the block that it ends.
    pub(super) fn push(&mut self, line: u64) -> Option<i64> {
        self.block.write_u64(line);
        self.lines += 1;
        let ends = self.lines >= LEAST && line.is_multiple_of(EVERY) || self.lines >= MOST;
        if ends { self.end() } else { None }
    }

    /// Ends the block, if there is one.
    pub(super) fn end(&mut self) -> Option<i64> {
        let digest = self.block.finish().cast_signed();
        let lines = std::mem::take(&mut self.lines);
        self.block = self.hasher.hasher(BLOCK);
        (lines > 0).then_some(digest)
    }
}

// === impl LineMark ===

impl LineMark {
    pub(super) fn new(hash: u64, counted: bool) -> Self {
        // Not the bits that end blocks.
        Self((u16::try_from(hash >> 48).unwrap_or_default() & !1) | u16::from(counted))
    }

    pub(super) const fn is_counted(self) -> bool {
        self.0 & 1 == 1
    }

    pub(super) fn with_counted(self, counted: bool) -> Self {
        Self(self.0 & !1 | u16::from(counted))
    }

    /// Whether both are of the same line.
    pub(super) const fn is(self, other: Self) -> bool {
        self.0 | 1 == other.0 | 1
    }
}

// === impl KnownBlock ===

impl KnownBlock {
    /// The lines of a stored block.
    pub(super) fn marks(bytes: &[u8]) -> Vec<LineMark> {
        bytes.chunks_exact(2).map(|pair| LineMark(u16::from_le_bytes([pair[0], pair[1]]))).collect()
    }

    /// The lines, to be stored.
    pub(super) fn bytes(lines: &[LineMark]) -> Vec<u8> {
        lines.iter().flat_map(|line| line.0.to_le_bytes()).collect()
    }
}
