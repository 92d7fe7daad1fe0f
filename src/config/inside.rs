//! Positions inside strings: the value of a TOML string is not its spelling.

use super::sources::SourceMap;
use crate::diagnostic::{Diagnostic, Span};

// === impl SourceMap ===

impl SourceMap {
    /// Where a finding is: the one character of a string that it is about, if it is about one.
    pub(super) fn place(&self, found: &Diagnostic) -> Span {
        let (span, Some(offset)) = (found.span(), found.offset()) else { return found.span() };
        let spelled = self.text(span);
        match spelled_at(spelled, offset) {
            Some(at) => {
                let len = spelled[at..].chars().next().map_or(1, char::len_utf8);
                Span::new(span.start() + at, span.start() + at + len)
            }
            None => span,
        }
    }
}

/// Where in the spelling of a string, quotes included, the byte `offset` of its value is. The end of the value is its
/// closing quote.
fn spelled_at(spelled: &str, offset: usize) -> Option<usize> {
    let quote = spelled.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let block = spelled.len() >= 6 && spelled[1..].starts_with(quote) && spelled[2..].starts_with(quote);
    let mut at = if block { 3 } else { 1 };
    if block {
        let first = &spelled[at..];
        at += first.len() - first.strip_prefix("\r\n").or(first.strip_prefix('\n')).unwrap_or(first).len();
    }
    let mut left = offset;
    while left > 0 {
        let rest = spelled.get(at..)?;
        let (spelling, value) = match rest.strip_prefix('\\').filter(|_| quote == '"') {
            Some(escape) => escaped(escape).map(|(spelling, value)| (spelling + 1, value))?,
            None => rest.chars().next().map(|char| (char.len_utf8(), char.len_utf8()))?,
        };
        at += spelling;
        left = left.saturating_sub(value);
    }
    (at < spelled.len()).then_some(at)
}

/// The length of an escape behind its backslash, and that of its value.
fn escaped(escape: &str) -> Option<(usize, usize)> {
    let first = escape.chars().next()?;
    let digits = match first {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ if first.is_whitespace() => return Some((escape.len() - escape.trim_start().len(), 0)),
        _ => return Some((first.len_utf8(), 1)),
    };
    let code = u32::from_str_radix(escape.get(1..=digits)?, 16).ok()?;
    Some((1 + digits, char::from_u32(code)?.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spelling_of_each_byte() {
        for (spelled, offset, at) in [
            ("'abc'", 0, Some(1)),
            ("'abc'", 2, Some(3)),
            ("'abc'", 3, Some(4)),
            ("'abc'", 5, None),
            (r#""a\"b""#, 2, Some(4)),
            (r#""\u00e9b""#, 2, Some(7)),
            ("'''\n{}'''", 1, Some(5)),
            ("'''\r\n{}'''", 1, Some(6)),
            ("\"\"\"a\\\n   b\"\"\"", 0, Some(3)),
            ("\"\"\"a\\\n   bc\"\"\"", 2, Some(10)),
            ("''", 0, Some(1)),
            ("12", 1, None),
        ] {
            assert_eq!(spelled_at(spelled, offset), at, "{spelled} {offset}");
        }
    }
}
