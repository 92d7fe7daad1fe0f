//! The ops on structure: lists and objects that become one another, elements and members that go elsewhere, names by rule.

use std::collections::BTreeSet;

use super::{HeadSpec, OpKind, OpSpec, When};
use crate::diagnostic::{Diagnostic, Span, Spanned};
use crate::json::{ElementPosition, Many, NameCase, Renaming};

/// An op on structure, as it is written. Pointers are texts until the check has read them.
#[derive(Clone, Debug)]
pub(crate) enum StructureSpec {
    SplitList {
        at: Spanned<String>,
        on: Spanned<String>,
        lossy: bool,
    },
    JoinList {
        at: Spanned<String>,
        on: Spanned<String>,
        lossy: bool,
    },
    /// An object becomes a list.
    Entries(KeyedSpec),
    /// A list becomes an object.
    Keyed(KeyedSpec),
    Count {
        from: Spanned<String>,
        to: Spanned<String>,
    },
    /// One of the ends has a star that the other has not.
    MoveMany {
        from: Spanned<String>,
        to: Spanned<String>,
        many: Many,
        lossy: bool,
    },
    Pick {
        list: Spanned<String>,
        which: Option<When>,
        position: ElementPosition,
        to: Spanned<String>,
    },
    Put {
        from: Spanned<String>,
        into: Spanned<String>,
        which: Option<When>,
        position: ElementPosition,
    },
    Partition {
        list: Spanned<String>,
        which: When,
        to: Spanned<String>,
    },
    Nest {
        object: Spanned<String>,
        prefix: Spanned<String>,
        to: Spanned<String>,
    },
    Flatten {
        from: Spanned<String>,
        prefix: Spanned<String>,
    },
    Only {
        at: Spanned<String>,
        name: Option<Spanned<String>>,
    },
    Named {
        at: Spanned<String>,
        name: Option<Spanned<String>>,
    },
    RenameAll {
        at: Spanned<String>,
        names: NamesSpec,
        depth: Option<u32>,
    },
}

/// An object and a list of the same content.
#[derive(Clone, Debug)]
pub(crate) struct KeyedSpec {
    pub(crate) from: Spanned<String>,
    /// `None`: in its place.
    pub(crate) to: Option<Spanned<String>>,
    pub(crate) key: Spanned<String>,
    pub(crate) value: Option<Spanned<String>>,
    pub(crate) lossy: bool,
}

/// How names become others by rule.
#[derive(Clone, Debug)]
pub(crate) struct NamesSpec {
    pub(crate) from: NameCase,
    pub(crate) to: NameCase,
    pub(crate) except: Vec<Spanned<String>>,
    pub(crate) values: Vec<(Spanned<String>, Spanned<String>)>,
}

// === impl StructureSpec ===

impl StructureSpec {
    /// Whether it brings a value to a place that may have one already.
    pub(super) const fn has_target(&self) -> bool {
        match self {
            Self::SplitList { .. } | Self::JoinList { .. } | Self::Put { .. } | Self::RenameAll { .. } => false,
            Self::Only { .. } | Self::Named { .. } => false,
            Self::Entries(keyed) | Self::Keyed(keyed) => keyed.to.is_some(),
            _ => true,
        }
    }

    pub(super) const fn lossy(&mut self) -> Option<&mut bool> {
        match self {
            Self::SplitList { lossy, .. } | Self::JoinList { lossy, .. } | Self::MoveMany { lossy, .. } => Some(lossy),
            Self::Entries(keyed) | Self::Keyed(keyed) => Some(&mut keyed.lossy),
            _ => None,
        }
    }
}

// === impl OpSpec ===

impl OpSpec {
    fn structure(op: StructureSpec) -> Self {
        Self::new(OpKind::Structure(op))
    }

    /// Makes a list of a text: one element between each two separators. `lossy` lets the way back put elements together
    /// that have the separator in them.
    #[must_use]
    pub fn split_list(at: &str, on: &str) -> Self {
        Self::structure(StructureSpec::SplitList { at: at.into(), on: on.into(), lossy: false })
    }

    /// Makes a text of a list of texts. An element that has the separator in it is an error, unless
    /// [`with_lossy`](Self::with_lossy) says that it may become several.
    #[must_use]
    pub fn join_list(at: &str, on: &str) -> Self {
        Self::structure(StructureSpec::JoinList { at: at.into(), on: on.into(), lossy: false })
    }

