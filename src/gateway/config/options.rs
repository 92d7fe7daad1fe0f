//! What is set for a gateway beside its config.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::load::environment;
use crate::clock::{Clock, SharedClock};
use crate::gateway::telemetry::recorder::Metrics;
use crate::gateway::wire::lookup::{self, HostLookup};

/// Edits the text of the config file, and of each that it includes, before it is read, at the start and at each reload.
pub type Rewrite = Arc<dyn Fn(String) -> String + Send + Sync>;

/// Where the variables in the file come from: the value of a name, if it is set.
pub(in crate::gateway) type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What is set for a gateway beside its config.
#[derive(Clone)]
pub struct Options {
    pub(in crate::gateway) listen: Option<SocketAddr>,
    pub(in crate::gateway) admin: Option<SocketAddr>,
    pub(in crate::gateway) rewrite: Option<Rewrite>,
    pub(in crate::gateway) variables: Variables,
    pub(in crate::gateway) lookup: HostLookup,
    pub(in crate::gateway) metrics: Option<Metrics>,
    pub(in crate::gateway) clock: SharedClock,
}

// === impl Options ===

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: None,
            admin: None,
            rewrite: None,
            variables: Arc::new(environment),
            lookup: lookup::system(),
            metrics: None,
            clock: SharedClock::default(),
        }
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

    /// Renders these metrics for `GET /metrics`, which is 404 without. The gateway records through the `metrics` facade either
    /// way, and installs no recorder by itself: see [`Metrics::install`].
    #[must_use]
    pub fn with_metrics(mut self, metrics: Metrics) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// Decides by this clock, and not by the system's: phases, brownouts, extensions, usage, the audit log. Timeouts, the access
    /// log and metrics keep the time of the system.
    ///
    /// ```
    /// use sunward::clock::ManualClock;
    /// use sunward::gateway::Options;
    ///
    /// let clock = ManualClock::new("2027-06-30".parse()?);
    /// let options = Options::new().with_clock(clock.clone());
    /// // While the gateway runs:
    /// clock.set("2027-07-01".parse()?);
    /// # Ok::<(), sunward::clock::ParseTimeError>(())
    /// ```
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = SharedClock::new(clock);
        self
    }

    /// Finds the addresses of the hosts of instances with this, the best first, and not with the system's resolver.
    #[must_use]
    pub fn with_lookup<F>(mut self, lookup: impl Fn(String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<Vec<IpAddr>>> + Send + 'static,
    {
        self.lookup = Arc::new(move |host| Box::pin(lookup(host)));
        self
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("listen", &self.listen).field("admin", &self.admin).finish_non_exhaustive()
    }
}
