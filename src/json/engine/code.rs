//! A compiled program: what is to be done to each value.

use super::super::{Op, Step, Structure};
use super::plan::{NodeId, ObjectPlan};

/// What a program consists of.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) nodes: Box<[ProgramNode]>,
    pub(super) objects: Box<[ObjectPlan]>,
    pub(super) root: NodeId,
}

/// What is to be done to one value.
#[derive(Clone, Debug)]
pub(super) enum ProgramNode {
    /// It is copied.
    Copy,
    /// It is held, and the steps are run on it.
    Hold(Box<[Step]>),
    /// It depends on its kind; scalars are copied.
    ByKind { object: Children, array: Children },
}

/// What is to be done inside of an object or array.
#[derive(Clone, Copy, Debug)]
pub(super) enum Children {
    Copy,
    /// Each element or member on its own.
    Every(NodeId),
    /// Members by name.
    Members(usize),
    /// It is held: the node is a [`ProgramNode::Hold`].
    Hold(NodeId),
}

// === impl ProgramNode ===

impl ProgramNode {
    /// Whether it makes a number of what it counts, so that several values would be several numbers.
    pub(super) fn counts(&self) -> bool {
        let of_value = |step: &Step| step.resource.segments().is_empty() && step.each.segments().is_empty();
        let counts = |step: &Step| match &step.op {
            Op::Structure(Structure::Count { from, to, .. }) => of_value(step) && from.is_root() && to.is_root(),
            _ => false,
        };
        matches!(self, Self::Hold(steps) if steps.iter().any(counts))
    }
}

// === impl Code ===

impl Code {
    pub(super) fn node(&self, id: NodeId) -> &ProgramNode {
        &self.nodes[id]
    }
}
