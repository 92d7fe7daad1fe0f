//! Exact arithmetic on decimals of any length, and how they are spelled without an exponent.

use std::cmp::Ordering;
use std::fmt;

use super::number::{self, NumberParts};

/// `digits × 10^exponent`. The digits neither start nor end with a zero; zero has none, and keeps its sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LongDecimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

/// A quotient, and whether there is more of it than its digits say.
#[derive(Debug)]
pub(super) struct Quotient {
    value: LongDecimal,
    has_more: bool,
}

/// How a number is rounded that has more digits than it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rounding {
    /// To the nearest; from the middle to the even digit.
    HalfEven,
    /// To the nearest; from the middle away from zero.
    HalfUp,
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
    /// Towards the greater number.
    Ceiling,
    /// Towards the smaller number.
    Floor,
}

/// How far an exponent may move the point, so that a result is never much longer than its source.
pub(super) const MAX_EXPONENT: i64 = 64;
/// A quotient by a `u64` that ends has at most this many digits more than the dividend.
const MAX_MORE_DIGITS: usize = 64;

/// `1234` to `12.34` for scale 2. `None` when it is not an integer.
pub(super) fn integer_to_decimal(integer: &[u8], scale: usize) -> Option<Vec<u8>> {
    number::is_integer(integer).then(|| LongDecimal::of(integer, 0).shift(-(scale as i64)).spell(scale))
}

/// `12.34` to `1234` for scale 2. `None` when it is not a decimal, or has decimals past the scale that are not zero.
pub(super) fn decimal_to_integer(decimal: &[u8], scale: usize) -> Option<Vec<u8>> {
    let whole = LongDecimal::of_decimal(decimal)?.shift(scale as i64);
    (whole.places() == 0).then(|| whole.spell(0))
}

// === impl LongDecimal ===

impl LongDecimal {
    /// Expects a JSON number. `None` if its exponent is past the limit.
    pub(super) fn parse(number: &[u8]) -> Option<Self> {
        let exponent = match NumberParts::of(number).exponent {
            None => 0,
            Some(text) => std::str::from_utf8(text).ok()?.parse::<i64>().ok()?,
        };
        (exponent.abs() <= MAX_EXPONENT).then(|| Self::of(number, exponent))
    }

    /// `12.50`: digits with or without a point, and no exponent.
    pub(super) fn of_decimal(text: &[u8]) -> Option<Self> {
        let plain = number::is_number(text) && !text.iter().any(|byte| matches!(byte, b'e' | b'E'));
        plain.then(|| Self::of(text, 0))
    }

    /// A JSON number whose exponent has been read.
    fn of(number: &[u8], exponent: i64) -> Self {
        let NumberParts { negative, digits, shift, .. } = NumberParts::of(number);
        let exponent = if digits.is_empty() { 0 } else { exponent + shift };
        Self { negative, digits, exponent }
    }

    /// Its sign, its digits as a number if they are not too many, and its exponent.
    pub(super) fn to_parts(&self) -> Option<(bool, u64, i64)> {
        let digits = std::str::from_utf8(&self.digits).ok()?;
        let digits = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        Some((self.negative, digits, self.exponent))
    }

    pub(super) fn shift(mut self, by: i64) -> Self {
        if !self.is_zero() {
            self.exponent += by;
        }
        self
    }

    pub(super) fn negate(mut self) -> Self {
        self.negative ^= !self.is_zero();
        self
    }

    fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// Digits after the point.
    fn places(&self) -> usize {
        usize::try_from(-self.exponent).unwrap_or(0)
    }

    /// Digits with a point if it has a fraction, which has at least this many digits.
    pub(super) fn spell(&self, places: usize) -> Vec<u8> {
        let places = places.max(self.places());
        let zeros = usize::try_from(self.exponent + places as i64).unwrap_or(0);
        let mut spelled = if self.negative { vec![b'-'] } else { Vec::new() };
        let sign = spelled.len();
        let missing = (places + 1).saturating_sub(self.digits.len() + zeros);
        spelled.resize(sign + missing, b'0');
        spelled.extend_from_slice(&self.digits);
        spelled.resize((sign + self.digits.len() + zeros).max(sign + places + 1), b'0');
        if places > 0 {
            spelled.insert(spelled.len() - places, b'.');
        }
        spelled
    }

