//! Resolve: which versions a request speaks, and who sent it. Pure: a request's head, the catalog and the time in, a
//! value out.
//!
//! All configured sources are read. Those that speak must agree once they are parsed; a configured precedence
//! replaces the 400. If none speaks, the consumer's pin counts, then the route's default, then the api's. The content
//! of request and response may speak different versions, by `Content-Type` and `Accept`.

pub(crate) mod accept;
mod consumer;
mod lookalike;
mod place;
mod read;

use std::borrow::Cow;

use http::header::{self, HeaderMap};
use http::{Method, Uri};

use crate::catalog::{ApiEntry, Catalog, Match, OnUnacceptable, OnUndeclared, RouteId, VersionSource};
use crate::clock::Timestamp;
use crate::consumer::{ClientOrigin, Consumer};
use crate::path;
use crate::problem::{Problem, ProblemType};
use crate::version::VersionId;

use accept::Negotiated;
use consumer::consumer;
pub(crate) use place::whose;
use place::{host, place};
use read::SpokenVersions;

/// The head of a request, as resolution sees it: hop-by-hop fields must be gone already (RFC 9110 §7.6.1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The target.
    pub uri: &'a Uri,
    /// The fields.
    pub headers: &'a HeaderMap,
    /// A prefix of the path that an outer router has already taken off.
    pub mount: &'a str,
    /// Whether `X-Forwarded-*` is that of a trusted proxy.
    pub trusts_forwarded: bool,
    /// Who the connection says that it is, for [`ConsumerSource::ClientCertificate`].
    pub peer: Option<&'a Consumer>,
    /// Where it comes from, for the sources of consumers that depend on it.
    pub origin: Option<ClientOrigin>,
}

/// What a request turned out to be.
#[derive(Clone, Debug)]
pub(crate) enum Resolved {
    /// None of the apis': it passes untouched.
    Outside,
    /// A path that an api, by its place in the catalog, excludes: it passes untouched as well.
    Excluded(usize),
    /// A CORS preflight to an api: it passes whatever its version, which may still be part of the path.
    Preflight(Resolution),
    /// A request that speaks a version.
    Request(Resolution),
    /// A request that cannot be served, whatever the phase of the version.
    Refused(Box<ResolveError>),
}

/// The versions that a request speaks.
#[derive(Clone, Debug)]
pub(crate) struct Resolution {
    /// Which of the catalog's apis.
    pub api: usize,
    /// What the request's content speaks.
    pub request: VersionId,
    /// What the response's content shall speak.
    pub response: VersionId,
    /// What named it.
    pub source: VersionSource,
    /// The route; none if the path is not among the api's.
    pub route: Option<RouteId>,
    /// What no route names of it, where it passes all the same.
    pub undeclared: Option<Undeclared>,
    /// The whole path, normalised, where that is not how the target spells it.
    pub normal: Option<Box<str>>,
    /// Where in it the path below base path and version begins.
    pub below: usize,
    /// Who sent it.
    pub consumer: Option<Consumer>,
}

/// What of a request no resource, route or change names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undeclared {
    /// Its path.
    Path,
    /// Its method; the path is that of this route.
    Method(RouteId),
}

/// Why a request cannot be served.
#[derive(Clone, Debug)]
pub(crate) struct ResolveError {
    /// Which of the catalog's apis.
    pub api: usize,
    /// The version, where one was made out.
    pub version: Option<VersionId>,
    /// The route, where one was made out.
    pub route: Option<RouteId>,
    /// What to answer.
    pub problem: Problem,
    /// The methods that there are, for a 405.
    pub allow: Vec<Box<str>>,
    /// Who sent it.
    pub consumer: Option<Consumer>,
}

/// The versions of the two directions, and what named them.
#[derive(Clone, Copy)]
struct Versions {
    request: VersionId,
    response: VersionId,
    source: VersionSource,
}

/// What the versions have at a path that the request's version has no route for.
enum OtherRoute {
    /// This route.
    Route(RouteId),
    /// This one, for another method.
    Path(RouteId),
    Nowhere,
}

/// One request to one api, on its way through the steps.
struct Resolver<'a> {
    catalog: &'a Catalog,
    index: usize,
    api: &'a ApiEntry,
    head: RequestHead<'a>,
    /// The whole path, normalised.
    whole: &'a Cow<'a, str>,
    /// The name of the version in the path, if there is one.
    named: Option<&'a str>,
    /// The path below base path and version.
    path: &'a str,
    consumer: Option<Consumer>,
    now: Timestamp,
}

