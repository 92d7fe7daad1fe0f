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
            Self::Add { at, value } => write!(f, "add {} as {value}", at.shown()),
            Self::Restore { at, from } => write!(f, "restore {at} from {}", from.pointer.shown()),
            Self::Drop { at, .. } => write!(f, "remove {}", at.shown()),
            Self::Copy { from, to, .. } => write!(f, "copy {} to {}", from.shown(), to.shown()),
            Self::Compute { at, .. } => {
                write!(f, "compute {}", at.shown())?;
                let names: Vec<&str> = self.path_parameters().collect();
                if names.is_empty() {
                    Ok(())
                } else {
                    write!(f, ", with {} of the request's path", names.join(" and "))
                }
            }
            Self::Evaluate(op) => {
                let writes: Vec<String> =
                    op.writes.iter().map(|(to, by)| format!("{} as `{}`", to.shown(), by.source())).collect();
                write!(f, "compute {}", writes.join(", "))?;
                if op.takes.is_empty() { Ok(()) } else { write!(f, ", in place of {}", list(&op.takes)) }
            }
            Self::Rename { object, from, to, .. } => write!(f, "rename {} to {to}", object.child(from)),
            Self::Move { from, to, .. } => write!(f, "move {} to {}", from.shown(), to.shown()),
            Self::Wrap { at, into } => write!(f, "wrap {} into {}", at.shown(), wrapper(into)),
            Self::Unwrap { at, from, which, many, lossy } => {
                write!(f, "unwrap {} from {}", at.shown(), wrapper(from))?;
                if *many == Many::First {
                    f.write_str(", the first of many")?;
                }
                if let Some(which) = which {
                    write!(f, ", of those where {which}")?;
                }
                f.write_str(if *lossy { ", losing the rest" } else { "" })
            }
            Self::Split { at, into, on, .. } => write!(f, "split {} at {on:?} into {}", at.shown(), list(into)),
            Self::Join { from, to, on, .. } => write!(f, "join {} with {on:?} to {}", list(from), to.shown()),
            Self::Map { at, pairs, other } => {
                let rest = match other {
                    Other::Error => "",
                    Other::Keep => ", keeping other values",
                    Other::Value(_) => ", replacing other values",
                };
                write!(f, "map {} by {} pairs{rest}", at.shown(), pairs.len())
            }
            Self::Convert { at, conversion } => write!(f, "convert {} {}", at.shown(), conversion.forms()),
            Self::Link { at, .. } => write!(f, "translate the link {}", at.shown()),
            Self::Require { at, must } => write!(f, "require that {} {must}", at.shown()),
            Self::RenameAll { at, renaming, depth: Some(depth) } => {
                write!(f, "rename all members of {} {renaming}, {depth} levels deep", at.shown())
            }
            Self::RenameAll { at, renaming, depth: None } => {
                write!(f, "rename all members of {} {renaming}, at any depth", at.shown())
            }
            Self::Structure(structure) => structure.fmt(f),
            Self::Patch(ops) => write!(f, "patch: {}", ops.iter().map(patch).collect::<Vec<_>>().join(", ")),
            Self::Custom(_) => f.write_str("run a custom function"),
        }
    }
}

fn list(pointers: &[Pointer]) -> String {
    pointers.iter().map(Pointer::shown).collect::<Vec<_>>().join(", ")
}

fn wrapper(wrapper: &Wrapper) -> String {
    match wrapper {
        Wrapper::Array => "an array".to_owned(),
        Wrapper::Member(name) => format!("the member {name:?}"),
    }
}

fn patch(op: &PatchOp) -> String {
    match op {
        PatchOp::Add { path, .. } => format!("add {}", path.shown()),
        PatchOp::Remove { path } => format!("remove {}", path.shown()),
        PatchOp::Replace { path, .. } => format!("replace {}", path.shown()),
        PatchOp::Move { from, path } => format!("move {} to {}", from.shown(), path.shown()),
        PatchOp::Copy { from, path } => format!("copy {} to {}", from.shown(), path.shown()),
        PatchOp::Test { path, .. } => format!("test {}", path.shown()),
    }
}
