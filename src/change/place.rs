//! Places: in which message, and where in its body, a resource is.

use std::fmt;
use std::str::FromStr;

use crate::json::Pattern;
use crate::path::normalize;

/// A route as it is written: `GET /users/{id}`, or `* /users/{id}` for every method. A place may have `*` for every route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RouteName {
    /// In capitals; `None` for every method.
    pub method: Option<Box<str>>,
    /// `/users/{id}`, below the api's base path and version.
    pub template: Box<str>,
}

/// A message of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Message {
    /// What the client sends.
    Request,
    /// What it gets, for these statuses.
    Response(StatusMatch),
}

/// The statuses that a place speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum StatusMatch {
    /// One.
    Exact(u16),
    /// A class: 2 for `2xx`.
    Class(u8),
    /// All.
    Any,
}

/// A place as it is written: `GET /users -> 200 /items/*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    /// The route.
    pub route: RouteName,
    /// The message.
    pub message: Message,
    /// Where in the document, as the newest version has it.
    pub pattern: Pattern,
}

/// Why a place or route is invalid, and what to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlaceError {
    message: String,
    help: &'static str,
}

/// The template of [`RouteName::every`]; no path has a `*`.
const EVERY: &str = "*";

const PLACE_HELP: &str = "write `GET /users/{id} -> 200` for a response, `POST /users <-` for a request; if the \
     resource is not the whole document, add a pattern such as `/items/*`; or write a resource and a pointer, `order /lines/*`, \
     or `* -> 4xx` and `* <-` for the messages of every route";
const ROUTE_HELP: &str = "write a method and a path below the base path of the api, such as `GET /users/{id}`";

// === impl RouteName ===

impl RouteName {
    /// `*`: every route that the api declares.
    #[must_use]
    fn every() -> Self {
        Self { method: None, template: EVERY.into() }
    }

    /// Whether it is `*`, which only places have.
    #[must_use]
    pub(crate) fn is_every(&self) -> bool {
        *self.template == *EVERY
    }

    /// Whether every request for `other` is one for this: the same path, and its method or any.
    #[must_use]
    pub(crate) fn covers(&self, other: &Self) -> bool {
        if self.is_every() {
            return true;
        }
        self.template == other.template && (self.method.is_none() || self.method == other.method)
    }

    /// How many `{parameters}` its template has.
    #[must_use]
    pub(crate) fn parameters(&self) -> Vec<&str> {
        self.template.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}')).collect()
    }
}

impl FromStr for RouteName {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let wrong = |what: &str| PlaceError { message: format!("`{text}`: {what}"), help: ROUTE_HELP };
        let mut words = text.split_whitespace();
        let (Some(method), Some(template), None) = (words.next(), words.next(), words.next()) else {
            return Err(wrong("expected a method and a path"));
        };
        if method != "*" && !method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-') {
            return Err(wrong("the method must be upper case"));
        }
        check_template(template).map_err(wrong)?;
        match normal(template) {
            Ok(normal) if normal == template => {}
            Ok(normal) => return Err(wrong(&format!("the normalized path is `{normal}`"))),
            Err(what) => return Err(wrong(&what)),
        }
        let method = (method != "*").then(|| method.into());
        Ok(Self { method, template: template.into() })
    }
}

fn check_template(template: &str) -> Result<(), &'static str> {
    if !template.starts_with('/') {
        return Err("the path must start with `/`");
    }
    let segments: Vec<&str> = template[1..].split('/').collect();
    let last_is_empty = segments.last().is_some_and(|s| s.is_empty());
    for (at, segment) in segments.iter().enumerate() {
        let last = at + 1 == segments.len();
        match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
            Some("" | "*") => return Err("a parameter has no name"),
            Some(name) if name.starts_with('*') && !last => return Err("`{*rest}` must be the last segment"),
            Some(name) if name.contains(['{', '}']) => return Err("a segment has two parameters"),
            Some(_) => {}
            None if segment.contains(['{', '}']) => return Err("a parameter must be a whole segment, such as `{id}`"),
            None if segment.starts_with(':') => return Err("write a parameter as `{id}`, not `:id`"),
            None if segment.is_empty() && !(last && last_is_empty) => return Err("it has an empty segment"),
            None if segment.contains(['?', '#', '*']) => return Err("a path cannot contain `?`, `#` or `*`"),
            None => {}
        }
    }
    let mut names: Vec<&str> = segments.iter().filter(|s| s.starts_with('{')).copied().collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) { Err("two parameters have the same name") } else { Ok(()) }
}

