//! The gateway as a value: read the file, bind, run, drain.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

use super::admin::{Admin, AdminParts};
use super::back::pool::Registry;
use super::config::load::{LoadError, load, load_config};
use super::config::options::Options;
use super::config::reload::{self, Envelope, Fingerprint, ReloadHandle, Reloader};
use super::config::snapshot::{LiveSnapshot, Snapshot};
use super::config::source::ConfigSource;
use super::config::start::record_start;
use super::front::descriptors;
use super::front::handler::ProxyHandler;
use super::front::listen::{self, Listener};
use super::front::liveness::ConnectionTimeouts;
use super::front::metrics::ListenerMetrics;
use super::front::overload::OverloadManager;
use super::front::server::Server;
use super::state::Store;
use super::telemetry::access::Log;
use super::telemetry::recorder::{self, Metrics};
use super::telemetry::trace::Tracer;
use super::wire::pace::Pace;
use super::wire::shutdown::Shutdown;
use super::wire::tls::ServerTls;
use crate::catalog::{Catalog, Control};
use crate::clock::{Clock, SystemClock};
use crate::config::{GatewaySpec, Limits, Listen, LogFormat, SourceMap};
use crate::diagnostic::Diagnostics;
use crate::names;

/// A gateway that is bound, and not yet running.
pub struct App {
    listeners: Vec<Listener>,
    admin: Listener,
    reloader: Reloader,
    current: LiveSnapshot,
    control: Control,
    registry: Registry,
    metrics: Option<Metrics>,
    store: Store,
    tracer: Tracer,
    spec: GatewaySpec,
    warnings: Diagnostics,
    sources: SourceMap,
}

/// Why a gateway did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The config file.
    Config(LoadError),
    /// A place cannot be listened on.
    Bind(Listen, std::io::Error),
    /// The access log cannot be opened.
    AccessLog(std::io::Error),
    /// The environment says where spans go, and they cannot go there.
    Traces(Box<dyn std::error::Error + Send + Sync>),
}

// === impl App ===

impl App {
    /// Reads the config, binds the addresses and looks up the hosts of instances, for a few seconds at most. Called within a
    /// Tokio runtime. `source` is a path, texts ([`SourceMap`]) or a [`Config`](crate::config::Config).
    ///
    /// # Errors
    /// A config with errors, an address that is taken.
    pub async fn bind(source: impl Into<ConfigSource>, options: Options) -> Result<Self, StartError> {
        let source = source.into();
        let path = source.path();
        tracing::info!(version = env!("CARGO_PKG_VERSION"), config = %path.display(), "starting");
        let sources = match &source {
            ConfigSource::File(path) => reload::read(path, options.rewrite.as_ref()).map_err(StartError::Config)?,
            ConfigSource::Text(texts) => texts.clone(),
            ConfigSource::Value(_) => SourceMap::default(),
        };
        // Before they are loaded: what changes after that is news.
        let seen = Fingerprint::new(sources.clone(), &*options.variables);
        let loaded = match &source {
            ConfigSource::Value(config) => load_config((**config).clone()),
            ConfigSource::File(_) | ConfigSource::Text(_) => load(&sources, &*options.variables),
        };
        let loaded = loaded.map_err(StartError::Config)?;
        let (spec, warnings) = (loaded.gateway.clone(), loaded.warnings.clone());
        descriptors::provide(&spec.limits);
        let tls = loaded.tls.clone().map(ServerTls::new);
        let listeners = bind(&spec, options.listen, tls.as_ref())?;
        let place = options.admin.map_or(spec.admin.value.clone(), Listen::Tcp);
        let admin = listen::bind(&place, false, None).map_err(|error| StartError::Bind(place.clone(), error))?;
        let admin =
            admin.into_iter().next().ok_or_else(|| StartError::Bind(place, std::io::ErrorKind::Other.into()))?;
        let (control, registry) = (Control::new(), Registry::new(options.lookup));
        let log = spec.access_log.as_ref().map(Log::open).transpose().map_err(StartError::AccessLog)?;
        let store =
            Store::open(spec.state.as_ref().map(|state| state.value.as_path())).with_acts(&control, SystemClock.now());
        let tracer = Tracer::new(&*options.variables).map_err(StartError::Traces)?;
        let traced = tracer.is_on();
        registry.learn(&loaded.services).await;
        let snapshot = Snapshot::new(loaded, sources.clone(), &control, &registry, &store, log, traced);
        for act in store.acts.strays(&snapshot.catalog, &snapshot.pools) {
            tracing::warn!(act, "act has no effect: its target is not in the config");
        }
        names::config_accepted().set(recorder::now());
        let current = LiveSnapshot::new(snapshot, &registry);
        let reloader = Reloader {
            source,
            path,
            rewrite: options.rewrite,
            variables: options.variables,
            current: current.clone(),
            control: control.clone(),
            registry: registry.clone(),
            store: store.clone(),
            traced,
            tls,
            served: spec.clone(),
            seen,
            unreadable: None,
        };
        let metrics = options.metrics;
        Ok(Self {
            listeners,
            admin,
            reloader,
            current,
            control,
            registry,
            metrics,
            store,
            tracer,
            spec,
            warnings,
            sources,
        })
    }

