//! Steps in words.

use std::fmt;

use super::{Collision, Many, OnError, Op, Other, Otherwise, PatchOp, Pointer, Step, TextPart, Wrapper};

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
        if let Some(when) = &self.when {
            write!(f, ", where {when}")?;
        }
        if self.otherwise == Otherwise::Fail {
            f.write_str("; elsewhere, refuse what it would change")?;
        }
        let passes = self.on_error == OnError::Pass && !self.op.is_safe();
        f.write_str(if passes { "; a value that cannot be migrated passes" } else { "" })
    }
}

/// An op in words.
impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add { at, value } => write!(f, "add {} as {value}", at.shown()),
            Self::Restore { at, from } => write!(f, "restore {at} from {}", from.pointer.shown()),
            Self::Drop { at, .. } => write!(f, "remove {}", at.shown()),
            Self::Copy { from, to, collision } => {
                write!(f, "copy {} to {}{}", from.shown(), to.shown(), kept(*collision))
            }
            Self::Compute { at, template, collision } => {
                write!(f, "compute {} as \"{}\"{}", at.shown(), text(template), kept(*collision))
            }
            Self::Evaluate(op) => {
                let writes: Vec<String> =
                    op.writes.iter().map(|(to, by)| format!("{} as `{}`", to.shown(), by.source())).collect();
                write!(f, "compute {}", writes.join(", "))?;
                if !op.takes.is_empty() {
                    write!(f, ", in place of {}", list(&op.takes))?;
                }
                f.write_str(kept(op.collision))
            }
            Self::Rename { object, from, to, collision } => {
                write!(f, "rename {} to {to}{}", object.child(from), kept(*collision))
            }
            Self::Move { from, to, collision } => {
                write!(f, "move {} to {}{}", from.shown(), to.shown(), kept(*collision))
            }
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
            Self::Split { at, into, on, collision } => {
                write!(f, "split {} at {on:?} into {}{}", at.shown(), list(into), kept(*collision))
            }
            Self::Join { from, to, on, collision, .. } => {
                write!(f, "join {} with {on:?} to {}{}", list(from), to.shown(), kept(*collision))
            }
            Self::Map { at, pairs, other } => {
                let rest = match other {
                    Other::Error => "",
                    Other::Keep => ", keeping other values",
                    Other::Value(_) => ", replacing other values",
                };
                let plural = if pairs.len() == 1 { "" } else { "s" };
                write!(f, "map {} by {} pair{plural}{rest}", at.shown(), pairs.len())
            }
            Self::Convert { at, conversion } => write!(f, "convert {} {}", at.shown(), conversion.forms()),
            Self::Link { at, .. } => write!(f, "translate the link {}", at.shown()),
            Self::Require { at, must } => write!(f, "require of {} that {must}", at.shown()),
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

/// What happens to a value that is already in the place that an op writes to.
pub(super) const fn kept(collision: Collision) -> &'static str {
    match collision {
        Collision::Replace => "",
        Collision::Keep => ", keeping an existing value",
    }
}

/// A template, as it is spelled.
fn text(template: &[TextPart]) -> String {
    let spelled = |part: &TextPart| match part {
        TextPart::Text(text) => text.replace('{', "{{").replace('}', "}}"),
        TextPart::Encoded(part) => format!("{{%{}}}", value(part)),
        part => format!("{{{}}}", value(part)),
    };
    template.iter().map(spelled).collect()
}

/// What stands for a value in a template.
fn value(part: &TextPart) -> String {
    match part {
        TextPart::Text(text) => text.to_string(),
        TextPart::Value(at) => at.pointer.to_string(),
        TextPart::PathParameter(name) => format!("path.{name}"),
        TextPart::Encoded(part) => value(part),
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
