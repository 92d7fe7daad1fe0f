//! Routes of one version: from method and path to a route and its parameters.
//!
//! A slash at the end does not make another route, nor does letter case, if the api says so. Values of parameters keep
//! their spelling.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use http::Method;

use crate::change::RouteName;
use crate::path::{PathCase, trim_slash};

/// A route of one api, by its place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RouteId(u16);

/// What a path below the api leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// A route.
    Route(RouteId),
    /// The path is known, but not with this method.
    OtherMethods(Vec<Box<str>>),
    /// Nothing.
    None,
}

/// Two routes that one request can be for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RouteConflict {
    pub(super) route: RouteName,
    pub(super) other: RouteName,
}

/// All routes of one version.
#[derive(Clone, Debug, Default)]
pub(crate) struct Router {
    inner: matchit::Router<PathNode>,
    case: PathCase,
}

/// The paths that some version has a route for, in any letter case, so that one lookup tells whether a path is known, and
/// not one in each version's router.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownPaths {
    /// More than one if the paths of two versions do not fit into one router.
    inner: Vec<matchit::Router<()>>,
}

/// The routes of one path.
#[derive(Clone, Debug)]
struct PathNode {
    entries: Vec<MethodRoute>,
    /// The last parameter takes all that is left of the path, the slash at its end as well.
    catch_all: bool,
}

#[derive(Clone, Debug)]
struct MethodRoute {
    method: Option<Box<str>>,
    route: RouteId,
}

// === impl RouteId ===

impl RouteId {
    /// The route at `index`.
    #[must_use]
    pub(crate) const fn new(index: u16) -> Self {
        Self(index)
    }

    /// Its place in the list.
    #[must_use]
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

// === impl Router ===

impl Router {
    /// Builds the router; routes that cannot be distinguished are left out and reported.
    pub(super) fn new<'a>(
        routes: impl Iterator<Item = (RouteId, &'a RouteName)>,
        case: PathCase,
    ) -> (Self, Vec<RouteConflict>) {
        let mut shapes: BTreeMap<String, Vec<(&RouteName, RouteId)>> = BTreeMap::new();
        let mut collisions = Vec::new();
        let mut collide = |route: &RouteName, other: &RouteName| {
            collisions.push(RouteConflict { route: route.clone(), other: other.clone() });
        };
        for (route, name) in routes {
            let same = shapes.entry(shape(&name.template, case)).or_default();
            // A route for every method is found by its template.
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
            let entries = same.iter().map(|(name, route)| MethodRoute { method: name.method.clone(), route: *route });
            let node = PathNode { entries: entries.collect(), catch_all: shape.contains("{*") };
            if let Err(matchit::InsertError::Conflict { with }) = inner.insert(shape, node)
                && let (Some((name, _)), Some((other, _))) =
                    (same.first(), shapes.get(&with).and_then(|same| same.first()))
            {
                collide(name, other);
            }
        }
        (Self { inner, case }, collisions)
    }

    /// Finds the route. `HEAD` is looked up as `GET` if it is not a route of its own, an empty path as `/`, and a path with
    /// a slash at its end as the path without it.
    #[must_use]
    pub(crate) fn find(&self, method: &Method, path: &str) -> Match {
        let key = self.key(path);
        let Ok(found) = self.inner.at(&key) else { return Match::None };
        let entries = &found.value.entries;
        let by = |method: &str| entries.iter().find(|entry| entry.method.as_deref() == Some(method));
        let entry = by(method.as_str())
            .or_else(|| if *method == Method::HEAD { by("GET") } else { None })
            .or_else(|| entries.iter().find(|entry| entry.method.is_none()));
        match entry {
            Some(entry) => Match::Route(entry.route),
            None => {
                let mut others: Vec<_> = entries.iter().filter_map(|entry| entry.method.clone()).collect();
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

    /// What a path is looked up by.
    fn key<'p>(&self, path: &'p str) -> Cow<'p, str> {
        let path = trim_slash(if path.is_empty() { "/" } else { path });
        match self.case {
            PathCase::Insensitive if path.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                path.to_ascii_lowercase().into()
            }
            _ => path.into(),
        }
    }
}

impl Router {
    /// The values of the parameters of the routes at `path`, in the order of their templates; still percent-encoded.
    /// Rarely needed, so they are not kept.
    #[must_use]
    pub(crate) fn params<'p>(&self, path: &'p str) -> Vec<&'p str> {
        self.at(path).map_or_else(Vec::new, |(_, params)| params)
    }

    /// The routes at `path` for all methods, and the values of their parameters. They share the path's shape, but
    /// not their history: one may have come later than another.
    pub(crate) fn find_any<'p>(&self, path: &'p str) -> impl Iterator<Item = (RouteId, Vec<&'p str>)> {
        let found = self.at(path);
        found.into_iter().flat_map(|(node, params)| node.entries.iter().map(move |entry| (entry.route, params.clone())))
    }

    /// The routes at `path`, and its parameters as the path spells them.
    fn at<'p>(&self, path: &'p str) -> Option<(&PathNode, Vec<&'p str>)> {
        let key = self.key(path);
        let found = self.inner.at(&key).ok()?;
        let mut params: Vec<&str> = found
            .params
            .iter()
            .filter_map(|(_, value)| {
                // The key has the length of the path, so a value has the same position in both.
                let start = value.as_ptr() as usize - key.as_ptr() as usize;
                path.get(start..start + value.len())
            })
            .collect();
        if let Some(last) = params.last_mut().filter(|_| found.value.catch_all) {
            *last = &path[key.len() - last.len()..];
        }
        Some((found.value, params))
    }
}

