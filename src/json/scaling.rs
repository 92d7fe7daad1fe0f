//! Numbers times a constant, or divided by one.

use std::borrow::Cow;
use std::fmt;

use super::decimal::{LongDecimal, MAX_EXPONENT, Quotient, Rounding};
use super::number;

/// Numbers multiplied or divided by a constant. The result is exact and spelled as a decimal without an exponent and
/// without zeros at the end of its fraction. A value that has no such result, such as `1 ÷ 3`, or has more digits than
/// [allowed](Self::with_digits), does not fit, unless it may be [rounded](Self::with_rounding).
///
/// ```
/// use sunward::json::{MigrateOptions, Conversion, Op, Pointer, Scaling, Step, migrate};
///
/// let cents = Conversion::Scale(Scaling::multiply("100")?);
/// let step = Step::new(Op::Convert { at: Pointer::parse("/price")?, conversion: cents });
/// let migrated = migrate(br#"{"price": 19.99}"#, [&step], &MigrateOptions::default())?;
/// assert_eq!(migrated.body, br#"{"price": 1999}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scaling {
    divides: bool,
    factor: ScaleFactor,
    digits: Option<u32>,
    rounding: Option<Rounding>,
    text: bool,
}

/// `digits × 10^exponent`, and how it is spelled.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ScaleFactor {
    spelled: Box<str>,
    negative: bool,
    digits: u64,
    exponent: i64,
}

/// How many digits a factor may have, so that arithmetic takes time in proportion to the number.
const MAX_DIGITS: u64 = 1_000_000_000_000_000_000;

// === impl Scaling ===

impl Scaling {
    /// Multiplied by `factor`, a decimal.
    ///
    /// # Errors
    /// If it is not a JSON number, is 0 or 1, or has more than 18 digits or an exponent past 64; the text says which.
    pub fn multiply(factor: &str) -> Result<Self, &'static str> {
        let factor = ScaleFactor::parse(factor)?;
        Ok(Self { divides: false, factor, digits: None, rounding: None, text: false })
    }

    /// Divided by `divisor`, a decimal.
    ///
    /// # Errors
    /// As those of [`multiply`](Self::multiply).
    pub fn divide(divisor: &str) -> Result<Self, &'static str> {
        Ok(Self { divides: true, ..Self::multiply(divisor)? })
    }

    /// How many digits a result may have after the point. Default: any number.
    #[must_use]
    pub fn with_digits(mut self, digits: u32) -> Self {
        self.digits = Some(digits);
        self
    }

    /// How a result is rounded that has more [digits](Self::with_digits). Default: it is an error.
    #[must_use]
    pub fn with_rounding(mut self, rounding: Rounding) -> Self {
        self.rounding = Some(rounding);
        self
    }

    /// Whether the values are strings with decimals instead of numbers. Default: numbers.
    #[must_use]
    pub fn with_text(mut self, text: bool) -> Self {
        self.text = text;
        self
    }

    pub(super) const fn is_text(&self) -> bool {
        self.text
    }

    /// The result for a number, or for the decimal in a string.
    pub(super) fn apply(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let value = self.value(plain)?;
        let value = if self.factor.negative { value.negate() } else { value };
        let ScaleFactor { digits, exponent, .. } = self.factor;
        let places = self.digits.map(|digits| digits as usize);
        let result = if self.divides {
            value.shift(-exponent).divide(digits, places.map_or(0, |places| places + 1))
        } else {
            Quotient::from(value.multiply(digits).shift(exponent))
        };
        result.fit(places, self.rounding).map(|fit| fit.spell(0))
    }

    /// What is wanted in the place of a number, or of the text in a string, that has no result.
    pub(super) fn wanted(&self, plain: &[u8]) -> Cow<'static, str> {
        let what = if self.text { "a string with a decimal" } else { "a number" };
        match (self.value(plain), self.digits) {
            (None, _) if self.text => what.into(),
            (None, _) => format!("a number with an exponent of at most {MAX_EXPONENT}").into(),
            (Some(_), None) => format!("{what} whose result is exact").into(),
            (Some(_), Some(digits)) => {
                format!("{what} whose result has at most {digits} digits after the point").into()
            }
        }
    }

    fn value(&self, plain: &[u8]) -> Option<LongDecimal> {
        if self.text { LongDecimal::of_decimal(plain) } else { LongDecimal::parse(plain) }
    }
}

impl fmt::Display for Scaling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.divides { "divided by" } else { "times" };
        write!(f, "{verb} {}", self.factor.spelled)?;
        if let Some(digits) = self.digits {
            write!(f, ", with at most {digits} digits after the point")?;
        }
        self.rounding.map_or(Ok(()), |rounding| write!(f, ", rounded {rounding}"))
    }
}

// === impl ScaleFactor ===

impl ScaleFactor {
    fn parse(text: &str) -> Result<Self, &'static str> {
        if !number::is_number(text.as_bytes()) {
            return Err("is not a number");
        }
        let parts = LongDecimal::parse(text.as_bytes()).and_then(|factor| factor.to_parts());
        let fits = |&(_, digits, exponent): &(bool, u64, i64)| digits < MAX_DIGITS && exponent.abs() <= MAX_EXPONENT;
        let Some((negative, digits, exponent)) = parts.filter(fits) else {
            return Err("has more than 18 digits, or an exponent past 64");
        };
        match (negative, digits, exponent) {
            (_, 0, _) => Err("is zero: there is no way back"),
            (false, 1, 0) => Err("is one: the op would do nothing"),
            _ => Ok(Self { spelled: text.into(), negative, digits, exponent }),
        }
    }
}
