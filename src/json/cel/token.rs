//! The tokens of an expression.

use super::super::expression_error::ExpressionError;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum ExprToken {
    Name(String),
    Number(String),
    Text(String),
    /// An operator or a bracket.
    Sign(&'static str),
    End,
}

/// Longer ones first.
const SIGNS: [&str; 26] = [
    "&&", "||", "==", "!=", "<=", ">=", "?", ":", "<", ">", "+", "-", "*", "/", "%", "!", ".", ",", "(", ")", "[", "]",
    "{", "}", ";", "=",
];

pub(super) struct ExprTokens<'s> {
    source: &'s str,
    at: usize,
}

// === impl ExprTokens ===

impl<'s> ExprTokens<'s> {
    pub(super) const fn new(source: &'s str) -> Self {
        Self { source, at: 0 }
    }

    /// The next token and where it starts.
    pub(super) fn next(&mut self) -> Result<(ExprToken, usize), ExpressionError> {
        self.skip_white();
        let start = self.at;
        let rest = &self.source[start..];
        let Some(first) = rest.chars().next() else { return Ok((ExprToken::End, start)) };
        if let Some((quote, raw)) = opening(rest) {
            return self.text(start, quote, raw).map(|text| (ExprToken::Text(text), start));
        }
        if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|next: char| next.is_ascii_digit())) {
            return self.number(start).map(|number| (ExprToken::Number(number), start));
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let name = self.take(|char| char.is_ascii_alphanumeric() || char == '_');
            return Ok((ExprToken::Name(name.to_owned()), start));
        }
        match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) => {
                self.at += sign.len();
                Ok((ExprToken::Sign(sign), start))
            }
            None => Err(ExpressionError::new(start, format!("`{first}` is not part of an expression"))),
        }
    }

    fn skip_white(&mut self) {
        loop {
            self.take(|char| char.is_ascii_whitespace());
            if !self.source[self.at..].starts_with("//") {
                return;
            }
            self.take(|char| char != '\n');
        }
    }

    fn take(&mut self, mut wanted: impl FnMut(char) -> bool) -> &'s str {
        let rest = &self.source[self.at..];
        let end = rest.find(|char| !wanted(char)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// A decimal number as JSON spells it.
    fn number(&mut self, start: usize) -> Result<String, ExpressionError> {
        let mut last = ' ';
        let spelled = self.take(|char| {
            let sign = matches!(char, '+' | '-') && matches!(last, 'e' | 'E');
            last = char;
            char.is_ascii_alphanumeric() || char == '.' || sign
        });
        if super::super::number::is_number(spelled.as_bytes()) {
            return Ok(spelled.to_owned());
        }
        let message = format!("`{spelled}` is not a JSON number; expressions have no other kind of number");
        Err(ExpressionError::new(start, message))
    }

    fn text(&mut self, start: usize, quote: &str, raw: bool) -> Result<String, ExpressionError> {
        self.at += quote.len() + usize::from(raw);
        let mut text = String::new();
        loop {
            let rest = &self.source[self.at..];
            if rest.starts_with(quote) {
                self.at += quote.len();
                return Ok(text);
            }
            match rest.chars().next() {
                None => return Err(ExpressionError::new(start, "the string is not closed".to_owned())),
                Some('\n') if quote.len() == 1 => {
                    return Err(ExpressionError::new(start, "the string is not closed on its line".to_owned()));
                }
                Some('\\') if !raw => {
                    let (char, len) = escape(&rest[1..])
                        .ok_or_else(|| ExpressionError::new(self.at, "unknown escape in a string".to_owned()))?;
                    text.push(char);
                    self.at += 1 + len;
                }
                Some(char) => {
                    text.push(char);
                    self.at += char.len_utf8();
                }
            }
        }
    }
}

/// The quotes that a text starts with, and whether escapes stand for themselves.
fn opening(rest: &str) -> Option<(&'static str, bool)> {
    let raw = rest.starts_with(['r', 'R']);
    let quoted = if raw { &rest[1..] } else { rest };
    ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| quoted.starts_with(quote)).map(|quote| (quote, raw))
}

/// The escape after the backslash, and its length.
fn escape(rest: &str) -> Option<(char, usize)> {
    let first = rest.chars().next()?;
    let plain = match first {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        '\\' | '\'' | '"' | '`' | '?' => first,
        'x' | 'X' => return code(rest, 1, 2, 16),
        'u' => return code(rest, 1, 4, 16),
        'U' => return code(rest, 1, 8, 16),
        '0'..='3' => return code(rest, 0, 3, 8),
        _ => return None,
    };
    Some((plain, 1))
}

fn code(rest: &str, from: usize, digits: usize, radix: u32) -> Option<(char, usize)> {
    let digits = rest.get(from..from + digits)?;
    if !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    Some((char::from_u32(u32::from_str_radix(digits, radix).ok()?)?, from + digits.len()))
}
