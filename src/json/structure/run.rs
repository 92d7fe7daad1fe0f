//! How the interpreter runs the ops on structure.

use super::super::interpret::{Interpreter, OpError};
use super::super::tree::TreeNodeId;
use super::Structure;

// === impl Interpreter ===

impl<'a> Interpreter<'a> {
    /// An op on one value, which becomes another in its place.
    pub(in super::super) fn restructure(
        &mut self,
        id: TreeNodeId,
        op: &Structure,
        partial: bool,
    ) -> Result<(), OpError> {
        match op {
            Structure::SplitList { on, .. } => self.split_list(id, on),
            Structure::JoinList { on, lossy, .. } => self.join_list(id, on, *lossy),
            Structure::Entries { key, value, .. } => self.entries_in_place(id, key, value.as_deref()),
            Structure::Keyed { key, value, lossy, .. } => self.keyed_in_place(id, key, value.as_deref(), *lossy),
            Structure::Count { .. } => self.count_in_place(id, partial),
            _ => Ok(()),
        }
    }

    /// An op with several ends.
    pub(in super::super) fn structure(
        &mut self,
        node: TreeNodeId,
        op: &Structure,
        partial: bool,
    ) -> Result<(), OpError> {
        match op {
            Structure::SplitList { .. } | Structure::JoinList { .. } => Ok(()),
            Structure::Entries { from, to, key, value, collision } => {
                self.entries(node, [from, to], (key, value.as_deref()), *collision)
            }
            Structure::Keyed { from, to, key, value, lossy, collision } => {
                self.keyed(node, [from, to], (key, value.as_deref(), *lossy), *collision)
            }
            Structure::Count { from, to, collision } => self.count(node, [from, to], partial, *collision),
            Structure::Spread { from, to, lossy, collision } => {
                self.spread(node, from, to, (*lossy, partial), *collision)
            }
            Structure::Gather { from, to, many, collision } => self.gather(node, from, to, *many, *collision),
            Structure::Pick { list, which, position, to, drop_empty, collision } => {
                self.pick(node, [list, to], (which.as_ref(), *position), *drop_empty, *collision)
            }
            Structure::Put { from, list, which, position } => {
                self.put_element(node, [from, list], which.as_ref(), *position, partial)
            }
            Structure::Partition { list, which, to, collision } => self.partition(node, list, which, to, *collision),
            Structure::Merge { from, list, which } => self.merge(node, from, list, which, partial),
            Structure::Nest { object, prefix, to, collision } => self.nest(node, object, prefix, to, *collision),
            Structure::Flatten { from, object, prefix, collision } => {
                self.flatten(node, from, object, prefix, *collision)
            }
            Structure::Only { at, name, collision } => self.only(node, at, name, *collision),
            Structure::Named { at, name } => self.named(node, at, name),
        }
    }
}
