//! Members with a prefix, and an object that has them without.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::equal::ValueType;
use super::super::interpret::{Interpreter, OpError};
use super::super::tree::TreeNodeId;
use super::super::{Collision, Mode, Pointer, text};

const DELETED: &str =
    "a merge patch cannot delete an object whose members are in the object around it in the other version";

// === impl Interpreter ===

impl Interpreter<'_> {
    pub(super) fn nest(
        &mut self,
        node: TreeNodeId,
        object: &Pointer,
        prefix: &str,
        to: &Pointer,
        collision: Collision,
    ) -> Result<(), OpError> {
        let Some(object) = self.tree.find(node, object).pop() else { return Ok(()) };
        let mut going = Vec::new();
        for (name, child) in self.tree.entries(object) {
            if let Some(rest) = text::strip_prefix(text::inner(&name), prefix) {
                going.push(([b"\"", &*rest, b"\""].concat(), child));
            }
        }
        if going.is_empty() {
            return Ok(());
        }
        let sources: Vec<TreeNodeId> = going.iter().map(|(_, child)| *child).collect();
        self.take(node, &sources, [to])?;
        let own = self.tree.add(Cow::Borrowed(b"{}"));
        for (name, child) in going {
            let value = self.tree.detach(child);
            self.tree.append_spelled(own, Cow::Owned(name), value);
        }
        self.write(node, to, own, collision)
    }

    pub(super) fn flatten(
        &mut self,
        node: TreeNodeId,
        from: &Pointer,
        object: &Pointer,
        prefix: &str,
        collision: Collision,
    ) -> Result<(), OpError> {
        let sources = self.tree.find(node, from);
        let (Some(last), Some(object)) = (sources.last().copied(), self.tree.find(node, object).pop()) else {
            return Ok(());
        };
        match self.tree.kind(last) {
            ValueType::Null if self.mode == Mode::MergePatch => return Err(OpError::structure(last, DELETED)),
            ValueType::Null => return Ok(()),
            ValueType::Object => {}
            _ => return Err(self.wanted(last, "an object")),
        }
        sources.iter().for_each(|id| self.tree.kill(*id));
        let mut existing: BTreeMap<Vec<u8>, Vec<TreeNodeId>> = BTreeMap::new();
        for (name, child) in self.tree.entries(object) {
            existing.entry(text::unescape(text::inner(&name)).into_owned()).or_default().push(child);
        }
        let mut lead = Vec::new();
        text::escape(prefix, &mut lead);
        for (name, child) in self.tree.entries(last) {
            let name = [b"\"", &*lead, text::inner(&name), b"\""].concat();
            let met = existing.get(&*text::unescape(text::inner(&name)));
            self.collisions += u64::from(met.is_some());
            match (met, collision) {
                (Some(_), Collision::Keep) => continue,
                (Some(ids), Collision::Replace) => ids.iter().for_each(|id| self.tree.kill(*id)),
                (None, _) => {}
            }
            let value = self.tree.detach(child);
            self.tree.append_spelled(object, Cow::Owned(name), value);
        }
        self.prune(node, &sources);
        Ok(())
    }
}
