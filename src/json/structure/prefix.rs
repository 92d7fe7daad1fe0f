//! Members with a prefix, and an object that has them without.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::super::equal::ValueType;
use super::super::interpret::{Interpreter, OpError};
use super::super::tree::TreeNodeId;
use super::super::{Collision, Mode, Pointer, text};

const TAKEN: &str = "the name begins with the prefix of the op, so the way back would move the member into the object";
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
        let found = self.tree.find(node, object).pop();
        let Some(object) = found.filter(|id| self.tree.kind(*id) == ValueType::Object) else { return Ok(()) };
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
        let Some(last) = sources.last().copied() else { return Ok(()) };
        match self.tree.kind(last) {
            ValueType::Null if self.mode == Mode::MergePatch => return Err(OpError::structure(last, DELETED)),
            ValueType::Null => return Ok(()),
            ValueType::Object => {}
            _ => return Err(self.wanted(last, "an object")),
        }
        let coming = self.tree.entries(last);
        if coming.is_empty() {
            sources.iter().for_each(|id| self.tree.kill(*id));
            self.prune(node, &sources);
            return Ok(());
        }
        let object = self.object_at(node, object)?;
        let mut existing: BTreeMap<Vec<u8>, Vec<TreeNodeId>> = BTreeMap::new();
        for (name, child) in self.tree.entries(object).into_iter().filter(|(_, child)| !sources.contains(child)) {
            existing.entry(plain(&name)).or_default().push(child);
        }
        let mut lead = Vec::new();
        text::escape(prefix, &mut lead);
        let named =
            |(name, child): (Cow<'_, [u8]>, TreeNodeId)| ([b"\"", &*lead, text::inner(&name), b"\""].concat(), child);
        let coming: Vec<(Vec<u8>, TreeNodeId)> = coming.into_iter().map(named).collect();
        let written: BTreeSet<Vec<u8>> = coming.iter().map(|(name, _)| plain(name)).collect();
        let others =
            existing.iter().filter(|(name, _)| name.starts_with(prefix.as_bytes()) && !written.contains(*name));
        if let Some(other) = others.filter_map(|(_, ids)| ids.last()).next() {
            return Err(OpError::structure(*other, TAKEN));
        }
        sources.iter().for_each(|id| self.tree.kill(*id));
        for (name, child) in coming {
            let met = existing.get(&plain(&name));
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

    /// It is made where it is absent.
    fn object_at(&mut self, node: TreeNodeId, at: &Pointer) -> Result<TreeNodeId, OpError> {
        match self.tree.find(node, at).pop() {
            Some(id) if self.tree.kind(id) == ValueType::Object => Ok(id),
            Some(id) => Err(self.wanted(id, "an object")),
            None => {
                self.writable(node, at)?;
                let made = self.tree.add(Cow::Borrowed(b"{}"));
                self.write(node, at, made, Collision::Replace)?;
                Ok(made)
            }
        }
    }
}

/// A name without quotes and escapes.
fn plain(name: &[u8]) -> Vec<u8> {
    text::unescape(text::inner(name)).into_owned()
}
