//! The program: a tree of what is to be done, by places in the source.

use std::sync::Arc;

use super::super::Segment;
use super::super::tree::index;
use super::super::{MigrateError, MigrateOptions, Migrated, Mode, OnError, Op, Pattern, Pointer, Step};
use super::fuse::fuse;
use super::plan::ObjectPlan;
use super::run::Run;

/// All steps of a migration, composed. Immutable, and cheap to clone; any number of
/// [`Rewriter`](super::Rewriter)s run it at once.
#[derive(Clone, Debug)]
pub struct Program {
    pub(super) code: Arc<Code>,
}

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

pub(super) type NodeId = usize;

/// The node that copies.
pub(super) const COPY: NodeId = 0;

/// A step on its way down the source, to the value that it acts on.
#[derive(Clone, Debug)]
pub(super) struct LocalStep {
    step: Step,
    /// All the way: resource, then each.
    path: Vec<Segment>,
    /// How far it has come.
    at: usize,
    /// Here it must be run, as it looks at other places from here.
    hold_at: Option<usize>,
}

/// Builds nodes, children before parents.
pub(super) struct Compiler {
    pub(super) nodes: Vec<ProgramNode>,
    pub(super) objects: Vec<ObjectPlan>,
}

// === impl Program ===

impl Program {
    /// Composes `steps` for bodies of this `mode`. A merge patch is not for the engine: its `null`s mean something
    /// else.
    #[must_use]
    pub fn new<'s>(steps: impl IntoIterator<Item = &'s Step>, mode: Mode) -> Self {
        let mut compiler = Compiler { nodes: vec![ProgramNode::Copy], objects: Vec::new() };
        let locals = mode.running(steps).into_iter().map(|step| LocalStep::new(step, mode)).collect();
        let root = compiler.node(locals);
        let code = Code { nodes: compiler.nodes.into(), objects: compiler.objects.into(), root };
        Self { code: Arc::new(code) }
    }

    /// Whether it does nothing, so that the text need not even be JSON.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.code.root == COPY
    }

    /// Runs over a whole document. A program that does nothing passes any bytes.
    ///
    /// # Errors
    /// The document is not JSON, is past a limit of `options`, or holds a value that an op cannot take.
    pub fn rewrite(&self, document: &[u8], options: &MigrateOptions) -> Result<Migrated, MigrateError> {
        if self.is_empty() {
            return Ok(Migrated { body: document.to_vec(), collisions: 0, passed: 0 });
        }
        if document.len() > options.max_bytes() {
            return Err(MigrateError::size(document.len(), options.max_bytes()));
        }
        let mut run = Run::new(self.code.root, options);
        run.hold_limit = options.max_bytes();
        let mut body = Vec::with_capacity(document.len() + document.len() / 8);
        run.feed(&self.code, document, &mut body)?;
        run.finish(&self.code, &mut body)?;
        Ok(Migrated { body, collisions: run.collisions, passed: run.passed })
    }
}

// === impl Code ===

