//! What an op does at a place that it names.

/// What an op does at a place that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touch {
    /// It looks at the value.
    Reads,
    /// It looks at the value and takes it away.
    Takes,
    /// It writes a member.
    Writes,
    /// It looks at the value and may put another in its place.
    Alters,
}

// === impl Touch ===

impl Touch {
    /// Whether the op looks at what is there; without anything there, it does nothing.
    pub(crate) const fn reads(self) -> bool {
        !matches!(self, Self::Writes)
    }
}
