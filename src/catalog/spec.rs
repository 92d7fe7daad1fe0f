//! An api as its owner wrote it, not yet checked. The config file and the builders in Rust both end here.

use std::time::Duration;

use crate::change::{Change, Resource};
use crate::diagnostic::{Span, Spanned};
use crate::json::OnError;
use crate::version::Scheme;

/// A consuming setter: `with_name(value)` sets `field`.
macro_rules! setters {
    ($($(#[$doc:meta])* $setter:ident => $field:ident: $from:ty $(, $wrap:path)?;)*) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $setter(mut self, $field: impl Into<$from>) -> Self {
            self.$field = setters!(@wrap $field.into() $(, $wrap)?);
            self
        })*
    };
    (@wrap $value:expr, $wrap:path) => { $wrap($value) };
    (@wrap $value:expr) => { $value };
}

/// One versioned API: where it is, how a request names a version, which versions there are and how they differ.
///
/// Nothing is checked here; [`Catalog::new`](super::Catalog::new) reports all that is wrong at once.
///
/// ```
/// use sunward::catalog::{Api, Catalog, Version};
/// use sunward::change::{Change, OpSpec, Resource};
///
/// let api = Api::new("shop")
///     .with_base_path("/api")
///     .with_path("/v{version}")
///     .with_header("Api-Version")
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
    pub(crate) host: Option<Spanned<String>>,
    pub(crate) scheme: Scheme,
    pub(crate) sources: Sources,
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
    pub(crate) consumer: Vec<ConsumerSource>,
    pub(crate) pins: Vec<(Spanned<String>, Spanned<String>)>,
    pub(crate) extensions: Vec<Extension>,
    pub(crate) speaks: Option<Spanned<String>>,
    pub(crate) forward_as: Option<Spanned<String>>,
    pub(crate) upstream: Option<Spanned<String>>,
    pub(crate) response_header: Option<Spanned<String>>,
    pub(crate) problem_types: Option<Spanned<String>>,
    pub(crate) docs: Option<Spanned<String>>,
    pub(crate) strict: Option<bool>,
    pub(crate) on_error: OnError,
    pub(crate) pause: bool,
    pub(crate) dry_run: bool,
    pub(crate) clamp_freshness: bool,
    pub(crate) span: Span,
}

/// Where a request may name its version. All that are set are read, and all that speak must agree.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    pub(crate) path: Option<Spanned<String>>,
    pub(crate) accept: Option<Spanned<String>>,
    pub(crate) parameter: Option<Spanned<String>>,
    pub(crate) header: Option<Spanned<String>>,
    pub(crate) query: Option<Spanned<String>>,
    pub(crate) host: Option<Spanned<String>>,
}

/// What a request speaks that names no version. Never "the newest": that would change under its feet.
#[derive(Clone, Debug, Default)]
pub(crate) enum Unspecified {
    /// 400.
    #[default]
    Reject,
    Version(Spanned<String>),
}

/// What to do when `Accept` names no version that can be served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnUnacceptable {
    /// 406, with the list of versions.
    #[default]
    Reject,
    /// Serve what a request gets that names none (RFC 9110 §12.4.1 allows it).
    Default,
}

/// A version and the dates of its life.
#[derive(Clone, Debug)]
pub struct Version {
    pub(crate) name: Spanned<String>,
    pub(crate) released: Option<Spanned<String>>,
    pub(crate) life: Life,
    pub(crate) docs: Option<Spanned<String>>,
    pub(crate) policy: Option<Spanned<String>>,
    pub(crate) known: Vec<Spanned<String>>,
    pub(crate) strict: Option<bool>,
}

/// The dates that a version has, and that a route may override.
#[derive(Clone, Debug, Default)]
pub(crate) struct Life {
    pub(crate) deprecated: Option<Spanned<String>>,
    pub(crate) closed: Option<Spanned<String>>,
    pub(crate) sunset: Option<Spanned<String>>,
    pub(crate) hold_sunset: Option<bool>,
    pub(crate) brownouts: Option<Vec<Brownout>>,
}

