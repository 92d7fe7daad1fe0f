//! What an api is once it is checked: plain values, made at load and only read from then on.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};

use super::case_entry::CaseEntry;
use super::content::Content;
use super::cors::CorsEntry;
use super::life::Lifecycle;
use super::router::{KnownPaths, Match, RouteId, Router};
use super::spec::{ConsumerSource, OnUnacceptable, OnUndeclared, OnUntyped};
use super::template::{HostPattern, HostTemplate, PathTemplate};
use super::version_source::VersionSource;
use crate::change::{RouteHistory, RouteName};
use crate::clock::Timestamp;
use crate::consumer::{ConsumerSecret, TokenVerifier};
use crate::diagnostic::Span;
use crate::headers::merge;
use crate::headers::template::MediaTemplate;
use crate::json::FieldNames;
use crate::path::{PathCase, strip_prefix};
#[cfg(feature = "usage")]
use crate::usage::UsedChange;
use crate::version::{Scheme, VersionId, VersionName};

/// One api.
#[derive(Clone, Debug)]
pub struct ApiEntry {
    /// Its name, also the label of its metrics.
    pub(crate) name: Box<str>,
    /// Empty, or `/api`.
    pub(crate) base_path: Box<str>,
    /// The hosts that it answers on; any, if there are none.
    pub(crate) hosts: Box<[HostPattern]>,
    /// Whether paths that differ only in letter case are the same one.
    pub(crate) path_case: PathCase,
    /// What becomes of what no route names.
    pub(crate) undeclared: OnUndeclared,
    /// How its versions are named.
    pub(crate) scheme: Scheme,
    /// Where a request may name one.
    pub(crate) sources: VersionSources,
    /// Which source counts when they disagree; empty: none, it is refused.
    pub(crate) precedence: Box<[VersionSource]>,
    /// What a request speaks that names none; `None`: it is refused.
    pub(crate) unspecified: Option<VersionId>,
    /// What to do when `Accept` names none that can be served.
    pub(crate) on_unacceptable: OnUnacceptable,
    /// What to do with a body that a change is about and that no `Content-Type` says to be JSON.
    pub(crate) on_untyped: OnUntyped,
    /// How the names of form fields are read.
    pub(crate) forms: FieldNames,
    /// Whether a date between two versions is the nearest not newer.
    pub(crate) waterfall: bool,
    /// Its versions by their names in the canonical spelling, which is the one that is mostly used.
    pub(crate) names: BTreeMap<Box<str>, VersionId>,
    /// Other names.
    pub(crate) aliases: BTreeMap<Box<str>, VersionId>,
    /// Paths that pass untouched.
    pub(crate) exclude: Box<[Box<str>]>,
    /// Oldest first.
    pub(crate) versions: Box<[VersionEntry]>,
    /// In no particular order.
    pub(crate) routes: Box<[RouteEntry]>,
    /// By version.
    pub(crate) routers: Box<[Arc<Router>]>,
    /// The paths of all of them.
    pub(crate) known_paths: KnownPaths,
    /// Where to read who sent a request.
    pub(crate) consumer: Box<[ConsumerSource]>,
    /// What hashes keys.
    pub(crate) consumer_secret: Option<ConsumerSecret>,
    /// What verifies the tokens of the source at the same index.
    pub(crate) verifiers: Box<[Option<TokenVerifier>]>,
    /// What consumers speak that name none.
    pub(crate) pins: BTreeMap<Box<str>, VersionId>,
    /// Who keeps a version for longer.
    pub(crate) extensions: Box<[ExtensionEntry]>,
    /// What the service behind speaks.
    pub(crate) speaks: VersionId,
    /// The prefix that the service behind knows it by, with `{version}` or without.
    pub(crate) forward_as: Box<str>,
    /// The name of the service behind.
    pub(crate) upstream: Option<Box<str>>,
    /// The request fields that a response depends on.
    pub(crate) vary: Box<[HeaderName]>,
    /// `Vary` of these, rendered; none if there are none.
    pub(crate) vary_value: Option<HeaderValue>,
    /// The response header that says which version was served.
    pub(crate) response_header: Option<HeaderName>,
    /// Where the documents of problem types are.
    pub(crate) problem_types: Box<str>,
    /// Where to read about the versions.
    pub(crate) docs: Option<Box<str>>,
    /// Brownouts are stopped.
    pub(crate) pause: bool,
    /// Brownouts and sunsets only count.
    pub(crate) dry_run: bool,
    /// Cache lifetimes end with the version.
    pub(crate) clamp_freshness: bool,
    /// Whose scripts may read what is answered here.
    pub(crate) cors: Option<CorsEntry>,
    /// The summaries of its changes, by the changes' place in the list.
    pub(crate) changes: Box<[(VersionId, Box<str>)]>,
    /// The same, as a ledger names them.
    #[cfg(feature = "usage")]
    pub(crate) used_changes: Box<[UsedChange]>,
    /// The ops of its changes, in the same order.
    pub(crate) ops: Box<[Box<[OpEntry]>]>,
    /// Its tests of the changes.
    pub(crate) cases: Box<[CaseEntry]>,
}

