//! A place that an op reads and that may be outside of its node.

use super::Pointer;

/// A pointer that may start above the op's own node: at the resource (`level` 0) or at the node of the `level`-th `*`
/// of [`Step::each`](super::Step::each).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// How many stars of `each` are bound before `pointer` starts.
    pub level: usize,
    /// From there, free of stars.
    pub pointer: Pointer,
}