/// The template as requests have its path: routes are compared with paths in their normal form.
fn normal(template: &str) -> Result<String, String> {
    let segment = |segment: &str| match segment {
        parameter if parameter.starts_with('{') => Ok(parameter.to_owned()),
        text if text.contains(';') => Err("a route cannot contain `;`".to_owned()),
        text => normalize(&format!("/{text}")).map(|normal| normal[1..].to_owned()).map_err(|e| e.to_string()),
    };
    let segments: Result<Vec<String>, String> = template.split('/').map(segment).collect();
    segments.map(|segments| segments.join("/"))
}

impl fmt::Display for RouteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_every() {
            return f.write_str(EVERY);
        }
        write!(f, "{} {}", self.method.as_deref().unwrap_or("*"), self.template)
    }
}

// === impl StatusMatch ===

impl StatusMatch {
    /// Whether `status` is one of them.
    #[must_use]
    pub(crate) const fn contains(self, status: u16) -> bool {
        match self {
            Self::Exact(exact) => exact == status,
            Self::Class(class) => class as u16 == status / 100,
            Self::Any => true,
        }
    }

    /// Whether every status of `narrower` is one of these.
    #[must_use]
    pub(crate) const fn covers(self, narrower: Self) -> bool {
        match (self, narrower) {
            (Self::Any, _) => true,
            (wide, Self::Exact(status)) => wide.contains(status),
            (Self::Class(a), Self::Class(b)) => a == b,
            _ => false,
        }
    }
}

/// As a place writes it: `200`, `2xx` or `*`.
impl fmt::Display for StatusMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(status) => write!(f, "{status}"),
            Self::Class(class) => write!(f, "{class}xx"),
            Self::Any => f.write_str("*"),
        }
    }
}

impl FromStr for StatusMatch {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.as_bytes() {
            b"*" => Ok(Self::Any),
            [class @ b'1'..=b'5', b'x', b'x'] => Ok(Self::Class(class - b'0')),
            [b'1'..=b'5', _, _] => text.parse().map(Self::Exact).map_err(|_| ()),
            _ => Err(()),
        }
    }
}

// === impl Location ===

impl Location {
    /// Whether the place that `text` says is one of `route`.
    pub(crate) fn is_at(text: &str, route: &RouteName) -> bool {
        text.parse::<Self>().is_ok_and(|place| place.route == *route)
    }
}

impl FromStr for Location {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let wrong = |what: &str| PlaceError { message: format!("`{text}`: {what}"), help: PLACE_HELP };
        let (route, rest, response) = if let Some((route, rest)) = text.split_once(" ->") {
            (route, rest, true)
        } else if let Some((route, rest)) = text.split_once(" <-") {
            (route, rest, false)
        } else {
            return Err(wrong("it has neither `->` nor `<-`"));
        };
        let mut words = rest.split_whitespace();
        let message = if response {
            let status = words.next().ok_or_else(|| wrong("the status after `->` is missing"))?;
            let status = status.parse().map_err(|()| wrong("the status must be like `200`, `2xx` or `*`"))?;
            Message::Response(status)
        } else {
            Message::Request
        };
        let pattern = Pattern::parse(words.next().unwrap_or("")).map_err(|e| wrong(&e.to_string()))?;
        if words.next().is_some() {
            return Err(wrong("there is text after the pattern"));
        }
        if pattern.has_any_depth() {
            return Err(wrong("a place has no `**`; the pointers of an op may"));
        }
        let route = if route.trim() == EVERY { RouteName::every() } else { route.parse()? };
        Ok(Self { route, message, pattern })
    }
}

// === impl PlaceError ===

impl PlaceError {
    /// What to write instead.
    #[must_use]
    pub(crate) const fn help(&self) -> &'static str {
        self.help
    }
}

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PlaceError {}
