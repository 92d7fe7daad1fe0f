//! An api: where it is, its versions, and how they differ.

use super::{
    Case, ConsumerSource, Cors, Extension, OnUnacceptable, OnUndeclared, OnUntyped, Route, Unspecified, Version,
    VersionSourcesSpec,
};
use crate::catalog::VersionSource;
use crate::change::{Change, Resource};
use crate::consumer::ConsumerSecret;
use crate::diagnostic::{Span, Spanned};
use crate::json::{FieldNames, OnError};
use crate::path::PathCase;
use crate::version::Scheme;

/// One versioned API: where it is, how a request names a version, which versions there are and how they differ.
///
/// Nothing is checked here; [`Catalog::new`](super::super::Catalog::new) reports all that is wrong at once.
///
/// ```
/// use sunward::catalog::{Api, Catalog, Version};
/// use sunward::change::{Change, OpSpec, Resource};
///
/// let api = Api::new("shop")
///     .with_base_path("/api")
///     .with_version_path("/v{version}")
///     .with_version_header("Api-Version")
///     .with_unspecified("1")
///     .with_version(Version::new("1").with_deprecated("2025-01-01").with_sunset("2027-01-01"))
///     .with_version(Version::new("2"))
///     .with_resource(Resource::new("user").with_at("GET /users/{id} -> 200"))
///     .with_change(Change::new("2", "full_name").with_on("user").with_op(OpSpec::copy("/name", "/full_name")));
/// let catalog = Catalog::new([api])?;
/// # let _ = catalog;
/// # Ok::<(), sunward::diagnostic::Diagnostics>(())
/// ```
#[derive(Clone, Debug)]
pub struct Api {
    pub(crate) name: Spanned<String>,
    pub(crate) base_path: Spanned<String>,
    pub(crate) hosts: Vec<Spanned<String>>,
    pub(crate) path_case: PathCase,
    pub(crate) undeclared: OnUndeclared,
    pub(crate) scheme: Scheme,
    pub(crate) sources: VersionSourcesSpec,
    pub(crate) precedence: Vec<Spanned<String>>,
    pub(crate) unspecified: Unspecified,
    pub(crate) on_unacceptable: OnUnacceptable,
    pub(crate) waterfall: bool,
    pub(crate) aliases: Vec<(Spanned<String>, Spanned<String>)>,
    pub(crate) exclude: Vec<Spanned<String>>,
    pub(crate) versions: Vec<Version>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) changes: Vec<Change>,
    pub(crate) routes: Vec<Route>,
    pub(crate) consumer: Vec<Spanned<ConsumerSource>>,
    pub(crate) consumer_secret: Option<ConsumerSecret>,
    pub(crate) pins: Vec<(Spanned<String>, Spanned<String>)>,
    pub(crate) extensions: Vec<Extension>,
    pub(crate) cases: Vec<Case>,
    pub(crate) speaks: Option<Spanned<String>>,
    pub(crate) forward_as: Option<Spanned<String>>,
    pub(crate) upstream: Option<Spanned<String>>,
    pub(crate) response_header: Option<Spanned<String>>,
    pub(crate) problem_types: Option<Spanned<String>>,
    pub(crate) docs: Option<Spanned<String>>,
    pub(crate) strict: Option<bool>,
    pub(crate) on_error: OnError,
    pub(crate) on_untyped: OnUntyped,
    pub(crate) forms: FieldNames,
    pub(crate) pause: bool,
    pub(crate) dry_run: bool,
    pub(crate) clamp_freshness: bool,
    pub(crate) cors: Option<Cors>,
    pub(crate) span: Span,
}

// === impl Api ===

