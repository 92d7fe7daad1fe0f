//! One JSON value, checked and passed over, resumable at any byte.

use super::super::MigrateError;

/// Where a check stands. Nothing of the text is kept.
#[derive(Clone, Debug)]
pub(super) struct Skip {
    /// Open arrays and objects, a bit each: 1 is an object.
    bits: Vec<u64>,
    depth: usize,
    state: State,
    /// How many levels may still be opened.
    room: usize,
    limit: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A value must begin.
    Value,
    /// A value or `]`.
    ValueOrEnd,
    /// A key or `}`.
    KeyOrEnd,
    /// A key.
    Key,
    /// `:`.
    Colon,
    /// `,` or the end of the container.
    Next,
    /// Inside a text; is it a key?
    Text(bool),
    /// Behind a backslash.
    Escape(bool),
    /// So many hexadecimal digits to come.
    Hex(bool, u8),
    Number(Number),
    /// The word, and how much of it is there.
    Word(&'static [u8], u8),
}

/// RFC 8259 §6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    Sign,
    Power,
}

// === impl Skip ===

impl Skip {
    /// Stands before a value; `room` more levels may be opened, of `limit` in all.
    pub(super) const fn new(room: usize, limit: usize) -> Self {
        Self { bits: Vec::new(), depth: 0, state: State::Value, room, limit }
    }

    /// Stands before another value. Keeps its memory.
    pub(super) fn restart(&mut self, room: usize) {
        self.depth = 0;
        self.state = State::Value;
        self.room = room;
    }

    /// Goes on from `at`. `Some(end)` behind the value; `None` if it goes on past `text`. `offset` is where `text`
    /// stands in the document.
    pub(super) fn run(&mut self, text: &[u8], mut at: usize, offset: usize) -> Result<Option<usize>, MigrateError> {
        loop {
            if matches!(self.state, State::Value | State::Next) {
                at = self.sprint(text, at, offset)?;
                if self.state == State::Next && self.depth == 0 {
                    return Ok(Some(at));
                }
            }
            let done = match self.state {
                State::Text(key) => match text_end(text, at) {
                    Found::Quote(quote) => {
                        at = quote + 1;
                        self.after_text(key)
                    }
                    Found::Backslash(backslash) => {
                        at = backslash + 1;
                        self.state = State::Escape(key);
                        false
                    }
                    Found::Control(control) => {
                        return Err(MigrateError::syntax(offset + control, "no control character"));
                    }
                    Found::Nothing => return Ok(None),
                },
                State::Number(number) => match self.number(text, at, number, offset)? {
                    Some(end) => {
                        at = end;
                        self.after_value()
                    }
                    None => return Ok(None),
                },
                _ => {
                    at = self.white(text, at);
                    let Some(&byte) = text.get(at) else { return Ok(None) };
                    let done = self.byte(byte, offset + at)?;
                    at += 1;
                    done
                }
            };
            if done {
                return Ok(Some(at));
            }
        }
    }

    /// Whole tokens, one after the other, as long as they are there without anything unusual; what is not is left to
    /// the states. It stands before a value, or behind one inside of a container.
    fn sprint(&mut self, text: &[u8], mut at: usize, offset: usize) -> Result<usize, MigrateError> {
        let mut object = self.depth > 0 && self.in_object();
        let mut behind = self.state == State::Next;
        loop {
            if !behind {
                at = after_white(text, at);
                match plain_value(text, at) {
                    Plain::End(end) => at = end,
                    Plain::Open(opens_object) => {
                        self.open(opens_object, offset + at)?;
                        object = opens_object;
                        at = after_white(text, at + 1);
                        match text.get(at) {
                            Some(b'"') if object => match plain_key(text, at) {
                                Some(value) => {
                                    at = value;
                                    continue;
                                }
                                None => return Ok(at),
                            },
                            Some(b'}') if object => at += 1,
                            Some(b']') if !object => at += 1,
                            Some(_) if !object => {
                                self.state = State::Value;
                                continue;
                            }
                            _ => return Ok(at),
                        }
                        self.depth -= 1;
                        object = self.depth > 0 && self.in_object();
                    }
                    Plain::Other => {
                        self.state = State::Value;
                        return Ok(at);
                    }
                }
            }
            behind = false;
            loop {
                self.state = State::Next;
                if self.depth == 0 {
                    return Ok(at);
                }
                at = after_white(text, at);
                match text.get(at) {
                    Some(b',') if object => {
                        let key = after_white(text, at + 1);
                        match plain_key(text, key) {
                            Some(value) => at = value,
                            None => return Ok(at),
                        }
                        break;
                    }
                    Some(b',') => {
                        at += 1;
                        break;
                    }
                    Some(b'}') if object => at += 1,
                    Some(b']') if !object => at += 1,
                    _ => return Ok(at),
                }
                self.depth -= 1;
                object = self.depth > 0 && self.in_object();
            }
        }
    }

