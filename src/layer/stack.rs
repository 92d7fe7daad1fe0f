//! The order of the layers.

use std::sync::Arc;

use tower_layer::{Identity, Layer};

use super::{
    Annotate, AnnotateLayer, Count, CountLayer, Gate, GateLayer, Migrate, MigrateLayer, Resolve, ResolveLayer, Role,
};
use crate::catalog::{Catalog, CurrentCatalog};
use crate::clock::Clock;

/// The stack around a service.
pub type Versioned<S> = Resolve<Enforced<Migrate<S>>>;

/// What enforces a plan around a service: counts, annotates, and answers what must not reach it.
pub(crate) type Enforced<S> = Count<Annotate<Gate<S>>>;

/// All layers at once: the service inside speaks one version, its clients any.
///
/// Put it around a whole router, since it rewrites paths before they are routed; axum's `Router::layer` comes after.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use sunward::catalog::{Api, Catalog, Version};
/// use sunward::layer::VersioningLayer;
/// use tower::{Layer, ServiceExt, service_fn};
///
/// let api = Api::new("shop")
///     .with_version_path("/v{version}")
///     .with_version(Version::new("1").with_sunset("2020-01-01").with_deprecated("2019-01-01"))
///     .with_version(Version::new("2"));
/// let inner = service_fn(|request: Request<_>| async move {
///     Ok::<_, std::convert::Infallible>(Response::new(Full::<bytes::Bytes>::from(request.uri().path().to_owned())))
/// });
/// let service = VersioningLayer::new(Catalog::new([api])?).layer(inner);
///
/// let gone = Request::get("/v1/users").body(Full::<bytes::Bytes>::default())?;
/// assert_eq!(service.clone().oneshot(gone).await?.status(), 410);
/// let served = Request::get("/v2/users").body(Full::<bytes::Bytes>::default())?;
/// assert_eq!(service.oneshot(served).await?.status(), 200);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct VersioningLayer {
    resolve: ResolveLayer,
    count: CountLayer,
    migrate: MigrateLayer,
}

// === impl VersioningLayer ===

impl VersioningLayer {
    /// The stack for a catalog that never changes.
    #[must_use]
    pub fn new(catalog: impl Into<Arc<Catalog>>) -> Self {
        Self::following(catalog.into())
    }

    /// The stack for a catalog that may be exchanged while requests come in; each keeps the one it was planned with.
    pub fn following(catalog: impl CurrentCatalog) -> Self {
        Self { resolve: ResolveLayer::following(catalog), count: CountLayer::new(), migrate: MigrateLayer::new() }
    }

    /// Another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.resolve = self.resolve.with_clock(clock);
        self
    }

    /// A ledger that gets each request of an API: see [`CountLayer::with_ledger`].
    #[cfg(feature = "usage")]
    #[must_use]
    pub fn with_ledger(mut self, ledger: Arc<crate::usage::Ledger>) -> Self {
        self.count = self.count.with_ledger(ledger);
        self
    }

    /// The prefix that an outer router takes off the path, such as axum's `nest_service("/api", …)`. The api's base
    /// path still begins with it.
    #[must_use]
    pub fn with_mount(mut self, prefix: &str) -> Self {
        self.resolve = self.resolve.with_mount(prefix);
        self
    }

    /// Whether `X-Forwarded-Host`, `-Port` and `-Prefix` can only be those of a proxy that is trusted: one that removes the
    /// fields that it was sent. Then the links that are made here have them. Default: they may be a stranger's, and only
    /// serve to recognise the URLs of a service that uses them.
    #[must_use]
    pub fn with_trusted_forwarded(mut self, trusted: bool) -> Self {
        self.resolve = self.resolve.with_trusted_forwarded(trusted);
        self
    }

    /// The maximum number of bytes held of a body that has to be migrated. Default: 4 MiB. If more is needed, a request gets
    /// a 413, and a response becomes a 502, or ends early if its headers have already been sent.
    #[must_use]
    pub fn with_max_body_bytes(mut self, bytes: usize) -> Self {
        self.migrate = self.migrate.with_max_body_bytes(bytes);
        self
    }

    /// The maximum size of a body, beyond 1 MiB, as a multiple of its compressed size. Default: 100. A body that decodes to
    /// more is refused like one that is too large.
    #[must_use]
    pub fn with_max_decoded_ratio(mut self, ratio: u32) -> Self {
        self.migrate = self.migrate.with_max_decoded_ratio(ratio);
        self
    }

    /// Whether the service inside is the origin, which is the default, or a client of another one.
    #[must_use]
    pub fn with_role(mut self, role: Role) -> Self {
        self.migrate = self.migrate.with_role(role);
        self
    }
}

impl<S> Layer<S> for VersioningLayer {
    type Service = Versioned<S>;

    fn layer(&self, inner: S) -> Self::Service {
        stack(&self.resolve, &Identity::new(), &self.count, self.migrate.layer(inner))
    }
}

/// The order of the layers, written once. `observe` sees each request with its plan before the plan is enforced; `inner` is
/// migrated already, or migrates by itself, as the gateway does for each instance that it tries.
pub(crate) fn stack<O, S>(resolve: &ResolveLayer, observe: &O, count: &CountLayer, inner: S) -> Resolve<O::Service>
where
    O: Layer<Enforced<S>>,
{
    let enforced = count.layer(AnnotateLayer::new().layer(GateLayer::new().layer(inner)));
    resolve.layer(observe.layer(enforced))
}