impl Api {
    /// An api at the root, with major versions, so far without any. A request that names none is refused.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: Spanned::text(name),
            base_path: Spanned::default(),
            hosts: Vec::new(),
            path_case: PathCase::Sensitive,
            undeclared: OnUndeclared::Pass,
            scheme: Scheme::Major,
            sources: VersionSourcesSpec::default(),
            precedence: Vec::new(),
            unspecified: Unspecified::Reject,
            on_unacceptable: OnUnacceptable::Reject,
            waterfall: false,
            aliases: Vec::new(),
            exclude: Vec::new(),
            versions: Vec::new(),
            resources: Vec::new(),
            changes: Vec::new(),
            routes: Vec::new(),
            consumer: Vec::new(),
            consumer_secret: None,
            pins: Vec::new(),
            extensions: Vec::new(),
            cases: Vec::new(),
            speaks: None,
            forward_as: None,
            upstream: None,
            response_header: None,
            problem_types: None,
            docs: None,
            strict: None,
            on_error: OnError::Fail,
            on_untyped: OnUntyped::Pass,
            forms: FieldNames::Plain,
            pause: false,
            dry_run: false,
            clamp_freshness: false,
            cors: None,
            span: Span::NONE,
        }
    }

    setters! {
        /// The path that all of it is under, `/api`.
        with_base_path => base_path: text;
        /// Whether paths that differ only in letter case are the same one. Default: they are not, and one that differs only
        /// in letter case from a declared one gets a 404, since a service that ignores case would serve it unmigrated.
        with_path_case => path_case: PathCase;
        /// What becomes of requests and responses that no resource, route or change names. Default: they pass.
        with_undeclared => undeclared: OnUndeclared;
        /// How its versions are named.
        with_scheme => scheme: Scheme;
        /// A request that names no version, and whose consumer has no pin, speaks this one.
        with_unspecified => unspecified: text, Unspecified::Version;
        /// What to do when `Accept` names no version that can be served.
        with_on_unacceptable => on_unacceptable: OnUnacceptable;
        /// For the schemes of the calendar: a version between two declared ones is the nearest not newer.
        with_waterfall => waterfall: bool;
        /// The version that the service speaks. Default: the newest.
        with_speaks => speaks: text, Some;
        /// The path prefix of the api at the service, in place of base path and version: `/api/v{version}`.
        /// Default: the base path.
        with_forward_as => forward_as: text, Some;
        /// The upstream of a gateway that its requests are sent to, where its route names no other.
        with_upstream => upstream: text, Some;
        /// The response header that names the served version. Default: the name of the `header` source.
        with_response_header => response_header: text, Some;
        /// Where the documents of problem types are, an absolute URL that ends in `/`.
        with_problem_types => problem_types: text, Some;
        /// Where to read about the versions; every refusal links it, where the version has no docs of its own.
        with_docs => docs: text, Some;
        /// Whether old clients and old servers lose what newer versions added. By default, clients get it, and servers
        /// lose it.
        with_strict => strict: bool, Some;
        /// What to do when a value cannot be migrated.
        with_on_error => on_error: OnError;
        /// What to do with a body that a change affects and whose `Content-Type` is not a JSON type. By default it passes
        /// unchanged.
        with_on_untyped => on_untyped: OnUntyped;
        /// How the names of form fields are read. Default: as plain names.
        with_forms => forms: FieldNames;
        /// Stops all brownouts.
        with_pause => pause: bool;
        /// Brownouts and sunsets only count whom they would have hit.
        with_dry_run => dry_run: bool;
        /// Cuts cache lifetimes of deprecated versions to the time that is left.
        with_clamp_freshness => clamp_freshness: bool;
        /// Whose scripts may read what is answered here and not by the service.
        with_cors => cors: Cors, Some;
    }

    /// Another name for a version.
    #[must_use]
    pub fn with_alias(mut self, alias: impl Into<String>, version: impl Into<String>) -> Self {
        self.aliases.push((Spanned::text(alias), Spanned::text(version)));
        self
    }

    /// A host that it answers on: `shop.example.com`, or `*.example.com` for any one label in place of the `*`. May be
    /// called again for another one. Default: any host.
    #[must_use]
    pub fn with_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(Spanned::text(host));
        self
    }

    /// A path whose requests pass to the service untouched, unresolved and uncounted: `/api/health`, or `/api/docs/*` for
    /// everything below. It is the whole path of the request, with the base path and, where it has one, the version.
    #[must_use]
    pub fn with_exclude(mut self, path: impl Into<String>) -> Self {
        self.exclude.push(Spanned::text(path));
        self
    }

    /// Adds a version; oldest first.
    #[must_use]
    pub fn with_version(mut self, version: Version) -> Self {
        self.versions.push(version);
        self
    }

    /// Adds a resource.
    #[must_use]
    pub fn with_resource(mut self, resource: Resource) -> Self {
        self.resources.push(resource);
        self
    }

    /// Adds a change; those of one version in the order in which they are to run.
    #[must_use]
    pub fn with_change(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// Adds a route that no resource names, or says what is particular about one.
    #[must_use]
    pub fn with_route(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }

    /// A consumer's requests that name no version speak this one.
    #[must_use]
    pub fn with_pin(mut self, consumer: impl Into<String>, version: impl Into<String>) -> Self {
        self.pins.push((Spanned::text(consumer), Spanned::text(version)));
        self
    }

    /// Lets a consumer keep a version for longer.
    #[must_use]
    pub fn with_extension(mut self, extension: Extension) -> Self {
        self.extensions.push(extension);
        self
    }

    /// Adds a test of the changes; [`testing::check`](crate::testing::check) runs it.
    #[must_use]
    pub fn with_case(mut self, case: Case) -> Self {
        self.cases.push(case);
        self
    }
}

