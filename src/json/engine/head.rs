//! The text before the value of a member.

use super::super::MigrateError;
use super::text::{Text, after_white, escape_end};

/// A member's head, as positions in the text: white space, comma, white space, key, colon, value.
pub(super) struct MemberHead {
    pub(super) start: usize,
    pub(super) comma: Option<usize>,
    pub(super) lead: usize,
    pub(super) key: usize,
    pub(super) key_end: usize,
    pub(super) value: usize,
}

/// What the head of a member turns out to be.
pub(super) enum NextMember {
    Member(MemberHead),
    /// The closing bracket.
    Close(usize),
    /// Not all of it is there; how far from its start the key was searched for its end.
    Incomplete {
        searched: usize,
    },
}

const INCOMPLETE: NextMember = NextMember::Incomplete { searched: 0 };

// === impl MemberHead ===

impl MemberHead {
    /// A head that is there whole, its key without escapes. `between`: behind another member.
    #[inline]
    pub(super) fn plain(text: &mut Text<'_>, start: usize, between: bool) -> Option<Self> {
        let key = start + usize::from(between);
        if text.bytes.get(key) == Some(&b'"') && (!between || text.bytes[start] == b',') {
            let quote = text.mark(key + 1);
            let value = quote + 2;
            if text.pair(quote) == *b"\":" && text.bytes.get(value).is_some_and(|byte| *byte > b' ') {
                let comma = between.then_some(start);
                return Some(Self { start, comma, lead: key, key, key_end: quote + 1, value });
            }
        }
        if text.bytes.get(start) == Some(&b'}') {
            return None;
        }
        Self::spaced(text, start, between)
    }

    #[inline(never)]
    fn spaced(text: &mut Text<'_>, start: usize, between: bool) -> Option<Self> {
        let comma = if between { Some(text.find(start, b',')?) } else { None };
        let lead = comma.map_or(start, |comma| comma + 1);
        let key = text.find(lead, b'"')?;
        let quote = text.mark(key + 1);
        if text.bytes.get(quote) != Some(&b'"') {
            return None;
        }
        let value = after_white(text.bytes, text.find(quote + 1, b':')? + 1);
        (value < text.bytes.len()).then_some(Self { start, comma, lead, key, key_end: quote + 1, value })
    }

    /// Any head. `searched` is how far from `start` its key was searched before.
    pub(super) fn read(
        text: &mut Text<'_>,
        start: usize,
        between: bool,
        searched: usize,
        offset: usize,
    ) -> Result<NextMember, MigrateError> {
        let bytes = text.bytes;
        let wanted = |at: usize, wanted| Err(MigrateError::syntax(offset + at, wanted));
        let mut key = after_white(bytes, start);
        let comma = between.then_some(key);
        match bytes.get(key) {
            None => return Ok(INCOMPLETE),
            Some(b'}') => return Ok(NextMember::Close(key)),
            Some(b',') if between => key = after_white(bytes, key + 1),
            Some(_) if between => return wanted(key, "`,` or `}`"),
            Some(_) => {}
        }
        match bytes.get(key) {
            None => return Ok(INCOMPLETE),
            Some(b'"') => {}
            Some(_) => return wanted(key, if between { "a key" } else { "a key or `}`" }),
        }
        let key_end = match key_end(text, (key + 1).max(start + searched), offset)? {
            Ok(end) => end,
            Err(searched) => return Ok(NextMember::Incomplete { searched: searched - start }),
        };
        let colon = after_white(bytes, key_end);
        if bytes.get(colon).is_some_and(|byte| *byte != b':') {
            return wanted(colon, "`:`");
        }
        let value = after_white(bytes, (colon + 1).min(bytes.len()));
        let lead = comma.map_or(start, |comma| comma + 1);
        let head = Self { start, comma, lead, key, key_end, value };
        Ok(if value < bytes.len() { NextMember::Member(head) } else { INCOMPLETE })
    }

    pub(super) fn quoted<'t>(&self, text: &Text<'t>) -> &'t [u8] {
        &text.bytes[self.key..self.key_end]
    }
}

/// Behind the key, or how far it was searched, so that no chunking makes the search dear.
fn key_end(text: &mut Text<'_>, mut at: usize, offset: usize) -> Result<Result<usize, usize>, MigrateError> {
    loop {
        let mark = text.mark(at);
        match text.bytes.get(mark) {
            Some(b'"') => return Ok(Ok(mark + 1)),
            None => return Ok(Err(mark)),
            Some(b'\\') => match escape_end(&text.bytes[mark..]) {
                Some(Ok(length)) => at = mark + length,
                Some(Err(wrong)) => return Err(MigrateError::syntax(offset + mark + wrong, "an escape")),
                None => return Ok(Err(mark)),
            },
            Some(_) => return Err(MigrateError::syntax(offset + mark, "a character that is not a control character")),
        }
    }
}