impl Code {
    pub(super) fn node(&self, id: NodeId) -> &ProgramNode {
        &self.nodes[id]
    }
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
            None => match fuse(self, &named) {
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

// === impl LocalStep ===

impl LocalStep {
    fn new(step: &Step, mode: Mode) -> Self {
        let path: Vec<Segment> = step.resource.join(&step.each).segments().to_vec();
        let levels = levels(step);
        let hold_at = levels.into_iter().min().map(|level| {
            let resource = step.resource.segments().len();
            let stars = step.each.segments().iter().enumerate().filter(|(_, s)| **s == Segment::Every);
            let behind: Vec<usize> = stars.map(|(at, _)| resource + at + 1).collect();
            level.checked_sub(1).map_or(resource, |star| behind.get(star).copied().unwrap_or(path.len()))
        });
        let step = Step { partial: mode.is_partial(step), ..step.clone() };
        Self { step, path, at: 0, hold_at }
    }

    /// Whether the value itself is what the step needs whole.
    fn acts_here(&self) -> bool {
        if self.hold_at == Some(self.at) {
            return true;
        }
        if matches!(&self.step.op, Op::Drop { at, .. } if at.is_root()) {
            // What goes is part of what is around it.
            return self.at + 1 >= self.path.len();
        }
        self.arrived()
            && match &self.step.op {
                Op::Wrap { at, .. } | Op::Unwrap { at, .. } | Op::Map { at, .. } => at.is_root(),
                Op::Convert { at, .. } | Op::Require { at, .. } => at.is_root(),
                Op::Patch(_) | Op::Custom(_) => true,
                _ => false,
            }
    }

    pub(super) fn arrived(&self) -> bool {
        self.at == self.path.len()
    }

    /// Whether the step may refuse the document. Such a step must meet its value even if that goes later.
    pub(super) fn may_fail(&self) -> bool {
        let safe = matches!(&self.step.op, Op::Add { .. } | Op::Drop { .. } | Op::Rename { .. });
        !safe && self.step.on_error == OnError::Fail
    }

    /// Whether it fills in a constant only inside of what its change made.
    pub(super) fn fills_only_made(&self) -> bool {
        self.step.constant && self.step.partial
    }

    pub(super) fn op(&self) -> &Op {
        &self.step.op
    }

    fn is_every(&self) -> bool {
        self.path.get(self.at) == Some(&Segment::Every)
    }

    /// The name of the member that the step goes into, if it is not there yet.
    pub(super) fn next_name(&self) -> Option<&str> {
        match self.path.get(self.at) {
            Some(Segment::Key(name)) => Some(name),
            _ => None,
        }
    }

    /// The same step, one level further in.
    pub(super) fn descend(mut self) -> Self {
        self.at += 1;
        self
    }

    /// The step with another op, from a member of this value. Only for steps that look at nothing but what they act on.
    pub(super) fn in_member(&self, name: &str, op: Op) -> Self {
        let mut path = self.path.clone();
        path.push(Segment::Key(name.into()));
        let step = Step { op, when: None, ..self.step.clone() };
        Self { step, at: path.len(), path, hold_at: None }
    }

    fn names_an_index(&self) -> bool {
        let first = match self.next_name() {
            Some(name) => return index(name).is_some(),
            None => first_tokens(&self.step.op),
        };
        first.iter().any(|token| index(token).is_some())
    }

    /// The step as it is run on this value alone.
    pub(super) fn step_from_here(&self) -> Step {
        let resource_len = self.step.resource.segments().len();
        let rest = |from: usize, to: usize| Pattern::from_segments(self.path[from..to].iter().cloned());
        let mut step = self.step.clone();
        if self.hold_at.is_none() {
            // Nothing is looked at from a star, so the way may be said in one.
            (step.resource, step.each) = (rest(self.at, self.path.len()), Pattern::root());
        } else if self.at <= resource_len {
            step.resource = rest(self.at, resource_len);
        } else {
            let passed = self.path[resource_len..self.at].iter().filter(|segment| **segment == Segment::Every).count();
            (step.resource, step.each) = (Pattern::root(), rest(self.at, self.path.len()));
            lower(&mut step, passed);
        }
        step
    }
}

/// The levels that a step's references start from.
fn levels(step: &Step) -> Vec<usize> {
    let mut levels: Vec<usize> = step.when.iter().map(|condition| condition.at.level).collect();
    if let Op::Compute { template, .. } = &step.op {
        levels.extend(template.iter().filter_map(|part| match part {
            super::super::TextPart::Value(reference) => Some(reference.level),
            super::super::TextPart::Text(_) => None,
        }));
    }
    levels
}

/// Takes the stars that were passed from the levels of the references.
fn lower(step: &mut Step, passed: usize) {
    if let Some(condition) = &mut step.when {
        condition.at.level = condition.at.level.saturating_sub(passed);
    }
    if let Op::Compute { template, .. } = &mut step.op {
        for part in template {
            if let super::super::TextPart::Value(reference) = part {
                reference.level = reference.level.saturating_sub(passed);
            }
        }
    }
}

/// The first names of an op's pointers.
fn first_tokens(op: &Op) -> Vec<&str> {
    let pointers: Vec<&Pointer> = match op {
        Op::Add { at, .. } | Op::Drop { at, .. } | Op::Compute { at, .. } | Op::Require { at, .. } => vec![at],
        Op::Wrap { at, .. } | Op::Unwrap { at, .. } | Op::Map { at, .. } | Op::Convert { at, .. } => vec![at],
        Op::Copy { from, to, .. } | Op::Move { from, to, .. } => vec![from, to],
        Op::Rename { object, .. } => vec![object],
        Op::Split { at, into, .. } => std::iter::once(at).chain(into).collect(),
        Op::Join { from, to, .. } => std::iter::once(to).chain(from).collect(),
        Op::Patch(_) | Op::Custom(_) => Vec::new(),
    };
    pointers.into_iter().filter_map(|pointer| pointer.tokens().first()).map(|token| &**token).collect()
}
