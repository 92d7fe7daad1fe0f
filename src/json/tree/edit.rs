use std::borrow::Cow;
use std::mem;
use std::num::NonZeroU32;

use super::super::{Pointer, text};
use super::{Container, Item, MemberName, NodeContent, Tree, TreeNode, TreeNodeId};

// === impl Tree ===

impl<'a> Tree<'a> {
    /// A tree of objects with one member each, down to a marked value.
    pub(in crate::json) fn nested(tokens: &[Box<str>], value: Cow<'a, [u8]>) -> Self {
        let mut tree = Self::of(value);
        // It is only a part of what was read.
        tree.read = b"";
        tree.set_mark(tree.root, true);
        for token in tokens.iter().rev() {
            tree.root = tree.object_of(token, tree.root);
        }
        tree
    }

    /// Takes a node out of its container; its text stays readable.
    pub(in crate::json) fn kill(&mut self, id: TreeNodeId) {
        self.edits += 1;
        self.node_mut(id).dead = true;
        self.dirty.extend(self.parent(id));
    }

    /// Undoes [`Tree::kill`], when nothing was swept since.
    pub(in crate::json) fn revive(&mut self, id: TreeNodeId) {
        self.node_mut(id).dead = false;
    }

    /// Forgets what is dead.
    pub(in crate::json) fn sweep(&mut self) {
        let mut dirty = mem::take(&mut self.dirty);
        dirty.sort_unstable();
        dirty.dedup();
        for id in dirty {
            self.edit(id, |tree, container| container.items.retain(|item| !tree.node(item.value).dead));
        }
    }

    /// Gives the value another text, in its place.
    pub(in crate::json) fn set(&mut self, id: TreeNodeId, value: Cow<'a, [u8]>) {
        let same = matches!(&self.node(id).content, NodeContent::Text(old) if *old == value);
        self.edits += u64::from(!same);
        let node = self.node_mut(id);
        node.content = NodeContent::Text(value);
        node.made = None;
    }

    /// Moves the content of a node into a new, detached one. The old one becomes `null`.
    pub(in crate::json) fn detach(&mut self, id: TreeNodeId) -> TreeNodeId {
        let content = self.take_content(id);
        let detached = self.add_content(content);
        self.node_mut(detached).marked = mem::take(&mut self.node_mut(id).marked);
        self.node_mut(detached).made = mem::take(&mut self.node_mut(id).made);
        self.adopt(detached);
        detached
    }

    /// Moves the content of `source` into `target`, which keeps its place. A mark comes along.
    pub(in crate::json) fn put(&mut self, target: TreeNodeId, source: TreeNodeId) {
        let content = self.take_content(source);
        let marked = mem::take(&mut self.node_mut(source).marked);
        let made = mem::take(&mut self.node_mut(source).made);
        self.edits += 1;
        let node = self.node_mut(target);
        node.content = content;
        node.marked |= marked;
        node.made = made;
        self.adopt(target);
    }

    /// The same value once more, standing nowhere.
    pub(in crate::json) fn duplicate(&mut self, id: TreeNodeId) -> TreeNodeId {
        let len = match &self.node(id).content {
            NodeContent::Text(text) => text.len(),
            NodeContent::Open(container) => 2 + container.items.iter().map(Item::len).sum::<usize>(),
        };
        self.room = self.room.saturating_sub(len);
        if self.is_full() {
            return self.add_content(NodeContent::Text(Cow::Borrowed(b"null")));
        }
        let TreeNode { content, marked, made, .. } = self.node(id);
        let (content, marked, made) = (content.clone(), *marked, *made);
        let copy = self.add_content(content);
        let node = self.node_mut(copy);
        (node.marked, node.made) = (marked, made);
        self.edit(copy, |tree, container| {
            container.items.retain(|item| !tree.node(item.value).dead);
            for item in &mut container.items {
                item.value = tree.duplicate(item.value);
                tree.node_mut(item.value).parent = Some(copy);
            }
        });
        copy
    }

    /// A new member at the end of an object.
    pub(in crate::json) fn append(&mut self, object: TreeNodeId, name: &str, value: TreeNodeId) {
        let item = Item::member(name, value);
        self.insert_item(object, None, item);
    }

    /// A new member at the end of an object, whose key is spelled like this, quotes included.
    pub(in crate::json) fn append_spelled(&mut self, object: TreeNodeId, key: Cow<'a, [u8]>, value: TreeNodeId) {
        let name = MemberName { key, colon: b":" };
        self.insert_item(object, None, Item { lead: b"", name: Some(name), value, trail: b"" });
    }

    /// Gives members other keys, quotes included: by their values, in the order of the document.
    pub(in crate::json) fn respell(&mut self, object: TreeNodeId, keys: Vec<(TreeNodeId, Vec<u8>)>) {
        self.open(object);
        self.edit(object, |tree, container| {
            let mut keys = keys.into_iter().peekable();
            for item in &mut container.items {
                if let (Some(name), Some((_, key))) = (&mut item.name, keys.next_if(|(value, _)| *value == item.value))
                {
                    tree.edits += u64::from(*name.key != *key);
                    name.key = Cow::Owned(key);
                }
            }
        });
    }

