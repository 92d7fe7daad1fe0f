//! Ops on structure in words.

use std::fmt;

use super::super::{Many, Pointer};
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
            Self::Pick { list, to, .. } => write!(f, "move an element of {} to {}", shown(list), shown(to)),
            Self::Put { from, list, position, .. } => {
                let end = if *position == ElementPosition::First { "front" } else { "end" };
                write!(f, "move {} to the {end} of the array {}", shown(from), shown(list))
            }
            Self::Partition { list, to, .. } => write!(f, "move some elements of {} to {}", shown(list), shown(to)),
            Self::Merge { from, list, .. } => write!(f, "append the array {} to {}", shown(from), shown(list)),
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
        }
    }
}
