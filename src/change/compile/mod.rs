//! One op, read and turned into the steps of both directions.

mod carry;
mod convert;
mod expression;
mod pointers;
mod read;
mod remove;
mod structure;
mod when;

pub(super) use self::carry::{Moved, PathShift};
pub(super) use self::when::body_condition;

use super::spec::OpSpec;
use crate::diagnostic::{Diagnostics, Span};
use crate::json::{Condition, OnError, Op, Otherwise, Pattern, Pointer, Reference, Step, Structure, Touch, Wrapper};

/// A checked op: what runs from old to new and from new to old, at one resource in all its places.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub(super) each: Pattern,
    /// From the resource, on the way up.
    pub(super) when_up: Option<Condition<Pattern>>,
    /// On the way down.
    pub(super) when_down: Option<Condition<Pattern>>,
    pub(super) otherwise: Otherwise,
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
    /// Where the op starts, from the node of the last star.
    below: Pointer,
    /// What runs behind it, and fills in what it did not.
    default: Option<Box<DirectedOp>>,
    constant: bool,
    upwards: bool,
}

/// Where a resource is in a document, and whether it has only some of its members there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ResourceLocation {
    pub(super) pattern: Pattern,
    pub(super) partial: bool,
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
    const fn new(op: Op, upwards: bool) -> Self {
        Self { op, below: Pointer::ROOT, default: None, constant: false, upwards }
    }

    const fn down(op: Op) -> Self {
        Self::new(op, false)
    }

    /// What runs behind it.
    pub(super) fn default(&self) -> Option<&Self> {
        self.default.as_deref()
    }

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
        if let Some(when) = &spec.when {
            (compiled.when_up, compiled.when_down) = reader.condition(when, &compiled)?;
        } else if spec.otherwise == Otherwise::Fail {
            let message = "`else` says what happens where `when` does not hold, and there is no `when`".to_owned();
            return reader.error("else-without-when", message, spec.span, "give the op a `when`, or remove `else`");
        }
        compiled.otherwise = spec.otherwise;
        if let Some(carry) = &mut compiled.carry {
            carry.conditional = compiled.when_up.is_some();
        }
        compiled.span = spec.span;
        compiled.expand = spec.expand;
        Some(compiled)
    }

    /// The parameters of the request's path that it reads, in either direction.
    pub(super) fn path_parameters(&self) -> impl Iterator<Item = &str> {
        [&self.up, &self.down].into_iter().flatten().flat_map(|direction| direction.op.path_parameters())
    }

    /// Whether it adds a constant where nothing is.
    pub(super) fn fills(&self) -> bool {
        self.reach.adds && self.up.as_ref().is_some_and(DirectedOp::is_constant)
    }

    /// The value that it acts on upwards, if it needs to see nothing else.
    pub(super) fn value_up(&self) -> Option<(Pattern, &Op)> {
        let up = self.up.as_ref()?;
        let below = self.each.join(&up.below.clone().into());
        up.op.value().map(|at| (below.join(&at.clone().into()), &up.op))
    }

    /// Whether it moves all that is inside of its place, or all members that its rule is about.
    pub(super) fn moves_all(&self) -> bool {
        use Structure::{Flatten, Nest};
        let places = self.carry.as_ref().map(|carry| carry.moved.places()).unwrap_or_default();
        let moves = |up: &DirectedOp| {
            matches!(up.op, Op::Wrap { .. } | Op::RenameAll { .. } | Op::Structure(Nest { .. } | Flatten { .. }))
        };
        self.up.as_ref().is_some_and(moves) && !places.iter().any(|place| place.has_any_depth())
    }

    /// The constant that it adds upwards, and where.
    pub(super) fn constant_up(&self) -> Option<(&Pattern, &str)> {
        match (&self.up.as_ref()?.op, &*self.reach.writes) {
            (Op::Add { value, .. }, [at]) => Some((at, value.as_str())),
            _ => None,
        }
    }

    /// The step of one direction, for a resource at `target`.
    pub(super) fn step(&self, direction: &DirectedOp, target: &ResourceLocation, change: u32) -> Step {
        let when = if direction.upwards { &self.when_up } else { &self.when_down };
        let depends = direction.constant
            || when.is_some()
            || matches!(
                direction.op,
                Op::Join { .. }
                    | Op::Split { .. }
                    | Op::Map { .. }
                    | Op::Convert { .. }
                    | Op::Evaluate(_)
                    | Op::Structure(_)
                    | Op::Unwrap { from: Wrapper::Array, .. }
            );
        Step {
            resource: target.pattern.clone(),
            each: self.each.join(&direction.below.clone().into()),
            // That the places can be said from the op's node was looked at when they were read.
            when: when.as_ref().and_then(|when| when.try_map(&mut |at| reference(at, &self.each))),
            otherwise: self.otherwise,
            op: direction.op.clone(),
            on_error: self.on_error,
            constant: direction.constant,
            partial: depends && target.partial,
            change,
        }
    }

    fn from_parts(each: Pattern, up: Option<Op>, down: Option<Op>) -> Self {
        let direction = |upwards| move |op| DirectedOp::new(op, upwards);
        let reach = up.as_ref().map(|op| Footprint::of(op, &each)).unwrap_or_default();
        Self {
            each,
            when_up: None,
            when_down: None,
            otherwise: Otherwise::Skip,
            down: down.clone().map(direction(false)),
            down_strict: down.map(direction(false)),
            up: up.map(direction(true)),
            expand: false,
            on_error: OnError::Fail,
            carry: None,
            reach,
            breaking: true,
            taken_out: None,
            may_leave: false,
            requires: None,
            span: Span::NONE,
            index: 0,
        }
    }

    fn addition(each: Pattern, up: Op, at: Pointer, constant: bool) -> Self {
        let mut compiled = Self::from_parts(each, Some(up), None);
        if let Some(up) = &mut compiled.up {
            up.constant = constant;
        }
        // A constant makes no objects around it, all others do.
        let prune = !constant && at.tokens().len() > 1;
        compiled.down_strict = Some(DirectedOp::down(Op::Drop { at, prune }));
        compiled.breaking = false;
        compiled.reach.adds = true;
        compiled
    }

    fn carrying(mut self, new: Pattern, old: Pattern) -> Self {
        self.carry = Some(PathShift { moved: Moved::Place { new, old }, conditional: false });
        self
    }
}

// === impl Footprint ===

impl Footprint {
    /// What the op of the way up does, and so what the way down undoes.
    fn of(op: &Op, each: &Pattern) -> Self {
        let mut reach = Self::default();
        for (at, touch) in op.touches() {
            let at = each.join(&at.into());
            let list = match touch {
                Touch::Reads => None,
                Touch::Takes => Some(&mut reach.takes),
                Touch::Writes => Some(&mut reach.writes),
                Touch::Alters => Some(&mut reach.alters),
            };
            list.into_iter().for_each(|list| list.push(at.clone()));
            reach.reads.extend(touch.reads().then_some(at));
        }
        let above = |at: &Reference| each.up_to_star(at.level).join(&at.pointer.clone().into());
        reach.reads.extend(op.references().into_iter().map(above));
        reach
    }
}

/// A place from the resource, seen from an op's node: it starts at the last star that both share. `None` if the place has
/// a star that the op does not have.
pub(super) fn reference(at: &Pattern, each: &Pattern) -> Option<Reference> {
    let (prefix, pointer) = at.split_at_last_star();
    each.starts_with(&prefix).then(|| Reference { level: prefix.stars(), pointer })
}
