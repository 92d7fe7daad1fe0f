//! The lossless tree: every span that nothing touched is written back as it was read.
//!
//! A value is kept as its text until something looks inside, and then one level is taken apart; so memory follows what
//! the ops touch, not the document. Nodes live in one list: no recursion to drop them. What is removed is only marked
//! dead, and swept out of its container later.

use std::borrow::Cow;
use std::num::NonZeroU32;

use smallvec::{SmallVec, smallvec};

use super::equal::ValueType;
use super::layout::{self, Layout, LayoutItem};
use super::pattern::Segment;
use super::{MigrateError, MigrateOptions, Pattern, Pointer, scan, text};

mod edit;
mod print;

/// The name of a node in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TreeNodeId(usize);

/// What a name or pointer leads to: mostly one node, more where names are duplicates.
pub(super) type FoundNodes = SmallVec<[TreeNodeId; 2]>;

#[derive(Debug)]
pub(super) struct Tree<'a> {
    nodes: Vec<TreeNode<'a>>,
    root: TreeNodeId,
    /// The text before and after the root: white space, a byte order mark.
    around: [&'a [u8]; 2],
    /// What was read: the document, or the value.
    read: &'a [u8],
    /// How many more bytes may be added.
    room: usize,
    /// Containers that hold dead nodes.
    dirty: Vec<TreeNodeId>,
    /// How often something was altered.
    edits: u64,
}

#[derive(Debug)]
struct TreeNode<'a> {
    parent: Option<TreeNodeId>,
    dead: bool,
    /// Whether this is the value that a JSON Patch operation carries. It follows the value, also into copies.
    marked: bool,
    /// Which change made the value, one more than its number. It follows the value like the mark.
    made: Option<NonZeroU32>,
    content: NodeContent<'a>,
}

#[derive(Clone, Debug)]
enum NodeContent<'a> {
    /// Owned texts are ours, so they are compact.
    Text(Cow<'a, [u8]>),
    Open(Box<Container<'a>>),
}

#[derive(Clone, Debug)]
struct Container<'a> {
    object: bool,
    items: Vec<Item<'a>>,
    /// White space before the closing bracket.
    tail: &'a [u8],
}

#[derive(Clone, Debug)]
struct Item<'a> {
    lead: &'a [u8],
    /// In objects.
    name: Option<MemberName<'a>>,
    value: TreeNodeId,
    trail: &'a [u8],
}

#[derive(Clone, Debug)]
struct MemberName<'a> {
    /// In its quotes.
    key: Cow<'a, [u8]>,
    colon: &'a [u8],
}

/// How long a member is at least, in most documents.
const BYTES_OF_NODE: usize = 16;
/// How many nodes there is room for at first: what the ops look into is mostly small, however long the document is.
const FIRST_NODES: usize = 64;

// === impl Tree ===

impl<'a> Tree<'a> {
    /// Checks the whole document and keeps it.
    pub(super) fn parse(document: &'a [u8], options: &MigrateOptions) -> Result<Self, MigrateError> {
        let (start, end) = scan::check(document, options)?;
        let mut tree = Self::of(Cow::Borrowed(&document[start..end]));
        tree.around = [&document[..start], &document[end..]];
        tree.read = document;
        Ok(tree)
    }

    /// Of one value that is known to be valid.
    pub(super) fn of(value: Cow<'a, [u8]>) -> Self {
        let read = match value {
            Cow::Borrowed(text) => text,
            Cow::Owned(_) => b"",
        };
        let nodes = Vec::with_capacity((value.len() / BYTES_OF_NODE).clamp(4, FIRST_NODES));
        let mut tree = Self {
            nodes,
            root: TreeNodeId(0),
            around: [b"", b""],
            read,
            room: usize::MAX,
            dirty: Vec::new(),
            edits: 0,
        };
        tree.root = tree.add(value);
        tree
    }

    pub(super) fn root(&self) -> TreeNodeId {
        self.root
    }

    pub(super) fn kind(&self, id: TreeNodeId) -> ValueType {
        match &self.node(id).content {
            NodeContent::Text(text) => ValueType::of(text),
            NodeContent::Open(container) if container.object => ValueType::Object,
            NodeContent::Open(_) => ValueType::List,
        }
    }

