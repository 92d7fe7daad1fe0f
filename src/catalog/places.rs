//! Finds what leads a body from one version to another by names: a place, and two versions.

use std::collections::BTreeMap;

use super::entry::{ApiEntry, RouteEntry};
use super::migration::Migration;
use super::view::{ExplainedChange, Explanation};
use crate::change::{
    BodyChain, Chain, HeaderStep, Location, Message, PlaceError, RouteHistory, RouteName, StatusLink, StatusMatch,
};
use crate::diagnostic::{SUGGESTED, suggestion};
use crate::json::Step;
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
struct BodyBetween<'c> {
    route: &'c RouteEntry,
    chain: &'c BodyChain,
    /// The statuses of a response.
    of: Option<StatusMatch>,
    /// What is done to the header fields.
    fields: Vec<&'c Chain<HeaderStep>>,
    from: VersionId,
    to: VersionId,
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

    /// The same in words: the changes that do something to the body or the header fields, and the program that they become.
    ///
    /// ```
    /// use sunward::catalog::{Api, Catalog, Version};
    /// use sunward::change::{Change, OpSpec};
    ///
    /// let state = Change::new("2", "`status` is called `state`")
    ///     .with_at("GET /orders/{id} -> 200")
    ///     .with_op(OpSpec::rename("/status", "/state"))
    ///     .with_breaking(true);
    /// let api = Api::new("shop")
    ///     .with_version_header("Api-Version")
    ///     .with_version(Version::new("1"))
    ///     .with_version(Version::new("2"))
    ///     .with_change(state);
    /// let catalog = Catalog::new([api])?;
    /// let shop = catalog.api("shop").expect("it is there");
    /// let explanation = shop.explain("GET /orders/{id}", "2", "1").expect("both are there");
    /// assert_eq!(explanation.changes()[0].summary(), "`status` is called `state`");
    /// # Ok::<(), sunward::diagnostic::Diagnostics>(())
    /// ```
    ///
    /// # Errors
    /// As [`migration`](Self::migration).
    pub fn explain(&self, place: &str, from: &str, to: &str) -> Result<Explanation, UnknownName> {
        let BodyBetween { route, chain, fields, of, from, to } = self.body_between(place, from, to)?;
        let links = chain.between(from, to);
        let around = links.around().map(|steps| (!steps.is_empty()).then(|| self.explained_links(from.max(to), steps)));
        let mut steps: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for fields in fields {
            for (change, fields) in fields.between(from, to).links() {
                steps.entry(change).or_default().extend(fields.iter().map(ToString::to_string));
            }
        }
        for link in of.map(|of| chain_statuses(&route.history, of, from, to)).into_iter().flatten() {
            steps.entry(link.op.0).or_default().push(explained_status(link, from < to));
        }
        for (change, body) in links.links() {
            steps.entry(change).or_default().extend(body.iter().map(ToString::to_string));
        }
        let mut changes: Vec<ExplainedChange> = steps
            .into_iter()
            .filter(|(_, steps)| !steps.is_empty())
            .map(|(change, steps)| {
                let (version, summary) = &self.changes[change as usize];
                ExplainedChange { version: self.version(*version).text.clone(), summary: summary.clone(), steps }
            })
            .collect();
        if to < from {
            changes.reverse();
        }
        let [before, behind] = around;
        let changes = before.into_iter().chain(changes).chain(behind);
        Ok(Explanation { changes: changes.collect(), program: chain.program(from, to).to_string() })
    }

    /// The summaries of the changes that lead a body from one version to another: of the request, or of a successful
    /// response.
    #[cfg(feature = "tracing")]
    pub(crate) fn changes_of<'a>(
        &'a self,
        route: &'a RouteEntry,
        response: bool,
        (from, to): (VersionId, VersionId),
    ) -> impl Iterator<Item = &'a str> {
        let success = |(of, _): &&(StatusMatch, BodyChain)| (200..300).any(|status| of.contains(status));
        let chain = match response {
            true => route.history.responses.iter().find(success).map(|(_, chain)| chain),
            false => Some(&route.history.request),
        };
        let links = chain.into_iter().flat_map(move |chain| chain.between(from, to).links());
        links.filter(|(_, steps)| !steps.is_empty()).map(|(change, _)| &*self.changes[change as usize].1)
    }

    /// The links that resources declare are of no change.
    fn explained_links(&self, version: VersionId, steps: &[Step]) -> ExplainedChange {
        let steps = steps.iter().map(ToString::to_string).collect();
        ExplainedChange { version: self.version(version).text.clone(), summary: "Declared links".into(), steps }
    }

    fn body_between(&self, place: &str, from: &str, to: &str) -> Result<BodyBetween<'_>, UnknownName> {
        let (route, chain) = self.body_at(place)?;
        let history = &route.history;
        let of = history.responses.iter().find(|(_, known)| std::ptr::eq(known, chain)).map(|(of, _)| *of);
        let fields = match of {
            Some(of) => {
                history.response_headers.iter().filter(|(known, _)| *known == of).map(|(_, chain)| chain).collect()
            }
            None => vec![&history.request_headers, &history.accept],
        };
        Ok(BodyBetween { route, chain, fields, of, from: self.known_version(from)?, to: self.known_version(to)? })
    }

    fn body_at(&self, place: &str) -> Result<(&RouteEntry, &BodyChain), UnknownName> {
        if !place.contains("->") && !place.contains("<-") {
            let route = self.known_route(&place.parse().map_err(misspelt)?)?;
            let success = |(of, _): &&(StatusMatch, BodyChain)| (200..300).any(|status| of.contains(status));
            let found = route.history.responses.iter().find(success).map(|(_, chain)| (route, chain));
            return found.ok_or_else(|| unknown_response(route, "success"));
        }
        let location: Location = place.parse().map_err(misspelt)?;
        let route = self.known_route(&location.route)?;
        let Message::Response(of) = location.message else { return Ok((route, &route.history.request)) };
        let found = match of {
            StatusMatch::Exact(status) => route.history.response(status),
            StatusMatch::Class(_) | StatusMatch::Any => {
                let same = route.history.responses.iter().find(|(known, _)| known.covers(of));
                same.map(|(_, chain)| chain)
            }
        };
        found.map(|chain| (route, chain)).ok_or_else(|| unknown_response(route, &format!("status {of}")))
    }

    fn known_route(&self, name: &RouteName) -> Result<&RouteEntry, UnknownName> {
        let unknown = || {
            let known: Vec<String> = self.routes.iter().map(|route| route.history.name.to_string()).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let help = suggestion(&name.to_string(), &known, SUGGESTED);
            UnknownName::new(Unknown::Route, format!("unknown route `{name}` of `{}`; {help}", self.name))
        };
        self.route_named(name).ok_or_else(unknown)
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
fn chain_statuses(
    history: &RouteHistory,
    of: StatusMatch,
    from: VersionId,
    to: VersionId,
) -> impl Iterator<Item = &StatusLink> {
    let between = move |link: &&StatusLink| from.min(to) < link.version && link.version <= from.max(to);
    let ours = move |link: &&StatusLink| of.contains(link.old) || of.contains(link.new);
    history.statuses.iter().filter(between).filter(ours)
}

fn explained_status(link: &StatusLink, upwards: bool) -> String {
    let (from, to) = if upwards { (link.old, link.new) } else { (link.new, link.old) };
    let when = link.when.as_ref().map(|when| format!(", where {when}; the whole body is held"));
    format!("replace the status {from} by {to}{}", when.unwrap_or_default())
}

fn misspelt(error: PlaceError) -> UnknownName {
    UnknownName::new(Unknown::Place, format!("{error}; {}", error.help()))
}

fn unknown_response(route: &RouteEntry, what: &str) -> UnknownName {
    let declared = match &route.history.responses[..] {
        [] => "none is declared".to_owned(),
        statuses => format!("declared: {}", list(statuses.iter().map(|(of, _)| format!("`{of}`")))),
    };
    let message = format!("no resource is in a response of `{}` with {what}: {declared}", route.history.name);
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
