//! The whole of one config, ready to serve.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tower::{Layer, Service, ServiceExt};

use super::edge;
use super::forward::{Connections, Forward};
use super::load::Loaded;
use super::select::{Pool, Select};
use crate::catalog::{Catalog, Control};
use crate::layer::{
    Annotate, AnnotateLayer, Count, CountLayer, Gate, GateLayer, Migrate, MigrateLayer, Resolve, ResolveLayer, Role,
};
use crate::problem::TYPE_BASE;

/// The stack that a request goes through.
type Stack = Resolve<Count<Annotate<Gate<Select<Migrate<Forward>>>>>>;
/// What clients get.
pub(super) type ResponseBody = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// The whole of one config. A request keeps the one it began with.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) catalog: Arc<Catalog>,
    stack: Stack,
}

/// The snapshot of the moment, for everybody who serves.
#[derive(Clone, Debug)]
pub(super) struct Current {
    inner: Arc<ArcSwap<Snapshot>>,
}

// === impl Snapshot ===

impl Snapshot {
    pub(super) fn new(loaded: Loaded, control: &Control, connections: Connections) -> Self {
        let Loaded { gateway, catalog, upstreams, .. } = loaded;
        let catalog = Arc::new(catalog.with_control(control.clone()));
        let pools: BTreeMap<String, Pool> =
            upstreams.into_iter().map(|(name, instances)| (name, Pool::new(instances))).collect();
        let held = usize::try_from(gateway.max_body_bytes).unwrap_or(usize::MAX);
        let forward = Forward::new(connections, gateway.request_timeout);
        // Only what is planned, and not answered by the gate, needs an instance; what it speaks decides the migration.
        let migrate = MigrateLayer::new().with_max_body_bytes(held).with_role(Role::Gateway).layer(forward);
        let gate = GateLayer::new().layer(Select::new(migrate, Arc::new(pools)));
        let annotate = AnnotateLayer::new().layer(gate);
        let stack = ResolveLayer::new(Arc::clone(&catalog)).layer(CountLayer::new().layer(annotate));
        Self { catalog, stack }
    }
}

// === impl Current ===

impl Current {
    pub(super) fn new(snapshot: Snapshot) -> Self {
        Self { inner: Arc::new(ArcSwap::from_pointee(snapshot)) }
    }

    pub(super) fn swap(&self, snapshot: Snapshot) {
        self.inner.store(Arc::new(snapshot));
    }

    pub(super) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.inner.load().catalog)
    }

    async fn serve(self, mut request: Request<Incoming>) -> Response<ResponseBody> {
        if let Err(problem) = edge::admit(&mut request) {
            return problem.response(TYPE_BASE).map(|body| boxed(Full::new(Bytes::from(body))));
        }
        let stack = self.inner.load().stack.clone();
        match stack.oneshot(request).await {
            Ok(response) => response.map(boxed),
        }
    }
}

fn boxed<B>(body: B) -> ResponseBody
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    body.map_err(Into::into).boxed_unsync()
}

impl Service<Request<Incoming>> for Current {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let current = self.clone();
        Box::pin(async move { Ok(current.serve(request).await) })
    }
}
