//! A value that is in one place, and in every element of an array.

use super::super::error::Reason;
use super::super::interpret::{Interpreter, OpError};
use super::super::tree::{FoundNodes, TreeNodeId};
use super::super::{Collision, Many, Pattern, Pointer, equal};

const NOWHERE: &str = "the value belongs into every element, and there is no element";
const ALONE: &str = "the partial body has the elements without the value that belongs into each: send both, or neither";
const DIFFERENT: &str = "the elements do not have the same value";

// === impl Interpreter ===

impl Interpreter<'_> {
    pub(super) fn spread(
        &mut self,
        node: TreeNodeId,
        from: &Pointer,
        to: &Pattern,
        (lossy, partial): (bool, bool),
        collision: Collision,
    ) -> Result<(), OpError> {
        let sources = self.tree.find(node, from);
        let (each, rest) = to.split_at_last_star();
        let elements = self.tree.find_all(node, &each);
        let Some(last) = sources.last().copied() else {
            let without = elements.first().filter(|_| partial);
            return without.map_or(Ok(()), |element| Err(OpError::structure(*element, ALONE)));
        };
        if elements.is_empty() && !lossy {
            return Err(OpError::structure(last, NOWHERE));
        }
        for element in &elements {
            self.writable(*element, &rest)?;
        }
        sources.iter().for_each(|id| self.tree.kill(*id));
        for element in elements {
            let value = self.tree.duplicate(last);
            self.write(element, &rest, value, collision)?;
        }
        self.prune(node, &sources);
        Ok(())
    }

    pub(super) fn gather(
        &mut self,
        node: TreeNodeId,
        from: &Pattern,
        to: &Pointer,
        many: Many,
        collision: Collision,
    ) -> Result<(), OpError> {
        let (each, rest) = from.split_at_last_star();
        let elements = self.tree.find_all(node, &each);
        let found: Vec<FoundNodes> = elements.iter().map(|element| self.tree.find(*element, &rest)).collect();
        let Some(first) = found.iter().find_map(|ids| ids.last().copied()) else { return Ok(()) };
        if many == Many::Error {
            self.agree(first, elements.iter().zip(&found))?;
        }
        self.take(node, &found.concat(), [to])?;
        let value = self.tree.detach(first);
        self.write(node, to, value, collision)?;
        for (element, ids) in elements.iter().zip(&found) {
            self.prune(*element, ids);
        }
        Ok(())
    }

    fn agree<'i>(
        &self,
        first: TreeNodeId,
        found: impl Iterator<Item = (&'i TreeNodeId, &'i FoundNodes)>,
    ) -> Result<(), OpError> {
        let value = self.tree.text(first);
        for (element, ids) in found {
            let at = ids.last().copied().ok_or_else(|| OpError::structure(*element, DIFFERENT))?;
            if !equal::equal(&self.tree.text(at), &value) {
                return Err(OpError::new(at, Reason::Structure(DIFFERENT)));
            }
        }
        Ok(())
    }
}
