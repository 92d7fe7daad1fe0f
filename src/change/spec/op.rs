//! One op of a change: what it is, and when it applies.

use super::{NamesSpec, StructureSpec, When};
use crate::diagnostic::{Span, Spanned};
use crate::json::{Custom, Literal, Many, OnError, Otherwise, Test, Wrapper};

/// One step of a change.
#[derive(Clone, Debug)]
pub struct OpSpec {
    pub(crate) op: OpKind,
    pub(crate) when: Option<When>,
    pub(crate) otherwise: Otherwise,
    pub(crate) on_error: Option<OnError>,
    pub(crate) keep: bool,
    pub(crate) expand: bool,
    pub(crate) span: Span,
}

/// The ops of the language. Pointers are texts until the check has read them.
#[derive(Clone, Debug)]
pub(crate) enum OpKind {
    /// Without a value, the op adds nothing: it says which member is new.
    Add {
        at: Spanned<String>,
        value: Option<Literal>,
    },
    Copy {
        from: Spanned<String>,
        to: Spanned<String>,
    },
    Compute {
        at: Spanned<String>,
        template: Spanned<String>,
    },
    Evaluate {
        at: Spanned<String>,
        cel: Spanned<String>,
        back: Vec<(Spanned<String>, Spanned<String>)>,
        lossy: bool,
    },
    Rename {
        from: Spanned<String>,
        to: Spanned<String>,
    },
    Move {
        from: Spanned<String>,
        to: Spanned<String>,
    },
    Remove {
        at: Spanned<String>,
        restore: RestoreSpec,
        lossy: bool,
    },
    Wrap {
        at: Spanned<String>,
        into: Wrapper,
        loss: Loss,
    },
    Unwrap {
        at: Spanned<String>,
        from: Wrapper,
        loss: Loss,
    },
    Split {
        at: Spanned<String>,
        into: Vec<Spanned<String>>,
        on: Spanned<String>,
    },
    Join {
        from: Vec<Spanned<String>>,
        to: Spanned<String>,
        on: Spanned<String>,
    },
    Map {
        at: Spanned<String>,
        pairs: Vec<(Literal, Literal)>,
        other: OtherSpec,
        back: Vec<(Literal, Literal)>,
    },
    Convert {
        at: Spanned<String>,
        from: Spanned<String>,
        to: Spanned<String>,
        scale: Option<u32>,
    },
    Require {
        at: Spanned<String>,
        must: When,
    },
    Structure(StructureSpec),
    Patch {
        ops: Literal,
        back: Option<Literal>,
    },
    Custom {
        up: Custom,
        down: Custom,
    },
    Head(HeadSpec),
    Route(RouteSpec),
}

/// What may be lost where a value is taken out of its array or object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loss {
    /// Of several elements: an error, or the first.
    pub(crate) many: Many,
    /// Which elements count.
    pub(crate) which: Option<When>,
    /// The other elements or members may be lost.
    pub(crate) lossy: bool,
}

/// What the old side gets in place of a member that was removed.
#[derive(Clone, Debug, Default)]
pub(crate) struct RestoreSpec {
    /// What the message has elsewhere.
    pub(crate) source: Option<RestoreSource>,
    /// A constant; with a source, where that is absent.
    pub(crate) value: Option<Literal>,
}

/// Where a removed member's value comes from.
#[derive(Clone, Debug)]
pub(crate) enum RestoreSource {
    /// The value at this place.
    Place(Spanned<String>),
    /// A template.
    Text(Spanned<String>),
}

/// What a map makes of values that it does not list.
#[derive(Clone, Debug)]
pub(crate) enum OtherSpec {
    Error,
    Keep,
    /// Old → new, and new → old.
    Value(Literal),
}

/// Ops on the head of a message.
#[derive(Clone, Debug)]
pub(crate) enum HeadSpec {
    AddHeader { name: Spanned<String>, value: String },
    RenameHeader { from: Spanned<String>, to: Spanned<String> },
    RemoveHeader { name: Spanned<String>, restore: Option<String>, lossy: bool },
    AddQuery { name: Spanned<String>, value: String },
    RenameQuery { from: Spanned<String>, to: Spanned<String> },
    RemoveQuery { name: Spanned<String>, restore: Option<String>, lossy: bool },
    QueryNames { name: Spanned<String>, names: NamesSpec },
    MapQuery { name: Spanned<String>, values: Vec<(String, String)> },
    MapStatus { from: Spanned<u16>, to: Spanned<u16> },
    RenamePrefix { from: Spanned<String>, to: Spanned<String> },
}

/// Ops on the list of routes. A route is written `GET /users/{id}`.
#[derive(Clone, Debug)]
pub(crate) enum RouteSpec {
    Add(Spanned<String>),
    Remove(Spanned<String>),
    Move { from: Spanned<String>, to: Spanned<String> },
}

// === impl OpKind ===

impl OpKind {
    /// Whether it brings a value to a place that may have one already, so that `keep` says which of them stays.
    pub(crate) fn has_target(&self) -> bool {
        if let Self::Structure(structure) = self {
            return structure.has_target();
        }
        matches!(
            self,
            Self::Copy { .. }
                | Self::Compute { .. }
                | Self::Evaluate { .. }
                | Self::Rename { .. }
                | Self::Move { .. }
                | Self::Split { .. }
                | Self::Join { .. }
                | Self::Head(HeadSpec::RenameHeader { .. } | HeadSpec::RenameQuery { .. })
        )
    }
}

