//! The Tower layers. Each is of use alone; [`VersioningLayer`] is the stack:
//!
//! ```text
//! Resolve      plans the request, puts the `Plan` into its extensions
//!  └ Count     adds to the metrics when the response's body has ended or was dropped
//!     └ Annotate  writes Deprecation, Sunset, Link, Vary, the version header
//!        └ Gate   answers 410, brownouts and 4xx before the body is read
//!           └ Migrate  rewrites path and head, migrates the bodies, calls the service
//! ```
//!
//! What the gate answers is annotated and counted too. A request that is none of the apis' passes all of them
//! untouched. No layer needs a runtime, and none changes the inner service's error type: what can be answered is
//! answered with a problem document (RFC 9457).
//!
//! **Cancel safety.** Dropping a response future drops the inner one; nothing is spawned. **Back-pressure.** Readiness
//! is the inner service's.

mod annotate;
mod body;
mod count;
mod digest;
mod extent;
mod gate;
mod hold;
mod migrate;
mod notice;
mod resolve;
mod role;
mod stream;
mod version;
mod work;

use std::sync::Arc;

use tower_layer::Layer;

use crate::catalog::{Catalog, CurrentCatalog};
use crate::clock::Clock;

pub use annotate::{Annotate, AnnotateFuture, AnnotateLayer};
pub use body::MigrateBody;
pub use count::{Count, CountBody, CountFuture, CountLayer};
#[cfg(feature = "gateway")]
pub(crate) use extent::Extent;
pub use gate::{Gate, GateBody, GateFuture, GateLayer};
pub use migrate::{LocalReply, Migrate, MigrateFuture, MigrateLayer, Spoken};
#[cfg(feature = "gateway")]
pub(crate) use notice::{Notice, Notices};
pub use resolve::{Resolve, ResolveFuture, ResolveLayer};
pub use role::Role;
pub use stream::BodyError;
pub use version::ApiVersion;

/// The stack around a service.
pub type Versioned<S> = Resolve<Count<Annotate<Gate<Migrate<S>>>>>;

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
///     .with_path("/v{version}")
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
    migrate: MigrateLayer,
}

/// A body up to this size is migrated before it is passed on, so that its length is known and a failure is a clean 4xx or
/// 502; a larger one is migrated as it passes.
pub const WHOLE_BODY_BYTES: usize = 64 * 1024;

/// So much is held of a body that has to be migrated, unless said.
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// A body may become so many times its size when its content codings are taken off, beyond 1 MiB, unless said: more is what
/// bombs do.
pub const MAX_DECODED_RATIO: u32 = crate::coding::MAX_RATIO;

// === impl VersioningLayer ===

impl VersioningLayer {
    /// The stack for a catalog that never changes.
    #[must_use]
    pub fn new(catalog: impl Into<Arc<Catalog>>) -> Self {
        Self::following(catalog.into())
    }

    /// The stack for a catalog that may be exchanged while requests come in; each keeps the one it was planned with.
    pub fn following(catalog: impl CurrentCatalog) -> Self {
        Self { resolve: ResolveLayer::following(catalog), migrate: MigrateLayer::new() }
    }

    /// Another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.resolve = self.resolve.with_clock(clock);
        self
    }

    /// The prefix that an outer router takes off the path, such as axum's `nest_service("/api", …)`. The api's base
    /// path still begins with it.
    #[must_use]
    pub fn with_mount(mut self, prefix: &str) -> Self {
        self.resolve = self.resolve.with_mount(prefix);
        self
    }

    /// How much is held of a body that has to be migrated; 4 MiB, unless said. If more must be, a request gets a 413, and
    /// a response becomes a 502, or breaks off if its head is sent already.
    #[must_use]
    pub fn with_max_body_bytes(mut self, bytes: usize) -> Self {
        self.migrate = self.migrate.with_max_body_bytes(bytes);
        self
    }

    /// How many times its size a body may become when its content codings are taken off, beyond 1 MiB; 100, unless said. One
    /// that becomes larger ends as one that is more than what may be held.
    #[must_use]
    pub fn with_max_decoded_ratio(mut self, ratio: u32) -> Self {
        self.migrate = self.migrate.with_max_decoded_ratio(ratio);
        self
    }

    /// Whether the service inside is the origin, as it is unless said, or a client of another one.
    #[must_use]
    pub fn with_role(mut self, role: Role) -> Self {
        self.migrate = self.migrate.with_role(role);
        self
    }
}

impl<S> Layer<S> for VersioningLayer {
    type Service = Versioned<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let gate = GateLayer::new().layer(self.migrate.layer(inner));
        let annotate = AnnotateLayer::new().layer(gate);
        self.resolve.layer(CountLayer::new().layer(annotate))
    }
}