/// Resolves.
#[must_use]
pub(crate) fn resolve(head: RequestHead<'_>, catalog: &Catalog, now: Timestamp) -> Resolved {
    let raw: Cow<'_, str> = if head.mount.is_empty() {
        head.uri.path().into()
    } else {
        format!("{}{}", head.mount, head.uri.path()).into()
    };
    if raw == "*" {
        // About the server as a whole (RFC 9110 §7.1).
        return Resolved::Outside;
    }
    let host = host(&head);
    let path = match path::normalize(&raw) {
        Ok(path) => path,
        Err(e) => {
            let Some(index) = place(catalog, host, &path::lenient(&raw)) else { return Resolved::Outside };
            let problem = Problem::new(ProblemType::PathInvalid).with_detail(e.to_string());
            let problem = problem.with_supported_versions(catalog.supported(&catalog.apis()[index], now));
            return Resolved::Refused(Box::new(ResolveError::new(index, problem)));
        }
    };
    let found = place(catalog, host, &path);
    if let Some((index, problem)) = lookalike::place(catalog, host, &path, found) {
        let problem = problem.with_supported_versions(catalog.supported(&catalog.apis()[index], now));
        return Resolved::Refused(Box::new(ResolveError::new(index, problem)));
    }
    let Some(index) = found else { return Resolved::Outside };
    let api = &catalog.apis()[index];
    if api.excludes(&path, api.path_case) {
        return Resolved::Excluded(index);
    }
    let consumer = consumer(catalog, api, head, now);
    let (named, below) = read::split(api, &path[api.base_path.len()..]);
    Resolver { catalog, index, api, head, whole: &path, named, path: below, consumer, now }.read()
}

/// OPTIONS with these two fields is the browser's question, not the client's (Fetch, CORS protocol).
fn is_preflight(head: &RequestHead<'_>) -> bool {
    let has = |name| head.headers.contains_key(name);
    *head.method == Method::OPTIONS && has(header::ORIGIN) && has(header::ACCESS_CONTROL_REQUEST_METHOD)
}

// === impl Resolver ===