    /// Where clients are served in the clear; the first place, if there are several.
    ///
    /// # Errors
    /// There is none with an address.
    pub fn listen_addr(&self) -> std::io::Result<SocketAddr> {
        address(self.listeners.iter().find(|listener| listener.tls.is_none()))
    }

    /// Where clients are served over TLS; the first place, if there are several.
    ///
    /// # Errors
    /// There is none.
    pub fn tls_addr(&self) -> std::io::Result<SocketAddr> {
        address(self.listeners.iter().find(|listener| listener.tls.is_some()))
    }

    /// Where the admin listener is.
    ///
    /// # Errors
    /// It has no address.
    pub fn admin_addr(&self) -> std::io::Result<SocketAddr> {
        address(Some(&self.admin))
    }

    /// What a person is told of where it listens: a line for each place.
    #[must_use]
    pub fn places(&self) -> String {
        let place = |scheme: &str, listener: &Listener| match listener.address() {
            Some(address) => format!("{scheme}://{address}"),
            // The listener says itself which socket it is.
            None if scheme == "https" => format!("{listener} (TLS)"),
            None => listener.to_string(),
        };
        let listening = self.listeners.iter().map(|listener| {
            let scheme = if listener.tls.is_some() { "https" } else { "http" };
            format!("listening {}\n", place(scheme, listener))
        });
        listening.chain([format!("admin {}\n", place("http", &self.admin))]).collect()
    }

    /// The emergency handle; it survives reloads.
    #[must_use]
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// The catalog of the moment.
    #[must_use]
    pub fn catalog(&self) -> Arc<Catalog> {
        self.current.catalog()
    }

    /// The form of log lines.
    #[must_use]
    pub fn log(&self) -> LogFormat {
        self.spec.log
    }

    /// What the check of the file found, rendered; empty if nothing.
    #[must_use]
    pub fn warnings(&self, color: bool) -> String {
        crate::config::render(&self.warnings, &self.sources, color)
    }

    /// Serves until `stop`, then drains: it is not ready any more, then takes no new connections, and lets requests
    /// under way end for at most the `drain` timeout. Says whether all did.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> bool {
        let Self { listeners, admin, reloader, current, control, registry, metrics, store, tracer, spec, .. } = self;
        let (reloads, commands) = ReloadHandle::new();
        let (say_stop, stopping) = Shutdown::new();
        let (say_end, ended) = Shutdown::new();
        let (say_cut, cut) = Shutdown::new();
        let mut tasks = JoinSet::new();
        let parts = AdminParts {
            current: current.clone(),
            control,
            registry,
            metrics: metrics.clone(),
            store: store.clone(),
            reloads,
        };
        let admin_handler = Arc::new(Admin::new(parts, &admin));
        record_start(&current.load(), &store, &reloader.path, &reloader.variables, spec.revisions, spec.protect);
        let overload = OverloadManager::new();
        tasks.spawn(overload.clone().watch_memory(spec.limits.memory_bytes));
        let reloading = reload_apart(reloader, commands, ended.clone());
        tasks.spawn(store.clone().keep_traffic());
        tasks.spawn(recorder::upkeep(metrics));

