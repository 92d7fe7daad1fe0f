//! The gateway as a value: read the file, bind, run, drain.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::access::Log;
use super::admin::Admin;
use super::listen::{self, Listener};
use super::load::{LoadError, environment, load};
use super::pool::Registry;
use super::reload::{self, Keeper, Letter, Reloader};
use super::server::{Server, Stop};
use super::shed::Load;
use super::shell::Shell;
use super::snapshot::{Current, Snapshot};
use super::state::{Deed, State, Who};
use super::telemetry;
use super::tls::ServerTls;
use super::trace::Tracer;
use super::vital::Patience;
use crate::catalog::{Catalog, Control};
use crate::clock::{Clock, SystemClock};
use crate::config::{GatewaySpec, Limits, Listen, LogFormat, Sources};
use crate::diagnostic::Diagnostics;
use crate::names;

/// Edits the text of the config file, and of each that it includes, before it is read, at the start and at each reload.
pub type Rewrite = Arc<dyn Fn(String) -> String + Send + Sync>;

/// Where the variables in the file come from: the value of a name, if it is set.
pub(super) type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What the command line may say beside the file.
#[derive(Clone)]
pub struct Options {
    listen: Option<SocketAddr>,
    admin: Option<SocketAddr>,
    rewrite: Option<Rewrite>,
    variables: Variables,
}

/// A gateway that is bound, and not yet running.
pub struct App {
    listeners: Vec<Listener>,
    admin: Listener,
    reloader: Reloader,
    keeper: Keeper,
    letters: mpsc::Receiver<Letter>,
    shared: Shared,
    spec: GatewaySpec,
    warnings: Diagnostics,
    sources: Sources,
}

/// What the parts of a gateway have in common.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) current: Current,
    pub(super) control: Control,
    pub(super) registry: Registry,
    pub(super) metrics: metrics_exporter_prometheus::PrometheusHandle,
    pub(super) state: State,
    pub(super) tracer: Tracer,
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

// === impl Shared ===

impl Shared {
    /// Writes down that this config is served from the start.
    fn begin(&self, path: &Path, revisions: usize) {
        let who = Who::nobody("start");
        let target = format!("{} as {}", path.display(), self.current.load().tag);
        self.state.audit.record(&who, &Deed { what: "start", target }, SystemClock.now());
        self.keep_revision(&who, revisions);
    }

    /// Keeps the texts that are served.
    pub(super) fn keep_revision(&self, who: &Who, most: usize) {
        if let Some(revisions) = &self.state.revisions {
            revisions.keep(&self.current.load().sources, who, most, SystemClock.now());
        }
    }
}

// === impl Options ===

impl Default for Options {
    fn default() -> Self {
        Self { listen: None, admin: None, rewrite: None, variables: Arc::new(environment) }
    }
}

impl Options {
    /// What the file says, with the variables of the process.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Listens here, and nowhere that the file says, but for TLS. Port 0 takes a free one.
    #[must_use]
    pub fn with_listen(mut self, address: SocketAddr) -> Self {
        self.listen = Some(address);
        self
    }

    /// Has the admin listener elsewhere.
    #[must_use]
    pub fn with_admin(mut self, address: SocketAddr) -> Self {
        self.admin = Some(address);
        self
    }

    /// Edits the text of the file before it is read.
    #[must_use]
    pub fn with_rewrite(mut self, rewrite: impl Fn(String) -> String + Send + Sync + 'static) -> Self {
        self.rewrite = Some(Arc::new(rewrite));
        self
    }

    /// Takes the variables in the file from here, and not from the environment of the process.
    #[must_use]
    pub fn with_variables(mut self, variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.variables = Arc::new(variables);
        self
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("listen", &self.listen).field("admin", &self.admin).finish_non_exhaustive()
    }
}

// === impl App ===

impl App {
    /// Reads the file and binds the addresses. Called within a Tokio runtime.
    ///
    /// # Errors
    /// A file with errors, an address that is taken.
    #[allow(clippy::unused_async, reason = "sockets and health checks belong to the runtime that it is called in")]
    pub async fn bind(path: &Path, options: Options) -> Result<Self, StartError> {
        let metrics = telemetry::prometheus();
        let sources = reload::read(path, options.rewrite.as_ref()).map_err(StartError::Config)?;
        let loaded = load(&sources, &*options.variables).map_err(StartError::Config)?;
        let (spec, warnings) = (loaded.gateway.clone(), loaded.warnings.clone());
        let tls = loaded.tls.clone().map(ServerTls::new);
        let listeners = bind(&spec, options.listen, tls.as_ref())?;
        let place = options.admin.map_or(spec.admin.value.clone(), Listen::Tcp);
        let admin = listen::bind(&place, false, None).map_err(|error| StartError::Bind(place.clone(), error))?;
        let admin =
            admin.into_iter().next().ok_or_else(|| StartError::Bind(place, std::io::ErrorKind::Other.into()))?;
        let (control, registry) = (Control::new(), Registry::default());
        let log = spec.access_log.as_ref().map(Log::open).transpose().map_err(StartError::AccessLog)?;
        let state = State::open(spec.state.as_deref());
        let tracer = Tracer::new(&*options.variables).map_err(StartError::Traces)?;
        let traced = tracer.is_on();
        let snapshot = Snapshot::new(loaded, sources.clone(), &control, &registry, &state.traffic, log, traced);
        names::config_accepted().set(telemetry::now());
        let shared = Shared { current: Current::new(snapshot), control, registry, metrics, state, tracer };
        let (keeper, letters) = Keeper::new();
        let reloader = Reloader {
            path: path.to_owned(),
            rewrite: options.rewrite,
            variables: options.variables,
            shared: shared.clone(),
            tls,
            stamps: Vec::new(),
            served: spec.clone(),
            seen: sources.clone(),
            refused: None,
        };
        Ok(Self { listeners, admin, reloader, keeper, letters, shared, spec, warnings, sources })
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
            None => "a Unix socket".to_owned(),
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
        self.shared.control.clone()
    }