    /// Turns an object into an array: each member becomes an element, which has its name at `key`, a pointer such as
    /// `/name`. The value is the element itself, or is at [`with_value`](Self::with_value).
    #[must_use]
    pub fn entries(from: &str, key: &str) -> Self {
        Self::structure(StructureSpec::Entries(KeyedSpec::new(from, key)))
    }

    /// Makes an object of a list, by the text at `key` of each element: the mirror of [`entries`](Self::entries).
    #[must_use]
    pub fn keyed(from: &str, key: &str) -> Self {
        Self::structure(StructureSpec::Keyed(KeyedSpec::new(from, key)))
    }

    /// For [`entries`](Self::entries) and [`keyed`](Self::keyed): where in an element the value is.
    #[must_use]
    pub fn with_value(mut self, pointer: &str) -> Self {
        if let OpKind::Structure(StructureSpec::Entries(keyed) | StructureSpec::Keyed(keyed)) = &mut self.op {
            keyed.value = Some(pointer.into());
        } else {
            self.misplaced("with_value");
        }
        self
    }

    /// For [`entries`](Self::entries) and [`keyed`](Self::keyed): where the result goes. Default: in place.
    #[must_use]
    pub fn with_to(mut self, pointer: &str) -> Self {
        if let OpKind::Structure(StructureSpec::Entries(keyed) | StructureSpec::Keyed(keyed)) = &mut self.op {
            keyed.to = Some(pointer.into());
        } else {
            self.misplaced("with_to");
        }
        self
    }

    /// Writes the number of elements of an array, or of members of an object, to another member.
    #[must_use]
    pub fn count(from: &str, to: &str) -> Self {
        Self::structure(StructureSpec::Count { from: from.into(), to: to.into() })
    }

    /// Takes one value into every element, or one value of all elements out: `to` or `from` has a `*` that the other does
    /// not have. `many` says whether all elements must have the same value, or the first counts and the others are lost.
    #[must_use]
    pub fn move_many(from: &str, to: &str, many: Many) -> Self {
        Self::structure(StructureSpec::MoveMany { from: from.into(), to: to.into(), many, lossy: false })
    }

    /// Takes the first element out of an array, or with [`with_which`](Self::with_which) the first that meets it. On the way back
    /// it is the first. [`with_position`](Self::with_position) makes it the last.
    #[must_use]
    pub fn pick(list: &str, to: &str) -> Self {
        let (list, position) = (list.into(), ElementPosition::First);
        Self::structure(StructureSpec::Pick { list, which: None, position, to: to.into() })
    }

    /// Puts a value into an array as its first element: the mirror of [`pick`](Self::pick).
    #[must_use]
    pub fn put(from: &str, into: &str) -> Self {
        let (into, position) = (into.into(), ElementPosition::First);
        Self::structure(StructureSpec::Put { from: from.into(), into, which: None, position })
    }

    /// For [`pick`](Self::pick) and [`put`](Self::put): whether the element is the first or the last of those that count.
    /// Default: the first.
    #[must_use]
    pub fn with_position(mut self, end: ElementPosition) -> Self {
        if let OpKind::Structure(StructureSpec::Pick { position, .. } | StructureSpec::Put { position, .. }) =
            &mut self.op
        {
            *position = end;
        } else {
            self.misplaced("with_position");
        }
        self
    }

    /// Takes the elements that meet a condition into a list of their own. On the way back they are the last.
    #[must_use]
    pub fn partition(list: &str, which: When, to: &str) -> Self {
        Self::structure(StructureSpec::Partition { list: list.into(), which, to: to.into() })
    }

    /// Takes the members whose names begin with `prefix` into an object of their own, without the prefix.
    #[must_use]
    pub fn nest(object: &str, prefix: &str, to: &str) -> Self {
        Self::structure(StructureSpec::Nest { object: object.into(), prefix: prefix.into(), to: to.into() })
    }

    /// Takes the members of an object into the object around it, with `prefix` before their names.
    #[must_use]
    pub fn flatten(from: &str, prefix: &str) -> Self {
        Self::structure(StructureSpec::Flatten { from: from.into(), prefix: prefix.into() })
    }

