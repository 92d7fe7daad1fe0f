//! The whole of one config, ready to serve.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::task::JoinSet;
use tower::Layer;

use super::access::Log;
use super::edge;
use super::forwarded::Marks;
use super::intake::Allowed;
use super::load::Loaded;
use super::pool::{self, Pool, Registry};
use super::route::{Route, RoutedBody, Shared};
use super::state::{self, State};
use super::tell::{Notes, Tell};
use crate::catalog::{Catalog, Control};
use crate::config::{Limits, Sources};
use crate::layer::{
    Annotate, AnnotateLayer, Count, CountBody, CountLayer, Gate, GateBody, GateLayer, MigrateLayer, Resolve,
    ResolveLayer, Role,
};
use crate::names::{self, Refusal};

/// The stack that a request goes through.
type Stack = Resolve<Tell<Count<Annotate<Gate<Route>>>>>;
/// What comes out of it.
pub(super) type StackBody = CountBody<GateBody<RoutedBody>>;

/// The whole of one config. A request keeps the one it began with.
pub(super) struct Snapshot {
    pub(super) catalog: Arc<Catalog>,
    pub(super) stack: Stack,
    pub(super) settings: Settings,
    pub(super) pools: BTreeMap<String, Arc<Pool>>,
    /// The texts that it was made of, without the values of variables.
    pub(super) sources: Sources,
    /// The same for the same texts.
    pub(super) tag: String,
    /// Ends with the snapshot.
    _watch: JoinSet<()>,
}

/// What a config says about every request.
pub(super) struct Settings {
    pub(super) limits: Limits,
    pub(super) edge: edge::Limits,
    pub(super) intake: Allowed,
    pub(super) marks: Marks,
    pub(super) log: Option<Log>,
    pub(super) name: String,
    pub(super) proxy_status: bool,
    pub(super) server_timing: bool,
    /// What operators have to say.
    pub(super) admin_token: Option<String>,
}

/// The snapshot of the moment, for everybody who serves.
#[derive(Clone)]
pub(super) struct Current {
    inner: Arc<ArcSwap<Snapshot>>,
}

// === impl Snapshot ===

impl Snapshot {
    /// Builds all of it; health checks begin at once.
    pub(super) fn new(
        loaded: Loaded,
        sources: Sources,
        control: &Control,
        registry: &Registry,
        state: &State,
        log: Option<Log>,
        traced: bool,
    ) -> Self {
        let pools = registry.pools(&loaded);
        state.acts.settle(&pools);
        let Loaded { gateway, catalog, .. } = loaded;
        catalog.publish();
        let catalog = Arc::new(catalog.with_control(control.clone()));
        let migrate = MigrateLayer::new().with_max_body_bytes(gateway.limits.held_bytes).with_role(Role::Gateway);
        let (marked, traced) = (&gateway.proxy, traced || log.is_some());
        let route = Route::new(Shared {
            pools: pools.clone(),
            migrate,
            part: gateway.timeouts.upstream_body,
            tunnel: gateway.timeouts.tunnel,
            tells: traced || marked.proxy_status || marked.server_timing,
        });
        let annotate = AnnotateLayer::new().layer(GateLayer::new().layer(route));
        let used = state.traffic.used(&catalog);
        let notes = Arc::new(Notes { used, astray: names::refused(Refusal::NoApi) });
        let tell = Tell { inner: CountLayer::new().layer(annotate), tells: traced, notes };
        let stack = ResolveLayer::new(Arc::clone(&catalog)).layer(tell);
        let limits = gateway.limits;
        let settings = Settings {
            edge: edge::Limits {
                header_bytes: limits.header_bytes,
                header_count: limits.headers,
                url_bytes: limits.url_bytes,
            },
            intake: Allowed { bytes: limits.body_bytes, idle: gateway.timeouts.client_body, rate: limits.body_rate },
            marks: Marks::new(&gateway.proxy),
            log,
            name: gateway.proxy.name,
            proxy_status: gateway.proxy.proxy_status,
            server_timing: gateway.proxy.server_timing,
            admin_token: gateway.admin_token.map(|token| token.value),
            limits,
        };
        let watch = pool::watch(&pools);
        let tag = state::tag(&sources);
        Self { catalog, stack, settings, pools, sources, tag, _watch: watch }
    }

    /// Whether something is known of every instance that is to be checked.
    pub(super) fn is_known(&self) -> bool {
        self.pools.values().all(|pool| pool.is_known())
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

    pub(super) fn load(&self) -> Arc<Snapshot> {
        self.inner.load_full()
    }

    pub(super) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.inner.load().catalog)
    }
}

impl std::fmt::Debug for Current {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Current")
    }
}
