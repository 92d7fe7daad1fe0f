//! The gateway as a value: read the file, bind, run, drain.

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::service_fn;

use super::admin::Admin;
use super::forward::{self, Connections};
use super::load::{LoadError, load};
use super::reload::{self, Reloader};
use super::snapshot::{Current, Snapshot};
use super::{server, telemetry};
use crate::catalog::{Catalog, Control};
use crate::config::{GatewaySpec, LogFormat};
use crate::diagnostic::Diagnostics;

/// Edits the text of the config file before it is read, at the start and at each reload.
pub type Rewrite = Arc<dyn Fn(String) -> String + Send + Sync>;

/// What the command line may say beside the file.
#[derive(Clone, Default)]
pub struct Options {
    listen: Option<SocketAddr>,
    admin: Option<SocketAddr>,
    rewrite: Option<Rewrite>,
}

/// A gateway that is bound, and not yet running.
pub struct App {
    path: PathBuf,
    options: Options,
    listener: TcpListener,
    admin: TcpListener,
    current: Current,
    control: Control,
    connections: Connections,
    metrics: metrics_exporter_prometheus::PrometheusHandle,
    spec: GatewaySpec,
    warnings: Diagnostics,
    source: String,
}

/// Why a gateway did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The config file.
    Config(LoadError),
    /// An address cannot be listened on.
    Bind(SocketAddr, std::io::Error),
}

// === impl Options ===

impl Options {
    /// What the file says.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Listens elsewhere. Port 0 takes a free one.
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
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("listen", &self.listen).field("admin", &self.admin).finish_non_exhaustive()
    }
}

// === impl App ===

impl App {
    /// Reads the file and binds the addresses.
    ///
    /// # Errors
    /// A file with errors, an address that is taken.
    pub async fn bind(path: &Path, options: Options) -> Result<Self, StartError> {
        let metrics = telemetry::prometheus();
        let source = reload::read(path, options.rewrite.as_ref()).map_err(StartError::Config)?;
        let loaded = load(path, source.clone()).map_err(StartError::Config)?;
        let (spec, warnings) = (loaded.gateway.clone(), loaded.warnings.clone());
        let listener = bind(options.listen.unwrap_or(spec.listen.value)).await?;
        let admin = bind(options.admin.unwrap_or(spec.admin.value)).await?;
        let control = Control::new();
        let connections = forward::connections(spec.connect_timeout);
        let current = Current::new(Snapshot::new(loaded, &control, connections.clone()));
        let path = path.to_owned();
        Ok(Self { path, options, listener, admin, current, control, connections, metrics, spec, warnings, source })
    }

    /// Where clients are served.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn listen_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Where the admin listener is.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn admin_addr(&self) -> std::io::Result<SocketAddr> {
        self.admin.local_addr()
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
        crate::config::render(&self.warnings, &self.source, &self.path.display().to_string(), color)
    }

    /// Serves until `stop`, then drains: it is not ready any more, takes no new connections, and lets requests under
    /// way end for at most the `drain_timeout`. Says whether all did.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> bool {
        let draining = Arc::new(AtomicBool::new(false));
        let (stopped, _) = watch::channel(false);
        let admin =
            Admin { current: self.current.clone(), metrics: self.metrics.clone(), draining: Arc::clone(&draining) };
        let admin = service_fn(move |request| admin.clone().answer(request));
        let admin = tokio::spawn(server::serve(self.admin, admin, until(stopped.subscribe()), Duration::from_secs(1)));
        let reloader = tokio::spawn(
            Reloader {
                path: self.path,
                rewrite: self.options.rewrite,
                current: self.current.clone(),
                control: self.control,
                connections: self.connections,
                seen: self.source,
            }
            .run(),
        );
        let metrics = self.metrics;
        let upkeep = tokio::spawn(async move {
            loop {
                tokio::time::sleep(telemetry::UPKEEP).await;
                metrics.run_upkeep();
            }
        });
        let draining_at_stop = async {
            stop.await;
            draining.store(true, Ordering::Relaxed);
        };
        let all = server::serve(self.listener, self.current, draining_at_stop, self.spec.drain_timeout).await;
        reloader.abort();
        upkeep.abort();
        // Scrapers and probes are served to the end.
        let _ = stopped.send(true);
        let _ = admin.await;
        all
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| StartError::Bind(address, error))
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("path", &self.path).finish_non_exhaustive()
    }
}

// === impl StartError ===

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Bind(address, error) => write!(f, "cannot listen on {address}: {error}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Config(error) => Some(error),
            Self::Bind(_, error) => Some(error),
        }
    }
}
