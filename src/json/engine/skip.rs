//! One JSON value, checked and passed over, resumable at any byte.

use super::super::MigrateError;
use super::stack::ContainerStack;
use super::text::{Text, after_white};

/// The state of a check. It keeps nothing of the text.
#[derive(Clone, Debug)]
pub(super) struct Skip {
    pub(super) stack: ContainerStack,
    pub(super) state: SkipState,
    /// How many levels may still be opened.
    room: usize,
    limit: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SkipState {
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
    Number(NumberState),
    /// The word, and how much of it is there.
    Word(&'static [u8], u8),
}

/// RFC 8259 §6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberState {
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
    /// A check before a value; `room` more levels may be opened, of `limit` in all.
    pub(super) const fn new(room: usize, limit: usize) -> Self {
        Self { stack: ContainerStack::new(), state: SkipState::Value, room, limit }
    }

    /// Starts over for another value. Keeps its memory.
    pub(super) fn restart(&mut self, room: usize) {
        self.stack.clear();
        self.state = SkipState::Value;
        self.room = room;
    }

    /// Starts with the value at `at`, at once behind it if that is short. Returns what [`run`](Self::run) does.
    #[inline]
    pub(super) fn start(
        &mut self,
        text: &mut Text<'_>,
        at: usize,
        room: usize,
        offset: usize,
    ) -> Result<Option<usize>, MigrateError> {
        match text.scalar(at) {
            None => {
                self.restart(room);
                self.run(text, at, offset)
            }
            end => Ok(end),
        }
    }

    /// Continues at `at`. `Some(end)` after the value; `None` if the value continues past `text`. `offset` is the position
    /// of `text` in the document.
    pub(super) fn run(
        &mut self,
        text: &mut Text<'_>,
        mut at: usize,
        offset: usize,
    ) -> Result<Option<usize>, MigrateError> {
        loop {
            if matches!(self.state, SkipState::Value | SkipState::Next) {
                at = self.fast_path(text, at, offset)?;
                if self.state == SkipState::Next && self.stack.depth() == 0 {
                    return Ok(Some(at));
                }
            }
            match self.token(text, at, offset)? {
                Some((end, true)) => return Ok(Some(end)),
                Some((end, false)) => at = end,
                None => return Ok(None),
            }
        }
    }

    /// What the state says is next: its end, and whether the value has ended with it.
    fn token(&mut self, text: &mut Text<'_>, at: usize, offset: usize) -> Result<Option<(usize, bool)>, MigrateError> {
        match self.state {
            SkipState::Text(key) => {
                let mark = text.mark(at);
                let Some(&byte) = text.bytes.get(mark) else { return Ok(None) };
                Ok(Some((mark + 1, self.marked(key, byte, offset + mark)?)))
            }
            SkipState::Number(number) => match self.number(text.bytes, at, number, offset)? {
                Some(end) => Ok(Some((end, self.after_value()))),
                None => Ok(None),
            },
            _ => {
                let at = self.white(text.bytes, at);
                let Some(&byte) = text.bytes.get(at) else { return Ok(None) };
                Ok(Some((at + 1, self.byte(byte, offset + at)?)))
            }
        }
    }

    /// What ends a run of plain bytes in a text.
    fn marked(&mut self, key: bool, byte: u8, at: usize) -> Result<bool, MigrateError> {
        match byte {
            b'"' => Ok(self.after_text(key)),
            b'\\' => {
                self.state = SkipState::Escape(key);
                Ok(false)
            }
            _ => Err(MigrateError::syntax(at, "a character that is not a control character")),
        }
    }

    /// The end of the document: only a number may end there.
    pub(super) fn finish(&mut self, offset: usize) -> Result<(), MigrateError> {
        match self.state {
            SkipState::Number(
                NumberState::Zero | NumberState::Integer | NumberState::Fraction | NumberState::Power,
            ) if self.stack.depth() == 0 => Ok(()),
            SkipState::Text(_) | SkipState::Escape(_) | SkipState::Hex(..) => {
                Err(MigrateError::syntax(offset, "the end of the text"))
            }
            SkipState::Number(_) => Err(MigrateError::syntax(offset, "a digit")),
            SkipState::Next | SkipState::KeyOrEnd | SkipState::ValueOrEnd => {
                Err(MigrateError::syntax(offset, "the closing bracket"))
            }
            _ => Err(MigrateError::syntax(offset, "a value")),
        }
    }

    fn white(&self, text: &[u8], at: usize) -> usize {
        if matches!(self.state, SkipState::Escape(_) | SkipState::Hex(..) | SkipState::Word(..)) {
            at
        } else {
            after_white(text, at)
        }
    }

    /// Any byte that is not inside a text or number. `true` when the value has ended.
    fn byte(&mut self, byte: u8, at: usize) -> Result<bool, MigrateError> {
        match (self.state, byte) {
            (SkipState::Value | SkipState::ValueOrEnd, _) if byte != b']' || self.state == SkipState::Value => {
                self.begin(byte, at)
            }
            (SkipState::ValueOrEnd, _) => Ok(self.close()),
            (SkipState::KeyOrEnd | SkipState::Key, b'"') => {
                self.state = SkipState::Text(true);
                Ok(false)
            }
            (SkipState::KeyOrEnd, b'}') => Ok(self.close()),
            (SkipState::Colon, b':') => {
                self.state = SkipState::Value;
                Ok(false)
            }
            (SkipState::Next, b',') => {
                self.state = if self.stack.in_object() { SkipState::Key } else { SkipState::Value };
                Ok(false)
            }
            (SkipState::Next, b'}') if self.stack.in_object() => Ok(self.close()),
            (SkipState::Next, b']') if !self.stack.in_object() => Ok(self.close()),
            (SkipState::Escape(key), _) => self.escape(key, byte, at),
            (SkipState::Hex(key, left), _) if byte.is_ascii_hexdigit() => {
                self.state = if left == 1 { SkipState::Text(key) } else { SkipState::Hex(key, left - 1) };
                Ok(false)
            }
            (SkipState::Word(word, read), _) if word[read as usize] == byte => {
                let read = read + 1;
                self.state = SkipState::Word(word, read);
                Ok(read as usize == word.len() && self.after_value())
            }
            _ => Err(self.wanted(at)),
        }
    }

    fn begin(&mut self, byte: u8, at: usize) -> Result<bool, MigrateError> {
        self.state = match byte {
            b'{' | b'[' => return self.open(byte == b'{', at).map(|()| false),
            b'"' => SkipState::Text(false),
            b'-' => SkipState::Number(NumberState::Minus),
            b'0' => SkipState::Number(NumberState::Zero),
            b'1'..=b'9' => SkipState::Number(NumberState::Integer),
            b't' => SkipState::Word(b"true", 1),
            b'f' => SkipState::Word(b"false", 1),
            b'n' => SkipState::Word(b"null", 1),
            _ => return Err(MigrateError::syntax(at, "a value")),
        };
        Ok(false)
    }

    fn escape(&mut self, key: bool, byte: u8, at: usize) -> Result<bool, MigrateError> {
        self.state = match byte {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => SkipState::Text(key),
            b'u' => SkipState::Hex(key, 4),
            _ => return Err(MigrateError::syntax(at, "an escape")),
        };
        Ok(false)
    }

    fn number(
        &mut self,
        text: &[u8],
        mut at: usize,
        mut number: NumberState,
        offset: usize,
    ) -> Result<Option<usize>, MigrateError> {
        use NumberState::{Exponent, Fraction, Integer, Minus, Point, Power, Sign, Zero};
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
        self.state = SkipState::Number(number);
        Ok(None)
    }

    #[inline]
    pub(super) fn open(&mut self, object: bool, at: usize) -> Result<(), MigrateError> {
        if self.stack.depth() >= self.room {
            return Err(MigrateError::depth(at, self.limit));
        }
        self.stack.push(object);
        self.state = if object { SkipState::KeyOrEnd } else { SkipState::ValueOrEnd };
        Ok(())
    }

    fn close(&mut self) -> bool {
        self.stack.pop();
        self.after_value()
    }

    fn after_text(&mut self, key: bool) -> bool {
        if key {
            self.state = SkipState::Colon;
            return false;
        }
        self.after_value()
    }

    fn after_value(&mut self) -> bool {
        self.state = SkipState::Next;
        self.stack.depth() == 0
    }

    fn wanted(&self, at: usize) -> MigrateError {
        let wanted = match self.state {
            SkipState::KeyOrEnd => "a key or `}`",
            SkipState::Key => "a key",
            SkipState::Colon => "`:`",
            SkipState::Next if self.stack.in_object() => "`,` or `}`",
            SkipState::Next => "`,` or `]`",
            SkipState::Hex(..) => "a hexadecimal digit",
            _ => "a value",
        };
        MigrateError::syntax(at, wanted)
    }
}
