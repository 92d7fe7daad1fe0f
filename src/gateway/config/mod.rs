//! One config and its change: read and checked, made ready to serve, reloaded, compared, rolled back.

pub(super) mod checks;
pub(super) mod diff;
pub(super) mod load;
#[cfg(feature = "notices")]
pub(super) mod notices;
pub(super) mod observe;
pub(super) mod options;
pub(super) mod reload;
pub(super) mod rollback;
pub(super) mod secret;
pub(super) mod snapshot;
pub(super) mod source;
pub(super) mod start;
