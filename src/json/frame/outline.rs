//! Whether a body is between two documents, without parsing them.

use memchr::memchr2;

/// Follows only brackets and strings, so it is much cheaper than parsing. It does not detect malformed JSON.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    depth: usize,
    in_text: bool,
    escaped: bool,
    /// Whether the last byte but white space closed something.
    closed: bool,
}

// === impl Outline ===

impl Outline {
    /// Takes the next bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(&byte) = rest.first() {
            if self.in_text {
                rest = self.text(rest);
                continue;
            }
            match byte {
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                b'"' => self.in_text = true,
                _ => {}
            }
            let white = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
            self.closed = if white { self.closed } else { matches!(byte, b'}' | b']') };
            rest = &rest[1..];
        }
    }

    /// Whether all documents that have begun have ended, and there was one. Of a number or a word nothing shows that.
    pub(crate) const fn is_between(&self) -> bool {
        self.depth == 0 && self.closed
    }

    /// Goes on in a text, and returns what is behind the end of it, or of an escape.
    fn text<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        if std::mem::take(&mut self.escaped) {
            return &bytes[1..];
        }
        let Some(at) = memchr2(b'"', b'\\', bytes) else { return &[] };
        let quote = bytes[at] == b'"';
        (self.in_text, self.escaped, self.closed) = (!quote, !quote, quote);
        &bytes[at + 1..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complete_documents_are_found_at_any_split() {
        let rows = [
            ("", false),
            (" \n", false),
            ("{}", true),
            ("{} \n", true),
            ("{}{", false),
            ("[{}", false),
            ("[{}]", true),
            ("{\"a}\\\"", false),
            ("{\"a}\\\"\"}", true),
            ("\"{\"", true),
            ("\"\\\\\"", true),
            ("\"\\\\\\\"", false),
            ("7", false),
            ("7 ", false),
            ("{} 7", false),
        ];
        for (text, expected) in rows {
            for cut in 0..=text.len() {
                let mut outline = Outline::default();
                outline.feed(&text.as_bytes()[..cut]);
                outline.feed(&text.as_bytes()[cut..]);
                assert_eq!(outline.is_between(), expected, "{text:?} cut at {cut}");
            }
        }
    }
}
