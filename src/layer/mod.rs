//! The Tower layers. Each is of use alone; [`VersioningLayer`] is the stack:
//!
//! ```text
//! Resolve      plans the request, puts the `Plan` into its extensions
//!  └ Count     adds to the metrics when the response's body has ended or was dropped
//!     └ Annotate  writes Deprecation, Sunset, Link, Vary, the version header
//!        └ Gate   answers 410, brownouts and 4xx before the body is read
//!           └ Migrate  rewrites path and head, migrates the bodies, calls the service
//! ```
//!
//! What the gate answers is annotated and counted too. A request that is none of the apis' passes all of them
//! untouched. No layer needs a runtime, and none changes the inner service's error type: what can be answered is
//! answered with a problem document (RFC 9457).
//!
//! **Cancel safety.** Dropping a response future drops the inner one; nothing is spawned. **Back-pressure.** Readiness
//! is the inner service's.

mod annotate;
mod body;
mod count;
mod deciding;
mod digest;
#[cfg(feature = "tracing")]
mod event;
mod extent;
mod gate;
mod hold;
mod message;
mod migrate;
mod notice;
mod recorder;
mod resolve;
mod respond;
mod role;
mod stack;
mod stream;
mod version;
mod work;

pub use annotate::{Annotate, AnnotateFuture, AnnotateLayer};
pub use body::MigrateBody;
pub use count::{Count, CountBody, CountFuture, CountLayer};
#[cfg(feature = "gateway")]
pub(crate) use extent::Extent;
pub use gate::{Gate, GateBody, GateFuture, GateLayer};
pub use migrate::{Migrate, MigrateFuture, MigrateLayer, Spoken};
#[cfg(feature = "gateway")]
pub(crate) use notice::{FailedMessage, Notice, Notices};
pub use resolve::{Resolve, ResolveFuture, ResolveLayer};
pub use respond::LocalReply;
pub use role::Role;
#[cfg(feature = "gateway")]
pub(crate) use stack::{Enforced, stack};
pub use stack::{Versioned, VersioningLayer};
pub use stream::BodyError;
pub use version::ApiVersion;

/// A body up to this size is migrated before it is passed on, so that its length is known and a failure is a clean 4xx or
/// 502; a larger one is migrated as it passes.
pub const WHOLE_BODY_BYTES: usize = 64 * 1024;

/// The default limit of bytes held of a body that has to be migrated.
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// The default limit of a body's size, beyond 1 MiB, as a multiple of its compressed size: larger ratios are those of
/// decompression bombs.
pub const MAX_DECODED_RATIO: u32 = crate::coding::MAX_RATIO;
