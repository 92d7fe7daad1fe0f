//! The structured fields read here (RFC 9651): an Item whose value is a Date (§3.3.7), with any parameters, and a
//! Dictionary of Byte Sequences (§3.2, §3.3.5).
//!
//! Strict as §4.2 demands: a field that fails anywhere is ignored as a whole.

/// What is left of the field value.
struct FieldScanner<'a> {
    rest: &'a [u8],
}

enum Number {
    Integer(i64),
    Decimal,
}

/// The seconds since 1970 of a field value that is a Date item; `None` if it is anything else.
pub(super) fn date_item(value: &[u8]) -> Option<i64> {
    let mut scanner = FieldScanner { rest: value };
    scanner.skip_spaces();
    let secs = scanner.date()?;
    scanner.parameters()?;
    scanner.skip_spaces();
    scanner.rest.is_empty().then_some(secs)
}

/// The members of a field value that is a Dictionary whose values are Byte Sequences: keys, and what stands between the
/// colons. Members of other types are left out; `None` if it is no Dictionary.
#[cfg(feature = "layer")]
pub(crate) fn byte_members(value: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut scanner = FieldScanner { rest: value };
    let mut members = Vec::new();
    scanner.skip_spaces();
    while !scanner.rest.is_empty() {
        let key = scanner.taken(FieldScanner::key)?;
        let item = match scanner.eat(b'=') {
            Some(()) => scanner.taken(FieldScanner::value)?,
            None => &[],
        };
        scanner.parameters()?;
        let bytes = item.strip_prefix(b":").and_then(|bytes| bytes.strip_suffix(b":"));
        members.extend(bytes.map(|bytes| (key, bytes)));
        scanner.take_while(|b| matches!(b, b' ' | b'\t'));
        if !scanner.rest.is_empty() {
            scanner.eat(b',')?;
            scanner.take_while(|b| matches!(b, b' ' | b'\t'));
            scanner.peek()?;
        }
    }
    Some(members)
}

// === impl FieldScanner ===

