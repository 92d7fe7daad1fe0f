//! The ops with one end: what they change stays where it is.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::equal::ValueType;
use super::error::Reason;
use super::interpret::{Interpreter, OpError};
use super::tree::{FoundNodes, TreeNodeId};
use super::{Collision, Condition, Conversion, JsonType, Literal, Many, Mode, Other, Pointer, Wrapper, text};

// === impl Interpreter ===

impl<'a> Interpreter<'a> {
    /// With `only_made`, only to objects that a step of the same change made.
    pub(super) fn add(&mut self, node: TreeNodeId, at: &Pointer, value: &'a Literal, only_made: bool) {
        let Some((parent, name)) = at.parent() else { return };
        for object in self.tree.find(node, &parent) {
            let is_place = self.tree.kind(object) == ValueType::Object && self.tree.members(object, name).is_empty();
            if is_place && (!only_made || self.tree.is_made(object, self.change)) {
                let value = self.tree.add(Cow::Borrowed(value.as_bytes()));
                self.tree.set_made(value, self.change);
                self.tree.append(object, name, value);
            }
        }
    }

    pub(super) fn restore(&mut self, node: TreeNodeId, at: &Pointer, source: TreeNodeId) {
        let Some((parent, name)) = at.parent() else { return };
        for object in self.tree.find(node, &parent) {
            if self.tree.kind(object) == ValueType::Object && self.tree.members(object, name).is_empty() {
                let value = self.tree.duplicate(source);
                self.tree.append(object, name, value);
            }
        }
    }

    pub(super) fn drop_value(&mut self, id: TreeNodeId) -> Result<(), OpError> {
        if self.tree.parent(id).is_none() {
            return Err(OpError::new(id, Reason::Root));
        }
        self.tree.kill(id);
        Ok(())
    }

    /// What is no string is no link, and stays; so does all where nothing says what becomes of links.
    pub(super) fn link(&mut self, id: TreeNodeId) {
        let Some(links) = self.links.filter(|_| self.tree.kind(id) == ValueType::Text) else { return };
        let value = self.tree.text(id);
        let url = text::unescape(text::inner(&value));
        // A lone surrogate is in no URL.
        let mapped = std::str::from_utf8(&url).ok().and_then(|url| links.map(url));
        if let Some(url) = mapped {
            self.tree.set(id, Cow::Owned(text::quote(&url)));
        }
    }

    pub(super) fn rename(&mut self, node: TreeNodeId, object: &Pointer, [from, to]: [&str; 2], collision: Collision) {
        if from == to {
            return;
        }
        for object in self.tree.find(node, object) {
            let sources = self.tree.members(object, from);
            let targets = if sources.is_empty() { FoundNodes::new() } else { self.tree.members(object, to) };
            self.collisions += u64::from(!targets.is_empty());
            match collision {
                Collision::Keep if !targets.is_empty() => sources.into_iter().for_each(|id| self.tree.kill(id)),
                _ if sources.is_empty() => {}
                _ => {
                    targets.into_iter().for_each(|id| self.tree.kill(id));
                    self.tree.rename(object, from, to);
                }
            }
        }
    }

    /// In a merge patch `null` deletes the value, and so it deletes what the value is wrapped into.
    pub(super) fn wrap(&mut self, id: TreeNodeId, into: &Wrapper) -> Result<(), OpError> {
        if self.mode == Mode::MergePatch && self.tree.kind(id) == ValueType::Null {
            return Ok(());
        }
        match into {
            Wrapper::Array if self.is_merged(id) => return Err(OpError::new(id, Reason::Merged)),
            Wrapper::Array => self.tree.wrap(id, None),
            Wrapper::Member(name) => self.tree.wrap(id, Some(name)),
        }
        self.tree.set_made(id, self.change);
        Ok(())
    }

    /// Puts a member in the place of the object around it.
    pub(super) fn take_out(&mut self, id: TreeNodeId, name: &str, lossy: bool) -> Result<(), OpError> {
        match self.tree.kind(id) {
            ValueType::Null => return Ok(()),
            ValueType::Object => {}
            _ => return Err(self.wanted(id, "an object")),
        }
        match self.tree.members(id, name).pop() {
            None => Err(OpError::new(id, Reason::Missing { name: name.into() })),
            Some(_) if !lossy && self.tree.has_others(id, name) => Err(OpError::new(id, Reason::Siblings)),
            Some(member) => self.lift(id, member),
        }
    }

    /// Puts an element in the place of the list around it.
    pub(super) fn take_element(
        &mut self,
        id: TreeNodeId,
        (resource, partial): (TreeNodeId, bool),
        (which, many): (Option<&Condition<Pointer>>, Many),
    ) -> Result<(), OpError> {
        let kind = self.tree.kind(id);
        if kind == ValueType::Null {
            return Ok(());
        }
        if kind != ValueType::List && !(kind == ValueType::Object && self.objects_as_lists) {
            return Err(self.wanted(id, "an array"));
        }
        let mut elements = self.tree.children(id);
        if let Some(which) = which {
            elements.retain(|element| self.holds_of(which, *element));
        }
        match (elements.as_slice(), many) {
            ([], _) if self.mode == Mode::MergePatch => self.replace(id, Cow::Borrowed(b"null")),
            ([], _) if partial => Err(OpError::new(id, Reason::Uncleared)),
            ([], _) => self.drop_empty(id, resource),
            ([first], _) | ([first, ..], Many::First) if self.is_merged(*first) => {
                Err(OpError::new(*first, Reason::Merged))
            }
            ([first], _) | ([first, ..], Many::First) => self.lift(id, *first),
            (elements, Many::Error) => Err(OpError::new(id, Reason::Many { elements: elements.len() })),
        }
    }