    /// The catalog of the moment.
    #[must_use]
    pub fn catalog(&self) -> Arc<Catalog> {
        self.shared.current.catalog()
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
        let Self { listeners, admin, reloader, keeper, letters, shared, spec, .. } = self;
        let (say_stop, stopping) = Stop::new();
        let (say_end, ended) = Stop::new();
        let mut tasks = JoinSet::new();
        let desk = Arc::new(Admin::new(shared.clone(), keeper, &admin));
        shared.begin(&reloader.path, spec.revisions);
        let load = Load::new();
        tasks.spawn(load.clone().watch_memory(spec.limits.memory_bytes));
        tasks.spawn(reloader.run(letters));
        tasks.spawn(shared.state.clone().keep_traffic());
        tasks.spawn(telemetry::upkeep(shared.metrics.clone()));

        let shell = Arc::new(Shell { current: shared.current.clone(), load, tracer: shared.tracer.clone() });
        let server = Server::new(shell, &spec.limits, patience(&spec), names::connections());
        let own = Limits { connections: ADMIN_CONNECTIONS, ..Limits::default() };
        let admins = Server::new(Arc::clone(&desk), &own, patience(&GatewaySpec::default()), metrics::Gauge::noop());
        tasks.spawn(Arc::clone(&admins).listen(admin, ended));
        let mut serving = JoinSet::new();
        for listener in listeners {
            serving.spawn(Arc::clone(&server).listen(listener, stopping.clone()));
        }
        desk.started();
        stop.await;
        desk.draining();
        if let Some(delay) = spec.timeouts.shutdown_delay {
            tokio::time::sleep(delay).await;
        }
        let _ = say_stop.send(true);
        serving.join_all().await;
        let all = tokio::time::timeout(spec.timeouts.drain, server.ended()).await.is_ok();
        // Scrapers and probes are served to the end.
        let _ = say_end.send(true);
        let _ = tokio::time::timeout(ADMIN_FAREWELL, admins.ended()).await;
        tasks.shutdown().await;
        shared.state.stop();
        shared.tracer.stop().await;
        all
    }
}

/// Operators and scrapers are few.
const ADMIN_CONNECTIONS: usize = 100;
/// How long what operators and scrapers still read may take.
const ADMIN_FAREWELL: Duration = Duration::from_secs(1);

fn patience(spec: &GatewaySpec) -> Patience {
    let timeouts = &spec.timeouts;
    Patience { head: timeouts.client_head, idle: timeouts.client_idle, send: timeouts.client_send }
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
            Self::AccessLog(error) => write!(f, "the access log cannot be opened: {error}"),
            Self::Traces(error) => write!(f, "spans cannot be exported: {error}"),
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
mod tests {
    use super::*;

    /// The process's memory, in KiB.
    fn resident() -> u64 {
        let text = std::fs::read_to_string("/proc/self/status").expect("a Linux system");
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is there");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Old snapshots go, and what they had under way goes with them.
    #[tokio::test]
    #[ignore = "takes a minute"]
    async fn ten_thousand_reloads_leave_nothing() {
        const CONFIG: &str = r#"
            [[api]]
            name = "reloads"
            version_from = { path = "/v{version}" }
            upstream = "a"
            [[api.version]]
            name = "1"
            [[api.version]]
            name = "2"
            [[api.change]]
            version = "2"
            summary = "`name` is called `title`"
            at = "GET /users -> 200"
            breaking = true
            ops = [{ rename = "/name", to = "/title" }]
            [[upstream]]
            name = "a"
            instances = [{ url = "http://127.0.0.1:9", weight = WEIGHT }, { url = "http://127.0.0.1:WEIGHT" }]
            check = { path = "/", every = "1h" }
        "#;
        let file = std::env::temp_dir().join(format!("sunward-reloads-{}.toml", std::process::id()));
        std::fs::write(&file, CONFIG).expect("written");
        let turn = Arc::new(std::sync::atomic::AtomicUsize::new(1));
        let counted = Arc::clone(&turn);
        // An instance comes and goes with each text.
        let rewrite = move |text: String| {
            let weight = counted.load(std::sync::atomic::Ordering::Relaxed) % 100 + 1;
            text.replace("WEIGHT", &weight.to_string())
        };
        let loopback: SocketAddr = ([127, 0, 0, 1], 0).into();
        let options = Options::new().with_rewrite(rewrite).with_listen(loopback).with_admin(loopback);
        let mut app = App::bind(&file, options).await.expect("bound");
        let mut sizes = Vec::new();
        for count in 0..=10_000 {
            turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            app.reloader.look(true);
            // What was given up is dropped by the runtime.
            // As a gateway that runs does now and then: samples are kept raw until they are drained.
            app.shared.metrics.run_upkeep();
            tokio::task::yield_now().await;
            if count % 1000 == 0 {
                sizes.push(resident());
            }
        }
        std::fs::remove_file(&file).expect("removed");
        println!("KiB after each thousand reloads: {sizes:?}");
        let (early, late) = (sizes[2], sizes[10]);
        assert!(late < early + early / 10 + 4096, "{sizes:?}");
    }
}
