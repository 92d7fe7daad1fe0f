//! Routes of one version: from method and path to a route and its parameters.

use std::collections::BTreeMap;

use http::Method;

use crate::change::RouteName;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};

/// A route of one api, by its place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteId(u16);

/// What a path below the api leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match<'p> {
    /// A route, and what stands in its parameters, in the order of its template; still percent-encoded.
    Route(RouteId, Vec<&'p str>),
    /// The path is known, but not with this method.
    OtherMethods(Vec<Box<str>>),
    /// Nothing.
    None,
}

/// All routes of one version.
#[derive(Clone, Debug, Default)]
pub struct Router {
    inner: matchit::Router<Vec<Entry>>,
}

#[derive(Clone, Debug)]
struct Entry {
    method: Option<Box<str>>,
    route: RouteId,
}

// === impl RouteId ===

impl RouteId {
    /// The route at `index`.
    #[must_use]
    pub const fn new(index: u16) -> Self {
        Self(index)
    }

    /// Its place in the list.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

// === impl Router ===

impl Router {
    /// Puts `routes` together; two that answer alike are reported.
    pub(super) fn new<'a>(routes: impl Iterator<Item = (RouteId, &'a RouteName)>, found: &mut Diagnostics) -> Self {
        let mut shapes: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for (route, name) in routes {
            let entries = shapes.entry(shape(&name.template)).or_default();
            if entries.iter().any(|entry| entry.method == name.method) {
                let message = format!("`{name}` answers the same requests as another route");
                let help = "one place has one template: the parameter's name is part of it";
                found.push(Diagnostic::error("route-collision", message, Span::NONE).help(help));
                continue;
            }
            entries.push(Entry { method: name.method.clone(), route });
        }
        let mut inner = matchit::Router::new();
        for (shape, entries) in shapes {
            if let Err(e) = inner.insert(&shape, entries) {
                let message = format!("`{shape}` cannot be told from another route: {e}");
                found.push(Diagnostic::error("route-collision", message, Span::NONE).help("change one of them"));
            }
        }
        Self { inner }
    }

    /// Finds the route. `HEAD` is looked up as `GET` where it is not a route of its own.
    #[must_use]
    pub fn find<'p>(&self, method: &Method, path: &'p str) -> Match<'p> {
        let Ok(found) = self.inner.at(path) else { return Match::None };
        let by = |method: &str| found.value.iter().find(|entry| entry.method.as_deref() == Some(method));
        let entry = by(method.as_str())
            .or_else(|| if *method == Method::HEAD { by("GET") } else { None })
            .or_else(|| found.value.iter().find(|entry| entry.method.is_none()));
        match entry {
            Some(entry) => Match::Route(entry.route, found.params.iter().map(|(_, value)| value).collect()),
            None => Match::OtherMethods(found.value.iter().filter_map(|entry| entry.method.clone()).collect()),
        }
    }
}

impl Router {
    /// The route at `path`, whatever the method, and what stands in its parameters.
    #[must_use]
    pub fn find_any<'p>(&self, path: &'p str) -> Option<(RouteId, Vec<&'p str>)> {
        let found = self.inner.at(path).ok()?;
        let route = found.value.first()?.route;
        Some((route, found.params.iter().map(|(_, value)| value).collect()))
    }
}

/// The template with numbers for names, so that templates that differ in names only are seen to be alike.
fn shape(template: &str) -> String {
    let mut next = 0;
    let segments = template.split('/').map(|segment| match segment.strip_prefix('{') {
        Some(name) => {
            next += 1;
            format!("{{{}p{next}}}", if name.starts_with('*') { "*" } else { "" })
        }
        None => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}