/// Where a request says its version, and who sent it.
impl Api {
    /// Reads the version from the path, by a template of whole segments after the base path: `/v{version}`.
    #[must_use]
    pub fn with_version_path(mut self, template: impl Into<String>) -> Self {
        self.sources.path = Some(Spanned::text(template));
        self
    }

    /// Reads it from `Accept` and `Content-Type`, by a template: `application/vnd.shop.v{version}+json`.
    #[must_use]
    pub fn with_version_accept(mut self, template: impl Into<String>) -> Self {
        self.sources.accept = Some(Spanned::text(template));
        self
    }

    /// Reads it from a media type parameter, usually `version`. It counts on every media type; with
    /// [`with_version_accept`](Self::with_version_accept), on that type without its version, and on `application/json`.
    #[must_use]
    pub fn with_version_parameter(mut self, name: impl Into<String>) -> Self {
        self.sources.parameter = Some(Spanned::text(name));
        self
    }

    /// Reads it from a header.
    #[must_use]
    pub fn with_version_header(mut self, name: impl Into<String>) -> Self {
        self.sources.header = Some(Spanned::text(name));
        self
    }

    /// Reads it from a query parameter.
    #[must_use]
    pub fn with_version_query(mut self, name: impl Into<String>) -> Self {
        self.sources.query = Some(Spanned::text(name));
        self
    }

    /// Reads it from the host, by a template: `v{version}.api.example.com`.
    #[must_use]
    pub fn with_version_host(mut self, template: impl Into<String>) -> Self {
        self.sources.host = Some(Spanned::text(template));
        self
    }

    /// When sources disagree, the first of these that names a version counts. Default: a request whose sources disagree
    /// gets a 400.
    #[must_use]
    pub fn with_precedence(mut self, sources: impl IntoIterator<Item = VersionSource>) -> Self {
        self.precedence = sources.into_iter().map(|source| Spanned::text(source.as_str())).collect();
        self
    }

    /// Adds a place where to read who sent a request.
    #[must_use]
    pub fn with_consumer_source(mut self, source: ConsumerSource) -> Self {
        self.consumer.push(source.into());
        self
    }

    /// The secret under which API keys are hashed, for [`ConsumerSource::Key`].
    #[cfg(feature = "consumers")]
    #[must_use]
    pub fn with_consumer_secret(mut self, secret: ConsumerSecret) -> Self {
        self.consumer_secret = Some(secret);
        self
    }
}
