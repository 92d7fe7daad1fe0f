//! Plans each request and puts the [`Plan`] into its extensions.

use std::future::Future;
use std::hash::Hasher;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::catalog::{ApiEntry, Catalog, CurrentCatalog};
use crate::clock::{Clock, SharedClock};
use crate::consumer::{ClientOrigin, Consumer};
use crate::plan::{Plan, Planning};
use crate::resolve::RequestHead;

/// Puts [`Resolve`] around a service.
#[derive(Clone)]
pub struct ResolveLayer {
    catalog: Arc<dyn CurrentCatalog>,
    clock: SharedClock,
    mount: Arc<str>,
    trusts_forwarded: bool,
}

/// Finds the api, the version and the route of each request and decides what becomes of it, once, for the layers inside and
/// for the service ([`ApiVersion`](super::ApiVersion)). A request of no api passes untouched.
#[derive(Clone)]
pub struct Resolve<S> {
    inner: S,
    /// Servers clone the service for each request, so what it has is behind one pointer.
    shared: Arc<ResolveParts>,
}

struct ResolveParts {
    catalog: Arc<dyn CurrentCatalog>,
    clock: SharedClock,
    mount: Arc<str>,
    trusts_forwarded: bool,
    draws: AtomicU64,
}

pin_project! {
    /// The inner service's future.
    pub struct ResolveFuture<F> {
        #[pin]
        inner: F,
    }
}

// === impl ResolveLayer ===

impl ResolveLayer {
    /// For a catalog that never changes, by the wall clock.
    #[must_use]
    pub fn new(catalog: impl Into<Arc<Catalog>>) -> Self {
        Self::following(catalog.into())
    }

    /// For a catalog that may be exchanged while requests come in; each keeps the one it was planned with.
    pub fn following(catalog: impl CurrentCatalog) -> Self {
        Self { catalog: Arc::new(catalog), clock: SharedClock::default(), mount: "".into(), trusts_forwarded: false }
    }

    /// Another clock.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock) -> Self {
        self.with_shared_clock(SharedClock::new(clock))
    }

    /// A clock that others have, too.
    pub(crate) fn with_shared_clock(mut self, clock: SharedClock) -> Self {
        self.clock = clock;
        self
    }

    /// The prefix that an outer router takes off the path. The api's base path still begins with it.
    #[must_use]
    pub fn with_mount(mut self, prefix: &str) -> Self {
        self.mount = prefix.into();
        self
    }

    /// Whether `X-Forwarded-Host`, `-Port` and `-Prefix` can only be those of a proxy that is trusted. Then links that are
    /// made here have them. Default: they may be a stranger's, and only serve to recognise the URLs of a service that uses
    /// them.
    #[must_use]
    pub fn with_trusted_forwarded(mut self, trusted: bool) -> Self {
        self.trusts_forwarded = trusted;
        self
    }
}

impl<S> Layer<S> for ResolveLayer {
    type Service = Resolve<S>;

    fn layer(&self, inner: S) -> Resolve<S> {
        let shared = ResolveParts {
            catalog: Arc::clone(&self.catalog),
            clock: self.clock.clone(),
            mount: Arc::clone(&self.mount),
            trusts_forwarded: self.trusts_forwarded,
            draws: AtomicU64::new(0),
        };
        Resolve { inner, shared: Arc::new(shared) }
    }
}

impl std::fmt::Debug for ResolveLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let apis = self.catalog.current();
        let apis: Vec<&str> = apis.apis().iter().map(ApiEntry::name).collect();
        let mut layer = f.debug_struct("ResolveLayer");
        layer.field("apis", &apis).field("mount", &self.mount).field("trusts_forwarded", &self.trusts_forwarded);
        layer.finish_non_exhaustive()
    }
}

// === impl ResolveParts ===

impl ResolveParts {
    /// A number for each request, evenly distributed, that clients cannot choose.
    fn draw(&self) -> u64 {
        let mut hasher = siphasher::sip::SipHasher13::new();
        hasher.write_u64(self.draws.fetch_add(1, Ordering::Relaxed));
        hasher.finish()
    }
}

// === impl Resolve ===

impl<S, B, R> Service<Request<B>> for Resolve<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResolveFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let shared = &*self.shared;
        let head = RequestHead {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            mount: &shared.mount,
            trusts_forwarded: shared.trusts_forwarded,
            peer: request.extensions().get::<Consumer>(),
            origin: request.extensions().get::<ClientOrigin>().copied(),
        };
        match Plan::read(shared.catalog.current(), head, shared.clock.now(), || shared.draw()) {
            Planning::Planned(plan) => drop(request.extensions_mut().insert(plan)),
            Planning::Excluded(excluded) => drop(request.extensions_mut().insert(excluded)),
            Planning::Outside => {}
        }
        ResolveFuture { inner: self.inner.call(request) }
    }
}

impl<S: std::fmt::Debug> std::fmt::Debug for Resolve<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resolve").field("inner", &self.inner).finish_non_exhaustive()
    }
}

// === impl ResolveFuture ===

impl<F: Future> Future for ResolveFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().inner.poll(cx)
    }
}

impl<F: std::fmt::Debug> std::fmt::Debug for ResolveFuture<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResolveFuture").field("inner", &self.inner).finish()
    }
}
