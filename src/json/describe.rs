//! Steps in words.

use std::fmt;

use super::{Many, Op, Other, Otherwise, PatchOp, Pointer, Step, Wrapper};

/// A step in words, with its place: `in /items/*: rename /a to b`.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.resource.join(&self.each);
        if !place.is_root() {
            write!(f, "in {place}: ")?;
        }
        self.op.fmt(f)?;
        if self.constant && self.partial {
            f.write_str(", in objects that the change created")?;
        }
        match &self.when {
            None => Ok(()),
            Some(when) if self.otherwise == Otherwise::Fail => write!(f, "; refuse the message unless ({when})"),
            Some(when) => write!(f, ", where {when}"),
        }
    }
}

/// An op in words.
impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add { at, value } => write!(f, "add {at} as {value}"),
            Self::Restore { at, from } => write!(f, "restore {at} from {}", from.pointer),
            Self::Drop { at, .. } => write!(f, "remove {}", shown(at)),
            Self::Copy { from, to, .. } => write!(f, "copy {from} to {to}"),
            Self::Compute { at, .. } => write!(f, "compute {at}"),
            Self::Evaluate(op) => {
                let writes: Vec<String> =
                    op.writes.iter().map(|(to, by)| format!("{to} as `{}`", by.source())).collect();
                write!(f, "compute {}", writes.join(", "))?;
                if op.takes.is_empty() { Ok(()) } else { write!(f, ", in place of {}", list(&op.takes)) }
            }
            Self::Rename { object, from, to, .. } => write!(f, "rename {} to {to}", object.child(from)),
            Self::Move { from, to, .. } => write!(f, "move {from} to {to}"),
            Self::Wrap { at, into } => write!(f, "wrap {} into {}", shown(at), wrapper(into)),
            Self::Unwrap { at, from, which, many, lossy } => {
                write!(f, "unwrap {} from {}", shown(at), wrapper(from))?;
                if *many == Many::First {
                    f.write_str(", the first of many")?;
                }
                if let Some(which) = which {
                    write!(f, ", of those where {which}")?;
                }
                f.write_str(if *lossy { ", losing the rest" } else { "" })
            }
            Self::Split { at, into, on, .. } => write!(f, "split {at} at {on:?} into {}", list(into)),
            Self::Join { from, to, on, .. } => write!(f, "join {} with {on:?} to {to}", list(from)),
            Self::Map { at, pairs, other } => {
                let rest = match other {
                    Other::Error => "",
                    Other::Keep => ", keeping other values",
                    Other::Value(_) => ", replacing other values",
                };
                write!(f, "map {} by {} pairs{rest}", shown(at), pairs.len())
            }
            Self::Convert { at, conversion } => write!(f, "convert {} {}", shown(at), conversion.forms()),
            Self::Link { at, .. } => write!(f, "translate the link {}", shown(at)),
            Self::Require { at, must } => write!(f, "require that {} {must}", shown(at)),
            Self::RenameAll { at, renaming, depth: Some(depth) } => {
                write!(f, "rename all members of {} {renaming}, {depth} levels deep", shown(at))
            }
            Self::RenameAll { at, renaming, depth: None } => {
                write!(f, "rename all members of {} {renaming}, at any depth", shown(at))
            }
            Self::Structure(structure) => structure.fmt(f),
            Self::Patch(ops) => write!(f, "patch: {}", ops.iter().map(patch).collect::<Vec<_>>().join(", ")),
            Self::Custom(_) => f.write_str("run a custom function"),
        }
    }
}

/// The root has no name of its own.
fn shown(pointer: &Pointer) -> String {
    if pointer.is_root() { "all of it".to_owned() } else { pointer.to_string() }
}

fn list(pointers: &[Pointer]) -> String {
    pointers.iter().map(Pointer::to_string).collect::<Vec<_>>().join(", ")
}

fn wrapper(wrapper: &Wrapper) -> String {
    match wrapper {
        Wrapper::Array => "an array".to_owned(),
        Wrapper::Member(name) => format!("the member {name:?}"),
    }
}

fn patch(op: &PatchOp) -> String {
    match op {
        PatchOp::Add { path, .. } => format!("add {path}"),
        PatchOp::Remove { path } => format!("remove {path}"),
        PatchOp::Replace { path, .. } => format!("replace {path}"),
        PatchOp::Move { from, path } => format!("move {from} to {path}"),
        PatchOp::Copy { from, path } => format!("copy {from} to {path}"),
        PatchOp::Test { path, .. } => format!("test {path}"),
    }
}
