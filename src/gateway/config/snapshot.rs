//! The whole of one config, ready to serve.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::load::Loaded;
use super::observe::{Observe, ObserveLayer, Observer};
use crate::catalog::{ApiEntry, Catalog, Control};
use crate::clock::SharedClock;
use crate::config::{ForwardedHeaders, Limits, Secret, SourceMap};
use crate::gateway::back::pool::{Pool, Registry, Watch};
use crate::gateway::back::upstream::{RoutedBody, UpstreamParams, UpstreamService};
use crate::gateway::state::{self, Acts, Store};
use crate::gateway::telemetry::access::Log;
use crate::gateway::wire::edge;
use crate::gateway::wire::forwarded::ForwardedPolicy;
use crate::gateway::wire::pace::Pace;
use crate::gateway::wire::request_body::BodyLimits;
use crate::layer::{CountBody, CountLayer, Enforced, GateBody, MigrateLayer, Resolve, ResolveLayer, stack};
use crate::names::{self, Refusal};
use arc_swap::ArcSwap;

/// The layers around the upstreams. [`UpstreamService`] migrates by itself, once for each instance that it tries.
type GatewayStack = Resolve<Observe<Enforced<UpstreamService>>>;
/// What comes out of it.
pub(in crate::gateway) type StackBody = CountBody<GateBody<RoutedBody>>;

/// The whole of one config. A request keeps the one it began with.
pub(in crate::gateway) struct Snapshot {
    pub(in crate::gateway) catalog: Arc<Catalog>,
    pub(in crate::gateway) stack: GatewayStack,
    pub(in crate::gateway) settings: Settings,
    /// Whether it matters where requests come from.
    pub(in crate::gateway) needs_origin: bool,
    /// The notices; `None` if there are none.
    #[cfg(feature = "notices")]
    pub(in crate::gateway) notices: Option<Arc<super::notices::LoadedNotices>>,
    pub(in crate::gateway) pools: BTreeMap<String, Arc<Pool>>,
    /// The texts that it was made of, without the values of variables.
    pub(in crate::gateway) sources: SourceMap,
    /// The same for the same texts.
    pub(in crate::gateway) tag: String,
    params: Arc<StackParams>,
}

/// What the stack is made of, but for the pools.
struct StackParams {
    migrate: MigrateLayer,
    part: Option<Duration>,
    tunnel: Duration,
    /// Whether responses say how they came about.
    explain: bool,
    /// Whether services get the prefix that is removed from a path, in `X-Forwarded-Prefix`.
    forward_prefix: bool,
    observe: ObserveLayer,
    count: CountLayer,
    clock: SharedClock,
}

/// What a config says about every request.
#[derive(Clone)]
pub(in crate::gateway) struct Settings {
    pub(in crate::gateway) limits: Limits,
    pub(in crate::gateway) edge: edge::EdgeLimits,
    pub(in crate::gateway) body_limits: BodyLimits,
    pub(in crate::gateway) forwarded: ForwardedPolicy,
    pub(in crate::gateway) log: Option<Log>,
    pub(in crate::gateway) name: String,
    pub(in crate::gateway) proxy_status: bool,
    pub(in crate::gateway) server_timing: bool,
    /// What operators have to say.
    pub(in crate::gateway) admin_token: Option<Secret>,
}

/// The snapshot of the moment, for everybody who serves.
#[derive(Clone)]
pub(in crate::gateway) struct LiveSnapshot {
    inner: Arc<ArcSwap<Snapshot>>,
    watch: Watch,
}

// === impl Snapshot ===