    /// A new element before the `at`-th.
    pub(in crate::json) fn insert(&mut self, list: TreeNodeId, at: usize, value: TreeNodeId) {
        self.insert_item(list, Some(at), Item::element(value));
    }

    /// Makes objects for all tokens but the last, and puts the value under that. The objects are made by `change`.
    pub(in crate::json) fn append_path(
        &mut self,
        object: TreeNodeId,
        tokens: &[Box<str>],
        value: TreeNodeId,
        change: u32,
    ) {
        let Some((first, rest)) = tokens.split_first() else { return };
        let mut value = value;
        for token in rest.iter().rev() {
            value = self.object_of(token, value);
            self.set_made(value, change);
        }
        self.append(object, first, value);
    }

    /// Puts a node into an array of one, or into an object of one member. Its mark goes to the outside.
    pub(in crate::json) fn wrap(&mut self, id: TreeNodeId, name: Option<&str>) {
        self.edits += 1;
        let marked = mem::take(&mut self.node_mut(id).marked);
        let inner = self.detach(id);
        let item = name.map_or_else(|| Item::element(inner), |name| Item::member(name, inner));
        self.node_mut(inner).parent = Some(id);
        let node = self.node_mut(id);
        node.content = NodeContent::of_one(item);
        node.marked = marked;
    }

    pub(in crate::json) fn object_of(&mut self, name: &str, value: TreeNodeId) -> TreeNodeId {
        let object = self.add_content(NodeContent::of_one(Item::member(name, value)));
        self.node_mut(value).parent = Some(object);
        object
    }

    /// Gives all members of one name another, in their places.
    pub(in crate::json) fn rename(&mut self, object: TreeNodeId, from: &str, to: &str) {
        self.open(object);
        self.edit(object, |tree, container| {
            for name in container.items.iter_mut().filter_map(|item| item.name.as_mut()) {
                if text::spells(&name.key, from) {
                    tree.edits += u64::from(from != to);
                    name.key = Cow::Owned(text::quote(to));
                }
            }
        });
    }

    /// Notes which change made the value.
    pub(in crate::json) fn set_made(&mut self, id: TreeNodeId, change: u32) {
        self.node_mut(id).made = Some(NonZeroU32::MIN.saturating_add(change));
    }

    pub(in crate::json) fn set_mark(&mut self, id: TreeNodeId, marked: bool) {
        self.node_mut(id).marked = marked;
    }

    /// The current places of the marked values.
    pub(in crate::json) fn marked(&self) -> Vec<(TreeNodeId, Pointer)> {
        let ids = (0..self.nodes.len()).map(TreeNodeId).filter(|id| self.node(*id).marked && self.is_reachable(*id));
        ids.map(|id| (id, self.pointer(id))).collect()
    }

    fn is_reachable(&self, id: TreeNodeId) -> bool {
        let mut at = id;
        while !self.node(at).dead {
            match self.node(at).parent {
                Some(parent) => at = parent,
                None => return at == self.root,
            }
        }
        false
    }

    fn take_content(&mut self, id: TreeNodeId) -> NodeContent<'a> {
        mem::replace(&mut self.node_mut(id).content, NodeContent::Text(Cow::Borrowed(b"null")))
    }

    /// Updates the positions of the children.
    fn adopt(&mut self, id: TreeNodeId) {
        self.edit(id, |tree, container| {
            container.items.iter().for_each(|item| tree.node_mut(item.value).parent = Some(id));
            let dead = container.items.iter().any(|item| tree.node(item.value).dead);
            tree.dirty.extend(dead.then_some(id));
        });
    }

    /// Works on a container that was taken apart, and on others at the same time.
    fn edit(&mut self, id: TreeNodeId, change: impl FnOnce(&mut Self, &mut Container<'a>)) {
        let mut content = self.take_content(id);
        if let NodeContent::Open(container) = &mut content {
            change(self, container);
        }
        self.node_mut(id).content = content;
    }

    fn insert_item(&mut self, id: TreeNodeId, at: Option<usize>, item: Item<'a>) {
        self.edits += 1;
        self.open(id);
        self.node_mut(item.value).parent = Some(id);
        self.edit(id, |_, container| {
            let end = container.items.len();
            container.items.insert(at.unwrap_or(end).min(end), item);
        });
    }
}

// === impl Item ===

impl<'a> Item<'a> {
    fn member(name: &str, value: TreeNodeId) -> Self {
        let name = MemberName { key: Cow::Owned(text::quote(name)), colon: b":" };
        Self { lead: b"", name: Some(name), value, trail: b"" }
    }

    /// What it adds to its value.
    fn len(&self) -> usize {
        1 + self.name.as_ref().map_or(0, |name| name.key.len() + name.colon.len())
    }

    fn element(value: TreeNodeId) -> Self {
        Self { lead: b"", name: None, value, trail: b"" }
    }
}

// === impl NodeContent ===

impl<'a> NodeContent<'a> {
    fn of_one(item: Item<'a>) -> Self {
        Self::Open(Box::new(Container { object: item.name.is_some(), items: vec![item], tail: b"" }))
    }
}
