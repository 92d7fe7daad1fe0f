//! From steps to nodes. Where steps go on at any depth, a node leads back to itself.

use std::collections::BTreeMap;

use super::code::{Children, ProgramNode};
use super::fuse::fuse;
use super::local::LocalStep;
use super::plan::{COPY, NodeId, ObjectPlan};

/// Builds nodes.
pub(super) struct Compiler {
    pub(super) nodes: Vec<ProgramNode>,
    pub(super) objects: Vec<ObjectPlan>,
    /// The nodes of steps that go on at any depth, by what the steps are.
    known: BTreeMap<String, NodeId>,
}

// === impl Compiler ===

impl Compiler {
    /// With the node that copies.
    pub(super) fn new() -> Self {
        Self { nodes: vec![ProgramNode::Copy], objects: Vec::new(), known: BTreeMap::new() }
    }

    /// What the steps make of a value.
    pub(super) fn node(&mut self, locals: Vec<LocalStep>) -> NodeId {
        if locals.is_empty() {
            return COPY;
        }
        if !locals.iter().any(LocalStep::goes_on) {
            return match self.made_of(&locals) {
                ProgramNode::Copy => COPY,
                node => self.push(node),
            };
        }
        // Its own inside may be the same again.
        let steps: String = locals.iter().map(LocalStep::print).collect();
        if let Some(known) = self.known.get(&steps) {
            return *known;
        }
        let id = self.push(ProgramNode::Copy);
        self.known.insert(steps, id);
        self.nodes[id] = self.made_of(&locals);
        id
    }

    fn made_of(&mut self, locals: &[LocalStep]) -> ProgramNode {
        // A step at any depth is also one at none.
        let here: Vec<LocalStep> = locals.iter().flat_map(LocalStep::here).collect();
        if here.iter().any(LocalStep::acts_here) {
            return held(locals);
        }
        let array = match here.iter().any(LocalStep::names_an_index) {
            true => Children::Hold(self.push(held(locals))),
            false => match self.node(here.iter().filter_map(LocalStep::in_element).collect()) {
                COPY => Children::Copy,
                node => Children::Every(node),
            },
        };
        let alike = here.iter().all(|local| local.is_every());
        let object = match (alike, array) {
            (true, Children::Every(node)) => Children::Every(node),
            _ => match fuse(&here, |pending| self.node(pending)) {
                Some(plan) if plan.is_empty() => Children::Copy,
                Some(plan) => {
                    self.objects.push(plan);
                    Children::Members(self.objects.len() - 1)
                }
                None => Children::Hold(self.push(held(locals))),
            },
        };
        match (object, array) {
            (Children::Copy, Children::Copy) => ProgramNode::Copy,
            _ => ProgramNode::ByKind { object, array },
        }
    }

    fn push(&mut self, node: ProgramNode) -> NodeId {
        self.nodes.push(node);
        self.nodes.len() - 1
    }
}

fn held(locals: &[LocalStep]) -> ProgramNode {
    ProgramNode::Hold(locals.iter().map(LocalStep::step_from_here).collect())
}
