//! The lossless tree: every span that nothing touched is written back as it was read.
//!
//! A value is kept as its text until something looks inside, and then one level is taken apart; so memory follows what
//! the ops touch, not the document. Nodes live in one list: no recursion to drop them. What is removed is only marked
//! dead, and swept out of its container later.

use std::borrow::Cow;
use std::num::NonZeroU32;

use super::equal::Kind;
use super::layout::{Layout, Slot};
use super::pattern::Segment;
use super::{MigrateError, Options, Pointer, scan, text};

mod edit;
mod print;

/// The name of a node in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id(usize);

#[derive(Debug)]
pub(super) struct Tree<'a> {
    nodes: Vec<Node<'a>>,
    root: Id,
    /// What stands before and after the root: white space, a byte order mark.
    around: [&'a [u8]; 2],
    /// Containers that hold dead nodes.
    dirty: Vec<Id>,
}

#[derive(Debug)]
struct Node<'a> {
    parent: Option<Id>,
    dead: bool,
    /// Whether this is the value that a JSON Patch operation carries. It follows the value, also into copies.
    marked: bool,
    /// Which change made the value, one more than its number. It follows the value like the mark.
    made: Option<NonZeroU32>,
    content: Content<'a>,
}

#[derive(Clone, Debug)]
enum Content<'a> {
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
    name: Option<Box<Name<'a>>>,
    value: Id,
    trail: &'a [u8],
}

#[derive(Clone, Debug)]
struct Name<'a> {
    /// In its quotes.
    key: Cow<'a, [u8]>,
    colon: &'a [u8],
}

// === impl Tree ===

impl<'a> Tree<'a> {
    /// Checks the whole document and keeps it.
    pub(super) fn parse(document: &'a [u8], options: &Options) -> Result<Self, MigrateError> {
        let (start, end) = scan::check(document, options)?;
        let mut tree = Self::of(Cow::Borrowed(&document[start..end]));
        tree.around = [&document[..start], &document[end..]];
        Ok(tree)
    }

    /// Of one value that is known to be valid.
    pub(super) fn of(value: Cow<'a, [u8]>) -> Self {
        let mut tree = Self { nodes: Vec::new(), root: Id(0), around: [b"", b""], dirty: Vec::new() };
        tree.root = tree.add(value);
        tree
    }

    pub(super) fn root(&self) -> Id {
        self.root
    }

    pub(super) fn kind(&self, id: Id) -> Kind {
        match &self.node(id).content {
            Content::Text(text) => Kind::of(text),
            Content::Open(container) if container.object => Kind::Object,
            Content::Open(_) => Kind::List,
        }
    }