    /// The end of the document: only a number may end there.
    pub(super) fn finish(&mut self, offset: usize) -> Result<(), MigrateError> {
        match self.state {
            State::Number(Number::Zero | Number::Integer | Number::Fraction | Number::Power) if self.depth == 0 => {
                Ok(())
            }
            State::Text(_) | State::Escape(_) | State::Hex(..) => {
                Err(MigrateError::syntax(offset, "the end of the text"))
            }
            State::Number(_) => Err(MigrateError::syntax(offset, "a digit")),
            State::Next | State::KeyOrEnd | State::ValueOrEnd => {
                Err(MigrateError::syntax(offset, "the closing bracket"))
            }
            _ => Err(MigrateError::syntax(offset, "a value")),
        }
    }

    fn white(&self, text: &[u8], at: usize) -> usize {
        if matches!(self.state, State::Escape(_) | State::Hex(..) | State::Word(..)) {
            at
        } else {
            after_white(text, at)
        }
    }

    /// Any byte that is not inside a text or number. `true` when the value has ended.
    fn byte(&mut self, byte: u8, at: usize) -> Result<bool, MigrateError> {
        match (self.state, byte) {
            (State::Value | State::ValueOrEnd, _) if byte != b']' || self.state == State::Value => self.begin(byte, at),
            (State::ValueOrEnd, _) => Ok(self.close()),
            (State::KeyOrEnd | State::Key, b'"') => {
                self.state = State::Text(true);
                Ok(false)
            }
            (State::KeyOrEnd, b'}') => Ok(self.close()),
            (State::Colon, b':') => {
                self.state = State::Value;
                Ok(false)
            }
            (State::Next, b',') => {
                self.state = if self.in_object() { State::Key } else { State::Value };
                Ok(false)
            }
            (State::Next, b'}') if self.in_object() => Ok(self.close()),
            (State::Next, b']') if !self.in_object() => Ok(self.close()),
            (State::Escape(key), _) => self.escape(key, byte, at),
            (State::Hex(key, left), _) if byte.is_ascii_hexdigit() => {
                self.state = if left == 1 { State::Text(key) } else { State::Hex(key, left - 1) };
                Ok(false)
            }
            (State::Word(word, read), _) if word[read as usize] == byte => {
                let read = read + 1;
                self.state = State::Word(word, read);
                Ok(read as usize == word.len() && self.after_value())
            }
            _ => Err(self.wanted(at)),
        }
    }

    fn begin(&mut self, byte: u8, at: usize) -> Result<bool, MigrateError> {
        self.state = match byte {
            b'{' | b'[' => return self.open(byte == b'{', at).map(|()| false),
            b'"' => State::Text(false),
            b'-' => State::Number(Number::Minus),
            b'0' => State::Number(Number::Zero),
            b'1'..=b'9' => State::Number(Number::Integer),
            b't' => State::Word(b"true", 1),
            b'f' => State::Word(b"false", 1),
            b'n' => State::Word(b"null", 1),
            _ => return Err(MigrateError::syntax(at, "a value")),
        };
        Ok(false)
    }

    fn escape(&mut self, key: bool, byte: u8, at: usize) -> Result<bool, MigrateError> {
        self.state = match byte {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => State::Text(key),
            b'u' => State::Hex(key, 4),
            _ => return Err(MigrateError::syntax(at, "an escape")),
        };
        Ok(false)
    }

    fn number(
        &mut self,
        text: &[u8],
        mut at: usize,
        mut number: Number,
        offset: usize,
    ) -> Result<Option<usize>, MigrateError> {
        use Number::{Exponent, Fraction, Integer, Minus, Point, Power, Sign, Zero};
        while let Some(&byte) = text.get(at) {
            number = match (number, byte) {
                (Integer, b'0'..=b'9') => Integer,
                (Point | Fraction, b'0'..=b'9') => Fraction,
                (Exponent | Sign | Power, b'0'..=b'9') => Power,
                (Minus, b'0') => Zero,
                (Minus, b'1'..=b'9') => Integer,
                (Zero | Integer, b'.') => Point,
                (Zero | Integer | Fraction, b'e' | b'E') => Exponent,
                (Exponent, b'+' | b'-') => Sign,
                (Zero | Integer | Fraction | Power, _) => return Ok(Some(at)),
                _ => return Err(MigrateError::syntax(offset + at, "a digit")),
            };
            at += 1;
        }
        self.state = State::Number(number);
        Ok(None)
    }