    /// In a merge patch `null` deletes the value, and so there is none.
    pub(super) fn require(&mut self, id: TreeNodeId, must: &Condition<Pointer>) -> Result<(), OpError> {
        let deleted = self.mode == Mode::MergePatch && self.tree.kind(id) == ValueType::Null;
        let holds = deleted || self.holds_of(must, id);
        if holds { Ok(()) } else { Err(OpError::new(id, Reason::Required)) }
    }

    fn drop_empty(&mut self, id: TreeNodeId, resource: TreeNodeId) -> Result<(), OpError> {
        let in_object = self.tree.parent(id).is_some_and(|parent| self.tree.kind(parent) == ValueType::Object);
        if id == resource || !in_object {
            return Err(OpError::new(id, Reason::Nothing));
        }
        self.tree.kill(id);
        Ok(())
    }

    /// Puts what is inside of a value in its place.
    fn lift(&mut self, id: TreeNodeId, inner: TreeNodeId) -> Result<(), OpError> {
        let inner = self.tree.detach(inner);
        self.tree.put(id, inner);
        Ok(())
    }

    /// Whether the value is merged into what is stored, and does not replace it.
    fn is_merged(&self, id: TreeNodeId) -> bool {
        self.mode == Mode::MergePatch && self.tree.kind(id) == ValueType::Object
    }

    fn replace(&mut self, id: TreeNodeId, value: Cow<'a, [u8]>) -> Result<(), OpError> {
        self.tree.set(id, value);
        Ok(())
    }

    pub(super) fn map(
        &mut self,
        id: TreeNodeId,
        pairs: &'a [(Literal, Literal)],
        other: &'a Other,
    ) -> Result<(), OpError> {
        let null = self.tree.kind(id) == ValueType::Null;
        if null && self.mode == Mode::MergePatch {
            return Ok(());
        }
        let listed = pairs.iter().find(|(from, _)| self.is_literal(id, from)).map(|(_, to)| to);
        let to = match (listed, other) {
            (Some(to), _) => to,
            (None, _) if null => return self.unmapped(id, pairs),
            (None, Other::Keep) => return self.unmapped(id, pairs),
            (None, Other::Value(to)) => to,
            (None, Other::Error) => {
                return Err(OpError::new(
                    id,
                    Reason::Unlisted { found: self.tree.kind(id).name(), known: Box::default() },
                ));
            }
        };
        if self.mode == Mode::MergePatch && to.as_bytes() == b"null" {
            return Err(OpError::new(id, Reason::Deletes));
        }
        if self.mode == Mode::MergePatch && is_overlaid(pairs, other, (&self.tree.text(id), to)) {
            return Err(OpError::new(id, Reason::Overlaid));
        }
        self.replace(id, Cow::Borrowed(to.as_bytes()))?;
        self.tree.set_made(id, self.change);
        Ok(())
    }

    /// A value that stays as it is must not be one that another becomes: it would come back as that one.
    fn unmapped(&self, id: TreeNodeId, pairs: &[(Literal, Literal)]) -> Result<(), OpError> {
        match pairs.iter().any(|(_, to)| self.is_literal(id, to)) {
            true => Err(OpError::new(id, Reason::Ambiguous)),
            false => Ok(()),
        }
    }

    pub(super) fn convert(&mut self, id: TreeNodeId, conversion: &Conversion) -> Result<(), OpError> {
        if self.tree.kind(id) == ValueType::Null {
            return Ok(());
        }
        match conversion.apply(self.tree.kind(id), &self.tree.text(id)) {
            Some(converted) => {
                let merged = self.mode == Mode::MergePatch && ValueType::of(&converted) == ValueType::Object;
                match merged || self.is_merged(id) {
                    true => Err(OpError::new(id, Reason::Merged)),
                    false => self.replace(id, Cow::Owned(converted)),
                }
            }
            None => Err(self.wanted(id, conversion.wanted(self.tree.kind(id), &self.tree.text(id)))),
        }
    }
}

/// Whether, in a merge patch, a value of a map would leave members of another value in the place: one of the sides has
/// objects with different members.
fn is_overlaid(pairs: &[(Literal, Literal)], other: &Other, (from, to): (&[u8], &Literal)) -> bool {
    let lacks = |value: &[u8], side: fn(&(Literal, Literal)) -> &Literal, rest: Option<&Literal>| {
        ValueType::of(value) == ValueType::Object && {
            let members = members(value);
            pairs.iter().map(side).chain(rest).any(|other| !members.is_superset(&members_of(other)))
        }
    };
    let rest = if let Other::Value(value) = other { Some(value) } else { None };
    lacks(from, |(from, _)| from, None) || lacks(to.as_bytes(), |(_, to)| to, rest)
}

fn members_of(literal: &Literal) -> BTreeSet<Pointer> {
    if literal.json_type() == JsonType::Object { members(literal.as_bytes()) } else { BTreeSet::new() }
}

/// The places of all members of an object, at any depth.
fn members(object: &[u8]) -> BTreeSet<Pointer> {
    fn walk(value: &serde_json::Value, at: &Pointer, into: &mut BTreeSet<Pointer>) {
        for (name, value) in value.as_object().into_iter().flatten() {
            let at = at.child(name);
            walk(value, &at, into);
            into.insert(at);
        }
    }
    let mut found = BTreeSet::new();
    if let Ok(value) = serde_json::from_slice(object) {
        walk(&value, &Pointer::ROOT, &mut found);
    }
    found
}
