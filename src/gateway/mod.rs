//! The gateway: the layers in front of services in any language, from one TOML file.
//!
//! ```text
//! server    accepts connections, HTTP/1.1 and HTTP/2
//!  └ edge      refuses what is ambiguous, takes off hop-by-hop fields
//!     └ snapshot  the stack of one config: Resolve → Count → Annotate → Gate
//!        └ select    picks an instance, says what it speaks
//!           └ Migrate → forward   sends it on
//! ```
//!
//! A reload builds a new snapshot and swaps it; a request keeps the one it began with.

mod admin;
mod app;
mod edge;
mod forward;
mod load;
mod reload;
mod select;
mod server;
mod snapshot;
mod telemetry;

pub use app::{App, Options, Rewrite, StartError};
pub use load::{LoadError, Loaded, load, load_at};
