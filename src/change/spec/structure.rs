//! An op on structure: what it is.

use std::collections::BTreeSet;

use super::When;
use crate::diagnostic::{Diagnostic, Span, Spanned};
use crate::json::{ElementPosition, Many, NameCase, Renaming};

/// An op on structure, as it is written. Pointers are strings until the check has read them.
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
    /// An object becomes an array.
    Entries(KeyedSpec),
    /// An array becomes an object.
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

/// An object and an array of the same content.
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

// === impl KeyedSpec ===

impl KeyedSpec {
    pub(super) fn new(from: &str, key: &str) -> Self {
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
