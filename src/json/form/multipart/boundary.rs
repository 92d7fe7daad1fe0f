//! Where the next boundary is in what came so far.

use super::Multipart;

/// What the buffer has of a boundary.
pub(super) enum BoundarySearch {
    /// So many bytes are surely none.
    None { safe: usize },
    /// Where it begins with its line end, where its line ends, and whether it is the last.
    Boundary { at: usize, end: usize, last: bool },
}

/// The most white space behind a boundary.
const MAX_PADDING: usize = 64;

// === impl Multipart ===

impl Multipart {
    /// The next boundary in the buffer.
    pub(super) fn find(&self) -> BoundarySearch {
        let needle = self.delimiter.needle().len();
        let mut from = 0;
        while let Some(found) = self.delimiter.find(&self.buffer[from..]) {
            let at = from + found;
            let rest = &self.buffer[at + needle..];
            let padding = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            let behind = &rest[padding..];
            let end = at + needle + padding;
            match behind {
                _ if rest.starts_with(b"--") => {
                    return BoundarySearch::Boundary { at, end: at + needle + 2, last: true };
                }
                _ if behind.starts_with(b"\r\n") => return BoundarySearch::Boundary { at, end: end + 2, last: false },
                [] | b"\r" if padding <= MAX_PADDING => return BoundarySearch::None { safe: at },
                b"-" if padding == 0 => return BoundarySearch::None { safe: at },
                _ => from = at + 1,
            }
        }
        // The start of one may be at the end.
        let tail = self.buffer.len().saturating_sub(needle - 1).max(from);
        let begun = memchr::memchr_iter(b'\r', &self.buffer[tail..])
            .map(|at| tail + at)
            .find(|at| self.delimiter.needle().starts_with(&self.buffer[*at..]));
        BoundarySearch::None { safe: begun.unwrap_or(self.buffer.len()) }
    }
}
