//! One op, read and turned into the steps of both directions.

mod pointers;
mod read;

use super::spec::{OpKind, OpSpec};
use crate::diagnostic::{Diagnostics, Span};
use crate::json::{Condition, OnError, Op, Pattern, Pointer, Step};

/// An op that has been checked: what runs from old to new and from new to old, at one resource wherever it stands.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub(super) each: Pattern,
    pub(super) when: Option<Condition>,
    pub(super) up: Option<DirectedOp>,
    /// What any old client gets.
    pub(super) down: Option<DirectedOp>,
    /// What an old client gets that may not see additions.
    pub(super) down_strict: Option<DirectedOp>,
    /// Whether new clients get the old name beside the new one while an old version lives.
    pub(super) expand: bool,
    pub(super) on_error: OnError,
    pub(super) carry: Option<PathShift>,
    pub(super) reach: Footprint,
    pub(super) breaking: bool,
    /// What it takes out of its object, if the rest may not be lost.
    pub(super) taken_out: Option<InlinedObject>,
    /// Whether it may leave what it takes where it is, under `on_error = "pass"`.
    pub(super) may_leave: bool,
    /// It refuses other values here, and changes nothing.
    pub(super) requires: Option<Pattern>,
    pub(super) span: Span,
    /// Its place in the change.
    pub(super) index: u32,
}

/// An object of which one side has a single member.
#[derive(Clone, Debug)]
pub(super) struct InlinedObject {
    pub(super) around: Pattern,
    pub(super) inner: Pattern,
    /// The newer side has the object.
    pub(super) newer: bool,
}

/// The op of one direction.
#[derive(Clone, Debug)]
pub(super) struct DirectedOp {
    op: Op,
    constant: bool,
}

/// Where a resource stands in a document, and whether it carries only some of its members there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ResourceLocation {
    pub(super) pattern: Pattern,
    pub(super) partial: bool,
}

/// How an op moves what stands inside: a place below `new` was below `old` before. Both start at the resource.
#[derive(Clone, Debug)]
pub(super) struct PathShift {
    pub(super) new: Pattern,
    pub(super) old: Pattern,
    /// Only some documents: the place before may be either.
    pub(super) conditional: bool,
}

/// What an op reads, takes away and writes, as patterns from the resource; for the checks between ops.
#[derive(Clone, Debug, Default)]
pub(super) struct Footprint {
    pub(super) reads: Vec<Pattern>,
    pub(super) takes: Vec<Pattern>,
    pub(super) writes: Vec<Pattern>,
    /// Values that stay where they are and become others.
    pub(super) alters: Vec<Pattern>,
    /// A name that only adds to the shape.
    pub(super) adds: bool,
}

/// Reads pointers, and remembers what they were for the messages.
struct PointerReader<'a> {
    found: &'a mut Diagnostics,
    span: Span,
}

/// The pointers of an op, split at the last star that they share.
struct AnchoredPointers {
    each: Pattern,
    pointers: Vec<Pointer>,
}

// === impl DirectedOp ===

impl DirectedOp {
    /// Whether it may make an object, in which even a partial body has all members.
    pub(super) fn makes_objects(&self) -> bool {
        self.op.makes_objects()
    }

    pub(super) const fn is_constant(&self) -> bool {
        self.constant
    }
}

// === impl Compiled ===

impl Compiled {
    /// Reads `spec`; what is wrong goes to `found`, and then there is nothing to run.
    pub(super) fn new(spec: &OpSpec, on_error: OnError, found: &mut Diagnostics) -> Option<Self> {
        let mut reader = PointerReader { found, span: spec.span };
        let mut compiled = reader.op(spec)?;
        compiled.on_error = spec.on_error.unwrap_or(on_error);
        reader.without_effect(spec, compiled.on_error);
        compiled.may_leave &= compiled.on_error == OnError::Pass;
        compiled.when = match &spec.when {
            Some(when) => Some(reader.condition(when, &compiled)?),
            None => None,
        };
        if let Some(carry) = &mut compiled.carry {
            carry.conditional = compiled.when.is_some();
        }
        compiled.span = spec.span;
        if spec.expand && !matches!(spec.op, OpKind::Rename { .. }) {
            let message = "`expand` is for renames".to_owned();
            return reader.error("expand-without-rename", message, spec.span, "remove it");
        }
        compiled.expand = spec.expand;
        Some(compiled)
    }

    /// Whether it adds a constant where nothing is.
    pub(super) fn fills(&self) -> bool {
        self.reach.adds && self.up.as_ref().is_some_and(DirectedOp::is_constant)
    }

    /// The step of one direction, for a resource at `target`.
    pub(super) fn step(&self, direction: &DirectedOp, target: &ResourceLocation, change: u32) -> Step {
        Step {
            resource: target.pattern.clone(),
            each: self.each.clone(),
            when: self.when.clone(),
            op: direction.op.clone(),
            on_error: self.on_error,
            constant: direction.constant,
            partial: direction.constant && target.partial,
            change,
        }
    }

    fn from_parts(each: Pattern, up: Option<Op>, down: Option<Op>) -> Self {
        let direction = |op| DirectedOp { op, constant: false };
        Self {
            each,
            when: None,
            down: down.clone().map(direction),
            down_strict: down.map(direction),
            up: up.map(direction),
            expand: false,
            on_error: OnError::Fail,
            carry: None,
            reach: Footprint::default(),
            breaking: true,
            taken_out: None,
            may_leave: false,
            requires: None,
            span: Span::NONE,
            index: 0,
        }
    }

    fn addition(each: Pattern, up: Op, at: Pointer, constant: bool) -> Self {
        let mut compiled = Self::from_parts(each, None, None);
        compiled.up = Some(DirectedOp { op: up, constant });
        // A constant makes no objects around it, all others do.
        let prune = !constant && at.tokens().len() > 1;
        compiled.down_strict = Some(DirectedOp { op: Op::Drop { at, prune }, constant: false });
        compiled.breaking = false;
        compiled.reach.adds = true;
        compiled
    }

    fn reaching(mut self, reads: &[&Pattern], takes: &[&Pattern], writes: &[&Pattern]) -> Self {
        let own = |list: &[&Pattern]| list.iter().map(|p| (*p).clone()).collect();
        self.reach = Footprint { reads: own(reads), takes: own(takes), writes: own(writes), ..self.reach };
        self
    }

    /// Reads the value at `pattern` and puts another in its place.
    fn altering(mut self, pattern: &Pattern) -> Self {
        self.reach.reads.push(pattern.clone());
        self.reach.alters.push(pattern.clone());
        self
    }

    fn carrying(mut self, new: Pattern, old: Pattern) -> Self {
        self.carry = Some(PathShift { new, old, conditional: false });
        self
    }
}