/// A time in which a version is switched off on trial: one window, or a ramp of windows of growing share.
#[derive(Clone, Debug)]
pub struct Brownout {
    pub(crate) from: Spanned<String>,
    pub(crate) lasting: Duration,
    /// From the start of one window to the start of the next.
    pub(crate) every: Option<Duration>,
    /// Percent, one window each; a single window has one.
    pub(crate) shares: Vec<f64>,
    pub(crate) by: ShareOf,
    pub(crate) status: Option<Spanned<u16>>,
    pub(crate) routes: Vec<Spanned<String>>,
    pub(crate) consumers: Vec<String>,
    pub(crate) exempt: Vec<String>,
    pub(crate) dry_run: bool,
    pub(crate) span: Span,
}

/// What a brownout's share is a share of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShareOf {
    /// The same consumers from the first window on, and more with each.
    #[default]
    Consumers,
    /// Any request may be hit.
    Requests,
}

/// A consumer that keeps a version for longer than the others.
#[derive(Clone, Debug)]
pub struct Extension {
    pub(crate) consumer: Spanned<String>,
    pub(crate) version: Spanned<String>,
    pub(crate) until: Spanned<String>,
    pub(crate) approved_by: String,
    pub(crate) reason: String,
}

/// What is particular about one route.
#[derive(Clone, Debug)]
pub struct Route {
    /// `GET /users/{id}`; `* /users/{id}` stands for every method.
    pub(crate) route: Spanned<String>,
    pub(crate) default: Option<Spanned<String>>,
    pub(crate) upstream: Option<Spanned<String>>,
    pub(crate) speaks: Option<Spanned<String>>,
    pub(crate) forward_as: Option<Spanned<String>>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) lives: Vec<(Spanned<String>, Life)>,
}

/// Where to read who sent a request; the first that says something counts.
#[derive(Clone, Debug)]
pub enum ConsumerSource {
    /// The value of a header that an authenticating layer set.
    Header(Spanned<String>),
    /// The first product of `User-Agent`, without its version.
    UserAgent,
    /// The name in the certificate that the client's connection was made with: a [`Consumer`](crate::consumer::Consumer)
    /// in the request's extensions, where whoever accepts connections puts it.
    ClientCertificate,
}

// === impl Api ===

impl Api {
    /// An api at the root, with major versions, so far without any. A request that names none is refused.
    pub fn new(name: impl Into<Spanned<String>>) -> Self {
        Self {
            name: name.into(),
            base_path: Spanned::default(),
            host: None,
            scheme: Scheme::Major,
            sources: Sources::default(),
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
            pins: Vec::new(),
            extensions: Vec::new(),
            speaks: None,
            forward_as: None,
            upstream: None,
            response_header: None,
            problem_types: None,
            docs: None,
            strict: None,
            on_error: OnError::Fail,
            pause: false,
            dry_run: false,
            clamp_freshness: false,
            span: Span::NONE,
        }
    }

    setters! {
        /// The path that all of it is under, `/api`.
        with_base_path => base_path: Spanned<String>;
        /// The host that it answers on; any, unless said.
        with_host => host: Spanned<String>, Some;
        /// How its versions are named.
        with_scheme => scheme: Scheme;
        /// A request that names no version, and whose consumer has no pin, speaks this one.
        with_unspecified => unspecified: Spanned<String>, Unspecified::Version;
        /// What to do when `Accept` names no version that can be served.
        with_on_unacceptable => on_unacceptable: OnUnacceptable;
        /// For the schemes of the calendar: a version between two declared ones is the nearest not newer.
        with_waterfall => waterfall: bool;
        /// The version that the service behind speaks; the newest, unless said.
        with_speaks => speaks: Spanned<String>, Some;
        /// The prefix that the service behind knows it by, in place of base path and version: `/api/v{version}`.
        /// The base path, unless said.
        with_forward_as => forward_as: Spanned<String>, Some;
        /// The response header that says which version was served; the `header` source's name, unless said.
        with_response_header => response_header: Spanned<String>, Some;
        /// Where the documents of problem types are, an absolute URL that ends in `/`.
        with_problem_types => problem_types: Spanned<String>, Some;
        /// Where to read about the versions; every refusal links it, where the version has no docs of its own.
        with_docs => docs: Spanned<String>, Some;
        /// Whether old clients and old servers lose what newer versions added. Unless said, clients are given it as
        /// well, and servers lose it.
        with_strict => strict: bool, Some;
        /// What to do when a value cannot be migrated.
        with_on_error => on_error: OnError;
        /// Stops all brownouts.
        with_pause => pause: bool;
        /// Brownouts and sunsets only count whom they would have hit.
        with_dry_run => dry_run: bool;
        /// Cuts cache lifetimes of deprecated versions to the time that is left.
        with_clamp_freshness => clamp_freshness: bool;
    }

