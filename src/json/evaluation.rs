//! What the computation of an expression is given and what it gives.

use super::tree::TreeNodeId;

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EvaluationStop {
    /// Something that it reads is absent.
    Absent,
    /// Something is of the wrong kind, or cannot be computed exactly.
    Wrong(&'static str),
    /// A limit.
    Limit(&'static str),
}

/// Where an expression is computed.
#[derive(Clone, Copy, Debug)]
pub(super) struct EvaluationPlace {
    /// What `self` stands for.
    pub(super) own: TreeNodeId,
    pub(super) resource: TreeNodeId,
}

/// The value of an expression.
#[derive(Debug)]
pub(super) enum EvaluationResult {
    /// A value of the document.
    Node(TreeNodeId),
    /// A JSON text.
    Made(Vec<u8>),
}

/// How many steps the expressions of a document may take, however small it is.
pub(super) const BASE_STEPS: u64 = 100_000;
/// How many more they may take for each byte of the document.
const STEPS_PER_BYTE: u64 = 16;

/// How many steps all expressions together may take on a document of this many bytes: time stays linear.
pub(super) const fn budget(bytes: usize) -> u64 {
    allowance(bytes).saturating_add(BASE_STEPS)
}

/// How many steps so many bytes add.
pub(super) const fn allowance(bytes: usize) -> u64 {
    (bytes as u64).saturating_mul(STEPS_PER_BYTE)
}
