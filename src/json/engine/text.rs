//! The text at hand, and the tokens that machines write: all there, nothing unusual in them.

/// Bytes, and what was found out about those around the place that is read.
///
/// Most texts are short, so finding the end of each by a call of its own costs more than the bytes do. Instead 64 bytes
/// are classified at once, without a branch, and each text that ends among them asks a bit mask.
pub(super) struct Text<'t> {
    pub(super) bytes: &'t [u8],
    /// Where the bytes start that were classified.
    window: usize,
    /// Which of them are a quote, a backslash or a control character, a bit each.
    marks: u64,
}

const WINDOW: usize = 64;
/// No window: nothing that can be asked for is in it.
const NOWHERE: usize = usize::MAX / 2;

// === impl Text ===

impl<'t> Text<'t> {
    pub(super) const fn new(bytes: &'t [u8]) -> Self {
        Self { bytes, window: NOWHERE, marks: 0 }
    }

    /// Where the run of plain bytes of a text ends that goes on at `from`: a quote, a backslash, a control character or
    /// the end of the bytes.
    #[inline]
    pub(super) fn mark(&mut self, from: usize) -> usize {
        let within = from.wrapping_sub(self.window);
        if within < WINDOW {
            let marks = self.marks >> within;
            if marks != 0 {
                return from + marks.trailing_zeros() as usize;
            }
        }
        self.search(from)
    }

    #[inline(never)]
    fn search(&mut self, from: usize) -> usize {
        let within = from.wrapping_sub(self.window);
        let mut at = if within < WINDOW { self.window + WINDOW } else { from };
        while let Some(rest) = self.bytes.get(at..) {
            self.window = at;
            self.marks = classify(rest);
            if self.marks != 0 {
                return at + self.marks.trailing_zeros() as usize;
            }
            at += WINDOW;
        }
        self.bytes.len()
    }

    /// Behind the text that starts with the quote at `at`.
    #[inline]
    pub(super) fn string(&mut self, at: usize) -> Option<usize> {
        let end = self.mark(at + 1);
        match self.bytes.get(end) {
            Some(b'"') => Some(end + 1),
            Some(b'\\') => self.escaped(end),
            _ => None,
        }
    }

    /// The rest of a text, from its first backslash on.
    #[cold]
    fn escaped(&mut self, mut at: usize) -> Option<usize> {
        loop {
            match self.bytes.get(at) {
                Some(b'"') => return Some(at + 1),
                Some(b'\\') => at = self.mark(at + escape_end(&self.bytes[at..])?.ok()?),
                _ => return None,
            }
        }
    }

    /// Behind the key that starts at `at` or behind white space there, and its colon.
    #[inline]
    pub(super) fn key(&mut self, at: usize) -> Option<usize> {
        if self.bytes.get(at) == Some(&b'"') {
            let quote = self.mark(at + 1);
            if self.pair(quote) == *b"\":" {
                return Some(quote + 2);
            }
        }
        self.any_key(at)
    }

    #[inline(never)]
    fn any_key(&mut self, at: usize) -> Option<usize> {
        let quote = self.find(at, b'"')?;
        let end = self.string(quote)?;
        Some(self.find(end, b':')? + 1)
    }

    /// Two bytes at once; zeros where they are not there.
    #[inline]
    pub(super) fn pair(&self, at: usize) -> [u8; 2] {
        self.bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default()
    }

    /// Where this byte is: at `at`, or behind white space there.
    pub(super) fn find(&self, at: usize, wanted: u8) -> Option<usize> {
        let found = after_white(self.bytes, at);
        (self.bytes.get(found) == Some(&wanted)).then_some(found)
    }

    /// Behind the scalar at `at`, or behind white space there. A number must not be the last of the bytes, as it may go
    /// on.
    #[inline]
    pub(super) fn scalar(&mut self, at: usize) -> Option<usize> {
        match self.bytes.get(at)? {
            b'"' => self.string(at),
            b'{' | b'[' => None,
            _ => self.bare(at),
        }
    }