// === impl OpSpec ===

impl OpSpec {
    pub(crate) fn new(op: OpKind) -> Self {
        Self {
            op,
            when: None,
            otherwise: Otherwise::Skip,
            on_error: None,
            keep: false,
            expand: false,
            span: Span::NONE,
        }
    }

    /// The routes that it names.
    pub(crate) fn routes(&self) -> Vec<&Spanned<String>> {
        match &self.op {
            OpKind::Route(RouteSpec::Add(route) | RouteSpec::Remove(route)) => vec![route],
            OpKind::Route(RouteSpec::Move { from, to }) => vec![from, to],
            _ => Vec::new(),
        }
    }

    /// Whether it alters messages; otherwise it says which versions have a route.
    pub(crate) fn alters(&self) -> bool {
        !matches!(self.op, OpKind::Route(_))
    }

    /// Runs only where the member at `pointer` exists.
    #[must_use]
    pub fn when_present(self, pointer: &str) -> Self {
        self.when(When::at(pointer, Test::Present))
    }

    /// Runs only where the value at `pointer` equals `value`.
    #[must_use]
    pub fn when_equals(self, pointer: &str, value: impl Into<Literal>) -> Self {
        self.when(When::at(pointer, Test::Equals(value.into())))
    }

    /// Runs only where the condition holds.
    #[must_use]
    pub fn when(mut self, condition: When) -> Self {
        self.when = Some(condition);
        self
    }

    /// Refuses messages in which the condition does not hold where the op has something to do. Without it, the op does
    /// nothing there.
    ///
    /// An op without a condition that says it is refused.
    #[must_use]
    pub fn or_fail(mut self) -> Self {
        self.otherwise = Otherwise::Fail;
        self
    }

    /// For [`wrap`](Self::wrap), [`unwrap`](Self::unwrap) and the ops on structure that have something to lose: the other
    /// members of the object, or the other elements with [`Many::First`], may be lost. What is removed and restored is not lossy: see
    /// [`remove_lossy`](Self::remove_lossy).
    #[must_use]
    pub fn lossy(mut self) -> Self {
        match &mut self.op {
            OpKind::Wrap { loss, .. } | OpKind::Unwrap { loss, .. } => loss.lossy = true,
            OpKind::Evaluate { lossy, .. }
            | OpKind::Remove { lossy, .. }
            | OpKind::Head(HeadSpec::RemoveHeader { lossy, .. } | HeadSpec::RemoveQuery { lossy, .. }) => *lossy = true,
            OpKind::Structure(structure) => structure.lossy().into_iter().for_each(|lossy| *lossy = true),
            _ => {}
        }
        self
    }

    /// For [`wrap`](Self::wrap): what the way back makes of an array of several.
    #[must_use]
    pub fn with_many(mut self, many: Many) -> Self {
        if let OpKind::Wrap { loss, .. } | OpKind::Unwrap { loss, .. } = &mut self.op {
            loss.many = many;
        }
        self
    }

    /// For [`wrap`](Self::wrap) and [`unwrap`](Self::unwrap) with arrays: only elements with a member at `pointer` count.
    #[must_use]
    pub fn which_present(self, pointer: &str) -> Self {
        self.which(When::at(pointer, Test::Present))
    }

    /// For [`wrap`](Self::wrap) and [`unwrap`](Self::unwrap) with arrays: only elements whose value at `pointer` equals
    /// `value` count.
    #[must_use]
    pub fn which_equals(self, pointer: &str, value: impl Into<Literal>) -> Self {
        self.which(When::at(pointer, Test::Equals(value.into())))
    }

    /// For [`wrap`](Self::wrap) and [`unwrap`](Self::unwrap) with arrays: only elements for which the condition holds count.
    /// Its pointers start at the element; without one it speaks of the element itself. Also for [`pick`](Self::pick) and
    /// [`put`](Self::put).
    #[must_use]
    pub fn which(mut self, condition: When) -> Self {
        match &mut self.op {
            OpKind::Wrap { loss, .. } | OpKind::Unwrap { loss, .. } => loss.which = Some(condition),
            OpKind::Structure(StructureSpec::Pick { which, .. } | StructureSpec::Put { which, .. }) => {
                *which = Some(condition);
            }
            _ => {}
        }
        self
    }

    /// If the target already exists, it keeps its value and the source is removed.
    ///
    /// For `copy`, `compute`, `rename`, `move`, `split`, `join` and the renames of headers and query parameters; a catalog
    /// with another op that says it is refused.
    #[must_use]
    pub fn keep(mut self) -> Self {
        self.keep = true;
        self
    }

    /// A rename whose new side's responses carry both names while an older version lives.
    #[must_use]
    pub fn expand(mut self) -> Self {
        self.expand = true;
        self
    }

    /// What to do when a value cannot be migrated. Default: what the change says.
    #[must_use]
    pub fn with_on_error(mut self, on_error: OnError) -> Self {
        self.on_error = Some(on_error);
        self
    }
}
