//! The only member of an object, whatever its name.

use std::borrow::Cow;

use super::super::equal::ValueType;
use super::super::error::Reason;
use super::super::interpret::{Interpreter, OpError};
use super::super::tree::TreeNodeId;
use super::super::{Collision, Mode, Pointer};

const NOT_ONE: &str = "the object does not have exactly one member";
const MERGED: &str = "a merge patch cannot change an object that one version has without its only member's name";

// === impl Interpreter ===

impl Interpreter<'_> {
    pub(super) fn only(
        &mut self,
        node: TreeNodeId,
        at: &Pointer,
        name: &Pointer,
        collision: Collision,
    ) -> Result<(), OpError> {
        let Some(id) = self.tree.find(node, at).pop() else { return Ok(()) };
        match self.tree.kind(id) {
            ValueType::Null => return Ok(()),
            ValueType::Object if self.mode == Mode::MergePatch => return Err(OpError::structure(id, MERGED)),
            ValueType::Object => {}
            _ => return Err(self.wanted(id, "an object")),
        }
        let entries = self.tree.entries(id);
        let [(key, inner)] = entries.as_slice() else { return Err(OpError::structure(id, NOT_ONE)) };
        match name.starts_with(at) {
            true => self.writable(*inner, &Pointer::from_tokens(name.tokens()[at.tokens().len()..].iter().cloned()))?,
            false => self.writable(node, name)?,
        }
        let key = self.tree.add(key.clone());
        let value = self.tree.detach(*inner);
        self.tree.put(id, value);
        self.write(node, name, key, collision)
    }

    /// `null` without a name stays `null`.
    pub(super) fn named(&mut self, node: TreeNodeId, at: &Pointer, name: &Pointer) -> Result<(), OpError> {
        let Some(id) = self.tree.find(node, at).pop() else { return Ok(()) };
        let sources = self.tree.find(node, name);
        if sources.is_empty() && self.tree.kind(id) == ValueType::Null {
            return Ok(());
        }
        if self.mode == Mode::MergePatch {
            return Err(OpError::structure(id, MERGED));
        }
        let Some(key) = sources.last().copied() else {
            let name = name.tokens().last().cloned().unwrap_or_default();
            return Err(OpError::new(id, Reason::Missing { name }));
        };
        if self.tree.kind(key) != ValueType::Text {
            return Err(self.wanted(key, "a string"));
        }
        let key = self.tree.text(key).into_owned();
        sources.iter().for_each(|id| self.tree.kill(*id));
        self.prune(if name.starts_with(at) { id } else { node }, &sources);
        let inner = self.tree.detach(id);
        let outer = self.tree.add(Cow::Borrowed(b"{}"));
        self.tree.append_spelled(outer, Cow::Owned(key), inner);
        self.tree.put(id, outer);
        Ok(())
    }
}
