//! All names of a value, by a rule.

use super::super::equal::ValueType;
use super::super::error::Reason;
use super::super::interpret::{Interpreter, OpError};
use super::super::renaming::MixedNames;
use super::super::tree::TreeNodeId;
use super::super::{MigrateError, OnError, Renaming, Step, text};

// === impl Interpreter ===

impl Interpreter<'_> {
    /// Each name by itself: one that does not fit is an error, or stays. The elements of a list are as deep as the list.
    pub(in super::super) fn rename_all(
        &mut self,
        step: &Step,
        id: TreeNodeId,
        renaming: &Renaming,
        depth: Option<u32>,
    ) -> Result<(), MigrateError> {
        // Without recursion, since a document may be as deep as its limit.
        let mut left = vec![(id, depth)];
        while let Some((id, depth)) = left.pop() {
            match self.tree.kind(id) {
                ValueType::List => left.extend(self.tree.children(id).into_iter().map(|element| (element, depth))),
                ValueType::Object => {
                    let inside = depth.map(|depth| depth.saturating_sub(1));
                    let children = self.rename_members(step, id, renaming)?.into_iter();
                    left.extend(children.filter(|_| inside != Some(0)).map(|child| (child, inside)));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns the values that are renamed inside, too.
    fn rename_members(
        &mut self,
        step: &Step,
        object: TreeNodeId,
        renaming: &Renaming,
    ) -> Result<Vec<TreeNodeId>, MigrateError> {
        let (mut keys, mut inside, mut names) = (Vec::new(), Vec::new(), MixedNames::default());
        for (key, child) in self.tree.entries(object) {
            let plain = text::unescape(text::inner(&key));
            let name = std::str::from_utf8(&plain).ok();
            if !name.is_some_and(|name| renaming.excepts(name)) {
                inside.push(child);
            }
            let new = name.and_then(|name| renaming.rename(name));
            let stays = new.is_none();
            if stays {
                self.settle(step, Err(OpError::new(child, Reason::Name)))?;
            }
            if let Some(name) = new.as_deref().or(name)
                && step.on_error == OnError::Pass
                && !names.add(0, name, stays)
            {
                return Err(MigrateError::value(self.tree.origin(child), Reason::TakenName).of_change(step.change));
            }
            if let Some(new) = new.filter(|new| name != Some(new)) {
                keys.push((child, text::quote(&new)));
            }
        }
        self.tree.respell(object, keys);
        Ok(inside)
    }
}
