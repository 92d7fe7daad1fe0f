use super::{Literal, Pointer};

/// One operation of a JSON Patch (RFC 6902 §4). A last token `-` stands for the end of an array.
///
/// A pointer that passes over duplicate members does not resolve.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatchOp {
    /// Adds a member or element, or replaces a member.
    Add {
        /// Where.
        path: Pointer,
        /// The value.
        value: Literal,
    },
    /// Removes what must exist.
    Remove {
        /// Where.
        path: Pointer,
    },
    /// Replaces what must exist.
    Replace {
        /// Where.
        path: Pointer,
        /// The value.
        value: Literal,
    },
    /// Removes a value and adds it elsewhere, but not inside of itself.
    Move {
        /// The source.
        from: Pointer,
        /// Where to.
        path: Pointer,
    },
    /// Adds the exact bytes of a value elsewhere.
    Copy {
        /// The source.
        from: Pointer,
        /// Where to.
        path: Pointer,
    },
    /// Fails unless the value is equal, by [`Literal::equals`].
    Test {
        /// Where.
        path: Pointer,
        /// The value.
        value: Literal,
    },
}