impl<'a> FieldScanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.rest = &self.rest[1..])
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|b| !wanted(*b)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn skip_spaces(&mut self) {
        self.take_while(|b| b == b' ');
    }

    /// What `read` takes.
    #[cfg(feature = "layer")]
    fn taken(&mut self, read: impl FnOnce(&mut Self) -> Option<()>) -> Option<&'a [u8]> {
        let before = self.rest;
        read(self)?;
        Some(&before[..before.len() - self.rest.len()])
    }

    /// An Item without its parameters, or an Inner List (§3.1.1).
    #[cfg(feature = "layer")]
    fn value(&mut self) -> Option<()> {
        if self.eat(b'(').is_none() {
            return self.bare_item();
        }
        loop {
            self.skip_spaces();
            if self.eat(b')').is_some() {
                return Some(());
            }
            self.bare_item()?;
            self.parameters()?;
            matches!(self.peek()?, b' ' | b')').then_some(())?;
        }
    }

    /// §4.2.9.
    fn date(&mut self) -> Option<i64> {
        self.eat(b'@')?;
        match self.number()? {
            Number::Integer(secs) => Some(secs),
            Number::Decimal => None,
        }
    }

    /// §4.2.4: at most 15 digits, or 12 before and 3 after the point.
    fn number(&mut self) -> Option<Number> {
        let negative = self.eat(b'-').is_some();
        let digits = self.take_while(|b| b.is_ascii_digit());
        if digits.is_empty() || digits.len() > 15 {
            return None;
        }
        if self.eat(b'.').is_some() {
            let fraction = self.take_while(|b| b.is_ascii_digit());
            return (digits.len() <= 12 && (1..=3).contains(&fraction.len())).then_some(Number::Decimal);
        }
        let value = digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        Some(Number::Integer(if negative { -value } else { value }))
    }

    /// §4.2.3.2.
    fn parameters(&mut self) -> Option<()> {
        while self.eat(b';').is_some() {
            self.skip_spaces();
            self.key()?;
            if self.eat(b'=').is_some() {
                self.bare_item()?;
            }
        }
        Some(())
    }

    fn key(&mut self) -> Option<()> {
        let first = self.next()?;
        self.take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'.' | b'*'));
        (first.is_ascii_lowercase() || first == b'*').then_some(())
    }

    fn bare_item(&mut self) -> Option<()> {
        match self.peek()? {
            b'-' | b'0'..=b'9' => self.number().map(drop),
            b'"' => self.string(),
            b'*' | b'a'..=b'z' | b'A'..=b'Z' => self.token(),
            b':' => self.bytes(),
            b'?' => self.boolean(),
            b'@' => self.date().map(drop),
            b'%' => self.display_string(),
            _ => None,
        }
    }

    fn token(&mut self) -> Option<()> {
        self.take_while(|b| super::is_tchar(b) || b == b':' || b == b'/');
        Some(())
    }

    fn boolean(&mut self) -> Option<()> {
        self.eat(b'?')?;
        matches!(self.next()?, b'0' | b'1').then_some(())
    }

    fn string(&mut self) -> Option<()> {
        self.eat(b'"')?;
        loop {
            match self.next()? {
                b'"' => return Some(()),
                b'\\' if matches!(self.next()?, b'"' | b'\\') => {}
                b'\\' => return None,
                b' '..=b'~' => {}
                _ => return None,
            }
        }
    }

    /// §4.2.7 lets a parser be lenient about padding.
    fn bytes(&mut self) -> Option<()> {
        self.eat(b':')?;
        let data = self.take_while(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
        let padding = self.take_while(|b| b == b'=');
        self.eat(b':')?;
        (data.len() % 4 != 1 && padding.len() <= 2).then_some(())
    }

    /// §4.2.10: escapes in lower-case hex, and UTF-8 once they are decoded.
    fn display_string(&mut self) -> Option<()> {
        self.eat(b'%')?;
        self.eat(b'"')?;
        let mut decoded = Vec::new();
        loop {
            match self.next()? {
                b'"' => return std::str::from_utf8(&decoded).ok().map(drop),
                b'%' => decoded.push(hex(self.next()?)? << 4 | hex(self.next()?)?),
                byte @ b' '..=b'~' => decoded.push(byte),
                _ => return None,
            }
        }
    }
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `sfv` read the same way.
    fn oracle(value: &[u8]) -> Option<i64> {
        let item: sfv::Item = sfv::Parser::new(value).parse().ok()?;
        match item.bare_item {
            sfv::BareItem::Date(date) => Some(i64::from(date.unix_seconds())),
            _ => None,
        }
    }

    #[test]
    fn dates_are_read_strictly() {
        let rows = [
            ("@1688169599", Some(1_688_169_599)),
            ("  @0  ", Some(0)),
            ("@-0", Some(0)),
            ("@-1659578233", Some(-1_659_578_233)),
            ("@999999999999999", Some(999_999_999_999_999)),
            ("@1;a", Some(1)),
            ("@1; a=1.5;b=\"x, \\\"y\";c=:AAA=:;d=?0;*e=@5;f=%\"%c3%a9\";g=*t/k", Some(1)),
            ("@1 ;a", None),
            ("@1;A", None),
            ("@1;a=", None),
            ("@1;a=%\"%C3\"", None),
            ("@1;a=%\"%ff\"", None),
            ("@1688169599.0", None),
            ("@ 1688169599", None),
            ("\"@1688169599\"", None),
            ("@1688169599, @1700000000", None),
            ("@1234567890123456", None),
            ("@", None),
            ("@-", None),
            ("@+1", None),
            ("\t@1", None),
            ("", None),
            ("true", None),
            ("?1", None),
        ];
        for (text, expected) in rows {
            assert_eq!(date_item(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn the_working_groups_cases_hold() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/suites/structured-field-tests/date.json");
        let Ok(text) = std::fs::read(path) else {
            println!("the structured field test suite is not here: skipped");
            return;
        };
        let cases: Vec<serde_json::Value> = serde_json::from_slice(&text).expect("JSON");
        for case in cases.iter().filter(|case| case["header_type"] == "item") {
            let raw: Vec<&str> =
                case["raw"].as_array().into_iter().flatten().filter_map(|line| line.as_str()).collect();
            let expected = case["expected"][0]["value"].as_i64();
            assert_eq!(date_item(raw.join(", ").as_bytes()), expected, "{}", case["name"]);
        }
    }

    #[test]
    fn byte_sequences_are_told_from_the_rest() {
        type Row = (&'static str, Option<&'static [(&'static str, &'static str)]>);
        let rows: [Row; 11] = [
            ("sha-256=:YQ==:", Some(&[("sha-256", "YQ==")])),
            ("a=:YQ==:;b=1 , c=:Yg==:", Some(&[("a", "YQ=="), ("c", "Yg==")])),
            ("a=1, b, c=\"x, d=:YQ==:\", e=(:YQ==: 1;x)", Some(&[])),
            ("a=:YQ==:, a=:Yg==:", Some(&[("a", "YQ=="), ("a", "Yg==")])),
            ("", Some(&[])),
            ("a=:YQ==:,", None),
            ("a=:YQ==: b", None),
            ("a=:Y Q:", None),
            ("A=:YQ==:", None),
            ("a=", None),
            ("e=(:YQ==:1)", None),
        ];
        for (text, expected) in rows {
            let members = byte_members(text.as_bytes());
            let expected: Option<Vec<_>> =
                expected.map(|rows| rows.iter().map(|(key, bytes)| (key.as_bytes(), bytes.as_bytes())).collect());
            assert_eq!(members, expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn anything_is_read_without_panic(value in any::<Vec<u8>>()) {
            let _ = date_item(&value);
        }

        #[test]
        fn sfv_agrees(value in " {0,2}@?-?[0-9]{0,17}[.]?[0-9]{0,4} ?(; ?[a-bA*][a=*0-9\"?@%. ,\\\\-]{0,9}){0,3} {0,2}") {
            prop_assert_eq!(date_item(value.as_bytes()), oracle(value.as_bytes()), "{}", value);
        }
    }
}