    /// Reads the version from the path, by a template of whole segments after the base path: `/v{version}`.
    #[must_use]
    pub fn with_path(mut self, template: impl Into<Spanned<String>>) -> Self {
        self.sources.path = Some(template.into());
        self
    }

    /// Reads it from `Accept` and `Content-Type`, by a template: `application/vnd.shop.v{version}+json`.
    #[must_use]
    pub fn with_accept(mut self, template: impl Into<Spanned<String>>) -> Self {
        self.sources.accept = Some(template.into());
        self
    }

    /// Reads it from a media type parameter, usually `version`.
    #[must_use]
    pub fn with_parameter(mut self, name: impl Into<Spanned<String>>) -> Self {
        self.sources.parameter = Some(name.into());
        self
    }

    /// Reads it from a header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<Spanned<String>>) -> Self {
        self.sources.header = Some(name.into());
        self
    }

    /// Reads it from a query parameter.
    #[must_use]
    pub fn with_query(mut self, name: impl Into<Spanned<String>>) -> Self {
        self.sources.query = Some(name.into());
        self
    }

    /// Reads it from the host, by a template: `v{version}.api.example.com`.
    #[must_use]
    pub fn with_version_host(mut self, template: impl Into<Spanned<String>>) -> Self {
        self.sources.host = Some(template.into());
        self
    }

    /// When sources disagree, the first of these that speaks counts: `path`, `accept`, `header`, `query`, `host`.
    /// Without it, disagreement is a 400.
    #[must_use]
    pub fn with_precedence<'a>(mut self, sources: impl IntoIterator<Item = &'a str>) -> Self {
        self.precedence = sources.into_iter().map(Spanned::from).collect();
        self
    }

    /// Another name for a version.
    #[must_use]
    pub fn with_alias(mut self, alias: impl Into<Spanned<String>>, version: impl Into<Spanned<String>>) -> Self {
        self.aliases.push((alias.into(), version.into()));
        self
    }

    /// A path that passes untouched; `/health`, or everything below with `/docs/*`.
    #[must_use]
    pub fn with_exclude(mut self, path: impl Into<Spanned<String>>) -> Self {
        self.exclude.push(path.into());
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

    /// Adds a place where to read who sent a request.
    #[must_use]
    pub fn with_consumer(mut self, source: ConsumerSource) -> Self {
        self.consumer.push(source);
        self
    }

    /// A consumer's requests that name no version speak this one.
    #[must_use]
    pub fn with_pin(mut self, consumer: impl Into<Spanned<String>>, version: impl Into<Spanned<String>>) -> Self {
        self.pins.push((consumer.into(), version.into()));
        self
    }

    /// Lets a consumer keep a version for longer.
    #[must_use]
    pub fn with_extension(mut self, extension: Extension) -> Self {
        self.extensions.push(extension);
        self
    }
}

// === impl Version ===

impl Version {
    /// A version without dates: released, and not deprecated.
    ///
    /// A date is an HTTP-date, an RFC 3339 time or a plain date.
    pub fn new(name: impl Into<Spanned<String>>) -> Self {
        Self {
            name: name.into(),
            released: None,
            life: Life::default(),
            docs: None,
            policy: None,
            known: Vec::new(),
            strict: None,
        }
    }

    setters! {
        /// Before it, the version does not exist.
        with_released => released: Spanned<String>, Some;
        /// Documentation for those who have to leave the version; the `deprecation` link.
        with_docs => docs: Spanned<String>, Some;
        /// The retirement policy; the `sunset` link.
        with_policy => policy: Spanned<String>, Some;
        /// Whether old clients and old servers lose what this version added; what the api says, unless said.
        with_strict => strict: bool, Some;
    }

    /// From then on it is deprecated (RFC 9745).
    #[must_use]
    pub fn with_deprecated(mut self, at: impl Into<Spanned<String>>) -> Self {
        self.life.deprecated = Some(at.into());
        self
    }

    /// From then on nobody new may start to use it.
    #[must_use]
    pub fn with_closed(mut self, at: impl Into<Spanned<String>>) -> Self {
        self.life.closed = Some(at.into());
        self
    }

    /// From then on it is gone (RFC 8594).
    #[must_use]
    pub fn with_sunset(mut self, at: impl Into<Spanned<String>>) -> Self {
        self.life.sunset = Some(at.into());
        self
    }

