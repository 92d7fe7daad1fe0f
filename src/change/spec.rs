//! Changes as their author wrote them: old → new, not yet checked.

use crate::diagnostic::{Span, Spanned};
use crate::json::{Custom, Literal, Many, OnError, Wrapper};

/// What one version altered, with a summary for people: a list of ops on resources, written in the direction
/// old → new and run in both.
///
/// ```
/// use sunward::change::{Change, OpSpec};
///
/// let change = Change::new("2", "A person has a title")
///     .with_on("user")
///     .with_op(OpSpec::rename("/name", "/title"))
///     .breaking();
/// # let _ = change;
/// ```
#[derive(Clone, Debug)]
pub struct Change {
    pub(crate) version: Spanned<String>,
    pub(crate) summary: Spanned<String>,
    pub(crate) on: Vec<Spanned<String>>,
    pub(crate) at: Vec<Spanned<String>>,
    pub(crate) ops: Vec<OpSpec>,
    pub(crate) breaking: bool,
    pub(crate) strict: Option<bool>,
    pub(crate) on_error: Option<OnError>,
    pub(crate) span: Span,
}

/// A JSON shape and every place it occurs, named once, so that a change names it once.
///
/// A place is written `GET /users/{id} -> 200` (a response; a status, `2xx`, or `*`) or `POST /users <-` (a request),
/// with a pattern where the resource is not the whole document: `GET /users -> 200 /items/*`.
#[derive(Clone, Debug)]
pub struct Resource {
    pub(crate) name: Spanned<String>,
    pub(crate) at: Vec<Place>,
}

/// One place of a [`Resource`].
#[derive(Clone, Debug)]
pub struct Place {
    pub(crate) at: Spanned<String>,
    pub(crate) partial: Option<bool>,
}

/// One step of a change.
#[derive(Clone, Debug)]
pub struct OpSpec {
    pub(crate) op: OpKind,
    pub(crate) when: Option<When>,
    pub(crate) on_error: Option<OnError>,
    pub(crate) keep: bool,
    pub(crate) expand: bool,
    pub(crate) span: Span,
}

/// When an op applies.
#[derive(Clone, Debug)]
pub(crate) struct When {
    pub(crate) at: Spanned<String>,
    /// `None`: the member is present.
    pub(crate) equals: Option<Literal>,
}

/// The ops of the language. Pointers are texts until the check has read them.
#[derive(Clone, Debug)]
pub(crate) enum OpKind {
    Add { at: Spanned<String>, value: Literal },
    Copy { from: Spanned<String>, to: Spanned<String> },
    Compute { at: Spanned<String>, template: Spanned<String> },
    Rename { from: Spanned<String>, to: Spanned<String> },
    Move { from: Spanned<String>, to: Spanned<String> },
    Remove { at: Spanned<String>, restore: Option<Literal>, lossy: bool },
    Wrap { at: Spanned<String>, into: Wrapper, many: Many },
    Unwrap { at: Spanned<String>, from: Wrapper, many: Many },
    Split { at: Spanned<String>, into: Vec<Spanned<String>>, on: Spanned<String> },
    Join { from: Vec<Spanned<String>>, to: Spanned<String>, on: Spanned<String> },
    Map { at: Spanned<String>, pairs: Vec<(Literal, Literal)>, other: OtherSpec, back: Vec<(Literal, Literal)> },
    Convert { at: Spanned<String>, from: Spanned<String>, to: Spanned<String>, scale: Option<u32> },
    Patch { ops: Literal, back: Option<Literal> },
    Custom { up: Custom, down: Custom },
    Head(HeadSpec),
    Route(RouteSpec),
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

// === impl Change ===

impl Change {
    /// A change that `version` introduced, with a sentence for the changelog.
    pub fn new(version: impl Into<Spanned<String>>, summary: impl Into<Spanned<String>>) -> Self {
        Self {
            version: version.into(),
            summary: summary.into(),
            on: Vec::new(),
            at: Vec::new(),
            ops: Vec::new(),
            breaking: false,
            strict: None,
            on_error: None,
            span: Span::NONE,
        }
    }

