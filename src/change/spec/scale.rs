//! Numbers multiplied or divided by a constant.

use super::{OpKind, OpSpec, ScaleSpec};
use crate::diagnostic::Spanned;
use crate::json::Rounding;

// === impl OpSpec ===

impl OpSpec {
    /// Multiplies numbers by a decimal, exactly, and divides them by it on the way back. Results are spelled without an
    /// exponent and without zeros at the end of the fraction. A result that is not exact, such as `1 ÷ 3`, is an error,
    /// unless [`with_rounding`](Self::with_rounding) allows it.
    ///
    /// ```
    /// use sunward::change::OpSpec;
    /// use sunward::json::Rounding;
    ///
    /// let cents = OpSpec::scale("/price", "100").with_digits(0);
    /// let kibibytes = OpSpec::divide("/size", "1024").with_digits(0).with_rounding(Rounding::HalfEven);
    /// # let _ = (cents, kibibytes);
    /// ```
    #[must_use]
    pub fn scale(at: &str, by: &str) -> Self {
        Self::scaled(at, by, false)
    }

    /// Divides numbers by a decimal, and multiplies them by it on the way back: the reverse of [`scale`](Self::scale).
    #[must_use]
    pub fn divide(at: &str, by: &str) -> Self {
        Self::scaled(at, by, true)
    }

    fn scaled(at: &str, by: &str, divides: bool) -> Self {
        let factor = Spanned::from(by);
        let by = ScaleSpec { factor, divides, digits: None, back_digits: None, rounding: None, text: false };
        Self::new(OpKind::Scale { at: at.into(), by })
    }

    /// For [`scale`](Self::scale) and [`divide`](Self::divide): how many digits the new value may have after the point;
    /// 0 for integers. A value with more is rounded, or else an error. Default: any number of digits.
    #[must_use]
    pub fn with_digits(mut self, digits: u32) -> Self {
        match &mut self.op {
            OpKind::Scale { by, .. } => by.digits = Some(digits),
            _ => self.misplaced("with_digits"),
        }
        self
    }

    /// For [`scale`](Self::scale) and [`divide`](Self::divide): the same for the old value, on the way back.
    #[must_use]
    pub fn with_back_digits(mut self, digits: u32) -> Self {
        match &mut self.op {
            OpKind::Scale { by, .. } => by.back_digits = Some(digits),
            _ => self.misplaced("with_back_digits"),
        }
        self
    }

    /// For [`scale`](Self::scale) and [`divide`](Self::divide): how a value is rounded that would have more digits than it
    /// may. It needs [`with_digits`](Self::with_digits) or [`with_back_digits`](Self::with_back_digits). Default: such a
    /// value is an error.
    #[must_use]
    pub fn with_rounding(mut self, rounding: Rounding) -> Self {
        match &mut self.op {
            OpKind::Scale { by, .. } => by.rounding = Some(rounding),
            _ => self.misplaced("with_rounding"),
        }
        self
    }

    /// For [`scale`](Self::scale) and [`divide`](Self::divide): whether the values are strings with decimals in both
    /// versions. Default: they are numbers.
    #[must_use]
    pub fn with_text(mut self, text: bool) -> Self {
        match &mut self.op {
            OpKind::Scale { by, .. } => by.text = text,
            _ => self.misplaced("with_text"),
        }
        self
    }
}