    /// Serves it past its sunset until this is taken back.
    #[must_use]
    pub fn hold_sunset(mut self) -> Self {
        self.life.hold_sunset = Some(true);
        self
    }

    /// Adds a brownout.
    #[must_use]
    pub fn with_brownout(mut self, brownout: Brownout) -> Self {
        self.life.brownouts.get_or_insert_default().push(brownout);
        self
    }

    /// A consumer that used it before it was closed.
    #[must_use]
    pub fn with_known(mut self, consumer: impl Into<Spanned<String>>) -> Self {
        self.known.push(consumer.into());
        self
    }
}

// === impl Brownout ===

impl Brownout {
    /// One window that hits everybody.
    pub fn new(from: impl Into<Spanned<String>>, lasting: Duration) -> Self {
        Self {
            from: from.into(),
            lasting,
            every: None,
            shares: vec![100.0],
            by: ShareOf::Consumers,
            status: None,
            routes: Vec::new(),
            consumers: Vec::new(),
            exempt: Vec::new(),
            dry_run: false,
            span: Span::NONE,
        }
    }

    /// A ramp: a window `every` so often, each with its share in percent.
    #[must_use]
    pub fn with_ramp(mut self, every: Duration, shares: impl Into<Vec<f64>>) -> Self {
        self.every = Some(every);
        self.shares = shares.into();
        self
    }

    setters! {
        /// What the share is a share of.
        with_share_of => by: ShareOf;
        /// The status of the answer, 410 (as after the end) or 503; 410, unless said.
        with_status => status: Spanned<u16>, Some;
        /// Only counts whom it would have hit.
        with_dry_run => dry_run: bool;
    }

    /// Hits this route; may be said again. All, unless said.
    #[must_use]
    pub fn with_route(mut self, route: impl Into<Spanned<String>>) -> Self {
        self.routes.push(route.into());
        self
    }

    /// Hits this consumer; may be said again. All, unless said.
    #[must_use]
    pub fn with_consumer(mut self, consumer: impl Into<String>) -> Self {
        self.consumers.push(consumer.into());
        self
    }

    /// Never hits this consumer; may be said again.
    #[must_use]
    pub fn with_exempt(mut self, consumer: impl Into<String>) -> Self {
        self.exempt.push(consumer.into());
        self
    }
}

// === impl Extension ===

impl Extension {
    /// `consumer` keeps `version` until `until`.
    pub fn new(
        consumer: impl Into<Spanned<String>>,
        version: impl Into<Spanned<String>>,
        until: impl Into<Spanned<String>>,
    ) -> Self {
        Self {
            consumer: consumer.into(),
            version: version.into(),
            until: until.into(),
            approved_by: String::new(),
            reason: String::new(),
        }
    }

    /// Who approved it, and why.
    #[must_use]
    pub fn approved(mut self, by: impl Into<String>, reason: impl Into<String>) -> Self {
        self.approved_by = by.into();
        self.reason = reason.into();
        self
    }
}

// === impl Route ===

impl Route {
    /// `GET /users/{id}`, as the newest version has it; `*` stands for every method.
    pub fn new(route: impl Into<Spanned<String>>) -> Self {
        Self {
            route: route.into(),
            default: None,
            upstream: None,
            speaks: None,
            forward_as: None,
            timeout: None,
            lives: Vec::new(),
        }
    }

    setters! {
        /// What a request to it speaks that names no version.
        with_default => default: Spanned<String>, Some;
        /// The version that the service behind it speaks.
        with_speaks => speaks: Spanned<String>, Some;
        /// The prefix that the service behind it knows the api by; what the api says, unless said.
        with_forward_as => forward_as: Spanned<String>, Some;
    }

    /// The end of one version on this route, if it is not the version's own.
    #[must_use]
    pub fn with_sunset(mut self, version: impl Into<Spanned<String>>, sunset: impl Into<Spanned<String>>) -> Self {
        self.lives.push((version.into(), Life { sunset: Some(sunset.into()), ..Life::default() }));
        self
    }

    /// The deprecation of one version on this route, if it is not the version's own.
    #[must_use]
    pub fn with_deprecated(mut self, version: impl Into<Spanned<String>>, at: impl Into<Spanned<String>>) -> Self {
        self.lives.push((version.into(), Life { deprecated: Some(at.into()), ..Life::default() }));
        self
    }
}