    /// Applies to a named resource; may be said again.
    #[must_use]
    pub fn with_on(mut self, resource: impl Into<Spanned<String>>) -> Self {
        self.on.push(resource.into());
        self
    }

    /// Applies to a place that needs no name; may be said again.
    #[must_use]
    pub fn with_at(mut self, place: impl Into<Spanned<String>>) -> Self {
        self.at.push(place.into());
        self
    }

    /// Adds an op; they run in this order.
    #[must_use]
    pub fn with_op(mut self, op: OpSpec) -> Self {
        self.ops.push(op);
        self
    }

    /// Allows ops that take something away or alter it.
    #[must_use]
    pub fn breaking(mut self) -> Self {
        self.breaking = true;
        self
    }

    /// Whether old clients lose what the change adds (`true`) or are given it as well (`false`).
    /// Default: what the version, then the api says.
    #[must_use]
    pub fn with_strict(mut self, strict: bool) -> Self {
        self.strict = Some(strict);
        self
    }

    /// What to do when a value cannot be migrated. Default: what the api says.
    #[must_use]
    pub fn with_on_error(mut self, on_error: OnError) -> Self {
        self.on_error = Some(on_error);
        self
    }
}

// === impl Resource ===

impl Resource {
    /// A shape called `name`, so far nowhere.
    pub fn new(name: impl Into<Spanned<String>>) -> Self {
        Self { name: name.into(), at: Vec::new() }
    }

    /// Adds a place.
    #[must_use]
    pub fn with_at(mut self, place: impl Into<Spanned<String>>) -> Self {
        self.at.push(Place { at: place.into(), partial: None });
        self
    }

    /// Adds the place of a body that carries only some of the members, so that no default may be filled in. This is
    /// what every `PATCH` request is taken for unless `partial` is `false` here.
    #[must_use]
    pub fn with_partial_at(mut self, place: impl Into<Spanned<String>>, partial: bool) -> Self {
        self.at.push(Place { at: place.into(), partial: Some(partial) });
        self
    }
}

// === impl OpSpec ===

impl OpSpec {
    pub(crate) fn new(op: OpKind) -> Self {
        Self { op, when: None, on_error: None, keep: false, expand: false, span: Span::NONE }
    }

    /// The routes that it names.
    pub(crate) fn routes(&self) -> Vec<&Spanned<String>> {
        match &self.op {
            OpKind::Route(RouteSpec::Add(route) | RouteSpec::Remove(route)) => vec![route],
            OpKind::Route(RouteSpec::Move { from, to }) => vec![from, to],
            _ => Vec::new(),
        }
    }

    /// Adds a member where it is absent.
    #[must_use]
    pub fn add(at: &str, value: impl Into<Literal>) -> Self {
        Self::new(OpKind::Add { at: at.into(), value: value.into() })
    }

    /// Copies the exact bytes of a value.
    #[must_use]
    pub fn copy(from: &str, to: &str) -> Self {
        Self::new(OpKind::Copy { from: from.into(), to: to.into() })
    }

    /// Writes a text made of others: `"{/first} {/last}"`.
    #[must_use]
    pub fn compute(at: &str, template: &str) -> Self {
        Self::new(OpKind::Compute { at: at.into(), template: template.into() })
    }

    /// Renames a member within its object; its place is kept.
    #[must_use]
    pub fn rename(from: &str, to: &str) -> Self {
        Self::new(OpKind::Rename { from: from.into(), to: to.into() })
    }

    /// Takes a value to another place.
    #[must_use]
    pub fn relocate(from: &str, to: &str) -> Self {
        Self::new(OpKind::Move { from: from.into(), to: to.into() })
    }

    /// Removes a member. The old side gets `restore` back where it is absent.
    #[must_use]
    pub fn remove(at: &str, restore: impl Into<Literal>) -> Self {
        Self::new(OpKind::Remove { at: at.into(), restore: Some(restore.into()), lossy: false })
    }

    /// Removes a member that the old side has to do without.
    #[must_use]
    pub fn remove_lossy(at: &str) -> Self {
        Self::new(OpKind::Remove { at: at.into(), restore: None, lossy: true })
    }

