//! Towards instances: which one gets a request, over which connection, and when it is sent again.

pub(super) mod attempt;
pub(super) mod pool;
pub(super) mod replay;
pub(super) mod reply;
pub(super) mod tunnel;
pub(super) mod upstream;