        let metrics = ListenerMetrics::new();
        let handler = ProxyHandler {
            current: current.clone(),
            overload: overload.clone(),
            metrics: metrics.clone(),
            tracer: tracer.clone(),
            throttle: Arc::default(),
        };
        let handler = Arc::new(handler);
        let server = Server::new(handler, &spec.limits, timeouts(&spec), metrics, cut.clone());
        let own = Limits { connections: ADMIN_CONNECTIONS, ..Limits::default() };
        let admins = Server::new(
            Arc::clone(&admin_handler),
            &own,
            timeouts(&GatewaySpec::default()),
            ListenerMetrics::noop(),
            cut,
        );
        tracing::info!(address = %admin, "admin listening");
        tasks.spawn(Arc::clone(&admins).listen(admin, ended));
        let mut serving = JoinSet::new();
        for listener in listeners {
            tracing::info!(address = %listener, tls = listener.tls.is_some(), "listening");
            serving.spawn(Arc::clone(&server).listen(listener, stopping.clone()));
        }
        admin_handler.started();
        stop.await;
        let began = Instant::now();
        admin_handler.draining();
        if let Some(delay) = spec.timeouts.shutdown_delay {
            tracing::info!(?delay, in_flight = overload.in_flight(), "shutdown delay started");
            tokio::time::sleep(delay).await;
        }
        let _ = say_stop.send(true);
        tracing::info!(in_flight = overload.in_flight(), timeout = ?spec.timeouts.drain, "draining");
        serving.join_all().await;
        let all = tokio::time::timeout(spec.timeouts.drain, server.ended()).await.is_ok();
        // Scrapers and probes are served to the end.
        let _ = say_end.send(true);
        let _ = tokio::time::timeout(ADMIN_FAREWELL, admins.ended()).await;
        let cut = overload.in_flight();
        // What is left is cut here and not by the end of the process, so that it is still logged.
        let _ = say_cut.send(true);
        let _ = tokio::time::timeout(ADMIN_FAREWELL, overload.ended()).await;
        let log = current.load().settings.log.clone();
        if let Some(log) = log
            && !log.flush().await
        {
            tracing::warn!("access log incomplete at shutdown");
        }
        tasks.shutdown().await;
        let _ = reloading.await;
        store.stop();
        tracer.stop().await;
        let seconds = began.elapsed().as_secs_f64();
        if all {
            tracing::info!(seconds, "stopped");
        } else {
            tracing::warn!(seconds, cut, "stopped; drain timeout cut off requests");
        }
        all
    }
}

/// Runs what changes the config on a thread of its own. To read, check and compile a config takes as long as it is large, and
/// no request waits for that, not even where a single thread serves.
fn reload_apart(reloader: Reloader, commands: mpsc::Receiver<Envelope>, mut ended: Shutdown) -> JoinHandle<()> {
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        runtime.block_on(async {
            tokio::select! {
                () = reloader.run(commands) => {}
                () = ended.requested() => {}
            }
        });
    })
}

/// Operators and scrapers are few.
const ADMIN_CONNECTIONS: usize = 100;
/// How long what operators and scrapers still read may take.
const ADMIN_FAREWELL: Duration = Duration::from_secs(1);

fn timeouts(spec: &GatewaySpec) -> ConnectionTimeouts {
    let GatewaySpec { timeouts, limits, .. } = spec;
    ConnectionTimeouts {
        head: timeouts.client_head,
        idle: timeouts.client_idle,
        send: Pace { idle: timeouts.client_send, rate: limits.response_rate },
        ping: timeouts.client_ping,
        pong: timeouts.client_ping_timeout,
    }
}

fn address(listener: Option<&Listener>) -> std::io::Result<SocketAddr> {
    listener.and_then(Listener::address).ok_or_else(|| std::io::ErrorKind::AddrNotAvailable.into())
}

fn bind(spec: &GatewaySpec, instead: Option<SocketAddr>, tls: Option<&ServerTls>) -> Result<Vec<Listener>, StartError> {
    let plain: Vec<Listen> = match instead {
        Some(address) => vec![Listen::Tcp(address)],
        None => spec.listen.iter().map(|listen| listen.value.clone()).collect(),
    };
    let secure = spec.tls.iter().flat_map(|tls| &tls.listen).map(|listen| listen.value.clone());
    let all = plain.into_iter().map(|place| (place, None)).chain(secure.map(|place| (place, tls)));
    let mut listeners = Vec::new();
    for (place, tls) in all {
        let bound = listen::bind(&place, spec.reuse_port, tls);
        listeners.extend(bound.map_err(|error| StartError::Bind(place, error))?);
    }
    Ok(listeners)
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("listeners", &self.listeners).finish_non_exhaustive()
    }
}

// === impl StartError ===

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Bind(place, error) => write!(f, "cannot listen on {place}: {error}"),
            Self::AccessLog(error) => write!(f, "cannot open the access log: {error}"),
            Self::Traces(error) => write!(f, "cannot export spans: {error}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Config(error) => Some(error),
            Self::Bind(_, error) | Self::AccessLog(error) => Some(error),
            Self::Traces(error) => Some(&**error),
        }
    }
}

#[cfg(test)]
mod tests;