    /// The text of the value.
    pub(super) fn text(&self, id: TreeNodeId) -> Cow<'_, [u8]> {
        match &self.node(id).content {
            NodeContent::Text(text) => Cow::Borrowed(text),
            NodeContent::Open(_) => Cow::Owned(self.print(id)),
        }
    }

    /// The text of a value that was never changed nor looked into.
    pub(super) fn source(&self, id: TreeNodeId) -> Option<&'a [u8]> {
        match self.node(id).content {
            NodeContent::Text(Cow::Borrowed(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_dead(&self, id: TreeNodeId) -> bool {
        self.node(id).dead
    }

    /// Whether the value was made by a step of this change.
    pub(super) fn is_made(&self, id: TreeNodeId, change: u32) -> bool {
        self.node(id).made == Some(NonZeroU32::MIN.saturating_add(change))
    }

    pub(super) fn parent(&self, id: TreeNodeId) -> Option<TreeNodeId> {
        self.node(id).parent
    }

    /// The elements, or the values of all members.
    pub(super) fn children(&mut self, id: TreeNodeId) -> FoundNodes {
        self.items(id).map(|item| item.value).collect()
    }

    /// How many members or elements there are, at most.
    pub(super) fn len(&mut self, id: TreeNodeId) -> usize {
        self.open(id);
        match &self.node(id).content {
            NodeContent::Open(container) => container.items.len(),
            NodeContent::Text(_) => 0,
        }
    }

    pub(super) fn is_empty(&mut self, id: TreeNodeId) -> bool {
        self.items(id).next().is_none()
    }

    /// The values of all members of this name, in the order of the document.
    pub(super) fn members(&mut self, object: TreeNodeId, name: &str) -> FoundNodes {
        let mut found = FoundNodes::new();
        self.members_into(object, name, &mut found);
        found
    }

    fn members_into(&mut self, object: TreeNodeId, name: &str, found: &mut FoundNodes) {
        self.open(object);
        let NodeContent::Open(container) = &self.node(object).content else { return };
        // The names come first: they are at hand, and most are others.
        let named = |item: &&Item<'_>| item.name.as_ref().is_some_and(|key| text::spells(&key.key, name));
        let values = container.items.iter().filter(named).map(|item| item.value);
        found.extend(values.filter(|value| !self.node(*value).dead));
    }

    /// Whether there are members of other names.
    pub(super) fn has_others(&mut self, object: TreeNodeId, name: &str) -> bool {
        self.items(object).any(|item| item.name.as_ref().is_some_and(|key| !text::spells(&key.key, name)))
    }

    /// The keys in their quotes, with the values.
    pub(super) fn entries(&mut self, object: TreeNodeId) -> Vec<(Cow<'a, [u8]>, TreeNodeId)> {
        self.items(object).filter_map(|item| Some((item.name.as_ref()?.key.clone(), item.value))).collect()
    }

    /// What a token of a pointer leads to: all members of the name, or one element.
    pub(super) fn step(&mut self, id: TreeNodeId, token: &str) -> FoundNodes {
        let mut found = FoundNodes::new();
        self.step_into(id, token, &mut found);
        found
    }

    fn step_into(&mut self, id: TreeNodeId, token: &str, found: &mut FoundNodes) {
        match self.kind(id) {
            ValueType::Object => self.members_into(id, token, found),
            ValueType::List => {
                found.extend(index(token).and_then(|at| self.items(id).nth(at)).map(|item| item.value));
            }
            _ => {}
        }
    }

    /// What a segment of a pattern leads to.
    pub(super) fn matching(&mut self, id: TreeNodeId, segment: &Segment) -> FoundNodes {
        match segment {
            Segment::Key(key) => self.step(id, key),
            Segment::Every => self.children(id),
            Segment::AnyDepth => self.inside_out(id),
        }
    }

    /// All that a pattern leads to, what is inside before what is around it.
    pub(super) fn find_all(&mut self, from: TreeNodeId, pattern: &Pattern) -> FoundNodes {
        let mut found = smallvec![from];
        for segment in pattern.segments() {
            found = found.into_iter().flat_map(|id| self.matching(id, segment)).collect();
        }
        found
    }

    /// A value and all that is inside, what is inside first: so an op may change each of them in turn.
    fn inside_out(&mut self, id: TreeNodeId) -> FoundNodes {
        let mut found = smallvec![id];
        let mut next = 0;
        while let Some(at) = found.get(next).copied() {
            found.extend(self.children(at));
            next += 1;
        }
        found.reverse();
        found
    }

    /// All that a pointer leads to, through duplicates too, in the order of the document.
    pub(super) fn find(&mut self, from: TreeNodeId, pointer: &Pointer) -> FoundNodes {
        let mut found = smallvec![from];
        for token in pointer.tokens() {
            for id in std::mem::take(&mut found) {
                self.step_into(id, token, &mut found);
            }
        }
        found
    }

    /// The path to a value in the document that was read, whatever steps have moved since; for one that was made, the path
    /// to where it is now.
    pub(super) fn origin(&self, id: TreeNodeId) -> Pointer {
        self.offset(id).and_then(|offset| layout::pointer(self.read, offset)).unwrap_or_else(|| self.pointer(id))
    }

    /// A place of the document that was read which is inside of this value, and of none that is inside of it.
    fn offset(&self, id: TreeNodeId) -> Option<usize> {
        let own = match &self.node(id).content {
            NodeContent::Text(Cow::Borrowed(text)) => text,
            NodeContent::Text(Cow::Owned(_)) => return None,
            NodeContent::Open(container) => container.tail,
        };
        let offset = (own.as_ptr() as usize).checked_sub(self.read.as_ptr() as usize)?;
        (offset < self.read.len()).then_some(offset)
    }

    /// The path from the root to a node. Duplicate names are not distinguished.
    pub(super) fn pointer(&self, id: TreeNodeId) -> Pointer {
        let mut tokens = Vec::new();
        let mut at = id;
        while let Some(parent) = self.node(at).parent {
            tokens.push(self.token(parent, at));
            at = parent;
        }
        Pointer::from_tokens(tokens.into_iter().rev())
    }

    fn token(&self, parent: TreeNodeId, child: TreeNodeId) -> String {
        let NodeContent::Open(container) = &self.node(parent).content else { return String::new() };
        let live = |item: &&Item<'_>| !self.node(item.value).dead || item.value == child;
        let mut items = container.items.iter().filter(live).enumerate();
        match items.find(|(_, item)| item.value == child) {
            Some((_, Item { name: Some(name), .. })) => {
                String::from_utf8_lossy(&text::unescape(text::inner(&name.key))).into_owned()
            }
            Some((index, _)) => index.to_string(),
            None => String::new(),
        }
    }

    fn node(&self, id: TreeNodeId) -> &TreeNode<'a> {
        &self.nodes[id.0]
    }

    fn node_mut(&mut self, id: TreeNodeId) -> &mut TreeNode<'a> {
        &mut self.nodes[id.0]
    }

    /// How often something was altered. Some of it may have been undone, or be of values that are not in the document.
    pub(super) fn edits(&self) -> u64 {
        self.edits
    }

    /// Takes what was altered since for undone.
    pub(super) fn set_edits(&mut self, edits: u64) {
        self.edits = edits;
    }

    /// Bounds how much may be added; more than that is counted, but not duplicated.
    pub(super) fn set_room(&mut self, bytes: usize) {
        self.room = bytes;
    }

    /// Whether more was added than there is room for.
    pub(super) fn is_full(&self) -> bool {
        self.room == 0
    }

    /// A node that is not attached yet.
    pub(super) fn add(&mut self, value: Cow<'a, [u8]>) -> TreeNodeId {
        if matches!(value, Cow::Owned(_)) {
            self.room = self.room.saturating_sub(value.len());
        }
        self.add_content(NodeContent::Text(value))
    }

    fn add_content(&mut self, content: NodeContent<'a>) -> TreeNodeId {
        self.nodes.push(TreeNode { parent: None, dead: false, marked: false, made: None, content });
        TreeNodeId(self.nodes.len() - 1)
    }

    /// What is in the value, when it is a container and after it is taken apart.
    fn items(&mut self, id: TreeNodeId) -> impl Iterator<Item = &Item<'a>> {
        self.open(id);
        let tree = &*self;
        let items = match &tree.node(id).content {
            NodeContent::Open(container) => container.items.as_slice(),
            NodeContent::Text(_) => &[],
        };
        items.iter().filter(|item| !tree.node(item.value).dead)
    }

    fn open(&mut self, id: TreeNodeId) {
        if !matches!(self.kind(id), ValueType::Object | ValueType::List) {
            return;
        }
        let container = match &mut self.node_mut(id).content {
            NodeContent::Open(_) => return,
            NodeContent::Text(Cow::Borrowed(text)) => {
                let text: &'a [u8] = text;
                self.take_apart(id, text, |range| Cow::Borrowed(&text[range]))
            }
            NodeContent::Text(Cow::Owned(text)) => {
                let text = std::mem::take(text);
                self.take_apart(id, &text, |range| Cow::Owned(text[range].to_vec()))
            }
        };
        self.node_mut(id).content = NodeContent::Open(Box::new(container));
    }

    fn take_apart(
        &mut self,
        id: TreeNodeId,
        text: &[u8],
        cut: impl Fn(std::ops::Range<usize>) -> Cow<'a, [u8]>,
    ) -> Container<'a> {
        let mut slots = Layout::of(text);
        let white = |range| match cut(range) {
            Cow::Borrowed(white) => white,
            Cow::Owned(_) => b"",
        };
        let object = ValueType::of(text) == ValueType::Object;
        let items = slots.by_ref().map(|LayoutItem { lead, key, colon, value, trail }| {
            let value = self.add_content(NodeContent::Text(cut(value)));
            self.node_mut(value).parent = Some(id);
            let colon = if matches!(cut(colon.clone()), Cow::Owned(_)) { b":" } else { white(colon) };
            let name = object.then(|| MemberName { key: cut(key), colon });
            Item { lead: white(lead), name, value, trail: white(trail) }
        });
        Container { object, items: items.collect(), tail: white(slots.tail()) }
    }
}

/// An array index (RFC 6901 §4): digits without leading zeros.
pub(super) fn index(token: &str) -> Option<usize> {
    let plain = token.bytes().all(|byte| byte.is_ascii_digit()) && (token.len() == 1 || !token.starts_with('0'));
    if plain { token.parse().ok() } else { None }
}