    /// Puts a value into an array or object of its own.
    #[must_use]
    pub fn wrap(at: &str, into: Wrapper) -> Self {
        Self::new(OpKind::Wrap { at: at.into(), into, many: Many::Error })
    }

    /// Takes a value out of its array or object.
    #[must_use]
    pub fn unwrap(at: &str, from: Wrapper, many: Many) -> Self {
        Self::new(OpKind::Unwrap { at: at.into(), from, many })
    }

    /// Cuts a text at the first separators.
    #[must_use]
    pub fn split(at: &str, into: &[&str], on: &str) -> Self {
        let into = into.iter().map(|target| (*target).into()).collect();
        Self::new(OpKind::Split { at: at.into(), into, on: on.into() })
    }

    /// Puts several texts together.
    #[must_use]
    pub fn join(from: &[&str], to: &str, on: &str) -> Self {
        let from = from.iter().map(|source| (*source).into()).collect();
        Self::new(OpKind::Join { from, to: to.into(), on: on.into() })
    }

    /// Exchanges values by a table; a value that is not listed is an error.
    #[must_use]
    pub fn map(at: &str, pairs: Vec<(Literal, Literal)>) -> Self {
        Self::new(OpKind::Map { at: at.into(), pairs, other: OtherSpec::Error, back: Vec::new() })
    }

    /// As [`OpSpec::map`]; values that are not listed stay as they are, both ways.
    #[must_use]
    pub fn map_or_keep(at: &str, pairs: Vec<(Literal, Literal)>) -> Self {
        Self::new(OpKind::Map { at: at.into(), pairs, other: OtherSpec::Keep, back: Vec::new() })
    }

    /// As [`OpSpec::map`]; values that are not listed become `other`, both ways. Where two old values become one new
    /// one, `back` says which it was: new, then old.
    #[must_use]
    pub fn map_or(
        at: &str,
        pairs: Vec<(Literal, Literal)>,
        other: impl Into<Literal>,
        back: Vec<(Literal, Literal)>,
    ) -> Self {
        Self::new(OpKind::Map { at: at.into(), pairs, other: OtherSpec::Value(other.into()), back })
    }

    /// Writes a value in another form: `number`, `string`, `integer`, `decimal`, `unix-seconds`, `unix-millis`,
    /// `rfc3339`.
    #[must_use]
    pub fn convert(at: &str, from: &str, to: &str) -> Self {
        Self::new(OpKind::Convert { at: at.into(), from: from.into(), to: to.into(), scale: None })
    }

    /// The digits after the point of a [`convert`](Self::convert) between `integer` and `decimal`, which needs it.
    #[must_use]
    pub fn with_scale(mut self, digits: u32) -> Self {
        if let OpKind::Convert { scale, .. } = &mut self.op {
            *scale = Some(digits);
        }
        self
    }

    /// Runs a JSON Patch (RFC 6902), and `back` on the way back.
    #[must_use]
    pub fn patch(ops: impl Into<Literal>, back: impl Into<Literal>) -> Self {
        Self::new(OpKind::Patch { ops: ops.into(), back: Some(back.into()) })
    }

    /// Runs a function, and another one on the way back. Forces the body to be read as a whole.
    pub fn custom(
        up: impl Fn(&mut serde_json::Value) -> Result<(), String> + Send + Sync + 'static,
        down: impl Fn(&mut serde_json::Value) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self::new(OpKind::Custom { up: Custom::new(up), down: Custom::new(down) })
    }

    /// A typed pair: the old and the new shape as Rust types, and how one becomes the other. Members that the types
    /// do not name are lost, so the types should be complete.
    pub fn typed<Old, New>(
        up: impl Fn(Old) -> Result<New, String> + Send + Sync + 'static,
        down: impl Fn(New) -> Result<Old, String> + Send + Sync + 'static,
    ) -> Self
    where
        Old: serde::de::DeserializeOwned + serde::Serialize,
        New: serde::de::DeserializeOwned + serde::Serialize,
    {
        Self::custom(move |value| through(value, &up), move |value| through(value, &down))
    }

