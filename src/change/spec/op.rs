//! One op of a change: what it is, and when it applies.

use super::{NamesSpec, StructureSpec, ValueFormat, When};
use crate::diagnostic::{Span, Spanned};
use crate::json::{Custom, Literal, Many, OnError, Other, Otherwise, Rounding, Wrapper};

/// One step of a change, written in the direction old → new.
///
/// A constructor has the word of the op in the config file and takes what it needs; what may be added to it has a setter,
/// named after the key. A setter that means nothing for the op is an error of [`Catalog::new`](crate::catalog::Catalog::new).
///
/// ```
/// use sunward::change::{OpSpec, When};
///
/// let plan = OpSpec::add("/plan", "free").with_when(When::absent("/trial"));
/// let status = OpSpec::map("/status", [("active", "enabled"), ("off", "disabled")]);
/// # let _ = (plan, status);
/// ```
#[derive(Clone, Debug)]
pub struct OpSpec {
    pub(crate) op: OpKind,
    pub(crate) when: Option<When>,
    pub(crate) otherwise: Otherwise,
    pub(crate) on_error: Option<OnError>,
    pub(crate) keep: bool,
    pub(crate) expand: bool,
    /// Setters of a builder that mean nothing for the op.
    pub(crate) misplaced: Vec<&'static str>,
    pub(crate) span: Span,
}

/// The ops of the language. Pointers are strings until the check has read them. An `Add` without a value adds nothing: it says
/// which member is new.
#[derive(Clone, Debug)]
pub(crate) enum OpKind {
    Add { at: Spanned<String>, value: Option<Literal> },
    Copy { from: Spanned<String>, to: Spanned<String> },
    Compute { at: Spanned<String>, template: Spanned<String> },
    Evaluate { at: Spanned<String>, cel: Spanned<String>, back: Vec<(Spanned<String>, Spanned<String>)>, lossy: bool },
    Rename { from: Spanned<String>, to: Spanned<String> },
    Move { from: Spanned<String>, to: Spanned<String> },
    Remove { at: Spanned<String>, restore: RestoreSpec, lossy: bool },
    Wrap { at: Spanned<String>, into: Wrapper, loss: Loss },
    Unwrap { at: Spanned<String>, from: Wrapper, loss: Loss },
    Split { at: Spanned<String>, into: Vec<Spanned<String>>, on: Spanned<String>, lossy: bool },
    Join { from: Vec<Spanned<String>>, to: Spanned<String>, on: Spanned<String>, lossy: bool },
    Map { at: Spanned<String>, pairs: Vec<(Literal, Literal)>, other: Other, back: Vec<(Literal, Literal)> },
    Convert { at: Spanned<String>, from: ValueFormat, to: ValueFormat, scale: Option<u32> },
    Scale { at: Spanned<String>, by: ScaleSpec },
    Replace { at: Spanned<String>, by: ReplaceSpec },
    Require { at: Spanned<String>, must: When },
    Structure(StructureSpec),
    Patch { ops: Literal, back: Option<Literal> },
    Custom { up: Custom, down: Custom },
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

/// What a number is multiplied or divided by, on the way up.
#[derive(Clone, Debug)]
pub(crate) struct ScaleSpec {
    pub(crate) factor: Spanned<String>,
    pub(crate) divides: bool,
    /// How many digits the new value may have after the point.
    pub(crate) digits: Option<u32>,
    /// The same for the old value.
    pub(crate) back_digits: Option<u32>,
    pub(crate) rounding: Option<Rounding>,
    pub(crate) text: bool,
}

/// What of a string is replaced.
#[derive(Clone, Debug)]
pub(crate) enum ReplaceSpec {
    Prefix { from: String, to: String },
    Suffix { from: String, to: String },
    Match { regex: Spanned<String>, to: String, back_regex: String, back_to: String, lossy: bool },
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

/// Ops on the head of a message.
#[derive(Clone, Debug)]
pub(crate) enum HeadSpec {
    AddHeader { name: Spanned<String>, value: String },
    RenameHeader { from: Spanned<String>, to: Spanned<String> },
    RenameCookie { from: Spanned<String>, to: Spanned<String> },
    RemoveHeader { name: Spanned<String>, restore: Option<String>, lossy: bool },
    AddQuery { name: Spanned<String>, value: String },
    RenameQuery { from: Spanned<String>, to: Spanned<String> },
    RemoveQuery { name: Spanned<String>, restore: Option<String>, lossy: bool },
    QueryNames { name: Spanned<String>, names: NamesSpec },
    MapQuery { name: Spanned<String>, values: Vec<(String, String)> },
    MapStatus { from: Spanned<u16>, to: Spanned<u16> },
    MapContentType { from: Spanned<String>, to: Spanned<String> },
    RenamePrefix { from: Spanned<String>, to: Spanned<String> },
}

/// Ops on the list of routes. A route is written `GET /users/{id}`.
#[derive(Clone, Debug)]
pub(crate) enum RouteSpec {
    Add(Spanned<String>),
    Remove(Spanned<String>),
    Move {
        from: Spanned<String>,
        to: Spanned<String>,
        /// What stands for the old name in the query of the new one.
        query: Vec<(Spanned<String>, String)>,
        /// What the parameters of the old path are on the way back that the new one lacks.
        lost: Vec<(Spanned<String>, String)>,
    },
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
            misplaced: Vec::new(),
            span: Span::NONE,
        }
    }

    /// The routes that it names.
    pub(crate) fn routes(&self) -> Vec<&Spanned<String>> {
        match &self.op {
            OpKind::Route(RouteSpec::Add(route) | RouteSpec::Remove(route)) => vec![route],
            OpKind::Route(RouteSpec::Move { from, to, .. }) => vec![from, to],
            _ => Vec::new(),
        }
    }

    /// Whether it alters messages; otherwise it says which versions have a route.
    pub(crate) fn alters(&self) -> bool {
        match &self.op {
            OpKind::Route(RouteSpec::Move { query, .. }) => !query.is_empty(),
            OpKind::Route(_) => false,
            _ => true,
        }
    }

    /// Remembers a setter that has no effect on this op: the catalog is refused.
    pub(super) fn misplaced(&mut self, setter: &'static str) {
        self.misplaced.push(setter);
    }
}
