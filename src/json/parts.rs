//! A text that becomes several, and several that become one.

use std::borrow::Cow;

use super::equal::ValueType;
use super::error::Reason;
use super::interpret::{Interpreter, OpError};
use super::tree::{FoundNodes, TreeNodeId};
use super::{Collision, Mode, Pointer, text};

const NULL: &[u8] = b"null";

// === impl Interpreter ===

impl Interpreter<'_> {
    /// `null` has parts that are `null`: in a merge patch they are deleted as the whole is.
    pub(super) fn split(
        &mut self,
        node: TreeNodeId,
        at: &Pointer,
        into: &[Pointer],
        on: &str,
        collision: Collision,
    ) -> Result<(), OpError> {
        let sources = self.tree.find(node, at);
        let Some(last) = sources.last().copied() else { return Ok(()) };
        let mut parts = match self.tree.kind(last) {
            ValueType::Text => self.parts(last, on, into.len()),
            ValueType::Null => vec![NULL.to_vec(); into.len()],
            _ => return Err(self.wanted(last, "a string")),
        };
        if self.mode == Mode::MergePatch {
            // The whole has no such part any more, and what is stored of it would stay.
            parts.resize(into.len(), NULL.to_vec());
        }
        self.take(node, &sources, into.iter().take(parts.len()))?;
        for absent in into.iter().skip(parts.len()) {
            self.clear(node, absent, collision);
        }
        for (part, to) in parts.into_iter().zip(into) {
            if to == at {
                self.stay(last, part);
                continue;
            }
            let value = self.tree.add(Cow::Owned(part));
            self.write(node, to, value, collision)?;
        }
        self.prune(node, &sources);
        Ok(())
    }

    /// There is no value for this place: what is there is not a part of the text.
    fn clear(&mut self, node: TreeNodeId, to: &Pointer, collision: Collision) {
        let existing = self.tree.find(node, to);
        self.collisions += u64::from(!existing.is_empty());
        if collision == Collision::Replace {
            existing.iter().for_each(|id| self.tree.kill(*id));
            self.prune(node, &existing);
        }
    }

    /// A source that is a target as well keeps its place.
    fn stay(&mut self, source: TreeNodeId, value: Vec<u8>) {
        self.tree.revive(source);
        self.tree.set(source, Cow::Owned(value));
    }

    fn parts(&self, id: TreeNodeId, on: &str, most: usize) -> Vec<Vec<u8>> {
        let value = self.tree.text(id);
        text::split(text::inner(&value), on, most).iter().map(|part| [b"\"", &**part, b"\""].concat()).collect()
    }

    /// What is absent from a partial body may be stored, so the whole is known only with all its parts.
    pub(super) fn join(
        &mut self,
        node: TreeNodeId,
        (from, partial): (&[Pointer], bool),
        to: &Pointer,
        (on, lossy): (&str, bool),
        collision: Collision,
    ) -> Result<(), OpError> {
        let found: Vec<_> = from.iter().map(|from| self.tree.find(node, from)).collect();
        let lasts: Vec<_> = found.iter().filter_map(|ids| ids.last().copied()).collect();
        let (nulls, present): (Vec<_>, Vec<_>) = lasts.iter().partition(|id| self.tree.kind(**id) == ValueType::Null);
        let Some(first) = lasts.first().copied() else { return Ok(()) };
        if let Some(inside) = from.iter().find(|from| *from != to && from.starts_with(to)) {
            let at = self.tree.find(node, inside).pop().unwrap_or(first);
            return Err(OpError::new(at, Reason::Inside));
        }
        let mixed = self.mode == Mode::MergePatch && !(nulls.is_empty() || present.is_empty());
        if mixed || partial && lasts.len() < from.len() {
            return Err(OpError::new(first, Reason::SomeParts));
        }
        let joined = match present.as_slice() {
            [] => NULL.to_vec(),
            present => self.joined(present, on)?,
        };
        if !lossy && !present.is_empty() && !self.splits_again(&joined, on, &found) {
            return Err(OpError::new(first, Reason::Parts));
        }
        let own = from.iter().zip(&found).find(|(from, _)| *from == to).and_then(|(_, ids)| ids.last().copied());
        let sources = found.concat();
        self.take(node, &sources, [to])?;
        match own {
            Some(own) => self.stay(own, joined),
            None => {
                let value = self.tree.add(Cow::Owned(joined));
                self.write(node, to, value, collision)?;
            }
        }
        self.prune(node, &sources);
        Ok(())
    }

    /// Whether the joined text, split again, gives the parts that were found. An absent or null part is absent again if no
    /// other follows it.
    fn splits_again(&self, joined: &[u8], on: &str, found: &[FoundNodes]) -> bool {
        let part = |ids: &FoundNodes| {
            let id = ids.last().copied().filter(|id| self.tree.kind(*id) == ValueType::Text)?;
            Some(text::unescape(text::inner(&self.tree.text(id))).into_owned())
        };
        let mut again = text::split(text::inner(joined), on, found.len()).into_iter();
        found.iter().all(|ids| part(ids) == again.next().map(|part| text::unescape(&part).into_owned()))
    }

    fn joined(&self, present: &[TreeNodeId], on: &str) -> Result<Vec<u8>, OpError> {
        let mut raw = vec![b'"'];
        for (index, id) in present.iter().enumerate() {
            if self.tree.kind(*id) != ValueType::Text {
                return Err(self.wanted(*id, "a string"));
            }
            text::escape(if index > 0 { on } else { "" }, &mut raw);
            raw.extend_from_slice(&text::respell(text::inner(&self.tree.text(*id))));
        }
        raw.push(b'"');
        Ok(raw)
    }
}
