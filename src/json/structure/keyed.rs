//! An object whose members become the elements of a list, and back.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::super::equal::ValueType;
use super::super::error::Reason;
use super::super::interpret::{Interpreter, OpError};
use super::super::tree::TreeNodeId;
use super::super::{Collision, Mode, Pointer, text};

const TWICE: &str = "the name occurs twice";
const HAS_KEY: &str = "the object already has the member that its name is written to";
const BESIDE: &str = "the other members of the element would be lost";
const MERGED: &str = "a merge patch cannot change a value that is an object in one version and an array in the other";

// === impl Interpreter ===

impl Interpreter<'_> {
    pub(super) fn entries_in_place(&mut self, id: TreeNodeId, key: &str, value: Option<&str>) -> Result<(), OpError> {
        if self.fits(id, ValueType::Object, "an object")? {
            self.check_entries(id, key, value)?;
            let list = self.build_entries(id, key, value)?;
            self.tree.put(id, list);
        }
        Ok(())
    }

    pub(super) fn keyed_in_place(
        &mut self,
        id: TreeNodeId,
        key: &str,
        value: Option<&str>,
        lossy: bool,
    ) -> Result<(), OpError> {
        if self.fits(id, ValueType::List, "an array")? {
            self.check_keyed(id, key, value, lossy)?;
            let object = self.build_keyed(id, key, value);
            self.tree.put(id, object);
        }
        Ok(())
    }

    pub(super) fn entries(
        &mut self,
        node: TreeNodeId,
        [from, to]: [&Pointer; 2],
        (key, value): (&str, Option<&str>),
        collision: Collision,
    ) -> Result<(), OpError> {
        let sources = self.tree.find(node, from);
        let Some(last) = sources.last().copied() else { return Ok(()) };
        let fits = self.fits(last, ValueType::Object, "an object")?;
        if fits {
            self.check_entries(last, key, value)?;
        }
        self.take(node, &sources, [to])?;
        let list = if fits { self.build_entries(last, key, value)? } else { self.tree.detach(last) };
        self.write(node, to, list, collision)?;
        self.prune(node, &sources);
        Ok(())
    }

    pub(super) fn keyed(
        &mut self,
        node: TreeNodeId,
        [from, to]: [&Pointer; 2],
        (key, value, lossy): (&str, Option<&str>, bool),
        collision: Collision,
    ) -> Result<(), OpError> {
        let sources = self.tree.find(node, from);
        let Some(last) = sources.last().copied() else { return Ok(()) };
        let fits = self.fits(last, ValueType::List, "an array")?;
        if fits {
            self.check_keyed(last, key, value, lossy)?;
        }
        self.take(node, &sources, [to])?;
        let object = if fits { self.build_keyed(last, key, value) } else { self.tree.detach(last) };
        self.write(node, to, object, collision)?;
        self.prune(node, &sources);
        Ok(())
    }

    /// Whether there is something to take apart. `null` stays `null`. A merge patch (RFC 7396) says what to do to members
    /// of an object, but gives lists whole, so neither can be said as the other.
    fn fits(&self, id: TreeNodeId, kind: ValueType, wanted: &'static str) -> Result<bool, OpError> {
        match self.tree.kind(id) {
            ValueType::Null => Ok(false),
            found if found != kind => Err(self.wanted(id, wanted)),
            _ if self.mode == Mode::MergePatch => Err(OpError::structure(id, MERGED)),
            _ => Ok(true),
        }
    }

    fn check_entries(&mut self, id: TreeNodeId, key: &str, value: Option<&str>) -> Result<(), OpError> {
        let mut names = BTreeSet::new();
        for (name, child) in self.tree.entries(id) {
            if !names.insert(text::unescape(text::inner(&name)).into_owned()) {
                return Err(OpError::structure(child, TWICE));
            }
            if value.is_some() {
                continue;
            }
            if self.tree.kind(child) != ValueType::Object {
                return Err(self.wanted(child, "an object"));
            }
            if !self.tree.members(child, key).is_empty() {
                return Err(OpError::structure(child, HAS_KEY));
            }
        }
        Ok(())
    }

    fn build_entries(&mut self, id: TreeNodeId, key: &str, value: Option<&str>) -> Result<TreeNodeId, OpError> {
        let list = self.tree.add(Cow::Borrowed(b"[]"));
        for (at, (name, child)) in self.tree.entries(id).into_iter().enumerate() {
            let (name, child) = (self.tree.add(name), self.tree.detach(child));
            let element = match value {
                None => child,
                Some(_) => self.tree.add(Cow::Borrowed(b"{}")),
            };
            self.tree.append(element, key, name);
            if let Some(value) = value {
                self.tree.append(element, value, child);
            }
            self.tree.insert(list, at, element);
        }
        Ok(list)
    }

    fn check_keyed(&mut self, id: TreeNodeId, key: &str, value: Option<&str>, lossy: bool) -> Result<(), OpError> {
        let mut names = BTreeSet::new();
        for element in self.tree.children(id) {
            if self.tree.kind(element) != ValueType::Object {
                return Err(self.wanted(element, "an object"));
            }
            let name = self.needed(element, key)?;
            if self.tree.kind(name) != ValueType::Text {
                return Err(self.wanted(name, "a string"));
            }
            if !names.insert(text::unescape(text::inner(&self.tree.text(name))).into_owned()) {
                return Err(OpError::structure(name, TWICE));
            }
            let Some(value) = value else { continue };
            self.needed(element, value)?;
            let own = |name: &[u8]| text::spells(name, key) || text::spells(name, value);
            if !lossy && self.tree.entries(element).iter().any(|(name, _)| !own(name)) {
                return Err(OpError::structure(element, BESIDE));
            }
        }
        Ok(())
    }

    fn needed(&mut self, element: TreeNodeId, name: &str) -> Result<TreeNodeId, OpError> {
        let missing = || OpError::new(element, Reason::Missing { name: name.into() });
        self.tree.members(element, name).pop().ok_or_else(missing)
    }

    fn build_keyed(&mut self, id: TreeNodeId, key: &str, value: Option<&str>) -> TreeNodeId {
        let object = self.tree.add(Cow::Borrowed(b"{}"));
        for element in self.tree.children(id) {
            let names = self.tree.members(element, key);
            let Some(name) = names.last().map(|name| self.tree.text(*name).into_owned()) else { continue };
            let inner = match value.map(|value| self.tree.members(element, value).pop()) {
                Some(Some(inner)) => inner,
                Some(None) => continue,
                None => {
                    names.into_iter().for_each(|name| self.tree.kill(name));
                    element
                }
            };
            let inner = self.tree.detach(inner);
            self.tree.append_spelled(object, Cow::Owned(name), inner);
        }
        object
    }
}
