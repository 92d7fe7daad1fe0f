use std::fmt;

/// Why a string is not a valid expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionError {
    offset: usize,
    message: String,
}

// === impl ExpressionError ===

impl ExpressionError {
    pub(super) fn new(offset: usize, message: String) -> Self {
        Self { offset, message }
    }

    /// The byte of the expression where the error is.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at character {})", self.message, self.offset + 1)
    }
}

impl std::error::Error for ExpressionError {}
