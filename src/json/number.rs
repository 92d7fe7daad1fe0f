//! Numbers as texts of any length: their grammar, their parts, and equality.

/// A number in its normal form: `digits × 10^exponent`, where the digits neither start nor end with a zero.
/// Zero has no digits, no sign and no exponent.
#[derive(Debug, PartialEq, Eq)]
struct NormalNumber {
    negative: bool,
    digits: Vec<u8>,
    exponent: String,
}

/// The parts of a number: `digits × 10^(exponent + shift)`, where the digits neither start nor end with a zero. Zero has
/// no digits.
pub(super) struct NumberParts<'n> {
    pub(super) negative: bool,
    pub(super) digits: Vec<u8>,
    pub(super) shift: i64,
    /// As it is spelled, if it is.
    pub(super) exponent: Option<&'n [u8]>,
}

/// Whether two JSON numbers have the same value, whatever their length.
pub(super) fn equal(left: &[u8], right: &[u8]) -> bool {
    left == right || NormalNumber::of(left) == NormalNumber::of(right)
}

/// Whether `text` is a JSON number, no more and no less (RFC 8259 §6).
pub(super) fn is_number(text: &[u8]) -> bool {
    let (mantissa, exponent) = split_exponent(text);
    let (integer, fraction) = split_fraction(mantissa);
    is_integer(integer) && fraction.is_none_or(is_digits) && exponent.is_none_or(is_exponent)
}

/// Whether `text` is an integer of digits only, without an exponent or leading zeros.
pub(super) fn is_integer(text: &[u8]) -> bool {
    let (_, digits) = split_sign(text);
    is_digits(digits) && (digits.len() == 1 || digits[0] != b'0')
}

/// Whether a JSON number has no fraction, however it is spelled.
pub(super) fn is_integral(number: &[u8]) -> bool {
    !NormalNumber::of(number).exponent.starts_with('-')
}

fn is_digits(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

fn is_exponent(text: &[u8]) -> bool {
    is_digits(text.strip_prefix(b"+").or_else(|| text.strip_prefix(b"-")).unwrap_or(text))
}

fn split_sign(text: &[u8]) -> (bool, &[u8]) {
    text.strip_prefix(b"-").map_or((false, text), |digits| (true, digits))
}

fn split_fraction(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    split_at(text, text.iter().position(|byte| *byte == b'.'))
}

fn split_exponent(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    split_at(text, text.iter().position(|byte| matches!(byte, b'e' | b'E')))
}

fn split_at(text: &[u8], at: Option<usize>) -> (&[u8], Option<&[u8]>) {
    at.map_or((text, None), |at| (&text[..at], Some(&text[at + 1..])))
}

// === impl NormalNumber ===

impl NormalNumber {
    /// Expects a JSON number.
    fn of(number: &[u8]) -> Self {
        let NumberParts { negative, digits, shift, exponent } = NumberParts::of(number);
        if digits.is_empty() {
            return Self { negative: false, digits, exponent: String::new() };
        }
        Self { negative, digits, exponent: add_to_exponent(exponent.unwrap_or(b"0"), shift.into()) }
    }
}

// === impl NumberParts ===

impl<'n> NumberParts<'n> {
    /// Expects a JSON number.
    pub(super) fn of(number: &'n [u8]) -> Self {
        let (mantissa, exponent) = split_exponent(number);
        let (integer, fraction) = split_fraction(mantissa);
        let (negative, integer) = split_sign(integer);
        let fraction = fraction.unwrap_or_default();
        let mut digits = [integer, fraction].concat();
        let end = digits.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
        let shift = (digits.len() - end) as i64 - fraction.len() as i64;
        digits.truncate(end);
        let start = digits.iter().take_while(|digit| **digit == b'0').count();
        digits.drain(..start);
        Self { negative, digits, shift, exponent }
    }
}

/// `exponent + shift`. An exponent may have more digits than any integer type, and then the sum keeps its sign.
fn add_to_exponent(exponent: &[u8], shift: i128) -> String {
    let (negative, digits) = split_sign(exponent.strip_prefix(b"+").unwrap_or(exponent));
    let start = digits.iter().take_while(|digit| **digit == b'0').count();
    let sign = if negative { -1 } else { 1 };
    let small = if digits.len() - start > 36 { None } else { Some(read(&digits[start..])) };
    match small {
        Some(small) => (sign * small + shift).to_string(),
        None => format!("{}{}", if negative { "-" } else { "" }, add_to_digits(&digits[start..], sign * shift)),
    }
}

fn read(digits: &[u8]) -> i128 {
    digits.iter().fold(0, |number, digit| number * 10 + i128::from(digit - b'0'))
}

fn add_to_digits(digits: &[u8], mut carry: i128) -> String {
    let mut sum = vec![b'0'; digits.len() + 1];
    for (place, digit) in sum.iter_mut().rev().zip(digits.iter().rev().chain(b"0")) {
        let total = i128::from(digit - b'0') + carry;
        *place = b'0' + total.rem_euclid(10) as u8;
        carry = total.div_euclid(10);
    }
    sum.iter().skip_while(|digit| **digit == b'0').map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_equal_by_value_at_any_length() {
        for (left, right) in [
            ("1", "1.0"),
            ("1", "1e0"),
            ("100", "1E+2"),
            ("0.001", "1e-3"),
            ("-0", "0.0e99"),
            ("123456789012345678901234567890.10", "1234567890123456789012345678901e-1"),
            ("1e0400", "10E399"),
            ("1e99999999999999999999999999999999999999999", "10e99999999999999999999999999999999999999998"),
            ("1e-100000000000000000000000000000000000000000", "0.1e-99999999999999999999999999999999999999999"),
        ] {
            assert!(equal(left.as_bytes(), right.as_bytes()), "{left} {right}");
        }
        for (left, right) in [
            ("1", "-1"),
            ("1", "1.0000000000000000000000000001"),
            ("9007199254740993", "9007199254740992"),
            ("1e400", "1e401"),
            ("1e-400", "0"),
            ("1e99999999999999999999999999999999999999999", "1e99999999999999999999999999999999999999998"),
        ] {
            assert!(!equal(left.as_bytes(), right.as_bytes()), "{left} {right}");
        }
    }

    #[test]
    fn the_grammar_of_numbers() {
        for number in ["0", "-0", "10", "1.10", "1E400", "1e+2", "0.0e-0"] {
            assert!(is_number(number.as_bytes()), "{number}");
        }
        for text in ["", "-", "+1", "01", ".5", "1.", "1e", "1e+", "1e1e1", "1.1.1", " 1", "1 ", "NaN", "--1", "1e--1"]
        {
            assert!(!is_number(text.as_bytes()), "{text}");
        }
    }
}
