//! The reference interpreter and its tree.

mod agree;
mod bodies;
mod engine;
mod forms;
mod frames;
mod limits;
mod ops;
mod properties;
mod random;
mod suites;

use sunward::json::{
    Collision, Condition, Conversion, Literal, Many, OnError, Op, Other, Pattern, Pointer, Reference, Rounding,
    Scaling, Step, Test, TextPart, TimeFormat, Wrapper,
};

fn pointer(text: &str) -> Pointer {
    Pointer::parse(text).expect(text)
}

fn literal(json: &str) -> Literal {
    Literal::parse(json).expect(json)
}

/// A step on the document.
fn step(op: Op) -> Step {
    step_at("", op)
}

/// A step on every node of a pattern.
fn step_at(each: &str, op: Op) -> Step {
    Step { each: Pattern::parse(each).expect(each), ..Step::new(op) }
}

fn pass(step: Step) -> Step {
    Step { on_error: OnError::Pass, ..step }
}

fn constant(step: Step) -> Step {
    Step { constant: true, ..step }
}

fn within(resource: &str, step: Step) -> Step {
    Step { resource: Pattern::parse(resource).expect(resource), ..step }
}

fn when(level: usize, at: &str, equals: Option<&str>, step: Step) -> Step {
    let test = equals.map_or(Test::Present, |json| Test::Equals(literal(json)));
    Step { when: Some(Condition::of(Reference { level, pointer: pointer(at) }, test)), ..step }
}

fn add(at: &str, json: &str) -> Op {
    Op::Add { at: pointer(at), value: literal(json) }
}

fn drop_op(at: &str) -> Op {
    Op::Drop { at: pointer(at), prune: false }
}

fn copy(from: &str, to: &str) -> Op {
    Op::Copy { from: pointer(from), to: pointer(to), collision: Collision::Replace }
}

fn relocate(from: &str, to: &str) -> Op {
    Op::Move { from: pointer(from), to: pointer(to), collision: Collision::Replace }
}

fn rename(from: &str, to: &str) -> Op {
    let (object, from) = pointer(from).parent().map(|(object, from)| (object, from.into())).expect("not the root");
    Op::Rename { object, from, to: to.into(), collision: Collision::Replace }
}

fn wrap(at: &str, into: Wrapper) -> Op {
    Op::Wrap { at: pointer(at), into }
}

fn unwrap(at: &str, from: Wrapper) -> Op {
    Op::Unwrap { at: pointer(at), from, which: None, many: Many::Error, lossy: true }
}

fn member(name: &str) -> Wrapper {
    Wrapper::Member(name.into())
}

fn split(at: &str, into: &[&str], on: &str) -> Op {
    let into = into.iter().map(|to| pointer(to)).collect();
    Op::Split { at: pointer(at), into, on: on.into(), collision: Collision::Replace }
}

fn join(from: &[&str], to: &str, on: &str) -> Op {
    let from = from.iter().map(|from| pointer(from)).collect();
    Op::Join { from, to: pointer(to), on: on.into(), lossy: true, collision: Collision::Replace }
}

/// Parts that start with `/` are references, at level 0.
fn compute(at: &str, parts: &[&str]) -> Op {
    let part = |part: &&str| match part.starts_with('/') {
        true => TextPart::Value(Reference { level: 0, pointer: pointer(part) }),
        false => TextPart::Text((*part).into()),
    };
    Op::Compute { at: pointer(at), template: parts.iter().map(part).collect(), collision: Collision::Replace }
}

fn map(at: &str, pairs: &[(&str, &str)], other: Other) -> Op {
    let pairs = pairs.iter().map(|(from, to)| (literal(from), literal(to))).collect();
    Op::Map { at: pointer(at), pairs, other }
}

fn convert(at: &str, conversion: Conversion) -> Op {
    Op::Convert { at: pointer(at), conversion }
}

/// The same op, with the existing value kept.
fn keep(mut op: Op) -> Op {
    match &mut op {
        Op::Copy { collision, .. }
        | Op::Compute { collision, .. }
        | Op::Rename { collision, .. }
        | Op::Move { collision, .. }
        | Op::Split { collision, .. }
        | Op::Join { collision, .. } => *collision = Collision::Keep,
        _ => {}
    }
    op
}

fn first(mut op: Op) -> Op {
    if let Op::Unwrap { many, .. } = &mut op {
        *many = Many::First;
    }
    op
}
