//! A part of a log, as lines.

use std::hash::Hasher;

use memchr::memchr_iter;
use siphasher::sip::SipHasher13;

/// A part of a log, on its way through the threads.
#[derive(Debug, Default)]
pub(super) struct LogPart {
    bytes: Vec<u8>,
    /// Where each line begins and ends, without its end. Empty lines are left out.
    lines: Vec<(usize, usize)>,
    /// The hash of each line.
    pub(super) hashes: Vec<u64>,
    /// For each line, whether it is to be counted: no earlier import has done so.
    pub(super) fresh: Vec<bool>,
    /// For each line, whether it was counted.
    pub(super) counted: Vec<bool>,
}

/// What lines are hashed with: those of another environment have other hashes.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineHasher(u64);

// === impl LineHasher ===

impl LineHasher {
    pub(super) fn new(environment: &str) -> Self {
        let mut hasher = SipHasher13::new();
        hasher.write(environment.as_bytes());
        Self(hasher.finish())
    }

    /// For what is hashed in some other sense.
    pub(super) fn hasher(self, sense: u64) -> SipHasher13 {
        SipHasher13::new_with_keys(self.0, sense)
    }
}

// === impl LogPart ===

impl LogPart {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The lines with their numbers.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &[u8])> {
        self.lines.iter().map(|(from, until)| &self.bytes[*from..*until]).enumerate()
    }

    /// Finds the lines and hashes them.
    pub(super) fn split(&mut self, hasher: LineHasher) {
        let mut from = 0;
        for end in memchr_iter(b'\n', &self.bytes) {
            let line = self.bytes[from..end].trim_ascii_end();
            if !line.is_empty() {
                self.lines.push((from, from + line.len()));
                let mut hasher = hasher.hasher(0);
                hasher.write(line);
                self.hashes.push(hasher.finish());
            }
            from = end + 1;
        }
        self.counted = vec![false; self.lines.len()];
    }
}