    /// Takes the only member out of its object, whatever its name, which goes to `name`.
    #[must_use]
    pub fn unwrap_only(at: &str, name: &str) -> Self {
        Self::structure(StructureSpec::Only { at: at.into(), name: Some(name.into()) })
    }

    /// Puts a value into an object under the name that is at `name`: the reverse of
    /// [`unwrap_only`](Self::unwrap_only).
    #[must_use]
    pub fn wrap_named(at: &str, name: &str) -> Self {
        Self::structure(StructureSpec::Named { at: at.into(), name: Some(name.into()) })
    }

    /// Writes the names of all members in another case, at any depth. A name that would not come back as it is, is an
    /// error: give it one [of its own](Self::with_name), or [except](Self::with_except) it.
    #[must_use]
    pub fn rename_all(at: &str, from: NameCase, to: NameCase) -> Self {
        let names = NamesSpec { from, to, except: Vec::new(), values: Vec::new() };
        Self::structure(StructureSpec::RenameAll { at: at.into(), names, depth: None })
    }

    /// For [`rename_all`](Self::rename_all) and [`rename_query_values`](Self::rename_query_values): a name, and what it
    /// becomes.
    #[must_use]
    pub fn with_name(mut self, old: &str, new: &str) -> Self {
        if let Some(names) = self.names() {
            names.values.push((old.into(), new.into()));
        } else {
            self.misplaced("with_name");
        }
        self
    }

    /// For [`rename_all`](Self::rename_all) and [`rename_query_values`](Self::rename_query_values): members of this name
    /// keep it, and all that is inside of them is left alone.
    #[must_use]
    pub fn with_except(mut self, name: &str) -> Self {
        if let Some(names) = self.names() {
            names.except.push(name.into());
        } else {
            self.misplaced("with_except");
        }
        self
    }

    /// Writes names of members that are values of a query parameter, such as those of `fields` and `sort`, in another case:
    /// each of a comma list, and each part of a path in it. A name that would not come back stays as it is.
    #[must_use]
    pub fn rename_query_values(name: &str, from: NameCase, to: NameCase) -> Self {
        let names = NamesSpec { from, to, except: Vec::new(), values: Vec::new() };
        Self::new(OpKind::Head(HeadSpec::QueryNames { name: name.into(), names }))
    }

    /// For [`rename_all`](Self::rename_all): how many levels of objects are renamed. 1 is the object itself.
    #[must_use]
    pub fn with_depth(mut self, levels: u32) -> Self {
        if let OpKind::Structure(StructureSpec::RenameAll { depth, .. }) = &mut self.op {
            *depth = Some(levels);
        } else {
            self.misplaced("with_depth");
        }
        self
    }

    const fn names(&mut self) -> Option<&mut NamesSpec> {
        match &mut self.op {
            OpKind::Structure(StructureSpec::RenameAll { names, .. })
            | OpKind::Head(HeadSpec::QueryNames { names, .. }) => Some(names),
            _ => None,
        }
    }
}

// === impl KeyedSpec ===

impl KeyedSpec {
    fn new(from: &str, key: &str) -> Self {
        Self { from: from.into(), to: None, key: key.into(), value: None, lossy: false }
    }
}

// === impl NamesSpec ===

impl NamesSpec {
    /// The rule, if its exceptions do not contradict each other.
    pub(in super::super) fn rule(&self, span: Span) -> Result<Renaming, Diagnostic> {
        let error = |code, message: String, span, help: &str| Err(Diagnostic::error(code, message, span).help(help));
        let mut renaming = Renaming::new(self.from, self.to);
        if self.from == self.to {
            let message = format!("names are renamed from `{0}` to `{0}`", self.from);
            return error("rename-to-itself", message, span, "name two cases, or remove the op");
        }
        let mut new_names = BTreeSet::new();
        for (old, new) in &self.values {
            if !new_names.insert(new.as_str()) {
                let message = format!("two names become `{}`", new.value);
                return error("irreversible", message, new.span, "give each a name of its own");
            }
            renaming = renaming.with_name(old, new);
        }
        for name in &self.except {
            if new_names.contains(name.as_str()) && !self.values.iter().any(|(old, _)| *old.value == *name.value) {
                let message = format!("`{}` keeps its name, and another one becomes it", name.value);
                return error("irreversible", message, name.span, "give the other a name of its own");
            }
            renaming = renaming.with_exception(name);
        }
        Ok(renaming)
    }
}