    /// The text of the value.
    pub(super) fn text(&self, id: Id) -> Cow<'_, [u8]> {
        match &self.node(id).content {
            Content::Text(text) => Cow::Borrowed(text),
            Content::Open(_) => Cow::Owned(self.print(id)),
        }
    }

    /// The text of a value that was never changed nor looked into.
    pub(super) fn source(&self, id: Id) -> Option<&'a [u8]> {
        match self.node(id).content {
            Content::Text(Cow::Borrowed(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_dead(&self, id: Id) -> bool {
        self.node(id).dead
    }

    /// Whether the value was made by a step of this change.
    pub(super) fn is_made(&self, id: Id, change: u32) -> bool {
        self.node(id).made == Some(NonZeroU32::MIN.saturating_add(change))
    }

    pub(super) fn parent(&self, id: Id) -> Option<Id> {
        self.node(id).parent
    }

    /// The elements, or the values of all members.
    pub(super) fn children(&mut self, id: Id) -> Vec<Id> {
        self.items(id).map(|item| item.value).collect()
    }

    pub(super) fn is_empty(&mut self, id: Id) -> bool {
        self.items(id).next().is_none()
    }

    /// The values of all members of this name, in the order of the document.
    pub(super) fn members(&mut self, object: Id, name: &str) -> Vec<Id> {
        let named = |item: &&Item<'_>| item.name.as_ref().is_some_and(|key| text::spells(&key.key, name));
        self.items(object).filter(named).map(|item| item.value).collect()
    }

    /// Whether there are members of other names.
    pub(super) fn has_others(&mut self, object: Id, name: &str) -> bool {
        self.items(object).any(|item| item.name.as_ref().is_some_and(|key| !text::spells(&key.key, name)))
    }

    /// The keys in their quotes, with the values.
    pub(super) fn entries(&mut self, object: Id) -> Vec<(Cow<'a, [u8]>, Id)> {
        self.items(object).filter_map(|item| Some((item.name.as_ref()?.key.clone(), item.value))).collect()
    }

    /// What a token of a pointer leads to: all members of the name, or one element.
    pub(super) fn step(&mut self, id: Id, token: &str) -> Vec<Id> {
        match self.kind(id) {
            Kind::Object => self.members(id, token),
            Kind::List => {
                index(token).and_then(|at| self.items(id).nth(at)).map(|item| item.value).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// What a segment of a pattern leads to.
    pub(super) fn matching(&mut self, id: Id, segment: &Segment) -> Vec<Id> {
        match segment {
            Segment::Key(key) => self.step(id, key),
            Segment::Every => self.children(id),
        }
    }

    /// All that a pointer leads to, through duplicates too, in the order of the document.
    pub(super) fn find(&mut self, from: Id, pointer: &Pointer) -> Vec<Id> {
        let mut found = vec![from];
        for token in pointer.tokens() {
            found = found.into_iter().flat_map(|id| self.step(id, token)).collect();
        }
        found
    }

    /// The way from the root to a node, with the last of duplicate names not told from the others.
    pub(super) fn pointer(&self, id: Id) -> Pointer {
        let mut tokens = Vec::new();
        let mut at = id;
        while let Some(parent) = self.node(at).parent {
            tokens.push(self.token(parent, at));
            at = parent;
        }
        Pointer::from_tokens(tokens.into_iter().rev())
    }

    fn token(&self, parent: Id, child: Id) -> String {
        let Content::Open(container) = &self.node(parent).content else { return String::new() };
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

    fn node(&self, id: Id) -> &Node<'a> {
        &self.nodes[id.0]
    }

    fn node_mut(&mut self, id: Id) -> &mut Node<'a> {
        &mut self.nodes[id.0]
    }

    /// A node that stands nowhere yet.
    pub(super) fn add(&mut self, value: Cow<'a, [u8]>) -> Id {
        self.add_content(Content::Text(value))
    }

    fn add_content(&mut self, content: Content<'a>) -> Id {
        self.nodes.push(Node { parent: None, dead: false, marked: false, made: None, content });
        Id(self.nodes.len() - 1)
    }

    /// What is in the value, when it is a container and after it is taken apart.
    fn items(&mut self, id: Id) -> impl Iterator<Item = &Item<'a>> {
        self.open(id);
        let tree = &*self;
        let items = match &tree.node(id).content {
            Content::Open(container) => container.items.as_slice(),
            Content::Text(_) => &[],
        };
        items.iter().filter(|item| !tree.node(item.value).dead)
    }

    fn open(&mut self, id: Id) {
        if !matches!(self.kind(id), Kind::Object | Kind::List) {
            return;
        }
        let container = match &mut self.node_mut(id).content {
            Content::Open(_) => return,
            Content::Text(Cow::Borrowed(text)) => {
                let text: &'a [u8] = text;
                self.take_apart(id, text, |range| Cow::Borrowed(&text[range]))
            }
            Content::Text(Cow::Owned(text)) => {
                let text = std::mem::take(text);
                self.take_apart(id, &text, |range| Cow::Owned(text[range].to_vec()))
            }
        };
        self.node_mut(id).content = Content::Open(Box::new(container));
    }

    fn take_apart(
        &mut self,
        id: Id,
        text: &[u8],
        cut: impl Fn(std::ops::Range<usize>) -> Cow<'a, [u8]>,
    ) -> Container<'a> {
        let mut slots = Layout::of(text);
        let white = |range| match cut(range) {
            Cow::Borrowed(white) => white,
            Cow::Owned(_) => b"",
        };
        let object = Kind::of(text) == Kind::Object;
        let items = slots.by_ref().map(|Slot { lead, key, colon, value, trail }| {
            let value = self.add(cut(value));
            self.node_mut(value).parent = Some(id);
            let colon = if matches!(cut(colon.clone()), Cow::Owned(_)) { b":" } else { white(colon) };
            let name = object.then(|| Box::new(Name { key: cut(key), colon }));
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
