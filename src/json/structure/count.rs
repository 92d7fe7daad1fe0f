//! How many elements an array has, or members an object.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::super::equal::ValueType;
use super::super::interpret::{Interpreter, OpError};
use super::super::text;
use super::super::tree::TreeNodeId;
use super::super::{Collision, Pointer};

const PARTIAL: &str = "a partial body may have only some members of the object, so they cannot be counted";

// === impl Interpreter ===

impl Interpreter<'_> {
    pub(super) fn count(
        &mut self,
        node: TreeNodeId,
        [from, to]: [&Pointer; 2],
        partial: bool,
        collision: Collision,
    ) -> Result<(), OpError> {
        let Some(source) = self.tree.find(node, from).pop() else { return Ok(()) };
        let count = self.count_of(source, partial)?;
        self.writable(node, to)?;
        let value = self.tree.add(Cow::Owned(count));
        self.write(node, to, value, collision)
    }

    /// The value becomes its own number of elements.
    pub(super) fn count_in_place(&mut self, id: TreeNodeId, partial: bool) -> Result<(), OpError> {
        let count = self.count_of(id, partial)?;
        self.tree.set(id, Cow::Owned(count));
        Ok(())
    }

    /// The count of `null` is `null`.
    fn count_of(&mut self, id: TreeNodeId, partial: bool) -> Result<Vec<u8>, OpError> {
        let count = match self.tree.kind(id) {
            ValueType::Null => return Ok(b"null".to_vec()),
            ValueType::List => self.tree.children(id).len(),
            ValueType::Object if partial => return Err(OpError::structure(id, PARTIAL)),
            ValueType::Object => {
                let entries = self.tree.entries(id);
                // A name that occurs twice is one member.
                entries.iter().map(|(key, _)| text::unescape(text::inner(key))).collect::<BTreeSet<_>>().len()
            }
            _ => return Err(self.wanted(id, "an array or an object")),
        };
        Ok(count.to_string().into_bytes())
    }
}
