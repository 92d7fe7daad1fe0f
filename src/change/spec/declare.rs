//! A change, and the resources that it is about.

use super::OpSpec;
use crate::diagnostic::{Span, Spanned};
use crate::json::OnError;

/// What one version altered, with a summary for people: a list of ops on resources, written in the direction
/// old → new and run in both.
///
/// ```
/// use sunward::change::{Change, OpSpec};
///
/// let change = Change::new("2", "A person has a title")
///     .with_on("user")
///     .with_op(OpSpec::rename("/name", "/title"))
///     .with_breaking(true);
/// # let _ = change;
/// ```
#[derive(Clone, Debug)]
pub struct Change {
    pub(crate) version: Spanned<String>,
    pub(crate) summary: Spanned<String>,
    pub(crate) on: Vec<Spanned<String>>,
    pub(crate) at: Vec<Spanned<String>>,
    pub(crate) except: Vec<Spanned<String>>,
    pub(crate) ops: Vec<OpSpec>,
    pub(crate) breaking: bool,
    pub(crate) strict: Option<bool>,
    pub(crate) on_error: Option<OnError>,
    pub(crate) span: Span,
}

/// A JSON shape and every place it occurs, named once, so that a change names it once.
///
/// A place is written `GET /users/{id} -> 200` (a response; a status, `2xx`, or `*`) or `POST /users <-` (a request),
/// with a pattern where the resource is not the whole document: `GET /users -> 200 /items/*`. `* -> 4xx` and `* <-` are the
/// messages of every route.
#[derive(Clone, Debug)]
pub struct Resource {
    pub(crate) name: Spanned<String>,
    pub(crate) at: Vec<Place>,
    pub(crate) except: Vec<Spanned<String>>,
    pub(crate) links: Vec<Spanned<String>>,
}

/// One place of a [`Resource`].
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) at: Spanned<String>,
    pub(crate) partial: Option<bool>,
}

// === impl Change ===

impl Change {
    /// A change that `version` introduced, with a sentence for the changelog.
    pub fn new(version: impl Into<String>, summary: impl Into<String>) -> Self {
        Self {
            version: Spanned::text(version),
            summary: Spanned::text(summary),
            on: Vec::new(),
            at: Vec::new(),
            except: Vec::new(),
            ops: Vec::new(),
            breaking: false,
            strict: None,
            on_error: None,
            span: Span::NONE,
        }
    }

    /// Applies to a named resource; may be said again.
    #[must_use]
    pub fn with_on(mut self, resource: impl Into<String>) -> Self {
        self.on.push(Spanned::text(resource));
        self
    }

    /// Applies to a place that needs no name; may be said again.
    #[must_use]
    pub fn with_at(mut self, place: impl Into<String>) -> Self {
        self.at.push(Spanned::text(place));
        self
    }

    /// Excludes a route from the places of the change (not from those of its resources) that are of several routes, `* -> 4xx`
    /// or `* /users -> 200`; may be said again.
    #[must_use]
    pub fn with_except(mut self, route: impl Into<String>) -> Self {
        self.except.push(Spanned::text(route));
        self
    }

    /// Adds an op; they run in this order.
    #[must_use]
    pub fn with_op(mut self, op: OpSpec) -> Self {
        self.ops.push(op);
        self
    }

    /// Whether ops may take something away or alter it. Default: they may not.
    #[must_use]
    pub fn with_breaking(mut self, breaking: bool) -> Self {
        self.breaking = breaking;
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
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: Spanned::text(name), at: Vec::new(), except: Vec::new(), links: Vec::new() }
    }

    /// Adds a place.
    #[must_use]
    pub fn with_at(mut self, place: impl Into<String>) -> Self {
        self.at.push(Place { at: Spanned::text(place), partial: None });
        self
    }

    /// Adds a place, and says whether the resource has only some of its members there. Then constants (`add`, `restore`)
    /// are filled in only inside of objects that the same change makes. Requests of `PATCH` are partial unless `partial`
    /// is `false` here. It holds for this place alone.
    #[must_use]
    pub fn with_partial_at(mut self, place: impl Into<String>, partial: bool) -> Self {
        self.at.push(Place { at: Spanned::text(place), partial: Some(partial) });
        self
    }

    /// Excludes a route, as the newest version has it, from the places that are of several routes; may be said again.
    ///
    /// ```
    /// use sunward::change::Resource;
    ///
    /// let error = Resource::new("error").with_at("* -> 4xx").with_at("* -> 5xx").with_except("GET /health");
    /// # let _ = error;
    /// ```
    #[must_use]
    pub fn with_except(mut self, route: impl Into<String>) -> Self {
        self.except.push(Spanned::text(route));
        self
    }

    /// Declares that a string of the resource is a link to the API, as the newest version has it: `/next`, or
    /// `/_links/*/href`. It is translated between versions as a request for it would be: prefix, version, route and query.
    ///
    /// ```
    /// use sunward::change::Resource;
    ///
    /// let page = Resource::new("page").with_at("GET /orders -> 200").with_link("/next").with_link("/items/*/url");
    /// # let _ = page;
    /// ```
    #[must_use]
    pub fn with_link(mut self, pointer: impl Into<String>) -> Self {
        self.links.push(Spanned::text(pointer));
        self
    }
}
