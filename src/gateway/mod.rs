//! The gateway: the layers in front of services in any language, from one TOML file.
//!
//! | room | what it serves |
//! |---|---|
//! | `wire` | what both sides need of a socket and of a message: bytes, TLS, the edge of HTTP, bodies on their way in |
//! | `telemetry` | what operators read: metrics, the access log, spans, and why a response came about |
//! | `back` | towards instances: which one gets a request, over which connection, and when it is sent again |
//! | `state` | what outlives the process: acts, the audit, revisions, traffic |
//! | `config` | one config and its change: read and checked, made ready to serve, reloaded, compared, rolled back |
//! | `front` | towards clients: listeners, connections, and a request from its head to the end of its response |
//! | `notices` | sends notices to those who use a version |
//! | `admin` | what operators see and do |
//! | `app` | the assembly |
//!
//! ```text
//! front: listen → server   takes connections in, watches that they live, HTTP/1.1 and HTTP/2, TLS
//!   └ shell                  one request: sheds, refuses what is ambiguous (edge), marks it (forwarded, trace), logs it (access)
//!      └ config: snapshot      the stack of one config: Resolve → Count → Annotate → Gate
//!         └ back: route           picks an instance (pool), says what it speaks, sends again what may be (replay)
//!            └ Migrate → send       over a connection that was leased
//! ```
//!
//! A reload builds a new snapshot and swaps it, and so do names that come to stand for other addresses; a request keeps the
//! one it began with. Instances outlive the config that named them.

mod admin;
mod app;
mod back;
mod config;
mod front;
#[cfg(feature = "notices")]
mod notices;
mod state;
mod telemetry;
mod wire;

pub use app::{App, StartError};
pub use config::diff::diff;
pub use config::load::{
    LoadError, Loaded, consumer_secret, environment, load, load_at, load_config, log_format, open, workers,
};
#[cfg(feature = "notices")]
pub use config::notices::LoadedNotices;
pub use config::options::{Options, Rewrite};
pub use config::rollback::{Rollback, RollbackError, RollbackTo};
pub use config::source::ConfigSource;
pub use state::Revision;
#[cfg(feature = "ledger")]
pub use state::{ForgetOrder, forget_consumer, open_control, open_ledger, open_ledger_to_write};
pub use telemetry::recorder::{Metrics, MetricsInstalled};
