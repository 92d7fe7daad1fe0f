//! From steps to nodes: each node comes after those that it names.

use super::code::{Children, ProgramNode};
use super::fuse::fuse;
use super::local::LocalStep;
use super::plan::{COPY, NodeId, ObjectPlan};

/// Builds nodes, children before parents.
pub(super) struct Compiler {
    pub(super) nodes: Vec<ProgramNode>,
    pub(super) objects: Vec<ObjectPlan>,
}

// === impl Compiler ===

impl Compiler {
    /// What the steps make of a value.
    pub(super) fn node(&mut self, locals: Vec<LocalStep>) -> NodeId {
        if locals.is_empty() {
            return COPY;
        }
        if locals.iter().any(LocalStep::acts_here) {
            return self.hold(&locals);
        }
        let (every, named): (Vec<LocalStep>, Vec<LocalStep>) = locals.iter().cloned().partition(LocalStep::is_every);
        let every = if every.is_empty() {
            None
        } else {
            let inside = every.into_iter().map(LocalStep::descend).collect();
            Some(self.node(inside))
        };
        let indexed = named.iter().any(LocalStep::names_an_index);
        let array = match every {
            _ if indexed => Children::Hold(self.hold(&locals)),
            Some(node) => Children::Every(node),
            None => Children::Copy,
        };
        let object = match every {
            Some(node) if named.is_empty() => Children::Every(node),
            Some(_) => Children::Hold(self.hold(&locals)),
            None => match fuse(&named, |pending| self.node(pending)) {
                Some(plan) if plan.is_empty() => Children::Copy,
                Some(plan) => {
                    self.objects.push(plan);
                    Children::Members(self.objects.len() - 1)
                }
                None => Children::Hold(self.hold(&locals)),
            },
        };
        if matches!((object, array), (Children::Copy, Children::Copy)) {
            return COPY;
        }
        self.push(ProgramNode::ByKind { object, array })
    }

    fn hold(&mut self, locals: &[LocalStep]) -> NodeId {
        self.push(ProgramNode::Hold(locals.iter().map(LocalStep::step_from_here).collect()))
    }

    fn push(&mut self, node: ProgramNode) -> NodeId {
        self.nodes.push(node);
        self.nodes.len() - 1
    }
}
