//! Finds what leads a body from one version to another by names: a place, and two versions.

use super::entry::{ApiEntry, RouteEntry};
use super::migration::Migration;
use crate::change::{BodyChain, Location, Message, PlaceError, RouteName, StatusMatch};
use crate::diagnostic::{SUGGESTED, suggestion};
use crate::version::VersionId;

/// A name that the api does not have, with those that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    message: String,
    kind: Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unknown {
    Place,
    Route,
    Response,
    Version,
}

/// What the three names stand for.
pub(super) struct BodyBetween<'c> {
    pub(super) route: &'c RouteEntry,
    pub(super) message: Message,
    pub(super) chain: &'c BodyChain,
    pub(super) from: VersionId,
    pub(super) to: VersionId,
}

// === impl ApiEntry ===

impl ApiEntry {
    /// What leads the body at `place` from one version to another.
    ///
    /// A place is written as the newest version has it: `POST /users <-` for a request, `GET /users/{id} -> 200` for a
    /// response. A route alone, `GET /users/{id}`, stands for its first successful response.
    ///
    /// # Errors
    /// A name that the api does not have, with those that it has.
    pub fn migration(&self, place: &str, from: &str, to: &str) -> Result<Migration<'_>, UnknownName> {
        let BodyBetween { route, chain, from, to, .. } = self.body_between(place, from, to)?;
        Ok(Migration::new(chain, from, to).with_field_names(route.forms))
    }

    /// The change with this number, as logs have it: its version and its summary.
    #[cfg(feature = "layer")]
    pub(crate) fn change_name(&self, number: u32) -> Option<String> {
        let (version, summary) = self.changes.get(number as usize)?;
        Some(format!("{}: {summary}", self.version(*version).text))
    }

    pub(super) fn body_between(&self, place: &str, from: &str, to: &str) -> Result<BodyBetween<'_>, UnknownName> {
        let (route, message, chain) = self.body_at(place)?;
        Ok(BodyBetween { route, message, chain, from: self.known_version(from)?, to: self.known_version(to)? })
    }

    fn body_at(&self, place: &str) -> Result<(&RouteEntry, Message, &BodyChain), UnknownName> {
        if !place.contains("->") && !place.contains("<-") {
            let route = self.known_route(&place.parse().map_err(misspelt)?)?;
            let success = |(of, _): &&(StatusMatch, BodyChain)| (200..300).any(|status| of.contains(status));
            let found =
                route.history.responses.iter().find(success).map(|(of, chain)| (route, Message::Response(*of), chain));
            return found.ok_or_else(|| unknown_response(route, "a 2xx status"));
        }
        let location: Location = place.parse().map_err(misspelt)?;
        let route = self.known_route(&location.route)?;
        let Message::Response(of) = location.message else {
            return Ok((route, Message::Request, &route.history.request));
        };
        let found = match of {
            StatusMatch::Exact(status) => route.history.response(status),
            StatusMatch::Class(_) | StatusMatch::Any => {
                let same = route.history.responses.iter().find(|(known, _)| known.covers(of));
                same.map(|(_, chain)| chain)
            }
        };
        found
            .map(|chain| (route, location.message, chain))
            .ok_or_else(|| unknown_response(route, &format!("status {of}")))
    }

    fn known_route(&self, name: &RouteName) -> Result<&RouteEntry, UnknownName> {
        let unknown = || {
            let known: Vec<String> = self.routes.iter().map(|route| route.history.name.to_string()).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let renamed = self.renamed(name).map(|newest| format!("it is `{newest}` in the newest version"));
            let help = renamed.unwrap_or_else(|| suggestion(&name.to_string(), &known, SUGGESTED));
            UnknownName::new(Unknown::Route, format!("unknown route `{name}` of `{}`; {help}", self.name))
        };
        self.route_named(name).ok_or_else(unknown)
    }

    /// What the newest version calls a route that an older one calls so.
    pub(super) fn renamed(&self, name: &RouteName) -> Option<&RouteName> {
        let was = |route: &&RouteEntry| route.history.moves.iter().any(|moved| moved.before == *name);
        self.routes.iter().find(was).map(|route| &route.history.name)
    }

    fn known_version(&self, text: &str) -> Result<VersionId, UnknownName> {
        let unknown = || {
            let known: Vec<&str> = self.versions.iter().map(|version| &*version.text).collect();
            let help = suggestion(text, &known, SUGGESTED);
            UnknownName::new(Unknown::Version, format!("unknown version `{text}` of `{}`; {help}", self.name))
        };
        self.lookup(text).ok_or_else(unknown)
    }
}

/// What may exchange these statuses between two versions.
fn misspelt(error: PlaceError) -> UnknownName {
    UnknownName::new(Unknown::Place, format!("{error}; {}", error.help()))
}

fn unknown_response(route: &RouteEntry, what: &str) -> UnknownName {
    let declared = match &route.history.responses[..] {
        [] => "it has no declared response".to_owned(),
        statuses => format!("declared: {}", list(statuses.iter().map(|(of, _)| format!("`{of}`")))),
    };
    let message = format!("no resource is in a response of `{}` with {what}; {declared}", route.history.name);
    UnknownName::new(Unknown::Response, message)
}

fn list(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

// === impl UnknownName ===

impl UnknownName {
    fn new(kind: Unknown, message: String) -> Self {
        Self { message, kind }
    }

    /// Whether the route is there, and no resource is declared in its response with this status.
    #[must_use]
    pub fn is_response(&self) -> bool {
        self.kind == Unknown::Response
    }

    /// Whether it is the name of a version.
    #[must_use]
    pub fn is_version(&self) -> bool {
        self.kind == Unknown::Version
    }
}

impl std::fmt::Display for UnknownName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for UnknownName {}
