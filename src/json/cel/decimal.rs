//! Exact arithmetic on JSON numbers of up to 36 digits. Longer ones are passed on and compared, but not computed with.

use std::cmp::Ordering;

/// `mantissa` × 10^`exponent`; the mantissa does not end in a zero, unless it is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    mantissa: i128,
    exponent: i32,
}

/// As many digits fit twice into the mantissa's type when they are shifted by one.
const MAX_DIGITS: usize = 36;
/// How far the point may be from the digits, so that a result is never much longer than its sources.
const MAX_EXPONENT: i32 = 64;

// === impl Decimal ===

impl Decimal {
    pub(super) const ZERO: Self = Self { mantissa: 0, exponent: 0 };

    /// Expects a JSON number. `None` if it is too long or too far from 1.
    pub(super) fn parse(number: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(number).ok()?;
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [integer, fraction].concat();
        let sign = if digits.starts_with('-') { "-" } else { "" };
        let digits = digits.trim_start_matches('-').trim_start_matches('0');
        let significant = digits.trim_end_matches('0');
        if significant.is_empty() {
            return Some(Self::ZERO);
        }
        let zeros = i64::try_from(digits.len() - significant.len()).ok()?;
        let shift = zeros - i64::try_from(fraction.len()).ok()?;
        let exponent = exponent.parse::<i64>().ok()?.checked_add(shift)?;
        if significant.len() > MAX_DIGITS {
            return None;
        }
        Self::new([sign, significant].concat().parse().ok()?, exponent)
    }

    pub(super) fn from_len(len: usize) -> Self {
        Self::new(i128::try_from(len).unwrap_or(i128::MAX), 0).unwrap_or(Self::ZERO)
    }

    /// `None` past the limits.
    fn new(mut mantissa: i128, mut exponent: i64) -> Option<Self> {
        while mantissa != 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            exponent += 1;
        }
        let exponent = if mantissa == 0 { 0 } else { i32::try_from(exponent).ok()? };
        let fits = mantissa.unsigned_abs() < 10u128.pow(MAX_DIGITS as u32) && exponent.abs() <= MAX_EXPONENT;
        fits.then_some(Self { mantissa, exponent })
    }

    /// Digits with a point, without an exponent.
    pub(super) fn spell(self) -> String {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs().to_string();
        if self.exponent >= 0 {
            return format!("{sign}{digits}{}", "0".repeat(self.exponent.unsigned_abs() as usize));
        }
        let places = self.exponent.unsigned_abs() as usize;
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (integer, fraction) = padded.split_at(padded.len() - places);
        format!("{sign}{integer}.{fraction}")
    }

    pub(super) const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// Its value if it is an integer of the type.
    pub(super) fn to_integer(self) -> Option<i128> {
        let factor = 10i128.checked_pow(u32::try_from(self.exponent).ok()?)?;
        self.mantissa.checked_mul(factor)
    }

    /// Without its fraction, towards zero.
    pub(super) fn truncate(self) -> Self {
        if self.exponent >= 0 {
            return self;
        }
        let factor = 10i128.checked_pow(self.exponent.unsigned_abs());
        let whole = factor.map_or(0, |factor| self.mantissa / factor);
        Self::new(whole, 0).unwrap_or(Self::ZERO)
    }

    pub(super) fn negate(self) -> Self {
        Self { mantissa: -self.mantissa, ..self }
    }

    pub(super) fn add(self, other: Self) -> Option<Self> {
        let exponent = self.exponent.min(other.exponent);
        let sum = self.at(exponent)?.checked_add(other.at(exponent)?)?;
        Self::new(sum, exponent.into())
    }

    pub(super) fn multiply(self, other: Self) -> Option<Self> {
        let product = self.mantissa.checked_mul(other.mantissa)?;
        Self::new(product, i64::from(self.exponent) + i64::from(other.exponent))
    }

    /// `None` if the quotient has no end, or is past the limits. `other` is not zero.
    pub(super) fn divide(self, other: Self) -> Option<Self> {
        let (mut rest, mut exponent) = (self.mantissa, i64::from(self.exponent) - i64::from(other.exponent));
        while rest.checked_rem(other.mantissa)? != 0 {
            rest = rest.checked_mul(10)?;
            exponent -= 1;
        }
        Self::new(rest / other.mantissa, exponent)
    }

    /// Of two integers, with the sign of the first. `other` is not zero.
    pub(super) fn remainder(self, other: Self) -> Option<Self> {
        Self::new(self.to_integer()?.checked_rem(other.to_integer()?)?, 0)
    }

    fn at(self, exponent: i32) -> Option<i128> {
        let factor = 10i128.checked_pow(u32::try_from(self.exponent - exponent).ok()?)?;
        self.mantissa.checked_mul(factor)
    }

    fn magnitude(self) -> i64 {
        self.mantissa.unsigned_abs().to_string().len() as i64 + i64::from(self.exponent)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let signs = self.mantissa.signum().cmp(&other.mantissa.signum());
        if signs != Ordering::Equal || self.is_zero() {
            return signs;
        }
        let exponent = self.exponent.min(other.exponent);
        let sizes = match (self.at(exponent), other.at(exponent)) {
            (Some(left), Some(right)) => return left.cmp(&right),
            _ => self.magnitude().cmp(&other.magnitude()),
        };
        if self.mantissa < 0 { sizes.reverse() } else { sizes }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Decimal {
        Decimal::parse(text.as_bytes()).expect(text)
    }

    #[test]
    fn arithmetic_is_exact() {
        for (result, expected) in [
            (of("0.1").add(of("0.2")), Some("0.3")),
            (of("19.99").multiply(of("100")), Some("1999")),
            (of("1e2").add(of("-100")), Some("0")),
            (of("7").divide(of("2")), Some("3.5")),
            (of("1").divide(of("3")), None),
            (of("-7").remainder(of("2")), Some("-1")),
            (of("7.5").remainder(of("2")), None),
            (of("9007199254740993").add(of("1")), Some("9007199254740994")),
            (of("1e60").add(of("1")), None),
            (of("123456789012345678901234567890").multiply(of("1234567890")), None),
            (Some(of("-3.9").truncate()), Some("-3")),
            (Some(of("0.005").truncate()), Some("0")),
            (Some(of("-0.0")), Some("0")),
            (Some(of("1.10")), Some("1.1")),
            (Some(of("12e3")), Some("12000")),
            (Some(of("5e-3").negate()), Some("-0.005")),
        ] {
            assert_eq!(result.map(Decimal::spell).as_deref(), expected);
        }
    }

    #[test]
    fn numbers_that_are_too_long_are_not_computed_with() {
        for text in ["1e65", "1e-65", "1234567890123456789012345678901234567", "1e99999999999999999999"] {
            assert_eq!(Decimal::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(of("123456789012345678901234567890123456").spell(), "123456789012345678901234567890123456");
    }

    #[test]
    fn the_order_is_that_of_the_values() {
        for pair in ["-1e60", "-2", "-1.5", "0", "1e-60", "0.1", "1", "1.5", "1e30", "1.5e60"].windows(2) {
            assert!(of(pair[0]) < of(pair[1]), "{pair:?}");
        }
    }
}
