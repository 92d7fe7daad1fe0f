//! The gateway as a value: read the file, bind, run, drain.

mod error;
#[cfg(feature = "ledger")]
mod ledger_facts;
mod running;
#[cfg(test)]
mod tests;
mod token_keys;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::back::pool::Registry;
use super::config::options::Options;
use super::config::reload::{Fingerprint, Reloader, Retired};
use super::config::snapshot::{LiveSnapshot, Snapshot};
use super::config::source::ConfigSource;
use super::front::descriptors;
use super::front::listen::{self, Listener};
use super::state::Store;
use super::telemetry::access::Log;
use super::telemetry::recorder::{self, Metrics};
use super::telemetry::trace::Tracer;
use super::wire::tls::ServerTls;
use crate::catalog::{Catalog, Control};
use crate::clock::Clock;
use crate::config::{GatewaySpec, LogFormat, SourceMap};
use crate::diagnostic::Diagnostics;
use crate::names;
pub use error::StartError;
use running::RunningApp;
use token_keys::TokenKeys;

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
    token_keys: TokenKeys,
    tracer: Tracer,
    spec: GatewaySpec,
    warnings: Diagnostics,
    sources: SourceMap,
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
        tracing::info!(version = env!("CARGO_PKG_VERSION"), config = %source.path().display(), "starting");
        let sources = source.read(options.rewrite.as_ref()).map_err(StartError::Config)?;
        // Before they are loaded: what changes after that is news.
        let seen = Fingerprint::new(sources.clone(), &*options.variables);
        let loaded = source.load(&sources, &*options.variables, options.clock.now()).map_err(StartError::Config)?;
        let (spec, warnings) = (loaded.gateway.clone(), loaded.warnings.clone());

        descriptors::provide(&spec.limits);
        let tls = loaded.tls.clone().map(ServerTls::new);
        let refused = |(place, error)| StartError::Bind(place, error);
        let listeners = listen::bind_clients(&spec, options.listen, tls.as_ref()).map_err(refused)?;
        let admin = listen::bind_admin(&spec, options.admin).map_err(refused)?;

        let log = spec.access_log.as_ref().map(Log::open).transpose().map_err(StartError::AccessLog)?;
        let tracer = Tracer::new(&*options.variables).map_err(StartError::Traces)?;
        let traced = tracer.is_on();
        let control = Control::new();
        let state = spec.state.as_ref().map(|state| state.value.as_path());
        let store = Store::open(state, &spec.ledger, options.clock).with_acts(&control).with_ledger(&spec.ledger);
        let store = store.with_shared(&spec.ledger).await;
        let registry = Registry::new(options.lookup);
        store.rollouts.restore(&registry);
        registry.learn(&loaded.services).await;
        let snapshot = Snapshot::new(loaded, sources.clone(), &control, &registry, &store, log, traced);
        warn_of_strays(&store, &snapshot);
        names::config_accepted().set(recorder::now());
        let current = LiveSnapshot::new(snapshot, &registry);
        let token_keys = TokenKeys::new(current.clone(), store.clone()).start().await;

        let reloader = Reloader {
            path: source.path(),
            source,
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
            retired: Retired::default(),
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
            token_keys,
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
    pub fn listen_addr(&self) -> io::Result<SocketAddr> {
        address(self.listeners.iter().find(|listener| listener.tls.is_none()))
    }

    /// Where clients are served over TLS; the first place, if there are several.
    ///
    /// # Errors
    /// There is none.
    pub fn tls_addr(&self) -> io::Result<SocketAddr> {
        address(self.listeners.iter().find(|listener| listener.tls.is_some()))
    }

    /// Where the admin listener is.
    ///
    /// # Errors
    /// It has no address.
    pub fn admin_addr(&self) -> io::Result<SocketAddr> {
        address(Some(&self.admin))
    }

    /// Where the gateway listens, in words for people: one line for each address.
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

    /// The emergency handle; it survives reloads. What is done with it is of this process only: other gateways with the same database
    /// do not learn of it.
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
        let running = RunningApp::start(self);
        stop.await;
        running.drain().await
    }
}

/// Acts that were kept, and whose target the config does not have.
fn warn_of_strays(store: &Store, snapshot: &Snapshot) {
    for act in store.acts.strays(&snapshot.catalog, &snapshot.pools) {
        tracing::warn!(act, "act has no effect: its target is not in the config");
    }
}

fn address(listener: Option<&Listener>) -> io::Result<SocketAddr> {
    listener.and_then(Listener::address).ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("listeners", &self.listeners).finish_non_exhaustive()
    }
}
