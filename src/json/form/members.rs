//! The members of an object that comes in pieces.

use super::super::text;

/// Cuts what the engine writes into members, each as soon as its value is whole.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// What was written, and how much of it was looked at.
    written: Vec<u8>,
    at: usize,
    state: State,
    escaped: bool,
    /// The member at hand: its key in quotes, its value.
    key: Vec<u8>,
    value: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Start,
    /// Before a key, or the end.
    Between,
    Key,
    Colon,
    Value,
    Text,
    /// In a list or object, so many levels deep.
    Nested(usize),
    /// In a text in there.
    NestedText(usize),
    Scalar,
    End,
    /// What comes is not an object.
    Other,
}

// === impl Members ===

impl Members {
    /// The engine writes behind this.
    pub(super) fn sink(&mut self) -> &mut Vec<u8> {
        &mut self.written
    }

    pub(super) fn is_object(&self) -> bool {
        self.state != State::Other
    }

    /// The next member that is whole: its key without quotes and escapes, and its value as JSON.
    pub(super) fn next(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        while let Some(&byte) = self.written.get(self.at) {
            let (next, whole) = self.step(byte);
            self.state = next;
            // What ends a number or a word is looked at again.
            self.at += usize::from(!(whole && matches!(byte, b',' | b'}') && self.value.last() != Some(&byte)));
            if whole {
                let key = text::unescape(text::inner(&std::mem::take(&mut self.key))).into_owned();
                return Some((key, std::mem::take(&mut self.value)));
            }
        }
        self.written.clear();
        self.at = 0;
        None
    }

    /// Where a byte leads, and whether it ends a member.
    fn step(&mut self, byte: u8) -> (State, bool) {
        let white = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        match self.state {
            State::Start | State::Colon | State::Value | State::Between if white => (self.state, false),
            State::Start if byte == b'{' => (State::Between, false),
            State::Start | State::Other => (State::Other, false),
            State::Between => match byte {
                b'"' => {
                    self.key.push(byte);
                    (State::Key, false)
                }
                b'}' => (State::End, false),
                _ => (State::Between, false),
            },
            State::Key => {
                self.key.push(byte);
                if self.closes(byte) { (State::Colon, false) } else { (State::Key, false) }
            }
            State::Colon => (State::Value, false),
            State::Value => {
                self.value.push(byte);
                match byte {
                    b'"' => (State::Text, false),
                    b'{' | b'[' => (State::Nested(1), false),
                    _ => (State::Scalar, false),
                }
            }
            State::Text => {
                self.value.push(byte);
                if self.closes(byte) { (State::Between, true) } else { (State::Text, false) }
            }
            State::Nested(depth) => {
                self.value.push(byte);
                match byte {
                    b'"' => (State::NestedText(depth), false),
                    b'{' | b'[' => (State::Nested(depth + 1), false),
                    b'}' | b']' if depth == 1 => (State::Between, true),
                    b'}' | b']' => (State::Nested(depth - 1), false),
                    _ => (self.state, false),
                }
            }
            State::NestedText(depth) => {
                self.value.push(byte);
                if self.closes(byte) { (State::Nested(depth), false) } else { (self.state, false) }
            }
            State::Scalar if white || matches!(byte, b',' | b'}') => (State::Between, true),
            State::Scalar => {
                self.value.push(byte);
                (State::Scalar, false)
            }
            State::End => (State::End, false),
        }
    }

    /// Whether a byte of a text is the quote behind it.
    fn closes(&mut self, byte: u8) -> bool {
        if std::mem::take(&mut self.escaped) {
            return false;
        }
        self.escaped = byte == b'\\';
        byte == b'"'
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_out_whole_at_any_split() {
        let text = r#" {"a":"x\"}","b" : 7 , "c":{"d":["}",{}]},"\u0065":true}"#;
        let expected = [("a", r#""x\"}""#), ("b", "7"), ("c", r#"{"d":["}",{}]}"#), ("e", "true")];
        for cut in 0..=text.len() {
            let (mut members, mut found) = (Members::default(), Vec::new());
            for part in [&text[..cut], &text[cut..]] {
                members.sink().extend_from_slice(part.as_bytes());
                found.extend(std::iter::from_fn(|| members.next()));
            }
            let found: Vec<(String, String)> = found
                .into_iter()
                .map(|(key, value)| (String::from_utf8(key).expect("UTF-8"), String::from_utf8(value).expect("UTF-8")))
                .collect();
            let found: Vec<(&str, &str)> = found.iter().map(|(key, value)| (&**key, &**value)).collect();
            assert_eq!(found, expected, "cut at {cut}");
            assert!(members.is_object());
        }
        let mut other = Members::default();
        other.sink().extend_from_slice(b"[1]");
        assert_eq!(other.next(), None);
        assert!(!other.is_object());
    }

    #[test]
    fn a_value_that_shows_its_end_does_not_wait() {
        let mut members = Members::default();
        members.sink().extend_from_slice(br#"{"a":{"x":1}"#);
        assert_eq!(members.next(), Some((b"a".to_vec(), br#"{"x":1}"#.to_vec())));
        assert_eq!(members.next(), None);
    }
}
