//! Ops on structure in words.

use std::fmt;

use super::super::describe::kept;
use super::super::{Collision, Condition, Many, Pointer};
use super::{ElementPosition, Structure};

/// In words.
impl fmt::Display for Structure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = Pointer::shown;
        match self {
            Self::SplitList { at, on } => write!(f, "split {} at every {on:?} into an array", shown(at)),
            Self::JoinList { at, on, .. } => write!(f, "join the array {} with {on:?} to a string", shown(at)),
            Self::Entries { from, to, key, .. } if from == to => {
                write!(f, "make {} an array of its members, by {key:?}", shown(to))
            }
            Self::Entries { from, to, key, .. } => {
                write!(f, "make {} an array of the members of {}, by {key:?}", shown(to), shown(from))
            }
            Self::Keyed { from, to, key, .. } if from == to => {
                write!(f, "make {} an object of its elements, by {key:?}", shown(to))
            }
            Self::Keyed { from, to, key, .. } => {
                write!(f, "make {} an object of the elements of {}, by {key:?}", shown(to), shown(from))
            }
            Self::Count { from, to, .. } if from == to => {
                write!(f, "replace {} by the number of its elements", shown(from))
            }
            Self::Count { from, to, .. } => {
                write!(f, "write the number of elements of {} to {}", shown(from), shown(to))
            }
            Self::Spread { from, to, .. } => write!(f, "move {} into every {to}", shown(from)),
            Self::Gather { from, to, many, .. } => {
                let which = if *many == Many::First { "the first of" } else { "the one value of" };
                write!(f, "move {which} {from} to {}", shown(to))
            }
            Self::Pick { list, which, position, to, .. } => {
                let end = if *position == ElementPosition::First { "first" } else { "last" };
                write!(f, "move the {end} element of {}{} to {}", shown(list), of(which.as_ref()), shown(to))
            }
            Self::Put { from, list, which, position } => {
                let end = if *position == ElementPosition::First { "front" } else { "end" };
                let must = which.as_ref().map(|which| format!(", and refuse it unless {which}")).unwrap_or_default();
                write!(f, "move {} to the {end} of the array {}{must}", shown(from), shown(list))
            }
            Self::Partition { list, which, to, .. } => {
                write!(f, "move the elements of {}{} to {}", shown(list), of(Some(which)), shown(to))
            }
            Self::Merge { from, list, which } => {
                write!(f, "append the array {}, elements where {which}, to {}", shown(from), shown(list))
            }
            Self::Nest { object, prefix, to, .. } => {
                write!(f, "move the members {prefix:?}… of {} into {}", shown(object), shown(to))
            }
            Self::Flatten { from, object, prefix, .. } => {
                write!(f, "move the members of {} into {} as {prefix:?}…", shown(from), shown(object))
            }
            Self::Only { at, name, .. } => {
                write!(f, "unwrap {} from its only member, whose name goes to {}", shown(at), shown(name))
            }
            Self::Named { at, name } => write!(f, "wrap {} into the member that {} names", shown(at), shown(name)),
        }?;
        f.write_str(match self {
            Self::Keyed { lossy: true, .. } => ", losing the other members of its elements",
            Self::Spread { lossy: true, .. } => ", losing it if there are none",
            Self::JoinList { lossy: true, .. } => ", also if it would not be split again",
            _ => "",
        })?;
        f.write_str(self.collision().map_or("", kept))
    }
}

// === impl Structure ===

impl Structure {
    const fn collision(&self) -> Option<Collision> {
        match self {
            Self::Entries { collision, .. }
            | Self::Keyed { collision, .. }
            | Self::Count { collision, .. }
            | Self::Spread { collision, .. }
            | Self::Gather { collision, .. }
            | Self::Pick { collision, .. }
            | Self::Partition { collision, .. }
            | Self::Nest { collision, .. }
            | Self::Flatten { collision, .. }
            | Self::Only { collision, .. } => Some(*collision),
            _ => None,
        }
    }
}

/// Which elements.
fn of(which: Option<&Condition<Pointer>>) -> String {
    which.map(|which| format!(" where {which}")).unwrap_or_default()
}