/// An op of a change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpEntry {
    /// Where it is written.
    pub span: Span,
    /// Whether it alters messages; otherwise it says which versions have a route.
    pub alters: bool,
}

/// A version.
#[derive(Clone, Debug)]
pub struct VersionEntry {
    /// Its place in the list.
    pub(crate) id: VersionId,
    /// Its name.
    pub(crate) name: VersionName,
    /// Its name as text, and as the label of its metrics.
    pub(crate) text: Box<str>,
    /// Its name as a header value.
    pub(crate) value: HeaderValue,
    /// The day that its name says, in the schemes of the calendar.
    pub(crate) day: Option<Timestamp>,
    /// The media type of what it serves, where versions have one.
    pub(crate) content_type: Option<HeaderValue>,
    /// Before it, there is no such version.
    pub(crate) released: Option<Timestamp>,
    /// Its dates.
    pub(crate) life: Lifecycle,
    /// Where to read how to leave it.
    pub(crate) docs: Option<Box<str>>,
    /// Where to read how it ends.
    pub(crate) policy: Option<Box<str>>,
    /// The `Link` to both, rendered.
    pub(crate) links: Option<HeaderValue>,
    /// Who used it before it was closed.
    pub(crate) known: Box<[Box<str>]>,
}

/// A route.
#[derive(Clone, Debug)]
pub(crate) struct RouteEntry {
    /// Its place in the list.
    pub id: RouteId,
    /// Its life through the versions, and what they changed about its messages.
    pub history: RouteHistory,
    /// All routes of which this one is, where several old ones became one; else none.
    pub branches: Box<[RouteId]>,
    /// What a request to it speaks that names no version.
    pub default: Option<VersionId>,
    /// The name of the service behind, where it is not the api's.
    pub upstream: Option<Box<str>>,
    /// What the service behind speaks, where it is not what the api says.
    pub speaks: Option<VersionId>,
    /// The prefix that the service behind knows the api by, where it is not what the api says.
    pub forward_as: Option<Box<str>>,
    /// How long its exchanges may take; the gateway sees to it.
    pub timeout: Option<std::time::Duration>,
    /// How its successful responses contain JSON, whatever their `Content-Type`.
    pub content: Option<Content>,
    /// How its requests contain JSON, whatever their `Content-Type`.
    pub request_content: Option<Content>,
    /// What to do with a body that a change is about and that no `Content-Type` says to be JSON.
    pub on_untyped: OnUntyped,
    /// How the names of its form fields are read.
    pub forms: FieldNames,
    /// The dates of versions that are others on this route.
    pub lives: Box<[(VersionId, Lifecycle)]>,
}

/// A consumer that keeps a version for longer.
#[derive(Clone, Debug)]
pub struct ExtensionEntry {
    /// Who.
    pub(crate) consumer: Box<str>,
    /// What.
    pub(crate) version: VersionId,
    /// Until when.
    pub(crate) until: Timestamp,
    /// The `Sunset` that they see.
    pub(crate) value: HeaderValue,
    /// Who approved it.
    pub(crate) approved_by: Box<str>,
    /// Why.
    pub(crate) reason: Box<str>,
}

/// Where a request may name its version, compiled.
#[derive(Clone, Debug, Default)]
pub(crate) struct VersionSources {
    /// The path, behind the base path.
    pub path: Option<PathTemplate>,
    /// `Accept` and `Content-Type`.
    pub media: Option<MediaTemplate>,
    /// A header.
    pub header: Option<HeaderName>,
    /// A query parameter.
    pub query: Option<Box<str>>,
    /// The host.
    pub host: Option<HostTemplate>,
}

// === impl ApiEntry ===

impl ApiEntry {
    /// The route that serves `name`, as the newest version has it: its own, or the one of every method at its path.
    #[must_use]
    pub(crate) fn route_named(&self, name: &RouteName) -> Option<&RouteEntry> {
        let own = self.routes.iter().find(|route| route.history.name == *name);
        own.or_else(|| self.routes.iter().find(|route| route.history.name.covers(name)))
    }

    /// The version with this id.
    ///
    /// # Panics
    /// If the id is another api's.
    #[must_use]
    pub fn version(&self, id: VersionId) -> &VersionEntry {
        &self.versions[id.index()]
    }

    /// The route with this id.
    ///
    /// # Panics
    /// If the id is another api's.
    #[must_use]
    pub(crate) fn route(&self, id: RouteId) -> &RouteEntry {
        &self.routes[id.index()]
    }

    /// The newest version.
    #[must_use]
    pub fn newest(&self) -> VersionId {
        self.versions.last().map_or(VersionId::new(0), |version| version.id)
    }

    /// The version called exactly `name`.
    #[must_use]
    pub fn named(&self, name: &VersionName) -> Option<&VersionEntry> {
        match self.scheme {
            Scheme::Declared => self.versions.iter().find(|version| version.name == *name),
            _ => {
                let at = self.versions.binary_search_by(|version| version.name.cmp(name)).ok()?;
                self.versions.get(at)
            }
        }
    }

