//! The ops that move or copy a value from one place to another.

use std::borrow::Cow;

use super::equal::ValueType;
use super::error::Reason;
use super::interpret::{Interpreter, MatchedNode, OpError};
use super::tree::{FoundNodes, TreeNodeId};
use super::{Collision, Mode, Op, Pointer, Reference, Step, TextPart, text};

/// Where a value is to be written.
enum WriteTarget<'p> {
    /// In place of these, of which the last counts.
    Existing(FoundNodes),
    /// As a new member of this object, through objects that are still to be made.
    Missing(TreeNodeId, &'p [Box<str>]),
}

// === impl Interpreter ===

impl<'a> Interpreter<'a> {
    pub(super) fn transfer(&mut self, step: &'a Step, place: &MatchedNode<'_>) -> Result<(), OpError> {
        let (node, partial) = (place.node, self.mode.is_partial(step));
        match &step.op {
            Op::Copy { from, to, collision } => self.copy(node, from, to, *collision),
            Op::Compute { at, template, collision } => self.compute(place, at, template, *collision),
            Op::Move { from, to, collision } => self.relocate(node, from, to, *collision),
            Op::Split { at, into, on, collision } => {
                self.once(node, &step.op)?;
                self.split(node, at, into, on, *collision)
            }
            Op::Join { from, to, on, lossy, collision } => {
                self.once(node, &step.op)?;
                self.join(node, (from, partial), to, (on, *lossy), *collision)
            }
            _ => Ok(()),
        }
    }

    fn copy(&mut self, node: TreeNodeId, from: &Pointer, to: &Pointer, collision: Collision) -> Result<(), OpError> {
        if from == to {
            return Ok(());
        }
        let found = self.tree.find(node, from);
        let sources = self.counting(found);
        if sources.is_empty() {
            return Ok(());
        }
        self.target(node, to)?;
        let values = sources.into_iter().map(|source| self.tree.duplicate(source)).collect();
        self.write_all(node, to, values, collision)
    }

    /// Of several values of one name the last counts. In a form all do: it is how a form has several values.
    fn counting(&self, mut found: FoundNodes) -> FoundNodes {
        if !self.texts && found.len() > 1 {
            found.drain(..found.len() - 1);
        }
        found
    }

    /// Refuses a form that has a field several times from which the op takes one value.
    pub(super) fn once(&mut self, node: TreeNodeId, op: &Op) -> Result<(), OpError> {
        if !self.texts {
            return Ok(());
        }
        for (at, _) in op.touches().into_iter().filter(|(_, touch)| touch.reads()) {
            if let [.., _, last] = self.tree.find(node, &at).as_slice() {
                return Err(OpError::new(*last, Reason::Repeated));
            }
        }
        Ok(())
    }

    fn compute(
        &mut self,
        place: &MatchedNode<'_>,
        at: &Pointer,
        template: &[TextPart],
        collision: Collision,
    ) -> Result<(), OpError> {
        if self.mode == Mode::MergePatch {
            self.all_shown(place, template)?;
        }
        let mut raw = vec![b'"'];
        for part in template {
            if !self.push_part(place, part, &mut raw)? {
                return Ok(());
            }
        }
        raw.push(b'"');
        self.target(place.node, at)?;
        let value = self.tree.add(Cow::Owned(raw));
        self.write(place.node, at, value, collision)
    }

    /// Appends what a part stands for; `false` if that is absent or null.
    fn push_part(&mut self, place: &MatchedNode<'_>, part: &TextPart, raw: &mut Vec<u8>) -> Result<bool, OpError> {
        match part {
            TextPart::Text(plain) => text::escape(plain, raw),
            TextPart::PathParameter(name) => match self.path_parameter(name) {
                Some(value) => text::escape(value, raw),
                None => return Err(OpError::new(place.node, Reason::Parameter { name: name.clone() })),
            },
            TextPart::Value(reference) => match self.read_once(place, reference)? {
                Some(source) if self.tree.kind(source) != ValueType::Null => self.push_text(source, raw)?,
                _ => return Ok(false),
            },
            TextPart::Encoded(inner) => {
                let mut plain = Vec::new();
                if !self.push_part(place, inner, &mut plain)? {
                    return Ok(false);
                }
                text::percent_encode(&text::unescape(&plain), raw);
            }
        }
        Ok(true)
    }

    fn read_once(&mut self, place: &MatchedNode<'_>, reference: &Reference) -> Result<Option<TreeNodeId>, OpError> {
        let found = self.read_all(place, reference);
        match found.as_slice() {
            [.., _, last] if self.texts => Err(OpError::new(*last, Reason::Repeated)),
            found => Ok(found.last().copied()),
        }
    }

    /// A merge patch must have all values of a template, or none: what is stored of the others is not known.
    fn all_shown(&mut self, place: &MatchedNode<'_>, template: &[TextPart]) -> Result<(), OpError> {
        let references = template.iter().filter_map(TextPart::reference);
        let values = references.map(|reference| (reference, self.read(place, reference)));
        let values: Vec<_> = values.collect();
        let is_shown = |id: &TreeNodeId| self.tree.kind(*id) != ValueType::Null;
        let shown = values.iter().find_map(|(_, id)| id.filter(is_shown));
        let hidden = values.iter().filter(|(_, id)| !id.is_some_and(|id| is_shown(&id)));
        let hidden: Vec<Pointer> = hidden.map(|(reference, _)| reference.pointer.clone()).collect();
        match shown {
            Some(id) if !hidden.is_empty() => Err(OpError::new(id, Reason::hidden(&hidden))),
            _ => Ok(()),
        }
    }

