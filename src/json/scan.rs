//! The grammar of RFC 8259, checked without recursion.

use super::{MigrateError, MigrateOptions, number};

/// The UTF-8 byte order mark, which a reader may ignore (RFC 8259 §8.1).
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

struct Scanner<'d> {
    text: &'d [u8],
    at: usize,
    /// For each open container whether it is an object.
    open: Vec<bool>,
    max_depth: usize,
}

/// Checks that `document` is one JSON text (RFC 8259), with white space or a byte order mark around it or not.
///
/// Texts are not required to be UTF-8, and may hold lone surrogates.
///
/// # Errors
/// When it is not, or is past the limits of `options`. An empty document is not JSON.
///
/// ```
/// use sunward::json::{MigrateOptions, is_json};
///
/// assert!(is_json(b"[1E400, \"\\uDEAD\"]", &MigrateOptions::default()).is_ok());
/// let error = is_json(b"[1,]", &MigrateOptions::default()).unwrap_err();
/// assert!(error.is_syntax());
/// assert_eq!(error.to_string(), "not JSON: expected a value at byte 3");
/// ```
pub fn is_json(document: &[u8], options: &MigrateOptions) -> Result<(), MigrateError> {
    check(document, options).map(|_| ())
}

/// Checks, and returns where the value starts and ends.
pub(super) fn check(document: &[u8], options: &MigrateOptions) -> Result<(usize, usize), MigrateError> {
    if document.len() > options.max_bytes() {
        return Err(MigrateError::size(document.len(), options.max_bytes()));
    }
    let at = if document.starts_with(BOM) { BOM.len() } else { 0 };
    let mut scanner = Scanner { text: document, at, open: Vec::new(), max_depth: options.max_depth() };
    scanner.white();
    let start = scanner.at;
    scanner.value()?;
    let end = scanner.at;
    scanner.white();
    if scanner.at < document.len() { Err(scanner.wanted("the end")) } else { Ok((start, end)) }
}

/// Where the white space that starts at `at` ends.
pub(super) fn after_white(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count()
}

// === impl Scanner ===

impl Scanner<'_> {
    fn value(&mut self) -> Result<(), MigrateError> {
        loop {
            let opened = self.value_start()?;
            if !opened && !self.value_end()? {
                return Ok(());
            }
        }
    }

    /// Reads a scalar or the start of a container. `true` when another value must follow at once.
    fn value_start(&mut self) -> Result<bool, MigrateError> {
        self.white();
        match self.peek() {
            Some(b'{') => {
                self.enter(true)?;
                if self.closes(b'}') {
                    return Ok(false);
                }
                self.key().map(|()| true)
            }
            Some(b'[') => {
                self.enter(false)?;
                Ok(!self.closes(b']'))
            }
            Some(b'"') => self.string().map(|()| false),
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| false),
            Some(b't') => self.word(b"true").map(|()| false),
            Some(b'f') => self.word(b"false").map(|()| false),
            Some(b'n') => self.word(b"null").map(|()| false),
            _ => Err(self.wanted("a value")),
        }
    }

    /// Closes what ends here. `true` when another value must follow.
    fn value_end(&mut self) -> Result<bool, MigrateError> {
        while let Some(object) = self.open.last().copied() {
            self.white();
            match (self.peek(), object) {
                (Some(b','), true) => {
                    self.at += 1;
                    return self.key().map(|()| true);
                }
                (Some(b','), false) => {
                    self.at += 1;
                    return Ok(true);
                }
                (Some(b'}'), true) | (Some(b']'), false) => {
                    self.at += 1;
                    self.open.pop();
                }
                _ => return Err(self.wanted(if object { "`,` or `}`" } else { "`,` or `]`" })),
            }
        }
        Ok(false)
    }

    fn enter(&mut self, object: bool) -> Result<(), MigrateError> {
        if self.open.len() >= self.max_depth {
            return Err(MigrateError::depth(self.at, self.max_depth));
        }
        self.open.push(object);
        self.at += 1;
        Ok(())
    }

    /// Leaves a container that has nothing in it.
    fn closes(&mut self, close: u8) -> bool {
        self.white();
        let closes = self.peek() == Some(close);
        if closes {
            self.at += 1;
            self.open.pop();
        }
        closes
    }

    fn key(&mut self) -> Result<(), MigrateError> {
        self.white();
        if self.peek() != Some(b'"') {
            return Err(self.wanted("a key"));
        }
        self.string()?;
        self.white();
        if self.peek() != Some(b':') {
            return Err(self.wanted("`:`"));
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<(), MigrateError> {
        self.at += 1;
        loop {
            let rest = &self.text[self.at..];
            self.at += rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count();
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.wanted("an escape in place of a control character")),
                None => return Err(self.wanted("`\"`")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), MigrateError> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                let digits = self.text[self.at..].iter().take(4).take_while(|byte| byte.is_ascii_hexdigit()).count();
                self.at += digits;
                if digits < 4 {
                    return Err(self.wanted("a hexadecimal digit"));
                }
            }
            _ => return Err(self.wanted("an escape")),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), MigrateError> {
        let rest = &self.text[self.at..];
        let length =
            rest.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')).count();
        if !number::is_number(&rest[..length]) {
            return Err(self.wanted("a number"));
        }
        self.at += length;
        Ok(())
    }

    fn word(&mut self, word: &[u8]) -> Result<(), MigrateError> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.wanted("a value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn white(&mut self) {
        self.at = after_white(self.text, self.at);
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn wanted(&self, wanted: &'static str) -> MigrateError {
        MigrateError::syntax(self.at, wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_and_size_are_bounded() {
        let options = MigrateOptions::default().with_max_depth(2).with_max_bytes(8);
        assert!(is_json(b"[[1]]", &options).is_ok());
        let error = is_json(b"[[[]]]", &options).expect_err("too deep");
        assert!(error.is_limit());
        assert_eq!(error.offset(), Some(2));
        assert!(is_json(b"[[11111]]", &options).expect_err("too large").is_limit());
    }

    #[test]
    fn a_byte_order_mark_is_let_through_once() {
        assert!(is_json(b"\xef\xbb\xbf 1 ", &MigrateOptions::default()).is_ok());
        assert!(is_json(b"\xef\xbb\xbf\xef\xbb\xbf1", &MigrateOptions::default()).is_err());
        assert!(is_json(b"\xef\xbb\xbf", &MigrateOptions::default()).is_err());
    }
}
