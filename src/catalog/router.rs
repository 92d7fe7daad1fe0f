//! Routes of one version: from method and path to a route and its parameters.

use std::collections::BTreeMap;

use http::Method;

use crate::change::RouteName;

/// A route of one api, by its place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteId(u16);

/// What a path below the api leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// A route.
    Route(RouteId),
    /// The path is known, but not with this method.
    OtherMethods(Vec<Box<str>>),
    /// Nothing.
    None,
}

/// Two routes that one request can be for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Collision {
    pub(super) route: RouteName,
    pub(super) other: RouteName,
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
    /// Puts `routes` together; those that cannot be told apart are left out and told.
    pub(super) fn new<'a>(routes: impl Iterator<Item = (RouteId, &'a RouteName)>) -> (Self, Vec<Collision>) {
        let mut shapes: BTreeMap<String, Vec<(&RouteName, RouteId)>> = BTreeMap::new();
        let mut collisions = Vec::new();
        let mut collide = |route: &RouteName, other: &RouteName| {
            collisions.push(Collision { route: route.clone(), other: other.clone() });
        };
        for (route, name) in routes {
            let same = shapes.entry(shape(&name.template)).or_default();
            // What is said of every method is found for one by the template.
            let any = |known: &RouteName| known.method.is_none() || name.method.is_none();
            let collides =
                |known: &RouteName| known.method == name.method || any(known) && known.template != name.template;
            match same.iter().find(|(known, _)| collides(known)) {
                Some((known, _)) => collide(name, known),
                None => same.push((name, route)),
            }
        }
        let mut inner = matchit::Router::new();
        for (shape, same) in &shapes {
            let entries = same.iter().map(|(name, route)| Entry { method: name.method.clone(), route: *route });
            if let Err(matchit::InsertError::Conflict { with }) = inner.insert(shape, entries.collect())
                && let (Some((name, _)), Some((other, _))) =
                    (same.first(), shapes.get(&with).and_then(|same| same.first()))
            {
                collide(name, other);
            }
        }
        (Self { inner }, collisions)
    }

    /// Finds the route. `HEAD` is looked up as `GET` where it is not a route of its own; no path at all as `/`.
    #[must_use]
    pub fn find(&self, method: &Method, path: &str) -> Match {
        let Ok(found) = self.inner.at(or_root(path)) else { return Match::None };
        let by = |method: &str| found.value.iter().find(|entry| entry.method.as_deref() == Some(method));
        let entry = by(method.as_str())
            .or_else(|| if *method == Method::HEAD { by("GET") } else { None })
            .or_else(|| found.value.iter().find(|entry| entry.method.is_none()));
        match entry {
            Some(entry) => Match::Route(entry.route),
            None => {
                let mut others: Vec<_> = found.value.iter().filter_map(|entry| entry.method.clone()).collect();
                // What answers GET answers HEAD (RFC 9110 §9.3.2), and `Allow` says so.
                if let Some(get) = others.iter().position(|method| **method == *"GET")
                    && by("HEAD").is_none()
                {
                    others.insert(get + 1, "HEAD".into());
                }
                Match::OtherMethods(others)
            }
        }
    }
}

impl Router {
    /// What stands in the parameters of the routes at `path`, in the order of their templates; still percent-encoded.
    /// Seldom asked for, so nobody keeps them.
    #[must_use]
    pub fn params<'p>(&self, path: &'p str) -> Vec<&'p str> {
        let found = self.inner.at(or_root(path));
        found.map_or_else(|_| Vec::new(), |found| found.params.iter().map(|(_, value)| value).collect())
    }

    /// The routes at `path`, whatever the method, and what stands in their parameters. They share the path's shape, but
    /// not their history: one may have come later than another.
    pub fn find_any<'p>(&self, path: &'p str) -> impl Iterator<Item = (RouteId, Vec<&'p str>)> {
        let found = self.inner.at(path).ok();
        found.into_iter().flat_map(|found| {
            let params: Vec<&str> = found.params.iter().map(|(_, value)| value).collect();
            found.value.iter().map(move |entry| (entry.route, params.clone()))
        })
    }
}

fn or_root(path: &str) -> &str {
    if path.is_empty() { "/" } else { path }
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
