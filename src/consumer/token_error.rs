//! Why a token is not taken.

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenError {
    /// It is no signed token, or too long, or has no `exp`.
    Malformed,
    /// Its key is not in the set.
    UnknownKey,
    /// Its algorithm is not one of its key.
    Algorithm,
    /// Its signature is not that of its key.
    Signature,
    /// It was valid before.
    Expired,
    /// It will be valid later.
    NotYetValid,
    /// It is from another issuer, or names none.
    Issuer,
    /// It is for another audience, or names none.
    Audience,
}

// === impl TokenError ===

impl TokenError {
    /// As the metric has it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown_key",
            Self::Algorithm => "algorithm",
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
        }
    }
}
