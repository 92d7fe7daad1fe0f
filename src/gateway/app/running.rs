//! A gateway that runs: what is started, in which order, and how it ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::App;
#[cfg(feature = "ledger")]
use super::ledger_facts::LedgerFacts;
use crate::config::{GatewaySpec, Limits};
use crate::gateway::admin::{Admin, AdminHandler, AdminParts};
use crate::gateway::config::reload::ReloadHandle;
use crate::gateway::config::snapshot::LiveSnapshot;
use crate::gateway::config::start::record_start;
use crate::gateway::front::handler::ProxyHandler;
use crate::gateway::front::liveness::ConnectionTimeouts;
use crate::gateway::front::metrics::ListenerMetrics;
use crate::gateway::front::overload::OverloadManager;
use crate::gateway::front::server::Server;
#[cfg(feature = "notices")]
use crate::gateway::notices::NoticeSender;
use crate::gateway::state::Store;
use crate::gateway::telemetry::recorder;
use crate::gateway::telemetry::trace::Tracer;
use crate::gateway::wire::shutdown::Shutdown;

/// A gateway that runs.
pub(super) struct RunningApp {
    server: Arc<Server<ProxyHandler>>,
    admins: Arc<Server<AdminHandler>>,
    admin: Arc<Admin>,
    overload: OverloadManager,
    current: LiveSnapshot,
    store: Store,
    tracer: Tracer,
    spec: GatewaySpec,
    /// The listeners for clients.
    serving: JoinSet<()>,
    /// What runs beside requests.
    tasks: JoinSet<()>,
    reloading: JoinHandle<()>,
    /// Listeners for clients close.
    stop: watch::Sender<bool>,
    /// The admin listener closes, and the config is not reloaded any more.
    end: watch::Sender<bool>,
    /// Connections that are still open are cut.
    cut: watch::Sender<bool>,
}

/// Operators and scrapers are few.
const ADMIN_CONNECTIONS: usize = 100;
/// How long what operators and scrapers still read may take.
const ADMIN_FAREWELL: Duration = Duration::from_secs(1);

// === impl RunningApp ===

impl RunningApp {
    /// Starts all of it. When this returns, clients are served.
    pub(super) fn start(app: App) -> Self {
        let App {
            listeners,
            admin: admin_listener,
            reloader,
            current,
            control,
            registry,
            metrics,
            store,
            token_keys,
            tracer,
            spec,
            ..
        } = app;
        let (stop, stopping) = Shutdown::new();
        let (end, ended) = Shutdown::new();
        let (cut, cutting) = Shutdown::new();
        let (reloads, commands) = ReloadHandle::new();
        let parts = AdminParts {
            current: current.clone(),
            control,
            registry,
            metrics: metrics.clone(),
            store: store.clone(),
            reloads,
            variables: Arc::clone(&reloader.variables),
        };
        let admin = Arc::new(Admin::new(parts, &admin_listener));
        record_start(&current.load(), &store, &reloader.path, &reloader.variables, spec.revisions, spec.protect);

        let overload = OverloadManager::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(overload.clone().watch_memory(spec.limits.memory_bytes));
        tasks.spawn(store.clone().keep_traffic());
        tasks.spawn(token_keys.run());
        {
            let current = current.clone();
            tasks.spawn(store.rollouts.clone().run(move || current.load().pools.clone()));
        }
        #[cfg(feature = "ledger")]
        tasks.spawn(store.ledger.clone().keep());
        #[cfg(feature = "ledger")]
        tasks.spawn(LedgerFacts::new(current.clone(), store.clone()).run());
        #[cfg(feature = "postgres")]
        {
            let (acts, current) = (store.acts.clone(), current.clone());
            tasks.spawn(store.shared.clone().keep(move || acts.settle(&current.load().pools)));
        }
        #[cfg(feature = "notices")]
        tasks.spawn(NoticeSender::new(current.clone(), store.clone()).run());
        tasks.spawn(recorder::upkeep(metrics));
        let reloading = reloader.spawn(commands, ended.clone());

        let metrics = ListenerMetrics::new();
        let handler = ProxyHandler {
            current: current.clone(),
            overload: overload.clone(),
            metrics: metrics.clone(),
            tracer: tracer.clone(),
            throttle: Arc::default(),
        };
        let timeouts = ConnectionTimeouts::of(&spec);
        let server = Server::new(Arc::new(handler), &spec.limits, timeouts, metrics, cutting.clone());
        let limits = Limits { connections: ADMIN_CONNECTIONS, ..Limits::default() };
        let timeouts = ConnectionTimeouts::of(&GatewaySpec::default());
        let admins = Server::new(
            Arc::new(AdminHandler::new(Arc::clone(&admin))),
            &limits,
            timeouts,
            ListenerMetrics::noop(),
            cutting,
        );
        tracing::info!(address = %admin_listener, "admin listening");
        tasks.spawn(Arc::clone(&admins).listen(admin_listener, ended));
        let mut serving = JoinSet::new();
        for listener in listeners {
            tracing::info!(address = %listener, tls = listener.tls.is_some(), "listening");
            serving.spawn(Arc::clone(&server).listen(listener, stopping.clone()));
        }
        admin.started();
        Self {
            server,
            admins,
            admin,
            overload,
            current,
            store,
            tracer,
            spec,
            serving,
            tasks,
            reloading,
            stop,
            end,
            cut,
        }
    }

    /// Ends all of it: it is not ready any more, then takes no new connections, and lets requests under way end for at most
    /// the `drain` timeout. Says whether all did.
    pub(super) async fn drain(mut self) -> bool {
        let began = Instant::now();
        self.admin.draining();
        if let Some(delay) = self.spec.timeouts.shutdown_delay {
            tracing::info!(?delay, in_flight = self.overload.in_flight(), "shutdown delay started");
            tokio::time::sleep(delay).await;
        }
        let _ = self.stop.send(true);
        tracing::info!(in_flight = self.overload.in_flight(), timeout = ?self.spec.timeouts.drain, "draining");
        while self.serving.join_next().await.is_some() {}
        let all = tokio::time::timeout(self.spec.timeouts.drain, self.server.ended()).await.is_ok();
        // Scrapers and probes are served to the end.
        let _ = self.end.send(true);
        let _ = tokio::time::timeout(ADMIN_FAREWELL, self.admins.ended()).await;
        let cut = self.overload.in_flight();
        // What is left is cut here and not by the end of the process, so that it is still logged.
        let _ = self.cut.send(true);
        let _ = tokio::time::timeout(ADMIN_FAREWELL, self.overload.ended()).await;
        self.close().await;
        let seconds = began.elapsed().as_secs_f64();
        if all {
            tracing::info!(seconds, "stopped");
        } else {
            tracing::warn!(seconds, cut, "stopped; drain timeout cut off requests");
        }
        all
    }

    /// Writes what is not written yet, and waits for what runs beside requests.
    async fn close(self) {
        let log = self.current.load().settings.log.clone();
        if let Some(log) = log
            && !log.flush().await
        {
            tracing::warn!("access log incomplete at shutdown");
        }
        let Self { mut tasks, reloading, store, tracer, .. } = self;
        tasks.shutdown().await;
        let _ = reloading.await;
        store.stop();
        #[cfg(feature = "ledger")]
        store.ledger.stop().await;
        tracer.stop().await;
    }
}