    /// Renames a header.
    #[must_use]
    pub fn rename_header(from: &str, to: &str) -> Self {
        Self::new(OpKind::Head(HeadSpec::RenameHeader { from: from.into(), to: to.into() }))
    }

    /// Adds a header where it is absent.
    #[must_use]
    pub fn add_header(name: &str, value: &str) -> Self {
        Self::new(OpKind::Head(HeadSpec::AddHeader { name: name.into(), value: value.to_owned() }))
    }

    /// Renames a query parameter.
    #[must_use]
    pub fn rename_query(from: &str, to: &str) -> Self {
        Self::new(OpKind::Head(HeadSpec::RenameQuery { from: from.into(), to: to.into() }))
    }

    /// Exchanges values of a query parameter that name fields; in a comma list each, with a leading `-` or `+` kept.
    #[must_use]
    pub fn map_query(name: &str, values: &[(&str, &str)]) -> Self {
        let values = values.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect();
        Self::new(OpKind::Head(HeadSpec::MapQuery { name: name.into(), values }))
    }

    /// Removes a header; the old side gets `restore` where it is absent.
    #[must_use]
    pub fn remove_header(name: &str, restore: &str) -> Self {
        let restore = Some(restore.to_owned());
        Self::new(OpKind::Head(HeadSpec::RemoveHeader { name: name.into(), restore, lossy: false }))
    }

    /// Adds a query parameter where it is absent.
    #[must_use]
    pub fn add_query(name: &str, value: &str) -> Self {
        Self::new(OpKind::Head(HeadSpec::AddQuery { name: name.into(), value: value.to_owned() }))
    }

    /// Removes a query parameter; the old side gets `restore` where it is absent.
    #[must_use]
    pub fn remove_query(name: &str, restore: &str) -> Self {
        let restore = Some(restore.to_owned());
        Self::new(OpKind::Head(HeadSpec::RemoveQuery { name: name.into(), restore, lossy: false }))
    }

    /// Exchanges a path prefix below the base path in `Location`, `Content-Location` and `Link`.
    #[must_use]
    pub fn rename_prefix(from: &str, to: &str) -> Self {
        Self::new(OpKind::Head(HeadSpec::RenamePrefix { from: from.into(), to: to.into() }))
    }

    /// Exchanges one response status for another.
    #[must_use]
    pub fn map_status(from: u16, to: u16) -> Self {
        Self::new(OpKind::Head(HeadSpec::MapStatus { from: from.into(), to: to.into() }))
    }

    /// The version added a route (`POST /users`): older clients do not have it.
    #[must_use]
    pub fn add_route(route: &str) -> Self {
        Self::new(OpKind::Route(RouteSpec::Add(route.into())))
    }

    /// The version removed a route: only older clients have it.
    #[must_use]
    pub fn remove_route(route: &str) -> Self {
        Self::new(OpKind::Route(RouteSpec::Remove(route.into())))
    }

    /// The version moved a route: `GET /people/{id}` to `GET /users/{id}`.
    #[must_use]
    pub fn move_route(from: &str, to: &str) -> Self {
        Self::new(OpKind::Route(RouteSpec::Move { from: from.into(), to: to.into() }))
    }

    /// Runs only where the member at `pointer` exists.
    #[must_use]
    pub fn when_present(mut self, pointer: &str) -> Self {
        self.when = Some(When { at: pointer.into(), equals: None });
        self
    }

    /// Runs only where the value at `pointer` equals `value`.
    #[must_use]
    pub fn when_equals(mut self, pointer: &str, value: impl Into<Literal>) -> Self {
        self.when = Some(When { at: pointer.into(), equals: Some(value.into()) });
        self
    }

    /// In a collision the existing value stays, and the source goes all the same.
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

fn through<A, B>(value: &mut serde_json::Value, f: &impl Fn(A) -> Result<B, String>) -> Result<(), String>
where
    A: serde::de::DeserializeOwned,
    B: serde::Serialize,
{
    let from = serde_json::from_value(value.take()).map_err(|e| e.to_string())?;
    *value = serde_json::to_value(f(from)?).map_err(|e| e.to_string())?;
    Ok(())
}
