//! Elements of a list that go elsewhere, and come back among the others.

use std::borrow::Cow;

use super::super::equal::ValueType;
use super::super::interpret::{Interpreter, OpError};
use super::super::tree::{FoundNodes, TreeNodeId};
use super::super::{Collision, Condition, Mode, Pointer};
use super::ElementPosition;

const UNLIKE: &str = "the element does not meet `where`, so the way back would not find it";
const ALIKE: &str = "the element meets `where`, but is among those that must not";
const TAKEN: &str = "the way back would take this element for the value, which is absent";
const SOME: &str = "the partial body has only the array, or only what belongs into it: send both, or neither";
const MERGED: &str = "a merge patch cannot change a part of an array";

// === impl Interpreter ===

impl Interpreter<'_> {
    pub(super) fn pick(
        &mut self,
        node: TreeNodeId,
        [list, to]: [&Pointer; 2],
        (which, position): (Option<&Condition<Pointer>>, ElementPosition),
        drop_empty: bool,
        collision: Collision,
    ) -> Result<(), OpError> {
        let Some(list) = self.tree.find(node, list).pop() else { return Ok(()) };
        let mut elements = self.elements(list)?;
        if position == ElementPosition::Last {
            elements.reverse();
        }
        if self.mode == Mode::MergePatch && self.tree.kind(list) != ValueType::Null {
            return Err(OpError::structure(list, MERGED));
        }
        let Some(element) = elements.into_iter().find(|element| self.meets(*element, which)) else { return Ok(()) };
        self.writable(node, to)?;
        let value = self.tree.detach(element);
        self.tree.kill(element);
        self.write(node, to, value, collision)?;
        if drop_empty && self.tree.is_empty(list) {
            self.tree.kill(list);
            self.prune(node, &[list]);
        }
        Ok(())
    }

    pub(super) fn put_element(
        &mut self,
        node: TreeNodeId,
        [from, list]: [&Pointer; 2],
        which: Option<&Condition<Pointer>>,
        position: ElementPosition,
        partial: bool,
    ) -> Result<(), OpError> {
        let sources = self.tree.find(node, from);
        let existing = self.tree.find(node, list).pop();
        let Some(last) = sources.last().copied() else {
            self.alone(existing, partial)?;
            return self.none_of(existing, which, TAKEN);
        };
        if self.mode == Mode::MergePatch {
            return Err(OpError::structure(last, MERGED));
        }
        if !self.meets(last, which) {
            return Err(OpError::structure(last, UNLIKE));
        }
        if partial && existing.is_none() {
            return Err(OpError::structure(last, SOME));
        }
        if let Some(id) = existing.filter(|id| self.tree.kind(*id) != ValueType::List) {
            return Err(self.wanted(id, "an array"));
        }
        self.take(node, &sources, [list])?;
        let value = self.tree.detach(last);
        match existing {
            Some(existing) => {
                let end = if position == ElementPosition::Last { self.tree.children(existing).len() } else { 0 };
                self.tree.insert(existing, end, value);
            }
            None => {
                let made = self.tree.add(Cow::Borrowed(b"[]"));
                self.tree.insert(made, 0, value);
                self.write(node, list, made, Collision::Replace)?;
            }
        }
        self.prune(node, &sources);
        Ok(())
    }

    /// In a merge patch both lists are given whole, as the one is.
    pub(super) fn partition(
        &mut self,
        node: TreeNodeId,
        list: &Pointer,
        which: &Condition<Pointer>,
        to: &Pointer,
        collision: Collision,
    ) -> Result<(), OpError> {
        let Some(list) = self.tree.find(node, list).pop() else { return Ok(()) };
        let elements = self.elements(list)?;
        let deleted = self.tree.kind(list) == ValueType::Null;
        if deleted && self.mode != Mode::MergePatch {
            return Ok(());
        }
        self.writable(node, to)?;
        let going: Vec<TreeNodeId> = elements.into_iter().filter(|element| self.meets(*element, Some(which))).collect();
        let own = self.tree.add(Cow::Borrowed(if deleted { b"null" } else { b"[]" }));
        for (at, element) in going.into_iter().enumerate() {
            let value = self.tree.detach(element);
            self.tree.kill(element);
            self.tree.insert(own, at, value);
        }
        self.write(node, to, own, collision)
    }

    pub(super) fn merge(
        &mut self,
        node: TreeNodeId,
        from: &Pointer,
        list: &Pointer,
        which: &Condition<Pointer>,
        partial: bool,
    ) -> Result<(), OpError> {
        let sources = self.tree.find(node, from);
        let existing = self.tree.find(node, list).pop();
        let Some(last) = sources.last().copied() else {
            self.alone(existing, partial)?;
            return self.none_of(existing, Some(which), ALIKE);
        };
        let coming = self.elements(last)?;
        let staying = match existing {
            Some(id) => self.elements(id)?,
            None => FoundNodes::new(),
        };
        let is_null = |run: &Self, id: TreeNodeId| run.tree.kind(id) == ValueType::Null;
        if self.mode == Mode::MergePatch && existing.is_none_or(|id| is_null(self, id) != is_null(self, last)) {
            return Err(OpError::structure(last, MERGED));
        }
        if partial && existing.is_none() {
            return Err(OpError::structure(last, SOME));
        }
        if let Some(id) = existing.filter(|id| is_null(self, *id) && !coming.is_empty()) {
            return Err(self.wanted(id, "an array"));
        }
        if let Some(element) = coming.iter().find(|element| !self.meets(**element, Some(which))) {
            return Err(OpError::structure(*element, UNLIKE));
        }
        if let Some(element) = staying.iter().find(|element| self.meets(**element, Some(which))) {
            return Err(OpError::structure(*element, ALIKE));
        }
        self.take(node, &sources, [list])?;
        match existing {
            Some(existing) => {
                for (at, element) in coming.into_iter().enumerate() {
                    let value = self.tree.detach(element);
                    self.tree.insert(existing, staying.len() + at, value);
                }
            }
            None => {
                let value = self.tree.detach(last);
                self.write(node, list, value, Collision::Replace)?;
            }
        }
        self.prune(node, &sources);
        Ok(())
    }

    /// An array of a partial body would replace a whole one, without what belongs into it.
    fn alone(&self, list: Option<TreeNodeId>, partial: bool) -> Result<(), OpError> {
        let Some(id) = list.filter(|_| partial) else { return Ok(()) };
        Err(OpError::structure(id, if self.mode == Mode::MergePatch { MERGED } else { SOME }))
    }

    /// Refuses an array with an element that counts.
    fn none_of(
        &mut self,
        list: Option<TreeNodeId>,
        which: Option<&Condition<Pointer>>,
        why: &'static str,
    ) -> Result<(), OpError> {
        let Some(list) = list.filter(|id| self.tree.kind(*id) == ValueType::List) else { return Ok(()) };
        match self.tree.children(list).into_iter().find(|element| self.meets(*element, which)) {
            Some(element) => Err(OpError::structure(element, why)),
            None => Ok(()),
        }
    }

    /// Of a list; `null` has none.
    fn elements(&mut self, list: TreeNodeId) -> Result<FoundNodes, OpError> {
        match self.tree.kind(list) {
            ValueType::Null => Ok(FoundNodes::new()),
            ValueType::List => Ok(self.tree.children(list)),
            _ => Err(self.wanted(list, "an array")),
        }
    }

    fn meets(&mut self, element: TreeNodeId, which: Option<&Condition<Pointer>>) -> bool {
        which.is_none_or(|which| self.holds_of(which, element))
    }
}