// === impl KnownPaths ===

impl KnownPaths {
    /// The paths of `routes`, in all versions.
    pub(super) fn new<'a>(routes: impl Iterator<Item = &'a RouteName>) -> Self {
        let shapes: BTreeSet<String> = routes.map(|route| shape(&route.template, PathCase::Insensitive)).collect();
        let mut known = Self::default();
        for shape in shapes {
            if known.inner.iter_mut().any(|router| router.insert(&shape, ()).is_ok()) {
                continue;
            }
            let mut router = matchit::Router::new();
            // A template that the router refuses is a collision, and reported elsewhere.
            if router.insert(&shape, ()).is_ok() {
                known.inner.push(router);
            }
        }
        known
    }

    /// Whether `path` is among them, in whatever letter case.
    pub(crate) fn has(&self, path: &str) -> bool {
        if self.inner.is_empty() {
            return false;
        }
        let path = trim_slash(if path.is_empty() { "/" } else { path });
        let key: Cow<'_, str> = match path.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => path.to_ascii_lowercase().into(),
            false => path.into(),
        };
        self.inner.iter().any(|router| router.at(&key).is_ok())
    }
}

/// The template with numbers for names, so that templates that differ in names only are seen to be alike; without a slash
/// at its end, and in small letters if letter case makes no difference.
fn shape(template: &str, case: PathCase) -> String {
    let mut next = 0;
    let segments = trim_slash(template).split('/').map(|segment| match (segment.strip_prefix('{'), case) {
        (Some(name), _) => {
            next += 1;
            format!("{{{}p{next}}}", if name.starts_with('*') { "*" } else { "" })
        }
        (None, PathCase::Sensitive) => segment.to_owned(),
        (None, PathCase::Insensitive) => segment.to_ascii_lowercase(),
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Method, letter case, path; the route and the values of its parameters.
    type Row<'r> = (&'r str, PathCase, &'r str, Option<(u16, &'r [&'r str])>);

    fn router(case: PathCase) -> Router {
        let names: Vec<RouteName> = ["GET /users/{id}", "* /Files/{*path}", "GET /", "POST /users/"]
            .map(|name| name.parse().expect(name))
            .into();
        let routes = names.iter().enumerate().map(|(at, name)| (RouteId::new(at as u16), name));
        let (router, collisions) = Router::new(routes, case);
        assert_eq!(collisions, []);
        router
    }

    #[test]
    fn a_path_is_found_in_its_spellings() {
        use PathCase::{Insensitive, Sensitive};
        let rows: [Row<'_>; 15] = [
            ("GET", Sensitive, "/users/7", Some((0, &["7"]))),
            ("GET", Sensitive, "/users/A%20b/", Some((0, &["A%20b"]))),
            ("GET", Sensitive, "/Users/7", None),
            ("GET", Insensitive, "/USERS/Ab/", Some((0, &["Ab"]))),
            ("PUT", Sensitive, "/Files/a/B", Some((1, &["a/B"]))),
            ("PUT", Sensitive, "/Files/a/", Some((1, &["a/"]))),
            ("PUT", Insensitive, "/files/a/B/", Some((1, &["a/B/"]))),
            ("PUT", Sensitive, "/files/a", None),
            ("PUT", Sensitive, "/Files/", None),
            ("GET", Sensitive, "", Some((2, &[]))),
            ("HEAD", Sensitive, "/", Some((2, &[]))),
            ("POST", Sensitive, "/users", Some((3, &[]))),
            ("POST", Sensitive, "/users/", Some((3, &[]))),
            ("POST", Insensitive, "/uSers", Some((3, &[]))),
            ("GET", Insensitive, "/caf%C3%A9", None),
        ];
        for (method, case, path, expected) in rows {
            let (router, method) = (router(case), method.parse().expect(method));
            let found = match router.find(&method, path) {
                Match::Route(route) => Some((route.index() as u16, router.params(path))),
                _ => None,
            };
            assert_eq!(found, expected.map(|(route, params)| (route, params.to_vec())), "{method} {path}");
        }
    }

    #[test]
    fn known_paths_are_those_of_all_versions() {
        let names: Vec<RouteName> = ["GET /a/{id}", "GET /a/{*rest}", "GET /A/b", "GET /a/{id}", "GET /caf%C3%A9"]
            .map(|name| name.parse().expect(name))
            .into();
        let known = KnownPaths::new(names.iter());
        for (path, expected) in
            [("/a/7", true), ("/A/7/", true), ("/a/7/8", true), ("/a", false), ("/b", false), ("/CAF%C3%A9", true)]
        {
            assert_eq!(known.has(path), expected, "{path}");
        }
        assert!(!KnownPaths::default().has("/a"));
    }
}