    fn path_parameter(&self, name: &str) -> Option<&'a str> {
        let parameters = self.path?;
        parameters.iter().find(|(known, _)| **known == *name).map(|(_, value)| &**value)
    }

    fn push_text(&self, source: TreeNodeId, raw: &mut Vec<u8>) -> Result<(), OpError> {
        let value = self.tree.text(source);
        match self.tree.kind(source) {
            ValueType::Text => raw.extend_from_slice(&text::respell(text::inner(&value))),
            ValueType::Number | ValueType::Boolean => raw.extend_from_slice(&value),
            _ => return Err(self.wanted(source, "a string, a number or a boolean")),
        }
        Ok(())
    }

    fn relocate(
        &mut self,
        node: TreeNodeId,
        from: &Pointer,
        to: &Pointer,
        collision: Collision,
    ) -> Result<(), OpError> {
        if from == to {
            return Ok(());
        }
        let sources = self.tree.find(node, from);
        let Some(last) = sources.last().copied() else { return Ok(()) };
        if from.starts_with(to) || to.starts_with(from) {
            return Err(OpError::new(last, Reason::Inside));
        }
        self.take(node, &sources, [to])?;
        let values = self.counting(sources.clone()).into_iter().map(|source| self.tree.detach(source)).collect();
        self.write_all(node, to, values, collision)?;
        self.prune(node, &sources);
        Ok(())
    }

    /// Removes the sources, when all targets can be written then; else nothing is changed.
    pub(super) fn take<'p>(
        &mut self,
        node: TreeNodeId,
        sources: &[TreeNodeId],
        targets: impl IntoIterator<Item = &'p Pointer>,
    ) -> Result<(), OpError> {
        sources.iter().for_each(|id| self.tree.kill(*id));
        let writable = targets.into_iter().try_for_each(|to| self.target(node, to).map(|_| ()));
        if writable.is_err() {
            sources.iter().for_each(|id| self.tree.revive(*id));
        }
        writable
    }

    /// Whether a value can be written there.
    pub(super) fn writable(&mut self, node: TreeNodeId, to: &Pointer) -> Result<(), OpError> {
        self.target(node, to).map(|_| ())
    }

    fn target<'p>(&mut self, node: TreeNodeId, to: &'p Pointer) -> Result<WriteTarget<'p>, OpError> {
        let existing = self.tree.find(node, to);
        if !existing.is_empty() {
            return Ok(WriteTarget::Existing(existing));
        }
        let mut at = node;
        for (index, token) in to.tokens().iter().enumerate() {
            match self.tree.step(at, token).pop() {
                Some(next) => at = next,
                None if self.tree.kind(at) == ValueType::Object => {
                    return Ok(WriteTarget::Missing(at, &to.tokens()[index..]));
                }
                None => break,
            }
        }
        Err(self.wanted(at, "an object"))
    }

    pub(super) fn write(
        &mut self,
        node: TreeNodeId,
        to: &Pointer,
        value: TreeNodeId,
        collision: Collision,
    ) -> Result<(), OpError> {
        let existing = match self.target(node, to)? {
            WriteTarget::Missing(object, tokens) => {
                self.tree.append_path(object, tokens, value, self.change);
                return Ok(());
            }
            WriteTarget::Existing(existing) => existing,
        };
        self.collisions += 1;
        if collision == Collision::Replace
            && let Some((last, others)) = existing.split_last()
        {
            others.iter().for_each(|id| self.tree.kill(*id));
            self.tree.revive(*last);
            self.tree.set_mark(*last, false);
            self.tree.put(*last, value);
        }
        Ok(())
    }

    /// Writes several members of one name, in their order.
    fn write_all(
        &mut self,
        node: TreeNodeId,
        to: &Pointer,
        values: Vec<TreeNodeId>,
        collision: Collision,
    ) -> Result<(), OpError> {
        let mut values = values.into_iter();
        let (Some(first), Some(name)) = (values.next(), to.tokens().last()) else { return Ok(()) };
        let kept = collision == Collision::Keep && !self.tree.find(node, to).is_empty();
        self.write(node, to, first, collision)?;
        let written = self.tree.find(node, to).pop().filter(|_| !kept);
        let object = written.and_then(|id| self.tree.parent(id));
        if let Some(object) = object.filter(|id| self.tree.kind(*id) == ValueType::Object) {
            values.for_each(|value| self.tree.append(object, name, value));
        }
        Ok(())
    }

    /// Drops the objects that were left empty, up to the node. The place of an array's element says which it is, so
    /// those stay.
    pub(super) fn prune(&mut self, node: TreeNodeId, sources: &[TreeNodeId]) {
        for source in sources {
            let mut at = self.tree.parent(*source);
            while let Some(object) = at.filter(|id| *id != node && !self.tree.is_dead(*id)) {
                let element = self.tree.parent(object).is_none_or(|parent| self.tree.kind(parent) == ValueType::List);
                if element || self.tree.kind(object) != ValueType::Object || !self.tree.is_empty(object) {
                    break;
                }
                self.tree.kill(object);
                at = self.tree.parent(object);
            }
        }
    }
}