    #[inline(never)]
    fn bare(&mut self, at: usize) -> Option<usize> {
        match self.bytes.get(at)? {
            b'0'..=b'9' | b'-' => number(self.bytes, at),
            b't' => self.word(at, b"true"),
            b'f' => self.word(at, b"false"),
            b'n' => self.word(at, b"null"),
            b' ' | b'\t' | b'\n' | b'\r' => self.scalar(after_white(self.bytes, at)),
            _ => None,
        }
    }

    #[inline]
    fn word(&self, at: usize, word: &[u8]) -> Option<usize> {
        self.bytes[at..].starts_with(word).then_some(at + word.len())
    }
}

/// Marks the first bytes of `rest`, and its end if that is among them.
#[inline]
fn classify(rest: &[u8]) -> u64 {
    if let Some(chunk) = rest.first_chunk() {
        return marks(chunk);
    }
    // The zeros behind the end are control characters.
    let mut last = [0; WINDOW];
    last[..rest.len()].copy_from_slice(rest);
    marks(&last)
}

/// Marks the bytes that end a run of plain ones. Written so that it becomes vector code on any machine.
#[inline]
fn marks(bytes: &[u8; WINDOW]) -> u64 {
    // The product of eight bytes that are 0 or 1 has them side by side in its highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut flags = [0; WINDOW];
    for (flag, &byte) in flags.iter_mut().zip(bytes) {
        // `"` ^ 2 is the first byte behind the control characters, which stay among themselves.
        *flag = u8::from(byte ^ 2 <= 0x20 || byte == b'\\');
    }
    let (words, _) = flags.as_chunks();
    words.iter().rev().fold(0, |marks, word| marks << 8 | u64::from_le_bytes(*word).wrapping_mul(GATHER) >> 56)
}

/// Behind the number at `at`, by RFC 8259 §6; `None` if it is none, or nothing is behind it.
#[inline]
fn number(bytes: &[u8], mut at: usize) -> Option<usize> {
    at += usize::from(bytes.get(at) == Some(&b'-'));
    at = if bytes.get(at) == Some(&b'0') { at + 1 } else { digits(bytes, at)? };
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        at = digits(bytes, at + usize::from(matches!(bytes.get(at), Some(b'+' | b'-'))))?;
    }
    (at < bytes.len()).then_some(at)
}

/// Behind the digits at `from`, if there are any. One by one at first, which the machine foresees; eight at a time where
/// there are many.
#[inline]
fn digits(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
        if at == from + 4 {
            return Some(many_digits(bytes, at));
        }
    }
    (at > from).then_some(at)
}

#[inline]
fn many_digits(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let others = no_digits(u64::from_le_bytes(*word));
        at += (others.trailing_zeros() / 8) as usize;
        if others != 0 {
            return at;
        }
    }
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

/// Marks, in the highest bit of each byte, those that are no digits.
const fn no_digits(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // A digit becomes 0 to 9, which are the only ones to stay under 0x80 with 0x76 added to them.
    let values = word ^ (ONES * 0x30);
    (((values & (ONES * 0x7f)) + ONES * 0x76) | values) & (ONES * 0x80)
}

/// Where the white space that starts at `at` ends.
#[inline]
pub(super) fn after_white(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(at) {
        at += 1;
    }
    at
}

/// The length of the escape at the start of `text`, or where it goes wrong; `None` if not all of it is there.
pub(super) fn escape_end(text: &[u8]) -> Option<Result<usize, usize>> {
    match *text.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(Ok(2)),
        b'u' => match (2..6).find(|at| !text.get(*at).is_some_and(u8::is_ascii_hexdigit)) {
            None => Some(Ok(6)),
            Some(at) if at < text.len() => Some(Err(at)),
            Some(_) => None,
        },
        _ => Some(Err(1)),
    }
}
