//! The gateway: the layers in front of services in any language, from one TOML file.
//!
//! ```text
//! listen → server     takes connections in, watches that they live, HTTP/1.1 and HTTP/2, TLS
//!   └ shell             one request: sheds, refuses what is ambiguous (edge), marks it (forwarded, trace), logs it (access)
//!      └ snapshot         the stack of one config: Resolve → Count → Annotate → Gate
//!         └ route           picks an instance (pool), says what it speaks, sends again what may be (replay)
//!            └ Migrate → send  over a connection that was leased
//! ```
//!
//! A reload builds a new snapshot and swaps it, and so do names that come to stand for other addresses; a request keeps the
//! one it began with. Instances outlive the config that named them.

mod access;
mod admin;
mod app;
mod checks;
mod descriptors;
mod diff;
mod door;
mod edge;
mod explain;
mod forwarded;
mod intake;
mod io;
mod leftover;
mod listen;
mod load;
mod options;
mod pace;
mod pool;
mod reload;
mod replay;
mod rollback;
mod route;
mod send;
mod server;
mod shed;
mod shell;
mod snapshot;
mod state;
mod streams;
mod telemetry;
mod tell;
mod tls;
mod trace;
mod tunnel;
mod upload;
mod vital;

pub use app::{App, StartError};
pub use diff::diff;
pub use load::{LoadError, Loaded, environment, load, load_at, log_format, open, workers};
pub use options::{Options, Rewrite};
pub use rollback::{Rollback, RollbackError, RollbackTo};
pub use state::Revision;