impl Snapshot {
    /// Builds all of it.
    pub(in crate::gateway) fn new(
        loaded: Loaded,
        sources: SourceMap,
        control: &Control,
        registry: &Registry,
        state: &Store,
        log: Option<Log>,
        traced: bool,
    ) -> Self {
        let pools = registry.pools(&loaded.services, &loaded.gateway.timeouts);
        state.acts.settle(&pools);
        state.rollouts.settle(&pools);
        #[cfg(feature = "notices")]
        let notices = loaded.notices.map(Arc::new);
        let Loaded { gateway, catalog, .. } = loaded;
        catalog.publish();
        state.token_keys.fill(&catalog);
        let catalog = Arc::new(state.know(catalog.with_control(control.clone())));
        let (marked, traced) = (&gateway.proxy, traced || log.is_some());
        let params = StackParams {
            migrate: MigrateLayer::new()
                .without_events()
                .with_max_body_bytes(gateway.limits.held_bytes)
                .with_max_decoded_ratio(gateway.limits.decoded_ratio),
            part: gateway.timeouts.upstream_body,
            tunnel: gateway.timeouts.tunnel,
            explain: traced || marked.proxy_status || marked.server_timing,
            forward_prefix: matches!(marked.forwarded, ForwardedHeaders::XForwarded | ForwardedHeaders::Both),
            observe: ObserveLayer {
                attach_plan: traced,
                observer: Arc::new(Observer {
                    used: state.traffic.used(&catalog),
                    unmatched: names::refused(Refusal::NoApi),
                }),
            },
            count: state.count_layer(&gateway.proxy.request_id),
            clock: state.clock.clone(),
        };
        let stack = params.stack(&catalog, &pools);
        let limits = gateway.limits;
        let settings = Settings {
            edge: edge::EdgeLimits {
                header_bytes: limits.header_bytes,
                header_count: limits.headers,
                url_bytes: limits.url_bytes,
                underscores: gateway.proxy.underscores,
            },
            body_limits: BodyLimits {
                bytes: limits.body_bytes,
                pace: Pace { idle: gateway.timeouts.client_body, rate: limits.body_rate },
            },
            forwarded: ForwardedPolicy::new(&gateway.proxy),
            log,
            name: gateway.proxy.name,
            proxy_status: gateway.proxy.proxy_status,
            server_timing: gateway.proxy.server_timing,
            admin_token: gateway.admin_token.map(|token| token.value),
            limits,
        };
        let tag = state::tag(&sources);
        let needs_origin = catalog.needs_origin() || pools.values().any(|pool| pool.groups.is_some());
        Self {
            needs_origin,
            catalog,
            stack,
            settings,
            #[cfg(feature = "notices")]
            notices,
            pools,
            sources,
            tag,
            params: Arc::new(params),
        }
    }

    /// The same config, with the addresses that its hosts have now; `None` if nothing changed.
    fn renewed(&self, registry: &Registry, acts: &Acts) -> Option<Self> {
        let pools = registry.renewed(&self.pools)?;
        acts.settle(&pools);
        Some(Self {
            needs_origin: self.needs_origin,
            catalog: Arc::clone(&self.catalog),
            #[cfg(feature = "notices")]
            notices: self.notices.clone(),
            stack: self.params.stack(&self.catalog, &pools),
            settings: self.settings.clone(),
            pools,
            sources: self.sources.clone(),
            tag: self.tag.clone(),
            params: Arc::clone(&self.params),
        })
    }

    /// Whether something is known of every instance that is to be checked.
    pub(in crate::gateway) fn is_known(&self) -> bool {
        self.pools.values().all(|pool| pool.is_known())
    }
}

// === impl StackParams ===

impl StackParams {
    fn stack(&self, catalog: &Arc<Catalog>, pools: &BTreeMap<String, Arc<Pool>>) -> GatewayStack {
        let upstreams = UpstreamService::new(UpstreamParams {
            pools: pools.clone(),
            migrate: self.migrate,
            part: self.part,
            tunnel: self.tunnel,
            explain: self.explain,
            forward_prefix: self.forward_prefix,
        });
        // What others than trusted proxies say of themselves was removed before.
        let resolve = ResolveLayer::new(Arc::clone(catalog)).with_trusted_forwarded(true);
        let resolve = resolve.with_shared_clock(self.clock.clone());
        stack(&resolve, &self.observe, &self.count, upstreams)
    }
}

// === impl LiveSnapshot ===

impl LiveSnapshot {
    /// Health checks begin at once, and lookups of hosts go on.
    pub(in crate::gateway) fn new(snapshot: Snapshot, registry: &Registry) -> Self {
        let watch = Watch::new(registry);
        watch.follow(&snapshot.pools);
        Self { inner: Arc::new(ArcSwap::from_pointee(snapshot)), watch }
    }

    /// The next requests get `snapshot`. Returns the one that it replaces.
    pub(in crate::gateway) fn swap(&self, snapshot: Snapshot) -> Arc<Snapshot> {
        let snapshot = Arc::new(snapshot);
        let old = self.inner.swap(Arc::clone(&snapshot));
        self.watch.follow(&snapshot.pools);
        old
    }

    /// Takes the addresses that hosts have now, and returns what that replaces, if they have others. Not while another would
    /// swap.
    pub(in crate::gateway) fn renew(&self, registry: &Registry, acts: &Acts) -> Option<Arc<Snapshot>> {
        let renewed = self.load().renewed(registry, acts)?;
        let old = self.swap(renewed);
        // Who drained an instance a moment ago may have known the old addresses only.
        acts.settle(&self.load().pools);
        Some(old)
    }

    pub(in crate::gateway) fn load(&self) -> Arc<Snapshot> {
        self.inner.load_full()
    }

    pub(in crate::gateway) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.inner.load().catalog)
    }
}

impl std::fmt::Debug for LiveSnapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let snapshot = self.load();
        let apis: Vec<&str> = snapshot.catalog.apis().iter().map(ApiEntry::name).collect();
        let upstreams: Vec<&String> = snapshot.pools.keys().collect();
        let mut live = f.debug_struct("LiveSnapshot");
        live.field("tag", &snapshot.tag).field("apis", &apis).field("upstreams", &upstreams).finish_non_exhaustive()
    }
}
