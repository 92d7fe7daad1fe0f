//! What a flag evaluates to, in the words of OpenFeature.

use std::sync::Arc;

use serde_json::Value;

/// What a flag evaluates to for one context.
#[derive(Clone, Debug)]
pub struct FlagEvaluation {
    pub(super) variant: Option<Arc<FlagVariant>>,
    pub(super) reason: FlagReason,
    pub(super) error: Option<FlagError>,
    pub(super) share: Option<(u64, u64)>,
    pub(super) keyless: bool,
}

/// A variant of a flag: its name and its value.
#[derive(Debug, PartialEq)]
pub(super) struct FlagVariant {
    pub(super) name: Box<str>,
    pub(super) value: Value,
}

/// Why a flag has its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlagReason {
    /// The flag has no rule, or an operator pinned it.
    Static,
    /// The rule chose no variant, so the default applies.
    Default,
    /// The rule chose the variant.
    TargetingMatch,
    /// The rule chose the variant by a share.
    Split,
    /// The flag is disabled; the caller's own default applies.
    Disabled,
    /// See [`FlagEvaluation::error`]; the caller's own default applies.
    Error,
}

/// Why a flag has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlagError {
    /// No flag has this key.
    FlagNotFound,
    /// The rule answered with something that is no variant of the flag.
    UnknownVariant,
    /// An operator pinned the flag to a variant that its definition no longer has.
    PinnedVariantMissing,
    /// The rule did not end within 10 000 steps.
    TooMuchWork,
}

impl FlagEvaluation {
    pub(super) fn failed(error: FlagError) -> Self {
        Self { error: Some(error), ..Self::without(FlagReason::Error) }
    }

    pub(super) fn without(reason: FlagReason) -> Self {
        Self { variant: None, reason, error: None, share: None, keyless: false }
    }

    pub(super) fn with(variant: &Arc<FlagVariant>, reason: FlagReason) -> Self {
        Self { variant: Some(variant.clone()), ..Self::without(reason) }
    }

    /// The value; `None` where the caller's own default applies.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        self.variant.as_ref().map(|variant| &variant.value)
    }

    /// The name of the variant; `None` where the caller's own default applies.
    #[must_use]
    pub fn variant(&self) -> Option<&str> {
        self.variant.as_ref().map(|variant| &*variant.name)
    }

    /// Why the flag has this value.
    #[must_use]
    pub fn reason(&self) -> FlagReason {
        self.reason
    }

    /// Why the flag has no value, with [`FlagReason::Error`].
    #[must_use]
    pub fn error(&self) -> Option<FlagError> {
        self.error
    }

    /// Of a share: the position of the key, and the sum of the weights that it is out of.
    #[must_use]
    pub fn share(&self) -> Option<(u64, u64)> {
        self.share
    }

    /// Whether a share could not be chosen because the context has no key for it, so that the default applies.
    #[must_use]
    pub fn is_keyless(&self) -> bool {
        self.keyless
    }
}

impl FlagReason {
    /// The reason as OpenFeature writes it: `TARGETING_MATCH`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Static => "STATIC",
            Self::Default => "DEFAULT",
            Self::TargetingMatch => "TARGETING_MATCH",
            Self::Split => "SPLIT",
            Self::Disabled => "DISABLED",
            Self::Error => "ERROR",
        }
    }
}

impl FlagError {
    /// The error code of OpenFeature: `FLAG_NOT_FOUND`, `PARSE_ERROR` or `GENERAL`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::FlagNotFound => "FLAG_NOT_FOUND",
            Self::UnknownVariant => "PARSE_ERROR",
            Self::PinnedVariantMissing | Self::TooMuchWork => "GENERAL",
        }
    }
}

impl std::fmt::Display for FlagError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::FlagNotFound => "no flag has this key",
            Self::UnknownVariant => "the rule answered with something that is no variant of the flag",
            Self::PinnedVariantMissing => "the flag is pinned to a variant that its definition no longer has",
            Self::TooMuchWork => "the rule did not end within 10 000 steps",
        })
    }
}

impl std::error::Error for FlagError {}