    fn open(&mut self, object: bool, at: usize) -> Result<(), MigrateError> {
        if self.depth >= self.room {
            return Err(MigrateError::depth(at, self.limit));
        }
        let (word, bit) = (self.depth / 64, self.depth % 64);
        if word == self.bits.len() {
            self.bits.push(0);
        }
        self.bits[word] = self.bits[word] & !(1 << bit) | u64::from(object) << bit;
        self.depth += 1;
        self.state = if object { State::KeyOrEnd } else { State::ValueOrEnd };
        Ok(())
    }

    fn close(&mut self) -> bool {
        self.depth -= 1;
        self.after_value()
    }

    fn after_text(&mut self, key: bool) -> bool {
        if key {
            self.state = State::Colon;
            return false;
        }
        self.after_value()
    }

    fn after_value(&mut self) -> bool {
        self.state = State::Next;
        self.depth == 0
    }

    fn in_object(&self) -> bool {
        let last = self.depth - 1;
        self.bits[last / 64] >> (last % 64) & 1 == 1
    }

    fn wanted(&self, at: usize) -> MigrateError {
        let wanted = match self.state {
            State::KeyOrEnd => "a key or `}`",
            State::Key => "a key",
            State::Colon => "`:`",
            State::Next if self.in_object() => "`,` or `}`",
            State::Next => "`,` or `]`",
            State::Hex(..) => "a hexadecimal digit",
            _ => "a value",
        };
        MigrateError::syntax(at, wanted)
    }
}

/// What stands at the beginning of a value.
enum Plain {
    /// A scalar that is there whole, and without escapes; its end.
    End(usize),
    /// A container; is it an object?
    Open(bool),
    /// Anything else.
    Other,
}

#[inline]
fn plain_value(text: &[u8], at: usize) -> Plain {
    match text.get(at) {
        Some(b'"') => match text_end(text, at + 1) {
            Found::Quote(quote) => Plain::End(quote + 1),
            _ => Plain::Other,
        },
        Some(b'{') => Plain::Open(true),
        Some(b'[') => Plain::Open(false),
        Some(b'1'..=b'9') => plain_number(text, at + 1),
        Some(b't') if text[at..].starts_with(b"true") => Plain::End(at + 4),
        Some(b'n') if text[at..].starts_with(b"null") => Plain::End(at + 4),
        Some(b'f') if text[at..].starts_with(b"false") => Plain::End(at + 5),
        _ => Plain::Other,
    }
}

/// Digits, and perhaps a point and digits; the byte behind them is there and ends the number.
#[inline]
fn plain_number(text: &[u8], from: usize) -> Plain {
    let mut at = after_digits(text, from);
    if text.get(at) == Some(&b'.') {
        let fraction = after_digits(text, at + 1);
        if fraction == at + 1 {
            return Plain::Other;
        }
        at = fraction;
    }
    match text.get(at) {
        Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t') => Plain::End(at),
        _ => Plain::Other,
    }
}

#[inline]
fn after_digits(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

/// A key without escapes and its colon, both there; what is behind them.
#[inline]
fn plain_key(text: &[u8], quote: usize) -> Option<usize> {
    if text.get(quote) != Some(&b'"') {
        return None;
    }
    let Found::Quote(end) = text_end(text, quote + 1) else { return None };
    let colon = after_white(text, end + 1);
    (text.get(colon) == Some(&b':')).then_some(colon + 1)
}

/// What ends a run of plain bytes in a text.
pub(super) enum Found {
    Quote(usize),
    Backslash(usize),
    Control(usize),
    Nothing,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Marks, in the high bit of each byte, those that end a run. A mark may be false only above a true one, which is
/// looked at first.
const fn marks(word: u64) -> u64 {
    let quotes = word ^ (ONES * b'"' as u64);
    let slashes = word ^ (ONES * b'\\' as u64);
    let quote = quotes.wrapping_sub(ONES) & !quotes;
    let slash = slashes.wrapping_sub(ONES) & !slashes;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | slash | control) & HIGHS
}

/// The end of a run of plain bytes, eight at a time: most texts are short, so no call is worth its price.
#[inline]
pub(super) fn text_end(text: &[u8], from: usize) -> Found {
    let mut at = from;
    while let Some(chunk) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let marked = marks(u64::from_le_bytes(*chunk));
        if marked != 0 {
            at += (marked.trailing_zeros() / 8) as usize;
            return classify(text[at], at);
        }
        at += 8;
    }
    while let Some(&byte) = text.get(at) {
        if byte == b'"' || byte == b'\\' || byte < 0x20 {
            return classify(byte, at);
        }
        at += 1;
    }
    Found::Nothing
}

const fn classify(byte: u8, at: usize) -> Found {
    match byte {
        b'"' => Found::Quote(at),
        b'\\' => Found::Backslash(at),
        _ => Found::Control(at),
    }
}

/// Where the white space that starts at `at` ends.
#[inline]
pub(super) fn after_white(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = text.get(at) {
        at += 1;
    }
    at
}
