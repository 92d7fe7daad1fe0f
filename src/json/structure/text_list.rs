//! A text with separators, and a list of texts.

use std::borrow::Cow;

use super::super::equal::ValueType;
use super::super::interpret::{Interpreter, OpError};
use super::super::text;
use super::super::tree::TreeNodeId;

const AMBIGUOUS: &str = "the array would not come back from a string: an element contains the separator, or the only element \
                         is empty";

// === impl Interpreter ===

impl Interpreter<'_> {
    pub(super) fn split_list(&mut self, id: TreeNodeId, on: &str) -> Result<(), OpError> {
        match self.tree.kind(id) {
            ValueType::Null => return Ok(()),
            ValueType::Text => {}
            _ => return Err(self.wanted(id, "a string")),
        }
        let value = self.tree.text(id);
        let parts = parts(text::inner(&value), on);
        let quoted: Vec<Vec<u8>> = parts.iter().map(|part| [b"\"", &**part, b"\""].concat()).collect();
        let list = [b"[", quoted.join(&b',').as_slice(), b"]"].concat();
        self.tree.set(id, Cow::Owned(list));
        Ok(())
    }

    pub(super) fn join_list(&mut self, id: TreeNodeId, on: &str, lossy: bool) -> Result<(), OpError> {
        match self.tree.kind(id) {
            ValueType::Null => return Ok(()),
            ValueType::List => {}
            _ => return Err(self.wanted(id, "an array")),
        }
        let mut elements = Vec::new();
        for element in self.tree.children(id) {
            if self.tree.kind(element) != ValueType::Text {
                return Err(self.wanted(element, "a string"));
            }
            elements.push(text::respell(text::inner(&self.tree.text(element))).into_owned());
        }
        let mut separator = Vec::new();
        text::escape(on, &mut separator);
        let joined = elements.join(&separator[..]);
        if !lossy && parts(&joined, on) != elements {
            return Err(OpError::structure(id, AMBIGUOUS));
        }
        self.tree.set(id, Cow::Owned([b"\"", &*joined, b"\""].concat()));
        Ok(())
    }
}

/// The parts of a text between separators, with the fewest escapes.
fn parts<'r>(raw: &'r [u8], on: &str) -> Vec<Cow<'r, [u8]>> {
    if raw.is_empty() { Vec::new() } else { text::split(raw, on, usize::MAX) }
}
