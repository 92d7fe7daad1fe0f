//! What is left of a value of which only the number of elements or members counts.

/// Shortens a JSON text while it passes: every element, and every value of a member, becomes `0`. Names stay, so that those
/// that occur twice still do.
#[derive(Debug, Default)]
pub(super) struct Summary {
    depth: usize,
    is_object: bool,
    in_text: bool,
    escaped: bool,
    /// Behind the colon of a member, or in an array: what comes is a value, and no name.
    in_value: bool,
    /// The value at hand is written as `0` already.
    has_value: bool,
}

// === impl Summary ===

impl Summary {
    /// Appends what is left of the next part of the text.
    pub(super) fn push(&mut self, part: &[u8], out: &mut Vec<u8>) {
        for byte in part {
            if self.in_text {
                self.text(*byte, out);
            } else {
                self.token(*byte, out);
            }
        }
    }

    fn text(&mut self, byte: u8, out: &mut Vec<u8>) {
        if self.is_kept() {
            out.push(byte);
        }
        self.in_text = self.escaped || byte != b'"';
        self.escaped = !self.escaped && byte == b'\\';
    }

    fn token(&mut self, byte: u8, out: &mut Vec<u8>) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => return,
            b'[' | b'{' => {
                self.depth += 1;
                if self.depth == 1 {
                    self.is_object = byte == b'{';
                    self.in_value = !self.is_object;
                    return out.push(byte);
                }
            }
            b']' | b'}' => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    out.push(byte);
                }
                return;
            }
            b',' if self.depth == 1 => {
                (self.in_value, self.has_value) = (!self.is_object, false);
                return out.push(byte);
            }
            b':' if self.depth == 1 => {
                self.in_value = true;
                return out.push(byte);
            }
            b'"' => self.in_text = true,
            _ => {}
        }
        if self.is_kept() {
            out.push(byte);
        } else if !std::mem::replace(&mut self.has_value, true) {
            out.push(b'0');
        }
    }

    /// Whether bytes stay as they are: those of a scalar that is the whole text, and of names.
    const fn is_kept(&self) -> bool {
        self.depth == 0 || self.depth == 1 && !self.in_value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_and_values_are_zeros_at_any_split() {
        for (text, expected) in [
            ("[ ]", "[]"),
            (r#"[1, -2.5e3 ,"a,]\"",null, [1,[2]],{"a":{}}]"#, "[0,0,0,0,0,0]"),
            (r#"{"a" : [1,2], "\u0061\"":{"b":"}"} ,"":"x"}"#, r#"{"a":0,"\u0061\"":0,"":0}"#),
            ("{}", "{}"),
            ("null", "null"),
            (r#""a\"[""#, r#""a\"[""#),
        ] {
            for cut in 0..=text.len() {
                let (mut summary, mut out) = (Summary::default(), Vec::new());
                summary.push(&text.as_bytes()[..cut], &mut out);
                summary.push(&text.as_bytes()[cut..], &mut out);
                assert_eq!(String::from_utf8_lossy(&out), expected, "{text}, cut at {cut}");
            }
        }
    }
}