    /// `by` is not zero.
    pub(super) fn multiply(mut self, by: u64) -> Self {
        let mut carry = 0;
        for digit in self.digits.iter_mut().rev() {
            let total = u128::from(*digit - b'0') * u128::from(by) + carry;
            *digit = ascii(total % 10);
            carry = total / 10;
        }
        if carry > 0 {
            self.digits.splice(0..0, carry.to_string().bytes());
        }
        self.trimmed()
    }

    /// `by` is not zero. With at least so many digits after the point, unless it ends before.
    pub(super) fn divide(mut self, by: u64, places: usize) -> Quotient {
        let by = u128::from(by);
        let mut rest = 0;
        for digit in &mut self.digits {
            rest = rest * 10 + u128::from(*digit - b'0');
            *digit = ascii(rest / by);
            rest %= by;
        }
        let mut more = 0;
        while rest != 0 && (more < MAX_MORE_DIGITS || self.places() < places) {
            rest *= 10;
            self.digits.push(ascii(rest / by));
            rest %= by;
            self.exponent -= 1;
            more += 1;
        }
        // What has more keeps its zeros: they say how far its digits go.
        let has_more = rest != 0;
        Quotient { value: if has_more { self } else { self.trimmed() }, has_more }
    }

    fn trimmed(mut self) -> Self {
        let end = self.digits.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
        self.exponent += (self.digits.len() - end) as i64;
        self.digits.truncate(end);
        let start = self.digits.iter().take_while(|digit| **digit == b'0').count();
        self.digits.drain(..start);
        if self.is_zero() {
            self.exponent = 0;
        }
        self
    }

    fn increment(&mut self) {
        for digit in self.digits.iter_mut().rev() {
            if *digit != b'9' {
                *digit += 1;
                return;
            }
            *digit = b'0';
        }
        self.digits.insert(0, b'1');
    }
}

fn ascii(digit: u128) -> u8 {
    b'0' + digit as u8
}

// === impl Quotient ===

impl Quotient {
    /// The value with at most so many digits after the point, rounded if that is allowed.
    pub(super) fn fit(self, places: Option<usize>, rounding: Option<Rounding>) -> Option<LongDecimal> {
        if !self.has_more && places.is_none_or(|places| self.value.places() <= places) {
            return Some(self.value);
        }
        Some(self.round(places?, rounding?))
    }

    fn round(self, places: usize, rounding: Rounding) -> LongDecimal {
        let Self { mut value, has_more } = self;
        let cut = value.places().saturating_sub(places);
        value.digits.splice(0..0, std::iter::repeat_n(b'0', (cut + 1).saturating_sub(value.digits.len())));
        let gone = value.digits.split_off(value.digits.len() - cut);
        value.exponent += cut as i64;
        let rest_is_zero = !has_more && gone.iter().skip(1).all(|digit| *digit == b'0');
        let beyond = if rest_is_zero { Ordering::Equal } else { Ordering::Greater };
        let half = gone.first().copied().unwrap_or(b'0').cmp(&b'5').then(beyond);
        let is_odd = value.digits.last().is_some_and(|digit| digit % 2 == 1);
        if rounding.goes_up(value.negative, half, is_odd) {
            value.increment();
        }
        let mut rounded = value.trimmed();
        rounded.negative &= !rounded.is_zero();
        rounded
    }
}

impl From<LongDecimal> for Quotient {
    fn from(value: LongDecimal) -> Self {
        Self { value, has_more: false }
    }
}

// === impl Rounding ===

impl Rounding {
    /// Whether what is cut off, more or less than a half and not zero, makes the last digit greater by one.
    fn goes_up(self, negative: bool, half: Ordering, is_odd: bool) -> bool {
        match self {
            Self::HalfEven => half.is_gt() || (half.is_eq() && is_odd),
            Self::HalfUp => half.is_ge(),
            Self::Up => true,
            Self::Down => false,
            Self::Ceiling => !negative,
            Self::Floor => negative,
        }
    }
}

impl fmt::Display for Rounding {
    /// As in the config file: `half-even`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HalfEven => "half-even",
            Self::HalfUp => "half-up",
            Self::Up => "up",
            Self::Down => "down",
            Self::Ceiling => "ceiling",
            Self::Floor => "floor",
        })
    }
}

#[cfg(test)]
mod tests;
