//! The members of an object that comes in pieces.

use super::super::text;

/// Cuts what the engine writes into members, each as soon as its value is whole.
#[derive(Debug, Default)]
pub(super) struct MemberSplitter {
    /// What was written, and how much of it was looked at.
    written: Vec<u8>,
    at: usize,
    state: SplitState,
    escaped: bool,
    /// The member at hand: its key in quotes, its value.
    key: Vec<u8>,
    value: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum SplitState {
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

// === impl MemberSplitter ===

impl MemberSplitter {
    /// The engine writes behind this.
    pub(super) fn sink(&mut self) -> &mut Vec<u8> {
        &mut self.written
    }

    pub(super) fn is_object(&self) -> bool {
        self.state != SplitState::Other
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
    fn step(&mut self, byte: u8) -> (SplitState, bool) {
        let white = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        match self.state {
            SplitState::Start | SplitState::Colon | SplitState::Value | SplitState::Between if white => {
                (self.state, false)
            }
            SplitState::Start if byte == b'{' => (SplitState::Between, false),
            SplitState::Start | SplitState::Other => (SplitState::Other, false),
            SplitState::Between => match byte {
                b'"' => {
                    self.key.push(byte);
                    (SplitState::Key, false)
                }
                b'}' => (SplitState::End, false),
                _ => (SplitState::Between, false),
            },
            SplitState::Key => {
                self.key.push(byte);
                if self.closes(byte) { (SplitState::Colon, false) } else { (SplitState::Key, false) }
            }
            SplitState::Colon => (SplitState::Value, false),
            SplitState::Value => {
                self.value.push(byte);
                match byte {
                    b'"' => (SplitState::Text, false),
                    b'{' | b'[' => (SplitState::Nested(1), false),
                    _ => (SplitState::Scalar, false),
                }
            }
            SplitState::Text => {
                self.value.push(byte);
                if self.closes(byte) { (SplitState::Between, true) } else { (SplitState::Text, false) }
            }
            SplitState::Nested(depth) => {
                self.value.push(byte);
                match byte {
                    b'"' => (SplitState::NestedText(depth), false),
                    b'{' | b'[' => (SplitState::Nested(depth + 1), false),
                    b'}' | b']' if depth == 1 => (SplitState::Between, true),
                    b'}' | b']' => (SplitState::Nested(depth - 1), false),
                    _ => (self.state, false),
                }
            }
            SplitState::NestedText(depth) => {
                self.value.push(byte);
                if self.closes(byte) { (SplitState::Nested(depth), false) } else { (self.state, false) }
            }
            SplitState::Scalar if white || matches!(byte, b',' | b'}') => (SplitState::Between, true),
            SplitState::Scalar => {
                self.value.push(byte);
                (SplitState::Scalar, false)
            }
            SplitState::End => (SplitState::End, false),
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
            let (mut members, mut found) = (MemberSplitter::default(), Vec::new());
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
        let mut other = MemberSplitter::default();
        other.sink().extend_from_slice(b"[1]");
        assert_eq!(other.next(), None);
        assert!(!other.is_object());
    }

    #[test]
    fn a_value_that_shows_its_end_does_not_wait() {
        let mut members = MemberSplitter::default();
        members.sink().extend_from_slice(br#"{"a":{"x":1}"#);
        assert_eq!(members.next(), Some((b"a".to_vec(), br#"{"x":1}"#.to_vec())));
        assert_eq!(members.next(), None);
    }
}