impl Resolver<'_> {
    fn read(self) -> Resolved {
        if is_preflight(&self.head) {
            return Resolved::Preflight(self.preflight());
        }
        match self.versions() {
            Ok(versions) => self.routed(versions),
            Err(refusal) => Resolved::Refused(refusal),
        }
    }

    /// Only the path can carry a version here; whatever it says, the preflight passes.
    fn preflight(&self) -> Resolution {
        let version = self.named.and_then(|text| self.read_version(text, VersionSource::Path).ok());
        let version = version.or_else(|| self.default_version().map(|(v, _)| v)).unwrap_or(self.api.newest());
        let requested = self.head.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD);
        let method = requested.and_then(|m| Method::from_bytes(m.as_bytes()).ok()).unwrap_or(Method::GET);
        let versions = Versions { request: version, response: version, source: VersionSource::Path };
        match self.api.find(version, &method, self.path) {
            Match::Route(route) => {
                let route = self.api.branch(route, version, self.head.uri.query());
                self.resolution(versions, Some(route), None)
            }
            _ => self.resolution(versions, None, None),
        }
    }

    fn versions(&self) -> Result<Versions, Box<ResolveError>> {
        let spoken = self.spoken()?;
        let negotiated = self.negotiated();
        let content = self.content_version()?;
        match self.agreed(&spoken, &negotiated, content)? {
            Some(versions) => Ok(versions),
            None => self.unspecified(content, &negotiated),
        }
    }

    /// One version from all that speak, or the first in precedence.
    fn agreed(
        &self,
        spoken: &SpokenVersions,
        negotiated: &Negotiated,
        content: Option<VersionId>,
    ) -> Result<Option<Versions>, Box<ResolveError>> {
        let silent = spoken.iter().all(Option::is_none);
        let accepted = match negotiated {
            Negotiated::Version(id) | Negotiated::Retired(id) => Some(*id),
            Negotiated::Implied(id) if silent => Some(*id),
            _ => None,
        };
        let all = || spoken.iter().copied().flatten().chain(accepted.map(|id| (VersionSource::Accept, id)));
        let winner = self.api.precedence.iter().find_map(|source| all().find(|(s, _)| s == source));
        let Some((source, response)) = winner.or_else(|| all().next()) else { return Ok(None) };
        if winner.is_none() {
            if let Some((other, version)) = all().find(|(_, version)| *version != response) {
                return Err(self.ambiguous((source, response), (other, version)));
            }
            if let (Some(content), false) = (content, silent)
                && content != response
            {
                return Err(self.ambiguous((source, response), (VersionSource::Accept, content)));
            }
        }
        let request = if source == VersionSource::Accept { content.unwrap_or(response) } else { response };
        Ok(Some(Versions { request, response, source }))
    }

    fn unspecified(&self, content: Option<VersionId>, negotiated: &Negotiated) -> Result<Versions, Box<ResolveError>> {
        if *negotiated == Negotiated::Unacceptable && self.api.on_unacceptable == OnUnacceptable::Reject {
            let detail = "`Accept` names no version that can be served: use one of `supported_versions`";
            return Err(self.refuse(Problem::new(ProblemType::VersionUnacceptable).with_detail(detail)));
        }
        if let Some(content) = content {
            return Ok(Versions { request: content, response: content, source: VersionSource::Accept });
        }
        let Some((version, source)) = self.default_version() else {
            let detail = format!("the request names no version: name one by {}", self.source_names());
            return Err(self.refuse(Problem::new(ProblemType::VersionUnspecified).with_detail(detail)));
        };
        Ok(Versions { request: version, response: version, source })
    }

    fn ambiguous(&self, a: (VersionSource, VersionId), b: (VersionSource, VersionId)) -> Box<ResolveError> {
        let name = |(source, version): (VersionSource, VersionId)| {
            format!("{} names {}", source.as_str(), self.api.version(version).text)
        };
        self.refuse(Problem::new(ProblemType::VersionAmbiguous).with_detail(format!(
            "{}, {}: name one version",
            name(a),
            name(b)
        )))
    }

    fn routed(&self, versions: Versions) -> Resolved {
        let found = self.api.find(versions.request, self.head.method, self.path);
        if let Some(problem) = lookalike::parameters(self, versions.request, &found) {
            return Resolved::Refused(self.refuse(problem));
        }
        let allow = match found {
            Match::Route(route) => {
                let route = self.api.branch(route, versions.request, self.head.uri.query());
                return Resolved::Request(self.resolution(versions, Some(route), None));
            }
            Match::OtherMethods(allow) => allow,
            Match::None => Vec::new(),
        };
        let undeclared = match self.elsewhere() {
            OtherRoute::Route(route) => return Resolved::Refused(self.absent(versions, Some(route), allow)),
            OtherRoute::Path(route) => Undeclared::Method(route),
            OtherRoute::Nowhere => match lookalike::letter_case(self) {
                Some(problem) => return Resolved::Refused(self.refuse(problem)),
                None => Undeclared::Path,
            },
        };
        if self.api.undeclared == OnUndeclared::Refuse {
            let route = if let Undeclared::Method(route) = undeclared { Some(route) } else { None };
            return Resolved::Refused(self.absent(versions, route, allow));
        }
        Resolved::Request(self.resolution(versions, None, Some(undeclared)))
    }

    /// What other versions have at this path.
    fn elsewhere(&self) -> OtherRoute {
        if !self.api.known_paths.has(self.path) {
            return OtherRoute::Nowhere;
        }
        let mut found = OtherRoute::Nowhere;
        for router in self.api.routers_newest_first() {
            match (router.find(self.head.method, self.path), &found) {
                (Match::Route(route), _) => return OtherRoute::Route(route),
                (Match::OtherMethods(_), OtherRoute::Nowhere) => {
                    let any = router.find_any(self.path).next();
                    found = any.map_or(OtherRoute::Nowhere, |(route, _)| OtherRoute::Path(route));
                }
                _ => {}
            }
        }
        found
    }

    fn absent(&self, versions: Versions, route: Option<RouteId>, allow: Vec<Box<str>>) -> Box<ResolveError> {
        let kind = if allow.is_empty() { ProblemType::RouteAbsent } else { ProblemType::MethodAbsent };
        let version = &self.api.version(versions.response).text;
        let detail = match route {
            Some(_) if allow.is_empty() => {
                format!("version {version} does not have this path: use a version that has it")
            }
            Some(_) => {
                let method = self.head.method;
                format!("version {version} does not have {method} for this path: use a method listed in `Allow`")
            }
            None => "no version has a route for this path: check its spelling".to_owned(),
        };
        let mut refusal = self.refuse(Problem::new(kind).with_detail(detail).with_api_version(&**version));
        (refusal.version, refusal.route, refusal.allow) = (Some(versions.response), route, allow);
        refusal
    }

    fn resolution(&self, versions: Versions, route: Option<RouteId>, undeclared: Option<Undeclared>) -> Resolution {
        let spelled = matches!(self.whole, Cow::Borrowed(_)) && self.head.mount.is_empty();
        Resolution {
            api: self.index,
            request: versions.request,
            response: versions.response,
            source: versions.source,
            route,
            // Where nothing is declared, there is nothing to miss.
            undeclared: undeclared.filter(|_| !self.api.routes.is_empty()),
            normal: (!spelled).then(|| (**self.whole).into()),
            below: self.whole.len() - self.path.len(),
            consumer: self.consumer.clone(),
        }
    }

    fn refuse(&self, problem: Problem) -> Box<ResolveError> {
        let supported = self.catalog.supported(self.api, self.now);
        let problem = problem.with_supported_versions(supported);
        let problem = match &self.api.docs {
            Some(docs) => problem.with_docs(&**docs),
            None => problem,
        };
        Box::new(ResolveError { consumer: self.consumer.clone(), ..ResolveError::new(self.index, problem) })
    }
}

// === impl Resolution ===

impl Resolution {
    /// The path below base path and version, normalised; empty if nothing follows them, not even a slash. `target` is
    /// the path of the request.
    #[must_use]
    pub(crate) fn path<'a>(&'a self, target: &'a str) -> &'a str {
        self.normal.as_deref().unwrap_or(target).get(self.below..).unwrap_or("")
    }
}

// === impl ResolveError ===

impl ResolveError {
    fn new(api: usize, problem: Problem) -> Self {
        Self { api, version: None, route: None, problem, allow: Vec::new(), consumer: None }
    }
}