    /// The version that `text` names, by its name or an alias.
    #[must_use]
    pub fn lookup(&self, text: &str) -> Option<VersionId> {
        let named = VersionName::parse(text, self.scheme).and_then(|name| self.named(&name).map(|version| version.id));
        named.or_else(|| self.aliases.get(text).copied())
    }

    /// The dates that `version` has on `route`.
    #[must_use]
    pub(crate) fn life(&self, version: VersionId, route: Option<RouteId>) -> &Lifecycle {
        let own = route.and_then(|route| self.route(route).life(version));
        own.unwrap_or(&self.version(version).life)
    }

    /// The extension that lets `consumer` keep `version`.
    #[must_use]
    pub fn extension(&self, version: VersionId, consumer: Option<&str>) -> Option<&ExtensionEntry> {
        let consumer = consumer?;
        self.extensions.iter().find(|e| e.version == version && &*e.consumer == consumer)
    }

    /// The headers that identify the consumer.
    pub(crate) fn consumer_fields(&self) -> Vec<HeaderName> {
        // Where no field says it, what a shared cache keeps for one consumer it would give to another: that needs `*`.
        self.consumer.iter().filter_map(|source| HeaderName::try_from(source.field()?).ok()).collect()
    }

    /// Marks responses as dependent on the consumer (RFC 9110 §12.5.5).
    pub(super) fn vary_by_consumer(&mut self) {
        let mut names = self.vary.to_vec();
        for name in self.consumer_fields() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        self.vary_value = merge::vary(&names);
        self.vary = names.into();
    }

    /// Whether `version` is there at `now`: released, and not gone.
    #[must_use]
    pub fn is_live(&self, version: VersionId, now: Timestamp) -> bool {
        let version = self.version(version);
        version.released.is_none_or(|released| released <= now) && (self.dry_run || !version.life.is_gone(now))
    }

    /// Whether `path` passes untouched.
    pub(crate) fn excludes(&self, path: &str, case: PathCase) -> bool {
        self.exclude.iter().any(|pattern| match pattern.strip_suffix("/*") {
            Some(prefix) => {
                strip_prefix(path, prefix, case).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            None => strip_prefix(path, pattern, case).is_some_and(|rest| matches!(rest, "" | "/")),
        })
    }

    /// The version's text in the path below the base path, if it is one, and what follows; `/vendors` fits the template
    /// `/v{version}`, and is no version all the same.
    pub(crate) fn split_version<'p>(&'p self, below: &'p str, case: PathCase) -> Option<(&'p str, &'p str)> {
        let (text, rest) = self.sources.path.as_ref()?.take(below, case)?;
        let alias = || match case {
            PathCase::Sensitive => self.aliases.get_key_value(text).map(|(alias, _)| alias),
            PathCase::Insensitive => self.aliases.keys().find(|alias| alias.eq_ignore_ascii_case(text)),
        };
        let is_version = || match self.scheme {
            // Every segment could be one, so that only those that are listed count.
            Scheme::Declared => self.lookup(text).is_some(),
            scheme => VersionName::parse(text, scheme).is_some(),
        };
        if self.names.contains_key(text) || is_version() {
            return Some((text, rest));
        }
        alias().map(|alias| (&**alias, rest))
    }

    /// The routers of all versions, the newest first, each once.
    pub(crate) fn routers_newest_first(&self) -> impl Iterator<Item = &Router> {
        let mut last: Option<&Arc<Router>> = None;
        self.routers
            .iter()
            .rev()
            .filter(move |router| {
                let same = last.is_some_and(|last| Arc::ptr_eq(last, router));
                last = Some(router);
                !same
            })
            .map(|router| &**router)
    }

    /// Of several old routes that became `route`, the one that a request of `version` with that query is for.
    #[must_use]
    pub(crate) fn branch(&self, route: RouteId, version: VersionId, query: Option<&str>) -> RouteId {
        let name = self.route(route).history.name_in(version);
        let branches = self.route(route).branches.iter().copied();
        let branches = branches.filter(|branch| self.route(*branch).history.name_in(version) == name);
        let marks = |history: &RouteHistory| history.moves.iter().map(|moved| moved.query.len()).sum::<usize>();
        // What goes back the furthest; of equals, what the query says most of.
        let best = branches.min_by_key(|branch| {
            let history = &self.route(*branch).history;
            (history.reaches(query.unwrap_or(""), version), Reverse(marks(history)))
        });
        best.unwrap_or(route)
    }

    /// Finds the route of `version` that a path below the api leads to.
    #[must_use]
    pub(crate) fn find(&self, version: VersionId, method: &http::Method, path: &str) -> Match {
        self.routers[version.index()].find(method, path)
    }
}

// === impl RouteEntry ===

impl RouteEntry {
    /// The label of its metrics: the template, as the newest version that has it writes it.
    #[must_use]
    pub(crate) fn label(&self) -> &str {
        &self.history.name.template
    }

    /// The dates that `version` has here, where they are not the api's.
    pub(crate) fn life(&self, version: VersionId) -> Option<&Lifecycle> {
        self.lives.iter().find(|(of, _)| *of == version).map(|(_, life)| life)
    }
}
